//! Manifests to objects, wherever those live (`resource.Builder` of `k8s.io/cli-runtime`, as Helm
//! 4.2.4 uses it).

use serde_json::{Map, Value};

use super::object::from_frozen;
use super::{Key, Object};
use crate::diag::{Error, Kind};
use crate::render::manifest;
use crate::yaml;

/// Reads all documents of `manifest`; items of lists count as documents of their own. `locate` makes an
/// object of each.
///
/// # Errors
/// The first document that is not YAML, and all that `locate` says.
pub(super) fn build(
    manifest: &[u8],
    mut locate: impl FnMut(Identity, Value) -> Result<Object, String>,
) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    let mut errors: Vec<String> = Vec::new();
    for range in manifest::split(manifest) {
        let value = match yaml::to_object(&manifest[range]) {
            Ok(value) => value,
            Err(error) => {
                errors.push(format!("error parsing : {error}"));
                break;
            }
        };
        let mut bodies = Vec::new();
        flatten(from_frozen(&value), &mut bodies);
        for body in bodies {
            match identify(&body).and_then(|identity| locate(identity, body)) {
                Ok(object) => objects.push(object),
                Err(error) => errors.push(error),
            }
        }
    }
    match errors.as_slice() {
        [] => Ok(objects),
        [only] => Err(Error::new(Kind::Cluster, only.as_str())),
        several => Err(Error::new(
            Kind::Cluster,
            format!("[{}]", several.join(", ")),
        )),
    }
}

/// What a document says of which object it is.
pub(super) struct Identity {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    /// As it stands there: it may be empty, whatever the kind.
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Identity {
    /// The object; `resource` is the plural of its kind. One of a kind with namespaces that names none
    /// gets `namespace`; one of a kind without gets none.
    pub(super) fn object(
        self,
        resource: String,
        namespace: Option<&str>,
        mut body: Value,
    ) -> Object {
        let namespace = match (namespace, self.namespace.as_str()) {
            (None, _) => String::new(),
            (Some(namespace), "") => {
                if let Some(metadata) = member(&mut body, "metadata") {
                    metadata.insert("namespace".to_owned(), Value::from(namespace));
                }
                namespace.to_owned()
            }
            (Some(_), own) => own.to_owned(),
        };
        Object {
            key: Key {
                group: self.group,
                version: self.version,
                kind: self.kind,
                namespace,
                name: self.name,
            },
            resource,
            body,
        }
    }
}

fn identify(body: &Value) -> Result<Identity, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text(&body["apiVersion"]), text(&body["kind"]));
    for (name, value) in [("kind", &kind), ("apiVersion", &api_version)] {
        if value.is_empty() {
            return Err(format!(
                "error validating \"\": error validating data: {name} not set"
            ));
        }
    }
    let (group, version) = match api_version.split_once('/') {
        Some((group, version)) => (group, version),
        None => ("", api_version.as_str()),
    };
    Ok(Identity {
        group: group.to_owned(),
        version: version.to_owned(),
        kind,
        namespace: text(&body["metadata"]["namespace"]),
        name: text(&body["metadata"]["name"]),
    })
}

/// Takes lists apart (`Builder.Flatten`); documents of comments are no objects.
pub(super) fn flatten(body: Value, found: &mut Vec<Value>) {
    let is_list = body["kind"]
        .as_str()
        .is_some_and(|kind| kind.ends_with("List"));
    match body {
        Value::Null => {}
        Value::Object(mut list) if is_list && list.get("items").is_some_and(Value::is_array) => {
            if let Some(Value::Array(items)) = list.remove("items") {
                for item in items {
                    flatten(item, found);
                }
            }
        }
        body => found.push(body),
    }
}

/// The object under `name`, made where there is none.
fn member<'a>(body: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    let slot = body.as_object_mut()?.entry(name).or_insert(Value::Null);
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}
