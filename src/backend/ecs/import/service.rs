//! A service as it runs, as native documents.

use serde_json::{Map, Value};

use super::super::desired::{Resource, reference};
use super::super::native;

/// What services say of one that runs.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// An entry of DescribeServices, with tags.
    pub service: Value,
    /// The answer of DescribeTaskDefinition.
    pub task_definition: Value,
    /// Entries of DescribeScalableTargets.
    pub targets: Vec<Value>,
    /// Entries of DescribeScalingPolicies.
    pub policies: Vec<Value>,
}

/// Members of task definitions that ECS adds.
const ADDED: &[&str] = &[
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// Members of services that are wanted, and not merely observed.
const WANTED: &[&str] = &[
    "serviceName",
    "loadBalancers",
    "serviceRegistries",
    "desiredCount",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "deploymentConfiguration",
    "placementConstraints",
    "placementStrategy",
    "networkConfiguration",
    "healthCheckGracePeriodSeconds",
    "schedulingStrategy",
    "deploymentController",
    "tags",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
];

/// Members that only the deployment knows.
const DEPLOYED: &[&str] = &[
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

/// What makes the service as it is: the task definition, the service, what scales it.
pub fn resources(live: &Live) -> Vec<Resource> {
    let mut resources = Vec::new();
    let family = live.task_definition["taskDefinition"]["family"].as_str();
    if let Some(family) = family {
        let request = task_definition(&live.task_definition);
        resources.push(Resource::new("ecs:TaskDefinition", family, request));
    }
    let mut service = Resource::new(
        "ecs:Service",
        live.service["serviceName"].as_str().unwrap_or_default(),
        service(&live.service, family),
    );
    if !live.targets.is_empty() {
        service.create_only.push("desiredCount".into());
    }
    let name = service.name.clone();
    resources.push(service);
    for target in &live.targets {
        let members = [
            "ServiceNamespace",
            "ResourceId",
            "ScalableDimension",
            "MinCapacity",
            "MaxCapacity",
        ];
        let request = picked(target, &members);
        resources.push(Resource::new(
            "application-autoscaling:ScalableTarget",
            name.as_str(),
            request,
        ));
    }
    for policy in &live.policies {
        let members = [
            "PolicyName",
            "ServiceNamespace",
            "ResourceId",
            "ScalableDimension",
            "PolicyType",
            "StepScalingPolicyConfiguration",
            "TargetTrackingScalingPolicyConfiguration",
        ];
        let name = policy["PolicyName"].as_str().unwrap_or_default();
        resources.push(Resource::new(
            "application-autoscaling:ScalingPolicy",
            name,
            picked(policy, &members),
        ));
    }
    resources
}

/// The documents of [`resources`].
pub fn documents(live: &Live) -> Vec<Value> {
    resources(live)
        .iter()
        .filter_map(native::document)
        .collect()
}

/// What DescribeTaskDefinition says, as RegisterTaskDefinition takes it.
pub fn task_definition(answer: &Value) -> Value {
    let mut request = match &answer["taskDefinition"] {
        Value::Object(inner) => inner.clone(),
        _ => answer.as_object().cloned().unwrap_or_default(),
    };
    request.retain(|name, value| !ADDED.contains(&name.as_str()) && !is_empty(value));
    if let Some(tags) = answer["tags"].as_array().filter(|tags| !tags.is_empty()) {
        request.insert("tags".into(), Value::Array(tags.clone()));
    }
    for container in request
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(container) = container.as_object_mut() {
            container.retain(|name, value| !(is_empty(value) || name == "cpu" && *value == 0));
        }
    }
    Value::Object(request)
}

/// What DescribeServices says of one, as CreateService takes it. The task definition is that of
/// `family`, where it is imported, too.
pub fn service(described: &Value, family: Option<&str>) -> Value {
    let mut request = Map::new();
    let cluster = described["clusterArn"]
        .as_str()
        .or_else(|| described["cluster"].as_str());
    if let Some(cluster) = cluster {
        let name = cluster.rsplit('/').next().unwrap_or(cluster);
        request.insert("cluster".into(), name.into());
    }
    let Value::Object(kept) = picked(described, WANTED) else {
        return Value::Null;
    };
    request.extend(kept);
    request.insert(
        "taskDefinition".into(),
        match family {
            Some(family) => reference("ecs:TaskDefinition", family, "arn").into(),
            None => described["taskDefinition"].clone(),
        },
    );
    let deployments = described["deployments"].as_array();
    let primary = deployments
        .into_iter()
        .flatten()
        .find(|it| it["status"] == "PRIMARY");
    for name in DEPLOYED {
        let found = primary.map_or(&described[*name], |it| &it[*name]);
        if !is_empty(found) {
            request.insert((*name).to_owned(), found.clone());
        }
    }
    // Said by everybody, and what is meant where nothing is said.
    if request
        .get("schedulingStrategy")
        .is_some_and(|it| it == "REPLICA")
    {
        request.remove("schedulingStrategy");
    }
    if request
        .get("deploymentController")
        .is_some_and(|it| it["type"] == "ECS")
    {
        request.remove("deploymentController");
    }
    if request.contains_key("capacityProviderStrategy") {
        request.remove("launchType");
    }
    Value::Object(request)
}

fn picked(value: &Value, members: &[&str]) -> Value {
    let found = members.iter().filter(|name| !is_empty(&value[**name]));
    Value::Object(
        found
            .map(|name| ((*name).to_owned(), value[*name].clone()))
            .collect(),
    )
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// What cannot be brought along.
pub fn blocked(live: &Live) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let controller = live.service["deploymentController"]["type"]
        .as_str()
        .unwrap_or("ECS");
    if controller != "ECS" {
        found.push((
            format!("deployment controller {controller}"),
            "deployments are those of ECS itself; set `deploymentConfiguration.strategy` for blue and green".to_owned(),
        ));
    }
    if live.targets.len() > 1 {
        found.push((
            "several scalable targets".to_owned(),
            "only DesiredCount is scaled".to_owned(),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_runs_becomes_what_is_wanted() {
        let live = Live {
            service: json!({
                "serviceArn": "arn:s", "serviceName": "web", "clusterArn": "arn:aws:ecs:r:1:cluster/prod",
                "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "launchType": "FARGATE",
                "taskDefinition": "arn:aws:ecs:r:1:task-definition/web:7", "events": [{}], "placementStrategy": [],
                "schedulingStrategy": "REPLICA", "enableExecuteCommand": false,
                "deployments": [
                    {"status": "ACTIVE", "serviceConnectConfiguration": {"enabled": false}},
                    {"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": true}},
                ],
            }),
            task_definition: json!({
                "taskDefinition": {
                    "family": "web", "revision": 7, "status": "ACTIVE", "volumes": [], "cpu": "256",
                    "containerDefinitions": [{"name": "a", "image": "x", "cpu": 0, "environment": [], "essential": true}],
                },
                "tags": [{"key": "a", "value": "b"}],
            }),
            targets: vec![
                json!({"ServiceNamespace": "ecs", "ResourceId": "service/prod/web", "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 1, "MaxCapacity": 3, "RoleARN": "x", "CreationTime": 1}),
            ],
            policies: Vec::new(),
        };
        let documents = documents(&live);
        let kinds: Vec<&str> = documents
            .iter()
            .filter_map(|it| it["kind"].as_str())
            .collect();
        assert_eq!(kinds, ["TaskDefinition", "Service", "ScalableTarget"]);
        assert_eq!(
            documents[0]["spec"],
            json!({
                "family": "web", "cpu": "256",
                "containerDefinitions": [{"name": "a", "image": "x", "essential": true}],
                "tags": [{"key": "a", "value": "b"}],
            })
        );
        assert_eq!(
            documents[1]["spec"],
            json!({
                "cluster": "prod", "serviceName": "web", "desiredCount": 2, "launchType": "FARGATE",
                "enableExecuteCommand": false, "taskDefinition": "${ecs:TaskDefinition/web.arn}",
                "serviceConnectConfiguration": {"enabled": true}, "createOnly": ["desiredCount"],
            })
        );
        assert_eq!(documents[2]["spec"]["MaxCapacity"], 3);
        assert!(documents[2]["spec"]["RoleARN"].is_null());
        assert!(blocked(&live).is_empty());
    }
}
