//! `helm package`.

use super::super::environment::Environment;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// Makes archives of chart folders.
///
/// # Errors
/// Whatever failed first.
pub(in crate::cli) fn package(
    _flags: &FlagSet,
    _arguments: &[String],
    _environment: &Environment,
    _terminal: &mut Terminal,
) -> Result<(), Error> {
    Err(Error::new(
        Kind::Unsupported,
        super::not_there_yet("pintle package"),
    ))
}
