use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::go::time::{Time, Zone};
use crate::kubernetes::readiness::kstatus;

/// 2026-01-01T00:10:00Z, ten minutes after everything began.
fn now() -> Time {
    Time::unix(1_767_225_600 + 600, 0, Zone::Utc)
}

fn pod(name: &str, owner: &str, status: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "a", "uid": name, "creationTimestamp": "2026-01-01T00:08:00Z",
            "ownerReferences": [{"uid": owner}],
        },
        "spec": {"restartPolicy": "Always", "nodeName": "n1", "containers": [{"name": "app"}]},
        "status": status,
    })
}

fn waits(reason: &str, message: &str) -> Value {
    json!({"phase": "Pending", "containerStatuses": [
        {"name": "app", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": reason, "message": message}}},
    ]})
}

fn crashes(restarts: i64) -> Value {
    json!({"phase": "Running", "containerStatuses": [{
        "name": "app", "ready": false, "restartCount": restarts,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container=app pod=p"}},
        "lastState": {"terminated": {"reason": "Error", "exitCode": 2, "finishedAt": "2026-01-01T00:09:30Z"}},
    }]})
}

fn event(uid: &str, reason: &str, message: &str, count: i64) -> Value {
    json!({
        "type": "Warning", "reason": reason, "message": message, "count": count,
        "lastTimestamp": "2026-01-01T00:09:50Z",
        "involvedObject": {"kind": "Pod", "name": uid, "uid": uid},
    })
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": "web", "namespace": "a", "uid": "d", "generation": 2,
            "annotations": {"deployment.kubernetes.io/revision": "2"},
        },
        "spec": {"replicas": 2, "progressDeadlineSeconds": 600},
        "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "readyReplicas": 2},
    })
}

fn replica_set(name: &str, revision: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "uid": name, "namespace": "a", "ownerReferences": [{"uid": "d"}],
            "annotations": {"deployment.kubernetes.io/revision": revision},
        },
    })
}

fn examined(object: &Value, scene: &Scene) -> Health {
    examine(object, &kstatus::judge(object, &now()), scene)
}

fn rollout(old: Value, new: Value) -> Scene {
    Scene {
        replica_sets: vec![replica_set("old", "1"), replica_set("new", "2")],
        pods: vec![pod("web-old", "old", old), pod("web-new", "new", new)],
        ..Scene::default()
    }
}

#[test]
fn only_the_newest_revision_ends_a_wait() {
    let fine = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{"name": "app", "ready": true, "restartCount": 0, "state": {"running": {}}}]});
    let budget = Budget::default();
    let ends = |health: &Health| {
        let mut troubles = health.troubles.iter();
        troubles.any(|it| budget.exceeded(it, Duration::ZERO, it.restarts).is_some())
    };
    let broken = examined(&deployment(), &rollout(fine.clone(), crashes(9)));
    assert!(ends(&broken));
    assert_eq!(
        broken.ready,
        Some(Count {
            ready: 0,
            wanted: 2
        })
    );
    assert_eq!(broken.pods[0].state, "CrashLoopBackOff");
    let healing = examined(&deployment(), &rollout(crashes(9), fine));
    assert!(!ends(&healing), "{:?}", healing.troubles);
    assert_eq!(
        healing.ready,
        Some(Count {
            ready: 1,
            wanted: 2
        })
    );
    assert!(!healing.troubles[0].current);
}

