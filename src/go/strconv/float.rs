//! Numbers with a point: texts go in, floats come out, and the other way round
//! (`strconv.ParseFloat`, `strconv.FormatFloat`).

use std::io::Write;

use super::integer::underscores_separate_digits;
use super::{NumError, NumFault};

/// `strconv.FormatFloat`. `format` is one of `e E f g G b x X`; precision `None` is Go's -1, the
/// shortest text that reads back as the same number; `bits` is 32 or 64.
pub fn format_float(value: f64, format: u8, precision: Option<usize>, bits: u32) -> String {
    let mut out = Vec::new();
    append_float(&mut out, value, format, precision, bits);
    String::from_utf8(out).unwrap_or_default()
}

/// `strconv.AppendFloat`: [`format_float`] at the end of `out`.
pub fn append_float(
    out: &mut Vec<u8>,
    value: f64,
    format: u8,
    precision: Option<usize>,
    bits: u32,
) {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
        return;
    }
    if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
        return;
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let value = value.abs();
    match format {
        b'b' => return append_binary(out, value, bits),
        b'x' | b'X' => return append_hexadecimal(out, value, format, precision),
        b'e' | b'E' | b'f' | b'g' | b'G' => {}
        other => {
            // Go writes the sign only with a known format.
            if out.last() == Some(&b'-') {
                out.pop();
            }
            out.extend_from_slice(&[b'%', other]);
            return;
        }
    }
    // The usual case of templates: small whole numbers, for which shortest `g` is plain digits.
    if precision.is_none() && format == b'g' && value < 1e6 && value.fract() == 0.0 {
        let _ = write!(out, "{value:.0}");
        return;
    }
    let digits = match precision {
        None => Digits::shortest(value, bits),
        Some(precision) => match format {
            b'e' | b'E' => Digits::significant(value, precision.saturating_add(1)),
            b'f' => Digits::fraction(value, precision),
            _ => Digits::significant(value, precision.max(1)),
        },
    };
    let count = digits.bytes.len();
    match format {
        b'e' | b'E' => {
            let precision = precision.unwrap_or(count.saturating_sub(1));
            digits.append_exponent(out, precision, format);
        }
        b'f' => {
            let precision = precision.unwrap_or_else(|| digits.after_point());
            digits.append_plain(out, precision);
        }
        _ => {
            let given = precision.map_or(count, |precision| precision.max(1));
            let limit = match precision {
                None => 6,
                Some(_) if given > count && count as i64 >= i64::from(digits.point) => count,
                Some(_) => given,
            };
            let exponent = i64::from(digits.point) - 1;
            if exponent < -4 || exponent >= limit as i64 {
                let precision = given.min(count).saturating_sub(1);
                digits.append_exponent(out, precision, format - 2);
            } else {
                digits.append_plain(out, digits.after_point());
            }
        }
    }
}

/// The fewest digits that read as `value`, as `d.ddde-x`.
pub(crate) fn shortest(value: f64) -> String {
    even(format!("{value:e}"), 15, |places| {
        let text = format!("{value:.places$e}");
        (text.parse() == Ok(value)).then_some(text)
    })
}

