//! Objects with what kustomize remembers of them (`api/resource`, 0.20.1).

use serde_json::{Map, Value};

use super::id::{Gvk, Id};
use crate::value::{Frozen, Text};
use crate::yaml;
use crate::yaml::node::Node;

/// What a generator does where there is such an object already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Behavior {
    #[default]
    Create,
    Replace,
    Merge,
}

/// An object, and what it was called before.
#[derive(Clone, Debug, Default)]
pub(super) struct Resource {
    pub(super) value: Value,
    /// Names of before, oldest first.
    previous: Vec<Previous>,
    pub(super) prefixes: Vec<String>,
    pub(super) suffixes: Vec<String>,
    pub(super) behavior: Behavior,
    /// Whether its name ends with a hash of what is in it.
    pub(super) needs_hash: bool,
    /// Variables that are read from it.
    pub(super) variables: Vec<String>,
}

#[derive(Clone, Debug)]
struct Previous {
    namespace: String,
    name: String,
    kind: String,
}

/// The texts of a map such as `metadata.labels`.
pub(super) fn texts(value: Option<&Value>) -> impl Iterator<Item = (&str, String)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), scalar_text(value)?)))
}

/// How a scalar is written.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(it) => Some(it.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A map inside of an object, made where it is not there.
pub(super) fn object_at<'v>(
    value: &'v mut Value,
    path: &[&str],
) -> Option<&'v mut Map<String, Value>> {
    let mut place = value;
    for name in path {
        let inner = place.as_object_mut()?.entry(*name).or_insert(Value::Null);
        if inner.is_null() {
            *inner = Value::Object(Map::new());
        }
        place = inner;
    }
    place.as_object_mut()
}

impl Resource {
    pub(super) fn new(value: Value) -> Resource {
        Resource {
            value,
            ..Resource::default()
        }
    }

    /// The objects of a text with documents, those of lists one by one.
    ///
    /// # Errors
    /// What is no YAML, or no object.
    pub(super) fn read(text: &[u8]) -> Result<Vec<Resource>, String> {
        let mut found = Vec::new();
        for document in documents(text) {
            let read = Node::read(&document).map_err(|error| error.to_string())?;
            let Some(node) = read else { continue };
            let value = node.content().data()?;
            add(value, &mut found)?;
        }
        Ok(found)
    }

    pub(super) fn gvk(&self) -> Gvk {
        self.id().gvk
    }

    pub(super) fn id(&self) -> Id {
        Id::of(&self.value)
    }

