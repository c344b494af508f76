//! Kubernetes quantities: `250m`, `1.5Gi`, `2e3`.

use serde_json::Value;

/// A quantity, exact to a billionth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quantity(pub(super) i128);

/// A whole one.
const ONE: i128 = 1_000_000_000;

impl Quantity {
    /// Reads a quantity; nothing where that is none.
    pub(super) fn of(value: &Value) -> Option<Quantity> {
        match value {
            Value::String(text) => Quantity::parse(text.trim()),
            Value::Number(number) => Quantity::parse(&number.to_string()),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Quantity> {
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-');
        let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let scale: (i128, i128) = match suffix {
            "" => (1, 1),
            "n" => (1, ONE),
            "u" => (1, 1_000_000),
            "m" => (1, 1000),
            "k" => (1000, 1),
            "M" => (1_000_000, 1),
            "G" => (ONE, 1),
            "T" => (1000 * ONE, 1),
            "P" => (1_000_000 * ONE, 1),
            "E" => (ONE * ONE, 1),
            "Ki" => (1 << 10, 1),
            "Mi" => (1 << 20, 1),
            "Gi" => (1 << 30, 1),
            "Ti" => (1 << 40, 1),
            "Pi" => (1 << 50, 1),
            "Ei" => (1 << 60, 1),
            exponent => {
                let power: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
                match power {
                    0..=18 => (10i128.pow(power.unsigned_abs()), 1),
                    -18..0 => (1, 10i128.pow(power.unsigned_abs())),
                    _ => return None,
                }
            }
        };
        let (sign, digits) = match number.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.len() > 18 || whole.len() > 15 {
            return None;
        }
        let whole: i128 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let part: i128 = if fraction.is_empty() {
            0
        } else {
            fraction.parse().ok()?
        };
        let below = 10i128.pow(u32::try_from(fraction.len()).ok()?);
        let scaled = whole.checked_mul(ONE)?.checked_mul(scale.0)?;
        let part = part.checked_mul(ONE)?.checked_mul(scale.0)? / below;
        Some(Quantity(sign * (scaled + part) / scale.1))
    }

    /// CPU units, rounded down: 1024 a core.
    pub(super) fn units_floor(self) -> u64 {
        u64::try_from(self.0 * 1024 / ONE).unwrap_or_default()
    }

    /// CPU units, rounded up.
    pub(super) fn units_ceil(self) -> u64 {
        u64::try_from(ceil(self.0 * 1024, ONE)).unwrap_or_default()
    }

    /// CPU units.
    pub(super) fn units(self) -> f64 {
        self.0 as f64 * 1024.0 / ONE as f64
    }

    /// MiB of bytes, rounded up.
    pub(super) fn mebibytes(self) -> u64 {
        u64::try_from(ceil(self.0, ONE << 20)).unwrap_or_default()
    }

    /// GiB of bytes, rounded up.
    pub(super) fn gibibytes(self) -> u64 {
        u64::try_from(ceil(self.0, ONE << 30)).unwrap_or_default()
    }

    /// MiB of bytes.
    pub(super) fn mebibytes_exact(self) -> f64 {
        self.0 as f64 / (ONE << 20) as f64
    }

    /// How often `divisor` fits, rounded up.
    pub(super) fn divided(self, divisor: Quantity) -> i128 {
        match divisor.0 {
            0 => ceil(self.0, ONE),
            by => ceil(self.0, by),
        }
    }

    /// The number itself.
    pub(super) fn number(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

fn ceil(a: i128, b: i128) -> i128 {
    a.div_euclid(b) + i128::from(a.rem_euclid(b) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quantities_are_read_exactly() {
        for (value, want) in [
            (json!("250m"), Some(250_000_000)),
            (json!("1"), Some(ONE)),
            (json!(2), Some(2 * ONE)),
            (json!(0.5), Some(ONE / 2)),
            (json!("1.5Gi"), Some(ONE * 3 * (1 << 29))),
            (json!("128Mi"), Some(ONE << 27)),
            (json!("1e3"), Some(1000 * ONE)),
            (json!("2k"), Some(2000 * ONE)),
            (json!("x"), None),
            (json!(""), None),
            (json!("1Zi"), None),
        ] {
            assert_eq!(Quantity::of(&value).map(|it| it.0), want, "{value}");
        }
        let cpu = Quantity::of(&json!("300m")).unwrap();
        assert_eq!((cpu.units_floor(), cpu.units_ceil()), (307, 308));
        let memory = Quantity::of(&json!("100M")).unwrap();
        assert_eq!(memory.mebibytes(), 96);
        assert_eq!(Quantity::of(&json!("40Gi")).unwrap().gibibytes(), 40);
    }
}
