//! Dependencies of charts that are made: those of the chart, and a release's own
//! (`ReadAdhocDependencies`, `UpdateRequirements`; `rewriteChartDependencies` of Helmfile).

use std::fs;

use super::folder::write;
use crate::go::{os, path};
use crate::helmfile::data::{Data, Entries, decode, encode};
use crate::helmfile::load::{State, key};
use crate::helmfile::prepare::normalise_chart;
use crate::helmfile::state::Record;
use crate::helmfile::{Fleet, file, remote};

fn base(text: &str) -> String {
    let base = path::base(text.as_bytes());
    String::from_utf8_lossy(base).into_owned()
}

impl Fleet<'_> {
    /// A release's own dependencies, as a chart says them.
    ///
    /// # Errors
    /// Repositories that nobody knows, and what cannot be fetched.
    pub(super) fn dependencies(
        &self,
        state: &State,
        release: &Record,
    ) -> Result<Vec<Data>, String> {
        let mut all = Vec::new();
        for dependency in release.records("dependencies") {
            let chart = dependency.text("chart");
            let alias = dependency.text("alias");
            let normal = normalise_chart(&state.base, chart);
            let here = |full: &str| (base(full), format!("file://{full}"));
            let (name, repository) = if file::is_folder(&normal) {
                here(&file::absolute(&path::join(&[&state.base, chart])))
            } else if let Some(url) = self.oci_address(state, chart) {
                let name = base(&url);
                let url = url
                    .strip_suffix(&format!("/{name}"))
                    .unwrap_or(&url)
                    .to_owned();
                (name, url)
            } else if remote::is_remote(chart) {
                let fetched = self
                    .remote
                    .fetch(chart, "charts")
                    .map_err(|error| format!("ad-hoc dependency {chart:?}: {error}"))?;
                here(&file::absolute(&fetched))
            } else {
                let (repository, name) = chart.split_once('/').unwrap_or((chart, ""));
                let url = self.repository_url(state, chart, repository)?.ok_or_else(|| {
                    format!("failed reading adhoc dependencies: no helm list entry found for repository \"{repository}\". please `helm repo add` it!")
                })?;
                (name.to_owned(), url)
            };
            let switch = if alias.is_empty() { &name } else { alias };
            let mut entries = Entries::from([
                (key("name"), Data::string(name.as_str())),
                (key("repository"), Data::string(repository)),
                (key("condition"), Data::string(format!("{switch}.enabled"))),
            ]);
            for (field, value) in [("alias", alias), ("version", dependency.text("version"))] {
                if !value.is_empty() {
                    entries.insert(key(field), Data::string(value));
                }
            }
            all.push(Data::map(entries));
        }
        Ok(all)
    }

    /// The address of a repository: as the state says it, or else as Helm knows it.
    fn repository_url(
        &self,
        state: &State,
        chart: &str,
        name: &str,
    ) -> Result<Option<String>, String> {
        let known = state.repository(chart);
        let url = known.map(|known| known.text("url").to_owned());
        if let Some(url) = url.filter(|url| !url.is_empty()) {
            return Ok(Some(url));
        }
        let words = ["repo", "list"].map(str::to_owned).to_vec();
        let call = self.call(state, words, Vec::new(), &[]);
        let answer = match self.run(&call) {
            Ok(answer) => answer,
            // No repositories at all.
            Err((answer, _)) if answer.stdout.is_empty() => return Ok(None),
            Err((_, block)) => return Err(block),
        };
        let table = String::from_utf8_lossy(&answer.stdout);
        let mut rows = table.lines().skip(1).map(str::split_whitespace);
        Ok(rows.find_map(|mut row| {
            let is_it = row.next() == Some(name);
            row.next().filter(|_| is_it).map(str::to_owned)
        }))
    }

    /// The address of a chart in a registry.
    pub(super) fn oci_address(&self, state: &State, chart: &str) -> Option<String> {
        if chart.starts_with("oci://") {
            return Some(chart.to_owned());
        }
        let repository = state.repository(chart).filter(|known| known.is("oci"))?;
        let (_, name) = chart.split_once('/')?;
        let url = repository.text("url").trim_end_matches('/');
        Some(format!("oci://{url}/{name}"))
    }
}

/// Which dependencies a chart is left with.
pub(super) enum Wanted<'a> {
    /// Its own and more.
    With(&'a [Data]),
    /// These only; its own are in the chart already.
    Only(&'a [Data]),
    None,
}

/// Writes the dependencies of the chart in `folder`; gives those that it had, and more.
///
/// # Errors
/// Definitions that cannot be read or written.
pub(super) fn set_dependencies(folder: &str, wanted: Wanted<'_>) -> Result<Vec<Data>, String> {
    let chart = path::join(&[folder, "Chart.yaml"]);
    let old = path::join(&[folder, "requirements.yaml"]);
    let read = |name: &str| -> Result<Record, String> {
        match file::is_file(name) {
            true => Ok(Record::of(Some(&decode(&file::read(name)?)?))),
            false => Ok(Record::default()),
        }
    };
    let mut metadata = read(&chart)?;
    let mut all = metadata.list("dependencies").to_vec();
    all.extend(read(&old)?.list("dependencies").iter().cloned());
    let written = match wanted {
        Wanted::With(more) => {
            all.extend(more.iter().cloned());
            all.clone()
        }
        Wanted::Only(these) => {
            all.extend(these.iter().cloned());
            these.to_vec()
        }
        Wanted::None => Vec::new(),
    };
    match written.is_empty() {
        true => metadata.remove("dependencies"),
        false => metadata.set("dependencies", Data::list(written)),
    }
    write(&chart, &encode(&metadata.into_data())?)?;
    if file::is_file(&old) {
        fs::remove_file(&old).map_err(|error| os::path_error("remove", &old, &error))?;
    }
    Ok(all)
}

/// Makes the paths of dependencies that lie beside `source` whole, for the copy of it in `folder`.
///
/// # Errors
/// Definitions that cannot be read or written.
pub(super) fn anchor(folder: &str, source: &str) -> Result<(), String> {
    for name in ["Chart.yaml", "requirements.yaml"] {
        let name = path::join(&[folder, name]);
        if !file::is_file(&name) {
            continue;
        }
        let mut metadata = Record::of(Some(&decode(&file::read(&name)?)?));
        let mut is_changed = false;
        let mut dependencies = Vec::new();
        for dependency in metadata.list("dependencies") {
            let mut record = Record::of(Some(dependency));
            let place = record.text("repository").strip_prefix("file://");
            let place = place.filter(|place| !place.starts_with('/'));
            if let Some(whole) = place.map(|place| file::absolute(&path::join(&[source, place]))) {
                record.set("repository", Data::string(format!("file://{whole}")));
                is_changed = true;
            }
            dependencies.push(record.into_data());
        }
        if is_changed {
            metadata.set("dependencies", Data::list(dependencies));
            write(&name, &encode(&metadata.into_data())?)?;
        }
    }
    Ok(())
}
