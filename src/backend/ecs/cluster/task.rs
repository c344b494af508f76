//! Tasks that run to their end: jobs, hooks, tests.

use std::time::Duration;

use serde_json::{Value, json};

use super::account::{last, list, text, texts};
use super::deploy::essential;
use super::kind::service::cluster_of;
use super::kind::{self, Around, Owner};
use super::plan::token;
use super::tag::{self, Form, NAMESPACE, RELEASE};
use super::{Ecs, logs, reason};
use crate::backend::ecs::desired::Resource;
use crate::backend::{Context, Event, Waiting};
use crate::diag::{Error, Kind};

/// How many tasks are run at once.
const BATCH: u64 = 10;

/// How many lines of a container that failed are shown.
pub(super) const LINES: usize = 20;

/// Who starts the tasks of a release, as ECS remembers it.
fn starter(owner: &Owner) -> String {
    let text = format!("pintle/{}/{}", owner.namespace, owner.name);
    text.chars().take(128).collect()
}

/// Runs the tasks of a resource, its references filled in; gives their ARNs.
///
/// # Errors
/// What ECS says.
pub(super) fn start(
    resource: &Resource,
    salt: &str,
    around: Around<'_>,
) -> Result<Vec<String>, Error> {
    let mut request = resource.request.clone();
    let mut tags = tag::take(&mut request);
    let owner = around.owner;
    if !owner.name.is_empty() {
        tags.insert(RELEASE.to_owned(), owner.name.clone());
        tags.insert(NAMESPACE.to_owned(), owner.namespace.clone());
    }
    request["tags"] = tag::write(Form::Lower, &tags);
    request["startedBy"] = Value::from(starter(owner));
    let mut left = request["count"].as_u64().unwrap_or(1);
    let mut arns = Vec::new();
    while left > 0 {
        let some = left.min(BATCH);
        request["count"] = json!(some);
        request["clientToken"] = Value::from(token(resource, around, &format!("{salt} {left}")));
        let said = around.account.ecs("RunTask", &request)?;
        arns.extend(list(&said, "tasks").map(|it| text(it, "taskArn").to_owned()));
        if let Some(failure) = list(&said, "failures").next() {
            let why = [text(failure, "reason"), text(failure, "detail")];
            let why: Vec<&str> = why.into_iter().filter(|it| !it.is_empty()).collect();
            let message = format!(
                "the task of {} was not started: {}",
                resource.name,
                why.join(": ")
            );
            let error = Error::new(Kind::Cluster, message);
            return Err(match reason::hint(&[why.join(" ")]) {
                Some(hint) => error.with_hint(hint),
                None => error,
            });
        }
        left -= some;
    }
    Ok(arns)
}

/// Tasks as ECS tells them; those that it has forgotten are left out.
///
/// # Errors
/// What ECS says.
pub(super) fn describe(
    cluster: &str,
    arns: &[String],
    around: Around<'_>,
) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    for some in arns.chunks(100) {
        let input = json!({"cluster": cluster, "tasks": some});
        let said = around.account.ecs("DescribeTasks", &input)?;
        found.extend(list(&said, "tasks").cloned());
    }
    Ok(found)
}

/// Waits until the tasks of a resource have ended well; those that fail are run again as often as it
/// wants it.
///
/// # Errors
/// Tasks that failed, with what they wrote, or that did not end in time.
pub(super) fn follow(ecs: &Ecs, resource: &Resource, context: &Context<'_>) -> Result<(), Error> {
    ecs.clock.heed(context.cancel);
    let owner = ecs.owner_of(std::iter::empty::<&crate::backend::Object>());
    let secrets = ecs.secrets();
    let around = ecs.around(&owner, &secrets);
    let cluster = cluster_of(around.account, &resource.request).to_owned();
    let retries = resource
        .settings
        .get("retries")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let limit = resource
        .settings
        .get("timeoutSeconds")
        .and_then(Value::as_u64)
        .map(Duration::from_secs);
    let mut waited = Duration::ZERO;
    let mut tries = 0_u32;
    let mut arns = ecs.with(|session| {
        session
            .tasks
            .get(&resource.name)
            .cloned()
            .unwrap_or_default()
    });
    loop {
        let tasks = describe(&cluster, &arns, around)?;
        let running = tasks
            .iter()
            .filter(|it| it["lastStatus"] != "STOPPED")
            .count();
        tell(resource, &tasks, &owner, context);
        if running == 0 {
            let failures = failures(ecs, &tasks, around)?;
            if failures.is_empty() {
                (context.events)(Event::Waiting(Vec::new()));
                return Ok(());
            }
            if u64::from(tries) >= retries {
                (context.events)(Event::Waiting(Vec::new()));
                return Err(failed(ecs, resource, &failures, tries + 1));
            }
            waited += ecs.clock.pass(ecs.clock.backoff(tries))?;
            tries += 1;
            let first = tasks
                .first()
                .map(|it| text(it, "taskDefinitionArn").to_owned());
            arns = again(
                ecs,
                resource,
                first.as_deref().unwrap_or_default(),
                tries,
                around,
            )?;
            continue;
        }
        let late = limit.is_some_and(|limit| waited >= limit);
        if late || waited >= context.timeout {
            (context.events)(Event::Waiting(Vec::new()));
            let after = if late {
                limit.unwrap_or_default()
            } else {
                context.timeout
            };
            let why = format!("not done after {} s", after.as_secs());
            stop(&cluster, &arns, &why, around);
            let message = format!("the task of {} was stopped: {why}", resource.name);
            let mut error = Error::new(Kind::Cancelled, message);
            for line in lines(ecs, &tasks, around) {
                error = error.with_detail(line);
            }
            return Err(error);
        }
        match ecs.clock.rest(waited) {
            Ok(length) => waited += length,
            Err(error) => {
                stop(&cluster, &arns, "called off", around);
                return Err(error);
            }
        }
    }
}

