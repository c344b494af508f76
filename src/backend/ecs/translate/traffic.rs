//! Services: who finds whom, and by what name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::config::{Clients, Discovery};
use super::super::desired::Resource;
use super::context::{Context, selects};
use super::ingress;
use super::name;
use super::object::{Field, Object, whole};
use super::order::Group;
use super::probe;
use super::workload::{Work, Workload};

/// Names of ports that something refers to, by container and port, with their protocol.
pub(super) type Names = BTreeMap<(usize, i64), (String, Option<&'static str>)>;

/// How one workload is reached.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) names: Names,
    /// Container and port of target groups.
    pub(super) checked: Vec<(String, i64)>,
    /// Containers whose readiness probes are used.
    pub(super) managed: Vec<String>,
    /// `services` of Service Connect.
    pub(super) connect: Vec<Value>,
    pub(super) registries: Vec<Value>,
    pub(super) balancers: Vec<Value>,
    pub(super) gateways: Vec<Value>,
    pub(super) grace: Option<i64>,
    pub(super) discovery: Vec<Resource>,
    pub(super) target_groups: Vec<Resource>,
    pub(super) rules: Vec<Resource>,
}

/// How all workloads are reached, and what belongs to none of them.
pub(super) fn plan<'a>(
    ctx: &'a Context<'a>,
    workloads: &[Workload<'a>],
) -> (Vec<Traffic>, Vec<Group>) {
    let mut traffic: Vec<Traffic> = workloads.iter().map(|_| Traffic::default()).collect();
    for service in services(ctx) {
        one(ctx, service, workloads, &mut traffic);
    }
    for (workload, traffic) in workloads.iter().zip(&mut traffic) {
        attached(ctx, workload, traffic);
    }
    let others = ingress::plan(ctx, workloads, &mut traffic);
    for (workload, traffic) in workloads.iter().zip(&mut traffic) {
        if traffic.balancers.len() > 5 {
            workload.tell(1013, "", "a service takes at most 5 target groups");
        }
        if traffic.gateways.len() > 1 {
            workload.tell(1013, "", "a service takes one gateway connector");
        }
    }
    (traffic, others)
}

/// The core Services.
pub(super) fn services<'b, 'a>(ctx: &'b Context<'a>) -> impl Iterator<Item = &'b Object<'a>> {
    ctx.of("Service").filter(|object| object.group.is_empty())
}

/// The workloads that a Service selects.
pub(super) fn selected(service: &Object<'_>, workloads: &[Workload<'_>]) -> Vec<usize> {
    let selector = service.root().at(&["spec", "selector"]);
    let is_meant = |workload: &Workload<'_>| {
        matches!(workload.work, Work::Service | Work::Daemon)
            && workload.object.namespace == service.namespace
            && selects(selector.clone(), workload.labels())
    };
    let found = workloads.iter().enumerate().filter(|(_, it)| is_meant(it));
    found.map(|(index, _)| index).collect()
}

/// The container and its port that a Service's port leads to.
pub(super) fn target(workload: &Workload<'_>, port: &Field<'_>) -> Option<(usize, String, i64)> {
    let containers = workload.containers();
    let inits = workload.pod.list("initContainers").len();
    let wanted = port.get("targetPort").or_else(|| port.get("port"))?;
    let find = |is_it: &dyn Fn(&Field<'_>) -> bool| {
        containers
            .iter()
            .enumerate()
            .find_map(|(index, container)| {
                let port = container
                    .list("ports")
                    .into_iter()
                    .find(|port| is_it(port))?;
                let name = container.text("name").unwrap_or_default().to_owned();
                Some((index, name, port.whole("containerPort")?))
            })
    };
    if let Some(number) = whole(wanted.value) {
        let declared = find(&|port| port.whole("containerPort") == Some(number));
        let first = || {
            let name = containers
                .get(inits)?
                .text("name")
                .unwrap_or_default()
                .to_owned();
            Some((inits, name, number))
        };
        return declared.or_else(first);
    }
    let name = wanted.value.as_str()?;
    find(&|port| port.text("name") == Some(name))
}

