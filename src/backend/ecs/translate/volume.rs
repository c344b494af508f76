//! Volumes and where containers mount them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::config::ConfigFileMode;
use super::file::{self, Filled};
use super::object::Field;
use super::quantity::Quantity;
use super::workload::{Work, Workload};

/// What the volumes of a pod become.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    /// `volumes` of the task definition.
    pub(super) volumes: Vec<Value>,
    /// `volumeConfigurations` of the service.
    pub(super) at_launch: Vec<Value>,
    /// Volumes with files to write.
    pub(super) filled: Vec<Filled>,
    /// What mounting one means, by name.
    mounts: BTreeMap<String, Mount>,
    /// Secrets that files are of.
    pub(super) read: Vec<(String, String)>,
}

#[derive(Debug)]
enum Mount {
    /// A volume of the task.
    Volume { read_only: bool, is_file: bool },
    /// Memory of the one container that mounts it: MiB, where they are known.
    Memory(Option<u64>),
    /// Nothing is mounted.
    Dropped,
}

/// Reads the volumes of a pod.
pub(super) fn volumes(workload: &Workload<'_>, task: Option<(u64, u64)>) -> Volumes {
    let mut found = Volumes::default();
    let mut all = workload.pod.list("volumes");
    let templates = workload
        .object
        .root()
        .at(&["spec"])
        .map(|it| it.list("volumeClaimTemplates"));
    let templates = templates.unwrap_or_default();
    for volume in all.drain(..) {
        let name = volume.text("name").unwrap_or_default().to_owned();
        let mount = one(workload, &volume, &name, task, &mut found);
        found.mounts.insert(name, mount);
    }
    for template in templates {
        let name = template
            .get("metadata")
            .and_then(|it| it.text("name").map(str::to_owned));
        let name = name.unwrap_or_default();
        let first = format!("{name}-{}-0", workload.object.name);
        let mount = match claim(workload, &template, &name, &first, &mut found) {
            true => volume_mount(false, false),
            false => Mount::Dropped,
        };
        found.mounts.insert(name, mount);
    }
    found
}

fn volume_mount(read_only: bool, is_file: bool) -> Mount {
    Mount::Volume { read_only, is_file }
}

fn one(
    workload: &Workload<'_>,
    volume: &Field<'_>,
    name: &str,
    task: Option<(u64, u64)>,
    found: &mut Volumes,
) -> Mount {
    let mounted = mounters(workload, name);
    if let Some(empty) = volume.get("emptyDir") {
        if empty.text("medium") == Some("Memory") {
            if mounted.len() > 1 {
                let message = "memory belongs to one container; several mount it";
                workload.tell(1005, &volume.path, message);
            }
            let limit = empty.get("sizeLimit").and_then(|it| Quantity::of(it.value));
            return Mount::Memory(limit.map(Quantity::mebibytes));
        }
        found.volumes.push(json!({ "name": name }));
        return volume_mount(false, false);
    }
    if let Some(host) = volume.get("hostPath") {
        if workload.is_fargate() {
            workload.tell(
                1004,
                &host.path,
                "Fargate has no host that could be mounted",
            );
            return Mount::Dropped;
        }
        let path = host.text("path").unwrap_or_default();
        found
            .volumes
            .push(json!({"name": name, "host": {"sourcePath": path}}));
        return volume_mount(false, false);
    }
    if let Some(used) = volume.get("persistentVolumeClaim") {
        let claimed = used.text("claimName").unwrap_or_default();
        return match claim(workload, &used, name, claimed, found) {
            true => volume_mount(used.is("readOnly"), false),
            false => Mount::Dropped,
        };
    }
    let is_written = ["configMap", "secret", "downwardAPI", "projected"]
        .iter()
        .any(|kind| volume.get(kind).is_some());
    if is_written {
        if mounted.is_empty() {
            return Mount::Dropped;
        }
        let mut read = Vec::new();
        let Some(files) = file::files(workload, volume, task, &mut read) else {
            return Mount::Dropped;
        };
        if workload.ctx.config.config_files.mode.unwrap_or_default() != ConfigFileMode::Init {
            let message =
                "ECS mounts no files; with ecs.configFiles.mode: init a container writes them";
            workload.tell(1005, &volume.path, message);
            return volume_mount(false, true);
        }
        workload.tell(
            3010,
            &volume.path,
            "a container writes these files before the others start",
        );
        found.read.extend(read);
        found.volumes.push(json!({ "name": name }));
        found.filled.push(Filled {
            volume: name.to_owned(),
            files,
        });
        return volume_mount(false, true);
    }
    let kind = volume.entries().into_iter().find(|(key, _)| *key != "name");
    match kind {
        Some((kind, field)) => {
            workload.tell(1006, &field.path, format!("ECS has nothing like {kind}"));
            Mount::Dropped
        }
        // As on Kubernetes, a volume that says nothing is empty.
        None => {
            found.volumes.push(json!({ "name": name }));
            volume_mount(false, false)
        }
    }
}

