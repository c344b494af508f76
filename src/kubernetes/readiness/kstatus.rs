//! Readiness as kstatus judges it (`github.com/fluxcd/cli-utils/pkg/kstatus/status`, and Helm 4.2.4's
//! own readers of Jobs and Pods).

use std::fmt;

use serde_json::Value;

use super::{conditions, number};
use crate::go::time::{Time, Zone, parse};

/// A state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It was not seen yet.
    #[default]
    Unknown,
    /// It is on its way.
    InProgress,
    /// It will not get there by itself.
    Failed,
    /// It is what it was asked to be.
    Current,
    /// It is being deleted.
    Terminating,
    /// It is not there.
    NotFound,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Unknown => "Unknown",
            Status::InProgress => "InProgress",
            Status::Failed => "Failed",
            Status::Current => "Current",
            Status::Terminating => "Terminating",
            Status::NotFound => "NotFound",
        })
    }
}

/// A state, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The state.
    pub status: Status,
    /// Why.
    pub message: String,
}

impl Verdict {
    /// What is not there.
    pub fn not_found() -> Verdict {
        Verdict {
            status: Status::NotFound,
            message: "Resource not found".to_owned(),
        }
    }
}

fn verdict(status: Status, message: impl Into<String>) -> Verdict {
    Verdict {
        status,
        message: message.into(),
    }
}

fn progress(message: impl Into<String>) -> Verdict {
    verdict(Status::InProgress, message)
}

fn current(message: impl Into<String>) -> Verdict {
    verdict(Status::Current, message)
}

fn failed(message: impl Into<String>) -> Verdict {
    verdict(Status::Failed, message)
}

/// How long a Pod may go without a node, in seconds.
const SCHEDULING: i64 = 15;

/// Judges an object as it is at `now` (`status.Compute`).
pub fn judge(object: &Value, now: &Time) -> Verdict {
    if let Some(verdict) = generic(object) {
        return verdict;
    }
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let kind = object["kind"].as_str().unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, kind) {
        ("", "Service") => service(object),
        ("", "Pod") => pod(object, now),
        ("", "PersistentVolumeClaim") => claim(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => daemon_set(object),
        ("apps" | "extensions", "Deployment") => deployment(object),
        ("apps" | "extensions", "ReplicaSet") => replica_set(object),
        ("policy", "PodDisruptionBudget") => current("AllowedDisruptions has been computed."),
        ("batch", "Job") => job(object),
        ("", "Secret" | "ConfigMap") | ("batch", "CronJob") => current("Resource is always ready"),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        _ => other(object),
    }
}

/// Judges a Job that has to be complete.
pub fn judge_job(object: &Value) -> Verdict {
    match finished(object) {
        Some(verdict) => verdict,
        None => progress("Job in progress"),
    }
}

/// Judges a Pod that has to run to its end.
pub fn judge_pod(object: &Value) -> Verdict {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    match object["status"]["phase"].as_str() {
        Some("Succeeded") => current(format!("pod {name} succeeded")),
        Some("Failed") => failed(format!("pod {name} failed")),
        _ => progress("Pod in progress"),
    }
}

/// What holds for all kinds.
fn generic(object: &Value) -> Option<Verdict> {
    let metadata = &object["metadata"];
    if metadata["deletionTimestamp"]
        .as_str()
        .is_some_and(|time| !time.is_empty())
    {
        return Some(verdict(
            Status::Terminating,
            "Resource scheduled for deletion",
        ));
    }
    if let (Some(wanted), Some(seen)) = (
        metadata["generation"].as_i64(),
        object["status"]["observedGeneration"].as_i64(),
    ) && wanted != seen
    {
        let kind = object["kind"].as_str().unwrap_or_default();
        return Some(progress(format!(
            "{kind} generation is {wanted}, but latest observed generation is {seen}"
        )));
    }
    conditions(object).find_map(|condition| match (condition.name, condition.status) {
        ("Reconciling", "True") => Some(progress(condition.message)),
        ("Stalled", "True") => Some(failed(condition.message)),
        _ => None,
    })
}

fn other(object: &Value) -> Verdict {
    let ready = conditions(object).find_map(|condition| match (condition.name, condition.status) {
        ("Ready", "True") => Some(current("Resource is Ready")),
        ("Ready", "False" | "Unknown") => Some(progress(condition.message)),
        _ => None,
    });
    ready.unwrap_or_else(|| current("Resource is current"))
}

