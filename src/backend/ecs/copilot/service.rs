//! Services: the task definition and what runs it.

use serde_json::{Map, Value, json};

use super::super::desired::{Resource, reference};
use super::count::{self, Count};
use super::network::{self, Place};
use super::port::{Ports, Target};
use super::traffic::{self, Traffic};
use super::workload::{Kind, Workload};
use super::{container, storage, taskdef};
use crate::backend::ecs::translate::size;

/// Everything of a service, in the order in which it is applied.
pub(super) fn resources(workload: &Workload<'_>) -> Vec<Resource> {
    let ports = Ports::of(workload);
    let served = network::is_connected(workload)
        .then(|| ports.served(workload))
        .flatten();
    let traffic = traffic::traffic(workload, &ports);
    let count = count::count(workload);
    let place = network::place(workload);
    let mut resources = vec![workload.log_group()];
    let discovery = discovery(workload, &ports);
    let registry = discovery
        .as_ref()
        .map(|(service, port)| json!([{"registryArn": service.reference("arn"), "port": port}]));
    resources.extend(discovery.map(|(service, _)| service));
    let alarms = alarms(workload);
    resources.extend(traffic.resources.iter().cloned());
    resources.push(task_definition(workload, &ports, served.as_ref()));
    resources.extend(alarms.resources);
    let mut service = service(workload, &count, &place, alarms.configuration);
    if let Some(registry) = registry {
        service.request["serviceRegistries"] = registry;
    }
    if let Some(connect) = network::connect(workload, served.as_ref()) {
        service.request["serviceConnectConfiguration"] = connect;
    }
    balance(&mut service, &traffic);
    resources.push(service);
    resources.extend(count::scaling(workload, &count, &traffic));
    resources
}

/// The task definition of a service or a job.
pub(super) fn task_definition(
    workload: &Workload<'_>,
    ports: &Ports,
    served: Option<&Target>,
) -> Resource {
    let (cpu, memory) = workload.size();
    if size::fit(cpu, memory, workload.has_windows()) != Some((cpu, memory)) {
        let message = format!("no Fargate size has {cpu} CPU units and {memory} MiB");
        let is_cpu =
            size::fit(cpu, 0, workload.has_windows()).is_none_or(|(bought, _)| bought != cpu);
        workload.tell(1008, if is_cpu { "cpu" } else { "memory" }, message);
    }
    let roles = &workload.copilot().roles;
    let mut request = json!({
        "family": workload.full_name(),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": cpu.to_string(),
        "memory": memory.to_string(),
        "executionRoleArn": workload.role(roles.execution.as_deref(), "", "copilot.roles.execution"),
        "taskRoleArn": workload.role(roles.task.as_deref(), "", "copilot.roles.task"),
        "containerDefinitions": container::containers(workload, ports, served),
        "tags": workload.tags(),
    });
    let (system, architecture) = workload.platform();
    if (system, architecture) != ("LINUX", "X86_64") {
        request["runtimePlatform"] =
            json!({"operatingSystemFamily": system, "cpuArchitecture": architecture});
    }
    let path = "storage.ephemeral";
    match workload.whole(&workload.manifest["storage"]["ephemeral"], path) {
        None | Some(20) => {}
        Some(size @ 21..=200) => request["ephemeralStorage"] = json!({"sizeInGiB": size}),
        Some(size) => workload.tell(1018, path, format!("{size} GiB are not between 20 and 200")),
    }
    let volumes = storage::volumes(workload);
    if !volumes.is_empty() {
        request["volumes"] = Value::Array(volumes);
    }
    taskdef::apply(workload, &mut request);
    let containers = request["containerDefinitions"]
        .as_array()
        .map_or(0, Vec::len);
    if containers > 10 {
        workload.tell(
            1013,
            "sidecars",
            format!("a task has at most 10 containers, this one {containers}"),
        );
    }
    Resource::new("ecs:TaskDefinition", workload.name, request)
}

/// The service in Cloud Map, and the port that is registered; only where something is exposed.
fn discovery(workload: &Workload<'_>, ports: &Ports) -> Option<(Resource, u64)> {
    if !matches!(workload.kind, Kind::Web | Kind::Backend) {
        return None;
    }
    let Some(port) = ports.discovered(workload) else {
        if workload.kind == Kind::Web {
            workload.tell(1018, "image.port", "has to be set");
        }
        return None;
    };
    let namespace = workload.copilot().discovery.namespace_id.as_deref();
    let namespace = workload.need(namespace, "image.port", "copilot.discovery.namespaceId");
    let request = json!({
        "Name": workload.name,
        "NamespaceId": namespace,
        "DnsConfig": {
            "RoutingPolicy": "MULTIVALUE",
            "DnsRecords": [{"Type": "A", "TTL": 10}, {"Type": "SRV", "TTL": 10}],
        },
        "HealthCheckCustomConfig": {"FailureThreshold": 1},
    });
    let service = Resource::new("servicediscovery:Service", workload.name, request);
    Some((service, port))
}

