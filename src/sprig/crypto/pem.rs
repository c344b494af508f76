//! Go's `encoding/pem`.

use crate::go::base64;

/// A block: `BEGIN` line, bytes, `END` line.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) bytes: Vec<u8>,
}

/// Writes a block with lines of 64 characters. Go: `pem.EncodeToMemory`.
pub(super) fn encode(label: &str, bytes: &[u8]) -> String {
    let text = base64::encode(bytes).into_bytes();
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

/// The first block of `text`. Go: `pem.Decode`.
pub(super) fn decode(text: &[u8]) -> Option<Block> {
    let mut lines = Lines(text);
    loop {
        let Some(label) = lines
            .next()?
            .strip_prefix(b"-----BEGIN ")
            .and_then(|line| line.strip_suffix(b"-----"))
        else {
            continue;
        };
        if let Some(block) = body(label, lines) {
            return Some(block);
        }
    }
}

fn body(label: &[u8], mut lines: Lines<'_>) -> Option<Block> {
    let end = [b"-----END ", label, b"-----"].concat();
    let mut text = Vec::new();
    loop {
        let line = lines.next()?;
        if line == end {
            break;
        }
        // Headers (`Key: value`) come before the body.
        if line.contains(&b':') && text.is_empty() {
            continue;
        }
        text.extend(line.iter().filter(|byte| !matches!(byte, b' ' | b'\t')));
    }
    Some(Block {
        label: String::from_utf8_lossy(label).into_owned(),
        bytes: base64::decode(&text).ok()?,
    })
}

/// Lines without their ends and trailing blanks.
#[derive(Clone, Copy)]
struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let (line, rest) = match memchr::memchr(b'\n', self.0) {
            Some(at) => (&self.0[..at], &self.0[at + 1..]),
            None => (self.0, &[][..]),
        };
        self.0 = rest;
        Some(line.trim_ascii_end())
    }
}
