//! What would change, and changes where there are any: `diff` and `apply` (`diff`, `apply` of
//! `pkg/app/app.go`).

use super::deploy::{Sync, names};
use super::plan::{Needs, batches, plan_all};
use super::render::redacted;
use super::summary::Affected;
use super::{Fleet, Preparation};
use crate::helmfile::helm::told;
use crate::helmfile::hook::Event;
use crate::helmfile::load::State;
use crate::helmfile::prepare::normalise_chart;
use crate::helmfile::select::{Installed, is_installed};
use crate::helmfile::state::Record;
use crate::helmfile::upgrade::Upgrading;
use crate::helmfile::visit::Walk;
use crate::helmfile::{Answer, Call, Failure, Work};

/// `diff`
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// How releases would be upgraded.
    pub upgrading: Upgrading,
    /// What is done about what selected releases need.
    pub needs: Needs,
    /// How many releases are worked on at once, 0 for all.
    pub concurrency: usize,
    /// The exit code tells whether anything would change.
    pub detailed_exitcode: bool,
    /// Lines around those that differ; 0 for the usual.
    pub context: i64,
    /// Kinds that are not shown.
    pub suppress: Vec<String>,
    /// Secrets are named, and no more.
    pub suppress_secrets: bool,
    /// What Secrets hold is shown.
    pub show_secrets: bool,
    /// Hooks of charts are left out.
    pub no_hooks: bool,
    /// Releases that are not there count as changed, unseen.
    pub skip_on_install: bool,
    /// No differences are shown.
    pub is_silent: bool,
    /// `--diff-args`
    pub diff_args: String,
    /// `--template-args`
    pub template_args: String,
    /// The form of the output; empty for the usual.
    pub output: String,
    /// Carriage returns at line ends do not count.
    pub strip_trailing_cr: bool,
    /// Tests of charts are compared, too.
    pub include_tests: bool,
    /// Patterns of lines that are not shown.
    pub suppress_lines: Vec<String>,
    /// What is new is not validated.
    pub skip_validation_on_install: bool,
    /// Whether output is painted, where that is said.
    pub painted: Option<bool>,
    /// The version that the cluster was found to have.
    pub kube_version: String,
}

/// The exit code of differences.
const CHANGED: u8 = 2;

/// What is said where nothing differs.
const NOTHING: &str = "No affected releases";

/// What differs.
pub(super) struct Differences {
    changed: Vec<Record>,
    deleted: Vec<Record>,
    unchanged: Vec<Record>,
}

impl Differences {
    /// What is said of it.
    pub(super) fn told(&self, is_detailed: bool) -> Option<String> {
        match names(&self.changed, &self.deleted) {
            affected if !affected.is_empty() => {
                Some(format!("Affected releases are:\n{affected}\n"))
            }
            _ => is_detailed.then(|| NOTHING.to_owned()),
        }
    }
}

/// A release that is compared, and what came of it.
struct Compared {
    release: Record,
    title: String,
    /// Nothing is shown of it.
    is_silent: bool,
    call: Option<Call>,
    answer: Option<Answer>,
}

/// Comparisons, which do not wait for each other.
struct Comparing<'c> {
    all: &'c mut [Compared],
    next: usize,
    begun: Vec<usize>,
}

impl Work for Comparing<'_> {
    fn next(&mut self) -> Option<Vec<Call>> {
        loop {
            let at = self.next;
            self.next += 1;
            if let Some(call) = &self.all.get(at)?.call {
                self.begun.push(at);
                return Some(vec![call.clone()]);
            }
        }
    }

    fn keeps_charts(&self) -> bool {
        true
    }

    fn done(&mut self, at: usize, answers: Vec<Answer>) {
        let compared = self.begun.get(at).and_then(|at| self.all.get_mut(*at));
        if let Some(compared) = compared {
            compared.answer = answers.into_iter().next();
        }
    }
}

