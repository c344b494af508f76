//! Manifests taken apart, each object by what it is called in a difference.

use std::collections::BTreeMap;

use crate::value::Frozen;
use crate::yaml;

/// An object of a manifest, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) kind: String,
    /// The group, or the version where there is none.
    pub(super) api: String,
    pub(super) text: String,
    /// It stays where its release no longer has it.
    pub(super) is_kept: bool,
}

/// The objects of a manifest by namespace, name and kind. Of two that are called alike the first
/// counts.
pub(super) fn objects(
    manifest: &str,
    namespace: &str,
    skips_tests: bool,
    normalises: bool,
) -> Result<BTreeMap<String, Object>, String> {
    let mut all = BTreeMap::new();
    let text = format!("\n{manifest}");
    for part in text.split("\n---") {
        // What stands behind the three dashes belongs to their line.
        let part = match part.strip_prefix('\n') {
            Some(part) => part,
            None => part.trim_start_matches([' ', '\t', '\r']),
        };
        add(part.trim(), namespace, (skips_tests, normalises), &mut all)?;
    }
    Ok(all)
}

fn text_of<'f>(value: &'f Frozen, path: &[&str]) -> Option<std::borrow::Cow<'f, str>> {
    let found = path.iter().try_fold(value, |value, key| value.get(key))?;
    Some(found.as_text()?.to_str_lossy())
}

fn add(
    text: &str,
    namespace: &str,
    (skips_tests, normalises): (bool, bool),
    all: &mut BTreeMap<String, Object>,
) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let value = yaml::to_frozen(text.as_bytes())
        .map_err(|error| format!("YAML unmarshal error: {error}\n{text}"))?;
    let word = |path: &[&str]| {
        text_of(&value, path)
            .map(std::borrow::Cow::into_owned)
            .unwrap_or_default()
    };
    let (version, kind) = (word(&["apiVersion"]), word(&["kind"]));
    if version.is_empty() && kind.is_empty() {
        return Ok(());
    }
    if let (true, Some(items)) = (
        kind.ends_with("List"),
        value.get("items").and_then(Frozen::as_list),
    ) {
        for item in items {
            let item = yaml::encode_frozen(item)?;
            let item = String::from_utf8_lossy(&item).into_owned();
            add(item.trim(), namespace, (skips_tests, normalises), all)?;
        }
        return Ok(());
    }
    let hook = word(&["metadata", "annotations", "helm.sh/hook"]);
    if skips_tests && matches!(hook.as_str(), "test" | "test-success") {
        return Ok(());
    }
    let own = word(&["metadata", "namespace"]);
    let text = match normalises {
        true => String::from_utf8_lossy(&yaml::encode_frozen(&value)?).into_owned(),
        false => text.to_owned(),
    };
    let object = Object {
        namespace: if own.is_empty() {
            namespace.to_owned()
        } else {
            own
        },
        name: word(&["metadata", "name"]),
        api: match version.rsplit_once('/') {
            Some((group, _)) => group.to_owned(),
            None => version,
        },
        kind,
        text,
        is_kept: word(&["metadata", "annotations", "helm.sh/resource-policy"]) == "keep",
    };
    let key = format!(
        "{}, {}, {} ({})",
        object.namespace, object.name, object.kind, object.api
    );
    all.entry(key).or_insert(object);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found() {
        let manifest = "---\n# Source: a\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\n# nothing\n--- \napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: s, namespace: ns}}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: t\n  annotations: {helm.sh/hook: test}\n";
        let keys = |skips| {
            let all = objects(manifest, "d", skips, false).expect("a manifest");
            all.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(
            keys(true),
            ["d, web, Deployment (apps)", "ns, s, Service (v1)"]
        );
        assert_eq!(keys(false).len(), 3);
        let all = objects(manifest, "d", true, false).expect("a manifest");
        let web = &all["d, web, Deployment (apps)"];
        assert_eq!(
            web.text,
            "# Source: a\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}"
        );
    }
}
