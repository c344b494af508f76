//! `helm show` and `pintle show`.

use super::super::environment::Environment;
use super::source::source;
use crate::action::show::{self, Options, Part};
use crate::diag::Error;
use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// Shows the part of a chart that `part` names.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn show(
    part: &str,
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let options = Options {
        chart: arguments.first().cloned().unwrap_or_default(),
        part: match part {
            "chart" => Part::Chart,
            "crds" => Part::Crds,
            "readme" => Part::Readme,
            "values" => Part::Values,
            _ => Part::All,
        },
        source: source(flags, environment, terminal)?,
        json_path: match part {
            "values" => flags.text("jsonpath").to_owned(),
            _ => String::new(),
        },
    };
    let mut notices = Vec::new();
    let result = show::run(&options, &mut terminal.out, &mut notices);
    terminal.log(&notices);
    result
}
