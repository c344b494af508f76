//! IP addresses, as `netip.ParseAddr` checks them.

use memchr::memchr;

use crate::go::strconv::quote;

pub(super) enum Family {
    V4,
    V6,
}

/// What is wrong, and the text from where it is.
type Wrong<'a> = (&'static str, &'a [u8]);

/// Which kind of address this is, or Go's message.
pub(super) fn check(text: &[u8]) -> Result<Family, String> {
    let first = text.iter().find(|byte| b".:%".contains(byte));
    let checked = match first {
        Some(b'.') => check_v4(text).map(|()| Family::V4),
        Some(b':') => check_v6(text).map(|()| Family::V6),
        Some(_) => Err(("missing IPv6 address", &b""[..])),
        None => Err(("unable to parse IP", &b""[..])),
    };
    checked.map_err(|(message, at)| {
        let text = quote(text);
        if at.is_empty() {
            format!("ParseAddr({text}): {message}")
        } else {
            format!("ParseAddr({text}): {message} (at {})", quote(at))
        }
    })
}

fn check_v4(text: &[u8]) -> Result<(), Wrong<'_>> {
    let mut dots = 0;
    let mut octet: Option<u32> = None;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if octet == Some(0) {
                    return Err(("IPv4 field has octet with leading zero", b""));
                }
                let value = octet.unwrap_or(0) * 10 + u32::from(byte - b'0');
                if value > 255 {
                    return Err(("IPv4 field has value >255", b""));
                }
                octet = Some(value);
            }
            b'.' => {
                if octet.is_none() || at + 1 == text.len() {
                    return Err(("IPv4 field must have at least one digit", &text[at..]));
                }
                if dots == 3 {
                    return Err(("IPv4 address too long", b""));
                }
                dots += 1;
                octet = None;
            }
            _ => return Err(("unexpected character", &text[at..])),
        }
    }
    if dots < 3 {
        return Err(("IPv4 address too short", b""));
    }
    Ok(())
}

fn check_v6(text: &[u8]) -> Result<(), Wrong<'_>> {
    let mut rest = text;
    if let Some(percent) = memchr(b'%', text) {
        rest = &text[..percent];
        if percent + 1 == text.len() {
            return Err(("zone must be a non-empty string", b""));
        }
    }
    // Sixteen-bit fields read, and whether `::` stood among them.
    let mut fields = 0;
    let mut gap = false;
    if let Some(after) = rest.strip_prefix(b"::") {
        gap = true;
        rest = after;
        if rest.is_empty() {
            return Ok(());
        }
    }
    while fields < 8 {
        let digits = rest
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        if digits > 4 {
            return Err(("each group must have 4 or less digits", rest));
        }
        if digits == 0 {
            return Err((
                "each colon-separated field must have at least one digit",
                rest,
            ));
        }
        let after = &rest[digits..];
        if after.starts_with(b".") {
            if !gap && fields != 6 {
                return Err((
                    "embedded IPv4 address must replace the final 2 fields of the address",
                    rest,
                ));
            }
            if fields > 6 {
                return Err((
                    "too many hex fields to fit an embedded IPv4 at the end of the address",
                    rest,
                ));
            }
            check_v4(rest)?;
            fields += 2;
            rest = b"";
            break;
        }
        fields += 1;
        rest = after;
        let Some((next, behind)) = rest.split_first() else {
            break;
        };
        if *next != b':' {
            return Err(("unexpected character, want colon", rest));
        }
        if behind.is_empty() {
            return Err(("colon must be followed by more characters", rest));
        }
        rest = behind;
        if let Some(behind) = rest.strip_prefix(b":") {
            if gap {
                return Err(("multiple :: in address", rest));
            }
            gap = true;
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        return Err(("trailing garbage after address", rest));
    }
    if fields < 8 && !gap {
        return Err(("address string too short", b""));
    }
    if fields == 8 && gap {
        return Err(("the :: must expand to at least one field of zeros", b""));
    }
    Ok(())
}