    pub(super) fn kind(&self) -> &str {
        self.value
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(super) fn name(&self) -> String {
        self.id().name
    }

    pub(super) fn namespace(&self) -> String {
        self.id().namespace
    }

    /// What it was called before, oldest first.
    pub(super) fn previous_ids(&self) -> impl Iterator<Item = Id> {
        let gvk = self.gvk();
        self.previous.iter().map(move |previous| Id {
            gvk: Gvk {
                kind: previous.kind.clone(),
                ..gvk.clone()
            },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        })
    }

    /// What it was called first.
    pub(super) fn original_id(&self) -> Id {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// All that it is and was called, the present last.
    pub(super) fn ids(&self) -> Vec<Id> {
        self.previous_ids().chain([self.id()]).collect()
    }

    /// Remembers what it is called now.
    pub(super) fn remember(&mut self) {
        let id = self.id();
        self.previous.push(Previous {
            namespace: id.effective_namespace().to_owned(),
            name: id.name,
            kind: id.gvk.kind,
        });
    }

    pub(super) fn set_metadata(&mut self, name: &str, text: &str) {
        if let Some(metadata) = object_at(&mut self.value, &["metadata"]) {
            match (name, text) {
                ("namespace", "") => {
                    metadata.shift_remove(name);
                }
                _ => {
                    metadata.insert(name.to_owned(), Value::from(text));
                }
            }
        }
    }

    fn metadata(&self, name: &str) -> Option<&Value> {
        self.value.get("metadata")?.get(name)
    }

    pub(super) fn labels(&self) -> Vec<(String, String)> {
        owned(texts(self.metadata("labels")))
    }

    pub(super) fn annotations(&self) -> Vec<(String, String)> {
        owned(texts(self.metadata("annotations")))
    }

    /// Takes over what the other one has and this one has not: labels, annotations, name, history
    /// (`CopyMergeMetaDataFieldsFrom`).
    pub(super) fn inherit(&mut self, other: &Resource) {
        for name in ["labels", "annotations"] {
            let mut merged: Map<String, Value> = texts(other.metadata(name))
                .map(|(key, value)| (key.to_owned(), Value::from(value)))
                .collect();
            for (key, value) in texts(self.metadata(name)) {
                merged.insert(key.to_owned(), Value::from(value));
            }
            if merged.is_empty() {
                continue;
            }
            if let Some(metadata) = object_at(&mut self.value, &["metadata"]) {
                metadata.insert(name.to_owned(), Value::Object(merged));
            }
        }
        self.set_metadata("name", &other.name());
        self.set_metadata("namespace", &other.namespace());
        self.previous.clone_from(&other.previous);
        self.prefixes.clone_from(&other.prefixes);
        self.suffixes.clone_from(&other.suffixes);
        self.variables.clone_from(&other.variables);
        self.behavior = other.behavior;
        self.needs_hash &= other.needs_hash;
    }

    /// Adds the entries of a map such as `data` that only the other one has.
    pub(super) fn inherit_data(&mut self, other: &Resource) {
        for name in ["data", "binaryData"] {
            let Some(Value::Object(before)) = other.value.get(name) else {
                continue;
            };
            let Some(own) = object_at(&mut self.value, &[name]) else {
                continue;
            };
            for (key, value) in before {
                if !own.contains_key(key) {
                    own.insert(key.clone(), value.clone());
                }
            }
        }
    }

    /// The object as kustomize writes it, keys in order.
    ///
    /// # Errors
    /// What YAML cannot hold.
    pub(super) fn text(&self) -> Result<Vec<u8>, String> {
        yaml::encode_frozen(&frozen(&self.value))
    }

    /// Leaves annotations as kustomize does, which keeps notes of its own there until the end: they are
    /// texts, and gone where there are none.
    pub(super) fn finish(&mut self) {
        let Some(Value::Object(metadata)) = self.value.get_mut("metadata") else {
            return;
        };
        let is_empty = match metadata.get_mut("annotations") {
            Some(Value::Object(annotations)) => {
                for value in annotations.values_mut() {
                    if let Some(text) = scalar_text(value) {
                        *value = Value::String(text);
                    }
                }
                annotations.is_empty()
            }
            Some(Value::Null) => true,
            _ => false,
        };
        if is_empty {
            metadata.shift_remove("annotations");
        }
    }
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Vec<(String, String)> {
    pairs.map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Adds an object, or those of a list.
fn add(value: Value, found: &mut Vec<Resource>) -> Result<(), String> {
    let Value::Object(object) = &value else {
        return match value {
            Value::Null => Ok(()),
            _ => Err("expected an object with apiVersion, kind and metadata".to_owned()),
        };
    };
    if object.is_empty() {
        return Ok(());
    }
    let kind = match object.get("kind") {
        Some(Value::String(kind)) if !kind.is_empty() => kind.as_str(),
        _ => {
            let id = Id::of(&value);
            return Err(format!(
                "missing Resource metadata: an object{} has no kind",
                match id.name.as_str() {
                    "" => String::new(),
                    name => format!(" with the name {name:?}"),
                }
            ));
        }
    };
    if let (true, Some(Value::Array(items))) = (kind.ends_with("List"), object.get("items")) {
        for item in items {
            add(item.clone(), found)?;
        }
        return Ok(());
    }
    if !kind.ends_with("List") && Id::of(&value).name.is_empty() {
        return Err(format!(
            "missing metadata.name in object {}",
            Id::of(&value).gvk
        ));
    }
    found.push(Resource::new(value));
    Ok(())
}

/// The documents of a text: what lies between lines that begin with `---`.
pub(super) fn documents(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found = vec![Vec::new()];
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(b"---".as_slice());
        match rest {
            Some(rest) if rest.first().is_none_or(u8::is_ascii_whitespace) => {
                found.push(rest.to_vec());
            }
            _ => {
                if let Some(last) = found.last_mut() {
                    last.extend_from_slice(line);
                }
            }
        }
    }
    found
}

/// JSON as data that is written: whole numbers as such.
pub(super) fn frozen(value: &Value) -> Frozen {
    match value {
        Value::Null => Frozen::Null,
        Value::Bool(it) => Frozen::Bool(*it),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Frozen::Int(whole),
            (None, Some(float)) => Frozen::Float(float),
            (None, None) => Frozen::string(number.to_string()),
        },
        Value::String(text) => Frozen::string(text.as_str()),
        Value::Array(items) => Frozen::List(items.iter().map(frozen).collect::<Vec<_>>().into()),
        Value::Object(object) => Frozen::Map(std::sync::Arc::new(
            object
                .iter()
                .map(|(key, value)| (Text::from(key.as_str()), frozen(value)))
                .collect(),
        )),
    }
}
