//! Releases of a group, worked on beside each other: what is run around each, and what came of it
//! (`SyncReleases`, `DeleteReleasesForSync`, `DeleteReleases`, `scatterGatherReleases` of `pkg/state`).

use std::time::Instant;

use super::Fleet;
use super::summary::{Affected, Row};
use crate::helmfile::helm::told;
use crate::helmfile::hook::Event;
use crate::helmfile::load::State;
use crate::helmfile::select::id;
use crate::helmfile::state::{self, Record};
use crate::helmfile::upgrade::{connection_flags, delete_wait_flags, namespace_flags};
use crate::helmfile::{Answer, Call, Work};

/// What is done to releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// They are installed or upgraded.
    Upgrade,
    /// They are removed, for the state says that they are not installed.
    Remove,
    /// They are removed, for the user says so.
    Destroy,
    /// They are asked how they are.
    Status,
    /// Their tests are run.
    Test,
}

impl Act {
    fn begins(self, release: &Record, chart: &str, target: &str) -> String {
        let name = release.text("name");
        match self {
            Act::Upgrade => format!(
                "Upgrading release={name}, chart={}, namespace={}{}",
                super::render::redacted(chart),
                release.text("namespace"),
                match target {
                    "" | "kube" => String::new(),
                    target => format!(", target={target}"),
                }
            ),
            Act::Remove | Act::Destroy => format!("Deleting {name}"),
            Act::Status => format!("Getting status {name}"),
            Act::Test => format!("Testing {name}"),
        }
    }

    fn failed(self, release: &Record, error: &str) -> String {
        let name = release.text("name");
        match self {
            Act::Upgrade | Act::Remove => format!("failed processing release {name}: {error}"),
            Act::Destroy | Act::Status | Act::Test => {
                format!("release {} failed: {error}", state::quoted(name))
            }
        }
    }
}

/// A release, and the calls that do what is to be done.
pub(super) struct Task {
    pub(super) release: Record,
    pub(super) calls: Vec<Call>,
}

/// Releases that do not wait for each other.
pub(super) struct Batch<'b, 'a> {
    pub(super) fleet: &'b Fleet<'a>,
    pub(super) state: &'b State,
    pub(super) act: Act,
    pub(super) tasks: std::vec::IntoIter<Task>,
    pub(super) affected: &'b mut Affected,
    /// Ids of releases that failed, and why.
    pub(super) failed: Vec<(String, String)>,
    started: Vec<(Task, Instant)>,
}

impl<'b, 'a> Batch<'b, 'a> {
    pub(super) fn new(
        fleet: &'b Fleet<'a>,
        state: &'b State,
        act: Act,
        tasks: Vec<Task>,
        affected: &'b mut Affected,
    ) -> Batch<'b, 'a> {
        Batch {
            fleet,
            state,
            act,
            tasks: tasks.into_iter(),
            affected,
            failed: Vec::new(),
            started: Vec::new(),
        }
    }

