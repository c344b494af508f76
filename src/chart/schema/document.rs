//! Schemas and values as the validator wants them, and schemas that others refer to.

use std::error::Error;
use std::fs;

use boon::UrlLoader;
use serde_json::{Map, Number, Value};

use super::Remote;
use crate::diag::{Level, Notice};
use crate::go::{json, os, strconv};
use crate::value::{Frozen, FrozenMap};

/// Deeper schemas are refused: the validator recurses.
const MAX_DEPTH: usize = 200;

/// A schema and where it was found.
pub(super) struct Document {
    pub(super) url: String,
    pub(super) json: Value,
}

/// Loads nothing, so that compiling stops at each document that is not there yet.
pub(super) struct Nowhere;

impl UrlLoader for Nowhere {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("not loaded yet".into())
    }
}

/// Reads a schema as `jsonschema.UnmarshalJSON` does.
///
/// # Errors
/// Go's text.
pub(super) fn decode(text: &[u8]) -> Result<Frozen, String> {
    let (value, end) = json::decode_prefix(text)?;
    if !text[end..].trim_ascii().is_empty() {
        return Err("invalid character after top-level value".to_owned());
    }
    Ok(value)
}

/// A schema as the validator wants it.
///
/// # Errors
/// One that is too deep.
pub(super) fn convert(schema: &Frozen) -> Result<Value, String> {
    convert_at(schema, 0)
}

/// A chart's values.
pub(super) fn to_json(values: &FrozenMap) -> Value {
    convert_map(values, 0).unwrap_or_default()
}

fn convert_at(value: &Frozen, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!(
            "schemas and values nest at most {MAX_DEPTH} levels deep"
        ));
    }
    Ok(match value {
        Frozen::Null => Value::Null,
        Frozen::Bool(value) => Value::Bool(*value),
        Frozen::Int(n) => Value::Number((*n).into()),
        Frozen::Float(n) => Value::Number(number(*n)),
        Frozen::String(text) => Value::String(text.to_string()),
        Frozen::List(items) => Value::Array(
            items
                .iter()
                .map(|item| convert_at(item, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Frozen::Map(map) => convert_map(map, depth + 1)?,
    })
}

fn convert_map(map: &FrozenMap, depth: usize) -> Result<Value, String> {
    let entries = map
        .iter()
        .map(|(key, value)| Ok((key.to_string(), convert_at(value, depth)?)));
    Ok(Value::Object(
        entries.collect::<Result<Map<_, _>, String>>()?,
    ))
}

/// Whole numbers as integers, as they stand in nearly every schema.
fn number(n: f64) -> Number {
    if n.fract() == 0.0 && n.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "checked just before")]
        let whole = n as i64;
        return whole.into();
    }
    Number::from_f64(n).unwrap_or_else(|| 0.into())
}

/// Gets the document behind a reference.
///
/// # Errors
/// What Helm prints after `failing loading "URL": `.
pub(super) fn load(
    url: &str,
    remote: &dyn Remote,
    notices: &mut Vec<Notice>,
) -> Result<Value, String> {
    match url.split_once(':').map_or("", |(scheme, _)| scheme) {
        "file" => {
            let path = url.trim_start_matches("file://");
            read(&fs::read(path).map_err(|error| os::path_error("open", path, &error))?)
        }
        "http" | "https" => read(&remote.fetch(url)?),
        "urn" => {
            let notice = "unresolved URN reference ignored; using permissive schema";
            notices.push(Notice::new(Level::Warn, notice).with("urn", url));
            Ok(Value::Bool(true))
        }
        _ => Err(format!(
            "no URLLoader registered for {}",
            strconv::quote(url)
        )),
    }
}

fn read(text: &[u8]) -> Result<Value, String> {
    convert(&decode(text)?)
}
