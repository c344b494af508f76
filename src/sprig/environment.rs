//! The environment: `env` and `expandenv` (sprig `functions.go`, on Go's `os` package).

use super::{argument, function};
use crate::go::os;
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("env", &[Type::STRING], env),
    function("expandenv", &[Type::STRING], expand_env),
];

fn env(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let name = argument::text(arguments, 0)?.to_string();
    Ok(Value::string(
        caller.world.variable(&name).unwrap_or_default(),
    ))
}

fn expand_env(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 0)?;
    let world = caller.world;
    let value = |name: &str| world.variable(name).unwrap_or_default();
    Ok(Value::string(os::expand(text.as_ref(), value)))
}
