//! What a plain scalar means.

/// The type, and the value, of a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that only fits unsigned.
    Uint(u64),
    Float(f64),
    /// Text that looks like a date; it stays text.
    Timestamp,
    String,
}

/// Whose rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// go.yaml.in/yaml/v2: YAML 1.1.
    V2,
    /// go.yaml.in/yaml/v3: `yes` and the like are strings, `0o7` is a number.
    V3,
}

/// Resolves `text` as `resolve` of go.yaml.in/yaml does without a tag.
#[inline]
pub(super) fn resolve(text: &[u8], dialect: Dialect) -> Resolved {
    let Some(&first) = text.first() else {
        return Resolved::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => {
            if first != b'+' && first != b'-' && is_timestamp(text) {
                return Resolved::Timestamp;
            }
            number(text, dialect)
        }
        b'.' => special_float(text).map_or_else(|| point_float(text), Resolved::Float),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~'
            if text.len() <= 5 =>
        {
            word(text, dialect)
        }
        _ => Resolved::String,
    }
}

fn word(text: &[u8], dialect: Dialect) -> Resolved {
    match text {
        b"true" | b"True" | b"TRUE" => Resolved::Bool(true),
        b"false" | b"False" | b"FALSE" => Resolved::Bool(false),
        b"~" | b"null" | b"Null" | b"NULL" => Resolved::Null,
        _ if dialect == Dialect::V2 => match old_bool(text) {
            Some(value) => Resolved::Bool(value),
            None => Resolved::String,
        },
        _ => Resolved::String,
    }
}

/// The booleans of YAML 1.1 that YAML 1.2 dropped.
pub(super) fn old_bool(text: &[u8]) -> Option<bool> {
    match text {
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"on" | b"On" | b"ON" => Some(true),
        b"n" | b"N" | b"no" | b"No" | b"NO" | b"off" | b"Off" | b"OFF" => Some(false),
        _ => None,
    }
}

fn special_float(text: &[u8]) -> Option<f64> {
    match text {
        b".nan" | b".NaN" | b".NAN" => Some(f64::NAN),
        b".inf" | b".Inf" | b".INF" | b"+.inf" | b"+.Inf" | b"+.INF" => Some(f64::INFINITY),
        b"-.inf" | b"-.Inf" | b"-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Text that starts with a point goes to Go's `ParseFloat` as it is: `_` may separate digits.
fn point_float(text: &[u8]) -> Resolved {
    let digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
    let separated = text.iter().enumerate().all(|(at, byte)| {
        *byte != b'_' || (at > 0 && digit(text.get(at - 1)) && digit(text.get(at + 1)))
    });
    if separated {
        let plain: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'_').collect();
        if let Some(value) = decimal_float(&plain) {
            return Resolved::Float(value);
        }
    }
    Resolved::String
}

fn number(text: &[u8], dialect: Dialect) -> Resolved {
    if let Some(value) = special_float(text) {
        return Resolved::Float(value);
    }
    if text.contains(&b'_') {
        let plain: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'_').collect();
        plain_number(&plain, dialect)
    } else {
        plain_number(text, dialect)
    }
}

fn plain_number(text: &[u8], dialect: Dialect) -> Resolved {
    // Most are short and decimal.
    if text.len() < 19 && !(text.len() > 1 && text[0] == b'0') {
        let mut value = 0i64;
        if text.iter().all(|byte| {
            value = value * 10 + i64::from(byte.wrapping_sub(b'0'));
            byte.is_ascii_digit()
        }) {
            return Resolved::Int(value);
        }
    }
    if let Some(value) = go_integer(text) {
        return value;
    }
    if let Some(value) = decimal_float(text) {
        return Resolved::Float(value);
    }
    // What ParseInt refuses with a prefix, such as a sign behind it.
    let (base, prefixes): (u32, [&[u8]; 2]) = (2, [b"0b", b"-0b"]);
    if let Some(value) = prefixed(text, base, prefixes) {
        return value;
    }
    if dialect == Dialect::V3
        && let Some(value) = prefixed(text, 8, [b"0o", b"-0o"])
    {
        return value;
    }
    Resolved::String
}

