//! Containers: the workload's own, that which carries logs, that which collects traces, sidecars.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::config::EnvVars;
use super::port::{Ports, Target};
use super::storage;
use super::word::join;
use super::workload::{Kind, Workload, scalar, sorted};

/// Name of the container that carries logs.
const ROUTER: &str = "firelens_log_router";
const ROUTER_IMAGE: &str = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable";
const COLLECTOR_IMAGE: &str = "public.ecr.aws/aws-observability/aws-otel-collector:v0.17.0";

/// Members of `logging` that put a container for logs beside the others.
const ROUTED: &[&str] = &[
    "destination",
    "image",
    "enableMetadata",
    "secretOptions",
    "configFilePath",
    "variables",
    "secrets",
];

/// All containers, the workload's own first, sidecars by name.
pub(super) fn containers(
    workload: &Workload<'_>,
    ports: &Ports,
    served: Option<&Target>,
) -> Vec<Value> {
    let common = common(workload);
    let mut containers = vec![main(workload, ports, served, &common)];
    containers.extend(router(workload, &common));
    let tracing = workload.manifest["observability"]["tracing"].as_str();
    match tracing {
        Some(word) if word.eq_ignore_ascii_case("awsxray") => containers.push(json!({
            "name": "aws-otel-collector",
            "image": COLLECTOR_IMAGE,
            "essential": true,
            "command": ["--config=/etc/ecs/ecs-xray.yaml"],
            "logConfiguration": workload.logs(),
        })),
        Some(word) => {
            let message = format!("{word:?} is no tracing of Copilot; it knows awsxray");
            workload.tell(1018, "observability.tracing", message);
        }
        None => {}
    }
    for (name, value) in sorted(&workload.manifest["sidecars"]) {
        containers.push(sidecar(workload, (name, value), (ports, served), &common));
    }
    containers
}

fn main(
    workload: &Workload<'_>,
    ports: &Ports,
    served: Option<&Target>,
    common: &BTreeMap<String, String>,
) -> Value {
    let manifest = workload.manifest;
    let image = &manifest["image"];
    let mut container = Map::new();
    container.insert("name".into(), workload.name.into());
    container.insert("image".into(), main_image(workload).into());
    container.insert("essential".into(), true.into());
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            container.insert(name.to_owned(), value);
        }
    };
    put(
        "entryPoint",
        workload.words(&manifest["entrypoint"], "entrypoint"),
    );
    put("command", workload.words(&manifest["command"], "command"));
    let mapped = matches!(workload.kind, Kind::Web | Kind::Backend);
    let mappings = if mapped {
        ports.mappings(workload.name, served)
    } else {
        Vec::new()
    };
    put("portMappings", filled(mappings));
    let mounts = storage::mounts(workload);
    put(
        "environment",
        environment(
            workload,
            common,
            (&manifest["variables"], "variables"),
            &mounts,
        ),
    );
    put(
        "secrets",
        secrets(workload, &manifest["secrets"], "secrets"),
    );
    put(
        "environmentFiles",
        file(
            workload,
            &manifest["env_file"],
            "env_file",
            &[workload.name.to_owned()],
        ),
    );
    put(
        "dependsOn",
        depends(workload, &image["depends_on"], "image.depends_on"),
    );
    put(
        "healthCheck",
        health(workload, &image["healthcheck"], "image.healthcheck"),
    );
    put("mountPoints", filled(mounts));
    if manifest["storage"]["readonly_fs"] == true {
        put("readonlyRootFilesystem", Some(true.into()));
    }
    put("dockerLabels", labels(&image["labels"]));
    put("repositoryCredentials", credentials(&image["credentials"]));
    put("logConfiguration", Some(logs(workload)));
    Value::Object(container)
}

