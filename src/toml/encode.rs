//! TOML out: values go in, text or the library's error comes out
//! (`github.com/BurntSushi/toml` 1.6.0).

use super::scalar;
use crate::go::strconv;
use crate::go::time::Time;
use crate::value::{List, Number, Object, Text, Type, Value};

/// How deep values are followed; Go would overflow its stack some time later.
const MAX_DEPTH: usize = 100_000;
const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// `value` as BurntSushi/toml 1.6.0's `Encoder` writes it: keys sorted bytewise, simple values
/// before tables, nothing for what is nil, two blanks of indentation a level.
///
/// # Errors
///
/// Go's text: for a nil in a list, for a list of tables at the top, for types that TOML does not
/// have; for nil itself the text of Go's panic.
pub fn encode(value: &Value) -> Result<Vec<u8>, String> {
    let mut encoder = Encoder {
        out: Vec::new(),
        key: Vec::new(),
        depth: 0,
    };
    match value {
        Value::Nil => Err("reflect: call of reflect.Value.Type on zero Value".to_owned()),
        value => encoder.any(value).map(|()| encoder.out),
    }
}

struct Encoder {
    out: Vec<u8>,
    /// The way to the current value.
    key: Vec<Text>,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nil,
    Simple,
    Table,
    Tables,
}

/// A value in TOML's terms: objects are taken apart.
enum Shape {
    Nil,
    /// As it is.
    Value(Value),
    /// Text in quotes.
    Text(Text),
    /// Text without quotes.
    Bare(Text),
    /// A struct.
    Fields(Vec<(Text, Value)>),
}

