//! Resources as objects, so that whoever orders the work knows nothing of ECS.

use serde_json::{Map, Value, json};

use super::kind::{self, Owner};
use super::live::Live;
use super::normal;
use super::tag::{self, NAMESPACE, RELEASE, Tags};
use crate::backend::ecs::desired::{Hook, Resource};
use crate::backend::{Key, Object};

/// Group and version of the objects.
const GROUP: &str = "ecs.pintle.dev";
const VERSION: &str = "v1";

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";
const POLICY: &str = "helm.sh/resource-policy";

/// Whether a chart wants something to stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stay {
    #[default]
    Goes,
    Stays,
}

/// The object that stands for a resource in a namespace.
pub(super) fn object(resource: &Resource, namespace: &str, stay: Stay) -> Object {
    let kind = kind::object_kind(&resource.kind);
    let mut metadata = json!({"name": resource.name, "namespace": namespace});
    if stay == Stay::Stays {
        metadata["annotations"] = json!({POLICY: "keep"});
    }
    let mut body = resource_json(resource);
    body["type"] = body["kind"].take();
    body["apiVersion"] = Value::from(format!("{GROUP}/{VERSION}"));
    body["kind"] = Value::from(kind.as_str());
    body["metadata"] = metadata;
    Object {
        key: Key {
            group: GROUP.to_owned(),
            version: VERSION.to_owned(),
            kind,
            namespace: namespace.to_owned(),
            name: resource.name.clone(),
        },
        resource: String::new(),
        body,
    }
}

/// The resource that an object stands for.
pub(super) fn resource(object: &Object) -> Option<Resource> {
    if object.key.group != GROUP {
        return None;
    }
    let mut value = object.body.clone();
    let known = value["type"].as_str().map(str::to_owned);
    let known = known.or_else(|| kind::resource_kind(&object.key.kind).map(str::to_owned))?;
    value["kind"] = Value::from(known);
    value["name"] = Value::from(object.key.name.as_str());
    Some(read(&value))
}

/// A resource as a record holds it.
pub(super) fn resource_json(resource: &Resource) -> Value {
    let mut value = json!({"kind": resource.kind, "name": resource.name, "spec": resource.request});
    if !resource.settings.is_empty() {
        value["settings"] = Value::Object(resource.settings.clone());
    }
    if !resource.create_only.is_empty() {
        value["createOnly"] = json!(resource.create_only);
    }
    if let Some(hook) = &resource.hook {
        value["hook"] = json!({
            "events": hook.events, "weight": hook.weight, "deletePolicies": hook.delete_policies,
        });
    }
    if let Some(seconds) = resource.patience {
        value["patience"] = json!(seconds);
    }
    if let Some(count) = resource.history {
        value["history"] = json!(count);
    }
    value
}

/// Reads what [`resource_json`] wrote.
pub(super) fn read(value: &Value) -> Resource {
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut resource = Resource::new(text("kind"), text("name"), value["spec"].clone());
    resource.settings = value["settings"].as_object().cloned().unwrap_or_default();
    resource.create_only = texts(&value["createOnly"]);
    resource.patience = value["patience"].as_u64();
    resource.history = value["history"].as_u64();
    whole_numbers(&mut resource);
    resource.hook = value["hook"].is_object().then(|| Hook {
        events: texts(&value["hook"]["events"]),
        weight: value["hook"]["weight"].as_i64().unwrap_or_default(),
        delete_policies: texts(&value["hook"]["deletePolicies"]),
    });
    resource
}

/// Writes whole numbers as such, as requests want them: YAML and records know floats alone.
pub(super) fn whole_numbers(resource: &mut Resource) {
    normal::numbers(&mut resource.request);
    resource.settings.values_mut().for_each(normal::numbers);
}

/// Whether an object is to stay when it is not wanted any more.
pub(super) fn stays(object: &Object) -> bool {
    object.body["metadata"]["annotations"][POLICY] == "keep"
}

/// The release that an object is marked for.
pub(super) fn owner(object: &Object) -> Option<Owner> {
    let annotations = &object.body["metadata"]["annotations"];
    Some(Owner {
        name: annotations[RELEASE_NAME].as_str()?.to_owned(),
        namespace: annotations[RELEASE_NAMESPACE].as_str()?.to_owned(),
        revision: 0,
    })
}

/// What an object shows of a resource in normal form.
pub(super) fn shown(object: &Object, spec: Value, tags: &Tags) -> Value {
    let mut body = json!({
        "apiVersion": object.body["apiVersion"], "kind": object.key.kind,
        "metadata": object.body["metadata"], "spec": spec,
    });
    let tags: Map<String, Value> = tags
        .iter()
        .filter(|(key, _)| !tag::is_own(key))
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect();
    if !tags.is_empty() {
        body["tags"] = Value::Object(tags);
    }
    body
}

/// What there is, in the same form; `named` are the keys of tags that are of interest.
pub(super) fn told(object: &Object, live: &Live, spec: Value, named: &[&String]) -> Value {
    let none = Tags::new();
    let tags = live.tags.as_ref().unwrap_or(&none);
    let seen: Tags = tags
        .iter()
        .filter(|(key, _)| named.contains(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut body = shown(object, spec, &seen);
    body["metadata"]["uid"] = Value::from(live.id.as_str());
    if live.tags.is_none() {
        // Nobody can tell whose it is: it goes with what it belongs to.
        return body;
    }
    let metadata = &mut body["metadata"];
    for (part, name, value) in [
        ("labels", MANAGED_BY, live.tag(RELEASE).map(|_| "Helm")),
        ("annotations", RELEASE_NAME, live.tag(RELEASE)),
        ("annotations", RELEASE_NAMESPACE, live.tag(NAMESPACE)),
    ] {
        match value {
            Some(value) => metadata[part][name] = Value::from(value),
            None => {
                if let Some(members) = metadata.get_mut(part).and_then(Value::as_object_mut) {
                    members.remove(name);
                }
            }
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_objects_and_back() {
        let mut resource =
            Resource::new("elbv2:TargetGroup", "web-http", json!({"Name": "web-http"}));
        resource = resource.with("attributes", json!({"a": "b"}));
        resource.create_only = vec!["desiredCount".to_owned()];
        resource.hook = Some(Hook {
            events: vec!["test".to_owned()],
            weight: -5,
            delete_policies: Vec::new(),
        });
        let object = object(&resource, "shop", Stay::Stays);
        assert_eq!(object.key.to_string(), "TargetGroup shop/web-http");
        assert!(stays(&object));
        assert_eq!(super::resource(&object), Some(resource));
    }
}
