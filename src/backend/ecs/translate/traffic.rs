//! Services: who finds whom, and by what name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::config::{Clients, Discovery};
use super::super::desired::Resource;
use super::balancer;
use super::context::{Context, selects};
use super::ingress;
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
    /// Containers whose readiness probes are used, and by what.
    pub(super) managed: Vec<(String, probe::Checker)>,
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
        balancer::attached(ctx, workload, traffic);
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
            let selector = service.root().at(&["spec", "selector"]);
            let is_refused = ctx.objects.iter().any(|it| {
                let labels = &it.body["spec"]["template"]["metadata"]["labels"];
                it.namespace == service.namespace && selects(selector.clone(), labels)
            });
            if !is_refused {
                ctx.tell(service, 3003, "", "it selects no workload of the release");
            }
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
    if workload.work == Work::Daemon && workload.is_fargate() {
        return;
    }
    quiet(ctx, service, &spec);
    match kind {
        "NodePort" => {
            let message = "tasks have addresses of their own; it is translated as a ClusterIP";
            ctx.tell(service, 2014, "spec.type", message);
        }
        "LoadBalancer" => balancer::balancer(ctx, service, &spec, workload, traffic),
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

/// Members of a Service that nothing of ECS keeps.
fn quiet(ctx: &Context<'_>, service: &Object<'_>, spec: &Field<'_>) {
    let ranges = spec.get("loadBalancerSourceRanges");
    for field in ranges.into_iter().chain(spec.get("externalIPs")) {
        if !field.items().is_empty() {
            ctx.tell(
                service,
                2014,
                &field.path,
                "security groups decide who comes in",
            );
        }
    }
    for name in ["externalTrafficPolicy", "internalTrafficPolicy"] {
        if let Some(field) = spec.get(name).filter(|it| it.value == "Local") {
            ctx.tell(
                service,
                3007,
                &field.path,
                "tasks have addresses of their own",
            );
        }
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
            // A load balancer takes it.
            if spec.text("type") == Some("LoadBalancer") {
                continue;
            }
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
