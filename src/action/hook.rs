//! Running the hooks of an event (`pkg/action/hooks.go`, Helm 4.2.4).

use serde_json::Value;

use super::lifecycle::{Care, Cluster, Operation, creating, join};
use crate::backend::{Cascade, Event, Object, Strategy};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::time::Time;
use crate::release::{ApplyMethod, Execution, Hook, Release};

const BEFORE: &str = "before-hook-creation";
const SUCCEEDED: &str = "hook-succeeded";
const FAILED: &str = "hook-failed";

/// What runs, and how.
pub(super) struct Run<'a> {
    pub(super) event: &'a str,
    pub(super) strategy: Strategy,
    pub(super) timeout: std::time::Duration,
    pub(super) method: ApplyMethod,
    pub(super) care: Care,
    /// Hooks that succeeded since then do not run again.
    pub(super) since: Option<Time>,
}

impl<'a> Run<'a> {
    /// The hooks of `event`, as an operation wants them.
    pub(super) fn of(event: &'a str, operation: &Operation, method: ApplyMethod) -> Run<'a> {
        Run {
            event,
            strategy: operation.strategy(),
            timeout: operation.timeout,
            method,
            care: operation.care,
            since: None,
        }
    }

    /// The same, without hooks that have succeeded since `time`.
    pub(super) fn unless_since(self, time: &Time) -> Run<'a> {
        Run {
            since: Some(time.clone()),
            ..self
        }
    }

    fn is_done(&self, hook: &Hook) -> bool {
        let (Some(since), Some(started)) = (&self.since, &hook.last_run.started) else {
            return false;
        };
        hook.last_run.phase == "Succeeded" && started.since(since).0 >= 0
    }

    /// Runs the hooks one by one, and takes away what their policies want gone.
    ///
    /// # Errors
    /// The first hook that fails, and whatever the cluster says.
    pub(super) fn all(&self, release: &mut Release, cluster: &Cluster<'_>) -> Result<(), Error> {
        let (done, result) = self.execute(release, cluster);
        let cleaned = self.clean_up(release, &done, cluster);
        match result {
            Err(error) => Err(error),
            Ok(()) => cleaned,
        }
    }

    /// Runs the hooks one by one; gives the places of those that ran, for [`Run::clean_up`].
    pub(super) fn execute(
        &self,
        release: &mut Release,
        cluster: &Cluster<'_>,
    ) -> (Ran, Result<(), Error>) {
        let mut ran = Ran::default();
        for at in self.order(release) {
            if self.is_done(&release.hooks[at]) {
                continue;
            }
            if let Err(error) = self.one(release, at, &mut ran, cluster) {
                if ran.failed.is_none() {
                    // It did not come as far as running: all stays, as it does under Helm.
                    ran = Ran::default();
                }
                return (ran, Err(error));
            }
            ran.succeeded.push(at);
        }
        (ran, Ok(()))
    }

    /// Hooks of the event: by weight, then by name, then as they stand.
    fn order(&self, release: &Release) -> Vec<usize> {
        let hooks = &release.hooks;
        let mut order: Vec<usize> = (0..hooks.len())
            .flat_map(|at| {
                let events = hooks[at].events.iter();
                std::iter::repeat_n(at, events.filter(|event| *event == self.event).count())
            })
            .collect();
        order.sort_by(|a, b| {
            let (a, b) = (&hooks[*a], &hooks[*b]);
            a.weight.cmp(&b.weight).then_with(|| a.name.cmp(&b.name))
        });
        order
    }

    fn one(
        &self,
        release: &mut Release,
        at: usize,
        ran: &mut Ran,
        cluster: &Cluster<'_>,
    ) -> Result<(), Error> {
        cluster.check()?;
        let hook = &mut release.hooks[at];
        if hook.delete_policies.is_empty() {
            hook.delete_policies.push(BEFORE.to_owned());
        }
        self.delete(&release.hooks[at], BEFORE, cluster)?;
        let hook = &release.hooks[at];
        let path = hook.path.to_str_lossy().into_owned();
        let objects = cluster.backend.build(&hook.manifest).map_err(|error| {
            error.wrap(format!(
                "unable to build kubernetes object for {} hook {path}",
                self.event
            ))
        })?;
        release.hooks[at].last_run = Execution {
            started: Some(cluster.now()),
            completed: None,
            phase: "Running".to_owned(),
        };
        cluster.record(release);
        let (kind, name) = (&release.hooks[at].kind, &release.hooks[at].name);
        let hook = format!("{} {}", kind.to_str_lossy(), name.to_str_lossy());
        let step = format!("running the {} hook {hook}", self.event);
        cluster.context.step(step);
        let done = self.bring(&objects, &path, cluster);
        let hook = &mut release.hooks[at];
        hook.last_run.completed = Some(cluster.now());
        hook.last_run.phase = match &done {
            Ok(()) => "Succeeded".to_owned(),
            Err(_) => "Failed".to_owned(),
        };
        match done {
            Ok(()) => Ok(()),
            Err(Failed::Creating(error)) => Err(error),
            Err(Failed::Running(error)) => {
                self.show_logs(&release.hooks[at], FAILED, &objects, cluster);
                ran.failed = Some(at);
                Err(error)
            }
        }
    }

