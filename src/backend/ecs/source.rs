//! Rendered text to objects.

use serde_json::Value;

use super::copilot;
use crate::backend::document::flatten;
use crate::backend::from_frozen;
use crate::diag::{Error, Kind};
use crate::render::manifest;
use crate::yaml;

/// Reads the documents of a manifest; items of lists count as documents of their own.
///
/// # Errors
/// [`Kind::Manifest`]: a document that is no YAML, or no mapping.
pub fn read(text: &[u8]) -> Result<Vec<Value>, Error> {
    let mut objects = Vec::new();
    for (number, range) in manifest::split(text).into_iter().enumerate() {
        let wrong = |what: &dyn std::fmt::Display| {
            let message = format!("document {} of the manifest: {what}", number + 1);
            Error::new(Kind::Manifest, message)
        };
        let value = yaml::to_frozen(&text[range.clone()]).map_err(|error| wrong(&error))?;
        let mut value = from_frozen(&value);
        make_whole(&mut value);
        if copilot::is_manifest(&value) {
            value = copilot::read(&text[range]).unwrap_or(value);
        }
        match value {
            Value::Null => {}
            value @ Value::Object(_) => flatten(value, &mut objects),
            _ => return Err(wrong(&"that is no mapping with a kind")),
        }
    }
    Ok(objects)
}

/// Numbers without a fraction as whole ones: YAML is read as Go reads JSON, where all are floats.
fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let is_whole = |float: &f64| float.fract() == 0.0 && float.abs() < 9e15;
            let float = number.as_f64().filter(|_| number.is_f64());
            if let Some(float) = float.filter(is_whole) {
                *value = Value::from(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_whole),
        Value::Object(map) => map.values_mut().for_each(make_whole),
        _ => {}
    }
}
