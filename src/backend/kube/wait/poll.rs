//! Asking again and again, as Helm 3 did.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::connection::Request;
use super::super::failure::Failure;
use super::super::path;
use super::{Goal, LATE, Waiter};
use crate::backend::{CANCELLED, Jobs, Object};
use crate::diag::{Error, Kind, Level, Notice};
use crate::kubernetes::readiness::kstatus::Status;
use crate::kubernetes::readiness::legacy::{self, Needs};

/// How long lies between two rounds.
const ROUND: Duration = Duration::from_secs(2);

/// How often a round may fail for one object before it counts.
const RETRIES: usize = 30;

/// How often it is looked whether the user called it off.
const GLANCE: Duration = Duration::from_millis(100);

/// What is said of a hook that did not end in time.
const STILL_RUNNING: &str = "timed out waiting for the condition";

impl Waiter<'_> {
    pub(super) fn poll_until_ready(&self, objects: &[Object], jobs: Jobs) -> Result<(), Error> {
        let mut failures = vec![0; objects.len()];
        self.rounds(|| {
            for (object, failures) in objects.iter().zip(&mut failures) {
                match self.is_ready(object, jobs) {
                    Ok(true) => *failures = 0,
                    Ok(false) => {
                        *failures = 0;
                        return Ok(false);
                    }
                    Err(failure) if may_pass(&failure) => {
                        *failures += 1;
                        if *failures > RETRIES {
                            return Err(failure.into());
                        }
                        return Ok(false);
                    }
                    Err(failure) => return Err(failure.into()),
                }
            }
            Ok(true)
        })
    }

    pub(super) fn poll_until_gone(&self, objects: &[Object]) -> Result<(), Error> {
        self.rounds(|| {
            for object in objects {
                let path = path::object(&object.key, &object.resource);
                match self.connection.send(Request::get(path)) {
                    Ok(_) => return Ok(false),
                    Err(failure) if failure.is_not_found() => {}
                    Err(failure) => return Err(failure.into()),
                }
            }
            Ok(true)
        })
    }

    /// Waits until Jobs and Pods ran to their ends, one after the other.
    pub(super) fn run_to_end(&self, objects: &[&Object]) -> Result<(), Error> {
        for object in objects {
            let reached = self.rounds(|| {
                let path = path::object(&object.key, &object.resource);
                let live = match self.connection.send(Request::get(path)) {
                    Ok(answer) => answer.json()?,
                    // It was deleted: there is nothing left to wait for.
                    Err(failure) if failure.is_not_found() => return Ok(true),
                    Err(failure) => return Err(failure.into()),
                };
                match self.judge(Goal::Done, &live).status {
                    Status::Current => Ok(true),
                    Status::Failed => Err(self.failed(object, &live)),
                    _ => Ok(false),
                }
            });
            reached.map_err(|error| match error.message() {
                LATE => Error::new(Kind::Cancelled, STILL_RUNNING),
                _ => error,
            })?;
        }
        Ok(())
    }

    /// What is said of a hook that failed.
    fn failed(&self, object: &Object, live: &Value) -> Error {
        let name = &object.key.name;
        if object.key.kind == "Pod" {
            self.context
                .notice(Notice::new(Level::Error, "pod failed").with("pod", name));
            return Error::new(Kind::Cluster, format!("pod {name} failed"));
        }
        let conditions = live["status"]["conditions"].as_array();
        let reason = conditions
            .into_iter()
            .flatten()
            .find(|it| it["type"] == "Failed" && it["status"] == "True")
            .and_then(|it| it["reason"].as_str())
            .unwrap_or_default();
        self.context.notice(
            Notice::new(Level::Error, "job failed")
                .with("job", name)
                .with("reason", reason),
        );
        Error::new(Kind::Cluster, format!("job {name} failed: {reason}"))
    }

    /// Runs rounds until one says that it is over.
    fn rounds(&self, mut round: impl FnMut() -> Result<bool, Error>) -> Result<(), Error> {
        let end = Instant::now() + self.context.timeout;
        loop {
            if round()? {
                return Ok(());
            }
            let next = Instant::now() + ROUND;
            while Instant::now() < next {
                if self.context.cancel.is_cancelled() {
                    return Err(Error::new(Kind::Cancelled, CANCELLED));
                }
                if Instant::now() >= end {
                    return Err(Error::new(Kind::Cancelled, LATE));
                }
                std::thread::sleep(GLANCE);
            }
        }
    }

    fn is_ready(&self, object: &Object, jobs: Jobs) -> Result<bool, Failure> {
        let path = path::object(&object.key, &object.resource);
        let live = self.connection.send(Request::get(path))?.json()?;
        let related = match legacy::needs(&object.key.kind) {
            Needs::Nothing => Vec::new(),
            Needs::ReplicaSet => {
                let sets = self.list("apps/v1", "replicasets", object, &live)?;
                let newest = legacy::newest_replica_set(&live, &sets);
                newest.cloned().into_iter().collect()
            }
            Needs::Pods => self.list("v1", "pods", object, &live)?,
        };
        legacy::is_ready(&live, &related, jobs == Jobs::Complete).map_err(Failure::unasked)
    }

    /// Objects that the selector of `live` selects.
    fn list(
        &self,
        api_version: &str,
        resource: &str,
        object: &Object,
        live: &Value,
    ) -> Result<Vec<Value>, Failure> {
        let selector = &live["spec"]["selector"];
        let labels = selector.get("matchLabels").unwrap_or(selector);
        let collection = path::collection(api_version, resource, &object.key.namespace);
        let path = path::query(collection, &[("labelSelector", &path::selector(labels))]);
        let list = self.connection.send(Request::get(path))?.json()?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }
}

/// Whether a failure may go away by itself.
fn may_pass(failure: &Failure) -> bool {
    match failure.status {
        0 | 429 => true,
        501 => false,
        status => status >= 500,
    }
}
