//! Values under verbs: Go's `printArg` and `printValue`.

use std::rc::Rc;

use super::format::{Flags, Format};
use crate::value::{Kind, Number, Object, Type, Value};

/// Stack kept free before each level of nesting.
const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// Nesting and bytes beyond which nothing more is written: twice what a document may nest, and the
/// bound of a template's output.
const MAX_DEPTH: usize = 20_000;
const MAX_SIZE: usize = 256 * 1024 * 1024;

/// Writes values.
#[derive(Default)]
pub(super) struct Printer {
    format: Format,
    /// While a complaint is printed, methods are not called.
    erroring: bool,
}

impl Printer {
    /// A printer that goes on at the end of `out`.
    pub(super) fn over(out: Vec<u8>) -> Printer {
        Printer {
            format: Format {
                out,
                flags: Flags::default(),
            },
            erroring: false,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.format.out
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.format.out.push(byte);
    }

    pub(super) fn write(&mut self, text: &[u8]) {
        self.format.out.extend_from_slice(text);
    }

    pub(super) fn set_flags(&mut self, flags: Flags) {
        self.format.flags = flags;
    }

    fn write_type(&mut self, go_type: &Type) {
        self.write(go_type.to_string().as_bytes());
    }

    /// One operand under a verb.
    pub(super) fn print_argument(&mut self, value: &Value, verb: char) {
        let Some(go_type) = value.go_type() else {
            match verb {
                'T' | 'v' => self.format.pad(b"<nil>"),
                _ => self.print_bad_verb(value, verb),
            }
            return;
        };
        match verb {
            'T' => self.format.string(go_type.to_string().as_bytes()),
            'p' => self.print_pointer(value, verb),
            _ => self.print_value(value, verb, 0),
        }
    }

    /// `%!d(string=a)`
    fn print_bad_verb(&mut self, value: &Value, verb: char) {
        let erroring = std::mem::replace(&mut self.erroring, true);
        self.write(b"%!");
        self.write(verb.encode_utf8(&mut [0; 4]).as_bytes());
        self.push(b'(');
        match value.go_type() {
            None => self.write(b"<nil>"),
            Some(go_type) => {
                self.write_type(go_type);
                self.push(b'=');
                self.print_argument(value, 'v');
            }
        }
        self.push(b')');
        self.erroring = erroring;
    }

    fn print_value(&mut self, value: &Value, verb: char, depth: usize) {
        match value {
            Value::Nil => self.print_bad_verb(value, verb),
            Value::Bool(b) => match verb {
                't' | 'v' => self.format.boolean(*b),
                _ => self.print_bad_verb(value, verb),
            },
            Value::Int(n) | Value::Int64(n) => self.print_signed(value, *n, verb),
            Value::Float64(n) => self.print_float(value, *n, 64, verb),
            Value::Number(number) => self.print_number(value, *number, verb),
            Value::String(text) => self.print_string(value, text, verb),
            Value::Bytes(bytes) => self.print_bytes(value, bytes, verb, depth),
            Value::List(_) | Value::Map(_) | Value::Object(_) => {
                // Go's process dies of what holds itself.
                if depth > MAX_DEPTH || self.format.out.len() > MAX_SIZE {
                    return self.write(b"%!v(ENDLESS)");
                }
                stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                    self.print_composite(value, verb, depth);
                });
            }
        }
    }

    fn print_composite(&mut self, value: &Value, verb: char, depth: usize) {
        if verb == 'w' && !self.erroring && depth_takes_methods(value) {
            return self.print_bad_verb(value, verb);
        }
        match value {
            Value::List(list) => {
                if self.print_byte_list(value, list, verb) {
                    return;
                }
                let go_type = list.go_type();
                if self.format.flags.sharp_v {
                    self.write_type(go_type);
                    if list.is_nil() {
                        return self.write(b"(nil)");
                    }
                }
                let (open, close) = self.brackets(b'[', b']');
                self.push(open);
                for (at, item) in list.iter().enumerate() {
                    self.separate(at);
                    self.print_element(item, go_type.element(), verb, depth + 1);
                }
                self.push(close);
            }
            Value::Map(map) => {
                let go_type = map.go_type();
                if self.format.flags.sharp_v {
                    self.write_type(go_type);
                    if map.is_nil() {
                        return self.write(b"(nil)");
                    }
                    self.push(b'{');
                } else {
                    self.write(b"map[");
                }
                for (at, (key, item)) in map.borrow().iter().enumerate() {
                    self.separate(at);
                    self.print_string(&Value::String(key.clone()), key, verb);
                    self.push(b':');
                    self.print_element(item, go_type.element(), verb, depth + 1);
                }
                let close = if self.format.flags.sharp_v {
                    b'}'
                } else {
                    b']'
                };
                self.push(close);
            }
            Value::Object(object) => self.print_object(value, object, verb, depth),
            _ => {}
        }
    }

    fn brackets(&self, open: u8, close: u8) -> (u8, u8) {
        if self.format.flags.sharp_v {
            (b'{', b'}')
        } else {
            (open, close)
        }
    }

    fn separate(&mut self, at: usize) {
        if at > 0 {
            let text: &[u8] = if self.format.flags.sharp_v {
                b", "
            } else {
                b" "
            };
            self.write(text);
        }
    }

    /// What stands in a list, map or field whose static type is `slot`.
    fn print_element(&mut self, value: &Value, slot: Option<&Type>, verb: char, depth: usize) {
        if !matches!(value, Value::Nil) {
            return self.print_value(value, verb, depth);
        }
        if self.format.flags.sharp_v {
            match slot {
                Some(slot) => self.write_type(slot),
                None => self.write(b"interface {}"),
            }
            self.write(b"(nil)");
        } else {
            self.write(b"<nil>");
        }
    }

    /// Slices of a type whose kind is `uint8` follow the string verbs too.
    fn print_byte_list(&mut self, value: &Value, list: &[Value], verb: char) -> bool {
        let bytes = value.go_type().and_then(Type::element).map(Type::kind) == Some(Kind::Uint8);
        if !bytes || !matches!(verb, 's' | 'q' | 'x' | 'X') {
            return false;
        }
        let bytes: Vec<u8> = list
            .iter()
            .filter_map(|item| u8::try_from(item.as_integer()?).ok())
            .collect();
        self.print_bytes(value, &bytes, verb, 0);
        true
    }

    fn print_object(&mut self, value: &Value, object: &Rc<dyn Object>, verb: char, depth: usize) {
        if !self.erroring
            && !self.format.flags.sharp_v
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.text()
        {
            return self.print_string(value, &text, verb);
        }
        let go_type = object.go_type();
        if let Type::Pointer(target) = go_type {
            if depth == 0
                && matches!(target.kind(), Kind::Slice | Kind::Struct | Kind::Map)
                && verb != 'p'
            {
                self.push(b'&');
                return self.print_below(object, target, verb, depth + 1);
            }
            return self.print_pointer(value, verb);
        }
        if go_type.kind() == Kind::Func {
            return self.print_pointer(value, verb);
        }
        self.print_below(object, go_type, verb, depth);
    }

    /// The struct, or what a named type is made of.
    pub(super) fn print_below(
        &mut self,
        object: &Rc<dyn Object>,
        go_type: &Type,
        verb: char,
        depth: usize,
    ) {
        if go_type.kind() != Kind::Struct
            && let Some(below) = object.underlying()
        {
            match (&below, self.format.flags.sharp_v) {
                (Value::List(list), true) if *list.go_type() != *go_type => {
                    self.write_type(go_type);
                    if list.is_nil() {
                        return self.write(b"(nil)");
                    }
                    self.push(b'{');
                    for (at, item) in list.iter().enumerate() {
                        self.separate(at);
                        self.print_element(item, go_type.element(), verb, depth + 1);
                    }
                    return self.push(b'}');
                }
                (Value::Map(map), _) => {
                    // Under the object's own type name.
                    let Some(own) = named(object, go_type) else {
                        return self.print_value(&below, verb, depth);
                    };
                    return self.print_value(&Value::Map(map.view_as(own)), verb, depth);
                }
                _ => {
                    return self.print_underlying(
                        &Value::Object(Rc::clone(object)),
                        &below,
                        verb,
                        depth,
                    );
                }
            }
        }
        if self.format.flags.sharp_v {
            self.write_type(go_type);
        }
        self.push(b'{');
        for (at, (name, field)) in object.fields().into_iter().enumerate() {
            self.separate(at);
            if self.format.flags.plus_v || self.format.flags.sharp_v {
                self.write(name.as_bytes());
                self.push(b':');
            }
            self.print_element(&field, None, verb, depth + 1);
        }
        self.push(b'}');
    }

    /// A named basic type: printed as its value, but complaints name the type.
    fn print_underlying(&mut self, owner: &Value, below: &Value, verb: char, depth: usize) {
        match below {
            Value::Bool(b) if matches!(verb, 't' | 'v') => self.format.boolean(*b),
            Value::Bool(_) | Value::Nil => self.print_bad_verb(owner, verb),
            Value::Int(n) | Value::Int64(n) => self.print_signed(owner, *n, verb),
            Value::Float64(n) => self.print_float(owner, *n, 64, verb),
            Value::Number(number) => self.print_number(owner, *number, verb),
            Value::String(text) => self.print_string(owner, text, verb),
            other => self.print_value(other, verb, depth),
        }
    }

    fn print_number(&mut self, value: &Value, number: Number, verb: char) {
        match number {
            Number::Int8(n) => self.print_signed(value, n.into(), verb),
            Number::Int16(n) => self.print_signed(value, n.into(), verb),
            Number::Int32(n) => self.print_signed(value, n.into(), verb),
            Number::Uint(n) | Number::Uint64(n) => self.print_integer(value, false, n, verb),
            Number::Uint8(n) => self.print_integer(value, false, n.into(), verb),
            Number::Uint16(n) => self.print_integer(value, false, n.into(), verb),
            Number::Uint32(n) => self.print_integer(value, false, n.into(), verb),
            Number::Float32(n) => self.print_float(value, n.into(), 32, verb),
            Number::Complex128(re, im) => match verb {
                'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E' => {
                    let plus = self.format.flags.plus;
                    self.push(b'(');
                    self.print_float(value, re, 64, verb);
                    self.format.flags.plus = true;
                    self.print_float(value, im, 64, verb);
                    self.write(b"i)");
                    self.format.flags.plus = plus;
                }
                _ => self.print_bad_verb(value, verb),
            },
        }
    }

    fn print_signed(&mut self, value: &Value, n: i64, verb: char) {
        match verb {
            'c' => self.format.rune(n as u64),
            'q' => self.format.quoted_rune(n as u64),
            'U' => self.format.unicode(n as u64),
            _ => {
                // Signed numbers are plain digits under %#v, unsigned ones hexadecimal.
                if verb == 'v' {
                    self.format
                        .integer(n < 0, n.unsigned_abs(), 10, verb, false);
                } else {
                    self.print_integer(value, n < 0, n.unsigned_abs(), verb);
                }
            }
        }
    }

    fn print_integer(&mut self, value: &Value, negative: bool, magnitude: u64, verb: char) {
        match verb {
            'v' if self.format.flags.sharp_v => self.format.hexadecimal_address(magnitude, true),
            'v' | 'd' => self.format.integer(negative, magnitude, 10, verb, false),
            'b' => self.format.integer(negative, magnitude, 2, verb, false),
            'o' | 'O' => self.format.integer(negative, magnitude, 8, verb, false),
            'x' => self.format.integer(negative, magnitude, 16, verb, false),
            'X' => self.format.integer(negative, magnitude, 16, verb, true),
            'c' => self.format.rune(magnitude),
            'q' => self.format.quoted_rune(magnitude),
            'U' => self.format.unicode(magnitude),
            _ => self.print_bad_verb(value, verb),
        }
    }

    fn print_float(&mut self, value: &Value, n: f64, bits: u32, verb: char) {
        match verb {
            'v' => self.format.float(n, bits, b'g', None),
            'b' => self.format.float(n, bits, b'b', None),
            'g' => self.format.float(n, bits, b'g', None),
            'G' => self.format.float(n, bits, b'G', None),
            'x' => self.format.float(n, bits, b'x', None),
            'X' => self.format.float(n, bits, b'X', None),
            'e' => self.format.float(n, bits, b'e', Some(6)),
            'E' => self.format.float(n, bits, b'E', Some(6)),
            'f' | 'F' => self.format.float(n, bits, b'f', Some(6)),
            _ => self.print_bad_verb(value, verb),
        }
    }

    fn print_string(&mut self, value: &Value, text: &[u8], verb: char) {
        match verb {
            'v' if self.format.flags.sharp_v => self.format.quoted(text),
            'v' | 's' => self.format.string(text),
            'x' => self.format.hexadecimal_bytes(text, false),
            'X' => self.format.hexadecimal_bytes(text, true),
            'q' => self.format.quoted(text),
            _ => self.print_bad_verb(value, verb),
        }
    }

    fn print_bytes(&mut self, value: &Value, bytes: &[u8], verb: char, depth: usize) {
        match verb {
            'v' | 'd' => {
                if self.format.flags.sharp_v {
                    // `[]byte`, not `[]uint8`, for an operand itself.
                    match value.go_type() {
                        Some(Type::Slice(_)) if depth == 0 => self.write(b"[]byte"),
                        Some(go_type) => self.write_type(go_type),
                        None => {}
                    }
                    self.push(b'{');
                    for (at, byte) in bytes.iter().enumerate() {
                        self.separate(at);
                        self.format.hexadecimal_address((*byte).into(), true);
                    }
                    return self.push(b'}');
                }
                self.push(b'[');
                for (at, byte) in bytes.iter().enumerate() {
                    self.separate(at);
                    self.format.integer(false, (*byte).into(), 10, verb, false);
                }
                self.push(b']');
            }
            's' => self.format.string(bytes),
            'x' => self.format.hexadecimal_bytes(bytes, false),
            'X' => self.format.hexadecimal_bytes(bytes, true),
            'q' => self.format.quoted(bytes),
            _ => {
                if self.format.flags.sharp_v
                    && let Some(go_type) = value.go_type()
                {
                    self.write_type(go_type);
                }
                let (open, close) = self.brackets(b'[', b']');
                self.push(open);
                for (at, byte) in bytes.iter().enumerate() {
                    self.separate(at);
                    let item = Value::Number(Number::Uint8(*byte));
                    self.print_value(&item, verb, depth + 1);
                }
                self.push(close);
            }
        }
    }

    /// `%p`, and pointers under other verbs.
    fn print_pointer(&mut self, value: &Value, verb: char) {
        let address = match value {
            Value::Map(map) if map.is_nil() => 0,
            Value::Map(map) => map.address() as u64,
            Value::List(list) if list.is_nil() => 0,
            Value::List(list) => list.as_ptr() as usize as u64,
            Value::Bytes(bytes) => bytes.as_ptr() as usize as u64,
            Value::Object(object) => match object.go_type().kind() {
                Kind::Pointer | Kind::Func | Kind::Map | Kind::Slice => {
                    Rc::as_ptr(object).cast::<()>() as usize as u64
                }
                _ => return self.print_bad_verb(value, verb),
            },
            _ => return self.print_bad_verb(value, verb),
        };
        match verb {
            'v' => {
                if self.format.flags.sharp_v {
                    self.push(b'(');
                    if let Some(go_type) = value.go_type() {
                        self.write_type(go_type);
                    }
                    self.write(b")(");
                    if address == 0 {
                        self.write(b"nil");
                    } else {
                        self.format.hexadecimal_address(address, true);
                    }
                    self.push(b')');
                } else if address == 0 {
                    self.format.pad(b"<nil>");
                } else {
                    let prefix = !self.format.flags.sharp;
                    self.format.hexadecimal_address(address, prefix);
                }
            }
            'p' => {
                let prefix = !self.format.flags.sharp;
                self.format.hexadecimal_address(address, prefix);
            }
            'b' | 'o' | 'd' | 'x' | 'X' => self.print_integer(value, false, address, verb),
            _ => self.print_bad_verb(value, verb),
        }
    }
}

/// The static type of an object over a map, for printing under its own name.
fn named(object: &Rc<dyn Object>, go_type: &Type) -> Option<&'static Type> {
    let own = object.go_type();
    if own == go_type {
        return Some(own);
    }
    match own {
        Type::Pointer(target) => Some(target),
        _ => None,
    }
}

/// Whether Go asks the value for methods before anything else: all but the basic types.
fn depth_takes_methods(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_))
}
