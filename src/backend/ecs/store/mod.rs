//! Records of releases on ECS: what Helm would put into a Secret, with what became of it on ECS, as
//! objects `<account>/<region>/<cluster>/<namespace>/<release>/v<N>` of a bucket or a folder, and a lock
//! beside them.
//!
//! Every write has a condition: a record that is new must not be there, and one that changes must be as
//! it was read, so that two who work at one time hear of each other.

mod lock;
mod place;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

pub use lock::{Held, Lock, LockOptions};
pub use place::Location;
use place::{Place, Put, Version};

use crate::diag::{Error, Kind};
use crate::net::aws::Api;
use crate::release::{self, Damaged, Found, Query, Release, Store, history};
use crate::value::Frozen;

/// The cluster whose releases are recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The number of the account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The name of the cluster, or its ARN.
    pub cluster: String,
}

/// The records of a cluster.
pub struct State {
    place: Place,
    scope: String,
    /// What records were like when they were read or written.
    seen: Mutex<BTreeMap<String, Version>>,
    /// What goes into records as their part of ECS, by the names of their objects.
    parts: Mutex<BTreeMap<String, Frozen>>,
}

impl State {
    /// Opens the place; a bucket is asked with the keys of `api`, from the first use on.
    ///
    /// # Errors
    /// A folder that is not there; a bucket without an `api`, or without a region.
    pub fn open(location: &Location, scope: &Scope, api: Option<&Api>) -> Result<State, Error> {
        let cluster = scope.cluster.rsplit('/').next().unwrap_or_default();
        Ok(State {
            place: Place::open(location, api)?,
            scope: format!("{}/{}/{cluster}", scope.account, scope.region),
            seen: Mutex::default(),
            parts: Mutex::default(),
        })
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        self.place.location()
    }

    /// Whether it can be read at all.
    ///
    /// # Errors
    /// It is not there, or may not be read.
    pub fn check(&self) -> Result<(), Error> {
        self.place.list(&format!("{}/.check", self.scope)).map(drop)
    }

    /// The records of a namespace, or of all where it is empty.
    pub fn records(&self, namespace: &str) -> Records<'_> {
        Records {
            state: self,
            namespace: namespace.to_owned(),
        }
    }

    /// Says what the record of a revision has as its part of ECS ([`Release::ecs`]) whenever it is written
    /// from here on: who orders the work knows nothing of ECS.
    pub fn attach(&self, namespace: &str, name: &str, revision: i64, part: Frozen) {
        let key = self.key(namespace, name, revision);
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(key, part);
    }

    fn folder(&self, namespace: &str, name: &str) -> String {
        let namespace = match namespace {
            "" => "default",
            named => named,
        };
        format!("{}/{namespace}/{name}", self.scope)
    }

    fn key(&self, namespace: &str, name: &str, revision: i64) -> String {
        format!("{}/v{revision}", self.folder(namespace, name))
    }

    fn see(&self, key: &str, version: Option<Version>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match version {
            Some(version) => seen.insert(key.to_owned(), version),
            None => seen.remove(key),
        };
    }

    fn seen(&self, key: &str) -> Option<Version> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).cloned()
    }

    /// A record as it is stored.
    fn encode(&self, key: &str, release: &Release) -> Result<Vec<u8>, Error> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        match parts.get(key) {
            None => release::compress(release),
            Some(part) => release::compress(&Release {
                ecs: part.clone(),
                ..release.clone()
            }),
        }
    }
}

/// Records, as one namespace sees them.
pub struct Records<'a> {
    state: &'a State,
    namespace: String,
}

impl Records<'_> {
    /// The namespace that a release is recorded in: the one that is seen from, or its own.
    fn namespace_of<'r>(&'r self, release: &'r Release) -> &'r str {
        match release.namespace.as_str() {
            "" => &self.namespace,
            own => own,
        }
    }

    fn damaged(&self, key: &str, error: &Error) -> Damaged {
        let (_, name, revision) = split(&self.state.scope, key).unwrap_or_default();
        let location = self.state.location();
        Damaged {
            object: format!("{location}/{key}"),
            name: name.to_owned(),
            revision,
            status: String::new(),
            why: error.message().to_owned(),
            way_out: "Bring an older version of the object back, or remove it.".to_owned(),
        }
    }
}

