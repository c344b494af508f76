//! Reading releases: `helm get`, `helm status`, `helm history` (`pkg/action/{get,status,history}.go`,
//! Helm 4.2.4).

use std::collections::BTreeMap;

use serde_json::Value;

use super::prepare::check_known_name;
use crate::backend::{Backend, Form};
use crate::diag::Error;
use crate::release::{Release, history};

/// A revision of a release; the newest where `revision` is 0 or less.
///
/// # Errors
/// Helm's line for what is not there.
pub fn release(
    name: &str,
    revision: i64,
    backend: &dyn Backend,
    namespace: &str,
) -> Result<Release, Error> {
    backend.reach()?;
    check_known_name(name, "releaseContent: Release name is invalid")?;
    let store = backend.store(namespace);
    match revision {
        ..=0 => history::last(&*store, name),
        revision => store.get(name, revision),
    }
}

/// All revisions of a release, oldest first.
///
/// # Errors
/// Helm's line for what is not there.
pub fn revisions(
    name: &str,
    backend: &dyn Backend,
    namespace: &str,
) -> Result<Vec<Release>, Error> {
    backend.reach()?;
    check_known_name(name, "release name is invalid")?;
    history::all(&*backend.store(namespace), name)
}

/// The objects of a release as they are.
///
/// # Errors
/// Whatever the cluster says.
pub fn resources(
    release: &Release,
    backend: &dyn Backend,
    form: Form,
) -> Result<BTreeMap<String, Vec<Value>>, Error> {
    let objects = backend.build(&release.manifest)?;
    backend.resources(&objects, form)
}
