//! Runs the program under the name `helm` and compares it with recordings of the real one.
//!
//! Every line of `testdata/transcripts/*.jsonl` is a test named `area/id`; the README there says
//! what its members mean. Areas that stand in `exceptions.txt` are ignored (`--include-ignored`
//! runs them), and one test an area fails as soon as the whole area passes; single cases that are
//! listed have to fail.
//!
//! | variable | meaning |
//! |---|---|
//! | `PINTLE_TRANSCRIPTS` | another folder of the same layout; no exceptions then |
//! | `PINTLE_TRANSCRIPTS_PROGRAM` | another program: with the real Helm, this checks the recordings |

mod case;
mod collect;
#[path = "../difference.rs"]
mod difference;
#[path = "../exception.rs"]
mod exception;
#[path = "../harness.rs"]
mod harness;
mod help;
mod normalise;
#[path = "../recorded.rs"]
mod recorded;
mod run;
mod serve;

use std::collections::BTreeMap;
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
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/transcripts");
    let named = variable("PINTLE_TRANSCRIPTS");
    let program = variable("PINTLE_TRANSCRIPTS_PROGRAM");
    let exceptions = if named.is_some() || program.is_some() {
        Exceptions::default()
    } else {
        Exceptions::load(&own.join("exceptions.txt"))?
    };
    let folder = named.unwrap_or_else(|| own.clone());
    let cases: Vec<(String, Case)> = recorded::load(&folder)?;
    let cases: Vec<Case> = cases.into_iter().map(|(_, case)| case).collect();
    let program = program.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_pintle")));
    let bench = Arc::new(Bench::new(&program, vec![folder, own])?);

    let mut areas: BTreeMap<String, Vec<Arc<Case>>> = BTreeMap::new();
    for case in cases {
        areas
            .entry(case.area.clone())
            .or_default()
            .push(Arc::new(case));
    }
    let known = |name: &&str| {
        !areas.iter().any(|(area, cases)| {
            area == name
                || cases
                    .iter()
                    .any(|case| *name == case.id || *name == case.name())
        })
    };
    if let Some(name) = exceptions.names().find(known) {
        return Err(format!("exceptions.txt: no case or area is named {name}"));
    }

    let mut trials = Vec::new();
    for (area, cases) in areas {
        let later = exceptions.reason(&area).map(str::to_owned);
        for case in &cases {
            let name = case.name();
            let listed = exceptions.reason(&case.id).or(exceptions.reason(&name));
            let listed = listed.map(str::to_owned);
            let (bench, case) = (Arc::clone(&bench), Arc::clone(case));
            let trial = Trial::test(name, move || {
                let outcome = bench.run(&case);
                let outcome = match &listed {
                    Some(reason) => expect_failure(outcome, reason),
                    None => outcome,
                };
                outcome.map_err(Failed::from)
            });
            trials.push(trial.with_ignored_flag(later.is_some()));
        }
        if let Some(reason) = later {
            let bench = Arc::clone(&bench);
            trials.push(Trial::test(format!("exceptions/{area}"), move || {
                let outcome = cases.iter().try_for_each(|case| bench.run(case));
                Ok(expect_failure(outcome, &reason)?)
            }));
        }
    }
    Ok(trials)
}
