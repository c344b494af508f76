//! Fields that several write: which these are, as servers note it (`metadata.managedFields`, in the
//! form of `structured-merge-diff`'s `fieldpath`), and how to reach them.

use std::fmt;

use serde_json::{Map, Value};

use crate::diag::Error;
use crate::go::strconv;

/// One step into an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A member.
    Field(String),
    /// The item of a list that has these members.
    Item(Map<String, Value>),
    /// This value in a list of plain ones.
    Value(Value),
    /// An item by its place.
    Index(usize),
}

/// Where a field is. Its text is that of servers: `.spec.containers[name="app"].image`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(pub Vec<Step>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(keys) => {
                    let pairs: Vec<String> = keys
                        .iter()
                        .map(|(name, value)| format!("{name}={}", shown(value)))
                        .collect();
                    write!(f, "[{}]", pairs.join(","))?;
                }
                Step::Value(value) => write!(f, "[={}]", shown(value))?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A value as `value.ToString` shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => strconv::quote(text.as_bytes()),
        other => other.to_string(),
    }
}

impl Path {
    /// The path to a member, member by member.
    pub fn of(names: &[&str]) -> Path {
        let steps = names.iter().map(|name| Step::Field((*name).to_owned()));
        Path(steps.collect())
    }

    /// What is there; nothing where the path leads nowhere.
    pub fn get<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        if self.0.is_empty() {
            return None;
        }
        self.0.iter().try_fold(object, |value, step| match step {
            Step::Field(name) => value.get(name),
            step => value.get(place(value.as_array()?, step)?),
        })
    }

    /// Takes away what is there; tells whether there was anything.
    pub fn remove(&self, object: &mut Value) -> bool {
        let Some((last, way)) = self.0.split_last() else {
            return false;
        };
        let parent = way.iter().try_fold(object, |value, step| match step {
            Step::Field(name) => value.get_mut(name),
            step => {
                let at = place(value.as_array()?, step)?;
                value.get_mut(at)
            }
        });
        match (parent, last) {
            (Some(Value::Object(members)), Step::Field(name)) => members.remove(name).is_some(),
            (Some(Value::Array(items)), step) => match place(items, step) {
                Some(at) => {
                    items.remove(at);
                    true
                }
                None => false,
            },
            _ => false,
        }
    }
}

/// Which item of a list a step means.
fn place(items: &[Value], step: &Step) -> Option<usize> {
    match step {
        Step::Field(_) => None,
        Step::Index(index) => (*index < items.len()).then_some(*index),
        Step::Value(value) => items.iter().position(|item| item == value),
        Step::Item(keys) => items.iter().position(|item| {
            let mut keys = keys.iter();
            keys.all(|(name, value)| item.get(name).is_none_or(|it| it == value))
        }),
    }
}

/// Who writes fields of an object, as a server notes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manager {
    /// The name it gave itself.
    pub name: String,
    /// The part of the object through which it writes, such as `scale`; empty for all of it.
    pub subresource: String,
    /// When it wrote, in RFC 3339; empty where that is not noted.
    pub time: String,
}

/// All who write fields of a live object, each with the fields; `own` is left out.
pub fn others(live: &Value, own: &str) -> Vec<(Manager, Vec<Path>)> {
    let entries = live["metadata"]["managedFields"].as_array();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    entries
        .into_iter()
        .flatten()
        .filter(|entry| entry["manager"] != own)
        .map(|entry| {
            let mut paths = Vec::new();
            leaves(&entry["fieldsV1"], &mut Vec::new(), &mut paths);
            let manager = Manager {
                name: text(entry, "manager"),
                subresource: text(entry, "subresource"),
                time: text(entry, "time"),
            };
            (manager, paths)
        })
        .collect()
}

/// The fields of a set, without those that only hold others.
fn leaves(fields: &Value, way: &mut Vec<Step>, found: &mut Vec<Path>) {
    let Some(members) = fields.as_object() else {
        return;
    };
    if members.is_empty() {
        return found.push(Path(way.clone()));
    }
    for (name, inner) in members {
        let Some(step) = step(name) else {
            continue;
        };
        way.push(step);
        leaves(inner, way, found);
        way.pop();
    }
}

/// Reads `f:name`, `k:{"key":"value"}`, `v:value` or `i:0`.
fn step(text: &str) -> Option<Step> {
    let (kind, rest) = text.split_once(':')?;
    match kind {
        "f" => Some(Step::Field(rest.to_owned())),
        "k" => serde_json::from_str(rest).ok().map(Step::Item),
        "v" => serde_json::from_str(rest).ok().map(Step::Value),
        "i" => rest.parse().ok().map(Step::Index),
        _ => None,
    }
}

/// A field that we want to be different from what another has made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contest {
    /// Which field.
    pub path: Path,
    /// Whose it is.
    pub manager: Manager,
}

/// An object with fields that are not ours to change.
#[derive(Debug)]
pub struct Contested {
    /// Which of the objects that were asked for.
    pub at: usize,
    /// The object as it is.
    pub live: Value,
    /// The fields.
    pub contests: Vec<Contest>,
    /// How the other side refuses to change them.
    pub refusal: Error,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_of_others_are_reached_and_named_as_servers_name_them() {
        let live = json!({
            "metadata": {"managedFields": [
                {"manager": "helm", "fieldsV1": {"f:data": {"f:a": {}}}},
                {"manager": "ops", "time": "2026-01-02T03:04:05Z", "fieldsV1": {
                    "f:data": {".": {}, "f:a.b/c": {}},
                    "f:finalizers": {"v:\"keep\"": {}},
                    "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:target": {}}},
                }},
                {"manager": "scaler", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            ]},
            "data": {"a": "1", "a.b/c": "2"},
            "finalizers": ["other", "keep"],
            "ports": [{"port": 80, "protocol": "UDP", "target": 1}, {"port": 80, "protocol": "TCP", "target": 2}],
            "spec": {"replicas": 3},
        });
        let others = others(&live, "helm");
        let named: Vec<String> = others
            .iter()
            .flat_map(|(manager, paths)| {
                let live = &live;
                paths.iter().map(move |path| {
                    let value = path.get(live).cloned().unwrap_or_default();
                    format!("{} {path}={value}", manager.name)
                })
            })
            .collect();
        assert_eq!(
            named,
            [
                "ops .data.a.b/c=\"2\"",
                "ops .finalizers[=\"keep\"]=\"keep\"",
                "ops .ports[port=80,protocol=\"TCP\"].target=2",
                "scaler .spec.replicas=3",
            ]
        );
        assert_eq!(others[1].0.subresource, "scale");
        let mut object = live.clone();
        for (_, paths) in &others {
            for path in paths {
                assert!(path.remove(&mut object), "{path}");
                assert!(!path.remove(&mut object), "{path}");
            }
        }
        assert_eq!(object["data"], json!({"a": "1"}));
        assert_eq!(object["finalizers"], json!(["other"]));
        assert_eq!(object["ports"][1], json!({"port": 80, "protocol": "TCP"}));
    }

    #[test]
    fn items_with_defaults_left_out_are_found() {
        // The server fills in protocol, which charts often leave out.
        let path = Path(vec![
            Step::Field("ports".to_owned()),
            Step::Item(
                json!({"port": 80, "protocol": "TCP"})
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
            ),
            Step::Field("target".to_owned()),
        ]);
        let wanted = json!({"ports": [{"port": 81, "target": 1}, {"port": 80, "target": 2}]});
        assert_eq!(path.get(&wanted), Some(&json!(2)));
    }
}
