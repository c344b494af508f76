//! Values to YAML, as the functions `toYaml` and `toYamlPretty` need it.

use super::emit::{Emitter, Place};
use super::order;
use super::raw::{self, Raw};
use super::resolve::Dialect;
use super::tree::Tree;
use crate::go::{base64, json, strconv};
use crate::value::{Frozen, Kind, List, Map, Number, Object, Text, Type, Value};

/// Deeper than this, values go the long way, which finds cycles.
const SHALLOW: usize = 1000;
/// How deep `encode_pretty` follows values; Go would overflow its stack some time later.
const MAX_DEPTH: usize = 100_000;
const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// `value` as `sigs.k8s.io/yaml` 1.6.0's `Marshal` writes it, with the final line end.
///
/// `Marshal` writes JSON, reads that as YAML and writes the result. The effects of this are applied
/// directly, but for values where a detour shows (characters that YAML does not take, cycles).
///
/// # Errors
///
/// Go's text, for what JSON cannot hold, and for JSON that is not YAML.
pub fn encode(value: &Value) -> Result<Vec<u8>, String> {
    let mut encoder = Encoder::new();
    if encoder.value(value, Place::Root).is_ok() {
        return Ok(encoder.emitter.finish());
    }
    let mut text = Vec::new();
    json::encode(value, &mut text, json::Options::default())
        .map_err(|error| format!("error marshaling into JSON: {error}"))?;
    encode_json(&text)
}

/// [`encode`] for frozen data.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_frozen(value: &Frozen) -> Result<Vec<u8>, String> {
    let mut encoder = Encoder::new();
    if encoder.frozen(value, Place::Root).is_ok() {
        return Ok(encoder.emitter.finish());
    }
    let mut text = Vec::new();
    json::encode_frozen(value, &mut text, json::Options::default())
        .map_err(|error| format!("error marshaling into JSON: {error}"))?;
    encode_json(&text)
}

/// `sigs.k8s.io/yaml`'s `JSONToYAML`.
fn encode_json(text: &[u8]) -> Result<Vec<u8>, String> {
    let tree = Tree::of(text).map_err(|error| error.to_string())?;
    let decoded = raw::decode(&tree, false).map_err(|error| error.to_string())?;
    let mut emitter = Emitter::new(Dialect::V2);
    write_raw(&mut emitter, &decoded.value, Place::Root);
    Ok(emitter.finish())
}

fn write_raw(emitter: &mut Emitter, value: &Raw, place: Place) {
    write(emitter, value, place, Order::Sorted);
}

/// Writes a value whose keys stay in their order.
pub(super) fn write_in_order(emitter: &mut Emitter, value: &Raw, place: Place) {
    write(emitter, value, place, Order::Kept);
}

/// The order of keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Sorted,
    Kept,
}

fn write(emitter: &mut Emitter, value: &Raw, place: Place, order: Order) {
    match value {
        Raw::Null => emitter.bare(b"null"),
        Raw::Bool(value) => emitter.bare(bool_text(*value)),
        Raw::Int(n) => write_int(emitter, (*n).into()),
        Raw::Uint(n) => write_int(emitter, (*n).into()),
        Raw::Float(n) => write_float(emitter, *n, 64),
        Raw::String(text) => emitter.string(text),
        Raw::List(items) if items.is_empty() => emitter.empty(b"[]"),
        Raw::List(items) => {
            let level = emitter.begin_list(place);
            for item in items {
                emitter.item();
                stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                    write(emitter, item, Place::Item, order);
                });
            }
            emitter.end(level);
        }
        Raw::Map(pairs) if pairs.is_empty() => emitter.empty(b"{}"),
        Raw::Map(pairs) => {
            let mut pairs: Vec<(&[u8], &Raw)> = pairs
                .iter()
                .map(|(key, value)| match key {
                    Raw::String(text) => (text.as_bytes(), value),
                    Raw::Bool(key) => (bool_text(*key), value),
                    // JSON has no others.
                    _ => (&b""[..], value),
                })
                .collect();
            if order == Order::Sorted {
                pairs.sort_by_key(|pair| pair.0);
                order::sort(&mut pairs, |pair| pair.0, Dialect::V2);
            }
            let level = emitter.begin_map();
            for (key, value) in pairs {
                emitter.key(key);
                stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                    write(emitter, value, Place::MapValue, order);
                });
            }
            emitter.end(level);
        }
    }
}

