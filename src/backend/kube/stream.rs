//! What the containers of workloads write, line by line, also as they write it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::io::AsyncBufReadExt as _;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _, pin_mut, select};
use serde_json::Value;

use super::connection::{Connection, Request};
use super::failure::Failure;
use super::health::{Collection, Part, look};
use super::path;
use super::wait::collection::{self, Change};
use crate::backend::{Cancel, LogLine, LogOptions, Object};
use crate::diag::{Error, Kind};
use crate::go::time::{Time, Zone, parse};

/// How often it is looked whether the user has enough.
const GLANCE: Duration = Duration::from_millis(100);

/// How long a log that broke off is left alone.
const PAUSE: Duration = Duration::from_millis(500);

/// What reads logs.
pub(super) struct Reader<'a> {
    pub(super) connection: &'a Connection,
    pub(super) options: &'a LogOptions,
    pub(super) cancel: &'a Cancel,
}

/// A container, in one of its lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Life {
    namespace: String,
    pod: String,
    uid: String,
    container: String,
    restarts: i64,
    /// Whether it began before we came: then only so many lines are wanted.
    is_old: bool,
}

/// A line, with when it was written.
type Stamped = ((i64, String), LogLine);

impl Reader<'_> {
    /// Tells what was written, in the order of its time, or what is being written until all that there is
    /// to follow ended; gives the containers that could not be read, with why.
    ///
    /// # Errors
    /// Objects that cannot be read; nothing to read at all.
    pub(super) fn run(
        &self,
        objects: &[Object],
        tell: &(dyn Fn(LogLine) + Sync),
    ) -> Result<Vec<String>, Error> {
        let collections = self.connection.block_on(self.collections(objects))?;
        if self.options.follow {
            self.connection.block_on(async {
                self.follow(&collections, tell).await;
                Ok(())
            })?;
            return Ok(Vec::new());
        }
        let (mut lines, failures) = self
            .connection
            .block_on(async { Ok(self.read(&collections).await) })?;
        lines.sort_by(|a, b| a.0.cmp(&b.0));
        let found = !lines.is_empty();
        for (_, line) in lines {
            tell(line);
        }
        let nothing = match self.options.previous {
            true => "no container was started again: there is no previous log",
            false => "no container has run yet: there is no log",
        };
        let error = Error::new(Kind::NotFound, nothing);
        match failures {
            Failures { missing: true, .. } => Err(error),
            Failures { lines, .. } if self.options.previous && !found && !lines.is_empty() => {
                Err(lines.into_iter().fold(error, Error::with_detail))
            }
            Failures { lines, .. } => Ok(lines),
        }
    }

    /// Where the Pods of objects are listed.
    async fn collections(&self, objects: &[Object]) -> Result<Vec<Wanted>, Failure> {
        let lives = join_all(objects.iter().map(|it| look(self.connection, it))).await;
        let mut all = Vec::new();
        for live in lives {
            let Some(live) = live? else { continue };
            let mut wanted = match live["kind"].as_str() {
                Some("Pod") => Wanted::pod(&live),
                Some("CronJob") => Wanted::cron_job(&live),
                _ => {
                    let around = Collection::around(&live).into_iter();
                    let Some(pods) = around.into_iter().find(|it| it.of == Part::Pods) else {
                        continue;
                    };
                    Wanted {
                        pods,
                        job_prefix: None,
                        ends: live["kind"] == "Job",
                    }
                }
            };
            if !self.options.selector.is_empty() {
                wanted.pods.narrow(&self.options.selector);
            }
            all.push(wanted);
        }
        Ok(all)
    }

    /// All that was written so far.
    async fn read(&self, collections: &[Wanted]) -> (Vec<Stamped>, Failures) {
        let mut lives: BTreeSet<Life> = BTreeSet::new();
        for wanted in collections {
            let path = wanted.pods.path(&[]);
            let list = self.connection.request(Request::get(path)).await;
            let list = list.and_then(|answer| answer.json()).unwrap_or_default();
            for pod in list["items"].as_array().into_iter().flatten() {
                if wanted.has(pod) {
                    lives.extend(self.lives(pod, true));
                }
            }
        }
        let lives: Vec<Life> = lives.into_iter().collect();
        let mut lines = Vec::new();
        let mut failures = Failures {
            missing: lives.is_empty(),
            lines: Vec::new(),
        };
        // A few at a time: releases may have hundreds of containers.
        for some in lives.chunks(8) {
            let answers = join_all(some.iter().map(|life| {
                self.connection.request(Request {
                    accept: Some("*/*"),
                    ..Request::get(self.path(life, None))
                })
            }))
            .await;
            for (life, answer) in some.iter().zip(answers) {
                match answer {
                    Ok(answer) => {
                        let text = answer.body.strip_suffix(b"\n").unwrap_or(&answer.body);
                        if !text.is_empty() {
                            let parts = text.split(|byte| *byte == b'\n');
                            lines.extend(parts.map(|line| self.stamped(life, line)));
                        }
                    }
                    Err(failure) => {
                        let Life { pod, container, .. } = life;
                        let why = failure.message;
                        failures.lines.push(format!("{pod}/{container}: {why}"));
                    }
                }
            }
        }
        (lines, failures)
    }

    /// Tells what is written until the user has enough, or all ended that is to end.
    async fn follow(&self, collections: &[Wanted], tell: &(dyn Fn(LogLine) + Sync)) {
        let seen: Vec<RefCell<Seen>> = collections.iter().map(|_| RefCell::default()).collect();
        let watching = join_all(collections.iter().zip(&seen).map(|(wanted, seen)| {
            let take = |change: Change<'_>| seen.borrow_mut().take(wanted, &change);
            collection::follow(self.connection, &wanted.pods, take)
        }))
        .fuse();
        pin_mut!(watching);
        let mut reading = FuturesUnordered::new();
        let mut known: BTreeSet<Life> = BTreeSet::new();
        let seen = &seen;
        while !self.cancel.is_cancelled() {
            for one in seen {
                for (pod, is_old) in one.borrow().pods.values() {
                    for life in self.lives(pod, *is_old) {
                        if known.iter().all(|it| !it.is_same(&life)) {
                            known.insert(life.clone());
                            reading.push(self.stream(life, seen, tell));
                        }
                    }
                }
            }
            let is_over = collections
                .iter()
                .zip(seen)
                .all(|(wanted, seen)| wanted.ends && seen.borrow().is_over());
            if is_over && reading.is_empty() {
                return;
            }
            let tick = tokio::time::sleep(GLANCE).fuse();
            pin_mut!(tick);
            loop {
                select! {
                    () = reading.select_next_some() => {}
                    _ = watching => {}
                    () = tick => break,
                }
            }
        }
    }

    /// Tells what a container writes in one of its lives; a log that breaks off is gone on with.
    async fn stream(&self, life: Life, seen: &[RefCell<Seen>], tell: &(dyn Fn(LogLine) + Sync)) {
        let mut last: Option<(i64, String)> = None;
        loop {
            self.once(&life, &mut last, tell).await;
            tokio::time::sleep(PAUSE).await;
            let is_running = seen.iter().any(|seen| seen.borrow().runs(&life));
            if !is_running {
                return;
            }
        }
    }

    /// Tells what a container writes after `last`, until its log ends or breaks off.
    async fn once(
        &self,
        life: &Life,
        last: &mut Option<(i64, String)>,
        tell: &(dyn Fn(LogLine) + Sync),
    ) -> Option<()> {
        let path = self.path(life, last.as_ref());
        let mut stream = std::pin::pin!(self.connection.stream(&path).await.ok()?);
        let mut line = Vec::new();
        loop {
            line.clear();
            if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
                return Some(());
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let (time, line) = self.stamped(life, text);
            // What was told before the log broke off comes again.
            let is_new = last.as_ref().is_none_or(|last| time > *last || time.0 == 0);
            if is_new {
                tell(line);
                *last = Some(time);
            }
        }
    }

    /// The lives of a Pod's containers that wrote something, or are to be asked for it.
    fn lives(&self, pod: &Value, is_old: bool) -> Vec<Life> {
        let text = |member: &str| pod["metadata"][member].as_str().unwrap_or_default();
        let statuses = |list: &str| pod["status"][list].as_array().into_iter().flatten();
        let all = statuses("initContainerStatuses").chain(statuses("containerStatuses"));
        all.filter(|one| {
            let state = &one["state"];
            let ran = state["running"].is_object() || state["terminated"].is_object();
            match (self.options.previous, self.options.follow) {
                (true, _) => one["lastState"]["terminated"].is_object(),
                (false, true) => ran,
                (false, false) => ran || one["lastState"]["terminated"].is_object(),
            }
        })
        .map(|one| Life {
            namespace: text("namespace").to_owned(),
            pod: text("name").to_owned(),
            uid: text("uid").to_owned(),
            container: one["name"].as_str().unwrap_or_default().to_owned(),
            restarts: one["restartCount"].as_i64().unwrap_or_default(),
            is_old,
        })
        .filter(|life| {
            let wanted = &self.options.container;
            wanted.is_empty() || *wanted == life.container
        })
        .collect()
    }

    /// Where a log is, from a time on.
    fn path(&self, life: &Life, last: Option<&(i64, String)>) -> String {
        let options = self.options;
        let pods = path::collection("v1", "pods", &life.namespace);
        let tail = options.tail.map(|lines| lines.to_string());
        let since = options.since.map(|time| time.as_secs().max(1).to_string());
        let mut query = vec![
            ("container", life.container.as_str()),
            // They say what came first, and where to go on.
            ("timestamps", "true"),
        ];
        if options.follow {
            query.push(("follow", "true"));
        }
        if options.previous {
            query.push(("previous", "true"));
        }
        match last {
            Some((_, stamp)) if !stamp.is_empty() => query.push(("sinceTime", stamp)),
            _ if life.is_old => {
                query.extend(tail.as_deref().map(|lines| ("tailLines", lines)));
                query.extend(since.as_deref().map(|seconds| ("sinceSeconds", seconds)));
            }
            _ => {}
        }
        path::query(format!("{pods}/{}/log", life.pod), &query)
    }

    /// A line as the server has it, which begins with its time.
    fn stamped(&self, life: &Life, line: &[u8]) -> Stamped {
        let space = line.iter().position(|byte| *byte == b' ');
        let (stamp, rest) = line.split_at(space.unwrap_or(0));
        let time = parse(b"2006-01-02T15:04:05.999999999Z07:00", stamp, &Zone::Utc);
        let (order, stamp, text) = match &time {
            Ok(time) => (
                nanoseconds(time),
                String::from_utf8_lossy(stamp).into_owned(),
                &rest[1..],
            ),
            Err(_) => (0, String::new(), line),
        };
        let line = LogLine {
            pod: life.pod.clone(),
            container: life.container.clone(),
            time: match self.options.timestamps {
                true => stamp.clone(),
                false => String::new(),
            },
            text: text.to_vec(),
        };
        ((order, stamp), line)
    }
}

