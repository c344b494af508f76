//! What servers add to objects, and nobody asked for.

use serde_json::{Map, Value};

/// Members of `metadata` that tell of the object's life.
const METADATA: &[&str] = &[
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
];

/// Annotations that repeat the object, or count its lives.
const ANNOTATIONS: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
];

/// Takes away the state of an object, and what is noted about its life.
pub fn strip(object: &mut Value) {
    let Some(members) = object.as_object_mut() else {
        return;
    };
    members.remove("status");
    let Some(metadata) = members.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    for name in METADATA {
        metadata.remove(*name);
    }
    let annotations = metadata.get_mut("annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        for name in ANNOTATIONS {
            annotations.remove(*name);
        }
    }
    for name in ["annotations", "labels"] {
        let is_empty = metadata.get(name).and_then(Value::as_object);
        if is_empty.is_some_and(Map::is_empty) {
            metadata.remove(name);
        }
    }
}

/// The object without its noise.
pub fn stripped(object: &Value) -> Value {
    let mut object = object.clone();
    strip(&mut object);
    object
}

/// Puts the texts of a Secret's `stringData` where servers keep them.
pub fn settle(object: &mut Value) {
    if !super::mask::is_secret(object) {
        return;
    }
    let Some(members) = object.as_object_mut() else {
        return;
    };
    let Some(Value::Object(texts)) = members.remove("stringData") else {
        return;
    };
    let data = members
        .entry("data")
        .or_insert_with(|| Value::Object(Map::new()));
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    let Some(data) = data.as_object_mut() else {
        return;
    };
    for (name, text) in texts {
        let text = text.as_str().unwrap_or_default();
        data.insert(name, Value::from(crate::go::base64::encode(text)));
    }
}
