//! What containers wrote, as CloudWatch Logs has it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::account::{found, last, list, text};
use super::kind::service::cluster_of;
use super::kind::{self, Around, RUN_TASK, SERVICE};
use super::{Ecs, object, task};
use crate::backend::ecs::desired::Resource;
use crate::backend::{Cancel, Log, LogLine, LogOptions, Object};
use crate::diag::{Error, Kind};
use crate::net::aws::service::LOGS;

/// What a container of a task wrote.
pub(super) struct Written {
    pub(super) container: String,
    pub(super) lines: Vec<String>,
}

/// Where a container writes.
#[derive(Clone, Debug)]
struct Stream {
    task: String,
    container: String,
    group: String,
    name: String,
    /// From where on there is something new.
    token: Option<String>,
}

fn streams(ecs: &Ecs, task: &Value, around: Around<'_>) -> Vec<Stream> {
    let _ = ecs;
    let arn = text(task, "taskDefinitionArn");
    let Ok(Some(definition)) = kind::read_definition(around.account, arn) else {
        return Vec::new();
    };
    let id = last(text(task, "taskArn")).to_owned();
    list(&definition.told, "containerDefinitions")
        .filter_map(|container| {
            let logs = &container["logConfiguration"];
            let options = &logs["options"];
            if text(logs, "logDriver") != "awslogs" {
                return None;
            }
            let (group, prefix) = (
                text(options, "awslogs-group"),
                text(options, "awslogs-stream-prefix"),
            );
            let name = text(container, "name");
            (!group.is_empty() && !prefix.is_empty()).then(|| Stream {
                task: id.clone(),
                container: name.to_owned(),
                group: group.to_owned(),
                name: format!("{prefix}/{name}/{id}"),
                token: None,
            })
        })
        .collect()
}

/// An event of a stream.
struct Entry {
    time: i64,
    message: String,
}

fn events(
    stream: &mut Stream,
    tail: Option<u64>,
    since: Option<i64>,
    around: Around<'_>,
) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    loop {
        let mut input = json!({
            "logGroupName": stream.group, "logStreamName": stream.name,
            "startFromHead": tail.is_none() || stream.token.is_some(),
        });
        if let (Some(tail), None) = (tail, &stream.token) {
            input["limit"] = json!(tail.clamp(1, 10_000));
        }
        if let Some(since) = since {
            input["startTime"] = json!(since);
        }
        if let Some(token) = &stream.token {
            input["nextToken"] = json!(token);
        }
        let Some(said) = found(around.account.ask(&LOGS, "GetLogEvents", &input))? else {
            return Ok(entries);
        };
        let some = list(&said, "events").map(|event| Entry {
            time: event["timestamp"].as_i64().unwrap_or_default(),
            message: text(event, "message").trim_end_matches('\n').to_owned(),
        });
        let before = entries.len();
        entries.extend(some);
        let next = said["nextForwardToken"].as_str().map(str::to_owned);
        let is_over =
            next.is_none() || next == stream.token || entries.len() == before || tail.is_some();
        stream.token = next.or(stream.token.take());
        if is_over {
            return Ok(entries);
        }
    }
}

/// The last lines of each container of a task; what cannot be read is left out.
pub(super) fn of_task(ecs: &Ecs, task: &Value, count: usize, around: Around<'_>) -> Vec<Written> {
    let mut written = Vec::new();
    for mut stream in streams(ecs, task, around) {
        let tail = u64::try_from(count).ok();
        let entries = events(&mut stream, tail, None, around).unwrap_or_default();
        if !entries.is_empty() {
            written.push(Written {
                container: stream.container,
                lines: entries.into_iter().map(|it| it.message).collect(),
            });
        }
    }
    written
}

/// The tasks whose logs are meant by a resource.
fn tasks(ecs: &Ecs, resource: &Resource, around: Around<'_>) -> Result<Vec<Value>, Error> {
    let cluster = cluster_of(around.account, &resource.request);
    let known = ecs.with(|session| session.tasks.get(&resource.name).cloned());
    let arns = match (resource.kind.as_str(), known) {
        (RUN_TASK, Some(arns)) => arns,
        (SERVICE, _) => {
            let filter =
                json!({"cluster": cluster, "serviceName": resource.request["serviceName"]});
            task::find(&filter, around)?
        }
        _ => {
            let mut arns = Vec::new();
            let plan = ecs.plan()?;
            let resources = plan.map(|plan| plan.resources.clone()).unwrap_or_default();
            for family in families(resource, &resources) {
                for status in ["RUNNING", "STOPPED"] {
                    let filter =
                        json!({"cluster": cluster, "family": family, "desiredStatus": status});
                    arns.extend(task::find(&filter, around)?);
                }
            }
            arns
        }
    };
    task::describe(cluster, &arns, around)
}

