//! Records that live as long as the process (`pkg/storage/driver/memory.go`, Helm 4.2.4).

use std::sync::{Mutex, PoisonError};

use super::history::not_found;
use super::{Found, Query, Release, Store};
use crate::diag::{Error, Kind};

/// Records of all namespaces.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Vec<Release>>);

impl Memory {
    /// Records to begin with.
    pub fn new(records: Vec<Release>) -> Memory {
        Memory(Mutex::new(records))
    }

    /// The records of a namespace, or of all where it is empty.
    pub fn seen_from(&self, namespace: &str) -> View<'_> {
        View {
            memory: self,
            namespace: namespace.to_owned(),
        }
    }
}

/// Records, as one namespace sees them.
#[derive(Debug)]
pub struct View<'a> {
    memory: &'a Memory,
    namespace: String,
}

impl View<'_> {
    fn sees(&self, release: &Release) -> bool {
        let namespace = match release.namespace.as_str() {
            "" => "default",
            named => named,
        };
        self.namespace.is_empty() || self.namespace == namespace
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Release>) -> T) -> T {
        let records = self.memory.0.lock();
        act(&mut records.unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, records: &[Release], name: &str, revision: i64) -> Result<usize, Error> {
        let is_it = |release: &Release| {
            release.name == name && release.revision == revision && self.sees(release)
        };
        records.iter().position(is_it).ok_or_else(not_found)
    }
}

impl Store for View<'_> {
    fn create(&self, release: &Release) -> Result<(), Error> {
        self.with(|records| {
            if self.find(records, &release.name, release.revision).is_ok() {
                return Err(Error::new(Kind::Conflict, "release: already exists"));
            }
            records.push(release.clone());
            Ok(())
        })
    }

    fn update(&self, release: &Release) -> Result<(), Error> {
        self.with(|records| {
            let at = self.find(records, &release.name, release.revision)?;
            records[at] = release.clone();
            Ok(())
        })
    }

    fn delete(&self, name: &str, revision: i64) -> Result<(), Error> {
        self.with(|records| {
            let at = self.find(records, name, revision)?;
            records.remove(at);
            Ok(())
        })
    }

    fn get(&self, name: &str, revision: i64) -> Result<Release, Error> {
        self.with(|records| {
            let at = self.find(records, name, revision)?;
            Ok(records[at].clone())
        })
    }

    fn query(&self, query: &Query) -> Result<Found, Error> {
        let wanted = |release: &&Release| {
            self.sees(release)
                && query.name.as_ref().is_none_or(|name| *name == release.name)
                && query
                    .status
                    .is_none_or(|status| status == release.info.status)
        };
        Ok(Found {
            releases: self.with(|records| records.iter().filter(wanted).cloned().collect()),
            damaged: Vec::new(),
        })
    }
}
