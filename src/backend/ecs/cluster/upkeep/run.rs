//! A task that is run once, with the settings of a service or of a task definition.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::account::{last, list, text};
use super::super::deploy::essential;
use super::super::kind::service::primary;
use super::super::kind::{self, DEFINITION, RUN_TASK};
use super::super::object::{self, Stay};
use super::super::{Ecs, logs, task};
use super::{Member, Subject, bare};
use crate::backend::ecs::desired::Resource;
use crate::backend::{Cancel, LogLine, LogOptions};
use crate::diag::{Error, Kind};

/// What is run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// A service, a job or a task definition of the subject; empty where it has only one.
    pub what: String,
    /// A revision of the task definition, in place of the one that is used.
    pub revision: Option<u64>,
    /// How many tasks.
    pub count: u64,
    /// The container that `command` and `environment` are for; empty for the first essential one.
    pub container: String,
    /// What it runs, in place of what its task definition says.
    pub command: Vec<String>,
    /// Variables on top of those that it has.
    pub environment: Vec<(String, String)>,
    /// `overrides` as `RunTask` has them.
    pub overrides: Value,
    /// Further members of the request.
    pub more: Map<String, Value>,
}

/// Tasks that were started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Started {
    /// What they are tasks of.
    pub name: String,
    /// The cluster.
    pub cluster: String,
    /// Their ARNs.
    pub tasks: Vec<String>,
    /// The container whose end counts.
    pub container: String,
    resource: Resource,
}

impl Started {
    /// Their ids.
    pub fn ids(&self) -> Vec<&str> {
        self.tasks.iter().map(|arn| last(arn)).collect()
    }
}

/// How tasks ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finish {
    /// The exit code of the container that counts, of the first task whose is not 0; nothing where it never
    /// ran.
    pub code: Option<i64>,
    /// What is known of the tasks that failed.
    pub lines: Vec<String>,
}

