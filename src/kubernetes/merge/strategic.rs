//! Strategic merge patches of three states (`strategicpatch.CreateThreeWayMergePatch`,
//! k8s.io/apimachinery v0.36.1, with `overwrite`).
//!
//! A patch is what differs between what is and what is wanted, without what only the live object
//! has, laid over what was wanted once and is not any more.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Value, json};

use super::schema::{Field, Strategy, Type};
use super::sequence::{self, Items};
use super::{Kind, Object, States, in_order, overlay, text};

pub(super) const DIRECTIVE: &str = "$patch";
pub(super) const DELETE: &str = "delete";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
pub(super) const DELETE_SCALARS: &str = "$deleteFromPrimitiveList";
pub(super) const ORDER: &str = "$setElementOrder";

/// The patch that makes the live object, which is of the type, the wanted one; empty where it is
/// that already. Keys are sorted.
///
/// # Errors
/// Go's words: items of a merged list lack the field that tells them apart, or are of several types;
/// a field that differs is not one of its type.
pub fn patch(states: &States<'_>, of: Type) -> Result<Object, String> {
    let [original, live, wanted] = states.objects()?;
    let changes = Difference(Part::Changes).objects(&live, &wanted, of, Retain::Nothing)?;
    let deletions = Difference(Part::Deletions).objects(&original, &wanted, of, Retain::Nothing)?;
    overlay::objects(deletions, changes, of).map(in_order)
}

/// Which part of a difference is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Changes,
    Deletions,
}

/// Whether an object's patch says which of its keys stay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Retain {
    Nothing,
    Keys,
}

impl Retain {
    fn of(field: &Field) -> Retain {
        match field.retains {
            true => Retain::Keys,
            false => Retain::Nothing,
        }
    }
}

/// Finds one part of the differences.
#[derive(Clone, Copy)]
struct Difference(Part);

impl Difference {
    fn changes(self) -> bool {
        self.0 == Part::Changes
    }

    fn objects(
        self,
        before: &Object,
        after: &Object,
        of: Type,
        retain: Retain,
    ) -> Result<Object, String> {
        let mut patch = Object::new();
        for (key, wanted) in after {
            let found = before.get(key);
            if key == DIRECTIVE
                && let Some(found) = found
            {
                if !found.is_string() || !wanted.is_string() {
                    return Err(format!("invalid value for special key: {DIRECTIVE}"));
                }
                if found != wanted {
                    patch.insert(key.clone(), wanted.clone());
                }
                continue;
            }
            match (found, wanted) {
                (Some(Value::Object(before)), Value::Object(after)) => {
                    self.object(key, [before, after], of, &mut patch)?;
                }
                (Some(Value::Array(before)), Value::Array(after)) => {
                    self.list(key, [before, after], of, &mut patch)?;
                }
                _ => {
                    if self.changes() && found != Some(wanted) {
                        patch.insert(key.clone(), wanted.clone());
                    }
                }
            }
        }
        if self.0 == Part::Deletions {
            for key in before.keys().filter(|key| !after.contains_key(*key)) {
                patch.insert(key.clone(), Value::Null);
            }
        }
        if retain == Retain::Keys {
            let mut keys: Vec<_> = after
                .iter()
                .filter(|(_, wanted)| !wanted.is_null())
                .map(|(key, _)| key.as_str())
                .collect();
            keys.sort_unstable();
            let is_more_there = || {
                before
                    .iter()
                    .any(|(key, found)| !found.is_null() && !after.contains_key(key))
            };
            if !keys.is_empty() && (!patch.is_empty() || is_more_there()) {
                patch.insert(RETAIN_KEYS.to_owned(), Value::from(keys));
            }
        }
        Ok(patch)
    }

