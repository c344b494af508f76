//! Lists: sprig's `list.go`.
//!
//! Results are new lists of type `[]interface {}`; those that Go never allocates (`rest` of nothing)
//! are nil slices, which JSON shows as `null`.

use std::borrow::Cow;
use std::rc::Rc;

use super::equal::deep_equal;
use super::{argument, bound, cast, default, function, variadic};
use crate::template::{Caller, Function};
use crate::value::{Fault, List, Text, Type, Value};

const ANY: Type = Type::Any;

pub(super) const FUNCTIONS: &[Function] = &[
    function("append", &[ANY, ANY], append),
    function("chunk", &[Type::INT, ANY], chunk),
    function("compact", &[ANY], compact),
    variadic("concat", &[ANY], concat),
    function("first", &[ANY], first),
    function("has", &[ANY, ANY], has),
    function("initial", &[ANY], initial),
    function("last", &[ANY], last),
    variadic("list", &[ANY], list),
    function("mustAppend", &[ANY, ANY], append),
    function("mustChunk", &[Type::INT, ANY], chunk),
    function("mustCompact", &[ANY], compact),
    function("mustFirst", &[ANY], first),
    function("mustHas", &[ANY, ANY], has),
    function("mustInitial", &[ANY], initial),
    function("mustLast", &[ANY], last),
    function("mustPrepend", &[ANY, ANY], prepend),
    function("mustPush", &[ANY, ANY], append),
    function("mustRest", &[ANY], rest),
    function("mustReverse", &[ANY], reverse),
    variadic("mustSlice", &[ANY, ANY], slice),
    function("mustUniq", &[ANY], uniq),
    variadic("mustWithout", &[ANY, ANY], without),
    function("prepend", &[ANY, ANY], prepend),
    function("push", &[ANY, ANY], append),
    function("rest", &[ANY], rest),
    function("reverse", &[ANY], reverse),
    variadic("slice", &[ANY, ANY], slice),
    variadic("tuple", &[ANY], list),
    function("uniq", &[ANY], uniq),
    variadic("without", &[ANY, ANY], without),
];

type Outcome = Result<Value, Fault>;

/// The items of `value`; where it is no slice, sprig's error: `complaint` and the kind.
fn items<'a>(value: &'a Value, complaint: &str) -> Result<Cow<'a, [Value]>, Fault> {
    if matches!(value, Value::Nil) {
        return Err(Fault::from(argument::NIL_DEREFERENCE));
    }
    argument::slice(value).ok_or_else(|| Fault::from(format!("{complaint} type {}", value.kind())))
}

fn nil_list() -> Value {
    Value::List(List::nil(&Type::LIST))
}

fn list(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::list(arguments.to_vec()))
}

fn append(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot push on")?;
    let mut out = Vec::with_capacity(items.len() + 1);
    out.extend_from_slice(&items);
    out.push(argument::any(arguments, 1).clone());
    Ok(Value::list(out))
}

fn prepend(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot prepend on")?;
    let mut out = Vec::with_capacity(items.len() + 1);
    out.push(argument::any(arguments, 1).clone());
    out.extend_from_slice(&items);
    Ok(Value::list(out))
}

/// The numbers are Go's, floats and all, so that odd sizes fail as there.
fn chunk(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let size = argument::int(arguments, 0)?;
    let items = items(argument::any(arguments, 1), "Cannot chunk")?;
    let out_of_range = || Fault::from("runtime error: makeslice: len out of range");
    let (length, width) = (items.len() as f64, size as f64);
    let count = cast::float_to_int(((length - 1.0) / width).floor() + 1.0);
    let count = usize::try_from(count).map_err(|_| out_of_range())?;
    let mut chunks = Vec::new();
    for index in 0..count {
        let mut length = size;
        if index + 1 == count {
            length = cast::float_to_int((items.len() as f64 % width).floor());
            if length == 0 {
                length = size;
            }
        }
        let length = usize::try_from(length).map_err(|_| out_of_range())?;
        let from = index.saturating_mul(usize::try_from(size).unwrap_or(0));
        let chunk = items
            .get(from..from.saturating_add(length))
            .ok_or_else(|| Fault::from("reflect: slice index out of range"))?;
        chunks.push(Value::list(chunk.to_vec()));
    }
    Ok(Value::List(List::new(&Type::LISTS, chunks)))
}

