//! Merging here: what was, what is and what shall be.

use serde_json::{Map, Value};

use crate::backend::{Key, Merge};

/// A change to send.
pub(super) struct Patch {
    pub(super) media_type: &'static str,
    pub(super) body: Value,
}

/// What to send so that `live`, once made as `original`, becomes `wanted`; nothing where it is that
/// already.
///
/// # Errors
/// Why no patch can be made.
pub(super) fn patch(
    original: &Value,
    live: &Value,
    wanted: &Value,
    _key: &Key,
    merge: Merge,
) -> Result<Option<Patch>, String> {
    let body = match merge {
        Merge::TwoWay => difference(original, wanted),
        Merge::ThreeWay => difference(live, wanted),
    };
    Ok(body.map(|body| Patch {
        media_type: "application/merge-patch+json",
        body,
    }))
}

/// A JSON merge patch (RFC 7396) from one to the other.
fn difference(from: &Value, to: &Value) -> Option<Value> {
    let (Value::Object(from), Value::Object(to)) = (from, to) else {
        return (from != to).then(|| to.clone());
    };
    let mut patch = Map::new();
    for (name, value) in to {
        match from.get(name) {
            Some(before) => {
                if let Some(change) = difference(before, value) {
                    patch.insert(name.clone(), change);
                }
            }
            None => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    for name in from.keys().filter(|name| !to.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    (!patch.is_empty()).then_some(Value::Object(patch))
}
