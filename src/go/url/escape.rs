//! `%41` and back. Which characters may stand as they are differs from part to part.

use super::EscapeError;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Segment,
    Host,
    /// Behind the `%25` of an IPv6 address.
    Zone,
    User,
    Query,
    Fragment,
}

impl Part {
    /// Whether `byte` needs no escape in this part.
    fn takes(self, byte: u8) -> bool {
        let others: &[u8] = match self {
            _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => return true,
            Part::Path => b"$&+,/:;=@",
            Part::Segment => b"$&+:=@",
            Part::Host | Part::Zone => b"!\"$&'()*+,:;<=>[]",
            Part::User => b"$&+,;=",
            Part::Query => b"",
            Part::Fragment => b"!$&()*+,/:;=?@",
        };
        others.contains(&byte)
    }
}

/// Escapes for a query; a blank becomes `+` (`url.QueryEscape`).
pub fn query_escape(text: impl AsRef<[u8]>) -> Vec<u8> {
    escape(text.as_ref(), Part::Query)
}

/// Escapes for a segment of a path, `/` too (`url.PathEscape`).
pub fn path_escape(text: impl AsRef<[u8]>) -> Vec<u8> {
    escape(text.as_ref(), Part::Segment)
}

/// The inverse of [`query_escape`] (`url.QueryUnescape`).
///
/// # Errors
/// Where two digits do not follow a `%`.
pub fn query_unescape(text: impl AsRef<[u8]>) -> Result<Vec<u8>, EscapeError> {
    unescape(text.as_ref(), Part::Query)
}

/// The inverse of [`path_escape`] (`url.PathUnescape`).
///
/// # Errors
/// Where two digits do not follow a `%`.
pub fn path_unescape(text: impl AsRef<[u8]>) -> Result<Vec<u8>, EscapeError> {
    unescape(text.as_ref(), Part::Segment)
}

pub(super) fn escape(text: &[u8], part: Part) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if part.takes(*byte) {
            out.push(*byte);
        } else if *byte == b' ' && part == Part::Query {
            out.push(b'+');
        } else {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend([b'%', DIGITS[high], DIGITS[low]]);
        }
    }
    out
}

pub(super) fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, EscapeError> {
    let in_host = matches!(part, Part::Host | Part::Zone);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match first {
            b'%' => {
                let shown = &rest[..rest.len().min(3)];
                let byte = hexadecimal(after).ok_or_else(|| EscapeError::escape(shown))?;
                let percent = byte == b'%' && shown == b"%25";
                // Hosts may escape what is not ASCII; zones what they may hold, and blanks.
                let refused = match part {
                    Part::Host => byte < 0x80 && !percent,
                    Part::Zone => byte != b' ' && !percent && !Part::Host.takes(byte),
                    _ => false,
                };
                if refused {
                    return Err(EscapeError::escape(shown));
                }
                out.push(byte);
                rest = &after[2..];
                continue;
            }
            b'+' if part == Part::Query => out.push(b' '),
            byte if in_host && byte.is_ascii() && !part.takes(*byte) => {
                return Err(EscapeError::host(&[*byte]));
            }
            byte => out.push(*byte),
        }
        rest = after;
    }
    Ok(out)
}

/// The byte that two digits spell.
fn hexadecimal(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// Decodes a part: its bytes, and what was written where encoding them would write something else.
pub(super) fn decode(encoded: &[u8], part: Part) -> Result<(Vec<u8>, Vec<u8>), EscapeError> {
    let decoded = unescape(encoded, part)?;
    let usual = escape(&decoded, part) == encoded;
    let raw = if usual { &[] } else { encoded };
    Ok((decoded, raw.to_vec()))
}

/// Encodes a part, as `raw` where that is a way to write it.
pub(super) fn encode(decoded: &[u8], raw: &[u8], part: Part) -> Vec<u8> {
    let written = |byte: &u8| part.takes(*byte) || b"!$&'()*+,;=:@[]%".contains(byte);
    if !raw.is_empty()
        && raw.iter().all(written)
        && unescape(raw, part).is_ok_and(|text| text == decoded)
    {
        return raw.to_vec();
    }
    escape(decoded, part)
}
