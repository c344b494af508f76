//! Texts to search: bytes go in, UTF-8 with a way back to the bytes comes out, as Go reads runes.

use std::borrow::Cow;

/// A text to search: what is not UTF-8 in it is replaced by U+FFFD, a byte at a time.
pub(super) struct Haystack<'t> {
    original: &'t [u8],
    valid: Cow<'t, [u8]>,
    /// Where each byte of `valid` stands in `original`, where the two differ.
    offsets: Option<Vec<usize>>,
}

impl<'t> Haystack<'t> {
    pub(super) fn new(original: &'t [u8]) -> Haystack<'t> {
        if std::str::from_utf8(original).is_ok() {
            return Haystack {
                original,
                valid: Cow::Borrowed(original),
                offsets: None,
            };
        }
        const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();
        let mut valid = Vec::with_capacity(original.len() * 2);
        let mut offsets = Vec::with_capacity(original.len() * 2);
        let mut at = 0;
        for chunk in original.utf8_chunks() {
            valid.extend_from_slice(chunk.valid().as_bytes());
            offsets.extend(at..at + chunk.valid().len());
            at += chunk.valid().len();
            for _ in chunk.invalid() {
                valid.extend_from_slice(REPLACEMENT);
                offsets.extend([at; REPLACEMENT.len()]);
                at += 1;
            }
        }
        offsets.push(at);
        Haystack {
            original,
            valid: Cow::Owned(valid),
            offsets: Some(offsets),
        }
    }

    /// What is searched.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.valid
    }

    /// The original between two places of [`Haystack::bytes`].
    pub(super) fn original(&self, start: usize, end: usize) -> &'t [u8] {
        match &self.offsets {
            None => &self.original[start..end],
            Some(offsets) => &self.original[offsets[start]..offsets[end]],
        }
    }

    /// Length of the rune at `at`; 0 at the end.
    pub(super) fn width(&self, at: usize) -> usize {
        match self.valid.get(at) {
            None => 0,
            Some(0..0x80) => 1,
            Some(0x80..0xe0) => 2,
            Some(0xe0..0xf0) => 3,
            Some(_) => 4,
        }
    }
}
