//! The differences of objects, field by field.

use serde_json::{Map, Value};

use super::equal::same;
use super::{Cause, Field, Path, Step, manager};
use crate::kubernetes::merge::Cursor;

/// An object at four moments; noise and secrets have been dealt with.
#[derive(Clone, Copy, Debug, Default)]
pub struct States<'a> {
    /// As it was wanted before.
    pub last: Option<&'a Value>,
    /// As it is.
    pub live: Option<&'a Value>,
    /// As it is wanted now.
    pub wanted: Option<&'a Value>,
    /// As it will be.
    pub after: Option<&'a Value>,
}

impl<'a> States<'a> {
    fn each(self, take: impl Fn(&'a Value) -> Option<&'a Value>) -> States<'a> {
        States {
            last: self.last.and_then(&take),
            live: self.live.and_then(&take),
            wanted: self.wanted.and_then(&take),
            after: self.after.and_then(&take),
        }
    }

    fn member(self, name: &str) -> States<'a> {
        self.each(|value| value.get(name))
    }
}

/// The fields that differ between the live object and what it will be, in the order of the latter.
pub fn fields(states: States<'_>, cursor: Cursor) -> Vec<Field> {
    let mut found = Vec::new();
    walk(states, cursor, &Path::default(), &mut found);
    found
}

/// Names for each field that somebody else changed who that was, as the live object tells.
pub fn name_managers(fields: &mut [Field], live: &Value, own: &str) {
    for field in fields {
        if field.cause != Cause::Chart {
            field.manager = manager::find(live, &field.path, own);
        }
    }
}

fn walk(states: States<'_>, cursor: Cursor, path: &Path, found: &mut Vec<Field>) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        match (states.live, states.after) {
            (None, None) => {}
            (Some(live), Some(after)) if live == after => {}
            (Some(Value::Object(live)), Some(Value::Object(after))) => {
                for name in names(after, live) {
                    let inner = path.field(name);
                    let lists = [live.get(name), after.get(name)];
                    if lists.into_iter().flatten().all(Value::is_array) {
                        let (of, key) = cursor.item(name);
                        list(states.member(name), (of, key), &inner, found);
                    } else {
                        walk(states.member(name), cursor.field(name), &inner, found);
                    }
                }
            }
            (Some(Value::Array(_)), Some(Value::Array(_))) => {
                list(states, (Cursor::unknown(), None), path, found);
            }
            _ => leaf(states, path, found),
        }
    });
}

/// All names of both, those of the first in front.
fn names<'a>(first: &'a Map<String, Value>, second: &'a Map<String, Value>) -> Vec<&'a str> {
    let more = second.keys().filter(|name| !first.contains_key(*name));
    first.keys().chain(more).map(String::as_str).collect()
}

fn list(
    states: States<'_>,
    (cursor, key): (Cursor, Option<&'static str>),
    path: &Path,
    found: &mut Vec<Field>,
) {
    let (Some(Value::Array(live)), Some(Value::Array(after))) = (states.live, states.after) else {
        return leaf(states, path, found);
    };
    if live == after {
        return;
    }
    let keys = key.into_iter().chain(["name"]);
    let told_apart = keys
        .into_iter()
        .find_map(|key| Some((key, ids(after, key)?, ids(live, key)?)));
    if let Some((key, after_ids, live_ids)) = told_apart {
        let gone = live_ids.iter().filter(|id| !after_ids.contains(id));
        let before = found.len();
        for id in after_ids.iter().chain(gone) {
            let step = Step::Item {
                key: key.to_owned(),
                value: id.clone(),
            };
            let item = states.each(|list| {
                let items = list.as_array()?.iter();
                items.into_iter().find(|item| text(&item[key]) == *id)
            });
            walk(item, cursor, &path.then(step), found);
        }
        if found.len() == before && live_ids != after_ids && live_ids.len() == after_ids.len() {
            // They are the same items in another order.
            let order = |ids: Vec<String>| Some(ids.into_iter().map(Value::from).collect());
            found.push(Field {
                path: path.clone(),
                last: None,
                before: order(live_ids),
                after: order(after_ids),
                cause: Cause::Chart,
                manager: None,
            });
        }
        return;
    }
    if live.len() == after.len() {
        for index in 0..after.len() {
            let item = states.each(|list| list.get(index));
            walk(item, cursor, &path.then(Step::Index(index)), found);
        }
        return;
    }
    leaf(states, path, found);
}

/// What tells the items of a list apart; nothing where that does not.
fn ids(items: &[Value], key: &str) -> Option<Vec<String>> {
    let mut ids: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        let value = item.as_object()?.get(key)?;
        if value.is_object() || value.is_array() {
            return None;
        }
        let id = text(value);
        if ids.contains(&id) {
            return None;
        }
        ids.push(id);
    }
    Some(ids)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn leaf(states: States<'_>, path: &Path, found: &mut Vec<Field>) {
    let States {
        last,
        live,
        wanted,
        after,
    } = states;
    let (before, after) = match (live, after) {
        // A default that nobody set.
        (None, Some(_)) if wanted.is_none_or(is_nothing) => return,
        (None, Some(_)) => (None, wanted.cloned()),
        (Some(live), None) if is_nothing(live) => return,
        (Some(live), None) => (
            Some(last.map_or_else(|| live.clone(), |last| shaped(live, last))),
            None,
        ),
        (live, after) => (live.cloned(), after.cloned()),
    };
    let live = live.map(|live| last.map_or_else(|| live.clone(), |last| shaped(live, last)));
    let touched = !same(last, live.as_ref());
    let moved = !same(last, wanted);
    let cause = match (touched, moved) {
        (false, _) => Cause::Chart,
        (true, false) => Cause::Drift,
        (true, true) => Cause::Both,
    };
    found.push(Field {
        path: path.clone(),
        last: last.cloned(),
        before,
        after,
        cause,
        manager: None,
    });
}

/// Nothing at all, or something empty.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// What of a value has the shape of another: members that only the server has are left out.
pub fn shaped(value: &Value, shape: &Value) -> Value {
    match (value, shape) {
        (Value::Object(members), Value::Object(shape)) => shape
            .iter()
            .filter_map(|(name, inner)| Some((name.clone(), shaped(members.get(name)?, inner))))
            .collect(),
        (Value::Array(items), Value::Array(shape)) if items.len() == shape.len() => items
            .iter()
            .zip(shape)
            .map(|(item, shape)| shaped(item, shape))
            .collect(),
        _ => value.clone(),
    }
}
