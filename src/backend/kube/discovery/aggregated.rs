//! All groups in one answer (`SplitGroupsAndResources` of `k8s.io/client-go/discovery`).

use serde_json::Value;

use super::{Group, GroupVersion, Kinds, Resource, items, text, versioned};

/// Adds what an `APIGroupDiscoveryList` tells. Stale versions, whose server does not answer, count
/// as not served.
pub(super) fn read(list: &Value, kinds: &mut Kinds) {
    for item in items(list, "items") {
        let name = text(&item["metadata"], "name");
        let mut group = Group {
            name: name.to_owned(),
            ..Group::default()
        };
        for version in items(item, "versions") {
            if text(version, "freshness") == "Stale" {
                continue;
            }
            let number = text(version, "version");
            group.versions.push(GroupVersion::new(name, number));
            let resources = items(version, "resources").flat_map(resources).collect();
            kinds.resources.insert(versioned(name, number), resources);
        }
        group.preferred = group.versions.first().cloned().unwrap_or_default();
        kinds.groups.push(group);
    }
}

/// A resource and those below it, such as its scale; those without a kind are left out.
fn resources(item: &Value) -> Vec<Resource> {
    let own = Resource {
        name: text(item, "resource").to_owned(),
        singular: text(item, "singularResource").to_owned(),
        namespaced: text(item, "scope") == "Namespaced",
        verbs: words(item, "verbs"),
        short_names: words(item, "shortNames").unwrap_or_default(),
        categories: words(item, "categories").unwrap_or_default(),
        ..Resource::default()
    };
    let below = items(item, "subresources").map(|below| {
        let resource = Resource {
            name: format!("{}/{}", own.name, text(below, "subresource")),
            singular: own.singular.clone(),
            namespaced: own.namespaced,
            verbs: words(below, "verbs"),
            ..Resource::default()
        };
        (below, resource)
    });
    let below: Vec<_> = below.collect();
    let all = std::iter::once((item, own)).chain(below);
    all.filter_map(|(told, resource)| {
        let served = &told["responseKind"];
        let kind = Resource {
            group: text(served, "group").to_owned(),
            version: text(served, "version").to_owned(),
            kind: text(served, "kind").to_owned(),
            ..resource
        };
        let is_told = [&kind.group, &kind.version, &kind.kind];
        is_told.iter().any(|it| !it.is_empty()).then_some(kind)
    })
    .collect()
}

fn words(value: &Value, member: &str) -> Option<Vec<String>> {
    let words = value[member].as_array()?.iter();
    Some(
        words
            .filter_map(|it| Some(it.as_str()?.to_owned()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_are_told_apart_as_of_old() {
        let list = json!({"items": [{"metadata": {"name": "apps"}, "versions": [
            {"version": "v2", "freshness": "Stale", "resources": [{"resource": "olds", "responseKind": {"kind": "Old"}}]},
            {"version": "v1", "resources": [
                {"resource": "deployments", "singularResource": "deployment", "scope": "Namespaced", "shortNames": ["deploy"], "verbs": ["get"],
                 "responseKind": {"group": "", "version": "", "kind": "Deployment"},
                 "subresources": [{"subresource": "scale", "verbs": ["patch"], "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"}}]},
                {"resource": "nameless", "responseKind": {"group": "", "version": "", "kind": ""},
                 "subresources": [{"subresource": "log", "responseKind": {"kind": "Log"}}, {"subresource": "none"}]},
            ]},
        ]}]});
        let mut kinds = Kinds::default();
        read(&list, &mut kinds);
        let names: Vec<String> = kinds.names().into_iter().collect();
        assert_eq!(
            names,
            [
                "apps/v1",
                "apps/v1/Deployment",
                "apps/v1/Scale",
                "apps/v1/Log"
            ]
        );
        assert_eq!(kinds.groups[0].preferred.version, "v1");
        let found = kinds.find("apps", "v1", "Deployment").unwrap();
        assert_eq!(
            (found.resource.as_str(), found.is_namespaced),
            ("deployments", true)
        );
        assert_eq!(kinds.find("apps", "v1", "Scale"), None);
        assert_eq!(kinds.find("apps", "v2", "Old"), None);
        let all: Vec<&str> = kinds.resources["apps/v1"]
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        assert_eq!(all, ["deployments", "deployments/scale", "nameless/log"]);
    }
}
