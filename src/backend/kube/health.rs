//! How objects are doing, asked of the server.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::connection::{Connection, Request};
use super::failure::Failure;
use super::path;
use crate::backend::Object;
use crate::kubernetes::health::{Cause, Health, Scene, Trouble, examine};
use crate::kubernetes::readiness::kstatus::Verdict;

/// How many lines of a log are read, and of how many containers.
const LINES: &str = "10";
const LOGS: usize = 8;

/// How much of a log is read, and of a line shown.
const BYTES: &str = "65536";
const WIDTH: usize = 400;

/// A collection of objects, and which of them are wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Collection {
    pub(super) of: Part,
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
}

/// Which part of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    ReplicaSets,
    Pods,
    Events,
}

impl Collection {
    /// What has to be known of the surroundings of an object as it is.
    pub(super) fn around(live: &Value) -> Vec<Collection> {
        let namespace = live["metadata"]["namespace"].as_str().unwrap_or_default();
        let mut all = Vec::new();
        if let Some(labels) = selector(live) {
            let query = vec![("labelSelector", labels)];
            if live["kind"] == "Deployment" {
                all.push(Collection {
                    of: Part::ReplicaSets,
                    path: path::collection("apps/v1", "replicasets", namespace),
                    query: query.clone(),
                });
            }
            all.push(Collection {
                of: Part::Pods,
                path: path::collection("v1", "pods", namespace),
                query,
            });
        }
        if !namespace.is_empty() {
            all.push(Collection {
                of: Part::Events,
                path: path::collection("v1", "events", namespace),
                query: vec![("fieldSelector", "type=Warning".to_owned())],
            });
        }
        all
    }

    /// Only those of its objects that have labels, too.
    pub(super) fn narrow(&mut self, labels: &str) {
        let known = self
            .query
            .iter_mut()
            .find(|(name, _)| *name == "labelSelector");
        match known {
            Some((_, value)) => *value = format!("{value},{labels}"),
            None => self.query.push(("labelSelector", labels.to_owned())),
        }
    }