fn nanoseconds(time: &Time) -> i64 {
    let since = time.since(&Time::unix(0, 0, Zone::Utc));
    since.0
}

/// What could not be read.
struct Failures {
    /// There was nothing to read.
    missing: bool,
    lines: Vec<String>,
}

/// Pods whose logs are wanted.
struct Wanted {
    pods: Collection,
    /// The jobs that they belong to, where their names are made.
    job_prefix: Option<String>,
    /// Whether they are to end.
    ends: bool,
}

impl Wanted {
    fn pod(live: &Value) -> Wanted {
        let name = live["metadata"]["name"].as_str().unwrap_or_default();
        Wanted {
            pods: pods(live, ("fieldSelector", format!("metadata.name={name}"))),
            job_prefix: None,
            ends: live["spec"]["restartPolicy"] != "Always",
        }
    }

    /// A CronJob's Pods bear the names of Jobs, which are its own and a number.
    fn cron_job(live: &Value) -> Wanted {
        let name = live["metadata"]["name"].as_str().unwrap_or_default();
        Wanted {
            pods: pods(live, ("labelSelector", "job-name".to_owned())),
            job_prefix: Some(format!("{name}-")),
            ends: false,
        }
    }

    fn has(&self, pod: &Value) -> bool {
        let Some(prefix) = &self.job_prefix else {
            return true;
        };
        let job = pod["metadata"]["labels"]["job-name"].as_str();
        let number = job.and_then(|job| job.strip_prefix(prefix.as_str()));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

fn pods(live: &Value, which: (&'static str, String)) -> Collection {
    let namespace = live["metadata"]["namespace"].as_str().unwrap_or_default();
    Collection {
        of: Part::Pods,
        path: path::collection("v1", "pods", namespace),
        query: vec![which],
    }
}

/// The Pods of a collection as they are.
#[derive(Default)]
struct Seen {
    /// By name, each with whether it was there when we came.
    pods: BTreeMap<String, (Value, bool)>,
    /// Whether all that was there is known.
    is_told: bool,
}

impl Seen {
    fn take(&mut self, wanted: &Wanted, change: &Change<'_>) {
        let name = |pod: &Value| {
            let name = pod["metadata"]["name"].as_str();
            name.unwrap_or_default().to_owned()
        };
        match change {
            Change::Is(pod) if wanted.has(pod) => {
                let is_old = match self.pods.get(&name(pod)) {
                    Some((_, is_old)) => *is_old,
                    None => !self.is_told,
                };
                self.pods.insert(name(pod), ((*pod).clone(), is_old));
            }
            Change::Is(_) => {}
            Change::Was(pod) => {
                self.pods.remove(&name(pod));
            }
            Change::Anew => {}
            Change::Told => self.is_told = true,
        }
    }

    /// Whether a container still is in one of its lives.
    fn runs(&self, life: &Life) -> bool {
        self.pods.values().any(|(pod, _)| {
            let list = |name: &str| pod["status"][name].as_array().into_iter().flatten();
            let mut all = list("initContainerStatuses").chain(list("containerStatuses"));
            pod["metadata"]["uid"] == life.uid
                && all.any(|one| {
                    one["name"] == life.container
                        && one["restartCount"].as_i64().unwrap_or_default() == life.restarts
                        && one["state"]["running"].is_object()
                })
        })
    }

    /// Whether all Pods ended.
    fn is_over(&self) -> bool {
        let ended = |phase: &Value| phase == "Succeeded" || phase == "Failed";
        let mut pods = self.pods.values();
        self.is_told && !self.pods.is_empty() && pods.all(|(pod, _)| ended(&pod["status"]["phase"]))
    }
}

impl Life {
    fn is_same(&self, other: &Life) -> bool {
        (&self.uid, &self.container, self.restarts)
            == (&other.uid, &other.container, other.restarts)
    }
}
