//! What is known while a command runs: the release that is worked on, and the plans of records that were
//! read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::kind::{self, Owner, RUN_TASK, Secrets};
use super::object::{self, Stay};
use super::record::{Id, Outcomes, Part, id};
use crate::backend::Object;
use crate::backend::ecs::desired::{Document, Level, Resource, references};
use crate::backend::ecs::{self, Config, Input, code};
use crate::diag::{Error, Kind};
use crate::go::base64;
use crate::release::Release;

/// What a manifest becomes.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) resources: Vec<Resource>,
    pub(super) stays: Vec<Id>,
}

/// The release that is worked on.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) owner: Owner,
    manifest: Vec<u8>,
    /// Its hooks' manifests.
    hooks: Vec<u8>,
    /// The plan of its record, where that is to be used.
    recorded: Option<Part>,
}

/// What is known so far.
#[derive(Default)]
pub(super) struct Session {
    pub(super) expected: Option<Arc<Expected>>,
    /// The plan of the release that is worked on, once it was made.
    planned: Option<Arc<Plan>>,
    /// What records of releases hold, by namespace and name.
    records: BTreeMap<(String, String), Records>,
    /// What came of the resources of the release that is worked on: in its last record, and since then.
    pub(super) outcomes: Outcomes,
    /// Tasks that were run, by the names of their resources.
    pub(super) tasks: BTreeMap<String, Vec<String>>,
    /// Deployments that began, by the names of their services.
    pub(super) begun: BTreeMap<String, super::wait::Begun>,
    /// Findings that were told.
    told: BTreeSet<String>,
}

/// What is known of a release by its records.
#[derive(Default)]
struct Records {
    /// Plans, by their manifests' digests.
    plans: BTreeMap<String, Arc<Plan>>,
    /// What came of the newest revision.
    outcomes: Outcomes,
    newest: i64,
    /// Whatever a record names.
    used: BTreeSet<String>,
}

fn digest(text: &[u8]) -> String {
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Session {
    /// A release is worked on from now on.
    pub(super) fn expect(&mut self, release: &Release) {
        let mut hooks = Vec::new();
        for hook in &release.hooks {
            hooks.extend_from_slice(b"\n---\n");
            hooks.extend_from_slice(&hook.manifest);
        }
        let recorded = Part::of(release);
        let key = (release.namespace.clone(), release.name.clone());
        let is_other = self.expected.as_ref().is_none_or(|it| {
            it.owner.name != release.name || it.owner.namespace != release.namespace
        });
        if is_other {
            let known = self.records.get(&key);
            self.outcomes = known
                .map(|known| known.outcomes.clone())
                .unwrap_or_default();
        }
        for (id, outcome) in recorded.iter().flat_map(|part| &part.outcomes) {
            // A revision that comes back is better known by what it was then.
            let known = self
                .outcomes
                .get(id)
                .is_some_and(|it| it.digest == outcome.digest);
            if !known {
                self.outcomes.insert(id.clone(), outcome.clone());
            }
        }
        self.planned = None;
        self.expected = Some(Arc::new(Expected {
            owner: Owner {
                name: release.name.clone(),
                namespace: release.namespace.clone(),
                revision: release.revision,
            },
            manifest: release.manifest.clone(),
            hooks,
            recorded,
        }));
    }

    /// Remembers the plan of a record.
    pub(super) fn remember(&mut self, release: &Release) {
        let Some(part) = Part::of(release) else {
            return;
        };
        let key = (release.namespace.clone(), release.name.clone());
        let records = self.records.entry(key).or_default();
        records
            .used
            .extend(part.outcomes.values().map(|it| it.id.clone()));
        if release.revision >= records.newest {
            records.newest = release.revision;
            records.outcomes = part.outcomes;
        }
        let plan = Plan {
            resources: part.plan,
            stays: part.stays,
        };
        records
            .plans
            .insert(digest(&release.manifest), Arc::new(plan));
    }

    /// The plan of a record with this manifest: of the release that is worked on, or of any.
    fn recorded(&self, manifest: &[u8]) -> Option<Arc<Plan>> {
        let digest = digest(manifest);
        if let Some(expected) = &self.expected {
            let owner = &expected.owner;
            let records = self
                .records
                .get(&(owner.namespace.clone(), owner.name.clone()))?;
            return records.plans.get(&digest).map(Arc::clone);
        }
        let mut known = self.records.values();
        known.find_map(|records| records.plans.get(&digest).map(Arc::clone))
    }

    /// What the records of the release that is worked on name, and what came to be since.
    pub(super) fn used(&self) -> BTreeSet<String> {
        let key = self.expected.as_ref();
        let key = key.map(|it| (it.owner.namespace.clone(), it.owner.name.clone()));
        let records = key.and_then(|key| self.records.get(&key));
        let mut used = records
            .map(|records| records.used.clone())
            .unwrap_or_default();
        used.extend(self.outcomes.values().map(|it| it.id.clone()));
        used
    }
}

/// How findings are told.
pub(super) type Tell<'a> = &'a dyn Fn(&str);

/// What manifests are converted with.
#[derive(Clone, Copy)]
pub(super) struct Converter<'a> {
    pub(super) config: &'a Config,
    pub(super) today: &'a str,
    pub(super) tell: Tell<'a>,
}

