//! Pods: their state in a word, and what is wrong with their containers.

use serde_json::Value;

use super::time::Seconds;
use super::{Cause, Count, Ended, Pod, Scene, Trouble, condition, event, list, text, workload};
use crate::kubernetes::readiness::number;

/// A Pod in a line.
pub(super) fn describe(pod: &Value, current: bool) -> Pod {
    let (metadata, status) = (&pod["metadata"], &pod["status"]);
    let containers = list(&status["containerStatuses"]);
    let ready = containers.filter(|it| it["ready"] == true).count();
    let all = containers_of(status).map(|(one, _)| number(one, &["restartCount"], 0));
    Pod {
        name: text(metadata, "name").to_owned(),
        state: state(pod),
        ready: Count {
            ready: i64::try_from(ready).unwrap_or(i64::MAX),
            wanted: i64::try_from(list(&pod["spec"]["containers"]).count()).unwrap_or(i64::MAX),
        },
        restarts: all.sum(),
        created: Seconds::of(&metadata["creationTimestamp"]),
        node: text(&pod["spec"], "nodeName").to_owned(),
        current,
    }
}

/// States of containers, each with whether it is an init container's.
fn containers_of(status: &Value) -> impl Iterator<Item = (&Value, bool)> {
    let init = list(&status["initContainerStatuses"]).map(|it| (it, true));
    init.chain(list(&status["containerStatuses"]).map(|it| (it, false)))
}

/// The word that `kubectl get pods` has for a Pod's state.
fn state(pod: &Value) -> String {
    let status = &pod["status"];
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return "Terminating".to_owned();
    }
    if let reason @ ("Evicted" | "NodeLost" | "UnexpectedAdmissionError" | "DeadlineExceeded") =
        text(status, "reason")
    {
        return reason.to_owned();
    }
    let inits: Vec<&Value> = list(&status["initContainerStatuses"]).collect();
    let wanted = list(&pod["spec"]["initContainers"]).count();
    for (at, one) in inits.iter().enumerate() {
        let state = &one["state"];
        let is_done = state["terminated"]["exitCode"] == 0 || one["started"] == true;
        if is_done {
            continue;
        }
        let reason = match (
            text(&state["terminated"], "reason"),
            text(&state["waiting"], "reason"),
        ) {
            ("", "" | "PodInitializing") => format!("{at}/{wanted}"),
            ("", reason) | (reason, _) => reason.to_owned(),
        };
        return format!("Init:{reason}");
    }
    let mut word = match text(status, "phase") {
        "" => "Unknown".to_owned(),
        phase => phase.to_owned(),
    };
    let is_unschedulable = condition(pod, "PodScheduled").is_some_and(|it| it["status"] == "False");
    if is_unschedulable && word == "Pending" {
        let reason = condition(pod, "PodScheduled").map_or("", |it| text(it, "reason"));
        return reason.to_owned();
    }
    for one in list(&status["containerStatuses"]) {
        let state = &one["state"];
        match (
            text(&state["waiting"], "reason"),
            text(&state["terminated"], "reason"),
        ) {
            ("", "") => {}
            ("", "Completed") if word == "Running" => {}
            ("", reason) | (reason, _) => {
                word = reason.to_owned();
                break;
            }
        }
    }
    match word.as_str() {
        "Succeeded" => "Completed".to_owned(),
        _ => word,
    }
}

/// What is wrong with a Pod.
pub(super) fn troubles(pod: &Value, current: bool, scene: &Scene) -> Vec<Trouble> {
    let (metadata, status) = (&pod["metadata"], &pod["status"]);
    // What goes, and what ended well, is as it shall be.
    if metadata["deletionTimestamp"].is_string() || status["phase"] == "Succeeded" {
        return Vec::new();
    }
    let base = Trouble {
        object: format!("Pod {}", text(metadata, "name")),
        created: Seconds::of(&metadata["creationTimestamp"]),
        current,
        ..Trouble::nothing()
    };
    if let Some(waits) = condition(pod, "PodScheduled").filter(|it| it["status"] == "False") {
        return unscheduled(pod, waits, &base, scene);
    }
    let mut found = Vec::new();
    for (one, is_init) in containers_of(status) {
        let Some(trouble) = container(pod, one, is_init, scene) else {
            continue;
        };
        found.push(Trouble {
            object: base.object.clone(),
            created: base.created,
            current,
            ..trouble
        });
        if is_init {
            // The others wait for this one.
            return found;
        }
    }
    if found.is_empty() && status["phase"] == "Failed" {
        found.push(Trouble {
            cause: Cause::Failed,
            reason: match text(status, "reason") {
                "" => "Failed".to_owned(),
                reason => reason.to_owned(),
            },
            message: text(status, "message").to_owned(),
            ..base
        });
        return found;
    }
    if found.is_empty() && status["phase"] != "Failed" {
        found.extend(unready(pod, base, scene));
    }
    found
}

