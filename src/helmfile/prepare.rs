//! Charts made ready: hooks that make them, dependencies that are built, repositories that are added
//! (`PrepareCharts`, `SyncRepos`, `pkg/state/state.go`).

use std::collections::BTreeMap;

use super::chartify::{self, Rendering};
use super::data::{Data, decode};
use super::hook::{Event, first};
use super::load::State;
use super::lock::is_local;
use super::process::Run;
use super::select::{Transitive, id, is_installed, selected};
use super::state::Record;
use super::{Failure, Fleet, file};
use crate::go::path;

/// What of a command's charts are made ready.
#[derive(Clone, Debug, Default)]
pub(super) struct Preparation {
    /// Helmfile's name of the command, as hooks see it.
    pub(super) command: &'static str,
    /// No repositories are added.
    pub(super) skip_repositories: bool,
    pub(super) skip_deps: bool,
    pub(super) skip_refresh: bool,
    /// Charts that releases need are made ready, too.
    pub(super) with_needs: bool,
    /// How charts are rendered on the way.
    pub(super) rendering: Rendering,
    /// Where charts go that are elsewhere, where they have to be here.
    pub(super) download: Option<Download>,
}

/// Where charts go that are fetched.
#[derive(Clone, Debug, Default)]
pub(super) struct Download {
    /// The folder of all of them.
    pub(super) folder: String,
    /// What the folder of each is called; empty for the usual.
    pub(super) template: String,
    /// Charts that are here are copied there, too.
    pub(super) copies: bool,
    /// Users are told where.
    pub(super) tells: bool,
}

/// A local chart's path from here (`normalizeChart`).
pub(super) fn normalise_chart(base: &str, chart: &str) -> String {
    match !is_local(chart) || chart.starts_with('/') {
        true => chart.to_owned(),
        false => path::join(&[base, chart]),
    }
}

/// A dependency build that is to be done.
struct Build {
    release: String,
    chart: String,
    skip_refresh: bool,
}

