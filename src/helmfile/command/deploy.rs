//! What changes releases: `sync` and `destroy`; and what asks for them: `status` and `test`
//! (`sync`, `delete`, `status`, `test` of `pkg/app/app.go`).

use std::collections::BTreeSet;

use super::batch::{Act, Batch, Task};
use super::change::Diff;
use super::plan::{Needs, batches, choose, forget_needs, plan_all};
use super::summary::{Affected, Row};
use super::{Fleet, Preparation};
use crate::go::path;
use crate::helmfile::data::decode;
use crate::helmfile::helm::told;
use crate::helmfile::load::State;
use crate::helmfile::prepare::normalise_chart;
use crate::helmfile::select::{Installed, Transitive, id, is_installed};
use crate::helmfile::state::Record;
use crate::helmfile::upgrade::{
    Upgrading, cascade_flags, connection_flags, delete_wait_flags, history_max, namespace_flags,
    test_timeout, values_mode,
};
use crate::helmfile::visit::Walk;
use crate::helmfile::{Answer, Call, Failure};

/// `sync`
#[derive(Clone, Debug, Default)]
pub struct Sync {
    /// How releases are upgraded.
    pub upgrading: Upgrading,
    /// What is done about what selected releases need.
    pub needs: Needs,
    /// How many releases are worked on at once, 0 for all.
    pub concurrency: usize,
    /// What becomes of what hangs on what is deleted.
    pub cascade: String,
    /// The exit code tells whether anything was done.
    pub detailed_exitcode: bool,
    /// The user is asked before.
    pub interactive: bool,
    /// Titles are painted.
    pub painted: bool,
    /// How differences are shown to who is asked.
    pub preview: Diff,
}

/// `destroy`
#[derive(Clone, Debug, Default)]
pub struct Destroy {
    /// How many releases are worked on at once, 0 for all.
    pub concurrency: usize,
    /// What becomes of what hangs on what is deleted.
    pub cascade: String,
    /// No charts are made ready.
    pub skip_charts: bool,
    /// It is waited until all is gone, this many seconds.
    pub wait: Option<i64>,
    /// The user is asked before.
    pub interactive: bool,
    /// Titles are painted.
    pub painted: bool,
}

/// `test`
#[derive(Clone, Debug)]
pub struct Test {
    /// How many releases are worked on at once, 0 for all.
    pub concurrency: usize,
    /// Pods of tests should be deleted, which Helm does by itself.
    pub cleanup: bool,
    /// Logs of tests are printed.
    pub logs: bool,
    /// How long they may take, in seconds; -1 for as long as releases say.
    pub timeout: i64,
}

/// The exit code of changes, where that is wanted.
const CHANGED: u8 = 2;

/// What failed, by the ids of releases.
type Failed = Vec<(String, String)>;

