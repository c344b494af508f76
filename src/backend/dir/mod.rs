//! A folder: an object is a file, for trying things without a cluster, and for rendered manifests that
//! GitOps applies.
//!
//! Each release has a folder below its namespace's, with a file an object, and its records and what it
//! has written in a hidden folder. Files that the release has not written are never touched, and those
//! that were changed since only on demand. All files of a revision appear together: a run that was
//! interrupted is completed or taken back by the next one that looks at the release.
//!
//! Nothing runs in a folder: nothing is waited for, hooks have to be left out.

mod folder;
mod hidden;
mod journal;
mod name;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

pub use self::hidden::{Hidden, NOT_RECORDED};

use self::folder::{Folder, Lock};
use self::journal::Aim;
use super::contest::Contested;
use super::object::{from_frozen, is_kept, to_frozen};
use super::{
    Apply, Backend, Cancel, Cascade, Change, Changes, Conflicts, Context, Fate, Form, Health, Jobs,
    Key, Log, LogLine, LogOptions, Method, Object, Strategy, document,
};
use crate::chart::Capabilities;
use crate::diag::{Error, Kind, Notice};
use crate::kubernetes::readiness::kstatus::Status;
use crate::kubernetes::scope::{Scope, scope};
use crate::release::{Release, Store};
use crate::value::Frozen;
use crate::yaml;

/// A folder, as one namespace sees it.
#[derive(Debug)]
pub struct Dir {
    root: PathBuf,
    namespace: String,
    state: Mutex<State>,
    /// What records do not hold.
    hidden: Hidden,
}

#[derive(Debug, Default)]
struct State {
    /// The release that is worked on.
    open: Option<Open>,
    /// The release that was looked at last.
    seen: Option<(String, String)>,
    /// What was created before the release was known: definitions of kinds, a namespace.
    early: Vec<Object>,
}

#[derive(Debug)]
struct Open {
    namespace: String,
    name: String,
    revision: i64,
    _lock: Lock,
}

/// What makes an object a release's, as Helm has it.
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

impl Dir {
    /// The folder `root`, which need not be there yet; objects and releases that name no namespace live
    /// in `namespace`.
    pub fn new(root: PathBuf, namespace: String) -> Dir {
        Dir {
            root,
            namespace,
            state: Mutex::default(),
            hidden: Hidden::default(),
        }
    }

    /// The same, whose records do not hold what is hidden.
    #[must_use]
    pub fn hiding(self, hidden: Hidden) -> Dir {
        Dir { hidden, ..self }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn folder(&self, namespace: &str, name: &str) -> Folder {
        let namespace = match namespace {
            "" => &self.namespace,
            named => named,
        };
        Folder::new(self.root.join(namespace).join(name))
    }

    /// Begins to work on a release.
    fn open(&self, release: &Release, aim: Aim) -> Result<(), Error> {
        let folder = self.folder(&release.namespace, &release.name);
        self.with(|state| {
            if state
                .open
                .as_ref()
                .is_some_and(|open| open.is(&release.namespace, &release.name))
            {
                return folder.begin(release.revision, aim);
            }
            let Some(lock) = folder.lock()? else {
                return Err(Error::new(
                    Kind::Conflict,
                    format!("another process works on release {:?}", release.name),
                )
                .with_hint("Wait until it is done."));
            };
            folder.begin(release.revision, aim)?;
            state.open = Some(Open {
                namespace: release.namespace.clone(),
                name: release.name.clone(),
                revision: release.revision,
                _lock: lock,
            });
            Ok(())
        })
    }

    /// Ends the work on a revision, if it is worked on.
    fn close(&self, release: &Release) -> Result<(), Error> {
        let is_it = |open: &Open| {
            open.is(&release.namespace, &release.name) && open.revision == release.revision
        };
        self.with(|state| match state.open.as_ref().is_some_and(is_it) {
            true => {
                state.open = None;
                self.folder(&release.namespace, &release.name).end()
            }
            false => Ok(()),
        })
    }

    /// Ends the work on a release that is gone.
    fn forget(&self, namespace: &str, name: &str) -> Result<(), Error> {
        self.with(|state| {
            if state
                .open
                .as_ref()
                .is_some_and(|open| open.is(namespace, name))
            {
                state.open = None;
            }
        });
        self.folder(namespace, name).end()
    }

    /// Completes or takes back what another process has left of a release, if it is gone.
    fn recover(&self, namespace: &str, name: &str) -> Result<(), Error> {
        let folder = self.folder(namespace, name);
        if folder.journal()?.is_none()
            || self.with(|state| {
                let open = state.open.as_ref();
                open.is_some_and(|open| open.is(namespace, name))
            })
        {
            return Ok(());
        }
        let Some(_lock) = folder.lock()? else {
            return Ok(());
        };
        // Whoever held the lock may have ended it by now.
        match folder.journal()? {
            Some(journal) => store::recover(&folder, &journal),
            None => Ok(()),
        }
    }

    /// Remembers which release is looked at.
    fn see(&self, namespace: &str, name: &str) {
        self.with(|state| state.seen = Some((namespace.to_owned(), name.to_owned())));
    }

    /// The folder that an object belongs into: that of the release it names, or of the one that is
    /// worked on or was looked at.
    fn folder_of(&self, object: &Object) -> Option<(Folder, String)> {
        let annotations = &object.body["metadata"]["annotations"];
        let named = |annotation: &str| annotations[annotation].as_str();
        let (namespace, name) = match (named(RELEASE_NAMESPACE), named(RELEASE_NAME)) {
            (Some(namespace), Some(name)) => (namespace.to_owned(), name.to_owned()),
            _ => self.with(|state| {
                let open = state.open.as_ref();
                let open = open.map(|open| (open.namespace.clone(), open.name.clone()));
                open.or_else(|| state.seen.clone())
            })?,
        };
        Some((self.folder(&namespace, &name), namespace))
    }

    /// Changes the files of the release that is worked on.
    fn change(
        &self,
        wanted: &[Object],
        doomed: &[&Object],
        conflicts: Conflicts,
    ) -> Result<Vec<Object>, Error> {
        let (open, early) = self.with(|state| {
            let open = state.open.as_ref();
            let open = open.map(|open| (open.namespace.clone(), open.name.clone()));
            (open, std::mem::take(&mut state.early))
        });
        let Some((namespace, release)) = open else {
            self.with(|state| state.early.extend(early.into_iter().chain(wanted.to_vec())));
            return Ok(Vec::new());
        };
        let folder = self.folder(&namespace, &release);
        let mut created = Vec::new();
        let mut writes: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for object in early.iter().chain(wanted) {
            let file = self::name::of(&object.key, &namespace);
            if !folder.owns(&file)? {
                created.push(object.clone());
            }
            writes.insert(file, text(object)?);
        }
        let mut removals = Vec::new();
        for object in doomed {
            let file = self::name::of(&object.key, &namespace);
            let live = folder.read(&file)?.map(|text| parse(&text)).transpose()?;
            if !live.is_some_and(|live| is_kept(&live)) && !writes.contains_key(&file) {
                removals.push(file);
            }
        }
        let writes: Vec<(String, Vec<u8>)> = writes.into_iter().collect();
        folder.change(&writes, &removals, conflicts)?;
        Ok(created)
    }
}

impl Open {
    fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }
}

