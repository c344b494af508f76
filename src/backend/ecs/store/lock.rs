//! Who works on a release: an object beside its records, which ends by itself when its holder is gone.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

use super::State;
use super::place::{Put, Version};
use crate::diag::{Error, Kind};

/// How a release is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOptions {
    /// Who takes it, for others to read: a user and a machine, or a job.
    pub owner: String,
    /// What for: `upgrade`.
    pub operation: String,
    /// How long it holds unless it is renewed.
    pub lasts: Duration,
    /// Whether to take it from whoever has it.
    pub force: bool,
}

impl Default for LockOptions {
    fn default() -> LockOptions {
        LockOptions {
            owner: String::new(),
            operation: String::new(),
            lasts: Duration::from_secs(900),
            force: false,
        }
    }
}

/// What stands in a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What tells one lock from another.
    id: String,
    /// Who took it.
    pub owner: String,
    /// What for.
    pub operation: String,
    /// When, in seconds since 1970.
    pub time: u64,
    /// How many seconds it holds from then on.
    pub ttl: u64,
}

impl Held {
    fn ends(&self) -> u64 {
        self.time.saturating_add(self.ttl)
    }

    /// Whether it holds.
    pub fn is_valid(&self) -> bool {
        now() < self.ends()
    }

    /// Who has it, in a line.
    fn describe(&self) -> String {
        let owner = match self.owner.as_str() {
            "" => "somebody",
            owner => owner,
        };
        let operation = match self.operation.as_str() {
            "" => "work",
            operation => operation,
        };
        let age = now().saturating_sub(self.time);
        let rest = self.ends().saturating_sub(now());
        format!(
            "{owner} began its {operation} {} ago, and the lock ends by itself in {}",
            span(age),
            span(rest)
        )
    }
}

/// A length of time as people read it.
fn span(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, _) => format!("{hours}h{minutes}m"),
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// A release that nobody else works on, until this is dropped.
pub struct Lock<'a> {
    state: &'a State,
    key: String,
    held: Mutex<Option<(Held, Version)>>,
}

impl State {
    fn lock_key(&self, namespace: &str, name: &str) -> String {
        format!("{}/lock", self.folder(namespace, name))
    }

    /// Who works on a release; nothing where nobody does.
    ///
    /// # Errors
    /// Whatever the place says, and a lock that cannot be read.
    pub fn holder(&self, namespace: &str, name: &str) -> Result<Option<Held>, Error> {
        let found = self.place.read(&self.lock_key(namespace, name))?;
        let Some((bytes, _)) = found else {
            return Ok(None);
        };
        Ok(Some(read(&bytes)).filter(Held::is_valid))
    }

    /// Takes a release for oneself. A lock that has ended, or is not to be respected, is taken over.
    ///
    /// # Errors
    /// [`Kind::Conflict`]: somebody works on it; and whatever the place says.
    pub fn lock(
        &self,
        namespace: &str,
        name: &str,
        options: &LockOptions,
    ) -> Result<Lock<'_>, Error> {
        let key = self.lock_key(namespace, name);
        let mut random = [0; 16];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| Error::new(Kind::Io, "the system gives no random numbers"))?;
        let held = Held {
            id: random.iter().map(|byte| format!("{byte:02x}")).collect(),
            owner: options.owner.clone(),
            operation: options.operation.clone(),
            time: now(),
            ttl: options.lasts.as_secs(),
        };
        let taken = |version| Lock {
            state: self,
            key: key.clone(),
            held: Mutex::new(Some((held.clone(), version))),
        };
        if let Put::Done(version) = self.place.create(&key, write(&held)?)? {
            return Ok(taken(version));
        }
        let others = match self.place.read(&key)? {
            // It was given back in between.
            None => match self.place.create(&key, write(&held)?)? {
                Put::Done(version) => return Ok(taken(version)),
                Put::Late => None,
            },
            Some((bytes, version)) => {
                let other = read(&bytes);
                if options.force || !other.is_valid() {
                    match self.place.replace(&key, write(&held)?, &version)? {
                        Put::Done(version) => return Ok(taken(version)),
                        Put::Late => None,
                    }
                } else {
                    Some(other)
                }
            }
        };
        let others = match others {
            Some(other) => Some(other),
            None => self.place.read(&key)?.map(|(bytes, _)| read(&bytes)),
        };
        let who = others.map_or_else(|| "somebody was faster".to_owned(), |it| it.describe());
        let message = format!("release {name:?} in namespace {namespace:?} is locked: {who}");
        let hint = "Wait until it is done; where it is sure that nobody works on it any more, `--force-unlock` takes the lock over.";
        Err(Error::new(Kind::Conflict, message).with_hint(hint))
    }
}

/// What stands in a lock; one that cannot be read is nobody's, and has ended.
fn read(bytes: &[u8]) -> Held {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Held {
        id: String::new(),
        owner: String::new(),
        operation: String::new(),
        time: 0,
        ttl: 0,
    })
}

fn write(held: &Held) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(held).map_err(|error| Error::new(Kind::Record, error.to_string()))
}

impl Lock<'_> {
    /// Lets it hold from now on again.
    ///
    /// # Errors
    /// [`Kind::Conflict`]: it ended, or was taken over; and whatever the place says.
    pub fn renew(&self) -> Result<(), Error> {
        let mut known = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = || {
            let message = "somebody else has taken the lock of this release over";
            Error::new(Kind::Conflict, message)
        };
        let Some((held, version)) = known.as_mut() else {
            return Err(lost());
        };
        let renewed = Held {
            time: now(),
            ..held.clone()
        };
        match self
            .state
            .place
            .replace(&self.key, write(&renewed)?, version)?
        {
            Put::Done(now) => {
                (*held, *version) = (renewed, now);
                Ok(())
            }
            Put::Late => {
                *known = None;
                Err(lost())
            }
        }
    }

    /// Gives it back; one that others have taken over is left to them.
    ///
    /// # Errors
    /// Whatever the place says.
    pub fn release(self) -> Result<(), Error> {
        self.give_back()
    }

    fn give_back(&self) -> Result<(), Error> {
        let known = self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some((held, _)) = known else {
            return Ok(());
        };
        let is_own = self
            .state
            .place
            .read(&self.key)?
            .is_some_and(|(bytes, _)| read(&bytes).id == held.id);
        if is_own {
            self.state.place.remove(&self.key)?;
        }
        Ok(())
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // It ends by itself, if it cannot be given back.
        let _ = self.give_back();
    }
}