fn sidecar(
    workload: &Workload<'_>,
    (name, value): (&str, &Value),
    (ports, served): (&Ports, Option<&Target>),
    common: &BTreeMap<String, String>,
) -> Value {
    let path = join("sidecars", name);
    let at = |member: &str| join(&path, member);
    let mut container = Map::new();
    container.insert("name".into(), name.into());
    container.insert(
        "image".into(),
        sidecar_image(workload, name, &value["image"], &at("image")).into(),
    );
    let essential = value["essential"].as_bool().unwrap_or(true);
    container.insert("essential".into(), essential.into());
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            container.insert(name.to_owned(), value);
        }
    };
    put(
        "entryPoint",
        workload.words(&value["entrypoint"], &at("entrypoint")),
    );
    put("command", workload.words(&value["command"], &at("command")));
    put("portMappings", filled(ports.mappings(name, served)));
    let mounts = storage::sidecar_mounts(workload, &value["mount_points"], &at("mount_points"));
    put(
        "environment",
        environment(
            workload,
            common,
            (&value["variables"], &at("variables")),
            &mounts,
        ),
    );
    put(
        "secrets",
        secrets(workload, &value["secrets"], &at("secrets")),
    );
    let keys = [
        format!("{}/{name}", workload.name),
        format!("{}-{name}", workload.name),
    ];
    put(
        "environmentFiles",
        file(workload, &value["env_file"], &at("env_file"), &keys),
    );
    put(
        "dependsOn",
        depends(workload, &value["depends_on"], &at("depends_on")),
    );
    put(
        "healthCheck",
        health(workload, &value["healthcheck"], &at("healthcheck")),
    );
    put("mountPoints", filled(mounts));
    put("dockerLabels", labels(&value["labels"]));
    put(
        "repositoryCredentials",
        credentials(&value["credentialsParameter"]),
    );
    put("logConfiguration", Some(workload.logs()));
    Value::Object(container)
}

/// The container that carries logs, where they go elsewhere.
fn router(workload: &Workload<'_>, common: &BTreeMap<String, String>) -> Option<Value> {
    let logging = &workload.manifest["logging"];
    if !is_routed(workload) {
        return None;
    }
    let mut options = Map::new();
    let metadata = logging["enableMetadata"].as_bool().unwrap_or(true);
    options.insert(
        "enable-ecs-log-metadata".into(),
        metadata.to_string().into(),
    );
    if let Some(path) = logging["configFilePath"].as_str() {
        options.insert("config-file-type".into(), "file".into());
        options.insert("config-file-value".into(), path.into());
    }
    let image = logging["image"].as_str().unwrap_or(ROUTER_IMAGE);
    let mut container = json!({
        "name": ROUTER,
        "image": image,
        "essential": true,
        "firelensConfiguration": {"type": "fluentbit", "options": options},
        "logConfiguration": workload.logs(),
    });
    let variables = (&logging["variables"], "logging.variables");
    let keys = [
        format!("{}/{ROUTER}", workload.name),
        format!("{}/logging", workload.name),
    ];
    for (name, value) in [
        ("environment", environment(workload, common, variables, &[])),
        (
            "secrets",
            secrets(workload, &logging["secrets"], "logging.secrets"),
        ),
        (
            "environmentFiles",
            file(workload, &logging["env_file"], "logging.env_file", &keys),
        ),
    ] {
        if let Some(value) = value {
            container[name] = value;
        }
    }
    Some(container)
}

fn is_routed(workload: &Workload<'_>) -> bool {
    let logging = &workload.manifest["logging"];
    ROUTED.iter().any(|name| !logging[*name].is_null())
}

/// Where the workload's own container logs to.
fn logs(workload: &Workload<'_>) -> Value {
    if !is_routed(workload) {
        return workload.logs();
    }
    let logging = &workload.manifest["logging"];
    let mut configuration = json!({"logDriver": "awsfirelens"});
    let options: Map<String, Value> = sorted(&logging["destination"])
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), scalar(value)?.into())))
        .collect();
    if !options.is_empty() {
        configuration["options"] = Value::Object(options);
    }
    if let Some(secrets) = secrets(workload, &logging["secretOptions"], "logging.secretOptions") {
        configuration["secretOptions"] = secrets;
    }
    configuration
}

pub(super) fn main_image(workload: &Workload<'_>) -> String {
    let image = &workload.manifest["image"];
    if let Some(location) = image["location"].as_str() {
        return location.to_owned();
    }
    if image["build"].is_null() {
        workload.tell(1018, "image", "needs build or location");
        return String::new();
    }
    built(workload, "image.build", &[workload.name.to_owned()])
}

