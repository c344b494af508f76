//! Cluster objects without a cluster: manifests go in, answers to look-ups come out.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{Frozen, FrozenMap, Text};

/// Cluster objects out of manifests, for look-ups without a cluster.
///
/// An object without a namespace fits any: it may be of the whole cluster, or be meant for
/// whichever namespace it is applied to.
#[derive(Clone, Debug, Default)]
pub struct Objects(BTreeMap<(Text, Text), Vec<Entry>>);

#[derive(Clone, Debug)]
struct Entry {
    namespace: Text,
    name: Text,
    object: Frozen,
}

impl Objects {
    /// Collects objects; lists are taken apart, what is no object is left out. Of objects with the
    /// same identity the last counts. Whole numbers become `int64`, as those of a cluster are.
    pub fn new(manifests: impl IntoIterator<Item = Frozen>) -> Objects {
        let mut objects = Objects::default();
        let mut waiting: Vec<Frozen> = manifests.into_iter().collect();
        waiting.reverse();
        while let Some(manifest) = waiting.pop() {
            let kind = manifest.get("kind").and_then(Frozen::as_text);
            let api_version = manifest.get("apiVersion").and_then(Frozen::as_text);
            let items = manifest.get("items").and_then(Frozen::as_list);
            if let (Some(items), true) = (items, kind.is_some_and(|kind| kind.ends_with(b"List"))) {
                waiting.extend(items.iter().rev().cloned());
                continue;
            }
            let (Some(kind), Some(api_version)) = (kind, api_version) else {
                continue;
            };
            let text = |key: &str| {
                let metadata = manifest.get("metadata")?;
                metadata.get(key)?.as_text().cloned()
            };
            let entry = Entry {
                namespace: text("namespace").unwrap_or_default(),
                name: text("name").unwrap_or_default(),
                object: with_integers(&manifest),
            };
            let entries = objects
                .0
                .entry((api_version.clone(), kind.clone()))
                .or_default();
            let identity = (&entry.namespace, &entry.name);
            match entries.binary_search_by_key(&identity, |entry| (&entry.namespace, &entry.name)) {
                Ok(at) => entries[at] = entry,
                Err(at) => entries.insert(at, entry),
            }
        }
        objects
    }

    /// The object `name`; where `name` is empty, the list of all in `namespace`, or everywhere where
    /// that is empty too.
    pub fn look_up(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Frozen> {
        let entries = self.0.get(&(Text::from(api_version), Text::from(kind)));
        let mut fitting = entries.into_iter().flatten().filter(|entry| {
            namespace.is_empty() || entry.namespace.is_empty() || entry.namespace == *namespace
        });
        if !name.is_empty() {
            return fitting
                .filter(|entry| entry.name == *name)
                // The one that names the namespace before the one that fits any.
                .max_by_key(|entry| entry.namespace == *namespace)
                .map(|entry| entry.object.clone());
        }
        let items: Vec<Frozen> = fitting.by_ref().map(|entry| entry.object.clone()).collect();
        let list: FrozenMap = [
            ("apiVersion".into(), Frozen::string(api_version)),
            ("items".into(), Frozen::List(Arc::new(items))),
            ("kind".into(), Frozen::string(format!("{kind}List"))),
            ("metadata".into(), Frozen::empty_map()),
        ]
        .into();
        Some(Frozen::Map(Arc::new(list)))
    }
}

fn with_integers(value: &Frozen) -> Frozen {
    const RED_ZONE: usize = 64 * 1024;
    const SEGMENT: usize = 1024 * 1024;
    match value {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        Frozen::Float(n) if n.fract() == 0.0 && n.abs() < 9e15 => Frozen::Int(*n as i64),
        Frozen::List(items) => stacker::maybe_grow(RED_ZONE, SEGMENT, || {
            Frozen::List(Arc::new(items.iter().map(with_integers).collect()))
        }),
        Frozen::Map(map) => stacker::maybe_grow(RED_ZONE, SEGMENT, || {
            let entries = map
                .iter()
                .map(|(key, value)| (key.clone(), with_integers(value)));
            Frozen::Map(Arc::new(entries.collect()))
        }),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::json;

    #[test]
    fn objects_are_found_by_identity() {
        let objects = Objects::new([
            json::decode(br#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","namespace":"x"},"n":1}"#).unwrap(),
            json::decode(br#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"x"},"n":2},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","namespace":"y"},"n":2.5},{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"}}]}"#).unwrap(),
            Frozen::Null,
        ]);
        let number = |namespace: &str, name: &str| {
            let object = objects.look_up("v1", "ConfigMap", namespace, name)?;
            object.get("n").cloned()
        };
        assert_eq!(number("x", "b"), Some(Frozen::Int(1)));
        assert_eq!(number("y", "b"), Some(Frozen::Float(2.5)));
        assert_eq!(number("z", "b"), None);
        assert!(objects.look_up("v1", "Node", "any", "n").is_some());
        let names = |namespace: &str| {
            let list = objects.look_up("v1", "ConfigMap", namespace, "").unwrap();
            assert_eq!(list.get("kind"), Some(&Frozen::string("ConfigMapList")));
            list.get("items").unwrap().as_list().unwrap().len()
        };
        assert_eq!((names("x"), names(""), names("z")), (2, 3, 0));
    }
}
