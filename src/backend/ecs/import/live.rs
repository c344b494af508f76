//! What is asked of an account for an import; nothing in it is changed.

use serde_json::{Map, Value, json};

use super::service::Live;
use crate::diag::{Error, Kind};
use crate::net::aws::{Service, service};

/// Asks a service: operation and input in, the answer out.
pub type Ask<'a> = &'a dyn Fn(&Service, &str, &Value) -> Result<Value, Error>;

/// A service as it runs, with its task definition and what scales it.
///
/// # Errors
/// What services say; [`Kind::Usage`] where there is no such service.
pub fn running(ask: Ask<'_>, cluster: &str, name: &str) -> Result<Live, Error> {
    let input = json!({"cluster": cluster, "services": [name], "include": ["TAGS"]});
    let answer = ask(&service::ECS, "DescribeServices", &input)?;
    let found = answer["services"]
        .as_array()
        .and_then(|services| services.first());
    let found = found.filter(|it| it["status"] != "INACTIVE");
    let described = found.cloned().ok_or_else(|| {
        let message = format!("there is no service {name:?} in the cluster {cluster:?}");
        Error::new(Kind::Usage, message).with_hint("`--all` imports all services of a cluster")
    })?;
    let definition = described["taskDefinition"].as_str().unwrap_or_default();
    let input = json!({"taskDefinition": definition, "include": ["TAGS"]});
    let task_definition = ask(&service::ECS, "DescribeTaskDefinition", &input)?;
    let id = format!("service/{cluster}/{name}");
    let input = json!({"ServiceNamespace": "ecs", "ResourceIds": [id]});
    let targets = pages(
        ask,
        (&service::AUTOSCALING, "DescribeScalableTargets"),
        &input,
        "ScalableTargets",
    )?;
    let input = json!({"ServiceNamespace": "ecs", "ResourceId": id});
    let policies = pages(
        ask,
        (&service::AUTOSCALING, "DescribeScalingPolicies"),
        &input,
        "ScalingPolicies",
    )?;
    Ok(Live {
        service: described,
        task_definition,
        targets,
        policies,
    })
}