    fn bring(&self, objects: &[Object], path: &str, cluster: &Cluster<'_>) -> Result<(), Failed> {
        if self.care == Care::More {
            self.clear(objects, cluster).map_err(Failed::Creating)?;
        }
        cluster
            .backend
            .create(objects, &creating(self.method))
            .map_err(|error| {
                let event = self.event;
                Failed::Creating(error.wrap(format!("warning: Hook {event} {path} failed")))
            })?;
        cluster
            .backend
            .wait_for_hook(
                objects,
                self.strategy,
                &cluster.context.within(self.timeout),
            )
            .map_err(Failed::Running)
    }

    /// Takes away what is left of a run of another time and has ended: it would be taken for this one.
    fn clear(&self, objects: &[Object], cluster: &Cluster<'_>) -> Result<(), Error> {
        for object in objects {
            if !matches!(object.key.kind.as_str(), "Job" | "Pod") {
                continue;
            }
            let Some(live) = cluster.backend.get(object)?.filter(has_ended) else {
                continue;
            };
            let made = live["metadata"]["creationTimestamp"].as_str();
            let line = format!(
                "{} of {} has ended before: it is replaced, so that the hook runs.\n",
                object.key,
                made.unwrap_or("another time")
            );
            (cluster.context.events)(Event::Log(line.into_bytes()));
            let object = std::slice::from_ref(object);
            cluster
                .backend
                .delete(object, Cascade::Background)
                .map_err(|errors| Error::new(Kind::Cluster, join(&errors, "; ")))?;
            let strategy = match self.strategy {
                Strategy::HookOnly => Strategy::Watcher,
                wanted => wanted,
            };
            let context = cluster.context.within(self.timeout);
            cluster
                .backend
                .wait_for_deletion(object, strategy, &context)?;
        }
        Ok(())
    }

    /// Takes away hooks that ran, as their policies want it.
    ///
    /// # Errors
    /// Whatever the cluster says of those that succeeded.
    pub(super) fn clean_up(
        &self,
        release: &Release,
        ran: &Ran,
        cluster: &Cluster<'_>,
    ) -> Result<(), Error> {
        if let Some(failed) = ran.failed {
            if let Err(error) = self.delete(&release.hooks[failed], FAILED, cluster) {
                cluster.warn(
                    Notice::new(
                        Level::Warn,
                        "error deleting the hook resource on hook failure",
                    )
                    .with("error", error),
                );
            }
            for at in &ran.succeeded {
                self.delete(&release.hooks[*at], SUCCEEDED, cluster)?;
            }
            return Ok(());
        }
        for at in ran.succeeded.iter().rev() {
            let hook = &release.hooks[*at];
            if hook.output_log_policies.iter().any(|it| it == SUCCEEDED)
                && let Ok(objects) = cluster.backend.build(&hook.manifest)
            {
                self.show_logs(hook, SUCCEEDED, &objects, cluster);
            }
            self.delete(hook, SUCCEEDED, cluster)?;
        }
        Ok(())
    }

    fn delete(&self, hook: &Hook, policy: &str, cluster: &Cluster<'_>) -> Result<(), Error> {
        // Deleting a definition would delete all that was made by it.
        if *hook.kind == *b"CustomResourceDefinition"
            || !hook.delete_policies.iter().any(|it| it == policy)
        {
            return Ok(());
        }
        let objects = cluster.backend.build(&hook.manifest).map_err(|error| {
            let path = hook.path.to_str_lossy();
            error.wrap(format!(
                "unable to build kubernetes object for deleting hook {path}"
            ))
        })?;
        cluster
            .backend
            .delete(&objects, Cascade::Background)
            .map_err(|errors| Error::new(Kind::Cluster, join(&errors, "; ")))?;
        cluster.backend.wait_for_deletion(
            &objects,
            self.strategy,
            &cluster.context.within(self.timeout),
        )
    }

    fn show_logs(&self, hook: &Hook, policy: &str, objects: &[Object], cluster: &Cluster<'_>) {
        if !hook.output_log_policies.iter().any(|it| it == policy)
            || !matches!(&*hook.kind, b"Job" | b"Pod")
        {
            return;
        }
        for object in objects {
            match cluster.backend.logs(object) {
                Ok(logs) => {
                    for log in logs {
                        (cluster.context.events)(Event::Log(log.text));
                    }
                }
                Err(error) => cluster.warn(
                    Notice::new(Level::Warn, "error outputting logs for hook failure")
                        .with("error", error),
                ),
            }
        }
    }
}

/// Whether a Job or a Pod will do nothing more.
fn has_ended(live: &Value) -> bool {
    let conditions = live["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    let ended = |condition: &Value| {
        condition["status"] == "True"
            && matches!(condition["type"].as_str(), Some("Complete" | "Failed"))
    };
    match live["kind"].as_str() {
        Some("Job") => conditions.any(ended),
        _ => matches!(
            live["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        ),
    }
}

/// Which hooks ran, by their places in the release.
#[derive(Debug, Default)]
pub(super) struct Ran {
    succeeded: Vec<usize>,
    failed: Option<usize>,
}

/// How far a hook came.
enum Failed {
    Creating(Error),
    Running(Error),
}