fn compact(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot compact on")?;
    let kept = items.iter().filter(|item| !default::is_empty(item));
    Ok(Value::list(kept.cloned().collect()))
}

fn concat(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let mut out = Vec::new();
    for list in arguments {
        if matches!(list, Value::Nil) {
            return Err(Fault::from(argument::NIL_DEREFERENCE));
        }
        let Some(items) = argument::slice(list) else {
            return Err(Fault::from(format!(
                "Cannot concat type {} as list",
                list.kind()
            )));
        };
        out.extend_from_slice(&items);
        bound::items("concat", out.len() as u128)?;
    }
    Ok(if out.is_empty() {
        nil_list()
    } else {
        Value::list(out)
    })
}

fn first(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot find first on")?;
    Ok(items.first().cloned().unwrap_or_default())
}

fn last(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot find last on")?;
    Ok(items.last().cloned().unwrap_or_default())
}

fn rest(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot find rest on")?;
    Ok(match items.split_first() {
        Some((_, rest)) => Value::list(rest.to_vec()),
        None => nil_list(),
    })
}

fn initial(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot find initial on")?;
    Ok(match items.split_last() {
        Some((_, initial)) => Value::list(initial.to_vec()),
        None => nil_list(),
    })
}

fn reverse(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot find reverse on")?;
    Ok(Value::list(items.iter().rev().cloned().collect()))
}

fn uniq(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot find uniq on")?;
    let mut seen = Seen::default();
    let mut out: Vec<Value> = Vec::new();
    for item in items.iter() {
        if seen.is_new(item, &out) {
            out.push(item.clone());
        }
    }
    Ok(Value::list(out))
}

/// Finds repeated strings without comparing each with each.
#[derive(Default)]
struct Seen(std::collections::BTreeSet<Text>);

impl Seen {
    fn is_new(&mut self, item: &Value, kept: &[Value]) -> bool {
        match item {
            Value::String(text) => self.0.insert(text.clone()),
            _ => !kept.iter().any(|other| deep_equal(item, other)),
        }
    }
}

fn without(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let items = items(argument::any(arguments, 0), "Cannot find without on")?;
    let omitted = arguments.get(1..).unwrap_or_default();
    let kept = items
        .iter()
        .filter(|item| !omitted.iter().any(|other| deep_equal(other, item)));
    Ok(Value::list(kept.cloned().collect()))
}

fn has(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let haystack = argument::any(arguments, 1);
    if matches!(haystack, Value::Nil) {
        return Ok(Value::Bool(false));
    }
    let needle = argument::any(arguments, 0);
    let items = items(haystack, "Cannot find has on")?;
    Ok(Value::Bool(
        items.iter().any(|item| deep_equal(needle, item)),
    ))
}

fn slice(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let list = argument::any(arguments, 0);
    if matches!(list, Value::Nil) {
        return Err(Fault::from(argument::NIL_DEREFERENCE));
    }
    let Some(items) = argument::slice(list) else {
        return Err(Fault::from(format!(
            "list should be type of slice or array but {}",
            list.kind()
        )));
    };
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = arguments.get(1).map_or(0, cast::to_int);
    let end = arguments.get(2).map_or(items.len() as i64, cast::to_int);
    let range = usize::try_from(start)
        .ok()
        .zip(usize::try_from(end).ok())
        .filter(|(start, end)| start <= end && *end <= items.len());
    let Some((start, end)) = range else {
        return Err(Fault::from(
            "reflect.Value.Slice: slice index out of bounds",
        ));
    };
    Ok(match list {
        Value::Bytes(bytes) => Value::Bytes(Text::from(&bytes[start..end])),
        Value::List(list) => Value::List(List::new(list.go_type(), items[start..end].to_vec())),
        Value::Object(object) if start == 0 && end == items.len() => {
            Value::Object(Rc::clone(object))
        }
        _ => Value::list(items[start..end].to_vec()),
    })
}
