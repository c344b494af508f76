//! Regular expressions: `regexMatch` and its kin.

use std::rc::Rc;

use super::{argument, function};
use crate::go::regexp::{self, Regexp};
use crate::template::{Caller, Function};
use crate::value::{Fault, List, Type, Value};

const TWO: &[Type] = &[Type::STRING, Type::STRING];
const THREE: &[Type] = &[Type::STRING, Type::STRING, Type::STRING];
const COUNTED: &[Type] = &[Type::STRING, Type::STRING, Type::INT];

pub(super) const FUNCTIONS: &[Function] = &[
    function("mustRegexFind", TWO, |_, arguments| {
        find(checked(arguments)?, arguments)
    }),
    function("mustRegexFindAll", COUNTED, |_, arguments| {
        find_all(checked(arguments)?, arguments)
    }),
    function("mustRegexMatch", TWO, |_, arguments| {
        is_match(&*checked(arguments)?, arguments)
    }),
    function("mustRegexReplaceAll", THREE, |_, arguments| {
        replace_all(checked(arguments)?, arguments)
    }),
    function("mustRegexReplaceAllLiteral", THREE, |_, arguments| {
        replace_all_literal(checked(arguments)?, arguments)
    }),
    function("mustRegexSplit", COUNTED, |_, arguments| {
        split(checked(arguments)?, arguments)
    }),
    function("regexFind", TWO, |_, arguments| {
        find(compiled(arguments)?, arguments)
    }),
    function("regexFindAll", COUNTED, |_, arguments| {
        find_all(compiled(arguments)?, arguments)
    }),
    function("regexMatch", TWO, |_, arguments| {
        // A pattern that is none fits nothing.
        match checked(arguments) {
            Ok(regexp) => is_match(&regexp, arguments),
            Err(_) => Ok(Value::Bool(false)),
        }
    }),
    function("regexQuoteMeta", &[Type::STRING], quote_meta),
    function("regexReplaceAll", THREE, |_, arguments| {
        replace_all(compiled(arguments)?, arguments)
    }),
    function("regexReplaceAllLiteral", THREE, |_, arguments| {
        replace_all_literal(compiled(arguments)?, arguments)
    }),
    function("regexSplit", COUNTED, |_, arguments| {
        split(compiled(arguments)?, arguments)
    }),
];

/// The pattern, or the error of `regexp.Compile`.
fn checked(arguments: &[Value]) -> Result<Rc<Regexp>, Fault> {
    regexp::cached(argument::text(arguments, 0)?).map_err(Fault::new)
}

/// The pattern, or the panic of `regexp.MustCompile`.
fn compiled(arguments: &[Value]) -> Result<Rc<Regexp>, Fault> {
    let pattern = argument::text(arguments, 0)?;
    regexp::cached(pattern).map_err(|error| regexp::panic_text(pattern, &error).into())
}

/// A count in which anything negative is no limit.
fn limit(arguments: &[Value]) -> Result<Option<usize>, Fault> {
    Ok(usize::try_from(argument::int(arguments, 2)?).ok())
}

/// `[]string`, nil where empty.
fn strings(found: Vec<&[u8]>) -> Value {
    if found.is_empty() {
        return Value::List(List::nil(&Type::STRINGS));
    }
    Value::strings(found)
}

fn find(regexp: Rc<Regexp>, arguments: &[Value]) -> Result<Value, Fault> {
    let found = regexp.find(argument::text(arguments, 1)?);
    Ok(Value::string(found.unwrap_or_default()))
}

fn find_all(regexp: Rc<Regexp>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 1)?;
    Ok(strings(regexp.find_all(text, limit(arguments)?)))
}

fn is_match(regexp: &Regexp, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 1)?;
    Ok(Value::Bool(regexp.is_match(text)))
}

fn replace_all(regexp: Rc<Regexp>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 1)?;
    let replacement = argument::text(arguments, 2)?;
    Ok(Value::string(regexp.replace_all(text, replacement)))
}

fn replace_all_literal(regexp: Rc<Regexp>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 1)?;
    let replacement = argument::text(arguments, 2)?;
    Ok(Value::string(regexp.replace_all_literal(text, replacement)))
}

fn split(regexp: Rc<Regexp>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 1)?;
    let limit = limit(arguments)?;
    // Without pieces, but not for the want of asking, Go's slice is empty rather than nil.
    let pieces = regexp.split(text, limit);
    Ok(match limit {
        Some(0) => Value::List(List::nil(&Type::STRINGS)),
        _ => Value::strings(pieces),
    })
}

fn quote_meta(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string(regexp::quote_meta(argument::text(
        arguments, 0,
    )?)))
}
