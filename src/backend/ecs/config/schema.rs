//! The JSON schema of the `ecs:` part.

use serde_json::{Map, Value, json};

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

fn flag(about: &str) -> Value {
    json!({"type": "boolean", "description": about})
}

fn number(about: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": about})
}

fn texts(about: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": about})
}

fn map(about: &str) -> Value {
    json!({"type": "object", "additionalProperties": {"type": "string"}, "description": about})
}

fn maps(about: &str) -> Value {
    json!({"type": "object", "additionalProperties": {"type": ["string", "object"]}, "description": about})
}

fn one_of(words: &[&str], about: &str) -> Value {
    json!({"enum": words, "description": about})
}

fn part(about: &str, members: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "description": about,
        "properties": properties,
    })
}

/// The schema, as it stands in that of `pintle.yaml`.
pub fn schema() -> Value {
    let mut schema = part(
        "Amazon ECS: what the account has and how objects are translated.",
        &account(),
    );
    for (name, member) in translation() {
        schema["properties"][name] = member;
    }
    schema["properties"]["copilot"] = copilot();
    schema
}

fn account() -> Vec<(&'static str, Value)> {
    vec![
        ("region", text("Region of the cluster.")),
        (
            "profile",
            text("Profile whose keys are used, where no flag names another."),
        ),
        ("account", text("The account's number, in quotes.")),
        (
            "partition",
            text("Partition of ARNs; aws where it is not given."),
        ),
        ("cluster", text("Name of the cluster.")),
        ("allowedAccounts", texts("Accounts that may be acted in.")),
        ("allowedRegions", texts("Regions that may be acted in.")),
        ("allowedClusters", texts("Clusters that may be acted in.")),
        (
            "state",
            text("Where records of releases are: s3://bucket/prefix, or a folder."),
        ),
        (
            "names",
            part(
                "Patterns with {cluster}, {name}, {namespace}, {release}, {service} and {port}.",
                &[
                    (
                        "family",
                        text("Families of task definitions: {cluster}-{name}."),
                    ),
                    ("service", text("Services: {name}.")),
                    (
                        "targetGroup",
                        text("Target groups: {cluster}-{service}-{port}."),
                    ),
                    ("schedule", text("Schedules: {cluster}-{name}.")),
                ],
            ),
        ),
        (
            "launchType",
            one_of(
                &["FARGATE", "EC2", "EXTERNAL", "MANAGED_INSTANCES"],
                "What tasks run on.",
            ),
        ),
        (
            "capacityProviders",
            text("NAME:base=1,weight=1;..., instead of a launch type."),
        ),
        ("platformVersion", text("Fargate's platform version.")),
        (
            "network",
            part(
                "Where tasks are in the network.",
                &[
                    ("subnets", texts("Subnets, at most 16.")),
                    ("securityGroups", texts("Security groups, at most 5.")),
                    ("assignPublicIp", flag("Give tasks public addresses.")),
                ],
            ),
        ),
        (
            "executionRoleArn",
            text("Role that pulls images and reads secrets."),
        ),
        (
            "taskRoleArn",
            text("Role of tasks whose service account has none."),
        ),
        (
            "infrastructureRoleArn",
            text("Role that ECS manages load balancers and volumes with."),
        ),
        (
            "schedulerRoleArn",
            text("Role that EventBridge Scheduler runs tasks with."),
        ),
        (
            "stepFunctionsRoleArn",
            text("Role that state machines of jobs run tasks with."),
        ),
        ("taskRoles", map("Task roles by NAMESPACE/SERVICEACCOUNT.")),
        (
            "logs",
            part(
                "Where logs go.",
                &[
                    (
                        "driver",
                        text("The log driver: awslogs; none leaves it to ECS."),
                    ),
                    (
                        "group",
                        text("Pattern of log groups: /ecs/{cluster}/{name}."),
                    ),
                    ("manageGroup", flag("Create log groups.")),
                    ("retentionDays", number("Days that logs are kept.")),
                    ("options", map("Further options of the driver.")),
                ],
            ),
        ),
        ("tags", map("Tags of everything.")),
        (
            "propagateTags",
            one_of(
                &["SERVICE", "TASK_DEFINITION", "NONE"],
                "Where tasks get tags from.",
            ),
        ),
    ]
}

