//! How a release stands: its record, and what has become of its objects.

use super::get;
use crate::backend::{Backend, Health};
use crate::diag::Error;
use crate::release::{Release, Status, history};

/// How a release stands.
#[derive(Debug)]
pub struct Standing {
    /// The revision that was asked for.
    pub release: Release,
    /// The newest one, where that is another.
    pub newest: Option<i64>,
    /// Its objects, in the order of the manifest.
    pub objects: Vec<Health>,
}

impl Standing {
    /// Whether it was brought up well, and all of it is as it shall be.
    pub fn is_well(&self) -> bool {
        let is_deployed = matches!(
            self.release.info.status,
            Status::Deployed | Status::Superseded
        );
        is_deployed && self.objects.iter().all(is_well)
    }
}

/// Whether an object is as it shall be, and nothing is wrong with what belongs to it now.
pub fn is_well(health: &Health) -> bool {
    health.is_current() && health.troubles.iter().all(|it| !it.current)
}

/// Asks how a release stands; the newest revision where `revision` is 0 or less.
///
/// # Errors
/// Helm's line for what is not there; whatever the cluster says.
pub fn run(
    name: &str,
    revision: i64,
    backend: &dyn Backend,
    namespace: &str,
) -> Result<Standing, Error> {
    let release = get::release(name, revision, backend, namespace)?;
    let newest = match revision {
        ..=0 => None,
        revision => {
            let newest = history::last(&*backend.store(namespace), name)?.revision;
            (newest != revision).then_some(newest)
        }
    };
    let objects = match release.info.status {
        Status::Uninstalled => Vec::new(),
        _ => backend.examine(&backend.build(&release.manifest)?)?,
    };
    Ok(Standing {
        release,
        newest,
        objects,
    })
}
