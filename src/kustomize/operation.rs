//! JSON patches (RFC 6902), as kustomize applies them (`evanphx/json-patch` v4): negative indices
//! count from the end.

use serde_json::{Map, Value};

/// One step of a patch.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    verb: Verb,
    path: Vec<String>,
    from: Vec<String>,
    value: Value,
    /// The path as written.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// The steps of a patch, a list of maps.
///
/// # Errors
/// What is no such list.
pub(super) fn read(patch: &Value) -> Result<Vec<Operation>, String> {
    let Value::Array(steps) = patch else {
        return Err("a JSON patch is a list of operations".to_owned());
    };
    steps.iter().map(operation).collect()
}

fn operation(step: &Value) -> Result<Operation, String> {
    let text = |name: &str| step.get(name).and_then(Value::as_str);
    let verb = match text("op") {
        Some("add") => Verb::Add,
        Some("remove") => Verb::Remove,
        Some("replace") => Verb::Replace,
        Some("move") => Verb::Move,
        Some("copy") => Verb::Copy,
        Some("test") => Verb::Test,
        Some(other) => return Err(format!("unexpected kind of operation: {other:?}")),
        None => return Err("an operation without `op`".to_owned()),
    };
    let path = text("path").ok_or("an operation without `path`")?;
    let from = match (verb, text("from")) {
        (Verb::Move | Verb::Copy, None) => {
            return Err(format!("the operation on {path:?} has no `from`"));
        }
        (_, from) => from.unwrap_or_default(),
    };
    let value = match (verb, step.get("value")) {
        (Verb::Add | Verb::Replace, None) => {
            return Err(format!("the operation on {path:?} has no `value`"));
        }
        (_, value) => value.cloned().unwrap_or_default(),
    };
    Ok(Operation {
        verb,
        path: pointer(path)?,
        from: pointer(from)?,
        value,
        text: path.to_owned(),
    })
}

/// The names of a JSON pointer (RFC 6901).
fn pointer(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Some(text) = text.strip_prefix('/') else {
        return Err(format!("the path {text:?} does not begin with `/`"));
    };
    let part = |part: &str| part.replace("~1", "/").replace("~0", "~");
    Ok(text.split('/').map(part).collect())
}

/// Takes all steps, one after the other.
///
/// # Errors
/// The first step that cannot be taken.
pub(super) fn apply(object: &mut Value, steps: &[Operation]) -> Result<(), String> {
    for step in steps {
        take(object, step).map_err(|why| {
            let verb = format!("{:?}", step.verb).to_lowercase();
            format!("{verb} operation on {:?}: {why}", step.text)
        })?;
    }
    Ok(())
}

fn take(object: &mut Value, step: &Operation) -> Result<(), String> {
    match step.verb {
        Verb::Add => add(object, &step.path, step.value.clone()),
        Verb::Remove => remove(object, &step.path).map(drop),
        Verb::Replace => {
            // What a map has not is added, as the library of kustomize does.
            if let Some((last, way)) = step.path.split_last()
                && let Ok(Value::Object(map)) = find(object, way)
            {
                map.insert(last.clone(), step.value.clone());
                return Ok(());
            }
            let place = find(object, &step.path)?;
            *place = step.value.clone();
            Ok(())
        }
        Verb::Move => {
            let value = remove(object, &step.from)?;
            add(object, &step.path, value)
        }
        Verb::Copy => {
            let value = find(object, &step.from)?.clone();
            add(object, &step.path, value)
        }
        Verb::Test => {
            let found = find(object, &step.path).map(|value| &*value);
            let is_equal = match found {
                Ok(found) => is_same(found, &step.value),
                // What is not there is null.
                Err(_) => step.value.is_null(),
            };
            match is_equal {
                true => Ok(()),
                false => Err("testing value failed".to_owned()),
            }
        }
    }
}

/// Whether two values are the same, maps in any order.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

/// The place of an item; `-` and what is negative count from the end.
fn index(name: &str, length: usize) -> Result<usize, String> {
    let number: i64 = name
        .parse()
        .map_err(|_| format!("{name:?} is no index of a list"))?;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let at = match number < 0 {
        true => number + length,
        false => number,
    };
    usize::try_from(at)
        .ok()
        .filter(|_| at < length)
        .ok_or_else(|| format!("index {number} is out of a list of {length}"))
}

