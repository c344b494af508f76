//! Subnets, security groups, names inside the environment.

use serde_json::{Value, json};

use super::container::endpoint;
use super::port::Target;
use super::workload::{Workload, scalar};

/// Where tasks are in the network.
pub(super) struct Place {
    pub(super) subnets: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) is_public: bool,
}

impl Place {
    /// `ENABLED` or `DISABLED`.
    pub(super) fn address(&self) -> &'static str {
        match self.is_public {
            true => "ENABLED",
            false => "DISABLED",
        }
    }

    /// `awsvpcConfiguration` of a service.
    pub(super) fn configuration(&self) -> Value {
        json!({"awsvpcConfiguration": {
            "subnets": self.subnets,
            "securityGroups": self.groups,
            "assignPublicIp": self.address(),
        }})
    }
}

/// Reads `network.vpc`.
pub(super) fn place(workload: &Workload<'_>) -> Place {
    let placement = &workload.manifest["network"]["vpc"]["placement"];
    let path = "network.vpc.placement";
    let copilot = workload.copilot();
    let (subnets, is_public) = match placement {
        Value::Null => (copilot.public_subnets.clone(), true),
        Value::String(word) if word == "public" => (copilot.public_subnets.clone(), true),
        Value::String(word) if word == "private" => (copilot.private_subnets.clone(), false),
        Value::String(word) => {
            workload.tell(
                1018,
                path,
                format!("{word:?} is neither public nor private"),
            );
            (vec![word.clone()], false)
        }
        other => (named(workload, &other["subnets"]), false),
    };
    if subnets.is_empty() {
        let setting = match is_public {
            true => "ecs.copilot.publicSubnets",
            false => "ecs.copilot.privateSubnets",
        };
        workload.tell(1014, path, format!("set {setting}"));
    }
    if subnets.len() > 16 {
        workload.tell(1013, path, "a service has at most 16 subnets");
    }
    Place {
        subnets,
        groups: groups(workload),
        is_public,
    }
}

/// Subnets that the manifest names.
fn named(workload: &Workload<'_>, subnets: &Value) -> Vec<String> {
    let path = "network.vpc.placement.subnets";
    match subnets {
        Value::Array(ids) => ids.iter().filter_map(scalar).collect(),
        Value::Object(map) if map.contains_key("from_tags") => {
            let path = format!("{path}.from_tags");
            let message = "subnets are not looked up while translating; name their ids (pintle ecs import copilot writes them)";
            workload.tell(1014, &path, message);
            vec![String::new()]
        }
        _ => {
            workload.tell(1018, path, "has to be a list of ids, or from_tags");
            vec![String::new()]
        }
    }
}

fn groups(workload: &Workload<'_>) -> Vec<String> {
    let path = "network.vpc.security_groups";
    let value = &workload.manifest["network"]["vpc"]["security_groups"];
    let (listed, path, denied) = match value {
        Value::Object(map) if !map.contains_key("from_cfn") => (
            &value["groups"],
            format!("{path}.groups"),
            value["deny_default"] == true,
        ),
        other => (other, path.to_owned(), false),
    };
    let mut groups = Vec::new();
    if !denied {
        let group = workload.copilot().environment_security_group.as_deref();
        let group = workload.need(group, "network.vpc", "copilot.environmentSecurityGroup");
        groups.push(group.to_owned());
    }
    match listed {
        Value::Null => {}
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                groups.extend(workload.plain_or_export(item, &format!("{path}[{index}]")));
            }
        }
        one => groups.extend(workload.plain_or_export(one, &path)),
    }
    if groups.len() > 5 {
        workload.tell(
            1013,
            "network.vpc.security_groups",
            "a service has at most 5 security groups",
        );
    }
    groups
}

/// Whether the workload is part of Service Connect.
pub(super) fn is_connected(workload: &Workload<'_>) -> bool {
    match &workload.manifest["network"]["connect"] {
        Value::Bool(is) => *is,
        Value::Object(_) => true,
        _ => false,
    }
}

/// `serviceConnectConfiguration`
pub(super) fn connect(workload: &Workload<'_>, served: Option<&Target>) -> Option<Value> {
    if !is_connected(workload) {
        return None;
    }
    let mut configuration = json!({
        "enabled": true,
        "namespace": endpoint(workload),
        "logConfiguration": workload.logs(),
    });
    if let Some(target) = served {
        let alias = workload.manifest["network"]["connect"]["alias"].as_str();
        configuration["services"] = json!([{
            "portName": "target",
            "discoveryName": format!("{}-sc", workload.name),
            "clientAliases": [{"port": target.port, "dnsName": alias.unwrap_or(workload.name)}],
        }]);
    }
    Some(configuration)
}
