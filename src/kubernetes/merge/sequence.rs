//! Lists whose items are merged: what they hold, and in which order.

use serde_json::Value;

use crate::go::sort;

use super::strategic::{DELETE, DIRECTIVE};
use super::{Kind, Object, list_text, object_text, unexpected};

/// What the items of a list are, and how they are told apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items {
    /// Field by which objects are told apart; empty for scalars.
    pub(super) key: &'static str,
    pub(super) kind: Kind,
}

/// `mergepatch.ErrNoMergeKey`
pub(super) fn no_key(item: &Object, key: &str) -> String {
    let item = object_text(item);
    format!("map: {item} does not contain declared merge key: {key}")
}

/// What all items of some lists are.
///
/// # Errors
/// They are lists, or not all alike, or none. Go panics where the first is null.
pub(super) fn kind(lists: &[&[Value]]) -> Result<Kind, String> {
    let mut items = lists.iter().copied().flatten().map(Kind::of);
    let Some(first) = items.next() else {
        return Err("no elements in any of the given slices".to_owned());
    };
    if first == Kind::List {
        return Err("lists of lists are not supported".to_owned());
    }
    if first == Kind::Null || items.any(|kind| kind != first) {
        let lists: Vec<_> = lists.iter().map(|list| list_text(list)).collect();
        return Err(format!(
            "list element types are not identical: [{}]",
            lists.join(" ")
        ));
    }
    Ok(first)
}

/// Items sorted by a text, equal ones as Go's `sort.Sort` leaves them, which is told that each comes
/// before the other.
pub(super) fn sorted<T, K: Ord>(items: Vec<T>, text: impl Fn(&T) -> K) -> Vec<T> {
    let mut named: Vec<_> = items.into_iter().map(|item| (text(&item), item)).collect();
    sort::sort(&mut named, &|a, b| a.0 <= b.0);
    named.into_iter().map(|(_, item)| item).collect()
}

/// Scalars without repetitions; the last one takes the place of each that goes.
pub(super) fn distinct(mut items: Vec<Value>) -> Vec<Value> {
    let mut at = 0;
    while at + 1 < items.len() {
        let mut other = at + 1;
        while other < items.len() {
            if items[at] == items[other] {
                items.swap_remove(other);
            } else {
                other += 1;
            }
        }
        at += 1;
    }
    items
}

/// Whether two items are one.
///
/// # Errors
/// One has no key.
pub(super) fn is_same_item(left: &Value, right: &Value, key: &str) -> Result<bool, String> {
    if key.is_empty() {
        return Ok(left == right);
    }
    let object = |item: &'_ Value| match item {
        Value::Object(_) => Ok(()),
        other => Err(unexpected(Kind::Object, other)),
    };
    object(left)?;
    object(right)?;
    Ok(key_of(left, key)? == key_of(right, key)?)
}

/// What tells an item from the others.
///
/// # Errors
/// It is no object, or has no key.
pub(super) fn key_of<'a>(item: &'a Value, key: &str) -> Result<&'a Value, String> {
    let Value::Object(object) = item else {
        return Err(unexpected(Kind::Object, item));
    };
    object.get(key).ok_or_else(|| no_key(object, key))
}

/// The first item that has the key.
///
/// # Errors
/// An item before it is no object.
pub(super) fn position(
    items: &[Value],
    key: &str,
    wanted: &Value,
) -> Result<Option<usize>, String> {
    for (at, item) in items.iter().enumerate() {
        let Value::Object(object) = item else {
            return Err(format!("value for key {at} is not a map"));
        };
        if object.get(key) == Some(wanted) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Whether it says what becomes of it.
pub(super) fn is_directive(item: &Value) -> bool {
    item.get(DIRECTIVE).is_some()
}

/// Items that stay, and items that are marked to go.
///
/// # Errors
/// One is no object.
pub(super) fn split_deleted(items: Vec<Value>) -> Result<(Vec<Value>, Vec<Value>), String> {
    if let Some(odd) = items.iter().find(|item| !item.is_object()) {
        return Err(unexpected(Kind::Object, odd));
    }
    Ok(items
        .into_iter()
        .partition(|item| item.get(DIRECTIVE).is_none_or(|what| what != DELETE)))
}

impl Items {
    fn index(&self, items: &[Value], wanted: &Value) -> Option<usize> {
        match self.kind {
            Kind::Object => {
                let wanted = wanted.get(self.key);
                items.iter().position(|item| item.get(self.key) == wanted)
            }
            _ => items.iter().position(|item| item == wanted),
        }
    }

    /// Items in the order of another list; those to go come last.
    ///
    /// # Errors
    /// One has no key.
    pub(super) fn arrange(&self, items: Vec<Value>, order: &[Value]) -> Result<Vec<Value>, String> {
        let (items, deleted) = match self.kind {
            Kind::Object => {
                for item in items.iter().chain(order) {
                    key_of(item, self.key)?;
                }
                split_deleted(items)?
            }
            _ => (items, Vec::new()),
        };
        let mut placed: Vec<_> = items
            .into_iter()
            .map(|item| (self.index(order, &item), item))
            .collect();
        if placed.iter().all(|(place, _)| place.is_some()) {
            placed.sort_by_key(|(place, _)| *place);
        } else {
            // What is not in the order comes before all that is looked at earlier, as in Go.
            for at in 1..placed.len() {
                let mut to = at;
                while to > 0
                    && match (placed[to].0, placed[to - 1].0) {
                        (Some(place), Some(before)) => place < before,
                        _ => true,
                    }
                {
                    placed.swap(to, to - 1);
                    to -= 1;
                }
            }
        }
        Ok(placed
            .into_iter()
            .map(|(_, item)| item)
            .chain(deleted)
            .collect())
    }

    /// One list of the items of a patch, in the order it wants, and those that only the other side
    /// has, in their own order, between them where they were.
    ///
    /// # Errors
    /// An item has no key.
    pub(super) fn weave(
        &self,
        patch: Vec<Value>,
        other: Vec<Value>,
        patch_order: &[Value],
        other_order: &[Value],
    ) -> Result<Vec<Value>, String> {
        let patch = self.arrange(patch, patch_order)?;
        let other = self.arrange(other, other_order)?;
        let mut woven = Vec::with_capacity(patch.len() + other.len());
        let (mut patch, mut other) = (patch.into_iter().peekable(), other.into_iter().peekable());
        while let (Some(left), Some(right)) = (other.peek(), patch.peek()) {
            let is_before = match (
                self.index(other_order, left),
                self.index(other_order, right),
            ) {
                (Some(left), Some(right)) => left < right,
                _ => false,
            };
            woven.extend(match is_before {
                true => other.next(),
                false => patch.next(),
            });
        }
        woven.extend(patch);
        woven.extend(other);
        Ok(woven)
    }

    /// Items that are in another list, and those that are not.
    ///
    /// # Errors
    /// One has no key.
    pub(super) fn partition(
        &self,
        items: Vec<Value>,
        by: &[Value],
    ) -> Result<(Vec<Value>, Vec<Value>), String> {
        if self.key.is_empty() {
            return Ok(items.into_iter().partition(|item| by.contains(item)));
        }
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for item in items {
            match position(by, self.key, key_of(&item, self.key)?)? {
                Some(_) => inside.push(item),
                None => outside.push(item),
            }
        }
        Ok((inside, outside))
    }
}
