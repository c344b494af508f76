//! JSON, and the JSON document that anything else is wrapped in.

use serde_json::Value as Json;

use super::super::tree::{Branch, Entry, Value};
use crate::go::json;
use crate::value::Frozen;

/// # Errors
/// What is no JSON, or no object. Nothing of it is told.
pub(super) fn read(text: &[u8]) -> Result<Vec<Branch>, String> {
    let failed = |why: String| format!("Could not unmarshal input data: {why}");
    let read: Json = serde_json::from_slice(text).map_err(|error| {
        failed(format!(
            "no JSON at line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    match value_of(read) {
        Value::Branch(branch) => Ok(vec![branch]),
        _ => Err(failed(
            "SOPS only supports JSON files with a top-level object (starting with '{')".to_owned(),
        )),
    }
}

fn value_of(read: Json) -> Value {
    match read {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match number.as_i64() {
            Some(n) => Value::Int(n),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Text(text.into_bytes()),
        Json::Array(items) => Value::List(items.into_iter().map(value_of).collect()),
        Json::Object(map) => {
            let pairs = map.into_iter();
            Value::Branch(
                pairs
                    .map(|(key, value)| Entry::Pair(key.into_bytes(), value_of(value)))
                    .collect(),
            )
        }
    }
}

/// As `json.Indent` with tabs, and a line end.
pub(super) fn write(branches: &[Branch]) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(branch) = branches.first() {
        write_branch(branch, 0, &mut out);
    }
    out.push(b'\n');
    out
}

fn line(level: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b'\t', level));
}

fn write_branch(branch: &Branch, level: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut is_empty = true;
    for entry in branch {
        let Entry::Pair(key, value) = entry else {
            continue;
        };
        if !is_empty {
            out.push(b',');
        }
        is_empty = false;
        line(level + 1, out);
        json::write_string(key, out, true);
        out.extend_from_slice(b": ");
        write_value(value, level + 1, out);
    }
    if !is_empty {
        line(level, out);
    }
    out.push(b'}');
}

fn write_list(items: &[Value], level: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    let mut is_empty = true;
    for item in items {
        if matches!(item, Value::Comment(_)) {
            continue;
        }
        if !is_empty {
            out.push(b',');
        }
        is_empty = false;
        line(level + 1, out);
        write_value(item, level + 1, out);
    }
    if !is_empty {
        line(level, out);
    }
    out.push(b']');
}

fn write_value(value: &Value, level: usize, out: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Comment(_) => out.extend_from_slice(b"null"),
        Value::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::Int(n) => out.extend_from_slice(n.to_string().as_bytes()),
        Value::Float(n) => {
            // Infinities and NaN do not come out of JSON.
            if json::encode_frozen(&Frozen::Float(*n), out, json::Options::default()).is_err() {
                out.extend_from_slice(b"null");
            }
        }
        Value::Time(text) | Value::Text(text) => json::write_string(text, out, true),
        Value::List(items) => {
            stacker::maybe_grow(64 << 10, 1 << 20, || write_list(items, level, out));
        }
        Value::Branch(branch) => {
            stacker::maybe_grow(64 << 10, 1 << 20, || write_branch(branch, level, out));
        }
    }
}
