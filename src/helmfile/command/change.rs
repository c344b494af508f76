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
use crate::helmfile::upgrade::{Upgrading, values_mode};
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
}

/// The exit code of differences.
const CHANGED: u8 = 2;

/// What differs.
struct Differences {
    changed: Vec<Record>,
    deleted: Vec<Record>,
    unchanged: Vec<Record>,
}

/// A release that is compared, and what came of it.
struct Compared {
    release: Record,
    title: String,
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
                let failures = self.with_charts(state, &preparation, |state| {
                    let found = match self.differences(state, options) {
                        Ok(Some(found)) => found,
                        Ok(None) => return Vec::new(),
                        Err(message) => return vec![Failure::of(message)],
                    };
                    matched = true;
                    let affected = names(&found.changed, &found.deleted);
                    match affected.is_empty() {
                        true if options.detailed_exitcode => self.info("No affected releases"),
                        true => {}
                        false => self.info(&format!("Affected releases are:\n{affected}\n")),
                    }
                    changes |= !affected.is_empty();
                    for release in found.changed.iter().chain(&found.unchanged) {
                        self.clean_up(state, release, "diff");
                    }
                    Vec::new()
                });
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
                    match self.differences(state, diff) {
                        Ok(Some(found)) => {
                            matched = true;
                            self.apply_all(state, &found, options, &mut changed)
                        }
                        Ok(None) => Vec::new(),
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
        *changed = true;
        let affected = names(&found.changed, &found.deleted);
        let question = format!(
            "Affected releases are:\n{affected}\n\nDo you really want to apply?\n  Helmfile will apply all your changes, as shown above.\n\n"
        );
        let mut done = Affected::default();
        let mut failed = Vec::new();
        if !options.interactive || self.host.ask(&question) {
            let all: Vec<Record> = found
                .changed
                .iter()
                .chain(&found.deleted)
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

    /// What would change, which is shown on the way; nothing where no release is selected.
    ///
    /// # Errors
    /// What failed first; nothing more is shown.
    fn differences(
        &self,
        state: &mut State,
        options: &Diff,
    ) -> Result<Option<Differences>, String> {
        let Some(planned) = plan_all(state, &options.needs)? else {
            return Ok(None);
        };
        let extra = self.extra(state);
        let installed = Installed::of(state);
        let (mut all, mut disabled) = (Vec::new(), Vec::new());
        for mut release in planned {
            if !is_installed(&release) {
                disabled.push(release);
                continue;
            }
            self.put_over(&installed, &mut release);
            all.push(self.compared(state, release, options, &extra)?);
        }
        for call in all.iter().filter_map(|compared| compared.call.as_ref()) {
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
        let mut shown: Vec<u8> = Vec::new();
        for compared in all {
            let silent = options.is_silent || compared.release.is("suppressDiff");
            match (compared.call, compared.answer) {
                (None, _) => found.changed.push(compared.release),
                (Some(_), Some(answer)) if matches!(answer.code, 0 | CHANGED) => {
                    if !silent {
                        shown.extend(compared.title.as_bytes());
                        shown.extend(&answer.stdout);
                    }
                    match answer.code {
                        CHANGED => found.changed.push(compared.release),
                        _ => found.unchanged.push(compared.release),
                    }
                }
                (Some(call), answer) => {
                    let answer = answer.unwrap_or(Answer {
                        code: 1,
                        ..Answer::default()
                    });
                    let failed = self.judge_answer(&call, answer).err();
                    return Err(failed.map(|(_, block)| block).unwrap_or_default());
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
        Ok(Some(found))
    }

    /// `helm diff upgrade`, which is answered as `pintle diff` does; no call where it is known that the
    /// release is not there and nobody wants to see it.
    fn compared(
        &self,
        state: &State,
        release: Record,
        options: &Diff,
        extra: &[String],
    ) -> Result<Compared, String> {
        let name = release.text("name").to_owned();
        let failed = |error: String| format!("failed processing release {name}: {error}");
        let chart = match release.text("chartPath") {
            "" => normalise_chart(&state.base, release.text("chart")),
            path => path.to_owned(),
        };
        let title = format!(
            "Comparing release={name}, chart={}, namespace={}\n",
            redacted(&chart),
            release.text("namespace")
        );
        if options.skip_on_install && !self.is_there(state, &release, extra)? {
            return Ok(Compared {
                release,
                title,
                call: None,
                answer: None,
            });
        }
        let (flags, files) = self
            .upgrade_flags(state, &release, &options.upgrading)
            .map_err(&failed)?;
        let mut words = ["diff", "upgrade", "--allow-unreleased", &name, &chart]
            .map(str::to_owned)
            .to_vec();
        words.extend(flags);
        let mut errors = Vec::new();
        let upgrading = &options.upgrading;
        self.flag_values(&upgrading.values, &upgrading.set, &mut words, &mut errors);
        if let Some(error) = errors.into_iter().next() {
            return Err(failed(error));
        }
        words.push(values_mode(state, &release, upgrading).to_owned());
        words.push("--detailed-exitcode".to_owned());
        for kind in &options.suppress {
            words.extend(["--suppress".to_owned(), kind.clone()]);
        }
        for (is_on, flag) in [
            (options.suppress_secrets, "--suppress-secrets"),
            (options.show_secrets, "--show-secrets"),
            (options.no_hooks, "--no-hooks"),
        ] {
            if is_on {
                words.push(flag.to_owned());
            }
        }
        if options.context > 0 {
            words.extend(["--context".to_owned(), options.context.to_string()]);
        }
        let mut call = self.call(state, words, files, extra);
        call.is_diff = true;
        Ok(Compared {
            release,
            title,
            call: Some(call),
            answer: None,
        })
    }
}
