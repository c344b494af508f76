//! What the test binaries of recorded data share: what they are told, and how they run.

use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// Runs `trials`; data that could not be read is one failed test, whatever was asked for.
pub(crate) fn run(arguments: &Arguments, trials: Result<Vec<Trial>, String>) -> ExitCode {
    match trials {
        Ok(trials) => libtest_mimic::run(arguments, trials).exit_code(),
        Err(message) => {
            let trial = Trial::test("load", || Err(Failed::from(message)));
            libtest_mimic::run(&Arguments::default(), vec![trial]).exit_code()
        }
    }
}

/// What a variable names; nothing where it is empty.
#[expect(clippy::disallowed_methods, reason = "the interface of the harness")]
pub(crate) fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
