//! What may stand in a YAML stream at all: encodings and forbidden characters.

use std::borrow::Cow;

/// A text whose characters have been checked.
pub(super) struct Input<'a> {
    /// UTF-8 without byte order mark, cut before what must not be looked at.
    pub(super) text: Cow<'a, [u8]>,
    /// How far `text` was cut at its start.
    pub(super) offset: usize,
    /// What is wrong right after the end of `text`, if anything.
    pub(super) fault: Option<&'static str>,
    /// Whether line feeds are the only line breaks.
    pub(super) unix: bool,
}

/// go-yaml reads this much at a time, and complains about a character as soon as it is read.
const CHUNK: usize = 512;

const BOM: &[u8] = b"\xef\xbb\xbf";
const CONTROL: &str = "control characters are not allowed";

impl<'a> Input<'a> {
    /// Checks `text`, as go.yaml.in/yaml/v2 2.4.3 does in `yaml_parser_update_buffer`.
    pub(super) fn new(text: &'a [u8]) -> Input<'a> {
        if text.starts_with(b"\xff\xfe") {
            return Input::from_utf16(&text[2..], u16::from_le_bytes);
        }
        if text.starts_with(b"\xfe\xff") {
            return Input::from_utf16(&text[2..], u16::from_be_bytes);
        }
        let offset = if text.starts_with(BOM) { BOM.len() } else { 0 };
        let (fault, unix) = inspect(&text[offset..]);
        let body = &text[offset..];
        match fault {
            None => Input {
                text: Cow::Borrowed(body),
                offset,
                fault: None,
                unix,
            },
            Some((at, message)) => Input {
                text: Cow::Borrowed(&body[..horizon(body, offset, at)]),
                offset,
                fault: Some(message),
                unix,
            },
        }
    }

    fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Input<'a> {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let mut text = String::with_capacity(bytes.len());
        let mut fault = None;
        for decoded in char::decode_utf16(units) {
            match decoded {
                Ok(c) => text.push(c),
                Err(error) => {
                    let low = (0xdc00..0xe000).contains(&error.unpaired_surrogate());
                    fault = Some(if low {
                        "unexpected low surrogate area"
                    } else {
                        "expected low surrogate area"
                    });
                    break;
                }
            }
        }
        if fault.is_none() && bytes.len() % 2 == 1 {
            fault = Some("incomplete UTF-16 character");
        }
        let mut text = text.into_bytes();
        let (control, unix) = inspect(&text);
        if let Some((at, message)) = control {
            text.truncate(horizon(&text, 0, at));
            fault = Some(message);
        } else if fault.is_some() {
            let end = text.len();
            text.truncate(horizon(&text, 0, end));
        }
        Input {
            text: Cow::Owned(text),
            offset: 0,
            fault,
            unix,
        }
    }
}

/// Where the chunk starts that holds the bad character at `bad`; `offset` is the length of a byte
/// order mark in front, which the first chunk holds too.
fn horizon(text: &[u8], offset: usize, bad: usize) -> usize {
    let mut start = 0;
    let mut end = CHUNK - offset;
    loop {
        // A character that the chunk's end cuts in two belongs to the next one.
        while end < text.len() && end > start && text[end] & 0xc0 == 0x80 {
            end -= 1;
        }
        if bad < end || end >= text.len() || end == start {
            return start;
        }
        start = end;
        end = start + CHUNK;
    }
}

/// The first character that must not be there, and whether all line breaks are line feeds.
fn inspect(text: &[u8]) -> (Option<(usize, &'static str)>, bool) {
    let mut control = false;
    let mut wide = false;
    let mut returns = false;
    // No early exit, so that the compiler can look at many bytes at once.
    for &byte in text {
        control |=
            (byte < 0x20 && byte != b'\n' && byte != b'\t' && byte != b'\r') | (byte == 0x7f);
        wide |= byte >= 0x80;
        returns |= byte == b'\r';
    }
    if !control && !wide {
        return (None, !returns);
    }
    if !control && std::str::from_utf8(text).is_ok() {
        let next = memchr::memchr_iter(0xc2, text).any(|at| text[at + 1] == 0x85);
        let odd = memchr::memchr_iter(0xc2, text)
            .any(|at| text[at + 1] < 0xa0 && text[at + 1] != 0x85)
            || memchr::memchr_iter(0xef, text)
                .any(|at| text[at + 1] == 0xbf && text[at + 2] >= 0xbe);
        let separator = memchr::memchr_iter(0xe2, text)
            .any(|at| text[at + 1] == 0x80 && matches!(text[at + 2], 0xa8 | 0xa9));
        if !odd {
            return (None, !returns && !next && !separator);
        }
    }
    (Some(first_fault(text)).flatten(), false)
}

fn first_fault(text: &[u8]) -> Option<(usize, &'static str)> {
    let mut at = 0;
    while at < text.len() {
        let lead = text[at];
        let width = match lead {
            0..0x80 => 1,
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0..0xf8 => 4,
            _ => return Some((at, "invalid leading UTF-8 octet")),
        };
        if at + width > text.len() {
            return Some((at, "incomplete UTF-8 octet sequence"));
        }
        let mut code = match width {
            1 => u32::from(lead),
            2 => u32::from(lead & 0x1f),
            3 => u32::from(lead & 0x0f),
            _ => u32::from(lead & 0x07),
        };
        for &octet in &text[at + 1..at + width] {
            if octet & 0xc0 != 0x80 {
                return Some((at, "invalid trailing UTF-8 octet"));
            }
            code = code << 6 | u32::from(octet & 0x3f);
        }
        let least = [0, 0, 0x80, 0x800, 0x10000][width];
        if code < least {
            return Some((at, "invalid length of a UTF-8 sequence"));
        }
        if (0xd800..0xe000).contains(&code) || code > 0x0010_ffff {
            return Some((at, "invalid Unicode character"));
        }
        let allowed = matches!(code, 0x09 | 0x0a | 0x0d | 0x85)
            || (0x20..0x7f).contains(&code)
            || (0xa0..0xfffe).contains(&code)
            || code >= 0x10000;
        if !allowed {
            return Some((at, CONTROL));
        }
        at += width;
    }
    None
}
