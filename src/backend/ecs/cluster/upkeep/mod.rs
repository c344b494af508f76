//! What is done with a release that runs, or with a service that no release has: tasks are listed,
//! stopped, entered, run once; services start anew and change their size; old revisions of task
//! definitions go; what a release needs is looked at before anything is changed.

mod exec;
mod policy;
mod revision;
mod run;
mod service;
mod survey;
mod task;
mod verify;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use exec::{Entrance, Wish as ExecOptions};
pub use revision::Revision;
pub use run::{Finish, Options as RunOptions, Started};
pub use service::{Decision, Size};
pub use survey::{Found, Group, Listener, Subnet, Used};
pub use task::Which;
pub use verify::{Check, Images, Verdict};

use super::account::text;
use super::kind::service::{cluster_of, describe};
use super::kind::{Around, DEFINITION, Owner, SERVICE, Secrets};
use super::object::{self, Stay};
use super::plan::{Known, fill};
use super::{Ecs, session};
use crate::backend::ecs::desired::Resource;
use crate::backend::{Backend, Object};
use crate::diag::{Error, Kind};
use crate::release::Release;

/// What a command is about: a release, as its record tells it, or a service by its own name.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// Whether there is a record of it.
    pub is_release: bool,
    owner: Owner,
    /// All that the release has, with what is known of references.
    resources: Vec<Resource>,
    /// Those of its services that are meant.
    members: Vec<Member>,
    /// Whether some were named.
    is_narrow: bool,
}

/// A service of a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Member {
    /// As the release calls it.
    name: String,
    cluster: String,
    /// As ECS calls it.
    service: String,
    /// The task definition that it is to run; empty where the record does not say.
    definition: String,
}

impl Member {
    fn object(&self, namespace: &str) -> Object {
        let request = json!({"cluster": self.cluster, "serviceName": self.service});
        let resource = Resource::new(SERVICE, self.name.as_str(), request);
        object::object(&resource, namespace, Stay::Goes)
    }
}

impl Subject {
    /// All resources of the release.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The services that are meant.
    ///
    /// # Errors
    /// There are none.
    fn services(&self) -> Result<&[Member], Error> {
        if self.members.is_empty() {
            let message = format!("release {:?} has no services", self.name);
            return Err(Error::new(Kind::NotFound, message));
        }
        Ok(&self.members)
    }

    /// The one service that is meant.
    ///
    /// # Errors
    /// There is none, or more than one.
    fn service(&self) -> Result<&Member, Error> {
        match self.services()? {
            [one] => Ok(one),
            several => {
                let names: Vec<&str> = several.iter().map(|it| it.name.as_str()).collect();
                let message = format!("release {:?} has several services", self.name);
                let hint = format!("Say which one: {}.", names.join(", "));
                Err(Error::new(Kind::Usage, message).with_hint(hint))
            }
        }
    }

    fn of_kind<'s>(&'s self, kind: &'static str) -> impl Iterator<Item = &'s Resource> {
        self.resources.iter().filter(move |it| it.kind == kind)
    }
}

