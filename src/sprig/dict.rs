//! Dictionaries: sprig's `dict.go`, and `deepCopy`.
//!
//! `set`, `unset` and the merges change the map that they are given. Where Go's map order is random
//! (`keys`, `values`), ours is that of the keys.

use std::collections::BTreeMap;

use super::merge::{Failure, Precedence, merge};
use super::{argument, function, variadic};
use crate::template::{Caller, Function};
use crate::value::{Fault, List, Map, Text, Type, Value};

const ANY: Type = Type::Any;
const MAP: Type = Type::MAP;
const STRING: Type = Type::STRING;

pub(super) const FUNCTIONS: &[Function] = &[
    function("deepCopy", &[ANY], copy),
    variadic("dict", &[ANY], dict),
    variadic("dig", &[ANY], dig),
    function("get", &[MAP, STRING], get),
    function("hasKey", &[MAP, STRING], has_key),
    variadic("keys", &[MAP], keys),
    variadic("merge", &[MAP, MAP], |_, arguments| {
        swallowed(merged(arguments, Precedence::Destination))
    }),
    variadic("mergeOverwrite", &[MAP, MAP], |_, arguments| {
        swallowed(merged(arguments, Precedence::Source))
    }),
    function("mustDeepCopy", &[ANY], copy),
    variadic("mustMerge", &[MAP, MAP], |_, arguments| {
        told(merged(arguments, Precedence::Destination))
    }),
    variadic("mustMergeOverwrite", &[MAP, MAP], |_, arguments| {
        told(merged(arguments, Precedence::Source))
    }),
    variadic("omit", &[MAP, STRING], omit),
    variadic("pick", &[MAP, STRING], pick),
    variadic("pluck", &[STRING, MAP], pluck),
    function("set", &[MAP, STRING, ANY], set),
    function("unset", &[MAP, STRING], unset),
    function("values", &[MAP], values),
];

type Outcome = Result<Value, Fault>;

fn dict(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let mut entries = BTreeMap::new();
    for pair in arguments.chunks(2) {
        let value = pair.get(1).cloned().unwrap_or_else(|| Value::string(""));
        entries.insert(argument::strval(&pair[0]), value);
    }
    Ok(Value::Map(Map::new(&Type::MAP, entries)))
}

fn get(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let map = argument::map(arguments, 0)?;
    let key = argument::text(arguments, 1)?;
    Ok(map.get(key).unwrap_or_else(|| Value::string("")))
}

fn set(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let map = argument::map(arguments, 0)?;
    let key = argument::text(arguments, 1)?;
    if map.is_nil() {
        return Err(Fault::from("assignment to entry in nil map"));
    }
    map.insert(key.clone(), argument::any(arguments, 2).clone());
    Ok(Value::Map(map))
}

fn unset(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let map = argument::map(arguments, 0)?;
    map.remove(argument::text(arguments, 1)?);
    Ok(Value::Map(map))
}

fn has_key(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let map = argument::map(arguments, 0)?;
    let key = argument::text(arguments, 1)?;
    let has = map.borrow().contains_key(&key[..]);
    Ok(Value::Bool(has))
}

fn pluck(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let key = argument::text(arguments, 0)?;
    let mut out = Vec::new();
    for index in 1..arguments.len() {
        out.extend(argument::map(arguments, index)?.get(key));
    }
    Ok(Value::list(out))
}

fn keys(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let mut out = Vec::new();
    for index in 0..arguments.len() {
        let map = argument::map(arguments, index)?;
        out.extend(map.borrow().keys().cloned().map(Value::String));
    }
    Ok(Value::List(List::new(&Type::STRINGS, out)))
}

fn values(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let map = argument::map(arguments, 0)?;
    let values = map.borrow().values().cloned().collect();
    Ok(Value::list(values))
}

