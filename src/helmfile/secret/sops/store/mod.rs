//! The formats: text to branches and back, one file for each.

mod dotenv;
mod ini;
mod json;
mod yaml;

use super::Format;
use super::tree::{Branch, Entry, Value};
use crate::diag::{Error, Kind};
use crate::go::strconv;

/// What a text holds: a branch for each document.
///
/// # Errors
/// A text that is not of the format.
pub(super) fn read(text: &[u8], format: Format) -> Result<Vec<Branch>, Error> {
    match format {
        Format::Yaml => yaml::read(text),
        Format::Json | Format::Binary => json::read(text),
        Format::Dotenv => dotenv::read(text),
        Format::Ini => ini::read(text),
    }
    .map_err(|message| Error::new(Kind::Values, message))
}

/// The text for branches.
///
/// # Errors
/// What the format cannot hold.
pub(super) fn write(branches: &[Branch], format: Format) -> Result<Vec<u8>, Error> {
    match format {
        Format::Yaml => Ok(yaml::write(branches)),
        Format::Json => Ok(json::write(branches)),
        Format::Binary => binary(branches),
        Format::Dotenv => dotenv::write(branches),
        Format::Ini => ini::write(branches),
    }
    .map_err(|message| Error::new(Kind::Values, message))
}

/// What a file held that is none of the other formats.
fn binary(branches: &[Branch]) -> Result<Vec<u8>, String> {
    const FAILED: &str = "error emitting binary store";
    let data = branches.iter().flatten().find_map(|entry| match entry {
        Entry::Pair(key, value) if key == b"data" => Some(value),
        _ => None,
    });
    match data {
        Some(Value::Text(text)) => Ok(text.clone()),
        Some(_) => Err(format!(
            "{FAILED}: 'data' key in tree does not have a string value"
        )),
        None => Err(format!("{FAILED}: no binary data found in tree")),
    }
}

/// A value in a format that has texts only.
fn plain(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => b"<nil>".to_vec(),
        Value::Bool(value) => value.to_string().into_bytes(),
        Value::Int(n) => n.to_string().into_bytes(),
        Value::Float(n) => {
            let text = strconv::format_float(*n, b'G', None, 64);
            match text.contains(['.', 'E']) {
                true => text.into_bytes(),
                false => strconv::format_float(*n, b'f', Some(1), 64).into_bytes(),
            }
        }
        Value::Time(text) | Value::Text(text) => text.clone(),
        Value::Comment(comment) => comment.text.clone(),
        Value::List(_) | Value::Branch(_) => Vec::new(),
    }
}
