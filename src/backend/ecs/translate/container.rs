//! Containers.

use serde_json::{Map, Value, json};

use super::env::{self, Variables};
use super::object::Field;
use super::port;
use super::probe;
use super::security;
use super::size::{self, Share, Size};
use super::traffic::Traffic;
use super::volume::{self, Volumes};
use super::workload::{Workload, is_yes, split};

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Init,
    Sidecar,
    App,
}

/// The containers of a task definition, and the Secrets that they read.
#[derive(Debug, Default)]
pub(super) struct Containers {
    pub(super) definitions: Vec<Value>,
    pub(super) read: Vec<(String, String)>,
}

/// Translates all containers of a pod.
pub(super) fn containers(
    workload: &Workload<'_>,
    size: &Size,
    volumes: &mut Volumes,
    traffic: &Traffic,
) -> Containers {
    let mut found = Containers::default();
    let inits = workload.pod.list("initContainers");
    let apps = workload.pod.list("containers");
    let essential = workload.object.own_text("essential").map(split);
    let mut previous: Option<(String, &str)> = None;
    let mut definitions = Vec::new();
    let roles = inits
        .iter()
        .map(|it| (it, init_role(it)))
        .chain(apps.iter().map(|it| (it, Role::App)));
    for (index, (container, role)) in roles.enumerate() {
        let name = container.text("name").unwrap_or_default();
        let share = size.shares.get(index).copied().unwrap_or_default();
        let mut definition = Map::new();
        definition.insert("name".into(), name.into());
        image(workload, container, &mut definition);
        let is_essential = role == Role::App
            && essential
                .as_ref()
                .is_none_or(|names| names.iter().any(|it| it == name));
        definition.insert("essential".into(), is_essential.into());
        let variables = env::variables(workload, container, size.task);
        found.read.extend(variables.read.iter().cloned());
        words(workload, container, &variables, &mut definition);
        if role != Role::Init {
            shares(&share, &mut definition);
        }
        plain(container, &mut definition);
        let ports = port::ports(workload, container, index, &traffic.names);
        set_list(&mut definition, "portMappings", ports);
        set_list(&mut definition, "environment", variables.environment());
        set_list(&mut definition, "secrets", variables.secrets());
        let checked: Vec<i64> = traffic
            .checked
            .iter()
            .filter(|(it, _)| it == name)
            .map(|(_, port)| *port)
            .collect();
        let mut health = None;
        if role != Role::Init {
            health = probe::health(workload, container, &checked);
        }
        if role == Role::App {
            let by = traffic.managed.iter().find(|(it, _)| it == name);
            probe::unready(workload, container, by.map(|(_, by)| *by));
        }
        if let Some(health) = &health {
            definition.insert("healthCheck".into(), health.clone());
        }
        if let Some((before, condition)) = &previous {
            let before = json!([{"containerName": before, "condition": condition}]);
            definition.insert("dependsOn".into(), before);
        }
        let memory = share
            .memory
            .or(share.reservation)
            .or(size.task.map(|(_, memory)| memory));
        let (points, memories) = volume::mounts(workload, container, volumes, memory);
        set_list(&mut definition, "mountPoints", points);
        security::security(workload, container, memories, &mut definition);
        restart(workload, role, &mut definition);
        pod_wide(workload, &mut definition);
        requirements(workload, container, &mut definition);
        lifecycle(workload, container);
        ignored(workload, container);
        if role == Role::App && container.path == apps[0].path {
            labels(workload, &found.read, &mut definition);
        }
        match role {
            Role::Init => previous = Some((name.to_owned(), "SUCCESS")),
            Role::Sidecar => {
                let waits = container.get("startupProbe").is_some() && health.is_some();
                previous = Some((name.to_owned(), if waits { "HEALTHY" } else { "START" }));
            }
            Role::App => {}
        }
        definitions.push(definition);
    }
    port::undeclared(&mut definitions, traffic, &workload.containers());
    found.definitions = definitions.into_iter().map(Value::Object).collect();
    found
}

fn init_role(container: &Field<'_>) -> Role {
    match size::is_sidecar(container) {
        true => Role::Sidecar,
        false => Role::Init,
    }
}

fn set_list(definition: &mut Map<String, Value>, name: &str, items: Vec<Value>) {
    if !items.is_empty() {
        definition.insert(name.to_owned(), items.into());
    }
}

