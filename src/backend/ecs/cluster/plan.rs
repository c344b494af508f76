//! What would happen: live resources are read, and each is compared with what is wanted.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::compare::{Difference, Wish, compare};
use super::kind::{self, Around, DEFINITION, RUN_TASK, SERVICE};
use super::live::Live;
use super::record::{Id, Outcomes, id};
use super::tag::{self, JOB, NAME, NAMESPACE, RELEASE, Tags};
use crate::backend::ecs::desired::{Reference, Resource, canonical, references, resolve};
use crate::diag::Error;

/// What references stand for, by the resource.
pub(super) type Known = BTreeMap<Id, BTreeMap<String, String>>;

/// What there is of resources.
#[derive(Default)]
pub(super) struct Survey {
    lives: BTreeMap<Id, Live>,
    pub(super) known: Known,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Create,
    Change,
    Replace,
    Nothing,
}

/// A resource that was compared.
pub(super) struct Judged {
    /// With references filled in, as far as they are known.
    pub(super) resource: Resource,
    pub(super) live: Option<Live>,
    pub(super) verdict: Verdict,
    pub(super) difference: Difference,
    /// All tags that it shall have.
    pub(super) tags: Tags,
    /// Tags to set, and to take away.
    pub(super) set: Tags,
    pub(super) gone: Vec<String>,
    /// The digest of what it is made of, for those that are only made.
    pub(super) digest: String,
}

impl Judged {
    /// Whether anything has to be written.
    pub(super) fn is_change(&self) -> bool {
        self.verdict != Verdict::Nothing || !self.set.is_empty() || !self.gone.is_empty()
    }
}

/// What stands for values that are known once something is there.
fn pending(reference: &Reference) -> String {
    match reference.kind.as_str() {
        DEFINITION => format!("(a new revision of {})", reference.name),
        _ => format!("(the {} of {})", reference.attribute, reference.name),
    }
}

/// A resource with what is known of its references.
pub(super) fn fill(resource: &Resource, known: &Known) -> Resource {
    let mut find = |reference: &Reference| {
        let attributes = known.get(&(reference.kind.clone(), reference.name.clone()));
        let value = attributes.and_then(|them| them.get(&reference.attribute));
        Ok::<_, Error>(value.cloned().unwrap_or_else(|| pending(reference)))
    };
    let mut filled = resource.clone();
    if let Ok(request) = resolve(&resource.request, &mut find) {
        filled.request = request;
    }
    let settings = Value::Object(resource.settings.clone());
    if let Ok(Value::Object(settings)) = resolve(&settings, &mut find) {
        filled.settings = settings;
    }
    filled
}

/// The references of a resource that nothing is known of.
pub(super) fn missing(resource: &Resource, known: &Known) -> Vec<Reference> {
    let all = json!([resource.request, resource.settings]);
    let mut found = references(&all);
    found.retain(|it| {
        let attributes = known.get(&(it.kind.clone(), it.name.clone()));
        attributes.is_none_or(|them| !them.contains_key(&it.attribute))
    });
    found
}