impl Ecs {
    /// Runs tasks.
    ///
    /// # Errors
    /// Nothing of this name can be run; what ECS says.
    pub fn run_tasks(&self, subject: &Subject, options: &Options) -> Result<Started, Error> {
        let mut resource = self.basis(subject, &options.what)?;
        let request = &mut resource.request;
        if let Some(revision) = options.revision {
            let family = last(text(request, "taskDefinition"))
                .split(':')
                .next()
                .unwrap_or_default();
            request["taskDefinition"] = Value::from(format!("{family}:{revision}"));
        }
        let name = text(request, "taskDefinition").to_owned();
        let live = kind::read_definition(&self.account, &name)?.ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                format!("there is no active task definition {name:?}"),
            )
        })?;
        let containers: Vec<&str> = list(&live.told, "containerDefinitions")
            .map(|it| text(it, "name"))
            .collect();
        let needed = essential(&live.told);
        let container = match options.container.as_str() {
            "" => needed.first().cloned().unwrap_or_default(),
            name if containers.contains(&name) => name.to_owned(),
            name => {
                let message = format!(
                    "task definition {} has no container {name:?}",
                    last(&live.id)
                );
                let hint = format!("It has {}.", containers.join(", "));
                return Err(Error::new(Kind::NotFound, message).with_hint(hint));
            }
        };
        let overrides = overrides(options, &container)?;
        if overrides.as_object().is_some_and(|it| !it.is_empty()) {
            request["overrides"] = overrides;
        }
        request["taskDefinition"] = Value::from(live.id.as_str());
        request["count"] = json!(options.count.max(1));
        for (name, value) in &options.more {
            request[name.as_str()] = value.clone();
        }
        let cluster = text(request, "cluster").to_owned();
        let salt = format!("run {}", self.count());
        let tasks = self.tend(subject, |around| task::start(&resource, &salt, around))?;
        self.with(|session| session.tasks.insert(resource.name.clone(), tasks.clone()));
        Ok(Started {
            name: resource.name.clone(),
            cluster,
            tasks,
            container,
            resource,
        })
    }

    /// Tells what tasks write until they have ended.
    ///
    /// # Errors
    /// What ECS says.
    pub fn follow_tasks(
        &self,
        subject: &Subject,
        started: &Started,
        cancel: &Cancel,
        tell: &(dyn Fn(LogLine) + Sync),
    ) -> Result<Finish, Error> {
        let options = LogOptions {
            follow: true,
            ..LogOptions::default()
        };
        let object = object::object(&started.resource, &subject.owner.namespace, Stay::Goes);
        match logs::stream(self, &[object], &options, cancel, tell) {
            Ok(_) => {}
            // Its containers write elsewhere.
            Err(error) if error.kind() == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
        self.clock.heed(cancel);
        self.tend(subject, |around| {
            let mut waited = Duration::ZERO;
            let tasks = loop {
                let tasks = task::describe(&started.cluster, &started.tasks, around)?;
                if tasks.iter().all(|it| it["lastStatus"] == "STOPPED") {
                    break tasks;
                }
                waited += self.clock.rest(waited)?;
            };
            let code = |task: &Value| {
                let found =
                    list(task, "containers").find(|it| it["name"] == started.container.as_str());
                found.and_then(|it| it["exitCode"].as_i64())
            };
            let bad: Vec<&Value> = tasks.iter().filter(|it| code(it) != Some(0)).collect();
            let Some(first) = bad.first() else {
                return Ok(Finish {
                    code: Some(0),
                    lines: Vec::new(),
                });
            };
            let lines = bad.iter().flat_map(|it| ended(it));
            Ok(Finish {
                code: code(first),
                lines: lines.collect(),
            })
        })
    }

    /// The request that something stands for, without overrides.
    fn basis(&self, subject: &Subject, what: &str) -> Result<Resource, Error> {
        let wanted = bare(what);
        let told = self.told(subject)?;
        let is_it = |name: &str| name == wanted;
        let service = match what {
            "" if told.len() == 1 => told.first(),
            "" => None,
            _ => told
                .iter()
                .find(|(member, _)| is_it(&member.name) || is_it(&member.service)),
        };
        if let Some((member, told)) = service {
            return Ok(like_service(member, told));
        }
        let job = subject.of_kind(RUN_TASK).find(|it| is_it(&it.name));
        if let Some(job) = job {
            let mut job = job.clone();
            job.hook = None;
            if job.request["cluster"].is_null() {
                job.request["cluster"] = Value::from(self.account.cluster());
            }
            return Ok(job);
        }
        let definitions: Vec<&Resource> = subject.of_kind(DEFINITION).collect();
        let definition = match (what, definitions.as_slice()) {
            ("", [one]) if told.is_empty() => Some(*one),
            _ => definitions
                .iter()
                .copied()
                .find(|it| is_it(&it.name) || is_it(text(&it.request, "family"))),
        };
        if let Some(definition) = definition {
            return Ok(self.like_definition(definition, told.first()));
        }
        let mut known: Vec<&str> = subject.members.iter().map(|it| it.name.as_str()).collect();
        known.extend(subject.of_kind(RUN_TASK).map(|it| it.name.as_str()));
        known.extend(definitions.iter().map(|it| it.name.as_str()));
        known.sort_unstable();
        known.dedup();
        let message = match what {
            "" => format!("{:?} has several things that can be run", subject.name),
            what => format!(
                "{:?} has neither a service, a job nor a task definition {what:?}",
                subject.name
            ),
        };
        let kind = if what.is_empty() {
            Kind::Usage
        } else {
            Kind::NotFound
        };
        Err(Error::new(kind, message).with_hint(format!("Say which one: {}.", known.join(", "))))
    }

    /// A task of a definition, on what the release's services run on, or the configuration names.
    fn like_definition(
        &self,
        definition: &Resource,
        beside: Option<&(&Member, Value)>,
    ) -> Resource {
        let mut resource = Resource::new(RUN_TASK, definition.name.as_str(), json!({}));
        let config = &self.account.config;
        let is_awsvpc = definition.request["networkMode"] == "awsvpc";
        if let Some((member, told)) = beside {
            resource.request = like_service(member, told).request;
        } else {
            resource.request["cluster"] = Value::from(self.account.cluster());
            if let Some(kind) = config.launch_type {
                resource.request["launchType"] = Value::from(kind.word());
            } else if list(&definition.request, "requiresCompatibilities").any(|it| it == "FARGATE")
            {
                resource.request["launchType"] = Value::from("FARGATE");
            }
        }
        if !is_awsvpc {
            if let Some(members) = resource.request.as_object_mut() {
                members.remove("networkConfiguration");
            }
        } else if resource.request["networkConfiguration"].is_null() {
            let network = &config.network;
            let mut vpc = json!({
                "subnets": network.subnets,
                "assignPublicIp": match network.assign_public_ip { Some(true) => "ENABLED", _ => "DISABLED" },
            });
            if !network.security_groups.is_empty() {
                vpc["securityGroups"] = json!(network.security_groups);
            }
            resource.request["networkConfiguration"] = json!({"awsvpcConfiguration": vpc});
        }
        resource.request["taskDefinition"] = definition.request["family"].clone();
        resource
    }
}

