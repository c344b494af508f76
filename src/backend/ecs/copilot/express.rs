//! Request-Driven Web Services. App Runner takes nobody new, so they become Express gateway services of ECS.

use serde_json::{Value, json};

use super::super::desired::Resource;
use super::container;
use super::network;
use super::workload::{Workload, scalar};

/// What App Runner did that Express services do otherwise.
const DROPPED: &[(&str, &str)] = &[
    (
        "count",
        "names an auto scaling configuration of App Runner; set scaling in ECS",
    ),
    ("observability", "App Runner's tracing has no like here"),
];

/// Everything of the service.
pub(super) fn resources(workload: &Workload<'_>) -> Vec<Resource> {
    let manifest = workload.manifest;
    let message = "App Runner is closed to new customers; it becomes an Express gateway service, or write type: Load Balanced Web Service";
    workload.tell(2014, "type", message);
    for (member, message) in DROPPED {
        if !manifest[*member].is_null() {
            workload.tell(2014, member, *message);
        }
    }
    let http = &manifest["http"];
    if !http["alias"].is_null() {
        let message = "records in Route 53 are not ours; point the names at the gateway";
        workload.tell(2014, "http.alias", message);
    }
    let roles = &workload.copilot().roles;
    let (cpu, memory) = workload.size();
    let infrastructure = workload.config.infrastructure_role_arn.as_deref();
    let mut container = json!({
        "image": container::main_image(workload),
        "awsLogsConfiguration": {
            "logGroup": workload.log_group_name(),
            "logStreamPrefix": "copilot",
        },
    });
    let port = workload.whole(&manifest["image"]["port"], "image.port");
    let common = container::common(workload);
    let variables = (&manifest["variables"], "variables");
    for (name, value) in [
        ("containerPort", port.map(Value::from)),
        ("command", workload.words(&manifest["command"], "command")),
        (
            "environment",
            container::environment(workload, &common, variables, &[]),
        ),
        (
            "secrets",
            container::secrets(workload, &manifest["secrets"], "secrets"),
        ),
        (
            "repositoryCredentials",
            container::credentials(&manifest["image"]["credentials"]),
        ),
    ] {
        if let Some(value) = value {
            container[name] = value;
        }
    }
    let mut request = json!({
        "serviceName": workload.name,
        "cluster": workload.config.cluster(),
        "executionRoleArn": workload.role(roles.execution.as_deref(), "", "copilot.roles.execution"),
        "taskRoleArn": workload.role(roles.task.as_deref(), "", "copilot.roles.task"),
        "infrastructureRoleArn": workload.need(infrastructure, "type", "infrastructureRoleArn"),
        "primaryContainer": container,
        "cpu": cpu.to_string(),
        "memory": memory.to_string(),
        "tags": workload.tags(),
    });
    let check = &http["healthcheck"];
    if let Some(path) = check
        .as_str()
        .map(str::to_owned)
        .or_else(|| scalar(&check["path"]))
    {
        request["healthCheckPath"] = path.into();
    }
    let is_private = http["private"] == true || http["private"].is_object();
    if is_private || !manifest["network"]["vpc"]["placement"].is_null() {
        let mut place = network::place(workload);
        if is_private && manifest["network"]["vpc"]["placement"].is_null() {
            place
                .subnets
                .clone_from(&workload.copilot().private_subnets);
        }
        request["networkConfiguration"] =
            json!({"subnets": place.subnets, "securityGroups": place.groups});
    }
    vec![
        workload.log_group(),
        Resource::new("ecs:ExpressGatewayService", workload.name, request),
    ]
}