/// Names of the services of a cluster, sorted.
///
/// # Errors
/// What ECS says.
pub fn services(ask: Ask<'_>, cluster: &str) -> Result<Vec<String>, Error> {
    let input = json!({"cluster": cluster});
    let found = pages(ask, (&service::ECS, "ListServices"), &input, "serviceArns")?;
    let name = |arn: &Value| Some(arn.as_str()?.rsplit('/').next()?.to_owned());
    let mut names: Vec<String> = found.iter().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// All pages of a list.
fn pages(
    ask: Ask<'_>,
    (service, operation): (&Service, &str),
    input: &Value,
    list: &str,
) -> Result<Vec<Value>, Error> {
    let mut input = input.clone();
    let mut found = Vec::new();
    // Enough for everybody; a service that never ends a list is not listened to for ever.
    for _ in 0..1000 {
        let mut answer = ask(service, operation, &input)?;
        if let Some(items) = answer[list].as_array_mut() {
            found.append(items);
        }
        let next = ["nextToken", "NextToken"]
            .into_iter()
            .find(|name| answer[*name].is_string());
        let Some(name) = next else {
            break;
        };
        input[name] = answer[name].take();
    }
    Ok(found)
}

/// What `copilot env init` made for an environment, as the `ecs:` part of a configuration.
///
/// # Errors
/// What CloudFormation says; [`Kind::Usage`] where the environment has no stack.
pub fn environment(ask: Ask<'_>, app: &str, name: &str) -> Result<Value, Error> {
    let stack = format!("{app}-{name}");
    let answer = ask(
        &service::STACKS,
        "DescribeStacks",
        &json!({"StackName": stack}),
    )?;
    let found = answer["Stacks"]
        .as_array()
        .and_then(|stacks| stacks.first())
        .cloned();
    let found = found.ok_or_else(|| {
        let message = format!("there is no stack {stack:?} of the environment {name:?}");
        Error::new(Kind::Usage, message)
    })?;
    let mut outputs = Map::new();
    for output in found["Outputs"].as_array().into_iter().flatten() {
        if let Some(key) = output["OutputKey"].as_str() {
            outputs.insert(key.to_owned(), output["OutputValue"].clone());
        }
    }
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| outputs.get(*name)?.as_str());
        found.map(str::to_owned)
    };
    let list = |name: &str| -> Vec<String> {
        let joined = text(&[name]).unwrap_or_default();
        joined
            .split(',')
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let balancer = |secure: &str, plain: &str, full: &str, dns: &str| {
        let mut found = json!({"fullName": text(&[full]), "dnsName": text(&[dns])});
        match text(&[secure]) {
            Some(listener) => {
                found["listenerArn"] = listener.into();
                found["httpListenerArn"] = json!(text(&[plain]));
            }
            None => found["listenerArn"] = json!(text(&[plain])),
        }
        found
    };
    let mut ecs = json!({
        "cluster": text(&["ClusterId"]),
        "copilot": {
            "app": app,
            "env": name,
            "publicSubnets": list("PublicSubnets"),
            "privateSubnets": list("PrivateSubnets"),
            "environmentSecurityGroup": text(&["EnvironmentSecurityGroup"]),
            "vpcId": text(&["VpcId"]),
            "discovery": {
                "namespace": format!("{name}.{app}.local"),
                "namespaceId": text(&["ServiceDiscoveryNamespaceID"]),
            },
            "publicAlb": balancer("HTTPSListenerArn", "HTTPListenerArn", "PublicLoadBalancerFullName", "PublicLoadBalancerDNSName"),
            "privateAlb": balancer("InternalHTTPSListenerArn", "InternalHTTPListenerArn", "InternalLoadBalancerFullName", "InternalLoadBalancerDNSName"),
        },
    });
    // arn:aws:cloudformation:REGION:ACCOUNT:stack/...
    let id = found["StackId"].as_str().unwrap_or_default();
    let parts: Vec<&str> = id.split(':').collect();
    if let [_, partition, _, region, account, ..] = parts[..] {
        ecs["region"] = region.into();
        ecs["account"] = account.into();
        if partition != "aws" {
            ecs["partition"] = partition.into();
        }
    }
    if let Some(system) = text(&["ManagedFileSystemID"]) {
        ecs["copilot"]["managed"] = system.into();
    }
    Ok(without_nulls(ecs))
}

/// What the stack of a workload made, which it goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Name of the service.
    pub service: Option<String>,
    /// Names of roles: execution, task, state machine.
    pub roles: [Option<String>; 3],
    /// Names of target groups, the first rule's first.
    pub groups: Vec<String>,
    /// Priorities of rules, in the same order.
    pub priorities: Vec<u32>,
    /// Images by container.
    pub images: Vec<(String, String)>,
    /// The queue of a worker.
    pub queue: Option<String>,
    /// The access point of the managed file system.
    pub access_point: Option<String>,
}