fn sidecar_image(workload: &Workload<'_>, name: &str, image: &Value, path: &str) -> String {
    if let Some(location) = image.as_str().or_else(|| image["location"].as_str()) {
        return location.to_owned();
    }
    if image["build"].is_null() {
        workload.tell(1018, path, "needs an image, or what it is built from");
        return String::new();
    }
    let keys = [
        format!("{}/{name}", workload.name),
        format!("{}-{name}", workload.name),
    ];
    built(workload, &join(path, "build"), &keys)
}

/// An image that Copilot would build.
fn built(workload: &Workload<'_>, path: &str, keys: &[String]) -> String {
    let images = &workload.copilot().images;
    let found = keys.iter().find_map(|key| images.get(key));
    workload.tell(
        2020,
        path,
        "nothing is built here; the image is that of the configuration",
    );
    if found.is_none() {
        let message = format!("set ecs.copilot.images.{}", keys[0]);
        workload.tell(1014, path, message);
    }
    found.cloned().unwrap_or_default()
}

/// What Copilot tells every container.
pub(super) fn common(workload: &Workload<'_>) -> BTreeMap<String, String> {
    let copilot = workload.copilot();
    let mut variables = BTreeMap::new();
    for (name, value) in copilot.addons.get(workload.name).into_iter().flatten() {
        variables.insert(super::word::snake(name), value.clone());
    }
    let manifest = workload.manifest;
    if !manifest["publish"]["topics"].is_null() {
        workload.tell(
            2021,
            "publish",
            "topics are created elsewhere; their ARNs come from ecs.copilot.topicArns",
        );
    }
    if workload.kind == Kind::Worker && !manifest["subscribe"].is_null() {
        workload.tell(
            2021,
            "subscribe",
            "queues and subscriptions are created elsewhere; URIs come from ecs.copilot.queueUris",
        );
    }
    if copilot.env_vars == Some(EnvVars::Drop) {
        return variables;
    }
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            variables.insert(format!("COPILOT_{name}"), value);
        }
    };
    put("APPLICATION_NAME", Some(workload.app.to_owned()));
    put("ENVIRONMENT_NAME", Some(workload.environment.to_owned()));
    put("SERVICE_NAME", Some(workload.name.to_owned()));
    put("SERVICE_DISCOVERY_ENDPOINT", Some(endpoint(workload)));
    if !super::port::rules(workload).is_empty() {
        let balancer = super::traffic::balancer(workload);
        put("LB_DNS", balancer.and_then(|it| it.dns_name.clone()));
    }
    if !manifest["publish"]["topics"].is_null() {
        put(
            "SNS_TOPIC_ARNS",
            copilot.topic_arns.get(workload.name).map(json_text),
        );
    }
    if workload.kind == Kind::Worker {
        put("QUEUE_URI", copilot.queue_uris.get(workload.name).cloned());
        put(
            "TOPIC_QUEUE_URIS",
            copilot.topic_queue_uris.get(workload.name).map(json_text),
        );
    }
    variables
}

/// A text as it is, anything else as JSON.
fn json_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The namespace of names, `ENV.APP.local` unless configured.
pub(super) fn endpoint(workload: &Workload<'_>) -> String {
    let named = workload.copilot().discovery.namespace.clone();
    named.unwrap_or_else(|| format!("{}.{}.local", workload.environment, workload.app))
}

/// `environment`, by name; what the manifest says wins.
pub(super) fn environment(
    workload: &Workload<'_>,
    common: &BTreeMap<String, String>,
    (variables, path): (&Value, &str),
    mounts: &[Value],
) -> Option<Value> {
    let mut all = common.clone();
    if !mounts.is_empty() && workload.copilot().env_vars != Some(EnvVars::Drop) {
        let of = |mount: &Value, name: &str| mount[name].as_str().unwrap_or_default().to_owned();
        let paths: BTreeMap<String, String> = mounts
            .iter()
            .map(|mount| (of(mount, "sourceVolume"), of(mount, "containerPath")))
            .collect();
        all.insert("COPILOT_MOUNT_POINTS".into(), json!(paths).to_string());
    }
    for (name, value) in sorted(variables) {
        if let Some(text) = workload.plain_or_export(value, &join(path, name)) {
            all.insert(name.to_owned(), text);
        }
    }
    let entry = |(name, value): (&String, &String)| json!({"name": name, "value": value});
    filled(all.iter().map(entry).collect())
}

