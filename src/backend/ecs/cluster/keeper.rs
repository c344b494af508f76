//! Records, with what ECS adds to them: the plan, what came of it, and a lock while somebody works.

use super::Ecs;
use crate::diag::Error;
use crate::release::{Found, Query, Release, Status, Store};

/// The records of a namespace.
pub(super) struct Keeper<'a> {
    pub(super) ecs: &'a Ecs,
    pub(super) inner: Box<dyn Store + 'a>,
}

/// What is being done to a release, in a word.
fn operation(status: Status) -> &'static str {
    match status {
        Status::PendingInstall => "install",
        Status::PendingRollback => "rollback",
        Status::Uninstalling => "uninstall",
        _ => "upgrade",
    }
}

fn is_open(status: Status) -> bool {
    status.is_pending() || status == Status::Uninstalling
}

impl Store for Keeper<'_> {
    fn create(&self, release: &Release) -> Result<(), Error> {
        if is_open(release.info.status) {
            self.ecs.lock(release, operation(release.info.status))?;
        }
        self.ecs.attach(release)?;
        let done = self.inner.create(release);
        if done.is_err() {
            self.ecs.unlock(release);
        }
        done
    }

    fn check(&self, release: &Release) -> Result<(), Error> {
        self.inner.check(release)
    }

    fn update(&self, release: &Release) -> Result<(), Error> {
        if is_open(release.info.status) {
            self.ecs.lock(release, operation(release.info.status))?;
        }
        self.ecs.attach(release)?;
        self.inner.update(release)?;
        if !is_open(release.info.status) {
            self.ecs.unlock(release);
        }
        Ok(())
    }

    fn delete(&self, name: &str, revision: i64) -> Result<(), Error> {
        self.inner.delete(name, revision)
    }

    fn get(&self, name: &str, revision: i64) -> Result<Release, Error> {
        let release = self.inner.get(name, revision)?;
        self.ecs.with(|session| session.remember(&release));
        Ok(release)
    }

    fn query(&self, query: &Query) -> Result<Found, Error> {
        let found = self.inner.query(query)?;
        self.ecs.with(|session| {
            for release in &found.releases {
                session.remember(release);
            }
        });
        Ok(found)
    }
}
