//! The environment: `env` and `expandenv` (sprig `functions.go`, on Go's `os` package).

use memchr::memchr;

use super::{argument, function};
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};
use crate::world::World;

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
    Ok(Value::string(expand(text.as_ref(), caller.world)))
}

/// `os.ExpandEnv`: `$name` and `${name}`; bad syntax is left out.
fn expand(text: &[u8], world: &dyn World) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = memchr(b'$', rest) {
        let after = &rest[dollar + 1..];
        out.extend_from_slice(&rest[..dollar]);
        if after.is_empty() {
            // A dollar at the end stands for itself.
            rest = &rest[dollar..];
            break;
        }
        let (name, length) = name(after);
        match name {
            b"" if length == 0 => out.push(b'$'),
            b"" => {}
            name => {
                let name = String::from_utf8_lossy(name);
                let value = world.variable(&name).unwrap_or_default();
                out.extend_from_slice(value.as_bytes());
            }
        }
        rest = &after[length..];
    }
    out.extend_from_slice(rest);
    out
}

/// The name after a dollar, and how much of the text it takes.
fn name(text: &[u8]) -> (&[u8], usize) {
    let special = |byte: &u8| b"*#$@!?-0123456789".contains(byte);
    match text {
        [b'{', letter, b'}', ..] if special(letter) => (&text[1..2], 3),
        [b'{', rest @ ..] => match memchr(b'}', rest) {
            Some(0) => (&[], 2),
            Some(end) => (&rest[..end], end + 2),
            None => (&[], 1),
        },
        [letter, ..] if special(letter) => (&text[..1], 1),
        _ => {
            let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let end = text.iter().take_while(|byte| word(byte)).count();
            (&text[..end], end)
        }
    }
}
