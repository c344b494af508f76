//! Pods to task definitions.

use serde_json::{Map, Value, json};

use super::super::config::LaunchType;
use super::super::desired::Resource;
use super::container;
use super::file;
use super::object::Field;
use super::patch;
use super::placement::Placement;
use super::secret::{self, Place};
use super::security;
use super::size::Size;
use super::traffic::Traffic;
use super::volume;
use super::workload::{Work, Workload};

/// A task definition and what it needs.
pub(super) struct Definition {
    /// Log group and secrets, which come first.
    pub(super) before: Vec<Resource>,
    pub(super) definition: Resource,
    /// `volumeConfigurations` of the service.
    pub(super) at_launch: Vec<Value>,
}

/// Translates a workload's pods.
pub(super) fn definition(
    workload: &Workload<'_>,
    size: &Size,
    placement: &Placement,
    traffic: &Traffic,
) -> Definition {
    let mut volumes = volume::volumes(workload, size.task);
    let mut containers = container::containers(workload, size, &mut volumes, traffic);
    prune(&mut volumes, &containers.definitions);
    containers.read.append(&mut volumes.read);
    if !volumes.filled.is_empty() {
        let is_unsized = size.task.is_none() && !workload.is_fargate();
        let definitions = &mut containers.definitions;
        write_files(workload, &volumes.filled, is_unsized, definitions);
    }
    log(workload, &mut containers.definitions);
    whole_pod(workload);
    if containers.definitions.len() > 10 {
        let message = format!(
            "a task has {} containers, of at most 10",
            containers.definitions.len()
        );
        workload.tell(1013, &workload.pod.path, message);
    }
    let mut request = Map::new();
    request.insert("family".into(), workload.family().into());
    let network = if workload.is_host() { "host" } else { "awsvpc" };
    request.insert("networkMode".into(), network.into());
    request.insert(
        "requiresCompatibilities".into(),
        json!([workload.launch.word()]),
    );
    if let Some((cpu, memory)) = size.task {
        request.insert("cpu".into(), cpu.to_string().into());
        request.insert("memory".into(), memory.to_string().into());
    }
    let execution = workload.object.own_text("execution-role-arn");
    let execution = execution.or(workload.ctx.config.execution_role_arn.as_deref());
    if let Some(role) = execution {
        request.insert("executionRoleArn".into(), role.into());
    } else if !containers.read.is_empty() {
        workload.tell(
            1014,
            "",
            "reading secrets takes a role; set ecs.executionRoleArn",
        );
    }
    if let Some(role) = workload.task_role() {
        request.insert("taskRoleArn".into(), role.into());
    }
    request.insert("containerDefinitions".into(), containers.definitions.into());
    if !volumes.volumes.is_empty() {
        request.insert("volumes".into(), volumes.volumes.into());
    }
    if let Some(storage) = size.storage {
        request.insert("ephemeralStorage".into(), json!({"sizeInGiB": storage}));
    }
    if let Some(platform) = &placement.platform {
        request.insert("runtimePlatform".into(), platform.clone());
    }
    namespaces(workload, &mut request);
    if workload.wants("fault-injection") {
        request.insert("enableFaultInjection".into(), true.into());
    }
    let tags = workload.tags();
    if !tags.is_empty() {
        request.insert("tags".into(), tags.into());
    }
    let mut request = Value::Object(request);
    patch::apply(workload, "taskDefinition", &mut request);
    if request.to_string().len() > 64 << 10 {
        let message = "a task definition takes at most 64 KiB; files of ConfigMaps count";
        workload.tell(1013, &workload.pod.path, message);
    }
    let mut before: Vec<Resource> = workload.log_group().into_iter().collect();
    let mut read = containers.read;
    read.sort();
    read.dedup();
    for (namespace, name) in read {
        match secret::locate(workload.ctx, &namespace, &name) {
            Some(Place::Uploaded(resource)) => before.push(*resource),
            Some(Place::Parameters(_)) => {
                before.extend(secret::parameters(workload.ctx, &namespace, &name))
            }
            _ => {}
        }
    }
    Definition {
        before,
        definition: Resource::new("ecs:TaskDefinition", workload.name.as_str(), request),
        at_launch: volumes.at_launch,
    }
}

