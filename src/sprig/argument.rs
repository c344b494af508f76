//! Reading arguments whose types the template engine has checked, and Go's panics about wrong ones.

use std::borrow::Cow;

use crate::go::fmt::print_value;
use crate::value::{Fault, List, Map, Number, Text, Type, Value};

/// What Go's runtime says about `reflect.TypeOf(nil).Kind()` and the like.
pub(super) const NIL_DEREFERENCE: &str =
    "runtime error: invalid memory address or nil pointer dereference";

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

/// The argument at `index`, a map, seen as `map[string]interface {}`; nil is Go's nil map.
pub(super) fn map(arguments: &[Value], index: usize) -> Result<Map, Fault> {
    match arguments.get(index) {
        Some(Value::Map(map)) if *map.go_type() == Type::MAP => Ok(map.clone()),
        Some(Value::Map(map)) => Ok(map.view_as(&Type::MAP)),
        Some(Value::Nil) => Ok(Map::nil(&Type::MAP)),
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

/// The items of a slice; `None` for anything else.
pub(super) fn slice(value: &Value) -> Option<Cow<'_, [Value]>> {
    match value {
        Value::List(list) => Some(Cow::Borrowed(list)),
        Value::Bytes(bytes) => Some(Cow::Owned(
            bytes.iter().map(|byte| self::byte(*byte)).collect(),
        )),
        Value::Object(object) => match object.underlying()? {
            Value::List(list) => Some(Cow::Owned(list.to_vec())),
            _ => None,
        },
        _ => None,
    }
}

/// One item of a `[]byte`.
pub(super) fn byte(byte: u8) -> Value {
    Value::Number(Number::Uint8(byte))
}

/// Go: sprig's `strval`.
pub(super) fn strval(value: &Value) -> Text {
    match value {
        Value::String(text) | Value::Bytes(text) => text.clone(),
        other => {
            let mut out = Vec::new();
            print_value(&mut out, other);
            Text::from(out)
        }
    }
}

/// Go: sprig's `strslice`.
pub(super) fn strings(value: &Value) -> List {
    match value {
        Value::Nil => List::new(&Type::STRINGS, Vec::new()),
        Value::List(list) if *list.go_type() == Type::STRINGS => list.clone(),
        other => {
            let items = match slice(other) {
                Some(items) => items
                    .iter()
                    .filter(|item| !matches!(item, Value::Nil))
                    .map(|item| Value::String(strval(item)))
                    .collect(),
                None => vec![Value::String(strval(other))],
            };
            List::new(&Type::STRINGS, items)
        }
    }
}
