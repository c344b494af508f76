//! The `ecs:` part of `pintle.yaml`: what the account has and how objects are translated to it.
//!
//! Nothing in it has to be set before something needs it; what is then missing is an ECS1014 that
//! names the member.

mod copilot;
mod merge;
mod schema;

pub use copilot::{Balancer, Copilot, EnvVars};
pub use schema::schema;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diag::{Error, Kind};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// Region of the cluster.
    pub region: Option<String>,
    /// The profile whose keys are used, where no flag names another.
    pub profile: Option<String>,
    /// The account's number.
    pub account: Option<String>,
    /// Partition of ARNs; `aws`.
    pub partition: Option<String>,
    /// Name of the cluster.
    pub cluster: Option<String>,
    /// Accounts that may be acted in; all where it is empty.
    pub allowed_accounts: Vec<String>,
    /// Regions that may be acted in.
    pub allowed_regions: Vec<String>,
    /// Clusters that may be acted in.
    pub allowed_clusters: Vec<String>,
    /// Where records of releases are: `s3://bucket/prefix`, a folder, ...
    pub state: Option<String>,
    /// Patterns of names.
    pub names: Names,
    /// What tasks run on.
    pub launch_type: Option<LaunchType>,
    /// `NAME:base=1,weight=1;...`, instead of a launch type.
    pub capacity_providers: Option<String>,
    /// Fargate's platform version.
    pub platform_version: Option<String>,
    /// Subnets and security groups of tasks.
    pub network: Network,
    /// Role that pulls images and reads secrets.
    pub execution_role_arn: Option<String>,
    /// Role of tasks whose service account has none.
    pub task_role_arn: Option<String>,
    /// Role that ECS manages load balancers and volumes with.
    pub infrastructure_role_arn: Option<String>,
    /// Role that EventBridge Scheduler runs tasks with.
    pub scheduler_role_arn: Option<String>,
    /// Role that state machines of jobs run tasks with.
    pub step_functions_role_arn: Option<String>,
    /// Task roles by `NAMESPACE/SERVICEACCOUNT`.
    pub task_roles: BTreeMap<String, String>,
    /// Where logs go.
    pub logs: Logs,
    /// Tags of everything.
    pub tags: BTreeMap<String, String>,
    /// `SERVICE`, `TASK_DEFINITION` or `NONE`.
    pub propagate_tags: Option<String>,
    /// Names of services inside the cluster.
    pub service_connect: ServiceConnect,
    /// How services find each other.
    pub discovery: Option<Discovery>,
    /// Names in DNS.
    pub cloud_map: CloudMap,
    /// How Ingresses and routes are translated.
    pub ingress: Ingress,
    /// Services of type LoadBalancer.
    pub nlb: Nlb,
    /// What becomes of Secrets.
    pub secrets: Secrets,
    /// When a deployment is given up.
    pub circuit_breaker: CircuitBreaker,
    /// What HTTP probes are done with.
    pub http_probe: Option<HttpProbe>,
    /// How files of ConfigMaps and Secrets come into containers.
    pub config_files: ConfigFiles,
    /// What sizes of tasks follow from.
    pub sizing: Sizing,
    /// Sizes where nothing is asked for.
    pub defaults: Defaults,
    /// What claims stand for, by `NAMESPACE/CLAIM`.
    pub claims: BTreeMap<String, Claim>,
    /// Secrets with credentials of registries, by host.
    pub registries: BTreeMap<String, String>,
    /// How autoscalers are translated.
    pub hpa: Hpa,
    /// What runs CronJobs.
    pub job_runner: Option<JobRunner>,
    /// Findings that are known and accepted.
    pub allow: Vec<Allow>,
    /// Kinds that are left out.
    pub ignore_kinds: Vec<String>,
    /// What of live resources belongs to others.
    pub ignore: Ignore,
    /// Whether warnings are errors.
    pub strict: Option<bool>,
    /// What `copilot env` created.
    pub copilot: Copilot,
}

/// Patterns of names, with `{cluster}`, `{name}`, `{namespace}`, `{release}`, and for target groups
/// `{service}` and `{port}`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Names {
    /// Families of task definitions: `{cluster}-{name}`.
    pub family: Option<String>,
    /// Services: `{name}`.
    pub service: Option<String>,
    /// Target groups: `{cluster}-{service}-{port}`.
    pub target_group: Option<String>,
    /// Schedules: `{cluster}-{name}`.
    pub schedule: Option<String>,
}

/// What tasks run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LaunchType {
    /// Fargate.
    #[default]
    Fargate,
    /// Instances of one's own.
    Ec2,
    /// Machines elsewhere.
    External,
    /// Instances that ECS manages.
    ManagedInstances,
}