fn one<'a>(
    ctx: &'a Context<'a>,
    service: &Object<'a>,
    workloads: &[Workload<'a>],
    traffic: &mut [Traffic],
) {
    let spec = service.root();
    let Some(spec) = spec.get("spec") else {
        return;
    };
    let kind = spec.text("type").unwrap_or("ClusterIP");
    if kind == "ExternalName" {
        ctx.tell(service, 2011, "", "ECS has no names for what is elsewhere");
        return;
    }
    let selected = selected(service, workloads);
    let index = match selected.as_slice() {
        [only] => *only,
        [] => {
            ctx.tell(service, 3003, "", "it selects no workload of the release");
            return;
        }
        several => {
            let names: Vec<&str> = several
                .iter()
                .map(|it| workloads[*it].name.as_str())
                .collect();
            let message = format!(
                "it selects {}; a service of ECS is one workload",
                names.join(" and ")
            );
            ctx.tell(service, 1017, "", message);
            return;
        }
    };
    let (workload, traffic) = (&workloads[index], &mut traffic[index]);
    match kind {
        "NodePort" => {
            let message = "tasks have addresses of their own; it is translated as a ClusterIP";
            ctx.tell(service, 2014, "spec.type", message);
        }
        "LoadBalancer" => balancer(ctx, service, &spec, workload, traffic),
        _ => {}
    }
    if spec.text("clusterIP") == Some("None") {
        cloud_map(ctx, service, workload, traffic);
        return;
    }
    if spec.text("sessionAffinity") == Some("ClientIP") && kind != "LoadBalancer" {
        let message = "Service Connect sends every request where it wants";
        ctx.tell(service, 2014, "spec.sessionAffinity", message);
    }
    let discovery = discovery(ctx, service, workload);
    if discovery != Discovery::Connect {
        cloud_map(ctx, service, workload, traffic);
    }
    if discovery != Discovery::CloudMap {
        connect(ctx, service, &spec, workload, traffic);
    }
}

fn discovery(ctx: &Context<'_>, service: &Object<'_>, workload: &Workload<'_>) -> Discovery {
    let own = service
        .own("discovery")
        .or_else(|| workload.object.own("discovery"));
    match own.map(|it| it.scalar()).as_deref() {
        Some("connect") => Discovery::Connect,
        Some("cloudmap") => Discovery::CloudMap,
        Some("both") => Discovery::Both,
        _ => ctx.config.discovery.unwrap_or_default(),
    }
}

/// What an annotation says of Service Connect, on the Service or on its workload.
fn connects<'a>(service: &Object<'a>, workload: &Workload<'a>) -> &'a str {
    let own = service.own_text("service-connect");
    own.or(workload.object.own_text("service-connect"))
        .unwrap_or("server")
}

fn connect(
    ctx: &Context<'_>,
    service: &Object<'_>,
    spec: &Field<'_>,
    workload: &Workload<'_>,
    traffic: &mut Traffic,
) {
    if connects(service, workload) != "server" {
        return;
    }
    let ports = spec.list("ports");
    let mut is_served = false;
    for port in &ports {
        let Some(number) = port.whole("port") else {
            continue;
        };
        if port.text("protocol").unwrap_or("TCP") != "TCP" {
            let message = "Service Connect is for TCP; switch it off with ecs.pintle.dev/service-connect: \"off\"";
            ctx.tell(service, 1009, &format!("{}.protocol", port.path), message);
            continue;
        }
        let Some(name) = serve(ctx, service, port, workload, traffic) else {
            continue;
        };
        let word = port.text("name").map_or(number.to_string(), str::to_owned);
        let found = match ports.len() {
            1 => service.name.to_owned(),
            _ => format!("{}-{word}", service.name),
        };
        let found: String = found.to_lowercase().chars().take(64).collect();
        traffic.connect.push(json!({
            "portName": name,
            "discoveryName": found,
            "clientAliases": [{"port": number, "dnsName": service.name}],
        }));
        is_served = true;
    }
    if is_served && ctx.config.service_connect.rewrite_service_dns != Some(true) {
        let message = format!(
            "others find it as {} alone, not as {0}.{} and so on",
            service.name, service.namespace
        );
        ctx.tell(service, 2009, "", message);
    }
}

