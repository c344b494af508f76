//! The least that whoever brings a release to a cluster has to be allowed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::account::{last, list, text};
use super::super::kind::{DEFINITION, LOG_GROUP, RUN_TASK, SERVICE, service::cluster_of};
use super::super::{Ecs, Location};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;

/// The roles that resources hand on, each with the service that is to assume it.
pub(super) fn roles(resources: &[Resource]) -> Vec<(String, &'static str)> {
    const TASKS: &str = "ecs-tasks.amazonaws.com";
    let mut found: Vec<(String, &'static str)> = Vec::new();
    let mut add = |value: &Value, service: &'static str| {
        if let Some(arn) = value
            .as_str()
            .filter(|it| !it.is_empty() && !it.contains("${"))
            && !found
                .iter()
                .any(|(known, of)| known == arn && *of == service)
        {
            found.push((arn.to_owned(), service));
        }
    };
    for resource in resources {
        let request = &resource.request;
        match resource.kind.as_str() {
            DEFINITION => {
                add(&request["executionRoleArn"], TASKS);
                add(&request["taskRoleArn"], TASKS);
            }
            SERVICE | RUN_TASK => {
                for volume in list(request, "volumeConfigurations") {
                    add(&volume["managedEBSVolume"]["roleArn"], "ecs.amazonaws.com");
                }
                for balancer in list(request, "loadBalancers") {
                    add(
                        &balancer["advancedConfiguration"]["roleArn"],
                        "ecs.amazonaws.com",
                    );
                }
                for hook in list(&request["deploymentConfiguration"], "lifecycleHooks") {
                    add(&hook["roleArn"], "ecs.amazonaws.com");
                }
                for name in ["taskRoleArn", "executionRoleArn"] {
                    add(&request["overrides"][name], TASKS);
                }
            }
            "scheduler:Schedule" => add(&request["Target"]["RoleArn"], "scheduler.amazonaws.com"),
            "events:Rule" => {
                let targets = resource.settings.get("targets").and_then(Value::as_array);
                for target in targets
                    .into_iter()
                    .flatten()
                    .chain(list(request, "Targets"))
                {
                    add(&target["RoleArn"], "events.amazonaws.com");
                }
            }
            "states:StateMachine" => add(&request["roleArn"], "states.amazonaws.com"),
            _ => {}
        }
    }
    found
}

/// Statements, in order; those with the same name are joined.
#[derive(Default)]
struct Policy {
    statements: Vec<(&'static str, Vec<&'static str>, Vec<String>, Value)>,
}

