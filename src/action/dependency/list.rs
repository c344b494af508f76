//! `dependency list`: a chart's folder goes in, its dependencies and how each is met come out
//! (`pkg/action/dependency.go`, Helm 4.2.4).

use std::path::Path;

use crate::action::repo::files;
use crate::chart::{self, Chart, Dependency};
use crate::diag::{Error, Notice};
use crate::go::table::Table;
use crate::go::{glob, path, semver, strconv};

/// One dependency of a chart.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The version, or range of versions, that is asked for.
    pub version: String,
    /// Where it is fetched from.
    pub repository: String,
    /// How it is met.
    pub status: &'static str,
}

/// The dependencies of a chart.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// As the definition lists them.
    pub dependencies: Vec<Row>,
    /// What is in `charts/` and should not be, a line each.
    pub warnings: Vec<String>,
    /// Whether the definition has a list at all.
    has_list: bool,
}

/// `dependency list`: the dependencies of the chart at `place`, and what is in its `charts/`.
///
/// # Errors
/// A chart that cannot be loaded.
pub fn list(place: &str, column_width: usize, notices: &mut Vec<Notice>) -> Result<String, Error> {
    let listing = read(place, notices)?;
    if !listing.has_list {
        let charts = path::join(&[place, "charts"]);
        return Ok(format!("WARNING: no dependencies at {charts}\n"));
    }
    let mut table = Table::new(column_width);
    table.add(["NAME", "VERSION", "REPOSITORY", "STATUS"]);
    for row in &listing.dependencies {
        table.add([&*row.name, &row.version, &row.repository, row.status]);
    }
    let mut text = table.render();
    text.push('\n');
    for warning in &listing.warnings {
        text.push_str(warning);
        text.push('\n');
    }
    Ok(text)
}

/// The dependencies of the chart at `place`, and what is in its `charts/`.
///
/// # Errors
/// A chart that cannot be loaded.
pub fn read(place: &str, notices: &mut Vec<Notice>) -> Result<Listing, Error> {
    let chart = chart::load_any(place, notices)?;
    let charts = path::join(&[place, "charts"]);
    let mut listing = Listing {
        has_list: chart.metadata.has_dependency_list,
        ..Listing::default()
    };
    if !listing.has_list {
        return Ok(listing);
    }
    let dependencies = chart.metadata.dependencies.iter();
    listing.dependencies = dependencies
        .map(|dependency| Row {
            name: dependency.name.clone(),
            version: dependency.version.clone(),
            repository: dependency.repository.clone(),
            status: status(&charts, dependency, &chart),
        })
        .collect();
    let warnings = &mut listing.warnings;
    for file in files(&charts, "*") {
        if !Path::new(&file).is_dir() && !file.ends_with(".tgz") {
            continue;
        }
        let quoted = strconv::quote(&file);
        match chart::load_any(&file, notices) {
            Err(_) => warnings.push(format!("WARNING: {quoted} is not a chart.")),
            Ok(found) => {
                let mut dependencies = chart.metadata.dependencies.iter();
                if !dependencies.any(|dependency| dependency.name == found.name()) {
                    warnings.push(format!("WARNING: {quoted} is not in Chart.yaml."));
                }
            }
        }
    }
    Ok(listing)
}

/// How a dependency is met (`Dependency.dependencyStatus`).
fn status(charts: &str, dependency: &Dependency, parent: &Chart) -> &'static str {
    let pattern = format!("{}-*.tgz", dependency.name);
    if glob::path_match(&pattern, "").is_err() {
        return "bad pattern";
    }
    let mut archives = files(charts, &pattern);
    if archives.len() > 1 {
        // A name may be the beginning of another.
        let prefix = format!("{}-", dependency.name);
        archives.retain(|archive| {
            let name = archive.rsplit('/').next().unwrap_or_default();
            let name = name.strip_suffix(".tgz").unwrap_or(name);
            let version = name.strip_prefix(&prefix).unwrap_or(name);
            semver::Version::parse_strict(version).is_ok()
        });
        if archives.len() > 1 {
            return "too many matches";
        }
    }
    if let [archive] = &archives[..]
        && Path::new(archive).exists()
    {
        let Ok(chart) = chart::load_any(archive, &mut Vec::new()) else {
            return "corrupt";
        };
        if chart.name() != dependency.name {
            return "misnamed";
        }
        return fit(&chart, dependency).unwrap_or("ok");
    }
    let mut found = parent.dependencies.iter();
    match found.rfind(|chart| chart.name() == dependency.name) {
        None => "missing",
        Some(chart) => fit(chart, dependency).unwrap_or("unpacked"),
    }
}

/// What is wrong with a chart's version.
fn fit(chart: &Chart, dependency: &Dependency) -> Option<&'static str> {
    if chart.metadata.version == dependency.version {
        return None;
    }
    let constraint = semver::Constraint::parse(&dependency.version);
    let version = semver::Version::parse(&chart.metadata.version);
    match (constraint, version) {
        (Ok(constraint), Ok(version)) if constraint.check(&version) => None,
        (Ok(_), Ok(_)) => Some("wrong version"),
        _ => Some("invalid version"),
    }
}
