//! The scalar readers behind the flags, with the words of their errors: `strconv` and `time` of Go.

use crate::go::strconv;
pub(super) use crate::go::strconv::quote;

/// `strconv.ParseBool`.
pub(super) fn bool(text: &str) -> Result<bool, String> {
    strconv::parse_bool(text).map_err(|error| error.to_string())
}

/// `strconv.ParseInt(text, 0, 64)`.
pub(super) fn int(text: &str) -> Result<i64, String> {
    strconv::parse_int(text, 0, 64).map_err(|error| error.to_string())
}

/// `strconv.ParseUint(text, 0, 64)`.
pub(super) fn uint(text: &str) -> Result<u64, String> {
    strconv::parse_uint(text, 0, 64).map_err(|error| error.to_string())
}

/// `strconv.ParseFloat(text, 32)`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the number was read for 32 bits"
)]
pub(super) fn float32(text: &str) -> Result<f32, String> {
    strconv::parse_float(text, 32)
        .map(|number| number as f32)
        .map_err(|error| error.to_string())
}

/// `time.ParseDuration`, in nanoseconds.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at(whole);
        let mut fraction = "";
        let mut tail = after;
        if let Some(dotted) = after.strip_prefix('.') {
            let length = dotted.bytes().take_while(u8::is_ascii_digit).count();
            fraction = &dotted[..length];
            tail = &dotted[length..];
        }
        if digits.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let length = tail
            .bytes()
            .take_while(|byte| *byte != b'.' && !byte.is_ascii_digit())
            .count();
        if length == 0 {
            return Err(format!("time: missing unit in duration {}", quote(text)));
        }
        let (unit, next) = tail.split_at(length);
        let scale: u128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => {
                return Err(format!(
                    "time: unknown unit {} in duration {}",
                    quote(unit),
                    quote(text)
                ));
            }
        };
        let number: u128 = if digits.is_empty() {
            0
        } else {
            digits.parse().map_err(|_| invalid())?
        };
        let mut part = number.checked_mul(scale).ok_or_else(invalid)?;
        let mut place = scale;
        for digit in fraction.bytes() {
            place /= 10;
            if place == 0 {
                break;
            }
            part += u128::from(digit - b'0') * place;
        }
        total = total.checked_add(part).ok_or_else(invalid)?;
        if total > 1 << 63 {
            return Err(invalid());
        }
        rest = next;
    }
    if negative {
        0i64.checked_sub_unsigned(u64::try_from(total).map_err(|_| invalid())?)
            .ok_or_else(invalid)
    } else {
        i64::try_from(total).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_with_prefixes_and_underscores() {
        for (text, want) in [
            ("10", Ok(10)),
            ("-0x1F", Ok(-31)),
            ("1_0", Ok(10)),
            ("0_7", Ok(7)),
            ("010", Ok(8)),
            ("+7", Ok(7)),
            ("0b11", Ok(3)),
            ("-9223372036854775808", Ok(i64::MIN)),
        ] {
            assert_eq!(int(text), want, "{text}");
        }
        for (text, why) in [
            ("0x", "invalid syntax"),
            ("", "invalid syntax"),
            ("1__0", "invalid syntax"),
            ("_1", "invalid syntax"),
            ("1_", "invalid syntax"),
            ("09", "invalid syntax"),
            ("9223372036854775808", "value out of range"),
            ("99999999999999999999", "value out of range"),
            ("99999999999999999999x", "value out of range"),
        ] {
            match int(text) {
                Ok(number) => panic!("{text} is {number}"),
                Err(error) => assert_eq!(
                    error,
                    format!("strconv.ParseInt: parsing \"{text}\": {why}")
                ),
            }
        }
        assert_eq!(
            uint("-1"),
            Err("strconv.ParseUint: parsing \"-1\": invalid syntax".into())
        );
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, want) in [
            ("5m0s", Ok(300_000_000_000)),
            ("1.5h", Ok(5_400_000_000_000)),
            (".5s", Ok(500_000_000)),
            ("-2ms", Ok(-2_000_000)),
            ("0", Ok(0)),
            ("5", Err("time: missing unit in duration \"5\"")),
            ("", Err("time: invalid duration \"\"")),
            ("x", Err("time: invalid duration \"x\"")),
            ("5x", Err("time: unknown unit \"x\" in duration \"5x\"")),
            ("3000000h", Err("time: invalid duration \"3000000h\"")),
        ] {
            assert_eq!(duration(text), want.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn floats_are_bounded_by_their_width() {
        for (text, why) in [
            ("1e99", "value out of range"),
            ("x", "invalid syntax"),
            ("", "invalid syntax"),
            ("--1", "invalid syntax"),
        ] {
            assert_eq!(
                float32(text),
                Err(format!("strconv.ParseFloat: parsing \"{text}\": {why}"))
            );
        }
        assert_eq!(float32("2.5"), Ok(2.5));
        assert_eq!(float32("-Inf"), Ok(f32::NEG_INFINITY));
    }
}
