//! `helm uninstall RELEASE...`.

use super::super::environment::Environment;
use super::cluster;
use super::session::{Run, operation, unlock};
use super::source::BEYOND;
use crate::action::pending::Pending;
use crate::action::uninstall::{self, Options};
use crate::backend::Cascade;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// Under Helm's name.
///
/// # Errors
/// Helm's line for whatever failed first; releases before it are gone.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let options = Options {
        operation: operation(flags, environment)?,
        keep_history: flags.is("keep-history"),
        ignore_not_found: flags.is("ignore-not-found"),
        pending: match flags.is(BEYOND) {
            true => Pending::Refuse,
            false => Pending::Ignore,
        },
        dry_run: flags.is("dry-run"),
        cascade: match flags.text("cascade") {
            "background" => Cascade::Background,
            "foreground" => Cascade::Foreground,
            "orphan" => Cascade::Orphan,
            other => {
                let message = format!(
                    "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
                );
                return Err(Error::new(Kind::Usage, message));
            }
        },
    };
    let backend = cluster::connect(flags, environment)?;
    let run = Run {
        flags,
        environment,
        timeout: options.operation.timeout,
        caught: None,
    };
    let mut failed = Vec::new();
    for name in arguments {
        let unlocked = match options.dry_run {
            true => Ok(false),
            false => unlock(name, backend.as_ref(), (flags, environment), terminal),
        };
        let done = unlocked.and_then(|_| {
            run.on_cluster(backend.as_ref(), terminal, |_, cluster| {
                uninstall::run(name, &options, cluster)
            })
        });
        let done = match done {
            Ok(done) => done,
            // Helm leaves the rest alone.
            Err(error) if !flags.is(BEYOND) || arguments.len() == 1 => return Err(error),
            Err(error) => {
                failed.push((name.as_str(), error));
                continue;
            }
        };
        if let Some(done) = done.filter(|done| !done.kept.is_empty()) {
            terminal.print(&format!("{}\n", done.kept));
        }
        terminal.print(&format!("release {name:?} uninstalled\n"));
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(several(failed, arguments.len())),
    }
}

/// One error of all those that happened on the way.
fn several(failed: Vec<(&str, Error)>, count: usize) -> Error {
    let kind = failed
        .first()
        .map_or(Kind::Cluster, |(_, error)| error.kind());
    let lines: Vec<String> = failed
        .iter()
        .map(|(name, error)| format!("{name}: {error}"))
        .collect();
    let message = format!(
        "{} of {count} releases were not uninstalled: {}",
        failed.len(),
        lines.join("; ")
    );
    let hints = failed.iter().flat_map(|(_, error)| error.hints());
    hints.fold(Error::new(kind, message), |error, hint| {
        error.with_hint(hint)
    })
}
