//! TOML in: bytes go in, values or the library's error come out
//! (`github.com/BurntSushi/toml` 1.6.0).

use std::collections::{BTreeMap, BTreeSet};

use super::scalar;
use crate::go::strconv;
use crate::go::time::Time;
use crate::value::{List, Map, Text, Type, Value};

/// How deep values may be nested.
const MAX_DEPTH: usize = 10_000;

/// Reads TOML into a `map[string]interface {}`, as BurntSushi/toml 1.6.0's `Unmarshal` does:
/// integers are `int64`, dates `time.Time`. Those without a zone are in the one of `now`, which is
/// the local one.
///
/// # Errors
///
/// Go's text, with line and last key.
pub fn decode(text: &[u8], now: &Time) -> Result<Map, String> {
    let body = text
        .strip_prefix(b"\xff\xfe")
        .or_else(|| text.strip_prefix(b"\xfe\xff"))
        .or_else(|| text.strip_prefix(b"\xef\xbb\xbf"))
        .unwrap_or(text);
    if body[..body.len().min(6)].contains(&0) {
        return Err(
            "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files \
             must be UTF-8"
                .to_owned(),
        );
    }
    let mut parser = Parser {
        text: body,
        at: 0,
        string: 0,
        root: Table::default(),
        context: Vec::new(),
        current: String::new(),
        depth: 0,
        now,
    };
    parser.document()?;
    Ok(parser.root.finish())
}

/// A table that is being filled.
#[derive(Default)]
struct Table {
    entries: BTreeMap<Text, Entry>,
    /// Names of tables that only stand in headers of others, or in dotted keys.
    implicit: BTreeSet<Text>,
}

enum Entry {
    Value(Value),
    Table(Table),
    /// `[[name]]`
    Tables(Vec<Table>),
}

