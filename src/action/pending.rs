//! Revisions that are pending: somebody works on them, or died while doing so.

use super::lifecycle::{Cluster, set_status};
use crate::diag::{Error, Kind};
use crate::release::{Release, Status, history};

/// What becomes of an operation on a release that is pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pending {
    /// It goes on, as Helm does.
    #[default]
    Ignore,
    /// It is refused.
    Refuse,
}

/// Helm's line for a release that somebody works on, with who, since when, and the way out.
pub(super) fn refuse(last: &Release) -> Error {
    const PENDING: &str = "another operation (install/upgrade/rollback) is in progress";
    Error::new(Kind::Conflict, PENDING)
        .with_hint(format!("{}.", describe(last)))
        .with_hint(WAY_OUT)
}

/// What to do about a revision that stays pending.
pub(super) const WAY_OUT: &str = "Wait where somebody still works on it; where nobody does, `--unlock` marks it as failed and goes on.";

/// The record of a revision that another operation was quicker to make.
pub(super) fn raced(error: Error, release: &Release) -> Error {
    if error.kind() != Kind::Conflict {
        return error;
    }
    error.with_hint(format!(
        "Another operation made revision {} of {:?} at the same moment; nothing was changed by this one.",
        release.revision, release.name
    ))
}

/// Which revision it is, and since when: `Revision 2 of "shop" is pending-upgrade since ...`.
pub(super) fn describe(last: &Release) -> String {
    let since = last.info.last_deployed.format(b"2006-01-02 15:04:05 -0700");
    format!(
        "Revision {} of {:?} is {} since {} ({})",
        last.revision,
        last.name,
        last.info.status.as_str(),
        String::from_utf8_lossy(&since),
        last.info.description,
    )
}

/// Marks the newest revision of a release as failed where it is pending; gives a line that says which
/// one that was, who left it, and since when.
///
/// # Errors
/// Whatever the cluster says.
pub fn unlock(name: &str, cluster: &Cluster<'_>) -> Result<Option<String>, Error> {
    cluster.backend.reach()?;
    let store = cluster.backend.store(cluster.namespace);
    let mut last = match history::last(&*store, name) {
        Err(error) if error.kind() == Kind::NotFound => return Ok(None),
        other => other?,
    };
    if !last.info.status.is_pending() {
        return Ok(None);
    }
    let line = describe(&last);
    let was = last.info.status.as_str();
    let description = format!("Unlocked, was {was}: {}", last.info.description);
    set_status(&mut last, Status::Failed, description);
    store.update(&last)?;
    Ok(Some(format!("{line}: it is marked as failed now.")))
}
