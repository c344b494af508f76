//! `eq`, `ne`, `lt`, `le`, `gt`, `ge` (`text/template/funcs.go`, Go 1.26).

use std::rc::Rc;

use super::exec::{show, show_type};
use super::slot::{Slot, underlying};
use crate::go::fmt;
use crate::value::{Fault, Kind, Number, Value};

/// What is asked of two ordered values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Lt,
    Le,
    Gt,
    Ge,
}

/// Values of the types that can be compared, by Go's basic kinds.
enum Basic<'a> {
    Bool(bool),
    Complex(f64, f64),
    Int(i128),
    Float(f64),
    String(&'a [u8]),
    Uint(i128),
}

fn basic(value: &Value) -> Option<Basic<'_>> {
    Some(match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(n) | Value::Int64(n) => Basic::Int((*n).into()),
        Value::Float64(n) => Basic::Float(*n),
        Value::String(text) => Basic::String(text),
        Value::Number(number) => match number {
            Number::Float32(n) => Basic::Float((*n).into()),
            Number::Complex128(re, im) => Basic::Complex(*re, *im),
            Number::Int8(_) | Number::Int16(_) | Number::Int32(_) => {
                Basic::Int(value.as_integer()?)
            }
            _ => Basic::Uint(value.as_integer()?),
        },
        _ => return None,
    })
}

/// `eq`: whether the first is equal to any of the others.
pub(super) fn equal(slots: &[Slot]) -> Result<bool, Fault> {
    let Some((first, others)) = slots.split_first() else {
        return Err(Fault::from("missing argument for comparison"));
    };
    if others.is_empty() {
        return Err(Fault::from("missing argument for comparison"));
    }
    for other in others {
        if equal_pair(first.value(), other.value())? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal_pair(a: Option<&Value>, b: Option<&Value>) -> Result<bool, Fault> {
    let (Some(a), Some(b)) = (a, b) else {
        // Nothing is equal to nothing, and to nil slices and maps, but not to a basic value.
        return Ok(match (a, b) {
            (Some(value), None) | (None, Some(value)) => {
                basic(&underlying(value)).is_none() && is_nil(value)
            }
            _ => true,
        });
    };
    let (below_a, below_b) = (underlying(a), underlying(b));
    let equal = match (basic(&below_a), basic(&below_b)) {
        (Some(Basic::Bool(a)), Some(Basic::Bool(b))) => a == b,
        (Some(Basic::Complex(re, im)), Some(Basic::Complex(r, i))) => re == r && im == i,
        (Some(Basic::Int(a) | Basic::Uint(a)), Some(Basic::Int(b) | Basic::Uint(b))) => a == b,
        (Some(Basic::Float(a)), Some(Basic::Float(b))) => a == b,
        (Some(Basic::String(a)), Some(Basic::String(b))) => a == b,
        (None, None) => return equal_composite(a, b),
        _ => return Err(incompatible(a, b)),
    };
    Ok(equal)
}

fn incompatible(a: &Value, b: &Value) -> Fault {
    Fault::from(format!(
        "incompatible types for comparison: {} and {}",
        show_type(a.go_type()),
        show_type(b.go_type())
    ))
}

fn is_nil(value: &Value) -> bool {
    match &*underlying(value) {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

fn show_as_string(value: &Value) -> String {
    String::from_utf8_lossy(&fmt::sprintf("%s", std::slice::from_ref(value))).into_owned()
}

fn equal_composite(a: &Value, b: &Value) -> Result<bool, Fault> {
    let (type_a, type_b) = (show_type(a.go_type()), show_type(b.go_type()));
    if a.kind() != b.kind() {
        return Err(Fault::from(format!(
            "non-comparable types {}: {type_a}, {type_b}: {}",
            show_as_string(a),
            show(b)
        )));
    }
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) == is_nil(b));
    }
    if matches!(b.kind(), Kind::Slice | Kind::Map | Kind::Func) {
        return Err(Fault::from(format!(
            "non-comparable type {}: {type_b}",
            show_as_string(b)
        )));
    }
    Ok(same(a, b))
}

/// Go's `==` of two interfaces that hold structs or pointers.
fn same(a: &Value, b: &Value) -> bool {
    let (Value::Object(x), Value::Object(y)) = (a, b) else {
        return false;
    };
    if x.go_type() != y.go_type() {
        return false;
    }
    if Rc::ptr_eq(x, y) {
        return true;
    }
    if x.go_type().kind() == Kind::Pointer {
        return false;
    }
    let (fields, others) = (x.fields(), y.fields());
    if fields.is_empty() && others.is_empty() {
        return x.text() == y.text();
    }
    fields.len() == others.len()
        && fields
            .iter()
            .zip(&others)
            .all(|((_, a), (_, b))| match (a, b) {
                (Value::Nil, Value::Nil) => true,
                _ => equal_pair(Some(a), Some(b)).unwrap_or(false),
            })
}

/// `lt`, `le`, `gt` and `ge`.
pub(super) fn ordered(slots: &[Slot], order: Order) -> Result<bool, Fault> {
    let [a, b] = slots else {
        return Err(Fault::from("missing argument for comparison"));
    };
    let invalid = || Fault::from("invalid type for comparison");
    let (Some(a), Some(b)) = (a.value(), b.value()) else {
        return Err(invalid());
    };
    let (below_a, below_b) = (underlying(a), underlying(b));
    let (Some(basic_a), Some(basic_b)) = (basic(&below_a), basic(&below_b)) else {
        return Err(invalid());
    };
    // Not a number is neither less nor equal; Go derives `gt` and `ge` from that.
    let (less, equal) = match (basic_a, basic_b) {
        (Basic::Int(a) | Basic::Uint(a), Basic::Int(b) | Basic::Uint(b)) => (a < b, a == b),
        (Basic::Float(a), Basic::Float(b)) => (a < b, a == b),
        (Basic::String(a), Basic::String(b)) => (a < b, a == b),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => {
            return Err(invalid());
        }
        _ => return Err(incompatible(a, b)),
    };
    Ok(match order {
        Order::Lt => less,
        Order::Le => less || equal,
        Order::Gt => !(less || equal),
        Order::Ge => !less,
    })
}
