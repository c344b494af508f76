//! `unittest`: charts are tested by Helm's plugin `unittest`, with the values of their releases.

use super::plan::{Needs, plan};
use super::render::{chart_of, together};
use super::{Fleet, Preparation};
use crate::go::path;
use crate::helmfile::load::State;
use crate::helmfile::state::{self, Record};
use crate::helmfile::visit::Walk;
use crate::helmfile::{Call, Failure};

/// `unittest`
#[derive(Clone, Debug, Default)]
pub struct UnitTest {
    /// `--set`
    pub set: Vec<String>,
    /// `--values`
    pub values: Vec<String>,
    /// What is done about what selected releases need.
    pub needs: Needs,
    /// The first failure is the last.
    pub fail_fast: bool,
    /// The plugin paints.
    pub paints: bool,
    /// The plugin says more.
    pub debugs: bool,
}

/// What is said where the plugin is not there.
const NO_PLUGIN: &str = "helm-unittest plugin is required for `helmfile unittest`. Install it with: helm plugin install https://github.com/helm-unittest/helm-unittest: plugin unittest not installed";

impl Fleet<'_> {
    /// Tests the charts of all releases that say where their tests are.
    ///
    /// # Errors
    /// What failed first, or all that failed.
    pub fn unittest(&self, options: &UnitTest) -> Result<(), Failure> {
        let preparation = Preparation {
            with_needs: options.needs.include_transitive,
            download: Some(self.temporary_download()),
            ..self.preparation("unittest")
        };
        let mut deferred: Vec<String> = Vec::new();
        self.each(Walk {
            filters: false,
            with_needs: options.needs.includes(),
            act: &mut |state| {
                let mut matched = false;
                let mut own = Vec::new();
                let mut failures = self.with_charts(state, &preparation, |state| {
                    let planned = match plan(state, &options.needs) {
                        Ok(Some(planned)) => planned,
                        Ok(None) => return Vec::new(),
                        Err(message) => return vec![Failure::of(message)],
                    };
                    matched = true;
                    let (errors, is_one) = self.test_all(state, &planned, options);
                    if is_one {
                        // One that failed does not keep other files from being tested.
                        own = errors.clone();
                    }
                    errors.into_iter().map(Failure::of).collect()
                });
                failures.retain(|failure| !own.contains(&failure.message));
                deferred.append(&mut own);
                (matched, failures)
            },
        })?;
        match deferred.is_empty() {
            true => Ok(()),
            false => Err(Failure::of(together(&deferred))),
        }
    }

    /// What failed; whether it is no more than that tests of one chart did.
    fn test_all(
        &self,
        state: &State,
        releases: &[Record],
        options: &UnitTest,
    ) -> (Vec<String>, bool) {
        let (mut errors, mut is_plugins) = (Vec::new(), true);
        for release in releases {
            let is_over = options.fail_fast && !errors.is_empty();
            if !is_over && !release.texts("unitTests").is_empty() {
                match self.test_call(state, release, options) {
                    Ok(call) => {
                        if let Err((is_own, message)) = self.test_one(release, &call) {
                            is_plugins &= is_own;
                            errors.push(message);
                        }
                    }
                    Err(message) => {
                        is_plugins = false;
                        errors.push(message);
                    }
                }
            }
            self.clean_up(state, release, "unittest");
        }
        let is_one = is_plugins && errors.len() == 1;
        (errors, is_one)
    }

    /// Runs the plugin for a release.
    ///
    /// # Errors
    /// Whether the plugin ran, and why it failed.
    fn test_one(&self, release: &Record, call: &Call) -> Result<(), (bool, String)> {
        let (answer, block) = match self.run(call) {
            Ok(answer) => (answer, None),
            Err((answer, block)) => (answer, Some(block)),
        };
        let said = String::from_utf8_lossy(&answer.stderr);
        if said.contains("unknown command \"unittest\"") {
            return Err((false, NO_PLUGIN.to_owned()));
        }
        self.info(&format!(
            "Unit testing release={}, chart={}",
            release.text("name"),
            chart_of(release)
        ));
        if !answer.stdout.is_empty() {
            self.host.print(&answer.stdout);
            self.host.print(b"\n");
        }
        block.map_or(Ok(()), |block| Err((true, block)))
    }

    fn test_call(
        &self,
        state: &State,
        release: &Record,
        options: &UnitTest,
    ) -> Result<Call, String> {
        let (flags, files) = self.values_flags(state, release)?;
        let mut words = vec!["unittest".to_owned(), chart_of(release)];
        words.extend(flags);
        for adopt in release.texts("adopt") {
            words.extend(["--adopt".to_owned(), adopt]);
        }
        let mut errors = Vec::new();
        self.flag_values(&options.values, &options.set, &mut words, &mut errors);
        if let Some(error) = errors.into_iter().next() {
            return Err(error);
        }
        if options.fail_fast {
            words.push("--failfast".to_owned());
        }
        if options.paints {
            match self.is_third(state) {
                true => words.push("--color".to_owned()),
                false => self.warn("warn: --color flag is not supported with Helm 4 due to flag parsing issues, ignoring\n"),
            }
        }
        if options.debugs {
            words.push("--debugPlugin".to_owned());
        }
        for file in release.texts("unitTests") {
            let clean = path::clean(&file);
            if clean.starts_with('/') || clean == ".." || clean.starts_with("../") {
                return Err(format!(
                    "release {}: unitTests path {} must be a relative path within the chart directory",
                    state::quoted(release.text("name")),
                    state::quoted(&file)
                ));
            }
            let lower = file.to_lowercase();
            let is_folder = !file.contains(['*', '?', '['])
                && !lower.ends_with(".yaml")
                && !lower.ends_with(".yml");
            words.extend([
                "--file".to_owned(),
                match is_folder {
                    true => format!("{}/*_test.yaml", file.trim_end_matches('/')),
                    false => file,
                },
            ]);
        }
        Ok(self.call(state, words, files, &self.extra(state)))
    }
}
