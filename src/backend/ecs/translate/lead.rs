//! Where paths lead: Services, and the target groups or gateways in front of their workloads.

use serde_json::{Map, Value, json};

use super::super::config::IngressMode;
use super::super::desired::Resource;
use super::balancer;
use super::context::Context;
use super::ingress::ALB;
use super::object::{Field, Object};
use super::probe;
use super::traffic::{self, Traffic};
use super::workload::{Workload, split};

/// Where a path leads.
pub(super) struct Backend<'a> {
    pub(super) service: &'a Object<'a>,
    pub(super) port: Field<'a>,
    pub(super) workload: usize,
    pub(super) container: (usize, String, i64),
}

/// The Service, workload and port that a backend names.
pub(super) fn resolve<'a>(
    ctx: &'a Context<'a>,
    object: &Object<'a>,
    workloads: &[Workload<'a>],
    (name, port, path): (&str, Option<&Field<'a>>, &str),
) -> Option<Backend<'a>> {
    let wrong = |message: String| ctx.tell(object, 1010, path, message);
    let service =
        traffic::services(ctx).find(|it| it.name == name && it.namespace == object.namespace);
    let Some(service) = service else {
        wrong(format!("the release has no Service {name}"));
        return None;
    };
    let ports = service.root().get("spec")?.list("ports");
    let is_it = |it: &Field<'_>| match port {
        None => true,
        Some(wanted) => {
            let number = wanted
                .whole("number")
                .or(super::object::whole(wanted.value));
            let word = wanted.text("name").or(wanted.value.as_str());
            number.is_some() && it.whole("port") == number
                || word.is_some() && it.text("name") == word
        }
    };
    let Some(found) = ports.into_iter().find(is_it) else {
        wrong(format!("the Service {name} has no such port"));
        return None;
    };
    // A Service that selects several is an error of its own.
    let selected = traffic::selected(service, workloads);
    let [workload] = selected.as_slice() else {
        if selected.is_empty() {
            wrong(format!(
                "the Service {name} selects no workload of the release"
            ));
        }
        return None;
    };
    let Some(container) = traffic::target(&workloads[*workload], &found) else {
        wrong(format!("no container has the port of the Service {name}"));
        return None;
    };
    Some(Backend {
        service,
        port: found,
        workload: *workload,
        container,
    })
}

/// Leads traffic to a backend: the ARN of its target group, where it has one.
pub(super) fn lead(
    ctx: &Context<'_>,
    object: &Object<'_>,
    workload: &Workload<'_>,
    backend: &Backend<'_>,
    traffic: &mut Traffic,
) -> Option<String> {
    let (index, container, number) = &backend.container;
    let attached = object
        .own_text("target-group-arn")
        .or(backend.service.own_text("target-group-arn"))
        .or(workload.object.own_text("target-group-arn"));
    let wants_gateway = object.own("gateway").is_some() || workload.object.own("gateway").is_some();
    let mode = match (wants_gateway, ctx.config.ingress.mode.unwrap_or_default()) {
        (true, _) => IngressMode::Gateway,
        (false, mode) => mode,
    };
    match (mode, attached) {
        (IngressMode::Gateway, _) => {
            let word = backend
                .port
                .text("name")
                .map_or(format!("port-{number}"), str::to_owned);
            let name = traffic
                .names
                .entry((*index, *number))
                .or_insert((word, None))
                .0
                .clone();
            traffic
                .managed
                .push((container.clone(), probe::Checker::Requests));
            traffic.checked.push((container.clone(), *number));
            traffic.start(workload, container);
            let containers = workload.containers();
            let check = probe::check(workload, containers.get(*index)?, *number);
            let connector = gateway(&name, &check);
            if !traffic.gateways.contains(&connector) {
                traffic.gateways.push(connector);
            }
            None
        }
        (_, Some(arn)) => {
            traffic.checked.push((container.clone(), *number));
            traffic.start(workload, container);
            traffic.balance(arn, container, *number);
            // Rules for it are someone else's.
            None
        }
        (IngressMode::Attach, None) => {
            ctx.tell(
                object,
                1014,
                "",
                "name the target group in ecs.pintle.dev/target-group-arn",
            );
            None
        }
        (IngressMode::Managed, None) => {
            let group = target_group(ctx, object, workload, backend)?;
            let reference = group.reference("arn");
            if !traffic.target_groups.iter().any(|it| it.name == group.name) {
                traffic.target_groups.push(group);
            }
            traffic
                .managed
                .push((container.clone(), probe::Checker::Requests));
            traffic.checked.push((container.clone(), *number));
            traffic.start(workload, container);
            traffic.balance(&reference, container, *number);
            Some(reference)
        }
    }
}

