//! Resources as they are.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::tag::Tags;

/// A resource that is there.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    /// What tells it from all others: its ARN, or what there is instead.
    pub(super) id: String,
    /// What references to it stand for: `arn`, ...
    pub(super) attributes: BTreeMap<String, String>,
    /// What it is, in the form of the request that would make it.
    pub(super) spec: Value,
    /// Its tags, where it can have some.
    pub(super) tags: Option<Tags>,
    /// As the service tells it.
    pub(super) told: Value,
}

impl Live {
    /// One with an ARN.
    pub(super) fn new(arn: &str, spec: Value) -> Live {
        Live {
            id: arn.to_owned(),
            attributes: BTreeMap::from([("arn".to_owned(), arn.to_owned())]),
            spec,
            ..Live::default()
        }
    }

    /// The same with what a reference to `name` stands for.
    pub(super) fn with(mut self, name: &str, value: &str) -> Live {
        self.attributes.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same with tags.
    pub(super) fn tagged(mut self, tags: Tags) -> Live {
        self.tags = Some(tags);
        self
    }

    /// A tag.
    pub(super) fn tag(&self, key: &str) -> Option<&str> {
        let tags = self.tags.as_ref()?;
        tags.get(key).map(String::as_str)
    }
}

/// The members of `from` that are named and are there.
pub(super) fn select(from: &Value, names: &[&str]) -> Value {
    let mut selected = Map::new();
    for name in names {
        if let Some(value) = from.get(*name).filter(|value| !value.is_null()) {
            selected.insert((*name).to_owned(), value.clone());
        }
    }
    Value::Object(selected)
}
