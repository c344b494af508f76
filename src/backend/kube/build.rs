//! Manifests to objects (`resource.Builder` of `k8s.io/cli-runtime`, as Helm 4.2.4 uses it).

use serde_json::Value;

use super::connection::Connection;
use super::discovery::{self, Discovery};
use super::failure::Failure;
use crate::backend::object::from_frozen;
use crate::backend::{Key, Object};
use crate::diag::{Error, Kind};
use crate::render::manifest;
use crate::yaml;

/// Makes objects of manifests.
pub(super) struct Builder<'a> {
    pub(super) connection: &'a Connection,
    pub(super) discovery: &'a Discovery,
    /// Where objects of kinds with namespaces live that name none.
    pub(super) namespace: &'a str,
    /// Custom kinds that will be served.
    pub(super) definitions: &'a [Object],
}

impl Builder<'_> {
    /// Reads all documents of `manifest`; items of lists count as documents of their own.
    pub(super) fn build(&self, manifest: &[u8]) -> Result<Vec<Object>, Error> {
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
                match self.locate(body) {
                    Ok(object) => objects.push(object),
                    Err(failure) => errors.push(failure.message),
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

    fn locate(&self, mut body: Value) -> Result<Object, Failure> {
        let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        if kind.is_empty() || api_version.is_empty() {
            let missing = if kind.is_empty() {
                "Kind"
            } else {
                "apiVersion"
            };
            return Err(Failure::unasked(format!(
                "error validating \"\": error validating data: {} not set",
                match missing {
                    "Kind" => "kind",
                    other => other,
                }
            )));
        }
        let named = |member: &str| {
            body["metadata"][member]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let (name, own_namespace) = (named("name"), named("namespace"));
        let (group, version) = match api_version.split_once('/') {
            Some((group, version)) => (group, version),
            None => ("", api_version.as_str()),
        };
        let found = match self
            .discovery
            .find(self.connection, group, version, &kind)?
        {
            Some(found) => Some(found),
            None => discovery::defined(self.definitions, group, version, &kind),
        };
        let Some(served) = found else {
            return Err(Failure::unasked(format!(
                "resource mapping not found for name: \"{name}\" namespace: \"{own_namespace}\" from \"\": \
             no matches for kind \"{kind}\" in version \"{api_version}\"\nensure CRDs are installed first"
            )));
        };
        let namespace = match (served.is_namespaced, own_namespace.as_str()) {
            (false, _) => String::new(),
            (true, "") => {
                if let Some(metadata) = member(&mut body, "metadata") {
                    metadata.insert("namespace".to_owned(), Value::from(self.namespace));
                }
                self.namespace.to_owned()
            }
            (true, own) => own.to_owned(),
        };
        Ok(Object {
            key: Key {
                group: group.to_owned(),
                version: version.to_owned(),
                kind,
                namespace,
                name,
            },
            resource: served.resource,
            body,
        })
    }
}

/// Takes lists apart (`Builder.Flatten`); documents of comments are no objects.
fn flatten(body: Value, found: &mut Vec<Value>) {
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
fn member<'a>(body: &'a mut Value, name: &str) -> Option<&'a mut serde_json::Map<String, Value>> {
    let slot = body.as_object_mut()?.entry(name).or_insert(Value::Null);
    if slot.is_null() {
        *slot = Value::Object(serde_json::Map::new());
    }
    slot.as_object_mut()
}
