//! Environment variables, and `$(VAR)` in what is run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::object::Field;
use super::secret;
use super::size;
use super::workload::Workload;

/// The variables of a container.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    literals: BTreeMap<String, String>,
    /// By what they are read from; empty where that is not known.
    secrets: BTreeMap<String, String>,
    /// `NAMESPACE/NAME` of the Secrets that are read.
    pub(super) read: Vec<(String, String)>,
}

impl Variables {
    fn set(&mut self, name: &str, value: String) {
        self.secrets.remove(name);
        self.literals.insert(name.to_owned(), value);
    }

    fn hide(&mut self, name: &str, from: String) {
        self.literals.remove(name);
        self.secrets.insert(name.to_owned(), from);
    }

    /// `environment`, by name.
    pub(super) fn environment(&self) -> Vec<Value> {
        let pair = |(name, value): (&String, &String)| json!({"name": name, "value": value});
        self.literals.iter().map(pair).collect()
    }

    /// `secrets`, by name.
    pub(super) fn secrets(&self) -> Vec<Value> {
        let known = self.secrets.iter().filter(|(_, from)| !from.is_empty());
        known
            .map(|(name, from)| json!({"name": name, "valueFrom": from}))
            .collect()
    }

    /// `text` with `$(VAR)` replaced; tells where a secret is asked for.
    pub(super) fn expand(&self, workload: &Workload<'_>, field: &Field<'_>) -> String {
        let text = field.scalar();
        let (expanded, hidden) = expand(&text, |name| match self.secrets.contains_key(name) {
            true => Some(None),
            false => self.literals.get(name).map(|value| Some(value.clone())),
        });
        if let Some(name) = hidden {
            let message = format!("$({name}) is a secret, which is known in the container alone");
            workload.tell(1015, &field.path, message);
        }
        expanded
    }
}

/// Replaces `$(VAR)` by what `find` says, `$$(` by `$(`; what is not known stays. The second value is the
/// first name for which `find` says that it is a secret.
fn expand(text: &str, find: impl Fn(&str) -> Option<Option<String>>) -> (String, Option<String>) {
    let mut expanded = String::new();
    let mut hidden = None;
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('(').and_then(|inner| {
            let end = inner.find(')')?;
            Some((&inner[..end], &inner[end + 1..]))
        });
        let Some((name, after)) = name else {
            expanded.push('$');
            continue;
        };
        match find(name) {
            Some(Some(value)) => expanded.push_str(&value),
            Some(None) => {
                hidden = hidden.or(Some(name.to_owned()));
                expanded.push_str(&format!("$({name})"));
            }
            None => expanded.push_str(&format!("$({name})")),
        }
        rest = after;
    }
    expanded.push_str(rest);
    (expanded, hidden)
}

/// The names that the kubelet takes from ConfigMaps and Secrets.
fn is_name(name: &str) -> bool {
    let first = name
        .bytes()
        .next()
        .is_some_and(|byte| !byte.is_ascii_digit());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    first && name.bytes().all(plain)
}

/// Reads `envFrom` and `env` of a container.
pub(super) fn variables(
    workload: &Workload<'_>,
    container: &Field<'_>,
    task: Option<(u64, u64)>,
) -> Variables {
    let mut variables = Variables::default();
    for source in container.list("envFrom") {
        from_source(workload, &source, &mut variables);
    }
    for item in container.list("env") {
        let Some(name) = item.text("name") else {
            continue;
        };
        if let Some(from) = item.get("valueFrom") {
            from_value(workload, container, (name, &from), task, &mut variables);
        } else {
            let value = match item.get("value") {
                Some(value) => variables.expand(workload, &value),
                None => String::new(),
            };
            variables.set(name, value);
        }
    }
    variables
}

fn from_source(workload: &Workload<'_>, source: &Field<'_>, variables: &mut Variables) {
    let ctx = workload.ctx;
    let prefix = source.text("prefix").unwrap_or_default();
    let skipped = |name: &str| {
        let message = format!("{name:?} is no name of a variable and is passed over");
        workload.tell(2014, &source.path, message);
    };
    if let Some(reference) = source.get("configMapRef") {
        let name = reference.text("name").unwrap_or_default();
        match ctx.find("ConfigMap", workload.object.namespace, name) {
            Some(object) => {
                let data = object
                    .root()
                    .get("data")
                    .map(|it| it.entries())
                    .unwrap_or_default();
                for (key, value) in data {
                    let key = format!("{prefix}{key}");
                    match is_name(&key) {
                        true => variables.set(&key, value.scalar()),
                        false => skipped(&key),
                    }
                }
            }
            None if reference.is("optional") => {}
            None => {
                let message = format!("the release has no ConfigMap {name}");
                workload.tell(1010, &reference.path, message);
            }
        }
    }
    if let Some(reference) = source.get("secretRef") {
        let name = reference.text("name").unwrap_or_default();
        let namespace = workload.object.namespace;
        let place = secret::locate(ctx, namespace, name);
        let keys = secret::keys(ctx, namespace, name);
        match (place, keys) {
            (Some(place), Some(keys)) => {
                variables.read.push((namespace.to_owned(), name.to_owned()));
                for key in keys {
                    let variable = format!("{prefix}{key}");
                    if !is_name(&variable) {
                        skipped(&variable);
                    } else if let Some(from) = secret::value_from(ctx, &place, &key) {
                        variables.hide(&variable, from);
                    }
                }
            }
            (_, _) if reference.is("optional") => {}
            (None, _) => {
                let message = format!("nobody says where the data of the Secret {name} is");
                workload.tell(1007, &reference.path, message);
            }
            (Some(_), None) => {
                let message = format!(
                    "the keys of the Secret {name} are not known; name them in ecs.secrets.keys"
                );
                workload.tell(1010, &reference.path, message);
            }
        }
    }
}

