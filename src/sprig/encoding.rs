//! Base64 and base32. Decoders return the text of their errors, as sprig's do.

use super::{argument, function};
use crate::go::{base32, base64};
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

const STRING: Type = Type::STRING;

pub(super) const FUNCTIONS: &[Function] = &[
    function("b32dec", &[STRING], |_, arguments| {
        decoded(arguments, |text| {
            base32::decode(text).map_err(|error| error.to_string())
        })
    }),
    function("b32enc", &[STRING], encode_base32),
    function("b64dec", &[STRING], |_, arguments| {
        decoded(arguments, |text| {
            base64::decode(text).map_err(|error| error.to_string())
        })
    }),
    function("b64enc", &[STRING], encode_base64),
];

fn decoded(
    arguments: &[Value],
    decode: fn(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Value, Fault> {
    Ok(match decode(argument::text(arguments, 0)?) {
        Ok(bytes) => Value::string(bytes),
        Err(error) => Value::string(error),
    })
}

fn encode_base32(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string(base32::encode(argument::text(arguments, 0)?)))
}

fn encode_base64(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string(base64::encode(argument::text(arguments, 0)?)))
}
