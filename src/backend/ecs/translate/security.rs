//! What containers may do: users, privileges, capabilities, profiles.

use serde_json::{Map, Value, json};

use super::object::{Field, whole};
use super::workload::Workload;

/// `securityContext`, of the container on top of the pod's.
pub(super) fn security(
    workload: &Workload<'_>,
    container: &Field<'_>,
    memories: Vec<Value>,
    definition: &mut Map<String, Value>,
) {
    let own = container.get("securityContext");
    let pods = workload.pod.get("securityContext");
    let find = |name: &str| {
        let own = own.as_ref().and_then(|it| it.get(name));
        own.or_else(|| pods.as_ref().and_then(|it| it.get(name)))
    };
    let user = find("runAsUser").and_then(|it| whole(it.value));
    let group = find("runAsGroup").and_then(|it| whole(it.value));
    if let Some(user) = user {
        let text = match group {
            Some(group) => format!("{user}:{group}"),
            None => user.to_string(),
        };
        definition.insert("user".into(), text.into());
    }
    if let Some(field) = find("runAsNonRoot").filter(|it| it.value == true) {
        match user {
            None => workload.tell(
                2007,
                &field.path,
                "ECS does not check the user of an image; name one in runAsUser",
            ),
            Some(0) => workload.tell(1018, &field.path, "the user is root"),
            Some(_) => {}
        }
    }
    let mut options = Vec::new();
    let mut linux = Map::new();
    if let Some(own) = &own {
        if own.is("readOnlyRootFilesystem") {
            definition.insert("readonlyRootFilesystem".into(), true.into());
        }
        if own.is("privileged") {
            match workload.is_fargate() {
                true => {
                    let path = format!("{}.privileged", own.path);
                    workload.tell(1004, &path, "Fargate gives no access to its hosts");
                }
                false => {
                    definition.insert("privileged".into(), true.into());
                }
            }
        }
        if let Some(field) = own
            .get("allowPrivilegeEscalation")
            .filter(|it| it.value == false)
        {
            match workload.is_fargate() {
                true => workload.tell(2007, &field.path, "Fargate cannot be told"),
                false => options.push("no-new-privileges".to_owned()),
            }
        }
        if let Some(capabilities) = capabilities(workload, own) {
            linux.insert("capabilities".into(), capabilities);
        }
        if let Some(field) = own.get("procMount").filter(|it| it.value != "Default") {
            workload.tell(2007, &field.path, "ECS cannot be told");
        }
        if let Some(field) = own.get("windowsOptions") {
            workload.tell(2007, &field.path, "ECS cannot be told");
        }
    }
    // What the pod says is told once, with the pod.
    let is_own = |name: &str| own.as_ref().is_some_and(|it| it.get(name).is_some());
    for name in ["seLinuxOptions", "seccompProfile", "appArmorProfile"] {
        let Some(field) = find(name) else {
            continue;
        };
        let expressed = match workload.is_fargate() {
            true => Vec::new(),
            false => docker_options(name, &field),
        };
        if expressed.is_empty() && is_own(name) {
            workload.tell(2007, &field.path, "ECS cannot be told");
        }
        options.extend(expressed);
    }
    if !memories.is_empty() {
        linux.insert("tmpfs".into(), memories.into());
    }
    if workload.wants("init-process") {
        linux.insert("initProcessEnabled".into(), true.into());
    }
    if !linux.is_empty() {
        definition.insert("linuxParameters".into(), linux.into());
    }
    if !options.is_empty() {
        definition.insert("dockerSecurityOptions".into(), json!(options));
    }
}

/// What Docker understands of a profile.
pub(super) fn docker_options(name: &str, field: &Field<'_>) -> Vec<String> {
    match name {
        "seLinuxOptions" => ["user", "role", "type", "level"]
            .iter()
            .filter_map(|part| Some(format!("label:{part}:{}", field.text(part)?)))
            .collect(),
        "appArmorProfile" if field.text("type") == Some("Localhost") => field
            .text("localhostProfile")
            .map(|profile| vec![format!("apparmor:{profile}")])
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn capabilities(workload: &Workload<'_>, own: &Field<'_>) -> Option<Value> {
    let field = own.get("capabilities")?;
    let plain = |it: &Field<'_>| {
        let text = it.scalar();
        text.strip_prefix("CAP_").unwrap_or(&text).to_owned()
    };
    let mut found = Map::new();
    let mut added = Vec::new();
    for item in field.list("add") {
        let name = plain(&item);
        if workload.is_fargate() && name != "SYS_PTRACE" {
            workload.tell(1016, &item.path, format!("Fargate does not add {name}"));
        }
        added.push(name);
    }
    let dropped: Vec<String> = field.list("drop").iter().map(plain).collect();
    for (name, list) in [("add", added), ("drop", dropped)] {
        if !list.is_empty() {
            found.insert(name.into(), json!(list));
        }
    }
    (!found.is_empty()).then_some(Value::Object(found))
}
