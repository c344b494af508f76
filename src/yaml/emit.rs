//! Writing YAML: styles, folding and indentation.
//!
//! The choices are those of libyaml as go.yaml.in/yaml/v2 2.4.3 and v3 3.0.4 have it
//! (`emitterc.go`, and `stringv` in `encode.go`). Collections are always in block style, but empty
//! ones.

use super::resolve::{Dialect, Resolved, old_bool, resolve};
use super::scan::{break_length, characters, width};

/// Version 2 folds lines at the first blank after this column; version 3 never does.
const WIDTH: usize = 80;
/// Keys longer than this, in bytes, are written after a `?`.
const MAX_SIMPLE_KEY: usize = 128;
/// Columns a level of nesting is indented by.
const STEP: i32 = 2;

pub(super) struct Emitter {
    pub(super) out: Vec<u8>,
    dialect: Dialect,
    width: usize,
    /// Characters on the current line.
    pub(super) column: usize,
    pub(super) indent: i32,
    /// Whether the last thing written was a blank, or nothing.
    pub(super) blank: bool,
    /// Whether the current line holds nothing but indentation and indicators.
    pub(super) fresh: bool,
}

/// Indentation to return to after a collection.
pub(super) struct Level(i32);

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Item,
    MapValue,
}

/// How a text can be written.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) multiline: bool,
    pub(super) plain: bool,
    pub(super) single: bool,
    pub(super) block: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Plain,
    Single,
    Double,
    Literal,
}

impl Emitter {
    pub(super) fn new(dialect: Dialect) -> Emitter {
        Emitter {
            out: Vec::with_capacity(512),
            dialect,
            width: match dialect {
                Dialect::V2 => WIDTH,
                Dialect::V3 => usize::MAX,
            },
            column: 0,
            indent: -1,
            blank: true,
            fresh: true,
        }
    }

