//! Volumes and where they are mounted.

use serde_json::{Value, json};

use super::word::join;
use super::workload::{Workload, scalar, sorted};

/// `volumes` of the task definition, by name.
pub(super) fn volumes(workload: &Workload<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    for (name, volume) in sorted(&workload.manifest["storage"]["volumes"]) {
        let path = join(&join("storage.volumes", name), "efs");
        let mut made = json!({"name": name});
        let efs = &volume["efs"];
        let is_named = ["id", "root_dir", "auth"]
            .iter()
            .any(|it| !efs[*it].is_null());
        match efs {
            Value::Null | Value::Bool(false) => {}
            Value::Object(map) if map.is_empty() => {}
            _ if is_named => made["efsVolumeConfiguration"] = named(workload, efs, &path),
            _ => made["efsVolumeConfiguration"] = managed(workload, name, &path),
        }
        found.push(made);
    }
    found
}

/// A file system that the manifest names.
fn named(workload: &Workload<'_>, efs: &Value, path: &str) -> Value {
    let id = workload.plain_or_export(&efs["id"], &join(path, "id"));
    if efs["id"].is_null() {
        workload.tell(1018, path, "needs the id of a file system");
    }
    let root = efs["root_dir"].as_str().filter(|root| !root.is_empty());
    let auth = &efs["auth"];
    let iam = auth["iam"].as_bool().unwrap_or(true);
    let mut authorization = json!({"iam": if iam { "ENABLED" } else { "DISABLED" }});
    if let Some(point) = scalar(&auth["access_point_id"]) {
        authorization["accessPointId"] = point.into();
    }
    json!({
        "fileSystemId": id.unwrap_or_default(),
        "rootDirectory": root.unwrap_or("/"),
        "transitEncryption": "ENABLED",
        "authorizationConfig": authorization,
    })
}

/// The environment's own file system, as the configuration knows it: `fs-1` or `fs-1::fsap-2`.
fn managed(workload: &Workload<'_>, volume: &str, path: &str) -> Value {
    let known = &workload.copilot().file_systems;
    let keys = [
        format!("{}/{volume}", workload.name),
        volume.to_owned(),
        workload.name.to_owned(),
    ];
    let found = keys.iter().find_map(|key| known.get(key));
    if found.is_none() {
        let message = format!(
            "set ecs.copilot.fileSystems.{volume} to the file system and access point of the environment: fs-1::fsap-2"
        );
        workload.tell(1014, path, message);
    }
    let text = found.map_or("", String::as_str);
    let (id, point) = match text.split_once("::") {
        Some((id, point)) => (id, Some(point)),
        None => (text, None),
    };
    let mut authorization = json!({"iam": "ENABLED"});
    if let Some(point) = point {
        authorization["accessPointId"] = point.into();
    }
    json!({
        "fileSystemId": id,
        "rootDirectory": "/",
        "transitEncryption": "ENABLED",
        "authorizationConfig": authorization,
    })
}

/// `mountPoints` of the workload's own container.
pub(super) fn mounts(workload: &Workload<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    for (name, volume) in sorted(&workload.manifest["storage"]["volumes"]) {
        let path = &volume["path"];
        if path.is_null() {
            let path = join(&join("storage.volumes", name), "path");
            workload.tell(1018, &path, "has to be set");
        }
        found.push(mount(name, path, &volume["read_only"]));
    }
    found
}

/// `mountPoints` of a sidecar.
pub(super) fn sidecar_mounts(workload: &Workload<'_>, value: &Value, path: &str) -> Vec<Value> {
    let volumes = &workload.manifest["storage"]["volumes"];
    let mut found = Vec::new();
    for (index, point) in value.as_array().into_iter().flatten().enumerate() {
        let volume = point["source_volume"].as_str().unwrap_or_default();
        if volumes[volume].is_null() {
            let path = format!("{path}[{index}].source_volume");
            workload.tell(1010, &path, format!("storage.volumes has no {volume:?}"));
        }
        found.push(mount(volume, &point["path"], &point["read_only"]));
    }
    found
}

fn mount(volume: &str, path: &Value, read_only: &Value) -> Value {
    json!({
        "sourceVolume": volume,
        "containerPath": path.as_str().unwrap_or_default(),
        "readOnly": read_only.as_bool().unwrap_or(true),
    })
}
