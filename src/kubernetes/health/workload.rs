//! Workloads: which Pods are theirs, which of those belong to the newest revision, and what is wrong
//! with the workload itself.

use serde_json::Value;

use super::time::Seconds;
use super::{Cause, Count, Pod, Scene, Trouble, condition, event, is_owned, list, text};
use crate::kubernetes::readiness::legacy::newest_replica_set;
use crate::kubernetes::readiness::number;

/// What belongs to an object.
pub(super) struct Family<'a> {
    pub(super) replica_sets: Vec<&'a Value>,
    /// Each with whether it belongs to the newest revision.
    pub(super) pods: Vec<(&'a Value, bool)>,
}

impl<'a> Family<'a> {
    /// Who events may be about.
    pub(super) fn uids(&self, object: &'a Value, scene: &'a Scene) -> Vec<&'a str> {
        let claims = self.pods.iter().flat_map(|(pod, _)| claims(pod, scene));
        std::iter::once(object)
            .chain(self.replica_sets.iter().copied())
            .chain(self.pods.iter().map(|(pod, _)| *pod))
            .chain(claims)
            .map(|it| text(&it["metadata"], "uid"))
            .collect()
    }
}

/// Finds what belongs to an object.
pub(super) fn family<'a>(object: &'a Value, scene: &'a Scene) -> Family<'a> {
    let uid = &object["metadata"]["uid"];
    let owned = |pods: &'a [Value], uid: &Value| {
        let uid = uid.clone();
        pods.iter().filter(move |pod| is_owned(pod, &uid))
    };
    let mut family = Family {
        replica_sets: Vec::new(),
        pods: Vec::new(),
    };
    let is_newest = |pod: &Value, label: &str, wanted: &str| {
        wanted.is_empty() || pod["metadata"]["labels"][label] == wanted
    };
    match text(object, "kind") {
        "Pod" => family.pods.push((object, true)),
        "Deployment" => {
            let newest = newest_replica_set(object, &scene.replica_sets);
            let newest = newest.map_or("", |set| text(&set["metadata"], "uid"));
            for set in owned(&scene.replica_sets, uid) {
                let set_uid = &set["metadata"]["uid"];
                family.replica_sets.push(set);
                let pods = owned(&scene.pods, set_uid);
                family.pods.extend(pods.map(|pod| (pod, set_uid == newest)));
            }
        }
        "StatefulSet" => {
            let wanted = text(&object["status"], "updateRevision");
            let pods = owned(&scene.pods, uid);
            family
                .pods
                .extend(pods.map(|pod| (pod, is_newest(pod, "controller-revision-hash", wanted))));
        }
        "DaemonSet" => {
            const TEMPLATE: &str = "deprecated.daemonset.template.generation";
            let wanted = text(&object["metadata"]["annotations"], TEMPLATE);
            let pods = owned(&scene.pods, uid);
            family
                .pods
                .extend(pods.map(|pod| (pod, is_newest(pod, "pod-template-generation", wanted))));
        }
        _ => {
            let pods = owned(&scene.pods, uid);
            family.pods.extend(pods.map(|pod| (pod, true)));
        }
    }
    family
}

/// How much of an object is ready.
pub(super) fn count(object: &Value, pods: &[Pod]) -> Option<Count> {
    let status = |member: &str| number(object, &["status", member], 0);
    let replicas = number(object, &["spec", "replicas"], 1);
    // While a rollout goes on, those that it replaces are ready, too.
    let of_newest = |updated: i64, ready: i64, wanted: i64| {
        let running = pods.iter().filter(|pod| pod.current);
        let seen = running.filter(|pod| pod.is_ready()).count();
        let ready = match pods.is_empty() {
            true => updated.min(ready),
            false => i64::try_from(seen).unwrap_or(i64::MAX).min(wanted),
        };
        Count { ready, wanted }
    };
    Some(match text(object, "kind") {
        "Deployment" => of_newest(status("updatedReplicas"), status("readyReplicas"), replicas),
        "StatefulSet" => {
            let partition = ["spec", "updateStrategy", "rollingUpdate", "partition"];
            match number(object, &partition, 0) {
                0 => of_newest(status("updatedReplicas"), status("readyReplicas"), replicas),
                _ => Count {
                    ready: status("readyReplicas"),
                    wanted: replicas,
                },
            }
        }
        "DaemonSet" => of_newest(
            status("updatedNumberScheduled"),
            status("numberReady"),
            status("desiredNumberScheduled"),
        ),
        "ReplicaSet" | "ReplicationController" => Count {
            ready: status("readyReplicas"),
            wanted: replicas,
        },
        "Job" => {
            let parallel = number(object, &["spec", "parallelism"], 1);
            Count {
                ready: status("succeeded"),
                wanted: number(object, &["spec", "completions"], parallel),
            }
        }
        "Pod" => pods.first()?.ready,
        _ => return None,
    })
}