fn prune(volumes: &mut volume::Volumes, definitions: &[Value]) {
    let mut used = Vec::new();
    for definition in definitions {
        for point in definition["mountPoints"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
        {
            used.extend(point["sourceVolume"].as_str().map(str::to_owned));
        }
    }
    volumes.prune(&used);
}

/// Puts the container that writes files in front of all others.
fn write_files(
    workload: &Workload<'_>,
    filled: &[file::Filled],
    is_unsized: bool,
    definitions: &mut Vec<Value>,
) {
    let image = workload.ctx.config.config_files.image.as_deref();
    let mut writer = file::writer(image.unwrap_or(file::IMAGE), filled);
    if is_unsized {
        // Without a size of the task ECS wants memory of every container; this is the least.
        writer.insert("memoryReservation".into(), 6.into());
    }
    let depends = json!([{"containerName": file::WRITER, "condition": "SUCCESS"}]);
    for definition in definitions.iter_mut() {
        if definition["name"] == file::WRITER {
            workload.tell(
                1012,
                &workload.pod.path,
                format!("a container is called {}", file::WRITER),
            );
        }
        if definition["dependsOn"].is_null() {
            definition["dependsOn"] = depends.clone();
        }
    }
    definitions.insert(0, Value::Object(writer));
}

/// Where the containers' logs go.
fn log(workload: &Workload<'_>, definitions: &mut Vec<Value>) {
    let group = workload.log_group_name();
    let awslogs = json!({
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": group,
            "awslogs-region": workload.region(),
            "awslogs-stream-prefix": workload.name,
        },
    });
    let mut options = Map::new();
    for (key, value) in &workload.ctx.config.logs.options {
        options.insert(key.clone(), value.as_str().into());
    }
    if let Some(field) = workload.object.own("log-options") {
        let text = field.scalar();
        match serde_json::from_str::<Map<String, Value>>(&text) {
            Ok(map) => options.extend(map),
            Err(_) => {
                for pair in super::workload::split(&text) {
                    let (key, value) = pair.split_once('=').unwrap_or((&pair, ""));
                    options.insert(key.trim().to_owned(), value.trim().into());
                }
            }
        }
    }
    if let Some(field) = workload.object.own("firelens") {
        let Ok(firelens) = serde_json::from_str::<Value>(&field.scalar()) else {
            workload.tell(1018, &field.path, "it has to be JSON");
            return;
        };
        if let Value::Object(own) = &firelens["logOptions"] {
            options.extend(own.clone());
        }
        for definition in definitions.iter_mut() {
            definition["logConfiguration"] =
                json!({"logDriver": "awsfirelens", "options": options});
        }
        definitions.push(router(&firelens, &awslogs));
        return;
    }
    let driver = workload.log_driver();
    let configuration = match driver {
        "none" => return,
        "awslogs" => {
            let mut all = awslogs;
            for (key, value) in options {
                all["options"][key] = value;
            }
            all
        }
        driver if options.is_empty() => json!({ "logDriver": driver }),
        driver => json!({"logDriver": driver, "options": options}),
    };
    for definition in definitions.iter_mut() {
        definition["logConfiguration"] = configuration.clone();
    }
}

/// The container that passes logs on.
pub(in crate::backend::ecs) fn router(firelens: &Value, logs: &Value) -> Value {
    let image = firelens["image"].as_str();
    let mut options = json!({"enable-ecs-log-metadata": "true"});
    if let Value::Object(own) = &firelens["options"] {
        for (key, value) in own {
            options[key] = value.clone();
        }
    }
    json!({
        "name": "firelens_log_router",
        "image": image.unwrap_or("public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"),
        "essential": true,
        "firelensConfiguration": {
            "type": firelens["type"].as_str().unwrap_or("fluentbit"),
            "options": options,
        },
        "logConfiguration": logs,
    })
}

/// `pidMode` and `ipcMode`.
fn namespaces(workload: &Workload<'_>, request: &mut Map<String, Value>) {
    let pod = &workload.pod;
    if pod.is("hostPID") {
        request.insert("pidMode".into(), "host".into());
    } else if pod.is("shareProcessNamespace") {
        request.insert("pidMode".into(), "task".into());
    }
    if let Some(mode) = workload.object.own_text("pid-mode") {
        request.insert("pidMode".into(), mode.into());
        if let Some(field) = workload.object.own("pid-mode")
            && mode == "host"
            && workload.is_fargate()
        {
            workload.tell(1004, &field.path, "Fargate gives no access to its hosts");
        }
    }
    if pod.is("hostIPC") {
        request.insert("ipcMode".into(), "host".into());
    }
    if workload.is_fargate() {
        for name in ["hostNetwork", "hostPID", "hostIPC"] {
            if pod.is(name) {
                let path = format!("{}.{name}", pod.path);
                workload.tell(1004, &path, "Fargate gives no access to its hosts");
            }
        }
    }
}