    fn object(
        self,
        key: &str,
        [before, after]: [&Object; 2],
        of: Type,
        patch: &mut Object,
    ) -> Result<(), String> {
        let field = match of.field(key) {
            Ok(field) => field,
            // What is alike need not be known.
            Err(_) if before == after => return Ok(()),
            Err(why) => return Err(why),
        };
        if field.strategy == Strategy::Replace {
            if self.changes() {
                patch.insert(key.to_owned(), Value::Object(after.clone()));
            }
            return Ok(());
        }
        let inner = self.objects(before, after, field.of, Retain::of(&field))?;
        if !inner.is_empty() {
            patch.insert(key.to_owned(), Value::Object(inner));
        }
        Ok(())
    }

    fn list(
        self,
        key: &str,
        [before, after]: [&Vec<Value>; 2],
        of: Type,
        patch: &mut Object,
    ) -> Result<(), String> {
        let field = match of.list(key) {
            Ok(field) => field,
            Err(_) if before == after => return Ok(()),
            Err(why) => return Err(why),
        };
        if field.strategy != Strategy::Merge {
            if self.changes() && before != after {
                patch.insert(key.to_owned(), Value::Array(after.clone()));
            }
            return Ok(());
        }
        let lists = self.lists(before, after, &field)?;
        for (key, list) in [
            (Cow::Borrowed(key), lists.items),
            (Cow::Owned(format!("{DELETE_SCALARS}/{key}")), lists.deleted),
            (Cow::Owned(format!("{ORDER}/{key}")), lists.order),
        ] {
            if !list.is_empty() {
                patch.insert(key.into_owned(), Value::Array(list));
            }
        }
        Ok(())
    }

    fn lists(self, before: &[Value], after: &[Value], field: &Field) -> Result<Lists, String> {
        if before.is_empty() {
            return Ok(Lists {
                items: match self.0 {
                    Part::Changes => after.to_vec(),
                    Part::Deletions => Vec::new(),
                },
                ..Lists::default()
            });
        }
        let kind = sequence::kind(&[before, after])?;
        let items = Items {
            key: field.key,
            kind,
        };
        if kind != Kind::Object {
            return self.scalars(before, after, items);
        }
        let (patched, deleted) = self.keyed(before, after, field)?;
        let mut patched = items.arrange(patched, after)?;
        let is_order_same = is_order_same(before, after, field.key)?;
        patched.extend(deleted);
        let is_ordered = !patched.is_empty() || (self.changes() && !is_order_same);
        let order = match is_ordered {
            true => after.iter().map(|item| head(item, field.key)).collect(),
            false => Vec::new(),
        };
        Ok(Lists {
            items: patched,
            order,
            ..Lists::default()
        })
    }

    fn scalars(self, before: &[Value], after: &[Value], items: Items) -> Result<Lists, String> {
        fn by_text(list: &[Value]) -> Vec<&Value> {
            sequence::sorted(list.iter().collect(), |item: &&Value| {
                text(item).into_owned()
            })
        }
        let (sorted_before, sorted_after) = (by_text(before), by_text(after));
        let (mut added, mut deleted) = (Vec::new(), Vec::new());
        for pair in Pairs::new(&sorted_before, &sorted_after, |item| Ok(text(item))) {
            match pair? {
                Pair::Both(..) => {}
                Pair::Before(item) => {
                    if self.0 == Part::Deletions {
                        deleted.push((*item).clone());
                    }
                }
                Pair::After(item) => {
                    if self.changes() {
                        added.push((*item).clone());
                    }
                }
            }
        }
        let deleted = sequence::distinct(deleted);
        let added = items.arrange(added, after)?;
        let is_ordered = match self.0 {
            // Go has sorted what was before where it lay, and then compares.
            Part::Changes => !sorted_before.into_iter().eq(after),
            Part::Deletions => !deleted.is_empty(),
        };
        Ok(Lists {
            items: added,
            deleted,
            order: match is_ordered {
                true => after.to_vec(),
                false => Vec::new(),
            },
        })
    }