impl Fleet<'_> {
    /// Shows what would change in the releases of all states; gives the exit code.
    ///
    /// # Errors
    /// What failed first; with [`Diff::detailed_exitcode`] that anything would change.
    pub fn diff(&self, options: &Diff) -> Result<(), Failure> {
        let mut changes = false;
        let preparation = self.changing("diff", &options.needs);
        self.each(Walk {
            filters: false,
            with_needs: options.needs.includes(),
            act: &mut |state| {
                let mut matched = false;
                let mut told = None;
                let failures = self.with_charts(state, &preparation, |state| {
                    let found = match plan_all(state, &options.needs) {
                        Ok(Some(planned)) => {
                            self.differences(state, planned, options, Some("diff"))
                        }
                        Ok(None) => return Vec::new(),
                        Err(message) => return vec![Failure::of(message)],
                    };
                    matched = true;
                    match found {
                        Ok(found) => told = found.told(options.detailed_exitcode),
                        Err(message) => return vec![Failure::of(message)],
                    }
                    changes |= told.is_some() && told.as_deref() != Some(NOTHING);
                    Vec::new()
                });
                if let Some(text) = told {
                    self.info(&text);
                }
                (matched, failures)
            },
        })?;
        match changes && options.detailed_exitcode {
            true => Err(Failure {
                code: CHANGED,
                ..Failure::of("Identified at least one change")
            }),
            false => Ok(()),
        }
    }

    /// Shows what would change, as `doctor` does where it knows no model. No model is asked where it
    /// does, either: nothing of a cluster leaves this process.
    ///
    /// # Errors
    /// As [`Fleet::diff`].
    pub fn doctor(&self, options: &Diff, names_model: bool) -> Result<(), Failure> {
        if names_model {
            self.warn("doctor: no language model is asked here; this is the difference alone");
        }
        self.diff(options)
    }

    /// Changes the releases of all states that would change; gives the exit code.
    ///
    /// # Errors
    /// What failed first.
    pub fn apply(&self, options: &Sync, diff: &Diff) -> Result<u8, Failure> {
        let mut changed = false;
        let preparation = self.changing("apply", &options.needs);
        self.each(Walk {
            filters: false,
            with_needs: options.needs.includes(),
            act: &mut |state| {
                let mut matched = false;
                let failures = self.with_charts(state, &preparation, |state| {
                    let found = match plan_all(state, &options.needs) {
                        Ok(Some(planned)) => self.differences(state, planned, diff, None),
                        Ok(None) => return Vec::new(),
                        Err(message) => return vec![Failure::of(message)],
                    };
                    match found {
                        Ok(found) => {
                            matched = true;
                            self.apply_all(state, &found, options, &mut changed)
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

    fn changing(&self, command: &'static str, needs: &Needs) -> Preparation {
        Preparation {
            with_needs: needs.includes(),
            ..self.preparation(command)
        }
    }

    fn apply_all(
        &self,
        state: &State,
        found: &Differences,
        options: &Sync,
        changed: &mut bool,
    ) -> Vec<Failure> {
        if found.changed.is_empty() && found.deleted.is_empty() {
            return Vec::new();
        }
        let affected = names(&found.changed, &found.deleted);
        let question = format!(
            "Affected releases are:\n{affected}\n\nDo you really want to apply?\n  Helmfile will apply all your changes, as shown above.\n\n"
        );
        let mut done = Affected::default();
        let mut failed = Vec::new();
        let goes_on = !options.interactive || self.host.ask(&question);
        // Helmfile tells of changes that were refused, too.
        *changed |= goes_on || !self.options.own;
        if goes_on {
            // Hooks of releases that stay as they are run, too.
            let all: Vec<Record> = (found.changed.iter())
                .chain(&found.deleted)
                .chain(&found.unchanged)
                .cloned()
                .collect();
            let groups = match batches(state, &all) {
                Ok(groups) => groups,
                Err(message) => return vec![Failure::of(message)],
            };
            for release in groups.iter().rev().flatten() {
                let event = Event {
                    name: "preapply",
                    error: None,
                    command: "apply",
                };
                if let Err(message) = self.release_hooks(state, release, event) {
                    return vec![Failure::of(message)];
                }
            }
            failed = self.converge_all(state, (&found.deleted, &found.changed), options, &mut done);
        }
        self.show(&done, options.painted);
        for release in &found.unchanged {
            self.clean_up(state, release, "apply");
        }
        self.failures(failed)
    }

    /// What would change, which is shown on the way.
    ///
    /// # Errors
    /// What failed first, when all has been shown.
    pub(super) fn differences(
        &self,
        state: &State,
        planned: Vec<Record>,
        options: &Diff,
        cleans: Option<&'static str>,
    ) -> Result<Differences, String> {
        // Helmfile's `diff` asks for no more than it is asked for.
        let tells = cleans.is_none() || options.detailed_exitcode || self.options.own;
        let options = &Diff {
            detailed_exitcode: tells,
            ..options.clone()
        };
        let extra = self.extra(state);
        let installed = Installed::of(state);
        let detected = match state.record.text("kubeVersion") {
            "" if !self.options.own => {
                let (kubeconfig, context) = (&self.options.kubeconfig, &self.options.kube_context);
                self.host.kube_version(kubeconfig, context)
            }
            _ => None,
        };
        let options = &Diff {
            kube_version: detected.unwrap_or_default(),
            ..options.clone()
        };
        let (mut all, mut disabled) = (Vec::new(), Vec::new());
        for mut release in planned {
            if !is_installed(&release) {
                disabled.push(release);
                continue;
            }
            self.put_over(&installed, &mut release);
            all.push(self.compared(state, release, options, &extra)?);
        }
        for compared in &all {
            let Some(call) = &compared.call else {
                continue;
            };
            if compared.is_silent {
                self.info(&compared.title);
            }
            self.debug(&told(call));
        }
        let mut work = Comparing {
            all: &mut all,
            next: 0,
            begun: Vec::new(),
        };
        self.host.helm_each(options.concurrency, &mut work);
        let mut found = Differences {
            changed: Vec::new(),
            deleted: Vec::new(),
            unchanged: Vec::new(),
        };
        let (mut shown, mut failed) = (Vec::new(), None);
        for compared in all {
            let Some(call) = compared.call else {
                found.changed.push(compared.release);
                continue;
            };
            let answer = compared.answer.unwrap_or(Answer {
                code: 1,
                ..Answer::default()
            });
            if !compared.is_silent {
                shown.extend(compared.title.as_bytes());
                let is_same = answer.code == 0 && !tells;
                if self.options.own || is_same || answer.code == CHANGED {
                    shown.extend(&answer.stdout);
                    // What the plugin prints is ended with a line that is empty.
                    shown.extend(if self.options.own { &b""[..] } else { b"\n" });
                }
            }
            if let Some(command) = cleans {
                self.clean_up(state, &compared.release, command);
            }
            match answer.code {
                CHANGED => found.changed.push(compared.release),
                0 => found.unchanged.push(compared.release),
                _ => {
                    let error = self.judge_answer(&call, answer).err();
                    failed = failed.or(error.map(|(_, block)| block));
                }
            }
        }
        self.host.print(&shown);
        for release in disabled {
            match self.is_there(state, &release, &extra)? {
                true => found.deleted.push(release),
                false => found.unchanged.push(release),
            }
        }
        if let Some(message) = failed {
            return Err(message);
        }
        Ok(found)
    }

    /// `helm diff upgrade`; no call where it is known that the release is not there and nobody wants to
    /// see it.
    fn compared(
        &self,
        state: &State,
        release: Record,
        options: &Diff,
        extra: &[String],
    ) -> Result<Compared, String> {
        let name = release.text("name").to_owned();
        let chart = match release.text("chartPath") {
            "" => normalise_chart(&state.base, release.text("chart")),
            path => path.to_owned(),
        };
        let mut compared = Compared {
            title: format!(
                "Comparing release={name}, chart={}, namespace={}\n",
                redacted(&chart),
                release.text("namespace")
            ),
            is_silent: options.is_silent || release.is("suppressDiff"),
            release,
            call: None,
            answer: None,
        };
        let release = &compared.release;
        let asks = release.is("disableValidationOnInstall") || options.skip_validation_on_install;
        let is_there = match options.skip_on_install || asks {
            true => self.is_there(state, release, extra)?,
            false => true,
        };
        if options.skip_on_install && !is_there {
            return Ok(compared);
        }
        let mut words = ["diff", "upgrade", "--allow-unreleased", &name, &chart]
            .map(str::to_owned)
            .to_vec();
        let (flags, files) = self
            .preview_flags(state, release, options, !is_there)
            .map_err(|error| format!("failed processing release {name}: {error}"))?;
        words.extend(flags);
        let mut call = self.call_for((state, release), words, files, extra);
        call.is_diff = true;
        call.paints = options.painted == Some(true);
        compared.call = Some(call);
        Ok(compared)
    }
}
