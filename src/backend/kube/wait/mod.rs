//! Waiting for objects (`pkg/kube/{statuswait,wait}.go`, Helm 4.2.4): by watches, or by asking again
//! and again as Helm 3 did.

mod follow;
mod poll;

use std::time::Duration;

use serde_json::Value;

use super::connection::Connection;
use crate::backend::{CANCELLED, Context, Jobs, Object, Strategy};
use crate::diag::{Error, Kind};
use crate::go::time::{Time, Zone};
use crate::kubernetes::readiness::kstatus::{self, Status, Verdict};
use crate::world::World;
use follow::Follower;

/// What waits, and with what.
pub(super) struct Waiter<'a> {
    pub(super) connection: &'a Connection,
    pub(super) world: &'a dyn World,
    pub(super) context: &'a Context<'a>,
}

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
        match strategy {
            Strategy::HookOnly => Ok(()),
            Strategy::Legacy => self.poll_until_ready(objects, jobs),
            Strategy::Watcher => {
                // Nothing will come of a Deployment that stands still.
                let moves = |object: &&Object| {
                    !(object.key.kind == "Deployment" && object.body["spec"]["paused"] == true)
                };
                let objects: Vec<&Object> = objects.iter().filter(moves).collect();
                let goal = match jobs {
                    Jobs::Started => Goal::Ready,
                    Jobs::Complete => Goal::Complete,
                };
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
            Strategy::Legacy => self.run_to_end(&objects),
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
            Ended::Reached => {}
            Ended::Late => lines.push(LATE.to_owned()),
            Ended::Cancelled => lines.push(CANCELLED.to_owned()),
        }
        if lines.is_empty() {
            return Ok(());
        }
        let kind = match ended {
            Ended::Reached => Kind::Cluster,
            Ended::Late | Ended::Cancelled => Kind::Cancelled,
        };
        Err(Error::new(kind, lines.join("\n")))
    }
}

/// Why waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// There is nothing left to wait for.
    Reached,
    /// Time ran out.
    Late,
    /// The user called it off.
    Cancelled,
}
