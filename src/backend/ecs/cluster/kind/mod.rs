//! What there is to know of each kind of resource: how it is read, made, changed, tagged and taken away.

mod balancing;
mod definition;
mod discovery;
mod event;
mod group;
mod machine;
mod rule;
mod scaling;
mod schedule;
mod secret;
pub(super) mod service;

pub(super) use definition::{
    deregister, digest, equal, log_groups, read_one as read_definition, revisions,
};

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::account::Account;
use super::clock::Clock;
use super::compare::Difference;
use super::live::Live;
use super::normal;
use super::tag::{self, Tags};
use crate::backend::ecs::desired::Resource;
use crate::diag::Error;

/// A release, as its resources name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) revision: i64,
}

/// The data of Secrets, by `NAMESPACE/NAME`, then by key.
pub(super) type Secrets = BTreeMap<String, BTreeMap<String, String>>;

/// What whoever reads or changes something is given.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) account: &'a Account,
    pub(super) owner: &'a Owner,
    pub(super) secrets: &'a Secrets,
    pub(super) clock: &'a Clock,
}

/// A resource to make or to change.
pub(super) struct Step<'a> {
    /// Without references: they are filled in.
    pub(super) resource: &'a Resource,
    /// All tags that it shall have.
    pub(super) tags: &'a Tags,
    /// The same for the same thing in the same revision.
    pub(super) token: &'a str,
}

impl Step<'_> {
    /// The request without tags.
    pub(super) fn request(&self) -> Value {
        let mut request = self.resource.request.clone();
        tag::take(&mut request);
        request
    }
}

/// What came of reading resources, in their order.
pub(super) type Read = Vec<Result<Option<Live>, Error>>;

/// A kind of resource.
pub(super) trait Kind: Sync {
    /// Finds resources.
    fn read(&self, around: Around<'_>, wanted: &[&Resource]) -> Read;

    /// Brings a request, with what is said beside it, into its normal form.
    fn settle(&self, spec: &mut Value) {
        normal::drop_empty(spec);
    }

    /// Members that cannot change once it is there.
    fn fixed(&self) -> &'static [&'static str] {
        &[]
    }

    /// Makes it.
    ///
    /// # Errors
    /// What the service says.
    fn create(&self, around: Around<'_>, step: &Step<'_>) -> Result<Live, Error>;

    /// Makes it be as it is wanted.
    ///
    /// # Errors
    /// What the service says.
    fn change(
        &self,
        around: Around<'_>,
        step: &Step<'_>,
        live: &Live,
        difference: &Difference,
    ) -> Result<Live, Error>;

    /// Sets and takes away tags.
    ///
    /// # Errors
    /// What the service says.
    fn retag(
        &self,
        around: Around<'_>,
        live: &Live,
        set: &Tags,
        gone: &[String],
    ) -> Result<(), Error> {
        let _ = (around, live, set, gone);
        Ok(())
    }

    /// Takes it away; that it is gone already is no error.
    ///
    /// # Errors
    /// What the service says.
    fn delete(&self, around: Around<'_>, live: &Live) -> Result<(), Error>;
}

/// Kinds: as documents name them, as objects do, what is known of them.
const KINDS: &[(&str, &str, Option<&dyn Kind>)] = &[
    ("logs:LogGroup", "LogGroup", Some(&group::LogGroup)),
    (
        "secretsmanager:Secret",
        "UploadedSecret",
        Some(&secret::Secret),
    ),
    ("ssm:Parameter", "Parameter", Some(&secret::Parameter)),
    (
        "servicediscovery:Service",
        "DiscoveryService",
        Some(&discovery::Service),
    ),
    (
        "elbv2:TargetGroup",
        "TargetGroup",
        Some(&balancing::TargetGroup),
    ),
    ("elbv2:Listener", "Listener", Some(&balancing::Listener)),
    ("elbv2:ListenerRule", "ListenerRule", Some(&rule::Rule)),
    (
        "ecs:TaskDefinition",
        "TaskDefinition",
        Some(&definition::Definition),
    ),
    ("ecs:Service", "Service", Some(&service::Service)),
    (
        "application-autoscaling:ScalableTarget",
        "ScalableTarget",
        Some(&scaling::Target),
    ),
    (
        "application-autoscaling:ScalingPolicy",
        "ScalingPolicy",
        Some(&scaling::POLICY),
    ),
    (
        "application-autoscaling:ScheduledAction",
        "ScheduledAction",
        Some(&scaling::ACTION),
    ),
    (
        "states:StateMachine",
        "StateMachine",
        Some(&machine::Machine),
    ),
    ("scheduler:Schedule", "Schedule", Some(&schedule::Schedule)),
    ("events:Rule", "EventRule", Some(&event::Rule)),
    (RUN_TASK, "RunTask", None),
];

/// What is run once.
pub(super) const RUN_TASK: &str = "ecs:RunTask";
/// What tasks are made of.
pub(super) const DEFINITION: &str = "ecs:TaskDefinition";
/// What keeps tasks running.
pub(super) const SERVICE: &str = "ecs:Service";
/// Where containers write.
pub(super) const LOG_GROUP: &str = "logs:LogGroup";

/// What is known of a kind; nothing of those that are not there but run, and of those of later programs.
pub(super) fn of(kind: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().find(|(name, ..)| *name == kind)?.2
}

/// The kind of an object that stands for a resource.
pub(super) fn object_kind(kind: &str) -> String {
    let known = KINDS.iter().find(|(name, ..)| *name == kind);
    match known {
        Some((_, object, _)) => (*object).to_owned(),
        None => kind.rsplit(':').next().unwrap_or(kind).to_owned(),
    }
}

/// The kind of the resource that an object stands for.
pub(super) fn resource_kind(kind: &str) -> Option<&'static str> {
    let known = KINDS.iter().find(|(_, object, _)| *object == kind);
    known.map(|(name, ..)| *name)
}

/// The request with what is said beside it, in normal form, without tags.
pub(super) fn whole(resource: &Resource) -> Value {
    let mut request = resource.request.clone();
    tag::take(&mut request);
    let mut members = match request {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in &resource.settings {
        members.insert(name.clone(), value.clone());
    }
    let mut value = Value::Object(members);
    settle(&resource.kind, &mut value);
    value
}

/// Brings a value of a kind into its normal form.
pub(super) fn settle(kind: &str, value: &mut Value) {
    normal::numbers(value);
    if let Some(kind) = of(kind) {
        kind.settle(value);
    }
}

/// `request` with the members of `changed` as `from` has them.
pub(super) fn with_changed(mut request: Value, from: &Value, difference: &Difference) -> Value {
    for name in &difference.changed {
        if let Some(value) = from.get(name) {
            request[name.as_str()] = value.clone();
        }
    }
    request
}

/// Reads each by itself, several at a time.
pub(super) fn each<'r>(
    around: Around<'_>,
    wanted: &[&'r Resource],
    read: impl Fn(&'r Resource) -> Result<Option<Live>, Error> + Sync,
) -> Read {
    around.account.each(wanted, |resource| read(resource))
}