impl Store for Records<'_> {
    fn create(&self, release: &Release) -> Result<(), Error> {
        let namespace = self.namespace_of(release);
        let key = self.state.key(namespace, &release.name, release.revision);
        let bytes = self.state.encode(&key, release)?;
        match self.state.place.create(&key, bytes)? {
            Put::Done(version) => {
                self.state.see(&key, Some(version));
                Ok(())
            }
            Put::Late => Err(Error::new(Kind::Conflict, "release: already exists")),
        }
    }

    fn update(&self, release: &Release) -> Result<(), Error> {
        let namespace = self.namespace_of(release);
        let key = self.state.key(namespace, &release.name, release.revision);
        let seen = match self.state.seen(&key) {
            Some(seen) => seen,
            None => match self.state.place.read(&key)? {
                Some((_, version)) => version,
                None => return Err(history::not_found()),
            },
        };
        let bytes = self.state.encode(&key, release)?;
        match self.state.place.replace(&key, bytes, &seen)? {
            Put::Done(version) => {
                self.state.see(&key, Some(version));
                Ok(())
            }
            Put::Late => {
                let message = format!(
                    "the record of revision {} of {:?} was changed by somebody else since it was read",
                    release.revision, release.name
                );
                let hint = "`pintle history` shows how the release stands now.";
                Err(Error::new(Kind::Conflict, message).with_hint(hint))
            }
        }
    }

    fn delete(&self, name: &str, revision: i64) -> Result<(), Error> {
        let key = self.state.key(&self.namespace, name, revision);
        self.state.see(&key, None);
        match self.state.place.remove(&key)? {
            true => Ok(()),
            false => Err(history::not_found()),
        }
    }

    fn get(&self, name: &str, revision: i64) -> Result<Release, Error> {
        let key = self.state.key(&self.namespace, name, revision);
        let Some((bytes, version)) = self.state.place.read(&key)? else {
            return Err(history::not_found());
        };
        let release = release::decompress(&bytes).map_err(|error| {
            let damaged = self.damaged(&key, &error);
            error.with_hint(damaged.to_string())
        })?;
        self.state.see(&key, Some(version));
        Ok(release)
    }

    fn query(&self, query: &Query) -> Result<Found, Error> {
        let scope = &self.state.scope;
        let below = match (self.namespace.as_str(), &query.name) {
            ("", _) => scope.clone(),
            (namespace, None) => format!("{scope}/{namespace}"),
            (namespace, Some(name)) => self.state.folder(namespace, name),
        };
        let mut names = self.state.place.list(&below)?;
        names.retain(|key| {
            split(scope, key)
                .is_some_and(|(_, name, _)| query.name.as_ref().is_none_or(|wanted| wanted == name))
        });
        let mut found = Found::default();
        for (key, bytes, version) in self.state.place.read_all(&names)? {
            match release::decompress(&bytes) {
                Ok(release) => {
                    self.state.see(&key, Some(version));
                    let is_wanted = query
                        .status
                        .is_none_or(|status| status == release.info.status);
                    found.releases.extend(is_wanted.then_some(release));
                }
                Err(error) if query.status.is_none() => {
                    found.damaged.push(self.damaged(&key, &error));
                }
                Err(_) => {}
            }
        }
        found.releases.sort_by(|a, b| {
            let key = |release: &Release| (release.namespace.clone(), release.name.clone());
            (key(a), a.revision).cmp(&(key(b), b.revision))
        });
        Ok(found)
    }
}

/// Namespace, name and revision of the record that an object holds.
fn split<'k>(scope: &str, key: &'k str) -> Option<(&'k str, &'k str, i64)> {
    let rest = key.strip_prefix(scope)?.strip_prefix('/')?;
    let mut parts = rest.split('/');
    let (namespace, name, last) = (parts.next()?, parts.next()?, parts.next()?);
    let revision = last.strip_prefix('v')?.parse().ok()?;
    parts
        .next()
        .is_none()
        .then_some((namespace, name, revision))
}
