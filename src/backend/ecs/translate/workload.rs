//! Workloads: what they run on, how they are called, and what each is made of.

use serde_json::{Map, Value, json};

use super::super::config::LaunchType;
use super::super::desired::Resource;
use super::context::Context;
use super::name;
use super::object::{Field, Object, PREFIX};
use super::size::Size;

/// What a workload becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// A service with so many tasks.
    Service,
    /// A service with a task on every instance.
    Daemon,
    /// A task that runs once.
    Task,
    /// A task that runs by a schedule.
    Schedule,
}

/// An object that runs pods.
pub(super) struct Workload<'a> {
    pub(super) ctx: &'a Context<'a>,
    pub(super) object: &'a Object<'a>,
    pub(super) work: Work,
    /// Its name on ECS.
    pub(super) name: String,
    /// `metadata` and `spec` of its pods.
    pub(super) template: Field<'a>,
    /// `spec` of its pods.
    pub(super) pod: Field<'a>,
    pub(super) launch: LaunchType,
    /// `capacityProviderStrategy`; empty where there is a launch type.
    pub(super) providers: Vec<Value>,
}

/// Annotations that are known; `metric.` begins more.
const KNOWN: &[&str] = &[
    "launch-type",
    "capacity-providers",
    "cluster",
    "family",
    "service-name",
    "region",
    "task-role-arn",
    "execution-role-arn",
    "subnets",
    "security-groups",
    "assign-public-ip",
    "cpu",
    "memory",
    "architecture",
    "os-family",
    "ephemeral-storage",
    "platform-version",
    "target-group-arn",
    "listener-arn",
    "container-port",
    "alternate-target-group-arn",
    "production-listener-rule",
    "test-listener-rule",
    "strategy",
    "canary",
    "linear",
    "bake-time",
    "hooks",
    "alarms",
    "circuit-breaker",
    "service-connect",
    "discovery",
    "gateway",
    "log-group",
    "log-driver",
    "log-options",
    "firelens",
    "exec",
    "fault-injection",
    "pid-mode",
    "restart-policy",
    "essential",
    "init-process",
    "secret-arn",
    "claim",
    "patch",
    "ignore",
    "allow-statefulset",
    "ephemeral-ebs",
    "readiness-as-healthcheck",
    "grpc-probe",
    "run-as",
    "job-runner",
    "http-probe",
];

