//! `helm uninstall RELEASE...`.

use super::super::environment::Environment;
use super::cluster;
use super::session::{Run, operation};
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
    for name in arguments {
        let done = run.on_cluster(backend.as_ref(), terminal, |_, cluster| {
            uninstall::run(name, &options, cluster)
        })?;
        if let Some(done) = done.filter(|done| !done.kept.is_empty()) {
            terminal.print(&format!("{}\n", done.kept));
        }
        terminal.print(&format!("release {name:?} uninstalled\n"));
    }
    Ok(())
}
