//! Files of ConfigMaps and Secrets: a container writes them into an empty volume before others start.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::env;
use super::object::{Field, whole};
use super::secret;
use super::size;
use super::workload::Workload;

/// A file to write.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Where in the volume.
    pub(super) path: String,
    mode: i64,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// In base64.
    Plain(String),
    /// What `valueFrom` says.
    Secret(String),
}

impl File {
    /// The same under another path.
    pub(super) fn called(&self, path: String) -> File {
        File {
            path,
            ..self.clone()
        }
    }
}

/// A volume with its files.
#[derive(Clone, Debug)]
pub(super) struct Filled {
    pub(super) volume: String,
    pub(super) files: Vec<File>,
}

/// The files of a volume; nothing where it has none to write. Secrets that are read are added to `read`.
pub(super) fn files(
    workload: &Workload<'_>,
    volume: &Field<'_>,
    task: Option<(u64, u64)>,
    read: &mut Vec<(String, String)>,
) -> Option<Vec<File>> {
    let mut files = Vec::new();
    if let Some(map) = volume.get("configMap") {
        let name = map.text("name").unwrap_or_default();
        of_map(workload, (&map, name), None, &mut files);
    } else if let Some(source) = volume.get("secret") {
        let name = source.text("secretName").unwrap_or_default();
        of_secret(workload, (&source, name), None, (&mut files, read));
    } else if let Some(fields) = volume.get("downwardAPI") {
        of_fields(workload, &fields, None, task, &mut files);
    } else if let Some(projected) = volume.get("projected") {
        let mode = projected.get("defaultMode").and_then(|it| whole(it.value));
        let mut has_files = false;
        for source in projected.list("sources") {
            if let Some(map) = source.get("configMap") {
                let name = map.text("name").unwrap_or_default();
                of_map(workload, (&map, name), mode, &mut files);
                has_files = true;
            } else if let Some(of) = source.get("secret") {
                let name = of.text("name").unwrap_or_default();
                of_secret(workload, (&of, name), mode, (&mut files, read));
                has_files = true;
            } else if let Some(fields) = source.get("downwardAPI") {
                of_fields(workload, &fields, mode, task, &mut files);
                has_files = true;
            } else if let Some(token) = source.get("serviceAccountToken") {
                workload.tell(
                    3007,
                    &token.path,
                    "tasks have the credentials of their role",
                );
            } else {
                workload.tell(1005, &source.path, "ECS has nothing like this source");
            }
        }
        if !has_files {
            return None;
        }
    } else {
        return None;
    }
    Some(files)
}

/// Which keys of a source become which files, with their modes.
fn items(source: &Field<'_>, keys: Vec<String>, mode: Option<i64>) -> Vec<(String, String, i64)> {
    let usual = source.whole("defaultMode").or(mode).unwrap_or(0o644);
    let listed = source.list("items");
    if listed.is_empty() {
        return keys
            .into_iter()
            .map(|key| (key.clone(), key, usual))
            .collect();
    }
    let item = |item: &Field<'_>| {
        let key = item.text("key")?.to_owned();
        let path = item.text("path").unwrap_or(&key).to_owned();
        Some((key, path, item.whole("mode").unwrap_or(usual)))
    };
    listed.iter().filter_map(item).collect()
}

