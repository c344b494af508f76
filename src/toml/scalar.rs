//! Numbers and dates of TOML.

use crate::go::strconv;
use crate::value::{Frozen, Text};

/// How far a number or date reaches.
pub(super) fn length(text: &[u8]) -> usize {
    let run = |from: usize, wanted: &dyn Fn(u8) -> bool| {
        text[from..]
            .iter()
            .take_while(|byte| wanted(**byte))
            .count()
    };
    let digits = run(0, &|byte| byte.is_ascii_digit());
    if digits > 0 && matches!(text.get(digits), Some(b'-' | b':')) {
        let length = run(0, &|byte| {
            byte.is_ascii_digit()
                || matches!(
                    byte,
                    b'-' | b':' | b'T' | b't' | b' ' | b'.' | b'Z' | b'z' | b'+'
                )
        });
        let trailing = text[..length]
            .iter()
            .rev()
            .take_while(|byte| **byte == b' ')
            .count();
        return length - trailing;
    }
    run(0, &|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-')
    })
}

/// Reads a number or date, as `valueInteger`, `valueFloat` and `valueDatetime` of BurntSushi/toml
/// 1.6.0 do; the error is the message alone.
pub(super) fn read(text: &[u8]) -> Result<Frozen, String> {
    let shown = String::from_utf8_lossy(text);
    let unsigned = text
        .strip_prefix(b"-")
        .or_else(|| text.strip_prefix(b"+"))
        .unwrap_or(text);
    let signed = unsigned.len() < text.len();
    match unsigned {
        b"inf" if text[0] == b'-' => return Ok(Frozen::Float(f64::NEG_INFINITY)),
        b"inf" => return Ok(Frozen::Float(f64::INFINITY)),
        b"nan" => return Ok(Frozen::Float(f64::NAN)),
        [b'i' | b'n', ..] if signed => return Err(format!("invalid float: '{shown}'")),
        [b'.', ..] => return Err("floats must start with a digit, not '.'".to_owned()),
        [b'0', b'x' | b'o' | b'b', ..] if signed => {
            let shown = &shown[..3];
            return Err(format!(
                "cannot use sign with non-decimal numbers: '{shown}'"
            ));
        }
        [first, ..] if first.is_ascii_digit() => {}
        _ => {
            let found = shown.chars().nth(1).unwrap_or('\0');
            return Err(format!(
                "expected a digit but got {}",
                strconv::quote_rune(found)
            ));
        }
    }
    if !signed
        && let Some(at) = text.iter().position(|byte| !byte.is_ascii_digit())
        && matches!(text[at], b'-' | b':')
    {
        return date(text);
    }
    let based = matches!(unsigned, [b'0', b'x' | b'o' | b'b', ..]);
    if !based && text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return float(text, &shown);
    }
    integer(text, unsigned, based, &shown)
}

/// Underscores must stand between digits.
fn separated(text: &[u8]) -> bool {
    let mut digit = false;
    for byte in text {
        if *byte == b'_' && !digit {
            return false;
        }
        digit = byte.is_ascii_hexdigit();
    }
    digit
}

fn has_leading_zero(unsigned: &[u8]) -> bool {
    matches!(unsigned, [b'0', second, ..] if !matches!(second, b'b' | b'o' | b'x'))
}

fn integer(text: &[u8], unsigned: &[u8], based: bool, shown: &str) -> Result<Frozen, String> {
    let quoted = strconv::quote(text);
    if based {
        let (radix, name) = match unsigned[1] {
            b'x' => (16, "a hexadecimal"),
            b'o' => (8, "an octal"),
            _ => (2, "a binary"),
        };
        let first = unsigned.get(2).copied().unwrap_or(0);
        if !char::from(first).is_digit(radix) {
            return Err(format!(
                "not {name} number: '{}{}'",
                &shown[..2],
                char::from(first)
            ));
        }
    }
    if !separated(text) {
        return Err(format!(
            "Invalid integer {quoted}: underscores must be surrounded by digits"
        ));
    }
    if has_leading_zero(unsigned) {
        return Err(format!(
            "Invalid integer {quoted}: cannot have leading zeroes"
        ));
    }
    match strconv::parse_int(text, 0, 64) {
        Ok(n) => Ok(Frozen::Int(n)),
        Err(_) => Err(format!("{shown} is out of range for int64")),
    }
}

