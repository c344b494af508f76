//! The revisions of a release (`pkg/storage/storage.go`, Helm 4.2.4).

use super::{Found, Query, Release, Status, Store};
use crate::diag::{Error, Kind};

/// All revisions, oldest first; none where all records are damaged.
///
/// # Errors
/// [`Kind::NotFound`] `release: not found`, and whatever storage says.
pub fn all(store: &dyn Store, name: &str) -> Result<Vec<Release>, Error> {
    Ok(survey(store, name)?.releases)
}

/// All revisions, oldest first, and the damaged ones.
///
/// # Errors
/// As [`all`].
pub fn survey(store: &dyn Store, name: &str) -> Result<Found, Error> {
    let query = Query {
        name: Some(name.to_owned()),
        status: None,
    };
    let mut found = store.query(&query)?;
    if found.is_empty() {
        return Err(not_found());
    }
    found.releases.sort_by_key(|release| release.revision);
    Ok(found)
}

/// The newest revision.
///
/// # Errors
/// As [`all`], and where all records are damaged.
pub fn last(store: &dyn Store, name: &str) -> Result<Release, Error> {
    newest(all(store, name)?, name)
}

/// The newest of revisions in order.
///
/// # Errors
/// There are none: all records are damaged.
pub fn newest(revisions: Vec<Release>, name: &str) -> Result<Release, Error> {
    revisions.into_iter().next_back().ok_or_else(|| {
        Error::new(Kind::Record, format!("no revision for release {name:?}")).with_hint(
            "All of its records are damaged: look at the Secrets `sh.helm.release.v1.*` of the namespace.",
        )
    })
}

/// All revisions that claim to run, oldest first.
///
/// # Errors
/// Whatever storage says, and [`Kind::NotFound`] where there is none.
pub fn deployed(store: &dyn Store, name: &str) -> Result<Vec<Release>, Error> {
    let query = Query {
        name: Some(name.to_owned()),
        status: Some(Status::Deployed),
    };
    let mut found = store.query(&query)?.releases;
    if found.is_empty() {
        return Err(none_deployed(name));
    }
    found.sort_by_key(|release| release.revision);
    Ok(found)
}

/// Adds a revision, after the oldest went so that with it there are at most `limit` (0: no limit);
/// the newest one that runs stays in any case.
///
/// # Errors
/// Whatever storage says.
pub fn add(store: &dyn Store, release: &Release, limit: usize) -> Result<(), Error> {
    if limit > 0 {
        prune(store, &release.name, limit - 1)?;
    }
    store.create(release)
}

fn prune(store: &dyn Store, name: &str, keep: usize) -> Result<(), Error> {
    let revisions = match all(store, name) {
        Err(error) if error.kind() == Kind::NotFound => return Ok(()),
        other => other?,
    };
    let surplus = revisions.len().saturating_sub(keep);
    if surplus == 0 {
        return Ok(());
    }
    let running = revisions
        .iter()
        .rfind(|release| release.info.status == Status::Deployed)
        .map(|release| release.revision);
    let mut failures = revisions
        .iter()
        .filter(|release| Some(release.revision) != running)
        .take(surplus)
        .filter_map(|release| store.delete(name, release.revision).err());
    let Some(first) = failures.next() else {
        return Ok(());
    };
    match failures.count() {
        0 => Err(first),
        more => Err(first.wrap(format!(
            "encountered {} deletion errors. First is",
            more + 1
        ))),
    }
}

/// `release: not found`
pub fn not_found() -> Error {
    Error::new(Kind::NotFound, "release: not found")
}

/// There is a release, or none, but no revision of it runs.
pub fn none_deployed(name: &str) -> Error {
    Error::new(Kind::NotFound, format!("{name:?} has no deployed releases"))
}