/// Members of the pod that become nothing, or something else than they say.
fn whole_pod(workload: &Workload<'_>) {
    let pod = &workload.pod;
    let usual: [(&str, Value); 9] = [
        ("tolerations", json!([])),
        ("priorityClassName", "".into()),
        ("priority", 0.into()),
        ("schedulerName", "default-scheduler".into()),
        ("runtimeClassName", "".into()),
        ("preemptionPolicy", "PreemptLowerPriority".into()),
        ("enableServiceLinks", true.into()),
        ("automountServiceAccountToken", true.into()),
        ("overhead", json!({})),
    ];
    for (name, usual) in usual {
        if let Some(field) = pod.get(name).filter(|it| *it.value != usual) {
            workload.tell(3007, &field.path, "it means nothing on ECS");
        }
    }
    if let Some(policy) = pod.get("dnsPolicy") {
        let is_said = ["ClusterFirst", "None"]
            .iter()
            .any(|it| policy.value == *it);
        if !is_said {
            workload.tell(3007, &policy.path, "tasks ask the resolver of their VPC");
        }
    }
    if let Some(config) = pod.get("dnsConfig") {
        let is_all = pod.text("dnsPolicy") == Some("None") && !workload.is_windows();
        match config.get("options").filter(|it| !it.items().is_empty()) {
            _ if !is_all => {
                let message = "tasks ask the resolver of their VPC, unless dnsPolicy is None";
                workload.tell(2014, &config.path, message);
            }
            Some(options) => workload.tell(2014, &options.path, "ECS cannot be told"),
            None => {}
        }
    }
    let aliases = pod.get("hostAliases").filter(|_| !workload.is_host());
    if let Some(aliases) = aliases.filter(|it| !it.items().is_empty()) {
        workload.tell(
            1018,
            &aliases.path,
            "tasks with an address of their own have no extra hosts",
        );
    }
    for name in ["hostname", "subdomain"] {
        let is_kept = name == "hostname" && workload.is_host();
        if let Some(field) = pod.get(name).filter(|it| it.value != "" && !is_kept) {
            workload.tell(
                2014,
                &field.path,
                "tasks with an address of their own have the name that ECS gives them",
            );
        }
    }
    for (name, code) in [
        ("nodeName", 2006),
        ("readinessGates", 2014),
        ("schedulingGates", 2014),
        ("setHostnameAsFQDN", 2014),
        ("resourceClaims", 1018),
    ] {
        let is_empty = |value: &Value| match value {
            Value::Array(items) => items.is_empty(),
            value => *value == json!(false) || *value == json!(""),
        };
        if let Some(field) = pod.get(name).filter(|it| !is_empty(it.value)) {
            workload.tell(code, &field.path, "ECS has nothing like it");
        }
    }
    if let Some(seconds) = pod
        .get("activeDeadlineSeconds")
        .filter(|_| matches!(workload.work, Work::Service | Work::Daemon))
    {
        workload.tell(2014, &seconds.path, "tasks of a service run until they end");
    }
    if let Some(context) = pod.get("securityContext") {
        pod_security(workload, &context);
    }
    pull_secrets(workload);
    if workload.launch == LaunchType::External && !workload.is_host() {
        let message = "machines elsewhere have no network interfaces of a VPC; set hostNetwork";
        workload.tell(2014, &pod.path, message);
    }
}

fn pod_security(workload: &Workload<'_>, context: &Field<'_>) {
    if let Some(field) = context.get("fsGroup") {
        workload.tell(2013, &field.path, "an access point of EFS sets ids instead");
    }
    for name in [
        "supplementalGroups",
        "seLinuxOptions",
        "seccompProfile",
        "appArmorProfile",
        "windowsOptions",
    ] {
        let Some(field) = context.get(name) else {
            continue;
        };
        let is_said = !workload.is_fargate() && !security::docker_options(name, &field).is_empty();
        if !is_said {
            workload.tell(2007, &field.path, "ECS cannot be told");
        }
    }
}

fn pull_secrets(workload: &Workload<'_>) {
    let Some(secrets) = workload
        .pod
        .get("imagePullSecrets")
        .filter(|it| !it.items().is_empty())
    else {
        return;
    };
    let registries = &workload.ctx.config.registries;
    let unmapped = |container: &Field<'_>| {
        let host = container::host(container.text("image").unwrap_or_default());
        let is_own = host.contains(".dkr.ecr.") || host == "public.ecr.aws";
        !is_own && !registries.contains_key(host)
    };
    if workload.containers().iter().any(unmapped) {
        let message =
            "ECS reads credentials of registries from Secrets Manager; set ecs.registries.HOST";
        workload.tell(2015, &secrets.path, message);
    }
}