/// The containers that mount a volume.
fn mounters<'a>(workload: &Workload<'a>, name: &str) -> Vec<Field<'a>> {
    let mounts = |container: &Field<'_>| {
        container
            .list("volumeMounts")
            .iter()
            .any(|mount| mount.text("name") == Some(name))
    };
    workload.containers().into_iter().filter(mounts).collect()
}

/// A claim, resolved; whether it could be.
fn claim(
    workload: &Workload<'_>,
    used: &Field<'_>,
    name: &str,
    claimed: &str,
    found: &mut Volumes,
) -> bool {
    let ctx = workload.ctx;
    let namespace = workload.object.namespace;
    let object = ctx.find("PersistentVolumeClaim", namespace, claimed);
    let annotated = object.and_then(|object| object.own("claim"));
    let configured = ctx
        .config
        .claims
        .get(&format!("{namespace}/{claimed}"))
        .or_else(|| {
            ctx.config
                .claims
                .get(&format!("{namespace}/{name}"))
                .filter(|_| object.is_none())
        });
    let spec = object.map_or(&Value::Null, |object| &object.body["spec"]);
    let spec = if spec.is_null() {
        &used.value["spec"]
    } else {
        spec
    };
    let annotated = annotated.map(|field| said(&field.scalar()));
    if let Some(claim) = annotated
        .or(configured.map(|it| json!({"efs": it.efs, "s3files": it.s3files, "ebs": it.ebs})))
    {
        if !claim["efs"].is_null() {
            found
                .volumes
                .push(json!({"name": name, "efsVolumeConfiguration": efs(&claim["efs"])}));
            return true;
        }
        if !claim["s3files"].is_null() {
            let members = match &claim["s3files"] {
                Value::String(arn) => json!({"fileSystemArn": arn}),
                other => other.clone(),
            };
            found
                .volumes
                .push(json!({"name": name, "s3filesVolumeConfiguration": members}));
            return true;
        }
        if !claim["ebs"].is_null() {
            return ebs(workload, used, name, (&claim["ebs"], spec), found);
        }
    }
    let bound = || {
        ctx.of("PersistentVolume").find(|volume| {
            let reference = &volume.body["spec"]["claimRef"];
            reference["name"].as_str() == Some(claimed)
                && reference["namespace"].as_str() == Some(namespace)
        })
    };
    let volume = match spec["volumeName"].as_str() {
        Some(volume) => ctx.find_wide("PersistentVolume", volume),
        None => bound(),
    };
    let handle = volume.and_then(|volume| {
        let csi = &volume.body["spec"]["csi"];
        let is_efs = csi["driver"].as_str() == Some("efs.csi.aws.com");
        csi["volumeHandle"].as_str().filter(|_| is_efs)
    });
    let class = spec["storageClassName"].as_str().and_then(|class| {
        let class = ctx.find_wide("StorageClass", class)?;
        class.body["parameters"]["fileSystemId"].as_str()
    });
    if let Some(handle) = handle.or(class) {
        found
            .volumes
            .push(json!({"name": name, "efsVolumeConfiguration": efs(&Value::from(handle))}));
        return true;
    }
    let message = format!(
        "nobody says what the claim {claimed} is on ECS; set ecs.claims.{namespace}/{claimed}"
    );
    workload.tell(1006, &used.path, message);
    false
}

/// What `ecs.pintle.dev/claim` says: `fs-1::fsap-2`, `efs:fs-1`, `s3files:ARN`, `ebs`, or JSON.
fn said(text: &str) -> Value {
    let text = text.trim();
    if let Ok(value @ Value::Object(_)) = serde_json::from_str(text) {
        return value;
    }
    match text.split_once([':', '=']) {
        Some((kind @ ("efs" | "s3files"), rest)) => json!({kind: rest.trim()}),
        _ if text.starts_with("ebs") => json!({"ebs": true}),
        _ if text.starts_with("arn:") => json!({"s3files": text}),
        _ => json!({"efs": text}),
    }
}

