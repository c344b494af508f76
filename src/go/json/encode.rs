//! `json.Marshal` and `json.Encoder`: values go in, bytes or Go's error come out.

use std::io::Write as _;

use crate::go::{base64, strconv};
use crate::value::{Frozen, List, Map, Number, Object, Value};

/// Maps and slices above this many levels are not looked up for cycles (`startDetectCyclesAfter`).
const CYCLE_CHECK_AFTER: usize = 1000;
const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// How [`encode`] writes.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether `<`, `>` and `&` are written as `\u003c` and so on, as `json.Marshal` does.
    pub escape_html: bool,
    /// One level of indentation, as `json.MarshalIndent(v, "", indent)` takes it; `None` for none
    /// and one line.
    pub indent: Option<&'static str>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            escape_html: true,
            indent: None,
        }
    }
}

/// Appends `value` to `out` as `json.Marshal` writes it.
///
/// # Errors
/// Go's text for what JSON cannot hold: infinities, NaN, complex numbers, functions, cycles.
/// `out` then ends in a part of the text.
pub fn encode(value: &Value, out: &mut Vec<u8>, options: Options) -> Result<(), String> {
    Encoder {
        out,
        options,
        level: 0,
        pointers: 0,
        seen: Vec::new(),
    }
    .value(value)
}

/// Appends `value` to `out` as `json.Marshal` writes it.
///
/// # Errors
/// As [`encode`].
pub fn encode_frozen(value: &Frozen, out: &mut Vec<u8>, options: Options) -> Result<(), String> {
    Encoder {
        out,
        options,
        level: 0,
        pointers: 0,
        seen: Vec::new(),
    }
    .frozen(value)
}

struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    options: Options,
    /// Open brackets, for the indentation.
    level: usize,
    /// Maps and slices that we are in, empty ones included (`ptrLevel`).
    pointers: usize,
    /// Addresses and lengths of those beyond [`CYCLE_CHECK_AFTER`].
    seen: Vec<(usize, usize)>,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Bool(value) => self.bool(*value),
            Value::Int(n) | Value::Int64(n) => self.integer(*n),
            Value::Float64(n) => self.float(*n)?,
            Value::Number(number) => self.number(*number)?,
            Value::String(text) => write_string(text, self.out, self.options.escape_html),
            Value::Bytes(bytes) => {
                self.out.push(b'"');
                self.out.extend_from_slice(base64::encode(bytes).as_bytes());
                self.out.push(b'"');
            }
            Value::List(list) => self.list(list)?,
            Value::Map(map) => self.map(map)?,
            Value::Object(object) => {
                return stacker::maybe_grow(RED_ZONE, SEGMENT, || self.object(&**object));
            }
        }
        Ok(())
    }

    fn frozen(&mut self, value: &Frozen) -> Result<(), String> {
        match value {
            Frozen::Null => self.out.extend_from_slice(b"null"),
            Frozen::Bool(value) => self.bool(*value),
            Frozen::Int(n) => self.integer(*n),
            Frozen::Float(n) => self.float(*n)?,
            Frozen::String(text) => write_string(text, self.out, self.options.escape_html),
            Frozen::List(list) => {
                return stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                    self.items(list.iter(), |encoder, item| encoder.frozen(item))
                });
            }
            Frozen::Map(map) => {
                return stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                    self.members(map.iter(), |encoder, item| encoder.frozen(item))
                });
            }
        }
        Ok(())
    }

    fn bool(&mut self, value: bool) {
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn integer(&mut self, n: i64) {
        write_display(self.out, n);
    }

    fn float(&mut self, n: f64) -> Result<(), String> {
        if !n.is_finite() {
            return Err(unsupported(n));
        }
        // Whole numbers below 2^53 are most of what charts hold.
        if n.fract() == 0.0 && n.abs() < 9e15 && !(n == 0.0 && n.is_sign_negative()) {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
            self.integer(n as i64);
            return Ok(());
        }
        let magnitude = n.abs();
        if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
            self.exponent(&strconv::shortest(n));
        } else {
            strconv::append_float(self.out, n, b'f', None, 64);
        }
        Ok(())
    }

    fn float32(&mut self, n: f32) -> Result<(), String> {
        if !n.is_finite() {
            return Err(unsupported(f64::from(n)));
        }
        let magnitude = n.abs();
        if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
            self.exponent(&format!("{n:e}"));
        } else {
            write_display(self.out, n);
        }
        Ok(())
    }

    /// Writes Rust's `1e21` as `1e+21`; both leave out leading zeros of the exponent.
    fn exponent(&mut self, text: &str) {
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        self.out.extend_from_slice(digits.as_bytes());
        self.out.push(b'e');
        if !exponent.starts_with('-') {
            self.out.push(b'+');
        }
        self.out.extend_from_slice(exponent.as_bytes());
    }

    fn number(&mut self, number: Number) -> Result<(), String> {
        match number {
            Number::Int8(n) => self.integer(n.into()),
            Number::Int16(n) => self.integer(n.into()),
            Number::Int32(n) => self.integer(n.into()),
            Number::Uint(n) | Number::Uint64(n) => write_display(self.out, n),
            Number::Uint8(n) => self.integer(n.into()),
            Number::Uint16(n) => self.integer(n.into()),
            Number::Uint32(n) => self.integer(n.into()),
            Number::Float32(n) => self.float32(n)?,
            Number::Complex128(..) => return Err("json: unsupported type: complex128".to_owned()),
        }
        Ok(())
    }

    fn list(&mut self, list: &List) -> Result<(), String> {
        if list.is_nil() {
            self.out.extend_from_slice(b"null");
            return Ok(());
        }
        let identity = (list.as_ptr() as usize, list.len());
        self.guarded(identity, &|| list.go_type().to_string(), |encoder| {
            encoder.items(list.iter(), |encoder, item| encoder.value(item))
        })
    }

    fn map(&mut self, map: &Map) -> Result<(), String> {
        if map.is_nil() {
            self.out.extend_from_slice(b"null");
            return Ok(());
        }
        self.guarded(
            (map.address(), usize::MAX),
            &|| map.go_type().to_string(),
            |encoder| encoder.members(map.borrow().iter(), |encoder, item| encoder.value(item)),
        )
    }

    fn object(&mut self, object: &dyn Object) -> Result<(), String> {
        if let Some(members) = object.members() {
            return self.members(members.iter().map(|(name, item)| (*name, item)), |e, v| {
                e.value(v)
            });
        }
        self.value(&object.json())
    }

    /// Runs `write` one level deeper, unless the map or slice of this identity is open already.
    fn guarded(
        &mut self,
        identity: (usize, usize),
        go_type: &dyn Fn() -> String,
        write: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.pointers += 1;
        let watched = self.pointers > CYCLE_CHECK_AFTER;
        if watched {
            if self.seen.contains(&identity) {
                let go_type = go_type();
                return Err(format!(
                    "json: unsupported value: encountered a cycle via {go_type}"
                ));
            }
            self.seen.push(identity);
        }
        let result = stacker::maybe_grow(RED_ZONE, SEGMENT, || write(self));
        if watched {
            self.seen.pop();
        }
        self.pointers -= 1;
        result
    }

    fn items<'v, T: 'v>(
        &mut self,
        items: impl ExactSizeIterator<Item = &'v T>,
        write: impl Fn(&mut Self, &T) -> Result<(), String>,
    ) -> Result<(), String> {
        self.out.push(b'[');
        let empty = items.len() == 0;
        self.level += 1;
        for (at, item) in items.enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.line();
            write(self, item)?;
        }
        self.level -= 1;
        if !empty {
            self.line();
        }
        self.out.push(b']');
        Ok(())
    }

    fn members<'v, K: AsRef<[u8]>, T: 'v>(
        &mut self,
        members: impl ExactSizeIterator<Item = (K, &'v T)>,
        write: impl Fn(&mut Self, &T) -> Result<(), String>,
    ) -> Result<(), String> {
        self.out.push(b'{');
        let empty = members.len() == 0;
        self.level += 1;
        for (at, (key, item)) in members.enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.line();
            write_string(key.as_ref(), self.out, self.options.escape_html);
            self.out.push(b':');
            if self.options.indent.is_some() {
                self.out.push(b' ');
            }
            write(self, item)?;
        }
        self.level -= 1;
        if !empty {
            self.line();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn line(&mut self) {
        if let Some(indent) = self.options.indent {
            self.out.push(b'\n');
            for _ in 0..self.level {
                self.out.extend_from_slice(indent.as_bytes());
            }
        }
    }
}

fn unsupported(n: f64) -> String {
    let name = if n.is_nan() {
        "NaN"
    } else if n > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    };
    format!("json: unsupported value: {name}")
}