/// Looks at the stack of a workload; nothing where it was not deployed.
///
/// # Errors
/// What services say, but for that.
pub fn stack(
    ask: Ask<'_>,
    app: &str,
    environment: &str,
    name: &str,
) -> Result<Option<Stack>, Error> {
    let full = format!("{app}-{environment}-{name}");
    let input = json!({"StackName": full});
    let answer = match ask(&service::STACKS, "DescribeStackResources", &input) {
        Ok(answer) => answer,
        Err(error) if error.to_string().contains("does not exist") => return Ok(None),
        Err(error) => return Err(error),
    };
    let resources = answer["StackResources"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let of = |logical: &str| {
        let found = resources
            .iter()
            .find(|it| it["LogicalResourceId"] == logical);
        found
            .and_then(|it| it["PhysicalResourceId"].as_str())
            .map(str::to_owned)
    };
    let last = |id: Option<String>| id.and_then(|id| id.rsplit('/').next().map(str::to_owned));
    let mut found = Stack {
        service: last(of("Service")),
        roles: [of("ExecutionRole"), of("TaskRole"), of("StateMachineRole")],
        queue: of("EventsQueue"),
        access_point: last(of("AccessPoint")),
        ..Stack::default()
    };
    for index in 0..20 {
        let suffix = if index == 0 {
            String::new()
        } else {
            index.to_string()
        };
        let named = |word: &str| of(&format!("{word}{suffix}"));
        let group = named("TargetGroup").or_else(|| named("TargetGroupForImportedALB"));
        let Some(group) = group else {
            break;
        };
        // arn:...:targetgroup/NAME/ID
        found
            .groups
            .extend(group.split('/').nth(1).map(str::to_owned));
        let rule = [
            "HTTPSListenerRule",
            "HTTPListenerRule",
            "HTTPSListenerRuleForImportedALB",
            "HTTPListenerRuleForImportedALB",
        ];
        if let Some(rule) = rule.into_iter().find_map(named) {
            let answer = ask(
                &service::BALANCING,
                "DescribeRules",
                &json!({"RuleArns": [rule]}),
            )?;
            let priority = &answer["Rules"][0]["Priority"];
            let priority = priority.as_str().and_then(|it| it.parse().ok());
            found.priorities.extend(priority.or_else(|| {
                answer["Rules"][0]["Priority"]
                    .as_u64()
                    .and_then(|it| u32::try_from(it).ok())
            }));
        }
    }
    let answer = ask(
        &service::ECS,
        "DescribeTaskDefinition",
        &json!({"taskDefinition": full}),
    )?;
    for container in answer["taskDefinition"]["containerDefinitions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let text = |name: &str| container[name].as_str().unwrap_or_default().to_owned();
        found.images.push((text("name"), text("image")));
    }
    Ok(Some(found))
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                members
                    .map(|(name, value)| (name, without_nulls(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_read_from_its_stack() {
        let ask = |_: &Service, operation: &str, _: &Value| {
            assert_eq!(operation, "DescribeStacks");
            let output = |key: &str, value: &str| json!({"OutputKey": key, "OutputValue": value});
            Ok(json!({"Stacks": [{
                "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop-prod/x",
                "Outputs": [
                    output("ClusterId", "shop-prod-Cluster-1"),
                    output("PublicSubnets", "subnet-1,subnet-2"),
                    output("HTTPListenerArn", "arn:plain"),
                    output("HTTPSListenerArn", "arn:secure"),
                ],
            }]}))
        };
        let found = environment(&ask, "shop", "prod").unwrap();
        assert_eq!(found["region"], "eu-west-1");
        assert_eq!(found["account"], "111122223333");
        assert_eq!(found["cluster"], "shop-prod-Cluster-1");
        assert_eq!(
            found["copilot"]["publicSubnets"],
            json!(["subnet-1", "subnet-2"])
        );
        assert_eq!(
            found["copilot"]["publicAlb"],
            json!({"listenerArn": "arn:secure", "httpListenerArn": "arn:plain"})
        );
        let nothing = |_: &Service, _: &str, _: &Value| Ok(json!({"Stacks": []}));
        assert!(environment(&nothing, "shop", "prod").is_err());
    }

    #[test]
    fn a_workload_goes_by_what_its_stack_made() {
        let ask = |_: &Service, operation: &str, _: &Value| {
            let resource = |logical: &str, id: &str| json!({"LogicalResourceId": logical, "PhysicalResourceId": id});
            Ok(match operation {
                "DescribeStackResources" => json!({"StackResources": [
                    resource("Service", "arn:aws:ecs:r:1:service/c/shop-prod-web-Service-X"),
                    resource("ExecutionRole", "exec-X"),
                    resource("TargetGroup", "arn:aws:elasticloadbalancing:r:1:targetgroup/shop-Targe-X/1"),
                    resource("HTTPListenerRule", "arn:rule"),
                ]}),
                "DescribeRules" => json!({"Rules": [{"Priority": "7"}]}),
                _ => {
                    json!({"taskDefinition": {"containerDefinitions": [{"name": "web", "image": "i:1"}]}})
                }
            })
        };
        let found = stack(&ask, "shop", "prod", "web").unwrap().unwrap();
        assert_eq!(found.service.as_deref(), Some("shop-prod-web-Service-X"));
        assert_eq!(found.groups, ["shop-Targe-X"]);
        assert_eq!(found.priorities, [7]);
        assert_eq!(found.images, [("web".to_owned(), "i:1".to_owned())]);
        let missing = |_: &Service, _: &str, _: &Value| {
            Err(Error::new(
                Kind::Network,
                "Stack with id shop-prod-web does not exist",
            ))
        };
        assert_eq!(stack(&missing, "shop", "prod", "web").unwrap(), None);
    }
}
