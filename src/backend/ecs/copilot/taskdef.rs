//! `taskdef_overrides`: values that are written into the task definition, whatever the manifest knows.
//!
//! Paths and values are spelled as CloudFormation does, `ContainerDefinitions[0].Ulimits[-]`; the API
//! spells the same members with a small first letter.

use serde_json::{Map, Value};

use super::workload::{Workload, scalar};

/// Members whose own members are names of somebody's, not of the API.
const FREE: &[&str] = &["dockerLabels", "options", "driverOpts", "labels"];

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
    Append,
}

/// Writes the overrides in their order.
pub(super) fn apply(workload: &Workload<'_>, request: &mut Value) {
    let overrides = workload.manifest["taskdef_overrides"].as_array();
    for (index, rule) in overrides.into_iter().flatten().enumerate() {
        let at = format!("taskdef_overrides[{index}]");
        let text = rule["path"].as_str().unwrap_or_default();
        let outcome = parse(text).and_then(|steps| {
            forbidden(&steps)?;
            let is_free = steps.iter().any(|step| match step {
                Step::Member(name) => FREE.contains(&name.as_str()),
                _ => false,
            });
            let value = if is_free {
                texts(&rule["value"])
            } else {
                recased(&rule["value"])
            };
            write(request, &steps, value)
        });
        if let Err(error) = outcome {
            workload.tell(1018, &format!("{at}.path"), format!("{text}: {error}"));
        }
    }
}

/// The API's spelling of a member of CloudFormation.
fn spelling(name: &str) -> String {
    match name {
        "EFSVolumeConfiguration" => return "efsVolumeConfiguration".into(),
        "FSxWindowsFileServerVolumeConfiguration" => {
            return "fsxWindowsFileServerVolumeConfiguration".into();
        }
        "FilesystemId" => return "fileSystemId".into(),
        "IAM" => return "iam".into(),
        _ => {}
    }
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// A value with the API's spelling of CloudFormation's members.
pub(in crate::backend::ecs) fn recased(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(recased).collect()),
        Value::Object(map) => {
            let member = |(name, value): (&String, &Value)| {
                let name = spelling(name);
                let value = match FREE.contains(&name.as_str()) {
                    true => texts(value),
                    false => recased(value),
                };
                (name, value)
            };
            Value::Object(map.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// Free members hold texts.
fn texts(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), texts(value));
            Value::Object(map.iter().map(member).collect())
        }
        other => scalar(other).map_or_else(|| other.clone(), Value::from),
    }
}

fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_free = false;
    let mut rest = text;
    // What is below a free member is one name, dots and all.
    while !rest.is_empty() {
        let end = match is_free {
            true => rest.len(),
            false => rest.find('.').unwrap_or(rest.len()),
        };
        let part = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if is_free {
            steps.push(Step::Member(part.to_owned()));
            continue;
        }
        let (name, brackets) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return Err("a member has no name".into());
        }
        let name = spelling(name);
        is_free = FREE.contains(&name.as_str());
        steps.push(Step::Member(name));
        for bracket in brackets.split_inclusive(']') {
            let inner = bracket
                .strip_prefix('[')
                .and_then(|it| it.strip_suffix(']'));
            steps.push(match inner {
                Some("-") => Step::Append,
                Some(number) => {
                    let number = number.parse();
                    Step::Item(
                        number
                            .map_err(|_| format!("[{}] is no index", inner.unwrap_or_default()))?,
                    )
                }
                None => return Err(format!("{part:?} has brackets that do not fit")),
            });
        }
    }
    match steps.is_empty() {
        true => Err("the path is empty".into()),
        false => Ok(steps),
    }
}

/// The family and the names of containers are what everything else refers to.
fn forbidden(steps: &[Step]) -> Result<(), String> {
    let member = |index: usize| match steps.get(index) {
        Some(Step::Member(name)) => name.as_str(),
        _ => "",
    };
    let is_family = member(0) == "family";
    let is_name = member(0) == "containerDefinitions" && member(2) == "name" && steps.len() == 3;
    match is_family || is_name {
        true => Err("cannot be changed".into()),
        false => Ok(()),
    }
}