fn prefixed(text: &[u8], base: u32, [positive, negative]: [&[u8]; 2]) -> Option<Resolved> {
    if let Some(rest) = text.strip_prefix(positive) {
        let (minus, digits) = match rest {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        return signed(minus, digits, base).or_else(|| match rest.first() {
            Some(b'+' | b'-') => None,
            _ => unsigned(digits, base).map(Resolved::Uint),
        });
    }
    let digits = text.strip_prefix(negative)?;
    signed(true, digits, base)
}

fn signed(minus: bool, digits: &[u8], base: u32) -> Option<Resolved> {
    let value = i128::from(unsigned(digits, base)?);
    i64::try_from(if minus { -value } else { value })
        .ok()
        .map(Resolved::Int)
}

fn unsigned(digits: &[u8], base: u32) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = char::from(*digit).to_digit(base)?;
        value
            .checked_mul(u64::from(base))?
            .checked_add(u64::from(digit))
    })
}

/// Go's `ParseInt` with base 0, then `ParseUint`.
fn go_integer(text: &[u8]) -> Option<Resolved> {
    let (minus, sign, body) = match text {
        [b'-', body @ ..] => (true, true, body),
        [b'+', body @ ..] => (false, true, body),
        body => (false, false, body),
    };
    let (base, digits) = match body {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', b'b' | b'B', digits @ ..] => (2, digits),
        [b'0', b'o' | b'O', digits @ ..] => (8, digits),
        [b'0', _, ..] => (8, &body[1..]),
        digits => (10, digits),
    };
    let value = unsigned(digits, base)?;
    let whole = i128::from(value);
    if let Ok(value) = i64::try_from(if minus { -whole } else { whole }) {
        return Some(Resolved::Int(value));
    }
    (!sign).then_some(Resolved::Uint(value))
}

/// A decimal float that a `float64` can hold.
fn decimal_float(text: &[u8]) -> Option<f64> {
    let mut at = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let run = |from: usize| {
        text[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = run(at);
    at += whole;
    if text.get(at) == Some(&b'.') {
        at += 1;
        let fraction = run(at);
        at += fraction;
        if whole == 0 && fraction == 0 {
            return None;
        }
    } else if whole == 0 {
        return None;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        let exponent = run(at);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    if at != text.len() {
        return None;
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// Whether go-yaml takes `text` for a date or a time.
pub(super) fn is_timestamp(text: &[u8]) -> bool {
    if text.len() < 8 || text[4] != b'-' || !text[..4].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let year = text[..4]
        .iter()
        .fold(0, |year, digit| year * 10 + u32::from(digit - b'0'));
    let mut rest = &text[5..];
    let Some(month) = short_number(&mut rest) else {
        return false;
    };
    if !strip(&mut rest, b'-') {
        return false;
    }
    let Some(day) = short_number(&mut rest) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    if day == 0 || day > days {
        return false;
    }
    match rest.first() {
        None => true,
        Some(b'T' | b't') => {
            rest = &rest[1..];
            clock(&mut rest) && zone(&mut rest) && rest.is_empty()
        }
        Some(b' ') => {
            rest = rest.trim_ascii_start();
            clock(&mut rest) && rest.is_empty()
        }
        _ => false,
    }
}

fn strip(rest: &mut &[u8], byte: u8) -> bool {
    match rest.split_first() {
        Some((first, after)) if *first == byte => {
            *rest = after;
            true
        }
        _ => false,
    }
}

/// One or two digits.
fn short_number(rest: &mut &[u8]) -> Option<u32> {
    let length = rest
        .iter()
        .take(2)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (digits, after) = rest.split_at(length);
    *rest = after;
    (length > 0).then(|| {
        digits
            .iter()
            .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
    })
}

fn clock(rest: &mut &[u8]) -> bool {
    let mut part = |least: u32| short_number(rest).is_some_and(|value| value < least);
    if !part(24) {
        return false;
    }
    for _ in 0..2 {
        if !strip(rest, b':') || short_number(rest).is_none_or(|value| value >= 60) {
            return false;
        }
    }
    if let [b'.' | b',', digit, ..] = rest
        && digit.is_ascii_digit()
    {
        let length = rest[1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        *rest = &rest[1 + length..];
    }
    true
}

fn zone(rest: &mut &[u8]) -> bool {
    if strip(rest, b'Z') {
        return true;
    }
    let [b'+' | b'-', a, b, b':', c, d, after @ ..] = *rest else {
        return false;
    };
    if ![a, b, c, d].into_iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |a: &u8, b: &u8| u32::from(a - b'0') * 10 + u32::from(b - b'0');
    *rest = after;
    number(a, b) <= 24 && number(c, d) < 60
}
