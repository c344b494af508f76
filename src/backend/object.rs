use std::fmt;

use serde_json::Value;

use crate::value::Frozen;

/// What tells one object from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its group; empty for the core.
    pub group: String,
    /// Version in the group.
    pub version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty where the kind has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Key {
    /// `group/version`, or the version alone for the core.
    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `schema.GroupVersionKind.String`: `apps/v1, Kind=Deployment`.
    pub fn kind_text(&self) -> String {
        format!("{}/{}, Kind={}", self.group, self.version, self.kind)
    }

    /// Whether both are the same object, whatever the versions they are seen in
    /// (`isMatchingInfo` of `pkg/kube/resource.go`, Helm 4.2.4).
    pub fn is_same(&self, other: &Key) -> bool {
        self.name == other.name
            && self.namespace == other.namespace
            && self.kind == other.kind
            && self.group == other.group
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key {
            namespace,
            name,
            kind,
            ..
        } = self;
        match namespace.as_str() {
            "" => write!(f, "{kind} {name}"),
            namespace => write!(f, "{kind} {namespace}/{name}"),
        }
    }
}

/// An object as it is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Which it is.
    pub key: Key,
    /// Plural name of its kind, as it stands in paths.
    pub resource: String,
    /// All of it.
    pub body: Value,
}

/// Whether the chart that made it wants an object to stay.
pub(super) fn is_kept(live: &Value) -> bool {
    live["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
}

/// The same data in the form that the other side talks.
pub(crate) fn from_frozen(value: &Frozen) -> Value {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
        Frozen::Null => Value::Null,
        Frozen::Bool(value) => Value::Bool(*value),
        Frozen::Int(n) => Value::from(*n),
        Frozen::Float(n) => Value::from(*n),
        Frozen::String(text) => Value::String(text.to_str_lossy().into_owned()),
        Frozen::List(items) => Value::Array(items.iter().map(from_frozen).collect()),
        Frozen::Map(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.to_str_lossy().into_owned(), from_frozen(value)))
                .collect(),
        ),
    })
}

/// The same data in the form that templates see: numbers are floats or whole.
pub(crate) fn to_frozen(value: &Value) -> Frozen {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match value {
        Value::Null => Frozen::Null,
        Value::Bool(value) => Frozen::Bool(*value),
        Value::Number(n) => match n.as_i64() {
            Some(n) => Frozen::Int(n),
            None => Frozen::Float(n.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Frozen::string(text.as_str()),
        Value::Array(items) => Frozen::List(items.iter().map(to_frozen).collect::<Vec<_>>().into()),
        Value::Object(map) => Frozen::Map(
            map.iter()
                .map(|(key, value)| (key.as_str().into(), to_frozen(value)))
                .collect::<std::collections::BTreeMap<_, _>>()
                .into(),
        ),
    })
}
