//! Conversions of `github.com/spf13/cast` 1.7.0, which sprig uses without looking at their errors:
//! what cannot be converted is zero.

use crate::go::strconv;
use crate::value::{Number, Value};

/// Go's conversion of a float to `int64` on amd64: what does not fit is the least integer.
pub(super) fn float_to_int(value: f64) -> i64 {
    // 2^63 is the first that does not fit; its negative does.
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

/// Go: `cast.ToInt`; the two are one on 64 bits.
pub(super) fn to_int(value: &Value) -> i64 {
    to_int64(value)
}

/// Go: `cast.ToInt64`.
pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(n) | Value::Int64(n) => *n,
        Value::Bool(value) => i64::from(*value),
        Value::Float64(n) => float_to_int(*n),
        Value::Number(number) => match *number {
            Number::Int8(n) => n.into(),
            Number::Int16(n) => n.into(),
            Number::Int32(n) => n.into(),
            Number::Uint(n) | Number::Uint64(n) => n.cast_signed(),
            Number::Uint8(n) => n.into(),
            Number::Uint16(n) => n.into(),
            Number::Uint32(n) => n.into(),
            Number::Float32(n) => float_to_int(n.into()),
            Number::Complex128(..) => 0,
        },
        Value::String(text) => {
            strconv::parse_int(trim_zero_decimal(text), 0, 64).unwrap_or_default()
        }
        Value::Object(_) => calendar(value).unwrap_or_default(),
        Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) => 0,
    }
}

/// Go: `cast.ToFloat64`.
pub(super) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Int(n) | Value::Int64(n) => *n as f64,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Float64(n) => *n,
        Value::Number(number) => match *number {
            Number::Int8(n) => n.into(),
            Number::Int16(n) => n.into(),
            Number::Int32(n) => n.into(),
            Number::Uint(n) | Number::Uint64(n) => n as f64,
            Number::Uint8(n) => n.into(),
            Number::Uint16(n) => n.into(),
            Number::Uint32(n) => n.into(),
            Number::Float32(n) => n.into(),
            Number::Complex128(..) => 0.0,
        },
        Value::String(text) => strconv::parse_float(text, 64).unwrap_or_default(),
        Value::Object(_) => calendar(value).unwrap_or_default() as f64,
        Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) => 0.0,
    }
}

/// The number of a `time.Month` or `time.Weekday`, the only named types that `cast` knows.
fn calendar(value: &Value) -> Option<i64> {
    let Value::Object(object) = value else {
        return None;
    };
    let name = object.go_type().to_string();
    if name != "time.Month" && name != "time.Weekday" {
        return None;
    }
    object
        .underlying()?
        .as_integer()
        .and_then(|n| i64::try_from(n).ok())
}

/// Drops a fraction that is zero: `1.0` and `10.00`, but not `1.` or `1.50`.
fn trim_zero_decimal(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b'0');
    match end {
        Some(at) if text[at] == b'.' && at + 1 < text.len() => &text[..at],
        _ => text,
    }
}
