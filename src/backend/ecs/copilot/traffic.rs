//! Load balancers: target groups, rules, listeners.

use serde_json::{Map, Value, json};

use super::super::config::Balancer;
use super::super::desired::Resource;
use super::port::{Ports, Target, listeners, rules};
use super::word::join;
use super::workload::{Kind, Workload, port, scalar, whole};
use crate::backend::ecs::translate::name::short;

/// Priority of the rule for `/`, as Copilot's own.
const ROOT: u32 = 50000;

/// Policy of TLS listeners, as Copilot's own.
const POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// What brings traffic to a service.
#[derive(Default)]
pub(super) struct Traffic {
    /// Target groups, then rules and listeners.
    pub(super) resources: Vec<Resource>,
    /// `loadBalancers` of the service.
    pub(super) balancers: Vec<Value>,
    /// How long failed checks are forgiven.
    pub(super) grace: Option<u64>,
    /// The first target group of the application load balancer.
    pub(super) first: Option<String>,
}

/// The application load balancer of a workload: one that it names, or the environment's.
pub(super) fn balancer<'a>(workload: &Workload<'a>) -> Option<&'a Balancer> {
    let copilot = workload.copilot();
    let own = match workload.kind {
        Kind::Backend => &copilot.private_alb,
        _ => &copilot.public_alb,
    };
    let Some(named) = scalar(&workload.manifest["http"]["alb"]) else {
        return Some(own);
    };
    let is_named = |balancer: &Balancer| {
        let full = balancer.full_name.as_deref().unwrap_or_default();
        let arn = balancer.arn.as_deref().unwrap_or_default();
        full.split('/').nth(1) == Some(named.as_str()) || (!arn.is_empty() && arn == named)
    };
    match copilot.albs.get(&named) {
        Some(found) => Some(found),
        None => is_named(own).then_some(own),
    }
}

/// Translates `http` and `nlb`.
pub(super) fn traffic(workload: &Workload<'_>, ports: &Ports) -> Traffic {
    let mut traffic = Traffic::default();
    let rules = rules(workload);
    let listeners = listeners(workload);
    if workload.kind == Kind::Web && rules.is_empty() && listeners.is_empty() {
        workload.tell(1018, "http", "needs http or nlb");
        return traffic;
    }
    let mut made = Vec::new();
    application(workload, ports, &rules, &mut traffic, &mut made);
    network(workload, ports, &listeners, &mut traffic, &mut made);
    traffic.resources.extend(made);
    if !traffic.balancers.is_empty() {
        let checks = [
            (
                "http.healthcheck",
                &workload.manifest["http"]["healthcheck"],
            ),
            ("nlb.healthcheck", &workload.manifest["nlb"]["healthcheck"]),
        ];
        let said = checks.iter().find_map(|(path, check)| {
            workload.whole_seconds(&check["grace_period"], &join(path, "grace_period"))
        });
        traffic.grace = Some(said.unwrap_or(60));
    }
    if traffic.balancers.len() > 5 {
        workload.tell(1013, "http", "a service has at most 5 target groups");
    }
    traffic
}

fn vpc<'a>(workload: &Workload<'a>, path: &str) -> &'a str {
    workload.need(workload.copilot().vpc_id.as_deref(), path, "copilot.vpcId")
}

