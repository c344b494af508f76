//! `repos` and `deps`: repositories that are added, dependencies and lock files that are brought up
//! to date (`UpdateDeps`, `pkg/state/chart_dependency.go`).

use std::fs;

use super::Fleet;
use super::render::{chart_of, write};
use crate::go::{os, path};
use crate::helmfile::data::{Data, Entries, decode, encode};
use crate::helmfile::load::{State, key};
use crate::helmfile::lock::{file_of, wanted};
use crate::helmfile::select::{Transitive, is_installed, selected};
use crate::helmfile::state::Record;
use crate::helmfile::visit::Walk;
use crate::helmfile::{Failure, VERSION, file};

/// `deps`
#[derive(Clone, Debug, Default)]
pub struct Charts {
    /// No repositories are added.
    pub skip_repos: bool,
}

const NO_REPOSITORIES: &str = "There are no repositories defined in your helmfile.yaml.\nThis means helmfile cannot update your dependencies or create a lock file.\nSee https://github.com/roboll/helmfile/issues/878 for more information.";

impl Fleet<'_> {
    /// Adds the repositories of all states.
    ///
    /// # Errors
    /// What failed first.
    pub fn repos(&self) -> Result<(), Failure> {
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                let added = self.add_repositories(state, false);
                (false, added.err().map(Failure::of).into_iter().collect())
            },
        })
    }

    /// Brings dependencies of local charts and lock files up to date.
    ///
    /// # Errors
    /// What failed first.
    pub fn deps(&self, options: &Charts) -> Result<(), Failure> {
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                let updated = self.update(state, options);
                (false, updated.err().map(Failure::of).into_iter().collect())
            },
        })
    }

    fn update(&self, state: &State, options: &Charts) -> Result<(), String> {
        let defaults = state.defaults();
        let skips = options.skip_repos || defaults.is("skipDeps") || defaults.is("skipRefresh");
        self.add_repositories(state, skips)?;
        let mut releases = match state.selectors.is_empty() {
            true => state.releases.clone(),
            false => selected(state, &state.releases, Transitive::Excluded)?,
        };
        releases.retain(is_installed);
        for release in &releases {
            let chart = chart_of(release);
            if file::is_file(&path::join(&[&chart, "Chart.yaml"])) {
                self.update_chart(state, &chart)?;
            }
        }
        self.update_lock(state)
            .map_err(|error| format!("unable to update deps: {error}"))
    }

    fn update_chart(&self, state: &State, chart: &str) -> Result<(), String> {
        self.info(&format!("Updating dependency {chart}"));
        let mut arguments = ["dependency", "update", chart].map(str::to_owned).to_vec();
        if self.options.plain_http && !self.is_third(state) {
            arguments.push("--plain-http".to_owned());
        }
        let call = self.call(state, arguments, Vec::new(), &self.extra(state));
        let answer = self.run(&call).map_err(|(_, block)| block)?;
        self.info_output(&answer.stdout);
        Ok(())
    }

    /// Writes the lock file of a state: what Helm locks for a chart that needs all of its charts.
    fn update_lock(&self, state: &State) -> Result<(), String> {
        let wanted = wanted(state);
        if wanted.is_empty() {
            self.warn(NO_REPOSITORIES);
            return Ok(());
        }
        let folder = format!("{}/{}", self.options.temporary, self.number());
        let locked = self
            .locked(state, &wanted, &folder)
            .map_err(|error| format!("unable to update {} deps: {error}", wanted.len()));
        if file::is_folder(&folder) {
            fs::remove_dir_all(&folder)
                .map_err(|error| os::path_error("remove", &folder, &error))?;
        }
        write(&file_of(state), locked?.as_bytes())
    }

    fn locked(&self, state: &State, wanted: &[Entries], folder: &str) -> Result<String, String> {
        let path = file_of(state);
        let name = String::from_utf8_lossy(path::base(path.as_bytes())).into_owned();
        let name = name.strip_suffix(".lock").unwrap_or(&name);
        let dependencies = wanted.iter().cloned().map(Data::map).collect();
        let needs = Entries::from([(key("dependencies"), Data::list(dependencies))]);
        let needs = encode(&Data::map(needs))?;
        let chart = format!("name: {name}\nversion: 1.0.0\napiVersion: v2\n");
        let chart = [chart.as_bytes(), &needs].concat();
        write(&path::join(&[folder, "Chart.yaml"]), &chart)?;
        let lock = path::join(&[folder, "Chart.lock"]);
        if file::is_file(&path) {
            write(&lock, &file::read(&path)?)?;
        }
        self.update_chart(state, folder)?;
        let found = Record::of(Some(&decode(&file::read(&lock)?)?));
        let mut all: Vec<Record> = Vec::new();
        for dependency in found.records("dependencies") {
            let is_same = |known: &Record| {
                ["name", "repository", "version"]
                    .iter()
                    .all(|key| known.text(key) == dependency.text(key))
            };
            if !all.iter().any(is_same) {
                all.push(dependency);
            }
        }
        all.sort_by(|a, b| a.text("name").cmp(b.text("name")));
        let mut text = format!("version: v{VERSION}\ndependencies:\n");
        for dependency in &all {
            for (at, key) in ["name", "repository", "version"].iter().enumerate() {
                let lead = if at == 0 { "  - " } else { "    " };
                let value = encode(&Data::string(dependency.text(key)))?;
                let value = String::from_utf8_lossy(&value).into_owned();
                text.push_str(&format!("{lead}{key}: {value}"));
            }
        }
        for key in ["digest", "generated"] {
            let value = match found.get(key) {
                Some(Data::Time(time)) => Data::string(time.clone()),
                Some(value) => value.clone(),
                None => Data::string(""),
            };
            let value = encode(&value)?;
            text.push_str(&format!("{key}: {}", String::from_utf8_lossy(&value)));
        }
        Ok(text)
    }
}
