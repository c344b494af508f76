//! Renders recorded cases through the library and compares with what the real program made of them.
//!
//! Every line of `testdata/conformance/*.jsonl` is a test named by its id; the README there says
//! what its members mean. `PINTLE_CONFORMANCE` names another folder of the same layout; the
//! exceptions, `testdata/conformance/exceptions.txt`, are not read then. A listed case that passes
//! fails the run.

mod case;
mod coalesce;
#[path = "../difference.rs"]
mod difference;
#[path = "../exception.rs"]
mod exception;
#[path = "../harness.rs"]
mod harness;
mod json;
#[path = "../recorded.rs"]
mod recorded;
mod rendering;
mod strvals;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use case::Case;
use exception::{Exceptions, expect_failure};
use harness::variable;
use libtest_mimic::{Arguments, Failed, Trial};
use pintle::chart::{Capabilities, DEFAULT_API_VERSIONS};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    harness::run(&arguments, trials())
}

fn trials() -> Result<Vec<Trial>, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/conformance");
    let named = variable("PINTLE_CONFORMANCE");
    let exceptions = match named {
        Some(_) => Exceptions::default(),
        None => Exceptions::load(&own.join("exceptions.txt"))?,
    };
    let folder = named.unwrap_or_else(|| own.clone());
    let cases: Vec<(String, Case)> = recorded::load(&folder)?;
    let known = |name: &&str| {
        !cases
            .iter()
            .any(|(_, case)| *name == case.id || *name == case.area)
    };
    if let Some(name) = exceptions.names().find(known) {
        return Err(format!("exceptions.txt: no case or area is named {name}"));
    }

    let versions = default_api_versions(&[&folder, &own])?;
    let ours: Vec<&str> = versions.iter().map(String::as_str).collect();
    let same = ours == DEFAULT_API_VERSIONS;
    let capabilities = Arc::new(Capabilities {
        api_versions: versions,
        ..Capabilities::default()
    });
    let mut trials = vec![Trial::test("default_api_versions", move || {
        if same {
            Ok(())
        } else {
            Err("not those of the library".into())
        }
    })];
    for (pack, case) in cases {
        let listed = exceptions
            .reason(&case.id)
            .or(exceptions.reason(&case.area));
        let listed = listed.map(str::to_owned);
        let capabilities = Arc::clone(&capabilities);
        trials.push(Trial::test(case.id.clone(), move || {
            let outcome = check(&pack, &case, &capabilities);
            let outcome = match &listed {
                Some(reason) => expect_failure(outcome, reason),
                None => outcome,
            };
            outcome.map_err(Failed::from)
        }));
    }
    Ok(trials)
}

fn check(pack: &str, case: &Case, capabilities: &Capabilities) -> Result<(), String> {
    match pack {
        "strvals" => strvals::check(case),
        "coalesce" => coalesce::check(case, capabilities),
        _ => rendering::check(case, capabilities),
    }
}

fn default_api_versions(folders: &[&Path]) -> Result<Vec<String>, String> {
    let mut paths = folders
        .iter()
        .map(|folder| folder.join("default_api_versions.json"));
    let Some(path) = paths.find(|path| path.is_file()) else {
        return Err("default_api_versions.json is nowhere".to_owned());
    };
    let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}