fn translation() -> Vec<(&'static str, Value)> {
    let sized = |about: &str| one_of(&["requests", "limits"], about);
    vec![
        (
            "serviceConnect",
            part(
                "Names of services inside the cluster.",
                &[
                    (
                        "namespace",
                        text("The namespace; the cluster's own where it is not given."),
                    ),
                    (
                        "clients",
                        one_of(&["auto", "all", "none"], "Which services can call others."),
                    ),
                    (
                        "rewriteServiceDns",
                        flag("Write longer DNS names of Services as the bare one."),
                    ),
                ],
            ),
        ),
        (
            "discovery",
            one_of(
                &["connect", "cloudmap", "both"],
                "How services find each other.",
            ),
        ),
        (
            "cloudMap",
            part(
                "Names in DNS.",
                &[
                    ("namespaceId", text("The namespace's id, ns-...")),
                    ("namespace", text("Its name.")),
                ],
            ),
        ),
        (
            "ingress",
            part(
                "How Ingresses and routes are translated.",
                &[
                    (
                        "mode",
                        one_of(
                            &["managed", "attach", "gateway"],
                            "Whose target groups and rules they are.",
                        ),
                    ),
                    ("vpcId", text("The VPC of target groups.")),
                    ("listenerArn", text("The listener that rules are added to.")),
                    (
                        "httpListenerArn",
                        text("The listener without TLS, for redirects."),
                    ),
                    (
                        "priorityBand",
                        json!({
                            "type": "array",
                            "items": {"type": "integer", "minimum": 1, "maximum": 50000},
                            "minItems": 2,
                            "maxItems": 2,
                            "description": "First and last rule priority of Ingresses without group.order.",
                        }),
                    ),
                ],
            ),
        ),
        (
            "nlb",
            part(
                "Services of type LoadBalancer.",
                &[(
                    "arn",
                    text("The network load balancer that listeners are added to."),
                )],
            ),
        ),
        (
            "secrets",
            part(
                "What becomes of Secrets.",
                &[
                    (
                        "mode",
                        one_of(
                            &["reference", "secretsmanager", "ssm"],
                            "Where their data is.",
                        ),
                    ),
                    ("map", map("ARNs by NAMESPACE/NAME.")),
                    (
                        "keys",
                        json!({
                            "type": "object",
                            "additionalProperties": {"type": "array", "items": {"type": "string"}},
                            "description": "Keys of Secrets that are not in the release, by NAMESPACE/NAME.",
                        }),
                    ),
                    ("prefix", text("What names of uploaded secrets begin with.")),
                ],
            ),
        ),
        (
            "circuitBreaker",
            part(
                "When a deployment is given up.",
                &[
                    ("enable", flag("Give up at all.")),
                    ("rollback", flag("Bring the last good one back.")),
                    (
                        "threshold",
                        text("After how many failures: COUNT:5, BOUNDED_PERCENT:50."),
                    ),
                ],
            ),
        ),
        (
            "httpProbe",
            one_of(
                &["auto", "wget", "curl", "none"],
                "What HTTP probes are done with.",
            ),
        ),
        (
            "configFiles",
            part(
                "How files of ConfigMaps and Secrets come into containers.",
                &[
                    ("mode", one_of(&["error", "init"], "Who writes them.")),
                    ("image", text("Image of the container that writes them.")),
                ],
            ),
        ),
        (
            "sizing",
            part(
                "What sizes of tasks follow from.",
                &[
                    ("cpu", sized("CPU: requests.")),
                    ("memory", sized("Memory: limits.")),
                ],
            ),
        ),
        (
            "defaults",
            part(
                "Sizes where nothing is asked for.",
                &[
                    ("cpu", number("CPU units: 256.")),
                    ("memory", number("MiB: 512.")),
                ],
            ),
        ),
        (
            "claims",
            json!({
                "type": "object",
                "description": "What claims stand for, by NAMESPACE/CLAIM.",
                "additionalProperties": part(
                    "A claim.",
                    &[
                        ("efs", json!({"type": ["string", "object"], "description": "fs-1, fs-1::fsap-2, or members of efsVolumeConfiguration."})),
                        ("s3files", json!({"type": ["string", "object"], "description": "Members of s3filesVolumeConfiguration."})),
                        ("ebs", json!({"type": ["boolean", "object"], "description": "Members of managedEBSVolume."})),
                    ],
                ),
            }),
        ),
        (
            "registries",
            map("Secrets with credentials of registries, by host."),
        ),
        (
            "hpa",
            part(
                "How autoscalers are translated.",
                &[(
                    "rescale",
                    flag("Percentages of requests become percentages of the task."),
                )],
            ),
        ),
        (
            "jobRunner",
            one_of(&["scheduler", "stepfunctions"], "What runs CronJobs."),
        ),
        (
            "allow",
            json!({
                "type": "array",
                "description": "Warnings and infos that are known and accepted.",
                "items": part(
                    "A finding.",
                    &[
                        ("code", text("ECS2001")),
                        ("object", text("The object, as findings name it.")),
                        ("reason", text("Why.")),
                        ("until", text("The last day on which it is accepted, 2026-12-31.")),
                    ],
                ),
            }),
        ),
        ("ignoreKinds", texts("Kinds that are left out.")),
        (
            "ignore",
            part(
                "What of live resources belongs to others.",
                &[("tags", texts("Keys of tags."))],
            ),
        ),
        ("strict", flag("Warnings are errors.")),
    ]
}

