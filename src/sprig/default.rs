//! Emptiness and what follows from it: sprig's `defaults.go`.

use super::{argument, function, variadic};
use crate::template::{Caller, Function};
use crate::value::{Fault, Number, Type, Value};

const ANY: Type = Type::Any;

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("all", &[ANY], all),
    variadic("any", &[ANY], any),
    variadic("coalesce", &[ANY], coalesce),
    variadic("default", &[ANY, ANY], default),
    function("empty", &[ANY], empty),
];

/// Whether `value` is nil, or the zero, or has nothing in it. Structs and pointers are never empty.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Bool(value) => !value,
        Value::Int(n) | Value::Int64(n) => *n == 0,
        Value::Float64(n) => *n == 0.0,
        Value::Number(number) => match *number {
            Number::Float32(n) => n == 0.0,
            Number::Complex128(re, im) => re == 0.0 && im == 0.0,
            _ => value.as_integer() == Some(0),
        },
        Value::String(text) | Value::Bytes(text) => text.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Object(object) => object.underlying().is_some_and(|value| is_empty(&value)),
    }
}

fn all(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(!arguments.iter().any(is_empty)))
}

fn any(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(!arguments.iter().all(is_empty)))
}

fn coalesce(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let first = arguments.iter().find(|value| !is_empty(value));
    Ok(first.cloned().unwrap_or_default())
}

fn default(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let given = argument::any(arguments, 1);
    let chosen = if is_empty(given) {
        argument::any(arguments, 0)
    } else {
        given
    };
    Ok(chosen.clone())
}

fn empty(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(is_empty(argument::any(arguments, 0))))
}
