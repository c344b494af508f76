//! YAML to data, by way of what JSON can hold.

use std::sync::Arc;

use super::Error;
use super::input::Input;
use super::parse::{EventKind, Parser};
use super::raw::{self, MAX_JSON_DEPTH, Raw};
use super::resolve::{Dialect, Resolved, resolve};
use super::tree::Tree;
use crate::go::strconv;
use crate::value::{Frozen, FrozenMap, Text};

const CONVERTING: &str = "error converting YAML to JSON: ";
const UNMARSHALING: &str = "error unmarshaling JSON: while decoding JSON: ";

/// The first document, as `sigs.k8s.io/yaml` 1.6.0's `Unmarshal` reads it into an `interface{}`:
/// numbers are floats, keys are strings, of duplicate keys the last counts. Nothing is null.
///
/// # Errors
///
/// Go's text: for what is not YAML, for what JSON cannot hold (infinities, null as a key), and for
/// too many aliases.
pub fn to_frozen(text: &[u8]) -> Result<Frozen, Error> {
    read(text, Integers::Floats)
}

/// As [`to_frozen`], but whole numbers that fit are kept as [`Frozen::Int`], as Kubernetes keeps them
/// in objects (`yaml.YAMLToJSON` and `k8s.io/apimachinery/pkg/util/json`).
///
/// # Errors
///
/// Those of [`to_frozen`].
pub fn to_object(text: &[u8]) -> Result<Frozen, Error> {
    read(text, Integers::Kept)
}

fn read(text: &[u8], integers: Integers) -> Result<Frozen, Error> {
    match quick(text, integers) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => thorough(text, false, integers),
        Err(error) => Err(error.wrap(CONVERTING)),
    }
}

/// What becomes of whole numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Integers {
    Floats,
    Kept,
}

impl Integers {
    #[expect(clippy::cast_precision_loss, reason = "numbers of JSON are float64")]
    fn int(self, n: i64) -> Frozen {
        match self {
            Integers::Floats => Frozen::Float(n as f64),
            Integers::Kept => Frozen::Int(n),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float without a fraction below the limit of int64"
    )]
    fn float(self, n: f64) -> Frozen {
        match self {
            // JSON writes it without a fraction, and reads it back as an integer.
            Integers::Kept if n.fract() == 0.0 && n.abs() < 9.2e18 => Frozen::Int(n as i64),
            _ => Frozen::Float(n),
        }
    }
}

/// As [`to_frozen`], but as `UnmarshalStrict` does it.
///
/// # Errors
///
/// Those of [`to_frozen`], and one that lists all duplicate keys.
pub fn to_frozen_strict(text: &[u8]) -> Result<Frozen, Error> {
    thorough(text, true, Integers::Floats)
}

/// The first document, read into a `map[string]interface {}`. Nothing and null give an empty map.
///
/// # Errors
///
/// Those of [`to_frozen`], and one for a document that is no map.
pub fn to_map(text: &[u8]) -> Result<FrozenMap, Error> {
    match to_frozen(text)? {
        Frozen::Map(ref mut map) => Ok(Arc::unwrap_or_clone(std::mem::take(map))),
        Frozen::Null => Ok(FrozenMap::new()),
        other => Err(mismatch(&other, "value of type map[string]interface {}")),
    }
}

/// The first document, read into a `[]interface {}`. Nothing and null give an empty list.
///
/// # Errors
///
/// Those of [`to_frozen`], and one for a document that is no list.
pub fn to_list(text: &[u8]) -> Result<Vec<Frozen>, Error> {
    match to_frozen(text)? {
        Frozen::List(ref mut list) => Ok(Arc::unwrap_or_clone(std::mem::take(list))),
        Frozen::Null => Ok(Vec::new()),
        other => Err(mismatch(&other, "value of type []interface {}")),
    }
}

/// The error of Go's JSON decoder for `value` in the wrong place.
pub(super) fn mismatch(value: &Frozen, place: &str) -> Error {
    let found = value.json_kind();
    Error::new(format!(
        "{UNMARSHALING}json: cannot unmarshal {found} into Go {place}"
    ))
}

/// A collection that is being filled.
enum Open {
    List(Vec<Frozen>),
    Map(Vec<(Text, Frozen)>, Option<Text>),
}

