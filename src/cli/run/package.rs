//! `helm package`.

use std::path::Path;

use super::super::environment::Environment;
use super::source::source;
use crate::action::package::{self, Options};
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::os;
use crate::ui::Terminal;
use crate::world::Real;

/// Makes archives of chart folders.
///
/// # Errors
/// Whatever failed first; archives made before stay.
pub(in crate::cli) fn package(
    flags: &FlagSet,
    charts: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    if charts.is_empty() {
        let message = "need at least one argument, the path to the chart";
        return Err(Error::new(Kind::Usage, message));
    }
    if flags.is("sign") {
        for needed in ["key", "keyring"] {
            if flags.text(needed).is_empty() {
                let message = format!("--{needed} is required for signing a package");
                return Err(Error::new(Kind::Usage, message));
            }
        }
        // Helm looks for the keys when the archive is made.
        if Path::new(flags.text("keyring")).exists() {
            let message = "packages are not signed by pintle yet";
            return Err(Error::new(Kind::Unsupported, message));
        }
    }
    let source = source(flags, environment, terminal)?;
    let world = Real::new();
    for chart in charts {
        let options = Options {
            chart: chart.clone(),
            version: flags.text("version").to_owned(),
            app_version: flags.text("app-version").to_owned(),
            destination: flags.text("destination").to_owned(),
            update: flags.is("dependency-update").then(|| source.clone()),
        };
        let mut notices = Vec::new();
        let result = package::run(&options, &world, &mut notices);
        terminal.log(&notices);
        let path = result?;
        if flags.is("sign") {
            let keyring = flags.text("keyring");
            std::fs::File::open(keyring)
                .map_err(|error| Error::new(Kind::Io, os::path_error("open", keyring, &error)))?;
        }
        terminal.print(&format!(
            "Successfully packaged chart and saved it to: {path}\n"
        ));
    }
    Ok(())
}