/// Names the port of a container that a Service's port leads to.
fn serve(
    ctx: &Context<'_>,
    service: &Object<'_>,
    port: &Field<'_>,
    workload: &Workload<'_>,
    traffic: &mut Traffic,
) -> Option<String> {
    let Some((index, _, number)) = target(workload, port) else {
        let message = format!("no container of {} has this port", workload.name);
        ctx.tell(service, 1010, &format!("{}.targetPort", port.path), message);
        return None;
    };
    let application = match port.text("appProtocol") {
        Some("http") => Some("http"),
        Some("grpc") => Some("grpc"),
        Some("kubernetes.io/h2c") => Some("http2"),
        _ => None,
    };
    if let Some((name, there)) = traffic.names.get_mut(&(index, number)) {
        *there = there.or(application);
        return Some(name.clone());
    }
    let containers = workload.containers();
    let declared = containers.get(index)?.list("ports").into_iter();
    let own = declared
        .filter(|it| it.whole("containerPort") == Some(number))
        .find_map(|it| it.text("name").map(str::to_owned));
    let wanted = own
        .or_else(|| port.text("name").map(str::to_owned))
        .unwrap_or_else(|| format!("port-{number}"));
    let is_taken = |name: &str| traffic.names.values().any(|(taken, _)| taken == name);
    let name = match is_taken(&wanted) {
        true => format!("{wanted}-{number}"),
        false => wanted,
    };
    traffic
        .names
        .insert((index, number), (name.clone(), application));
    Some(name)
}

fn cloud_map(
    ctx: &Context<'_>,
    service: &Object<'_>,
    workload: &Workload<'_>,
    traffic: &mut Traffic,
) {
    let Some(id) = &ctx.config.cloud_map.namespace_id else {
        ctx.tell(service, 1014, "", "set ecs.cloudMap.namespaceId");
        return;
    };
    let called = match ctx.find_wide("Namespace", service.namespace) {
        Some(namespace) => format!("{}.{}", service.name, namespace.name),
        None => service.name.to_owned(),
    };
    let is_host = workload.is_host();
    let kind = if is_host { "SRV" } else { "A" };
    let resource = Resource::new(
        "servicediscovery:Service",
        called.as_str(),
        json!({
            "Name": called,
            "NamespaceId": id,
            "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": kind, "TTL": 10}]},
            "HealthCheckCustomConfig": {"FailureThreshold": 1},
        }),
    );
    let mut registry = json!({"registryArn": resource.reference("arn")});
    let port = service
        .root()
        .at(&["spec"])
        .and_then(|it| it.list("ports").into_iter().next());
    // Addresses alone are not enough where tasks share that of their host.
    if let Some((_, container, port)) = port
        .filter(|_| is_host)
        .and_then(|port| target(workload, &port))
    {
        registry["containerName"] = container.into();
        registry["containerPort"] = port.into();
    }
    traffic.registries.push(registry);
    traffic.discovery.push(resource);
}

