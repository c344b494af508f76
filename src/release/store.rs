//! Where records are kept (`pkg/storage/driver`, Helm 4.2.4).

use super::Release;
use crate::diag::Error;

/// Which records are wanted; all that Helm owns where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Of the release of this name.
    pub name: Option<String>,
    /// In this state.
    pub status: Option<super::Status>,
}

/// A place for records of one namespace, or of all of them.
pub trait Store: Send + Sync {
    /// Adds the record of a new revision.
    ///
    /// # Errors
    /// [`Kind::Conflict`](crate::diag::Kind::Conflict) `release: already exists`, and whatever the
    /// place says.
    fn create(&self, release: &Release) -> Result<(), Error>;

    /// Whether the place can hold the record of a release at all, before anything is changed for it.
    ///
    /// # Errors
    /// A record that is too large, in the words of [`Store::create`].
    fn check(&self, release: &Release) -> Result<(), Error> {
        let _ = release;
        Ok(())
    }

    /// Replaces the record of a revision.
    ///
    /// # Errors
    /// Whatever the place says.
    fn update(&self, release: &Release) -> Result<(), Error>;

    /// Takes the record of a revision away.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::diag::Kind::NotFound) `release: not found`, and whatever the place
    /// says.
    fn delete(&self, name: &str, revision: i64) -> Result<(), Error>;

    /// The record of a revision, with the labels that users gave.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::diag::Kind::NotFound) `release: not found`,
    /// [`Kind::Record`](crate::diag::Kind::Record) for damaged ones, and whatever the place says.
    fn get(&self, name: &str, revision: i64) -> Result<Release, Error>;

    /// All records that are wanted, with all of their labels; damaged ones are left out. `None`
    /// where there is not one, not even a damaged one.
    ///
    /// # Errors
    /// Whatever the place says.
    fn query(&self, query: &Query) -> Result<Option<Vec<Release>>, Error>;
}

/// Name of the object that holds the record of a revision.
pub fn key(name: &str, revision: i64) -> String {
    format!("sh.helm.release.v1.{name}.v{revision}")
}

/// Labels that storage sets itself.
pub const SYSTEM_LABELS: [&str; 6] = [
    "name",
    "owner",
    "status",
    "version",
    "createdAt",
    "modifiedAt",
];
