//! What became of releases, in tables (`AffectedReleases`, `pkg/state/state.go`).

use std::time::Duration;

use super::Fleet;
use super::render::redacted;
use crate::go::time;
use crate::helmfile::state::Record;

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
}

impl Row {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn of(release: &Record) -> Row {
        Row {
            name: release.text("name").to_owned(),
            namespace: release.text("namespace").to_owned(),
            chart: redacted(release.text("chart")),
            version: String::new(),
            duration: Duration::ZERO,
        }
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
    /// Shows what was done; headers are painted where `is_painted`.
    pub(super) fn show(&self, affected: &Affected, is_painted: bool) {
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
            let table = table(rows, columns);
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
fn table(rows: &[Row], columns: Columns) -> String {
    let mut cells: Vec<Vec<String>> = vec![match columns {
        Columns::All => ["NAME", "NAMESPACE", "CHART", "VERSION", "DURATION"]
            .map(str::to_owned)
            .to_vec(),
        Columns::Few => ["NAME", "NAMESPACE", "DURATION"]
            .map(str::to_owned)
            .to_vec(),
    }];
    cells.extend(rows.iter().map(|row| {
        let mut cells = vec![row.name.clone(), row.namespace.clone()];
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
        };
        let rows = [row("a", "n", 499), row("web", "front", 61_500)];
        let made = table(&rows, Columns::All);
        assert_eq!(
            made,
            "NAME   NAMESPACE   CHART           VERSION   DURATION\na      n           ./charts/tiny   0.2.0           0s\nweb    front       ./charts/tiny   0.2.0         1m2s\n"
        );
        assert_eq!(
            header("Updated Releases", width_of(&made)),
            "================= Updated Releases =================="
        );
        let made = table(&rows[..1], Columns::Few);
        assert_eq!(
            made,
            "NAME   NAMESPACE   DURATION\na      n                 0s\n"
        );
        assert_eq!(
            header("Deleted Releases", width_of(&made)),
            "==== Deleted Releases ====="
        );
        assert_eq!(
            header("Failed to Delete Releases", width_of(&made)),
            "========== Failed to Delete Releases =========="
        );
    }
}
