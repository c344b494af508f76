//! Values as Go's `reflect` sees them while a template executes.

use std::borrow::Cow;
use std::fmt;

use crate::value::{Kind, List, Map, Number, Text, Type, Value};

/// A `reflect.Value`.
#[derive(Clone)]
pub(super) enum Slot {
    /// The zero `reflect.Value`: there is nothing.
    Invalid,
    /// Go's mark for "no argument was piped".
    Missing,
    /// Of static type `interface {}`; may hold nil.
    Interface(Value),
    /// Of the value's own type; never nil.
    Concrete(Value),
}

impl Slot {
    /// `reflect.ValueOf`
    pub(super) fn of(value: Value) -> Slot {
        match value {
            Value::Nil => Slot::Invalid,
            value => Slot::Concrete(value),
        }
    }

    /// What a function returned, or what a field holds: nil has to be in an interface.
    pub(super) fn result(value: Value) -> Slot {
        match value {
            Value::Nil => Slot::Interface(Value::Nil),
            value => Slot::Concrete(value),
        }
    }

    /// An element of a slice or map whose elements have the type.
    pub(super) fn element(element: Option<&Type>, value: Value) -> Slot {
        match element {
            None | Some(Type::Any) => Slot::Interface(value),
            Some(_) => Slot::result(value),
        }
    }

    /// `reflect.Zero`
    pub(super) fn zero(go_type: &'static Type) -> Slot {
        match zero(go_type) {
            Value::Nil => Slot::Interface(Value::Nil),
            value => Slot::Concrete(value),
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Slot::Missing)
    }

    /// `indirectInterface`: what an interface holds.
    pub(super) fn held(self) -> Slot {
        match self {
            Slot::Interface(value) => Slot::of(value),
            other => other,
        }
    }

    /// The value, unless there is none or it is a nil interface.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Slot::Invalid | Slot::Missing | Slot::Interface(Value::Nil) => None,
            Slot::Interface(value) | Slot::Concrete(value) => Some(value),
        }
    }

    /// The value; nil where there is none.
    pub(super) fn into_value(self) -> Value {
        match self {
            Slot::Invalid | Slot::Missing => Value::Nil,
            Slot::Interface(value) | Slot::Concrete(value) => value,
        }
    }

    /// The static type, for error texts.
    pub(super) fn type_name(&self) -> TypeName<'_> {
        TypeName(self)
    }

    /// `isTrue`
    pub(super) fn is_true(&self) -> bool {
        self.value().is_some_and(is_true)
    }
}

/// Prints the static type of a slot.
pub(super) struct TypeName<'a>(&'a Slot);

impl fmt::Display for TypeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Slot::Concrete(value) => match value.go_type() {
                Some(go_type) => go_type.fmt(f),
                None => f.write_str("nil"),
            },
            _ => f.write_str("interface {}"),
        }
    }
}

/// The slice, map, number or string that an object of a named type is; others themselves.
pub(super) fn underlying(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::Object(object) => match object.underlying() {
            Some(below) => Cow::Owned(below),
            None => Cow::Borrowed(value),
        },
        _ => Cow::Borrowed(value),
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Nil => false,
        Value::Bool(value) => *value,
        Value::Int(n) | Value::Int64(n) => *n != 0,
        Value::Float64(n) => *n != 0.0,
        Value::Number(Number::Float32(n)) => *n != 0.0,
        Value::Number(Number::Complex128(re, im)) => *re != 0.0 || *im != 0.0,
        Value::Number(_) => value.as_integer() != Some(0),
        Value::String(text) | Value::Bytes(text) => !text.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Object(object) => match object.go_type().kind() {
            Kind::Struct | Kind::Pointer | Kind::Func => true,
            _ => object.underlying().is_none_or(|below| is_true(&below)),
        },
    }
}

/// The zero value of a type; nil for those that have none here.
fn zero(go_type: &'static Type) -> Value {
    match go_type.kind() {
        Kind::Bool => Value::Bool(false),
        Kind::String => Value::String(Text::default()),
        Kind::Float64 => Value::Float64(0.0),
        Kind::Float32 => Value::Number(Number::Float32(0.0)),
        Kind::Complex128 => Value::Number(Number::Complex128(0.0, 0.0)),
        Kind::Slice if *go_type == Type::BYTES => Value::Bytes(Text::default()),
        Kind::Slice => Value::List(List::nil(go_type)),
        Kind::Map => Value::Map(Map::nil(go_type)),
        kind => integer(kind, 0, 0).unwrap_or_default(),
    }
}

/// An integer of the kind: `signed` for the signed ones, `unsigned` for the others.
pub(super) fn integer(kind: Kind, signed: i64, unsigned: u64) -> Option<Value> {
    Some(match kind {
        Kind::Int => Value::Int(signed),
        Kind::Int64 => Value::Int64(signed),
        Kind::Int8 => Value::Number(Number::Int8(signed as i8)),
        Kind::Int16 => Value::Number(Number::Int16(signed as i16)),
        Kind::Int32 => Value::Number(Number::Int32(signed as i32)),
        Kind::Uint => Value::Number(Number::Uint(unsigned)),
        Kind::Uint8 => Value::Number(Number::Uint8(unsigned as u8)),
        Kind::Uint16 => Value::Number(Number::Uint16(unsigned as u16)),
        Kind::Uint32 => Value::Number(Number::Uint32(unsigned as u32)),
        Kind::Uint64 => Value::Number(Number::Uint64(unsigned)),
        _ => return None,
    })
}

/// Whether Go lets a value of the type stand where `parameter` is asked (`Type.AssignableTo`).
pub(super) fn is_assignable(go_type: &Type, parameter: &Type) -> bool {
    if matches!(parameter, Type::Any) || go_type == parameter {
        return true;
    }
    // One of the two may be named, if it is not a basic type's name.
    let named = |go_type: &Type| matches!(go_type, Type::Named { .. });
    matches!(
        parameter.kind(),
        Kind::Slice | Kind::Map | Kind::Pointer | Kind::Func
    ) && !(named(go_type) && named(parameter))
        && go_type.underlying() == parameter.underlying()
}

/// `canBeNil`
pub(super) fn can_be_nil(go_type: &Type) -> bool {
    matches!(
        go_type.kind(),
        Kind::Interface | Kind::Map | Kind::Pointer | Kind::Slice | Kind::Func
    )
}
