//! `helmfile version`.

use super::super::environment::Environment;
use crate::go::flag::FlagSet;
use crate::helmfile::{Failure, VERSION};
use crate::ui::Terminal;

/// Go's own version is that which the published binaries were built with.
const GO: &str = "1.26.8";

/// Prints it in the form that is asked for.
///
/// # Errors
/// A form that there is not.
pub(super) fn print(
    flags: &FlagSet,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    const PLATFORM: &str = "linux/amd64";
    let text = match flags.text("output") {
        "short" => format!("v{VERSION}\n"),
        "json" => format!(
            "{{\n  \"buildDate\": \"N/A\",\n  \"commitDate\": \"N/A\",\n  \"compiler\": \"gc\",\n  \"gitCommit\": \"N/A\",\n  \"goVersion\": \"go{GO}\",\n  \"platform\": \"{PLATFORM}\",\n  \"version\": \"v{VERSION}\"\n}}\n"
        ),
        "yaml" => format!(
            "version: v{VERSION}\ngitCommit: N/A\nbuildDate: N/A\ncommitDate: N/A\ngoVersion: go{GO}\ncompiler: gc\nplatform: {PLATFORM}\n"
        ),
        "pretty" => format!(
            "\n▓▓▓ {}\n\n  Version              v{VERSION}\n  Git Commit           N/A\n  Build Date           N/A\n  Commit Date          N/A\n  Dirty Build          no\n  Go version           {GO}\n  Compiler             gc\n  Platform             {PLATFORM}\n",
            environment.program_name()
        ),
        other => {
            return Err(Failure::from(format!(
                "got invalid printer type {other:?}, allowed: json | pretty | short | yaml"
            )));
        }
    };
    terminal.print(&text);
    Ok(())
}
