//! The cluster as a backend.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::keeper::Keeper;
use super::kind::{RUN_TASK, SERVICE};
use super::plan::Survey;
use super::session::View;
use super::{Ecs, Records, deploy, health, logs, object, prune, task, wait};
use crate::backend::contest::Contested;
use crate::backend::ecs::desired::Resource;
use crate::backend::{
    Apply, Backend, Cancel, Cascade, Change, Changes, Context, Form, Health, Jobs, Log, LogLine,
    LogOptions, Object, Strategy,
};
use crate::chart::Capabilities;
use crate::diag::{Error, Notice};
use crate::release::{Found, Query, Release, Store};
use crate::value::Frozen;

impl Ecs {
    fn build_as(&self, manifest: &[u8], view: View) -> Result<Vec<Object>, Error> {
        let namespace = self.with(|session| {
            session
                .expected
                .as_ref()
                .map(|it| it.owner.namespace.clone())
        });
        let namespace = namespace.unwrap_or_else(|| self.settings.namespace.clone());
        self.convert(|session, converter| session.build(manifest, view, &namespace, converter))
    }

    fn run(&self, resources: &[Resource]) -> Result<(), Error> {
        deploy::run_hooks(self, resources)
    }

    /// Ends old revisions of the families that the release has.
    fn trim(&self, objects: &[Object]) {
        if self.settings.history == 0 {
            return;
        }
        let owner = self.owner_of(objects);
        let secrets = super::Secrets::new();
        let around = self.around(&owner, &secrets);
        let outcomes = self.outcomes();
        let used: Vec<String> = self.with(|session| session.used()).into_iter().collect();
        let changed = objects.iter().filter_map(object::resource).filter(|it| {
            let outcome = outcomes.get(&super::record::id(it));
            it.kind == super::kind::DEFINITION && outcome.is_some_and(|it| it.word != "unchanged")
        });
        for resource in changed {
            let family = super::account::text(&resource.request, "family");
            let keep = resource.history.and_then(|it| usize::try_from(it).ok());
            let keep = keep.unwrap_or(self.settings.history).max(1);
            // What cannot be ended now is ended the next time.
            let _ = prune::trim(family, keep, &used, around);
        }
    }
}

impl Backend for Ecs {
    fn expect(&self, release: &Release) {
        self.with(|session| session.expect(release));
    }

    fn addresses(&self) -> Result<Vec<String>, Error> {
        Ecs::addresses(self)
    }

    fn reach(&self) -> Result<(), Error> {
        self.account.api.admit(self.account.cluster())?;
        self.number()?;
        self.records().map(drop)
    }

    fn capabilities(&self) -> Result<Capabilities, Error> {
        Ok(Capabilities::default())
    }

    fn look_up(
        &self,
        _api_version: &str,
        _kind: &str,
        _namespace: &str,
        _name: &str,
        _notices: &mut Vec<Notice>,
    ) -> Result<Option<Frozen>, String> {
        Ok(None)
    }

    fn build(&self, manifest: &[u8]) -> Result<Vec<Object>, Error> {
        self.build_as(manifest, View::Recorded)
    }

    fn build_beside(&self, manifest: &[u8], _definitions: &[Object]) -> Result<Vec<Object>, Error> {
        self.build_as(manifest, View::Wanted)
    }

