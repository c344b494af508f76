//! One strategic merge patch laid over another (`mergeMap`, with parallel lists and nulls kept).

use serde_json::Value;

use super::schema::{Field, Strategy, Type};
use super::sequence::{self, Items, is_directive};
use super::strategic::{DELETE, DELETE_SCALARS, DIRECTIVE, ORDER, RETAIN_KEYS};
use super::{Kind, Object, list_text, object_text, text, unexpected};

const BAD_ORDER: &str = "invalid patch format of setElementOrder list";

/// The patch that does what `under` does and then what `over` does.
///
/// # Errors
/// They contradict each other, or say what cannot be done; Go's words.
pub(super) fn objects(mut under: Object, mut over: Object, of: Type) -> Result<Object, String> {
    if let Some(directive) = over.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                over.remove(DIRECTIVE);
                Ok(over)
            }
            Some(DELETE) => Ok(Object::new()),
            _ => Err(unknown_directive(directive, &over)),
        };
    }
    if let Some(keys) = over.remove(RETAIN_KEYS) {
        match under.get(RETAIN_KEYS) {
            Some(known) if *known != keys => {
                return Err(format!(
                    "{} and {} are not deep equal: this may happen when calculating the 3-way diff patch",
                    text(known),
                    text(&keys)
                ));
            }
            Some(_) => {}
            None => {
                under.insert(RETAIN_KEYS.to_owned(), keys);
            }
        }
    }
    let mut orders: Vec<_> = over
        .keys()
        .filter(|key| key.starts_with(ORDER))
        .cloned()
        .collect();
    orders.sort_unstable();
    for key in orders {
        ordered(&key, &mut under, &mut over, of)?;
    }
    for (key, value) in over {
        if value.is_null() || key.starts_with(DELETE_SCALARS) {
            under.insert(key, value);
            continue;
        }
        let merged = match (under.remove(&key), value) {
            (Some(Value::Object(lower)), Value::Object(upper)) => {
                let field = of.field(&key)?;
                Some(Value::Object(match field.strategy {
                    Strategy::Replace => upper,
                    Strategy::Default | Strategy::Merge => objects(lower, upper, field.of)?,
                }))
            }
            (Some(Value::Array(lower)), Value::Array(upper)) => {
                Some(Value::Array(lists(lower, upper, &of.list(&key)?)?))
            }
            (_, value) => without_directives(value),
        };
        if let Some(merged) = merged {
            under.insert(key, merged);
        }
    }
    Ok(under)
}

/// `mergepatch.ErrBadPatchType`
fn unknown_directive(directive: &Value, object: &Object) -> String {
    format!(
        "unknown patch type: {} in map: {}",
        text(&with_complaints(directive)),
        object_text(object)
    )
}

/// What `%s` shows: it complains of all that is no text.
fn with_complaints(value: &Value) -> Value {
    match value {
        Value::Null => Value::from(Kind::Null.name()),
        Value::Bool(_) | Value::Number(_) => {
            Value::from(format!("%!s({}={})", Kind::of(value).name(), text(value)))
        }
        Value::String(_) => value.clone(),
        Value::Array(items) => items.iter().map(with_complaints).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, inner)| (key.clone(), with_complaints(inner)))
            .collect(),
    }
}

/// Moves a list that has an order, and the order, from one patch to the other.
fn ordered(key: &str, under: &mut Object, over: &mut Object, of: Type) -> Result<(), String> {
    let Some(order) = over.remove(key) else {
        return Ok(());
    };
    match under.get(key) {
        Some(known) if *known != order => return Err(BAD_ORDER.to_owned()),
        Some(_) => {}
        None => {
            under.insert(key.to_owned(), order.clone());
        }
    }
    let Value::Array(order) = &order else {
        return Err(unexpected(Kind::List, &order));
    };
    let Some((ORDER, name)) = key.split_once('/') else {
        return Err(BAD_ORDER.to_owned());
    };
    let list = |patch: &Object| match patch.get(name) {
        Some(Value::Array(items)) => Ok(Some(items.clone())),
        Some(other) => Err(unexpected(Kind::List, other)),
        None => Ok(None),
    };
    let (lower, upper) = (list(under)?, list(over)?);
    let field = of.list(name)?;
    validate(upper.as_deref().unwrap_or_default(), order, field.key)?;
    let known = lower.clone().unwrap_or_default();
    let changed = upper.clone().unwrap_or_default();
    let merged = match (lower, upper) {
        (None, None) => return Ok(()),
        (Some(lower), None) => lower,
        (None, Some(upper)) => upper.into_iter().filter_map(without_directives).collect(),
        (Some(lower), Some(upper)) => lists(lower, upper, &field)?,
    };
    // What they are is asked last, as in Go.
    let mut items = Items {
        key: field.key,
        kind: Kind::Object,
    };
    let (inside, outside) = items.partition(merged, order)?;
    items.kind = sequence::kind(&[&known, &changed])?;
    let woven = items.weave(inside, outside, order, &known)?;
    under.insert(name.to_owned(), Value::Array(woven));
    over.remove(name);
    Ok(())
}

