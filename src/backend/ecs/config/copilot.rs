//! What `copilot env` created, and how its manifests are translated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    pub private_alb: Balancer,
    /// The network load balancer.
    pub nlb: Balancer,
    /// Roles; `{name}` is the workload's.
    pub roles: CopilotRoles,
    /// Images that Copilot would build, by workload.
    pub images: BTreeMap<String, String>,
    /// ARNs of environment files, by workload.
    pub env_files: BTreeMap<String, String>,
    /// Days that logs are kept.
    pub log_retention_days: Option<u32>,
    /// Queues of workers.
    pub queue_uris: BTreeMap<String, String>,
    /// Queues of topics of workers, as JSON.
    pub topic_queue_uris: BTreeMap<String, String>,
    /// ARNs of topics that workloads publish to, as JSON.
    pub topic_arns: BTreeMap<String, String>,
    /// Rule priorities, by workload.
    pub priorities: BTreeMap<String, u32>,
    /// The managed file system of the environment, by volume or workload.
    pub file_systems: BTreeMap<String, String>,
    /// Values of CloudFormation exports.
    pub exports: BTreeMap<String, String>,
    /// Outputs of addons, by workload: variables.
    pub addons: BTreeMap<String, BTreeMap<String, String>>,
    /// What runs jobs.
    pub job_runner: Option<super::JobRunner>,
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