fn application(
    workload: &Workload<'_>,
    ports: &Ports,
    rules: &[(&Value, String)],
    traffic: &mut Traffic,
    made: &mut Vec<Resource>,
) {
    if rules.is_empty() {
        return;
    }
    let Some(balancer) = balancer(workload) else {
        let named = scalar(&workload.manifest["http"]["alb"]).unwrap_or_default();
        let message = format!("set ecs.copilot.albs.{named} to its listener, name and DNS name");
        workload.tell(1014, "http.alb", message);
        return;
    };
    let setting = match workload.kind {
        Kind::Backend => "copilot.privateAlb.listenerArn",
        _ => "copilot.publicAlb.listenerArn",
    };
    let listener = workload.need(balancer.listener_arn.as_deref(), "http", setting);
    let mut beside_root = 0;
    for (index, (rule, path)) in rules.iter().enumerate() {
        let Some(target) = ports.of_rule(rule) else {
            workload.tell(
                1018,
                &join(path, "target_port"),
                "no container exposes a port; set image.port",
            );
            continue;
        };
        let name = match index {
            0 => short(&workload.full_name(), 32),
            index => short(&format!("{}-{index}", workload.full_name()), 32),
        };
        let group = target_group(workload, (rule, path), &name, &target);
        let reference = group.reference("arn");
        traffic.first.get_or_insert_with(|| name.clone());
        traffic.balancers.push(json!({
            "targetGroupArn": reference,
            "containerName": target.container,
            "containerPort": target.port,
        }));
        traffic.resources.push(group);
        let pattern = pattern(workload, rule, path);
        let own = format!("{}-{index}", workload.name);
        let priorities = &workload.copilot().priorities;
        let priority = match priorities.get(&own) {
            Some(own) => Some(*own),
            None if pattern == "/" => Some(ROOT),
            None => priorities
                .get(workload.name)
                .map(|first| first + beside_root),
        };
        beside_root += u32::from(pattern != "/");
        let Some(priority) = priority else {
            let message = format!(
                "priorities of rules are not looked up; set ecs.copilot.priorities.{}",
                workload.name
            );
            workload.tell(1014, &join(path, "path"), message);
            continue;
        };
        let conditions = conditions(workload, (rule, path), &pattern);
        let forward = json!([{"Type": "forward", "TargetGroupArn": reference}]);
        made.push(Resource::new(
            "elbv2:ListenerRule",
            own.as_str(),
            json!({
                "ListenerArn": listener,
                "Priority": priority,
                "Conditions": conditions,
                "Actions": forward,
            }),
        ));
        plain(
            workload,
            (rule, path),
            balancer,
            (own, priority, conditions, forward),
            made,
        );
    }
}

/// The rule on the listener without TLS: it redirects unless the manifest says otherwise.
fn plain(
    workload: &Workload<'_>,
    (rule, path): (&Value, &str),
    balancer: &Balancer,
    (name, priority, conditions, forward): (String, u32, Value, Value),
    made: &mut Vec<Resource>,
) {
    let said = rule["redirect_to_https"].as_bool();
    let Some(listener) = balancer.http_listener_arn.as_deref() else {
        if said == Some(true) {
            let message = "set ecs.copilot.publicAlb.httpListenerArn";
            workload.tell(1014, &join(path, "redirect_to_https"), message);
        }
        return;
    };
    let actions = match said {
        Some(false) => forward,
        _ => json!([{"Type": "redirect", "RedirectConfig": {
            "Protocol": "HTTPS",
            "Port": "443",
            "Host": "#{host}",
            "Path": "/#{path}",
            "Query": "#{query}",
            "StatusCode": "HTTP_301",
        }}]),
    };
    let suffix = if said == Some(false) {
        "http"
    } else {
        "redirect"
    };
    made.push(Resource::new(
        "elbv2:ListenerRule",
        format!("{name}-{suffix}"),
        json!({
            "ListenerArn": listener,
            "Priority": priority,
            "Conditions": conditions,
            "Actions": actions,
        }),
    ));
}

/// A path that begins with a slash.
fn slashed(path: &str) -> String {
    match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    }
}

fn pattern(workload: &Workload<'_>, rule: &Value, path: &str) -> String {
    let said = rule["path"].as_str();
    if said.is_none() {
        workload.tell(1018, &join(path, "path"), "has to be set");
    }
    slashed(said.unwrap_or("/"))
}

