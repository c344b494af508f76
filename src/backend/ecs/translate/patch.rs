//! The annotation `patch`: any member of the API, by hand.

use serde_json::{Map, Value};

use super::workload::Workload;

/// Applies what `ecs.pintle.dev/patch` says for `part`, `taskDefinition` or `service`.
pub(super) fn apply(workload: &Workload<'_>, part: &str, request: &mut Value) {
    let Some(field) = workload.object.own("patch") else {
        return;
    };
    let text = field.scalar();
    let wrong = |message: String| workload.tell(1018, &field.path, message);
    let patch: Value = match serde_json::from_str(&text) {
        Ok(patch) => patch,
        Err(error) => return wrong(format!("it has to be JSON: {error}")),
    };
    let upper: String = part[..1].to_uppercase() + &part[1..];
    let result = match &patch {
        // One list for both: the first step of each path says for which.
        Value::Array(operations) => {
            let own = operations.iter().filter_map(|operation| {
                let cut = |name: &str| {
                    let path = operation[name].as_str()?;
                    let rest = path.strip_prefix('/')?;
                    let (first, rest) = rest.split_once('/').unwrap_or((rest, ""));
                    (first == part || first == upper).then(|| format!("/{rest}"))
                };
                let mut own = operation.clone();
                own["path"] = cut("path")?.into();
                if let Some(from) = cut("from") {
                    own["from"] = from.into();
                }
                Some(own)
            });
            operate(request, &own.collect::<Vec<_>>())
        }
        Value::Object(map) => match map.get(part).or_else(|| map.get(&upper)) {
            Some(Value::Array(operations)) => operate(request, operations),
            Some(own) => {
                merge(request, own);
                Ok(())
            }
            None => Ok(()),
        },
        _ => Err(
            "it has to be a mapping with taskDefinition and service, or a list of operations"
                .into(),
        ),
    };
    if let Err(message) = result {
        wrong(message);
    }
}

/// RFC 7396.
pub(in crate::backend::ecs) fn merge(base: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *base = patch.clone();
        return;
    };
    if !base.is_object() {
        *base = Value::Object(Map::new());
    }
    let Value::Object(base) = base else {
        return;
    };
    for (name, value) in patch {
        match value {
            Value::Null => {
                base.remove(name);
            }
            value => merge(base.entry(name.clone()).or_insert(Value::Null), value),
        }
    }
}

/// RFC 6902.
fn operate(base: &mut Value, operations: &[Value]) -> Result<(), String> {
    for operation in operations {
        let text = |name: &str| {
            operation[name]
                .as_str()
                .ok_or_else(|| format!("an operation has no {name}"))
        };
        let path = text("path")?;
        match text("op")? {
            "add" => insert(base, path, operation["value"].clone())?,
            "remove" => {
                remove(base, path)?;
            }
            "replace" => {
                *at(base, path)? = operation["value"].clone();
            }
            "move" => {
                let value = remove(base, text("from")?)?;
                insert(base, path, value)?;
            }
            "copy" => {
                let value = at(base, text("from")?)?.clone();
                insert(base, path, value)?;
            }
            "test" if *at(base, path)? == operation["value"] => {}
            "test" => return Err(format!("{path} is not what the patch expects")),
            other => return Err(format!("there is no operation {other:?}")),
        }
    }
    Ok(())
}

fn at<'a>(base: &'a mut Value, path: &str) -> Result<&'a mut Value, String> {
    base.pointer_mut(path)
        .ok_or_else(|| format!("there is no {path}"))
}

/// The parent of a member, and its name.
fn parent<'a>(base: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), String> {
    let (parent, name) = path
        .rsplit_once('/')
        .ok_or_else(|| format!("{path:?} is no path"))?;
    let name = name.replace("~1", "/").replace("~0", "~");
    Ok((at(base, parent)?, name))
}

fn insert(base: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let (parent, name) = parent(base, path)?;
    match parent {
        Value::Object(map) => {
            map.insert(name, value);
            Ok(())
        }
        Value::Array(items) if name == "-" => {
            items.push(value);
            Ok(())
        }
        Value::Array(items) => match name.parse::<usize>() {
            Ok(index) if index <= items.len() => {
                items.insert(index, value);
                Ok(())
            }
            _ => Err(format!("there is no {path}")),
        },
        _ => Err(format!("there is no {path}")),
    }
}

fn remove(base: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, name) = parent(base, path)?;
    let removed = match parent {
        Value::Object(map) => map.remove(&name),
        Value::Array(items) => match name.parse::<usize>() {
            Ok(index) if index < items.len() => Some(items.remove(index)),
            _ => None,
        },
        _ => None,
    };
    removed.ok_or_else(|| format!("there is no {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn operations_change_what_they_say() {
        let mut value = json!({"a": [1, 2], "b": {"c": "x"}});
        let operations = json!([
            {"op": "test", "path": "/b/c", "value": "x"},
            {"op": "add", "path": "/a/-", "value": 3},
            {"op": "add", "path": "/a/0", "value": 0},
            {"op": "replace", "path": "/b/c", "value": "y"},
            {"op": "move", "from": "/b/c", "path": "/d"},
            {"op": "copy", "from": "/d", "path": "/e~1f"},
            {"op": "remove", "path": "/b"},
        ]);
        operate(&mut value, operations.as_array().unwrap()).unwrap();
        assert_eq!(value, json!({"a": [0, 1, 2, 3], "d": "y", "e/f": "y"}));
        for wrong in [
            json!({"op": "remove", "path": "/x"}),
            json!({"op": "add", "path": "/a/9", "value": 1}),
            json!({"op": "jump", "path": "/a"}),
            json!({"op": "test", "path": "/d", "value": 1}),
        ] {
            assert!(operate(&mut value, &[wrong]).is_err());
        }
        merge(&mut value, &json!({"d": null, "g": {"h": 1}}));
        assert_eq!(value, json!({"a": [0, 1, 2, 3], "e/f": "y", "g": {"h": 1}}));
    }
}
