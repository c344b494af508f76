//! Waiting for objects (`pkg/kube/{statuswait,wait}.go`, Helm 4.2.4): by watches, or by asking again
//! and again as Helm 3 did.

pub(super) mod collection;
mod follow;
mod investigate;
mod poll;

use std::time::Duration;

use serde_json::Value;

use super::connection::Connection;
use super::health;
use crate::backend::{CANCELLED, Context, Event, Jobs, Object, Strategy};
use crate::diag::{Error, Kind};
use crate::go::time::{Time, Zone};
use crate::kubernetes::health::{Budget, Health, Hopeless};
use crate::kubernetes::readiness::kstatus::{self, Status, Verdict};
use crate::world::World;
use follow::Follower;

/// What waits, and with what.
pub(super) struct Waiter<'a> {
    pub(super) connection: &'a Connection,
    pub(super) world: &'a dyn World,
    pub(super) context: &'a Context<'a>,
    /// How much trouble is borne; nothing where it is waited to the end, and nothing explained, as
    /// Helm does.
    pub(super) budget: Option<Budget>,
}

/// How long is asked why objects are not ready.
const EXPLAINING: Duration = Duration::from_secs(10);

/// How long is watched where no time is given at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is said where time ran out.
const LATE: &str = "context deadline exceeded";

/// How an object is judged while it is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// It is as it shall be; Jobs may still run.
    Ready,
    /// As before, but Jobs have to be complete.
    Complete,
    /// It ran to its end, as hooks have to.
    Done,
    /// It is not there.
    Gone,
}