    /// What hooks are told of.
    fn command(&self) -> &'static str {
        match self.act {
            Act::Destroy => "delete",
            _ => "sync",
        }
    }

    fn hook(&self, release: &Record, name: &str, error: Option<&str>) -> Result<(), String> {
        let event = Event {
            name,
            error,
            command: self.command(),
        };
        self.fleet.release_hooks(self.state, release, event)
    }

    /// Hooks that come before.
    fn before(&self, release: &Record) -> Result<(), String> {
        match self.act {
            Act::Upgrade => self.hook(release, "presync", None),
            Act::Remove => {
                self.hook(release, "presync", None)?;
                self.hook(release, "preuninstall", None)
            }
            Act::Destroy => self.hook(release, "preuninstall", None),
            Act::Status | Act::Test => Ok(()),
        }
    }

    /// What Helm answered, and what that means for the release.
    fn judge(&mut self, task: &Task, answers: Vec<Answer>, row: &mut Row) -> Result<bool, String> {
        let mut pairs = task.calls.iter().zip(answers);
        let Some((call, answer)) = pairs.next() else {
            return Err("it was not begun: the system gives no more threads".to_owned());
        };
        let is_quiet = self.fleet.options.own && self.act == Act::Upgrade;
        match is_quiet {
            true => self.fleet.debug_output(&answer.stdout),
            false => self.fleet.info_output(&answer.stdout),
        }
        if let Err((answer, block)) = self.fleet.judge_answer(call, answer) {
            let strategy = task.release.text("updateStrategy");
            let stderr = String::from_utf8_lossy(&answer.stderr);
            if self.act == Act::Upgrade
                && strategy == "reinstallIfForbidden"
                && stderr.contains("Forbidden: updates")
            {
                self.reinstall(task)?;
                return Ok(true);
            }
            return Err(block);
        }
        match (self.act, pairs.next()) {
            (Act::Upgrade, Some((call, answer))) => {
                let listed = self.fleet.listed(&task.release, call, answer);
                row.version = match listed {
                    Ok(rows) => self.fleet.version(self.state, &task.release, &rows),
                    Err(_) => String::new(),
                };
            }
            (Act::Remove | Act::Destroy, _) => self.hook(&task.release, "postuninstall", None)?,
            _ => {}
        }
        Ok(false)
    }

    /// Takes a release away that cannot be upgraded, and installs it anew.
    fn reinstall(&mut self, task: &Task) -> Result<(), String> {
        let (fleet, state, release) = (self.fleet, self.state, &task.release);
        fleet.info(&format!(
            "Failed to sync due to forbidden updates, attempting to reinstall {} allowed by update strategy",
            state::quoted(release.text("name"))
        ));
        let extra = fleet.extra(state);
        if fleet.is_there(state, release, &extra)? {
            self.hook(release, "preuninstall", None)?;
            let mut words = vec!["delete".to_owned(), release.text("name").to_owned()];
            words.extend(namespace_flags(release));
            words.extend(delete_wait_flags(state, release, Some(0)));
            words.extend(connection_flags(state, release));
            let call = fleet.call_for((state, release), words, Vec::new(), &extra);
            fleet.info(&Act::Remove.begins(release, "", ""));
            let answer = fleet.run(&call).map_err(|(_, block)| block)?;
            fleet.info_output(&answer.stdout);
            self.hook(release, "postuninstall", None)?;
        }
        let Some(call) = task.calls.first() else {
            return Ok(());
        };
        let chart = call.arguments.get(3).map_or("", |word| word);
        fleet.info(&Act::Upgrade.begins(release, chart, &fleet.shown_target(state, release)));
        let answer = fleet.run(call).map_err(|(_, block)| block)?;
        fleet.info_output(&answer.stdout);
        Ok(())
    }

    /// Runs what comes afterwards, and notes what came of a release.
    fn end(&mut self, release: &Record, mut row: Row, done: Result<bool, String>) {
        let mut failure = match &done {
            Ok(_) => None,
            Err(error) => Some(self.act.failed(release, error)),
        };
        let is_reinstalled = done == Ok(true);
        match (self.act, done.is_ok()) {
            (Act::Upgrade, true) if is_reinstalled => self.affected.reinstalled.push(row.clone()),
            (Act::Upgrade, true) => self.affected.upgraded.push(row.clone()),
            (Act::Upgrade, false) => self.affected.failed.push(row.clone()),
            (Act::Remove | Act::Destroy, true) => self.affected.deleted.push(row.clone()),
            (Act::Remove | Act::Destroy, false) => {
                if !self.fleet.options.own {
                    // Helmfile forgets those before.
                    self.affected.delete_failed = self.affected.failed.clone();
                }
                row.version.clear();
                self.affected.delete_failed.push(row);
            }
            (Act::Status | Act::Test, _) => {}
        }
        if matches!(self.act, Act::Upgrade | Act::Remove) {
            let after = [
                self.hook(release, "postsync", failure.as_deref()),
                self.hook(release, "cleanup", None),
            ];
            for error in after.into_iter().filter_map(Result::err) {
                match (&failure, self.act) {
                    (None, Act::Upgrade) => failure = Some(self.act.failed(release, &error)),
                    _ => self.fleet.warn(&format!("warn: {error}\n")),
                }
            }
        }
        self.failed
            .extend(failure.map(|failure| (id(release), failure)));
    }
}

impl Work for Batch<'_, '_> {
    fn next(&mut self) -> Option<Vec<Call>> {
        loop {
            let task = self.tasks.next()?;
            let start = Instant::now();
            if let Err(error) = self.before(&task.release) {
                let mut row = self.fleet.row(self.state, &task.release);
                row.duration = start.elapsed();
                self.end(&task.release, row, Err(error));
                continue;
            }
            let chart = task.calls.first().and_then(|call| {
                let at = call.arguments.iter().position(|word| word == "--install")?;
                call.arguments.get(at + 2)
            });
            let line = self.act.begins(
                &task.release,
                chart.map_or("", String::as_str),
                &self.fleet.shown_target(self.state, &task.release),
            );
            self.fleet.info(&line);
            for call in &task.calls {
                self.fleet.debug(&told(call));
            }
            let calls = task.calls.clone();
            self.started.push((task, start));
            return Some(calls);
        }
    }

    fn keeps_charts(&self) -> bool {
        self.tasks
            .as_slice()
            .iter()
            .all(|task| task.release.records("hooks").is_empty())
    }

    fn done(&mut self, at: usize, answers: Vec<Answer>) {
        let Some((task, start)) = self.started.get_mut(at) else {
            return;
        };
        let (release, calls) = (task.release.clone(), std::mem::take(&mut task.calls));
        let start = *start;
        let task = Task { release, calls };
        let mut row = self.fleet.row(self.state, &task.release);
        let done = self.judge(&task, answers, &mut row);
        row.duration = start.elapsed();
        self.end(&task.release, row, done);
    }
}