impl Converter<'_> {
    /// Converts objects, tells what was found once, and says what stays.
    fn convert(
        &self,
        objects: &[Value],
        owner: &Owner,
        told: &mut BTreeSet<String>,
    ) -> Result<Plan, Error> {
        let document = ecs::convert(&Input {
            objects,
            config: self.config,
            release: &owner.name,
            namespace: &owner.namespace,
            today: (!self.today.is_empty()).then_some(self.today),
        });
        if document.has_errors() {
            return Err(refuse(&document));
        }
        for found in &document.diagnostics {
            let line = line(found);
            if told.insert(line.clone()) {
                (self.tell)(&format!("{}: {line}", found.level.word()));
            }
        }
        let mut resources = document.resources;
        resources.iter_mut().for_each(object::whole_numbers);
        Ok(Plan {
            stays: staying(objects, &resources),
            resources,
        })
    }
}

fn line(found: &ecs::desired::Diagnostic) -> String {
    let place = match found.path.as_str() {
        "" => found.object.clone(),
        path => format!("{} {path}", found.object),
    };
    format!("{} {place}: {}", found.code_text(), found.message)
}

/// All that cannot be said on ECS, in one error.
fn refuse(document: &Document) -> Error {
    let errors = document
        .diagnostics
        .iter()
        .filter(|it| it.level == Level::Error);
    let lines: Vec<String> = errors.clone().map(line).collect();
    let message = format!(
        "this cannot be brought to ECS, and nothing was changed:\n  {}",
        lines.join("\n  ")
    );
    let mut error = Error::new(Kind::Manifest, message);
    let mut codes: Vec<u16> = errors.map(|it| it.code).collect();
    codes.sort_unstable();
    codes.dedup();
    for number in codes {
        if let Some((_, fix)) = code::explain(number).filter(|(_, fix)| !fix.is_empty()) {
            error = error.with_hint(format!("ECS{number}: {fix}."));
        }
    }
    error
}

/// The resources of objects that want to stay.
fn staying(objects: &[Value], resources: &[Resource]) -> Vec<Id> {
    let mut kept: BTreeSet<Id> = BTreeSet::new();
    for object in objects {
        if object["metadata"]["annotations"]["helm.sh/resource-policy"] != "keep" {
            continue;
        }
        let kind = object["kind"].as_str().unwrap_or_default();
        let name = plain(object["metadata"]["name"].as_str().unwrap_or_default());
        let is_native = object["apiVersion"]
            .as_str()
            .is_some_and(|it| it.starts_with("ecs.pintle.dev/"));
        for resource in resources {
            let is_it = match (is_native, kind) {
                (true, kind) => kind::object_kind(&resource.kind) == kind && resource.name == name,
                (false, "Ingress") => {
                    resource.kind == "elbv2:ListenerRule"
                        && resource.name.starts_with(&format!("{name}-"))
                }
                (
                    false,
                    "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Pod" | "Job"
                    | "CronJob",
                ) => serves(resource, &name),
                _ => false,
            };
            if is_it {
                kept.insert(id(resource));
            }
        }
    }
    // What they refer to stays with them.
    let mut size = 0;
    while kept.len() > size {
        size = kept.len();
        for resource in resources
            .iter()
            .filter(|it| kept.contains(&id(it)))
            .collect::<Vec<_>>()
        {
            for reference in references(&resource.request) {
                kept.insert((reference.kind, reference.name));
            }
        }
    }
    kept.into_iter().collect()
}

fn serves(resource: &Resource, workload: &str) -> bool {
    let scaled = resource.request["ResourceId"]
        .as_str()
        .and_then(|id| id.rsplit('/').next());
    let starts = references(&resource.request)
        .iter()
        .any(|it| it.kind == kind::DEFINITION && it.name == workload);
    resource.name == workload || scaled == Some(workload) || starts
}

/// A name as resources have it.
pub(super) fn plain(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
            c
        } else {
            '-'
        }
    };
    name.chars().map(plain).collect()
}

/// What is asked of [`Session::build`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// What is wanted now.
    Wanted,
    /// What was recorded.
    Recorded,
}

impl Session {
    /// The plan of the release that is worked on.
    ///
    /// # Errors
    /// What cannot be converted.
    pub(super) fn plan(&mut self, converter: &Converter<'_>) -> Result<Option<Arc<Plan>>, Error> {
        let Some(expected) = self.expected.clone() else {
            return Ok(None);
        };
        if let Some(planned) = &self.planned {
            return Ok(Some(Arc::clone(planned)));
        }
        let plan = match &expected.recorded {
            Some(part) => Plan {
                resources: part.plan.clone(),
                stays: part.stays.clone(),
            },
            None => {
                let mut objects = ecs::read(&expected.manifest)?;
                objects.extend(ecs::read(&expected.hooks)?);
                converter.convert(&objects, &expected.owner, &mut self.told)?
            }
        };
        let plan = Arc::new(plan);
        self.planned = Some(Arc::clone(&plan));
        Ok(Some(plan))
    }

