//! `template` and `lint`.

use std::collections::{BTreeSet, VecDeque};
use std::fs;

use super::plan::{Needs, plan};
use super::{Fleet, Preparation};
use crate::diag::Level;
use crate::go::{os, path};
use crate::helmfile::chartify::Rendering;
use crate::helmfile::helm::{TemplateFlags, told};
use crate::helmfile::hook::Event;
use crate::helmfile::load::State;
use crate::helmfile::select::Installed;
use crate::helmfile::state::Record;
use crate::helmfile::target::Target;
use crate::helmfile::visit::Walk;
use crate::helmfile::{Answer, Call, Failure, Work};

/// `template`
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// `--set`
    pub set: Vec<String>,
    /// `--values`
    pub values: Vec<String>,
    /// Where manifests go instead of standard output.
    pub output_dir: String,
    /// What the folder of each release is called.
    pub output_dir_template: String,
    /// CRDs are printed, too.
    pub include_crds: bool,
    /// Hooks are not.
    pub no_hooks: bool,
    /// Tests are not.
    pub skip_tests: bool,
    /// A cluster is asked.
    pub validate: bool,
    /// What is done about what selected releases need.
    pub needs: Needs,
    /// Kubernetes' version.
    pub kube_version: String,
    /// Templates that are shown.
    pub show_only: Vec<String>,
    /// What manifests go through.
    pub post_renderer: String,
    /// Its arguments.
    pub post_renderer_args: Vec<String>,
    /// Values are not checked.
    pub skip_schema_validation: bool,
    /// Words for `helm template`.
    pub template_args: String,
}

/// `lint`
#[derive(Clone, Debug, Default)]
pub struct Lint {
    /// `--set`
    pub set: Vec<String>,
    /// `--values`
    pub values: Vec<String>,
    /// What is done about what selected releases need.
    pub needs: Needs,
}

/// A release that is being rendered.
struct Begun {
    name: String,
    chart: String,
    /// What was logged about its values.
    log: Vec<(Level, String)>,
    call: Call,
}

/// A release before which all others have to be told of: its values fail, or it has hooks.
struct Left {
    release: Record,
    log: Vec<(Level, String)>,
    errors: Vec<String>,
}

/// Releases that are rendered beside each other, and told about as if one came after the other.
struct Rendered<'r, 'a> {
    fleet: &'r Fleet<'a>,
    state: &'r State,
    options: &'r Template,
    installed: Installed,
    /// Words of `--args`.
    extra: Vec<String>,
    releases: std::vec::IntoIter<Record>,
    /// Those that are not told of yet, from the first on.
    begun: VecDeque<Begun>,
    left: Option<Left>,
    failures: Vec<Failure>,
}

impl Rendered<'_, '_> {
    /// The next release, its call unless something is wrong with its values, and what is.
    fn prepare(&mut self) -> Option<(Left, Option<Call>)> {
        let (fleet, state) = (self.fleet, self.state);
        let mut release = self.releases.next()?;
        fleet.put_over(&self.installed, &mut release);
        let mut errors = Vec::new();
        let (call, log) =
            fleet.quietly(|| fleet.template_call(state, &release, self.options, &mut errors));
        let call = call.filter(|_| errors.is_empty());
        let call =
            call.map(|(words, files)| fleet.call_for((state, &release), words, files, &self.extra));
        let left = Left {
            release,
            log,
            errors,
        };
        Some((left, call))
    }

    /// Logs and hooks of a release that others do not come before any more.
    fn end(&mut self, left: Left) {
        for (level, text) in &left.log {
            self.fleet.log(*level, text);
        }
        self.failures
            .extend(left.errors.into_iter().map(Failure::of));
        self.fleet.clean_up(self.state, &left.release, "template");
    }

