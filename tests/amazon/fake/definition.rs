//! Task definitions, with the defaults that ECS sets.

use serde_json::{Value, json};

use super::state::{State, ecs_arn};
use super::{Answer, Refusal, default, merge, page, refuse, text, texts};

/// Pairs of cpu and memory that Fargate has: of each cpu the least, the most and the step of memory.
const FARGATE: [(u64, u64, u64, u64); 8] = [
    (256, 512, 2048, 0),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
    (32768, 61440, 249_856, 4096),
];

fn fits_fargate(cpu: u64, memory: u64) -> bool {
    FARGATE.iter().any(|(size, least, most, step)| {
        let is_step = match step {
            0 => [512, 1024, 2048].contains(&memory),
            step => (memory - least.min(&memory)).is_multiple_of(*step),
        };
        cpu == *size && (*least..=*most).contains(&memory) && is_step
    })
}

/// A size as numbers have it: `1 vCPU` is 1024.
fn size(given: &str) -> Option<u64> {
    let lower = given.to_ascii_lowercase();
    let (number, factor) = match lower.split_once(' ') {
        Some((number, "vcpu" | "gb")) => (number.to_owned(), 1024.0),
        _ => (lower.replace("vcpu", ""), 1.0),
    };
    let number: f64 = number.trim().parse().ok()?;
    Some((number * factor) as u64)
}

impl State {
    pub(super) fn register(&mut self, input: &Value) -> Answer {
        let family = text(input, "family").to_owned();
        let invalid = |message: String| refuse("ClientException", message);
        if family.is_empty() {
            return invalid("Family should not be null or empty.".to_owned());
        }
        let Some(containers) = input["containerDefinitions"].as_array() else {
            return invalid("Container list cannot be empty.".to_owned());
        };
        let network = match text(input, "networkMode") {
            "" => "bridge",
            mode => mode,
        };
        let is_fargate = texts(input, "requiresCompatibilities").contains(&"FARGATE".to_owned());
        if is_fargate {
            let (cpu, memory) = (text(input, "cpu"), text(input, "memory"));
            if network != "awsvpc" {
                return invalid("Fargate only supports network mode 'awsvpc'.".to_owned());
            }
            match (size(cpu), size(memory)) {
                (Some(cores), Some(bytes)) if fits_fargate(cores, bytes) => {}
                _ => {
                    return invalid(format!(
                        "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
                    ));
                }
            }
        }
        let mut made = Vec::new();
        for container in containers {
            if text(container, "name").is_empty() || text(container, "image").is_empty() {
                return invalid("Container.image should not be null or empty.".to_owned());
            }
            made.push(completed(container.clone(), network));
        }
        let of_family = self.definitions.values();
        let of_family = of_family.filter(|known| known["family"] == family.as_str());
        let last = of_family
            .filter_map(|known| known["revision"].as_u64())
            .max();
        let revision = last.unwrap_or_default() + 1;
        let arn = ecs_arn(&format!("task-definition/{family}:{revision}"));
        let mut definition = input.clone();
        if let Some(members) = definition.as_object_mut() {
            members.remove("tags");
        }
        definition["containerDefinitions"] = Value::Array(made);
        for (name, unit) in [("cpu", "cpu"), ("memory", "memory")] {
            if let Some(size) = size(text(input, name)) {
                definition[unit] = json!(size.to_string());
            }
        }
        definition["taskDefinitionArn"] = json!(arn);
        definition["revision"] = json!(revision);
        definition["status"] = json!("ACTIVE");
        definition["registeredAt"] = self.now();
        definition["registeredBy"] = json!("arn:aws:iam::111122223333:user/test");
        default(&mut definition, "networkMode", json!("bridge"));
        default(&mut definition, "volumes", json!([]));
        default(&mut definition, "placementConstraints", json!([]));
        if let Some(volumes) = definition["volumes"].as_array_mut() {
            for volume in volumes {
                let given = [
                    "efsVolumeConfiguration",
                    "dockerVolumeConfiguration",
                    "configuredAtLaunch",
                    "fsxWindowsFileServerVolumeConfiguration",
                ];
                if given.iter().all(|name| volume.get(*name).is_none()) {
                    default(volume, "host", json!({}));
                }
                if let Some(efs) = volume.get_mut("efsVolumeConfiguration") {
                    default(efs, "rootDirectory", json!("/"));
                }
            }
        }
        let compatible = match network {
            "awsvpc" => json!(["EC2", "FARGATE"]),
            _ => json!(["EC2"]),
        };
        definition["compatibilities"] = compatible;
        definition["requiresAttributes"] =
            json!([{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}]);
        self.set_tags(&arn, &input["tags"]);
        self.definitions
            .insert(format!("{family}:{revision}"), definition.clone());
        Ok(json!({"taskDefinition": definition, "tags": self.tags_of(&arn, ["key", "value"])}))
    }

    /// The definition that is meant by a family, a family and a revision, or an ARN.
    pub(super) fn definition(&self, given: &str) -> Option<&Value> {
        let given = given.rsplit('/').next().unwrap_or(given);
        if given.contains(':') {
            return self.definitions.get(given);
        }
        let known = self.definitions.values();
        known
            .filter(|known| known["family"] == given && known["status"] == "ACTIVE")
            .max_by_key(|known| known["revision"].as_u64())
    }