impl Waiter<'_> {
    /// Waits until objects are ready.
    ///
    /// # Errors
    /// What is not, in Helm's words.
    pub(super) fn until_ready(
        &self,
        objects: &[Object],
        strategy: Strategy,
        jobs: Jobs,
    ) -> Result<(), Error> {
        let goal = match jobs {
            Jobs::Started => Goal::Ready,
            Jobs::Complete => Goal::Complete,
        };
        match strategy {
            Strategy::HookOnly => Ok(()),
            Strategy::Legacy => {
                let waited = self.poll_until_ready(objects, jobs);
                let objects: Vec<&Object> = objects.iter().collect();
                waited.map_err(|error| self.explain(error, &objects, goal))
            }
            Strategy::Watcher => {
                // Nothing will come of a Deployment that stands still.
                let moves = |object: &&Object| {
                    !(object.key.kind == "Deployment" && object.body["spec"]["paused"] == true)
                };
                let objects: Vec<&Object> = objects.iter().filter(moves).collect();
                self.watch(&objects, goal)
            }
        }
    }

    /// Waits until objects are gone.
    ///
    /// # Errors
    /// What is still there, in Helm's words.
    pub(super) fn until_gone(&self, objects: &[Object], strategy: Strategy) -> Result<(), Error> {
        match strategy {
            Strategy::HookOnly => Ok(()),
            Strategy::Legacy => self.poll_until_gone(objects),
            Strategy::Watcher => self.watch(&objects.iter().collect::<Vec<_>>(), Goal::Gone),
        }
    }

    /// Waits until the objects of a hook ran to their ends; there is none to others than Jobs and
    /// Pods.
    ///
    /// # Errors
    /// What failed or still runs, in Helm's words.
    pub(super) fn until_done(&self, objects: &[Object], strategy: Strategy) -> Result<(), Error> {
        let runs = |object: &&Object| {
            let key = &object.key;
            matches!(
                (key.group.as_str(), key.kind.as_str()),
                ("", "Pod") | ("batch", "Job")
            )
        };
        let objects: Vec<&Object> = objects.iter().filter(runs).collect();
        match strategy {
            Strategy::Legacy => {
                let waited = self.run_to_end(&objects);
                waited.map_err(|error| self.explain(error, &objects, Goal::Done))
            }
            Strategy::HookOnly | Strategy::Watcher => self.watch(&objects, Goal::Done),
        }
    }

    /// How long there is; a time of zero means half a minute, as Helm has it.
    fn patience(&self) -> Duration {
        match self.context.timeout {
            Duration::ZERO => PATIENCE,
            given => given,
        }
    }

    fn judge(&self, goal: Goal, object: &Value) -> Verdict {
        let kind = object["kind"].as_str().unwrap_or_default();
        match (goal, kind) {
            (Goal::Complete | Goal::Done, "Job") => kstatus::judge_job(object),
            (Goal::Done, "Pod") => kstatus::judge_pod(object),
            _ => {
                let now = Time::from_system(self.world.now(), Zone::Utc);
                kstatus::judge(object, &now)
            }
        }
    }

    fn watch(&self, objects: &[&Object], goal: Goal) -> Result<(), Error> {
        if objects.is_empty() {
            return Ok(());
        }
        let follower = Follower {
            waiter: self,
            objects,
            goal,
        };
        let (verdicts, ended) = self
            .connection
            .block_on(async { Ok(follower.run().await) })
            .map_err(Error::from)?;
        let mut lines: Vec<String> = Vec::new();
        for (object, Verdict { status, message }) in objects.iter().zip(&verdicts) {
            let key = &object.key;
            let id = format!("{}/{}/{}", key.kind, key.namespace, key.name);
            match (goal, status) {
                (Goal::Gone, Status::NotFound | Status::Unknown) => {}
                (Goal::Gone, _) => lines.push(format!(
                    "resource {id} still exists. status: {status}, message: {message}"
                )),
                (_, Status::Current) => {}
                _ => lines.push(format!(
                    "resource {id} not ready. status: {status}, message: {message}"
                )),
            }
        }
        match ended {
            Ended::Reached | Ended::Hopeless(_) => {}
            Ended::Late => lines.push(LATE.to_owned()),
            Ended::Cancelled => lines.push(CANCELLED.to_owned()),
        }
        (self.context.events)(Event::Waiting(Vec::new()));
        if lines.is_empty() {
            return Ok(());
        }
        let kind = match ended {
            Ended::Reached | Ended::Hopeless(_) => Kind::Cluster,
            Ended::Late | Ended::Cancelled => Kind::Cancelled,
        };
        let error = Error::new(kind, lines.join("\n"));
        let error = match &ended {
            Ended::Hopeless(hopeless) => give_up(error, hopeless),
            _ => error,
        };
        match goal {
            Goal::Gone => Err(error),
            _ => Err(self.explain(error, objects, goal)),
        }
    }

    /// Adds why objects are not ready, where that is wanted and the server says it soon.
    fn explain(&self, error: Error, objects: &[&Object], goal: Goal) -> Error {
        if self.budget.is_none() || self.context.cancel.is_cancelled() {
            return error;
        }
        let judge = |live: &Value| self.judge(goal, live);
        let asked = self.connection.block_on(async {
            let asked = health::ask(self.connection, objects, &judge);
            match tokio::time::timeout(EXPLAINING, asked).await {
                Ok(asked) => asked,
                Err(_) => Ok(Vec::new()),
            }
        });
        let now = Time::from_system(self.world.now(), Zone::Utc);
        let unready = asked.unwrap_or_default().into_iter();
        let unready = unready.filter(|health: &Health| !health.is_current());
        unready.fold(error, |error, health| {
            error.with_detail(health.lines(&now).join("\n"))
        })
    }
}

/// Says why a wait ended before its time.
fn give_up(error: Error, hopeless: &[Hopeless]) -> Error {
    let mut error = error;
    let mut advice: Vec<&str> = Vec::new();
    for one in hopeless.iter().take(MOST) {
        error = error.with_detail(format!("Not waited for any longer: {}.", one.why));
        if !advice.contains(&one.advice.as_str()) {
            advice.push(&one.advice);
        }
    }
    let error = advice.into_iter().fold(error, Error::with_hint);
    error.with_hint("`--no-fail-fast` waits to the end, as Helm does.")
}

/// How many reasons are told.
const MOST: usize = 5;

/// Why waiting ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ended {
    /// There is nothing left to wait for.
    Reached,
    /// Time ran out.
    Late,
    /// The user called it off.
    Cancelled,
    /// It will not come about.
    Hopeless(Vec<Hopeless>),
}
