//! What is said of a release on the terminal.

use super::{Hook, Release, Status};
use crate::chart::values;
use crate::diag::{Error, Kind};
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
        let mut line = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.push(b'\n');
        };
        let info = &release.info;
        line("NAME", release.name.as_bytes());
        line("LAST DEPLOYED", &info.last_deployed.format(ANSI_C));
        line("NAMESPACE", &self.paint(&release.namespace, CYAN));
        line(
            "STATUS",
            &self.paint(info.status.as_str(), color_of(info.status)),
        );
        line("REVISION", release.revision.to_string().as_bytes());
        line("DESCRIPTION", info.description.as_bytes());
        write_tests(&release.hooks, out);
        if self.debug {
            write_values("USER-SUPPLIED VALUES", &release.config, out)?;
            let computed = values::coalesce(&release.chart, &release.config, &mut Vec::new())?;
            write_values("COMPUTED VALUES", &computed, out)?;
        }
        if self.debug || info.description.eq_ignore_ascii_case(DRY_RUN) {
            out.extend_from_slice(b"HOOKS:\n");
            for hook in &release.hooks {
                for part in [
                    b"---\n# Source: ",
                    &*hook.path,
                    b"\n",
                    &hook.manifest,
                    b"\n",
                ] {
                    out.extend_from_slice(part);
                }
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

    fn paint(&self, text: &str, color: u8) -> Vec<u8> {
        match self.colors {
            Colors::On => format!("\x1b[{color}m{text}\x1b[0m").into_bytes(),
            Colors::Off => text.as_bytes().to_vec(),
        }
    }
}

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const CYAN: u8 = 36;

fn color_of(status: Status) -> u8 {
    match status {
        Status::Deployed => GREEN,
        Status::Failed => RED,
        Status::PendingInstall => YELLOW,
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
