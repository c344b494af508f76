//! From a scalar's text to its value: line folding and escapes.

use std::borrow::Cow;

use super::scan::{break_length, hex};
use super::token::{Chomp, Scalar, Style};

impl<'a> Scalar<'a> {
    /// The value, as go.yaml.in/yaml/v2 2.4.3 makes it in `scannerc.go`.
    pub(super) fn value(&self) -> Cow<'a, [u8]> {
        if self.verbatim {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(match self.style {
            Style::Plain => flow(self.raw, 0),
            Style::Single => flow(self.raw, b'\''),
            Style::Double => flow(self.raw, b'"'),
            Style::Literal | Style::Folded => self.block(),
        })
    }

    fn block(&self) -> Vec<u8> {
        let raw = self.raw;
        let indent = self.indent as usize;
        let literal = self.style == Style::Literal;
        let mut value = Vec::with_capacity(raw.len());
        let mut at = 0;
        // The break before the current line, and the empty lines after that break.
        let mut leading = Vec::new();
        let mut trailing = Vec::new();
        let mut indented = false;
        take_empty_lines(raw, &mut at, indent, &mut trailing);
        while at < raw.len() {
            let blank = matches!(raw[at], b' ' | b'\t');
            if !literal && leading == b"\n" && !indented && !blank {
                if trailing.is_empty() {
                    value.push(b' ');
                }
            } else {
                value.extend_from_slice(&leading);
            }
            leading.clear();
            value.append(&mut trailing);
            indented = blank;
            let start = at;
            while at < raw.len() && break_length(raw, at) == 0 {
                at += 1 + plain_run(&raw[at + 1..]);
            }
            value.extend_from_slice(&raw[start..at]);
            take_break(raw, &mut at, &mut leading);
            take_empty_lines(raw, &mut at, indent, &mut trailing);
        }
        if self.chomp != Chomp::Strip {
            value.extend_from_slice(&leading);
        }
        if self.chomp == Chomp::Keep {
            value.extend_from_slice(&trailing);
        }
        value
    }
}

/// Bytes up to the next that may start a line break.
fn plain_run(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2))
        .unwrap_or(text.len())
}

/// Appends the line break at `at`, if there is one: line and paragraph separators as they are, all
/// others as a line feed.
fn take_break(text: &[u8], at: &mut usize, breaks: &mut Vec<u8>) -> bool {
    let length = break_length(text, *at);
    match length {
        0 => return false,
        3 => breaks.extend_from_slice(&text[*at..*at + 3]),
        _ => breaks.push(b'\n'),
    }
    *at += length;
    true
}

fn take_empty_lines(text: &[u8], at: &mut usize, indent: usize, breaks: &mut Vec<u8>) {
    loop {
        let start = *at;
        while *at < text.len() && *at - start < indent && text[*at] == b' ' {
            *at += 1;
        }
        if !take_break(text, at, breaks) {
            return;
        }
    }
}

/// Folds lines of a plain (`quote` 0) or quoted scalar, and resolves its escapes.
fn flow(raw: &[u8], quote: u8) -> Vec<u8> {
    let mut value = Vec::with_capacity(raw.len());
    let mut breaks = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        let start = at;
        let mut escaped_break = false;
        while at < raw.len() && !matches!(raw[at], b' ' | b'\t') && break_length(raw, at) == 0 {
            if quote == b'\'' && raw[at] == b'\'' {
                value.push(b'\'');
                at += 2;
            } else if quote == b'"' && raw[at] == b'\\' {
                let length = break_length(raw, at + 1);
                if length > 0 {
                    at += 1 + length;
                    escaped_break = true;
                    break;
                }
                at += 1 + escape(&raw[at + 1..], &mut value);
            } else {
                value.push(raw[at]);
                at += 1;
            }
        }
        let gap = at;
        while at < raw.len() && matches!(raw[at], b' ' | b'\t') {
            at += 1;
        }
        if !escaped_break && (at >= raw.len() || break_length(raw, at) == 0) {
            value.extend_from_slice(&raw[gap..at]);
            debug_assert!(at > start);
            continue;
        }
        // The first break folds, unless it was escaped; the others stay.
        let mut first = Vec::new();
        if !escaped_break {
            take_break(raw, &mut at, &mut first);
        }
        breaks.clear();
        loop {
            while at < raw.len() && matches!(raw[at], b' ' | b'\t') {
                at += 1;
            }
            if !take_break(raw, &mut at, &mut breaks) {
                break;
            }
        }
        if first == b"\n" {
            if breaks.is_empty() {
                value.push(b' ');
            }
        } else {
            value.append(&mut first);
        }
        value.extend_from_slice(&breaks);
    }
    value
}

/// Appends what the escape after a backslash stands for; returns its length. The scanner has
/// checked it.
fn escape(text: &[u8], value: &mut Vec<u8>) -> usize {
    let Some(&kind) = text.first() else {
        return 0;
    };
    let digits = match kind {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    };
    let code = match kind {
        b'0' => 0,
        b'a' => 7,
        b'b' => 8,
        b't' | b'\t' => 9,
        b'n' => 10,
        b'v' => 11,
        b'f' => 12,
        b'r' => 13,
        b'e' => 27,
        b'N' => 0x85,
        b'_' => 0xa0,
        b'L' => 0x2028,
        b'P' => 0x2029,
        b'x' | b'u' | b'U' => text.iter().skip(1).take(digits).fold(0, |code, digit| {
            code << 4 | u32::from(hex(*digit).unwrap_or(0))
        }),
        other => u32::from(other),
    };
    if let Some(c) = char::from_u32(code) {
        value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    1 + digits
}
