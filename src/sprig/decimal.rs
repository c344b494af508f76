//! Decimal arithmetic as `github.com/shopspring/decimal` 1.4.0 does it.

use rsa::BigUint;

use crate::go::strconv;
use crate::value::Fault;

/// Digits behind the point that a quotient is rounded to. Go: `decimal.DivisionPrecision`.
const DIVISION_PRECISION: i64 = 16;

/// A number of any size: `±digits * 10^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Decimal {
    negative: bool,
    digits: BigUint,
    exponent: i64,
}

impl Decimal {
    /// The shortest decimal that reads as `value`. Go: `decimal.NewFromFloat`.
    ///
    /// # Errors
    /// For infinities and NaN.
    pub(super) fn from_float(value: f64) -> Result<Decimal, Fault> {
        if !value.is_finite() {
            let name = match value {
                f64::INFINITY => "+Inf",
                f64::NEG_INFINITY => "-Inf",
                _ => "NaN",
            };
            return Err(Fault::from(format!("Cannot create a Decimal from {name}")));
        }
        let text = strconv::shortest(value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        Ok(Decimal {
            negative: value < 0.0,
            digits: BigUint::parse_bytes(digits.as_bytes(), 10).unwrap_or_default(),
            exponent: exponent.parse::<i64>().unwrap_or_default() - fraction.len() as i64,
        })
    }

    /// The nearest float. Go: `Decimal.Float64`.
    pub(super) fn to_float(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        let text = format!("{sign}{}e{}", self.digits, self.exponent);
        // Go has no negative zero here.
        text.parse::<f64>().unwrap_or_default() + 0.0
    }

    /// The digits that this has at a lower or equal `exponent`.
    fn digits_at(&self, exponent: i64) -> BigUint {
        &self.digits * power_of_ten(self.exponent - exponent)
    }

    pub(super) fn add(&self, other: &Decimal) -> Result<Decimal, Fault> {
        let exponent = self.exponent.min(other.exponent);
        let (a, b) = (self.digits_at(exponent), other.digits_at(exponent));
        let (negative, digits) = if self.negative == other.negative {
            (self.negative, a + b)
        } else if a >= b {
            (self.negative, a - b)
        } else {
            (other.negative, b - a)
        };
        Ok(Decimal {
            negative,
            digits,
            exponent,
        })
    }

    pub(super) fn subtract(&self, other: &Decimal) -> Result<Decimal, Fault> {
        let negated = Decimal {
            negative: !other.negative,
            ..other.clone()
        };
        self.add(&negated)
    }

    pub(super) fn multiply(&self, other: &Decimal) -> Result<Decimal, Fault> {
        Ok(Decimal {
            negative: self.negative != other.negative,
            digits: &self.digits * &other.digits,
            exponent: self.exponent + other.exponent,
        })
    }

    /// Rounds half away from zero.
    ///
    /// # Errors
    /// For a zero divisor.
    pub(super) fn divide(&self, other: &Decimal) -> Result<Decimal, Fault> {
        let zero = BigUint::default();
        if other.digits == zero {
            return Err(Fault::from("decimal division by 0"));
        }
        // The quotient of the digits has to be taken at 10^-16: by this many places more.
        let shift = self.exponent - other.exponent + DIVISION_PRECISION;
        let (dividend, divisor) = if shift >= 0 {
            (&self.digits * power_of_ten(shift), other.digits.clone())
        } else {
            (self.digits.clone(), &other.digits * power_of_ten(-shift))
        };
        let mut digits = &dividend / &divisor;
        let remainder = &dividend - &digits * &divisor;
        if remainder * 2u32 >= divisor {
            digits += 1u32;
        }
        Ok(Decimal {
            negative: self.negative != other.negative,
            digits,
            exponent: -DIVISION_PRECISION,
        })
    }
}

fn power_of_ten(exponent: i64) -> BigUint {
    let zeros = usize::try_from(exponent).unwrap_or_default();
    let mut text = vec![b'0'; zeros + 1];
    text[0] = b'1';
    BigUint::parse_bytes(&text, 10).unwrap_or_default()
}
