//! What an account has that a configuration can name.

use serde_json::{Value, json};

use super::super::Ecs;
use super::super::account::{last, text, texts};
use super::super::kind::{self, service::describe};
use crate::diag::Error;
use crate::net::aws::service::{BALANCING, ECS, IDENTITY, NETWORKS};

/// A subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Where it is.
    pub zone: String,
    /// Whether machines in it get public addresses.
    pub is_public: bool,
}

/// A security group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its VPC.
    pub vpc: String,
}

/// A listener of an application load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// The load balancer's name.
    pub balancer: String,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The port.
    pub port: i64,
    /// The VPC.
    pub vpc: String,
}

/// What the services of a cluster use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Subnets.
    pub subnets: Vec<String>,
    /// Security groups.
    pub groups: Vec<String>,
    /// Whether tasks get public addresses.
    pub is_public: Option<bool>,
    /// Execution roles.
    pub execution_roles: Vec<String>,
}

/// What an account has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The account's number.
    pub account: String,
    /// The region.
    pub region: String,
    /// Names of clusters.
    pub clusters: Vec<String>,
    /// Subnets.
    pub subnets: Vec<Subnet>,
    /// Security groups.
    pub groups: Vec<Group>,
    /// Roles that tasks may have, or nothing where they may not be seen.
    pub roles: Vec<String>,
    /// Listeners of application load balancers.
    pub listeners: Vec<Listener>,
    /// What could not be seen.
    pub unseen: Vec<String>,
}

impl Ecs {
    /// The names of the clusters, with the account's number and the region.
    ///
    /// # Errors
    /// What Amazon says; keys and regions that there are not.
    pub fn clusters(&self) -> Result<Found, Error> {
        let region = self.account.api.region()?;
        let account = self.number()?;
        let arns = self
            .account
            .api
            .pages(&ECS, "ListClusters", &json!({}), "clusterArns")?;
        let mut clusters: Vec<String> = arns
            .iter()
            .filter_map(Value::as_str)
            .map(|it| last(it).to_owned())
            .collect();
        clusters.sort();
        Ok(Found {
            account,
            region,
            clusters,
            ..Found::default()
        })
    }

    /// Networks, roles and listeners, added to what is known. What may not be seen is said, and left out.
    pub fn look_around(&self, found: &mut Found) {
        let api = &self.account.api;
        let mut unseen = Vec::new();
        let mut all = |service, operation: &str, list: &str| match api.pages(
            service,
            operation,
            &json!({}),
            list,
        ) {
            Ok(items) => items,
            Err(fault) => {
                unseen.push(format!("{operation}: {fault}"));
                Vec::new()
            }
        };
        found.subnets = all(&NETWORKS, "DescribeSubnets", "Subnets")
            .iter()
            .map(|it| Subnet {
                id: text(it, "SubnetId").to_owned(),
                vpc: text(it, "VpcId").to_owned(),
                zone: text(it, "AvailabilityZone").to_owned(),
                is_public: it["MapPublicIpOnLaunch"] == true,
            })
            .collect();
        found.groups = all(&NETWORKS, "DescribeSecurityGroups", "SecurityGroups")
            .iter()
            .map(|it| Group {
                id: text(it, "GroupId").to_owned(),
                name: text(it, "GroupName").to_owned(),
                vpc: text(it, "VpcId").to_owned(),
            })
            .collect();
        found.roles = all(&IDENTITY, "ListRoles", "Roles")
            .iter()
            .filter(|it| trusts(text(it, "AssumeRolePolicyDocument"), TASKS) == Some(true))
            .map(|it| text(it, "Arn").to_owned())
            .collect();
        let balancers = all(&BALANCING, "DescribeLoadBalancers", "LoadBalancers");
        for balancer in balancers.iter().filter(|it| it["Type"] == "application") {
            let input = json!({"LoadBalancerArn": balancer["LoadBalancerArn"]});
            match api.pages(&BALANCING, "DescribeListeners", &input, "Listeners") {
                Ok(listeners) => found.listeners.extend(listeners.iter().map(|it| Listener {
                    arn: text(it, "ListenerArn").to_owned(),
                    balancer: text(balancer, "LoadBalancerName").to_owned(),
                    protocol: text(it, "Protocol").to_owned(),
                    port: it["Port"].as_i64().unwrap_or_default(),
                    vpc: text(balancer, "VpcId").to_owned(),
                })),
                Err(fault) => unseen.push(format!("DescribeListeners: {fault}")),
            }
        }
        found.unseen = unseen;
    }

    /// What the services of a cluster use.
    ///
    /// # Errors
    /// What ECS says.
    pub fn used(&self, cluster: &str) -> Result<Used, Error> {
        let api = &self.account.api;
        let arns = api.pages(
            &ECS,
            "ListServices",
            &json!({"cluster": cluster}),
            "serviceArns",
        )?;
        let names: Vec<&str> = arns
            .iter()
            .filter_map(Value::as_str)
            .map(last)
            .take(50)
            .collect();
        let mut used = Used::default();
        let mut definitions: Vec<String> = Vec::new();
        for service in describe(&self.account, cluster, &names)?.values() {
            let vpc = &service["networkConfiguration"]["awsvpcConfiguration"];
            used.subnets.extend(texts(vpc, "subnets"));
            used.groups.extend(texts(vpc, "securityGroups"));
            if let Some(word) = vpc["assignPublicIp"].as_str() {
                used.is_public = Some(used.is_public.unwrap_or_default() || word == "ENABLED");
            }
            definitions.push(text(service, "taskDefinition").to_owned());
        }
        let read = self.account.each(&definitions, |arn| {
            kind::read_definition(&self.account, arn)
        });
        for live in read.into_iter().flatten().flatten() {
            let role = text(&live.told, "executionRoleArn");
            if !role.is_empty() {
                used.execution_roles.push(role.to_owned());
            }
        }
        for list in [
            &mut used.subnets,
            &mut used.groups,
            &mut used.execution_roles,
        ] {
            list.sort();
            list.dedup();
        }
        Ok(used)
    }
}

/// Who runs tasks.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Whether a service may assume a role with this policy, which comes with `%` in it; nothing where there is
/// none.
pub(super) fn trusts(policy: &str, service: &str) -> Option<bool> {
    if policy.is_empty() {
        return None;
    }
    let text = crate::go::url::path_unescape(policy).ok()?;
    let policy: Value = serde_json::from_slice(&text).ok()?;
    let statements = match &policy["Statement"] {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    let is_it = |value: &Value| match value {
        Value::String(one) => one == service || one == "*",
        Value::Array(all) => all.iter().any(|it| it == service),
        _ => false,
    };
    let allows = |statement: &&&Value| {
        statement["Effect"] == "Allow" && is_it(&statement["Principal"]["Service"])
    };
    Some(statements.iter().find(|it| allows(it)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_say_who_may_assume_a_role() {
        let of = |principal: &str| {
            format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"Service":{principal}}},"Action":"sts:AssumeRole"}}]}}"#
            )
        };
        for (policy, want) in [
            (of("\"ecs-tasks.amazonaws.com\""), Some(true)),
            (of("[\"ec2.amazonaws.com\",\"ecs-tasks.amazonaws.com\"]"), Some(true)),
            (of("\"ec2.amazonaws.com\""), Some(false)),
            ("%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ecs-tasks.amazonaws.com%22%7D%7D%7D".to_owned(), Some(true)),
            (String::new(), None),
        ] {
            assert_eq!(trusts(&policy, TASKS), want, "{policy}");
        }
    }
}
