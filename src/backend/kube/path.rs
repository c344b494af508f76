//! Paths of objects on an API server.

use serde_json::Value;

use crate::backend::Key;
use crate::go::url;

/// Where the objects of a kind live: `/apis/apps/v1/namespaces/NS/deployments`. Without a namespace,
/// those of all.
pub(super) fn collection(api_version: &str, resource: &str, namespace: &str) -> String {
    let prefix = if api_version.contains('/') {
        "/apis"
    } else {
        "/api"
    };
    match namespace {
        "" => format!("{prefix}/{api_version}/{resource}"),
        namespace => format!("{prefix}/{api_version}/namespaces/{namespace}/{resource}"),
    }
}

/// Where one object lives.
pub(super) fn object(key: &Key, resource: &str) -> String {
    let collection = collection(&key.api_version(), resource, &key.namespace);
    format!("{collection}/{}", text(url::path_escape(&key.name)))
}

/// Joins `name=value` pairs behind a path, in order.
pub(super) fn query(path: String, pairs: &[(&str, &str)]) -> String {
    let mut path = path;
    for (at, (name, value)) in pairs.iter().enumerate() {
        path.push(if at == 0 { '?' } else { '&' });
        path.push_str(name);
        path.push('=');
        path.push_str(&text(url::query_escape(value)));
    }
    path
}

/// A label selector for objects that have all of `labels`, in the order of their names.
pub(super) fn selector(labels: &Value) -> String {
    let mut pairs: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)))
        .collect();
    pairs.sort();
    pairs.join(",")
}

/// Escaped bytes are ASCII.
fn text(escaped: Vec<u8>) -> String {
    String::from_utf8_lossy(&escaped).into_owned()
}