fn from_value(
    workload: &Workload<'_>,
    container: &Field<'_>,
    (name, from): (&str, &Field<'_>),
    task: Option<(u64, u64)>,
    variables: &mut Variables,
) {
    let ctx = workload.ctx;
    let namespace = workload.object.namespace;
    if let Some(reference) = from.get("configMapKeyRef") {
        let (map, key) = (
            reference.text("name").unwrap_or_default(),
            reference.text("key").unwrap_or_default(),
        );
        let object = ctx.find("ConfigMap", namespace, map);
        let value = object.and_then(|object| object.root().get("data")?.get(key));
        match value {
            Some(value) => variables.set(name, value.scalar()),
            None if reference.is("optional") => {}
            None => {
                let message = format!("the release has no ConfigMap {map} with {key}");
                workload.tell(1010, &reference.path, message);
            }
        }
    } else if let Some(reference) = from.get("secretKeyRef") {
        let (object, key) = (
            reference.text("name").unwrap_or_default(),
            reference.text("key").unwrap_or_default(),
        );
        let place = secret::locate(ctx, namespace, object);
        let is_missing = secret::lacks(ctx, namespace, object, key);
        let value = place
            .as_ref()
            .and_then(|place| secret::value_from(ctx, place, key));
        match value.filter(|_| !is_missing) {
            Some(value) => {
                variables
                    .read
                    .push((namespace.to_owned(), object.to_owned()));
                variables.hide(name, value);
            }
            None if reference.is("optional") => {}
            None => {
                // Whatever asks for it has still asked for a secret.
                variables.hide(name, String::new());
                match is_missing {
                    true => {
                        let message = format!("the Secret {object} has no key {key}");
                        workload.tell(1010, &reference.path, message);
                    }
                    false => {
                        let message =
                            format!("nobody says where the data of the Secret {object} is");
                        workload.tell(1007, &reference.path, message);
                    }
                }
            }
        }
    } else if let Some(reference) = from.get("fieldRef") {
        match field(workload, reference.text("fieldPath").unwrap_or_default()) {
            Some(value) => variables.set(name, value),
            None => {
                let message = "only a running task knows it; see ECS_CONTAINER_METADATA_URI_V4";
                workload.tell(2005, &reference.path, message);
            }
        }
    } else if let Some(reference) = from.get("resourceFieldRef") {
        match size::downward(workload, container, &reference, task) {
            Some(value) => variables.set(name, value),
            None => workload.tell(2005, &reference.path, "only a running task knows it"),
        }
    }
}

/// A field of the pod that is known before there is one.
pub(super) fn field(workload: &Workload<'_>, path: &str) -> Option<String> {
    let metadata = workload.template.get("metadata");
    let of = |map: &str, rest: &str| {
        let key = rest.strip_prefix("['")?.strip_suffix("']")?;
        let value = metadata.as_ref().and_then(|it| it.get(map)?.get(key));
        Some(value.map(|it| it.scalar()).unwrap_or_default())
    };
    match path {
        "metadata.namespace" => Some(workload.object.namespace.to_owned()),
        "spec.serviceAccountName" => Some(workload.service_account().to_owned()),
        path if path.starts_with("metadata.labels[") => {
            of("labels", &path["metadata.labels".len()..])
        }
        path if path.starts_with("metadata.annotations[") => {
            of("annotations", &path["metadata.annotations".len()..])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_as_the_kubelet_does() {
        let find = |name: &str| match name {
            "A" => Some(Some("1".to_owned())),
            "S" => Some(None),
            _ => None,
        };
        for (text, want, hidden) in [
            ("--a=$(A)", "--a=1", None),
            ("$$(A) $(B) $x $", "$(A) $(B) $x $", None),
            ("$(S)$(A)", "$(S)1", Some("S")),
            ("$$$(A)", "$1", None),
            ("$(A", "$(A", None),
        ] {
            assert_eq!(
                expand(text, find),
                (want.to_owned(), hidden.map(str::to_owned)),
                "{text}"
            );
        }
        for (name, want) in [
            ("A_1", true),
            ("a.b-c", true),
            ("1a", false),
            ("a b", false),
            ("", false),
        ] {
            assert_eq!(is_name(name), want, "{name}");
        }
    }
}