    /// What has been written, with a line end.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.write_indent();
        self.out
    }

    pub(super) fn line_end(&mut self) {
        self.out.push(b'\n');
        self.column = 0;
        if self.dialect == Dialect::V3 {
            self.fresh = true;
        }
    }

    fn write_indent(&mut self) {
        let indent = self.indent.max(0).unsigned_abs() as usize;
        if !self.fresh || self.column > indent || (self.column == indent && !self.blank) {
            self.line_end();
        }
        self.out.extend(std::iter::repeat_n(
            b' ',
            indent.saturating_sub(self.column),
        ));
        self.column = self.column.max(indent);
        self.blank = true;
        if self.dialect == Dialect::V2 {
            self.fresh = true;
        }
    }

    /// A blank, where none was just written.
    pub(super) fn separate(&mut self) {
        if !self.blank {
            self.out.push(b' ');
            self.column += 1;
        }
    }

    /// One of the indicators that keep a line fresh.
    fn write_block_indicator(&mut self, indicator: u8) {
        self.separate();
        self.out.push(indicator);
        self.column += 1;
        self.blank = false;
    }

    /// Adds ASCII, and leaves it to the caller to say what that was.
    pub(super) fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
        self.column += text.len();
    }

    pub(super) fn write_ascii(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
        self.column += text.len();
        self.blank = false;
        self.fresh = false;
    }

    /// Starts a map that has entries.
    pub(super) fn begin_map(&mut self) -> Level {
        let level = Level(self.indent);
        self.indent = if self.indent < 0 {
            0
        } else {
            self.indent + STEP
        };
        level
    }

    /// Starts a list that has items.
    pub(super) fn begin_list(&mut self, place: Place) -> Level {
        let level = Level(self.indent);
        if self.indent < 0 {
            self.indent = 0;
        } else if self.dialect == Dialect::V3 || place != Place::MapValue || self.fresh {
            self.indent += STEP;
        }
        level
    }

    /// Ends a map or list.
    pub(super) fn end(&mut self, level: Level) {
        self.indent = level.0;
    }

    /// Starts an item of a list.
    pub(super) fn item(&mut self) {
        self.write_indent();
        self.write_block_indicator(b'-');
    }

    /// Writes a key, up to where its value starts.
    pub(super) fn key(&mut self, text: &[u8]) {
        self.write_indent();
        let shape = self.shape(text);
        if !shape.multiline && text.len() <= MAX_SIMPLE_KEY {
            self.string_with(text, shape, true);
            self.out.push(b':');
            self.column += 1;
            self.blank = false;
            self.fresh = false;
        } else {
            self.write_block_indicator(b'?');
            self.string_with(text, shape, false);
            self.write_indent();
            self.write_block_indicator(b':');
        }
    }

    /// Writes `[]` or `{}`.
    pub(super) fn empty(&mut self, brackets: &[u8; 2]) {
        self.separate();
        self.write_ascii(brackets);
    }

    /// Writes a scalar that needs no care: a number, `true`, `null`.
    pub(super) fn bare(&mut self, text: &[u8]) {
        self.separate();
        self.write_ascii(text);
    }

    /// Writes a string that is UTF-8.
    pub(super) fn string(&mut self, text: &[u8]) {
        let shape = self.shape(text);
        self.string_with(text, shape, false);
    }

    /// Writes a string that is not UTF-8 in base64.
    pub(super) fn binary(&mut self, base64: &[u8], key: bool) {
        const TAG: &[u8] = b"!!binary";
        if key {
            self.write_indent();
        }
        let shape = self.shape(base64);
        let simple = key && !shape.multiline && base64.len() + TAG.len() <= MAX_SIMPLE_KEY;
        if key && !simple {
            self.write_block_indicator(b'?');
        }
        self.separate();
        self.write_ascii(TAG);
        let quoting = if shape.multiline {
            Quoting::Literal
        } else {
            Quoting::Plain
        };
        self.write_string(base64, shape, quoting, !simple);
        if simple {
            self.write_ascii(b":");
        } else if key {
            self.write_indent();
            self.write_block_indicator(b':');
        }
    }

    fn string_with(&mut self, text: &[u8], shape: Shape, simple_key: bool) {
        let quoting = if shape.multiline && memchr::memchr(b'\n', text).is_some() {
            Quoting::Literal
        } else if self.reads_as_string(text) {
            Quoting::Plain
        } else {
            Quoting::Double
        };
        let quoting = match quoting {
            Quoting::Plain if !shape.plain => Quoting::Single,
            Quoting::Literal if !shape.block || simple_key => Quoting::Double,
            other => other,
        };
        let quoting = match quoting {
            Quoting::Single if !shape.single => Quoting::Double,
            other => other,
        };
        self.write_string(text, shape, quoting, !simple_key);
    }

    fn write_string(&mut self, text: &[u8], _: Shape, quoting: Quoting, fold: bool) {
        let level = self.indent;
        self.indent = if level < 0 { STEP } else { level + STEP };
        match quoting {
            Quoting::Plain => self.write_plain(text, fold),
            Quoting::Single => self.write_single(text, fold),
            Quoting::Double => self.write_double(text, fold),
            Quoting::Literal => self.write_literal(text),
        }
        self.indent = level;
    }

    /// Whether the text without quotes would be read as a string.
    fn reads_as_string(&self, text: &[u8]) -> bool {
        match text.first() {
            None => false,
            Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'~') => {
                resolve(text, self.dialect) == Resolved::String && !is_base_60(text)
            }
            Some(_) => {
                // What is left starts with a letter, and is short.
                text.len() > 5
                    || (resolve(text, self.dialect) == Resolved::String && old_bool(text).is_none())
            }
        }
    }

    pub(super) fn shape(&self, text: &[u8]) -> Shape {
        if is_harmless(text) {
            return Shape {
                multiline: false,
                plain: true,
                single: true,
                block: true,
            };
        }
        analyze(text, self.dialect)
    }

    pub(super) fn write_plain(&mut self, text: &[u8], fold: bool) {
        self.separate();
        self.write_folded(text, fold, false);
        self.blank = false;
        self.fresh = false;
    }

    pub(super) fn write_single(&mut self, text: &[u8], fold: bool) {
        self.separate();
        self.write_ascii(b"'");
        self.write_folded(text, fold, true);
        self.write_ascii(b"'");
    }

    /// Writes the text of a plain or single-quoted scalar.
    fn write_folded(&mut self, text: &[u8], fold: bool, quoted: bool) {
        let simple = !quoted || memchr::memchr2(b'\'', b'\n', text).is_none();
        if simple && (!fold || self.column + text.len() <= self.width) && !may_break(text) {
            self.out.extend_from_slice(text);
            self.column += characters(text);
            return;
        }
        let mut blanks = false;
        let mut breaks = false;
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            if byte == b' ' {
                let next_blank = text.get(at + 1) == Some(&b' ');
                let inside = !quoted || (at > 0 && at + 1 < text.len());
                if fold && !blanks && self.column > self.width && inside && !next_blank {
                    self.write_indent();
                } else {
                    self.out.push(b' ');
                    self.column += 1;
                }
                at += 1;
                blanks = true;
                continue;
            }
            let length = break_length(text, at);
            if length > 0 {
                if !breaks && byte == b'\n' {
                    self.line_end();
                }
                self.write_break(text, &mut at);
                self.fresh = true;
                breaks = true;
                continue;
            }
            if breaks {
                self.write_indent();
            }
            if quoted && byte == b'\'' {
                self.out.push(b'\'');
                self.column += 1;
            }
            self.write_character(text, &mut at);
            self.fresh = false;
            blanks = false;
            breaks = false;
        }
    }

    pub(super) fn write_character(&mut self, text: &[u8], at: &mut usize) {
        let end = (*at + width(text[*at])).min(text.len());
        self.out.extend_from_slice(&text[*at..end]);
        self.column += 1;
        *at = end;
    }

    /// Writes the line break at `at` as it is.
    pub(super) fn write_break(&mut self, text: &[u8], at: &mut usize) {
        if text[*at] == b'\n' {
            self.line_end();
            *at += 1;
        } else {
            self.write_character(text, at);
            self.column = 0;
            if self.dialect == Dialect::V3 {
                self.fresh = true;
            }
        }
    }

    pub(super) fn write_double(&mut self, text: &[u8], fold: bool) {
        self.separate();
        self.write_ascii(b"\"");
        // The test for a byte order mark looks at the start of the text, wherever it is.
        let marked = text.starts_with(b"\xef\xbb\xbf");
        let mut blanks = false;
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            if marked || matches!(byte, b'"' | b'\\') || needs_escape(text, at) {
                self.write_escape(text, &mut at);
                blanks = false;
            } else if byte == b' ' {
                let inside = at > 0 && at + 1 < text.len();
                if fold && !blanks && self.column > self.width && inside {
                    self.write_indent();
                    if text[at + 1] == b' ' {
                        self.out.push(b'\\');
                        self.column += 1;
                    }
                } else {
                    self.out.push(b' ');
                    self.column += 1;
                }
                at += 1;
                blanks = true;
            } else {
                self.write_character(text, &mut at);
                blanks = false;
            }
        }
        self.write_ascii(b"\"");
    }

    fn write_escape(&mut self, text: &[u8], at: &mut usize) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let end = (*at + width(text[*at])).min(text.len());
        let code = std::str::from_utf8(&text[*at..end])
            .ok()
            .and_then(|c| c.chars().next())
            .map_or(0xfffd, u32::from);
        *at = end;
        let start = self.out.len();
        self.out.push(b'\\');
        let short = match code {
            0 => b'0',
            7 => b'a',
            8 => b'b',
            9 => b't',
            10 => b'n',
            11 => b'v',
            12 => b'f',
            13 => b'r',
            27 => b'e',
            0x22 => b'"',
            0x5c => b'\\',
            0x85 => b'N',
            0xa0 => b'_',
            0x2028 => b'L',
            0x2029 => b'P',
            _ if code <= 0xff => b'x',
            _ if code <= 0xffff => b'u',
            _ => b'U',
        };
        self.out.push(short);
        let digits = match short {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        for digit in (0..digits).rev() {
            self.out.push(DIGITS[(code >> (4 * digit) & 15) as usize]);
        }
        self.column += self.out.len() - start;
    }

    fn write_literal(&mut self, text: &[u8]) {
        self.separate();
        self.write_ascii(b"|");
        if text.first() == Some(&b' ') || break_length(text, 0) > 0 {
            self.write_ascii(b"2");
        }
        let last = last_character(text);
        if break_length(text, last) == 0 {
            self.write_ascii(b"-");
        } else if last == 0 || break_length(text, last_character(&text[..last])) > 0 {
            self.write_ascii(b"+");
        }
        self.line_end();
        self.fresh = true;
        self.blank = true;
        let mut breaks = true;
        let mut at = 0;
        while at < text.len() {
            if break_length(text, at) > 0 {
                self.write_break(text, &mut at);
                self.fresh = true;
                breaks = true;
                continue;
            }
            if breaks {
                self.write_indent();
            }
            let rest = &text[at..];
            let length = rest
                .iter()
                .skip(1)
                .position(|byte| matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2))
                .map_or(rest.len(), |length| length + 1);
            self.out.extend_from_slice(&rest[..length]);
            self.column += characters(&rest[..length]);
            at += length;
            self.fresh = false;
            breaks = false;
        }
    }
}

