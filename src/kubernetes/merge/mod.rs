//! What to send so that an object which was made as it was wanted before, and may have changed
//! since, becomes as it is wanted now.
//!
//! Objects of built-in kinds are merged by what is known of their fields ([`strategic`]), all others
//! as plain JSON ([`json`]). Answers are those of `k8s.io/apimachinery` v0.36.1 and
//! `evanphx/json-patch`; only integers that a double cannot hold are kept whole, which Go rounds.

mod conversion;
mod cursor;
pub mod json;
mod overlay;
pub mod schema;
mod sequence;
pub mod strategic;

pub use cursor::Cursor;

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::go::strconv;

/// An object of JSON.
pub type Object = Map<String, Value>;

/// What is merged.
#[derive(Clone, Copy, Debug)]
pub struct States<'a> {
    /// As it was wanted before.
    pub original: &'a Value,
    /// As it is.
    pub live: &'a Value,
    /// As it is wanted now.
    pub wanted: &'a Value,
}

impl States<'_> {
    /// The three as objects, numbers as they are once written as JSON; what is null is empty.
    fn objects(&self) -> Result<[Object; 3], String> {
        let object = |value: &Value| match plain(value).into_owned() {
            Value::Object(object) => Ok(object),
            Value::Null => Ok(Object::new()),
            _ => Err("invalid JSON document".to_owned()),
        };
        Ok([
            object(self.original)?,
            object(self.live)?,
            object(self.wanted)?,
        ])
    }
}

/// Keys in Go's order, in objects inside as well.
fn in_order(mut object: Object) -> Object {
    object.sort_keys();
    object.values_mut().for_each(Value::sort_all_objects);
    object
}

/// Whole numbers as such: Go writes 1.0 as 1.
fn plain(value: &Value) -> Cow<'_, Value> {
    if is_plain(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(match value {
        Value::Array(items) => items.iter().map(|item| plain(item).into_owned()).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, inner)| (key.clone(), plain(inner).into_owned()))
            .collect(),
        other => other
            .as_f64()
            .map_or_else(|| other.clone(), |number| Value::from(number as i64)),
    })
}

fn is_plain(value: &Value) -> bool {
    /// From here on Go has no integers.
    const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;
    match value {
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .is_none_or(|number| number.fract() != 0.0 || number.abs() >= TOO_LARGE),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(object) => object.values().all(is_plain),
        _ => true,
    }
}

/// Types that Go has for JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Bool,
    Integer,
    Float,
    Text,
    List,
    Object,
}

impl Kind {
    fn of(value: &Value) -> Kind {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Number(number) if number.is_i64() => Kind::Integer,
            Value::Number(_) => Kind::Float,
            Value::String(_) => Kind::Text,
            Value::Array(_) => Kind::List,
            Value::Object(_) => Kind::Object,
        }
    }

    /// Its name, as `%s` of a `reflect.Type` has it.
    fn name(self) -> &'static str {
        match self {
            Kind::Null => "%!s(<nil>)",
            Kind::Bool => "bool",
            Kind::Integer => "int64",
            Kind::Float => "float64",
            Kind::Text => "string",
            Kind::List => "[]interface {}",
            Kind::Object => "map[string]interface {}",
        }
    }
}

/// `mergepatch.ErrBadArgType`
fn unexpected(wanted: Kind, found: &Value) -> String {
    let (wanted, found) = (wanted.name(), Kind::of(found).name());
    format!("expected a {wanted}, but received a {found}")
}

/// What `%v` shows.
fn text(value: &Value) -> Cow<'_, str> {
    if let Value::String(text) = value {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    show(value, &mut shown);
    Cow::Owned(shown)
}

/// What `%v` shows of an object.
fn object_text(object: &Object) -> String {
    let mut shown = String::new();
    show_object(object, &mut shown);
    shown
}

/// What `%v` shows of a list.
fn list_text(items: &[Value]) -> String {
    let mut shown = String::new();
    show_list(items, &mut shown);
    shown
}

fn show(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => out.push_str(&number.to_string()),
            (None, Some(number)) => {
                out.push_str(&strconv::format_float(number, b'g', None, 64));
            }
            (None, None) => out.push_str(&number.to_string()),
        },
        Value::String(text) => out.push_str(text),
        Value::Array(items) => show_list(items, out),
        Value::Object(object) => show_object(object, out),
    }
}

fn show_list(items: &[Value], out: &mut String) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        show(item, out);
    }
    out.push(']');
}

fn show_object(object: &Object, out: &mut String) {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    out.push_str("map[");
    for (at, (key, inner)) in entries.into_iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(key);
        out.push(':');
        show(inner, out);
    }
    out.push(']');
}

#[cfg(test)]
mod tests;