/// Reads a document without anchors, aliases, tags, merges, and keys or numbers that JSON cannot
/// hold: all but a few. `None` for those few.
fn quick(text: &[u8], integers: Integers) -> Result<Option<Frozen>, Error> {
    let input = Input::new(text);
    let mut parser = Parser::new(&input);
    if matches!(parser.next()?.kind, EventKind::StreamEnd) {
        return Ok(Some(Frozen::Null));
    }
    let mut open: Vec<Open> = Vec::new();
    let mut keys = Keys::default();
    let mut root = Frozen::Null;
    loop {
        let event = parser.next()?;
        let value = match &event.kind {
            EventKind::Scalar(scalar, properties) => {
                if !properties.is_empty() {
                    return Ok(None);
                }
                let text = scalar.value();
                let implicit = properties.is_implicit(scalar.style);
                let resolved = if implicit {
                    resolve(&text, Dialect::V2)
                } else {
                    Resolved::String
                };
                if let Some(Open::Map(_, key @ None)) = open.last_mut() {
                    *key = Some(match resolved {
                        Resolved::String if implicit && *text == *b"<<" => return Ok(None),
                        Resolved::String | Resolved::Timestamp => keys.share(&text),
                        Resolved::Null | Resolved::Uint(_) => return Ok(None),
                        _ => key_text(resolved, &text),
                    });
                    continue;
                }
                match frozen(resolved, integers) {
                    Some(Frozen::Float(n)) if !n.is_finite() => return Ok(None),
                    Some(value) => value,
                    None => Frozen::String(Text::from(text.as_ref())),
                }
            }
            EventKind::SequenceStart(properties) | EventKind::MappingStart(properties) => {
                let is_key = matches!(open.last(), Some(Open::Map(_, None)));
                if is_key || !properties.is_empty() || open.len() >= MAX_JSON_DEPTH {
                    return Ok(None);
                }
                open.push(match event.kind {
                    EventKind::MappingStart(_) => Open::Map(Vec::new(), None),
                    _ => Open::List(Vec::new()),
                });
                continue;
            }
            EventKind::SequenceEnd | EventKind::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Frozen::List(Arc::new(items)),
                // Of equal keys the last one stays.
                Some(Open::Map(pairs, _)) => Frozen::Map(Arc::new(pairs.into_iter().collect())),
                None => Frozen::Null,
            },
            EventKind::Alias(_) => return Ok(None),
            EventKind::DocumentEnd | EventKind::DocumentStart | EventKind::StreamEnd => {
                return Ok(Some(root));
            }
        };
        match open.last_mut() {
            None => root = value,
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(pairs, key)) => pairs.extend(key.take().map(|key| (key, value))),
        }
    }
}

/// Recent keys, so that equal ones share their text.
struct Keys([Option<Text>; 64]);

impl Default for Keys {
    fn default() -> Keys {
        Keys([const { None }; 64])
    }
}

impl Keys {
    fn share(&mut self, key: &[u8]) -> Text {
        let Some((first, last)) = key.first().zip(key.last()) else {
            return Text::default();
        };
        let slot = usize::from(*first) ^ usize::from(*last) << 2 ^ key.len();
        let slot = &mut self.0[slot % 64];
        match slot {
            Some(text) if **text == *key => text.clone(),
            _ => slot.insert(Text::from(key)).clone(),
        }
    }
}

/// A scalar that is not text.
fn frozen(resolved: Resolved, integers: Integers) -> Option<Frozen> {
    #[expect(clippy::cast_precision_loss, reason = "numbers of JSON are float64")]
    Some(match resolved {
        Resolved::Null => Frozen::Null,
        Resolved::Bool(value) => Frozen::Bool(value),
        Resolved::Int(n) => integers.int(n),
        Resolved::Uint(n) => Frozen::Float(n as f64),
        Resolved::Float(n) => integers.float(n),
        Resolved::Timestamp | Resolved::String => return None,
    })
}

