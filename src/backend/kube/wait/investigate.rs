//! Finding out, while it is waited, why objects are not ready, and whether that is going to change.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _, pin_mut, select};
use serde_json::Value;

use super::super::health::{Collection, Part};
use super::Waiter;
use super::collection::{self, Change};
use super::follow::Watched;
use crate::backend::Event;
use crate::kubernetes::health::{Budget, Cause, Hopeless, Scene, Trouble, examine};
use crate::kubernetes::readiness::kstatus::Status;

/// What is ready by then is not looked into.
const GRACE: Duration = Duration::from_millis(700);

/// How often it is looked at what was seen.
const TICK: Duration = Duration::from_millis(400);

/// What is older than the wait by this many seconds was there before: clocks differ a little.
const BEFORE: i64 = 30;

/// What looks into objects that are waited for.
pub(super) struct Investigation<'a> {
    pub(super) waiter: &'a Waiter<'a>,
    pub(super) budget: Budget,
    /// What is seen of the objects.
    pub(super) watched: &'a RefCell<Vec<Watched>>,
}

/// The objects of some collections, by collection and name.
#[derive(Default)]
struct Found {
    parts: BTreeMap<(Part, usize), BTreeMap<String, Value>>,
    is_new: bool,
}

impl Found {
    fn take(&mut self, part: (Part, usize), change: &Change<'_>) {
        self.is_new = true;
        let name = |object: &Value| {
            let name = object["metadata"]["name"].as_str();
            name.unwrap_or_default().to_owned()
        };
        let objects = self.parts.entry(part).or_default();
        match change {
            Change::Is(object) => {
                objects.insert(name(object), (*object).clone());
            }
            Change::Was(object) => {
                objects.remove(&name(object));
            }
            Change::Anew => objects.clear(),
            Change::Told => {}
        }
    }

    fn scene(&self) -> Scene {
        let of = |part: Part| {
            let parts = self.parts.iter().filter(move |((it, _), _)| *it == part);
            parts
                .flat_map(|(_, objects)| objects.values().cloned())
                .collect()
        };
        Scene {
            replica_sets: of(Part::ReplicaSets),
            pods: of(Part::Pods),
            events: of(Part::Events),
            ..Scene::default()
        }
    }
}

/// What was seen of troubles so far.
#[derive(Default)]
struct Memory {
    /// Since when each is there.
    since: BTreeMap<(String, String, Cause), Instant>,
    /// How often containers had been started again before the wait began.
    before: BTreeMap<(String, String), i64>,
}

impl Investigation<'_> {
    /// Looks into objects until waiting is hopeless; answers why.
    pub(super) async fn run(&self) -> Vec<Hopeless> {
        let began = unix(self.waiter);
        tokio::time::sleep(GRACE).await;
        let found = RefCell::new(Found::default());
        let mut known: BTreeSet<Collection> = BTreeSet::new();
        let mut following = FuturesUnordered::new();
        let mut memory = Memory::default();
        let mut scene = Scene::default();
        loop {
            for collection in self.missing(&known) {
                let part = (collection.of, known.len());
                known.insert(collection.clone());
                let (found, connection) = (&found, self.waiter.connection);
                following.push(async move {
                    let take = |change: Change<'_>| found.borrow_mut().take(part, &change);
                    collection::follow(connection, &collection, take).await;
                });
            }
            if std::mem::take(&mut found.borrow_mut().is_new) {
                scene = found.borrow().scene();
            }
            let hopeless = self.look(&scene, &mut memory, began);
            if !hopeless.is_empty() {
                return hopeless;
            }
            let tick = tokio::time::sleep(TICK).fuse();
            pin_mut!(tick);
            loop {
                select! {
                    () = following.select_next_some() => {}
                    () = tick => break,
                }
            }
        }
    }

    /// Collections around objects that are not ready, as far as they are not followed.
    fn missing(&self, known: &BTreeSet<Collection>) -> BTreeSet<Collection> {
        let watched = self.watched.borrow();
        let unready = watched.iter().filter(|it| it.is_unready());
        let around = unready.flat_map(|it| Collection::around(&it.live));
        around.filter(|it| !known.contains(it)).collect()
    }

    /// Judges what is there now, and tells it.
    fn look(&self, scene: &Scene, memory: &mut Memory, began: i64) -> Vec<Hopeless> {
        let mut hopeless = Vec::new();
        let mut present = BTreeSet::new();
        for watched in self.watched.borrow_mut().iter_mut() {
            if !watched.is_unready() {
                continue;
            }
            let health = examine(&watched.live, &watched.verdict, scene);
            watched.ready = health.ready;
            watched.trouble = health.worst().map(Trouble::short).unwrap_or_default();
            // Until a controller has seen what is wanted, its Pods are those of before.
            if !is_observed(&watched.live) {
                continue;
            }
            for trouble in &health.troubles {
                let (object, container) = (trouble.object.clone(), trouble.container.clone());
                let key = (object.clone(), container.clone(), trouble.cause);
                let since = *memory.since.entry(key.clone()).or_insert_with(Instant::now);
                present.insert(key);
                let is_old = |time: Option<_>| {
                    time.is_some_and(|time: crate::kubernetes::health::Seconds| {
                        time.0 + BEFORE < began
                    })
                };
                let before = *memory.before.entry((object, container)).or_insert(
                    match is_old(trouble.created) {
                        true => trouble.restarts,
                        false => 0,
                    },
                );
                // What is left of an earlier rollout may yet heal.
                if trouble.cause == Cause::Deadline && is_old(trouble.since) {
                    continue;
                }
                let restarts = trouble.restarts - before;
                let seen = since.elapsed();
                hopeless.extend(self.budget.exceeded(trouble, seen, restarts));
            }
        }
        memory.since.retain(|key, _| present.contains(key));
        self.tell();
        hopeless
    }

    fn tell(&self) {
        let watched = self.watched.borrow();
        let waiting = watched.iter().map(Watched::waiting).collect();
        (self.waiter.context.events)(Event::Waiting(waiting));
    }
}

/// Whether a controller has seen what is wanted.
fn is_observed(live: &Value) -> bool {
    let wanted = live["metadata"]["generation"].as_i64();
    match live["kind"].as_str() {
        Some("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
            live["status"]["observedGeneration"].as_i64() == wanted
        }
        _ => true,
    }
}

fn unix(waiter: &Waiter<'_>) -> i64 {
    let now = waiter.world.now();
    let since = now.duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or_default()
    })
}

impl Watched {
    /// Whether it is worth a look.
    fn is_unready(&self) -> bool {
        !self.live.is_null() && !matches!(self.verdict.status, Status::Current | Status::Unknown)
    }
}
