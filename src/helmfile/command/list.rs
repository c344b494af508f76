//! `list` and `show-dag`.

use super::Fleet;
use crate::go::json;
use crate::helmfile::Failure;
use crate::helmfile::dag::{Unselected, groups};
use crate::helmfile::data::Data;
use crate::helmfile::load::State;
use crate::helmfile::select::{Transitive, id, is_enabled, is_installed, mark};
use crate::helmfile::target::differ;
use crate::helmfile::visit::Walk;

/// How releases are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// As a table.
    #[default]
    Table,
    /// As JSON.
    Json,
}

/// `list`
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The form.
    pub listing: Listing,
    /// Hooks of the states are not run.
    pub skip_charts: bool,
}

/// A release in a list.
struct Row {
    name: String,
    namespace: String,
    is_enabled: bool,
    is_installed: bool,
    labels: String,
    chart: String,
    version: String,
    /// Where it goes; empty under Helmfile's name.
    target: String,
}

impl Fleet<'_> {
    /// Lists the releases of all states.
    ///
    /// # Errors
    /// What failed first.
    pub fn list(&self, options: &List) -> Result<(), Failure> {
        let mut rows = Vec::new();
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                let mut add = |state: &mut State| match self.rows(state) {
                    Ok(found) => {
                        rows.extend(found);
                        Vec::new()
                    }
                    Err(message) => vec![Failure::of(message)],
                };
                let failures = match options.skip_charts {
                    true => add(state),
                    false => self.with_charts(state, &Fleet::looking("list"), add),
                };
                (false, failures)
            },
        })?;
        rows.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        let text = match options.listing {
            Listing::Json => as_json(&rows),
            Listing::Table => table(&rows),
        };
        self.host.print(text.as_bytes());
        Ok(())
    }

    fn rows(&self, state: &mut State) -> Result<Vec<Row>, String> {
        self.resolve_lock(state).map_err(|error| {
            format!("unable to resolve dependencies for {}: {error}", state.file)
        })?;
        let mut rows = Vec::with_capacity(state.releases.len());
        for release in &state.releases {
            let labels = release.map("labels").into_iter().flatten();
            let labels: Vec<String> = labels
                .map(|(key, value)| format!("{key}:{}", shown(value)))
                .collect();
            let labels = labels.join(",");
            let text = |key: &str| release.text(key).to_owned();
            rows.push(Row {
                name: text("name"),
                namespace: text("namespace"),
                is_enabled: is_enabled(release, &state.values)?,
                is_installed: is_installed(release),
                labels: labels.trim_matches(',').to_owned(),
                chart: text("chart"),
                version: text("version"),
                target: self.shown_target(state, release),
            });
        }
        Ok(rows)
    }

    /// Shows which releases need which.
    ///
    /// # Errors
    /// What failed first.
    pub fn show_dag(&self) -> Result<(), Failure> {
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                let failures = self.with_charts(state, &Fleet::looking("show-dag"), |state| {
                    match dag(state) {
                        Ok(text) => {
                            self.host.print(text.as_bytes());
                            Vec::new()
                        }
                        Err(message) => vec![Failure::of(message)],
                    }
                });
                (false, failures)
            },
        })
    }
}

fn shown(value: &Data) -> String {
    value.as_text().map(ToString::to_string).unwrap_or_default()
}

fn dag(state: &State) -> Result<String, String> {
    let marked = mark(state, &state.releases, Transitive::Included)?;
    let groups = groups(&marked, &state.releases, Unselected::Included)?;
    let mut rows = vec![["GROUP", "RELEASE", "DEPENDENCIES"].map(str::to_owned)];
    for (at, group) in groups.iter().enumerate() {
        for release in group {
            let needs = release.texts("needs").join(", ");
            rows.push([(at + 1).to_string(), id(release), needs]);
        }
    }
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let (first, second) = (width(0), width(1));
    let mut text = String::new();
    for [group, release, needs] in &rows {
        let line = format!("{group:first$} {release:second$} {needs}");
        text.push_str(line.trim_end_matches([' ', '\t']));
        text.push('\n');
    }
    Ok(text)
}

fn table(rows: &[Row]) -> String {
    const TITLES: [&str; 8] = [
        "NAME",
        "NAMESPACE",
        "TARGET",
        "ENABLED",
        "INSTALLED",
        "LABELS",
        "CHART",
        "VERSION",
    ];
    let mut cells = vec![TITLES.map(str::to_owned).to_vec()];
    for row in rows {
        cells.push(vec![
            row.name.clone(),
            row.namespace.clone(),
            row.target.clone(),
            row.is_enabled.to_string(),
            row.is_installed.to_string(),
            row.labels.clone(),
            row.chart.clone(),
            row.version.clone(),
        ]);
    }
    if !differ(rows.iter().map(|row| row.target.as_str())) {
        for row in &mut cells {
            row.remove(2);
        }
    }
    let widths: Vec<usize> = (0..cells[0].len())
        .map(|column| {
            let widths = cells.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for row in &cells {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(padded.join("\t").trim_end_matches([' ', '\t']));
        text.push('\n');
    }
    text
}

fn as_json(rows: &[Row]) -> String {
    let mut out = Vec::new();
    if rows.is_empty() {
        return "null\n".to_owned();
    }
    let has_targets = differ(rows.iter().map(|row| row.target.as_str()));
    out.push(b'[');
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let text = |key: &str, value: &str, out: &mut Vec<u8>| {
            out.extend_from_slice(format!("\"{key}\":").as_bytes());
            json::write_string(value.as_bytes(), out, true);
        };
        out.push(b'{');
        text("name", &row.name, &mut out);
        out.push(b',');
        text("namespace", &row.namespace, &mut out);
        let flags = format!(
            ",\"enabled\":{},\"installed\":{},",
            row.is_enabled, row.is_installed
        );
        out.extend_from_slice(flags.as_bytes());
        text("labels", &row.labels, &mut out);
        out.push(b',');
        text("chart", &row.chart, &mut out);
        out.push(b',');
        text("version", &row.version, &mut out);
        if has_targets {
            out.push(b',');
            text("target", &row.target, &mut out);
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]\n");
    String::from_utf8_lossy(&out).into_owned()
}