    /// How many are rendered at once.
    fn limit(&self) -> usize {
        let is_written = |words: &[String]| words.iter().any(|word| word.contains("--output-dir"));
        let options = self.options;
        let flags = [&options.output_dir, &options.output_dir_template];
        let is_written = flags.iter().any(|flag| !flag.is_empty())
            || options.template_args.contains("--output-dir")
            || is_written(&self.state.defaults().texts("templateArgs"))
            || is_written(&self.extra);
        match is_written {
            // Of files of one name the last counts.
            true => 1,
            false => self.fleet.options.concurrency,
        }
    }
}

impl Work for Rendered<'_, '_> {
    fn next(&mut self) -> Option<Vec<Call>> {
        if self.left.is_some() || !self.failures.is_empty() {
            return None;
        }
        let (mut left, call) = self.prepare()?;
        let Some(call) = call else {
            self.left = Some(left);
            return None;
        };
        self.begun.push_back(Begun {
            name: left.release.text("name").to_owned(),
            chart: chart_of(&left.release),
            log: std::mem::take(&mut left.log),
            call: call.clone(),
        });
        if !left.release.records("hooks").is_empty() {
            self.left = Some(left);
        }
        Some(vec![call])
    }

    fn keeps_charts(&self) -> bool {
        true
    }

    fn done(&mut self, _: usize, answers: Vec<Answer>) {
        let Some(Begun {
            name,
            chart,
            log,
            call,
        }) = self.begun.pop_front()
        else {
            return;
        };
        let fleet = self.fleet;
        for (level, text) in &log {
            fleet.log(*level, text);
        }
        if !self.failures.is_empty() {
            return;
        }
        let chart = redacted(&chart);
        fleet.info(&format!("Templating release={name}, chart={chart}"));
        fleet.debug(&told(&call));
        let Some(answer) = answers.into_iter().next() else {
            let message = format!("rendering release {name} ended before its end");
            self.failures.push(Failure::of(message));
            return;
        };
        let is_ecs = call.target.as_ref().is_some_and(Target::is_ecs);
        let findings = String::from_utf8_lossy(&answer.stderr).into_owned();
        let judged = match is_ecs {
            true => fleet.judge_answer(&call, answer),
            false => fleet.judge(&call, answer),
        };
        if is_ecs && judged.is_ok() {
            fleet.host.complain(&findings);
        }
        let (mut answer, failed) = match judged {
            Ok(answer) => (answer, None),
            Err((answer, block)) => (answer, Some(block)),
        };
        match is_written(&call) {
            true => fleet.info_output(&without_repeats(&answer.stdout)),
            false if !answer.stdout.is_empty() => {
                answer.stdout.push(b'\n');
                fleet.host.print(&answer.stdout);
            }
            false => {}
        }
        self.failures.extend(failed.map(Failure::of));
    }
}