/// `efsVolumeConfiguration` of `fs-1`, `fs-1::fsap-2`, `fs-1:/path` or members.
pub(in crate::backend::ecs) fn efs(claim: &Value) -> Value {
    let mut members = Map::new();
    match claim {
        Value::String(handle) => {
            let mut parts = handle.splitn(3, ':');
            let mut part = || parts.next().unwrap_or_default();
            let (system, path, point) = (part(), part(), part());
            members.insert("fileSystemId".into(), system.into());
            if !path.is_empty() && path != "/" {
                members.insert("rootDirectory".into(), path.into());
            }
            members.insert("transitEncryption".into(), "ENABLED".into());
            if !point.is_empty() {
                members.insert(
                    "authorizationConfig".into(),
                    json!({"accessPointId": point}),
                );
            }
        }
        Value::Object(map) => {
            let mut access = Map::new();
            for (key, value) in map {
                match key.as_str() {
                    "accessPointId" => {
                        access.insert("accessPointId".into(), value.clone());
                    }
                    "iam" => {
                        let word = match value.as_bool() {
                            Some(true) => "ENABLED".into(),
                            Some(false) => "DISABLED".into(),
                            None => value.clone(),
                        };
                        access.insert("iam".into(), word);
                    }
                    _ => {
                        members.insert(key.clone(), value.clone());
                    }
                }
            }
            members
                .entry("transitEncryption")
                .or_insert("ENABLED".into());
            if !access.is_empty() {
                members.insert("authorizationConfig".into(), access.into());
            }
        }
        _ => {}
    }
    Value::Object(members)
}

/// A block device that ECS makes for each task; whether that is accepted.
fn ebs(
    workload: &Workload<'_>,
    used: &Field<'_>,
    name: &str,
    (claim, spec): (&Value, &Value),
    found: &mut Volumes,
) -> bool {
    let is_allowed =
        |allow: &super::super::config::Allow| allow.covers(1006, &workload.object.label, None);
    let accepts = workload.object.own_text("ephemeral-ebs") == Some("accept")
        || workload.ctx.config.allow.iter().any(is_allowed);
    if workload.work == Work::Schedule {
        let message = "a schedule cannot say which volumes its tasks are given";
        workload.tell(1006, &used.path, message);
        return false;
    }
    if !accepts {
        let message = "each task gets a new volume, which goes with it; accept that with ecs.pintle.dev/ephemeral-ebs: accept";
        workload.tell(1006, &used.path, message);
        return false;
    }
    if !found.at_launch.is_empty() {
        workload.tell(
            1013,
            &used.path,
            "a task definition takes one volume that is made at launch",
        );
        return false;
    }
    let size =
        Quantity::of(&spec["resources"]["requests"]["storage"]).map_or(20, Quantity::gibibytes);
    let mut volume = Map::new();
    volume.insert("sizeInGiB".into(), size.into());
    volume.insert("volumeType".into(), "gp3".into());
    let class = spec["storageClassName"].as_str();
    let class = class.and_then(|class| workload.ctx.find_wide("StorageClass", class));
    if let Some(class) = class {
        let parameters = &class.body["parameters"];
        let system = parameters["csi.storage.k8s.io/fstype"].as_str();
        if let Some(system) = system.or(parameters["fsType"].as_str()) {
            volume.insert("filesystemType".into(), system.into());
        }
        if let Some(kind) = parameters["type"].as_str() {
            volume.insert("volumeType".into(), kind.into());
        }
        if parameters["encrypted"].as_str() == Some("true") {
            volume.insert("encrypted".into(), true.into());
        }
    }
    match &workload.ctx.config.infrastructure_role_arn {
        Some(role) => {
            volume.insert("roleArn".into(), role.as_str().into());
        }
        None if claim["roleArn"].is_string() => {}
        None => workload.tell(1014, &used.path, "set ecs.infrastructureRoleArn"),
    }
    if let Value::Object(members) = claim {
        for (key, value) in members {
            volume.insert(key.clone(), value.clone());
        }
    }
    workload.tell(2010, &used.path, "what is written there goes with the task");
    found
        .volumes
        .push(json!({"name": name, "configuredAtLaunch": true}));
    found
        .at_launch
        .push(json!({"name": name, "managedEBSVolume": volume}));
    true
}

