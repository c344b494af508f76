//! `helm template` and `pintle render`.

use super::super::environment::Environment;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// Under pintle's own name.
///
/// # Errors
/// Whatever failed first.
pub(in crate::cli) fn pintle(
    _flags: &FlagSet,
    _arguments: &[String],
    _environment: &Environment,
    _terminal: &mut Terminal,
) -> Result<(), Error> {
    Err(Error::new(
        Kind::Unsupported,
        super::not_there_yet("pintle render"),
    ))
}
