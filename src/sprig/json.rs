//! JSON: `toJson` and its kin. Helm replaces some of them.

use super::{argument, function};
use crate::go::json::{self, Options, Shape};
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

const ANY: &[Type] = &[Type::Any];

const PLAIN: Options = Options {
    escape_html: true,
    indent: None,
};
const PRETTY: Options = Options {
    escape_html: true,
    indent: Some("  "),
};
const RAW: Options = Options {
    escape_html: false,
    indent: None,
};

pub(super) const FUNCTIONS: &[Function] = &[
    function("fromJson", &[Type::STRING], from_json),
    function("mustFromJson", &[Type::STRING], must_from_json),
    function("mustToJson", ANY, |_, arguments| encode(arguments, PLAIN)),
    function("mustToPrettyJson", ANY, |_, arguments| {
        encode(arguments, PRETTY)
    }),
    function("mustToRawJson", ANY, |_, arguments| encode(arguments, RAW)),
    function("toJson", ANY, |_, arguments| {
        Ok(encode(arguments, PLAIN).unwrap_or_else(|_| "".into()))
    }),
    function("toPrettyJson", ANY, |_, arguments| {
        Ok(encode(arguments, PRETTY).unwrap_or_else(|_| "".into()))
    }),
    function("toRawJson", ANY, |_, arguments| encode(arguments, RAW)),
];

fn encode(arguments: &[Value], options: Options) -> Result<Value, Fault> {
    let mut out = Vec::new();
    json::encode(argument::any(arguments, 0), &mut out, options)?;
    Ok(Value::string(out))
}

/// What could be read, with errors left out.
fn from_json(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let decoded = json::decode_as(argument::text(arguments, 0)?, Shape::Any);
    Ok(decoded.value.thaw())
}

fn must_from_json(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(json::decode(argument::text(arguments, 0)?)?.thaw())
}