impl Fleet<'_> {
    /// Brings the releases of all states to where they are to be; gives the exit code.
    ///
    /// # Errors
    /// What failed first.
    pub fn sync(&self, options: &Sync) -> Result<u8, Failure> {
        let preparation = Preparation {
            with_needs: options.needs.includes(),
            ..self.preparation("sync")
        };
        let mut changed = false;
        self.each(Walk {
            filters: false,
            with_needs: options.needs.includes(),
            act: &mut |state| {
                let mut matched = false;
                let failures = self.with_charts(state, &preparation, |state| {
                    match plan_all(state, &options.needs) {
                        Ok(None) => Vec::new(),
                        Ok(Some(planned)) => {
                            matched = true;
                            self.sync_all(state, planned, options, &mut changed)
                        }
                        Err(message) => vec![Failure::of(message)],
                    }
                });
                (matched, failures)
            },
        })?;
        Ok(match options.detailed_exitcode && changed {
            true => CHANGED,
            false => 0,
        })
    }

    fn sync_all(
        &self,
        state: &State,
        planned: Vec<Record>,
        options: &Sync,
        changed: &mut bool,
    ) -> Vec<Failure> {
        let extra = self.extra(state);
        let seen = options.interactive.then(|| planned.clone());
        let (mut deleted, mut updated, mut unchanged) = (Vec::new(), Vec::new(), Vec::new());
        for release in planned {
            if is_installed(&release) {
                updated.push(release);
                continue;
            }
            match self.is_there(state, &release, &extra) {
                Ok(true) => deleted.push(release),
                Ok(false) => unchanged.push(release),
                Err(message) => return vec![Failure::of(message)],
            }
        }
        let affected = names(&updated, &deleted);
        let mut told = format!("Affected releases are:\n{affected}\n");
        match seen {
            None => self.debug(&told),
            Some(planned) => match self.differences(state, planned, &options.preview, None) {
                Ok(found) => {
                    let found = found.told(options.detailed_exitcode);
                    told = found.unwrap_or(told);
                }
                Err(message) => return vec![Failure::of(message)],
            },
        }
        let question = format!(
            "{told}\nDo you really want to sync?\n  Helmfile will sync all your releases, as shown above.\n\n"
        );
        let mut done = Affected::default();
        let mut failed = Failed::new();
        if !options.interactive || self.host.ask(&question) {
            *changed |= !deleted.is_empty() || !updated.is_empty();
            failed = self.converge_all(state, (&deleted, &updated), options, &mut done);
        }
        self.show(&done, options.painted);
        for release in &unchanged {
            self.clean_up(state, release, "sync");
        }
        self.failures(failed)
    }

    /// Deletes and upgrades, each in its order.
    pub(super) fn converge_all(
        &self,
        state: &State,
        (deleted, updated): (&[Record], &[Record]),
        options: &Sync,
        done: &mut Affected,
    ) -> Failed {
        let extra = self.extra(state);
        let mut failed = Failed::new();
        let removed = batches(state, deleted).map(|groups| groups.into_iter().rev().collect());
        failed.extend(self.in_order(
            state,
            removed,
            (Act::Remove, options.concurrency),
            done,
            |release| {
                let mut words = vec!["delete".to_owned(), release.text("name").to_owned()];
                words.extend(namespace_flags(release));
                words.extend(delete_wait_flags(state, release, None));
                words.extend(connection_flags(state, release));
                words.extend(cascade_flags(state, release, &options.cascade));
                Ok(vec![self.call_for(
                    (state, release),
                    words,
                    Vec::new(),
                    &extra,
                )])
            },
        ));
        let installed = Installed::of(state);
        failed.extend(self.in_order(
            state,
            batches(state, updated),
            (Act::Upgrade, options.concurrency),
            done,
            |release| {
                self.put_over(&installed, release);
                self.upgrade_calls(state, release, &options.upgrading, &extra)
            },
        ));
        failed
    }

    /// `helm upgrade --install`, and `helm list` for the version that came of it.
    fn upgrade_calls(
        &self,
        state: &State,
        release: &Record,
        options: &Upgrading,
        extra: &[String],
    ) -> Result<Vec<Call>, String> {
        let failed = |error| {
            format!(
                "failed processing release {}: {error}",
                release.text("name")
            )
        };
        let (flags, files) = self
            .upgrade_flags(state, release, options)
            .map_err(&failed)?;
        let chart = match release.text("chartPath") {
            "" => normalise_chart(&state.base, release.text("chart")),
            path => path.to_owned(),
        };
        let mut words = ["upgrade", "--install", release.text("name")]
            .map(str::to_owned)
            .to_vec();
        words.push(chart);
        words.extend(flags);
        let mut errors = Vec::new();
        self.flag_values(&options.values, &options.set, &mut words, &mut errors);
        if let Some(error) = errors.into_iter().next() {
            return Err(failed(error));
        }
        if options.skip_crds || state.defaults().is("skipCRDs") {
            words.push("--skip-crds".to_owned());
        }
        words.push(values_mode(state, release, options).to_owned());
        let kept = history_max(state, release).to_string();
        words.extend(["--history-max".to_owned(), kept]);
        Ok(vec![
            self.call_for((state, release), words, files, extra),
            self.list_call(state, release, extra),
        ])
    }

    /// Works on groups, one after the other. As Helmfile, a group in which something failed is the
    /// last; otherwise what needs a release that failed is left alone, and nothing else.
    fn in_order(
        &self,
        state: &State,
        groups: Result<Vec<Vec<Record>>, String>,
        (act, concurrency): (Act, usize),
        affected: &mut Affected,
        calls: impl Fn(&mut Record) -> Result<Vec<Call>, String>,
    ) -> Failed {
        let groups = match groups {
            Ok(groups) => groups,
            Err(message) => return vec![(String::new(), message)],
        };
        let mut failed = Failed::new();
        let mut stopped: BTreeSet<String> = BTreeSet::new();
        for group in groups {
            let (mut tasks, mut unprepared) = (Vec::new(), Failed::new());
            for mut release in group {
                if self.host.is_called_off() {
                    affected.not_begun.push(self.row(state, &release));
                    continue;
                }
                let needs = release.texts("needs");
                let missing = needs.iter().find(|need| stopped.contains(*need));
                if act == Act::Upgrade && missing.is_some() {
                    stopped.insert(id(&release));
                    affected.skipped.push(self.row(state, &release));
                    continue;
                }
                match calls(&mut release) {
                    Ok(calls) => tasks.push(Task { release, calls }),
                    Err(error) => {
                        affected
                            .failed
                            .extend(self.options.own.then(|| self.row(state, &release)));
                        unprepared.push((id(&release), error));
                    }
                }
            }
            // Helmfile does nothing where the values of one release fail.
            if !unprepared.is_empty() && !self.options.own {
                failed.extend(unprepared);
                return failed;
            }
            let mut batch = Batch::new(self, state, act, tasks, affected);
            self.host.helm_each(concurrency, &mut batch);
            unprepared.append(&mut batch.failed);
            let left: Vec<Row> = (batch.tasks)
                .map(|task| self.row(state, &task.release))
                .collect();
            affected.not_begun.extend(left);
            stopped.extend(unprepared.iter().map(|(id, _)| id.clone()));
            failed.append(&mut unprepared);
            if !failed.is_empty() && !self.options.own {
                return failed;
            }
        }
        if failed.is_empty() && !affected.not_begun.is_empty() {
            let names: Vec<&str> = affected.not_begun.iter().map(Row::name).collect();
            let message = format!("called off before these were begun: {}", names.join(", "));
            failed.push((String::new(), message));
        }
        failed
    }

    /// One failure each; under pintle one for all.
    pub(super) fn failures(&self, failed: Failed) -> Vec<Failure> {
        let messages = failed.into_iter().map(|(_, message)| message);
        if !self.options.own {
            return messages.map(Failure::of).collect();
        }
        match messages.collect::<Vec<_>>() {
            messages if messages.is_empty() => Vec::new(),
            messages => vec![Failure::of(messages.join("\n"))],
        }
    }

    /// Removes the releases of all states.
    ///
    /// # Errors
    /// What failed first.
    pub fn destroy(&self, options: &Destroy) -> Result<(), Failure> {
        let preparation = self.preparation("destroy");
        self.each_reversed(Walk {
            filters: false,
            with_needs: false,
            act: &mut |state| {
                let mut matched = false;
                let mut act = |state: &mut State| match choose(state, Transitive::Excluded) {
                    Ok((selected, all)) => {
                        matched = !selected.is_empty();
                        state.releases = all;
                        self.destroy_all(state, selected, options)
                    }
                    Err(message) => vec![Failure::of(message)],
                };
                let failures = match options.skip_charts {
                    true => act(state),
                    false => self.with_charts(state, &preparation, act),
                };
                (matched, failures)
            },
        })
    }

    fn destroy_all(&self, state: &State, selected: Vec<Record>, options: &Destroy) -> Vec<Failure> {
        if selected.is_empty() {
            return Vec::new();
        }
        let extra = self.extra(state);
        let mut found = Vec::new();
        let mut names = Vec::new();
        let mut gone = Vec::new();
        for release in selected {
            let chart = release.text("chart");
            names.push(format!("  {} ({chart})", release.text("name")));
            match self.is_there(state, &release, &extra) {
                Ok(true) => found.push(release),
                Ok(false) => gone.push(release),
                Err(message) => return vec![Failure::of(message)],
            }
        }
        for release in &gone {
            self.clean_up(state, release, "delete");
        }
        let question = format!(
            "Affected releases are:\n{}\n\nDo you really want to delete?\n  Helmfile will delete all your releases, as shown above.\n\n",
            names.join("\n")
        );
        let mut done = Affected::default();
        let mut failed = Failed::new();
        if !options.interactive || self.host.ask(&question) {
            let installed = Installed::of(state);
            let groups = batches(state, &found).map(|groups| groups.into_iter().rev().collect());
            failed = self.in_order(
                state,
                groups,
                (Act::Destroy, options.concurrency),
                &mut done,
                |release| {
                    self.put_over(&installed, release);
                    let mut words = vec!["delete".to_owned(), release.text("name").to_owned()];
                    words.extend(connection_flags(state, release));
                    words.extend(cascade_flags(state, release, &options.cascade));
                    words.extend(delete_wait_flags(state, release, options.wait));
                    words.extend(namespace_flags(release));
                    Ok(vec![self.call_for(
                        (state, release),
                        words,
                        Vec::new(),
                        &extra,
                    )])
                },
            );
        }
        self.show(&done, options.painted);
        self.failures(failed)
    }

    /// Asks how the releases of all states are.
    ///
    /// # Errors
    /// What failed first.
    pub fn status(&self, concurrency: usize) -> Result<(), Failure> {
        let preparation = Fleet::looking("status");
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                let failures = self.with_charts(state, &preparation, |state| {
                    let extra = self.extra(state);
                    if self.options.own {
                        forget_needs(&mut state.releases);
                    }
                    let chosen = choose(state, Transitive::Excluded).and_then(|(selected, _)| {
                        let installed: Vec<Record> =
                            selected.into_iter().filter(is_installed).collect();
                        batches(state, &installed)
                    });
                    let act = (Act::Status, concurrency);
                    let mut done = Affected::default();
                    let failed = self.in_order(state, chosen, act, &mut done, |release| {
                        let mut words = vec!["status".to_owned(), release.text("name").to_owned()];
                        words.extend(namespace_flags(release));
                        words.extend(connection_flags(state, release));
                        Ok(vec![self.call_for(
                            (state, release),
                            words,
                            Vec::new(),
                            &extra,
                        )])
                    });
                    self.failures(failed)
                });
                (true, failures)
            },
        })
    }

    /// Runs the tests of the releases of all states.
    ///
    /// # Errors
    /// What failed first.
    pub fn test(&self, options: &Test) -> Result<(), Failure> {
        let preparation = self.preparation("test");
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                if options.cleanup {
                    self.warn("warn: requested cleanup will not be applied. To clean up test resources with Helm 3, you have to remove them manually or set helm.sh/hook-delete-policy\n");
                }
                let failures = self.with_charts(state, &preparation, |state| {
                    let extra = self.extra(state);
                    let chosen = choose(state, Transitive::Excluded).map(|(selected, _)| {
                        vec![selected.into_iter().filter(is_installed).collect()]
                    });
                    let act = (Act::Test, options.concurrency);
                    let mut done = Affected::default();
                    let failed = self.in_order(state, chosen, act, &mut done, |release| {
                        let mut words = vec!["test".to_owned(), release.text("name").to_owned()];
                        words.extend(namespace_flags(release));
                        if options.logs {
                            words.push("--logs".to_owned());
                        }
                        words.extend(test_timeout(state, release, options.timeout));
                        words.extend(connection_flags(state, release));
                        Ok(vec![self.call_for(
                            (state, release),
                            words,
                            Vec::new(),
                            &extra,
                        )])
                    });
                    self.failures(failed)
                });
                (true, failures)
            },
        })
    }

    fn list_call(&self, state: &State, release: &Record, extra: &[String]) -> Call {
        let filter = format!("^{}$", release.text("name"));
        let mut words = vec!["list".to_owned(), "--filter".to_owned(), filter];
        words.extend(connection_flags(state, release));
        words.extend(namespace_flags(release));
        words.extend(["--uninstalling", "--deployed", "--failed", "--pending"].map(str::to_owned));
        self.call_for((state, release), words, Vec::new(), extra)
    }

    /// The rows below the titles of `helm list`.
    ///
    /// # Errors
    /// What Helm failed with.
    pub(super) fn listed(
        &self,
        release: &Record,
        call: &Call,
        answer: Answer,
    ) -> Result<String, String> {
        if !self.options.own {
            let name = release.text("name");
            self.info(&format!("Listing releases matching ^{name}$"));
        }
        let answer = self
            .judge_answer(call, answer)
            .map_err(|(_, block)| block)?;
        let text = String::from_utf8_lossy(&answer.stdout);
        let rows = text.split_once('\n').map_or("", |(_, rows)| rows);
        if !self.options.own {
            self.info_output(rows.as_bytes());
        }
        Ok(rows.to_owned())
    }

    /// Whether there is a release, of which nothing but a record may be left.
    ///
    /// # Errors
    /// What Helm fails with.
    pub(super) fn is_there(
        &self,
        state: &State,
        release: &Record,
        extra: &[String],
    ) -> Result<bool, String> {
        let asks = self.variable("HELMFILE_USE_HELM_STATUS_TO_CHECK_RELEASE_EXISTENCE");
        if asks.is_empty() {
            let call = self.list_call(state, release, extra);
            self.debug(&told(&call));
            let answer = self.host.helm(&call);
            return Ok(!self.listed(release, &call, answer)?.is_empty());
        }
        let mut words = vec!["status".to_owned(), release.text("name").to_owned()];
        words.extend(connection_flags(state, release));
        words.extend(namespace_flags(release));
        self.info(&format!("Getting status {}", release.text("name")));
        let call = self.call_for((state, release), words, Vec::new(), extra);
        match self.run(&call) {
            Ok(answer) => {
                self.info_output(&answer.stdout);
                Ok(true)
            }
            Err((_, block)) if block.contains("Error: release: not found") => Ok(false),
            Err((_, block)) => Err(block),
        }
    }

    /// The version of a release's chart: that of its row, or what the chart itself says.
    pub(super) fn version(&self, state: &State, release: &Record, rows: &str) -> String {
        let chart = release.text("chart");
        let base = path::base(chart.as_bytes());
        let prefix = format!("{}-", String::from_utf8_lossy(base));
        let words = rows.lines().flat_map(|row| row.split_whitespace().skip(4));
        let found: Vec<&str> = words
            .filter_map(|word| word.strip_prefix(&prefix))
            .collect();
        if let Some(version) = found.last() {
            return (*version).to_owned();
        }
        let words = ["show", "chart", chart].map(str::to_owned).to_vec();
        let call = self.call(state, words, Vec::new(), &[]);
        let answer = self.run(&call).ok();
        let shown = answer.and_then(|answer| decode(&answer.stdout).ok());
        let version = shown.as_ref().and_then(|shown| shown.get("version"));
        let version = version.and_then(|version| version.as_text());
        version.map(ToString::to_string).unwrap_or_default()
    }

    pub(super) fn debug_output(&self, out: &[u8]) {
        let text = String::from_utf8_lossy(out);
        let text = text.trim_end_matches('\n');
        if !text.is_empty() {
            self.debug(text);
        }
    }

    /// Whether an answer is one.
    ///
    /// # Errors
    /// The block that tells about a command that failed, under pintle what it said; the answer stands
    /// beside it.
    pub(super) fn judge_answer(
        &self,
        call: &Call,
        answer: Answer,
    ) -> Result<Answer, (Answer, String)> {
        self.judge(call, answer).map_err(|(answer, block)| {
            let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
            let error = match self.options.own && !said.is_empty() {
                true => said.strip_prefix("Error: ").unwrap_or(&said).to_owned(),
                false => block,
            };
            (answer, error)
        })
    }
}

/// Releases that something is done to, for people.
pub(super) fn names(updated: &[Record], deleted: &[Record]) -> String {
    let line = |release: &Record, word: &str| {
        let (name, chart) = (release.text("name"), release.text("chart"));
        format!("  {name} ({chart}) {word}")
    };
    let mut lines: Vec<String> = updated
        .iter()
        .map(|release| line(release, "UPDATED"))
        .chain(deleted.iter().map(|release| line(release, "DELETED")))
        .collect();
    lines.sort();
    lines.join("\n")
}
