//! `template` and `lint`.

use std::collections::BTreeSet;
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
use crate::helmfile::visit::Walk;
use crate::helmfile::{Call, Failure};

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

/// How many releases are rendered before any of them is shown.
const AT_ONCE: usize = 32;

/// A release that is rendered with others.
struct Waiting {
    name: String,
    chart: String,
    /// What was logged about its values.
    log: Vec<(Level, String)>,
    /// Nothing where its values, or a release before it, failed.
    call: Option<Call>,
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
        mut releases: Vec<Record>,
        options: &Template,
    ) -> Vec<Failure> {
        let installed = Installed::of(state);
        let extra = self.extra(state);
        let mut failures: Vec<Failure> = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        for release in &mut releases {
            self.put_over(&installed, release);
            let mut errors = Vec::new();
            let (call, log) =
                self.quietly(|| self.template_call(state, release, options, &mut errors));
            let call = match failures.is_empty() && errors.is_empty() {
                true => call,
                false => None,
            };
            waiting.push(Waiting {
                name: release.text("name").to_owned(),
                chart: chart_of(release),
                log,
                call: call.map(|(words, files)| self.call(state, words, files, &extra)),
            });
            let has_hooks = !release.records("hooks").is_empty();
            if has_hooks || !errors.is_empty() || waiting.len() == AT_ONCE {
                self.render_all(std::mem::take(&mut waiting), &mut failures);
            }
            failures.extend(errors.into_iter().map(Failure::of));
            self.clean_up(state, release, "template");
        }
        self.render_all(waiting, &mut failures);
        failures
    }

    /// Renders releases together; they are told about as if one came after the other, up to the
    /// first that fails.
    fn render_all(&self, mut waiting: Vec<Waiting>, failures: &mut Vec<Failure>) {
        let calls: Vec<Call> = match failures.is_empty() {
            true => waiting
                .iter_mut()
                .filter_map(|one| one.call.take())
                .collect(),
            false => Vec::new(),
        };
        // Of files of one name the last counts.
        let limit = match calls.iter().any(is_written) {
            true => 1,
            false => self.options.concurrency,
        };
        let mut answers = calls.iter().zip(self.host.helm_all(&calls, limit));
        for one in waiting {
            for (level, text) in &one.log {
                self.log(*level, text);
            }
            if !failures.is_empty() {
                continue;
            }
            let Some((call, answer)) = answers.next() else {
                continue;
            };
            let Waiting { name, chart, .. } = &one;
            let chart = redacted(chart);
            self.info(&format!("Templating release={name}, chart={chart}"));
            self.debug(&told(call));
            let (answer, failed) = match self.judge(call, answer) {
                Ok(answer) => (answer, None),
                Err((answer, block)) => (answer, Some(block)),
            };
            match is_written(call) {
                true => self.info_output(&without_repeats(&answer.stdout)),
                false if !answer.stdout.is_empty() => {
                    self.host.print(&answer.stdout);
                    self.host.print(b"\n");
                }
                false => {}
            }
            failures.extend(failed.map(Failure::of));
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
