//! Whole numbers: texts go in, integers come out, and the other way round (`strconv.ParseInt`,
//! `strconv.FormatInt`).

use super::{NumError, NumFault};

/// `strconv.FormatInt`; `base` from 2 to 36.
pub fn format_int(value: i64, base: u32) -> String {
    let digits = format_uint(value.unsigned_abs(), base);
    if value < 0 {
        format!("-{digits}")
    } else {
        digits
    }
}

/// `strconv.FormatUint`; `base` from 2 to 36.
pub fn format_uint(value: u64, base: u32) -> String {
    if base == 10 {
        return value.to_string();
    }
    let base = u64::from(base.clamp(2, 36));
    let mut rest = value;
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % base).unwrap_or_default();
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        rest /= base;
        if rest == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

/// `strconv.ParseInt`: base 0 reads prefixes (`0x`, `0o`, `0b`, `0`) and underscores; `bits` 0 is 64.
///
/// # Errors
/// As Go's.
pub fn parse_int(text: impl AsRef<[u8]>, base: u32, bits: u32) -> Result<i64, NumError> {
    signed("ParseInt", text.as_ref(), base, bits)
}

/// `strconv.Atoi`: decimal digits with an optional sign.
///
/// # Errors
/// As Go's.
pub fn atoi(text: impl AsRef<[u8]>) -> Result<i64, NumError> {
    signed("Atoi", text.as_ref(), 10, 64)
}

/// `strconv.ParseUint`, with the bases of [`parse_int`]; no sign.
///
/// # Errors
/// As Go's.
pub fn parse_uint(text: impl AsRef<[u8]>, base: u32, bits: u32) -> Result<u64, NumError> {
    let text = text.as_ref();
    unsigned(text, base, bits).map_err(|fault| NumError::new("ParseUint", text, fault))
}

/// `strconv.ParseBool`.
///
/// # Errors
/// As Go's.
pub fn parse_bool(text: impl AsRef<[u8]>) -> Result<bool, NumError> {
    match text.as_ref() {
        b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Ok(true),
        b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Ok(false),
        other => Err(NumError::new("ParseBool", other, NumFault::Syntax)),
    }
}

fn signed(function: &'static str, text: &[u8], base: u32, bits: u32) -> Result<i64, NumError> {
    let fail = |fault| NumError::new(function, text, fault);
    let (negative, digits) = match text.first() {
        None => return Err(fail(NumFault::Syntax)),
        Some(b'+') => (false, &text[1..]),
        Some(b'-') => (true, &text[1..]),
        Some(_) => (false, text),
    };
    let magnitude = unsigned(digits, base, bits).map_err(fail)?;
    let bits = if bits == 0 { 64 } else { bits };
    let limit = 1u64 << (bits - 1);
    if negative {
        if magnitude > limit {
            return Err(fail(NumFault::Range));
        }
        Ok(0i64.wrapping_sub_unsigned(magnitude))
    } else {
        if magnitude >= limit {
            return Err(fail(NumFault::Range));
        }
        i64::try_from(magnitude).map_err(|_| fail(NumFault::Range))
    }
}

fn unsigned(text: &[u8], base: u32, bits: u32) -> Result<u64, NumFault> {
    if text.is_empty() {
        return Err(NumFault::Syntax);
    }
    let (radix, digits) = match base {
        2..=36 => (base, text),
        0 => match (text, text.get(1).map(u8::to_ascii_lowercase)) {
            ([b'0', _, _, ..], Some(b'b')) => (2, &text[2..]),
            ([b'0', _, _, ..], Some(b'o')) => (8, &text[2..]),
            ([b'0', _, _, ..], Some(b'x')) => (16, &text[2..]),
            ([b'0', ..], _) => (8, &text[1..]),
            _ => (10, text),
        },
        _ => return Err(NumFault::Base(base)),
    };
    let bits = match bits {
        0 => 64,
        1..=64 => bits,
        _ => return Err(NumFault::BitSize(bits)),
    };
    let largest = u64::MAX >> (64 - bits);
    let mut value = 0u64;
    let mut underscores = false;
    for &byte in digits {
        if byte == b'_' && base == 0 {
            underscores = true;
            continue;
        }
        let digit = char::from(byte).to_digit(radix).ok_or(NumFault::Syntax)?;
        // Go reports the range as soon as it is left, before it has seen later bytes.
        value = value
            .checked_mul(u64::from(radix))
            .and_then(|value| value.checked_add(u64::from(digit)))
            .filter(|value| *value <= largest)
            .ok_or(NumFault::Range)?;
    }
    if underscores && !underscores_separate_digits(text) {
        return Err(NumFault::Syntax);
    }
    Ok(value)
}

/// Whether each underscore stands between two digits, or between a base prefix and a digit.
pub(super) fn underscores_separate_digits(text: &[u8]) -> bool {
    let text = match text.first() {
        Some(b'+' | b'-') => &text[1..],
        _ => text,
    };
    let mut hexadecimal = false;
    let mut after_digit = false;
    let mut rest = text;
    if let [b'0', letter, tail @ ..] = text
        && matches!(letter.to_ascii_lowercase(), b'b' | b'o' | b'x')
    {
        hexadecimal = letter.eq_ignore_ascii_case(&b'x');
        after_digit = true;
        rest = tail;
    }
    let mut after_underscore = false;
    for &byte in rest {
        if byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit() {
            after_digit = true;
            after_underscore = false;
        } else if byte == b'_' {
            if !after_digit {
                return false;
            }
            after_digit = false;
            after_underscore = true;
        } else {
            if after_underscore {
                return false;
            }
            after_digit = false;
        }
    }
    !after_underscore
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_parse_as_in_go() {
        for (text, base, want) in [
            ("0x1f", 0, Ok(31)),
            ("0b_101", 0, Ok(5)),
            ("017", 0, Ok(15)),
            ("1_000", 0, Ok(1000)),
            (
                "1__0",
                0,
                Err("strconv.ParseInt: parsing \"1__0\": invalid syntax"),
            ),
            (
                "1_0",
                10,
                Err("strconv.ParseInt: parsing \"1_0\": invalid syntax"),
            ),
            ("-9223372036854775808", 10, Ok(i64::MIN)),
            (
                "9223372036854775808",
                10,
                Err("strconv.ParseInt: parsing \"9223372036854775808\": value out of range"),
            ),
            (
                "0x",
                0,
                Err("strconv.ParseInt: parsing \"0x\": invalid syntax"),
            ),
            ("", 0, Err("strconv.ParseInt: parsing \"\": invalid syntax")),
            (
                "-",
                0,
                Err("strconv.ParseInt: parsing \"-\": invalid syntax"),
            ),
            ("0", 0, Ok(0)),
            (
                "_1",
                0,
                Err("strconv.ParseInt: parsing \"_1\": invalid syntax"),
            ),
            (
                "1",
                1,
                Err("strconv.ParseInt: parsing \"1\": invalid base 1"),
            ),
        ] {
            let got = parse_int(text, base, 64).map_err(|error| error.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{text} base {base}");
        }
        assert!(parse_int("128", 10, 8).is_err());
        assert_eq!(parse_int("-128", 10, 8), Ok(-128));
        assert_eq!(format_int(i64::MIN, 16), "-8000000000000000");
        assert_eq!(format_int(35, 36), "z");
    }
}
