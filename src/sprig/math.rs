//! Numbers: sprig's `numeric.go`.
//!
//! Integer arithmetic wraps, as Go's does.

use super::cast::{to_float64, to_int64};
use super::decimal::Decimal;
use super::{argument, bound, function, variadic};
use crate::go::{fmt::sprint, strconv};
use crate::template::{Caller, Function};
use crate::value::{Fault, List, Type, Value};

const ANY: Type = Type::Any;
const INT: Type = Type::INT;

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("add", &[ANY], |_, arguments| {
        Ok(Value::Int64(
            arguments.iter().map(to_int64).fold(0, i64::wrapping_add),
        ))
    }),
    function("add1", &[ANY], |_, arguments| {
        Ok(Value::Int64(integer(arguments, 0).wrapping_add(1)))
    }),
    function("add1f", &[ANY], |_, arguments| {
        decimals([float(arguments, 0), 1.0].into_iter(), Decimal::add)
    }),
    variadic("addf", &[ANY], |_, arguments| {
        decimals(
            std::iter::once(0.0).chain(arguments.iter().map(to_float64)),
            Decimal::add,
        )
    }),
    function("atoi", &[Type::STRING], |_, arguments| {
        let text = argument::text(arguments, 0)?;
        Ok(Value::Int(strconv::atoi(text).unwrap_or_else(clamped)))
    }),
    variadic("biggest", &[ANY, ANY], max),
    function("ceil", &[ANY], |_, arguments| {
        Ok(Value::Float64(float(arguments, 0).ceil()))
    }),
    function("div", &[ANY, ANY], |_, arguments| {
        let divisor = divisor(arguments)?;
        Ok(Value::Int64(integer(arguments, 0).wrapping_div(divisor)))
    }),
    variadic("divf", &[ANY, ANY], |_, arguments| {
        decimals(arguments.iter().map(to_float64), Decimal::divide)
    }),
    function("float64", &[ANY], |_, arguments| {
        Ok(Value::Float64(float(arguments, 0)))
    }),
    function("floor", &[ANY], |_, arguments| {
        Ok(Value::Float64(float(arguments, 0).floor()))
    }),
    function("int", &[ANY], |_, arguments| {
        Ok(Value::Int(integer(arguments, 0)))
    }),
    function("int64", &[ANY], |_, arguments| {
        Ok(Value::Int64(integer(arguments, 0)))
    }),
    variadic("max", &[ANY, ANY], max),
    variadic("maxf", &[ANY, ANY], |_, arguments| {
        Ok(folded(arguments, greater))
    }),
    variadic("min", &[ANY, ANY], |_, arguments| {
        let least = arguments.iter().map(to_int64).min();
        Ok(Value::Int64(least.unwrap_or_default()))
    }),
    variadic("minf", &[ANY, ANY], |_, arguments| {
        Ok(folded(arguments, lesser))
    }),
    function("mod", &[ANY, ANY], |_, arguments| {
        let divisor = divisor(arguments)?;
        Ok(Value::Int64(integer(arguments, 0).wrapping_rem(divisor)))
    }),
    variadic("mul", &[ANY, ANY], |_, arguments| {
        Ok(Value::Int64(
            arguments.iter().map(to_int64).fold(1, i64::wrapping_mul),
        ))
    }),
    variadic("mulf", &[ANY, ANY], |_, arguments| {
        decimals(arguments.iter().map(to_float64), Decimal::multiply)
    }),
    variadic("round", &[ANY, INT, Type::FLOAT64], round),
    variadic("seq", &[INT], seq),
    function("sub", &[ANY, ANY], |_, arguments| {
        Ok(Value::Int64(
            integer(arguments, 0).wrapping_sub(integer(arguments, 1)),
        ))
    }),
    variadic("subf", &[ANY, ANY], |_, arguments| {
        decimals(arguments.iter().map(to_float64), Decimal::subtract)
    }),
    function("toDecimal", &[ANY], to_decimal),
    function("until", &[INT], until),
    function("untilStep", &[INT, INT, INT], until_step),
];

type Outcome = Result<Value, Fault>;

fn integer(arguments: &[Value], index: usize) -> i64 {
    to_int64(argument::any(arguments, index))
}

fn float(arguments: &[Value], index: usize) -> f64 {
    to_float64(argument::any(arguments, index))
}

/// What Go's `strconv.Atoi` returns beside its error: the nearest integer, or zero.
fn clamped(error: strconv::NumError) -> i64 {
    match error.fault {
        strconv::NumFault::Range if error.input.starts_with(b"-") => i64::MIN,
        strconv::NumFault::Range => i64::MAX,
        _ => 0,
    }
}

fn divisor(arguments: &[Value]) -> Result<i64, Fault> {
    match integer(arguments, 1) {
        0 => Err(Fault::from("runtime error: integer divide by zero")),
        divisor => Ok(divisor),
    }
}

fn max(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let greatest = arguments.iter().map(to_int64).max();
    Ok(Value::Int64(greatest.unwrap_or_default()))
}