/// What sigs.k8s.io/yaml makes of a key.
pub(super) fn key_text(resolved: Resolved, text: &[u8]) -> Text {
    match resolved {
        Resolved::Bool(value) => Text::from(if value { "true" } else { "false" }),
        Resolved::Int(n) => Text::from(n.to_string()),
        Resolved::Uint(n) => Text::from(n.to_string()),
        Resolved::Float(n) => Text::from(match n {
            _ if n.is_nan() => ".nan".to_owned(),
            f64::INFINITY => ".inf".to_owned(),
            f64::NEG_INFINITY => "-.inf".to_owned(),
            _ => match strconv::format_float(n, b'g', None, 32).as_str() {
                // Too large for the float32 that keys are printed as.
                "+Inf" => ".inf".to_owned(),
                "-Inf" => "-.inf".to_owned(),
                text => text.to_owned(),
            },
        }),
        _ => Text::from(text),
    }
}

fn thorough(text: &[u8], strict: bool, integers: Integers) -> Result<Frozen, Error> {
    let tree = Tree::of(text).map_err(|error| error.wrap(CONVERTING))?;
    let decoded = raw::decode(&tree, strict).map_err(|error| error.wrap(CONVERTING))?;
    json(decoded, integers)
}

/// What is left of a decoded document after a way through JSON.
pub(super) fn to_json(decoded: raw::Decoded) -> Result<Frozen, Error> {
    json(decoded, Integers::Floats)
}

fn json(decoded: raw::Decoded, integers: Integers) -> Result<Frozen, Error> {
    let value = convert(decoded.value, integers).map_err(|error| error.wrap(CONVERTING))?;
    if let Some(n) = first_infinity(&value) {
        let n = strconv::format_float(n, b'g', None, 64);
        return Err(Error::new(format!(
            "{CONVERTING}json: unsupported value: {n}"
        )));
    }
    match decoded.too_deep {
        None => Ok(value),
        Some(bracket) => Err(Error::new(format!(
            "{UNMARSHALING}invalid character '{bracket}' exceeded max depth"
        ))),
    }
}

fn convert(value: Raw, integers: Integers) -> Result<Frozen, Error> {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        #[expect(clippy::cast_precision_loss, reason = "numbers of JSON are float64")]
        Ok(match value {
            Raw::Null => Frozen::Null,
            Raw::Bool(value) => Frozen::Bool(value),
            Raw::Int(n) => integers.int(n),
            Raw::Uint(n) => Frozen::Float(n as f64),
            Raw::Float(n) => integers.float(n),
            Raw::String(text) => Frozen::String(utf8(text)),
            Raw::List(items) => Frozen::List(Arc::new(
                items
                    .into_iter()
                    .map(|item| convert(item, integers))
                    .collect::<Result<_, _>>()?,
            )),
            Raw::Map(pairs) => {
                let mut map = Vec::with_capacity(pairs.len());
                for (key, value) in pairs {
                    let key = match key {
                        Raw::String(text) => utf8(text),
                        Raw::Bool(value) => key_text(Resolved::Bool(value), b""),
                        Raw::Int(n) => key_text(Resolved::Int(n), b""),
                        Raw::Float(n) => key_text(Resolved::Float(n), b""),
                        _ => return Err(bad_key(&key, &value)),
                    };
                    map.push((key, convert(value, integers)?));
                }
                Frozen::Map(Arc::new(map.into_iter().collect()))
            }
        })
    })
}

fn bad_key(key: &Raw, value: &Raw) -> Error {
    let kind = match key {
        Raw::Uint(_) => "uint64",
        _ => "%!s(<nil>)",
    };
    Error::new(format!(
        "unsupported map key of type: {kind}, key: {}, value: {}",
        raw::go_syntax(key),
        raw::go_syntax(value)
    ))
}

/// JSON holds nothing but UTF-8; each bad byte becomes U+FFFD.
fn utf8(text: Text) -> Text {
    if std::str::from_utf8(&text).is_ok() {
        return text;
    }
    let mut fixed = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        fixed.push_str(chunk.valid());
        fixed.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    Text::from(fixed)
}

/// The first number that is none in JSON, in the order in which Go writes.
fn first_infinity(value: &Frozen) -> Option<f64> {
    match value {
        Frozen::Float(n) if !n.is_finite() => Some(*n),
        Frozen::List(items) => items.iter().find_map(deeper),
        Frozen::Map(map) => map.values().find_map(deeper),
        _ => None,
    }
}

fn deeper(value: &Frozen) -> Option<f64> {
    match value {
        Frozen::List(_) | Frozen::Map(_) => {
            stacker::maybe_grow(64 * 1024, 1024 * 1024, || first_infinity(value))
        }
        _ => first_infinity(value),
    }
}
