//! One answer for each version of each group, as servers before 1.26 tell.

use serde::Deserialize;
use serde_json::Value;

use super::{Group, GroupVersion, Kinds, Request, Resource, items, text, versioned};
use crate::backend::kube::connection::Connection;

/// Adds what `list` names, the `APIVersions` of the core or an `APIGroupList`, and asks for each
/// version on its own, all at once. A version that does not answer counts as not served.
pub(super) async fn read(connection: &Connection, list: &Value, is_core: bool, kinds: &mut Kinds) {
    let groups = groups(list, is_core);
    let asked = groups.iter().flat_map(|group| {
        let prefix = if group.name.is_empty() {
            "/api"
        } else {
            "/apis"
        };
        group.versions.iter().map(move |version| {
            let path = format!("{prefix}/{}", version.group_version);
            async move { (version, connection.request(Request::get(path)).await) }
        })
    });
    for (version, answer) in futures_util::future::join_all(asked).await {
        let Ok(list) = answer.and_then(|answer| answer.json()) else {
            continue;
        };
        let resources = items(&list, "resources")
            .filter_map(|resource| Resource::deserialize(resource).ok())
            .collect();
        kinds
            .resources
            .insert(version.group_version.clone(), resources);
    }
    kinds.groups.extend(groups);
}

fn groups(list: &Value, is_core: bool) -> Vec<Group> {
    if is_core {
        let versions: Vec<GroupVersion> = items(list, "versions")
            .filter_map(Value::as_str)
            .map(|version| GroupVersion::new("", version))
            .collect();
        return match versions.first().cloned() {
            Some(preferred) => vec![Group {
                name: String::new(),
                versions,
                preferred,
            }],
            None => Vec::new(),
        };
    }
    let group = |group: &Value| {
        let name = text(group, "name");
        let version = |version: &Value| GroupVersion {
            group_version: versioned(name, text(version, "version")),
            version: text(version, "version").to_owned(),
        };
        Group {
            name: name.to_owned(),
            versions: items(group, "versions").map(version).collect(),
            preferred: version(&group["preferredVersion"]),
        }
    };
    items(list, "groups").map(group).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_groups_are_read() {
        let core = groups(&json!({"kind": "APIVersions", "versions": ["v1"]}), true);
        assert_eq!(core[0].versions, [GroupVersion::new("", "v1")]);
        assert_eq!(groups(&json!({}), true), []);
        let list = json!({"groups": [{"name": "batch", "preferredVersion": {"groupVersion": "batch/v1", "version": "v1"},
            "versions": [{"groupVersion": "batch/v1beta1", "version": "v1beta1"}, {"groupVersion": "batch/v1", "version": "v1"}]}]});
        let read = groups(&list, false);
        assert_eq!(read[0].preferred, GroupVersion::new("batch", "v1"));
        assert_eq!(read[0].versions[0].group_version, "batch/v1beta1");
    }
}
