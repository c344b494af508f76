//! A cluster of Amazon ECS that releases are brought to.
//!
//! A resource of the desired document is an object of `ecs.pintle.dev/v1`, so that whoever orders the work
//! knows nothing of ECS. What is there is read, brought into a normal form, and compared three ways; what
//! differs is written, and nothing else. Tags say whose a resource is, and what a task definition was made
//! of, so that the same content never becomes a second revision.

mod account;
mod address;
mod backend;
mod clock;
mod compare;
mod deploy;
mod health;
mod keeper;
mod kind;
mod live;
mod logs;
mod normal;
mod object;
mod plan;
mod prune;
mod reason;
mod record;
mod session;
mod tag;
mod task;
mod upkeep;
mod wait;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub use clock::Pace;
pub use upkeep::{
    Check, Decision, Entrance, ExecOptions, Finish, Found, Group, Images, Listener, Revision,
    RunOptions, Size, Started, Subject, Subnet, Used, Verdict, Which,
};

use self::account::Account;
use self::clock::Clock;
use self::kind::{Around, Owner, Secrets};
use self::record::{Outcomes, Part};
use self::session::{Converter, Plan, Session};
use super::config::Config;
use super::store::{Location, Lock, LockOptions, Scope, State};
use crate::backend::Object;
use crate::diag::{Error, Kind};
use crate::net::aws::{Api, Options};
use crate::release::{self, Release};

/// What becomes of something that would have to be made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replacement {
    /// The change is refused.
    #[default]
    Refused,
    /// It is taken away and made anew.
    Allowed,
}

/// What becomes of log groups that are not wanted any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogGroups {
    /// They stay, with what was written.
    #[default]
    Kept,
    /// They go.
    Deleted,
}

/// What becomes of deployments that are not done in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Late {
    /// They go on.
    #[default]
    Left,
    /// They are taken back.
    RolledBack,
}

/// What becomes of deployments that wait for somebody to decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gates {
    /// They wait.
    #[default]
    Kept,
    /// They go on.
    Opened,
}

/// What becomes of a lock that somebody else holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locks {
    /// It is respected.
    #[default]
    Respected,
    /// It is taken over.
    Taken,
}

/// How a cluster is worked on.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What the account has.
    pub config: Config,
    /// How Amazon's services are asked.
    pub api: Options,
    /// Namespace of releases that name none.
    pub namespace: String,
    /// The day, for findings that are allowed until one; empty where that is not known.
    pub today: String,
    /// Who works, for others who find a lock.
    pub by: String,
    /// What becomes of something that would have to be made anew.
    pub replacement: Replacement,
    /// What becomes of log groups.
    pub log_groups: LogGroups,
    /// What becomes of deployments that are not done in time.
    pub late: Late,
    /// What becomes of deployments that wait for somebody.
    pub gates: Gates,
    /// What becomes of locks of others.
    pub locks: Locks,
    /// How often it is looked.
    pub pace: Pace,
    /// How many revisions of a family of task definitions are kept; 0 for all.
    pub history: usize,
}

impl Settings {
    /// How Amazon's services are asked, where the configuration lets anything be done.
    pub fn asking(&self) -> Options {
        let mut options = self.api.clone();
        let config = &self.config;
        let allowed = &mut options.allowed;
        allowed
            .accounts
            .extend(config.allowed_accounts.iter().cloned());
        allowed
            .regions
            .extend(config.allowed_regions.iter().cloned());
        allowed
            .clusters
            .extend(config.allowed_clusters.iter().cloned());
        options
    }
}

/// Told of findings.
pub type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// A cluster.
pub struct Ecs {
    account: Account,
    settings: Settings,
    clock: Clock,
    tell: Tell,
    state: OnceLock<Records>,
    session: Mutex<Session>,
    /// The lock of the release that is worked on.
    lock: Mutex<Option<Held>>,
    count: AtomicU64,
    /// What makes runs of one program differ from those of another.
    origin: u64,
}

/// Where records are.
enum Records {
    Kept(&'static State),
    /// Only as long as the process lives: tags are all that is kept.
    Forgotten(release::Memory),
}

struct Held {
    namespace: String,
    name: String,
    lock: Lock<'static>,
}

impl Ecs {
    /// A cluster of which nothing is asked yet; `tell` hears what conversions find.
    pub fn new(settings: Settings, tell: Tell) -> Ecs {
        Ecs::over(Arc::new(Api::new(settings.asking())), settings, tell)
    }

