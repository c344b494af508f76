//! File name patterns: Go's own, and those of `github.com/gobwas/glob` 0.2.3 with the separator `/`
//! (`.Files.Glob`).

mod brace;
mod matcher;
mod parse;
mod shell;

pub use brace::Pattern;
pub use matcher::OutOfRange;
pub use shell::{BadPattern, path_match};

/// The first character and its width as Go decodes them: U+FFFD and 1 for a byte that is not UTF-8,
/// U+FFFD and 0 at the end.
fn decode(bytes: &[u8]) -> (char, usize) {
    let Some(first) = bytes.first() else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    if first.is_ascii() {
        return (char::from(*first), 1);
    }
    for width in 2..=bytes.len().min(4) {
        if let Ok(text) = std::str::from_utf8(&bytes[..width])
            && let Some(c) = text.chars().next()
        {
            return (c, width);
        }
    }
    (char::REPLACEMENT_CHARACTER, 1)
}

/// Starts and characters, as Go's `range` over a string gives them.
fn characters(bytes: &[u8]) -> impl Iterator<Item = (usize, char)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let (c, width) = decode(&bytes[at..]);
        let start = at;
        at += width;
        Some((start, c))
    })
}
