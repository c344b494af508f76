//! `helm upgrade`.

use super::super::environment::Environment;
use super::super::read::Files;
use super::cluster;
use super::source::{getters, source};
use super::template::{Schemas, dry_run, values_of};
use crate::action::{Surroundings, upgrade};
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::ui::Terminal;
use crate::world::Real;

/// Under Helm's name: an upgrade asks a cluster for the release, also where it is only tried.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Error {
    let source = match source(flags, environment, terminal) {
        Ok(source) => source,
        Err(error) => return error,
    };
    if let Err(error) = dry_run(flags, terminal) {
        return error;
    }
    if flags.is("install") {
        return cluster::absence(flags, environment);
    }
    let options = upgrade::Options {
        chart: arguments.get(1).cloned().unwrap_or_default(),
        source,
        dependency_update: flags.is("dependency-update"),
        values: values_of(flags),
    };
    let mut notices = Vec::new();
    let mut around = Surroundings {
        world: &Real::new(),
        files: &mut Files::new(getters(flags, environment, terminal)),
        remote: &Schemas::default(),
        cluster: None,
        post_renderer: None,
    };
    let checked = upgrade::check(&options, &mut around, &mut terminal.out, &mut notices);
    terminal.log(&notices);
    match checked {
        Err(error) => error,
        Ok(()) => match cluster::absence(flags, environment) {
            error if error.kind() == Kind::Unsupported => error,
            error => error.wrap("UPGRADE FAILED"),
        },
    }
}
