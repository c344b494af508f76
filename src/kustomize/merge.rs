//! Strategic merge of a patch into an object, as kustomize does it (`kyaml/yaml/merge2`, 0.20.1): new
//! items of merged lists come first.
//!
//! Merge keys are those of Kubernetes' own types. `$setElementOrder`, `$retainKeys` and
//! `$deleteFromPrimitiveList` do as in Kubernetes; kustomize would leave them in the object.

use serde_json::{Map, Value};

use super::resource::scalar_text;
use crate::kubernetes::merge::schema::{self, Field, Strategy, Type};

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE_SCALARS: &str = "$deleteFromPrimitiveList/";

/// Lays `patch` over `object`; nothing is left where the patch deletes it.
///
/// # Errors
/// A patch that is of another shape than the object.
pub(super) fn merge(object: Value, patch: &Value) -> Result<Option<Value>, String> {
    let text = |name: &str| {
        let of = |value: &Value| Some(value.get(name)?.as_str()?.to_owned());
        of(&object).or_else(|| of(patch)).unwrap_or_default()
    };
    let of = schema::of(&text("apiVersion"), &text("kind"));
    apply(Some(object), patch, of)
}

/// What a directive says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

fn directive(value: Option<&Value>) -> Result<Directive, String> {
    match value.map(|value| value.as_str().unwrap_or_default()) {
        None | Some("merge") => Ok(Directive::Merge),
        Some("replace") => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        Some(other) => Err(format!("unknown patch strategy '{other}'")),
    }
}

fn apply(dest: Option<Value>, patch: &Value, of: Option<Type>) -> Result<Option<Value>, String> {
    let dest = dest.filter(|value| !value.is_null());
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match patch {
        Value::Null => Ok(None),
        Value::Object(patch) => {
            let dest = match dest {
                None => None,
                Some(Value::Object(dest)) => Some(dest),
                Some(other) => return Err(mismatch("map", &other)),
            };
            objects(dest, patch, of).map(|merged| merged.map(Value::Object))
        }
        Value::Array(_) => match dest {
            None | Some(Value::Array(_)) => Ok(Some(patch.clone())),
            Some(other) => Err(mismatch("list", &other)),
        },
        scalar => match dest {
            Some(other @ (Value::Object(_) | Value::Array(_))) => Err(mismatch("scalar", &other)),
            _ => Ok(Some(scalar.clone())),
        },
    })
}

fn mismatch(wanted: &str, found: &Value) -> String {
    let kind = match found {
        Value::Object(_) => "map",
        Value::Array(_) => "list",
        _ => "scalar",
    };
    format!("wrong node kind: the patch has a {wanted} where the object has a {kind}: {found}")
}

fn objects(
    dest: Option<Map<String, Value>>,
    patch: &Map<String, Value>,
    of: Option<Type>,
) -> Result<Option<Map<String, Value>>, String> {
    let mut dest = match (directive(patch.get(DIRECTIVE))?, dest) {
        (Directive::Delete, _) => return Ok(None),
        (Directive::Replace, _) | (Directive::Merge, None) => Map::new(),
        (Directive::Merge, Some(dest)) => dest,
    };
    if let Some(Value::Array(kept)) = patch.get(RETAIN) {
        dest.retain(|key, _| kept.iter().any(|name| name.as_str() == Some(key)));
    }
    for (key, value) in patch {
        if let Some(name) = key.strip_prefix(DELETE_SCALARS) {
            if let (Value::Array(gone), Some(Value::Array(items))) = (value, dest.get_mut(name)) {
                items.retain(|item| !gone.contains(item));
            }
            continue;
        }
        if key == DIRECTIVE || key == RETAIN || key.starts_with(ORDER) {
            continue;
        }
        let (field, inner) = member(of, key, value);
        let before = dest.get_mut(key).map(Value::take);
        let after = match (value, field) {
            (Value::Array(items), Some(field)) if field.strategy == Strategy::Merge => match before
            {
                None | Some(Value::Null) => lists(None, items, &field)?,
                Some(Value::Array(before)) => lists(Some(before), items, &field)?,
                Some(other) => return Err(mismatch("list", &other)),
            }
            .map(Value::Array),
            _ => apply(before, value, inner)?,
        };
        match after {
            Some(after) => {
                dest.insert(key.clone(), after);
            }
            None => {
                dest.shift_remove(key);
            }
        }
    }
    for (key, order) in patch {
        if let (Some(name), Value::Array(order)) = (key.strip_prefix(ORDER), order)
            && let Some(Value::Array(items)) = dest.get_mut(name)
        {
            let key = member(of, name, &Value::Array(Vec::new()))
                .0
                .map_or("", |field| field.key);
            arrange(items, order, key);
        }
    }
    Ok(Some(dest))
}