/// Offset of the last character.
fn last_character(text: &[u8]) -> usize {
    let mut at = text.len().saturating_sub(1);
    while at > 0 && text[at] & 0xc0 == 0x80 {
        at -= 1;
    }
    at
}

/// Whether the text may hold line breaks.
fn may_break(text: &[u8]) -> bool {
    text.iter()
        .any(|byte| matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2))
}

/// Bytes that a plain scalar may hold behind its first one, whatever is around them.
static INNER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        table[byte] = byte != b':' as usize && byte != b'#' as usize;
        byte += 1;
    }
    table
};

/// Whether the text is ASCII that needs no quotes for its characters.
fn is_harmless(text: &[u8]) -> bool {
    let Some(&first) = text.first() else {
        return false;
    };
    if !(first.is_ascii_alphanumeric() || matches!(first, b'/' | b'_' | b'$' | b'(' | b'<' | b'='))
    {
        return false;
    }
    let mut at = 1;
    while at < text.len() {
        let byte = text[at];
        if !INNER[usize::from(byte)] {
            let next = text.get(at + 1).copied().unwrap_or(b' ');
            let fine = match byte {
                b' ' => at + 1 < text.len() && next != b'#',
                b':' => next != b' ' && next != b'\t',
                // A blank before it has been looked at already.
                b'#' => true,
                _ => false,
            };
            if !fine {
                return false;
            }
        }
        at += 1;
    }
    true
}

