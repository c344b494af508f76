//! Readiness as Helm 3 judged it (`pkg/kube/ready.go`, Helm 4.2.4).

use serde_json::Value;

use super::{conditions, number};

/// What has to be known besides the object itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// The newest ReplicaSet of a Deployment.
    ReplicaSet,
    /// The Pods that belong to it.
    Pods,
}

/// What has to be known to judge objects of a kind.
pub fn needs(kind: &str) -> Needs {
    match kind {
        "Deployment" => Needs::ReplicaSet,
        "ReplicationController" | "ReplicaSet" => Needs::Pods,
        _ => Needs::Nothing,
    }
}

/// Whether an object is ready; `related` holds what [`needs`] asks for. Jobs count where they have
/// to be complete.
///
/// # Errors
/// What can no longer become ready.
pub fn is_ready(object: &Value, related: &[Value], counts_jobs: bool) -> Result<bool, String> {
    Ok(match object["kind"].as_str().unwrap_or_default() {
        "Pod" => is_pod_ready(object),
        "Job" if counts_jobs => return is_job_complete(object),
        "Deployment" => is_deployment_ready(object, related.first()),
        "PersistentVolumeClaim" => object["status"]["phase"] == "Bound",
        "Service" => is_service_ready(object),
        "DaemonSet" => is_daemon_set_ready(object),
        "CustomResourceDefinition" => conditions(object).any(|it| {
            (it.name == "Established" && it.status == "True")
                || (it.name == "NamesAccepted" && it.status == "False")
        }),
        "StatefulSet" => is_stateful_set_ready(object),
        "ReplicationController" | "ReplicaSet" => {
            is_observed(object) && related.iter().all(is_pod_ready)
        }
        _ => true,
    })
}

/// The newest of the ReplicaSets that a Deployment owns.
pub fn newest_replica_set<'a>(deployment: &Value, sets: &'a [Value]) -> Option<&'a Value> {
    const REVISION: &str = "deployment.kubernetes.io/revision";
    let revision = |object: &Value| {
        object["metadata"]["annotations"][REVISION]
            .as_str()
            .map(str::to_owned)
    };
    let uid = &deployment["metadata"]["uid"];
    let wanted = revision(deployment)?;
    sets.iter().find(|set| {
        let owners = set["metadata"]["ownerReferences"].as_array();
        owners
            .into_iter()
            .flatten()
            .any(|owner| owner["uid"] == *uid)
            && revision(set).as_ref() == Some(&wanted)
    })
}

fn is_pod_ready(pod: &Value) -> bool {
    conditions(pod).any(|it| it.name == "Ready" && it.status == "True")
}

fn is_job_complete(job: &Value) -> Result<bool, String> {
    let failures = number(job, &["status", "failed"], 0);
    if failures > number(job, &["spec", "backoffLimit"], 6) {
        let text = |member: &str| job["metadata"][member].as_str().unwrap_or_default();
        return Err(format!(
            "job is failed: {}/{}",
            text("namespace"),
            text("name")
        ));
    }
    let completions = job["spec"]["completions"].as_i64();
    let succeeded = number(job, &["status", "succeeded"], 0);
    Ok(completions.is_none_or(|wanted| succeeded >= wanted))
}

fn is_observed(object: &Value) -> bool {
    number(object, &["status", "observedGeneration"], 0)
        == number(object, &["metadata", "generation"], 0)
}

fn is_deployment_ready(deployment: &Value, newest: Option<&Value>) -> bool {
    if deployment["spec"]["paused"] == true {
        return true;
    }
    let Some(newest) = newest else {
        return false;
    };
    let replicas = number(deployment, &["spec", "replicas"], 1);
    is_observed(newest)
        && is_observed(deployment)
        && number(newest, &["status", "readyReplicas"], 0)
            >= replicas - max_unavailable(deployment, replicas)
}

/// How many Pods of a Deployment may be missing (`deploymentutil.MaxUnavailable`).
fn max_unavailable(deployment: &Value, replicas: i64) -> i64 {
    let strategy = &deployment["spec"]["strategy"];
    if strategy["type"] != "RollingUpdate" || replicas == 0 {
        return 0;
    }
    let rolling = &strategy["rollingUpdate"];
    let surge = scaled(&rolling["maxSurge"], replicas, Rounding::Up).unwrap_or(0);
    let missing = scaled(&rolling["maxUnavailable"], replicas, Rounding::Down).unwrap_or(0);
    match (surge, missing) {
        // Neither would let anything change.
        (0, 0) => 1.min(replicas),
        (_, missing) => missing.min(replicas),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounding {
    Up,
    Down,
}

/// A number, or a share of `total` (`intstr.GetScaledValueFromIntOrPercent`).
fn scaled(value: &Value, total: i64, rounding: Rounding) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    Some(match rounding {
        Rounding::Up => (percent * total + 99).div_euclid(100),
        Rounding::Down => (percent * total).div_euclid(100),
    })
}

fn is_service_ready(service: &Value) -> bool {
    let spec = &service["spec"];
    if spec["type"] == "ExternalName" {
        return true;
    }
    if spec["clusterIP"].as_str().is_none_or(str::is_empty) {
        return false;
    }
    let is_filled = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
    spec["type"] != "LoadBalancer"
        || is_filled(&spec["externalIPs"])
        || service["status"]["loadBalancer"]["ingress"].is_array()
}

fn is_daemon_set_ready(set: &Value) -> bool {
    let strategy = &set["spec"]["updateStrategy"];
    if !is_observed(set) {
        return false;
    }
    if strategy["type"] != "RollingUpdate" {
        return true;
    }
    let status = |member: &str| number(set, &["status", member], 0);
    let wanted = status("desiredNumberScheduled");
    let missing = &strategy["rollingUpdate"]["maxUnavailable"];
    let missing = scaled(missing, wanted, Rounding::Up).unwrap_or(wanted);
    status("updatedNumberScheduled") == wanted && status("numberReady") >= wanted - missing
}

fn is_stateful_set_ready(set: &Value) -> bool {
    let strategy = &set["spec"]["updateStrategy"];
    if !is_observed(set) {
        return false;
    }
    if strategy["type"] != "RollingUpdate" {
        return true;
    }
    let status = |member: &str| number(set, &["status", member], 0);
    let partition = number(strategy, &["rollingUpdate", "partition"], 0);
    let replicas = number(set, &["spec", "replicas"], 1);
    status("updatedReplicas") >= replicas - partition
        && status("readyReplicas") == replicas
        && (partition != 0 || set["status"]["currentRevision"] == set["status"]["updateRevision"])
}
