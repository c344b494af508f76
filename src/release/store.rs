//! Where records are kept (`pkg/storage/driver`, Helm 4.2.4).

use std::borrow::Cow;

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

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The object that holds it: `Secret shop/sh.helm.release.v1.web.v2`.
    pub object: String,
    /// The release, as its labels say.
    pub name: String,
    /// The revision, likewise; 0 where they do not say.
    pub revision: i64,
    /// The state, likewise.
    pub status: String,
    /// What is wrong with it.
    pub why: String,
    /// What can be done about it.
    pub way_out: String,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}, the record of revision {} of {:?} ({}), is damaged: {}. {}",
            self.object, self.revision, self.name, self.status, self.why, self.way_out
        )
    }
}

/// Records that were found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// With all of their labels.
    pub releases: Vec<Release>,
    /// Those that cannot be read.
    pub damaged: Vec<Damaged>,
}

impl Found {
    /// Whether there is not one, not even a damaged one.
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty() && self.damaged.is_empty()
    }

    /// The number that a new revision gets, which no record has, readable or not; 1 where there is
    /// none.
    pub fn next_revision(&self) -> i64 {
        let damaged = self.damaged.iter().map(|record| record.revision);
        let known = self.releases.iter().map(|release| release.revision);
        damaged.chain(known).max().unwrap_or_default() + 1
    }
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

    /// A release as its record will hold it.
    fn recorded<'r>(&self, release: &'r Release) -> Cow<'r, Release> {
        Cow::Borrowed(release)
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

    /// All records that are wanted.
    ///
    /// # Errors
    /// Whatever the place says.
    fn query(&self, query: &Query) -> Result<Found, Error>;
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
