//! Rules about dependencies (`lint/rules/dependencies.go`).

use std::collections::BTreeSet;

use super::{Linter, Severity};
use crate::chart::Chart;

pub(super) fn lint(linter: &mut Linter<'_, '_>) {
    let chart = match linter.load() {
        Ok(chart) => chart,
        Err(error) => {
            let verdict = Err(format!("unable to load chart\n\t{error}"));
            linter.rule(Severity::Error, "", verdict);
            return;
        }
    };
    let present: Vec<&str> = chart.dependencies.iter().map(Chart::name).collect();
    let wanted = &chart.metadata.dependencies;
    let names: Vec<&str> = wanted.iter().map(|wanted| wanted.name.as_str()).collect();
    let mut keys = BTreeSet::new();
    let repeated: Vec<&str> = wanted
        .iter()
        .map(|wanted| match wanted.alias.as_str() {
            "" => &wanted.name,
            alias => alias,
        })
        .filter(|key| !keys.insert(*key))
        .collect();
    let folder = linter.folder.clone();
    for (severity, what, missing) in [
        (
            Severity::Error,
            "chart metadata is missing these dependencies",
            without(&present, &names),
        ),
        (
            Severity::Error,
            "multiple dependencies with name or alias",
            repeated,
        ),
        (
            Severity::Warning,
            "chart directory is missing these dependencies",
            without(&names, &present),
        ),
    ] {
        if !missing.is_empty() {
            let verdict = Err(format!("{what}: {}", missing.join(",")));
            linter.rule(severity, &folder, verdict);
        }
    }
}

/// Those of `all` that are not among `known`.
fn without<'a>(all: &[&'a str], known: &[&str]) -> Vec<&'a str> {
    let known: BTreeSet<&str> = known.iter().copied().collect();
    let unknown = all.iter().copied().filter(|name| !known.contains(name));
    unknown.collect()
}
