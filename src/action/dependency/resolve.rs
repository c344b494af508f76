//! Ranges to versions: dependencies and indexes go in, a lock comes out
//! (`internal/resolver/resolver.go`, Helm 4.2.4).

use std::collections::BTreeMap;
use std::path::Path;

use crate::chart::{self, Dependency};
use crate::diag::{Error, Kind, Notice};
use crate::fetch::repository::index_path;
use crate::fetch::{Catalog, Places, oci};
use crate::go::{os, path, semver, strconv};

fn fail<T>(message: String) -> Result<T, Error> {
    Err(Error::new(Kind::Chart, message))
}

/// The folder that a dependency names, as seen from its chart (`resolver.GetLocalPath`).
pub(super) fn local_path(repository: &str, chart: &str) -> Result<String, Error> {
    let place = repository.strip_prefix("file://").unwrap_or(repository);
    let place = match place.starts_with('/') {
        true => path::clean(place),
        false => path::join(&[chart, place]),
    };
    match std::fs::metadata(&place) {
        Ok(_) => Ok(place),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fail(format!("directory {place} not found"))
        }
        Err(error) => fail(os::path_error("stat", &place, &error)),
    }
}

/// The range that a dependency asks for.
pub(super) fn constraint(dependency: &Dependency) -> Result<semver::Constraint, Error> {
    semver::Constraint::parse(&dependency.version).map_err(|error| {
        let name = strconv::quote(&dependency.name);
        let message =
            format!("dependency {name} has an invalid version/constraint format: {error}");
        Error::new(Kind::Chart, message)
    })
}

/// Where versions are looked for.
pub(super) struct Around<'a> {
    /// The folder of the chart that asks.
    pub(super) chart: &'a str,
    pub(super) places: &'a Places,
    /// The versions in a repository of a registry, newest first.
    pub(super) tags: &'a dyn Fn(&str) -> Result<Vec<String>, Error>,
}

/// The version of each dependency that is wanted, the newest that fits (`Resolver.Resolve`).
/// `names` has the names of their repositories.
pub(super) fn resolve(
    asked: &[Dependency],
    names: &BTreeMap<String, String>,
    around: &Around<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Dependency>, Error> {
    let &Around { chart, places, .. } = around;
    let mut found = Vec::with_capacity(asked.len());
    let mut missing = Vec::new();
    let mut indexes: BTreeMap<&str, Catalog> = BTreeMap::new();
    for dependency in asked {
        let constraint = constraint(dependency)?;
        let locked = |version: &str| Dependency {
            name: dependency.name.clone(),
            repository: dependency.repository.clone(),
            version: version.to_owned(),
            ..Dependency::default()
        };
        let repository = dependency.repository.as_str();
        let mut miss = || {
            missing.push(format!(
                "{} (repository {}, version {})",
                strconv::quote(&dependency.name),
                strconv::quote(repository),
                strconv::quote(&dependency.version)
            ));
        };
        if repository.is_empty() {
            local_path(&path::join(&["charts", &dependency.name]), chart)?;
            found.push(locked(&dependency.version));
            continue;
        }
        if repository.starts_with("file://") {
            let place = local_path(repository, chart)?;
            let local = chart::load_folder(&place, notices)?;
            match semver::Version::parse(&local.metadata.version) {
                Ok(version) if constraint.check(&version) => {
                    found.push(locked(&local.metadata.version));
                }
                _ => miss(),
            }
            continue;
        }
        if let Some(place) = repository.strip_prefix(oci::SCHEME) {
            // Where no tag fits, the range is locked, and fails when it is fetched.
            let wanted = &dependency.version;
            let mut newest = None;
            if semver::Version::parse(wanted).is_err() {
                let tags = (around.tags)(&format!("{place}/{}", dependency.name));
                let tags = tags.map_err(|error| {
                    error.wrap(format!(
                        "could not retrieve list of tags for repository {repository}"
                    ))
                })?;
                newest = tags.into_iter().find(|tag| {
                    semver::Version::parse(tag).is_ok_and(|version| constraint.check(&version))
                });
            }
            found.push(locked(newest.as_ref().unwrap_or(wanted)));
            continue;
        }
        let Some(name) = names.get(&dependency.name).filter(|name| !name.is_empty()) else {
            found.push(locked(&dependency.version));
            continue;
        };
        if !indexes.contains_key(name.as_str()) {
            let path = index_path(&places.repository_cache, name);
            let index = Catalog::open(&path, notices).map_err(|error| {
                error.wrap(format!(
                    "no cached repository for {name} found. (try 'helm repo update')"
                ))
            })?;
            indexes.insert(name, index);
        }
        let versions = match indexes.get(name.as_str()) {
            Some(index) => index.versions(&dependency.name)?,
            None => None,
        };
        let Some(versions) = versions else {
            return fail(format!(
                "{} chart not found in repo {repository}",
                dependency.name
            ));
        };
        let mut versions = versions.iter().filter(|version| !version.urls.is_empty());
        let newest = versions.find(|version| {
            semver::Version::parse(&version.metadata.version)
                .is_ok_and(|version| constraint.check(&version))
        });
        match newest {
            Some(version) => found.push(locked(&version.metadata.version)),
            None => miss(),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    fail(format!(
        "can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml",
        missing.len(),
        missing.join(", ")
    ))
}

/// Whether a path is a folder.
pub(super) fn is_folder(path: &str) -> bool {
    Path::new(path).is_dir()
}
