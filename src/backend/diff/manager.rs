//! Who set a field, by what a server notes of that (`metadata.managedFields`).

use serde_json::{Map, Value};

use super::{Cause, Field, Path, Step};

/// Who set a field last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The name that it gave itself.
    pub name: String,
    /// When it wrote; empty where that is not noted.
    pub time: String,
}

/// Who but `own` has set the field at `path` last, as the live object says it.
pub fn find(live: &Value, path: &Path, own: &str) -> Option<Manager> {
    let mut found: Option<Manager> = None;
    for entry in entries(live) {
        let name = entry["manager"].as_str().unwrap_or_default();
        if name == own || !has(&entry["fieldsV1"], &path.0) {
            continue;
        }
        let time = entry["time"].as_str().unwrap_or_default();
        if found.as_ref().is_none_or(|known| *time >= *known.time) {
            found = Some(Manager {
                name: name.to_owned(),
                time: time.to_owned(),
            });
        }
    }
    found
}

fn entries(live: &Value) -> impl Iterator<Item = &Value> {
    live["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
}

/// Programs of the cluster itself, which fill in what they are there for.
const CONTROLLERS: &[&str] = &[
    "kube-controller-manager",
    "cloud-controller-manager",
    "kube-scheduler",
    "kube-apiserver",
    "kubelet",
];

/// What others have added to a live object, by what a server notes of that: fields that neither
/// `wanted` nor `own` has. `shown` is the live object as it may be seen.
pub fn additions(live: &Value, shown: &Value, wanted: &Value, own: &str) -> Vec<Field> {
    let mine: Vec<&Value> = entries(live)
        .filter(|entry| entry["manager"] == own)
        .map(|entry| &entry["fieldsV1"])
        .collect();
    let mut found: Vec<Field> = Vec::new();
    for entry in entries(live) {
        let name = entry["manager"].as_str().unwrap_or_default();
        let is_part = entry["subresource"]
            .as_str()
            .is_some_and(|it| !it.is_empty());
        if is_part || name == own || CONTROLLERS.contains(&name) {
            continue;
        }
        let mut paths = Vec::new();
        leaves(&entry["fieldsV1"], &Path::default(), &mut paths);
        for path in paths {
            let is_known = mine.iter().any(|fields| has(fields, &path.0))
                || at(wanted, &path).is_some()
                || found.iter().any(|field| field.path == path);
            if let Some(value) = at(shown, &path)
                && !is_known
            {
                found.push(Field {
                    path,
                    last: None,
                    before: None,
                    after: Some(value.clone()),
                    cause: Cause::Drift,
                    manager: None,
                });
            }
        }
    }
    found
}

/// Takes out of `value` what, as a live object tells, others keep up to date through parts of it
/// such as scales, or as programs of the cluster. What `own` sets, too, stays, unless an autoscaler
/// writes it.
pub fn strip_parts(live: &Value, value: &mut Value, own: &str) {
    let mine: Vec<&Value> = entries(live)
        .filter(|entry| entry["manager"] == own)
        .map(|entry| &entry["fieldsV1"])
        .collect();
    for entry in entries(live) {
        let name = entry["manager"].as_str().unwrap_or_default();
        let is_part = entry["subresource"]
            .as_str()
            .is_some_and(|it| !it.is_empty());
        if name == own || !(is_part || CONTROLLERS.contains(&name)) {
            continue;
        }
        let mut paths = Vec::new();
        leaves(&entry["fieldsV1"], &Path::default(), &mut paths);
        let is_scaler = is_part && CONTROLLERS.contains(&name);
        for path in paths {
            if is_scaler || !mine.iter().any(|fields| has(fields, &path.0)) {
                remove(value, &path.0);
            }
        }
    }
}

/// Takes out of `value` the fields that others have set last, and `own` has no part in any more.
pub fn leave_to_others(live: &Value, value: &mut Value, own: &str) {
    let mine: Vec<&Value> = entries(live)
        .filter(|entry| entry["manager"] == own)
        .map(|entry| &entry["fieldsV1"])
        .collect();
    for entry in entries(live).filter(|entry| entry["manager"] != own) {
        let mut paths = Vec::new();
        leaves(&entry["fieldsV1"], &Path::default(), &mut paths);
        for path in paths {
            if !mine.iter().any(|fields| has(fields, &path.0)) {
                remove(value, &path.0);
            }
        }
    }
}

fn remove(value: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    match (step, value) {
        (Step::Field(name), Value::Object(members)) if rest.is_empty() => {
            members.remove(name);
        }
        (Step::Field(name), Value::Object(members)) => {
            if let Some(inner) = members.get_mut(name) {
                remove(inner, rest);
            }
        }
        (Step::Item { key, value: wanted }, Value::Array(items)) => {
            let found = items.iter().position(|item| text(&item[key]) == *wanted);
            match found {
                Some(at) if rest.is_empty() => drop(items.remove(at)),
                Some(at) => remove(&mut items[at], rest),
                None => {}
            }
        }
        _ => {}
    }
}

/// The value at a path.
fn at<'a>(value: &'a Value, path: &Path) -> Option<&'a Value> {
    path.0.iter().try_fold(value, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Index(index) => value.get(index),
        Step::Item { key, value: wanted } => {
            let mut items = value.as_array()?.iter();
            items.find(|item| text(&item[key]) == *wanted)
        }
    })
}