impl Fleet<'_> {
    /// Renders the releases of all states.
    ///
    /// # Errors
    /// What failed first.
    pub fn template(&self, options: &Template) -> Result<(), Failure> {
        let preparation = Preparation {
            with_needs: options.needs.includes(),
            rendering: Rendering {
                values: options.values.clone(),
                set: options.set.clone(),
                include_crds: options.include_crds,
                validate: options.validate,
                kube_version: options.kube_version.clone(),
                template_args: options.template_args.clone(),
                skip_schema_validation: options.skip_schema_validation,
            },
            ..self.preparation("template")
        };
        self.each(Walk {
            filters: false,
            with_needs: options.needs.includes(),
            act: &mut |state| {
                let mut matched = false;
                let failures = self.with_charts(state, &preparation, |state| {
                    match plan(state, &options.needs) {
                        Ok(None) => Vec::new(),
                        Ok(Some(releases)) => {
                            matched = true;
                            self.template_all(state, releases, options)
                        }
                        Err(message) => vec![Failure::of(message)],
                    }
                });
                (matched, failures)
            },
        })
    }

    fn template_all(
        &self,
        state: &State,
        releases: Vec<Record>,
        options: &Template,
    ) -> Vec<Failure> {
        let mut work = Rendered {
            fleet: self,
            state,
            options,
            installed: Installed::of(state),
            extra: self.extra(state),
            releases: releases.into_iter(),
            begun: VecDeque::new(),
            left: None,
            failures: Vec::new(),
        };
        let limit = work.limit();
        loop {
            self.host.helm_in_order(limit, &mut work);
            let left = match work.left.take() {
                Some(left) => left,
                // Values are looked at whatever failed before.
                None => match work.prepare() {
                    Some((left, _)) => left,
                    None => return work.failures,
                },
            };
            work.end(left);
        }
    }

    /// The words for one release; nothing where its values fail.
    fn template_call(
        &self,
        state: &State,
        release: &Record,
        options: &Template,
        errors: &mut Vec<String>,
    ) -> Option<(Vec<String>, Vec<crate::helmfile::values::Given>)> {
        let flags = TemplateFlags {
            post_renderer: options.post_renderer.clone(),
            post_renderer_args: options.post_renderer_args.clone(),
            kube_version: options.kube_version.clone(),
            show_only: options.show_only.clone(),
            skip_schema_validation: options.skip_schema_validation,
            template_args: options.template_args.clone(),
        };
        let (flags, files) = match self.template_flags(state, release, &flags) {
            Ok(found) => found,
            Err(error) => {
                errors.push(error);
                return None;
            }
        };
        let mut words = vec![
            "template".to_owned(),
            release.text("name").to_owned(),
            chart_of(release),
        ];
        words.extend(flags);
        self.flag_values(&options.values, &options.set, &mut words, errors);
        let folder = options.output_dir.trim_end_matches('/');
        if !folder.is_empty() || !options.output_dir_template.is_empty() {
            let template = options.output_dir_template.as_str();
            match self.output_folder(state, release, (folder, template)) {
                Ok(folder) => {
                    words.extend(["--output-dir".to_owned(), folder.clone()]);
                    errors.extend(os::mkdir_all(&folder).err());
                }
                Err(error) => errors.push(error),
            }
        }
        for (is_on, flag) in [
            (options.validate, "--validate"),
            (options.include_crds, "--include-crds"),
            (options.no_hooks, "--no-hooks"),
            (options.skip_tests, "--skip-tests"),
        ] {
            if is_on {
                words.push(flag.to_owned());
            }
        }
        Some((words, files))
    }

    /// Values that flags of Helmfile's add to those of releases.
    pub(in crate::helmfile) fn flag_values(
        &self,
        values: &[String],
        set: &[String],
        words: &mut Vec<String>,
        errors: &mut Vec<String>,
    ) {
        for name in values {
            let path = match self.flag_file(name) {
                Ok(path) => path,
                Err((path, error)) => {
                    errors.push(error);
                    path
                }
            };
            words.extend(["--values".to_owned(), path]);
        }
        for pair in set {
            words.extend(["--set".to_owned(), pair.clone()]);
        }
    }

    pub(super) fn clean_up(&self, state: &State, release: &Record, command: &str) {
        let event = Event {
            name: "cleanup",
            error: None,
            command,
        };
        if let Err(error) = self.release_hooks(state, release, event) {
            self.warn(&format!("warn: {error}\n"));
        }
    }

    /// Checks the charts of the releases of all states.
    ///
    /// # Errors
    /// What failed first; charts that fail are told together, after all files.
    pub fn lint(&self, options: &Lint) -> Result<(), Failure> {
        // Helm lints what is here.
        let preparation = Preparation {
            with_needs: options.needs.includes(),
            download: Some(self.temporary_download()),
            ..self.preparation("lint")
        };
        let mut deferred: Vec<String> = Vec::new();
        self.each(Walk {
            filters: false,
            with_needs: options.needs.includes(),
            act: &mut |state| {
                let mut matched = false;
                let mut own: Vec<String> = Vec::new();
                let mut failures = self.with_charts(state, &preparation, |state| {
                    match plan(state, &options.needs) {
                        Ok(None) => Vec::new(),
                        Ok(Some(releases)) => {
                            matched = true;
                            let (failures, failed) = self.lint_all(state, releases, options);
                            // A chart that fails alone does not keep others from being checked.
                            if failures.is_empty() && failed.len() == 1 {
                                own = failed;
                                return own.iter().map(Failure::of).collect();
                            }
                            failures
                                .into_iter()
                                .chain(failed)
                                .map(Failure::of)
                                .collect()
                        }
                        Err(message) => vec![Failure::of(message)],
                    }
                });
                failures.retain(|failure| !own.contains(&failure.message));
                deferred.extend(own);
                (matched, failures)
            },
        })?;
        match deferred.is_empty() {
            true => Ok(()),
            false => Err(Failure::of(together(&deferred))),
        }
    }

    /// What failed before Helm was asked, and what Helm failed with.
    fn lint_all(
        &self,
        state: &State,
        releases: Vec<Record>,
        options: &Lint,
    ) -> (Vec<String>, Vec<String>) {
        let extra = self.extra(state);
        let mut errors: Vec<String> = Vec::new();
        let mut failed: Vec<String> = Vec::new();
        for release in &releases {
            match self.values_flags(state, release) {
                Err(error) => errors.push(error),
                Ok((flags, files)) => {
                    let mut words = vec!["lint".to_owned(), chart_of(release)];
                    words.extend(flags);
                    for adopt in release.texts("adopt") {
                        words.extend(["--adopt".to_owned(), adopt]);
                    }
                    self.flag_values(&options.values, &options.set, &mut words, &mut errors);
                    if errors.is_empty() && failed.is_empty() {
                        self.info(&format!(
                            "Linting release={}, chart={}",
                            release.text("name"),
                            chart_of(release)
                        ));
                        let call = self.call(state, words, files, &extra);
                        let (answer, block) = match self.run(&call) {
                            Ok(answer) => (answer, None),
                            Err((answer, block)) => (answer, Some(block)),
                        };
                        if !answer.stdout.is_empty() {
                            self.host.print(&answer.stdout);
                            self.host.print(b"\n");
                        }
                        failed.extend(block);
                    }
                }
            }
            self.clean_up(state, release, "lint");
        }
        (errors, failed)
    }
}