fn float(text: &[u8], shown: &str) -> Result<Frozen, String> {
    let quoted = strconv::quote(text);
    let parts = text
        .split(|byte| matches!(byte, b'.' | b'e' | b'E'))
        .filter(|part| !part.is_empty());
    for (at, part) in parts.enumerate() {
        if !separated(part) {
            return Err(format!(
                "Invalid float {quoted}: underscores must be surrounded by digits"
            ));
        }
        let unsigned = part
            .strip_prefix(b"-")
            .or_else(|| part.strip_prefix(b"+"))
            .unwrap_or(part);
        if at == 0 && has_leading_zero(unsigned) {
            return Err(format!(
                "Invalid float {quoted}: cannot have leading zeroes"
            ));
        }
    }
    let bad_point = text
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == b'.' && !text.get(at + 1).is_some_and(u8::is_ascii_digit));
    if bad_point {
        return Err(format!(
            "Invalid float {quoted}: '.' must be followed by one or more digits"
        ));
    }
    let plain: String = shown.chars().filter(|c| *c != '_').collect();
    match plain.parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(Frozen::Float(n)),
        Ok(_) => Err(format!("{shown} is out of range for float64")),
        Err(_) => Err(format!("Invalid float value: {quoted}")),
    }
}

/// A date, a time, or both, as `encoding/json` writes Go's `time.Time`. What has no zone is in UTC;
/// what has no date is on the first day of the year 0.
fn date(text: &[u8]) -> Result<Frozen, String> {
    let normal: Vec<u8> = text
        .iter()
        .map(|byte| match byte {
            b't' | b' ' => b'T',
            b'z' => b'Z',
            byte => *byte,
        })
        .collect();
    match json_time(&normal) {
        Some(text) => Ok(Frozen::String(Text::from(text))),
        None => Err(format!("invalid datetime: {}", strconv::quote(normal))),
    }
}

fn json_time(text: &[u8]) -> Option<String> {
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let digits = text.get(range)?;
        digits.iter().all(u8::is_ascii_digit).then(|| {
            digits
                .iter()
                .fold(0, |n, digit| n * 10 + u32::from(digit - b'0'))
        })
    };
    let mut date = "0000-01-01".to_owned();
    let mut at = 0;
    if text.get(2) != Some(&b':') {
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u32::from(leap),
            1..=12 => 31,
            _ => return None,
        };
        if text[4] != b'-' || text[7] != b'-' || day == 0 || day > days {
            return None;
        }
        date = format!("{year:04}-{month:02}-{day:02}");
        at = 10;
        if text.len() == at {
            return Some(format!("{date}T00:00:00Z"));
        }
        if text[at] != b'T' {
            return None;
        }
        at += 1;
    }
    let (hour, minute) = (number(at..at + 2)?, number(at + 3..at + 5)?);
    if hour > 23 || minute > 59 || text[at + 2] != b':' {
        return None;
    }
    at += 5;
    let mut second = 0;
    let mut fraction = String::new();
    if text.get(at) == Some(&b':') {
        second = number(at + 1..at + 3)?;
        at += 3;
        if text.get(at) == Some(&b'.') {
            let digits = text[at + 1..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if digits == 0 {
                return None;
            }
            let nanoseconds = &text[at + 1..at + 1 + digits.min(9)];
            fraction = String::from_utf8_lossy(nanoseconds)
                .trim_end_matches('0')
                .to_owned();
            if !fraction.is_empty() {
                fraction.insert(0, '.');
            }
            at += 1 + digits;
        }
    }
    let zone = match &text[at..] {
        b"" | b"Z" | b"+00:00" | b"-00:00" => "Z".to_owned(),
        rest @ [b'+' | b'-', ..] if rest.len() == 6 && rest[3] == b':' => {
            if number(at + 1..at + 3)? > 24 || number(at + 4..at + 6)? > 60 {
                return None;
            }
            String::from_utf8_lossy(rest).into_owned()
        }
        _ => return None,
    };
    let has_zone = at < text.len();
    if second > 59 || (has_zone && date.starts_with("0000") && text.get(2) == Some(&b':')) {
        return None;
    }
    Some(format!(
        "{date}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    ))
}
