//! Ingresses and routes to target groups and rules of a listener.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::config::IngressMode;
use super::super::desired::Resource;
use super::context::Context;
use super::object::{Field, Object};
use super::order::{Group, Stage};
use super::probe;
use super::route;
use super::traffic::{self, Traffic};
use super::workload::{Workload, split};

const ALB: &str = "alb.ingress.kubernetes.io/";

/// Annotations that belong to the load balancer, which is not ours.
const BALANCERS: &[&str] = &[
    "scheme",
    "certificate-arn",
    "listen-ports",
    "wafv2-acl-arn",
    "waf-acl-id",
    "shield-advanced-protection",
    "load-balancer-name",
    "load-balancer-attributes",
    "subnets",
    "security-groups",
    "ssl-policy",
    "ssl-redirect",
    "inbound-cidrs",
    "ip-address-type",
    "tags",
    "customer-owned-ipv4-pool",
    "manage-backend-security-group-rules",
    "target-node-labels",
    "auth-type",
    "auth-idp-cognito",
    "auth-idp-oidc",
    "auth-on-unauthenticated-request",
    "auth-scope",
    "auth-session-cookie",
    "auth-session-timeout",
    "mutual-authentication",
];

/// Annotations that are used.
const USED: &[&str] = &[
    "healthcheck-path",
    "healthcheck-port",
    "healthcheck-protocol",
    "healthcheck-interval-seconds",
    "healthcheck-timeout-seconds",
    "healthy-threshold-count",
    "unhealthy-threshold-count",
    "success-codes",
    "target-group-attributes",
    "backend-protocol",
    "backend-protocol-version",
    "group.order",
    "group.name",
    "target-type",
];

/// A rule on its way.
pub(super) struct Rule<'a> {
    pub(super) object: &'a Object<'a>,
    /// `web-0-0`
    pub(super) name: String,
    pub(super) conditions: Vec<Value>,
    pub(super) actions: Vec<Value>,
    /// The workload that it leads to.
    pub(super) workload: Option<usize>,
    /// Host, whether the path is exact, length of the path: greater ones come first.
    pub(super) weight: (bool, bool, usize),
}

/// Where a path leads.
pub(super) struct Backend<'a> {
    pub(super) service: &'a Object<'a>,
    pub(super) port: Field<'a>,
    pub(super) workload: usize,
    pub(super) container: (usize, String, i64),
}

/// Translates all Ingresses and routes; what belongs to no workload comes back.
pub(super) fn plan<'a>(
    ctx: &'a Context<'a>,
    workloads: &[Workload<'a>],
    traffic: &mut [Traffic],
) -> Vec<Group> {
    let mut rules = Vec::new();
    for object in &ctx.objects {
        match (object.group, object.kind) {
            ("networking.k8s.io" | "extensions", "Ingress") => {
                annotations(ctx, object);
                of_ingress(ctx, object, workloads, traffic, &mut rules);
            }
            ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => {
                route::rules(ctx, object, workloads, traffic, &mut rules);
            }
            _ => {}
        }
    }
    arrange(ctx, workloads, rules, traffic)
}

fn annotations(ctx: &Context<'_>, object: &Object<'_>) {
    let all = object.root().at(&["metadata", "annotations"]);
    for (name, field) in all.map(|it| it.entries()).unwrap_or_default() {
        if let Some(own) = name.strip_prefix(ALB) {
            if BALANCERS.contains(&own) {
                ctx.tell(
                    object,
                    2014,
                    &field.path,
                    "it belongs to the load balancer, which is not ours",
                );
            } else if !USED.contains(&own)
                && !own.starts_with("conditions.")
                && !own.starts_with("actions.")
            {
                ctx.tell(object, 2014, &field.path, "it is not translated");
            }
        } else if name.contains("ingress.kubernetes.io/") || name.contains("nginx.org/") {
            ctx.tell(object, 2014, &field.path, "it is for another controller");
        }
    }
    if let Some(tls) = object
        .root()
        .at(&["spec", "tls"])
        .filter(|it| !it.items().is_empty())
    {
        ctx.tell(
            object,
            2014,
            &tls.path,
            "certificates belong to the listener, which is not ours",
        );
    }
}

