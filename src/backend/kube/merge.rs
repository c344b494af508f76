//! Merging here: what was, what is and what shall be (`createPatch` of `pkg/kube/client.go`,
//! Helm 4.2.4).

use serde_json::Value;

use crate::backend::{Key, Merge};
use crate::kubernetes::merge::{States, json, schema, strategic};

/// A change to send.
pub(super) struct Patch {
    pub(super) media_type: &'static str,
    pub(super) body: Value,
}

/// What to send so that `live`, once made as `original`, becomes `wanted`; nothing where it is that
/// already.
///
/// # Errors
/// Why no patch can be made.
pub(super) fn patch(
    original: &Value,
    live: &Value,
    wanted: &Value,
    key: &Key,
    merge: Merge,
) -> Result<Option<Patch>, String> {
    let states = States {
        original,
        live,
        wanted,
    };
    // What cannot be read as its kind is merged like a kind that is not known, as in Helm.
    let built_in = schema::of(&key.api_version(), &key.kind).filter(|kind| kind.accepts(wanted));
    let (media_type, body) = match (built_in, merge) {
        (Some(kind), _) => (
            "application/strategic-merge-patch+json",
            strategic::patch(&states, kind)?,
        ),
        (None, Merge::TwoWay) => ("application/merge-patch+json", json::two_way(&states)?),
        (None, Merge::ThreeWay) => ("application/merge-patch+json", json::three_way(&states)?),
    };
    Ok((!body.is_empty()).then(|| Patch {
        media_type,
        body: Value::Object(body),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(group: &str, version: &str, kind: &str) -> Key {
        Key {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: "default".to_owned(),
            name: "x".to_owned(),
        }
    }

    #[test]
    fn kinds_choose_how_they_are_merged() {
        let strategic = "application/strategic-merge-patch+json";
        let plain = "application/merge-patch+json";
        let was = json!({"spec": {"a": 1, "list": [{"name": "a"}]}});
        let is = json!({"spec": {"a": 1, "more": 2, "list": [{"name": "a"}]}});
        let wanted = json!({"spec": {"a": 2}});
        let definitions = "CustomResourceDefinition";
        for (key, merge, media_type, body) in [
            (
                key("apps", "v1", "Deployment"),
                Merge::TwoWay,
                strategic,
                json!({"spec": {"a": 2, "list": null}}),
            ),
            (
                key("apiextensions.k8s.io", "v1", definitions),
                Merge::TwoWay,
                strategic,
                json!({"spec": {"a": 2, "list": null}}),
            ),
            (
                key("apiextensions.k8s.io", "v1beta1", definitions),
                Merge::TwoWay,
                plain,
                json!({"spec": {"a": 2, "list": null}}),
            ),
            (
                key("shop.test", "v1", "Deployment"),
                Merge::ThreeWay,
                plain,
                json!({"spec": {"a": 2, "list": null}}),
            ),
        ] {
            let patch = patch(&was, &is, &wanted, &key, merge)
                .expect("a patch")
                .expect("a change");
            assert_eq!((patch.media_type, patch.body), (media_type, body), "{key}");
            let none = super::patch(&wanted, &wanted, &wanted, &key, merge).expect("no error");
            assert!(none.is_none(), "{key}");
        }
    }

    /// A number where the kind has a text: Helm takes the object for one of an unknown kind.
    #[test]
    fn what_does_not_fit_its_kind_is_merged_as_json() {
        let map = |value: Value| json!({"data": {"a": value}});
        let patch = patch(
            &map(json!("1")),
            &map(json!("1")),
            &map(json!(2)),
            &key("", "v1", "ConfigMap"),
            Merge::TwoWay,
        );
        let patch = patch.expect("a patch").expect("a change");
        assert_eq!(patch.media_type, "application/merge-patch+json");
        assert_eq!(patch.body, json!({"data": {"a": 2}}));
    }
}
