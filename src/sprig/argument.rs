//! Reading arguments whose types the template engine has checked.

#![allow(dead_code, reason = "families are being added")]

use crate::value::{Fault, Map, Text, Value};

fn wrong(expected: &str, found: &Value) -> Fault {
    let found = found
        .go_type()
        .map_or_else(|| "nil".to_owned(), ToString::to_string);
    Fault::from(format!(
        "wrong type for value; expected {expected}; got {found}"
    ))
}

/// The argument at `index`, a `string`.
pub(super) fn text(arguments: &[Value], index: usize) -> Result<&Text, Fault> {
    match arguments.get(index) {
        Some(Value::String(text)) => Ok(text),
        other => Err(wrong("string", other.unwrap_or(&Value::Nil))),
    }
}

/// The argument at `index`, an `int`.
pub(super) fn int(arguments: &[Value], index: usize) -> Result<i64, Fault> {
    match arguments.get(index) {
        Some(Value::Int(n) | Value::Int64(n)) => Ok(*n),
        other => Err(wrong("int", other.unwrap_or(&Value::Nil))),
    }
}

/// The argument at `index`, a map.
pub(super) fn map(arguments: &[Value], index: usize) -> Result<&Map, Fault> {
    match arguments.get(index) {
        Some(Value::Map(map)) => Ok(map),
        other => Err(wrong(
            "map[string]interface {}",
            other.unwrap_or(&Value::Nil),
        )),
    }
}

/// The argument at `index`, of any type; nil where it is missing.
pub(super) fn any(arguments: &[Value], index: usize) -> &Value {
    arguments.get(index).unwrap_or(&Value::Nil)
}
