//! Normal forms: what a service fills in by itself is taken away from both sides of a comparison, and what
//! it tells in any order is put in one.

use serde_json::{Map, Value, json};

/// Takes a member away where it says what its absence says.
pub(super) fn drop_if(value: &mut Value, name: &str, default: &Value) {
    if value
        .get(name)
        .is_some_and(|found| found == default || found.is_null())
        && let Some(members) = value.as_object_mut()
    {
        members.remove(name);
    }
}

/// Takes members away that are empty lists, empty objects or null.
pub(super) fn drop_empty(value: &mut Value) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    members.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(inner) => !inner.is_empty(),
        _ => true,
    });
}

/// Takes members away.
pub(super) fn drop_all(value: &mut Value, names: &[&str]) {
    if let Some(members) = value.as_object_mut() {
        for name in names {
            members.remove(*name);
        }
    }
}

/// The items of a list in the order of their texts: it is a set.
pub(super) fn sort(value: &mut Value, name: &str) {
    if let Some(items) = value.get_mut(name).and_then(Value::as_array_mut) {
        items.sort_by_cached_key(super::super::desired::canonical);
    }
}

/// Does something with each item of a list.
pub(super) fn each(value: &mut Value, name: &str, act: impl FnMut(&mut Value)) {
    if let Some(items) = value.get_mut(name).and_then(Value::as_array_mut) {
        items.iter_mut().for_each(act);
    }
}

/// Takes members of an object inside away where they are the default, and the object where nothing is
/// left.
pub(super) fn inside(value: &mut Value, name: &str, act: impl FnOnce(&mut Value)) {
    let Some(inner) = value.get_mut(name).filter(|inner| inner.is_object()) else {
        return;
    };
    act(inner);
    if inner.as_object().is_some_and(Map::is_empty) {
        drop_all(value, &[name]);
    }
}

/// Writes all that is no list and no object as text: services that answer in XML have nothing else.
pub(super) fn textual(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(textual),
        Value::Object(members) => members.values_mut().for_each(textual),
        Value::Bool(_) | Value::Number(_) => *value = Value::String(value.to_string()),
        Value::Null | Value::String(_) => {}
    }
}

/// Writes whole numbers as such: 36.0 is 36.
pub(super) fn numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(members) => members.values_mut().for_each(numbers),
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            if float.fract() == 0.0 && float.abs() < 9e15 {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
                let whole = float as i64;
                *value = Value::from(whole);
            }
        }
        _ => {}
    }
}

/// A task definition without what ECS fills in: two that are equal here are equal there.
pub(super) fn definition(spec: &mut Value) {
    drop_all(
        spec,
        &[
            "taskDefinitionArn",
            "revision",
            "status",
            "requiresAttributes",
            "compatibilities",
            "registeredAt",
            "registeredBy",
            "deregisteredAt",
            "deleteRequestedAt",
            "tags",
        ],
    );
    let mode = spec["networkMode"].as_str().unwrap_or("bridge").to_owned();
    drop_if(spec, "networkMode", &json!("bridge"));
    drop_if(spec, "enableFaultInjection", &json!(false));
    for (name, unit, scale) in [("cpu", "vcpu", 1024.0), ("memory", "gb", 1024.0)] {
        if let Some(found) = spec.get(name).map(|found| size(found, unit, scale)) {
            spec[name] = found;
        }
    }
    let is_fargate = spec["requiresCompatibilities"]
        .as_array()
        .is_some_and(|list| list.iter().any(|it| it == "FARGATE"));
    if is_fargate {
        inside(spec, "runtimePlatform", |platform| {
            drop_if(platform, "cpuArchitecture", &json!("X86_64"));
            drop_if(platform, "operatingSystemFamily", &json!("LINUX"));
        });
    }
    each(spec, "containerDefinitions", |one| container(one, &mode));
    each(spec, "volumes", volume);
    for name in [
        "containerDefinitions",
        "volumes",
        "placementConstraints",
        "requiresCompatibilities",
    ] {
        sort(spec, name);
    }
    drop_empty(spec);
}

/// `1 vCPU` and `2 GB` are written in units and MiB, numbers as texts.
fn size(value: &Value, unit: &str, scale: f64) -> Value {
    let text = match value {
        Value::String(text) => text.trim().to_lowercase(),
        other => other.to_string(),
    };
    let number = text.strip_suffix(unit).map(str::trim);
    match number.and_then(|number| number.parse::<f64>().ok()) {
        Some(number) => Value::String(format!("{:.0}", number * scale)),
        None => Value::String(text),
    }
}

