//! Services, by ECS's rules of creating and updating them.

use serde_json::{Value, json};

use super::deployment::Reason;
use super::state::{State, ecs_arn};
use super::{Answer, Refusal, default, merge, page, refuse, text, texts};

/// Members of a service that an update may change, and that its description shows.
const SHOWN: [&str; 12] = [
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "platformVersion",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "availabilityZoneRebalancing",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "deploymentController",
];

const PLACED: [&str; 2] = ["placementConstraints", "placementStrategy"];

/// Members that only deployments and revisions show.
const HIDDEN: [&str; 3] = [
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

/// Members whose change brings a new deployment.
const DEPLOYED: [&str; 7] = [
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "vpcLatticeConfigurations",
];

/// Members that cannot change.
const FIXED: [&str; 4] = ["launchType", "schedulingStrategy", "serviceName", "role"];

impl State {
    /// The key of the service that an input names.
    pub(super) fn service_key(&self, input: &Value, name: &str) -> Result<String, Refusal> {
        let cluster = self.cluster(input)?;
        let given = text(input, name);
        let short = given.rsplit('/').next().unwrap_or(given);
        Ok(format!("{cluster}/{short}"))
    }

    pub(super) fn create_service(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster(input)?;
        let name = text(input, "serviceName").to_owned();
        if name.is_empty() {
            return refuse(
                "InvalidParameterException",
                "Service name should not be null or empty.",
            );
        }
        let key = format!("{cluster}/{name}");
        let token = text(input, "clientToken").to_owned();
        if let Some(known) = self.services.get(&key) {
            match text(known, "status") {
                "DRAINING" => {
                    return refuse(
                        "InvalidParameterException",
                        "Unable to Start a service that is still Draining.",
                    );
                }
                "INACTIVE" => {}
                _ if !token.is_empty()
                    && self
                        .tokens
                        .get(&token)
                        .is_some_and(|(made, _)| made == input) =>
                {
                    return Ok(json!({"service": known}));
                }
                _ => {
                    return refuse(
                        "InvalidParameterException",
                        "Creation of service was not idempotent.",
                    );
                }
            }
        }
        let definition = self.usable(text(input, "taskDefinition"))?;
        self.check_network(&definition, input)?;
        let is_daemon = text(input, "schedulingStrategy") == "DAEMON";
        let arn = ecs_arn(&format!("service/{cluster}/{name}"));
        let mut service = json!({
            "serviceArn": arn, "serviceName": name, "status": "ACTIVE",
            "clusterArn": ecs_arn(&format!("cluster/{cluster}")),
            "taskDefinition": definition,
            "desiredCount": input["desiredCount"].as_u64().unwrap_or(u64::from(is_daemon)),
            "runningCount": 0, "pendingCount": 0, "deployments": [], "events": [],
            "createdAt": self.now(), "createdBy": "arn:aws:iam::111122223333:user/test",
            "roleArn": "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        });
        merge(&mut service, input, &SHOWN);
        merge(&mut service, input, &PLACED);
        merge(&mut service, input, &["launchType", "schedulingStrategy"]);
        for list in [
            "loadBalancers",
            "serviceRegistries",
            "placementConstraints",
            "placementStrategy",
        ] {
            default(&mut service, list, json!([]));
        }
        default(&mut service, "schedulingStrategy", json!("REPLICA"));
        default(&mut service, "deploymentController", json!({"type": "ECS"}));
        default(
            &mut service,
            "availabilityZoneRebalancing",
            json!("ENABLED"),
        );
        complete(&mut service);
        let hidden = hidden(input, &json!({}));
        self.set_tags(&arn, &input["tags"]);
        self.services.insert(key.clone(), service);
        if !token.is_empty() {
            self.tokens.insert(token, (input.clone(), json!(arn)));
        }
        self.deploy(&key, &hidden, Reason::Created);
        Ok(json!({"service": self.services[&key]}))
    }

    fn check_network(&self, definition: &str, input: &Value) -> Result<(), Refusal> {
        let known = self.definition(definition);
        let is_awsvpc = known.is_some_and(|known| known["networkMode"] == "awsvpc");
        let subnets = &input["networkConfiguration"]["awsvpcConfiguration"]["subnets"];
        if is_awsvpc && subnets.as_array().is_none_or(Vec::is_empty) {
            let message =
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.";
            return refuse("InvalidParameterException", message);
        }
        for balancer in input["loadBalancers"].as_array().into_iter().flatten() {
            let group = text(balancer, "targetGroupArn");
            if !self.groups.contains_key(group) {
                let message = format!("The specified target group does not exist: {group}");
                return refuse("InvalidParameterException", message);
            }
        }
        Ok(())
    }

    pub(super) fn update_service(&mut self, input: &Value) -> Answer {
        let key = self.service_key(input, "service")?;
        let Some(known) = self.services.get(&key) else {
            return refuse("ServiceNotFoundException", "Service not found.");
        };
        if known["status"] != "ACTIVE" {
            return refuse("ServiceNotActiveException", "Service was not ACTIVE.");
        }
        if let Some(fixed) = FIXED.iter().find(|name| input.get(**name).is_some()) {
            let message = format!("Unknown parameter in input: \"{fixed}\"");
            return refuse("InvalidParameterException", message);
        }
        let mut service = known.clone();
        let mut changed = Vec::new();
        let mut given = input.clone();
        if let Some(definition) = input["taskDefinition"].as_str() {
            let arn = self.usable(definition)?;
            given["taskDefinition"] = json!(arn);
        }
        let before = hidden(&json!({}), &service["deployments"][0]);
        let members = SHOWN.iter().chain(&PLACED);
        for name in members.chain(&["taskDefinition", "desiredCount"]) {
            let Some(value) = given.get(*name).filter(|value| !value.is_null()) else {
                continue;
            };
            if service[*name] != *value {
                changed.push(*name);
                service[*name] = value.clone();
            }
        }
        complete(&mut service);
        self.check_network(text(&service, "taskDefinition"), &service)?;
        let after = hidden(input, &service["deployments"][0]);
        for name in HIDDEN {
            if before[name] != after[name] {
                changed.push(name);
            }
        }
        let is_forced = input["forceNewDeployment"].as_bool() == Some(true);
        let is_new = is_forced
            || changed
                .iter()
                .any(|name| DEPLOYED.contains(name) || *name == "volumeConfigurations");
        self.services.insert(key.clone(), service);
        if is_new {
            self.deploy(&key, &after, Reason::Updated);
        } else {
            self.settle(&key);
        }
        Ok(json!({"service": self.services[&key]}))
    }

    pub(super) fn delete_service(&mut self, input: &Value) -> Answer {
        let key = self.service_key(input, "service")?;
        let Some(service) = self.services.get_mut(&key) else {
            return refuse("ServiceNotFoundException", "Service not found.");
        };
        let is_forced = input["force"].as_bool() == Some(true);
        let count = service["desiredCount"].as_u64().unwrap_or_default();
        if count > 0 && !is_forced && service["schedulingStrategy"] != "DAEMON" {
            let message = "The service cannot be stopped while it is scaled above 0.";
            return refuse("InvalidParameterException", message);
        }
        // It drains until it is looked at once.
        service["status"] = json!("DRAINING");
        service["desiredCount"] = json!(0);
        let service = service.clone();
        self.stop_tasks_of(&key, "Scaling activity initiated by deployment");
        Ok(json!({"service": service}))
    }

    pub(super) fn describe_services(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster(input)?;
        let names = texts(input, "services");
        if names.is_empty() || names.len() > 10 {
            return refuse(
                "InvalidParameterException",
                "Services must contain between 1 and 10 items.",
            );
        }
        let has_tags = texts(input, "include").contains(&"TAGS".to_owned());
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in names {
            let short = given.rsplit('/').next().unwrap_or(&given);
            let key = format!("{cluster}/{short}");
            if !self.services.contains_key(&key) {
                failures
                    .push(json!({"arn": ecs_arn(&format!("service/{key}")), "reason": "MISSING"}));
                continue;
            }
            self.tick(&key);
            let mut service = self.services[&key].clone();
            if service["status"] == "DRAINING" {
                self.services.get_mut(&key).expect("it is there")["status"] = json!("INACTIVE");
            }
            if has_tags {
                let arn = text(&service, "serviceArn").to_owned();
                service["tags"] = self.tags_of(&arn, ["key", "value"]);
            }
            found.push(service);
        }
        Ok(json!({"services": found, "failures": failures}))
    }

    pub(super) fn list_services(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster(input)?;
        let start = format!("{cluster}/");
        let known = self.services.iter();
        let known = known
            .filter(|(key, service)| key.starts_with(&start) && service["status"] != "INACTIVE");
        let arns = known
            .map(|(_, service)| service["serviceArn"].clone())
            .collect();
        Ok(page(input, "serviceArns", arns, 10))
    }
}

/// The members that a deployment has and its service does not show.
fn hidden(input: &Value, known: &Value) -> Value {
    let mut hidden = json!({});
    merge(&mut hidden, known, &HIDDEN);
    merge(&mut hidden, input, &HIDDEN);
    hidden
}

/// Sets what ECS sets.
fn complete(service: &mut Value) {
    let is_daemon = service["schedulingStrategy"] == "DAEMON";
    let is_fargate = service["launchType"] == "FARGATE"
        || service["capacityProviderStrategy"][0]["capacityProvider"]
            .as_str()
            .is_some_and(|name| name.starts_with("FARGATE"));
    let has_strategy = service["capacityProviderStrategy"]
        .as_array()
        .is_some_and(|list| !list.is_empty());
    if !has_strategy {
        if let Some(members) = service.as_object_mut() {
            members.remove("capacityProviderStrategy");
        }
        default(service, "launchType", json!("EC2"));
    }
    if let Some(list) = service
        .get_mut("capacityProviderStrategy")
        .and_then(Value::as_array_mut)
    {
        for one in list {
            default(one, "base", json!(0));
            default(one, "weight", json!(0));
        }
    }
    if is_fargate {
        default(service, "platformVersion", json!("LATEST"));
        default(service, "platformFamily", json!("Linux"));
    }
    default(service, "propagateTags", json!("NONE"));
    default(service, "enableECSManagedTags", json!(false));
    default(service, "enableExecuteCommand", json!(false));
    if service["loadBalancers"]
        .as_array()
        .is_some_and(|list| !list.is_empty())
    {
        default(service, "healthCheckGracePeriodSeconds", json!(0));
    }
    if service["networkConfiguration"]["awsvpcConfiguration"].is_object() {
        let network = &mut service["networkConfiguration"]["awsvpcConfiguration"];
        default(network, "assignPublicIp", json!("DISABLED"));
        default(network, "securityGroups", json!([]));
    }
    default(service, "deploymentConfiguration", json!({}));
    let configuration = &mut service["deploymentConfiguration"];
    let (most, least) = if is_daemon { (100, 0) } else { (200, 100) };
    default(configuration, "maximumPercent", json!(most));
    default(configuration, "minimumHealthyPercent", json!(least));
    default(configuration, "strategy", json!("ROLLING"));
    default(configuration, "bakeTimeInMinutes", json!(0));
    default(
        configuration,
        "deploymentCircuitBreaker",
        json!({"enable": false, "rollback": false}),
    );
}
