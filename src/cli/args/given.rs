//! What clap read, as the set of flags that the run functions know.

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::super::environment::Environment;
use super::super::{run, strict};
use super::page::{EVERYWHERE, Page};
use crate::diag::{Error, Kind, Level};
use crate::go::flag::{Flag, FlagSet};
use crate::net;
use crate::ui::{Color, Terminal};

/// What no user says and run functions read.
const BEYOND: &[Flag] = &[Flag::bool(run::source::BEYOND, "").or("true").hidden()];

/// The flags of a page: Helm's defaults, the environment's, and what was typed.
///
/// # Errors
/// A value that its flag refuses, and flags that exclude each other.
pub(super) fn flags(
    page: &'static Page,
    matches: &ArgMatches,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<FlagSet, Error> {
    let usage = |message: String| Error::new(Kind::Usage, message);
    let mut set = strict::global_flags(environment);
    for group in page.groups() {
        set.add(group);
    }
    set.add(BEYOND);
    set.add(EVERYWHERE);
    environment.set_command_defaults(&mut set);
    environment.set_pintle_defaults(&mut set);
    let all = page.groups().chain([EVERYWHERE, strict::GLOBAL]).flatten();
    for flag in all {
        // A name that stands in two tables is one flag, and given once.
        let given = matches!(
            matches.try_get_raw(flag.name),
            Ok(Some(_)) if matches.value_source(flag.name) == Some(ValueSource::CommandLine)
        );
        if !given || set.changed(flag.name) {
            continue;
        }
        for value in words(matches, flag.name) {
            let mut check =
                |flag: &Flag, value: &str| strict::check(flag, value, environment, terminal);
            set.set(flag.name, &value, &mut check).map_err(|cause| {
                usage(format!(
                    "invalid argument {value:?} for --{}: {cause}",
                    flag.name
                ))
            })?;
        }
    }
    let warnings = set.take_warnings();
    if !warnings.is_empty() {
        terminal.complain(&warnings);
    }
    if set.is("offline") {
        net::go_offline();
    }
    if set.is("debug") {
        terminal.level = Level::Debug;
    }
    match strict::last_color(&set) {
        "never" => terminal.set_color(Color::Never),
        "always" => terminal.set_color(Color::Always),
        "auto" => {}
        other => {
            return Err(usage(format!(
                "invalid color mode {other:?}: must be one of: never, auto, always"
            )));
        }
    }
    if let Some(table) = page.table() {
        let mut groups = table.exclusive.iter();
        groups
            .try_for_each(|group| set.exclusive(group))
            .map_err(usage)?;
    }
    Ok(set)
}

/// The operands, in order.
pub(super) fn arguments(page: &Page, matches: &ArgMatches) -> Vec<String> {
    let operands = page.operands.iter();
    operands
        .flat_map(|operand| words(matches, operand.name))
        .collect()
}

fn words(matches: &ArgMatches, id: &str) -> Vec<String> {
    let raw = matches.try_get_raw(id).ok().flatten();
    raw.into_iter()
        .flatten()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}