/// What is wrong with the object itself, whatever its Pods do.
pub(super) fn troubles(object: &Value, family: &Family<'_>, scene: &Scene) -> Vec<Trouble> {
    let kind = text(object, "kind");
    let own = |cause: Cause, found: &Value| Trouble {
        cause,
        object: format!("{kind} {}", text(&object["metadata"], "name")),
        reason: text(found, "reason").to_owned(),
        message: text(found, "message").to_owned(),
        since: Seconds::of(&found["lastTransitionTime"]),
        ..Trouble::nothing()
    };
    let holds =
        |name: &str, status: &str| condition(object, name).filter(|it| it["status"] == status);
    let mut found = Vec::new();
    if let ("Job", Some(failed)) = (kind, holds("Failed", "True")) {
        found.push(own(Cause::JobFailed, failed));
    }
    if kind == "Deployment" {
        if let Some(late) = holds("Progressing", "False")
            && late["reason"] == "ProgressDeadlineExceeded"
        {
            found.push(own(Cause::Deadline, late));
        }
        if let Some(refused) = holds("ReplicaFailure", "True") {
            found.push(own(Cause::Refused, refused));
        }
    }
    // Only Deployments keep it in a condition.
    let is_refused = found.iter().any(|it| it.cause == Cause::Refused);
    let wanted = count(object, &[]).map_or(0, |count| count.wanted);
    let pods = family.pods.iter().filter(|(_, current)| *current).count();
    let lacks = i64::try_from(pods).unwrap_or(i64::MAX) < wanted;
    let may_lack = !matches!(kind, "Job" | "Pod") || found.is_empty() && pods == 0;
    if lacks && may_lack && !is_refused {
        let owners = std::iter::once(object).chain(family.replica_sets.iter().copied());
        let warned = owners
            .filter_map(|it| event::newest(text(&it["metadata"], "uid"), &["FailedCreate"], scene));
        if let Some(warning) = warned.max_by_key(|it| it.last) {
            found.push(Trouble {
                cause: Cause::Refused,
                object: warning.object,
                reason: warning.reason,
                message: warning.message,
                since: warning.last,
                ..Trouble::nothing()
            });
        }
    }
    if kind == "PersistentVolumeClaim" && object["status"]["phase"] != "Bound" {
        found.push(unbound(object, scene));
    }
    found
}

/// What is wrong with a claim that has no volume.
pub(super) fn unbound(claim: &Value, scene: &Scene) -> Trouble {
    let metadata = &claim["metadata"];
    let phase = match text(&claim["status"], "phase") {
        "" => "Pending",
        phase => phase,
    };
    let class = match text(&claim["spec"], "storageClassName") {
        "" => "it names no storage class".to_owned(),
        class => format!("storage class {class}"),
    };
    let warned = event::newest(
        text(metadata, "uid"),
        &["ProvisioningFailed", "FailedBinding"],
        scene,
    );
    Trouble {
        cause: Cause::Unbound,
        object: format!("PersistentVolumeClaim {}", text(metadata, "name")),
        reason: phase.to_owned(),
        message: match warned {
            Some(warning) => format!("{class}: {}", warning.message),
            None => class,
        },
        since: Seconds::of(&metadata["creationTimestamp"]),
        ..Trouble::nothing()
    }
}

/// The claims of a Pod.
pub(super) fn claims<'a>(pod: &'a Value, scene: &'a Scene) -> impl Iterator<Item = &'a Value> {
    let namespace = &pod["metadata"]["namespace"];
    let names = list(&pod["spec"]["volumes"]).map(|it| &it["persistentVolumeClaim"]["claimName"]);
    names
        .filter(|name| name.is_string())
        .filter_map(move |name| {
            let mut claims = scene.claims.iter();
            claims.find(|claim| {
                claim["metadata"]["name"] == *name && claim["metadata"]["namespace"] == *namespace
            })
        })
}

impl Trouble {
    /// Nothing, to be filled.
    pub(super) fn nothing() -> Trouble {
        Trouble {
            cause: Cause::Starting,
            object: String::new(),
            container: String::new(),
            reason: String::new(),
            message: String::new(),
            since: None,
            restarts: 0,
            ended: None,
            created: None,
            current: true,
            log: Vec::new(),
        }
    }
}

impl Pod {
    /// Whether all of its containers are.
    fn is_ready(&self) -> bool {
        self.ready.ready == self.ready.wanted && self.ready.wanted > 0 && self.state == "Running"
    }
}