/// Checks that the items of a patch come in their order.
fn validate(items: &[Value], order: &[Value], key: &str) -> Result<(), String> {
    if items.is_empty() || order.is_empty() {
        return Ok(());
    }
    let staying = match key.is_empty() {
        true => items.to_vec(),
        false => sequence::split_deleted(items.to_vec())?.0,
    };
    let (mut item, mut place) = (0, 0);
    while item < staying.len() && place < order.len() {
        if is_directive(&staying[item]) {
            item += 1;
            continue;
        }
        if sequence::is_same_item(&staying[item], &order[place], key)? {
            item += 1;
        }
        place += 1;
    }
    if item < staying.len() && place >= order.len() {
        return Err(format!(
            "The order in patch list:\n{}\n doesn't match {ORDER} list:\n{}\n",
            list_text(items),
            list_text(order)
        ));
    }
    Ok(())
}

/// What is left where nothing is there that directives could be about.
fn without_directives(value: Value) -> Option<Value> {
    Some(match value {
        Value::Object(object) if object.contains_key(DIRECTIVE) => return None,
        Value::Object(object) => object
            .into_iter()
            .filter_map(|(key, inner)| Some((key, without_directives(inner)?)))
            .collect(),
        Value::Array(items) => items.into_iter().filter_map(without_directives).collect(),
        other => other,
    })
}

fn lists(under: Vec<Value>, over: Vec<Value>, field: &Field) -> Result<Vec<Value>, String> {
    if field.strategy != Strategy::Merge {
        return Ok(over);
    }
    if under.is_empty() && over.is_empty() {
        return Ok(under);
    }
    let items = Items {
        key: field.key,
        kind: sequence::kind(&[&under, &over])?,
    };
    let (under, over, merged) = if items.kind == Kind::Object {
        if field.key.is_empty() {
            return Err(format!(
                "cannot merge lists without merge key for {}",
                field.of.kind()
            ));
        }
        let (under, over) = follow_directives(under, over, field.key)?;
        let merged = keyed(under.clone(), &over, field)?;
        (under, over, merged)
    } else {
        let both = under.iter().chain(&over).cloned().collect();
        (under, over, sequence::distinct(both))
    };
    let (inside, outside) = items.partition(merged, &over)?;
    items.weave(inside, outside, &over, &under)
}

/// Does what items of the upper list say about others.
fn follow_directives(
    mut under: Vec<Value>,
    over: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), String> {
    let mut rest = Vec::with_capacity(over.len());
    let mut replaces = false;
    for item in over {
        let Some(directive) = item.get(DIRECTIVE) else {
            rest.push(item);
            continue;
        };
        match directive.as_str() {
            Some(DELETE) => {
                let wanted = sequence::key_of(&item, key)?;
                while let Some(at) = sequence::position(&under, key, wanted)? {
                    under.remove(at);
                }
            }
            Some("replace") => replaces = true,
            Some("merge") => {
                return Err("merging lists cannot yet be specified in the patch".to_owned());
            }
            _ => {
                let object = item.as_object().cloned().unwrap_or_default();
                return Err(unknown_directive(directive, &object));
            }
        }
    }
    Ok(match replaces {
        true => (rest, Vec::new()),
        false => (under, rest),
    })
}

/// Merges items that are the same, and appends the others.
fn keyed(mut under: Vec<Value>, over: &[Value], field: &Field) -> Result<Vec<Value>, String> {
    for item in over {
        let at = sequence::position(&under, field.key, sequence::key_of(item, field.key)?)?;
        match (at.map(|at| &mut under[at]), item) {
            (Some(lower @ Value::Object(_)), Value::Object(upper)) => {
                if let Value::Object(known) = lower.take() {
                    *lower = Value::Object(objects(known, upper.clone(), field.of)?);
                }
            }
            _ => under.push(item.clone()),
        }
    }
    Ok(under)
}