/// A field of a type, and the type of what is in it.
fn member(of: Option<Type>, key: &str, value: &Value) -> (Option<Field>, Option<Type>) {
    let Some(of) = of else { return (None, None) };
    let field = match value {
        Value::Array(_) => of.list(key).ok(),
        _ => of.field(key).ok(),
    };
    let inner = field.as_ref().map(|field| field.of);
    (field, inner)
}

/// Puts items in the order of a list; those that are not in it stay behind.
fn arrange(items: &mut [Value], order: &[Value], key: &str) {
    let name = |item: &Value| match key {
        "" => item.clone(),
        key => item.get(key).cloned().unwrap_or_default(),
    };
    let order: Vec<Value> = order.iter().map(name).collect();
    items.sort_by_key(|item| {
        let own = name(item);
        order
            .iter()
            .position(|it| *it == own)
            .unwrap_or(order.len())
    });
}

/// Merges a list whose items are told apart; nothing is left where the patch deletes it.
fn lists(
    dest: Option<Vec<Value>>,
    patch: &[Value],
    field: &Field,
) -> Result<Option<Vec<Value>>, String> {
    let is_directive = |item: &Value| {
        item.as_object()
            .is_some_and(|item| item.len() == 1 && item.contains_key(DIRECTIVE))
    };
    let whole = patch.iter().find(|item| is_directive(item));
    let dest = match (directive(whole.and_then(|item| item.get(DIRECTIVE)))?, dest) {
        (Directive::Delete, _) => return Ok(None),
        (Directive::Replace, _) => Vec::new(),
        (Directive::Merge, dest) => dest.unwrap_or_default(),
    };
    let patch: Vec<&Value> = patch.iter().filter(|item| !is_directive(item)).collect();
    let keys = match field.of.list_keys() {
        [] if field.key.is_empty() => return Ok(Some(scalars(dest, &patch))),
        [] => vec![field.key],
        keys => keys.to_vec(),
    };
    keyed(dest, &patch, &keys, field.of).map(Some)
}

/// All scalars of both, those of the patch first.
fn scalars(dest: Vec<Value>, patch: &[&Value]) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for item in patch.iter().map(|item| (*item).clone()).chain(dest) {
        if !merged.contains(&item) {
            merged.push(item);
        }
    }
    merged
}

/// What tells an item apart.
fn values(item: &Value, keys: &[&str]) -> Vec<String> {
    keys.iter()
        .map(|key| item.get(*key).and_then(scalar_text).unwrap_or_default())
        .collect()
}

fn keyed(
    dest: Vec<Value>,
    patch: &[&Value],
    keys: &[&str],
    of: Type,
) -> Result<Vec<Value>, String> {
    // Keys that no item has do not tell any apart.
    let has = |key: &&str| {
        let one = [*key];
        patch
            .iter()
            .copied()
            .chain(&dest)
            .any(|item| values(item, &one) != [""])
    };
    let used: Vec<&str> = keys.iter().copied().filter(has).collect();
    let keys = if used.is_empty() { keys } else { &used };
    // By several keys, items that are there stay where they are; by one, they come as in the patch.
    let stays = keys.len() > 1;
    let mut rest: Vec<Option<Value>> = dest.into_iter().map(Some).collect();
    let mut merged: Vec<Value> = Vec::new();
    for item in patch {
        let own = values(item, keys);
        // An item that says its keys more fully than the object does is that item.
        let found = rest.iter_mut().find(|there| {
            there
                .as_ref()
                .is_some_and(|there| is_same(&values(there, keys), &own))
        });
        let (before, place) = match found {
            Some(place) => (place.take(), Some(place)),
            None => (None, None),
        };
        let Some(after) = apply(before, item, Some(of))?
            .filter(|after| after.as_object().is_none_or(|it| !it.is_empty()))
        else {
            continue;
        };
        if let (true, Some(place)) = (stays, place) {
            *place = Some(after);
            continue;
        }
        let is_named = own.iter().any(|value| !value.is_empty());
        let same = values(&after, keys);
        match merged.iter_mut().find(|it| values(it, keys) == same) {
            Some(known) if is_named => *known = after,
            _ => merged.push(after),
        }
    }
    merged.extend(rest.into_iter().flatten());
    Ok(merged)
}

