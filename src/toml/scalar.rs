//! Numbers and dates of TOML.

use crate::go::strconv;
use crate::go::time::{self, Time, Zone};
use crate::value::Value;

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
pub(super) fn read(text: &[u8], now: &Time) -> Result<Value, String> {
    let shown = String::from_utf8_lossy(text);
    let unsigned = text
        .strip_prefix(b"-")
        .or_else(|| text.strip_prefix(b"+"))
        .unwrap_or(text);
    let signed = unsigned.len() < text.len();
    match unsigned {
        b"inf" if text[0] == b'-' => return Ok(Value::Float64(f64::NEG_INFINITY)),
        b"inf" => return Ok(Value::Float64(f64::INFINITY)),
        b"nan" => return Ok(Value::Float64(f64::NAN)),
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
        return date(text, now);
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

fn integer(text: &[u8], unsigned: &[u8], based: bool, shown: &str) -> Result<Value, String> {
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
        Ok(n) => Ok(Value::Int64(n)),
        Err(_) => Err(format!("{shown} is out of range for int64")),
    }
}

fn float(text: &[u8], shown: &str) -> Result<Value, String> {
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
        Ok(n) if n.is_finite() => Ok(Value::Float64(n)),
        Ok(_) => Err(format!("{shown} is out of range for float64")),
        Err(_) => Err(format!("Invalid float value: {quoted}")),
    }
}

/// Layouts of dates and times, and the name of the zone of those that have none.
const LAYOUTS: &[(&str, Option<&str>)] = &[
    ("2006-01-02T15:04:05.999999999Z07:00", None),
    ("2006-01-02T15:04:05.999999999", Some(DATE_TIME)),
    ("2006-01-02", Some(DATE)),
    ("15:04:05.999999999", Some(TIME)),
    ("2006-01-02T15:04Z07:00", None),
    ("2006-01-02T15:04", Some(DATE_TIME)),
    ("15:04", Some(TIME)),
];
const DATE_TIME: &str = "datetime-local";
const DATE: &str = "date-local";
const TIME: &str = "time-local";

/// A date, a time, or both, as `valueDatetime` of BurntSushi/toml 1.6.0 reads them.
fn date(text: &[u8], now: &Time) -> Result<Value, String> {
    let normal: Vec<u8> = text
        .iter()
        .map(|byte| match byte {
            b't' | b' ' => b'T',
            b'z' => b'Z',
            byte => *byte,
        })
        .collect();
    let local = now.location();
    let found = LAYOUTS.iter().find_map(|(layout, name)| {
        let zone = match name {
            Some(name) => Zone::Fixed((*name).to_owned(), local.offset(now.seconds())),
            None => local.clone(),
        };
        let time = time::parse(layout.as_bytes(), &normal, &zone).ok()?;
        Some((layout, time))
    });
    match found {
        Some((layout, time)) if is_padded(&normal, layout.as_bytes()) => Ok(Value::object(time)),
        _ => Err(format!("invalid datetime: {}", strconv::quote(normal))),
    }
}

/// Whether numbers have all their digits, which `time.Parse` does not ask for.
fn is_padded(text: &[u8], layout: &[u8]) -> bool {
    let fixed = layout.iter().take_while(|byte| !b".Z".contains(byte));
    fixed
        .enumerate()
        .all(|(at, byte)| byte.is_ascii_digit() || text.get(at) == Some(byte))
}

/// A date or time, as it is written: those that had no zone have none again.
pub(super) fn write(time: &Time) -> Vec<u8> {
    let named = LAYOUTS.iter().find_map(|(layout, name)| {
        let is_of = |name: &str| matches!(time.location(), Zone::Fixed(zone, _) if zone == name);
        name.is_some_and(is_of).then_some(*layout)
    });
    match named {
        Some(layout) => time.within(Zone::Utc).format(layout.as_bytes()),
        None => time.format(LAYOUTS[0].0.as_bytes()),
    }
}
