//! Go's own template functions (`text/template/funcs.go`, Go 1.26).

use super::compare::{self, Order};
use super::exec::byte_value;
use super::function::{Caller, Function};
use super::slot::{Slot, underlying};
use crate::go::{escape, fmt, url};
use crate::value::{Fault, List, Text, Type, Value};

/// A function that sees its arguments as Go's `reflect` does: whether there is a value at all, and
/// of which static type.
#[derive(Debug)]
pub struct Builtin {
    name: &'static str,
    parameters: usize,
    variadic: bool,
    body: Body,
}

#[derive(Clone, Copy, Debug)]
enum Body {
    /// `and`, `or`: stops at the first argument whose truth is this.
    Stop(bool),
    Call(fn(&[Slot]) -> Result<Slot, Fault>),
    /// `call`
    Callee,
}

const fn builtin(name: &'static str, parameters: usize, variadic: bool, body: Body) -> Builtin {
    Builtin {
        name,
        parameters,
        variadic,
        body,
    }
}

pub(super) static BUILTINS: &[Builtin] = &[
    builtin("and", 2, true, Body::Stop(false)),
    builtin("call", 2, true, Body::Callee),
    builtin(
        "eq",
        2,
        true,
        Body::Call(|slots| boolean(compare::equal(slots))),
    ),
    builtin(
        "ge",
        2,
        false,
        Body::Call(|slots| boolean(compare::ordered(slots, Order::Ge))),
    ),
    builtin(
        "gt",
        2,
        false,
        Body::Call(|slots| boolean(compare::ordered(slots, Order::Gt))),
    ),
    builtin("index", 2, true, Body::Call(index)),
    builtin(
        "le",
        2,
        false,
        Body::Call(|slots| boolean(compare::ordered(slots, Order::Le))),
    ),
    builtin("len", 1, false, Body::Call(length)),
    builtin(
        "lt",
        2,
        false,
        Body::Call(|slots| boolean(compare::ordered(slots, Order::Lt))),
    ),
    builtin(
        "ne",
        2,
        false,
        Body::Call(|slots| boolean(compare::equal(slots).map(|eq| !eq))),
    ),
    builtin(
        "not",
        1,
        false,
        Body::Call(|slots| boolean(Ok(!slots.iter().any(Slot::is_true)))),
    ),
    builtin("or", 2, true, Body::Stop(true)),
    builtin("slice", 2, true, Body::Call(slice)),
];

const fn printer(
    name: &'static str,
    parameters: &'static [Type],
    body: super::function::Body,
) -> Function {
    Function {
        name,
        parameters,
        variadic: true,
        body,
    }
}

pub(super) static FUNCTIONS: &[Function] = &[
    printer("html", &[Type::Any], |_, arguments| {
        escaped(arguments, escape::html)
    }),
    printer("js", &[Type::Any], |_, arguments| {
        escaped(arguments, escape::js)
    }),
    printer("print", &[Type::Any], print),
    printer("printf", &[Type::STRING, Type::Any], printf),
    printer("println", &[Type::Any], println),
    printer("urlquery", &[Type::Any], |_, arguments| {
        escaped(arguments, |text| url::query_escape(text))
    }),
];

impl Builtin {
    /// The name in templates.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Number of parameters, and whether the last repeats.
    pub(super) fn shape(&self) -> (usize, bool) {
        (self.parameters, self.variadic)
    }

    /// The truth at which `and` and `or` stop.
    pub(super) fn stops_at(&self) -> Option<bool> {
        match self.body {
            Body::Stop(at) => Some(at),
            _ => None,
        }
    }

    pub(super) fn wants_name(&self) -> bool {
        matches!(self.body, Body::Callee)
    }

    pub(super) fn call(&self, name: &str, slots: &[Slot]) -> Result<Slot, Fault> {
        match self.body {
            Body::Stop(_) => Ok(Slot::Invalid),
            Body::Call(call) => call(slots),
            Body::Callee => Err(match slots.first().map(|slot| slot.clone().held()) {
                Some(callee @ Slot::Concrete(_)) => Fault::from(format!(
                    "non-function {name} of type {}",
                    callee.type_name()
                )),
                _ => Fault::from("call of nil"),
            }),
        }
    }
}

fn boolean(result: Result<bool, Fault>) -> Result<Slot, Fault> {
    result.map(|value| Slot::Concrete(Value::Bool(value)))
}

fn print(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if let [text @ Value::String(_)] = arguments {
        return Ok(text.clone());
    }
    Ok(Value::string(fmt::sprint(arguments)))
}

fn println(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::string(fmt::sprintln(arguments)))
}

fn printf(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let Some((Value::String(format), operands)) = arguments.split_first() else {
        return Ok(Value::string(""));
    };
    Ok(Value::string(fmt::sprintf(format, operands)))
}

fn escaped(arguments: &[Value], escape: fn(&[u8]) -> Vec<u8>) -> Result<Value, Fault> {
    let text = match arguments {
        [Value::String(text)] => escape(text),
        _ => {
            let shown: Vec<Value> = arguments
                .iter()
                .map(|value| match value {
                    Value::Nil => Value::string("<no value>"),
                    Value::Object(object)
                        if matches!(object.go_type(), Type::Pointer(_))
                            && object.text().is_none() =>
                    {
                        let mut out = Vec::new();
                        fmt::print_target(&mut out, value);
                        Value::string(out)
                    }
                    other => other.clone(),
                })
                .collect();
            escape(&fmt::sprint(&shown))
        }
    };
    Ok(Value::string(text))
}