impl LaunchType {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            LaunchType::Fargate => "FARGATE",
            LaunchType::Ec2 => "EC2",
            LaunchType::External => "EXTERNAL",
            LaunchType::ManagedInstances => "MANAGED_INSTANCES",
        }
    }

    /// The type of this name, in any case.
    pub fn of(word: &str) -> Option<LaunchType> {
        let word = word.trim().to_uppercase().replace('-', "_");
        [
            LaunchType::Fargate,
            LaunchType::Ec2,
            LaunchType::External,
            LaunchType::ManagedInstances,
        ]
        .into_iter()
        .find(|it| it.word() == word)
    }
}

/// Where tasks are in the network.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Network {
    /// Subnets, at most 16.
    pub subnets: Vec<String>,
    /// Security groups, at most 5.
    pub security_groups: Vec<String>,
    /// Whether tasks have public addresses.
    pub assign_public_ip: Option<bool>,
}

/// Where logs go.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Logs {
    /// The log driver: `awslogs`; `none` leaves it to ECS.
    pub driver: Option<String>,
    /// Pattern of log groups: `/ecs/{cluster}/{name}`.
    pub group: Option<String>,
    /// Whether log groups are created.
    pub manage_group: Option<bool>,
    /// Days that logs are kept.
    pub retention_days: Option<u32>,
    /// Further options of the driver.
    pub options: BTreeMap<String, String>,
}

/// Names of services inside the cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServiceConnect {
    /// The namespace; the cluster's own where it is not given.
    pub namespace: Option<String>,
    /// Which services are clients.
    pub clients: Option<Clients>,
    /// Whether longer DNS names are written as the bare one.
    pub rewrite_service_dns: Option<bool>,
}

/// Which services can call others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Clients {
    /// Those that name a Service of the release.
    #[default]
    Auto,
    /// All.
    All,
    /// None but those that serve.
    None,
}

/// How services find each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Discovery {
    /// Service Connect.
    #[default]
    Connect,
    /// Cloud Map.
    CloudMap,
    /// Both.
    Both,
}

/// Names in DNS.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CloudMap {
    /// The namespace's id, `ns-...`.
    pub namespace_id: Option<String>,
    /// Its name.
    pub namespace: Option<String>,
}

/// How Ingresses and routes are translated.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ingress {
    /// Whose target groups and rules they are.
    pub mode: Option<IngressMode>,
    /// The VPC of target groups.
    pub vpc_id: Option<String>,
    /// The listener that rules are added to.
    pub listener_arn: Option<String>,
    /// The listener without TLS, for redirects.
    pub http_listener_arn: Option<String>,
    /// Rule priorities of Ingresses without `group.order`: first and last.
    pub priority_band: Option<(u32, u32)>,
}

/// Whose target groups and rules there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IngressMode {
    /// Ours.
    #[default]
    Managed,
    /// Someone else's; services are registered in target groups that are there.
    Attach,
    /// A gateway's.
    Gateway,
}

/// Services of type LoadBalancer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Nlb {
    /// The network load balancer that listeners are added to.
    pub arn: Option<String>,
}

/// What becomes of Secrets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Secrets {
    /// Where their data is.
    pub mode: Option<SecretMode>,
    /// ARNs by `NAMESPACE/NAME`.
    pub map: BTreeMap<String, String>,
    /// Keys of Secrets that are not in the release, by `NAMESPACE/NAME`.
    pub keys: BTreeMap<String, Vec<String>>,
    /// What names of uploaded secrets begin with.
    pub prefix: Option<String>,
}

/// Where the data of Secrets is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretMode {
    /// There already; nothing is uploaded.
    #[default]
    Reference,
    /// Uploaded to Secrets Manager.
    SecretsManager,
    /// Uploaded to Parameter Store.
    Ssm,
}

/// When a deployment is given up.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CircuitBreaker {
    /// Whether it is; yes.
    pub enable: Option<bool>,
    /// Whether the last good one comes back; yes.
    pub rollback: Option<bool>,
    /// After how many failures: `COUNT:5`, `BOUNDED_PERCENT:50`.
    pub threshold: Option<String>,
}

/// What HTTP probes are done with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpProbe {
    /// By the target group where one checks the same port, otherwise with wget.
    #[default]
    Auto,
    /// With wget.
    Wget,
    /// With curl.
    Curl,
    /// Not at all.
    None,
}

/// How files of ConfigMaps and Secrets come into containers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConfigFiles {
    /// Who writes them.
    pub mode: Option<ConfigFileMode>,
    /// Image of the container that does.
    pub image: Option<String>,
}

