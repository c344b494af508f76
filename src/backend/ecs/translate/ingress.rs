//! Ingresses and routes to target groups and rules of a listener.

use serde_json::{Value, json};

use super::action;
use super::context::Context;
use super::lead;
use super::object::{Field, Object};
use super::order::Group;
use super::route;
use super::rule::{self, Rule};
use super::traffic::Traffic;
use super::workload::Workload;

pub(super) const ALB: &str = "alb.ingress.kubernetes.io/";

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
    rule::arrange(ctx, workloads, rules, traffic)
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
        match action::pascal_json(&field) {
            Ok(Value::Array(more)) => conditions.extend(more),
            _ => ctx.tell(
                object,
                1018,
                &field.path,
                "it has to be a JSON list of conditions",
            ),
        }
    }
    conditions.sort_by_key(rule::rank);
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
        if let Some(action) = action::action(ctx, object, workloads, traffic, (&field, &mut rule)) {
            rule.actions.push(action);
            rules.push(rule);
        }
        return;
    }
    let backend_path = service
        .as_ref()
        .map_or(path.backend.path.clone(), |it| it.path.clone());
    let Some(backend) = lead::resolve(
        ctx,
        object,
        workloads,
        (named, port.as_ref(), &backend_path),
    ) else {
        return;
    };
    rule.workload = Some(backend.workload);
    let Some(arn) = lead::lead(
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
