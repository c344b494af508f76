//! Types and kinds: sprig's `reflect.go`, and `reflect.DeepEqual`.

use super::equal::deep_equal;
use super::{argument, function};
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

const ANY: Type = Type::Any;
const STRING: Type = Type::STRING;

pub(super) const FUNCTIONS: &[Function] = &[
    function("deepEqual", &[ANY, ANY], |_, arguments| {
        Ok(Value::Bool(deep_equal(
            argument::any(arguments, 0),
            argument::any(arguments, 1),
        )))
    }),
    function("kindIs", &[STRING, ANY], kind_is),
    function("kindOf", &[ANY], |_, arguments| {
        Ok(Value::string(
            argument::any(arguments, 0).kind().to_string(),
        ))
    }),
    function("typeIs", &[STRING, ANY], type_is),
    function("typeIsLike", &[STRING, ANY], type_is_like),
    function("typeOf", &[ANY], |_, arguments| {
        Ok(Value::string(type_name(argument::any(arguments, 0))))
    }),
];

/// What `%T` prints.
fn type_name(value: &Value) -> String {
    value
        .go_type()
        .map_or_else(|| "<nil>".to_owned(), ToString::to_string)
}

fn kind_is(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let kind = argument::any(arguments, 1).kind().to_string();
    Ok(Value::Bool(*argument::text(arguments, 0)? == *kind))
}

fn type_is(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let name = type_name(argument::any(arguments, 1));
    Ok(Value::Bool(*argument::text(arguments, 0)? == *name))
}

fn type_is_like(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let name = type_name(argument::any(arguments, 1));
    let wanted = argument::text(arguments, 0)?;
    Ok(Value::Bool(
        *wanted == *name || name.strip_prefix('*').is_some_and(|name| *wanted == *name),
    ))
}