/// The families of task definitions that a resource starts.
fn families(resource: &Resource, all: &[Resource]) -> Vec<String> {
    use crate::backend::ecs::desired::references;
    let found = references(&json!([resource.request, resource.settings]));
    let definitions = found.iter().filter(|it| it.kind == kind::DEFINITION);
    let resources = definitions.filter_map(|it| {
        all.iter()
            .find(|other| other.kind == it.kind && other.name == it.name)
    });
    resources
        .map(|it| text(&it.request, "family").to_owned())
        .collect()
}

/// What the containers of a job wrote.
///
/// # Errors
/// What AWS says.
pub(super) fn read(ecs: &Ecs, object: &Object, around: Around<'_>) -> Result<Vec<Log>, Error> {
    let Some(resource) = object::resource(object) else {
        return Ok(Vec::new());
    };
    let mut logs = Vec::new();
    for task in tasks(ecs, &resource, around)? {
        for mut stream in streams(ecs, &task, around) {
            let mut text = Vec::new();
            for entry in events(&mut stream, None, None, around)? {
                text.extend_from_slice(entry.message.as_bytes());
                text.push(b'\n');
            }
            logs.push(Log {
                pod: stream.task.clone(),
                container: stream.container.clone(),
                text,
            });
        }
    }
    Ok(logs)
}

/// Tells lines in the order of their time; follows them where that is wanted.
///
/// # Errors
/// What AWS says; nothing to read.
pub(super) fn stream(
    ecs: &Ecs,
    objects: &[Object],
    options: &LogOptions,
    cancel: &Cancel,
    tell: &(dyn Fn(LogLine) + Sync),
) -> Result<Vec<String>, Error> {
    ecs.clock.heed(cancel);
    let owner = ecs.owner_of(objects.iter());
    let secrets = ecs.secrets();
    let around = ecs.around(&owner, &secrets);
    let resources: Vec<Resource> = objects.iter().filter_map(object::resource).collect();
    let since = options.since.map(|since| {
        let start = SystemTime::now().checked_sub(since).unwrap_or(UNIX_EPOCH);
        let length = start.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(length.as_millis()).unwrap_or_default()
    });
    let mut known: BTreeMap<String, Stream> = BTreeMap::new();
    let mut waited = Duration::ZERO;
    let mut is_first = true;
    loop {
        let mut is_running = false;
        for resource in &resources {
            for task in tasks(ecs, resource, around)? {
                is_running |= task["lastStatus"] != "STOPPED" || resource.kind == SERVICE;
                let id = last(text(&task, "taskArn")).to_owned();
                if known.values().any(|it| it.task == id) {
                    continue;
                }
                for stream in streams(ecs, &task, around) {
                    if options.container.is_empty() || options.container == stream.container {
                        known.insert(format!("{} {}", stream.group, stream.name), stream);
                    }
                }
            }
        }
        if is_first && known.is_empty() {
            let message =
                "there is nothing to read: no task writes to CloudWatch Logs with a stream prefix";
            return Err(Error::new(Kind::NotFound, message));
        }
        let mut lines = Vec::new();
        for stream in known.values_mut() {
            let tail = if is_first { options.tail } else { None };
            for entry in events(stream, tail, since, around)? {
                lines.push((
                    entry.time,
                    stream.task.clone(),
                    stream.container.clone(),
                    entry.message,
                ));
            }
        }
        lines.sort_by_key(|(time, ..)| *time);
        for (time, pod, container, message) in lines {
            let time = jiff::Timestamp::from_millisecond(time).map(|it| it.to_string());
            tell(LogLine {
                pod,
                container,
                time: time.ok().filter(|_| options.timestamps).unwrap_or_default(),
                text: message.into_bytes(),
            });
        }
        is_first = false;
        if !options.follow || !is_running {
            return Ok(Vec::new());
        }
        match ecs.clock.rest(waited) {
            Ok(length) => waited += length,
            Err(_) => return Ok(Vec::new()),
        }
    }
}
