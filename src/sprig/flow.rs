//! Flow control: `fail`, and `hello`.

use super::{argument, function};
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("fail", &[Type::STRING], fail),
    function("hello", &[], hello),
    function("ternary", &[Type::Any, Type::Any, Type::BOOL], ternary),
];

fn fail(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Err(Fault::from(argument::text(arguments, 0)?.to_string()))
}

fn hello(_: &mut Caller<'_>, _: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string("Hello!"))
}

fn ternary(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let chosen = match argument::any(arguments, 2) {
        Value::Bool(true) => 0,
        _ => 1,
    };
    Ok(argument::any(arguments, chosen).clone())
}