fn conditions(workload: &Workload<'_>, (rule, path): (&Value, &str), pattern: &str) -> Value {
    let mut conditions = Vec::new();
    let hosts = aliases(&rule["alias"]);
    if !hosts.is_empty() {
        let message = "records in Route 53 are not ours; point the names at the load balancer";
        workload.tell(2014, &join(path, "alias"), message);
        conditions.push(json!({"Field": "host-header", "HostHeaderConfig": {"Values": hosts}}));
    }
    let values = match pattern {
        "/" => vec!["/*".to_owned()],
        pattern => vec![pattern.to_owned(), format!("{pattern}/*")],
    };
    conditions.push(json!({"Field": "path-pattern", "PathPatternConfig": {"Values": values}}));
    let sources = rule["allowed_source_ips"].as_array();
    let sources: Vec<String> = sources.into_iter().flatten().filter_map(scalar).collect();
    if !sources.is_empty() {
        conditions.push(json!({"Field": "source-ip", "SourceIpConfig": {"Values": sources}}));
    }
    if hosts.len() + values.len() + sources.len() > 5 {
        workload.tell(
            1013,
            path,
            "a rule has at most 5 values of hosts, paths and addresses",
        );
    }
    Value::Array(conditions)
}

/// A name, names with commas between them, a list of either, or of maps with a name.
fn aliases(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text
            .split(',')
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect(),
        Value::Array(items) => items.iter().flat_map(aliases).collect(),
        Value::Object(map) => map.get("name").and_then(scalar).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn target_group(
    workload: &Workload<'_>,
    (rule, path): (&Value, &str),
    name: &str,
    target: &Target,
) -> Resource {
    let check = &rule["healthcheck"];
    let version = rule["version"].as_str().map(str::to_uppercase);
    let mut request = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            request.insert(name.to_owned(), value);
        }
    };
    let is_secure = target.port == 443;
    put("Name", Some(name.into()));
    put(
        "Protocol",
        Some(if is_secure { "HTTPS" } else { "HTTP" }.into()),
    );
    put("Port", Some(target.port.into()));
    put("VpcId", Some(vpc(workload, path).into()));
    put("TargetType", Some("ip".into()));
    let at = |name: &str| join(&join(path, "healthcheck"), name);
    let checked = check.as_str().or_else(|| check["path"].as_str());
    put(
        "HealthCheckPath",
        Some(slashed(checked.unwrap_or("/")).into()),
    );
    let port = workload.whole(&check["port"], &at("port"));
    put("HealthCheckPort", port.map(|port| port.to_string().into()));
    put(
        "HealthCheckProtocol",
        match (port, is_secure) {
            (Some(443), _) | (None, true) => Some("HTTPS".into()),
            (Some(_), true) => Some("HTTP".into()),
            (_, false) => None,
        },
    );
    thresholds(workload, check, &at, &mut put);
    put(
        "Matcher",
        scalar(&check["success_codes"]).map(|codes| match version.as_deref() {
            Some("GRPC") => json!({"GrpcCode": codes}),
            _ => json!({"HttpCode": codes}),
        }),
    );
    if let Some(version) = &version
        && !["GRPC", "HTTP1", "HTTP2"].contains(&version.as_str())
    {
        let message = format!("{version:?} is none of grpc, http1, http2");
        workload.tell(1018, &join(path, "version"), message);
    }
    put("ProtocolVersion", version.map(Value::from));
    let sticky = rule["stickiness"].as_bool().unwrap_or(false);
    let attributes = json!({
        "deregistration_delay.timeout_seconds": delay(workload, rule, path),
        "stickiness.enabled": sticky.to_string(),
    });
    Resource::new("elbv2:TargetGroup", name, Value::Object(request)).with("attributes", attributes)
}

