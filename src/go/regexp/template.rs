//! Replacements: `$1` and `${name}` go in, pieces of text and groups come out (`Regexp.Expand`).

use regex_automata::util::captures::Captures;

use super::class::is_letter_or_digit;
use super::text::Haystack;

/// A piece of a replacement.
pub(super) enum Part<'t> {
    Text(&'t [u8]),
    /// The first of these groups that took part; often one, of a name none or many.
    Groups(Vec<usize>),
}

/// Reads a replacement (`Regexp.expand`).
pub(super) fn parse<'t>(template: &'t [u8], names: &[String]) -> Vec<Part<'t>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        parts.push(Part::Text(&rest[..dollar]));
        let after = &rest[dollar + 1..];
        if after.first() == Some(&b'$') {
            parts.push(Part::Text(&after[..1]));
            rest = &after[1..];
        } else if let Some((name, following)) = reference(after) {
            parts.push(Part::Groups(match number(name) {
                Some(number) => vec![number],
                None => (1..=names.len())
                    .filter(|group| names[group - 1].as_bytes() == name)
                    .collect(),
            }));
            rest = following;
        } else {
            parts.push(Part::Text(&rest[dollar..=dollar]));
            rest = after;
        }
    }
    parts.push(Part::Text(rest));
    parts
}

/// The name behind a dollar, and what follows it.
fn reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"{");
    let text = inside.unwrap_or(text);
    let valid = text.utf8_chunks().next()?.valid();
    let length: usize = valid
        .chars()
        .take_while(|rune| *rune == '_' || is_letter_or_digit(*rune))
        .map(char::len_utf8)
        .sum();
    if length == 0 {
        return None;
    }
    let (name, rest) = text.split_at(length);
    match inside {
        Some(_) => Some((name, rest.strip_prefix(b"}")?)),
        None => Some((name, rest)),
    }
}

/// The number of a group; names with leading zeros are none.
fn number(name: &[u8]) -> Option<usize> {
    if name.len() > 1 && name[0] == b'0' {
        return None;
    }
    name.iter().try_fold(0, |number: usize, byte| {
        (byte.is_ascii_digit() && number < 100_000_000)
            .then(|| number * 10 + usize::from(byte - b'0'))
    })
}

/// Appends the replacement for one match.
pub(super) fn expand(
    parts: &[Part<'_>],
    haystack: &Haystack<'_>,
    captures: &Captures,
    out: &mut Vec<u8>,
) {
    for part in parts {
        match part {
            Part::Text(text) => out.extend_from_slice(text),
            Part::Groups(groups) => {
                let span = groups.iter().find_map(|group| captures.get_group(*group));
                if let Some(span) = span {
                    out.extend_from_slice(haystack.original(span.start, span.end));
                }
            }
        }
    }
}