/// A position in something of `limit` elements, which may be one past the end.
fn position(index: &Slot, limit: usize) -> Result<usize, Fault> {
    let value = match index {
        Slot::Invalid | Slot::Missing => {
            return Err(Fault::from("cannot index slice/array with nil"));
        }
        Slot::Interface(_) => None,
        Slot::Concrete(value) => underlying(value).as_integer(),
    };
    let Some(value) = value else {
        return Err(Fault::from(format!(
            "cannot index slice/array with type {}",
            index.type_name()
        )));
    };
    // Unsigned ones wrap in Go.
    #[expect(clippy::cast_possible_truncation, reason = "Go converts to int64 too")]
    let value = value as i64;
    usize::try_from(value)
        .ok()
        .filter(|at| *at <= limit)
        .ok_or_else(|| Fault::from(format!("index out of range: {value}")))
}

fn index(slots: &[Slot]) -> Result<Slot, Fault> {
    let Some((item, indices)) = slots.split_first() else {
        return Ok(Slot::Invalid);
    };
    let mut item = item.clone().held();
    if matches!(item, Slot::Invalid) {
        return Err(Fault::from("index of untyped nil"));
    }
    for index in indices {
        let index = index.clone().held();
        let next = {
            let Some(value) = item.value() else {
                return Err(Fault::from("index of nil pointer"));
            };
            match &*underlying(value) {
                Value::List(list) => {
                    let at = position(&index, list.len())?;
                    let found = list
                        .get(at)
                        .ok_or_else(|| Fault::from("reflect: slice index out of range"))?;
                    Slot::element(list.go_type().element(), found.clone())
                }
                Value::Bytes(bytes) => {
                    let at = position(&index, bytes.len())?;
                    let byte = bytes
                        .get(at)
                        .ok_or_else(|| Fault::from("reflect: slice index out of range"))?;
                    Slot::Concrete(byte_value(*byte))
                }
                Value::String(text) => {
                    let at = position(&index, text.len())?;
                    let byte = text
                        .get(at)
                        .ok_or_else(|| Fault::from("reflect: string index out of range"))?;
                    Slot::Concrete(byte_value(*byte))
                }
                Value::Map(map) => {
                    let key = match index.value() {
                        None => {
                            return Err(Fault::from("value is nil; should be of type string"));
                        }
                        Some(Value::String(key)) => key,
                        Some(_) => {
                            return Err(Fault::from(format!(
                                "value has type {}; should be string",
                                index.type_name()
                            )));
                        }
                    };
                    let element = map.go_type().element();
                    match map.get(key) {
                        Some(value) => Slot::element(element, value),
                        None => Slot::zero(element.unwrap_or(&Type::Any)),
                    }
                }
                _ => {
                    let held = item.clone().held();
                    return Err(Fault::from(format!(
                        "can't index item of type {}",
                        held.type_name()
                    )));
                }
            }
        };
        item = next;
    }
    Ok(item)
}

fn slice(slots: &[Slot]) -> Result<Slot, Fault> {
    let Some((item, indices)) = slots.split_first() else {
        return Ok(Slot::Invalid);
    };
    let item = item.clone().held();
    let Some(value) = item.value() else {
        return Err(Fault::from("slice of untyped nil"));
    };
    if indices.len() > 3 {
        return Err(Fault::from(format!(
            "too many slice indexes: {}",
            indices.len()
        )));
    }
    let below = underlying(value);
    let length = match &*below {
        Value::String(_) if indices.len() == 3 => {
            return Err(Fault::from("cannot 3-index slice a string"));
        }
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        _ => {
            return Err(Fault::from(format!(
                "can't slice item of type {}",
                item.type_name()
            )));
        }
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indices) {
        *bound = position(index, length)?;
    }
    let [start, end, limit] = bounds;
    if start > end {
        return Err(Fault::from(format!("invalid slice index: {start} > {end}")));
    }
    if indices.len() == 3 && end > limit {
        return Err(Fault::from(format!("invalid slice index: {end} > {limit}")));
    }
    Ok(Slot::Concrete(match &*below {
        Value::List(list) => Value::List(List::new(list.go_type(), list[start..end].to_vec())),
        Value::Bytes(bytes) => Value::Bytes(Text::from(&bytes[start..end])),
        Value::String(text) => Value::String(Text::from(&text[start..end])),
        other => other.clone(),
    }))
}

fn length(slots: &[Slot]) -> Result<Slot, Fault> {
    let item = slots.first().unwrap_or(&Slot::Invalid);
    let Some(value) = item.value() else {
        return Err(Fault::from(match item {
            Slot::Interface(_) => "len of nil pointer",
            _ => "reflect: call of reflect.Value.Type on zero Value",
        }));
    };
    let length = match &*underlying(value) {
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => {
            let held = item.clone().held();
            return Err(Fault::from(format!("len of type {}", held.type_name())));
        }
    };
    Ok(Slot::Concrete(Value::Int(
        i64::try_from(length).unwrap_or(i64::MAX),
    )))
}