impl Fleet<'_> {
    /// Makes charts ready, does something, and runs the hooks around it (`WithPreparedCharts`).
    ///
    /// # Errors
    /// What came of `act`, then what failed around it.
    pub(super) fn with_charts(
        &self,
        state: &mut State,
        preparation: &Preparation,
        act: impl FnOnce(&mut State) -> Vec<Failure>,
    ) -> Vec<Failure> {
        let mut failures = Vec::new();
        let temporary = preparation.download.as_ref();
        if let Some(download) = temporary.filter(|download| !download.copies) {
            self.made.borrow_mut().push(download.folder.clone());
        }
        if let Err(message) = self.charts_around(state, preparation, |state| {
            failures = act(state);
            first(&failures).map(str::to_owned)
        }) {
            failures.push(Failure::of(message));
        }
        self.remove_charts();
        failures
    }

    /// A folder for charts that have to be here; it is gone afterwards.
    pub(super) fn temporary_download(&self) -> Download {
        Download {
            folder: format!("{}/helmfile{}", self.options.temporary, self.number()),
            ..Download::default()
        }
    }

    fn charts_around(
        &self,
        state: &mut State,
        preparation: &Preparation,
        act: impl FnOnce(&mut State) -> Option<String>,
    ) -> Result<(), String> {
        let command = preparation.command;
        let is_prepared = !matches!(command, "write-values" | "list");
        let defaults = state.defaults();
        let skips =
            preparation.skip_repositories || defaults.is("skipDeps") || defaults.is("skipRefresh");
        if !skips || is_prepared {
            self.add_repositories(state, skips)?;
        }
        if let Some(download) = preparation.download.as_ref().filter(|known| known.tells) {
            let folder = &download.folder;
            self.host
                .complain(&format!("Charts will be downloaded to: {folder}\n"));
        }
        let event = |name, error| Event {
            name,
            error,
            command,
        };
        self.state_hooks(state, event("prepare", None))?;
        let mut charts = BTreeMap::new();
        if is_prepared {
            let made = self
                .prepare(state, preparation)
                .map_err(|error| format!("[{error}]"))?;
            for (id, chart) in made {
                charts.entry(id).or_insert(chart);
            }
        }
        for release in &mut state.releases {
            let chart = charts.get(&id(release)).map_or("", String::as_str);
            if chart == release.text("chart") {
                continue;
            }
            match chart {
                "" => release.remove("chartPath"),
                chart => release.set("chartPath", Data::string(chart)),
            }
        }
        let failed = act(state);
        self.state_hooks(state, event("cleanup", failed.as_deref()))
    }

    /// Makes the charts of selected releases ready; their paths by the releases' ids.
    fn prepare(
        &self,
        state: &mut State,
        preparation: &Preparation,
    ) -> Result<Vec<(String, String)>, String> {
        self.resolve_lock(state)?;
        let transitive = match preparation.with_needs {
            true => Transitive::Included,
            false => Transitive::Excluded,
        };
        let mut releases = selected(state, &state.releases, transitive)?;
        releases.retain(is_installed);
        if preparation.command == "build" {
            releases.retain(|release| {
                ["jsonPatches", "strategicMergePatches", "transformers"]
                    .iter()
                    .all(|key| release.list(key).is_empty())
            });
        }
        let over = state.record.text("chart").to_owned();
        let mut charts = Vec::with_capacity(releases.len());
        let mut builds = Vec::new();
        for release in &mut releases {
            if !over.is_empty() {
                release.set("chart", Data::string(over.as_str()));
            }
            let event = Event {
                name: "prepare",
                error: None,
                command: preparation.command,
            };
            self.release_hooks(state, release, event)?;
            let (chart, build) = self.prepare_one(state, release, preparation)?;
            charts.push((id(release), chart));
            builds.extend(build);
        }
        // Nobody changes metadata from here on.
        let mut needy = BTreeMap::new();
        for build in builds {
            let chart = build.chart.clone();
            let needs = *needy
                .entry(chart)
                .or_insert_with_key(|chart| has_dependencies(chart));
            self.info(&format!(
                "Building dependency release={}, chart={}",
                build.release, build.chart
            ));
            if !needs {
                continue;
            }
            self.build_dependencies(state, &build)
                .map_err(|error| format!("building dependencies of local chart: {error}"))?;
        }
        Ok(charts)
    }

    fn prepare_one(
        &self,
        state: &State,
        release: &mut Record,
        preparation: &Preparation,
    ) -> Result<(String, Option<Build>), String> {
        let got = self.getter_chart(release)?;
        let is_got = got.is_some();
        let chart = got.unwrap_or_else(|| release.text("chart").to_owned());
        let normal = normalise_chart(&state.base, &chart);
        let is_here = file::is_folder(&normal);
        let defaults = state.defaults();
        let skips =
            |flag: bool, key: &str| flag || release.maybe(key).unwrap_or_else(|| defaults.is(key));
        let skip_deps = !is_here || skips(preparation.skip_deps, "skipDeps");
        let skip_refresh = !is_here || skips(preparation.skip_refresh, "skipRefresh");
        if is_got {
            release.set("chart", Data::string(chart.as_str()));
        }
        let is_pull = preparation.command == "pull";
        let lacks_chart = is_here && !file::is_file(&path::join(&[&normal, "Chart.yaml"]));
        if chartify::is_needed(state, release) && (!is_pull || lacks_chart) {
            let made = self.chartify(state, release, preparation, skip_deps)?;
            let build = (!skip_deps).then(|| Build {
                release: release.text("name").to_owned(),
                chart: made.clone(),
                skip_refresh,
            });
            return Ok((made, build));
        }
        if !is_here {
            let chart = match &preparation.download {
                Some(download) => self.download_chart(state, release, preparation, download)?,
                None => chart,
            };
            return Ok((chart, None));
        }
        let normal = match &preparation.download {
            Some(download) if download.copies && !is_got => {
                self.copy_chart(state, release, &normal, download)?
            }
            _ => normal,
        };
        let build = (!skip_deps).then(|| Build {
            release: release.text("name").to_owned(),
            chart: normal.clone(),
            skip_refresh,
        });
        Ok((normal, build))
    }

    /// `helm dependency build`
    fn build_dependencies(&self, state: &State, build: &Build) -> Result<(), String> {
        let mut arguments = vec![
            "dependency".to_owned(),
            "build".to_owned(),
            build.chart.clone(),
        ];
        if build.skip_refresh {
            arguments.push("--skip-refresh".to_owned());
        }
        if self.options.plain_http && !self.is_third(state) {
            arguments.push("--plain-http".to_owned());
        }
        let call = self.call(state, arguments, Vec::new(), &[]);
        let answer = self.run(&call).map_err(|(_, block)| block)?;
        self.info_output(&answer.stdout);
        Ok(())
    }

    /// Adds the repositories of a state that were not added yet (`SyncRepos`).
    ///
    /// # Errors
    /// What Helm fails with.
    pub(super) fn add_repositories(&self, state: &State, only_oci: bool) -> Result<(), String> {
        for repository in state.record.records("repositories") {
            let name = repository.text("name").to_owned();
            if only_oci && !repository.is("oci") || self.repositories.borrow().contains(&name) {
                continue;
            }
            let (username, password) = self.credentials(&repository);
            if repository.is("oci") {
                if !username.is_empty() && !password.is_empty() {
                    self.log_in(state, &repository, (&username, &password))?;
                    self.repositories.borrow_mut().insert(name);
                }
                continue;
            }
            self.add_repository(state, &repository, (&username, &password))?;
            self.repositories.borrow_mut().insert(name);
        }
        Ok(())
    }

    /// User and password: what the state says, or variables named after the repository.
    fn credentials(&self, repository: &Record) -> (String, String) {
        let variable = |suffix: &str| {
            let name = repository.text("name").replace('-', "_").to_uppercase();
            self.variable(&format!("{name}_{suffix}"))
        };
        let or = |own: &str, suffix: &str| match own {
            "" => variable(suffix),
            own => own.to_owned(),
        };
        (
            or(repository.text("username"), "USERNAME"),
            or(repository.text("password"), "PASSWORD"),
        )
    }

    fn add_repository(
        &self,
        state: &State,
        repository: &Record,
        (username, password): (&str, &str),
    ) -> Result<(), String> {
        let (name, url) = (repository.text("name"), repository.text("url"));
        let managed = repository.text("managed");
        if managed == "acr" {
            self.info(&format!("Adding repo {name} (acr)"));
            let words = ["acr", "helm", "repo", "add", "--name", name];
            let run = Run {
                program: "az".to_owned(),
                arguments: words.map(str::to_owned).to_vec(),
                path: self.options.path.clone(),
                ..Run::default()
            };
            let output = run.output()?;
            self.info_output(&output.stdout);
            return Ok(());
        }
        if !managed.is_empty() {
            return Err(format!(
                "ERROR: unknown type '{managed}' for repository {name}"
            ));
        }
        if name.is_empty() && !url.is_empty() {
            return Err(format!("empty field name for repo {url}"));
        }
        let mut arguments = ["repo", "add", name, url].map(str::to_owned).to_vec();
        arguments.push("--force-update".to_owned());
        for (key, flag) in [("certFile", "--cert-file"), ("keyFile", "--key-file")] {
            let both = ["certFile", "keyFile"]
                .iter()
                .all(|key| !repository.text(key).is_empty());
            if both {
                arguments.extend([flag.to_owned(), repository.text(key).to_owned()]);
            }
        }
        if !repository.text("caFile").is_empty() {
            arguments.extend(["--ca-file".to_owned(), repository.text("caFile").to_owned()]);
        }
        if repository.is("passCredentials") {
            arguments.push("--pass-credentials".to_owned());
        }
        if repository.is("skipTLSVerify") {
            arguments.push("--insecure-skip-tls-verify".to_owned());
        }
        self.info(&format!("Adding repo {name} {url}"));
        if !username.is_empty() && !password.is_empty() {
            arguments.extend(["--username".to_owned(), username.to_owned()]);
            arguments.extend(["--password".to_owned(), password.to_owned()]);
        }
        let call = self.call(state, arguments, Vec::new(), &[]);
        let answer = self
            .run(&call)
            .map_err(|(_, block)| block.replace(password_of(password), "---"))?;
        self.info_output(&answer.stdout);
        Ok(())
    }

    fn log_in(
        &self,
        state: &State,
        repository: &Record,
        (username, password): (&str, &str),
    ) -> Result<(), String> {
        let url = repository.text("url");
        let host = url.split('/').next().unwrap_or(url);
        let mut arguments = ["registry", "login", host].map(str::to_owned).to_vec();
        arguments.extend(["--username".to_owned(), username.to_owned()]);
        arguments.extend(["--password".to_owned(), password.to_owned()]);
        if repository.is("skipTLSVerify") {
            arguments.push("--insecure".to_owned());
        }
        self.info("Logging in to registry");
        let call = self.call(state, arguments, Vec::new(), &[]);
        let answer = self
            .run(&call)
            .map_err(|(_, block)| block.replace(password_of(password), "---"))?;
        self.info_output(&answer.stdout);
        Ok(())
    }
}

/// What is kept out of errors; a text that is nowhere, where there is no password.
fn password_of(password: &str) -> &str {
    if password.is_empty() { "\0" } else { password }
}

/// Whether a chart in a folder names any dependencies.
fn has_dependencies(chart: &str) -> bool {
    let named = |file: &str| {
        let text = file::read(&path::join(&[chart, file])).ok()?;
        let data = decode(&text).ok()?;
        Some(
            data.get("dependencies")
                .is_some_and(|list| !list.is_empty()),
        )
    };
    // A file that cannot be read is Helm's to tell about.
    named("Chart.yaml").unwrap_or(true) || named("requirements.yaml").unwrap_or(false)
}
