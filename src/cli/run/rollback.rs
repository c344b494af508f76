//! `helm rollback RELEASE [REVISION]`.

use super::super::environment::Environment;
use super::cluster;
use super::session::{Run, operation, unlock};
use super::source::BEYOND;
use super::template::{DryRun, dry_run};
use crate::action::install::Mode;
use crate::action::lifecycle::ServerSide;
use crate::action::pending::Pending;
use crate::action::rollback::{self, Options};
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::strconv;
use crate::ui::Terminal;

/// Under Helm's name.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let revision = match arguments.get(1) {
        None => 0,
        Some(word) => strconv::atoi(word).map_err(|error| {
            let message = format!("could not convert revision to a number: {error}");
            Error::new(Kind::Usage, message)
        })?,
    };
    let mode = match dry_run(flags, terminal)? {
        DryRun::No => Mode::Real,
        DryRun::Server if flags.is(BEYOND) => Mode::Trial,
        _ => Mode::DryRun,
    };
    let options = Options {
        revision,
        server_side: ServerSide::parse(flags.text("server-side"))?,
        mode,
        pending: match flags.is(BEYOND) {
            true => Pending::Refuse,
            false => Pending::Ignore,
        },
        operation: operation(flags, environment)?,
    };
    let backend = cluster::connect(flags, environment)?;
    let name = arguments.first().map_or("", String::as_str);
    if options.mode == Mode::Real {
        unlock(name, backend.as_ref(), (flags, environment), terminal)?;
    }
    let run = Run {
        flags,
        environment,
        timeout: options.operation.timeout,
        // Helm dies of signals here, and leaves the revision pending.
        caught: (flags.is(BEYOND) && options.mode == Mode::Real).then_some(name),
    };
    run.on_cluster(backend.as_ref(), terminal, |_, cluster| {
        rollback::run(name, &options, cluster)
    })?;
    terminal.print("Rollback was a success! Happy Helming!\n");
    Ok(())
}