impl Survey {
    /// Reads resources, those of a kind at a time: names of some are known from others.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub(super) fn of(resources: &[Resource], around: Around<'_>) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        let mut kinds: Vec<&str> = Vec::new();
        for resource in resources {
            if !kinds.contains(&resource.kind.as_str()) {
                kinds.push(&resource.kind);
            }
        }
        // Rules are found by listeners that may be ours.
        kinds.sort_by_key(|kind| *kind == "elbv2:ListenerRule");
        for name in kinds {
            let Some(kind) = kind::of(name) else {
                continue;
            };
            let filled: Vec<Resource> = resources
                .iter()
                .filter(|it| it.kind == name)
                .map(|it| fill(it, &survey.known))
                .collect();
            let wanted: Vec<&Resource> = filled.iter().collect();
            for (resource, live) in wanted.iter().zip(kind.read(around, &wanted)) {
                let live = live.map_err(|error| {
                    error.wrap(format!(
                        "cannot look at {} {}",
                        kind::object_kind(name),
                        resource.name
                    ))
                })?;
                if let Some(live) = live {
                    survey.put(resource, live);
                }
            }
        }
        Ok(survey)
    }

    /// The same, to try something with.
    pub(super) fn copy(&self) -> Survey {
        Survey {
            lives: self.lives.clone(),
            known: self.known.clone(),
        }
    }

    /// A resource as it is.
    pub(super) fn live(&self, resource: &Resource) -> Option<&Live> {
        self.lives.get(&id(resource))
    }

    /// Remembers a resource that is there now.
    pub(super) fn put(&mut self, resource: &Resource, live: Live) {
        // Whether a revision is the one that is wanted is seen when it is compared.
        if resource.kind != DEFINITION {
            self.known.insert(id(resource), live.attributes.clone());
        }
        self.lives.insert(id(resource), live);
    }

    /// Remembers that references to a resource stand for this.
    pub(super) fn learn(&mut self, resource: &Resource, live: &Live) {
        self.known.insert(id(resource), live.attributes.clone());
        self.lives.insert(id(resource), live.clone());
    }

    /// The revision of a family that has the content that is wanted: the newest, the one that its service
    /// runs, or one that was made before.
    fn revision(
        &self,
        resource: &Resource,
        all: &[Resource],
        outcomes: &Outcomes,
        around: Around<'_>,
    ) -> Result<Option<Live>, Error> {
        let newest = self.live(resource);
        if let Some(newest) = newest.filter(|it| kind::equal(it, resource)) {
            return Ok(Some(newest.clone()));
        }
        if newest.is_none() {
            return Ok(None);
        }
        let mut arns: Vec<String> = Vec::new();
        for service in all.iter().filter(|it| it.kind == SERVICE) {
            let is_user = references(&service.request)
                .iter()
                .any(|it| it.kind == DEFINITION && it.name == resource.name);
            if let Some(live) = self.live(service).filter(|_| is_user) {
                arns.extend(live.told["taskDefinition"].as_str().map(str::to_owned));
            }
        }
        let digest = kind::digest(resource);
        let made = outcomes.get(&id(resource)).filter(|it| it.digest == digest);
        arns.extend(made.map(|it| it.id.clone()));
        arns.dedup();
        for arn in arns {
            if newest.is_some_and(|newest| newest.id == arn) || arn.is_empty() {
                continue;
            }
            if let Some(live) = kind::read_definition(around.account, &arn)?
                && kind::equal(&live, resource)
            {
                return Ok(Some(live));
            }
        }
        Ok(None)
    }

    /// Compares a resource with what there is; `last` is what was wanted of it before.
    ///
    /// # Errors
    /// What cannot be read.
    pub(super) fn judge(
        &mut self,
        wanted: (&Resource, &[Resource]),
        last: Option<&Resource>,
        outcomes: &Outcomes,
        around: Around<'_>,
    ) -> Result<Judged, Error> {
        let (resource, all) = wanted;
        let filled = fill(resource, &self.known);
        let tags = tags_of(&filled, around);
        let mut judged = Judged {
            live: self.live(resource).cloned(),
            verdict: Verdict::Nothing,
            difference: Difference::default(),
            set: Tags::new(),
            gone: Vec::new(),
            digest: String::new(),
            tags,
            resource: filled,
        };
        match resource.kind.as_str() {
            DEFINITION => {
                judged.digest = kind::digest(&judged.resource);
                match self.revision(&judged.resource, all, outcomes, around)? {
                    Some(live) => {
                        self.learn(resource, &live);
                        judged.live = Some(live);
                    }
                    None => {
                        self.known.remove(&id(resource));
                        judged.verdict = match judged.live {
                            Some(_) => Verdict::Change,
                            None => Verdict::Create,
                        };
                    }
                }
                judged.compare(last, &[]);
                if judged.verdict == Verdict::Nothing {
                    judged.compare_tags(last, around);
                }
            }
            RUN_TASK => {
                judged.digest = job_digest(resource, all, &self.known);
                let definition = references(&resource.request)
                    .into_iter()
                    .find(|it| it.kind == DEFINITION);
                let live = definition.and_then(|it| {
                    let id = (it.kind, it.name);
                    self.known.get(&id)?;
                    self.lives.get(&id)
                });
                let key = format!("{JOB}:{}", resource.name);
                let has_run =
                    live.is_some_and(|live| live.tag(&key) == Some(judged.digest.as_str()));
                judged.live = live.filter(|_| has_run).cloned();
                if !has_run {
                    judged.verdict = Verdict::Create;
                }
            }
            name => {
                let Some(kind) = kind::of(name) else {
                    let message =
                        format!("{name} is no kind of resource that this program can bring to AWS");
                    return Err(Error::new(crate::diag::Kind::Unsupported, message));
                };
                if judged.live.is_none() {
                    judged.verdict = Verdict::Create;
                    return Ok(judged);
                }
                judged.compare(last, &resource.create_only);
                if !judged.difference.is_none() {
                    judged.verdict = Verdict::Change;
                }
                if judged.replaced(kind.fixed()) {
                    judged.verdict = Verdict::Replace;
                }
                judged.compare_tags(last, around);
            }
        }
        Ok(judged)
    }
}