    /// The same, by a client that others use, too: one that was made with [`Settings::asking`] of such
    /// settings.
    pub fn over(api: Arc<Api>, settings: Settings, tell: Tell) -> Ecs {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Ecs {
            account: Account {
                api,
                config: settings.config.clone(),
            },
            clock: Clock::new(settings.pace),
            settings,
            tell,
            state: OnceLock::new(),
            session: Mutex::default(),
            lock: Mutex::default(),
            count: AtomicU64::new(0),
            origin: since.map_or(0, |since| {
                u64::try_from(since.as_nanos()).unwrap_or_default()
            }),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Session) -> T) -> T {
        act(&mut self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A number that no run had before.
    fn count(&self) -> String {
        format!(
            "{}-{}",
            self.origin,
            self.count.fetch_add(1, Ordering::Relaxed)
        )
    }

    fn convert<T>(&self, act: impl FnOnce(&mut Session, &Converter<'_>) -> T) -> T {
        let tell = |line: &str| (self.tell)(line);
        let converter = Converter {
            config: &self.account.config,
            today: &self.settings.today,
            tell: &tell,
        };
        self.with(|session| act(session, &converter))
    }

    /// The plan of the release that is worked on.
    fn plan(&self) -> Result<Option<Arc<Plan>>, Error> {
        self.convert(|session, converter| session.plan(converter))
    }

    fn secrets(&self) -> Secrets {
        self.with(|session| session.secrets())
    }

    fn outcomes(&self) -> Outcomes {
        self.with(|session| session.outcomes.clone())
    }

    fn remember(&self, outcomes: Outcomes) {
        self.with(|session| session.outcomes = outcomes);
    }

    /// The release that objects belong to: the one that they name, or that is worked on.
    fn owner_of<'o>(&self, objects: impl IntoIterator<Item = &'o Object>) -> Owner {
        let expected = self.with(|session| session.expected.as_ref().map(|it| it.owner.clone()));
        if let Some(owner) = expected {
            return owner;
        }
        let named = objects.into_iter().find_map(object::owner);
        named.unwrap_or_else(|| Owner {
            namespace: self.settings.namespace.clone(),
            ..Owner::default()
        })
    }

    fn around<'a>(&'a self, owner: &'a Owner, secrets: &'a Secrets) -> Around<'a> {
        Around {
            account: &self.account,
            owner,
            secrets,
            clock: &self.clock,
        }
    }

    /// The number of the account, which has to be the one that the configuration names.
    fn number(&self) -> Result<String, Error> {
        let caller = self.account.api.caller()?;
        match &self.account.config.account {
            Some(wanted) if *wanted != caller.account => {
                let message = format!(
                    "the keys are those of account {}, and `ecs.account` is {wanted}: nothing was changed",
                    caller.account
                );
                let hint = format!(
                    "They belong to {}: choose another profile, or correct the configuration.",
                    caller.arn
                );
                Err(Error::new(Kind::Usage, message).with_hint(hint))
            }
            _ => Ok(caller.account),
        }
    }

    /// Where records are.
    fn records(&self) -> Result<&Records, Error> {
        if let Some(known) = self.state.get() {
            return Ok(known);
        }
        let text = self.account.config.state.clone().unwrap_or_default();
        let records = match text.trim() {
            "none" => Records::Forgotten(release::Memory::new(Vec::new())),
            text => {
                let location = Location::parse(text)?;
                let scope = Scope {
                    account: self.number()?,
                    region: self.account.api.region()?,
                    cluster: self.account.cluster().to_owned(),
                };
                let state = State::open(&location, &scope, Some(&*self.account.api))?;
                // It lives as long as the process: a command has one.
                Records::Kept(Box::leak(Box::new(state)))
            }
        };
        Ok(self.state.get_or_init(|| records))
    }

    /// Takes a release for ourselves, unless we have it.
    fn lock(&self, release: &Release, operation: &str) -> Result<(), Error> {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |held: &Held| held.name == release.name && held.namespace == release.namespace;
        if held.as_ref().is_some_and(is_it) {
            return Ok(());
        }
        let Records::Kept(state) = self.records()? else {
            return Ok(());
        };
        let options = LockOptions {
            owner: self.settings.by.clone(),
            operation: operation.to_owned(),
            force: self.settings.locks == Locks::Taken,
            ..LockOptions::default()
        };
        *held = Some(Held {
            namespace: release.namespace.clone(),
            name: release.name.clone(),
            lock: state.lock(&release.namespace, &release.name, &options)?,
        });
        Ok(())
    }

    /// Gives a release back.
    fn unlock(&self, release: &Release) {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |held: &Held| held.name == release.name && held.namespace == release.namespace;
        if held.as_ref().is_some_and(is_it) {
            *held = None;
        }
    }

    /// Says that we are still at work.
    fn renew(&self) {
        let held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.as_ref() {
            // Who took it over is found out by the next write of the record.
            let _ = held.lock.renew();
        }
    }

    /// Says what the record of a release has of ECS.
    fn attach(&self, release: &Release) -> Result<(), Error> {
        let is_worked_on = self.with(|session| {
            let expected = session.expected.as_ref();
            expected.is_some_and(|it| {
                it.owner.name == release.name
                    && it.owner.namespace == release.namespace
                    && it.owner.revision == release.revision
            })
        });
        let (true, Records::Kept(state)) = (is_worked_on, self.records()?) else {
            return Ok(());
        };
        let Some(plan) = self.plan()? else {
            return Ok(());
        };
        let part = Part {
            plan: plan.resources.clone(),
            stays: plan.stays.clone(),
            outcomes: self.outcomes(),
        };
        state.attach(
            &release.namespace,
            &release.name,
            release.revision,
            part.to_frozen(),
        );
        Ok(())
    }

    /// The addresses that a release can be reached at.
    fn addresses(&self) -> Result<Vec<String>, Error> {
        let Some(plan) = self.plan()? else {
            return Ok(Vec::new());
        };
        let owner = self.owner_of(std::iter::empty::<&Object>());
        let secrets = Secrets::new();
        let around = self.around(&owner, &secrets);
        let listeners = plan
            .resources
            .iter()
            .filter(|it| it.kind == "elbv2:Listener");
        let listeners: Vec<_> = listeners.cloned().collect();
        let known = match listeners.is_empty() {
            true => BTreeMap::new(),
            false => plan::Survey::of(&listeners, around)?.known,
        };
        address::of(&plan.resources, &known, around)
    }
}