fn bool_text(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

fn write_int(emitter: &mut Emitter, n: i128) {
    let mut digits = [0; 40];
    let mut at = digits.len();
    let mut rest = n.unsigned_abs();
    if let Ok(mut small) = u64::try_from(rest) {
        // The usual case, without divisions of 128 bits.
        loop {
            at -= 1;
            digits[at] = b'0' + (small % 10) as u8;
            small /= 10;
            if small == 0 {
                break;
            }
        }
    } else {
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
    }
    if n < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    emitter.bare(&digits[at..]);
}

/// A float as go-yaml writes it.
fn write_float(emitter: &mut Emitter, n: f64, bits: u32) {
    if n.is_nan() {
        emitter.bare(b".nan");
    } else if n.is_infinite() {
        emitter.bare(if n > 0.0 { b".inf" } else { b"-.inf" });
    } else {
        let mut text = Vec::with_capacity(24);
        strconv::append_float(&mut text, n, b'g', None, bits);
        emitter.bare(&text);
    }
}

/// The value cannot be written without the way through JSON.
struct Detour;

/// Writes what a way through JSON leaves of a value.
struct Encoder {
    emitter: Emitter,
    depth: usize,
}

impl Encoder {
    fn new() -> Encoder {
        Encoder {
            emitter: Emitter::new(Dialect::V2),
            depth: 0,
        }
    }

    fn value(&mut self, value: &Value, place: Place) -> Result<(), Detour> {
        match value {
            Value::Nil => self.emitter.bare(b"null"),
            Value::Bool(value) => self.emitter.bare(bool_text(*value)),
            Value::Int(n) | Value::Int64(n) => write_int(&mut self.emitter, (*n).into()),
            Value::Float64(n) => self.float(*n)?,
            Value::Number(number) => self.number(*number)?,
            Value::String(text) => self.string(text)?,
            Value::Bytes(bytes) => {
                self.emitter.string(base64::encode(bytes).as_bytes());
            }
            Value::List(list) => {
                return self.deeper(|encoder| encoder.list(list, place));
            }
            Value::Map(map) => return self.deeper(|encoder| encoder.map(map)),
            Value::Object(object) => {
                let value = object.json();
                return self.deeper(|encoder| encoder.value(&value, place));
            }
        }
        Ok(())
    }

    fn deeper(&mut self, act: impl FnOnce(&mut Self) -> Result<(), Detour>) -> Result<(), Detour> {
        if self.depth == SHALLOW {
            return Err(Detour);
        }
        self.depth += 1;
        let result = stacker::maybe_grow(RED_ZONE, SEGMENT, || act(self));
        self.depth -= 1;
        result
    }

    fn list(&mut self, list: &List, place: Place) -> Result<(), Detour> {
        if list.is_nil() {
            self.emitter.bare(b"null");
        } else if list.is_empty() {
            self.emitter.empty(b"[]");
        } else {
            let level = self.emitter.begin_list(place);
            for item in list.iter() {
                self.emitter.item();
                self.value(item, Place::Item)?;
            }
            self.emitter.end(level);
        }
        Ok(())
    }

    fn map(&mut self, map: &Map) -> Result<(), Detour> {
        let entries = map.borrow();
        if map.is_nil() {
            self.emitter.bare(b"null");
        } else if entries.is_empty() {
            self.emitter.empty(b"{}");
        } else {
            self.entries(entries.iter().collect(), Encoder::value)?;
        }
        Ok(())
    }

    fn entries<T>(
        &mut self,
        mut entries: Vec<(&Text, &T)>,
        write: fn(&mut Self, &T, Place) -> Result<(), Detour>,
    ) -> Result<(), Detour> {
        order::sort(&mut entries, |entry| entry.0, Dialect::V2);
        let level = self.emitter.begin_map();
        for (key, value) in entries {
            if key.len() >= 160 && is_long_key(key) || !is_ordinary(key) {
                return Err(Detour);
            }
            self.emitter.key(key);
            write(self, value, Place::MapValue)?;
        }
        self.emitter.end(level);
        Ok(())
    }

    fn frozen(&mut self, value: &Frozen, place: Place) -> Result<(), Detour> {
        match value {
            Frozen::Null => self.emitter.bare(b"null"),
            Frozen::Bool(value) => self.emitter.bare(bool_text(*value)),
            Frozen::Int(n) => write_int(&mut self.emitter, (*n).into()),
            Frozen::Float(n) => self.float(*n)?,
            Frozen::String(text) => self.string(text)?,
            Frozen::List(list) if list.is_empty() => self.emitter.empty(b"[]"),
            Frozen::List(list) => {
                return self.deeper(|encoder| {
                    let level = encoder.emitter.begin_list(place);
                    for item in list.iter() {
                        encoder.emitter.item();
                        encoder.frozen(item, Place::Item)?;
                    }
                    encoder.emitter.end(level);
                    Ok(())
                });
            }
            Frozen::Map(map) if map.is_empty() => self.emitter.empty(b"{}"),
            Frozen::Map(map) => {
                return self
                    .deeper(|encoder| encoder.entries(map.iter().collect(), Encoder::frozen));
            }
        }
        Ok(())
    }

    fn string(&mut self, text: &[u8]) -> Result<(), Detour> {
        if !is_ordinary(text) {
            return Err(Detour);
        }
        self.emitter.string(text);
        Ok(())
    }

    /// JSON writes whole numbers below 1e21 without an exponent, and YAML reads those that fit as
    /// integers.
    fn float(&mut self, n: f64) -> Result<(), Detour> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if !n.is_finite() {
            return Err(Detour);
        }
        #[expect(clippy::cast_possible_truncation, reason = "it has been checked")]
        if n.fract() == 0.0 && n.abs() <= EXACT {
            write_int(&mut self.emitter, i128::from(n as i64));
        } else if n.fract() == 0.0 && n.abs() < 1e20 {
            // The digits are the shortest, filled up with zeros.
            let text = strconv::format_float(n, b'f', None, 64);
            let whole: i128 = text.parse().unwrap_or_default();
            if i64::try_from(whole).is_ok() || u64::try_from(whole).is_ok() {
                self.emitter.bare(text.as_bytes());
            } else {
                write_float(&mut self.emitter, n, 64);
            }
        } else {
            write_float(&mut self.emitter, n, 64);
        }
        Ok(())
    }

    fn number(&mut self, number: Number) -> Result<(), Detour> {
        match number {
            Number::Float32(n) if n.is_finite() => {
                // JSON holds as few digits as a float32 needs, and YAML reads them as a float64.
                let text = strconv::format_float(n.into(), b'g', None, 32);
                self.float(text.parse().unwrap_or_default())
            }
            Number::Float32(_) | Number::Complex128(..) => Err(Detour),
            _ => {
                let n = Value::Number(number).as_integer().unwrap_or_default();
                write_int(&mut self.emitter, n);
                Ok(())
            }
        }
    }
}