/// `secrets`, by name.
pub(super) fn secrets(workload: &Workload<'_>, secrets: &Value, path: &str) -> Option<Value> {
    let mut found = Vec::new();
    for (name, value) in sorted(secrets) {
        let path = join(path, name);
        let named = value["secretsmanager"].as_str();
        let from = match named {
            Some(secret) => Some(workload.arn("secretsmanager", &format!("secret:{secret}"))),
            None => workload.plain_or_export(value, &path),
        };
        if let Some(from) = from {
            found.push(json!({"name": name, "valueFrom": from}));
        }
    }
    if !found.is_empty() {
        let message = "the execution role reads secrets that are tagged copilot-application and copilot-environment";
        workload.tell(2022, path, message);
    }
    filled(found)
}

/// `environmentFiles`: the file is where Copilot, or whoever deploys, put it.
fn file(workload: &Workload<'_>, value: &Value, path: &str, keys: &[String]) -> Option<Value> {
    let name = value.as_str().filter(|name| !name.is_empty())?;
    let files = &workload.copilot().env_files;
    let found = match name.starts_with("arn:") {
        true => Some(name),
        false => keys
            .iter()
            .find_map(|key| files.get(key))
            .map(String::as_str),
    };
    let setting = format!("copilot.envFiles.{}", keys[0]);
    if found.is_none() {
        let message = format!("upload {name} to S3 and set ecs.{setting} to its ARN");
        workload.tell(1014, path, message);
    }
    found.map(|arn| json!([{"type": "s3", "value": arn}]))
}

fn depends(workload: &Workload<'_>, value: &Value, path: &str) -> Option<Value> {
    let mut found = Vec::new();
    for (name, condition) in sorted(value) {
        let word = condition.as_str().unwrap_or_default().to_uppercase();
        if !["START", "HEALTHY", "COMPLETE", "SUCCESS"].contains(&word.as_str()) {
            let message = format!("{condition} is none of start, healthy, complete, success");
            workload.tell(1018, &join(path, name), message);
            continue;
        }
        found.push(json!({"containerName": name, "condition": word}));
    }
    filled(found)
}

/// A container's health check, with Copilot's own defaults.
fn health(workload: &Workload<'_>, value: &Value, path: &str) -> Option<Value> {
    let map = value.as_object().filter(|map| !map.is_empty())?;
    let duration = |name: &str, unset: u64| match map.get(name) {
        Some(value) => workload
            .whole_seconds(value, &join(path, name))
            .unwrap_or(unset),
        None => unset,
    };
    let command = match map.get("command") {
        Some(Value::String(text)) => json!(["CMD-SHELL", text]),
        Some(Value::Array(words)) => Value::Array(words.clone()),
        _ => json!(["CMD-SHELL", "curl -f http://localhost/ || exit 1"]),
    };
    let retries = map.get("retries");
    let retries = retries.and_then(|value| workload.whole(value, &join(path, "retries")));
    Some(json!({
        "command": command,
        "interval": duration("interval", 10),
        "timeout": duration("timeout", 5),
        "retries": retries.unwrap_or(2),
        "startPeriod": duration("start_period", 0),
    }))
}

fn labels(value: &Value) -> Option<Value> {
    let labels: Map<String, Value> = sorted(value)
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), scalar(value)?.into())))
        .collect();
    (!labels.is_empty()).then_some(Value::Object(labels))
}

pub(super) fn credentials(value: &Value) -> Option<Value> {
    let secret = value.as_str()?;
    Some(json!({"credentialsParameter": secret}))
}

/// A list that says something.
pub(super) fn filled(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then_some(Value::Array(items))
}
