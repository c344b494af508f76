//! `helm upgrade`.

use super::super::environment::Environment;
use super::super::read::Files;
use super::cluster;
use super::template::{Schemas, check_unsigned, dry_run, values_of};
use crate::action::{Surroundings, upgrade};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::flag::FlagSet;
use crate::ui::Terminal;
use crate::world::Real;

/// Under Helm's name: an upgrade asks a cluster for the release, also where it is only tried.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &Terminal,
) -> Error {
    if let Err(error) = dry_run(flags, terminal) {
        return error;
    }
    if flags.is("install") {
        return cluster::absence(flags, environment);
    }
    if let Err(error) = check_unsigned(flags, arguments) {
        return error;
    }
    let mut notices = Vec::new();
    if flags.is("devel") && flags.text("version").is_empty() {
        notices.push(Notice::new(Level::Debug, "setting version to >0.0.0-0"));
    }
    let mut around = Surroundings {
        world: &Real::new(),
        files: &mut Files::new(),
        remote: &Schemas::default(),
        cluster: None,
    };
    let reference = arguments.get(1).map_or("", String::as_str);
    let checked = upgrade::check(reference, &values_of(flags), &mut around, &mut notices);
    terminal.log(&notices);
    match checked {
        Err(error) => error,
        Ok(()) => match cluster::absence(flags, environment) {
            error if error.kind() == Kind::Unsupported => error,
            error => error.wrap("UPGRADE FAILED"),
        },
    }
}