/// `mountPoints` and `linuxParameters.tmpfs` of a container.
pub(super) fn mounts(
    workload: &Workload<'_>,
    container: &Field<'_>,
    volumes: &mut Volumes,
    memory: Option<u64>,
) -> (Vec<Value>, Vec<Value>) {
    let (mut points, mut memories) = (Vec::new(), Vec::new());
    for mount in container.list("volumeMounts") {
        let name = mount.text("name").unwrap_or_default();
        let path = mount.text("mountPath").unwrap_or_default();
        let is_read_only = mount.is("readOnly");
        if let Some(field) = mount
            .get("mountPropagation")
            .filter(|it| it.value != "None")
        {
            workload.tell(2014, &field.path, "ECS does not pass mounts on");
        }
        if let Some(field) = mount.get("subPathExpr") {
            workload.tell(1018, &field.path, "ECS mounts whole volumes");
            continue;
        }
        let sub_path = mount.get("subPath").filter(|it| it.value != "");
        match volumes.mounts.get(name) {
            Some(Mount::Volume { read_only, is_file }) => {
                let (read_only, is_file) = (is_read_only || *read_only, *is_file);
                let mut target = (name.to_owned(), path.to_owned());
                if let Some(field) = &sub_path {
                    match is_file {
                        true => match part(workload, (container, field), (name, path), volumes) {
                            Some(found) => target = found,
                            None => continue,
                        },
                        false => {
                            workload.tell(1018, &field.path, "ECS mounts whole volumes");
                            continue;
                        }
                    }
                }
                let mut point = json!({"sourceVolume": target.0, "containerPath": target.1});
                if read_only {
                    point["readOnly"] = true.into();
                }
                if !points.contains(&point) {
                    points.push(point);
                }
            }
            Some(Mount::Memory(size)) => {
                let size = size
                    .or(memory.map(|memory| (memory / 2).max(1)))
                    .unwrap_or(64);
                let mut tmpfs = json!({"containerPath": path, "size": size});
                if is_read_only {
                    tmpfs["mountOptions"] = json!(["ro"]);
                }
                memories.push(tmpfs);
            }
            Some(Mount::Dropped) => {}
            None => workload.tell(1010, &mount.path, format!("the pod has no volume {name}")),
        }
    }
    for device in container.list("volumeDevices") {
        workload.tell(1018, &device.path, "ECS gives containers no block devices");
    }
    (points, memories)
}

/// A part of the files of a volume, in a volume of its own: a folder of them, or a file, whose folder is
/// then the volume.
fn part(
    workload: &Workload<'_>,
    (container, field): (&Field<'_>, &Field<'_>),
    (name, path): (&str, &str),
    volumes: &mut Volumes,
) -> Option<(String, String)> {
    let wanted = field.scalar();
    let wanted = wanted.trim_matches('/');
    let all = volumes
        .filled
        .iter()
        .find(|it| it.volume == name)
        .map(|it| it.files.clone());
    let all = all?;
    let below = format!("{wanted}/");
    let folder: Vec<file::File> = all
        .iter()
        .filter_map(|it| {
            let rest = it.path.strip_prefix(&below)?.to_owned();
            Some(it.called(rest))
        })
        .collect();
    let (files, target) = match all.iter().find(|it| it.path == wanted) {
        Some(file) => {
            let (parent, base) = path
                .trim_end_matches('/')
                .rsplit_once('/')
                .unwrap_or(("", path));
            let message =
                format!("{parent}/ becomes a volume, which hides what the image has there");
            workload.tell(2014, &field.path, message);
            let file = file.called(base.to_owned());
            (
                vec![file],
                if parent.is_empty() { "/" } else { parent }.to_owned(),
            )
        }
        None if !folder.is_empty() => (folder, path.to_owned()),
        None => {
            workload.tell(
                1010,
                &field.path,
                format!("the volume {name} has no {wanted}"),
            );
            return None;
        }
    };
    if target == "/" {
        workload.tell(1005, &field.path, "a file in the root cannot be mounted");
        return None;
    }
    let owner = container.text("name").unwrap_or_default();
    let volume = format!("{owner}{}", super::name::plain(&target.replace('/', "-")));
    match volumes.filled.iter_mut().find(|it| it.volume == volume) {
        Some(there) => there.files.extend(files),
        None => {
            volumes.volumes.push(json!({ "name": volume }));
            volumes.filled.push(Filled {
                volume: volume.clone(),
                files,
            });
        }
    }
    Some((volume, target))
}

impl Volumes {
    /// Leaves out volumes of files that only parts of are mounted.
    pub(super) fn prune(&mut self, used: &[String]) {
        let is_unused = |name: &str| !used.iter().any(|it| it == name);
        self.filled.retain(|it| !is_unused(&it.volume));
        let filled: Vec<String> = self.filled.iter().map(|it| it.volume.clone()).collect();
        let is_file = |name: &str| {
            matches!(
                self.mounts.get(name),
                Some(Mount::Volume { is_file: true, .. })
            )
        };
        self.volumes.retain(|it| {
            let name = it["name"].as_str().unwrap_or_default();
            !is_file(name) || filled.iter().any(|it| it == name)
        });
    }
}
