//! What is told of deployments that fail.

use serde_json::{Value, json};

use super::super::account::{list, text};
use super::super::kind::Around;
use super::super::{Ecs, reason, task};
use super::watch::{Look, Watch};
use crate::diag::{Error, Kind};

/// How many events of a service are shown, and how many of its tasks.
const EVENTS: usize = 5;
const TASKS: usize = 2;

/// What happened to a service since the deployment began: events, tasks that stopped, what they wrote.
pub(super) fn state(ecs: &Ecs, watch: &Watch, around: Around<'_>) -> Vec<String> {
    let since = watch.begun.since;
    let mut lines: Vec<String> = list(&watch.service, "events")
        .filter(|event| event["createdAt"].as_f64().unwrap_or_default() >= since)
        .take(EVENTS)
        .map(|event| format!("event: {}", text(event, "message")))
        .collect();
    for task in stopped(watch, around) {
        lines.extend(task::explain(ecs, &task, around));
    }
    lines
}

/// Tasks of the deployment that stopped.
fn stopped(watch: &Watch, around: Around<'_>) -> Vec<Value> {
    let filter = json!({
        "cluster": watch.begun.cluster, "serviceName": watch.begun.service, "desiredStatus": "STOPPED",
    });
    let arns = task::find(&filter, around).unwrap_or_default();
    let mut tasks = task::describe(&watch.begun.cluster, &arns, around).unwrap_or_default();
    tasks.retain(|it| text(it, "taskDefinitionArn") == watch.begun.definition);
    // Those that were told to stop say nothing of why.
    tasks.retain(|it| text(it, "stopCode") != "ServiceSchedulerInitiated" || has_reason(it));
    tasks.truncate(TASKS);
    tasks
}

fn has_reason(task: &Value) -> bool {
    let reason = text(task, "stoppedReason");
    reason.contains("health check") || reason.contains("ELB")
}

/// The error of a deployment that failed.
pub(super) fn failure(ecs: &Ecs, watch: &Watch, around: Around<'_>) -> Error {
    let Look::Failed(reason) = &watch.look else {
        return reason::odd("DescribeServiceDeployments");
    };
    let service = &watch.begun.service;
    let message = format!("the deployment of service {service} failed: {reason}");
    let lines = state(ecs, watch, around);
    let mut reasons = lines.clone();
    reasons.push(reason.clone());
    let mut error = Error::new(Kind::Cluster, message);
    for line in lines {
        error = error.with_detail(line);
    }
    match reason::hint(&reasons) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