    /// The objects of a manifest: of the release that is worked on, of a record, of hooks, or of
    /// something else.
    ///
    /// # Errors
    /// What is no manifest, and what cannot be converted.
    pub(super) fn build(
        &mut self,
        manifest: &[u8],
        view: View,
        namespace: &str,
        converter: &Converter<'_>,
    ) -> Result<Vec<Object>, Error> {
        let is_expected = self
            .expected
            .as_ref()
            .is_some_and(|it| it.manifest == manifest);
        if let (View::Recorded, Some(plan)) = (view, self.recorded(manifest)) {
            return Ok(objects(&plan, namespace, |_| true));
        }
        if is_expected {
            let plan = self.plan(converter)?.unwrap_or_default();
            return Ok(objects(&plan, namespace, |_| true));
        }
        let read = ecs::read(manifest)?;
        if read.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(expected) = self.expected.clone() {
            let all = ecs::read(&expected.manifest)?;
            if read
                .iter()
                .all(|one| all.iter().any(|other| is_same(one, other)))
            {
                // A part of the release: what is left out stays.
                let plan = self.plan(converter)?.unwrap_or_default();
                let stays = plan.stays.clone();
                return Ok(objects(&plan, namespace, |it| !stays.contains(&id(it))));
            }
            let hooks = ecs::read(&expected.hooks)?;
            let is_hook =
                |one: &Value| hooks.iter().any(|other| is_same(one, other)) || is_pod(one);
            if read.iter().all(is_hook) {
                let names: Vec<String> = read.iter().map(name_of).collect();
                let plan = self.plan(converter)?.unwrap_or_default();
                let runs = plan.resources.iter();
                let runs = runs.filter(|it| {
                    it.hook.is_some() && it.kind == RUN_TASK && names.contains(&it.name)
                });
                return Ok(runs
                    .map(|it| object::object(it, namespace, Stay::Goes))
                    .collect());
            }
        }
        let owner = match &self.expected {
            Some(expected) => expected.owner.clone(),
            None => Owner {
                namespace: namespace.to_owned(),
                ..Owner::default()
            },
        };
        let plan = converter.convert(&read, &owner, &mut self.told)?;
        Ok(objects(&plan, namespace, |_| true))
    }

    /// The data of Secrets that the release which is worked on has.
    pub(super) fn secrets(&self) -> Secrets {
        let Some(expected) = &self.expected else {
            return Secrets::new();
        };
        let objects = ecs::read(&expected.manifest).unwrap_or_default();
        let mut secrets = Secrets::new();
        for object in objects
            .iter()
            .filter(|it| it["kind"] == "Secret" && it["apiVersion"] == "v1")
        {
            let namespace = object["metadata"]["namespace"].as_str();
            let namespace = namespace.unwrap_or(&expected.owner.namespace);
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let mut data = BTreeMap::new();
            for (key, value) in object["data"].as_object().into_iter().flatten() {
                let bytes = base64::decode(value.as_str().unwrap_or_default().as_bytes())
                    .unwrap_or_default();
                data.insert(key.clone(), String::from_utf8_lossy(&bytes).into_owned());
            }
            for (key, value) in object["stringData"].as_object().into_iter().flatten() {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                data.insert(key.clone(), text);
            }
            secrets.insert(format!("{namespace}/{name}"), data);
        }
        secrets
    }
}

/// The objects of a plan; tasks of hooks are run at their events, and are none of them.
fn objects(plan: &Plan, namespace: &str, is_wanted: impl Fn(&Resource) -> bool) -> Vec<Object> {
    let is_hook = |it: &Resource| it.kind == RUN_TASK && it.hook.is_some();
    let resources = plan
        .resources
        .iter()
        .filter(|it| !is_hook(it) && is_wanted(it));
    let stay = |it: &Resource| match plan.stays.contains(&id(it)) {
        true => Stay::Stays,
        false => Stay::Goes,
    };
    resources
        .map(|it| object::object(it, namespace, stay(it)))
        .collect()
}

fn name_of(object: &Value) -> String {
    let named = object["metadata"]["name"]
        .as_str()
        .or(object["family"].as_str());
    let named = named.or(object["spec"]["family"].as_str());
    plain(named.unwrap_or_default())
}

/// Helm asks for the logs of tests by Pods of their names.
fn is_pod(object: &Value) -> bool {
    object["kind"] == "Pod" && object["spec"].is_null()
}

fn is_same(one: &Value, other: &Value) -> bool {
    let namespace = |it: &Value| it["metadata"]["namespace"].clone();
    one["kind"] == other["kind"]
        && one["apiVersion"] == other["apiVersion"]
        && name_of(one) == name_of(other)
        && namespace(one) == namespace(other)
}