/// Whether a character is written as an escape in double quotes.
fn needs_escape(text: &[u8], at: usize) -> bool {
    !is_printable(text, at) || break_length(text, at) > 0
}

/// What libyaml lets stand as it is.
fn is_printable(text: &[u8], at: usize) -> bool {
    let byte = |ahead: usize| text.get(at + ahead).copied().unwrap_or(0);
    match byte(0) {
        b'\n' | 0x20..=0x7e | 0xc3..=0xec | 0xee => true,
        0xc2 => byte(1) >= 0xa0,
        0xed => byte(1) < 0xa0,
        0xef => {
            (byte(1), byte(2)) != (0xbb, 0xbf)
                && !(byte(1) == 0xbf && matches!(byte(2), 0xbe | 0xbf))
        }
        _ => false,
    }
}

fn analyze(text: &[u8], dialect: Dialect) -> Shape {
    if text.is_empty() {
        return Shape {
            multiline: false,
            plain: true,
            single: true,
            block: false,
        };
    }
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let mut indicators = text.starts_with(b"---") || text.starts_with(b"...");
    let mut breaks = false;
    let mut special = false;
    let mut tabs = false;
    let mut break_blank = false;
    let mut blank_break = false;
    let mut leading = false;
    let mut trailing_blank = false;
    let mut trailing_break = false;
    let mut after_gap = true;
    let mut after_blank = false;
    let mut after_break = false;
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        let end = (at + width(byte)).min(text.len());
        let before_gap = end >= text.len() || is_blank(text.get(end));
        match byte {
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`'
                if at == 0 =>
            {
                indicators = true;
            }
            b'?' | b'-' if at == 0 => indicators |= before_gap,
            b':' => indicators |= before_gap,
            b'#' => indicators |= after_gap,
            _ => {}
        }
        if byte == b'\t' && dialect == Dialect::V3 {
            tabs = true;
        } else if !is_printable(text, at) {
            special = true;
        }
        let length = break_length(text, at);
        if byte == b' ' {
            leading |= at == 0;
            trailing_blank |= end == text.len();
            break_blank |= after_break;
            after_blank = true;
            after_break = false;
        } else if length > 0 {
            breaks = true;
            leading |= at == 0;
            trailing_break |= end == text.len();
            blank_break |= after_blank;
            after_blank = false;
            after_break = true;
        } else {
            after_blank = false;
            after_break = false;
        }
        after_gap = byte == b' ' || byte == b'\t' || length > 0;
        at = end;
    }
    Shape {
        multiline: breaks,
        plain: !(indicators
            || breaks
            || special
            || tabs
            || leading
            || trailing_blank
            || trailing_break
            || break_blank
            || blank_break),
        single: !(break_blank || blank_break || special || tabs),
        block: !(trailing_blank || blank_break || special),
    }
}

/// `1:30` and the like, which YAML 1.1 reads as numbers.
pub(super) fn is_base_60(text: &[u8]) -> bool {
    let body = match text {
        [b'+' | b'-', body @ ..] => body,
        body => body,
    };
    let mut parts = body.split(|byte| *byte == b':');
    let Some([first, rest @ ..]) = parts.next() else {
        return false;
    };
    if !first.is_ascii_digit()
        || !rest
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'_')
    {
        return false;
    }
    let mut found = false;
    let mut fraction = false;
    for part in parts {
        if fraction {
            return false;
        }
        found = true;
        let (digits, after) = match part.iter().position(|byte| *byte == b'.') {
            Some(at) => (&part[..at], Some(&part[at + 1..])),
            None => (part, None),
        };
        let fits = match digits {
            [digit] => digit.is_ascii_digit(),
            [ten, digit] => (b'0'..=b'5').contains(ten) && digit.is_ascii_digit(),
            _ => false,
        };
        if !fits {
            return false;
        }
        if let Some(after) = after {
            fraction = true;
            if !after
                .iter()
                .all(|byte| byte.is_ascii_digit() || *byte == b'_')
            {
                return false;
            }
        }
    }
    found
}
