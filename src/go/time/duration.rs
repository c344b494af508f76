//! `time.Duration`: a text goes in, nanoseconds come out, and the other way round.

use std::fmt;

use crate::go::strconv;

/// Go's `time.Duration`: nanoseconds. `Display` is Go's `String`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

/// Units by name, in nanoseconds; both signs of micro.
const UNITS: [(&[u8], u64); 8] = [
    (b"ns", 1),
    (b"us", 1_000),
    ("µs".as_bytes(), 1_000),
    ("μs".as_bytes(), 1_000),
    (b"ms", 1_000_000),
    (b"s", 1_000_000_000),
    (b"m", 60_000_000_000),
    (b"h", 3_600_000_000_000),
];

impl Duration {
    /// `time.ParseDuration`.
    ///
    /// # Errors
    /// Go's text.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Duration, String> {
        let text = text.as_ref();
        let invalid = || format!("time: invalid duration {}", strconv::quote(text));
        let (negative, mut rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        if rest == b"0" {
            return Ok(Duration(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        const MOST: u64 = 1 << 63;
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let whole = digits(rest);
            let value: u64 = decimal(&rest[..whole])
                .filter(|n| *n <= MOST)
                .ok_or_else(invalid)?;
            rest = &rest[whole..];
            let (mut part, mut scale, mut fraction) = (0u64, 1f64, 0);
            if let [b'.', after @ ..] = rest {
                fraction = digits(after);
                // Digits that no longer fit do not count.
                for digit in &after[..fraction] {
                    let next = part
                        .checked_mul(10)
                        .and_then(|n| n.checked_add(u64::from(digit - b'0')));
                    let Some(next) = next.filter(|n| *n < MOST) else {
                        break;
                    };
                    part = next;
                    scale *= 10.0;
                }
                rest = &after[fraction..];
            }
            if whole == 0 && fraction == 0 {
                return Err(invalid());
            }
            let length = rest
                .iter()
                .position(|byte| *byte == b'.' || byte.is_ascii_digit());
            let (unit, after) = rest.split_at(length.unwrap_or(rest.len()));
            if unit.is_empty() {
                return Err(format!(
                    "time: missing unit in duration {}",
                    strconv::quote(text)
                ));
            }
            let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(format!(
                    "time: unknown unit {} in duration {}",
                    strconv::quote(unit),
                    strconv::quote(text)
                ));
            };
            rest = after;
            let mut value = value
                .checked_mul(*size)
                .filter(|n| *n <= MOST)
                .ok_or_else(invalid)?;
            if part > 0 {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_precision_loss,
                    clippy::cast_sign_loss,
                    reason = "Go computes it so"
                )]
                let nanoseconds = (part as f64 * (*size as f64 / scale)) as u64;
                value += nanoseconds;
            }
            total = total
                .checked_add(value)
                .filter(|n| *n <= MOST)
                .ok_or_else(invalid)?;
        }
        match (negative, i64::try_from(total)) {
            (true, Err(_)) => Ok(Duration(i64::MIN)),
            (true, Ok(n)) => Ok(Duration(-n)),
            (false, Ok(n)) => Ok(Duration(n)),
            (false, Err(_)) => Err(invalid()),
        }
    }

    /// `Duration.Round`: to the nearest multiple, halves away from zero.
    #[must_use]
    pub fn round(self, multiple: Duration) -> Duration {
        if multiple.0 <= 0 {
            return self;
        }
        let rest = i128::from(self.0) % i128::from(multiple.0);
        let (value, multiple) = (i128::from(self.0), i128::from(multiple.0));
        let rounded = if rest.abs() * 2 < multiple {
            value - rest
        } else {
            value - rest + multiple * value.signum()
        };
        Duration(rounded.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// `Duration.Truncate`: to a multiple, toward zero.
    #[must_use]
    pub fn truncate(self, multiple: Duration) -> Duration {
        if multiple.0 <= 0 {
            self
        } else {
            Duration(self.0 - self.0 % multiple.0)
        }
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn decimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |n, digit| {
        n.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let with_fraction = |n: u64, unit: u64| {
            let width = unit.ilog10() as usize;
            let fraction = format!("{:0width$}", n % unit);
            let fraction = fraction.trim_end_matches('0');
            let dot = if fraction.is_empty() { "" } else { "." };
            format!("{}{dot}{fraction}", n / unit)
        };
        match n {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{sign}{n}ns"),
            1_000..1_000_000 => write!(f, "{sign}{}µs", with_fraction(n, 1_000)),
            1_000_000..1_000_000_000 => write!(f, "{sign}{}ms", with_fraction(n, 1_000_000)),
            _ => {
                const SECOND: u64 = 1_000_000_000;
                let (minutes, seconds) = (n / (60 * SECOND), n % (60 * SECOND));
                f.write_str(sign)?;
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write!(f, "{}s", with_fraction(seconds, SECOND))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_printed_as_in_go() {
        for (text, want) in [
            ("0", "0s"),
            ("1h60m", "2h0m0s"),
            ("1.5h", "1h30m0s"),
            ("-1.5ms", "-1.5ms"),
            ("100000h", "100000h0m0s"),
            ("1us2ns", "1.002µs"),
            (".5s", "500ms"),
            ("1.s", "1s"),
            ("9223372036854775807ns", "2562047h47m16.854775807s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(
                Duration::parse(text).map(|found| found.to_string()),
                Ok(want.to_owned()),
                "{text}"
            );
        }
        for (text, want) in [
            ("", "time: invalid duration \"\""),
            ("1", "time: missing unit in duration \"1\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("x", "time: invalid duration \"x\""),
            (".s", "time: invalid duration \".s\""),
            (
                "9223372036854775808ns",
                "time: invalid duration \"9223372036854775808ns\"",
            ),
        ] {
            assert_eq!(Duration::parse(text), Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn rounding_goes_away_from_zero() {
        let second = Duration(1_000_000_000);
        for (n, want) in [
            (1_500_000_000, 2),
            (1_499_999_999, 1),
            (-1_500_000_000, -2),
            (0, 0),
        ] {
            assert_eq!(Duration(n).round(second), Duration(want * second.0), "{n}");
        }
    }
}