/// Of two texts equally near, Go takes the one that ends in an even digit, and Rust the greater.
/// Only numbers of `most` digits and more can lie between two texts.
fn even(text: String, most: usize, exact: impl FnOnce(usize) -> Option<String>) -> String {
    let digits = text
        .bytes()
        .take_while(|byte| *byte != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    if digits < most {
        return text;
    }
    exact(digits - 1).unwrap_or(text)
}

/// Decimal digits without trailing zeros, and where the point stands: 0.d1d2d3 * 10^point.
struct Digits {
    bytes: Vec<u8>,
    point: i32,
}

/// No `f64` has more decimal places than this, so that all further digits are zero.
const PLACES: usize = 1100;

impl Digits {
    fn shortest(value: f64, bits: u32) -> Digits {
        #[expect(clippy::cast_possible_truncation, reason = "it came from an f32")]
        let text = if bits == 32 {
            let value = value as f32;
            even(format!("{value:e}"), 6, |places| {
                let text = format!("{value:.places$e}");
                (text.parse() == Ok(value)).then_some(text)
            })
        } else {
            shortest(value)
        };
        Digits::read(text.as_bytes())
    }

    fn significant(value: f64, count: usize) -> Digits {
        let mut text = Vec::with_capacity(32);
        let _ = write!(text, "{value:.*e}", count.saturating_sub(1).min(PLACES));
        Digits::read(&text)
    }

    fn fraction(value: f64, places: usize) -> Digits {
        let mut text = Vec::with_capacity(32);
        let _ = write!(text, "{value:.*}", places.min(PLACES));
        let point = text.iter().position(|b| *b == b'.').unwrap_or(text.len());
        text.retain(|byte| *byte != b'.');
        let zeros = text.iter().take_while(|byte| **byte == b'0').count();
        text.drain(..zeros);
        Digits::new(text, point as i32 - zeros as i32)
    }

    /// Reads `d.ddde-x`.
    fn read(text: &[u8]) -> Digits {
        let at = text.iter().position(|b| *b == b'e').unwrap_or(text.len());
        let exponent: i32 = std::str::from_utf8(&text[(at + 1).min(text.len())..])
            .ok()
            .and_then(|exponent| exponent.parse().ok())
            .unwrap_or_default();
        let bytes = text[..at].iter().copied().filter(|b| *b != b'.').collect();
        Digits::new(bytes, exponent + 1)
    }

    fn new(mut bytes: Vec<u8>, point: i32) -> Digits {
        while bytes.last() == Some(&b'0') {
            bytes.pop();
        }
        let point = if bytes.is_empty() { 0 } else { point };
        Digits { bytes, point }
    }

    fn after_point(&self) -> usize {
        usize::try_from(self.bytes.len() as i64 - i64::from(self.point)).unwrap_or_default()
    }

    fn at(&self, index: i64) -> u8 {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.bytes.get(index).copied())
            .unwrap_or(b'0')
    }

    fn append_exponent(&self, out: &mut Vec<u8>, precision: usize, letter: u8) {
        out.push(self.at(0));
        if precision > 0 {
            out.push(b'.');
            out.extend((1..=precision as i64).map(|index| self.at(index)));
        }
        let exponent = if self.bytes.is_empty() {
            0
        } else {
            self.point - 1
        };
        append_power(out, letter, exponent);
    }

    fn append_plain(&self, out: &mut Vec<u8>, precision: usize) {
        let point = i64::from(self.point);
        if point > 0 {
            out.extend((0..point).map(|index| self.at(index)));
        } else {
            out.push(b'0');
        }
        if precision > 0 {
            out.push(b'.');
            out.extend((point..point + precision as i64).map(|index| self.at(index)));
        }
    }
}

fn append_power(out: &mut Vec<u8>, letter: u8, exponent: i32) {
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(
        out,
        "{}{sign}{:02}",
        char::from(letter),
        exponent.unsigned_abs()
    );
}

/// Mantissa and exponent of a finite number that is not negative: mantissa * 2^exponent.
fn parts(value: f64, bits: u32) -> (u64, i32) {
    let (raw, fraction_bits, bias) = if bits == 32 {
        #[expect(clippy::cast_possible_truncation, reason = "it came from an f32")]
        let value = value as f32;
        (u64::from(value.to_bits()), 23, 127)
    } else {
        (value.to_bits(), 52, 1023)
    };
    let fraction = raw & ((1 << fraction_bits) - 1);
    match (raw >> fraction_bits) as i32 {
        0 => (fraction, 1 - bias - fraction_bits),
        exponent => (
            fraction | 1 << fraction_bits,
            exponent - bias - fraction_bits,
        ),
    }
}

fn append_binary(out: &mut Vec<u8>, value: f64, bits: u32) {
    let (mantissa, exponent) = parts(value, bits);
    let _ = write!(out, "{mantissa}p{exponent:+}");
}