/// A Pod that no node took yet.
fn unscheduled(pod: &Value, waits: &Value, base: &Trouble, scene: &Scene) -> Vec<Trouble> {
    let message = text(waits, "message");
    let is_unbound = message.contains("unbound immediate PersistentVolumeClaims")
        || message.contains("persistentvolumeclaim ");
    let mut found = vec![Trouble {
        cause: match (text(waits, "reason"), is_unbound) {
            ("Unschedulable", false) => Cause::Unschedulable,
            ("Unschedulable", true) => Cause::Unbound,
            _ => Cause::Starting,
        },
        reason: text(waits, "reason").to_owned(),
        message: message.to_owned(),
        since: Seconds::of(&waits["lastTransitionTime"]),
        ..base.clone()
    }];
    let claims = workload::claims(pod, scene).filter(|it| it["status"]["phase"] != "Bound");
    found.extend(claims.map(|claim| Trouble {
        current: base.current,
        ..workload::unbound(claim, scene)
    }));
    found
}

/// What is wrong with a container; nothing where it does what it shall.
fn container(pod: &Value, one: &Value, is_init: bool, scene: &Scene) -> Option<Trouble> {
    let uid = text(&pod["metadata"], "uid");
    let state = &one["state"];
    let restarts = number(one, &["restartCount"], 0);
    let base = Trouble {
        container: text(one, "name").to_owned(),
        restarts,
        ended: ended(&one["lastState"]["terminated"], true),
        ..Trouble::nothing()
    };
    let told = |cause: Cause, found: &Value| Trouble {
        cause,
        reason: text(found, "reason").to_owned(),
        message: text(found, "message").to_owned(),
        ..base.clone()
    };
    if let waiting @ Value::Object(_) = &state["waiting"] {
        let reason = text(waiting, "reason");
        let message = text(waiting, "message");
        let mut trouble = match reason {
            "InvalidImageName" | "ErrImageNeverPull" => told(Cause::ImageName, waiting),
            "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "ImageInspectError" => {
                let missing = is_missing(message) || event::says(uid, "Failed", is_missing, scene);
                let cause = match missing {
                    true => Cause::ImageMissing,
                    false => Cause::ImagePull,
                };
                told(cause, waiting)
            }
            "CreateContainerConfigError" => told(Cause::Config, waiting),
            "CrashLoopBackOff" => told(Cause::Crash, waiting),
            "CreateContainerError"
            | "RunContainerError"
            | "PreStartHookError"
            | "PostStartHookError" => told(Cause::Start, waiting),
            // Whoever waits for the init containers says nothing.
            "PodInitializing" => return None,
            _ => {
                let setup = event::newest(uid, SETUP, scene)?;
                Trouble {
                    cause: Cause::Setup,
                    reason: setup.reason,
                    message: setup.message,
                    since: setup.last,
                    ..base.clone()
                }
            }
        };
        if matches!(trouble.cause, Cause::ImageMissing | Cause::ImagePull) {
            // `Back-off pulling image` alone does not say why.
            let why = event::newest(uid, &["Failed"], scene)
                .filter(|it| it.message.starts_with("Failed to pull"));
            if let Some(why) = why
                && !trouble.message.contains("ErrImagePull:")
            {
                trouble.message = why.message;
            }
        }
        trouble.since = trouble
            .since
            .or_else(|| base.ended.as_ref().and_then(|ended| ended.at))
            .or_else(|| Seconds::of(&pod["status"]["startTime"]));
        return Some(trouble);
    }
    let over = &state["terminated"];
    if over.is_object() {
        let restarts_again = match text(&pod["spec"], "restartPolicy") {
            "Never" => false,
            "OnFailure" => over["exitCode"] != 0,
            _ => !is_init || over["exitCode"] != 0,
        };
        if over["exitCode"] == 0 && (is_init || !restarts_again) {
            return None;
        }
        let cause = match restarts_again {
            true => Cause::Crash,
            false => Cause::Failed,
        };
        return Some(Trouble {
            since: Seconds::of(&over["finishedAt"]),
            ended: ended(over, false),
            ..told(cause, over)
        });
    }
    let is_sidecar = one["started"] == true;
    if is_init && !is_sidecar && state["running"].is_object() {
        return Some(Trouble {
            reason: "Init".to_owned(),
            message: "the init container runs".to_owned(),
            since: Seconds::of(&state["running"]["startedAt"]),
            ..base
        });
    }
    if !is_init && state["running"].is_object() && one["ready"] == false && base.ended.is_some() {
        return Some(Trouble {
            cause: Cause::NotReady,
            reason: "NotReady".to_owned(),
            message: probe(uid, scene).unwrap_or_else(|| "it was started again".to_owned()),
            since: Seconds::of(&state["running"]["startedAt"]),
            ..base
        });
    }
    None
}

