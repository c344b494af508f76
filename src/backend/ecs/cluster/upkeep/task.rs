//! Tasks: which there are, and their end.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::account::{last, text};
use super::super::kind::{Around, DEFINITION};
use super::super::{Ecs, task};
use super::Subject;
use crate::diag::{Error, Kind};

/// Which tasks are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Those that run, or are about to.
    #[default]
    Running,
    /// Those that have stopped a short while ago, too.
    All,
}

impl Ecs {
    /// The tasks of a subject as ECS tells them, the newest first: those of its services, and of a release
    /// also those that schedules, rules and people run.
    ///
    /// # Errors
    /// What ECS says.
    pub fn tasks(&self, subject: &Subject, which: Which) -> Result<Vec<Value>, Error> {
        self.tend(subject, |around| self.tasks_of(subject, which, around))
    }

    fn tasks_of(
        &self,
        subject: &Subject,
        which: Which,
        around: Around<'_>,
    ) -> Result<Vec<Value>, Error> {
        let mut filters: BTreeSet<(String, &str, String)> = BTreeSet::new();
        for member in &subject.members {
            filters.insert((
                member.cluster.clone(),
                "serviceName",
                member.service.clone(),
            ));
        }
        if subject.is_release && !subject.is_narrow {
            for definition in subject.of_kind(DEFINITION) {
                let family = text(&definition.request, "family").to_owned();
                filters.insert((self.account.cluster().to_owned(), "family", family));
            }
        }
        let statuses: &[&str] = match which {
            Which::Running => &["RUNNING"],
            Which::All => &["RUNNING", "STOPPED"],
        };
        let asked: Vec<(String, Value)> = filters
            .into_iter()
            .flat_map(|(cluster, name, value)| {
                statuses.iter().map(move |status| {
                    (
                        cluster.clone(),
                        json!({"cluster": cluster, name: value, "desiredStatus": status}),
                    )
                })
            })
            .collect();
        let found = self.account.each(&asked, |(cluster, filter)| {
            task::find(filter, around).map(|arns| (cluster.clone(), arns))
        });
        let mut arns: BTreeSet<(String, String)> = BTreeSet::new();
        for found in found {
            let (cluster, some) = found?;
            arns.extend(some.into_iter().map(|arn| (cluster.clone(), arn)));
        }
        let mut clusters: Vec<&String> = arns.iter().map(|(cluster, _)| cluster).collect();
        clusters.dedup();
        let mut tasks = Vec::new();
        for cluster in clusters {
            let some: Vec<String> = arns
                .iter()
                .filter(|(of, _)| of == cluster)
                .map(|(_, arn)| arn.clone())
                .collect();
            tasks.extend(task::describe(cluster, &some, around)?);
        }
        tasks.sort_by(|a, b| {
            let begun = |task: &Value| task["createdAt"].as_f64().unwrap_or_default();
            begun(b)
                .total_cmp(&begun(a))
                .then_with(|| text(a, "taskArn").cmp(text(b, "taskArn")))
        });
        Ok(tasks)
    }

    /// Stops tasks of a subject, which are named by their ids or what these begin with; a line each.
    ///
    /// # Errors
    /// Tasks that it has not, what begins several ids, what ECS says.
    pub fn stop_tasks(
        &self,
        subject: &Subject,
        ids: &[String],
        reason: &str,
    ) -> Result<Vec<String>, Error> {
        let tasks = self.tasks(subject, Which::Running)?;
        let doomed: Vec<&Value> = ids
            .iter()
            .map(|id| chosen(&tasks, id))
            .collect::<Result<_, _>>()?;
        let mut lines = Vec::new();
        for task in doomed {
            let input = json!({
                "cluster": text(task, "clusterArn"), "task": text(task, "taskArn"), "reason": reason,
            });
            self.account.ecs("StopTask", &input)?;
            lines.push(format!(
                "task {} of {}: stopped",
                last(text(task, "taskArn")),
                text(task, "group")
            ));
        }
        Ok(lines)
    }
}

/// The task whose id is this, or begins so.
///
/// # Errors
/// There is none, or more than one.
pub(super) fn chosen<'t>(tasks: &'t [Value], id: &str) -> Result<&'t Value, Error> {
    let id = last(id);
    let found: Vec<&Value> = tasks
        .iter()
        .filter(|task| !id.is_empty() && last(text(task, "taskArn")).starts_with(id))
        .collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            let known: Vec<&str> = tasks
                .iter()
                .map(|task| last(text(task, "taskArn")))
                .collect();
            let error = Error::new(Kind::NotFound, format!("there is no task {id:?} that runs"));
            Err(match known.is_empty() {
                true => error,
                false => error.with_hint(format!("There are: {}.", known.join(", "))),
            })
        }
        several => {
            let exact = several
                .iter()
                .find(|task| last(text(task, "taskArn")) == id);
            exact.copied().ok_or_else(|| {
                let message = format!("{id:?} begins the ids of {} tasks", several.len());
                Error::new(Kind::Usage, message)
            })
        }
    }
}