fn image(workload: &Workload<'_>, container: &Field<'_>, definition: &mut Map<String, Value>) {
    let image = container.text("image").unwrap_or_default();
    if image.is_empty() {
        workload.tell(
            1018,
            &format!("{}.image", container.path),
            "a container has to have an image",
        );
    }
    if image.len() > 255 {
        workload.tell(
            1013,
            &format!("{}.image", container.path),
            "ECS takes at most 255 characters",
        );
    }
    definition.insert("image".into(), image.into());
    let registries = &workload.ctx.config.registries;
    if let Some(credentials) = registries.get(host(image)) {
        definition.insert(
            "repositoryCredentials".into(),
            json!({"credentialsParameter": credentials}),
        );
    }
}

/// The registry of an image.
pub(super) fn host(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

fn words(
    workload: &Workload<'_>,
    container: &Field<'_>,
    variables: &Variables,
    definition: &mut Map<String, Value>,
) {
    for (from, to) in [("command", "entryPoint"), ("args", "command")] {
        let list = container.list(from);
        let words: Vec<Value> = list
            .iter()
            .map(|it| variables.expand(workload, it).into())
            .collect();
        set_list(definition, to, words);
    }
}

fn shares(share: &Share, definition: &mut Map<String, Value>) {
    let members = [
        ("cpu", share.cpu),
        ("memory", share.memory),
        ("memoryReservation", share.reservation),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            definition.insert(name.into(), value.into());
        }
    }
}

fn plain(container: &Field<'_>, definition: &mut Map<String, Value>) {
    if let Some(folder) = container.text("workingDir").filter(|it| !it.is_empty()) {
        definition.insert("workingDirectory".into(), folder.into());
    }
    for (from, to) in [("stdin", "interactive"), ("tty", "pseudoTerminal")] {
        if container.is(from) {
            definition.insert(to.into(), true.into());
        }
    }
}