impl Table {
    fn finish(self) -> Map {
        let entries = self.entries.into_iter();
        let entries = entries.map(|(key, entry)| {
            let value = match entry {
                Entry::Value(value) => value,
                Entry::Table(table) => Value::Map(table.finish()),
                Entry::Tables(tables) => {
                    let tables = tables.into_iter();
                    let tables = tables.map(|table| Value::Map(table.finish()));
                    Value::List(List::new(&Type::Slice(&Type::MAP), tables.collect()))
                }
            };
            (key, value)
        });
        Map::new(&Type::MAP, entries.collect())
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the string starts that is being read.
    string: usize,
    root: Table,
    /// The table that keys belong to.
    context: Vec<Text>,
    /// The key whose value is being read.
    current: String,
    depth: usize,
    now: &'a Time,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Go's text for `message` at the current place.
    fn error(&self, message: impl std::fmt::Display) -> String {
        self.error_at(self.at, message)
    }

    fn error_at(&self, at: usize, message: impl std::fmt::Display) -> String {
        let before = &self.text[..at.min(self.text.len())];
        let mut line = 1 + memchr::memchr_iter(b'\n', before).count();
        if at >= self.text.len() && self.text.ends_with(b"\n") {
            line -= 1;
        }
        self.error_in(line, message)
    }

    fn error_in(&self, line: usize, message: impl std::fmt::Display) -> String {
        let context = dotted(&self.context);
        let last = match (context.is_empty(), self.current.is_empty()) {
            (true, _) => self.current.clone(),
            (false, true) => context,
            (false, false) => format!("{context}.{}", self.current),
        };
        if last.is_empty() {
            format!("toml: line {line}: {message}")
        } else {
            format!(
                "toml: line {line} (last key {}): {message}",
                strconv::quote(last)
            )
        }
    }

    /// The character here, as Go's `%q` prints it.
    fn found(&self) -> String {
        match self.character() {
            None => "'\\x00'".to_owned(),
            Some(c) => strconv::quote_rune(c),
        }
    }

    fn character(&self) -> Option<char> {
        let rest = self.text.get(self.at..)?;
        rest.get(..rest.len().min(4))?
            .utf8_chunks()
            .next()
            .map(|chunk| chunk.valid().chars().next().unwrap_or('\u{fffd}'))
    }

    /// What must not stand anywhere: controls and bytes that are not UTF-8.
    fn check(&self) -> Result<(), String> {
        let Some(byte) = self.peek() else {
            return Ok(());
        };
        match byte {
            b'\r' if self.text.get(self.at + 1) != Some(&b'\n') => {}
            b'\t' | b'\n' | b'\r' => return Ok(()),
            0..0x20 | 0x7f => {}
            0x20..0x7f => return Ok(()),
            _ => {
                let rest = &self.text[self.at..];
                let valid = rest[..rest.len().min(4)]
                    .utf8_chunks()
                    .next()
                    .is_some_and(|chunk| !chunk.valid().is_empty());
                return match valid {
                    true => Ok(()),
                    false => Err(self.error(format_args!("invalid UTF-8 byte: 0x{byte:02x}"))),
                };
            }
        }
        Err(self.error(format_args!(
            "TOML files cannot contain control characters: '0x{byte:02x}'"
        )))
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn skip_comment(&mut self) -> Result<(), String> {
        while !matches!(self.peek(), None | Some(b'\n')) {
            self.check()?;
            self.at += 1;
        }
        Ok(())
    }

    /// Moves over blanks, line ends and comments.
    fn skip_gaps(&mut self) -> Result<(), String> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => {
                    self.check()?;
                    self.at += 1;
                }
                Some(b'#') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn document(&mut self) -> Result<(), String> {
        loop {
            self.skip_gaps()?;
            match self.peek() {
                None => return Ok(()),
                Some(b'[') => self.header()?,
                Some(_) => {
                    let outer = self.context.len();
                    let key = self.key()?;
                    self.pair(key)?;
                    self.context.truncate(outer);
                    self.current.clear();
                }
            }
            self.skip_blanks();
            match self.peek() {
                None => return Ok(()),
                Some(b'#') => self.skip_comment()?,
                Some(b'\n' | b'\r') => self.check()?,
                Some(_) => {
                    self.check()?;
                    return Err(self.error(format_args!(
                        "expected a top-level item to end with a newline, comment, or EOF, but \
                         got {} instead",
                        self.found()
                    )));
                }
            }
        }
    }

    /// `[a.b]` or `[[a.b]]`
    fn header(&mut self) -> Result<(), String> {
        self.at += 1;
        let array = self.peek() == Some(b'[');
        self.at += usize::from(array);
        let mut key = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(b']') => {
                    return Err(
                        self.error("unexpected end of table name (table names cannot be empty)")
                    );
                }
                Some(b'.') => {
                    return Err(
                        self.error("unexpected table separator (table names cannot be empty)")
                    );
                }
                Some(_) => key.push(self.name()?),
            }
            self.skip_blanks();
            match self.peek() {
                Some(b'.') => self.at += 1,
                Some(b']') => break,
                _ => {
                    self.check()?;
                    return Err(self.error(format_args!(
                        "expected '.' or ']' to end table name, but got {} instead",
                        self.found()
                    )));
                }
            }
        }
        self.at += 1;
        if array {
            if self.peek() != Some(b']') {
                return Err(self.error(format_args!(
                    "expected end of table array name delimiter ']', but got {} instead",
                    self.found()
                )));
            }
            self.at += 1;
        }
        self.open(key, array)
    }