    /// The ARN of a definition that may be used.
    pub(super) fn usable(&self, given: &str) -> Result<String, Refusal> {
        match self.definition(given) {
            Some(known) if known["status"] == "ACTIVE" => {
                Ok(text(known, "taskDefinitionArn").to_owned())
            }
            Some(_) => refuse("ClientException", "TaskDefinition is inactive"),
            None => refuse("ClientException", "Unable to describe task definition."),
        }
    }

    pub(super) fn describe_definition(&mut self, input: &Value) -> Answer {
        let Some(known) = self.definition(text(input, "taskDefinition")) else {
            return refuse("ClientException", "Unable to describe task definition.");
        };
        let mut answer = json!({"taskDefinition": known});
        if texts(input, "include").contains(&"TAGS".to_owned()) {
            answer["tags"] = self.tags_of(text(known, "taskDefinitionArn"), ["key", "value"]);
        }
        Ok(answer)
    }

    pub(super) fn list_definitions(&mut self, input: &Value) -> Answer {
        let (family, status) = (text(input, "familyPrefix"), text(input, "status"));
        let status = if status.is_empty() { "ACTIVE" } else { status };
        let known = self.definitions.values();
        let mut known: Vec<&Value> = known
            .filter(|known| family.is_empty() || known["family"] == family)
            .filter(|known| known["status"] == status)
            .collect();
        known.sort_by_key(|known| (text(known, "family"), known["revision"].as_u64()));
        if text(input, "sort") == "DESC" {
            known.reverse();
        }
        let arns = known.iter().map(|known| known["taskDefinitionArn"].clone());
        Ok(page(input, "taskDefinitionArns", arns.collect(), 100))
    }

    pub(super) fn list_families(&mut self, input: &Value) -> Answer {
        let prefix = text(input, "familyPrefix");
        let known = self.definitions.values();
        let mut names: Vec<&str> = known.map(|known| text(known, "family")).collect();
        names.retain(|name| name.starts_with(prefix));
        names.sort_unstable();
        names.dedup();
        let names = names.into_iter().map(Value::from).collect();
        Ok(page(input, "families", names, 100))
    }

    pub(super) fn deregister(&mut self, input: &Value) -> Answer {
        let key = text(input, "taskDefinition");
        let key = key.rsplit('/').next().unwrap_or(key).to_owned();
        let now = self.now();
        let Some(known) = self.definitions.get_mut(&key) else {
            return refuse(
                "ClientException",
                "The specified task definition does not exist.",
            );
        };
        known["status"] = json!("INACTIVE");
        known["deregisteredAt"] = now;
        Ok(json!({"taskDefinition": known}))
    }

    pub(super) fn delete_definitions(&mut self, input: &Value) -> Answer {
        let given = texts(input, "taskDefinitions");
        if given.len() > 10 {
            return refuse(
                "InvalidParameterException",
                "At most 10 task definitions can be deleted.",
            );
        }
        let (mut gone, mut failures) = (Vec::new(), Vec::new());
        for arn in given {
            let key = arn.rsplit('/').next().unwrap_or(&arn).to_owned();
            match self.definitions.get_mut(&key) {
                Some(known) if known["status"] == "INACTIVE" => {
                    known["status"] = json!("DELETE_IN_PROGRESS");
                    gone.push(known.clone());
                }
                _ => failures.push(json!({"arn": arn, "reason": "The specified task definition is still in ACTIVE status. Please deregister the target and try again."})),
            }
        }
        Ok(json!({"taskDefinitions": gone, "failures": failures}))
    }
}

/// A container with what ECS adds.
fn completed(mut container: Value, network: &str) -> Value {
    default(&mut container, "cpu", json!(0));
    default(&mut container, "essential", json!(true));
    for list in [
        "environment",
        "mountPoints",
        "volumesFrom",
        "portMappings",
        "systemControls",
    ] {
        default(&mut container, list, json!([]));
    }
    if let Some(ports) = container["portMappings"].as_array_mut() {
        for port in ports {
            default(port, "protocol", json!("tcp"));
            let same = port["containerPort"].clone();
            let own = if network == "bridge" { json!(0) } else { same };
            default(port, "hostPort", own);
        }
    }
    if let Some(check) = container.get_mut("healthCheck") {
        for (name, value) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            default(check, name, json!(value));
        }
    }
    if let Some(mounts) = container["mountPoints"].as_array_mut() {
        for mount in mounts {
            default(mount, "readOnly", json!(false));
        }
    }
    // It tells the variables in an order of its own.
    if let Some(variables) = container["environment"].as_array_mut() {
        variables.reverse();
    }
    let mut ordered = json!({});
    merge(&mut ordered, &container, &["name", "image", "cpu"]);
    if let (Some(all), Some(out)) = (container.as_object(), ordered.as_object_mut()) {
        for (name, value) in all {
            out.insert(name.clone(), value.clone());
        }
    }
    ordered
}