fn restart(workload: &Workload<'_>, role: Role, definition: &mut Map<String, Value>) {
    if role == Role::Sidecar {
        let policy = json!({"enabled": true, "restartAttemptPeriod": 60});
        definition.insert("restartPolicy".into(), policy);
        return;
    }
    let Some(field) = workload
        .object
        .own("restart-policy")
        .filter(|_| role == Role::App)
    else {
        return;
    };
    let text = field.scalar();
    let (word, rest) = text.split_once([':', ',', ' ']).unwrap_or((&text, ""));
    if word.trim() != "in-place" {
        workload.tell(1018, &field.path, "it is in-place, or in-place:SECONDS");
        return;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let wanted = digits.parse().unwrap_or(300);
    let period = i64::clamp(wanted, 60, 1800);
    if period != wanted {
        workload.tell(2002, &field.path, "ECS takes 60 to 1800 seconds");
    }
    definition.insert(
        "restartPolicy".into(),
        json!({"enabled": true, "restartAttemptPeriod": period}),
    );
}

/// What the pod says for every container.
fn pod_wide(workload: &Workload<'_>, definition: &mut Map<String, Value>) {
    if let Some(seconds) = workload.pod.whole("terminationGracePeriodSeconds") {
        let allowed = match workload.is_fargate() {
            true => seconds.clamp(2, 120),
            false => seconds,
        };
        if allowed != seconds {
            let path = format!("{}.terminationGracePeriodSeconds", workload.pod.path);
            workload.tell(
                2002,
                &path,
                format!("{seconds} s become {allowed}; Fargate takes 2 to 120"),
            );
        }
        definition.insert("stopTimeout".into(), allowed.into());
    }
    let sysctls = workload
        .pod
        .at(&["securityContext", "sysctls"])
        .map(|it| it.items());
    let control = |it: &Field<'_>| json!({"namespace": it.text("name"), "value": it.get("value").map(|it| it.scalar())});
    let controls: Vec<Value> = sysctls.unwrap_or_default().iter().map(control).collect();
    set_list(definition, "systemControls", controls);
    if workload.is_host() {
        let aliases = workload.pod.list("hostAliases");
        let hosts = aliases.iter().flat_map(|alias| {
            let names = alias.list("hostnames").into_iter();
            names.map(|name| json!({"hostname": name.scalar(), "ipAddress": alias.text("ip")}))
        });
        set_list(definition, "extraHosts", hosts.collect());
        if let Some(name) = workload.pod.text("hostname").filter(|it| !it.is_empty()) {
            definition.insert("hostname".into(), name.into());
        }
    }
    let dns = workload.pod.get("dnsConfig");
    let is_all = workload.pod.text("dnsPolicy") == Some("None") && !workload.is_windows();
    if let Some(config) = dns.filter(|_| is_all) {
        let texts = |name: &str| {
            config
                .list(name)
                .iter()
                .map(|it| it.value.clone())
                .collect()
        };
        set_list(definition, "dnsServers", texts("nameservers"));
        set_list(definition, "dnsSearchDomains", texts("searches"));
    }
}

/// GPUs and the like.
fn requirements(
    workload: &Workload<'_>,
    container: &Field<'_>,
    definition: &mut Map<String, Value>,
) {
    let mut found = Vec::new();
    let mut seen = Vec::new();
    for part in ["limits", "requests"] {
        let entries = container
            .at(&["resources", part])
            .map(|it| it.entries())
            .unwrap_or_default();
        for (name, field) in entries {
            if ["cpu", "memory", "ephemeral-storage"].contains(&name) || seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let kind = match name {
                "nvidia.com/gpu" => "GPU",
                "aws.amazon.com/neuron" => "NeuronDevice",
                _ => {
                    workload.tell(1018, &field.path, format!("ECS has no resource {name}"));
                    continue;
                }
            };
            if workload.is_fargate() {
                workload.tell(1004, &field.path, "Fargate has none");
            }
            found.push(json!({"type": kind, "value": field.scalar()}));
        }
    }
    set_list(definition, "resourceRequirements", found);
}

fn lifecycle(workload: &Workload<'_>, container: &Field<'_>) {
    let Some(lifecycle) = container.get("lifecycle") else {
        return;
    };
    if let Some(hook) = lifecycle.get("postStart") {
        workload.tell(
            2004,
            &hook.path,
            "ECS runs nothing in a container that starts",
        );
    }
    if let Some(hook) = lifecycle.get("preStop") {
        let (code, message) = match is_sleep(&hook) {
            true => (
                3006,
                "ECS takes a task out of its target groups before it stops it",
            ),
            false => (2004, "ECS runs nothing in a container that stops"),
        };
        workload.tell(code, &hook.path, message);
    }
}

/// Whether a hook does nothing but wait.
fn is_sleep(hook: &Field<'_>) -> bool {
    if hook.get("sleep").is_some() {
        return true;
    }
    let words = hook
        .get("exec")
        .map(|it| it.list("command"))
        .unwrap_or_default();
    let words: Vec<String> = words.iter().map(Field::scalar).collect();
    let text = words.join(" ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let words = match words.as_slice() {
        [shell, "-c" | "-ec", rest @ ..] if shell.ends_with("sh") => rest,
        words => words,
    };
    matches!(words, [program, time] if program.rsplit('/').next() == Some("sleep")
        && time.trim_end_matches(['s', 'm', '"', '\'', ';']).parse::<f64>().is_ok())
}

/// Members that mean nothing here, where they are not what they would be anyway.
fn ignored(workload: &Workload<'_>, container: &Field<'_>) {
    let image = container.text("image").unwrap_or_default();
    let is_latest = match image.rsplit_once(':') {
        _ if image.contains('@') => false,
        Some((_, tag)) if !tag.contains('/') => tag == "latest",
        _ => true,
    };
    let policy = if is_latest { "Always" } else { "IfNotPresent" };
    let usual = [
        ("imagePullPolicy", policy),
        ("terminationMessagePath", "/dev/termination-log"),
        ("terminationMessagePolicy", "File"),
    ];
    for (name, usual) in usual {
        if let Some(field) = container.get(name).filter(|it| it.value != usual) {
            workload.tell(3007, &field.path, "it means nothing on ECS");
        }
    }
}

/// Annotations of the pod as labels, so that a change of one rolls the tasks.
fn labels(workload: &Workload<'_>, read: &[(String, String)], definition: &mut Map<String, Value>) {
    let annotations = workload.template.at(&["metadata", "annotations"]);
    // A bare pod is its own template: its annotations are for us and for Helm.
    let is_pod = workload.object.kind == "Pod";
    let mut labels = Map::new();
    for (name, field) in annotations.map(|it| it.entries()).unwrap_or_default() {
        let is_told = ["helm.sh/", "ecs.pintle.dev/", "k8s.pintle.dev/"]
            .iter()
            .any(|it| name.starts_with(it));
        if !(is_pod && is_told) {
            labels.insert(name.to_owned(), field.scalar().into());
        }
    }
    if workload.ctx.config.secrets.mode == Some(super::super::config::SecretMode::Ssm) {
        for (namespace, secret) in read {
            if let Some(object) = workload.ctx.find("Secret", namespace, secret) {
                let name = format!("ecs.pintle.dev/secret-{secret}");
                labels.insert(name, super::secret::content_hash(object).into());
            }
        }
    }
    if !labels.is_empty() {
        definition.insert("dockerLabels".into(), labels.into());
    }
}

/// Whether an annotation of a workload asks for commands in running tasks.
pub(super) fn wants_exec(workload: &Workload<'_>) -> bool {
    workload
        .object
        .own("exec")
        .is_some_and(|it| is_yes(&it.scalar()))
}
