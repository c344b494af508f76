//! Target groups that no Ingress asks for: of network load balancers, and those that are there.

use serde_json::{Map, Value, json};

use super::super::desired::Resource;
use super::context::{Context, selects};
use super::name;
use super::object::{Field, Object};
use super::probe;
use super::traffic::{Traffic, services, target};
use super::workload::{Workload, split};

/// Annotations that belong to the network load balancer or say who makes it.
const PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// What an annotation about the network load balancer says.
fn says<'a>(service: &Object<'a>, name: &str) -> Option<&'a str> {
    service
        .annotation(&format!("{PREFIX}{name}"))
        .map(str::trim)
}

/// Tells of annotations that nothing here uses.
fn annotations(ctx: &Context<'_>, service: &Object<'_>) {
    const USED: &[&str] = &[
        "type",
        "nlb-target-type",
        "backend-protocol",
        "proxy-protocol",
        "ssl-cert",
        "ssl-ports",
        "ssl-negotiation-policy",
        "alpn-policy",
        "target-group-attributes",
        "healthcheck-protocol",
        "healthcheck-port",
        "healthcheck-path",
        "healthcheck-interval",
        "healthcheck-timeout",
        "healthcheck-healthy-threshold",
        "healthcheck-unhealthy-threshold",
        "healthcheck-success-codes",
    ];
    let all = service.root().at(&["metadata", "annotations"]);
    for (name, field) in all.map(|it| it.entries()).unwrap_or_default() {
        let own = name.strip_prefix(PREFIX);
        if own.is_some_and(|own| !USED.contains(&own)) {
            let message = "it belongs to the load balancer, which is not ours";
            ctx.tell(service, 2014, &field.path, message);
        }
    }
}

