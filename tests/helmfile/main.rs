//! Runs the program under the name `helmfile` and compares it with recordings of the real one.
//!
//! Every folder of `testdata/helmfile/` is a test; the README there says what is in one. Cases that
//! stand in `exceptions.txt` have to fail. `PINTLE_HELMFILE_CASES` names another folder, without
//! exceptions then.

mod case;
#[path = "../difference.rs"]
mod difference;
#[path = "../exception.rs"]
mod exception;
#[path = "../harness.rs"]
mod harness;
mod normalise;
mod run;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use case::Case;
use exception::{Exceptions, expect_failure};
use harness::variable;
use libtest_mimic::{Arguments, Failed, Trial};
use run::Bench;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    harness::run(&arguments, trials())
}

fn trials() -> Result<Vec<Trial>, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/helmfile");
    let named = variable("PINTLE_HELMFILE_CASES");
    let exceptions = match &named {
        Some(_) => Exceptions::default(),
        None => Exceptions::load(&own.join("exceptions.txt"))?,
    };
    let cases = case::load(&named.unwrap_or(own))?;
    let is_there = |name: &&str| cases.iter().any(|case: &Case| case.is_named(name));
    if let Some(name) = exceptions.names().find(|name| !is_there(name)) {
        return Err(format!("exceptions.txt: no case is named {name}"));
    }
    let program = PathBuf::from(env!("CARGO_BIN_EXE_pintle"));
    let bench = Arc::new(Bench::new(&program)?);
    let trials = cases.into_iter().map(|case| {
        let listed = exceptions
            .reason(&case.name)
            .or(exceptions.reason(case.id()));
        let listed = listed.map(str::to_owned);
        let bench = Arc::clone(&bench);
        Trial::test(case.name.clone(), move || {
            let outcome = bench.run(&case);
            let outcome = match &listed {
                Some(reason) => expect_failure(outcome, reason),
                None => outcome,
            };
            outcome.map_err(Failed::from)
        })
    });
    Ok(trials.collect())
}
