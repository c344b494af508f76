//! Following objects by watches.

use std::time::Duration;

use futures_util::future::{join_all, pending};
use futures_util::io::AsyncBufReadExt as _;
use futures_util::{FutureExt as _, StreamExt as _, pin_mut, select};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::super::connection::Request;
use super::super::failure::Failure;
use super::super::path;
use super::{Ended, Goal, Waiter};
use crate::backend::{Event, Object, Waiting};
use crate::kubernetes::readiness::kstatus::{Status, Verdict};

/// How often it is looked whether the user called it off.
const GLANCE: Duration = Duration::from_millis(100);

/// How long a watch that broke is left alone.
const PAUSE: Duration = Duration::from_millis(250);

/// Objects that are followed until all of them are where they shall be.
pub(super) struct Follower<'a> {
    pub(super) waiter: &'a Waiter<'a>,
    pub(super) objects: &'a [&'a Object],
    pub(super) goal: Goal,
}

impl Follower<'_> {
    /// Waits; gives what was seen last of each object, and why it ended.
    pub(super) async fn run(&self) -> (Vec<Verdict>, Ended) {
        let mut verdicts = vec![Verdict::default(); self.objects.len()];
        let (sender, mut receiver) = unbounded_channel::<(usize, Verdict)>();
        let following = join_all(
            self.objects
                .iter()
                .enumerate()
                .map(|(at, object)| self.follow(at, object, sender.clone())),
        )
        .then(|_| pending::<()>())
        .fuse();
        let late = tokio::time::sleep(self.waiter.patience()).fuse();
        let called_off = self.called_off().fuse();
        pin_mut!(following, late, called_off);
        loop {
            let next = receiver.recv().fuse();
            pin_mut!(next);
            select! {
                update = next => {
                    if let Some((at, verdict)) = update {
                        verdicts[at] = verdict;
                    }
                    if self.is_reached(&verdicts) {
                        return (verdicts, Ended::Reached);
                    }
                    self.tell(&verdicts);
                }
                () = late => return (verdicts, Ended::Late),
                () = called_off => return (verdicts, Ended::Cancelled),
                () = following => {}
            }
        }
    }

    async fn called_off(&self) {
        while !self.waiter.context.cancel.is_cancelled() {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Whether nothing will change any more: what failed is not waited for.
    fn is_reached(&self, verdicts: &[Verdict]) -> bool {
        verdicts.iter().all(|verdict| match self.goal {
            Goal::Gone => verdict.status == Status::NotFound,
            _ => matches!(verdict.status, Status::Current | Status::Failed),
        })
    }

    fn tell(&self, verdicts: &[Verdict]) {
        let waiting = self.objects.iter().zip(verdicts);
        let waiting = waiting
            .filter(|(_, verdict)| verdict.status != Status::Current)
            .map(|(object, verdict)| Waiting {
                object: object.key.to_string(),
                status: verdict.status.to_string(),
                message: verdict.message.clone(),
            });
        (self.waiter.context.events)(Event::Waiting(waiting.collect()));
    }

    /// Tells of each state of an object, until it is dropped.
    async fn follow(&self, at: usize, object: &Object, sender: UnboundedSender<(usize, Verdict)>) {
        loop {
            match self.look(object).await {
                Ok(Some(live)) => {
                    let verdict = self.waiter.judge(self.goal, &live);
                    // Whoever listens may have enough already.
                    let _ = sender.send((at, verdict));
                    let version = live["metadata"]["resourceVersion"]
                        .as_str()
                        .unwrap_or_default();
                    self.watch(at, object, version, &sender).await;
                }
                Ok(None) => {
                    let _ = sender.send((at, Verdict::not_found()));
                    if self.goal == Goal::Gone {
                        return;
                    }
                }
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn look(&self, object: &Object) -> Result<Option<Value>, Failure> {
        let path = path::object(&object.key, &object.resource);
        match self.waiter.connection.request(Request::get(path)).await {
            Ok(answer) => answer.json().map(Some),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Tells of changes since `version`, until the watch ends.
    async fn watch(
        &self,
        at: usize,
        object: &Object,
        version: &str,
        sender: &UnboundedSender<(usize, Verdict)>,
    ) {
        let collection = path::collection(
            &object.key.api_version(),
            &object.resource,
            &object.key.namespace,
        );
        let name = format!("metadata.name={}", object.key.name);
        let path = path::query(
            collection,
            &[
                ("watch", "true"),
                ("fieldSelector", &name),
                ("resourceVersion", version),
                ("allowWatchBookmarks", "false"),
            ],
        );
        let Ok(stream) = self.waiter.connection.stream(&path).await else {
            return;
        };
        let mut lines = std::pin::pin!(stream.lines());
        while let Some(Ok(line)) = lines.next().await {
            let Ok(event) = serde_json::from_str::<Value>(&line) else {
                return;
            };
            let live = &event["object"];
            let verdict = match event["type"].as_str() {
                Some("ADDED" | "MODIFIED") => self.waiter.judge(self.goal, live),
                Some("DELETED") => Verdict::not_found(),
                // Too old, or not a watch at all: it is looked at anew.
                _ => return,
            };
            let _ = sender.send((at, verdict));
        }
    }
}