/// Runs a job once more, with the task definition that it had.
fn again(
    ecs: &Ecs,
    resource: &Resource,
    definition: &str,
    tries: u32,
    around: Around<'_>,
) -> Result<Vec<String>, Error> {
    let mut resource = resource.clone();
    resource.request["taskDefinition"] = Value::from(definition);
    let arns = start(&resource, &format!("try {tries} {}", ecs.count()), around)?;
    ecs.with(|session| session.tasks.insert(resource.name.clone(), arns.clone()));
    Ok(arns)
}

fn tell(resource: &Resource, tasks: &[Value], owner: &Owner, context: &Context<'_>) {
    let status = tasks.first().map_or("PENDING", |it| {
        it["lastStatus"].as_str().unwrap_or_default()
    });
    let waiting = Waiting {
        object: format!("RunTask/{}/{}", owner.namespace, resource.name),
        status: status.to_owned(),
        message: tasks
            .first()
            .map(|it| last(text(it, "taskArn")).to_owned())
            .unwrap_or_default(),
        ready: None,
        trouble: String::new(),
        is_done: status == "STOPPED",
    };
    (context.events)(Event::Waiting(vec![waiting]));
}

/// Why a task counts as failed.
pub(super) struct Failure {
    pub(super) task: Value,
    pub(super) lines: Vec<String>,
}

fn failures(ecs: &Ecs, tasks: &[Value], around: Around<'_>) -> Result<Vec<Failure>, Error> {
    let mut found = Vec::new();
    for task in tasks {
        let definition = kind::read_definition(around.account, text(task, "taskDefinitionArn"))?;
        let needed = definition.map(|it| essential(&it.told)).unwrap_or_default();
        let is_bad = |container: &Value| {
            let is_needed =
                needed.is_empty() || needed.iter().any(|name| name == text(container, "name"));
            is_needed && container["exitCode"].as_i64() != Some(0)
        };
        let has_containers = list(task, "containers").next().is_some();
        if !has_containers || list(task, "containers").any(is_bad) {
            found.push(Failure {
                lines: explain(ecs, task, around),
                task: task.clone(),
            });
        }
    }
    Ok(found)
}

/// What is known of a task that stopped: why, how its containers ended, what they wrote last.
pub(super) fn explain(ecs: &Ecs, task: &Value, around: Around<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let reasons: Vec<&str> = [text(task, "stopCode"), text(task, "stoppedReason")]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    lines.push(format!(
        "task {}: {}",
        last(text(task, "taskArn")),
        reasons.join(": ")
    ));
    for container in list(task, "containers") {
        let mut line = format!("container {}", text(container, "name"));
        match container["exitCode"].as_i64() {
            Some(code) => line.push_str(&format!(": exit code {code}")),
            None => line.push_str(": it did not start"),
        }
        if let Some(reason) = container["reason"].as_str() {
            line.push_str(&format!(": {reason}"));
        }
        lines.push(line);
    }
    for log in logs::of_task(ecs, task, LINES, around) {
        for line in log.lines {
            lines.push(format!("{} | {line}", log.container));
        }
    }
    lines
}

fn lines(ecs: &Ecs, tasks: &[Value], around: Around<'_>) -> Vec<String> {
    tasks
        .iter()
        .flat_map(|task| explain(ecs, task, around))
        .collect()
}

fn failed(ecs: &Ecs, resource: &Resource, failures: &[Failure], tries: u32) -> Error {
    let _ = ecs;
    let first = failures.first();
    let why = first
        .map(|it| text(&it.task, "stoppedReason").to_owned())
        .unwrap_or_default();
    let codes = first.map(|it| {
        let codes = list(&it.task, "containers").filter_map(|one| one["exitCode"].as_i64());
        codes
            .filter(|code| *code != 0)
            .map(|code| code.to_string())
            .collect::<Vec<_>>()
    });
    let mut message = format!("the task of {} failed: {why}", resource.name);
    if let Some(codes) = codes.filter(|codes| !codes.is_empty()) {
        message.push_str(&format!(" (exit code {})", codes.join(", ")));
    }
    if tries > 1 {
        message.push_str(&format!(", {tries} times"));
    }
    let mut error = Error::new(Kind::Cluster, message);
    let lines: Vec<String> = failures.iter().flat_map(|it| it.lines.clone()).collect();
    let hint = reason::hint(&lines);
    for line in lines {
        error = error.with_detail(line);
    }
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

fn stop(cluster: &str, arns: &[String], why: &str, around: Around<'_>) {
    for arn in arns {
        let input = json!({"cluster": cluster, "task": arn, "reason": format!("pintle: {why}")});
        // One that has ended by now is as good.
        let _ = around.account.ecs("StopTask", &input);
    }
}

/// Stops the tasks of a job that still run: those of this run, and of others.
pub(super) fn stop_all(ecs: &Ecs, name: &str, around: Around<'_>) {
    let arns = ecs.with(|session| session.tasks.remove(name).unwrap_or_default());
    stop(around.account.cluster(), &arns, "deleted", around);
}

/// The tasks of a service or of a family, running ones or stopped ones.
///
/// # Errors
/// What ECS says.
pub(super) fn find(filter: &Value, around: Around<'_>) -> Result<Vec<String>, Error> {
    let service = &crate::net::aws::service::ECS;
    let found = around
        .account
        .api
        .pages(service, "ListTasks", filter, "taskArns")?;
    Ok(texts(&json!({"arns": found}), "arns"))
}