/// Members of a check that both kinds of load balancers know.
fn thresholds(
    workload: &Workload<'_>,
    check: &Value,
    at: &dyn Fn(&str) -> String,
    put: &mut dyn FnMut(&str, Option<Value>),
) {
    let seconds = |name: &str| {
        workload
            .whole_seconds(&check[name], &at(name))
            .map(Value::from)
    };
    let count = |name: &str| workload.whole(&check[name], &at(name)).map(Value::from);
    put("HealthCheckIntervalSeconds", seconds("interval"));
    put("HealthCheckTimeoutSeconds", seconds("timeout"));
    put("HealthyThresholdCount", count("healthy_threshold"));
    put("UnhealthyThresholdCount", count("unhealthy_threshold"));
}

fn delay(workload: &Workload<'_>, rule: &Value, path: &str) -> String {
    let path = join(path, "deregistration_delay");
    let said = workload.whole_seconds(&rule["deregistration_delay"], &path);
    said.unwrap_or(60).to_string()
}

fn network(
    workload: &Workload<'_>,
    ports: &Ports,
    listeners: &[(&Value, String)],
    traffic: &mut Traffic,
    made: &mut Vec<Resource>,
) {
    if listeners.is_empty() {
        return;
    }
    let balancer = &workload.copilot().nlb;
    let arn = workload.need(balancer.arn.as_deref(), "nlb", "copilot.nlb.arn");
    if !workload.manifest["nlb"]["alias"].is_null() {
        let message = "records in Route 53 are not ours; point the names at the load balancer";
        workload.tell(2014, "nlb.alias", message);
    }
    for (index, (listener, path)) in listeners.iter().enumerate() {
        let (Some((number, protocol)), Some(target)) =
            (port(&listener["port"]), ports.of_listener(listener))
        else {
            continue;
        };
        let (group_name, name) = match index {
            0 => (
                format!("{}-nlb", workload.full_name()),
                format!("{}-nlb", workload.name),
            ),
            index => (
                format!("{}-nlb-{index}", workload.full_name()),
                format!("{}-nlb-{index}", workload.name),
            ),
        };
        let group = network_group(
            workload,
            (listener, path),
            &short(&group_name, 32),
            (&target, &protocol),
        );
        let reference = group.reference("arn");
        traffic.balancers.push(json!({
            "targetGroupArn": reference,
            "containerName": target.container,
            "containerPort": target.port,
        }));
        traffic.resources.push(group);
        let mut request = json!({
            "LoadBalancerArn": arn,
            "Port": number,
            "Protocol": protocol.to_uppercase(),
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": reference}],
        });
        if protocol == "tls" {
            let certificate = balancer.certificate_arn.as_deref();
            let certificate = workload.need(
                certificate,
                &join(path, "port"),
                "copilot.nlb.certificateArn",
            );
            request["Certificates"] = json!([{"CertificateArn": certificate}]);
            request["SslPolicy"] = listener["ssl_policy"].as_str().unwrap_or(POLICY).into();
        }
        made.push(Resource::new("elbv2:Listener", name, request));
    }
}

fn network_group(
    workload: &Workload<'_>,
    (listener, path): (&Value, &str),
    name: &str,
    (target, protocol): (&Target, &str),
) -> Resource {
    let check = &listener["healthcheck"];
    let mut request = json!({
        "Name": name,
        "Protocol": if protocol == "udp" { "UDP" } else { "TCP" },
        "Port": target.port,
        "VpcId": vpc(workload, path),
        "TargetType": "ip",
    });
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            request[name] = value;
        }
    };
    let at = |name: &str| join(&join(path, "healthcheck"), name);
    put(
        "HealthCheckPort",
        whole(&check["port"]).map(|port| port.to_string().into()),
    );
    thresholds(workload, check, &at, &mut put);
    let mut attributes =
        json!({"deregistration_delay.timeout_seconds": delay(workload, listener, path)});
    if let Some(sticky) = listener["stickiness"]
        .as_bool()
        .filter(|_| protocol != "tls")
    {
        attributes["stickiness.enabled"] = sticky.to_string().into();
    }
    Resource::new("elbv2:TargetGroup", name, request).with("attributes", attributes)
}