fn stateful_set(object: &Value) -> Verdict {
    if object["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return current("StatefulSet is using the ondelete update strategy");
    }
    let status = |member: &str| number(object, &["status", member], 0);
    let wanted = number(object, &["spec", "replicas"], 1);
    let partition = number(
        object,
        &["spec", "updateStrategy", "rollingUpdate", "partition"],
        -1,
    );
    let (replicas, ready) = (status("replicas"), status("readyReplicas"));
    let (updated, present) = (status("updatedReplicas"), status("currentReplicas"));
    if wanted > replicas {
        return progress(format!("Replicas: {replicas}/{wanted}"));
    }
    if wanted > ready {
        return progress(format!("Ready: {ready}/{wanted}"));
    }
    if replicas > wanted {
        return progress(format!("Pending termination: {}", replicas - wanted));
    }
    if partition != -1 {
        if updated < wanted - partition {
            return progress(format!("updated: {updated}/{}", wanted - partition));
        }
        return current(format!("Partition rollout complete. updated: {updated}"));
    }
    if wanted > present {
        return progress(format!("current: {present}/{wanted}"));
    }
    if object["status"]["currentRevision"] != object["status"]["updateRevision"] {
        return progress("Waiting for updated revision to match current");
    }
    current(format!(
        "All replicas scheduled as expected. Replicas: {replicas}"
    ))
}

fn deployment(object: &Value) -> Verdict {
    let deadline = number(
        object,
        &["spec", "progressDeadlineSeconds"],
        i64::from(i32::MAX),
    );
    // Without a deadline there is no such condition.
    let mut is_progressing = deadline == i64::from(i32::MAX);
    let mut is_available = false;
    for condition in conditions(object) {
        match condition.name {
            "Progressing" if condition.reason == "ProgressDeadlineExceeded" => {
                return failed("Progress deadline exceeded");
            }
            "Progressing"
                if condition.status == "True" && condition.reason == "NewReplicaSetAvailable" =>
            {
                is_progressing = true;
            }
            "Available" if condition.status == "True" => is_available = true,
            _ => {}
        }
    }
    let status = |member: &str| number(object, &["status", member], 0);
    let wanted = number(object, &["spec", "replicas"], 1);
    let (replicas, updated) = (status("replicas"), status("updatedReplicas"));
    let (ready, available) = (status("readyReplicas"), status("availableReplicas"));
    if wanted > replicas {
        return progress(format!("Replicas: {replicas}/{wanted}"));
    }
    if wanted > updated {
        return progress(format!("Updated: {updated}/{wanted}"));
    }
    if replicas > wanted {
        return progress(format!("Pending termination: {}", replicas - wanted));
    }
    if updated > available {
        return progress(format!("Available: {available}/{updated}"));
    }
    if wanted > ready {
        return progress(format!("Ready: {ready}/{wanted}"));
    }
    if !is_progressing {
        return progress("ReplicaSet not Available");
    }
    if !is_available {
        return progress("Deployment not Available");
    }
    current(format!("Deployment is available. Replicas: {replicas}"))
}

fn replica_set(object: &Value) -> Verdict {
    if conditions(object).any(|it| it.name == "ReplicaFailure" && it.status == "True") {
        return progress("Replica Failure condition. Check Pods");
    }
    let status = |member: &str| number(object, &["status", member], 0);
    let wanted = number(object, &["spec", "replicas"], 1);
    let replicas = status("replicas");
    for (name, member) in [
        ("Labelled", "fullyLabeledReplicas"),
        ("Available", "availableReplicas"),
        ("Ready", "readyReplicas"),
    ] {
        let found = status(member);
        if wanted > found {
            return progress(format!("{name}: {found}/{wanted}"));
        }
    }
    if replicas > wanted {
        return progress(format!("Pending termination: {}", replicas - wanted));
    }
    current(format!("ReplicaSet is available. Replicas: {replicas}"))
}

