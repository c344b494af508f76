//! `helm create` and `pintle create`.

use super::super::environment::Environment;
use crate::action::create::{self, Options, Start, starter};
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::path;
use crate::ui::Terminal;
use crate::world::Real;

/// Under Helm's name: Helm's scaffold, or a chart of the user's.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let start = match flags.text("starter") {
        "" => Start::Scaffold,
        name => Start::Chart(folder(name, environment)),
    };
    run(flags, arguments, start, terminal)
}

/// Under pintle's own name: starters that come with it as well. A starter of the user's wins.
///
/// # Errors
/// Whatever failed first.
pub(in crate::cli) fn pintle(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let name = flags.text("starter");
    let own = (!name.is_empty()).then(|| folder(name, environment));
    let start = match own {
        None => Start::Scaffold,
        Some(folder) if std::fs::exists(&folder).unwrap_or(false) => Start::Chart(folder),
        Some(folder) => match starter::find(name) {
            Some(starter) => Start::Starter(starter),
            None => {
                let known: Vec<&str> = starter::names().collect();
                let message = format!("there is no starter {name:?}, and no chart at {folder}");
                let hint = format!("Starters that come with pintle: {}.", known.join(", "));
                return Err(Error::new(Kind::Usage, message).with_hint(hint));
            }
        },
    };
    run(flags, arguments, start, terminal)
}

/// Where the user's starter of that name is.
fn folder(name: &str, environment: &Environment) -> String {
    if name.starts_with('/') {
        return name.to_owned();
    }
    path::join(&[&environment.data_path("starters"), name])
}

fn run(
    flags: &FlagSet,
    arguments: &[String],
    start: Start,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let name = arguments.first().cloned().unwrap_or_default();
    terminal.print(&format!("Creating {name}\n"));
    match flags.text("chart-api-version") {
        "" | "v2" => {}
        "v3" => {
            let message = "this feature has been marked as experimental and is not enabled by default. Please set HELM_EXPERIMENTAL_CHART_V3=1 in your environment to use this feature";
            return Err(Error::new(Kind::Usage, message));
        }
        other => {
            let message = format!("unsupported chart API version: {other} (supported: v2, v3)");
            return Err(Error::new(Kind::Usage, message));
        }
    }
    let mut notices = Vec::new();
    let mut told = Vec::new();
    let options = Options { name, start };
    let result = create::run(&options, &Real::new(), &mut told, &mut notices);
    terminal.log(&notices);
    for line in told {
        terminal.print(&format!("{line}\n"));
    }
    result
}