/// A task as a service would start it.
fn like_service(member: &Member, told: &Value) -> Resource {
    let mut request = json!({
        "cluster": member.cluster, "taskDefinition": text(told, "taskDefinition"),
    });
    let has_providers = list(told, "capacityProviderStrategy").next().is_some();
    let launch = match has_providers {
        true => "capacityProviderStrategy",
        false => "launchType",
    };
    for name in [
        launch,
        "platformVersion",
        "networkConfiguration",
        "placementConstraints",
        "placementStrategy",
    ] {
        let value = &told[name];
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !is_empty {
            request[name] = value.clone();
        }
    }
    for name in ["enableECSManagedTags", "enableExecuteCommand"] {
        if told[name] == true {
            request[name] = json!(true);
        }
    }
    if matches!(text(told, "propagateTags"), "TASK_DEFINITION" | "SERVICE") {
        request["propagateTags"] = json!("TASK_DEFINITION");
    }
    let volumes = &primary(told)["volumeConfigurations"];
    if volumes.as_array().is_some_and(|it| !it.is_empty()) {
        request["volumeConfigurations"] = volumes.clone();
    }
    Resource::new(RUN_TASK, member.name.as_str(), request)
}

/// The `overrides` of the request.
///
/// # Errors
/// Overrides that are no object.
fn overrides(options: &Options, container: &str) -> Result<Value, Error> {
    let mut overrides = match &options.overrides {
        Value::Null => json!({}),
        Value::Object(members) => Value::Object(members.clone()),
        _ => {
            return Err(Error::new(
                Kind::Usage,
                "overrides are a JSON object, as `aws ecs run-task` has it",
            ));
        }
    };
    if options.command.is_empty() && options.environment.is_empty() {
        return Ok(overrides);
    }
    if !overrides["containerOverrides"].is_array() {
        overrides["containerOverrides"] = json!([]);
    }
    let Some(containers) = overrides["containerOverrides"].as_array_mut() else {
        return Ok(overrides);
    };
    let at = containers
        .iter()
        .position(|it| it["name"] == container)
        .unwrap_or_else(|| {
            containers.push(json!({"name": container}));
            containers.len() - 1
        });
    let one = &mut containers[at];
    if !options.command.is_empty() {
        one["command"] = json!(options.command);
    }
    let mut variables: Vec<Value> = list(one, "environment").cloned().collect();
    for (name, value) in &options.environment {
        variables.retain(|it| it["name"] != name.as_str());
        variables.push(json!({"name": name, "value": value}));
    }
    if !variables.is_empty() {
        one["environment"] = Value::Array(variables);
    }
    Ok(overrides)
}

/// Why a task stopped, and how its containers ended.
fn ended(task: &Value) -> Vec<String> {
    let reasons = [text(task, "stopCode"), text(task, "stoppedReason")];
    let reasons: Vec<&str> = reasons.into_iter().filter(|it| !it.is_empty()).collect();
    let mut lines = vec![format!(
        "task {}: {}",
        last(text(task, "taskArn")),
        reasons.join(": ")
    )];
    for container in list(task, "containers") {
        let end = match (container["exitCode"].as_i64(), container["reason"].as_str()) {
            (Some(code), None) => format!("exit code {code}"),
            (Some(code), Some(reason)) => format!("exit code {code}: {reason}"),
            (None, Some(reason)) => format!("it did not run: {reason}"),
            (None, None) => "it did not run".to_owned(),
        };
        lines.push(format!("container {}: {end}", text(container, "name")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_put_on_top_of_those_that_are_given() {
        let options = Options {
            command: vec!["rake".to_owned(), "db:migrate".to_owned()],
            environment: vec![
                ("A".to_owned(), "2".to_owned()),
                ("B".to_owned(), "3".to_owned()),
            ],
            overrides: json!({
                "cpu": "512",
                "containerOverrides": [{"name": "web", "memory": 64, "environment": [{"name": "A", "value": "1"}]}],
            }),
            ..Options::default()
        };
        assert_eq!(
            overrides(&options, "web").unwrap(),
            json!({
                "cpu": "512",
                "containerOverrides": [{
                    "name": "web", "memory": 64, "command": ["rake", "db:migrate"],
                    "environment": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
                }],
            })
        );
        let wrong = Options {
            overrides: json!([]),
            ..Options::default()
        };
        assert!(overrides(&wrong, "web").is_err());
        assert_eq!(overrides(&Options::default(), "web").unwrap(), json!({}));
    }
}