fn daemon_set(object: &Value) -> Verdict {
    let kind = object["kind"].as_str().unwrap_or_default();
    for (member, name) in [("metadata", "generation"), ("status", "observedGeneration")] {
        if object[member][name].as_i64().is_none() {
            return progress(format!("{kind} {member}.{name} not found"));
        }
    }
    let status = |member: &str| number(object, &["status", member], 0);
    let wanted = number(object, &["status", "desiredNumberScheduled"], -1);
    if wanted == -1 {
        return progress("Missing .status.desiredNumberScheduled");
    }
    for (name, member) in [
        ("Current", "currentNumberScheduled"),
        ("Updated", "updatedNumberScheduled"),
        ("Available", "numberAvailable"),
        ("Ready", "numberReady"),
    ] {
        let found = status(member);
        if wanted > found {
            return progress(format!("{name}: {found}/{wanted}"));
        }
    }
    current(format!(
        "All replicas scheduled as expected. Replicas: {wanted}"
    ))
}

fn claim(object: &Value) -> Verdict {
    match object["status"]["phase"].as_str().unwrap_or("unknown") {
        "Bound" => current("PVC is Bound"),
        phase => progress(format!("PVC is not Bound. phase: {phase}")),
    }
}

fn pod(object: &Value, now: &Time) -> Verdict {
    match object["status"]["phase"].as_str().unwrap_or_default() {
        "Succeeded" => current("Pod has completed successfully"),
        "Failed" => current("Pod has completed, but not successfully"),
        "Running" => {
            if conditions(object).any(|it| it.name == "Ready" && it.status == "True") {
                return current("Pod is Ready");
            }
            let crashing: Vec<&str> = object["status"]["containerStatuses"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|it| it["state"]["waiting"]["reason"] == "CrashLoopBackOff")
                .filter_map(|it| it["name"].as_str())
                .collect();
            match crashing.as_slice() {
                [] => progress("Pod is running but is not Ready"),
                names => failed(format!(
                    "Containers in CrashLoop state: {}",
                    names.join(",")
                )),
            }
        }
        "Pending" => {
            let is_unschedulable = conditions(object).any(|it| {
                it.name == "PodScheduled" && it.status == "False" && it.reason == "Unschedulable"
            });
            if !is_unschedulable {
                return progress("Pod is in the Pending phase");
            }
            let created = object["metadata"]["creationTimestamp"].as_str();
            let created = created.and_then(|text| {
                parse(b"2006-01-02T15:04:05Z07:00", text.as_bytes(), &Zone::Utc).ok()
            });
            match created {
                Some(created) if now.seconds() - created.seconds() < SCHEDULING => {
                    progress("Pod has not been scheduled")
                }
                _ => failed("Pod could not be scheduled"),
            }
        }
        "" => progress("Pod phase not available"),
        phase => verdict(Status::Unknown, format!("unknown phase {phase}")),
    }
}

fn job(object: &Value) -> Verdict {
    if let Some(verdict) = finished(object) {
        return verdict;
    }
    let status = |member: &str| number(object, &["status", member], 0);
    if object["status"]["startTime"]
        .as_str()
        .is_none_or(str::is_empty)
    {
        return progress("Job not started");
    }
    current(format!(
        "Job in progress. success:{}, active: {}, failed: {}",
        status("succeeded"),
        status("active"),
        status("failed")
    ))
}

/// How a Job ended, where it did.
fn finished(object: &Value) -> Option<Verdict> {
    let parallelism = number(object, &["spec", "parallelism"], 1);
    let completions = number(object, &["spec", "completions"], parallelism);
    conditions(object).find_map(|condition| match (condition.name, condition.status) {
        ("Complete", "True") => {
            let succeeded = number(object, &["status", "succeeded"], 0);
            Some(current(format!(
                "Job Completed. succeeded: {succeeded}/{completions}"
            )))
        }
        ("Failed", "True") => {
            let failures = number(object, &["status", "failed"], 0);
            Some(failed(format!(
                "Job Failed. failed: {failures}/{completions}"
            )))
        }
        _ => None,
    })
}

fn service(object: &Value) -> Verdict {
    let spec = &object["spec"];
    if spec["type"] == "LoadBalancer" && spec["clusterIP"].as_str().is_none_or(str::is_empty) {
        return progress("ClusterIP not set. Service type: LoadBalancer");
    }
    current("Service is ready")
}

fn definition(object: &Value) -> Verdict {
    let found = conditions(object).find_map(|it| match (it.name, it.status) {
        ("NamesAccepted", "False") => Some(failed(it.message)),
        ("Established", "False") if it.reason != "Installing" => Some(failed(it.message)),
        ("Established", "True") => Some(current("CRD is established")),
        _ => None,
    });
    found.unwrap_or_else(|| progress("Install in progress"))
}