    /// Patches of items, and marks of items that go.
    fn keyed(
        self,
        before: &[Value],
        after: &[Value],
        field: &Field,
    ) -> Result<(Vec<Value>, Vec<Value>), String> {
        let key = field.key;
        let by_key = |list: &[Value]| {
            let list: Vec<_> = list.iter().filter_map(Value::as_object).cloned().collect();
            sequence::sorted(list, |item| {
                text(item.get(key).unwrap_or(&Value::Null)).into_owned()
            })
        };
        let (before, after) = (by_key(before), by_key(after));
        let (mut patched, mut deleted) = (Vec::new(), Vec::new());
        let name = |item: &Object| match item.get(key) {
            Some(value) => Ok(Cow::Owned(text(value).into_owned())),
            None => Err(sequence::no_key(item, key)),
        };
        for pair in Pairs::new(&before, &after, name) {
            match pair? {
                Pair::Both(before, after) => {
                    let mut inner = self.objects(before, after, field.of, Retain::of(field))?;
                    if !inner.is_empty() {
                        inner.insert(key.to_owned(), after[key].clone());
                        patched.push(Value::Object(inner));
                    }
                }
                Pair::After(item) => {
                    if self.changes() {
                        patched.push(Value::Object(item.clone()));
                    }
                }
                Pair::Before(item) => {
                    if self.0 == Part::Deletions {
                        deleted.push(json!({key: item[key], DIRECTIVE: DELETE}));
                    }
                }
            }
        }
        Ok((patched, deleted))
    }
}

/// What a patch says of a list.
#[derive(Default)]
struct Lists {
    items: Vec<Value>,
    /// Scalars that go.
    deleted: Vec<Value>,
    order: Vec<Value>,
}

/// An item that has nothing but its key.
fn head(item: &Value, key: &str) -> Value {
    json!({key: item.get(key)})
}

fn is_order_same(before: &[Value], after: &[Value], key: &str) -> Result<bool, String> {
    if before.len() != after.len() {
        return Ok(false);
    }
    for (before, after) in before.iter().zip(after) {
        if !sequence::is_same_item(before, after, key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Items of two sorted lists, side by side where their texts are the same.
struct Pairs<'a, T, F> {
    before: &'a [T],
    after: &'a [T],
    text: F,
}

enum Pair<'a, T> {
    Before(&'a T),
    After(&'a T),
    Both(&'a T, &'a T),
}

impl<'a, T, F> Pairs<'a, T, F>
where
    F: Fn(&'a T) -> Result<Cow<'a, str>, String>,
{
    fn new(before: &'a [T], after: &'a [T], text: F) -> Pairs<'a, T, F> {
        Pairs {
            before,
            after,
            text,
        }
    }

    fn order(&self) -> Result<Option<Ordering>, String> {
        let before = self.before.first().map(&self.text).transpose()?;
        let after = self.after.first().map(&self.text).transpose()?;
        Ok(match (before, after) {
            (Some(before), Some(after)) => Some(before.cmp(&after)),
            (Some(_), None) => Some(Ordering::Less),
            (None, Some(_)) => Some(Ordering::Greater),
            (None, None) => None,
        })
    }
}

impl<'a, T, F> Iterator for Pairs<'a, T, F>
where
    F: Fn(&'a T) -> Result<Cow<'a, str>, String>,
{
    type Item = Result<Pair<'a, T>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let order = match self.order() {
            Ok(order) => order?,
            Err(why) => return Some(Err(why)),
        };
        let mut before = || {
            let (first, rest) = self.before.split_first()?;
            self.before = rest;
            Some(first)
        };
        let mut after = || {
            let (first, rest) = self.after.split_first()?;
            self.after = rest;
            Some(first)
        };
        Some(Ok(match order {
            Ordering::Less => Pair::Before(before()?),
            Ordering::Greater => Pair::After(after()?),
            Ordering::Equal => Pair::Both(before()?, after()?),
        }))
    }
}
