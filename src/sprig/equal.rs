//! `reflect.DeepEqual`.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::value::Value;

/// Whether both are equal in type and content. Numbers of different types differ, and so do a nil
/// and an empty slice or map; NaN differs from itself.
pub(super) fn deep_equal(a: &Value, b: &Value) -> bool {
    equal(a, b, &mut BTreeSet::new())
}

/// `compared` holds the pairs of maps under comparison: they are taken for equal when they are met
/// again.
fn equal(a: &Value, b: &Value, compared: &mut BTreeSet<(usize, usize)>) -> bool {
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) | (Value::Int64(a), Value::Int64(b)) => a == b,
        (Value::Float64(a), Value::Float64(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::String(a), Value::String(b)) | (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            a.go_type() == b.go_type()
                && a.is_nil() == b.is_nil()
                && a.len() == b.len()
                && deeper(|| a.iter().zip(b.iter()).all(|(a, b)| equal(a, b, compared)))
        }
        (Value::Map(a), Value::Map(b)) => {
            if a.go_type() != b.go_type() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return false;
            }
            if a.same(b) || !compared.insert((a.address(), b.address())) {
                return true;
            }
            deeper(|| {
                let (a, b) = (a.borrow(), b.borrow());
                a.iter()
                    .zip(b.iter())
                    .all(|((k, a), (l, b))| k == l && equal(a, b, compared))
            })
        }
        (Value::Object(a), Value::Object(b)) => {
            if Rc::ptr_eq(a, b) {
                return true;
            }
            if a.go_type() != b.go_type() || a.text() != b.text() {
                return false;
            }
            let (fields, others) = (a.fields(), b.fields());
            let (content, other) = (a.underlying(), b.underlying());
            fields.len() == others.len()
                && deeper(|| {
                    fields
                        .iter()
                        .zip(&others)
                        .all(|((_, a), (_, b))| equal(a, b, compared))
                        && equal(
                            &content.unwrap_or_default(),
                            &other.unwrap_or_default(),
                            compared,
                        )
                })
        }
        _ => false,
    }
}

/// Lists nest as deep as a template builds them: the stack grows with them.
fn deeper<T>(compare: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, compare)
}