/// Whether a key is so long in JSON that YAML may not take it for one.
fn is_long_key(key: &[u8]) -> bool {
    let mut text = Vec::new();
    json::write_string(key, &mut text, true);
    super::scan::characters(&text) > 1024
}

/// Whether the text comes through JSON and YAML as it is.
fn is_ordinary(text: &[u8]) -> bool {
    let mut odd = false;
    let mut wide = false;
    // No early exit, so that the compiler can look at many bytes at once.
    for &byte in text {
        odd |= byte == 0x7f;
        wide |= byte >= 0x80;
    }
    if !wide {
        return !odd;
    }
    // Controls of Latin-1 and non-characters are not taken, or are line breaks.
    !odd && std::str::from_utf8(text).is_ok()
        && !text
            .windows(2)
            .any(|pair| pair[0] == 0xc2 && pair[1] < 0xa0)
        && !text
            .windows(3)
            .any(|c| c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe)
}

/// `value` as the encoder of `go.yaml.in/yaml/v3` 3.0.4 writes it with an indentation of two, with
/// the final line end. Nothing goes through JSON: floats keep their exponents, bytes are a list of
/// numbers, fields of structs have their names in lower case.
///
/// # Errors
///
/// Go's text, for values that it cannot write, and for cycles (where Go would not end).
pub fn encode_pretty(value: &Value) -> Result<Vec<u8>, String> {
    let mut pretty = Pretty {
        emitter: Emitter::new(Dialect::V3),
        depth: 0,
        open: Vec::new(),
    };
    pretty.value(value, Place::Root)?;
    Ok(pretty.emitter.finish())
}

struct Pretty {
    emitter: Emitter,
    depth: usize,
    /// Addresses of maps that are open.
    open: Vec<usize>,
}