fn append_hexadecimal(out: &mut Vec<u8>, value: f64, format: u8, precision: Option<usize>) {
    let (mut mantissa, mut exponent) = parts(value, 64);
    // The leading one goes to bit 60, so that 15 hexadecimal digits follow it.
    if mantissa == 0 {
        exponent = 0;
    } else {
        let shift = mantissa.leading_zeros() as i32 - 3;
        mantissa <<= shift;
        exponent += 60 - shift;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let dropped = 60 - 4 * precision as u32;
        let half = 1u64 << (dropped - 1);
        let rest = mantissa & ((1 << dropped) - 1);
        mantissa >>= dropped;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= dropped;
        if mantissa >> 61 == 1 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let table = if format == b'x' {
        b"0123456789abcdef"
    } else {
        b"0123456789ABCDEF"
    };
    out.extend_from_slice(&[b'0', format, b'0' + (mantissa >> 60) as u8]);
    let mut rest = mantissa << 4;
    let count = precision.unwrap_or_else(|| {
        if rest == 0 {
            0
        } else {
            16 - (rest.trailing_zeros() as usize) / 4
        }
    });
    if count > 0 {
        out.push(b'.');
    }
    for _ in 0..count {
        out.push(table[(rest >> 60) as usize]);
        rest <<= 4;
    }
    append_power(out, format - 8, exponent);
}

/// `strconv.ParseFloat`: decimal and hexadecimal floats, `Inf`, `NaN`, underscores between digits.
///
/// # Errors
/// As Go's; `value out of range` for what Go would round to infinity.
pub fn parse_float(text: impl AsRef<[u8]>, bits: u32) -> Result<f64, NumError> {
    let text = text.as_ref();
    parse(text, bits).map_err(|fault| NumError::new("ParseFloat", text, fault))
}

fn parse(text: &[u8], bits: u32) -> Result<f64, NumFault> {
    let (sign, body) = match text.first() {
        Some(b'+') => (1.0, &text[1..]),
        Some(b'-') => (-1.0, &text[1..]),
        _ => (1.0, text),
    };
    if body.eq_ignore_ascii_case(b"inf") || body.eq_ignore_ascii_case(b"infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return Ok(f64::NAN);
    }
    let hexadecimal = matches!(body, [b'0', b'x' | b'X', ..]);
    let (digits, letter) = if hexadecimal {
        (&body[2..], b'p')
    } else {
        (body, b'e')
    };
    let split = digits
        .iter()
        .position(|byte| byte.eq_ignore_ascii_case(&letter));
    let (mantissa, exponent) = match split {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let mut clean = Vec::with_capacity(body.len());
    let mut points = 0usize;
    let mut seen = false;
    for &byte in mantissa {
        match byte {
            b'_' => continue,
            b'.' => points += 1,
            _ if byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit() => seen = true,
            _ => return Err(NumFault::Syntax),
        }
        clean.push(byte);
    }
    if !seen || points > 1 {
        return Err(NumFault::Syntax);
    }
    let power = match exponent {
        None if hexadecimal => return Err(NumFault::Syntax),
        None => 0,
        Some(text) => read_power(text)?,
    };
    if memchr::memchr(b'_', body).is_some() && !underscores_separate_digits(text) {
        return Err(NumFault::Syntax);
    }
    let value = if hexadecimal {
        from_hexadecimal(&clean, power, bits)
    } else {
        let _ = write!(clean, "e{power}");
        let text = std::str::from_utf8(&clean).map_err(|_| NumFault::Syntax)?;
        if bits == 32 {
            text.parse::<f32>().map(f64::from)
        } else {
            text.parse::<f64>()
        }
        .map_err(|_| NumFault::Syntax)?
    };
    if value.is_infinite() {
        return Err(NumFault::Range);
    }
    Ok(sign * value)
}

/// The number after `e` or `p`, kept within what can matter.
fn read_power(text: &[u8]) -> Result<i64, NumFault> {
    let (negative, digits) = match text.first() {
        Some(b'+') => (false, &text[1..]),
        Some(b'-') => (true, &text[1..]),
        _ => (false, text),
    };
    if !digits.first().is_some_and(u8::is_ascii_digit) {
        return Err(NumFault::Syntax);
    }
    let mut power = 0i64;
    for &byte in digits {
        match byte {
            b'0'..=b'9' if power < 100_000 => power = power * 10 + i64::from(byte - b'0'),
            b'0'..=b'9' | b'_' => {}
            _ => return Err(NumFault::Syntax),
        }
    }
    Ok(if negative { -power } else { power })
}

/// Rounds half to even, as the hardware would.
fn from_hexadecimal(digits: &[u8], power: i64, bits: u32) -> f64 {
    let mut mantissa = 0u64;
    let mut exponent = power;
    let mut sticky = false;
    let mut fraction = false;
    for &byte in digits {
        let Some(digit) = char::from(byte).to_digit(16) else {
            fraction = true;
            continue;
        };
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            if fraction {
                exponent -= 4;
            }
        } else {
            sticky |= digit != 0;
            if !fraction {
                exponent += 4;
            }
        }
    }
    if mantissa == 0 {
        return 0.0;
    }
    let shift = mantissa.leading_zeros();
    mantissa <<= shift;
    exponent -= i64::from(shift);
    // The number is mantissa * 2^exponent with bit 63 set.
    let (precision, lowest, highest) = if bits == 32 {
        (24, -149, 127)
    } else {
        (53, -1074, 1023)
    };
    let keep = i64::min(precision, exponent + 64 - lowest);
    if keep < 0 {
        return 0.0;
    }
    let dropped = (64 - keep) as u32;
    let (mut kept, rest, half) = if dropped == 64 {
        (0, u128::from(mantissa), 1u128 << 63)
    } else {
        (
            mantissa >> dropped,
            u128::from(mantissa) & ((1u128 << dropped) - 1),
            1u128 << (dropped - 1),
        )
    };
    if rest > half || rest == half && (sticky || kept & 1 == 1) {
        kept += 1;
    }
    let exponent = exponent + i64::from(dropped);
    let top = 63 - i64::from(kept.leading_zeros()) + exponent;
    if kept != 0 && top > highest {
        return f64::INFINITY;
    }
    // Exact: `kept` has at most 54 bits, and two steps keep each power representable.
    let first = i32::try_from(exponent / 2).unwrap_or_default();
    let second = i32::try_from(exponent - i64::from(first)).unwrap_or_default();
    kept as f64 * f64::powi(2.0, first) * f64::powi(2.0, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_in_go() {
        for (value, format, precision, want) in [
            (1.0, b'g', None, "1"),
            (-0.0, b'g', None, "-0"),
            (123_456.0, b'g', None, "123456"),
            (1_234_567.0, b'g', None, "1.234567e+06"),
            (1e6, b'g', None, "1e+06"),
            (1e21, b'g', None, "1e+21"),
            (0.0001, b'g', None, "0.0001"),
            (0.00001, b'g', None, "1e-05"),
            (
                1e100,
                b'f',
                None,
                "10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
            ),
            (
                1_561_809_680_249.906_2,
                b'g',
                None,
                "1.5618096802499062e+12",
            ),
            (0.1, b'f', Some(20), "0.10000000000000000555"),
            (2.5, b'f', Some(0), "2"),
            (3.5, b'e', Some(0), "4e+00"),
            (123_456.0, b'g', Some(3), "1.23e+05"),
            (1.0, b'g', Some(3), "1"),
            (100.0, b'g', Some(3), "100"),
            (0.0, b'e', Some(2), "0.00e+00"),
            (1.5, b'b', None, "6755399441055744p-52"),
            (1.0, b'x', None, "0x1p+00"),
            (2.75, b'x', Some(3), "0x1.600p+01"),
            (2.75, b'X', None, "0X1.6P+01"),
            (5e-324, b'x', None, "0x1p-1074"),
            (f64::INFINITY, b'f', None, "+Inf"),
            (f64::MAX, b'e', None, "1.7976931348623157e+308"),
        ] {
            assert_eq!(
                format_float(value, format, precision, 64),
                want,
                "{value} {}",
                format as char
            );
        }
        assert_eq!(format_float(f64::from(0.1f32), b'g', None, 32), "0.1");
    }

    #[test]
    fn floats_are_read_as_in_go() {
        for (text, want) in [
            ("1_0.5", Ok(10.5)),
            ("0x1p-2", Ok(0.25)),
            ("0x1.8", Err("invalid syntax")),
            ("0x_1p4", Ok(16.0)),
            ("1e400", Err("value out of range")),
            ("-Inf", Ok(f64::NEG_INFINITY)),
            ("+nan", Err("invalid syntax")),
            ("", Err("invalid syntax")),
            (".", Err("invalid syntax")),
            (".5", Ok(0.5)),
            ("5.", Ok(5.0)),
            ("1e", Err("invalid syntax")),
            ("1__0", Err("invalid syntax")),
            ("0x1p1024", Err("value out of range")),
            ("0x1p-1074", Ok(5e-324)),
            ("0x1p-1076", Ok(0.0)),
            ("0x1.fffffffffffff8p1023", Err("value out of range")),
            ("0x1.fffffffffffffp1023", Ok(f64::MAX)),
            ("0x1.8p-1074", Ok(1e-323)),
        ] {
            let got = parse_float(text, 64).map_err(|error| error.fault.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{text}");
        }
    }
}