#[test]
fn budgets_say_when_it_is_hopeless() {
    let starts =
        json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]});
    let unscheduled = |reason: &str, message: &str| {
        json!({"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}]})
    };
    for (status, cause, seconds, hopeless) in [
        (starts, Cause::Starting, 999, false),
        (waits("ContainerCreating", ""), Cause::Starting, 999, false),
        (waits("InvalidImageName", "no"), Cause::ImageName, 0, true),
        (waits("ErrImageNeverPull", "no"), Cause::ImageName, 0, true),
        (
            waits("ErrImagePull", "x: not found"),
            Cause::ImageMissing,
            14,
            false,
        ),
        (
            waits("ImagePullBackOff", "Back-off: 401 Unauthorized"),
            Cause::ImageMissing,
            15,
            true,
        ),
        (
            waits("ErrImagePull", "dial tcp: i/o timeout"),
            Cause::ImagePull,
            999,
            false,
        ),
        (
            waits("CreateContainerConfigError", "secret \"x\" not found"),
            Cause::Config,
            29,
            false,
        ),
        (
            waits("CreateContainerConfigError", "secret \"x\" not found"),
            Cause::Config,
            30,
            true,
        ),
        (crashes(2), Cause::Crash, 999, false),
        (crashes(3), Cause::Crash, 0, true),
        (
            unscheduled("Unschedulable", "0/1 nodes are available"),
            Cause::Unschedulable,
            59,
            false,
        ),
        (
            unscheduled("Unschedulable", "0/1 nodes are available"),
            Cause::Unschedulable,
            60,
            true,
        ),
        (
            unscheduled(
                "Unschedulable",
                "pod has unbound immediate PersistentVolumeClaims",
            ),
            Cause::Unbound,
            999,
            false,
        ),
        (
            unscheduled("SchedulingGated", "gated"),
            Cause::Starting,
            999,
            false,
        ),
    ] {
        let pod = pod("p", "x", status);
        let health = examined(&pod, &Scene::default());
        let trouble = health.worst().expect("a trouble");
        assert_eq!(trouble.cause, cause, "{pod}");
        let seen = Duration::from_secs(seconds);
        let budget = Budget::default();
        let ended = budget.exceeded(trouble, seen, trouble.restarts);
        assert_eq!(ended.is_some(), hopeless, "{pod}: {ended:?}");
        let patient = Budget {
            ends_early: false,
            ..budget
        };
        assert_eq!(patient.exceeded(trouble, seen, trouble.restarts), None);
    }
}

#[test]
fn jobs_and_deployments_that_gave_up_are_hopeless() {
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "m", "namespace": "a", "uid": "j"},
        "status": {"failed": 1, "conditions": [
            {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "limit"}]},
    });
    let mut late = deployment();
    late["status"]["conditions"] = json!([{"type": "Progressing", "status": "False",
        "reason": "ProgressDeadlineExceeded", "message": "timed out"}]);
    for (object, cause) in [(job, Cause::JobFailed), (late, Cause::Deadline)] {
        let health = examined(&object, &Scene::default());
        let trouble = health.worst().expect("a trouble");
        assert_eq!(trouble.cause, cause);
        let budget = Budget::default();
        assert!(budget.exceeded(trouble, Duration::ZERO, 0).is_some());
    }
}

#[test]
fn refused_pods_and_claims_are_told() {
    let mut scene = rollout(
        waits("ContainerCreating", ""),
        waits("ContainerCreating", ""),
    );
    scene.pods.clear();
    let mut refused = event("new", "FailedCreate", "exceeded quota: small", 3);
    refused["involvedObject"]["kind"] = "ReplicaSet".into();
    scene.events.push(refused);
    let health = examined(&deployment(), &scene);
    let trouble = health.worst().expect("a trouble");
    assert_eq!(trouble.cause, Cause::Refused);
    assert_eq!(
        trouble.short(),
        "ReplicaSet new: FailedCreate: exceeded quota: small"
    );
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "a", "uid": "c"},
        "spec": {"storageClassName": "fast"}, "status": {"phase": "Pending"},
    });
    let health = examined(&claim, &Scene::default());
    assert_eq!(
        health.worst().map(Trouble::short).as_deref(),
        Some("PersistentVolumeClaim data: Pending: storage class fast")
    );
}

