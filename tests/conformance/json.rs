//! Compares data without regard to how it is written.

use std::fmt::Write as _;

use pintle::value::Frozen;
use serde_json::Value;

/// A text that is the same for the same data: sorted keys, one leaf a line, numbers by value.
pub(crate) fn canonical(value: &Value) -> String {
    let mut lines = Vec::new();
    flatten(value, String::new(), &mut lines);
    lines.sort();
    lines.join("\n") + "\n"
}

fn flatten(value: &Value, path: String, lines: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, item) in map {
                flatten(item, format!("{path}/{key}"), lines);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                flatten(item, format!("{path}[{index}]"), lines);
            }
        }
        Value::Number(number) => {
            let number = match (number.as_i64(), number.as_f64()) {
                (Some(number), _) if number.unsigned_abs() < EXACT => number.to_string(),
                (_, Some(number)) => float(number),
                (_, None) => number.to_string(),
            };
            lines.push(format!("{path}: {number}"));
        }
        leaf => lines.push(format!("{path}: {leaf}")),
    }
}

/// Whole numbers below this are floats exactly, and written as integers.
const EXACT: u64 = 1 << 53;

/// Whole numbers as such; others to fifteen digits, since `serde_json` may be off by the last bit.
fn float(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() >= 9_007_199_254_740_992.0 {
        format!("{number:.16e}")
    } else if number.fract() == 0.0 {
        format!("{number:.0}").replace("-0", "0")
    } else {
        format!("{number:.14e}")
    }
}

/// Data of the library as JSON.
pub(crate) fn from_frozen(value: &Frozen) -> Value {
    match value {
        Frozen::Null => Value::Null,
        Frozen::Bool(value) => Value::Bool(*value),
        Frozen::Int(number) => Value::from(*number),
        Frozen::Float(number) => Value::from(*number),
        Frozen::String(text) => Value::String(text.to_string()),
        Frozen::List(items) => items.iter().map(from_frozen).collect(),
        Frozen::Map(map) => {
            let entries = map
                .iter()
                .map(|(key, item)| (key.to_string(), from_frozen(item)));
            Value::Object(entries.collect())
        }
    }
}

/// The Go type of every leaf, a line each, sorted.
pub(crate) fn types(value: &Frozen) -> String {
    fn descend(value: &Frozen, path: String, lines: &mut Vec<String>) {
        let name = match value {
            Frozen::Map(map) if !map.is_empty() => {
                for (key, item) in map.iter() {
                    descend(item, format!("{path}/{key}"), lines);
                }
                return;
            }
            Frozen::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    descend(item, format!("{path}/{index}"), lines);
                }
                return;
            }
            Frozen::Map(_) => "map",
            Frozen::List(_) => "slice",
            Frozen::Null => "nil",
            Frozen::Bool(_) => "bool",
            Frozen::Int(_) => "int64",
            Frozen::Float(_) => "float64",
            Frozen::String(_) => "string",
        };
        lines.push(format!("{path}: {name}"));
    }
    let mut lines = Vec::new();
    descend(value, String::new(), &mut lines);
    lines.sort();
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}
