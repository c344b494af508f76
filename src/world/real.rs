//! The world as it is: the clock, randomness, variables, DNS; each can be pinned.

use std::collections::BTreeMap;
use std::net::ToSocketAddrs;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use rsa::rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};

use super::{Objects, World};
use crate::value::Frozen;

/// The world as it is; or as a run that is to be repeatable wants it: with a fixed time, with
/// randomness that follows from a seed, with objects of a cluster that is not asked.
#[derive(Default)]
pub struct Real {
    now: Option<SystemTime>,
    stream: Option<Mutex<Stream>>,
    objects: Option<Objects>,
    variables: Option<BTreeMap<String, String>>,
    time_zone: Option<String>,
}

impl Real {
    /// The world as it is, without a cluster.
    pub fn new() -> Real {
        Real::default()
    }

    /// Stops the clock.
    #[must_use]
    pub fn with_now(mut self, now: SystemTime) -> Real {
        self.now = Some(now);
        self
    }

    /// Makes randomness follow from `seed`. Keys that come of it are no secret.
    #[must_use]
    pub fn with_seed(mut self, seed: &str) -> Real {
        self.stream = Some(Mutex::new(Stream::new(seed)));
        self
    }

    /// Answers look-ups from `objects`, which are Kubernetes objects or lists of them.
    #[must_use]
    pub fn with_objects(mut self, objects: Vec<Frozen>) -> Real {
        self.objects = Some(Objects::new(objects));
        self
    }

    /// Replaces the environment.
    #[must_use]
    pub fn with_variables(mut self, variables: BTreeMap<String, String>) -> Real {
        self.variables = Some(variables);
        self
    }

    /// Sets the local time zone, by its IANA name.
    #[must_use]
    pub fn with_time_zone(mut self, name: impl Into<String>) -> Real {
        self.time_zone = Some(name.into());
        self
    }
}

impl World for Real {
    #[expect(
        clippy::disallowed_methods,
        reason = "world is where the environment is read"
    )]
    fn variable(&self, name: &str) -> Option<String> {
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        if let Some(variables) = &self.variables {
            return variables.get(name).cloned();
        }
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn now(&self) -> SystemTime {
        self.now.unwrap_or_else(SystemTime::now)
    }

    fn time_zone(&self) -> String {
        if let Some(zone) = &self.time_zone {
            return zone.clone();
        }
        if let Some(zone) = self.variable("TZ") {
            let zone = zone.strip_prefix(':').unwrap_or(&zone);
            let zone = zone.rsplit("zoneinfo/").next().unwrap_or(zone);
            return if zone.is_empty() { "UTC" } else { zone }.to_owned();
        }
        std::fs::read_link("/etc/localtime")
            .ok()
            .and_then(|path| {
                let path = path.to_str()?;
                Some(path.split_once("zoneinfo/")?.1.to_owned())
            })
            .unwrap_or_else(|| "UTC".to_owned())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        match &self.stream {
            Some(stream) => stream
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill(bytes),
            None => OsRng.fill_bytes(bytes),
        }
    }

    fn resolve_host(&self, name: &str) -> Vec<String> {
        let Ok(addresses) = (name, 0).to_socket_addrs() else {
            return Vec::new();
        };
        let mut found: Vec<String> = Vec::new();
        for address in addresses {
            let address = address.ip().to_string();
            if !found.contains(&address) {
                found.push(address);
            }
        }
        found
    }

    fn look_up(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Frozen>, String> {
        let objects = self.objects.as_ref();
        Ok(objects.and_then(|objects| objects.look_up(api_version, kind, namespace, name)))
    }
}

/// Endless bytes: SHA-256 of the seed's digest and an eight-byte counter (little-endian, from 0),
/// block after block.
struct Stream {
    seed: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl Stream {
    fn new(seed: &str) -> Stream {
        Stream {
            seed: Sha256::digest(seed.as_bytes()).into(),
            counter: 0,
            block: [0; 32],
            used: 32,
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.used == self.block.len() {
                let mut hash = Sha256::new();
                hash.update(self.seed);
                hash.update(self.counter.to_le_bytes());
                self.block = hash.finalize().into();
                self.counter += 1;
                self.used = 0;
            }
            *byte = self.block[self.used];
            self.used += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::value::{FrozenMap, Text};

    fn bytes(world: &Real, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        world.fill_random(&mut bytes);
        bytes
    }

    #[test]
    fn a_seed_makes_randomness_repeatable_however_it_is_taken() {
        let (one, two) = (Real::new().with_seed("x"), Real::new().with_seed("x"));
        let whole = bytes(&one, 100);
        let parts = [bytes(&two, 1), bytes(&two, 40), bytes(&two, 59)].concat();
        assert_eq!(whole, parts);
        assert_ne!(whole, bytes(&Real::new().with_seed("y"), 100));
        assert_ne!(bytes(&Real::new(), 32), bytes(&Real::new(), 32));
    }

    #[test]
    fn look_ups_find_objects_by_kind_namespace_and_name() {
        let object = |kind: &str, namespace: Option<&str>, name: &str| {
            let mut metadata = FrozenMap::from([(Text::from("name"), Frozen::string(name))]);
            if let Some(namespace) = namespace {
                metadata.insert("namespace".into(), Frozen::string(namespace));
            }
            Frozen::Map(Arc::new(FrozenMap::from([
                (Text::from("apiVersion"), Frozen::string("v1")),
                (Text::from("kind"), Frozen::string(kind)),
                (Text::from("metadata"), Frozen::Map(Arc::new(metadata))),
            ])))
        };
        let list = Frozen::Map(Arc::new(FrozenMap::from([
            (Text::from("kind"), Frozen::string("List")),
            (
                Text::from("items"),
                Frozen::List(Arc::new(vec![
                    object("Secret", Some("a"), "s"),
                    object("Secret", Some("b"), "s"),
                ])),
            ),
        ])));
        let world = Real::new().with_objects(vec![list, object("Namespace", None, "a")]);
        for (kind, namespace, name, want) in [
            ("Secret", "a", "s", true),
            ("Secret", "c", "s", false),
            ("Secret", "a", "t", false),
            ("Namespace", "", "a", true),
        ] {
            let found = world.look_up("v1", kind, namespace, name).unwrap();
            assert_eq!(found.is_some(), want, "{kind} {namespace}/{name}");
        }
        for (namespace, want) in [("", 2), ("a", 1), ("c", 0)] {
            let found = world
                .look_up("v1", "Secret", namespace, "")
                .unwrap()
                .unwrap();
            assert_eq!(found.get("items").unwrap().as_list().unwrap().len(), want);
            assert_eq!(found.get("kind").unwrap().as_text().unwrap(), &"SecretList");
        }
        assert_eq!(Real::new().look_up("v1", "Secret", "", ""), Ok(None));
    }
}