/// Who writes files of ConfigMaps and Secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigFileMode {
    /// Nobody: they are an error.
    #[default]
    Error,
    /// A container that ends before the others start.
    Init,
}

/// What sizes of tasks follow from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sizing {
    /// CPU: requests.
    pub cpu: Option<SizedBy>,
    /// Memory: limits.
    pub memory: Option<SizedBy>,
}

/// What a size follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SizedBy {
    /// What is asked for.
    Requests,
    /// What may be used.
    Limits,
}

/// Sizes where nothing is asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Defaults {
    /// CPU units: 256.
    pub cpu: Option<u64>,
    /// MiB: 512.
    pub memory: Option<u64>,
}

/// What a claim stands for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Claim {
    /// A file system: `fs-1`, `fs-1::fsap-2`, `fs-1:/path`, or members of `efsVolumeConfiguration`.
    pub efs: Option<Value>,
    /// Members of `s3filesVolumeConfiguration`.
    pub s3files: Option<Value>,
    /// Members of `managedEBSVolume`, or `true`.
    pub ebs: Option<Value>,
}

/// How autoscalers are translated.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Hpa {
    /// Whether percentages of requests become percentages of the task; yes.
    pub rescale: Option<bool>,
}

/// What runs CronJobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobRunner {
    /// EventBridge Scheduler.
    #[default]
    Scheduler,
    /// A state machine, which tries again and ends what takes too long.
    StepFunctions,
}

/// A finding that is known and accepted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Allow {
    /// `ECS2001`.
    pub code: String,
    /// The object, as findings name it; all where it is not given.
    pub object: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it is accepted.
    pub until: Option<String>,
}

impl Allow {
    /// Whether a finding is accepted on the day `today`.
    pub fn covers(&self, code: u16, object: &str, today: Option<&str>) -> bool {
        let number = self.code.trim().trim_start_matches("ECS");
        let is_over = match (&self.until, today) {
            (Some(until), Some(today)) => until.as_str() < today,
            _ => false,
        };
        number.parse() == Ok(code)
            && self.object.as_deref().is_none_or(|wanted| wanted == object)
            && !is_over
    }
}

/// What of live resources belongs to others.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ignore {
    /// Keys of tags.
    pub tags: Vec<String>,
}

impl Config {
    /// Reads the part from JSON.
    ///
    /// # Errors
    /// [`Kind::Usage`] with the member that makes no sense.
    pub fn from_json(value: Value) -> Result<Config, Error> {
        serde_json::from_value(value)
            .map_err(|error| Error::new(Kind::Usage, format!("ecs: {error}")))
    }

    /// What holds with the members of `over` on top.
    ///
    /// # Errors
    /// As [`Config::from_json`]; two that could be read can also be merged.
    pub fn with(&self, over: &Config) -> Result<Config, Error> {
        merge::merge(self, over)
    }

    /// The partition of ARNs.
    pub fn partition(&self) -> &str {
        self.partition.as_deref().unwrap_or("aws")
    }

    /// Whether objects of this kind are left out.
    pub fn ignores(&self, kind: &str) -> bool {
        self.ignore_kinds.iter().any(|it| it == kind)
    }

    /// The cluster, `default` where none is named.
    pub fn cluster(&self) -> &str {
        self.cluster.as_deref().unwrap_or("default")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_checked() {
        let read = |value: Value| Config::from_json(value).map_err(|error| error.to_string());
        let config = read(json!({"launchType": "EC2", "network": {"subnets": ["a"]}})).unwrap();
        assert_eq!(config.launch_type, Some(LaunchType::Ec2));
        let error = read(json!({"network": {"subnet": []}})).unwrap_err();
        assert!(error.starts_with("ecs: unknown field `subnet`"), "{error}");
        assert!(read(json!({"httpProbe": "socat"})).is_err());
    }

    #[test]
    fn findings_are_allowed_by_code_object_and_day() {
        let allow = |object: Option<&str>, until: Option<&str>| Allow {
            code: "ECS2001".into(),
            object: object.map(str::to_owned),
            reason: None,
            until: until.map(str::to_owned),
        };
        for (entry, today, want) in [
            (allow(None, None), None, true),
            (allow(Some("shop/Deployment/web"), None), None, true),
            (allow(Some("shop/Deployment/api"), None), None, false),
            (allow(None, Some("2026-11-20")), Some("2026-11-21"), false),
            (allow(None, Some("2026-11-21")), Some("2026-11-21"), true),
            (allow(None, Some("2026-11-20")), None, true),
        ] {
            let covers = entry.covers(2001, "shop/Deployment/web", today);
            assert_eq!(covers, want, "{entry:?} {today:?}");
        }
        assert!(!allow(None, None).covers(2002, "x", None));
    }
}