/// What rolls a deployment back.
#[derive(Default)]
struct Alarms {
    resources: Vec<Resource>,
    configuration: Option<Value>,
}

fn alarms(workload: &Workload<'_>) -> Alarms {
    let value = &workload.manifest["deployment"]["rollback_alarms"];
    let mut alarms = Alarms::default();
    let names: Vec<Value> = match value {
        Value::Array(names) => names.clone(),
        Value::Object(map) => {
            alarms.resources = made_alarms(workload, map);
            alarms
                .resources
                .iter()
                .map(|it| it.name.as_str().into())
                .collect()
        }
        _ => return alarms,
    };
    if !names.is_empty() {
        alarms.configuration = Some(json!({"alarmNames": names, "enable": true, "rollback": true}));
    }
    alarms
}

fn made_alarms(workload: &Workload<'_>, map: &Map<String, Value>) -> Vec<Resource> {
    let service = json!([
        {"Name": "ClusterName", "Value": workload.config.cluster()},
        {"Name": "ServiceName", "Value": workload.name},
    ]);
    let mut found = Vec::new();
    for (member, word, metric, unit) in [
        ("cpu_utilization", "CPU", "CPUUtilization", "Percent"),
        ("memory_utilization", "Mem", "MemoryUtilization", "Percent"),
        (
            "messages_delayed",
            "MsgsDelayed",
            "ApproximateNumberOfMessagesDelayed",
            "Count",
        ),
    ] {
        let Some(value) = map.get(member).filter(|value| !value.is_null()) else {
            continue;
        };
        let path = format!("deployment.rollback_alarms.{member}");
        let Some(threshold) = value.as_f64() else {
            workload.tell(1018, &path, format!("{value} is no number"));
            continue;
        };
        let (namespace, dimensions) = match member {
            "messages_delayed" => {
                let uri = workload.copilot().queue_uris.get(workload.name);
                let setting = format!("copilot.queueUris.{}", workload.name);
                let uri = workload.need(uri.map(String::as_str), &path, &setting);
                let queue = uri.rsplit('/').next().unwrap_or_default();
                ("AWS/SQS", json!([{"Name": "QueueName", "Value": queue}]))
            }
            _ => ("AWS/ECS", service.clone()),
        };
        let name = format!("{}-CopilotRollback{word}Alarm", workload.full_name());
        let request = json!({
            "AlarmName": name,
            "AlarmDescription": format!("Rolls {} back where {metric} reaches {threshold} twice in three minutes", workload.name),
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": dimensions,
            "Statistic": "Average",
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": threshold,
            "Period": 60,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "Unit": unit,
        });
        found.push(Resource::new("cloudwatch:Alarm", name, request));
    }
    found
}

fn service(
    workload: &Workload<'_>,
    count: &Count,
    place: &Place,
    alarms: Option<Value>,
) -> Resource {
    let rolling = workload.manifest["deployment"]["rolling"].as_str();
    let (most, least) = match rolling {
        Some(word) if word.eq_ignore_ascii_case("recreate") => {
            let message = "all tasks are stopped before new ones start";
            workload.tell(2023, "deployment.rolling", message);
            (100, 0)
        }
        None | Some("default") => (200, 100),
        Some(word) => {
            let message = format!("{word:?} is neither default nor recreate");
            workload.tell(1018, "deployment.rolling", message);
            (200, 100)
        }
    };
    let mut deployment = json!({
        "strategy": "ROLLING",
        "maximumPercent": most,
        "minimumHealthyPercent": least,
        "deploymentCircuitBreaker": {"enable": true, "rollback": true},
    });
    if let Some(alarms) = alarms {
        deployment["alarms"] = alarms;
    }
    let mut request = json!({
        "cluster": workload.config.cluster(),
        "serviceName": workload.name,
        "taskDefinition": reference("ecs:TaskDefinition", workload.name, "arn"),
        "desiredCount": count.desired,
        "platformVersion": "LATEST",
        "deploymentConfiguration": deployment,
        "networkConfiguration": place.configuration(),
        "propagateTags": "SERVICE",
        "tags": workload.tags(),
    });
    match count.providers.is_empty() {
        true => request["launchType"] = "FARGATE".into(),
        false => request["capacityProviderStrategy"] = Value::Array(count.providers.clone()),
    }
    if most == 100 {
        request["availabilityZoneRebalancing"] = "DISABLED".into();
    }
    let exec = &workload.manifest["exec"];
    if *exec == true || exec["enable"] == true {
        request["enableExecuteCommand"] = true.into();
    }
    let mut service = Resource::new("ecs:Service", workload.name, request);
    if count.is_scaled() {
        service.create_only.push("desiredCount".into());
    }
    service
}

fn balance(service: &mut Resource, traffic: &Traffic) {
    if traffic.balancers.is_empty() {
        return;
    }
    service.request["loadBalancers"] = Value::Array(traffic.balancers.clone());
    if let Some(grace) = traffic.grace {
        service.request["healthCheckGracePeriodSeconds"] = grace.into();
    }
}
