//! Reading YAML into typed structures as `sigs.k8s.io/yaml` v1.6.0 and `encoding/json` do it.
//!
//! The YAML becomes JSON first, in which numbers and booleans turn into text where the Go field is a
//! string, and whose members are sorted. Then members are matched to fields in any case, unknown ones
//! are passed over, and of several wrong types the first is reported once all else has been read.

use std::collections::BTreeMap;
use std::fmt;

use crate::diag::Source;
use crate::go::strconv;
use crate::value::{Frozen, FrozenMap, Path, Segment, Text};
use crate::yaml;

/// Go's text of why a document could not be read.
#[derive(Debug)]
pub struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Reads the first document of `text` with `read`.
pub(crate) fn document(
    text: &[u8],
    read: impl FnOnce(&mut Decoder<'_>, &Frozen),
) -> Result<(), Failure> {
    let value = yaml::to_frozen(text).map_err(|error| Failure(error.to_string()))?;
    decode(text, &value, Form::Yaml, read).map_err(in_yaml)
}

/// As [`document`], but equal keys and unknown fields are errors (`yaml.UnmarshalStrict`).
pub(crate) fn document_strict(
    text: &[u8],
    read: impl FnOnce(&mut Decoder<'_>, &Frozen),
) -> Result<(), Failure> {
    let value = yaml::to_frozen_strict(text).map_err(|error| Failure(error.to_string()))?;
    decode(text, &value, Form::StrictYaml, read).map_err(in_yaml)
}

/// Reads a value of a JSON text with `read`: numbers do not become text (`json.Unmarshal`).
pub(crate) fn json(
    value: &Frozen,
    read: impl FnOnce(&mut Decoder<'_>, &Frozen),
) -> Result<(), Failure> {
    decode(b"", value, Form::Json, read).map_err(Failure)
}

fn in_yaml(error: String) -> Failure {
    Failure(format!(
        "error unmarshaling JSON: while decoding JSON: {error}"
    ))
}

fn decode(
    text: &[u8],
    value: &Frozen,
    form: Form,
    read: impl FnOnce(&mut Decoder<'_>, &Frozen),
) -> Result<(), String> {
    let mut decoder = Decoder {
        text,
        form,
        fields: Vec::new(),
        path: Path::default(),
        error: None,
    };
    read(&mut decoder, value);
    decoder.error.map_or(Ok(()), Err)
}

/// How values came to be, and what is made of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Yaml,
    StrictYaml,
    Json,
}

/// Reads values into fields; keeps the first error.
pub(crate) struct Decoder<'a> {
    text: &'a [u8],
    form: Form,
    /// Struct and JSON name of the fields on the way.
    fields: Vec<(&'static str, &'static str)>,
    path: Path,
    error: Option<String>,
}

impl Decoder<'_> {
    /// The members of a struct; `None` and an error where `value` is something else.
    pub(crate) fn members<'v>(
        &mut self,
        value: &'v Frozen,
        go_type: &str,
    ) -> Option<&'v FrozenMap> {
        match value {
            Frozen::Map(members) => Some(members),
            Frozen::Null => None,
            other => {
                self.fail(other, go_type);
                None
            }
        }
    }

    /// Reads the member `key` with `read`, as field `name` of `structure`.
    pub(crate) fn field(
        &mut self,
        structure: &'static str,
        name: &'static str,
        key: &Text,
        read: impl FnOnce(&mut Self),
    ) {
        self.fields.push((structure, name));
        self.path.0.push(Segment::Key(key.clone()));
        read(self);
        self.path.0.pop();
        self.fields.pop();
    }

    /// Reads the member `key` with `read`, as field `name` of a structure `embedded` in `structure`.
    pub(crate) fn embedded(
        &mut self,
        structure: &'static str,
        embedded: &'static str,
        name: &'static str,
        key: &Text,
        read: impl FnOnce(&mut Self),
    ) {
        self.fields.push((structure, embedded));
        self.field(structure, name, key, read);
        self.fields.pop();
    }

    /// Reads the entry `key` of a map with `read`.
    pub(crate) fn at(&mut self, key: &Text, read: impl FnOnce(&mut Self)) {
        self.path.0.push(Segment::Key(key.clone()));
        read(self);
        self.path.0.pop();
    }

    /// `string`
    pub(crate) fn string(&mut self, value: &Frozen, out: &mut String) {
        match value {
            Frozen::Null => {}
            Frozen::String(text) => *out = text.to_str_lossy().into_owned(),
            Frozen::Bool(_) | Frozen::Int(_) | Frozen::Float(_) if self.form == Form::Json => {
                self.fail(value, "string");
            }
            Frozen::Bool(flag) => *out = flag.to_string(),
            Frozen::Int(number) => *out = number.to_string(),
            Frozen::Float(number) => *out = self.number(*number),
            other => self.fail(other, "string"),
        }
    }

    /// `bool`
    pub(crate) fn boolean(&mut self, value: &Frozen, out: &mut bool) {
        match value {
            Frozen::Null => {}
            Frozen::Bool(flag) => *out = *flag,
            other => self.fail(other, "bool"),
        }
    }

    /// `[]string`
    pub(crate) fn strings(&mut self, value: &Frozen, out: &mut Vec<String>) {
        self.list(value, out, "[]string", |decoder, value, text| {
            decoder.string(value, text);
            true
        });
    }

    /// `map[string]string`
    pub(crate) fn string_map(
        &mut self,
        value: &Frozen,
        out: &mut Option<BTreeMap<String, String>>,
    ) {
        match value {
            Frozen::Null => *out = None,
            Frozen::Map(map) => {
                let entries = out.get_or_insert_default();
                for (key, value) in &**map {
                    let mut text = String::new();
                    self.path.0.push(Segment::Key(key.clone()));
                    self.string(value, &mut text);
                    self.path.0.pop();
                    entries.insert(key.to_str_lossy().into_owned(), text);
                }
            }
            other => self.fail(other, "map[string]string"),
        }
    }

    /// A slice whose items `read` reads; an item that it refuses (Go's nil pointer) is left as it is.
    /// As in Go, items are read over what was at their places.
    pub(crate) fn list<T: Default>(
        &mut self,
        value: &Frozen,
        out: &mut Vec<T>,
        go_type: &str,
        mut read: impl FnMut(&mut Self, &Frozen, &mut T) -> bool,
    ) -> Option<usize> {
        let mut refused = None;
        match value {
            Frozen::Null => out.clear(),
            Frozen::List(items) => {
                out.resize_with(items.len(), T::default);
                for (index, (item, slot)) in items.iter().zip(out).enumerate() {
                    self.path.0.push(Segment::Index(index));
                    if !read(self, item, slot) && refused.is_none() {
                        refused = Some(index);
                    }
                    self.path.0.pop();
                }
            }
            other => self.fail(other, go_type),
        }
        refused
    }

    /// A member that belongs to no field: an error where that is asked for.
    pub(crate) fn unknown(&mut self, key: &[u8]) {
        if self.form == Form::StrictYaml {
            self.error(format!("json: unknown field {}", strconv::quote(key)));
        }
    }

    /// Keeps `error`, where it is the first.
    pub(crate) fn error(&mut self, error: String) {
        self.error.get_or_insert(error);
    }

    fn fail(&mut self, value: &Frozen, go_type: &str) {
        let found = value.json_kind();
        let place = match self.fields.last() {
            None => "value".to_owned(),
            Some((structure, _)) => {
                let names: Vec<&str> = self.fields.iter().map(|(_, name)| *name).collect();
                format!("struct field {structure}.{}", names.join("."))
            }
        };
        self.error(format!(
            "json: cannot unmarshal {found} into Go {place} of type {go_type}"
        ));
    }

    /// What a number becomes in a string field: integers keep all digits, floats are shortened to
    /// what a `float32` tells.
    fn number(&self, number: f64) -> String {
        // Below this both forms are the same.
        if number.fract() == 0.0
            && number.abs() >= 1e6
            && let Some(integer) = self.written().and_then(|text| integer(&text))
        {
            return integer;
        }
        strconv::format_float(number, b'g', None, 32)
    }

    /// How the scalar that is being read stands in the document.
    fn written(&self) -> Option<String> {
        let source = Source::new("", self.text);
        let tree = yaml::parse(&source).ok()?;
        let leaves = tree.leaves();
        let (_, span) = leaves.iter().find(|(path, _)| *path == self.path)?;
        let text = self.text.get(span.start..span.end)?;
        Some(String::from_utf8_lossy(text).replace('_', ""))
    }
}

/// The decimal form of what YAML reads as an integer.
fn integer(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let value = u64::from_str_radix(digits, radix).ok()?;
    // Below zero there is one bit less.
    (sign.is_empty() || value <= 1 << 63).then(|| format!("{sign}{value}"))
}

/// The field that `key` names: the exact one, or one that differs in case only.
pub(crate) fn find_field(key: &[u8], names: &'static [&'static str]) -> Option<&'static str> {
    let exact = names.iter().find(|name| name.as_bytes() == key);
    let folded = || {
        names
            .iter()
            .find(|name| name.as_bytes().eq_ignore_ascii_case(key))
    };
    exact.or_else(folded).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_their_digits() {
        for (text, want) in [
            ("1000000", Some("1000000")),
            ("0x1F", Some("31")),
            ("0755", Some("493")),
            ("12345678901234567890", Some("12345678901234567890")),
            ("-9223372036854775809", None),
            ("1e6", None),
            ("123456789012345678901234567890", None),
        ] {
            assert_eq!(integer(text).as_deref(), want, "{text}");
        }
    }
}
