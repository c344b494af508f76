//! Lives of releases on a real API server, under the name `helm`, compared with recordings of the
//! real one: words, exit codes, write requests, objects and stored releases, step by step.
//!
//! Every line of `testdata/scenarios/*.jsonl` is a test named `area/id`; the README there says what
//! its members mean. Areas that stand in `exceptions.txt` are ignored (`--include-ignored` runs
//! them), and one test an area fails as soon as the whole area passes; single scenarios that are
//! listed have to fail. Scenarios of Helm 3 are left out; those of both run where a Helm 3 is on the
//! `PATH` (as `helm3` or `helm`).
//!
//! | variable | meaning |
//! |---|---|
//! | `PINTLE_SCENARIOS` | another folder of the same layout; no exceptions then |
//! | `PINTLE_SCENARIOS_PROGRAM` | another program: with the real Helm, this checks the harness |
//! | `PINTLE_SKIP` | with `cluster` in it nothing runs |

mod case;
#[allow(dead_code, reason = "each test binary uses a part of it")]
#[path = "../cluster/mod.rs"]
mod cluster;
mod compare;
#[path = "../difference.rs"]
mod difference;
#[path = "../exception.rs"]
mod exception;
#[path = "../harness.rs"]
mod harness;
mod normalise;
mod python;
mod record;
#[path = "../recorded.rs"]
mod recorded;
mod run;
mod snapshot;
mod write;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use case::Scenario;
use cluster::Cluster;
use exception::{Exceptions, expect_failure};
use harness::variable;
use libtest_mimic::{Arguments, Failed, Trial};
use run::Bench;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They wait most of the time.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(2 * processors);
    harness::run(&arguments, trials())
}

fn trials() -> Result<Vec<Trial>, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios");
    let named = variable("PINTLE_SCENARIOS");
    let program = variable("PINTLE_SCENARIOS_PROGRAM");
    let exceptions = if named.is_some() || program.is_some() {
        Exceptions::default()
    } else {
        Exceptions::load(&own.join("exceptions.txt"))?
    };
    let folder = named.unwrap_or_else(|| own.clone());
    let scenarios: Vec<(String, Scenario)> = recorded::load(&folder)?;
    let mut scenarios: Vec<Scenario> = scenarios.into_iter().map(|(_, one)| one).collect();
    // Those that run alone come last, together: the others need not stop for each of them.
    scenarios.sort_by_key(|scenario| scenario.crd);
    let known = |name: &&str| {
        !scenarios
            .iter()
            .any(|one| one.area == *name || one.id == *name || one.name() == *name)
    };
    if let Some(name) = exceptions.names().find(known) {
        return Err(format!(
            "exceptions.txt: no scenario or area is named {name}"
        ));
    }

    let program = program.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_pintle")));
    let bench = Arc::new(Bench::new(program, helm3(), &[folder, own])?);
    let all = scenarios.len();
    let scenarios: Vec<Arc<Scenario>> = scenarios.into_iter().map(Arc::new).collect();
    let (mixed, rest): (Vec<_>, Vec<_>) = scenarios
        .into_iter()
        .filter(|scenario| scenario.helm != "3")
        .partition(|scenario| scenario.is_mixed() && !bench.can_run(scenario));
    let _ = writeln!(
        std::io::stderr(),
        "{} scenarios of Helm 3 are left out, and {} that need it beside Helm 4",
        all - mixed.len() - rest.len(),
        mixed.len()
    );

    let skipped = cluster::is_skipped();
    let mut areas: BTreeMap<String, Vec<Arc<Scenario>>> = BTreeMap::new();
    let mut trials = Vec::new();
    for scenario in rest {
        let later = exceptions.reason(&scenario.area).is_some();
        let name = scenario.name();
        let listed = exceptions.reason(&scenario.id).or(exceptions.reason(&name));
        let listed = listed.map(str::to_owned);
        if later {
            let area = areas.entry(scenario.area.clone()).or_default();
            area.push(Arc::clone(&scenario));
        }
        let bench = Arc::clone(&bench);
        let trial = Trial::test(name, move || {
            // A cluster that does not start is a failure of its own.
            let cluster = Cluster::shared()?;
            let outcome = bench.run(cluster, &scenario);
            let outcome = match &listed {
                Some(reason) => expect_failure(outcome, reason),
                None => outcome,
            };
            outcome.map_err(Failed::from)
        });
        trials.push(trial.with_ignored_flag(later || skipped));
    }
    for (area, scenarios) in areas {
        let reason = exceptions.reason(&area).unwrap_or_default().to_owned();
        let bench = Arc::clone(&bench);
        let trial = Trial::test(format!("exceptions/{area}"), move || {
            let cluster = Cluster::shared()?;
            let outcome = scenarios
                .iter()
                .try_for_each(|scenario| bench.run(cluster, scenario));
            Ok(expect_failure(outcome, &reason)?)
        });
        trials.push(trial.with_ignored_flag(skipped));
    }
    Ok(trials)
}

/// Helm 3 on the `PATH`.
fn helm3() -> Option<PathBuf> {
    let path = variable("PATH")?;
    ["helm3", "helm"].into_iter().find_map(|name| {
        let mut folders = std::env::split_paths(path.as_os_str());
        let program = folders.find_map(|folder| Some(folder.join(name)).filter(|p| p.is_file()))?;
        let output = Command::new(&program).args(["version", "--short"]).output();
        let is_3 = output.ok()?.stdout.starts_with(b"v3.");
        is_3.then_some(program)
    })
}