fn find<'v>(object: &'v mut Value, path: &[String]) -> Result<&'v mut Value, String> {
    let mut place = object;
    for name in path {
        place = match place {
            Value::Object(map) => map.get_mut(name),
            Value::Array(items) => {
                let at = index(name, items.len())?;
                items.get_mut(at)
            }
            _ => None,
        }
        .ok_or_else(|| format!("there is no {name:?}"))?;
    }
    Ok(place)
}

fn parent<'v, 'p>(
    object: &'v mut Value,
    path: &'p [String],
) -> Result<(&'v mut Value, &'p str), String> {
    let Some((last, way)) = path.split_last() else {
        return Err("the whole object cannot be".to_owned());
    };
    Ok((find(object, way)?, last))
}

fn add(object: &mut Value, path: &[String], value: Value) -> Result<(), String> {
    if path.is_empty() {
        *object = value;
        return Ok(());
    }
    let (place, last) = parent(object, path)?;
    match place {
        Value::Object(map) => {
            map.insert(last.to_owned(), value);
            Ok(())
        }
        Value::Array(items) if last == "-" => {
            items.push(value);
            Ok(())
        }
        Value::Array(items) => {
            let length = items.len();
            // One more than there are: at the end, or before the one that is counted from there.
            let at = index(last, length + 1)?;
            items.insert(at.min(length), value);
            Ok(())
        }
        Value::Null => {
            *place = Value::Object(Map::from_iter([(last.to_owned(), value)]));
            Ok(())
        }
        _ => Err(format!("{last:?} is below a scalar")),
    }
}

fn remove(object: &mut Value, path: &[String]) -> Result<Value, String> {
    let (place, last) = parent(object, path)?;
    match place {
        Value::Object(map) => map
            .shift_remove(last)
            .ok_or_else(|| format!("there is no {last:?}")),
        Value::Array(items) => {
            let at = index(last, items.len())?;
            Ok(items.remove(at))
        }
        _ => Err(format!("there is no {last:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn steps_are_taken() {
        let object = json!({"a": {"b": [1, 2], "x/y": "z"}});
        for (steps, want) in [
            (
                json!([{"op": "add", "path": "/a/b/-", "value": 3}]),
                Ok(json!({"a": {"b": [1, 2, 3], "x/y": "z"}})),
            ),
            (
                json!([{"op": "add", "path": "/a/b/0", "value": 0}]),
                Ok(json!({"a": {"b": [0, 1, 2], "x/y": "z"}})),
            ),
            (
                json!([{"op": "remove", "path": "/a/b/-1"}]),
                Ok(json!({"a": {"b": [1], "x/y": "z"}})),
            ),
            (
                json!([{"op": "replace", "path": "/a/x~1y", "value": 1}]),
                Ok(json!({"a": {"b": [1, 2], "x/y": 1}})),
            ),
            (
                json!([{"op": "move", "from": "/a/b", "path": "/c"}]),
                Ok(json!({"a": {"x/y": "z"}, "c": [1, 2]})),
            ),
            (
                json!([{"op": "copy", "from": "/a/b/0", "path": "/c"}]),
                Ok(json!({"a": {"b": [1, 2], "x/y": "z"}, "c": 1})),
            ),
            (
                json!([{"op": "test", "path": "/a/b/0", "value": 1}, {"op": "remove", "path": "/a"}]),
                Ok(json!({})),
            ),
            (
                json!([{"op": "test", "path": "/a/b/0", "value": 2}]),
                Err("test operation on \"/a/b/0\": testing value failed"),
            ),
            (
                json!([{"op": "remove", "path": "/d"}]),
                Err("remove operation on \"/d\": there is no \"d\""),
            ),
            (
                json!([{"op": "replace", "path": "/a/b/7", "value": 1}]),
                Err("replace operation on \"/a/b/7\": index 7 is out of a list of 2"),
            ),
            (
                json!([{"op": "add", "path": "a", "value": 1}]),
                Err("the path \"a\" does not begin with `/`"),
            ),
            (
                json!([{"op": "grow", "path": "/a"}]),
                Err("unexpected kind of operation: \"grow\""),
            ),
        ] {
            let mut found = object.clone();
            let done = read(&steps).and_then(|steps| apply(&mut found, &steps));
            assert_eq!(done.map(|()| found), want.map_err(str::to_owned), "{steps}");
        }
    }
}
