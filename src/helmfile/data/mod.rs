//! Data as `go.yaml.in/yaml/v3` reads it into an `interface{}`: integers stay integers, dates are
//! times, keys of maps may be anything. Clones share what they hold.

mod decode;
mod encode;
mod merge;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub(super) use decode::{Decoder, Keys, decode, documents, is_merge, scalar};
pub(super) use encode::{encode, go_syntax, json, json_indented, print};
pub(super) use merge::{Lists, fill, merge, overlay};

use crate::go::time::{Time, Zone, parse};
use crate::value::{List, Map, Number, Text, Type, Value};

/// The entries of a map.
pub type Entries = BTreeMap<Text, Data>;

/// Data of a state file, or of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// `nil`
    #[default]
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint64`: what only fits unsigned.
    Uint(u64),
    /// `float64`
    Float(f64),
    /// `time.Time`, as RFC 3339 writes it.
    Time(Text),
    /// `string`
    String(Text),
    /// `[]interface {}`
    List(Arc<Vec<Data>>),
    /// `map[string]interface {}`
    Map(Arc<Entries>),
    /// `map[interface {}]interface {}`: a map with keys that are no strings.
    Foreign(Arc<Vec<(Data, Data)>>),
}

impl Data {
    /// A string.
    pub fn string(text: impl Into<Text>) -> Data {
        Data::String(text.into())
    }

    /// A list.
    pub fn list(items: Vec<Data>) -> Data {
        Data::List(Arc::new(items))
    }

    /// A map.
    pub fn map(entries: Entries) -> Data {
        Data::Map(Arc::new(entries))
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a map.
    pub fn as_map(&self) -> Option<&Entries> {
        match self {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Data]> {
        match self {
            Data::List(list) => Some(list),
            _ => None,
        }
    }

    /// What is under `key`, where this is a map that has it.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&Data> {
        self.as_map()?.get(key.as_ref())
    }

    /// What templates see.
    pub fn thaw(&self) -> Value {
        match self {
            Data::Null => Value::Nil,
            Data::Bool(value) => Value::Bool(*value),
            Data::Int(n) => Value::Int(*n),
            Data::Uint(n) => Value::Number(Number::Uint64(*n)),
            Data::Float(n) => Value::Float64(*n),
            Data::Time(text) => {
                time_of(text).map_or_else(|| Value::String(text.clone()), Value::object)
            }
            Data::String(text) => Value::String(text.clone()),
            Data::List(list) => stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                Value::List(List::new(
                    &Type::LIST,
                    list.iter().map(Data::thaw).collect(),
                ))
            }),
            Data::Map(map) => stacker::maybe_grow(RED_ZONE, SEGMENT, || Value::Map(thaw_map(map))),
            Data::Foreign(pairs) => {
                let entries = pairs
                    .iter()
                    .map(|(key, value)| (Text::from(print(key)), value.thaw()));
                Value::Map(Map::new(
                    &Type::Map(&Type::Any, &Type::Any),
                    entries.collect(),
                ))
            }
        }
    }

    /// What a template made, without the types that only templates know.
    pub fn freeze(value: &Value) -> Data {
        match value {
            Value::Nil => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Int(n) | Value::Int64(n) => Data::Int(*n),
            Value::Float64(n) => Data::Float(*n),
            Value::Number(number) => match Value::Number(*number).as_integer() {
                Some(n) => i64::try_from(n).map_or_else(
                    |_| Data::Uint(u64::try_from(n).unwrap_or_default()),
                    Data::Int,
                ),
                None => Data::Float(Value::Number(*number).as_float().unwrap_or_default()),
            },
            Value::String(text) | Value::Bytes(text) => Data::String(text.clone()),
            Value::List(list) => stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                Data::list(list.iter().map(Data::freeze).collect())
            }),
            Value::Map(map) => stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                let entries = map.snapshot().into_iter();
                Data::map(
                    entries
                        .map(|(key, value)| (key, Data::freeze(&value)))
                        .collect(),
                )
            }),
            Value::Object(object) => match value.as_object::<Time>() {
                Some(_) => match object.json() {
                    Value::String(text) => Data::Time(text),
                    _ => Data::Null,
                },
                None => Data::freeze(&object.json()),
            },
        }
    }

    /// What Go calls the type (`%T`).
    pub fn type_name(&self) -> &'static str {
        match self {
            Data::Null => "<nil>",
            Data::Bool(_) => "bool",
            Data::Int(_) => "int",
            Data::Uint(_) => "uint64",
            Data::Float(_) => "float64",
            Data::Time(_) => "time.Time",
            Data::String(_) => "string",
            Data::List(_) => "[]interface {}",
            Data::Map(_) => "map[string]interface {}",
            Data::Foreign(_) => "map[interface {}]interface {}",
        }
    }

    /// Maps with string keys only (`maputil.RecursivelyStringifyMapKey`).
    ///
    /// # Errors
    /// Helmfile's words for a key that is no string.
    pub fn with_string_keys(&self) -> Result<Data, String> {
        if !self.has_foreign_keys() {
            return Ok(self.clone());
        }
        match self {
            Data::List(list) => {
                let items = list.iter().map(Data::with_string_keys);
                Ok(Data::list(items.collect::<Result<_, _>>()?))
            }
            Data::Map(map) => {
                let entries = map
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.with_string_keys()?)));
                Ok(Data::map(entries.collect::<Result<_, String>>()?))
            }
            Data::Foreign(pairs) => {
                let odd = pairs.iter().find(|(key, _)| key.as_text().is_none());
                let key = odd.map_or(&Data::Null, |(key, _)| key);
                Err(format!(
                    "unexpected type of key in map: expected string, got {}: value={}, map={}",
                    key.type_name(),
                    print(key),
                    print(self)
                ))
            }
            other => Ok(other.clone()),
        }
    }

    fn has_foreign_keys(&self) -> bool {
        match self {
            Data::Foreign(_) => true,
            Data::List(list) => list.iter().any(Data::has_foreign_keys),
            Data::Map(map) => map.values().any(Data::has_foreign_keys),
            _ => false,
        }
    }

    /// Whether Go's zero value of the type is meant (`isEmptyValue` of `dario.cat/mergo`).
    pub fn is_empty(&self) -> bool {
        match self {
            Data::Null => true,
            Data::Bool(value) => !value,
            Data::Int(n) => *n == 0,
            Data::Uint(n) => *n == 0,
            Data::Float(n) => *n == 0.0,
            Data::Time(_) => false,
            Data::String(text) => text.is_empty(),
            Data::List(list) => list.is_empty(),
            Data::Map(map) => map.is_empty(),
            Data::Foreign(pairs) => pairs.is_empty(),
        }
    }
}

/// Go's `%v`.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(self))
    }
}

const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// What templates see of a map.
pub(super) fn thaw_map(map: &Entries) -> Map {
    Map::new(
        &Type::MAP,
        map.iter()
            .map(|(key, value)| (key.clone(), value.thaw()))
            .collect(),
    )
}

fn time_of(text: &[u8]) -> Option<Time> {
    parse(b"2006-01-02T15:04:05.999999999Z07:00", text, &Zone::Utc).ok()
}

/// A date or time of YAML as RFC 3339 writes it (`parseTimestamp` of yaml.v3).
fn timestamp(text: &[u8]) -> Option<Text> {
    const LAYOUTS: [&[u8]; 4] = [
        b"2006-1-2T15:4:5.999999999Z07:00",
        b"2006-1-2t15:4:5.999999999Z07:00",
        b"2006-1-2 15:4:5.999999999",
        b"2006-1-2",
    ];
    let mut layouts = LAYOUTS.iter();
    let time = layouts.find_map(|layout| parse(layout, text, &Zone::Utc).ok())?;
    Some(Text::from(
        time.format(b"2006-01-02T15:04:05.999999999Z07:00"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn data(text: &str) -> Data {
        decode(text.as_bytes()).expect("YAML")
    }

    #[test]
    fn types_are_those_of_yaml_v3() {
        let text = "a: [1, 1.5, yes, true, ~, 2020-01-01, 0o7]\nb: {c: d}\n";
        let read = data(text);
        assert_eq!(
            String::from_utf8(encode(&read).expect("YAML")).expect("UTF-8"),
            "a:\n  - 1\n  - 1.5\n  - \"yes\"\n  - true\n  - null\n  - 2020-01-01T00:00:00Z\n  - 7\nb:\n  c: d\n"
        );
        assert_eq!(Data::freeze(&read.thaw()), read);
    }

    #[test]
    fn keys_that_are_no_strings_are_refused_where_values_are_merged() {
        let error = data("a: {1: x}").with_string_keys().unwrap_err();
        assert_eq!(
            error,
            "unexpected type of key in map: expected string, got int: value=1, map=map[1:x]"
        );
    }
}
