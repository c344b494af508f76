//! What is said of a release on the terminal.

use std::collections::BTreeMap;

use super::{Hook, Release, Status};
use crate::chart::values;
use crate::diag::{Error, Kind};
use crate::kubernetes::table::Printer;
use crate::render::manifest;
use crate::value::{Frozen, FrozenMap};
use crate::yaml;

/// Go's `time.ANSIC`
const ANSI_C: &[u8] = b"Mon Jan _2 15:04:05 2006";

/// The description of a release that was only tried.
pub(super) const DRY_RUN: &str = "Dry run complete";

/// Whether words are painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colors {
    /// They are not.
    #[default]
    Off,
    /// Namespace and state are.
    On,
}

/// What to say of a release.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Values, hooks and manifest as well.
    pub debug: bool,
    /// Name and versions of the chart as well.
    pub chart: bool,
    /// The release was read from its record, in which values that the user did not set are null.
    pub is_stored: bool,
    /// No notes.
    pub hide_notes: bool,
    /// Paint.
    pub colors: Colors,
}

impl Report {
    /// Adds the text to `out` (Go: `statusPrinter.WriteTable`).
    ///
    /// # Errors
    /// Values that cannot be put together, or that YAML cannot hold.
    pub fn write(&self, release: &Release, out: &mut Vec<u8>) -> Result<(), Error> {
        self.write_with(release, &BTreeMap::new(), out)
    }

    /// As [`Report::write`], with the tables of the release's objects under their titles.
    ///
    /// # Errors
    /// As [`Report::write`].
    pub fn write_with(
        &self,
        release: &Release,
        resources: &BTreeMap<String, Vec<serde_json::Value>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut line = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.push(b'\n');
        };
        let info = &release.info;
        line("NAME", release.name.as_bytes());
        if !info.last_deployed.is_zero() {
            line("LAST DEPLOYED", &info.last_deployed.format(ANSI_C));
        }
        line(
            "NAMESPACE",
            self.colors.namespace(&release.namespace).as_bytes(),
        );
        line("STATUS", self.colors.status(info.status).as_bytes());
        line("REVISION", release.revision.to_string().as_bytes());
        if self.chart {
            let chart = &release.chart.metadata;
            line("CHART", chart.name.as_bytes());
            line("VERSION", chart.version.as_bytes());
            line("APP_VERSION", chart.app_version.as_bytes());
        }
        line("DESCRIPTION", info.description.as_bytes());
        if !resources.is_empty() {
            out.extend_from_slice(b"RESOURCES:\n");
            let mut printer = Printer::default();
            for (title, tables) in resources {
                out.extend_from_slice(format!("==> {title}\n").as_bytes());
                for table in tables {
                    printer.print(table, out);
                }
                out.push(b'\n');
            }
            out.push(b'\n');
        }
        write_tests(&release.hooks, out);
        if self.debug {
            if self.is_stored && release.config.is_empty() {
                out.extend_from_slice(b"USER-SUPPLIED VALUES:\nnull\n\n");
            } else {
                write_values("USER-SUPPLIED VALUES", &release.config, out)?;
            }
            let computed = values::coalesce(&release.chart, &release.config, &mut Vec::new())?;
            write_values("COMPUTED VALUES", &computed, out)?;
        }
        if self.debug || info.description.eq_ignore_ascii_case(DRY_RUN) {
            out.extend_from_slice(b"HOOKS:\n");
            for hook in &release.hooks {
                manifest::write_document(out, &hook.path, &hook.manifest);
            }
            for part in [b"MANIFEST:\n", &*release.manifest, b"\n"] {
                out.extend_from_slice(part);
            }
        }
        if !self.hide_notes && !info.notes.is_empty() {
            for part in [b"NOTES:\n", manifest::trim(&info.notes), b"\n"] {
                out.extend_from_slice(part);
            }
        }
        Ok(())
    }
}

impl Colors {
    /// A title (`output.ColorizeHeader`).
    pub fn header(self, text: &str) -> String {
        match self {
            Colors::On => format!("\x1b[1m{text}\x1b[22m"),
            Colors::Off => text.to_owned(),
        }
    }

    /// A namespace (`output.ColorizeNamespace`).
    pub fn namespace(self, text: &str) -> String {
        self.paint(text, Some(CYAN))
    }

    /// A state (`output.ColorizeStatus`).
    pub fn status(self, status: Status) -> String {
        self.paint(status.as_str(), color_of(status))
    }

    fn paint(self, text: &str, color: Option<u8>) -> String {
        match (self, color) {
            (Colors::On, Some(color)) => format!("\x1b[{color}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const CYAN: u8 = 36;

fn color_of(status: Status) -> Option<u8> {
    match status {
        Status::Deployed => Some(GREEN),
        Status::Failed | Status::Unknown => Some(RED),
        Status::Uninstalling
        | Status::PendingInstall
        | Status::PendingUpgrade
        | Status::PendingRollback => Some(YELLOW),
        Status::Uninstalled | Status::Superseded => None,
    }
}

/// The test hooks that ran, or that there are none at all.
fn write_tests(hooks: &[Hook], out: &mut Vec<u8>) {
    let mut tests = hooks
        .iter()
        .filter(|hook| hook.events.iter().any(|event| event == "test"))
        .peekable();
    if tests.peek().is_none() {
        out.extend_from_slice(b"TEST SUITE: None\n");
    }
    for hook in tests {
        let Some(started) = &hook.last_run.started else {
            continue;
        };
        let completed = hook.last_run.completed.clone().unwrap_or_default();
        for part in [
            b"TEST SUITE:     ",
            &*hook.name,
            b"\nLast Started:   ",
            &started.format(ANSI_C),
            b"\nLast Completed: ",
            &completed.format(ANSI_C),
            b"\nPhase:          ",
            hook.last_run.phase.as_bytes(),
            b"\n",
        ] {
            out.extend_from_slice(part);
        }
    }
}

fn write_values(title: &str, values: &FrozenMap, out: &mut Vec<u8>) -> Result<(), Error> {
    let text = yaml::encode_frozen(&Frozen::Map(values.clone().into())).map_err(|error| {
        let message = format!("unable to write YAML output: {error}");
        Error::new(Kind::Values, message)
    })?;
    out.extend_from_slice(title.as_bytes());
    out.extend_from_slice(b":\n");
    out.extend_from_slice(&text);
    out.push(b'\n');
    Ok(())
}
