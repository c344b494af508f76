//! Converts recorded objects and compares the desired document with the one that is wanted.
//!
//! Every folder of `testdata/ecs/` with a `case.yaml` is a test; the README there says what is in one.
//! Cases that stand in `exceptions.txt` have to fail. `PINTLE_ECS_CASES` names another folder, without
//! exceptions then; configuration is looked up there, then in `testdata/ecs/`.

mod case;
mod compare;
#[path = "../exception.rs"]
mod exception;
#[path = "../harness.rs"]
mod harness;
mod network;
mod pod;
mod rule;
mod work;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use exception::{Exceptions, expect_failure};
use harness::variable;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    harness::run(&arguments, trials())
}

fn trials() -> Result<Vec<Trial>, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ecs");
    let named = variable("PINTLE_ECS_CASES");
    let exceptions = match &named {
        Some(_) => Exceptions::default(),
        None => Exceptions::load(&own.join("exceptions.txt"))?,
    };
    let mut rules = match &named {
        Some(_) => Vec::new(),
        None => rule::trials(&own)?,
    };
    let folder = named.unwrap_or_else(|| own.clone());
    let cases = case::load(&folder)?;
    if let Some(name) = exceptions
        .names()
        .find(|name| cases.iter().all(|case| case.name != *name))
    {
        return Err(format!("exceptions.txt: no case is named {name}"));
    }
    let places = Arc::new([folder, own]);
    let trials = cases.into_iter().map(|case| {
        let listed = exceptions.reason(&case.name).map(str::to_owned);
        let places = Arc::clone(&places);
        Trial::test(case.name.clone(), move || {
            let outcome = case.run(places.as_slice());
            let outcome = match &listed {
                Some(reason) => expect_failure(outcome, reason),
                None => outcome,
            };
            outcome.map_err(Failed::from)
        })
    });
    rules.extend(trials);
    Ok(rules)
}