    fn wait_for_kinds(&self, _definitions: &[Object], _context: &Context<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn get(&self, object: &Object) -> Result<Option<Value>, Error> {
        if object.key.kind == "Namespace" && object.key.group.is_empty() {
            // What tells this cluster from others.
            let region = self.account.api.region()?;
            let uid = format!("{}/{region}/{}", self.number()?, self.account.cluster());
            return Ok(Some(json!({"metadata": {"uid": uid}})));
        }
        let found = self
            .get_all(std::slice::from_ref(object))
            .into_iter()
            .next();
        found.unwrap_or(Ok(None))
    }

    fn get_all(&self, objects: &[Object]) -> Vec<Result<Option<Value>, Error>> {
        let owner = self.owner_of(objects);
        let secrets = self.secrets();
        let around = self.around(&owner, &secrets);
        let resources: Vec<Resource> = objects.iter().filter_map(object::resource).collect();
        let survey = match Survey::of(&resources, around) {
            Ok(survey) => survey,
            Err(error) => {
                let rest = objects.iter().skip(1).map(|_| Ok(None));
                return std::iter::once(Err(error)).chain(rest).collect();
            }
        };
        let one = |object: &Object| {
            let Some(resource) = object::resource(object) else {
                return Ok(None);
            };
            let Some(live) = survey.live(&resource) else {
                return Ok(None);
            };
            // A family that nobody has claimed is free.
            if resource.kind == super::kind::DEFINITION && live.tag(super::tag::RELEASE).is_none() {
                return Ok(None);
            }
            let mut spec = live.spec.clone();
            super::kind::settle(&resource.kind, &mut spec);
            let keys: Vec<&String> = live.tags.iter().flat_map(|tags| tags.keys()).collect();
            Ok(Some(object::told(object, live, spec, &keys)))
        };
        objects.iter().map(one).collect()
    }

    fn create(&self, objects: &[Object], _apply: &Apply) -> Result<(), Error> {
        let resources: Vec<Resource> = objects.iter().filter_map(object::resource).collect();
        if !resources.is_empty()
            && resources
                .iter()
                .all(|it| it.kind == RUN_TASK && it.hook.is_some())
        {
            return self.run(&resources);
        }
        let cancel = Cancel::default();
        let context = Context {
            cancel: &cancel,
            timeout: crate::backend::TIMEOUT,
            events: &|_| {},
        };
        let changes = self.update(&[], objects, &Apply::default(), &context);
        match changes.error {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn update(
        &self,
        current: &[Object],
        wanted: &[Object],
        _apply: &Apply,
        context: &Context<'_>,
    ) -> Changes {
        deploy::update(self, &deploy::Work { wanted, current }, context)
    }

    fn preview(
        &self,
        current: &[Object],
        wanted: &[Object],
        _apply: &Apply,
        context: &Context<'_>,
    ) -> Result<Vec<Change>, Error> {
        deploy::preview(self, &deploy::Work { wanted, current }, context)
    }

    fn contests(
        &self,
        _wanted: &[Object],
        _context: &Context<'_>,
    ) -> Result<Vec<Contested>, Error> {
        // AWS does not say who set what: the comparison with the last record has to do.
        Ok(Vec::new())
    }

    fn delete(&self, objects: &[Object], _cascade: Cascade) -> Result<(), Vec<Error>> {
        let owner = self.owner_of(objects);
        let secrets = self.secrets();
        let around = self.around(&owner, &secrets);
        let doomed: Vec<&Object> = objects.iter().collect();
        match prune::take_away(self, &doomed, around) {
            errors if errors.is_empty() => Ok(()),
            errors => Err(errors),
        }
    }

    fn wait(
        &self,
        objects: &[Object],
        strategy: Strategy,
        jobs: Jobs,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        wait::wait(self, objects, (strategy, jobs), context)?;
        self.trim(objects);
        Ok(())
    }

    fn wait_for_deletion(
        &self,
        objects: &[Object],
        strategy: Strategy,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        if strategy == Strategy::HookOnly {
            return Ok(());
        }
        self.clock.heed(context.cancel);
        let owner = self.owner_of(objects);
        let secrets = self.secrets();
        let around = self.around(&owner, &secrets);
        let services: Vec<(String, String)> = objects
            .iter()
            .filter_map(object::resource)
            .filter(|it| it.kind == SERVICE)
            .map(|it| {
                let cluster = super::kind::service::cluster_of(&self.account, &it.request);
                (
                    cluster.to_owned(),
                    super::account::text(&it.request, "serviceName").to_owned(),
                )
            })
            .collect();
        prune::wait_until_gone(self, &services, around, context.timeout)
    }

    fn wait_for_hook(
        &self,
        objects: &[Object],
        _strategy: Strategy,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        for resource in objects
            .iter()
            .filter_map(object::resource)
            .filter(|it| it.kind == RUN_TASK)
        {
            task::follow(self, &resource, context)?;
        }
        Ok(())
    }

    fn logs(&self, object: &Object) -> Result<Vec<Log>, Error> {
        let owner = self.owner_of(std::iter::once(object));
        let secrets = self.secrets();
        logs::read(self, object, self.around(&owner, &secrets))
    }

    fn read_logs(
        &self,
        objects: &[Object],
        options: &LogOptions,
        cancel: &Cancel,
        tell: &(dyn Fn(LogLine) + Sync),
    ) -> Result<Vec<String>, Error> {
        logs::stream(self, objects, options, cancel, tell)
    }

    fn examine(&self, objects: &[Object]) -> Result<Vec<Health>, Error> {
        health::examine(self, objects)
    }

    fn resources(
        &self,
        objects: &[Object],
        form: Form,
    ) -> Result<BTreeMap<String, Vec<Value>>, Error> {
        let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (object, live) in objects.iter().zip(self.get_all(objects)) {
            let Some(live) = live? else {
                continue;
            };
            let under = found
                .entry(format!("{}/{}", object.key.version, object.key.kind))
                .or_default();
            under.push(match form {
                Form::Object => live,
                Form::Table => table(object, &live),
            });
        }
        Ok(found)
    }

    fn namespaces(&self) -> Result<Vec<String>, Error> {
        let found = self.store("").query(&Query::default())?;
        let mut names: Vec<String> = found.releases.into_iter().map(|it| it.namespace).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn store(&self, namespace: &str) -> Box<dyn Store + '_> {
        match self.records() {
            Ok(Records::Kept(state)) => Box::new(Keeper {
                ecs: self,
                inner: Box::new(state.records(namespace)),
            }),
            Ok(Records::Forgotten(memory)) => Box::new(Keeper {
                ecs: self,
                inner: Box::new(memory.seen_from(namespace)),
            }),
            Err(error) => Box::new(Closed(error)),
        }
    }
}

/// A row that names a resource and what tells it from others.
fn table(object: &Object, live: &Value) -> Value {
    let column = |name: &str| json!({"name": name, "type": "string", "format": "", "description": "", "priority": 0});
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "columnDefinitions": [column("Name"), column("Id")],
        "rows": [{"cells": [object.key.name, live["metadata"]["uid"]], "object": live}],
    })
}

/// Records that cannot be reached.
struct Closed(Error);

impl Closed {
    fn error(&self) -> Error {
        let error = Error::new(self.0.kind(), self.0.message());
        self.0
            .hints()
            .iter()
            .fold(error, |error, hint| error.with_hint(hint))
    }
}

impl Store for Closed {
    fn create(&self, _release: &Release) -> Result<(), Error> {
        Err(self.error())
    }

    fn update(&self, _release: &Release) -> Result<(), Error> {
        Err(self.error())
    }

    fn delete(&self, _name: &str, _revision: i64) -> Result<(), Error> {
        Err(self.error())
    }

    fn get(&self, _name: &str, _revision: i64) -> Result<Release, Error> {
        Err(self.error())
    }

    fn query(&self, _query: &Query) -> Result<Found, Error> {
        Err(self.error())
    }
}
