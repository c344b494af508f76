//! Versions of charts that a lock file holds (`pkg/state/chart_dependency.go`).

use super::data::{Data, Entries, decode};
use super::load::{State, key};
use super::state::{self, Record};
use super::{Fleet, file};
use crate::go::path;
use crate::go::semver::{Constraint, Version};

/// Whether a chart is a folder here, by its looks (`isLocalChart`).
pub(super) fn is_local(chart: &str) -> bool {
    if chart.starts_with("./") || chart.starts_with("../") {
        return true;
    }
    if chart.contains("://") {
        return false;
    }
    let parts = chart.split('/').count();
    chart.starts_with('/') || parts == 1 || (parts != 2 && parts != 3)
}

/// `repository/chart`, taken apart.
fn remote(chart: &str) -> Option<(&str, &str)> {
    match is_local(chart) || chart.contains("://") {
        true => None,
        false => chart.split_once('/'),
    }
}

/// A release whose chart is of a repository that the state declares.
struct Dependency {
    /// Where it stands.
    at: usize,
    /// The chart's name in the lock.
    name: String,
    /// The chart behind the repository's name.
    full: String,
    is_oci: bool,
    /// The address of the repository.
    repository: String,
}

fn dependencies(state: &State) -> Vec<Dependency> {
    let repositories = state.record.records("repositories");
    let releases = state.releases.iter().enumerate();
    releases
        .filter_map(|(at, release)| {
            let (repository, chart) = remote(release.text("chart"))?;
            let known = repositories
                .iter()
                .find(|known| known.text("name") == repository)?;
            let is_oci = known.is("oci");
            let name = match is_oci {
                true => chart.rsplit('/').next().unwrap_or(chart),
                false => chart,
            };
            let url = known.text("url");
            let repository = match (is_oci, chart.rsplit_once('/')) {
                (true, Some((folder, _))) => format!("oci://{url}/{folder}"),
                (true, None) => format!("oci://{url}"),
                (false, _) => url.to_owned(),
            };
            Some(Dependency {
                repository,
                at,
                name: name.to_owned(),
                full: chart.to_owned(),
                is_oci,
            })
        })
        .collect()
}

/// The charts that a lock file is to hold, as dependencies of a chart.
pub(super) fn wanted(state: &State) -> Vec<Entries> {
    let dependencies = dependencies(state).into_iter();
    dependencies
        .map(|dependency| {
            let release = &state.releases[dependency.at];
            let version = match release.text("version") {
                "" => "*",
                version => version,
            };
            let alias = format!("{}-{}", release.text("namespace"), release.text("name"));
            Entries::from([
                (key("name"), Data::string(dependency.name)),
                (key("repository"), Data::string(dependency.repository)),
                (key("version"), Data::string(version)),
                (key("alias"), Data::string(alias)),
            ])
        })
        .collect()
}

/// The path of a state's lock file.
pub(super) fn file_of(state: &State) -> String {
    let named = state.record.text("lockFilePath");
    let own = String::from_utf8_lossy(path::base(state.file.as_bytes())).into_owned();
    let own = own.strip_suffix(".gotmpl").unwrap_or(&own);
    let own = own.strip_suffix(".yaml").unwrap_or(own);
    let own = own.strip_suffix(".yml").unwrap_or(own);
    let name = match named {
        "" => format!("{own}.lock"),
        named => named.to_owned(),
    };
    match name.starts_with('/') {
        true => name,
        false => path::join(&[&state.base, &name]),
    }
}

impl Fleet<'_> {
    /// Puts the versions of the lock file in place of those of the releases (`ResolveDeps`).
    ///
    /// # Errors
    /// A lock that cannot be read, and charts that it does not have.
    pub(super) fn resolve_lock(&self, state: &mut State) -> Result<(), String> {
        let dependencies = dependencies(state);
        if dependencies.is_empty() {
            return Ok(());
        }
        let path = file_of(state);
        if !file::is_file(&path) {
            return Ok(());
        }
        let failed =
            |error: String| format!("unable to resolve {} deps: {error}", dependencies.len());
        let locked = file::read(&path)
            .and_then(|text| decode(&text))
            .map_err(failed)?;
        let locked = Record::of(Some(&locked));
        let version = locked.text("version");
        if !version.is_empty() {
            Version::parse(version).map_err(|error| failed(error.to_string()))?;
        }
        let locked = locked.records("dependencies");
        for dependency in &dependencies {
            let wanted = state.releases[dependency.at].text("version").to_owned();
            let found = find(&locked, &dependency.name, &wanted);
            let found = match found {
                Err(_) if dependency.is_oci && dependency.full != dependency.name => {
                    find(&locked, &dependency.full, &wanted)
                }
                found => found,
            }?;
            state.releases[dependency.at].set("version", Data::string(found));
        }
        Ok(())
    }
}

/// The first version of a chart that will do.
fn find(locked: &[Record], name: &str, wanted: &str) -> Result<String, String> {
    let wanted = if wanted.is_empty() { "*" } else { wanted };
    for dependency in locked.iter().filter(|known| known.text("name") == name) {
        let constraint = Constraint::parse(wanted).map_err(|error| error.to_string())?;
        let text = dependency.text("version");
        let version = Version::parse(text).map_err(|error| error.to_string())?;
        if constraint.check(&version) {
            return Ok(text.to_owned());
        }
    }
    Err(format!(
        "no resolved dependency found for {}, running \"helmfile deps\" may resolve the issue",
        state::quoted(name)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_are_local_by_their_looks() {
        for (chart, want) in [
            ("./a", true),
            ("../a/b", true),
            ("a", true),
            ("/a/b", true),
            ("a/b/c/d", true),
            ("a/b", false),
            ("a/b/c", false),
            ("oci://a/b", false),
            ("", true),
        ] {
            assert_eq!(is_local(chart), want, "{chart}");
        }
    }
}
