//! `helm verify`.

use std::time::SystemTime;

use crate::action::verify;
use crate::chart::provenance::Keys;
use crate::diag::Error;
use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// `--keyring`
pub(super) fn keys(flags: &FlagSet) -> Keys {
    Keys {
        file: flags.text("keyring").to_owned(),
        now: SystemTime::now(),
    }
}

/// Checks the signature of an archive.
///
/// # Errors
/// Helm's line for what does not hold.
pub(in crate::cli) fn verify(
    flags: &FlagSet,
    arguments: &[String],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let file = arguments.first().map_or("", String::as_str);
    let mut text = verify::run(file, &keys(flags))?;
    terminal.out.append(&mut text);
    Ok(())
}