    /// Where it is, with more to ask.
    pub(super) fn path(&self, more: &[(&'static str, &str)]) -> String {
        let own = self
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let pairs: Vec<(&str, &str)> = own.chain(more.iter().copied()).collect();
        path::query(self.path.clone(), &pairs)
    }
}

/// The labels of the Pods that belong to an object as it is.
fn selector(live: &Value) -> Option<String> {
    let spec = &live["spec"]["selector"];
    match live["kind"].as_str()? {
        "ReplicationController" => return Some(path::selector(spec)),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {}
        _ => return None,
    }
    let mut parts = vec![path::selector(&spec["matchLabels"])];
    for one in spec["matchExpressions"].as_array().into_iter().flatten() {
        let key = one["key"].as_str().unwrap_or_default();
        let values = one["values"].as_array().into_iter().flatten();
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        let values = values.join(",");
        parts.push(match one["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    parts.retain(|part| !part.is_empty());
    (!parts.is_empty()).then(|| parts.join(","))
}

/// How objects are doing, as `judge` sees them, with the last lines of containers that failed. What the
/// server does not tell (events may be forbidden) is left out.
///
/// # Errors
/// An object that cannot be read, though it may be there.
pub(super) async fn ask(
    connection: &Connection,
    objects: &[&Object],
    judge: &dyn Fn(&Value) -> Verdict,
) -> Result<Vec<Health>, Failure> {
    let lives = join_all(objects.iter().map(|object| look(connection, object))).await;
    let mut all = Vec::new();
    for (object, live) in objects.iter().zip(lives) {
        all.push(match live? {
            Some(live) => {
                let verdict = judge(&live);
                (live, verdict)
            }
            None => (placeholder(object), Verdict::not_found()),
        });
    }
    let scene = scene(connection, &all).await;
    let healths = all
        .iter()
        .map(|(live, verdict)| examine(live, verdict, &scene));
    let mut healths: Vec<Health> = healths.collect();
    read_logs(connection, &mut healths).await;
    Ok(healths)
}

/// An object as it is; nothing where it is not there.
pub(super) async fn look(
    connection: &Connection,
    object: &Object,
) -> Result<Option<Value>, Failure> {
    let path = path::object(&object.key, &object.resource);
    match connection.request(Request::get(path)).await {
        Ok(answer) => answer.json().map(Some),
        Err(failure) if failure.is_not_found() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What stands for an object that is not there.
fn placeholder(object: &Object) -> Value {
    let key = &object.key;
    json!({
        "apiVersion": key.api_version(),
        "kind": key.kind,
        "metadata": {"name": key.name, "namespace": key.namespace},
    })
}

async fn scene(connection: &Connection, all: &[(Value, Verdict)]) -> Scene {
    let wanted: BTreeSet<Collection> = all
        .iter()
        .flat_map(|(live, _)| Collection::around(live))
        .collect();
    let listed = wanted.iter().map(|one| list(connection, one.path(&[])));
    let listed = join_all(listed).await;
    let mut scene = Scene::default();
    for (collection, items) in wanted.iter().zip(listed) {
        let part = match collection.of {
            Part::ReplicaSets => &mut scene.replica_sets,
            Part::Pods => &mut scene.pods,
            Part::Events => &mut scene.events,
        };
        part.extend(items);
    }
    let member = |value: &Value, name: &str| {
        let text = value["metadata"][name].as_str().unwrap_or_default();
        text.to_owned()
    };
    let pending = scene.pods.iter().chain(all.iter().map(|(live, _)| live));
    let pending = pending.filter(|pod| pod["status"]["phase"] == "Pending");
    let claiming: BTreeSet<String> = pending
        .filter(|pod| {
            let volumes = pod["spec"]["volumes"].as_array();
            let mut volumes = volumes.into_iter().flatten();
            volumes.any(|it| it["persistentVolumeClaim"].is_object())
        })
        .map(|pod| member(pod, "namespace"))
        .collect();
    let services = all.iter().filter(|(live, _)| live["kind"] == "Service");
    let serving: BTreeSet<String> = services
        .map(|(live, _)| member(live, "namespace"))
        .collect();
    for (parts, namespaces, api_version, resource) in [
        (&mut scene.claims, claiming, "v1", "persistentvolumeclaims"),
        (
            &mut scene.slices,
            serving,
            "discovery.k8s.io/v1",
            "endpointslices",
        ),
    ] {
        for namespace in namespaces {
            parts.extend(
                list(
                    connection,
                    path::collection(api_version, resource, &namespace),
                )
                .await,
            );
        }
    }
    scene
}

/// The items of a list; none where it is not shown.
async fn list(connection: &Connection, path: String) -> Vec<Value> {
    let answer = connection.request(Request::get(path)).await;
    let list = answer.and_then(|answer| answer.json());
    let mut list = list.unwrap_or_default();
    match list["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// Reads the last lines of containers that failed, once where several failed alike.
async fn read_logs(connection: &Connection, healths: &mut [Health]) {
    let mut wanted: BTreeMap<(usize, usize), String> = BTreeMap::new();
    for (at, health) in healths.iter().enumerate() {
        let mut seen: BTreeSet<(Cause, &str)> = BTreeSet::new();
        for (place, trouble) in health.troubles.iter().enumerate() {
            if wanted.len() < LOGS
                && has_log(trouble)
                && seen.insert((trouble.cause, &trouble.container))
            {
                wanted.insert((at, place), log_path(&health.namespace, trouble));
            }
        }
    }
    let texts = join_all(wanted.values().map(|path| {
        connection.request(Request {
            accept: Some("*/*"),
            ..Request::get(path.clone())
        })
    }))
    .await;
    for ((at, place), text) in wanted.into_keys().zip(texts) {
        let Ok(answer) = text else { continue };
        let text = String::from_utf8_lossy(&answer.body);
        healths[at].troubles[place].log = text.lines().map(cut).collect();
    }
}

/// Whether a container with this trouble wrote something that says why.
fn has_log(trouble: &Trouble) -> bool {
    let ran = trouble.ended.is_some() || trouble.cause == Cause::NotReady;
    ran && !trouble.container.is_empty()
}

fn log_path(namespace: &str, trouble: &Trouble) -> String {
    let pod = trouble.object.trim_start_matches("Pod ");
    let pods = path::collection("v1", "pods", namespace);
    let previous = trouble
        .ended
        .as_ref()
        .is_some_and(|ended| ended.is_previous);
    let mut query = vec![
        ("container", trouble.container.as_str()),
        ("tailLines", LINES),
        ("limitBytes", BYTES),
    ];
    if previous {
        query.push(("previous", "true"));
    }
    path::query(format!("{pods}/{pod}/log"), &query)
}

/// A line that is not too long, without what would move the cursor.
fn cut(line: &str) -> String {
    let clean = line.chars().filter(|c| !c.is_control() || *c == '\t');
    let mut kept: String = clean.take(WIDTH + 1).collect();
    if kept.chars().count() > WIDTH {
        kept.pop();
        kept.push('\u{2026}');
    }
    kept
}