impl Policy {
    fn allow(&mut self, sid: &'static str, actions: &[&'static str], resources: &[String]) {
        self.allow_where(sid, actions, resources, Value::Null);
    }

    fn allow_where(
        &mut self,
        sid: &'static str,
        actions: &[&'static str],
        resources: &[String],
        condition: Value,
    ) {
        let known = self.statements.iter().position(|it| it.0 == sid);
        let at = known.unwrap_or_else(|| {
            self.statements
                .push((sid, Vec::new(), Vec::new(), condition));
            self.statements.len() - 1
        });
        let statement = &mut self.statements[at];
        for action in actions {
            if !statement.1.contains(action) {
                statement.1.push(action);
            }
        }
        for resource in resources {
            if !statement.2.contains(resource) {
                statement.2.push(resource.clone());
            }
        }
    }

    fn to_json(&self) -> Value {
        let statements = self
            .statements
            .iter()
            .map(|(sid, actions, resources, condition)| {
                let mut statement = json!({
                    "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources,
                });
                if !condition.is_null() {
                    statement["Condition"] = condition.clone();
                }
                statement
            });
        json!({"Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>()})
    }
}

/// Where resources are.
struct Scope {
    partition: String,
    region: String,
    account: String,
}

impl Scope {
    fn arn(&self, service: &str, rest: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{rest}",
            self.partition, self.region, self.account
        )
    }
}

fn any() -> Vec<String> {
    vec!["*".to_owned()]
}

impl Ecs {
    /// The least policy for planning, bringing, waiting for, rolling back and uninstalling a release of this
    /// name with these resources, as IAM has it.
    ///
    /// # Errors
    /// Nobody says who asks, or of which region.
    pub fn least_policy(
        &self,
        (namespace, release): (&str, &str),
        resources: &[Resource],
    ) -> Result<Value, Error> {
        let config = &self.account.config;
        let scope = Scope {
            partition: config.partition().to_owned(),
            region: self.account.api.region()?,
            account: match &config.account {
                Some(account) => account.clone(),
                None => self.number()?,
            },
        };
        let mut policy = Policy::default();
        self.of_cluster(&scope, resources, &mut policy);
        for resource in resources {
            of_resource(&scope, resource, &mut policy);
        }
        let mut by_service: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (arn, service) in roles(resources) {
            let arn = match arn.starts_with("arn:") {
                true => arn,
                false => format!("arn:{}:iam::{}:role/{arn}", scope.partition, scope.account),
            };
            by_service.entry(service).or_default().push(arn);
        }
        for (service, arns) in by_service {
            let sid = match service {
                "ecs-tasks.amazonaws.com" => "PassTaskRoles",
                "ecs.amazonaws.com" => "PassInfrastructureRoles",
                "scheduler.amazonaws.com" => "PassScheduleRoles",
                "events.amazonaws.com" => "PassEventRoles",
                _ => "PassStateMachineRoles",
            };
            let condition = json!({"StringEquals": {"iam:PassedToService": service}});
            policy.allow_where(sid, &["iam:PassRole"], &arns, condition);
        }
        self.of_state(&scope, (namespace, release), &mut policy);
        Ok(policy.to_json())
    }

    fn of_cluster(&self, scope: &Scope, resources: &[Resource], policy: &mut Policy) {
        let mut clusters = vec![self.account.cluster().to_owned()];
        for resource in resources
            .iter()
            .filter(|it| [SERVICE, RUN_TASK].contains(&it.kind.as_str()))
        {
            clusters.push(cluster_of(&self.account, &resource.request).to_owned());
        }
        clusters.iter_mut().for_each(|it| *it = last(it).to_owned());
        clusters.sort();
        clusters.dedup();
        for resource in resources.iter().filter(|it| it.kind == SERVICE) {
            let cluster = last(cluster_of(&self.account, &resource.request));
            let name = text(&resource.request, "serviceName");
            let arns = [
                scope.arn("ecs", &format!("service/{cluster}/{name}")),
                scope.arn("ecs", &format!("service-deployment/{cluster}/{name}/*")),
                scope.arn("ecs", &format!("service-revision/{cluster}/{name}/*")),
            ];
            let actions = [
                "ecs:CreateService",
                "ecs:UpdateService",
                "ecs:DeleteService",
                "ecs:DescribeServices",
                "ecs:ListServiceDeployments",
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServiceRevisions",
                "ecs:StopServiceDeployment",
                "ecs:ContinueServiceDeployment",
                "ecs:TagResource",
                "ecs:UntagResource",
            ];
            policy.allow("Services", &actions, &arns);
        }
        let arns: Vec<String> = clusters
            .iter()
            .map(|it| scope.arn("ecs", &format!("cluster/{it}")))
            .collect();
        policy.allow("Clusters", &["ecs:DescribeClusters"], &arns);
        let tasks: Vec<String> = clusters
            .iter()
            .map(|it| scope.arn("ecs", &format!("task/{it}/*")))
            .collect();
        policy.allow(
            "Tasks",
            &["ecs:DescribeTasks", "ecs:StopTask", "ecs:TagResource"],
            &tasks,
        );
        let within = json!({"ArnEquals": {"ecs:cluster": arns}});
        policy.allow_where(
            "ListTasks",
            &["ecs:ListTasks", "ecs:ListServices"],
            &any(),
            within.clone(),
        );
        let families: Vec<String> = resources
            .iter()
            .filter(|it| it.kind == DEFINITION)
            .map(|it| {
                scope.arn(
                    "ecs",
                    &format!("task-definition/{}:*", text(&it.request, "family")),
                )
            })
            .collect();
        if !families.is_empty() {
            policy.allow(
                "TaskDefinitions",
                &[
                    "ecs:RegisterTaskDefinition",
                    "ecs:DeleteTaskDefinitions",
                    "ecs:TagResource",
                    "ecs:UntagResource",
                ],
                &families,
            );
        }
        // These know no resources.
        policy.allow(
            "ReadTaskDefinitions",
            &[
                "ecs:DescribeTaskDefinition",
                "ecs:ListTaskDefinitions",
                "ecs:DeregisterTaskDefinition",
            ],
            &any(),
        );
        if resources.iter().any(|it| it.kind == RUN_TASK) {
            policy.allow_where("RunTasks", &["ecs:RunTask"], &families, within);
        }
    }

    fn of_state(&self, scope: &Scope, (namespace, release): (&str, &str), policy: &mut Policy) {
        let state = self.account.config.state.as_deref().unwrap_or_default();
        let Ok(Location::Bucket { bucket, prefix, .. }) = Location::parse(state) else {
            return;
        };
        let cluster = last(self.account.cluster());
        let begin = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        let folder = format!(
            "{begin}{}/{}/{cluster}/{namespace}",
            scope.account, scope.region
        );
        let bucket = format!("arn:{}:s3:::{bucket}", scope.partition);
        policy.allow_where(
            "ListState",
            &["s3:ListBucket"],
            std::slice::from_ref(&bucket),
            json!({"StringLike": {"s3:prefix": [format!("{folder}*"), format!("{begin}{}/{}/{cluster}/*", scope.account, scope.region)]}}),
        );
        policy.allow(
            "State",
            &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            &[format!("{bucket}/{folder}/{release}/*")],
        );
    }
}

fn of_resource(scope: &Scope, resource: &Resource, policy: &mut Policy) {
    let request = &resource.request;
    match resource.kind.as_str() {
        DEFINITION => {
            for container in list(request, "containerDefinitions") {
                let options = &container["logConfiguration"]["options"];
                let group = text(options, "awslogs-group");
                if !group.is_empty() {
                    let arn = scope.arn("logs", &format!("log-group:{group}:log-stream:*"));
                    policy.allow("ReadLogs", &["logs:GetLogEvents"], &[arn]);
                }
            }
        }
        LOG_GROUP => {
            let name = text(request, "logGroupName");
            let arns = [
                scope.arn("logs", &format!("log-group:{name}")),
                scope.arn("logs", &format!("log-group:{name}:*")),
            ];
            let actions = [
                "logs:CreateLogGroup",
                "logs:DeleteLogGroup",
                "logs:PutRetentionPolicy",
                "logs:DeleteRetentionPolicy",
                "logs:ListTagsForResource",
                "logs:TagResource",
                "logs:UntagResource",
            ];
            policy.allow("LogGroups", &actions, &arns);
            policy.allow("ListLogGroups", &["logs:DescribeLogGroups"], &any());
        }
        kind if kind.starts_with("elbv2:") => of_balancing(scope, resource, policy),
        kind if kind.starts_with("application-autoscaling:") => {
            policy.allow_where(
                "Scaling",
                &[
                    "application-autoscaling:DescribeScalableTargets",
                    "application-autoscaling:DescribeScalingPolicies",
                    "application-autoscaling:DescribeScheduledActions",
                    "application-autoscaling:ListTagsForResource",
                ],
                &any(),
                Value::Null,
            );
            policy.allow_where(
                "ChangeScaling",
                &[
                    "application-autoscaling:RegisterScalableTarget",
                    "application-autoscaling:DeregisterScalableTarget",
                    "application-autoscaling:PutScalingPolicy",
                    "application-autoscaling:DeleteScalingPolicy",
                    "application-autoscaling:PutScheduledAction",
                    "application-autoscaling:DeleteScheduledAction",
                    "application-autoscaling:TagResource",
                    "application-autoscaling:UntagResource",
                ],
                &[scope.arn("application-autoscaling", "scalable-target/*")],
                json!({"StringEquals": {"application-autoscaling:service-namespace": "ecs"}}),
            );
        }
        "scheduler:Schedule" => {
            let group = request["GroupName"].as_str().unwrap_or("default");
            let arn = scope.arn(
                "scheduler",
                &format!("schedule/{group}/{}", text(request, "Name")),
            );
            let actions = [
                "scheduler:GetSchedule",
                "scheduler:CreateSchedule",
                "scheduler:UpdateSchedule",
                "scheduler:DeleteSchedule",
            ];
            policy.allow("Schedules", &actions, &[arn]);
        }
        "events:Rule" => {
            let bus = request["EventBusName"]
                .as_str()
                .filter(|it| *it != "default");
            let bus = bus.map(|it| format!("{}/", last(it))).unwrap_or_default();
            let arn = scope.arn("events", &format!("rule/{bus}{}", text(request, "Name")));
            let actions = [
                "events:DescribeRule",
                "events:ListTargetsByRule",
                "events:ListTagsForResource",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
                "events:DeleteRule",
                "events:TagResource",
                "events:UntagResource",
            ];
            policy.allow("Rules", &actions, &[arn]);
        }
        "servicediscovery:Service" => {
            let read = [
                "servicediscovery:ListServices",
                "servicediscovery:ListTagsForResource",
            ];
            policy.allow("ReadDiscovery", &read, &any());
            let namespace = text(request, "NamespaceId");
            let arns = [
                scope.arn("servicediscovery", &format!("namespace/{namespace}")),
                scope.arn("servicediscovery", "service/*"),
            ];
            let actions = [
                "servicediscovery:CreateService",
                "servicediscovery:GetService",
                "servicediscovery:UpdateService",
                "servicediscovery:DeleteService",
                "servicediscovery:TagResource",
                "servicediscovery:UntagResource",
            ];
            policy.allow("Discovery", &actions, &arns);
        }
        "states:StateMachine" => {
            let arn = scope.arn("states", &format!("stateMachine:{}", text(request, "name")));
            let actions = [
                "states:DescribeStateMachine",
                "states:CreateStateMachine",
                "states:UpdateStateMachine",
                "states:DeleteStateMachine",
                "states:ListTagsForResource",
                "states:TagResource",
                "states:UntagResource",
            ];
            policy.allow("StateMachines", &actions, &[arn]);
        }
        "secretsmanager:Secret" => {
            let arn = scope.arn(
                "secretsmanager",
                &format!("secret:{}-??????", text(request, "Name")),
            );
            let actions = [
                "secretsmanager:DescribeSecret",
                "secretsmanager:CreateSecret",
                "secretsmanager:PutSecretValue",
                "secretsmanager:DeleteSecret",
                "secretsmanager:TagResource",
                "secretsmanager:UntagResource",
            ];
            policy.allow("Secrets", &actions, &[arn]);
        }
        "ssm:Parameter" => {
            let name = text(request, "Name").trim_start_matches('/');
            let actions = [
                "ssm:GetParameter",
                "ssm:GetParameters",
                "ssm:PutParameter",
                "ssm:DeleteParameter",
                "ssm:ListTagsForResource",
                "ssm:AddTagsToResource",
                "ssm:RemoveTagsFromResource",
            ];
            policy.allow(
                "Parameters",
                &actions,
                &[scope.arn("ssm", &format!("parameter/{name}"))],
            );
        }
        _ => {}
    }
}

fn of_balancing(scope: &Scope, resource: &Resource, policy: &mut Policy) {
    let request = &resource.request;
    // What reads knows no resources.
    let read = [
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTags",
    ];
    policy.allow("ReadBalancing", &read, &any());
    match resource.kind.as_str() {
        "elbv2:TargetGroup" => {
            let name = text(request, "Name");
            let actions = [
                "elasticloadbalancing:CreateTargetGroup",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:RemoveTags",
            ];
            let arn = scope.arn("elasticloadbalancing", &format!("targetgroup/{name}/*"));
            policy.allow("TargetGroups", &actions, &[arn]);
        }
        "elbv2:ListenerRule" => {
            let listener = text(request, "ListenerArn");
            let arns = match listener.starts_with("arn:") {
                true => vec![
                    listener.to_owned(),
                    format!(
                        "{}/*",
                        listener.replacen(":listener/", ":listener-rule/", 1)
                    ),
                ],
                false => vec![
                    scope.arn("elasticloadbalancing", "listener/*"),
                    scope.arn("elasticloadbalancing", "listener-rule/*"),
                ],
            };
            let actions = [
                "elasticloadbalancing:CreateRule",
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:SetRulePriorities",
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:RemoveTags",
            ];
            policy.allow("ListenerRules", &actions, &arns);
        }
        _ => {
            let balancer = text(request, "LoadBalancerArn");
            let arns = match balancer.starts_with("arn:") {
                true => vec![
                    balancer.to_owned(),
                    format!("{}/*", balancer.replacen(":loadbalancer/", ":listener/", 1)),
                ],
                false => vec![scope.arn("elasticloadbalancing", "*")],
            };
            let actions = [
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:RemoveTags",
            ];
            policy.allow("Listeners", &actions, &arns);
        }
    }
}
