//! Routes of the Gateway API.

use serde_json::{Value, json};

use super::context::Context;
use super::ingress;
use super::lead;
use super::object::{Field, Object};
use super::rule::Rule;
use super::traffic::Traffic;
use super::workload::Workload;

/// Adds the rules of a route.
pub(super) fn rules<'a>(
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
    let hosts: Vec<String> = spec.list("hostnames").iter().map(Field::scalar).collect();
    for (number, rule) in spec.list("rules").iter().enumerate() {
        let Some((actions, workload)) = actions(ctx, object, workloads, traffic, rule) else {
            continue;
        };
        let mut matches = rule.list("matches");
        if matches.is_empty() {
            matches.push(Field {
                value: &EMPTY,
                path: rule.path.clone(),
            });
        }
        for (index, found) in matches.iter().enumerate() {
            let Some((conditions, weight)) = conditions(ctx, object, &hosts, found) else {
                continue;
            };
            rules.push(Rule {
                object,
                name: format!("{}-{number}-{index}", object.name),
                conditions,
                actions: actions.clone(),
                workload,
                weight,
            });
        }
    }
}

static EMPTY: Value = Value::Null;

/// Conditions of a match: hosts, path, headers, method, query.
fn conditions(
    ctx: &Context<'_>,
    object: &Object<'_>,
    hosts: &[String],
    found: &Field<'_>,
) -> Option<(Vec<Value>, (bool, bool, usize))> {
    let mut conditions = Vec::new();
    let mut weight = (!hosts.is_empty(), false, 0);
    if !hosts.is_empty() {
        conditions.push(json!({"Field": "host-header", "HostHeaderConfig": {"Values": hosts}}));
    }
    let (written, kind) = match object.kind {
        "GRPCRoute" => {
            let method = found.get("method");
            let part = |name: &str| {
                method
                    .as_ref()
                    .and_then(|it| it.text(name).map(str::to_owned))
            };
            match (part("service"), part("method")) {
                (Some(service), Some(method)) => (format!("/{service}/{method}"), "Exact"),
                (Some(service), None) => (format!("/{service}"), "Prefix"),
                _ => ("/".to_owned(), "Prefix"),
            }
        }
        _ => {
            let path = found.get("path");
            let value = path
                .as_ref()
                .and_then(|it| it.text("value"))
                .unwrap_or("/")
                .to_owned();
            match path
                .as_ref()
                .and_then(|it| it.text("type"))
                .unwrap_or("PathPrefix")
            {
                "Exact" => (value, "Exact"),
                "PathPrefix" => (value, "Prefix"),
                other => {
                    let path = path.map(|it| it.path).unwrap_or_default();
                    ctx.tell(
                        object,
                        1018,
                        &path,
                        format!("a listener does not match by {other}"),
                    );
                    return None;
                }
            }
        }
    };
    let (values, is_exact) = ingress::patterns(&written, kind);
    weight.1 = is_exact;
    weight.2 = written.len();
    conditions.push(json!({"Field": "path-pattern", "PathPatternConfig": {"Values": values}}));
    for header in found.list("headers") {
        let config =
            json!({"HttpHeaderName": header.text("name"), "Values": [header.text("value")]});
        conditions.push(json!({"Field": "http-header", "HttpHeaderConfig": config}));
    }
    if let Some(method) = found.text("method") {
        conditions.push(json!({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": [method]}}));
    }
    let queries = found.list("queryParams");
    if !queries.is_empty() {
        let values: Vec<Value> = queries
            .iter()
            .map(|it| json!({"Key": it.text("name"), "Value": it.text("value")}))
            .collect();
        conditions.push(json!({"Field": "query-string", "QueryStringConfig": {"Values": values}}));
    }
    Some((conditions, weight))
}

/// What a rule does, and the workload that it leads to.
fn actions<'a>(
    ctx: &'a Context<'a>,
    object: &'a Object<'a>,
    workloads: &[Workload<'a>],
    traffic: &mut [Traffic],
    rule: &Field<'a>,
) -> Option<(Vec<Value>, Option<usize>)> {
    for filter in rule.list("filters") {
        if let Some(redirect) = filter.get("requestRedirect") {
            return Some((vec![redirected(&redirect)], None));
        }
        ctx.tell(object, 2014, &filter.path, "it is not translated");
    }
    let mut groups = Vec::new();
    let mut first = None;
    let backends = rule.list("backendRefs");
    for backend in &backends {
        let name = backend.text("name").unwrap_or_default();
        let port = backend.get("port");
        let found = lead::resolve(ctx, object, workloads, (name, port.as_ref(), &backend.path))?;
        let index = found.workload;
        let Some(arn) = lead::lead(ctx, object, &workloads[index], &found, &mut traffic[index])
        else {
            continue;
        };
        first = first.max(Some(index));
        groups.push((arn, backend.whole("weight")));
    }
    let action = match groups.as_slice() {
        [] => return None,
        [(arn, _)] => json!({"Type": "forward", "TargetGroupArn": arn}),
        several => {
            let groups: Vec<Value> = several
                .iter()
                .map(|(arn, weight)| json!({"TargetGroupArn": arn, "Weight": weight.unwrap_or(1)}))
                .collect();
            json!({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}})
        }
    };
    Some((vec![action], first))
}

fn redirected(redirect: &Field<'_>) -> Value {
    let code = match redirect.whole("statusCode") {
        Some(301) => "HTTP_301",
        _ => "HTTP_302",
    };
    let mut config = json!({ "StatusCode": code });
    if let Some(scheme) = redirect.text("scheme") {
        config["Protocol"] = scheme.to_uppercase().into();
    }
    if let Some(host) = redirect.text("hostname") {
        config["Host"] = host.into();
    }
    if let Some(port) = redirect.whole("port") {
        config["Port"] = port.to_string().into();
    }
    let path = redirect.get("path");
    if let Some(path) = path.as_ref().and_then(|it| it.text("replaceFullPath")) {
        config["Path"] = path.into();
    }
    json!({"Type": "redirect", "RedirectConfig": config})
}
