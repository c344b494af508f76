//! Waiting under pintle's own name: why it takes long, that it ends where it is hopeless, and what the
//! user sees meanwhile.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fault_cluster::{Said, Stage, stage, write_chart};

/// What a wait may take that ends early, on a machine that does ten things at once; far below the
/// time that it would take otherwise.
const SOON: Duration = Duration::from_secs(100);

/// A Deployment with more in its Pods' metadata and spec.
fn deployment(image: &str, metadata: &str, spec: &str) -> String {
    format!(
        r#"apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}{metadata}}}
    spec:
      {spec}
      containers: [{{name: app, image: "registry.test/{image}:1"}}]
"#
    )
}

/// Brings a chart with `text` up with `--wait` and more words; it is to end early, badly.
#[track_caller]
fn ends_soon(text: &str, more: &[&str]) -> Option<(Stage<'static>, Said)> {
    let stage = stage()?;
    write_chart(stage.folder.path(), "app", text);
    let mut words = vec!["install", "shop", "app", "--wait", "--timeout", "10m"];
    words.extend(more);
    let began = Instant::now();
    let said = stage.run(&words);
    assert!(began.elapsed() < SOON, "{said:?}");
    stage.stands(&["failed"]);
    Some((stage, said))
}

#[test]
fn an_image_that_is_not_there_ends_the_wait() {
    let text = deployment("fail", "", "");
    let more = ["--pull-budget", "1s"];
    let Some((stage, said)) = ends_soon(&text, &more) else {
        return;
    };
    let line = format!(
        "Error: INSTALLATION FAILED: resource Deployment/{}/web not ready. status: InProgress, message: ",
        stage.namespace.name()
    );
    said.badly(&[
        &line,
        "container app: the image could not be pulled for 1s (`--pull-budget`)",
        "container app: ImagePullBackOff for ",
        "registry.test/fail:1: not found",
        "web: 0/1 ready, InProgress",
        "hint: Check the image's name and tag",
        "hint: `--no-fail-fast` waits to the end",
    ]);
}

#[test]
fn a_crash_loop_past_its_budget_ends_the_wait_with_the_last_words() {
    let log = r#", annotations: {testcluster/log: "now\n", testcluster/previous-log: "one\npanic: no database\n"}"#;
    let text = deployment("crash", log, "");
    let Some((_, said)) = ends_soon(&text, &[]) else {
        return;
    };
    said.badly(&[
        "the container ended again after 3 restarts, of which 3 are borne (`--crash-budget`)",
        "CrashLoopBackOff for ",
        "it ended before with exit code 1",
        "it wrote last, before it was started again:\n      | one\n      | panic: no database\n",
    ]);
}

#[test]
fn a_budget_that_is_not_used_up_lets_time_run_out_and_says_why() {
    let Some(stage) = stage() else { return };
    write_chart(stage.folder.path(), "app", &deployment("crash", "", ""));
    let install = [
        "install",
        "shop",
        "app",
        "--wait",
        "--timeout",
        "4s",
        "--crash-budget",
        "9",
    ];
    stage.run(&install).badly(&[
        "context deadline exceeded\n\nDeployment ",
        "web: 0/1 ready, InProgress",
        "CrashLoopBackOff",
    ]);
    let name = stage.namespace.name();
    let upgrade = ["upgrade", "shop", "app", "--wait", "--timeout", "3s"];
    let patient = [&upgrade[..], &["--no-fail-fast"]].concat();
    stage
        .run(&patient)
        .badly(&["context deadline exceeded", "CrashLoopBackOff"]);
    // Helm knows nothing of all that.
    let helm = [&["helm"], &upgrade[..]].concat();
    let said = stage.run(&helm).badly(&["context deadline exceeded\n"]);
    assert!(!said.stderr.contains("CrashLoop"), "{said:?}");
    assert!(said.stderr.contains(&format!("Deployment/{name}/web")));
}

#[test]
fn a_probe_that_fails_is_named_when_time_runs_out() {
    let Some(stage) = stage() else { return };
    write_chart(stage.folder.path(), "app", &deployment("unhealthy", "", ""));
    let words = ["install", "shop", "app", "--wait", "--timeout", "5s"];
    stage.run(&words).badly(&[
        "context deadline exceeded",
        "container app: NotReady for ",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "it wrote last:\n      | log of ",
    ]);
}

#[test]
fn a_job_that_failed_ends_the_wait_for_others() {
    let job = r#"---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {testcluster/log: "no such table\n"}}
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "registry.test/fail:1"}]
"#;
    let text = deployment("notready", "", "") + job;
    let Some((_, said)) = ends_soon(&text, &["--wait-for-jobs"]) else {
        return;
    };
    said.badly(&[
        "Job migrate: it failed and is not tried again",
        "BackoffLimitExceeded",
        "container main: Error",
        "it ended with exit code 1",
        "| no such table",
    ]);
}