impl Encoder {
    fn deeper<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth == MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        self.depth += 1;
        let result = stacker::maybe_grow(RED_ZONE, SEGMENT, || act(self));
        self.depth -= 1;
        result
    }

    /// Writes the value of the current key.
    fn any(&mut self, value: &Value) -> Result<(), String> {
        match self.kind(value)? {
            Kind::Nil => Ok(()),
            Kind::Simple => {
                if self.key.is_empty() {
                    return self.element(value);
                }
                self.indent();
                if let Some(name) = self.key.last() {
                    write_key(name, &mut self.out);
                }
                self.out.extend_from_slice(b" = ");
                self.element(value)?;
                self.line_end();
                Ok(())
            }
            Kind::Table => {
                if self.key.len() == 1 {
                    self.line_end();
                }
                if !self.key.is_empty() {
                    self.header(b"[", b"]");
                }
                self.deeper(|encoder| encoder.table(value))
            }
            Kind::Tables => {
                if self.key.is_empty() {
                    return Err("toml: top-level values must be Go maps or structs".to_owned());
                }
                let Shape::Value(Value::List(list)) = shape(value) else {
                    return Ok(());
                };
                for item in list.iter() {
                    self.line_end();
                    self.header(b"[[", b"]]");
                    self.deeper(|encoder| encoder.table(item))?;
                }
                Ok(())
            }
        }
    }

    /// A line end, unless nothing has been written.
    fn line_end(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn indent(&mut self) {
        let width = 2 * self.key.len().saturating_sub(1);
        self.out.extend(std::iter::repeat_n(b' ', width));
    }

    fn header(&mut self, open: &[u8], close: &[u8]) {
        self.indent();
        self.out.extend_from_slice(open);
        for (at, name) in self.key.iter().enumerate() {
            if at > 0 {
                self.out.push(b'.');
            }
            write_key(name, &mut self.out);
        }
        self.out.extend_from_slice(close);
        self.line_end();
    }

    /// The entries of a map or struct, simple ones first.
    fn sorted(&mut self, value: &Value) -> Result<Vec<(Text, Value, Kind)>, String> {
        let (entries, keep_order) = match shape(value) {
            Shape::Value(Value::Map(map)) => (map.snapshot(), false),
            Shape::Fields(fields) => (fields, true),
            _ => (Vec::new(), true),
        };
        let mut sorted = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            let kind = self.kind(&value)?;
            sorted.push((name, value, kind));
        }
        if !keep_order {
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
        }
        sorted.sort_by_key(|entry| matches!(entry.2, Kind::Table | Kind::Tables));
        Ok(sorted)
    }

    fn table(&mut self, value: &Value) -> Result<(), String> {
        for (name, value, kind) in self.sorted(value)? {
            if kind == Kind::Nil {
                continue;
            }
            self.key.push(name);
            let result = self.any(&value);
            self.key.pop();
            result?;
        }
        Ok(())
    }

    fn inline_table(&mut self, value: &Value) -> Result<(), String> {
        let entries = self.sorted(value)?;
        self.out.push(b'{');
        let last = entries.len().saturating_sub(1);
        for (at, (name, value, kind)) in entries.iter().enumerate() {
            if *kind == Kind::Nil {
                continue;
            }
            write_key(name, &mut self.out);
            self.out.extend_from_slice(b" = ");
            self.element(value)?;
            if at != last {
                self.out.extend_from_slice(b", ");
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// What TOML calls the type of a value.
    fn kind(&mut self, value: &Value) -> Result<Kind, String> {
        Ok(match shape(value) {
            Shape::Nil => Kind::Nil,
            Shape::Text(_) | Shape::Bare(_) => Kind::Simple,
            Shape::Fields(_) => Kind::Table,
            Shape::Value(value) => match value {
                Value::Nil => Kind::Nil,
                Value::Map(map) if map.is_nil() => Kind::Nil,
                Value::Map(_) => Kind::Table,
                Value::List(list) => self.deeper(|encoder| encoder.list_kind(&list))?,
                Value::Number(Number::Complex128(..)) => {
                    return Err("unsupported type: complex128".to_owned());
                }
                _ => Kind::Simple,
            },
        })
    }

    fn list_kind(&mut self, list: &List) -> Result<Kind, String> {
        if list.is_nil() {
            return Ok(Kind::Nil);
        }
        let mut tables = !list.is_empty();
        for item in list.iter() {
            match self.kind(item)? {
                Kind::Nil => {
                    return Err("toml: cannot encode array with nil element".to_owned());
                }
                Kind::Table => {}
                Kind::Simple | Kind::Tables => tables = false,
            }
        }
        Ok(if tables { Kind::Tables } else { Kind::Simple })
    }

    /// Writes a value on the current line.
    fn element(&mut self, value: &Value) -> Result<(), String> {
        match shape(value) {
            Shape::Nil => {}
            Shape::Text(text) => write_quoted(&text, &mut self.out),
            Shape::Bare(text) => self.out.extend_from_slice(&text),
            Shape::Fields(_) => return self.deeper(|encoder| encoder.inline_table(value)),
            Shape::Value(value) => match value {
                Value::Bool(value) => {
                    self.out
                        .extend_from_slice(if value { b"true" } else { b"false" });
                }
                Value::String(text) => write_quoted(&text, &mut self.out),
                Value::Float64(n) => write_float(n, 64, &mut self.out),
                Value::Number(Number::Float32(n)) => write_float(n.into(), 32, &mut self.out),
                Value::Bytes(bytes) => {
                    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
                    self.out.push(b'[');
                    self.out.extend_from_slice(numbers.join(", ").as_bytes());
                    self.out.push(b']');
                }
                Value::List(list) => {
                    self.out.push(b'[');
                    for (at, item) in list.iter().enumerate() {
                        if at > 0 {
                            self.out.extend_from_slice(b", ");
                        }
                        self.deeper(|encoder| encoder.element(item))?;
                    }
                    self.out.push(b']');
                }
                Value::Map(_) => return self.deeper(|encoder| encoder.inline_table(&value)),
                Value::Number(Number::Complex128(..)) => {
                    return Err("unsupported type: complex128".to_owned());
                }
                value => {
                    if let Some(n) = value.as_integer() {
                        self.out.extend_from_slice(n.to_string().as_bytes());
                    }
                }
            },
        }
        Ok(())
    }
}

fn shape(value: &Value) -> Shape {
    match value {
        Value::Nil => Shape::Nil,
        Value::Object(object) => object_shape(&**object),
        value => Shape::Value(value.clone()),
    }
}

fn object_shape(object: &dyn Object) -> Shape {
    let named = |go_type: &Type, wanted: &str| {
        let go_type = match go_type {
            Type::Pointer(element) => element,
            other => other,
        };
        matches!(go_type, Type::Struct(name) | Type::Named { name, .. } if *name == wanted)
    };
    let go_type = object.go_type();
    if let Some(time) = object.as_any().downcast_ref::<Time>() {
        return Shape::Bare(scalar::write(time).into());
    }
    if let Some(value) = object.underlying() {
        if named(go_type, "time.Duration")
            && let Some(text) = object.text()
        {
            return Shape::Text(text);
        }
        return Shape::Value(value);
    }
    // A type with a text form of its own is written as that.
    if let Value::String(text) = object.json() {
        return Shape::Text(text);
    }
    Shape::Fields(
        object
            .fields()
            .into_iter()
            .map(|(name, value)| (Text::from(name), value))
            .collect(),
    )
}

pub(super) fn write_key(name: &[u8], out: &mut Vec<u8>) {
    let bare = !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare {
        out.extend_from_slice(name);
    } else {
        write_quoted(name, out);
    }
}

fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        let escape = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            0..0x20 | 0x7f => {
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', escape]);
    }
    out.push(b'"');
}

fn write_float(n: f64, bits: u32, out: &mut Vec<u8>) {
    if !n.is_finite() {
        if n.is_sign_negative() {
            out.push(b'-');
        }
        out.extend_from_slice(if n.is_nan() { b"nan" } else { b"inf" });
        return;
    }
    let start = out.len();
    strconv::append_float(out, n, b'g', None, bits);
    if !out[start..].iter().any(|byte| matches!(byte, b'.' | b'e')) {
        out.extend_from_slice(b".0");
    }
}
