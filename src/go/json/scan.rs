//! The tokens of JSON: bytes go in, values or the place and words of Go's refusal come out
//! (`encoding/json/scanner.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{Frozen, Text};

/// `maxNestingDepth`
const DEPTH: usize = 10_000;
const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// Why scanning stopped.
pub(super) enum Stop {
    /// The text ended inside a value. `Some` is what `scanner.eof` says about the blank that it
    /// tries there, where a blank was wrong.
    End(Option<String>),
    /// A syntax error, in Go's words.
    Syntax(String),
}

/// Reads values out of JSON text. One pass checks and builds; Go takes two, so errors about
/// numbers wait until the text is known to be sound.
pub(super) struct Scanner<'a> {
    data: &'a [u8],
    at: usize,
    depth: usize,
    /// The first number that does not fit.
    pub(super) range_error: Option<String>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(data: &'a [u8]) -> Scanner<'a> {
        Scanner {
            data,
            at: 0,
            depth: 0,
            range_error: None,
        }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The next byte after white space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.data.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// A syntax error at `byte`.
    pub(super) fn wrong(byte: u8, context: &str) -> Stop {
        Stop::Syntax(format!("invalid character {} {context}", quote_char(byte)))
    }

    /// The end of the text where a blank would be wrong too.
    fn cut(context: &str) -> Stop {
        Stop::End(Some(format!("invalid character ' ' {context}")))
    }

    pub(super) fn value(&mut self) -> Result<Frozen, Stop> {
        match self.peek() {
            None => Err(Stop::End(None)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Frozen::String(self.string()?)),
            Some(b't') => self.literal(b"true", Frozen::Bool(true)),
            Some(b'f') => self.literal(b"false", Frozen::Bool(false)),
            Some(b'n') => self.literal(b"null", Frozen::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(byte) => Err(Self::wrong(byte, "looking for beginning of value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Frozen, Stop>) -> Result<Frozen, Stop> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Stop::Syntax("exceeded max depth".to_owned()));
        }
        self.at += 1;
        let value = stacker::maybe_grow(RED_ZONE, SEGMENT, || read(self))?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Frozen, Stop> {
        let mut map = BTreeMap::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Frozen::Map(Arc::new(map)));
        }
        loop {
            match self.peek() {
                None => return Err(Stop::End(None)),
                Some(b'"') => {}
                Some(byte) => {
                    return Err(Self::wrong(
                        byte,
                        "looking for beginning of object key string",
                    ));
                }
            }
            let key = self.string()?;
            match self.peek() {
                None => return Err(Stop::End(None)),
                Some(b':') => self.at += 1,
                Some(byte) => return Err(Self::wrong(byte, "after object key")),
            }
            let value = self.value()?;
            map.insert(key, value);
            match self.peek() {
                None => return Err(Stop::End(None)),
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Frozen::Map(Arc::new(map)));
                }
                Some(byte) => return Err(Self::wrong(byte, "after object key:value pair")),
            }
        }
    }

    fn array(&mut self) -> Result<Frozen, Stop> {
        let mut list = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Frozen::List(Arc::new(list)));
        }
        loop {
            list.push(self.value()?);
            match self.peek() {
                None => return Err(Stop::End(None)),
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Frozen::List(Arc::new(list)));
                }
                Some(byte) => return Err(Self::wrong(byte, "after array element")),
            }
        }
    }

    fn literal(&mut self, word: &'static [u8], value: Frozen) -> Result<Frozen, Stop> {
        for (at, want) in word.iter().enumerate() {
            let context = || {
                let word = String::from_utf8_lossy(word);
                format!("in literal {word} (expecting '{}')", char::from(*want))
            };
            match self.data.get(self.at + at) {
                None => return Err(Self::cut(&context())),
                Some(byte) if byte != want => return Err(Self::wrong(*byte, &context())),
                Some(_) => {}
            }
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Frozen, Stop> {
        let start = self.at;
        if self.data.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.data.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        let mut whole = true;
        if self.data.get(self.at) == Some(&b'.') {
            whole = false;
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.data.get(self.at), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.data.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = &self.data[start..self.at];
        if whole && text.len() <= 15 && text != b"-0" {
            let (negative, digits) = match text.strip_prefix(b"-") {
                Some(digits) => (true, digits),
                None => (false, text),
            };
            let n = digits
                .iter()
                .fold(0i64, |n, digit| n * 10 + i64::from(digit - b'0'));
            #[expect(clippy::cast_precision_loss, reason = "at most 15 digits")]
            return Ok(Frozen::Float(if negative { -n } else { n } as f64));
        }
        // The grammar of JSON is a part of Rust's, and both round to the nearest.
        let text = String::from_utf8_lossy(text);
        match text.parse::<f64>() {
            Ok(n) if n.is_finite() => Ok(Frozen::Float(n)),
            _ => {
                self.range_error.get_or_insert_with(|| {
                    format!("json: cannot unmarshal number {text} into Go value of type float64")
                });
                Ok(Frozen::Null)
            }
        }
    }

    /// One digit or more.
    fn digits(&mut self, context: &str) -> Result<(), Stop> {
        let count = self.data[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if count == 0 {
            return Err(match self.data.get(self.at) {
                None => Self::cut(context),
                Some(byte) => Self::wrong(*byte, context),
            });
        }
        self.at += count;
        Ok(())
    }

    /// The string that starts at the quote here.
    fn string(&mut self) -> Result<Text, Stop> {
        self.at += 1;
        let start = self.at;
        let mut plain = true;
        let mut ascii = true;
        loop {
            let Some(&byte) = self.data.get(self.at) else {
                return Err(Stop::End(None));
            };
            match byte {
                b'"' => break,
                b'\\' => {
                    plain = false;
                    self.at += 1;
                    self.escape()?;
                }
                0..0x20 => return Err(Self::wrong(byte, "in string literal")),
                _ => {
                    ascii &= byte < 0x80;
                    self.at += 1;
                }
            }
        }
        let raw = &self.data[start..self.at];
        self.at += 1;
        if plain && (ascii || std::str::from_utf8(raw).is_ok()) {
            return Ok(Text::from(raw));
        }
        Ok(Text::from(unquote(raw)))
    }

    fn escape(&mut self) -> Result<(), Stop> {
        const CODE: &str = "in string escape code";
        const HEX: &str = "in \\u hexadecimal character escape";
        match self.data.get(self.at) {
            None => Err(Self::cut(CODE)),
            Some(b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.data.get(self.at) {
                        None => return Err(Self::cut(HEX)),
                        Some(byte) if byte.is_ascii_hexdigit() => self.at += 1,
                        Some(byte) => return Err(Self::wrong(*byte, HEX)),
                    }
                }
                Ok(())
            }
            Some(byte) => Err(Self::wrong(*byte, CODE)),
        }
    }
}

/// The text of a checked string without its quotes: escapes resolved, invalid bytes and lone
/// surrogates replaced (`unquoteBytes`).
fn unquote(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        for chunk in rest[..plain].utf8_chunks() {
            out.extend_from_slice(chunk.valid().as_bytes());
            for _ in chunk.invalid() {
                out.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        rest = &rest[plain..];
        let [_, code, after @ ..] = rest else {
            return out;
        };
        rest = after;
        match code {
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let unit = hex(&rest[..4]);
                rest = &rest[4..];
                let mut point = unit;
                if (0xd800..0xdc00).contains(&unit) && rest.len() >= 6 && rest.starts_with(b"\\u") {
                    let low = hex(&rest[2..6]);
                    if (0xdc00..0xe000).contains(&low) {
                        point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        rest = &rest[6..];
                    }
                }
                let c = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(*other),
        }
    }
}

fn hex(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, digit| {
        n * 16 + char::from(*digit).to_digit(16).unwrap_or_default()
    })
}

/// `quoteChar`: the byte is taken as a code point.
fn quote_char(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        0x07 => r"'\a'".to_owned(),
        0x08 => r"'\b'".to_owned(),
        0x0c => r"'\f'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        0x0b => r"'\v'".to_owned(),
        0..0x20 | 0x7f => format!("'\\x{byte:02x}'"),
        0x80..=0xa0 | 0xad => format!("'\\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}
