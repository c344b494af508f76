//! Go's `fmt`: `Sprintf`, `Sprint` and `Sprintln` over [`Value`]s.
//!
//! Output is bytes, because Go strings are. Addresses (`%p`) are invented: they are the only part
//! of the output that Go does not fix either.

mod directive;
mod format;
mod print;

use std::io::Write;

use crate::value::{Kind, Type, Value};
use print::Printer;

/// `fmt.Sprintf`: every verb, flag and `%!`-complaint of Go 1.26.
pub fn sprintf(format: impl AsRef<[u8]>, arguments: &[Value]) -> Vec<u8> {
    let mut printer = Printer::default();
    printer.print_directives(format.as_ref(), arguments);
    printer.into_bytes()
}

/// `fmt.Sprint`: blanks between operands of which neither is a string.
pub fn sprint(arguments: &[Value]) -> Vec<u8> {
    if let [Value::String(text)] = arguments {
        return text.to_vec();
    }
    let mut printer = Printer::default();
    let mut after_string = false;
    for (at, argument) in arguments.iter().enumerate() {
        let string = argument.kind() == Kind::String;
        if at > 0 && !string && !after_string {
            printer.push(b' ');
        }
        printer.print_argument(argument, 'v');
        after_string = string;
    }
    printer.into_bytes()
}

/// `fmt.Sprintln`: blanks between all operands, and a newline.
pub fn sprintln(arguments: &[Value]) -> Vec<u8> {
    let mut printer = Printer::default();
    for (at, argument) in arguments.iter().enumerate() {
        if at > 0 {
            printer.push(b' ');
        }
        printer.print_argument(argument, 'v');
    }
    printer.push(b'\n');
    printer.into_bytes()
}

/// `fmt.Fprint` of one value: what `%v` shows, at the end of `out`.
pub fn print_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => out.extend_from_slice(text),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(n) | Value::Int64(n) => {
            // Writing to a Vec cannot fail.
            let _ = write!(out, "{n}");
        }
        Value::Float64(n) => crate::go::strconv::append_float(out, *n, b'g', None, 64),
        _ => {
            let mut printer = Printer::over(std::mem::take(out));
            printer.print_argument(value, 'v');
            *out = printer.into_bytes();
        }
    }
}

/// What a template prints of a value: as [`print_value`], but for a pointer what it points to,
/// unless the pointer has a text of its own.
pub fn print_target(out: &mut Vec<u8>, value: &Value) {
    if let Value::Object(object) = value
        && let Some(text) = object.pointer_text()
    {
        out.extend_from_slice(&text);
        return;
    }
    if let Value::Object(object) = value
        && let Type::Pointer(target) = object.go_type()
        && object.text().is_none()
    {
        let mut printer = Printer::over(std::mem::take(out));
        printer.print_below(object, target, 'v', 0);
        *out = printer.into_bytes();
        return;
    }
    print_value(out, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_itself_is_printed_to_an_end() {
        let map = Value::map([]);
        if let Value::Map(inner) = &map {
            inner.insert("a", map.clone());
        }
        let text = sprint(std::slice::from_ref(&map));
        assert!(text.starts_with(b"map[a:map[a:"));
        assert!(memchr::memmem::find(&text, b"%!v(ENDLESS)]]").is_some());
        assert!(text.len() < 1_000_000, "{}", text.len());
        if let Value::Map(inner) = &map {
            inner.remove("a");
        }
    }
}
