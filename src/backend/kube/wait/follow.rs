//! Following objects by watches.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::{join_all, pending};
use futures_util::{FutureExt as _, pin_mut, select};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::super::health::look;
use super::super::path;
use super::collection::{self, Change};
use super::investigate::Investigation;
use super::{Ended, Goal, Waiter};
use crate::backend::{Count, Event, Object, Waiting};
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

/// What is seen of an object.
pub(super) struct Watched {
    /// `Kind namespace/name`
    pub(super) object: String,
    pub(super) verdict: Verdict,
    /// All of it, where somebody wants to know why it is not ready.
    pub(super) live: Value,
    pub(super) ready: Option<Count>,
    /// What holds it up, in a few words.
    pub(super) trouble: String,
}

impl Watched {
    pub(super) fn waiting(&self) -> Waiting {
        let is_done = self.verdict.status == Status::Current;
        Waiting {
            object: self.object.clone(),
            status: self.verdict.status.to_string(),
            message: self.verdict.message.clone(),
            ready: self.ready,
            trouble: match is_done {
                true => String::new(),
                false => self.trouble.clone(),
            },
            is_done,
        }
    }
}

/// What a watch saw: which object, how it is judged, and all of it.
type Seen = (usize, Verdict, Value);

impl Follower<'_> {
    /// Waits; gives what was seen last of each object, and why it ended.
    pub(super) async fn run(&self) -> (Vec<Verdict>, Ended) {
        let watched: Vec<Watched> = self
            .objects
            .iter()
            .map(|object| Watched {
                object: object.key.to_string(),
                verdict: Verdict::default(),
                live: Value::Null,
                ready: None,
                trouble: String::new(),
            })
            .collect();
        let watched = RefCell::new(watched);
        let (sender, mut receiver) = unbounded_channel::<Seen>();
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
        let budget = self.waiter.budget.filter(|_| self.goal != Goal::Gone);
        let investigation = async {
            match budget {
                Some(budget) => {
                    let investigation = Investigation {
                        waiter: self.waiter,
                        budget,
                        watched: &watched,
                    };
                    investigation.run().await
                }
                None => pending().await,
            }
        }
        .fuse();
        pin_mut!(following, late, called_off, investigation);
        let verdicts = || {
            let watched = watched.borrow();
            let verdicts = watched.iter().map(|it| it.verdict.clone());
            verdicts.collect::<Vec<_>>()
        };
        loop {
            let next = receiver.recv().fuse();
            pin_mut!(next);
            select! {
                update = next => {
                    if let Some((at, verdict, live)) = update {
                        let one = &mut watched.borrow_mut()[at];
                        one.verdict = verdict;
                        if self.waiter.budget.is_some() {
                            one.live = live;
                        }
                    }
                    self.tell(&watched.borrow());
                    if self.is_reached(&watched.borrow()) {
                        return (verdicts(), Ended::Reached);
                    }
                }
                () = late => return (verdicts(), Ended::Late),
                () = called_off => return (verdicts(), Ended::Cancelled),
                hopeless = investigation => return (verdicts(), Ended::Hopeless(hopeless)),
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
    fn is_reached(&self, watched: &[Watched]) -> bool {
        watched.iter().all(|one| match self.goal {
            Goal::Gone => one.verdict.status == Status::NotFound,
            _ => matches!(one.verdict.status, Status::Current | Status::Failed),
        })
    }

    fn tell(&self, watched: &[Watched]) {
        let waiting = watched.iter().map(|one| match self.goal {
            Goal::Gone => Waiting {
                is_done: one.verdict.status == Status::NotFound,
                ..one.waiting()
            },
            _ => one.waiting(),
        });
        (self.waiter.context.events)(Event::Waiting(waiting.collect()));
    }

    /// Tells of each state of an object, until it is dropped.
    async fn follow(&self, at: usize, object: &Object, sender: UnboundedSender<Seen>) {
        // Whoever listens may have enough already.
        let send = |verdict: Verdict, live: Value| drop(sender.send((at, verdict, live)));
        loop {
            match look(self.waiter.connection, object).await {
                Ok(Some(live)) => {
                    let version = live["metadata"]["resourceVersion"].as_str();
                    let path = watch_path(object, version.unwrap_or_default());
                    send(self.waiter.judge(self.goal, &live), live);
                    let tell = |change: Change<'_>| match change {
                        Change::Is(live) => send(self.waiter.judge(self.goal, live), live.clone()),
                        Change::Was(_) => send(Verdict::not_found(), Value::Null),
                        Change::Anew | Change::Told => {}
                    };
                    collection::watch(self.waiter.connection, &path, tell).await;
                }
                Ok(None) => {
                    send(Verdict::not_found(), Value::Null);
                    if self.goal == Goal::Gone {
                        return;
                    }
                }
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Where changes of an object since `version` are told.
fn watch_path(object: &Object, version: &str) -> String {
    let key = &object.key;
    let collection = path::collection(&key.api_version(), &object.resource, &key.namespace);
    let name = format!("metadata.name={}", key.name);
    path::query(
        collection,
        &[
            ("watch", "true"),
            ("fieldSelector", &name),
            ("resourceVersion", version),
            ("allowWatchBookmarks", "false"),
        ],
    )
}
