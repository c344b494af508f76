//! Whose an object is (`pkg/action/validate.go`, Helm 4.2.4).

use serde_json::{Map, Value};

use super::lifecycle::Operation;
use crate::backend::{Backend, Object};
use crate::diag::{Error, Kind};

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const HELM: &str = "Helm";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// A release, as objects name it.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
}

/// What is asked of objects that are there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// They have to be the release's.
    Own,
    /// They are taken, whosever they are.
    Take,
}

impl Claim {
    /// As an operation wants it.
    pub(super) fn of(operation: &Operation) -> Claim {
        match operation.take_ownership {
            true => Claim::Take,
            false => Claim::Own,
        }
    }
}

impl Owner<'_> {
    /// Makes objects the release's.
    pub(super) fn mark(&self, objects: &mut [Object]) {
        for object in objects {
            let Some(metadata) = child(&mut object.body, "metadata") else {
                continue;
            };
            if let Some(labels) = entry(metadata, "labels") {
                labels.insert(MANAGED_BY.to_owned(), Value::from(HELM));
            }
            if let Some(annotations) = entry(metadata, "annotations") {
                annotations.insert(RELEASE_NAME.to_owned(), Value::from(self.name));
                annotations.insert(RELEASE_NAMESPACE.to_owned(), Value::from(self.namespace));
            }
        }
    }

    /// Those of `objects` that are there already.
    ///
    /// # Errors
    /// Objects of others, and whatever the cluster says.
    pub(super) fn existing(
        &self,
        backend: &dyn Backend,
        objects: &[Object],
        claim: Claim,
    ) -> Result<Vec<Object>, Error> {
        let mut found = Vec::new();
        let mut named = Vec::new();
        // Objects in front of one that cannot be are looked at all the same.
        let mut refused = Ok(());
        for object in objects {
            match is_generated(object) {
                Ok(true) => {}
                Ok(false) => named.push(object.clone()),
                Err(error) => {
                    refused = Err(error);
                    break;
                }
            }
        }
        let lives = backend.get_all(&named);
        for (object, live) in named.into_iter().zip(lives) {
            let live = live.map_err(|error| {
                error.wrap(format!(
                    "could not get information about the resource {}",
                    describe(&object)
                ))
            })?;
            let Some(live) = live else {
                continue;
            };
            if claim == Claim::Own {
                self.check(&live).map_err(|error| {
                    error.wrap(format!(
                        "{} exists and cannot be imported into the current release",
                        describe(&object)
                    ))
                })?;
            }
            found.push(object);
        }
        refused?;
        Ok(found)
    }

    fn check(&self, live: &Value) -> Result<(), Error> {
        let metadata = &live["metadata"];
        let problems: Vec<String> = [
            ("label", "labels", MANAGED_BY, HELM),
            ("annotation", "annotations", RELEASE_NAME, self.name),
            (
                "annotation",
                "annotations",
                RELEASE_NAMESPACE,
                self.namespace,
            ),
        ]
        .into_iter()
        .filter_map(|(what, member, key, wanted)| {
            let problem = match metadata[member][key].as_str() {
                Some(found) if found == wanted => return None,
                Some(found) => {
                    format!("key {key:?} must equal {wanted:?}: current value is {found:?}")
                }
                None => format!("missing key {key:?}: must be set to {wanted:?}"),
            };
            Some(format!("{what} validation error: {problem}"))
        })
        .collect();
        if problems.is_empty() {
            return Ok(());
        }
        let message = format!("invalid ownership metadata; {}", problems.join("; "));
        Err(Error::new(Kind::Conflict, message))
    }
}

/// Whether the server makes the name.
fn is_generated(object: &Object) -> Result<bool, Error> {
    let prefix = object.body["metadata"]["generateName"]
        .as_str()
        .unwrap_or_default();
    match (object.key.name.is_empty(), prefix.is_empty()) {
        (_, true) => Ok(false),
        (true, false) => Ok(true),
        (false, false) => Err(Error::new(
            Kind::Manifest,
            "metadata.name and metadata.generateName cannot both be set",
        )),
    }
}

fn describe(object: &Object) -> String {
    format!(
        "{} {:?} in namespace {:?}",
        object.key.kind, object.key.name, object.key.namespace
    )
}

fn child<'a>(body: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    entry(body.as_object_mut()?, name)
}

/// The object under `name`, made where there is none.
fn entry<'a>(map: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    let slot = map.entry(name).or_insert(Value::Null);
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}
