//! How objects are doing: how much of a workload is ready, what its Pods are up to, what is wrong with
//! them, and since when.
//!
//! All of it is read from objects as an API server has them; nothing is asked here. The words are those
//! of `kubectl` where it has some. Pods that a rollout is about to replace are told from those that it
//! brings: only the latter say how it goes.

mod budget;
mod event;
mod pod;
mod service;
mod time;
mod words;
mod workload;

use serde::Serialize;
use serde_json::Value;

pub use budget::{Budget, Hopeless};
pub use time::{age, span};

use super::readiness::kstatus::{Status, Verdict};
pub use time::Seconds;

/// What there is around objects: what they own, and what was said of it.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// ReplicaSets of Deployments.
    pub replica_sets: Vec<Value>,
    /// Pods of workloads.
    pub pods: Vec<Value>,
    /// Warnings (`v1/Event`).
    pub events: Vec<Value>,
    /// Claims of Pods that have no node.
    pub claims: Vec<Value>,
    /// Where Services lead to (`discovery.k8s.io/v1/EndpointSlice`).
    pub slices: Vec<Value>,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// There are.
    pub ready: i64,
    /// There shall be.
    pub wanted: i64,
}

/// How an object is doing.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty where it has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its state, in kstatus' word.
    pub status: String,
    /// Why.
    pub message: String,
    /// How much of it is ready; for kinds that consist of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<Count>,
    /// Its Pods, those of the newest revision first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<Pod>,
    /// What is wrong, what weighs most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
    /// What was warned of, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

impl Health {
    /// Whether it is as it shall be, as far as waiting goes.
    pub fn is_current(&self) -> bool {
        self.status == Status::Current.to_string()
    }
}

/// A Pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its state, as `kubectl get pods` has it.
    pub state: String,
    /// Its containers.
    pub ready: Count,
    /// How often they were started again.
    pub restarts: i64,
    /// Since when it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Seconds>,
    /// Where it runs; empty before it does.
    pub node: String,
    /// Whether it belongs to the newest revision of its workload.
    pub current: bool,
}

/// Why something is not as it shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A Job gave up.
    JobFailed,
    /// A Deployment does not get on.
    Deadline,
    /// The image's name is none, or it is never fetched and not there.
    ImageName,
    /// The image is not there, or not for us.
    ImageMissing,
    /// What a container's environment comes from is not there.
    Config,
    /// A container ends again and again.
    Crash,
    /// A Pod ended, and not well.
    Failed,
    /// The image cannot be fetched, for now.
    ImagePull,
    /// A container cannot be made or started.
    Start,
    /// No node takes the Pod.
    Unschedulable,
    /// A claim has no volume.
    Unbound,
    /// Pods are refused: a quota, an account, an admission.
    Refused,
    /// A volume or network is not there yet.
    Setup,
    /// It runs and is not ready.
    NotReady,
    /// A Service leads nowhere.
    Endpoints,
    /// A load balancer has no address.
    Address,
    /// It is on its way.
    Starting,
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Trouble {
    /// Why, by kind.
    pub cause: Cause,
    /// `Kind name` of what has it.
    pub object: String,
    /// The container; empty where it is none's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The cluster's word for it.
    pub reason: String,
    /// The cluster's words for it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Seconds>,
    /// How often the container was started again.
    #[serde(skip_serializing_if = "is_zero")]
    pub restarts: i64,
    /// How the container ended the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Since when what has it exists.
    #[serde(skip)]
    pub created: Option<Seconds>,
    /// Whether the newest revision has it.
    pub current: bool,
    /// The last lines that the container wrote, where somebody read them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// `Error`, `OOMKilled`, ...
    pub reason: String,
    /// What the container said of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Its code.
    pub exit_code: i64,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Seconds>,
    /// Whether it was started again since.
    #[serde(skip)]
    pub is_previous: bool,
}

/// A warning, told once however often it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// `Kind name` of what it is about.
    pub object: String,
    /// The cluster's word for it.
    pub reason: String,
    /// The cluster's words for it.
    pub message: String,
    /// How often it was given.
    pub count: i64,
    /// When it was given last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Seconds>,
}

/// How `object` is doing, which was judged already; `scene` may hold more than is its own.
pub fn examine(object: &Value, verdict: &Verdict, scene: &Scene) -> Health {
    let kind = text(object, "kind");
    let metadata = &object["metadata"];
    let family = workload::family(object, scene);
    let mut pods: Vec<Pod> = family
        .pods
        .iter()
        .map(|(pod, current)| pod::describe(pod, *current))
        .collect();
    pods.sort_by(|a, b| b.current.cmp(&a.current).then_with(|| a.name.cmp(&b.name)));
    let mut troubles = workload::troubles(object, &family, scene);
    // A Job that ended well may have needed more than one attempt; a Pod that goes has no say.
    let is_done = verdict.status == Status::Current && matches!(kind, "Job" | "Pod" | "CronJob");
    if !is_done {
        for (pod, current) in &family.pods {
            troubles.extend(pod::troubles(pod, *current, scene));
        }
        troubles.extend(service::troubles(object, scene));
    }
    troubles.sort_by(|a, b| {
        b.current
            .cmp(&a.current)
            .then_with(|| a.cause.cmp(&b.cause))
            .then_with(|| a.object.cmp(&b.object))
    });
    Health {
        kind: kind.to_owned(),
        namespace: text(metadata, "namespace").to_owned(),
        name: text(metadata, "name").to_owned(),
        status: verdict.status.to_string(),
        message: verdict.message.clone(),
        ready: workload::count(object, &pods),
        warnings: event::warnings(&family.uids(object, scene), scene),
        pods,
        troubles,
    }
}

/// A text member; empty where there is none.
fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object[member].as_str().unwrap_or_default()
}

/// The members of a list; none where there is none.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Whether `uid` owns an object.
fn is_owned(object: &Value, uid: &Value) -> bool {
    !uid.is_null() && list(&object["metadata"]["ownerReferences"]).any(|it| it["uid"] == *uid)
}

/// The condition of a type.
fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    list(&object["status"]["conditions"]).find(|it| it["type"] == name)
}

#[cfg(test)]
mod tests;
