//! Kubernetes: an API server, asked as Helm 4.2.4 asks it (`pkg/kube`).

mod apply;
mod build;
mod config;
mod connection;
mod contest;
mod credential;
mod discovery;
mod exec;
mod failure;
mod health;
mod logs;
mod lookup;
mod managed;
mod merge;
mod path;
mod preview;
mod protobuf;
mod resources;
mod store;
mod stream;
mod token;
mod user;

mod wait;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

pub use config::{Proxies, Settings};
pub use store::Driver;

use super::contest::Contested;
use super::{
    Apply, Backend, Budget, Cancel, Cascade, Change, Changes, Context, Form, Health, Jobs, Key,
    Log, LogLine, LogOptions, Object, Strategy,
};
use crate::chart::Capabilities;
use crate::diag::{Error, Notice};
use crate::go::time::{Time, Zone};
use crate::kubernetes::readiness::kstatus;
use crate::release::{Damaged, Store};
use crate::value::Frozen;
use crate::world::World;
use apply::Writer;
use connection::Connection;
use discovery::Discovery;
use wait::Waiter;

/// Told of warnings that API servers send.
pub type Warn = Arc<dyn Fn(&str) + Send + Sync>;

/// Told of records that cannot be read.
pub type Tell = Arc<dyn Fn(&Damaged) + Send + Sync>;

/// A cluster.
pub struct Kube {
    connection: Arc<Connection>,
    discovery: Arc<Discovery>,
    /// The namespace of the release.
    namespace: String,
    driver: Driver,
    world: Arc<dyn World>,
    warn: Warn,
    budget: Option<Budget>,
    damaged: Tell,
}

impl Kube {
    /// A cluster that nothing is asked of yet.
    pub fn new(settings: Settings, driver: Driver, world: Arc<dyn World>, warn: Warn) -> Kube {
        Kube {
            namespace: settings.namespace.clone(),
            connection: Arc::new(Connection::new(settings)),
            discovery: Arc::default(),
            driver,
            world,
            warn,
            budget: None,
            damaged: Arc::new(|_| {}),
        }
    }

    /// The same cluster for a release in another namespace: one client, and what is known of kinds.
    #[must_use]
    pub fn within_namespace(&self, namespace: &str) -> Kube {
        Kube {
            connection: Arc::clone(&self.connection),
            discovery: Arc::clone(&self.discovery),
            namespace: namespace.to_owned(),
            driver: self.driver,
            world: Arc::clone(&self.world),
            warn: Arc::clone(&self.warn),
            budget: self.budget,
            damaged: Arc::clone(&self.damaged),
        }
    }

    /// Lets what the cluster says of itself, and of what it serves, count for all releases until
    /// [`Kube::renew`]: only what it serves is asked again once a release changes that.
    #[must_use]
    pub fn shared(self) -> Kube {
        self.discovery.share();
        self
    }

    /// Forgets what the cluster said, for releases that come after others.
    pub fn renew(&self) {
        self.discovery.renew();
    }

    /// Writes objects, some of which may change what is served.
    fn changing<T>(&self, objects: &[&[Object]], act: impl FnOnce(&Writer<'_>) -> T) -> T {
        let done = self.writing(act);
        for objects in objects {
            self.discovery.watch(objects);
        }
        done
    }

    /// Waits end early where they are hopeless, and say why: Helm's do neither.
    #[must_use]
    pub fn within(self, budget: Budget) -> Kube {
        Kube {
            budget: Some(budget),
            ..self
        }
    }

    /// The same cluster, with somebody who is told of records that cannot be read.
    #[must_use]
    pub fn telling(self, damaged: Tell) -> Kube {
        Kube { damaged, ..self }
    }

    fn tell(&self, warnings: &[String]) {
        for warning in warnings {
            (self.warn)(warning);
        }
    }

    fn waiting<'a>(&'a self, context: &'a Context<'a>) -> Waiter<'a> {
        Waiter {
            connection: &self.connection,
            world: &*self.world,
            context,
            budget: self.budget,
        }
    }

    fn writing<T>(&self, act: impl FnOnce(&Writer<'_>) -> T) -> T {
        act(&Writer {
            connection: &self.connection,
            warn: &|warnings| self.tell(warnings),
        })
    }
}

impl Backend for Kube {
    fn reach(&self) -> Result<(), Error> {
        match self.discovery.version(&self.connection) {
            Ok(_) => Ok(()),
            Err(failure) => {
                let message = format!("kubernetes cluster unreachable: {}", failure.message);
                Err(Error::from(failure).with_message(message).with_hint(
                    "Where there is no cluster, `--target dir:PATH` writes the objects to files.",
                ))
            }
        }
    }

    fn capabilities(&self) -> Result<Capabilities, Error> {
        discovery::capabilities(&self.connection, &self.discovery)
    }

