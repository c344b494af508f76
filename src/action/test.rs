//! `helm test` (`pkg/action/release_testing.go`, Helm 4.2.4).

use std::time::Duration;

use super::hook::{Ran, Run};
use super::lifecycle::{Care, Cluster};
use super::prepare::check_known_name;
use crate::backend::Strategy;
use crate::diag::Error;
use crate::release::{ApplyMethod, Hook, Release, history};

/// Which tests to run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only tests of these names, where there are any.
    pub included: Vec<String>,
    /// No tests of these names.
    pub excluded: Vec<String>,
    /// How long each may take.
    pub timeout: Duration,
    /// How much is looked at.
    pub care: Care,
}

/// How the tests of a release went.
pub struct Tested<'a> {
    /// The release, with when its tests ran.
    pub release: Release,
    /// Why they failed.
    pub error: Option<Error>,
    run: Run<'a>,
    ran: Ran,
    /// The hooks that were looked at, for cleaning up.
    executed: Release,
}

const EVENT: &str = "test";

/// Runs the tests of a release, and keeps when they ran.
///
/// # Errors
/// There is no such release, or it cannot be kept.
pub fn run<'a>(name: &str, options: &Options, cluster: &Cluster<'_>) -> Result<Tested<'a>, Error> {
    cluster.backend.reach()?;
    check_known_name(name, "releaseTest: Release name is invalid")?;
    let store = cluster.backend.store(cluster.namespace);
    let mut release = history::last(&*store, name)?;
    cluster.backend.expect(&release);
    let method = match release.apply_method {
        ApplyMethod::Server => ApplyMethod::Server,
        _ => ApplyMethod::Client,
    };
    let (wanted, mut skipped): (Vec<Hook>, Vec<Hook>) = std::mem::take(&mut release.hooks)
        .into_iter()
        .partition(|hook| options.wants(hook));
    release.hooks = wanted;
    let run = Run {
        event: EVENT,
        strategy: Strategy::Watcher,
        timeout: options.timeout,
        method,
        care: options.care,
        since: None,
    };
    let (ran, result) = run.execute(&mut release, cluster);
    let executed = release.clone();
    skipped.append(&mut release.hooks);
    release.hooks = skipped;
    let kept = store.update(&release);
    let error = match result {
        Err(error) => Some(error),
        Ok(()) => kept.err(),
    };
    Ok(Tested {
        release,
        error,
        run,
        ran,
        executed,
    })
}

impl Options {
    fn wants(&self, hook: &Hook) -> bool {
        let is_in = |names: &[String]| names.iter().any(|name| name.as_bytes() == &*hook.name);
        !is_in(&self.excluded) && (self.included.is_empty() || is_in(&self.included))
    }
}

impl Tested<'_> {
    /// What the tests wrote, as it is printed; where it ends in an error, as much as there is.
    pub fn logs(&self, options: &Options, cluster: &Cluster<'_>) -> (Vec<u8>, Result<(), Error>) {
        let mut out = Vec::new();
        let mut hooks: Vec<&Hook> = self.release.hooks.iter().collect();
        hooks.sort_by(|a, b| a.weight.cmp(&b.weight).then_with(|| a.name.cmp(&b.name)));
        for hook in hooks {
            if !hook.events.iter().any(|event| event == EVENT) || !options.wants(hook) {
                continue;
            }
            let name = hook.name.to_str_lossy();
            if let Err(error) = write_logs(&name, cluster, &mut out) {
                return (out, Err(error));
            }
        }
        (out, Ok(()))
    }

    /// Takes away what the tests' policies want gone.
    ///
    /// # Errors
    /// Whatever the cluster says.
    pub fn clean_up(&self, cluster: &Cluster<'_>) -> Result<(), Error> {
        self.run.clean_up(&self.executed, &self.ran, cluster)
    }
}

fn write_logs(pod: &str, cluster: &Cluster<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    let manifest = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {pod}\n  namespace: {}\n",
        cluster.namespace
    );
    let objects = cluster.backend.build(manifest.as_bytes())?;
    for object in &objects {
        let logs = cluster
            .backend
            .logs(object)
            .map_err(|error| error.wrap(format!("unable to get pod {pod}")))?;
        for log in logs {
            out.extend_from_slice(format!("POD LOGS: {pod} ({})\n", log.container).as_bytes());
            out.extend_from_slice(&log.text);
            out.push(b'\n');
        }
    }
    Ok(())
}