/// The text of an object's file.
fn text(object: &Object) -> Result<Vec<u8>, Error> {
    yaml::encode_frozen(&to_frozen(&object.body)).map_err(|error| {
        Error::new(Kind::Manifest, error).wrap(format!("cannot write {}", object.key))
    })
}

/// The object that a file holds.
fn parse(text: &[u8]) -> Result<Value, Error> {
    let value = yaml::to_object(text).map_err(|error| {
        Error::new(Kind::Manifest, error.to_string()).wrap("cannot read the file of an object")
    })?;
    Ok(from_frozen(&value))
}

fn conflicts(apply: &Apply) -> Conflicts {
    match apply.method {
        Method::Server(conflicts) => conflicts,
        Method::Client | Method::Replace => Conflicts::Take,
    }
}

/// What is said where something would have to run.
fn idle() -> Error {
    Error::new(
        Kind::Unsupported,
        "nothing runs in a folder, so that there are no logs",
    )
}

/// Kinds have no plurals here.
fn resource(kind: &str) -> String {
    kind.to_lowercase()
}

impl Backend for Dir {
    fn reach(&self) -> Result<(), Error> {
        Ok(())
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

    fn build_beside(&self, manifest: &[u8], _definitions: &[Object]) -> Result<Vec<Object>, Error> {
        document::build(manifest, |identity, body| {
            let resource = resource(&identity.kind);
            let own = identity.namespace.clone();
            let namespace = match scope(&identity.group, &identity.kind) {
                Scope::Cluster => None,
                Scope::Namespaced => Some(self.namespace.as_str()),
                // Nobody knows: as it is written.
                Scope::Unknown if own.is_empty() => None,
                Scope::Unknown => Some(own.as_str()),
            };
            Ok(identity.object(resource, namespace, body))
        })
    }

    fn wait_for_kinds(&self, _definitions: &[Object], _context: &Context<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn get(&self, object: &Object) -> Result<Option<Value>, Error> {
        let Some((folder, namespace)) = self.folder_of(object) else {
            return Ok(None);
        };
        let file = name::of(&object.key, &namespace);
        match folder.owns(&file)? {
            true => folder.read(&file)?.map(|text| parse(&text)).transpose(),
            false => Ok(None),
        }
    }

    fn create(&self, objects: &[Object], apply: &Apply) -> Result<(), Error> {
        self.change(objects, &[], conflicts(apply)).map(drop)
    }

    fn update(
        &self,
        current: &[Object],
        wanted: &[Object],
        apply: &Apply,
        _context: &Context<'_>,
    ) -> Changes {
        let is_wanted =
            |object: &&Object| wanted.iter().any(|other| other.key.is_same(&object.key));
        let doomed: Vec<&Object> = current.iter().filter(|object| !is_wanted(object)).collect();
        match self.change(wanted, &doomed, conflicts(apply)) {
            Ok(created) => Changes {
                created,
                error: None,
            },
            Err(error) => Changes {
                created: Vec::new(),
                error: Some(error),
            },
        }
    }

    fn preview(
        &self,
        current: &[Object],
        wanted: &[Object],
        apply: &Apply,
        _context: &Context<'_>,
    ) -> Result<Vec<Change>, Error> {
        let find = |all: &[Object], object: &Object| {
            let found = all.iter().find(|other| other.key.is_same(&object.key));
            found.map(|found| found.body.clone())
        };
        let mut changes = Vec::new();
        for object in wanted {
            let live = self.get(object)?;
            let mut last = find(current, object);
            let (file, refusal) = match self.folder_of(object) {
                Some((folder, namespace)) => {
                    let file = name::of(&object.key, &namespace);
                    let refusal = folder.refuses(&file, &text(object)?, conflicts(apply));
                    let found = folder.read(&file)?;
                    // Records lack secrets; a file that is as it was written has them.
                    if last.is_some() && folder.is_as_written(&file, found.as_deref())? {
                        last.clone_from(&live);
                    }
                    (found, refusal?)
                }
                None => (None, None),
            };
            let after = parse(&text(object)?)?;
            changes.push(Change {
                fate: match (&file, &live) {
                    (None, _) | (_, None) => Fate::Create,
                    (_, Some(live)) if *live == after => Fate::Nothing,
                    _ => Fate::Change,
                },
                object: object.clone(),
                last,
                live,
                after: Some(after),
                missing: None,
                refusal,
            });
        }
        for object in current {
            if find(wanted, object).is_some() {
                continue;
            }
            let Some(live) = self.get(object)? else {
                continue;
            };
            changes.push(Change {
                fate: match is_kept(&live) {
                    true => Fate::Keep,
                    false => Fate::Delete,
                },
                object: object.clone(),
                last: Some(object.body.clone()),
                live: Some(live),
                after: None,
                missing: None,
                refusal: None,
            });
        }
        Ok(changes)
    }

    fn contests(
        &self,
        _wanted: &[Object],
        _context: &Context<'_>,
    ) -> Result<Vec<Contested>, Error> {
        // Files are changed whole, or not at all.
        Ok(Vec::new())
    }

    fn delete(&self, objects: &[Object], _cascade: Cascade) -> Result<(), Vec<Error>> {
        let doomed: Vec<&Object> = objects.iter().collect();
        match self.change(&[], &doomed, Conflicts::Fail) {
            Ok(_) => Ok(()),
            Err(error) => Err(vec![error]),
        }
    }

    fn wait(
        &self,
        _objects: &[Object],
        _strategy: Strategy,
        _jobs: Jobs,
        _context: &Context<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn wait_for_deletion(
        &self,
        _objects: &[Object],
        _strategy: Strategy,
        _context: &Context<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn wait_for_hook(
        &self,
        _objects: &[Object],
        _strategy: Strategy,
        _context: &Context<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn logs(&self, _object: &Object) -> Result<Vec<Log>, Error> {
        Err(idle())
    }

    fn read_logs(
        &self,
        _objects: &[Object],
        _options: &LogOptions,
        _cancel: &Cancel,
        _tell: &(dyn Fn(LogLine) + Sync),
    ) -> Result<Vec<String>, Error> {
        Err(idle())
    }

    fn examine(&self, objects: &[Object]) -> Result<Vec<Health>, Error> {
        let examine = |object: &Object| {
            let status = match self.get(object)? {
                Some(_) => Status::Current,
                None => Status::NotFound,
            };
            Ok(Health {
                kind: object.key.kind.clone(),
                namespace: object.key.namespace.clone(),
                name: object.key.name.clone(),
                status: status.to_string(),
                message: name::of(&object.key, &self.namespace),
                ready: None,
                pods: Vec::new(),
                troubles: Vec::new(),
                warnings: Vec::new(),
            })
        };
        objects.iter().map(examine).collect()
    }

    fn resources(
        &self,
        objects: &[Object],
        form: Form,
    ) -> Result<BTreeMap<String, Vec<Value>>, Error> {
        let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for object in objects {
            let Some(live) = self.get(object)? else {
                continue;
            };
            let Key { version, kind, .. } = &object.key;
            let under = found.entry(format!("{version}/{kind}")).or_default();
            match form {
                Form::Object => under.push(live),
                Form::Table => under.push(table(object, &self.namespace)),
            }
        }
        Ok(found)
    }

    fn namespaces(&self) -> Result<Vec<String>, Error> {
        store::folders(&self.root)
    }

    fn store(&self, namespace: &str) -> Box<dyn Store + '_> {
        Box::new(store::Records {
            dir: self,
            namespace: namespace.to_owned(),
        })
    }
}

/// A row that names an object and its file, as servers send tables.
fn table(object: &Object, namespace: &str) -> Value {
    let column = |name: &str| json!({"name": name, "type": "string", "format": "", "description": "", "priority": 0});
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "columnDefinitions": [column("Name"), column("File")],
        "rows": [{
            "cells": [object.key.name, name::of(&object.key, namespace)],
            "object": object.body,
        }],
    })
}