fn of_ingress<'a>(
    ctx: &'a Context<'a>,
    object: &'a Object<'a>,
    workloads: &[Workload<'a>],
    traffic: &mut [Traffic],
    rules: &mut Vec<Rule<'a>>,
) {
    let root = object.root();
    let Some(spec) = root.get("spec") else {
        return;
    };
    for (number, rule) in spec.list("rules").iter().enumerate() {
        let host = rule.text("host").filter(|it| !it.is_empty());
        let paths = rule
            .get("http")
            .map(|it| it.list("paths"))
            .unwrap_or_default();
        for (index, path) in paths.iter().enumerate() {
            let Some(backend) = path.get("backend") else {
                continue;
            };
            let written = path.text("path").unwrap_or("/");
            let (values, is_exact) = patterns(
                written,
                path.text("pathType").unwrap_or("ImplementationSpecific"),
            );
            let name = format!("{}-{number}-{index}", object.name);
            add(
                ctx,
                object,
                workloads,
                traffic,
                rules,
                Path {
                    name,
                    host,
                    values,
                    weight: (host.is_some(), is_exact, written.len()),
                    backend,
                },
            );
        }
    }
    if let Some(backend) = spec.get("defaultBackend").or_else(|| spec.get("backend")) {
        add(
            ctx,
            object,
            workloads,
            traffic,
            rules,
            Path {
                name: format!("{}-default", object.name),
                host: None,
                values: vec!["/*".to_owned()],
                weight: (false, false, 0),
                backend,
            },
        );
    }
}

/// A path of an Ingress.
struct Path<'a> {
    name: String,
    host: Option<&'a str>,
    values: Vec<String>,
    weight: (bool, bool, usize),
    backend: Field<'a>,
}

/// The patterns that match a path, and whether it is matched exactly.
pub(super) fn patterns(path: &str, kind: &str) -> (Vec<String>, bool) {
    let bare = path.trim_end_matches('/');
    match kind {
        "Exact" => (vec![path.to_owned()], true),
        "ImplementationSpecific" if path.contains(['*', '?']) => (vec![path.to_owned()], true),
        _ if bare.is_empty() => (vec!["/*".to_owned()], false),
        _ => (vec![bare.to_owned(), format!("{bare}/*")], false),
    }
}