/// The paths of all that a set of fields has, items of lists as a whole.
fn leaves(fields: &Value, path: &Path, found: &mut Vec<Path>) {
    let Some(members) = fields.as_object() else {
        return;
    };
    if members.is_empty() || (members.contains_key(".") && ends_in_item(path)) {
        return found.push(path.clone());
    }
    for (name, inner) in members {
        if let Some(name) = name.strip_prefix("f:") {
            leaves(inner, &path.field(name), found);
        } else if let Some(keys) = name.strip_prefix("k:")
            && let Ok(Value::Object(keys)) = serde_json::from_str(keys)
            && let Some((key, value)) = keys.iter().next()
        {
            let step = Step::Item {
                key: key.clone(),
                value: text(value),
            };
            leaves(inner, &path.then(step), found);
        }
    }
}

fn ends_in_item(path: &Path) -> bool {
    matches!(path.0.last(), Some(Step::Item { .. }))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a set of fields has one, something in it, or the atomic value that it is in.
fn has(fields: &Value, steps: &[Step]) -> bool {
    let (Some(fields), Some((step, rest))) = (fields.as_object(), steps.split_first()) else {
        return true;
    };
    match member(fields, step) {
        Some(inner) => has(inner, rest),
        None => fields.is_empty(),
    }
}

/// What a set of fields has at a step: `f:name`, `k:{"name":"value"}`, `v:value`.
fn member<'a>(fields: &'a Map<String, Value>, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Field(name) => fields.get(&format!("f:{name}")),
        Step::Index(_) => None,
        Step::Item { key, value } => fields.iter().find_map(|(name, inner)| {
            let keys: Value = serde_json::from_str(name.strip_prefix("k:")?).ok()?;
            (text(&keys[key]) == *value).then_some(inner)
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_one_who_is_not_us_is_named() {
        let entry = |manager: &str, time: &str, fields: Value| json!({"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields});
        let image =
            json!({"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}}}}});
        let ports = json!({"f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:targetPort": {}}}}});
        let args = json!({"f:spec": {"f:args": {}}});
        let live = json!({"metadata": {"managedFields": [
            entry("helm", "2026-01-05", image.clone()),
            entry("kubectl-edit", "2026-01-01", image.clone()),
            entry("kubectl-patch", "2026-01-03", image),
            entry("ops", "2026-01-02", ports),
            entry("ops", "2026-01-02", args),
        ]}});
        let spec = Path::default().field("spec");
        let item = |list: &str, key: &str, value: &str| {
            spec.field(list).then(Step::Item {
                key: key.to_owned(),
                value: value.to_owned(),
            })
        };
        for (path, want) in [
            (
                item("containers", "name", "app").field("image"),
                Some("kubectl-patch"),
            ),
            (item("containers", "name", "web").field("image"), None),
            (item("ports", "port", "80").field("targetPort"), Some("ops")),
            (spec.field("args").then(Step::Index(2)), Some("ops")),
            (spec.field("replicas"), None),
        ] {
            let found = find(&live, &path, "helm").map(|manager| manager.name);
            assert_eq!(found.as_deref(), want, "{path}");
        }
    }

    #[test]
    fn what_others_added_is_found() {
        let entry = |manager: &str, part: &str, fields: Value| json!({"manager": manager, "subresource": part, "fieldsV1": fields});
        let env = |name: &str| json!({"f:env": {format!("k:{{\"name\":\"{name}\"}}"): {".": {}, "f:name": {}, "f:value": {}}}});
        let live = json!({
            "metadata": {"managedFields": [
                entry("helm", "", env("A")),
                entry("kubectl", "", env("B")),
                entry("kubectl", "", json!({"f:metadata": {"f:labels": {"f:team": {}, "f:app": {}}}})),
                entry("kube-controller-manager", "", json!({"f:spec": {"f:ip": {}}})),
                entry("kubectl", "scale", json!({"f:spec": {"f:replicas": {}}})),
            ], "labels": {"team": "a", "app": "b"}},
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "spec": {"ip": "1.2.3.4", "replicas": 3},
        });
        let wanted =
            json!({"metadata": {"labels": {"app": "b"}}, "env": [{"name": "A", "value": "1"}]});
        let found = additions(&live, &live, &wanted, "helm");
        let paths: Vec<_> = found.iter().map(|field| field.path.to_string()).collect();
        assert_eq!(paths, ["env[name=B]", "metadata.labels.team"]);
        let mut rest = live.clone();
        strip_parts(&live, &mut rest, "helm");
        assert_eq!(rest["spec"], json!({}));
        assert_eq!(rest["env"], live["env"]);
        let mut ours = live.clone();
        leave_to_others(&live, &mut ours, "helm");
        assert_eq!(ours["env"], json!([{"name": "A", "value": "1"}]));
    }
}