fn container(one: &mut Value, mode: &str) {
    drop_if(one, "cpu", &json!(0));
    drop_if(one, "essential", &json!(true));
    drop_if(one, "versionConsistency", &json!("enabled"));
    for name in [
        "interactive",
        "pseudoTerminal",
        "privileged",
        "readonlyRootFilesystem",
        "disableNetworking",
    ] {
        drop_if(one, name, &json!(false));
    }
    each(one, "portMappings", |port| {
        drop_if(port, "protocol", &json!("tcp"));
        match mode {
            "awsvpc" | "host" => {
                let container = port["containerPort"].clone();
                drop_if(port, "hostPort", &container);
            }
            _ => drop_if(port, "hostPort", &json!(0)),
        }
    });
    each(one, "mountPoints", |mount| {
        drop_if(mount, "readOnly", &json!(false))
    });
    each(one, "volumesFrom", |mount| {
        drop_if(mount, "readOnly", &json!(false))
    });
    if let Some(check) = one.get_mut("healthCheck").filter(|check| check.is_object()) {
        for (name, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            drop_if(check, name, &json!(default));
        }
    }
    if let Some(policy) = one
        .get_mut("restartPolicy")
        .filter(|policy| policy.is_object())
    {
        drop_if(policy, "restartAttemptPeriod", &json!(300));
        drop_empty(policy);
    }
    for name in [
        "environment",
        "secrets",
        "portMappings",
        "mountPoints",
        "volumesFrom",
        "dependsOn",
        "ulimits",
        "systemControls",
        "extraHosts",
        "environmentFiles",
        "resourceRequirements",
    ] {
        sort(one, name);
    }
    if let Some(linux) = one.get_mut("linuxParameters").filter(|it| it.is_object()) {
        drop_if(linux, "initProcessEnabled", &json!(false));
        inside(linux, "capabilities", |capabilities| {
            sort(capabilities, "add");
            sort(capabilities, "drop");
            drop_empty(capabilities);
        });
        drop_empty(linux);
    }
    if let Some(logs) = one.get_mut("logConfiguration").filter(|it| it.is_object()) {
        drop_empty(logs);
    }
    drop_empty(one);
}

fn volume(one: &mut Value) {
    drop_if(one, "configuredAtLaunch", &json!(false));
    if let Some(files) = one
        .get_mut("efsVolumeConfiguration")
        .filter(|it| it.is_object())
    {
        drop_if(files, "rootDirectory", &json!("/"));
        drop_if(files, "transitEncryption", &json!("DISABLED"));
        inside(files, "authorizationConfig", |it| {
            drop_if(it, "iam", &json!("DISABLED"))
        });
    }
    drop_empty(one);
}

/// A service, likewise.
pub(super) fn service(spec: &mut Value) {
    drop_all(spec, &["cluster", "role", "clientToken", "tags"]);
    let is_daemon = spec["schedulingStrategy"] == "DAEMON";
    for (name, default) in [
        ("schedulingStrategy", json!("REPLICA")),
        ("deploymentController", json!({"type": "ECS"})),
        ("platformVersion", json!("LATEST")),
        ("propagateTags", json!("NONE")),
        ("enableECSManagedTags", json!(false)),
        ("enableExecuteCommand", json!(false)),
        ("healthCheckGracePeriodSeconds", json!(0)),
        ("availabilityZoneRebalancing", json!("ENABLED")),
        ("serviceConnectConfiguration", json!({"enabled": false})),
    ] {
        drop_if(spec, name, &default);
    }
    if is_daemon {
        drop_all(spec, &["desiredCount"]);
    }
    inside(spec, "deploymentConfiguration", |it| rollout(it, is_daemon));
    inside(spec, "networkConfiguration", |it| {
        inside(it, "awsvpcConfiguration", |network| {
            drop_if(network, "assignPublicIp", &json!("DISABLED"));
            sort(network, "subnets");
            sort(network, "securityGroups");
            drop_empty(network);
        });
    });
    each(spec, "capacityProviderStrategy", |one| {
        drop_if(one, "base", &json!(0));
        drop_if(one, "weight", &json!(0));
    });
    if spec["capacityProviderStrategy"]
        .as_array()
        .is_some_and(|it| !it.is_empty())
    {
        drop_all(spec, &["launchType"]);
    }
    each(spec, "loadBalancers", drop_empty);
    each(spec, "serviceRegistries", drop_empty);
    for name in [
        "capacityProviderStrategy",
        "loadBalancers",
        "serviceRegistries",
        "placementConstraints",
    ] {
        sort(spec, name);
    }
    if let Some(connect) = spec
        .get_mut("serviceConnectConfiguration")
        .filter(|it| it.is_object())
    {
        each(connect, "services", |served| {
            let port = served["portName"].clone();
            drop_if(served, "discoveryName", &port);
            drop_empty(served);
        });
        sort(connect, "services");
        drop_empty(connect);
    }
    drop_empty(spec);
}