/// Whether two items are one: a second key that only one of them says does not tell them apart.
fn is_same(there: &[String], own: &[String]) -> bool {
    let mut common = false;
    for (there, own) in there.iter().zip(own) {
        match (there.as_str(), own.as_str()) {
            (there, own) if there == own => common |= !there.is_empty(),
            ("", _) | (_, "") => {}
            _ => return false,
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(object: Value, patch: Value) -> Value {
        merge(object, &patch).expect("a patch").expect("an object")
    }

    fn deployment(spec: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": spec}}})
    }

    #[test]
    fn lists_are_merged_by_their_keys() {
        let object = deployment(json!({"containers": [
            {"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]},
            {"name": "b", "image": "b:1"}]}));
        let patch = deployment(json!({"containers": [
            {"name": "b", "image": "b:2"},
            {"name": "c", "image": "c:1"},
            {"name": "a", "env": [{"name": "X", "$patch": "delete"}, {"name": "Y", "value": "2"}]}]}));
        let want = json!([
            {"name": "b", "image": "b:2"},
            {"name": "c", "image": "c:1"},
            {"name": "a", "image": "a:1", "env": [{"name": "Y", "value": "2"}]}]);
        assert_eq!(
            merged(object, patch)["spec"]["template"]["spec"]["containers"],
            want
        );
    }

    #[test]
    fn directives_do_what_they_say() {
        let object = || {
            deployment(
                json!({"containers": [{"name": "a"}, {"name": "b"}], "volumes": [{"name": "v", "emptyDir": {}}], "nodeSelector": {"a": "b"}}),
            )
        };
        for (patch, want) in [
            (
                json!({"containers": [{"$patch": "replace"}, {"name": "c"}]}),
                json!({"containers": [{"name": "c"}], "volumes": [{"name": "v", "emptyDir": {}}], "nodeSelector": {"a": "b"}}),
            ),
            (
                json!({"volumes": [{"name": "v", "$patch": "delete"}], "nodeSelector": null}),
                json!({"containers": [{"name": "a"}, {"name": "b"}], "volumes": []}),
            ),
            (
                json!({"volumes": [{"name": "v", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}], "nodeSelector": {"$patch": "replace", "c": "d"}}),
                json!({"containers": [{"name": "a"}, {"name": "b"}], "volumes": [{"name": "v", "secret": {"secretName": "s"}}], "nodeSelector": {"c": "d"}}),
            ),
            (
                json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "a", "image": "i"}]}),
                json!({"containers": [{"name": "b"}, {"name": "a", "image": "i"}], "volumes": [{"name": "v", "emptyDir": {}}], "nodeSelector": {"a": "b"}}),
            ),
        ] {
            assert_eq!(
                merged(object(), deployment(patch.clone())),
                deployment(want),
                "{patch}"
            );
        }
        assert_eq!(merge(object(), &json!({"$patch": "delete"})), Ok(None));
    }

    #[test]
    fn lists_of_unknown_kinds_are_replaced() {
        let object =
            json!({"apiVersion": "a/v1", "kind": "Own", "spec": {"list": [{"name": "a"}]}});
        let patch = json!({"spec": {"list": [{"name": "b"}]}});
        assert_eq!(
            merged(object, patch)["spec"]["list"],
            json!([{"name": "b"}])
        );
    }
}