fn write_display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    // Writing into a vector cannot fail.
    let _ = write!(out, "{value}");
}

/// Whether the byte may stand in a string as it is: printable ASCII but `"`, `\`, and the
/// characters of HTML (`safeSet`, `htmlSafeSet`).
const fn safe(html: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0x20;
    while byte < 0x80 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    if html {
        table[b'<' as usize] = false;
        table[b'>' as usize] = false;
        table[b'&' as usize] = false;
    }
    table
}

static SAFE: [bool; 256] = safe(false);
static HTML_SAFE: [bool; 256] = safe(true);

/// Appends `text` as a JSON string, quotes included (`appendString`).
pub fn write_string(text: &[u8], out: &mut Vec<u8>, escape_html: bool) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let safe = if escape_html { &HTML_SAFE } else { &SAFE };
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text;
    loop {
        let plain = rest
            .iter()
            .position(|byte| !safe[usize::from(*byte)])
            .unwrap_or(rest.len());
        out.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
        let Some(&byte) = rest.first() else { break };
        if byte < 0x80 {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                0x08 => out.extend_from_slice(b"\\b"),
                0x0c => out.extend_from_slice(b"\\f"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                _ => {
                    out.extend_from_slice(b"\\u00");
                    out.push(HEX[usize::from(byte >> 4)]);
                    out.push(HEX[usize::from(byte & 15)]);
                }
            }
            rest = &rest[1..];
            continue;
        }
        let end = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
        let (foreign, after) = rest.split_at(end);
        for chunk in foreign.utf8_chunks() {
            let mut valid = chunk.valid();
            // Both are legal in JSON, but not in the JavaScript that it may be pasted into.
            while let Some(at) = valid.find(['\u{2028}', '\u{2029}']) {
                out.extend_from_slice(&valid.as_bytes()[..at]);
                let escape = if valid[at..].starts_with('\u{2028}') {
                    b"\\u2028"
                } else {
                    b"\\u2029"
                };
                out.extend_from_slice(escape);
                valid = &valid[at + 3..];
            }
            out.extend_from_slice(valid.as_bytes());
            for _ in chunk.invalid() {
                out.extend_from_slice(b"\\ufffd");
            }
        }
        rest = after;
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Text, Type};

    fn json(value: &Value, options: Options) -> Result<String, String> {
        let mut out = Vec::new();
        encode(value, &mut out, options)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn floats_take_go_forms() {
        for (n, want) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (1e6, "1000000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.25e-10, "1.25e-10"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (0.1 + 0.2, "0.30000000000000004"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(json(&Value::Float64(n), Options::default()).unwrap(), want);
        }
        let single = Value::Number(Number::Float32(0.1));
        assert_eq!(json(&single, Options::default()).unwrap(), "0.1");
        for (n, want) in [
            (f64::INFINITY, "json: unsupported value: +Inf"),
            (f64::NEG_INFINITY, "json: unsupported value: -Inf"),
            (f64::NAN, "json: unsupported value: NaN"),
        ] {
            assert_eq!(
                json(&Value::Float64(n), Options::default()).unwrap_err(),
                want
            );
        }
    }

    #[test]
    fn strings_are_escaped() {
        let rows: [(&[u8], &str, &str); 6] = [
            (
                b"a<b>&\"\\/",
                r#""a\u003cb\u003e\u0026\"\\/""#,
                r#""a<b>&\"\\/""#,
            ),
            (
                b"\x00\x08\x0c\n\r\t\x1f\x7f",
                "\"\\u0000\\b\\f\\n\\r\\t\\u001f\x7f\"",
                "\"\\u0000\\b\\f\\n\\r\\t\\u001f\x7f\"",
            ),
            (
                "é日\u{2028}x\u{2029}😀".as_bytes(),
                "\"é日\\u2028x\\u2029😀\"",
                "\"é日\\u2028x\\u2029😀\"",
            ),
            (
                b"a\xffb\xe2\x82c",
                r#""a\ufffdb\ufffd\ufffdc""#,
                r#""a\ufffdb\ufffd\ufffdc""#,
            ),
            (
                b"\xed\xa0\x80",
                r#""\ufffd\ufffd\ufffd""#,
                r#""\ufffd\ufffd\ufffd""#,
            ),
            (b"", r#""""#, r#""""#),
        ];
        for (text, html, plain) in rows {
            for (escape_html, want) in [(true, html), (false, plain)] {
                let options = Options {
                    escape_html,
                    indent: None,
                };
                assert_eq!(json(&Value::string(text), options).unwrap(), want);
            }
        }
    }

    #[test]
    fn containers_are_sorted_and_indented() {
        let value = Value::map([
            ("b".into(), Value::list(vec![Value::Int(1), Value::Nil])),
            ("a".into(), Value::Bytes("hi".into())),
            ("A".into(), Value::list(vec![])),
            ("n".into(), Value::List(List::nil(&Type::LIST))),
            ("m".into(), Value::map([])),
            ("o".into(), Value::Map(Map::nil(&Type::MAP))),
        ]);
        assert_eq!(
            json(&value, Options::default()).unwrap(),
            r#"{"A":[],"a":"aGk=","b":[1,null],"m":{},"n":null,"o":null}"#
        );
        let options = Options {
            indent: Some("  "),
            ..Options::default()
        };
        assert_eq!(
            json(&value, options).unwrap(),
            "{\n  \"A\": [],\n  \"a\": \"aGk=\",\n  \"b\": [\n    1,\n    null\n  ],\n  \"m\": {},\n  \"n\": null,\n  \"o\": null\n}"
        );
    }

    #[test]
    fn cycles_are_found_and_depth_is_not_limited() {
        let map = Map::new(&Type::MAP, Default::default());
        map.insert("self", Value::Map(map.clone()));
        assert_eq!(
            json(&Value::Map(map.clone()), Options::default()).unwrap_err(),
            "json: unsupported value: encountered a cycle via map[string]interface {}"
        );
        map.remove("self");
        let list = Value::list(vec![Value::Map(map.clone())]);
        map.insert("list", list.clone());
        assert_eq!(
            json(&list, Options::default()).unwrap_err(),
            "json: unsupported value: encountered a cycle via []interface {}"
        );
        map.remove("list");

        let mut deep = Value::Nil;
        for _ in 0..3000 {
            deep = Value::list(vec![deep]);
        }
        assert_eq!(json(&deep, Options::default()).unwrap().len(), 6004);
    }

    #[test]
    fn text_of_keys_is_escaped_too() {
        let value = Frozen::Map(std::sync::Arc::new(
            [(Text::from("<k>"), Frozen::Int(1))].into(),
        ));
        let mut out = Vec::new();
        encode_frozen(&value, &mut out, Options::default()).unwrap();
        assert_eq!(out, br#"{"\u003ck\u003e":1}"#);
    }
}