fn write(target: &mut Value, steps: &[Step], value: Value) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        *target = value;
        return Ok(());
    };
    match step {
        Step::Member(name) => {
            if target.is_null() {
                *target = Value::Object(Map::new());
            }
            let map = target.as_object_mut();
            let map = map.ok_or_else(|| format!("{name} stands below what has no members"))?;
            write(map.entry(name.clone()).or_insert(Value::Null), rest, value)
        }
        Step::Item(_) | Step::Append => {
            if target.is_null() {
                *target = Value::Array(Vec::new());
            }
            let items = target
                .as_array_mut()
                .ok_or("an index stands behind what is no list")?;
            let at = match step {
                Step::Item(at) if *at < items.len() => *at,
                Step::Item(at) => {
                    let message = format!("there is no [{at}], only {} items", items.len());
                    return Err(message);
                }
                _ => {
                    items.push(Value::Null);
                    items.len() - 1
                }
            };
            write(&mut items[at], rest, value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(path: &str, value: &Value) -> Result<Value, String> {
        let mut request = json!({
            "family": "f",
            "cpu": "256",
            "containerDefinitions": [{"name": "a", "environment": [{"name": "X", "value": "1"}]}],
        });
        let steps = parse(path)?;
        forbidden(&steps)?;
        write(&mut request, &steps, recased(value))?;
        Ok(request)
    }

    #[test]
    fn overrides_are_written_where_they_say() {
        for (path, value, pointer, want) in [
            ("Cpu", json!("512"), "/cpu", json!("512")),
            (
                "ContainerDefinitions[0].Ulimits[-]",
                json!({"Name": "nofile", "SoftLimit": 1, "HardLimit": 2}),
                "/containerDefinitions/0/ulimits",
                json!([{"name": "nofile", "softLimit": 1, "hardLimit": 2}]),
            ),
            (
                "ContainerDefinitions[0].Ulimits[-].HardLimit",
                json!(7),
                "/containerDefinitions/0/ulimits/0/hardLimit",
                json!(7),
            ),
            (
                "ContainerDefinitions[0].Environment[0].Value",
                json!("2"),
                "/containerDefinitions/0/environment/0/value",
                json!("2"),
            ),
            (
                "Volumes[-]",
                json!({"Name": "v", "EFSVolumeConfiguration": {"FilesystemId": "fs-1", "AuthorizationConfig": {"IAM": "ENABLED"}}}),
                "/volumes/0/efsVolumeConfiguration",
                json!({"fileSystemId": "fs-1", "authorizationConfig": {"iam": "ENABLED"}}),
            ),
            (
                "ContainerDefinitions[0].LogConfiguration.Options.awslogs-multiline.pattern",
                json!("^x"),
                "/containerDefinitions/0/logConfiguration/options/awslogs-multiline.pattern",
                json!("^x"),
            ),
            (
                "ContainerDefinitions[0]",
                json!({"Name": "a", "DockerLabels": {"Com.Example": 1}}),
                "/containerDefinitions/0/dockerLabels",
                json!({"Com.Example": "1"}),
            ),
        ] {
            let found = run(path, &value);
            let found = found.as_ref().map(|request| request.pointer(pointer));
            assert_eq!(found, Ok(Some(&want)), "{path}");
        }
    }

    #[test]
    fn what_everything_refers_to_stays() {
        for path in [
            "Family",
            "ContainerDefinitions[0].Name",
            "ContainerDefinitions[1].Cpu",
            "ContainerDefinitions[x].Cpu",
            "Cpu[0]",
            "Cpu.x",
            "",
            "ContainerDefinitions[0",
        ] {
            assert!(run(path, &json!("x")).is_err(), "{path}");
        }
    }
}
