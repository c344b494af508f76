use std::path::Path;

use crate::action::repo::files;
use crate::chart::{self, Chart, Dependency};
use crate::diag::{Error, Notice};
use crate::go::table::Table;
use crate::go::{glob, path, semver, strconv};

/// `dependency list`: the dependencies of the chart at `place`, and what is in its `charts/`.
///
/// # Errors
/// A chart that cannot be loaded.
pub fn list(place: &str, column_width: usize, notices: &mut Vec<Notice>) -> Result<String, Error> {
    let chart = chart::load(place, notices)?;
    let charts = path::join(&[place, "charts"]);
    if !chart.metadata.has_dependency_list {
        return Ok(format!("WARNING: no dependencies at {charts}\n"));
    }
    let mut table = Table::new(column_width);
    table.add(["NAME", "VERSION", "REPOSITORY", "STATUS"]);
    for dependency in &chart.metadata.dependencies {
        table.add([
            &dependency.name,
            &dependency.version,
            &dependency.repository,
            status(&charts, dependency, &chart),
        ]);
    }
    let mut text = table.render();
    text.push('\n');
    for file in files(&charts, "*") {
        if !Path::new(&file).is_dir() && !file.ends_with(".tgz") {
            continue;
        }
        let quoted = strconv::quote(&file);
        match chart::load(&file, notices) {
            Err(_) => text.push_str(&format!("WARNING: {quoted} is not a chart.\n")),
            Ok(found) => {
                let mut dependencies = chart.metadata.dependencies.iter();
                if !dependencies.any(|dependency| dependency.name == found.name()) {
                    text.push_str(&format!("WARNING: {quoted} is not in Chart.yaml.\n"));
                }
            }
        }
    }
    Ok(text)
}

/// How a dependency is met (`Dependency.dependencyStatus`).
fn status<'s>(charts: &str, dependency: &Dependency, parent: &Chart) -> &'s str {
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
        let Ok(chart) = chart::load(archive, &mut Vec::new()) else {
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
