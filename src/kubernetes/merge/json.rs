//! Merge patches of plain JSON (RFC 7396).

use serde_json::Value;

use super::{Object, States, in_order, object_text};

/// The patch that makes what was wanted before what is wanted now, whatever there is
/// (`jsonpatch.CreateMergePatch`); empty where both are alike. Keys are sorted.
///
/// # Errors
/// One is no object.
pub fn two_way(states: &States<'_>) -> Result<Object, String> {
    let [original, _, wanted] = states.objects()?;
    Ok(in_order(difference(&original, &wanted)))
}

/// The patch that makes the live object the wanted one, but keeps what was never wanted
/// (`jsonmergepatch.CreateThreeWayJSONMergePatch`); empty where it is that already. Keys are sorted.
///
/// # Errors
/// One is no object; the live object has another version, kind or name.
pub fn three_way(states: &States<'_>) -> Result<Object, String> {
    let [original, live, wanted] = states.objects()?;
    let changes = keep(difference(&live, &wanted), Part::Changes);
    let mut patch = keep(difference(&original, &wanted), Part::Deletions);
    overlay(&mut patch, changes);
    let patch = in_order(patch);
    let is_renamed = patch
        .get("metadata")
        .is_some_and(|metadata| metadata.get("name").is_some());
    if patch.contains_key("apiVersion") || patch.contains_key("kind") || is_renamed {
        return Err(format!("precondition failed for: {}", object_text(&patch)));
    }
    Ok(patch)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Changes,
    Deletions,
}

fn difference(before: &Object, after: &Object) -> Object {
    let mut patch = Object::new();
    for (key, wanted) in after {
        match (before.get(key), wanted) {
            (Some(Value::Object(before)), Value::Object(after)) => {
                let inner = difference(before, after);
                if !inner.is_empty() {
                    patch.insert(key.clone(), Value::Object(inner));
                }
            }
            (Some(found), _) if found == wanted => {}
            _ => {
                patch.insert(key.clone(), wanted.clone());
            }
        }
    }
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    patch
}

/// One part of a patch: nulls, or all that is not null. Empty objects are values.
fn keep(patch: Object, part: Part) -> Object {
    let keep_one = |(key, value): (String, Value)| {
        let kept = match value {
            Value::Null => (part == Part::Deletions).then_some(Value::Null),
            Value::Object(inner) if !inner.is_empty() => {
                let inner = keep(inner, part);
                (!inner.is_empty()).then_some(Value::Object(inner))
            }
            other => (part == Part::Changes).then_some(other),
        };
        kept.map(|kept| (key, kept))
    };
    patch.into_iter().filter_map(keep_one).collect()
}

/// Lays changes over deletions.
fn overlay(under: &mut Object, over: Object) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Object(lower)), Value::Object(upper)) => overlay(lower, upper),
            (_, value) => {
                under.insert(key, without_nulls(value));
            }
        }
    }
}

/// Objects in lists lose their nulls, too, when a patch is applied; lists keep theirs.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .filter(|(_, inner)| !inner.is_null())
            .map(|(key, inner)| (key, without_nulls(inner)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