fn pick(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let map = argument::map(arguments, 0)?;
    let mut out = BTreeMap::new();
    for index in 1..arguments.len() {
        let key = argument::text(arguments, index)?;
        if let Some(value) = map.get(key) {
            out.insert(key.clone(), value);
        }
    }
    Ok(Value::Map(Map::new(&Type::MAP, out)))
}

fn omit(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let map = argument::map(arguments, 0)?;
    let mut out: BTreeMap<Text, Value> = map.borrow().clone();
    for index in 1..arguments.len() {
        out.remove(&argument::text(arguments, index)?[..]);
    }
    Ok(Value::Map(Map::new(&Type::MAP, out)))
}

fn merged(arguments: &[Value], precedence: Precedence) -> Result<Value, Failure> {
    let mut destination = argument::map(arguments, 0).map_err(Failure::Panicked)?;
    for index in 1..arguments.len() {
        let source = argument::map(arguments, index).map_err(Failure::Panicked)?;
        if destination.is_nil() && !source.is_nil() {
            destination = Map::new(&Type::MAP, BTreeMap::new());
        }
        merge(&destination, &source, precedence)?;
    }
    Ok(Value::Map(destination))
}

fn swallowed(merged: Result<Value, Failure>) -> Outcome {
    match merged {
        Ok(map) => Ok(map),
        Err(Failure::Returned(_)) => Ok(Value::string("")),
        Err(Failure::Panicked(fault)) => Err(fault),
    }
}

fn told(merged: Result<Value, Failure>) -> Outcome {
    merged.map_err(|(Failure::Returned(fault) | Failure::Panicked(fault))| fault)
}

/// Go: a failed type assertion.
fn conversion(value: &Value, wanted: &str) -> Fault {
    let found = value
        .go_type()
        .map_or_else(|| "nil".to_owned(), ToString::to_string);
    Fault::from(format!(
        "interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

fn exact_map(value: &Value) -> Result<&Map, Fault> {
    match value {
        Value::Map(map) if *map.go_type() == Type::MAP => Ok(map),
        _ => Err(conversion(value, "map[string]interface {}")),
    }
}

fn dig(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let [keys @ .., default, map] = arguments else {
        return Err(Fault::from("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(Fault::from("dig needs at least three arguments"));
    }
    let mut map = exact_map(map)?.clone();
    for key in keys {
        if key.as_text().is_none() {
            return Err(conversion(key, "string"));
        }
    }
    let mut keys = keys.iter().filter_map(Value::as_text).peekable();
    while let Some(key) = keys.next() {
        let Some(step) = map.get(key) else {
            return Ok(default.clone());
        };
        if keys.peek().is_none() {
            return Ok(step);
        }
        map = exact_map(&step)?.clone();
    }
    Ok(default.clone())
}

/// Go: `copystructure.Copy`. Objects cannot change, so they are their own copies.
fn copy(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    match argument::any(arguments, 0) {
        Value::Nil => Err(Fault::from(
            "reflect: call of reflect.Value.Type on zero Value",
        )),
        value => deep_copy(value, &mut Vec::new()),
    }
}

/// `open` are the maps that hold the value to copy: one that holds itself has no copy.
fn deep_copy(value: &Value, open: &mut Vec<usize>) -> Outcome {
    Ok(match value {
        Value::List(list) if !list.is_nil() => {
            let items = deeper(|| {
                let copies = list.iter().map(|item| deep_copy(item, open));
                copies.collect::<Result<_, Fault>>()
            })?;
            Value::List(List::new(list.go_type(), items))
        }
        Value::Map(map) if !map.is_nil() => {
            if open.contains(&map.address()) {
                return Err(Fault::from("deepCopy: the map holds itself"));
            }
            open.push(map.address());
            let entries = deeper(|| {
                let entries = map.borrow();
                let copies = entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), deep_copy(value, open)?)));
                copies.collect::<Result<_, Fault>>()
            })?;
            open.pop();
            Value::Map(Map::new(map.go_type(), entries))
        }
        other => other.clone(),
    })
}

fn deeper<T>(copy: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, copy)
}