impl Judged {
    fn compare(&mut self, last: Option<&Resource>, created: &[String]) {
        let Some(live) = &self.live else {
            return;
        };
        let mut is = live.spec.clone();
        kind::settle(&self.resource.kind, &mut is);
        let wanted = kind::whole(&self.resource);
        let last = last.map(kind::whole);
        if self.resource.kind == SERVICE {
            kind::service::align(&mut is, &wanted, last.as_ref());
        }
        let request = self.resource.request.as_object();
        let named: Vec<String> = request
            .into_iter()
            .flat_map(|it| it.keys().cloned())
            .collect();
        self.difference = match self.resource.kind.as_str() {
            // A revision is made of what is wanted, whatever was there.
            DEFINITION => Difference {
                after: wanted,
                live: is,
                ..Difference::default()
            },
            _ => compare(
                is,
                &Wish {
                    wanted: &wanted,
                    named: &named,
                    last: last.as_ref(),
                    created,
                },
            ),
        };
    }

    /// Whether a member would have to change that cannot.
    fn replaced(&self, fixed: &[&str]) -> bool {
        let Some(live) = &self.live else {
            return false;
        };
        let mut changed = self
            .difference
            .changed
            .iter()
            .chain(&self.difference.dropped);
        changed.any(|name| {
            let is_fixed = fixed.contains(&name.as_str());
            // A launch type is left for providers, and come back to, without a new service.
            let moves = name == "launchType"
                && (live.spec["launchType"].is_null()
                    || self.resource.request["capacityProviderStrategy"].is_array());
            is_fixed && !moves
        })
    }

    fn compare_tags(&mut self, last: Option<&Resource>, around: Around<'_>) {
        let Some(known) = self.live.as_ref().and_then(|live| live.tags.as_ref()) else {
            return;
        };
        let was = last
            .map(|last| tag::take(&mut last.request.clone()))
            .unwrap_or_default();
        let ignored = &around.account.config.ignore.tags;
        (self.set, self.gone) = tag::differences(known, &self.tags, &was, ignored);
    }
}

/// All tags that a resource shall have.
pub(super) fn tags_of(resource: &Resource, around: Around<'_>) -> Tags {
    let mut tags = tag::take(&mut resource.request.clone());
    let owner = around.owner;
    if !owner.name.is_empty() {
        tags.insert(RELEASE.to_owned(), owner.name.clone());
        tags.insert(NAMESPACE.to_owned(), owner.namespace.clone());
    }
    if resource.kind == "elbv2:ListenerRule" {
        tags.insert(NAME.to_owned(), resource.name.clone());
    }
    tags
}

/// What tells one run of a job from another: what is run, and with what.
pub(super) fn job_digest(resource: &Resource, all: &[Resource], known: &Known) -> String {
    let definitions: Vec<String> = references(&resource.request)
        .iter()
        .filter(|it| it.kind == DEFINITION)
        .filter_map(|it| {
            all.iter()
                .find(|other| other.kind == it.kind && other.name == it.name)
        })
        .map(|definition| kind::digest(&fill(definition, known)))
        .collect();
    let mut request = resource.request.clone();
    tag::take(&mut request);
    let text = canonical(&json!([request, resource.settings, definitions]));
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same for the same resource in the same revision of a release: what is sent twice is done once.
pub(super) fn token(resource: &Resource, around: Around<'_>, salt: &str) -> String {
    let owner = around.owner;
    let text = json!([
        owner.namespace,
        owner.name,
        owner.revision,
        resource.kind,
        resource.name,
        salt
    ]);
    let digest = Sha256::digest(text.to_string().as_bytes());
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