fn of_map(
    workload: &Workload<'_>,
    (source, name): (&Field<'_>, &str),
    mode: Option<i64>,
    files: &mut Vec<File>,
) {
    let Some(object) = workload
        .ctx
        .find("ConfigMap", workload.object.namespace, name)
    else {
        if !source.is("optional") {
            let message = format!("the release has no ConfigMap {name}");
            workload.tell(1010, &source.path, message);
        }
        return;
    };
    let root = object.root();
    let part = |part: &str| root.get(part).map(|it| it.entries()).unwrap_or_default();
    let mut contents: std::collections::BTreeMap<String, String> = part("data")
        .into_iter()
        .map(|(key, value)| (key.to_owned(), STANDARD.encode(value.scalar())))
        .collect();
    let binary = part("binaryData").into_iter();
    contents.extend(binary.map(|(key, value)| (key.to_owned(), value.scalar())));
    for (key, path, mode) in items(source, contents.keys().cloned().collect(), mode) {
        match contents.get(&key) {
            Some(content) => files.push(File {
                path,
                mode,
                content: Content::Plain(content.clone()),
            }),
            None if source.is("optional") => {}
            None => {
                let message = format!("the ConfigMap {name} has no key {key}");
                workload.tell(1010, &source.path, message);
            }
        }
    }
}

fn of_secret(
    workload: &Workload<'_>,
    (source, name): (&Field<'_>, &str),
    mode: Option<i64>,
    (files, read): (&mut Vec<File>, &mut Vec<(String, String)>),
) {
    let (ctx, namespace) = (workload.ctx, workload.object.namespace);
    let is_optional = source.is("optional");
    let Some(place) = secret::locate(ctx, namespace, name) else {
        if !is_optional {
            let message = format!("nobody says where the data of the Secret {name} is");
            workload.tell(1007, &source.path, message);
        }
        return;
    };
    let keys = secret::keys(ctx, namespace, name);
    if keys.is_none() && source.list("items").is_empty() {
        let message = format!(
            "the keys of the Secret {name} are not known; name them in items or in ecs.secrets.keys"
        );
        workload.tell(1010, &source.path, message);
        return;
    }
    read.push((namespace.to_owned(), name.to_owned()));
    for (key, path, mode) in items(source, keys.unwrap_or_default(), mode) {
        let is_missing = secret::lacks(ctx, namespace, name, &key);
        match secret::value_from(ctx, &place, &key).filter(|_| !is_missing) {
            Some(from) => files.push(File {
                path,
                mode,
                content: Content::Secret(from),
            }),
            None if is_optional => {}
            None => {
                let message = format!("the Secret {name} has no key {key}");
                workload.tell(1010, &source.path, message);
            }
        }
    }
}

fn of_fields(
    workload: &Workload<'_>,
    source: &Field<'_>,
    mode: Option<i64>,
    task: Option<(u64, u64)>,
    files: &mut Vec<File>,
) {
    let usual = source.whole("defaultMode").or(mode).unwrap_or(0o644);
    for item in source.list("items") {
        let path = item.text("path").unwrap_or_default().to_owned();
        let field = item.get("fieldRef");
        let resource = item.get("resourceFieldRef");
        let value = match (&field, &resource) {
            (Some(field), _) => {
                let wanted = field.text("fieldPath").unwrap_or_default();
                env::field(workload, wanted).or_else(|| all(workload, wanted))
            }
            (None, Some(resource)) => size::downward(workload, resource, resource, task),
            (None, None) => None,
        };
        match value {
            Some(value) => files.push(File {
                path,
                mode: item.whole("mode").unwrap_or(usual),
                content: Content::Plain(STANDARD.encode(value)),
            }),
            None => {
                let path = field.or(resource).map_or(item.path.clone(), |it| it.path);
                workload.tell(2005, &path, "only a running task knows it");
            }
        }
    }
}

/// All labels or annotations, as the kubelet writes them.
fn all(workload: &Workload<'_>, path: &str) -> Option<String> {
    let map = path.strip_prefix("metadata.")?;
    if !["labels", "annotations"].contains(&map) {
        return None;
    }
    let entries = workload
        .template
        .at(&["metadata", map])
        .map(|it| it.entries());
    let lines = entries.unwrap_or_default();
    let lines = lines
        .iter()
        .map(|(name, value)| format!("{name}={:?}", value.scalar()));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// The container that writes all files.
pub(super) fn writer(image: &str, volumes: &[Filled]) -> Map<String, Value> {
    let mut steps = Vec::new();
    let (mut environment, mut secrets) = (Vec::new(), Vec::new());
    let mut folders = std::collections::BTreeSet::new();
    let mut number = 0;
    for volume in volumes {
        for file in &volume.files {
            let variable = format!("F{number}");
            number += 1;
            let target = format!("/v/{}/{}", volume.volume, file.path);
            if let Some((folder, _)) = target.rsplit_once('/') {
                let is_deep = file.path.contains('/');
                if is_deep && folders.insert(folder.to_owned()) {
                    steps.push(format!("mkdir -p {}", quote(folder)));
                }
            }
            let target = quote(&target);
            match &file.content {
                Content::Plain(content) => {
                    environment.push((variable.clone(), content.clone()));
                    steps.push(format!("printf %s \"${variable}\" | base64 -d > {target}"));
                }
                Content::Secret(from) => {
                    secrets.push((variable.clone(), from.clone()));
                    steps.push(format!("printf %s \"${variable}\" > {target}"));
                }
            }
            steps.push(format!("chmod {:04o} {target}", file.mode));
        }
    }
    environment.sort();
    secrets.sort();
    let mut container = Map::new();
    container.insert("name".into(), WRITER.into());
    container.insert("image".into(), image.into());
    container.insert("essential".into(), false.into());
    container.insert("entryPoint".into(), json!(["/bin/sh", "-ec"]));
    container.insert("command".into(), json!([steps.join("; ")]));
    let pairs = |pairs: Vec<(String, String)>, member: &str| -> Vec<Value> {
        pairs
            .into_iter()
            .map(|(name, value)| json!({"name": name, member: value}))
            .collect()
    };
    if !environment.is_empty() {
        container.insert("environment".into(), pairs(environment, "value").into());
    }
    if !secrets.is_empty() {
        container.insert("secrets".into(), pairs(secrets, "valueFrom").into());
    }
    let mounts: Vec<Value> = volumes
        .iter()
        .map(|it| json!({"sourceVolume": it.volume, "containerPath": format!("/v/{}", it.volume)}))
        .collect();
    container.insert("mountPoints".into(), mounts.into());
    container
}

/// The name of the container that writes files.
pub(super) const WRITER: &str = "config-files";

/// The image that it has where none is configured.
pub(super) const IMAGE: &str = "public.ecr.aws/docker/library/busybox:1.37";

/// A word of a shell.
pub(super) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:%@=+,".contains(c);
    match word.chars().all(is_plain) && !word.is_empty() {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