fn add<'a>(
    ctx: &'a Context<'a>,
    object: &'a Object<'a>,
    workloads: &[Workload<'a>],
    traffic: &mut [Traffic],
    rules: &mut Vec<Rule<'a>>,
    path: Path<'a>,
) {
    let mut conditions = Vec::new();
    if let Some(host) = path.host {
        conditions.push(json!({"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}));
    }
    conditions.push(json!({"Field": "path-pattern", "PathPatternConfig": {"Values": path.values}}));
    let service = path.backend.get("service");
    let old = path.backend.text("serviceName");
    let named = service
        .as_ref()
        .and_then(|it| it.text("name"))
        .or(old)
        .unwrap_or_default();
    if path.backend.get("resource").is_some() {
        ctx.tell(
            object,
            1018,
            &format!("{}.resource", path.backend.path),
            "ECS knows Services alone",
        );
        return;
    }
    let more = object
        .root()
        .at(&["metadata", "annotations"])
        .and_then(|it| it.get(&format!("{ALB}conditions.{named}")));
    if let Some(field) = more {
        match pascal_json(&field) {
            Ok(Value::Array(more)) => conditions.extend(more),
            _ => ctx.tell(
                object,
                1018,
                &field.path,
                "it has to be a JSON list of conditions",
            ),
        }
    }
    conditions.sort_by_key(rank);
    let mut rule = Rule {
        object,
        name: path.name,
        conditions,
        actions: Vec::new(),
        workload: None,
        weight: path.weight,
    };
    let port = service
        .as_ref()
        .and_then(|it| it.get("port"))
        .or_else(|| path.backend.get("servicePort"));
    let port_name = port
        .as_ref()
        .and_then(|it| it.text("name").or(it.value.as_str()));
    if port_name == Some("use-annotation") {
        let field = object
            .root()
            .at(&["metadata", "annotations"])
            .and_then(|it| it.get(&format!("{ALB}actions.{named}")));
        let Some(field) = field else {
            ctx.tell(
                object,
                1010,
                &path.backend.path,
                format!("there is no annotation {ALB}actions.{named}"),
            );
            return;
        };
        if let Some(action) = action(ctx, object, workloads, traffic, (&field, &mut rule)) {
            rule.actions.push(action);
            rules.push(rule);
        }
        return;
    }
    let backend_path = service
        .as_ref()
        .map_or(path.backend.path.clone(), |it| it.path.clone());
    let Some(backend) = resolve(
        ctx,
        object,
        workloads,
        (named, port.as_ref(), &backend_path),
    ) else {
        return;
    };
    rule.workload = Some(backend.workload);
    let Some(arn) = lead(
        ctx,
        object,
        &workloads[backend.workload],
        &backend,
        &mut traffic[backend.workload],
    ) else {
        return;
    };
    rule.actions
        .push(json!({"Type": "forward", "TargetGroupArn": arn}));
    rules.push(rule);
}

/// Conditions stand in this order.
fn rank(condition: &Value) -> usize {
    let order = [
        "host-header",
        "path-pattern",
        "http-header",
        "http-request-method",
        "query-string",
        "source-ip",
    ];
    let field = condition["Field"].as_str().unwrap_or_default();
    order
        .iter()
        .position(|it| *it == field)
        .unwrap_or(order.len())
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
            traffic.managed.push(container.clone());
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
            traffic.managed.push(container.clone());
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
    let word = backend
        .port
        .text("name")
        .map_or(number.to_string(), str::to_owned);
    let called = traffic::group_name(workload, backend.service, &word);
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
    request.insert("TargetType".into(), traffic::target_type(workload).into());
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

/// An action of an annotation.
fn action<'a>(
    ctx: &'a Context<'a>,
    object: &'a Object<'a>,
    workloads: &[Workload<'a>],
    traffic: &mut [Traffic],
    (field, rule): (&Field<'a>, &mut Rule<'a>),
) -> Option<Value> {
    let Ok(mut action @ Value::Object(_)) = pascal_json(field) else {
        ctx.tell(
            object,
            1018,
            &field.path,
            "it has to be a JSON mapping with a type",
        );
        return None;
    };
    if action["Type"].as_str() != Some("forward") {
        return Some(action);
    }
    let Some(groups) = action["ForwardConfig"]["TargetGroups"].as_array_mut() else {
        return Some(action);
    };
    for group in groups.iter_mut() {
        let Some(name) = group["ServiceName"].as_str().map(str::to_owned) else {
            continue;
        };
        let port = json!({"number": group["ServicePort"].as_i64().or_else(|| group["ServicePort"].as_str()?.parse().ok()),
            "name": group["ServicePort"].as_str()});
        let service =
            traffic::services(ctx).find(|it| it.name == name && it.namespace == object.namespace);
        let found = service.and_then(|service| {
            let ports = service.root().get("spec")?.list("ports");
            let is_it = |it: &Field<'_>| {
                it.whole("port").is_some() && it.whole("port") == port["number"].as_i64()
                    || it.text("name").is_some() && it.text("name") == port["name"].as_str()
            };
            let port = ports.into_iter().find(is_it)?;
            let selected = traffic::selected(service, workloads);
            let [workload] = selected.as_slice() else {
                return None;
            };
            let container = traffic::target(&workloads[*workload], &port)?;
            Some(Backend {
                service,
                port,
                workload: *workload,
                container,
            })
        });
        let Some(backend) = found else {
            ctx.tell(
                object,
                1010,
                &field.path,
                format!("the release has no such port of a Service {name}"),
            );
            return None;
        };
        let arn = lead(
            ctx,
            object,
            &workloads[backend.workload],
            &backend,
            &mut traffic[backend.workload],
        )?;
        rule.workload = rule.workload.max(Some(backend.workload));
        let mut made = json!({"TargetGroupArn": arn});
        if !group["Weight"].is_null() {
            made["Weight"] = group["Weight"].clone();
        }
        *group = made;
    }
    Some(action)
}

/// JSON of an annotation with the first letters of members raised, as the API writes them.
fn pascal_json(field: &Field<'_>) -> Result<Value, serde_json::Error> {
    fn raise(value: Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(
                map.into_iter()
                    .map(|(name, value)| {
                        let mut letters = name.chars();
                        let first = letters.next().map(|c| c.to_uppercase().to_string());
                        (first.unwrap_or_default() + letters.as_str(), raise(value))
                    })
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.into_iter().map(raise).collect()),
            other => other,
        }
    }
    serde_json::from_str(&field.scalar()).map(raise)
}

/// Gives rules their priorities and their places.
fn arrange<'a>(
    ctx: &'a Context<'a>,
    workloads: &[Workload<'a>],
    mut rules: Vec<Rule<'a>>,
    traffic: &mut [Traffic],
) -> Vec<Group> {
    let order = |object: &Object<'_>| -> Option<u32> {
        object
            .annotation(&format!("{ALB}group.order"))?
            .trim()
            .parse()
            .ok()
    };
    // A group's Ingresses count on, by name.
    let key = |object: &Object<'_>| {
        let group = object
            .annotation(&format!("{ALB}group.name"))
            .map(str::to_owned);
        group.unwrap_or_else(|| object.label.clone())
    };
    rules.sort_by(|a, b| {
        let by = |rule: &Rule<'_>| {
            (
                order(rule.object).is_none(),
                order(rule.object),
                key(rule.object),
            )
        };
        by(a).cmp(&by(b)).then_with(|| match order(a.object) {
            Some(_) => a.object.label.cmp(&b.object.label),
            None => std::cmp::Ordering::Equal,
        })
    });
    let (ordered, mut free): (Vec<_>, Vec<_>) = rules
        .into_iter()
        .partition(|rule| order(rule.object).is_some());
    free.sort_by_key(|rule| std::cmp::Reverse(rule.weight));
    let mut counts: BTreeMap<(String, u32), u32> = BTreeMap::new();
    let mut prioritised = Vec::new();
    for rule in ordered {
        let start = order(rule.object).unwrap_or_default();
        let count = counts.entry((key(rule.object), start)).or_default();
        let priority = start + *count;
        *count += 1;
        prioritised.push((priority.max(1), rule));
    }
    let mut next = ctx.config.ingress.priority_band.map(|(first, _)| first);
    let last = ctx.config.ingress.priority_band.map_or(0, |(_, last)| last);
    for rule in free {
        match next {
            None => {
                let message = format!("set {ALB}group.order, or ecs.ingress.priorityBand");
                ctx.tell(rule.object, 1014, "", message);
            }
            Some(priority) if priority > last => {
                ctx.tell(
                    rule.object,
                    1013,
                    "",
                    "ecs.ingress.priorityBand has no priority left",
                );
            }
            Some(priority) => {
                next = Some(priority + 1);
                prioritised.push((priority, rule));
            }
        }
    }
    let mut others = Vec::new();
    for (priority, rule) in prioritised {
        let own = rule.object.own_text("listener-arn");
        let of_workload = rule
            .workload
            .and_then(|it| workloads[it].object.own_text("listener-arn"));
        let listener = own
            .or(of_workload)
            .or(ctx.config.ingress.listener_arn.as_deref());
        let Some(listener) = listener else {
            ctx.tell(rule.object, 1014, "", "set ecs.ingress.listenerArn");
            continue;
        };
        let request = json!({
            "ListenerArn": listener,
            "Priority": priority,
            "Conditions": rule.conditions,
            "Actions": rule.actions,
        });
        let values = rule.conditions.iter().map(values).sum::<usize>();
        if values > 5 {
            ctx.tell(
                rule.object,
                1013,
                "",
                "a rule takes at most 5 values; split the Ingress",
            );
        }
        let resource = Resource::new("elbv2:ListenerRule", rule.name.as_str(), request);
        match rule.workload {
            Some(index) => traffic[index].rules.push(resource),
            None => others.push(Group {
                stage: Stage::Service,
                name: rule.name,
                resources: vec![resource],
                ..Group::default()
            }),
        }
    }
    others
}

/// How many values a condition has.
fn values(condition: &Value) -> usize {
    let Value::Object(map) = condition else {
        return 0;
    };
    map.values()
        .filter_map(|it| it["Values"].as_array())
        .map(Vec::len)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_patterns() {
        for (path, kind, want) in [
            ("/", "Prefix", &["/*"][..]),
            ("/api", "Prefix", &["/api", "/api/*"]),
            ("/api/", "Prefix", &["/api", "/api/*"]),
            ("/api", "Exact", &["/api"]),
            ("/", "Exact", &["/"]),
            ("/", "ImplementationSpecific", &["/*"]),
            ("/a/*", "ImplementationSpecific", &["/a/*"]),
        ] {
            assert_eq!(patterns(path, kind).0, want, "{path} {kind}");
        }
    }
}
