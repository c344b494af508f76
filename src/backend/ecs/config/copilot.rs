//! What `copilot env` created, and how its manifests are translated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `copilot:` part.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Copilot {
    /// Name of the application.
    pub app: Option<String>,
    /// Name of the environment.
    pub env: Option<String>,
    /// Whether `COPILOT_*` are given to containers.
    pub env_vars: Option<EnvVars>,
    /// Subnets with public addresses.
    pub public_subnets: Vec<String>,
    /// Subnets without.
    pub private_subnets: Vec<String>,
    /// The security group that all of the environment share.
    pub environment_security_group: Option<String>,
    /// The VPC.
    pub vpc_id: Option<String>,
    /// The namespace of names.
    pub discovery: CopilotDiscovery,
    /// The load balancer for the world.
    pub public_alb: Balancer,
    /// The load balancer inside the VPC.
    #[serde(alias = "internalAlb")]
    pub private_alb: Balancer,
    /// The network load balancer.
    pub nlb: Balancer,
    /// Load balancers that manifests name with `http.alb`.
    pub albs: BTreeMap<String, Balancer>,
    /// Roles; `{name}` is the workload's.
    pub roles: CopilotRoles,
    /// Images that Copilot would build, by workload; those of sidecars by `WORKLOAD/SIDECAR`.
    pub images: BTreeMap<String, String>,
    /// ARNs of environment files, by workload.
    pub env_files: BTreeMap<String, String>,
    /// Days that logs are kept.
    pub log_retention_days: Option<u32>,
    /// Queues of workers.
    pub queue_uris: BTreeMap<String, String>,
    /// Queues of topics of workers: `<service><topic>EventsQueue` to URI, as a map or as JSON.
    pub topic_queue_uris: BTreeMap<String, Value>,
    /// ARNs of topics that workloads publish to, by topic, as a map or as JSON.
    pub topic_arns: BTreeMap<String, Value>,
    /// Rule priorities, by workload, or by rule: `NAME-0`, `NAME-1`, ...
    pub priorities: BTreeMap<String, u32>,
    /// The managed file system of the environment, `fs-1` or `fs-1::fsap-2`, by `WORKLOAD/VOLUME`,
    /// volume or workload.
    pub file_systems: BTreeMap<String, String>,
    /// The file system that the environment manages: `fs-1`.
    pub managed: Option<String>,
    /// Values of CloudFormation exports.
    pub exports: BTreeMap<String, String>,
    /// Outputs of addons, by workload: variables.
    pub addons: BTreeMap<String, BTreeMap<String, String>>,
    /// What runs jobs.
    pub job_runner: Option<super::JobRunner>,
    /// Variables of whoever calls, for `${NAME}` in manifests; no part of the file.
    #[serde(skip)]
    pub variables: BTreeMap<String, String>,
    /// Roles of state machines, by workload.
    #[serde(rename = "roles_stepfunctions")]
    pub roles_stepfunctions: BTreeMap<String, String>,
}

/// Whether `COPILOT_*` are given to containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvVars {
    /// Yes, so that images need no change.
    #[default]
    Keep,
    /// No.
    Drop,
}

/// The namespace of names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CopilotDiscovery {
    /// Its name.
    pub namespace: Option<String>,
    /// Its id.
    pub namespace_id: Option<String>,
}

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Balancer {
    /// The load balancer itself.
    pub arn: Option<String>,
    /// Its listener.
    pub listener_arn: Option<String>,
    /// Its listener without TLS.
    pub http_listener_arn: Option<String>,
    /// `app/NAME/ID`, as metrics name it.
    pub full_name: Option<String>,
    /// Its name in DNS.
    pub dns_name: Option<String>,
    /// The certificate of its TLS listeners.
    pub certificate_arn: Option<String>,
}

/// Roles; `{name}` is the workload's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CopilotRoles {
    /// Role that pulls images and reads secrets.
    pub execution: Option<String>,
    /// Role of tasks.
    pub task: Option<String>,
    /// Role that schedules run tasks with.
    pub scheduler: Option<String>,
}
