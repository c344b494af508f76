//! Paths: `base`, `dir`, `ext`, `clean`, `isAbs`, and the same for files, which on Unix is the same.

use super::{argument, function};
use crate::go::path;
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

const TEXT: &[Type] = &[Type::STRING];

pub(super) const FUNCTIONS: &[Function] = &[
    function("base", TEXT, base),
    function("clean", TEXT, clean),
    function("dir", TEXT, dir),
    function("ext", TEXT, ext),
    function("isAbs", TEXT, is_abs),
    function("osBase", TEXT, base),
    function("osClean", TEXT, clean),
    function("osDir", TEXT, dir),
    function("osExt", TEXT, ext),
    function("osIsAbs", TEXT, is_abs),
];

fn base(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string(path::base(argument::text(arguments, 0)?)))
}

fn clean(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string(path::clean_bytes(argument::text(
        arguments, 0,
    )?)))
}

fn dir(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let path = argument::text(arguments, 0)?;
    let end = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    Ok(Value::string(path::clean_bytes(&path[..end])))
}

fn ext(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string(path::ext(argument::text(arguments, 0)?)))
}

fn is_abs(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bool(path::is_abs(argument::text(arguments, 0)?)))
}