/// Whether manifests go to files.
fn is_written(call: &Call) -> bool {
    let mut words = call.arguments.iter();
    words.any(|word| word == "--output-dir" || word.starts_with("--output-dir="))
}

/// The chart of a release as Helm is told it (`ChartPathOrName`).
pub(super) fn chart_of(release: &Record) -> String {
    match release.text("chartPath") {
        "" => release.text("chart").to_owned(),
        path => path.to_owned(),
    }
}

/// An address without what is secret in it.
pub(in crate::helmfile) fn redacted(chart: &str) -> String {
    let Some((scheme, rest)) = chart.split_once("://") else {
        return chart.to_owned();
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match host.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or(user);
            format!("{scheme}://{user}:xxxxx@{host}/{path}")
        }
        None => chart.to_owned(),
    }
}

/// Lines about files that were written, each once.
fn without_repeats(out: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(out);
    let mut seen = BTreeSet::new();
    let lines = text
        .split('\n')
        .filter(|line| !line.starts_with("wrote ") || seen.insert(line.to_string()));
    lines.collect::<Vec<_>>().join("\n").into_bytes()
}

/// Several errors below each other (`MultiError`).
pub(super) fn together(errors: &[String]) -> String {
    let mut parts = vec![format!("Failed with {} errors:", errors.len())];
    for (at, error) in errors.iter().enumerate() {
        let lines: String = error
            .split('\n')
            .map(|line| format!("  {line}\n"))
            .collect();
        parts.push(format!("Error {}:\n\n{lines}", at + 1));
    }
    parts.join("\n\n")
}

/// Writes a file, and the folders that it is in.
///
/// # Errors
/// Go's words.
pub(super) fn write(name: &str, text: &[u8]) -> Result<(), String> {
    os::mkdir_all(&path::dir(name))?;
    fs::write(name, text).map_err(|error| os::path_error("open", name, &error))
}
