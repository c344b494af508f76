//! Rendered text to objects.

use serde_json::Value;

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
        let value = yaml::to_frozen(&text[range]).map_err(|error| wrong(&error))?;
        match from_frozen(&value) {
            Value::Null => {}
            value @ Value::Object(_) => flatten(value, &mut objects),
            _ => return Err(wrong(&"that is no mapping with a kind")),
        }
    }
    Ok(objects)
}