#[test]
fn services_that_lead_nowhere_are_told() {
    let service = |kind: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "a"},
            "spec": {"type": kind, "clusterIP": "10.0.0.1", "selector": {"app": "web"}}})
    };
    let causes = |health: Health| {
        let troubles = health.troubles.into_iter();
        troubles.map(|it| it.cause).collect::<Vec<_>>()
    };
    let slice = json!({"metadata": {"namespace": "a", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [{"conditions": {"ready": true}}]});
    let leads = Scene {
        slices: vec![slice],
        ..Scene::default()
    };
    let alone = Scene::default();
    assert!(causes(examined(&service("ClusterIP"), &leads)).is_empty());
    assert_eq!(
        causes(examined(&service("ClusterIP"), &alone)),
        [Cause::Endpoints]
    );
    assert_eq!(
        causes(examined(&service("LoadBalancer"), &leads)),
        [Cause::Address]
    );
}

#[test]
fn lines_say_what_holds_a_workload_up() {
    let mut scene = rollout(crashes(4), crashes(4));
    scene.pods.push(pod("web-other", "new", crashes(5)));
    scene.events = vec![
        event(
            "web-new",
            "BackOff",
            "Back-off restarting failed container app",
            2,
        ),
        event(
            "web-new",
            "BackOff",
            "Back-off restarting failed container app",
            3,
        ),
        event("web-new", "Unhealthy", "Readiness probe failed", 1),
        event("stranger", "Unhealthy", "not ours", 1),
    ];
    let mut health = examined(&deployment(), &scene);
    health.troubles[0].log = vec!["panic: no database".to_owned()];
    let lines = health.lines(&now()).join("\n");
    assert_eq!(
        lines,
        "Deployment a/web: 0/2 ready, InProgress: Updated: 1/2
  Pod web-new and 1 more, container app: CrashLoopBackOff for 30s, 4 restarts: back-off 40s
    it ended before with exit code 2, 30s ago
    it wrote last, before it was started again:
      | panic: no database
  warned 10s ago: Pod web-new: Unhealthy: Readiness probe failed"
    );
    let short = health.worst().map(Trouble::short);
    assert_eq!(
        short.as_deref(),
        Some("Pod web-new: CrashLoopBackOff, 4 restarts: exit code 2")
    );
}

#[test]
fn init_containers_speak_for_those_that_wait_for_them() {
    let status = json!({"phase": "Pending",
        "initContainerStatuses": [{"name": "migrate", "restartCount": 1, "ready": false,
            "state": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-01-01T00:09:00Z"}}}],
        "containerStatuses": [{"name": "app", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": "PodInitializing"}}}]});
    let mut one = pod("p", "x", status);
    one["spec"]["initContainers"] = json!([{"name": "migrate"}]);
    let health = examined(&one, &Scene::default());
    assert_eq!(health.troubles.len(), 1);
    assert_eq!(health.troubles[0].container, "migrate");
    assert_eq!(health.troubles[0].cause, Cause::Crash);
    assert_eq!(health.pods[0].state, "Init:Error");
}

#[test]
fn states_are_kubectls_words() {
    let running = |ready: bool| {
        json!({"phase": "Running", "containerStatuses": [
            {"name": "app", "ready": ready, "restartCount": 0, "state": {"running": {}}}]})
    };
    for (status, want) in [
        (running(true), "Running"),
        (running(false), "Running"),
        (json!({"phase": "Succeeded"}), "Completed"),
        (json!({"phase": "Failed", "reason": "Evicted"}), "Evicted"),
        (waits("ContainerCreating", ""), "ContainerCreating"),
        (crashes(1), "CrashLoopBackOff"),
        (json!({}), "Unknown"),
    ] {
        let pod = pod("p", "x", status);
        assert_eq!(examined(&pod, &Scene::default()).pods[0].state, want);
    }
}

#[test]
fn spans_are_kubectls() {
    for (seconds, want) in [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (130, "2m10s"),
        (3599, "59m"),
        (7200, "120m"),
        (10_800, "3h"),
        (11_000, "3h3m"),
        (100_000, "27h"),
        (200_000, "2d7h"),
        (900_000, "10d"),
    ] {
        assert_eq!(span(seconds), want, "{seconds}");
    }
}