/// The name in `KIND/NAME` or `NAME`.
fn bare(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

impl Ecs {
    /// Whether releases are recorded somewhere.
    pub fn has_records(&self) -> bool {
        let state = self
            .account
            .config
            .state
            .as_deref()
            .unwrap_or_default()
            .trim();
        !state.is_empty() && state != "none"
    }

    /// A release, with those of its services that are named, or all.
    ///
    /// # Errors
    /// Names of services that it has not, and a record that cannot be understood.
    pub fn subject(&self, release: &Release, names: &[String]) -> Result<Subject, Error> {
        let resources = self.resources_of(release)?;
        let members: Vec<Member> = resources
            .iter()
            .filter(|it| it.kind == SERVICE)
            .map(|it| Member {
                name: it.name.clone(),
                cluster: cluster_of(&self.account, &it.request).to_owned(),
                service: text(&it.request, "serviceName").to_owned(),
                definition: text(&it.request, "taskDefinition").to_owned(),
            })
            .collect();
        let is_it = |member: &Member, word: &String| {
            member.name == bare(word) || member.service == bare(word)
        };
        if let Some(unknown) = names
            .iter()
            .find(|word| !members.iter().any(|it| is_it(it, word)))
        {
            let message = format!("release {:?} has no service {unknown:?}", release.name);
            let known: Vec<&str> = members.iter().map(|it| it.name.as_str()).collect();
            let error = Error::new(Kind::NotFound, message);
            return Err(match known.is_empty() {
                true => error,
                false => error.with_hint(format!("It has {}.", known.join(", "))),
            });
        }
        let is_meant =
            |member: &Member| names.is_empty() || names.iter().any(|word| is_it(member, word));
        Ok(Subject {
            name: release.name.clone(),
            is_release: true,
            owner: Owner {
                name: release.name.clone(),
                namespace: release.namespace.clone(),
                revision: release.revision,
            },
            members: members.iter().filter(|it| is_meant(it)).cloned().collect(),
            resources,
            is_narrow: !names.is_empty(),
        })
    }

    /// The resources of a release, with what is known of their references.
    ///
    /// # Errors
    /// A record that cannot be understood.
    pub fn resources_of(&self, release: &Release) -> Result<Vec<Resource>, Error> {
        Backend::expect(self, release);
        let plan: Option<std::sync::Arc<session::Plan>> = self.plan()?;
        let resources = plan.map(|plan| plan.resources.clone()).unwrap_or_default();
        let mut known = Known::new();
        for (id, outcome) in self.outcomes() {
            if !outcome.id.is_empty() && id.0 == DEFINITION {
                let (family, revision) = bare(&outcome.id).rsplit_once(':').unwrap_or_default();
                let attributes = [
                    ("arn", outcome.id.as_str()),
                    ("family", family),
                    ("revision", revision),
                ];
                let attributes =
                    attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
                known.insert(id, BTreeMap::from(attributes));
            } else if outcome.id.starts_with("arn:") {
                known.insert(id, BTreeMap::from([("arn".to_owned(), outcome.id)]));
            }
        }
        Ok(resources.iter().map(|it| fill(it, &known)).collect())
    }

    /// A service of the cluster, by its own name; nothing where there is none.
    ///
    /// # Errors
    /// What ECS says.
    pub fn service(&self, name: &str) -> Result<Option<Subject>, Error> {
        let cluster = self.account.cluster();
        let found = describe(&self.account, cluster, &[name])?;
        Ok(found.get(name).map(|_| Subject {
            name: name.to_owned(),
            members: vec![Member {
                name: name.to_owned(),
                cluster: cluster.to_owned(),
                service: name.to_owned(),
                definition: String::new(),
            }],
            ..Subject::default()
        }))
    }

    /// Acts for the owner of a subject.
    fn tend<T>(&self, subject: &Subject, act: impl FnOnce(Around<'_>) -> T) -> T {
        let secrets = Secrets::new();
        act(self.around(&subject.owner, &secrets))
    }

    /// The services of a subject as ECS tells them, in order; those that are gone are left out.
    ///
    /// # Errors
    /// What ECS says.
    fn told<'s>(&self, subject: &'s Subject) -> Result<Vec<(&'s Member, Value)>, Error> {
        let mut clusters: Vec<&str> = subject
            .members
            .iter()
            .map(|it| it.cluster.as_str())
            .collect();
        clusters.sort_unstable();
        clusters.dedup();
        let mut known = BTreeMap::new();
        for cluster in clusters {
            let names: Vec<&str> = subject
                .members
                .iter()
                .filter(|it| it.cluster == cluster)
                .map(|it| it.service.as_str())
                .collect();
            for (name, told) in describe(&self.account, cluster, &names)? {
                known.insert((cluster.to_owned(), name), told);
            }
        }
        let found = subject.members.iter().filter_map(|member| {
            let key = (member.cluster.clone(), member.service.clone());
            Some((member, known.get(&key)?.clone()))
        });
        Ok(found.collect())
    }
}

/// That a service is not there.
fn gone(member: &Member) -> Error {
    let message = format!(
        "there is no service {:?} in the cluster {}",
        member.service, member.cluster
    );
    Error::new(Kind::NotFound, message)
}