impl<'a> Workload<'a> {
    /// The workload that an object is, where it is one that can be.
    pub(super) fn of(ctx: &'a Context<'a>, object: &'a Object<'a>) -> Option<Workload<'a>> {
        let root = object.root();
        let (work, way): (Work, &[&str]) = match (object.group, object.kind) {
            ("apps" | "extensions", "Deployment" | "ReplicaSet")
            | ("", "ReplicationController") => (Work::Service, &["spec", "template"]),
            ("argoproj.io", "Rollout") => (Work::Service, &["spec", "template"]),
            ("apps", "StatefulSet") => (Work::Service, &["spec", "template"]),
            ("apps" | "extensions", "DaemonSet") => (Work::Daemon, &["spec", "template"]),
            ("batch", "Job") => (Work::Task, &["spec", "template"]),
            ("batch", "CronJob") => (Work::Schedule, &["spec", "jobTemplate", "spec", "template"]),
            ("", "Pod") => match object.own_text("run-as") {
                Some("service") => (Work::Service, &[]),
                _ => (Work::Task, &[]),
            },
            _ => return None,
        };
        let template = root.at(way).or_else(|| lent(ctx, object)?.root().at(way))?;
        let pod = template.get("spec")?;
        let mut workload = Workload {
            ctx,
            object,
            work,
            name: name::plain(object.name),
            template,
            pod,
            launch: LaunchType::default(),
            providers: Vec::new(),
        };
        workload.place();
        if workload.name != object.name {
            let message = format!("on ECS it is called {}", workload.name);
            workload.tell(2016, "metadata.name", message);
        }
        workload.check_annotations();
        Some(workload)
    }

    /// Adds a finding.
    pub(super) fn tell(&self, code: u16, path: &str, message: impl Into<String>) {
        self.ctx.tell(self.object, code, path, message);
    }

    fn check_annotations(&self) {
        let annotations = self.object.root().at(&["metadata", "annotations"]);
        for (key, field) in annotations.map(|it| it.entries()).unwrap_or_default() {
            let Some(own) = key.strip_prefix(PREFIX) else {
                continue;
            };
            if !KNOWN.contains(&own) && !own.starts_with("metric.") {
                self.tell(2014, &field.path, "there is no such annotation");
            }
        }
    }

    /// Finds out what tasks run on.
    fn place(&mut self) {
        let config = self.ctx.config;
        let own_type = self.object.own("launch-type");
        let own_providers = self.object.own("capacity-providers");
        if let (Some(_), Some(providers)) = (&own_type, &own_providers) {
            let message = "a launch type and capacity providers exclude each other";
            self.tell(1018, &providers.path, message);
        }
        self.launch = config.launch_type.unwrap_or_default();
        if let Some(field) = &own_type {
            match LaunchType::of(&field.scalar()) {
                Some(launch) => self.launch = launch,
                None => self.tell(
                    1018,
                    &field.path,
                    "it is FARGATE, EC2, EXTERNAL or MANAGED_INSTANCES",
                ),
            }
        }
        let text = match (&own_providers, &own_type) {
            (Some(field), _) => Some(field.scalar()),
            (None, None) => config.capacity_providers.clone(),
            (None, Some(_)) => None,
        };
        let Some(text) = text else {
            return;
        };
        match providers(&text) {
            Ok(providers) => self.providers = providers,
            Err(message) => {
                let path = own_providers.map(|it| it.path).unwrap_or_default();
                self.tell(1018, &path, message);
            }
        }
        let is_fargate = |provider: &Value| {
            provider["capacityProvider"]
                .as_str()
                .is_some_and(|name| name.starts_with("FARGATE"))
        };
        if !self.providers.is_empty() && self.providers.iter().all(is_fargate) {
            self.launch = LaunchType::Fargate;
        } else if self.launch == LaunchType::Fargate {
            self.launch = LaunchType::Ec2;
        }
    }

    /// Whether its tasks run on Fargate.
    pub(super) fn is_fargate(&self) -> bool {
        self.launch == LaunchType::Fargate
    }

    /// Whether its tasks use the network of their host.
    pub(super) fn is_host(&self) -> bool {
        self.pod.is("hostNetwork")
    }

    /// Whether its tasks run Windows.
    pub(super) fn is_windows(&self) -> bool {
        let os = self.object.own_text("os-family").unwrap_or_default();
        os.to_uppercase().starts_with("WINDOWS")
    }

    /// The cluster that it is in.
    pub(super) fn cluster(&self) -> &'a str {
        self.object
            .own_text("cluster")
            .unwrap_or(self.ctx.config.cluster())
    }

    /// The region that it is in.
    pub(super) fn region(&self) -> &'a str {
        self.object.own_text("region").unwrap_or(self.ctx.region())
    }

    /// A pattern filled in for it.
    pub(super) fn fill(&self, pattern: &str) -> String {
        let words = [
            ("cluster", self.cluster()),
            ("name", &self.name),
            ("namespace", self.object.namespace),
            ("release", self.ctx.release),
        ];
        name::fill(pattern, &words)
    }

    /// The family of its task definitions.
    pub(super) fn family(&self) -> String {
        if let Some(family) = self.object.own_text("family") {
            return family.to_owned();
        }
        let pattern = self.ctx.config.names.family.as_deref();
        name::plain(&self.fill(pattern.unwrap_or("{cluster}-{name}")))
    }

    /// The name of its service.
    pub(super) fn service(&self) -> String {
        if let Some(own) = self.object.own("service-name") {
            let wanted = own.scalar();
            let called = name::plain(wanted.trim());
            if called != wanted.trim() {
                self.tell(2016, &own.path, format!("on ECS it is called {called}"));
            }
            return called;
        }
        let pattern = self.ctx.config.names.service.as_deref();
        name::plain(&self.fill(pattern.unwrap_or("{name}")))
    }

    /// `${ecs:TaskDefinition/NAME.arn}`
    pub(super) fn definition(&self) -> String {
        super::super::desired::reference("ecs:TaskDefinition", &self.name, "arn")
    }

    /// The service account of its pods.
    pub(super) fn service_account(&self) -> &'a str {
        let old = self.pod.text("serviceAccount");
        self.pod
            .text("serviceAccountName")
            .or(old)
            .unwrap_or("default")
    }

    /// All containers of its pods, the init containers first.
    pub(super) fn containers(&self) -> Vec<Field<'a>> {
        let mut all = self.pod.list("initContainers");
        all.extend(self.pod.list("containers"));
        all
    }

    /// The labels of its pods.
    pub(super) fn labels(&self) -> &'a Value {
        &self.template.value["metadata"]["labels"]
    }

    /// `tags`: of the configuration, of well-known labels, by key.
    pub(super) fn tags(&self) -> Vec<Value> {
        let mut tags: std::collections::BTreeMap<String, String> = self.ctx.config.tags.clone();
        let labels = &self.object.body["metadata"]["labels"];
        for label in ["name", "instance", "component", "part-of", "version"] {
            if let Some(value) = labels[format!("app.kubernetes.io/{label}")].as_str() {
                tags.insert(format!("{LABEL_TAG}{label}"), value.to_owned());
            }
        }
        if self
            .ctx
            .find_wide("Namespace", self.object.namespace)
            .is_some()
        {
            tags.insert("k8s-namespace".into(), self.object.namespace.to_owned());
        }
        if tags.len() > 50 {
            self.tell(1013, "metadata.labels", "ECS takes at most 50 tags");
        }
        tags.into_iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect()
    }

    /// `awsvpcConfiguration`, in the words of ECS; nothing under the host's network.
    pub(super) fn network(&self) -> Option<Value> {
        if self.is_host() {
            return None;
        }
        let config = &self.ctx.config.network;
        let list = |name: &str, usual: &[String], most: usize| -> Vec<String> {
            let field = self.object.own(name);
            let found: Vec<String> = match &field {
                Some(field) => split(&field.scalar()),
                None => usual.to_vec(),
            };
            if found.len() > most {
                let path = field.map(|it| it.path).unwrap_or_default();
                self.tell(1013, &path, format!("ECS takes at most {most} {name}"));
            }
            found
        };
        let subnets = list("subnets", &config.subnets, 16);
        if subnets.is_empty() {
            self.tell(
                1014,
                "",
                "set ecs.network.subnets, or ecs.pintle.dev/subnets",
            );
        }
        let groups = list("security-groups", &config.security_groups, 5);
        let is_public = match self.object.own_text("assign-public-ip") {
            Some(word) => is_yes(word),
            None => config.assign_public_ip.unwrap_or_default(),
        };
        let mut network = Map::new();
        network.insert("subnets".into(), json!(subnets));
        if !groups.is_empty() {
            network.insert("securityGroups".into(), json!(groups));
        }
        let word = if is_public { "ENABLED" } else { "DISABLED" };
        network.insert("assignPublicIp".into(), word.into());
        Some(json!({ "awsvpcConfiguration": network }))
    }

    /// Says where a task runs: cluster, launch type or capacity providers, network, platform.
    pub(super) fn run_where(&self, request: &mut Map<String, Value>) {
        match self.providers.is_empty() {
            true if self.launch == LaunchType::ManagedInstances => {
                self.tell(1014, "", "managed instances are reached by capacity providers; set ecs.capacityProviders");
            }
            true => {
                request.insert("launchType".into(), self.launch.word().into());
            }
            false => {
                request.insert("capacityProviderStrategy".into(), json!(self.providers));
            }
        }
        let version = self.object.own_text("platform-version");
        let version = version.or(self.ctx.config.platform_version.as_deref());
        if let Some(version) = version.filter(|_| self.is_fargate()) {
            request.insert("platformVersion".into(), version.into());
        }
        if let Some(network) = self.network() {
            request.insert("networkConfiguration".into(), network);
        }
    }

    /// The role of its tasks.
    pub(super) fn task_role(&self) -> Option<String> {
        if let Some(role) = self.object.own_text("task-role-arn") {
            return Some(role.to_owned());
        }
        let account = self.service_account();
        let namespace = self.object.namespace;
        let object = self.ctx.find("ServiceAccount", namespace, account);
        let annotated = object.and_then(|object| object.annotation("eks.amazonaws.com/role-arn"));
        let mapped = self
            .ctx
            .config
            .task_roles
            .get(&format!("{namespace}/{account}"));
        annotated
            .map(str::to_owned)
            .or(mapped.cloned())
            .or(self.ctx.config.task_role_arn.clone())
    }

    /// Whether an annotation says yes.
    pub(super) fn wants(&self, annotation: &str) -> bool {
        self.object
            .own(annotation)
            .is_some_and(|field| is_yes(&field.scalar()))
    }

    /// The log group that is made for it, where logs go to one.
    pub(super) fn log_group(&self) -> Option<Resource> {
        let logs = &self.ctx.config.logs;
        let is_ours = logs.manage_group.unwrap_or(true);
        let needs = self.log_driver() == "awslogs" || self.object.own("firelens").is_some();
        if !is_ours || !needs {
            return None;
        }
        let request = json!({"logGroupName": self.log_group_name()});
        let group = Resource::new("logs:LogGroup", self.name.as_str(), request);
        Some(match logs.retention_days {
            Some(days) => group.with("retentionInDays", days),
            None => group,
        })
    }

    /// The name of its log group.
    pub(super) fn log_group_name(&self) -> String {
        if let Some(group) = self.object.own_text("log-group") {
            return group.to_owned();
        }
        let pattern = self.ctx.config.logs.group.as_deref();
        self.fill(pattern.unwrap_or("/ecs/{cluster}/{name}"))
    }

    /// Its log driver.
    pub(super) fn log_driver(&self) -> &'a str {
        let own = self.object.own_text("log-driver");
        own.or(self.ctx.config.logs.driver.as_deref())
            .unwrap_or("awslogs")
    }

    /// The size of its tasks, for what measures against it.
    pub(super) fn task_size(size: &Size) -> Option<(u64, u64)> {
        size.task
    }
}