fn rollout(it: &mut Value, is_daemon: bool) {
    let (most, least) = if is_daemon { (100, 0) } else { (200, 100) };
    for (name, default) in [
        ("strategy", json!("ROLLING")),
        ("maximumPercent", json!(most)),
        ("minimumHealthyPercent", json!(least)),
        ("bakeTimeInMinutes", json!(0)),
    ] {
        drop_if(it, name, &default);
    }
    inside(it, "deploymentCircuitBreaker", |breaker| {
        for (name, default) in [
            ("enable", false),
            ("rollback", false),
            ("resetOnHealthyTask", true),
        ] {
            drop_if(breaker, name, &json!(default));
        }
        drop_if(
            breaker,
            "thresholdConfiguration",
            &json!({"type": "BOUNDED_PERCENT", "value": 50}),
        );
    });
    inside(it, "alarms", |alarms| {
        drop_if(alarms, "enable", &json!(false));
        drop_if(alarms, "rollback", &json!(false));
        sort(alarms, "alarmNames");
        drop_empty(alarms);
    });
    drop_empty(it);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ecs_fills_in_makes_no_difference() {
        let mut wanted = json!({
            "family": "a", "networkMode": "awsvpc", "cpu": "1 vCPU", "memory": "2 GB",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [
                {"name": "b", "image": "b", "essential": false,
                 "portMappings": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 82}],
                 "environment": [{"name": "B", "value": ""}, {"name": "A", "value": "1"}],
                 "healthCheck": {"command": ["CMD", "x"]}, "command": ["z", "a"]},
                {"name": "a", "image": "a"},
            ],
            "volumes": [{"name": "v"}],
        });
        let mut live = json!({
            "family": "a", "networkMode": "awsvpc", "cpu": "1024", "memory": "2048", "status": "ACTIVE",
            "revision": 3, "taskDefinitionArn": "arn", "compatibilities": ["EC2", "FARGATE"],
            "requiresCompatibilities": ["FARGATE"], "placementConstraints": [],
            "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
            "containerDefinitions": [
                {"name": "a", "image": "a", "cpu": 0, "essential": true, "environment": [],
                 "mountPoints": [], "portMappings": [], "volumesFrom": [], "systemControls": []},
                {"name": "b", "image": "b", "cpu": 0, "essential": false, "mountPoints": [],
                 "portMappings": [
                    {"containerPort": 81, "hostPort": 82, "protocol": "tcp"},
                    {"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                 "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}],
                 "healthCheck": {"command": ["CMD", "x"], "interval": 30, "timeout": 5, "retries": 3},
                 "command": ["z", "a"]},
            ],
            "volumes": [{"name": "v", "host": {}}],
        });
        definition(&mut wanted);
        definition(&mut live);
        assert_eq!(wanted, live);
        let named = |value: &Value| {
            let list = value["containerDefinitions"].as_array().cloned();
            let found = list.into_iter().flatten().position(|it| it["name"] == "b");
            found.expect("it is there")
        };
        let at = named(&wanted);
        assert_eq!(
            wanted["containerDefinitions"][at]["command"],
            json!(["z", "a"])
        );
        live["containerDefinitions"][at]["command"] = json!(["a", "z"]);
        assert_ne!(wanted, live);
    }

    #[test]
    fn services_are_compared_without_their_defaults() {
        let mut wanted = json!({
            "cluster": "c", "serviceName": "web", "launchType": "FARGATE", "tags": [],
            "deploymentConfiguration": {"strategy": "ROLLING", "maximumPercent": 134, "minimumHealthyPercent": 100,
                "deploymentCircuitBreaker": {"enable": true, "rollback": true}},
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["b", "a"]}},
        });
        let mut live = json!({
            "serviceName": "web", "launchType": "FARGATE", "schedulingStrategy": "REPLICA", "platformVersion": "LATEST",
            "deploymentController": {"type": "ECS"}, "propagateTags": "NONE", "enableECSManagedTags": false,
            "enableExecuteCommand": false, "loadBalancers": [], "serviceRegistries": [],
            "placementConstraints": [], "placementStrategy": [], "availabilityZoneRebalancing": "ENABLED",
            "deploymentConfiguration": {"strategy": "ROLLING", "maximumPercent": 134, "minimumHealthyPercent": 100,
                "bakeTimeInMinutes": 0, "alarms": {"alarmNames": [], "enable": false, "rollback": false},
                "deploymentCircuitBreaker": {"enable": true, "rollback": true, "resetOnHealthyTask": true}},
            "networkConfiguration": {"awsvpcConfiguration": {
                "subnets": ["a", "b"], "securityGroups": [], "assignPublicIp": "DISABLED"}},
        });
        service(&mut wanted);
        service(&mut live);
        assert_eq!(wanted, live);
    }
}