/// What the target group of a Service's port checks: the readiness probe, then what annotations say.
fn check(
    workload: &Workload<'_>,
    service: &Object<'_>,
    index: usize,
    port: i64,
) -> Map<String, Value> {
    let containers = workload.containers();
    let mut found = containers
        .get(index)
        .map(|container| probe::check_of_connections(workload, container, port))
        .unwrap_or_default();
    let texts = [
        ("healthcheck-protocol", "HealthCheckProtocol"),
        ("healthcheck-port", "HealthCheckPort"),
        ("healthcheck-path", "HealthCheckPath"),
    ];
    for (annotation, member) in texts {
        if let Some(text) = says(service, annotation) {
            let text = match member {
                "HealthCheckProtocol" => text.to_uppercase(),
                _ => text.to_owned(),
            };
            found.set(member, text.into());
        }
    }
    let numbers = [
        ("healthcheck-interval", "HealthCheckIntervalSeconds"),
        ("healthcheck-timeout", "HealthCheckTimeoutSeconds"),
        ("healthcheck-healthy-threshold", "HealthyThresholdCount"),
        ("healthcheck-unhealthy-threshold", "UnhealthyThresholdCount"),
    ];
    for (annotation, member) in numbers {
        if let Some(number) = says(service, annotation).and_then(|it| it.parse::<i64>().ok()) {
            found.set(member, number.into());
        }
    }
    if let Some(codes) = says(service, "healthcheck-success-codes") {
        found.set("Matcher", json!({ "HttpCode": codes }));
    }
    let members = found.members.into_iter();
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Attributes of the target group of a Service.
fn attributes(service: &Object<'_>, spec: &Field<'_>) -> Map<String, Value> {
    let mut found = Map::new();
    if spec.text("sessionAffinity") == Some("ClientIP") {
        found.insert("stickiness.enabled".into(), "true".into());
        found.insert("stickiness.type".into(), "source_ip".into());
    }
    if says(service, "proxy-protocol").is_some() {
        found.insert("proxy_protocol_v2.enabled".into(), "true".into());
    }
    for pair in split(says(service, "target-group-attributes").unwrap_or_default()) {
        let (key, value) = pair.split_once('=').unwrap_or((&pair, ""));
        found.insert(key.trim().to_owned(), value.trim().into());
    }
    found
}

/// Whether the listener of a port ends TLS.
fn is_secure(service: &Object<'_>, port: &Field<'_>) -> bool {
    let is_meant = |listed: &str| {
        let number = port.whole("port").map(|it| it.to_string());
        listed == "*" || port.text("name") == Some(listed) || number.as_deref() == Some(listed)
    };
    let ports = split(says(service, "ssl-ports").unwrap_or("*"));
    says(service, "ssl-cert").is_some()
        && port.text("protocol").unwrap_or("TCP") == "TCP"
        && ports.iter().any(|it| is_meant(it))
}

/// The listener of a port.
fn listener(
    service: &Object<'_>,
    port: &Field<'_>,
    (balancer, group): (Option<&str>, &str),
) -> Value {
    let is_secure = is_secure(service, port);
    let protocol = match is_secure {
        true => "TLS",
        false => port.text("protocol").unwrap_or("TCP"),
    };
    let mut listener = json!({
        "LoadBalancerArn": balancer,
        "Port": port.whole("port"),
        "Protocol": protocol,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
    });
    if is_secure {
        let certificates = split(says(service, "ssl-cert").unwrap_or_default());
        let certificates = certificates
            .iter()
            .map(|arn| json!({"CertificateArn": arn}));
        listener["Certificates"] = certificates.collect();
        if let Some(policy) = says(service, "ssl-negotiation-policy") {
            listener["SslPolicy"] = policy.into();
        }
        if let Some(policy) = says(service, "alpn-policy") {
            listener["AlpnPolicy"] = json!(split(policy));
        }
    }
    listener
}

/// A network load balancer in front of a Service.
pub(super) fn balancer(
    ctx: &Context<'_>,
    service: &Object<'_>,
    spec: &Field<'_>,
    workload: &Workload<'_>,
    traffic: &mut Traffic,
) {
    let attached = service.own_text("target-group-arn");
    let load_balancer = ctx.config.nlb.arn.as_deref();
    if attached.is_none() && load_balancer.is_none() {
        ctx.tell(
            service,
            1014,
            "spec.type",
            "set ecs.nlb.arn, or ecs.pintle.dev/target-group-arn",
        );
        return;
    }
    annotations(ctx, service);
    for port in spec.list("ports") {
        let Some((index, container, number)) = target(workload, &port) else {
            let message = format!("no container of {} has this port", workload.name);
            ctx.tell(service, 1010, &format!("{}.targetPort", port.path), message);
            continue;
        };
        traffic.checked.push((container.clone(), number));
        traffic.start(workload, &container);
        if let Some(arn) = attached {
            traffic.balance(arn, &container, number);
            continue;
        }
        let called = group_name(workload, service, &word(&port));
        let is_secured = says(service, "backend-protocol")
            .is_some_and(|it| ["ssl", "tls"].contains(&it.to_lowercase().as_str()));
        let protocol = match is_secured {
            true => "TLS",
            false => port.text("protocol").unwrap_or("TCP"),
        };
        let mut request = json!({
            "Name": called,
            "Protocol": protocol,
            "Port": number,
            "TargetType": target_type(workload),
        });
        for (name, value) in check(workload, service, index, number) {
            request[name] = value;
        }
        traffic
            .managed
            .push((container.clone(), probe::Checker::Connections));
        match &ctx.config.ingress.vpc_id {
            Some(vpc) => request["VpcId"] = vpc.as_str().into(),
            None => ctx.tell(service, 1014, "spec.type", "set ecs.ingress.vpcId"),
        }
        let mut group = Resource::new("elbv2:TargetGroup", called.as_str(), request);
        let attributes = attributes(service, spec);
        if !attributes.is_empty() {
            group = group.with("attributes", attributes);
        }
        let reference = group.reference("arn");
        traffic.target_groups.push(group);
        let listener = listener(service, &port, (load_balancer, &reference));
        traffic
            .rules
            .push(Resource::new("elbv2:Listener", called.as_str(), listener));
        traffic.balance(&reference, &container, number);
    }
}

/// `ip`, or `instance` where tasks share the address of their host.
pub(super) fn target_type(workload: &Workload<'_>) -> &'static str {
    if workload.is_host() { "instance" } else { "ip" }
}

/// What a Service's port is called: its name, or its number.
pub(super) fn word(port: &Field<'_>) -> String {
    let number = || port.get("port").map(|it| it.scalar());
    let name = port.text("name").map(str::to_owned);
    name.or_else(number).unwrap_or_default()
}

/// The name of a target group.
pub(super) fn group_name(workload: &Workload<'_>, service: &Object<'_>, port: &str) -> String {
    let pattern = workload.ctx.config.names.target_group.as_deref();
    let words = [("service", service.name), ("port", port)];
    let filled = name::fill(pattern.unwrap_or("{cluster}-{service}-{port}"), &words);
    let plain = name::plain(&workload.fill(&filled)).replace('_', "-");
    name::short(&plain, 32)
}

/// A target group that annotations of the workload name.
pub(super) fn attached(ctx: &Context<'_>, workload: &Workload<'_>, traffic: &mut Traffic) {
    let Some(arn) = workload.object.own_text("target-group-arn") else {
        return;
    };
    let wanted = workload.object.own("container-port").map(|it| it.scalar());
    let by_service = || {
        let service = services(ctx).find(|service| {
            let selector = service.root().at(&["spec", "selector"]);
            service.namespace == workload.object.namespace && selects(selector, workload.labels())
        })?;
        let port = service
            .root()
            .get("spec")?
            .list("ports")
            .into_iter()
            .next()?;
        target(workload, &port)
    };
    let containers = workload.containers();
    let first = || {
        containers
            .iter()
            .enumerate()
            .find_map(|(index, container)| {
                let port = container
                    .list("ports")
                    .into_iter()
                    .next()?
                    .whole("containerPort")?;
                Some((
                    index,
                    container.text("name").unwrap_or_default().to_owned(),
                    port,
                ))
            })
    };
    let named = |wanted: &str| {
        let port =
            json!({"targetPort": wanted.parse::<i64>().map_or(Value::from(wanted), Value::from)});
        let field = Field {
            value: &port,
            path: String::new(),
        };
        target(workload, &field)
    };
    let found = match &wanted {
        Some(wanted) => named(wanted),
        None => by_service().or_else(first),
    };
    let Some((_, container, port)) = found else {
        let field = workload
            .object
            .own("target-group-arn")
            .map(|it| it.path)
            .unwrap_or_default();
        workload.tell(
            1010,
            &field,
            "no container has a port; name one in ecs.pintle.dev/container-port",
        );
        return;
    };
    traffic.checked.push((container.clone(), port));
    traffic.start(workload, &container);
    traffic.balance(arn, &container, port);
}