impl Pretty {
    fn value(&mut self, value: &Value, place: Place) -> Result<(), String> {
        match value {
            Value::Nil => self.emitter.bare(b"null"),
            Value::Bool(value) => self.emitter.bare(bool_text(*value)),
            Value::Int(n) | Value::Int64(n) => write_int(&mut self.emitter, (*n).into()),
            Value::Float64(n) => write_float(&mut self.emitter, *n, 64),
            Value::Number(Number::Float32(n)) => write_float(&mut self.emitter, (*n).into(), 32),
            Value::Number(Number::Complex128(..)) => {
                return Err("cannot marshal type: complex128".to_owned());
            }
            Value::Number(number) => {
                let n = Value::Number(*number).as_integer().unwrap_or_default();
                write_int(&mut self.emitter, n);
            }
            Value::String(text) => self.string(text),
            Value::Bytes(bytes) => self.bytes(bytes, place),
            Value::List(list) if list.is_empty() => self.emitter.empty(b"[]"),
            Value::List(list) => return self.deeper(|pretty| pretty.list(list, place)),
            Value::Map(map) if map.is_empty() => self.emitter.empty(b"{}"),
            Value::Map(map) => {
                let address = map.address();
                if self.open.contains(&address) {
                    return Err(format!("encountered a cycle via {}", map.go_type()));
                }
                self.open.push(address);
                let entries = map.snapshot();
                let result = self.deeper(|pretty| pretty.map(&entries));
                self.open.pop();
                return result;
            }
            Value::Object(object) => {
                return self.deeper(|pretty| pretty.object(&**object, place));
            }
        }
        Ok(())
    }

    fn deeper(&mut self, act: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), String> {
        if self.depth == MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        self.depth += 1;
        let result = stacker::maybe_grow(RED_ZONE, SEGMENT, || act(self));
        self.depth -= 1;
        result
    }

    fn string(&mut self, text: &[u8]) {
        if std::str::from_utf8(text).is_ok() {
            self.emitter.string(text);
        } else {
            self.emitter.binary(&lines_of_base64(text), false);
        }
    }

    fn key(&mut self, text: &[u8]) {
        if std::str::from_utf8(text).is_ok() {
            self.emitter.key(text);
        } else {
            self.emitter.binary(&lines_of_base64(text), true);
        }
    }

    fn list(&mut self, list: &List, place: Place) -> Result<(), String> {
        let level = self.emitter.begin_list(place);
        for item in list.iter() {
            self.emitter.item();
            self.value(item, Place::Item)?;
        }
        self.emitter.end(level);
        Ok(())
    }

    /// A `[]byte` is a slice like all others.
    fn bytes(&mut self, bytes: &[u8], place: Place) {
        if bytes.is_empty() {
            self.emitter.empty(b"[]");
            return;
        }
        let level = self.emitter.begin_list(place);
        for byte in bytes {
            self.emitter.item();
            write_int(&mut self.emitter, (*byte).into());
        }
        self.emitter.end(level);
    }

    fn map(&mut self, entries: &[(Text, Value)]) -> Result<(), String> {
        let mut entries: Vec<&(Text, Value)> = entries.iter().collect();
        order::sort(&mut entries, |entry| &entry.0, Dialect::V3);
        let level = self.emitter.begin_map();
        for (key, value) in entries {
            self.key(key);
            self.value(value, Place::MapValue)?;
        }
        self.emitter.end(level);
        Ok(())
    }

    fn object(&mut self, object: &dyn Object, place: Place) -> Result<(), String> {
        let go_type = object.go_type();
        if is_time(go_type) {
            // A time is written without quotes, though it reads as one only in YAML 1.1.
            if let Value::String(text) = object.json() {
                self.emitter.bare(&text);
                return Ok(());
            }
        }
        if let Some(value) = object.underlying() {
            if matches!(
                go_type,
                Type::Named {
                    name: "time.Duration",
                    ..
                }
            ) && let Some(text) = object.text()
            {
                self.string(&text);
                return Ok(());
            }
            return self.value(&value, place);
        }
        if matches!(go_type.kind(), Kind::Struct | Kind::Pointer) {
            // A type with a text form of its own is written as that.
            if let Value::String(text) = object.json() {
                self.string(&text);
                return Ok(());
            }
        }
        let fields = object.fields();
        if fields.is_empty() {
            self.emitter.empty(b"{}");
            return Ok(());
        }
        let level = self.emitter.begin_map();
        for (name, value) in fields {
            self.emitter.key(name.to_lowercase().as_bytes());
            self.value(&value, Place::MapValue)?;
        }
        self.emitter.end(level);
        Ok(())
    }
}

fn is_time(go_type: &Type) -> bool {
    match go_type {
        Type::Pointer(element) => is_time(element),
        Type::Struct(name) | Type::Named { name, .. } => *name == "time.Time",
        _ => false,
    }
}

/// Base64 as go-yaml writes it: in lines of 70 where it is longer than that.
fn lines_of_base64(bytes: &[u8]) -> Vec<u8> {
    let text = base64::encode(bytes).into_bytes();
    if text.len() < 70 {
        return text;
    }
    let mut lines = Vec::with_capacity(text.len() + text.len() / 70 + 1);
    for line in text.chunks(70) {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    lines
}
