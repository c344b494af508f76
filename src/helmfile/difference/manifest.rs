//! Manifests taken apart, each object by what it is called in a difference.

use std::collections::BTreeMap;

use crate::yaml::node::{Kind, Node};
use crate::yaml::{self, items_in_order};

/// An object of a manifest, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: String,
    pub(super) text: String,
    /// It stays where its release no longer has it.
    pub(super) is_kept: bool,
}

/// How manifests are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'n> {
    /// The namespace of objects that name none.
    pub(super) namespace: &'n str,
    /// Tests are left out.
    pub(super) skips_tests: bool,
    /// Objects are written anew, so that their style does not count.
    pub(super) normalises: bool,
}

/// The objects of a manifest by namespace, name and kind. Of two that are called alike the first
/// counts.
///
/// # Errors
/// What is no YAML, and what is no object.
pub(super) fn objects(
    manifest: &str,
    reading: Reading<'_>,
) -> Result<BTreeMap<String, Object>, String> {
    let mut all = BTreeMap::new();
    // Dashes with anything behind them do not part.
    for part in format!("\n{manifest}").split("\n---\n") {
        add(part.trim(), reading, &mut all)?;
    }
    Ok(all)
}

/// What a map has below `key`.
fn below<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let mut pairs = node.pairs();
    let found = pairs.find(|(found, _)| found.value == key.as_bytes());
    found.map(|(_, value)| value)
}

/// The scalar at the end of a path, as it is written.
fn word(node: &Node, path: &[&str]) -> String {
    let found = path.iter().try_fold(node, |node, key| {
        below(node, key).filter(|_| node.kind == Kind::Mapping)
    });
    match found {
        Some(found) if found.kind == Kind::Scalar && !found.is_null() => {
            String::from_utf8_lossy(&found.value).into_owned()
        }
        _ => String::new(),
    }
}

fn add(text: &str, reading: Reading<'_>, all: &mut BTreeMap<String, Object>) -> Result<(), String> {
    let fail = |error: &str| format!("YAML unmarshal error: {error}\nCan't unmarshal {text}");
    let document = match Node::read(text.as_bytes()) {
        Ok(Some(document)) => document,
        Ok(None) => return Ok(()),
        Err(error) => {
            // Its words are those of the older reader, whose lines are counted otherwise.
            let older = yaml::to_frozen(text.as_bytes()).err();
            let message = older.as_ref().unwrap_or(&error).message();
            let message = message.strip_prefix("error converting YAML to JSON: ");
            return Err(fail(message.unwrap_or(error.message())));
        }
    };
    let node = document.content();
    match node.kind {
        Kind::Mapping => {}
        Kind::Scalar if node.is_null() => return Ok(()),
        Kind::Scalar => {
            let found = String::from_utf8_lossy(&node.value);
            return Err(fail(&format!(
                "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `{found}` into manifest.metadata"
            )));
        }
        _ => {
            return Err(fail(
                "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into manifest.metadata",
            ));
        }
    }
    let (version, kind) = (word(node, &["apiVersion"]), word(node, &["kind"]));
    if version.is_empty() && kind.is_empty() {
        return Ok(());
    }
    if kind.ends_with("List") {
        let items = items_in_order(text.as_bytes(), "items");
        for item in items.map_err(|error| fail(error.message()))? {
            add(&String::from_utf8_lossy(&item), reading, all)?;
        }
        return Ok(());
    }
    let annotation = |key: &str| word(node, &["metadata", "annotations", key]);
    if reading.skips_tests && matches!(annotation("helm.sh/hook").as_str(), "test" | "test-success")
    {
        return Ok(());
    }
    let text = match reading.normalises {
        true => {
            let value = yaml::to_frozen(text.as_bytes()).map_err(|error| fail(error.message()))?;
            String::from_utf8_lossy(&yaml::encode_frozen(&value)?).into_owned()
        }
        false => text.to_owned(),
    };
    let namespace = match word(node, &["metadata", "namespace"]) {
        own if own.is_empty() => reading.namespace.to_owned(),
        own => own,
    };
    let name = word(node, &["metadata", "name"]);
    // The group, or the version where there is none.
    let api = version
        .rsplit_once('/')
        .map_or(version.as_str(), |(group, _)| group);
    let key = format!("{namespace}, {name}, {kind} ({api})");
    all.entry(key).or_insert(Object {
        kind,
        text,
        is_kept: annotation("helm.sh/resource-policy") == "keep",
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found() {
        let manifest = "---\n# Source: a\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {namespace: ns, name: s}}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: t\n  annotations: {helm.sh/hook: test}\n";
        let reading = Reading {
            namespace: "d",
            skips_tests: true,
            normalises: false,
        };
        let all = objects(manifest, reading).expect("a manifest");
        let keys: Vec<&String> = all.keys().collect();
        assert_eq!(keys, ["d, web, Deployment (apps)", "ns, s, Service (v1)"]);
        assert_eq!(
            all["d, web, Deployment (apps)"].text,
            "# Source: a\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}"
        );
        assert_eq!(
            all["ns, s, Service (v1)"].text,
            "apiVersion: v1\nkind: Service\nmetadata:\n  namespace: ns\n  name: s\n"
        );
        let with_tests = Reading {
            skips_tests: false,
            ..reading
        };
        assert_eq!(objects(manifest, with_tests).map(|all| all.len()), Ok(3));
    }
}