fn copilot() -> Value {
    let balancer = |about: &str| {
        part(
            about,
            &[
                ("arn", text("The load balancer itself.")),
                ("listenerArn", text("Its listener.")),
                ("httpListenerArn", text("Its listener without TLS.")),
                ("fullName", text("app/NAME/ID, as metrics name it.")),
                ("dnsName", text("Its name in DNS.")),
                (
                    "certificateArn",
                    text("The certificate of its TLS listeners."),
                ),
            ],
        )
    };
    part(
        "What copilot env created.",
        &[
            ("app", text("Name of the application.")),
            ("env", text("Name of the environment.")),
            (
                "envVars",
                one_of(
                    &["keep", "drop"],
                    "Give containers the variables COPILOT_*.",
                ),
            ),
            ("publicSubnets", texts("Subnets with public addresses.")),
            ("privateSubnets", texts("Subnets without.")),
            (
                "environmentSecurityGroup",
                text("The security group of the environment."),
            ),
            ("vpcId", text("The VPC.")),
            (
                "discovery",
                part(
                    "The namespace of names.",
                    &[
                        ("namespace", text("Its name.")),
                        ("namespaceId", text("Its id.")),
                    ],
                ),
            ),
            ("publicAlb", balancer("The load balancer for the world.")),
            ("privateAlb", balancer("The load balancer inside the VPC.")),
            ("nlb", balancer("The network load balancer.")),
            (
                "albs",
                json!({
                    "type": "object",
                    "additionalProperties": balancer("A load balancer."),
                    "description": "Load balancers that manifests name with http.alb.",
                }),
            ),
            (
                "roles",
                part(
                    "Roles; {name} is the workload's.",
                    &[
                        (
                            "execution",
                            text("Role that pulls images and reads secrets."),
                        ),
                        ("task", text("Role of tasks.")),
                        ("scheduler", text("Role that schedules run tasks with.")),
                    ],
                ),
            ),
            (
                "images",
                map("Images that Copilot would build, by workload."),
            ),
            ("envFiles", map("ARNs of environment files, by workload.")),
            ("logRetentionDays", number("Days that logs are kept.")),
            ("queueUris", map("Queues of workers.")),
            (
                "topicQueueUris",
                maps("Queues of topics of workers, as a map or as JSON."),
            ),
            (
                "topicArns",
                maps("Topics that workloads publish to, as a map or as JSON."),
            ),
            (
                "priorities",
                json!({"type": "object", "additionalProperties": {"type": "integer"}, "description": "Rule priorities, by workload."}),
            ),
            ("fileSystems", map("The managed file system, by workload.")),
            (
                "managed",
                text("The file system that the environment manages."),
            ),
            ("exports", map("Values of CloudFormation exports.")),
            (
                "addons",
                json!({"type": "object", "additionalProperties": map("Variables."), "description": "Outputs of addons, by workload."}),
            ),
            (
                "jobRunner",
                one_of(&["scheduler", "stepfunctions"], "What runs jobs."),
            ),
            (
                "roles_stepfunctions",
                map("Roles of state machines, by workload."),
            ),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    /// Every struct of the configuration has the members that the schema has.
    fn compare(path: &str, schema: &Value, code: &Value) {
        let (Some(properties), Value::Object(members)) = (schema["properties"].as_object(), code)
        else {
            return;
        };
        let mut wanted: Vec<&String> = members.keys().collect();
        let mut told: Vec<&String> = properties.keys().collect();
        wanted.sort();
        told.sort();
        assert_eq!(told, wanted, "{path}");
        for (name, value) in members {
            compare(&format!("{path}.{name}"), &properties[name], value);
        }
    }

    #[test]
    fn the_schema_has_the_members_of_the_code() {
        let code = serde_json::to_value(Config::default()).unwrap();
        compare("ecs", &schema(), &code);
    }
}
