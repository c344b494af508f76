//! Where a release can be reached.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::account::{found, list, text, texts};
use super::kind::Around;
use super::plan::{Known, fill};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;
use crate::net::aws::service::BALANCING;

/// What is known of a listener.
struct Listener {
    scheme: &'static str,
    port: i64,
    host: String,
}

/// The addresses that the rules and listeners of a plan lead to.
///
/// # Errors
/// What AWS says.
pub(super) fn of(
    resources: &[Resource],
    known: &Known,
    around: Around<'_>,
) -> Result<Vec<String>, Error> {
    let mut listeners: BTreeMap<String, Option<Listener>> = BTreeMap::new();
    let mut addresses = Vec::new();
    for resource in resources {
        let filled = fill(resource, known);
        let request = &filled.request;
        let arn = match resource.kind.as_str() {
            "elbv2:ListenerRule" if is_forward(request) => text(request, "ListenerArn").to_owned(),
            "elbv2:Listener" => {
                let attributes = known.get(&super::record::id(resource));
                attributes
                    .and_then(|it| it.get("arn"))
                    .cloned()
                    .unwrap_or_default()
            }
            _ => continue,
        };
        if !arn.starts_with("arn:") {
            continue;
        }
        if !listeners.contains_key(&arn) {
            listeners.insert(arn.clone(), look(&arn, around)?);
        }
        let Some(Some(listener)) = listeners.get(&arn) else {
            continue;
        };
        let (hosts, paths) = (
            values(request, "host-header"),
            values(request, "path-pattern"),
        );
        let plain: Vec<String> = hosts
            .into_iter()
            .filter(|host| !host.contains(['*', '?']))
            .collect();
        let hosts = if plain.is_empty() {
            vec![listener.host.clone()]
        } else {
            plain
        };
        // A path of a pattern is its beginning: one of each host is enough.
        let path = paths
            .first()
            .map(|path| path.split(['*', '?']).next().unwrap_or_default().to_owned());
        for host in hosts {
            let port = match (listener.scheme, listener.port) {
                ("http", 80) | ("https", 443) => String::new(),
                (_, port) => format!(":{port}"),
            };
            let path = path.as_deref().unwrap_or_default().trim_end_matches('/');
            let address = format!("{}://{host}{port}{path}", listener.scheme);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    Ok(addresses)
}

fn is_forward(request: &Value) -> bool {
    list(request, "Actions").any(|it| it["Type"] == "forward")
}

fn values(request: &Value, field: &str) -> Vec<String> {
    let condition = list(request, "Conditions").find(|it| it["Field"] == field);
    let Some(condition) = condition else {
        return Vec::new();
    };
    let config = match field {
        "host-header" => &condition["HostHeaderConfig"],
        _ => &condition["PathPatternConfig"],
    };
    match texts(config, "Values") {
        values if values.is_empty() => texts(condition, "Values"),
        values => values,
    }
}

fn look(arn: &str, around: Around<'_>) -> Result<Option<Listener>, Error> {
    let ask =
        |operation: &str, input: Value| found(around.account.ask(&BALANCING, operation, &input));
    let said = ask("DescribeListeners", json!({"ListenerArns": [arn]}))?.unwrap_or_default();
    let Some(told) = list(&said, "Listeners").next() else {
        return Ok(None);
    };
    let balancer = text(told, "LoadBalancerArn");
    let said = ask(
        "DescribeLoadBalancers",
        json!({"LoadBalancerArns": [balancer]}),
    )?
    .unwrap_or_default();
    let host = list(&said, "LoadBalancers")
        .next()
        .map(|it| text(it, "DNSName").to_owned());
    let port = told["Port"]
        .as_i64()
        .or_else(|| told["Port"].as_str()?.parse().ok());
    Ok(Some(Listener {
        scheme: match text(told, "Protocol") {
            "HTTPS" => "https",
            "HTTP" => "http",
            "TLS" => "tls",
            "UDP" => "udp",
            _ => "tcp",
        },
        port: port.unwrap_or_default(),
        host: host.unwrap_or_default(),
    }))
}
