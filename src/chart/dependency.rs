//! What becomes of a chart's dependencies before it is rendered (`pkg/chart/v2/util`, Helm 4.2.4).

use super::values::{coalesce, endless, merge_defaults, merge_tables, node};
use super::{Chart, Dependency};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::{fmt, semver, strconv};
use crate::value::{Frozen, FrozenMap, Text};
use node::{Node, Table};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Names of charts that `Chart.yaml` asks for and that are not there, whatever switches them off.
pub fn find_missing(chart: &Chart) -> Vec<&str> {
    let loaded: BTreeSet<&str> = chart.dependencies.iter().map(Chart::name).collect();
    let wanted = chart
        .metadata
        .dependencies
        .iter()
        .map(|dependency| &*dependency.name);
    wanted.filter(|name| !loaded.contains(name)).collect()
}

/// Checks that all charts are there that `Chart.yaml` asks for (`action.CheckDependencies`).
///
/// # Errors
/// The names that are missing, in Helm's words.
pub fn check(chart: &Chart) -> Result<(), Error> {
    let missing = find_missing(chart);
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", ");
    Err(Error::new(
        Kind::Chart,
        format!("found in Chart.yaml, but missing in charts/ directory: {missing}"),
    )
    .wrap(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies",
    ))
}

/// Whether `version` lies in the range `constraint`; not, where one of them is none
/// (`util.IsCompatibleRange`).
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    match (
        semver::Version::parse(version),
        semver::Constraint::parse(constraint),
    ) {
        (Ok(version), Ok(constraint)) => constraint.check(&version),
        _ => false,
    }
}

/// Drops what tags and conditions switch off, renames what has an alias, and imports values
/// (`util.ProcessDependencies`).
///
/// # Errors
/// A value of a subchart's name that is not a map.
pub fn process(
    chart: &mut Chart,
    user: &FrozenMap,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    enable(chart, user, "", notices)?;
    import(chart, notices)
}

fn enable(
    chart: &mut Chart,
    values: &FrozenMap,
    path: &str,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    if !chart.metadata.has_dependency_list {
        return Ok(());
    }
    choose(chart);
    let values = coalesce(chart, values, notices)?;
    for dependency in &mut chart.metadata.dependencies {
        dependency.enabled = true;
    }
    switch_by_tag(&mut chart.metadata.dependencies, &values, notices);
    switch_by_condition(&mut chart.metadata.dependencies, &values, path, notices);
    let mut removed = BTreeSet::new();
    for dependency in chart
        .metadata
        .dependencies
        .iter()
        .filter(|dependency| !dependency.enabled)
    {
        removed.insert(dependency.name.clone());
    }
    chart
        .dependencies
        .retain(|child| !removed.contains(child.name()));
    chart
        .metadata
        .dependencies
        .retain(|dependency| !removed.contains(&dependency.name));
    chart.metadata.has_dependency_list = !chart.metadata.dependencies.is_empty();
    for child in &mut chart.dependencies {
        let path = format!("{path}{}.", child.name());
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            enable(child, &values, &path, notices)
        })?;
    }
    Ok(())
}

/// Leaves the charts that nothing asks for, and then those that `Chart.yaml` asks for, in its order,
/// under their aliases.
fn choose(chart: &mut Chart) {
    let fits = |child: &Chart, wanted: &Dependency| {
        child.name() == wanted.name && is_compatible(&wanted.version, &child.metadata.version)
    };
    let wanted = &mut chart.metadata.dependencies;
    let mut loaded: Vec<Option<Chart>> = chart.dependencies.drain(..).map(Some).collect();
    let chosen: Vec<Option<usize>> = wanted
        .iter()
        .map(|wanted| {
            loaded
                .iter()
                .flatten()
                .position(|child| fits(child, wanted))
        })
        .collect();
    let mut kept = Vec::new();
    for slot in &mut loaded {
        if slot
            .as_ref()
            .is_some_and(|child| !wanted.iter().any(|wanted| fits(child, wanted)))
        {
            kept.extend(slot.take());
        }
    }
    for (at, dependency) in wanted.iter_mut().enumerate() {
        if let Some(index) = chosen[at] {
            let is_last = !chosen[at + 1..].contains(&Some(index));
            let child = if is_last {
                loaded[index].take()
            } else {
                loaded[index].clone()
            };
            if let Some(mut child) = child {
                if !dependency.alias.is_empty() {
                    child.metadata.name.clone_from(&dependency.alias);
                }
                kept.push(child);
            }
        }
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
    }
    chart.dependencies = kept;
}

fn not_boolean(key: &'static str, name: &str, chart: &str) -> Notice {
    Notice::new(Level::Warn, "returned non-bool value")
        .with(key, name)
        .with("chart", chart)
}