    /// A part of a key.
    fn name(&mut self) -> Result<Text, String> {
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                Ok(Text::from(self.line_string(quote)?))
            }
            _ => {
                let start = self.at;
                while self
                    .peek()
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
                {
                    self.at += 1;
                }
                Ok(Text::from(&self.text[start..self.at]))
            }
        }
    }

    /// A key with its `=`.
    fn key(&mut self) -> Result<Vec<Text>, String> {
        let mut key = Vec::new();
        self.skip_blanks();
        match self.peek() {
            None | Some(b'=') => {
                return Err(self.error("unexpected '=': key name appears blank"));
            }
            Some(b'.') => {
                return Err(self.error("unexpected '.': keys cannot start with a '.'"));
            }
            _ => {}
        }
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(b'=') => return Err(self.error("unexpected '='")),
                Some(b'.') => return Err(self.error("unexpected '.'")),
                Some(_) => key.push(self.name()?),
            }
            self.skip_blanks();
            match self.peek() {
                Some(b'.') => self.at += 1,
                Some(b'=') => {
                    self.at += 1;
                    return Ok(key);
                }
                None => {
                    return Err(self.error("unexpected EOF; expected key separator '='"));
                }
                _ => {
                    self.check()?;
                    return Err(self.error(format_args!(
                        "expected '.' or '=', but got {} instead",
                        self.found()
                    )));
                }
            }
        }
    }

    /// Reads the value of `key` and puts it below the current table.
    fn pair(&mut self, mut key: Vec<Text>) -> Result<(), String> {
        let Some(last) = key.pop() else {
            return Ok(());
        };
        self.current = last.to_string();
        for part in key {
            let mut full = self.context.clone();
            full.push(part);
            self.enter(full);
        }
        self.current = last.to_string();
        let value = self.value()?;
        self.current = last.to_string();
        self.set(last, Entry::Value(value))
    }

    /// The table at `path`; of lists of tables the last one.
    fn table(&mut self, path: &[Text]) -> Option<&mut Table> {
        let mut table = &mut self.root;
        for name in path {
            table = match table.entries.get_mut(name)? {
                Entry::Table(table) => table,
                Entry::Tables(tables) => tables.last_mut()?,
                Entry::Value(_) => return None,
            };
        }
        Some(table)
    }

    /// Makes the table that a header names the current one.
    fn open(&mut self, mut key: Vec<Text>, array: bool) -> Result<(), String> {
        let Some(last) = key.pop() else {
            return Ok(());
        };
        self.context.clear();
        for name in key {
            let path = self.context.clone();
            self.context.push(name.clone());
            let message = format!(
                "Key '{}' was already created as a hash.",
                dotted(&self.context)
            );
            let Some(table) = self.table(&path) else {
                return Err(self.error(message));
            };
            if !table.entries.contains_key(&name) {
                table.implicit.insert(name.clone());
                table.entries.insert(name, Entry::Table(Table::default()));
            } else if matches!(table.entries.get(&name), Some(Entry::Value(_))) {
                self.context.clear();
                return Err(self.error(message));
            }
        }
        if !array {
            self.set(last.clone(), Entry::Table(Table::default()))?;
            self.context.push(last);
            return Ok(());
        }
        let path = self.context.clone();
        let mut full = path.clone();
        full.push(last.clone());
        let Some(table) = self.table(&path) else {
            return Ok(());
        };
        match table
            .entries
            .entry(last.clone())
            .or_insert_with(|| Entry::Tables(Vec::new()))
        {
            Entry::Tables(tables) => tables.push(Table::default()),
            _ => {
                return Err(self.error(format_args!(
                    "Key '{}' was already created and cannot be used as an array.",
                    dotted(&full)
                )));
            }
        }
        self.context.push(last);
        Ok(())
    }

    /// Makes `path` the current table for a dotted key. A table made this way counts as implied
    /// until the second key that goes through it, as in Go.
    fn enter(&mut self, path: Vec<Text>) {
        if let Some((last, parent)) = path.split_last()
            && let Some(table) = self.table(parent)
        {
            if table.entries.contains_key(last) {
                table.implicit.remove(last);
            } else {
                table.implicit.insert(last.clone());
                table
                    .entries
                    .insert(last.clone(), Entry::Table(Table::default()));
            }
        }
        self.context = path;
    }

    /// Puts an entry into the current table; a table that was only implied may be defined once.
    fn set(&mut self, name: Text, entry: Entry) -> Result<(), String> {
        let path = self.context.clone();
        let mut full = path.clone();
        full.push(name.clone());
        let Some(table) = self.table(&path) else {
            return Err(self.error(format_args!(
                "Key '{}' has already been defined.",
                dotted(&path)
            )));
        };
        if table.entries.contains_key(&name) {
            if table.implicit.remove(&name) {
                return Ok(());
            }
            return Err(self.error(format_args!(
                "Key '{}' has already been defined.",
                dotted(&full)
            )));
        }
        table.entries.insert(name, entry);
        Ok(())
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.depth == MAX_DEPTH {
            return Err(self.error("exceeded max depth"));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.shallow_value());
        self.depth -= 1;
        result
    }

    fn shallow_value(&mut self) -> Result<Value, String> {
        self.skip_blanks();
        self.check()?;
        match self.peek() {
            None => Err(self.error_at(self.at.saturating_sub(1), "unexpected EOF; expected value")),
            Some(b'[') => self.array(),
            Some(b'{') => self.inline_table(),
            Some(quote @ (b'"' | b'\'')) => {
                let long = [quote; 3];
                let bytes = if self.text[self.at..].starts_with(&long) {
                    self.at += 3;
                    self.long_string(quote)?
                } else {
                    self.at += 1;
                    self.line_string(quote)?
                };
                Ok(Value::String(Text::from(bytes)))
            }
            Some(b'.') => Err(self.error("floats must start with a digit, not '.'")),
            Some(b'0'..=b'9' | b'+' | b'-') => self.number(),
            Some(byte) if byte.is_ascii_alphabetic() => self.word(),
            Some(_) => Err(self.error(format_args!(
                "expected value but found {} instead",
                self.found()
            ))),
        }
    }

    fn word(&mut self) -> Result<Value, String> {
        let rest = &self.text[self.at..];
        for (word, value) in [(&b"inf"[..], f64::INFINITY), (b"nan", f64::NAN)] {
            if rest.starts_with(word) {
                self.at += 3;
                return Ok(Value::Float64(value));
            }
        }
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let value = match &rest[..length] {
            b"true" => true,
            b"false" => false,
            word => {
                return Err(self.error(format_args!(
                    "expected value but found {} instead",
                    strconv::quote(word)
                )));
            }
        };
        self.at += length;
        Ok(Value::Bool(value))
    }

    fn number(&mut self) -> Result<Value, String> {
        let rest = &self.text[self.at..];
        let length = scalar::length(rest);
        let result = scalar::read(&rest[..length], self.now);
        self.at += length;
        result.map_err(|message| self.error(message))
    }

    fn array(&mut self) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_gaps()?;
            match self.peek() {
                Some(b']') => break,
                Some(b',') => return Err(self.error("unexpected comma")),
                _ => items.push(self.value()?),
            }
            self.skip_gaps()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => {
                    return Err(self.error(format_args!(
                        "expected a comma (',') or array terminator (']'), but got {}",
                        self.plainly_found()
                    )));
                }
            }
        }
        self.at += 1;
        Ok(Value::List(List::new(&Type::LIST, items)))
    }

    fn plainly_found(&self) -> String {
        match self.character() {
            None => "end of file".to_owned(),
            Some(c) => format!("'{c}'"),
        }
    }

    fn inline_table(&mut self) -> Result<Value, String> {
        self.at += 1;
        // It has names of its own.
        let outer_context = self.context.clone();
        let outer_current = std::mem::take(&mut self.current);
        let mut prefix = outer_context.clone();
        prefix.push(Text::from(outer_current.as_str()));
        let outer_root = std::mem::take(&mut self.root);
        let result = self.inline_entries(&prefix);
        let table = std::mem::replace(&mut self.root, outer_root);
        self.context = outer_context;
        self.current = outer_current;
        result?;
        let mut value = table;
        for name in &prefix {
            value = match value.entries.remove(name) {
                Some(Entry::Table(inner)) => inner,
                _ => Table::default(),
            };
        }
        Ok(Value::Map(value.finish()))
    }

    fn inline_entries(&mut self, prefix: &[Text]) -> Result<(), String> {
        self.context.clear();
        for name in prefix {
            let path = self.context.clone();
            if let Some(table) = self.table(&path) {
                table
                    .entries
                    .insert(name.clone(), Entry::Table(Table::default()));
            }
            self.context.push(name.clone());
        }
        loop {
            self.skip_gaps()?;
            match self.peek() {
                Some(b'}') => break,
                Some(b',') => return Err(self.error("unexpected comma")),
                _ => {}
            }
            let key = self.key()?;
            self.pair(key)?;
            self.context = prefix.to_vec();
            self.skip_gaps()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => {
                    return Err(self.error(format_args!(
                        "expected a comma or an inline table terminator '}}', but got {} instead",
                        self.plainly_found()
                    )));
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    /// A string on one line, behind its opening quote.
    fn line_string(&mut self, quote: u8) -> Result<Vec<u8>, String> {
        let mut value = Vec::new();
        self.string = self.at;
        loop {
            self.check()?;
            match self.peek() {
                None if quote == b'"' => {
                    return Err(self.error("unexpected EOF; expected '\"'"));
                }
                None => return Err(self.error("unexpected EOF; expected \"'\"")),
                Some(b'\n' | b'\r') => {
                    return Err(self.error("strings cannot contain newlines"));
                }
                Some(byte) if byte == quote => {
                    self.at += 1;
                    return Ok(value);
                }
                Some(b'\\') if quote == b'"' => self.escape(&mut value)?,
                Some(byte) => {
                    value.push(byte);
                    self.at += 1;
                    self.copy_rest_of_character(byte, &mut value);
                }
            }
        }
    }

    fn copy_rest_of_character(&mut self, lead: u8, value: &mut Vec<u8>) {
        if lead < 0x80 {
            return;
        }
        while let Some(byte @ 0x80..0xc0) = self.peek() {
            value.push(byte);
            self.at += 1;
        }
    }

    /// A string over several lines, behind its opening quotes.
    fn long_string(&mut self, quote: u8) -> Result<Vec<u8>, String> {
        let rest = &self.text[self.at..];
        if rest.starts_with(b"\r\n") {
            self.at += 2;
        } else if rest.starts_with(b"\n") {
            self.at += 1;
        }
        let mut value = Vec::new();
        self.string = self.at;
        loop {
            self.check()?;
            match self.peek() {
                None => {
                    return Err(self.error(match quote {
                        b'"' => "unexpected EOF; expected '\"\"\"'",
                        _ => "unexpected EOF; expected \"'''\"",
                    }));
                }
                Some(byte) if byte == quote => {
                    let run = self.text[self.at..]
                        .iter()
                        .take_while(|byte| **byte == quote)
                        .count();
                    if run >= 6 {
                        return Err(self.error(match quote {
                            b'"' => "unexpected '\"\"\"\"\"\"'",
                            _ => "unexpected \"''''''\"",
                        }));
                    }
                    self.at += run;
                    if run >= 3 {
                        value.extend(std::iter::repeat_n(quote, run - 3));
                        return Ok(value);
                    }
                    value.extend(std::iter::repeat_n(quote, run));
                }
                Some(b'\\') if quote == b'"' => {
                    let gap = self.text[self.at + 1..]
                        .iter()
                        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
                        .count();
                    if self.text[self.at + 1..self.at + 1 + gap].contains(&b'\n') {
                        self.at += 1 + gap;
                    } else {
                        self.escape(&mut value)?;
                    }
                }
                Some(byte) => {
                    value.push(byte);
                    self.at += 1;
                    self.copy_rest_of_character(byte, &mut value);
                }
            }
        }
    }

    fn escape(&mut self, value: &mut Vec<u8>) -> Result<(), String> {
        self.at += 1;
        let kind = self.peek().unwrap_or(0);
        let (digits, name) = match kind {
            b'x' => (2, "two"),
            b'u' => (4, "four"),
            b'U' => (8, "eight"),
            _ => (0, ""),
        };
        let plain = match kind {
            b'b' => 8,
            b't' => 9,
            b'n' => 10,
            b'f' => 12,
            b'r' => 13,
            b'e' => 27,
            b'"' | b'\\' => kind,
            b'x' | b'u' | b'U' => 0,
            b' ' | b'\t' => {
                return Err(self.error(format_args!("invalid escape: '\\{}'", char::from(kind))));
            }
            _ => {
                let c = self.character().unwrap_or('\0');
                return Err(self.error(format_args!("invalid escape in string '\\{c}'")));
            }
        };
        self.at += 1;
        if digits == 0 {
            value.push(plain);
            return Ok(());
        }
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .take(digits)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let text = String::from_utf8_lossy(&rest[..length]);
        if length < digits {
            let end = (self.at + length + 1).min(self.text.len());
            return Err(self.error(format_args!(
                "expected {name} hexadecimal digits after '\\{}', but got {} instead",
                char::from(kind),
                strconv::quote(&self.text[self.string..end])
            )));
        }
        let Some(c) = u32::from_str_radix(&text, 16).ok().and_then(char::from_u32) else {
            return Err(self.error(format_args!(
                "Escaped character '\\u{text}' is not valid UTF-8."
            )));
        };
        value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        self.at += digits;
        Ok(())
    }
}

/// A key as messages show it.
fn dotted(key: &[Text]) -> String {
    let mut out = Vec::new();
    for (at, name) in key.iter().enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        super::encode::write_key(name, &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}