    fn look_up(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<Option<Frozen>, String> {
        let wanted = lookup::Wanted {
            api_version,
            kind,
            namespace,
            name,
        };
        lookup::look_up(&self.connection, &self.discovery, &wanted, notices)
    }

    fn build_beside(&self, manifest: &[u8], definitions: &[Object]) -> Result<Vec<Object>, Error> {
        let builder = build::Builder {
            connection: &self.connection,
            discovery: &self.discovery,
            namespace: &self.namespace,
            definitions,
        };
        builder.build(manifest)
    }

    fn wait_for_kinds(&self, definitions: &[Object], context: &Context<'_>) -> Result<(), Error> {
        discovery::wait_for_kinds(&self.connection, &self.discovery, definitions, context)
    }

    fn get(&self, object: &Object) -> Result<Option<Value>, Error> {
        let got = self.writing(|writer| {
            self.connection
                .block_on(writer.get(&object.key, &object.resource))
        });
        Ok(got?)
    }

    fn get_all(&self, objects: &[Object]) -> Vec<Result<Option<Value>, Error>> {
        let got = self.writing(|writer| writer.get_all(objects));
        got.into_iter().map(|got| Ok(got?)).collect()
    }

    fn create(&self, objects: &[Object], apply: &Apply) -> Result<(), Error> {
        Ok(self.changing(&[objects], |writer| writer.create(objects, apply))?)
    }

    fn update(
        &self,
        current: &[Object],
        wanted: &[Object],
        apply: &Apply,
        context: &Context<'_>,
    ) -> Changes {
        self.changing(&[current, wanted], |writer| {
            writer.update(current, wanted, apply, context)
        })
    }

    fn preview(
        &self,
        current: &[Object],
        wanted: &[Object],
        apply: &Apply,
        context: &Context<'_>,
    ) -> Result<Vec<Change>, Error> {
        let known = |object: &Object| {
            let Key {
                group,
                version,
                kind,
                ..
            } = &object.key;
            let found = self.discovery.find(&self.connection, group, version, kind);
            found.map(|kind| kind.is_some())
        };
        let served: Result<Vec<bool>, _> = wanted.iter().map(known).collect();
        let served = served?;
        let wanted: Vec<_> = wanted.iter().zip(served).collect();
        Ok(self.writing(|writer| writer.preview(current, &wanted, apply, context))?)
    }

    fn contests(&self, wanted: &[Object], context: &Context<'_>) -> Result<Vec<Contested>, Error> {
        Ok(self.writing(|writer| writer.contests(wanted, context))?)
    }

    fn delete(&self, objects: &[Object], cascade: Cascade) -> Result<(), Vec<Error>> {
        match self.changing(&[objects], |writer| writer.delete(objects, cascade)) {
            Ok(failures) if failures.is_empty() => Ok(()),
            Ok(failures) => Err(failures.into_iter().map(Error::from).collect()),
            Err(failure) => Err(vec![failure.into()]),
        }
    }

    fn wait(
        &self,
        objects: &[Object],
        strategy: Strategy,
        jobs: Jobs,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        self.waiting(context).until_ready(objects, strategy, jobs)
    }

    fn wait_for_deletion(
        &self,
        objects: &[Object],
        strategy: Strategy,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        self.waiting(context).until_gone(objects, strategy)
    }

    fn wait_for_hook(
        &self,
        objects: &[Object],
        strategy: Strategy,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        self.waiting(context).until_done(objects, strategy)
    }

    fn logs(&self, object: &Object) -> Result<Vec<Log>, Error> {
        logs::read(&self.connection, object)
    }

    fn examine(&self, objects: &[Object]) -> Result<Vec<Health>, Error> {
        let now = Time::from_system(self.world.now(), Zone::Utc);
        let judge = |live: &Value| match live["kind"].as_str() {
            Some("Job") => kstatus::judge_job(live),
            _ => kstatus::judge(live, &now),
        };
        let objects: Vec<&Object> = objects.iter().collect();
        let asked = health::ask(&self.connection, &objects, &judge);
        Ok(self.connection.block_on(asked)?)
    }

    fn read_logs(
        &self,
        objects: &[Object],
        options: &LogOptions,
        cancel: &Cancel,
        tell: &(dyn Fn(LogLine) + Sync),
    ) -> Result<Vec<String>, Error> {
        let reader = stream::Reader {
            connection: &self.connection,
            options,
            cancel,
        };
        reader.run(objects, tell)
    }

    fn resources(
        &self,
        objects: &[Object],
        form: Form,
    ) -> Result<BTreeMap<String, Vec<Value>>, Error> {
        resources::read(&self.connection, objects, form)
    }

    fn namespaces(&self) -> Result<Vec<String>, Error> {
        lookup::namespaces(&self.connection)
    }

    fn store(&self, namespace: &str) -> Box<dyn Store + '_> {
        Box::new(store::Records {
            connection: &self.connection,
            driver: self.driver,
            namespace: namespace.to_owned(),
            world: &*self.world,
            tell: &*self.damaged,
        })
    }
}