fn switch_by_tag(wanted: &mut [Dependency], values: &FrozenMap, notices: &mut Vec<Notice>) {
    let Some(Frozen::Map(tags)) = values.get(&b"tags"[..]) else {
        return;
    };
    for dependency in wanted {
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag.as_bytes()) {
                None => {}
                Some(Frozen::Bool(true)) => on = true,
                Some(Frozen::Bool(false)) => off = true,
                Some(_) => notices.push(not_boolean("tag", tag, &dependency.name)),
            }
        }
        dependency.enabled = on || !off;
    }
}

fn switch_by_condition(
    wanted: &mut [Dependency],
    values: &FrozenMap,
    path: &str,
    notices: &mut Vec<Notice>,
) {
    for dependency in wanted {
        for condition in dependency
            .condition
            .trim()
            .split(',')
            .filter(|part| !part.is_empty())
        {
            match find_value(values, &format!("{path}{condition}")) {
                Some(Frozen::Bool(on)) => {
                    dependency.enabled = *on;
                    break;
                }
                Some(_) => notices.push(not_boolean("path", condition, &dependency.name)),
                None => {}
            }
        }
    }
}

/// The value at a dotted path, where it is not a table (`Values.PathValue`).
fn find_value<'v>(values: &'v FrozenMap, path: &str) -> Option<&'v Frozen> {
    let mut table = values;
    let (tables, key) = path
        .rsplit_once('.')
        .map_or((None, path), |(a, b)| (Some(a), b));
    for name in tables.into_iter().flat_map(|tables| tables.split('.')) {
        table = table.get(name.as_bytes())?.as_map()?;
    }
    table
        .get(key.as_bytes())
        .filter(|value| !matches!(value, Frozen::Map(_)))
}

/// The table at a dotted path (`Values.Table`).
fn find_table(values: &Table, path: &str) -> Result<Table, String> {
    path.split('.')
        .try_fold(Table::clone(values), |table, name| {
            let mut entries = table.borrow_mut();
            let found = entries.get_mut(name.as_bytes()).and_then(Node::open);
            found.ok_or_else(|| format!("{} is not a table", strconv::quote(name)))
        })
}

/// Takes into each chart's defaults what its `import-values` ask of the charts in it, deepest first.
fn import(chart: &mut Chart, notices: &mut Vec<Notice>) -> Result<(), Error> {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        chart
            .dependencies
            .iter_mut()
            .try_for_each(|child| import(child, notices))
    })?;
    if !chart.metadata.has_dependency_list {
        return Ok(());
    }
    let values = merge_defaults(chart, notices)?;
    let imported = node::empty();
    for dependency in &mut chart.metadata.dependencies {
        let mut done = Vec::new();
        for wanted in &dependency.import_values {
            let (child, parent, is_pair) = match wanted {
                Frozen::Map(pair) => {
                    let text = |key: &str| {
                        let value = pair.get(key.as_bytes()).cloned().unwrap_or_default();
                        let shown = fmt::sprintf("%v", &[value.thaw()]);
                        String::from_utf8_lossy(&shown).into_owned()
                    };
                    (text("child"), text("parent"), true)
                }
                Frozen::String(name) => (format!("exports.{name}"), ".".to_owned(), false),
                _ => continue,
            };
            done.push(Frozen::Map(Arc::new(FrozenMap::from([
                (Text::from("child"), Frozen::string(&*child)),
                (Text::from("parent"), Frozen::string(&*parent)),
            ]))));
            match find_table(&values, &format!("{}.{child}", dependency.name)) {
                Ok(table) => merge_tables(&imported, &nest(&parent, table), notices),
                Err(error) if is_pair => notices.push(
                    Notice::new(Level::Warn, "ImportValues missing table from chart")
                        .with("chart", &dependency.name)
                        .with("error", error),
                ),
                Err(error) => notices.push(
                    Notice::new(Level::Warn, "ImportValues missing table").with("error", error),
                ),
            }
        }
        dependency.import_values = done;
    }
    let mut merged = node::freeze(&values).ok_or_else(endless)?;
    if !imported.borrow().is_empty() {
        let table = node::open(&merged);
        merge_tables(&table, &imported, notices);
        merged = node::freeze(&table).ok_or_else(endless)?;
    }
    chart.values = Arc::new(merged);
    Ok(())
}

/// The table under a dotted path, `.` for none (`pathToMap`).
fn nest(path: &str, table: Table) -> Table {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |table, name| {
        let outer = node::empty();
        outer
            .borrow_mut()
            .insert(Text::from(name), Node::Table(table));
        outer
    })
}