/// `gatewayConnectors` has one of these.
fn gateway(port: &str, check: &probe::Check) -> Value {
    let mut members = Map::new();
    for (name, value) in &check.members {
        let name = match *name {
            "HealthCheckProtocol" => "healthCheckProtocol",
            "HealthCheckPath" => "healthCheckPath",
            "HealthCheckIntervalSeconds" => "healthCheckIntervalSeconds",
            "HealthCheckTimeoutSeconds" => "healthCheckTimeoutSeconds",
            "HealthyThresholdCount" => "healthyThresholdCount",
            "UnhealthyThresholdCount" => "unhealthyThresholdCount",
            "HealthCheckPort" => match value.as_str().and_then(|it| it.parse::<i64>().ok()) {
                Some(number) => {
                    members.insert("healthCheckPort".into(), number.into());
                    continue;
                }
                None => continue,
            },
            "Matcher" => {
                members.insert("matcher".into(), json!({"httpCode": value["HttpCode"]}));
                continue;
            }
            _ => continue,
        };
        members.insert(name.into(), value.clone());
    }
    json!({"portName": port, "healthCheck": members})
}

fn target_group(
    ctx: &Context<'_>,
    object: &Object<'_>,
    workload: &Workload<'_>,
    backend: &Backend<'_>,
) -> Option<Resource> {
    let (index, _, number) = &backend.container;
    let says = |name: &str| {
        let name = format!("{ALB}{name}");
        backend
            .service
            .annotation(&name)
            .or(object.annotation(&name))
            .map(str::trim)
    };
    let word = balancer::word(&backend.port);
    let called = balancer::group_name(workload, backend.service, &word);
    let is_grpc = object.kind == "GRPCRoute" || backend.port.text("appProtocol") == Some("grpc");
    let version =
        says("backend-protocol-version").unwrap_or(if is_grpc { "GRPC" } else { "HTTP1" });
    let mut request = Map::new();
    request.insert("Name".into(), called.as_str().into());
    request.insert(
        "Protocol".into(),
        says("backend-protocol").unwrap_or("HTTP").into(),
    );
    request.insert("ProtocolVersion".into(), version.into());
    request.insert("Port".into(), (*number).into());
    match &ctx.config.ingress.vpc_id {
        Some(vpc) => {
            request.insert("VpcId".into(), vpc.as_str().into());
        }
        None => ctx.tell(object, 1014, "", "set ecs.ingress.vpcId"),
    }
    request.insert("TargetType".into(), balancer::target_type(workload).into());
    let containers = workload.containers();
    let mut check = probe::check(workload, containers.get(*index)?, *number);
    if version == "GRPC" {
        check.set("HealthCheckPath", "/AWS.ALB/healthcheck".into());
        check.set("Matcher", json!({"GrpcCode": "12"}));
    }
    let numbers = [
        ("healthcheck-interval-seconds", "HealthCheckIntervalSeconds"),
        ("healthcheck-timeout-seconds", "HealthCheckTimeoutSeconds"),
        ("healthy-threshold-count", "HealthyThresholdCount"),
        ("unhealthy-threshold-count", "UnhealthyThresholdCount"),
    ];
    for (annotation, member) in numbers {
        if let Some(number) = says(annotation).and_then(|text| text.parse::<i64>().ok()) {
            check.set(member, number.into());
        }
    }
    let texts = [
        ("healthcheck-path", "HealthCheckPath"),
        ("healthcheck-port", "HealthCheckPort"),
        ("healthcheck-protocol", "HealthCheckProtocol"),
    ];
    for (annotation, member) in texts {
        if let Some(text) = says(annotation) {
            let named = containers.get(*index)?.list("ports").into_iter();
            let port = named
                .filter(|it| member == "HealthCheckPort" && it.text("name") == Some(text))
                .find_map(|it| it.whole("containerPort"));
            check.set(
                member,
                port.map_or(text.to_owned(), |it| it.to_string()).into(),
            );
        }
    }
    if let Some(codes) = says("success-codes") {
        let name = if version == "GRPC" {
            "GrpcCode"
        } else {
            "HttpCode"
        };
        check.set("Matcher", json!({ name: codes }));
    }
    for (name, value) in check.members {
        request.insert(name.to_owned(), value);
    }
    let mut group = Resource::new("elbv2:TargetGroup", called.as_str(), Value::Object(request));
    let mut attributes = Map::new();
    if backend.service.body["spec"]["sessionAffinity"] == "ClientIP" {
        attributes.insert("stickiness.enabled".into(), "true".into());
        attributes.insert("stickiness.type".into(), "lb_cookie".into());
    }
    for pair in split(says("target-group-attributes").unwrap_or_default()) {
        let (key, value) = pair.split_once('=').unwrap_or((&pair, ""));
        attributes.insert(key.trim().to_owned(), value.trim().into());
    }
    if !attributes.is_empty() {
        group = group.with("attributes", attributes);
    }
    Some(group)
}