/// The object whose pods a Rollout runs instead of its own.
pub(super) fn lent<'b, 'a>(ctx: &'b Context<'a>, rollout: &Object<'_>) -> Option<&'b Object<'a>> {
    let reference = &rollout.body["spec"]["workloadRef"];
    let name = reference["name"].as_str()?;
    let kind = reference["kind"].as_str().unwrap_or("Deployment");
    ctx.find(kind, rollout.namespace, name)
        .filter(|_| rollout.kind == "Rollout")
}

/// What keys of tags made of `app.kubernetes.io/` labels begin with.
const LABEL_TAG: &str = "_k8s/_";

/// The words of a list in an annotation.
pub(super) fn split(text: &str) -> Vec<String> {
    let words = text.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a word is a yes.
pub(super) fn is_yes(word: &str) -> bool {
    matches!(
        word.trim().to_lowercase().as_str(),
        "true" | "yes" | "on" | "enabled" | "1"
    )
}

/// `NAME:base=1,weight=1;NAME:weight=3` as `capacityProviderStrategy`.
///
/// # Errors
/// What is no strategy.
pub(in crate::backend::ecs) fn providers(text: &str) -> Result<Vec<Value>, String> {
    let mut found = Vec::new();
    for part in text
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, members) = part.split_once(':').unwrap_or((part, ""));
        let mut provider = Map::new();
        provider.insert("capacityProvider".into(), name.trim().into());
        for member in members
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
        {
            let (key, value) = member.split_once('=').unwrap_or((member, ""));
            let number: Option<u32> = value.trim().parse().ok();
            match (key.trim(), number) {
                (key @ ("base" | "weight"), Some(number)) => {
                    provider.insert(key.to_owned(), number.into());
                }
                _ => return Err(format!("{member:?} is neither base=N nor weight=N")),
            }
        }
        found.push(Value::Object(provider));
    }
    Ok(found)
}