/// A network load balancer in front of a Service.
fn balancer(
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
    for port in spec.list("ports") {
        let Some((_, container, number)) = target(workload, &port) else {
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
        let protocol = port.text("protocol").unwrap_or("TCP");
        let word = port.text("name").map_or(number.to_string(), str::to_owned);
        let called = group_name(workload, service, &word);
        let mut request = json!({
            "Name": called,
            "Protocol": protocol,
            "Port": number,
            "TargetType": target_type(workload),
        });
        match &ctx.config.ingress.vpc_id {
            Some(vpc) => request["VpcId"] = vpc.as_str().into(),
            None => ctx.tell(service, 1014, "spec.type", "set ecs.ingress.vpcId"),
        }
        let mut group = Resource::new("elbv2:TargetGroup", called.as_str(), request);
        if spec.text("sessionAffinity") == Some("ClientIP") {
            group = group.with(
                "attributes",
                json!({"stickiness.enabled": "true", "stickiness.type": "source_ip"}),
            );
        }
        let reference = group.reference("arn");
        traffic.target_groups.push(group);
        let listener = json!({
            "LoadBalancerArn": load_balancer,
            "Port": port.whole("port"),
            "Protocol": protocol,
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": reference}],
        });
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

/// The name of a target group.
pub(super) fn group_name(workload: &Workload<'_>, service: &Object<'_>, port: &str) -> String {
    let pattern = workload.ctx.config.names.target_group.as_deref();
    let words = [("service", service.name), ("port", port)];
    let filled = name::fill(pattern.unwrap_or("{cluster}-{service}-{port}"), &words);
    let plain = name::plain(&workload.fill(&filled)).replace('_', "-");
    name::short(&plain, 32)
}

/// A target group that annotations of the workload name.
fn attached(ctx: &Context<'_>, workload: &Workload<'_>, traffic: &mut Traffic) {
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

impl Traffic {
    /// Registers a container's port in a target group.
    pub(super) fn balance(&mut self, arn: &str, container: &str, port: i64) {
        let balancer =
            json!({"targetGroupArn": arn, "containerName": container, "containerPort": port});
        if !self.balancers.contains(&balancer) {
            self.balancers.push(balancer);
        }
    }

    /// Gives a container the time to start that its probes give.
    pub(super) fn start(&mut self, workload: &Workload<'_>, container: &str) {
        let containers = workload.containers();
        let Some(container) = containers
            .iter()
            .find(|it| it.text("name") == Some(container))
        else {
            return;
        };
        let readiness = container.get("readinessProbe");
        let wait = readiness
            .and_then(|it| it.whole("initialDelaySeconds"))
            .filter(|it| *it > 0);
        let time = probe::budget(container).or(wait);
        self.grace = self.grace.max(time);
    }
}

/// The Services of the release that texts name: as a URL's host, as `host:port`, or as all of the text.
pub(super) fn called<'b>(
    ctx: &'b Context<'_>,
    workload: &Workload<'_>,
    definition: &Value,
) -> Vec<&'b str> {
    let mut texts: Vec<&str> = Vec::new();
    for container in definition["containerDefinitions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        for name in ["entryPoint", "command"] {
            let words = container[name]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            texts.extend(words.iter().filter_map(Value::as_str));
        }
        if container["name"] == super::file::WRITER {
            continue;
        }
        let variables = container["environment"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        texts.extend(variables.iter().filter_map(|it| it["value"].as_str()));
    }
    let is_called = |service: &&Object<'_>| {
        let (name, namespace) = (service.name, service.namespace);
        let mut forms = vec![
            format!("{name}.{namespace}"),
            format!("{name}.{namespace}.svc"),
            format!("{name}.{namespace}.svc.cluster.local"),
        ];
        if namespace == workload.object.namespace {
            forms.push(name.to_owned());
        }
        texts
            .iter()
            .any(|text| forms.iter().any(|form| names(text, form)))
    };
    services(ctx)
        .filter(is_called)
        .map(|service| service.name)
        .collect()
}

/// Whether a text names a host.
fn names(text: &str, host: &str) -> bool {
    if text.trim() == host {
        return true;
    }
    let mut from = 0;
    while let Some(at) = text[from..].find(host) {
        let start = from + at;
        let end = start + host.len();
        let before = text[..start].chars().next_back();
        let after = text[end..].chars().next();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let is_whole = before.is_none_or(|c| !is_part(c)) && after.is_none_or(|c| !is_part(c));
        let is_url = text[..start].ends_with("//") || before == Some('@');
        let has_port =
            after == Some(':') && text[end + 1..].starts_with(|c: char| c.is_ascii_digit());
        let is_long = host.contains('.');
        if is_whole && (is_url || has_port || is_long) {
            return true;
        }
        from = start + host.len().max(1);
    }
    false
}

/// Writes longer names of Services of the release as the bare one.
pub(super) fn rewrite(ctx: &Context<'_>, definition: &mut Value) {
    if ctx.config.service_connect.rewrite_service_dns != Some(true) {
        return;
    }
    let mut forms = Vec::new();
    for service in services(ctx) {
        for end in [".svc.cluster.local", ".svc", ""] {
            forms.push((
                format!("{}.{}{end}", service.name, service.namespace),
                service.name,
            ));
        }
    }
    let containers = definition["containerDefinitions"].as_array_mut();
    for container in containers.map(Vec::as_mut_slice).unwrap_or_default() {
        let mut change = |value: &mut Value| {
            if let Some(text) = value.as_str() {
                let changed = forms.iter().fold(text.to_owned(), |text, (long, bare)| {
                    replace(&text, long, bare)
                });
                *value = changed.into();
            }
        };
        for name in ["entryPoint", "command"] {
            if let Some(words) = container[name].as_array_mut() {
                words.iter_mut().for_each(&mut change);
            }
        }
        if let Some(variables) = container["environment"].as_array_mut() {
            variables.iter_mut().for_each(|it| change(&mut it["value"]));
        }
    }
}

/// Replaces a host where it is a whole one.
fn replace(text: &str, host: &str, with: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(host) {
        let end = at + host.len();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let before = rest[..at]
            .chars()
            .next_back()
            .or_else(|| replaced.chars().next_back());
        let is_whole = before.is_none_or(|c| !is_part(c))
            && rest[end..].chars().next().is_none_or(|c| !is_part(c));
        replaced.push_str(&rest[..at]);
        replaced.push_str(if is_whole { with } else { host });
        rest = &rest[end..];
    }
    replaced.push_str(rest);
    replaced
}

/// `serviceConnectConfiguration`; nothing for who neither serves nor calls.
pub(super) fn configuration(
    workload: &Workload<'_>,
    traffic: &Traffic,
    calls: &[&str],
) -> Option<Value> {
    let settings = &workload.ctx.config.service_connect;
    let own = workload.object.own_text("service-connect");
    if own == Some("off") {
        return None;
    }
    let is_client = match settings.clients.unwrap_or_default() {
        Clients::All => true,
        Clients::Auto => !calls.is_empty(),
        Clients::None => false,
    };
    if traffic.connect.is_empty() && !is_client && own != Some("client") {
        return None;
    }
    let mut configuration = Map::new();
    configuration.insert("enabled".into(), true.into());
    if let Some(namespace) = &settings.namespace {
        configuration.insert("namespace".into(), namespace.as_str().into());
    }
    if !traffic.connect.is_empty() {
        configuration.insert("services".into(), json!(traffic.connect));
    }
    Some(Value::Object(configuration))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_where_they_are_meant() {
        for (text, host, want) in [
            ("http://catalog:8080", "catalog", true),
            ("catalog", "catalog", true),
            ("postgres://u:p@catalog/x", "catalog", true),
            ("catalog:80", "catalog", true),
            ("read the catalog now", "catalog", false),
            ("http://catalogue", "catalog", false),
            ("my-catalog:80", "catalog", false),
            ("x catalog.shop.svc y", "catalog.shop.svc", true),
        ] {
            assert_eq!(names(text, host), want, "{text} {host}");
        }
        assert_eq!(
            replace("http://a.b.svc/x a.b.svcs", "a.b.svc", "a"),
            "http://a/x a.b.svcs"
        );
    }
}