fn folded(arguments: &[Value], choose: fn(f64, f64) -> f64) -> Value {
    let chosen = arguments.iter().map(to_float64).reduce(choose);
    Value::Float64(chosen.unwrap_or_default())
}

/// Go: `math.Max`.
fn greater(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

/// Go: `math.Min`.
fn lesser(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { a } else { b }
    } else if a < b {
        a
    } else {
        b
    }
}

/// Go: sprig's `execDecimalOp`: floats become decimals as they are printed, and the result a float.
fn decimals(
    mut operands: impl Iterator<Item = f64>,
    operate: fn(&Decimal, &Decimal) -> Result<Decimal, Fault>,
) -> Outcome {
    let mut result = Decimal::from_float(operands.next().unwrap_or_default())?;
    for operand in operands {
        result = operate(&result, &Decimal::from_float(operand)?)?;
    }
    Ok(Value::Float64(result.to_float()))
}

/// Go: `math.Pow(10, places)`, which multiplies squares of ten; exact up to 10^22.
fn power_of_ten(places: i64) -> f64 {
    let mut rest = places.unsigned_abs();
    if rest > 400 {
        return if places < 0 { 0.0 } else { f64::INFINITY };
    }
    let (mut mantissa, mut exponent) = (1.0f64, 0i64);
    // 10 = 0.625 * 2^4, kept below one so that nothing overflows on the way.
    let (mut square, mut square_exponent) = (0.625f64, 4i64);
    while rest != 0 {
        if rest & 1 == 1 {
            mantissa *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent *= 2;
        if square < 0.5 {
            square += square;
            square_exponent -= 1;
        }
        rest >>= 1;
    }
    if places < 0 {
        mantissa = 1.0 / mantissa;
        exponent = -exponent;
    }
    scale(mantissa, exponent)
}

/// `value * 2^exponent`, rounded once. Go: `math.Ldexp`.
fn scale(mut value: f64, mut exponent: i64) -> f64 {
    // Steps that stay exact: only the last one can round.
    while exponent > 1000 {
        value *= 2f64.powi(1000);
        exponent -= 1000;
    }
    if exponent < -1000 {
        value *= 2f64.powi(-500);
        exponent += 500;
        return value * 2f64.powi(i32::try_from(exponent).unwrap_or(i32::MIN));
    }
    value * 2f64.powi(i32::try_from(exponent).unwrap_or(i32::MAX))
}

fn round(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let places = argument::int(arguments, 1)?;
    let threshold = arguments.get(2).map_or(0.5, to_float64);
    let power = power_of_ten(places);
    let digits = power * float(arguments, 0);
    let rounded = if digits.fract() >= threshold {
        digits.ceil()
    } else {
        digits.floor()
    };
    Ok(Value::Float64(rounded / power))
}

fn to_decimal(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let text = sprint(&arguments[..1]);
    Ok(Value::Int64(
        strconv::parse_int(text, 8, 64).unwrap_or_default(),
    ))
}

fn until(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let count = argument::int(arguments, 0)?;
    Ok(ints(steps(
        "until",
        0,
        count,
        if count < 0 { -1 } else { 1 },
    )?))
}

fn until_step(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let start = argument::int(arguments, 0)?;
    let stop = argument::int(arguments, 1)?;
    let step = argument::int(arguments, 2)?;
    Ok(ints(steps("untilStep", start, stop, step)?))
}

fn ints(steps: impl Iterator<Item = i64>) -> Value {
    Value::List(List::new(&Type::INTS, steps.map(Value::Int).collect()))
}

/// Go: sprig's `untilStep`: none where the step leads away from `stop`.
fn steps(
    function: &str,
    start: i64,
    stop: i64,
    step: i64,
) -> Result<impl Iterator<Item = i64> + use<>, Fault> {
    let distance = i128::from(stop) - i128::from(start);
    let count = if step == 0 || (distance < 0) != (step < 0) {
        0
    } else {
        distance
            .unsigned_abs()
            .div_ceil(u128::from(step.unsigned_abs()))
    };
    bound::items(function, count)?;
    let count = i64::try_from(count).unwrap_or_default();
    Ok((0..count).map(move |index| start.wrapping_add(index.wrapping_mul(step))))
}

fn seq(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let numbers = (0..arguments.len())
        .map(|index| argument::int(arguments, index))
        .collect::<Result<Vec<_>, _>>()?;
    let direction = |start, end| if end < start { -1 } else { 1 };
    let (start, end, step) = match numbers[..] {
        [end] => (1, end, direction(1, end)),
        [start, end] => (start, end, direction(start, end)),
        [start, step, end] if end < start && step > 0 => return Ok(Value::string("")),
        [start, step, end] => (start, end, step),
        _ => return Ok(Value::string("")),
    };
    let stop = end.wrapping_add(direction(start, end));
    let mut out = Vec::new();
    for number in steps("seq", start, stop, step)? {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(number.to_string().as_bytes());
    }
    Ok(Value::string(out))
}
