//! What became of releases, in tables (`AffectedReleases`, `pkg/state/state.go`).

use std::time::Duration;

use super::Fleet;
use super::render::redacted;
use crate::go::time;
use crate::helmfile::load::State;
use crate::helmfile::state::Record;
use crate::helmfile::target::differ;

/// What came of the releases of a state.
#[derive(Debug, Default)]
pub(super) struct Affected {
    pub(super) upgraded: Vec<Row>,
    pub(super) reinstalled: Vec<Row>,
    pub(super) deleted: Vec<Row>,
    pub(super) failed: Vec<Row>,
    pub(super) delete_failed: Vec<Row>,
    /// Left alone, for what they need failed.
    pub(super) skipped: Vec<Row>,
    /// Never begun, for the user called it off.
    pub(super) not_begun: Vec<Row>,
}

/// A release in a table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    name: String,
    namespace: String,
    chart: String,
    pub(super) version: String,
    pub(super) duration: Duration,
    /// Where it goes; empty under Helmfile's name.
    target: String,
}

impl Row {
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Whether tables say where releases go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Targets {
    Shown,
    Hidden,
}

impl Affected {
    /// Whether not all go to the same place.
    fn has_targets(&self) -> bool {
        let all = [
            &self.upgraded,
            &self.reinstalled,
            &self.deleted,
            &self.failed,
            &self.delete_failed,
            &self.skipped,
            &self.not_begun,
        ];
        differ(all.into_iter().flatten().map(|row| row.target.as_str()))
    }
}

/// Which columns a table has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Columns {
    All,
    /// Neither chart nor version.
    Few,
}

impl Fleet<'_> {
    /// A release as tables show it.
    pub(super) fn row(&self, state: &State, release: &Record) -> Row {
        Row {
            name: release.text("name").to_owned(),
            namespace: release.text("namespace").to_owned(),
            chart: redacted(release.text("chart")),
            version: String::new(),
            duration: Duration::ZERO,
            target: self.shown_target(state, release),
        }
    }

    /// Shows what was done; headers are painted where `is_painted`.
    pub(super) fn show(&self, affected: &Affected, is_painted: bool) {
        let targets = match affected.has_targets() {
            true => Targets::Shown,
            false => Targets::Hidden,
        };
        for (title, rows, columns) in [
            ("Updated Releases", &affected.upgraded, Columns::All),
            ("Reinstalled Releases", &affected.reinstalled, Columns::All),
            ("Deleted Releases", &affected.deleted, Columns::Few),
            ("Failed Releases", &affected.failed, Columns::All),
            (
                "Failed to Delete Releases",
                &affected.delete_failed,
                Columns::Few,
            ),
            ("Skipped Releases", &affected.skipped, Columns::Few),
            ("Releases Not Begun", &affected.not_begun, Columns::Few),
        ] {
            if rows.is_empty() {
                continue;
            }
            let table = table(rows, columns, targets);
            let mut header = header(title, width_of(&table));
            if is_painted {
                header = format!("\x1b[1m\x1b[34m{header}\x1b[0m");
            }
            self.info(&format!("\n{header}"));
            self.info(&table);
        }
    }
}

/// Whole seconds, the nearest.
fn rounded(duration: Duration) -> String {
    let seconds = (duration.as_millis() + 500) / 1000;
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    time::Duration(seconds.saturating_mul(1_000_000_000)).to_string()
}

/// Rows below their titles, three blanks between, the last at the right.
fn table(rows: &[Row], columns: Columns, targets: Targets) -> String {
    let mut titles = vec!["NAME", "NAMESPACE"];
    titles.extend((targets == Targets::Shown).then_some("TARGET"));
    if columns == Columns::All {
        titles.extend(["CHART", "VERSION"]);
    }
    titles.push("DURATION");
    let titles: Vec<String> = titles.into_iter().map(str::to_owned).collect();
    let mut cells: Vec<Vec<String>> = vec![titles];
    cells.extend(rows.iter().map(|row| {
        let mut cells = vec![row.name.clone(), row.namespace.clone()];
        cells.extend((targets == Targets::Shown).then(|| row.target.clone()));
        if columns == Columns::All {
            cells.extend([row.chart.clone(), row.version.clone()]);
        }
        cells.push(rounded(row.duration));
        cells
    }));
    let last = cells.first().map_or(0, |row| row.len().saturating_sub(1));
    let widths: Vec<usize> = (0..=last)
        .map(|at| {
            let lengths = cells.iter().filter_map(|row| row.get(at));
            let longest = lengths.map(|cell| cell.chars().count()).max().unwrap_or(0);
            match at {
                // All but the first and the last column have a least width.
                0 => longest,
                at if at == last => longest,
                _ => longest.max(6),
            }
        })
        .collect();
    let mut text = String::new();
    for row in cells {
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if at > 0 {
                text.push_str("   ");
            }
            text.push_str(&match at == last {
                true => format!("{cell:>width$}"),
                false => format!("{cell:width$}"),
            });
        }
        text.push('\n');
    }
    text
}

fn width_of(table: &str) -> usize {
    let lines = table.lines().map(|line| line.trim_end_matches(' '));
    lines.map(|line| line.chars().count()).max().unwrap_or(0)
}

/// A title in the middle of a line (`HeaderDividerCentered`).
fn header(title: &str, width: usize) -> String {
    let content = format!(" {title} ");
    let padding = width.saturating_sub(content.len());
    if padding == 0 {
        return format!("========== {title} ==========");
    }
    let left = padding / 2;
    format!(
        "{}{content}{}",
        "=".repeat(left),
        "=".repeat(padding - left)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_helmfiles() {
        let row = |name: &str, namespace: &str, millis| Row {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            chart: "./charts/tiny".to_owned(),
            version: "0.2.0".to_owned(),
            duration: Duration::from_millis(millis),
            target: "ecs:prod".to_owned(),
        };
        let rows = [row("a", "n", 499), row("web", "front", 61_500)];
        let made = table(&rows, Columns::All, Targets::Hidden);
        assert_eq!(
            made,
            "NAME   NAMESPACE   CHART           VERSION   DURATION\na      n           ./charts/tiny   0.2.0           0s\nweb    front       ./charts/tiny   0.2.0         1m2s\n"
        );
        assert_eq!(
            header("Updated Releases", width_of(&made)),
            "================= Updated Releases =================="
        );
        let made = table(&rows[..1], Columns::Few, Targets::Hidden);
        assert_eq!(
            made,
            "NAME   NAMESPACE   DURATION\na      n                 0s\n"
        );
        assert_eq!(
            header("Deleted Releases", width_of(&made)),
            "==== Deleted Releases ====="
        );
        assert_eq!(
            table(&rows[..1], Columns::Few, Targets::Shown),
            "NAME   NAMESPACE   TARGET     DURATION\na      n           ecs:prod         0s\n"
        );
        assert_eq!(
            header("Failed to Delete Releases", width_of(&made)),
            "========== Failed to Delete Releases =========="
        );
    }
}