/// A Pod whose containers have nothing to say for themselves, and that is not ready.
fn unready(pod: &Value, base: Trouble, scene: &Scene) -> Option<Trouble> {
    if condition(pod, "Ready").is_some_and(|it| it["status"] == "True") {
        return None;
    }
    let uid = text(&pod["metadata"], "uid");
    let since = condition(pod, "Ready").and_then(|it| Seconds::of(&it["lastTransitionTime"]));
    let since = since.or(base.created);
    let lazy = list(&pod["status"]["containerStatuses"])
        .find(|it| it["state"]["running"].is_object() && it["ready"] == false);
    if let Some(one) = lazy {
        // A Pod that is to end need not be ready.
        if text(&pod["spec"], "restartPolicy") != "Always" {
            return None;
        }
        return Some(Trouble {
            cause: Cause::NotReady,
            container: text(one, "name").to_owned(),
            reason: "NotReady".to_owned(),
            message: probe(uid, scene)
                .unwrap_or_else(|| "it runs, and its readiness probe has not succeeded".to_owned()),
            since,
            ..base
        });
    }
    let gates = list(&pod["spec"]["readinessGates"]).map(|it| text(it, "conditionType"));
    let gates: Vec<&str> = gates
        .filter(|gate| condition(pod, gate).is_none_or(|it| it["status"] != "True"))
        .collect();
    let is_running = pod["status"]["phase"] == "Running";
    if is_running && !gates.is_empty() {
        return Some(Trouble {
            cause: Cause::NotReady,
            reason: "ReadinessGatesNotReady".to_owned(),
            message: format!("nobody set {}", gates.join(", ")),
            since,
            ..base
        });
    }
    Some(Trouble {
        reason: state(pod),
        since,
        ..base
    })
}

/// What a probe says that fails.
fn probe(uid: &str, scene: &Scene) -> Option<String> {
    event::newest(uid, &["Unhealthy"], scene).map(|it| it.message)
}

/// Reasons of warnings about what a container needs before it is made.
const SETUP: &[&str] = &[
    "FailedMount",
    "FailedAttachVolume",
    "FailedMapVolume",
    "FailedCreatePodSandBox",
    "NetworkNotReady",
    "FailedCreatePodContainer",
];

/// Whether an image is not there, or not for us: asking again will not help.
fn is_missing(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "not found",
        "manifest unknown",
        "name unknown",
        "repository does not exist",
        "unauthorized",
        "authorization failed",
        "authentication required",
        "access denied",
        "denied:",
        "403 forbidden",
        "no match for platform",
    ]
    .iter()
    .any(|words| message.contains(words))
}

fn ended(state: &Value, is_previous: bool) -> Option<Ended> {
    state.is_object().then(|| Ended {
        reason: text(state, "reason").to_owned(),
        message: text(state, "message").trim().to_owned(),
        exit_code: number(state, &["exitCode"], 0),
        at: Seconds::of(&state["finishedAt"]),
        is_previous,
    })
}