#[test]
fn configuration_that_is_missing_ends_the_wait() {
    let Some((_, said)) = ends_soon(&deployment("noconfig", "", ""), &["--config-budget", "1s"])
    else {
        return;
    };
    said.badly(&[
        "its configuration was missing for 1s (`--config-budget`)",
        "CreateContainerConfigError for ",
        "secret \"settings\" not found",
        "hint: Create the Secret or ConfigMap",
    ]);
}

#[test]
fn names_that_are_no_images_end_the_wait_at_once() {
    let Some((_, said)) = ends_soon(&deployment("badname", "", ""), &[]) else {
        return;
    };
    said.badly(&["the image can never be pulled", "InvalidImageName"]);
}

#[test]
fn pods_that_no_node_takes_end_the_wait() {
    let text = deployment("app", "", "nodeSelector: {no: such}");
    let Some((_, said)) = ends_soon(&text, &["--schedule-budget", "1s"]) else {
        return;
    };
    said.badly(&[
        "no node took the Pod for 1s (`--schedule-budget`)",
        "Unschedulable for ",
        "nodes are available",
    ]);
}

#[test]
fn hooks_that_cannot_run_end_the_wait() {
    let hook = r#"apiVersion: batch/v1
kind: Job
metadata: {name: before, annotations: {helm.sh/hook: pre-install}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "registry.test/badname:1"}]
"#;
    let Some((_, said)) = ends_soon(hook, &[]) else {
        return;
    };
    said.badly(&[
        "failed pre-install: resource Job/",
        "container main: the image can never be pulled",
        "InvalidImageName",
    ]);
}

#[test]
fn quotas_that_refuse_pods_are_named() {
    let Some(stage) = stage() else { return };
    let path = format!(
        "/api/v1/namespaces/{}/resourcequotas",
        stage.namespace.name()
    );
    let body = json!({"metadata": {"name": "tight"}, "spec": {"hard": {"pods": "0"}}});
    let cluster = crate::kubernetes::Cluster::shared().expect("a cluster");
    let (code, answer) = cluster.api().send("POST", &path, &body).expect("answered");
    assert_eq!(code, 201, "{answer}");
    write_chart(stage.folder.path(), "app", &deployment("app", "", ""));
    let words = ["install", "shop", "app", "--wait", "--timeout", "5s"];
    stage
        .run(&words)
        .badly(&["FailedCreate", "exceeded quota: tight"]);
}

#[test]
fn a_rollback_on_failure_begins_at_once() {
    let Some(stage) = stage() else { return };
    write_chart(stage.folder.path(), "app", &deployment("app", "", ""));
    stage.run(&["install", "shop", "app", "--wait"]).well();
    write_chart(stage.folder.path(), "app", &deployment("badname", "", ""));
    let began = Instant::now();
    let words = [
        "upgrade",
        "shop",
        "app",
        "--rollback-on-failure",
        "--timeout",
        "10m",
    ];
    stage.run(&words).badly(&[
        "has been rolled back due to rollback-on-failure being set",
        "the image can never be pulled",
    ]);
    assert!(began.elapsed() < SOON);
    stage.stands(&["superseded", "failed", "deployed"]);
}

#[test]
fn what_an_upgrade_replaces_does_not_end_its_wait() {
    let Some(stage) = stage() else { return };
    write_chart(stage.folder.path(), "app", &deployment("badname", "", ""));
    let install = ["install", "shop", "app"];
    stage.run(&install).well();
    stage.until_there("apps/v1/deployments/web");
    // Ready only when the wait has long looked at the Pod of before.
    let late = r#", annotations: {testcluster/delay: 3s}"#;
    write_chart(stage.folder.path(), "app", &deployment("app", late, ""));
    let said = stage.run(&["upgrade", "shop", "app", "--wait", "--timeout", "2m"]);
    let said = said.well();
    // Where there is no terminal, lines tell what is waited for, and only what is not ready soon.
    assert!(said.stderr.contains("shop: Deployment "), "{said:?}");
    assert!(said.stderr.contains("/web: 0/1 ready, "), "{said:?}");
    assert!(said.stderr.contains("/web: done\n"), "{said:?}");
    assert!(
        said.stdout
            .starts_with("Release \"shop\" has been upgraded"),
        "{said:?}"
    );
}

#[test]
fn quiet_runs_and_helm_show_no_progress() {
    let Some(stage) = stage() else { return };
    let late = r#", annotations: {testcluster/delay: 3s}"#;
    write_chart(stage.folder.path(), "app", &deployment("app", late, ""));
    let said = stage.run(&["install", "shop", "app", "--wait", "--quiet", "-o", "json"]);
    let said = said.well();
    assert_eq!(said.stderr, "");
    assert!(said.stdout.starts_with('{'), "{said:?}");
    let said = stage.run(&["helm", "upgrade", "shop", "app", "--wait"]);
    assert_eq!(said.well().stderr, "");
}
