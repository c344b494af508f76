//! `get`, `getOrNil` and `setValueAtPath`: values by dotted paths (`pkg/tmpl/get_or_nil.go`).

use crate::go::fmt;
use crate::value::{Fault, Kind, Value};

/// A value that is not there: `getOrNil` takes it for nil.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoValue(pub(super) String);

fn shown(value: &Value) -> String {
    let mut out = Vec::new();
    fmt::print_value(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

/// `get PATH [DEFAULT] OBJECT`
pub(super) fn get(path: &str, rest: &[Value]) -> Result<Value, Fault> {
    let (default, object) = match rest {
        [object] => (None, object),
        [default, object] => (Some(default), object),
        _ => {
            let arguments: Vec<String> = rest.iter().map(shown).collect();
            return Err(Fault::from(format!(
                "unexpected number of args passed to the template function get(path, [def, ]obj): expected 1 or 2, got {}, args was [{}]",
                rest.len(),
                arguments.join(" ")
            )));
        }
    };
    find(path, default, object).map_err(Fault::new)
}

/// `getOrNil PATH OBJECT`
pub(super) fn get_or_nil(path: &str, object: &Value) -> Value {
    find(path, None, object).unwrap_or_default()
}

fn find(path: &str, default: Option<&Value>, object: &Value) -> Result<Value, NoValue> {
    if path.is_empty() {
        return Ok(object.clone());
    }
    let (key, rest) = path.split_once('.').unwrap_or((path, ""));
    let found = match object {
        Value::Map(map) => map
            .get(key)
            .ok_or_else(|| format!("no value exist for key \"{key}\" in {}", shown(object))),
        Value::Object(known) if known.go_type().kind() == Kind::Struct => known
            .field(key)
            .ok_or_else(|| format!("no field named \"{key}\" exist in {}", shown(object))),
        other => {
            let go_type = other
                .go_type()
                .map_or_else(|| "<nil>".to_owned(), ToString::to_string);
            return Err(NoValue(format!(
                "unexpected type({go_type}) of value for key \"{key}\": it must be either map[string]any or any struct"
            )));
        }
    };
    match (found, default) {
        (Ok(value), _) => find(rest, default, &value),
        (Err(_), Some(default)) => Ok(default.clone()),
        (Err(message), None) => Err(NoValue(message)),
    }
}

/// `setValueAtPath PATH VALUE MAP`
pub(super) fn set(path: &str, value: &Value, values: &Value) -> Result<Value, Fault> {
    let fail = |key: &str, what: &str| {
        Err(Fault::from(format!(
            "failed to set value at path \"{path}\": value for key \"{key}\" {what}"
        )))
    };
    let mut current = values.clone();
    let (parents, last) = path
        .rsplit_once('.')
        .map_or((None, path), |(parents, last)| (Some(parents), last));
    for key in parents.into_iter().flat_map(|parents| parents.split('.')) {
        let Some(map) = current.as_map() else {
            return fail(key, "was not a map");
        };
        current = match map.get(key) {
            None => return fail(key, "does not exist"),
            Some(found @ Value::Map(_)) => found,
            Some(_) => return fail(key, "was not a map"),
        };
    }
    match current.as_map() {
        Some(map) if map.is_nil() => Err(Fault::from("assignment to entry in nil map")),
        Some(map) => {
            map.insert(last, value.clone());
            Ok(values.clone())
        }
        None => fail(last, "was not a map"),
    }
}
