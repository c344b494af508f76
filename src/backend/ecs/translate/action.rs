//! What annotations of an Ingress say in JSON: actions and conditions.

use serde_json::{Value, json};

use super::context::Context;
use super::lead::{Backend, lead};
use super::object::{Field, Object};
use super::rule::Rule;
use super::traffic::{self, Traffic};
use super::workload::Workload;

/// An action of an annotation.
pub(super) fn action<'a>(
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
pub(super) fn pascal_json(field: &Field<'_>) -> Result<Value, serde_json::Error> {
    fn raise(value: Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(
                map.into_iter()
                    .map(|(name, value)| {
                        let mut letters = name.chars();
                        let first = letters.next().map(|c| c.to_uppercase().to_string());
                        let name = first.unwrap_or_default() + letters.as_str();
                        // The controller writes ARN in capitals, the API does not.
                        let name = match name.strip_suffix("ARN") {
                            Some(start) => format!("{start}Arn"),
                            None => name,
                        };
                        (name, raise(value))
                    })
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.into_iter().map(raise).collect()),
            other => other,
        }
    }
    serde_json::from_str(&field.scalar()).map(raise)
}
