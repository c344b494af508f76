//! A way into a container that runs.

use serde_json::{Value, json};

use super::super::Ecs;
use super::super::account::{last, list, text};
use super::task::chosen;
use super::{Subject, Which};
use crate::diag::{Error, Kind};

/// What is entered, and what is run there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The id of a task, or what it begins with; empty for the newest that can be entered.
    pub task: String,
    /// The container; empty for the first that can be entered.
    pub container: String,
    /// The command, as one text.
    pub command: String,
}

/// A way in, for `session-manager-plugin`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entrance {
    /// The session: its id, its address, its token.
    pub session: Value,
    /// What the session is with: `ecs:CLUSTER_TASK_RUNTIME`.
    pub target: String,
    /// The region.
    pub region: String,
    /// The id of the task.
    pub task: String,
    /// The container.
    pub container: String,
}

/// How ECS calls the program in containers that lets people in.
const AGENT: &str = "ExecuteCommandAgent";

fn has_agent(container: &Value) -> bool {
    let agents = list(container, "managedAgents").filter(|it| it["name"] == AGENT);
    let mut states = agents.map(|it| it["lastStatus"] == "RUNNING");
    states.any(|is_running| is_running)
}

impl Ecs {
    /// Opens a way into a container of a subject.
    ///
    /// # Errors
    /// Nothing that runs can be entered; what ECS says.
    pub fn enter(&self, subject: &Subject, wish: &Wish) -> Result<Entrance, Error> {
        let tasks = self.tasks(subject, Which::Running)?;
        let is_open =
            |task: &&Value| task["enableExecuteCommand"] == true && task["lastStatus"] == "RUNNING";
        let task = match wish.task.as_str() {
            "" => tasks
                .iter()
                .find(is_open)
                .ok_or_else(|| closed(subject, &tasks))?,
            id => chosen(&tasks, id)?,
        };
        let id = last(text(task, "taskArn"));
        if task["enableExecuteCommand"] != true {
            return Err(closed(subject, std::slice::from_ref(task)));
        }
        let containers: Vec<&Value> = list(task, "containers").collect();
        let names: Vec<&str> = containers.iter().map(|it| text(it, "name")).collect();
        let container = match wish.container.as_str() {
            "" => containers
                .iter()
                .find(|it| has_agent(it))
                .or(containers.first()),
            name => containers.iter().find(|it| it["name"] == name),
        };
        let Some(container) = container else {
            let message = format!("task {id} has no container {:?}", wish.container);
            return Err(Error::new(Kind::NotFound, message)
                .with_hint(format!("It has {}.", names.join(", "))));
        };
        let name = text(container, "name");
        if list(container, "managedAgents").next().is_some() && !has_agent(container) {
            let message = format!(
                "container {name} of task {id} cannot be entered yet: its agent does not run"
            );
            return Err(Error::new(Kind::Cluster, message)
                .with_hint("Does the task role allow ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and OpenDataChannel, and do the subnets lead to Systems Manager?"));
        }
        let cluster = last(text(task, "clusterArn"));
        let input = json!({
            "cluster": cluster, "task": text(task, "taskArn"), "container": name,
            "command": wish.command, "interactive": true,
        });
        let said = self.account.ecs("ExecuteCommand", &input)?;
        let runtime = text(container, "runtimeId");
        Ok(Entrance {
            session: said["session"].clone(),
            target: format!("ecs:{cluster}_{id}_{runtime}"),
            region: self.account.api.region()?,
            task: id.to_owned(),
            container: name.to_owned(),
        })
    }
}

fn closed(subject: &Subject, tasks: &[Value]) -> Error {
    let message = match tasks.is_empty() {
        true => format!("no task of {:?} runs", subject.name),
        false => format!(
            "no task of {:?} that runs can be entered: enableExecuteCommand is off",
            subject.name
        ),
    };
    let error = Error::new(Kind::NotFound, message);
    match tasks.is_empty() {
        true => error,
        false => error.with_hint("Set `ecs.pintle.dev/exec: \"true\"` on the workload, or `enableExecuteCommand: true` on the Service; tasks that are started from then on can be entered."),
    }
}
