//! Waiting under pintle's own name: why it takes long, that it ends where it is hopeless, and what the
//! user sees meanwhile.

use std::io::{BufRead as _, BufReader};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fault_cluster::{Said, Stage, signal, stage, write_chart};
use crate::kubernetes::until;

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

/// A Service that nobody answers, and a Deployment that crashes.
fn broken() -> String {
    let log = r#", annotations: {testcluster/log: "now\n", testcluster/previous-log: "panic: no database\n"}"#;
    let service = r#"---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"#;
    deployment("crash", log, "") + service
}

#[test]
fn status_says_how_objects_and_pods_stand() {
    let Some(stage) = stage() else { return };
    write_chart(stage.folder.path(), "app", &broken());
    stage.run(&["install", "shop", "app"]).well();
    until("a crash", || {
        let said = stage.run(&["status", "shop"]);
        Ok(said.stdout.contains("panic: no database"))
    })
    .expect("it crashes");
    let said = stage.run(&["status", "shop"]).well();
    for words in [
        "release:     shop\n",
        "status:      deployed\n",
        "revision:    1\n",
        "chart:       app-1.0.0\n",
        "description: Install complete\n",
        "\nOBJECT\tREADY\tSTATUS\tMESSAGE\n",
        "\nDeployment web\t0/1\tInProgress\t",
        "\nService web\t-\tCurrent\t",
        "\nand 1 object that is there\n",
        "\nPOD\tREADY\tSTATE\tRESTARTS\tAGE\tNODE\n",
        "\t0/1\tCrashLoopBackOff\t3\t",
        "container app: CrashLoopBackOff for ",
        "      | panic: no database\n",
        "Service web: NoEndpoints for ",
        "no ready Pod has the labels app=web",
    ] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    let said = stage.run(&["status", "shop", "-o", "json", "--exit-code"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let data: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert_eq!(data["status"], "deployed");
    assert_eq!(data["well"], false);
    let objects = data["objects"].as_array().expect("a list");
    let web = objects.iter().find(|it| it["kind"] == "Deployment");
    let web = web.expect("a Deployment");
    assert_eq!(web["ready"], json!({"ready": 0, "wanted": 1}));
    assert_eq!(web["pods"][0]["state"], "CrashLoopBackOff");
    assert_eq!(web["troubles"][0]["cause"], "crash");
    assert_eq!(web["troubles"][0]["ended"]["exit_code"], 1);
    assert_eq!(web["troubles"][0]["log"], json!(["panic: no database"]));
    let helm = stage.run(&["helm", "status", "shop"]).well();
    assert!(helm.stdout.starts_with("NAME: shop\n"), "{helm:?}");
    stage
        .run(&["status", "shop", "--wait"])
        .badly(&["`--crash-budget`"]);

    write_chart(stage.folder.path(), "app", &deployment("app", "", ""));
    stage.run(&["upgrade", "shop", "app"]).well();
    let words = ["status", "shop", "--wait", "--exit-code", "-o", "yaml"];
    let said = stage.run(&words).well();
    assert!(said.stdout.contains("\nwell: true\n"), "{said:?}");
}

#[test]
fn logs_are_merged_and_chosen() {
    let Some(stage) = stage() else { return };
    let log = r#", annotations: {testcluster/log: "one\ntwo\n"}"#;
    let init = r#"initContainers: [{name: init, image: "registry.test/app:1"}]"#;
    write_chart(stage.folder.path(), "app", &deployment("app", log, init));
    stage.run(&["install", "shop", "app", "--wait"]).well();
    let lines = |words: &[&str]| {
        let words = [&["logs", "shop"], words].concat();
        stage.run(&words).well().stdout
    };
    let all = lines(&[]);
    for end in ["/init | one", "/init | two", "/app | one", "/app | two"] {
        assert!(all.lines().any(|line| line.ends_with(end)), "{all}");
    }
    assert!(all.starts_with("web-"), "{all}");
    assert_eq!(
        lines(&["deploy/web", "-c", "app", "--tail", "1", "--prefix=false"]),
        "two\n"
    );
    let stamped = lines(&[
        "-c",
        "app",
        "--prefix=false",
        "--timestamps",
        "-l",
        "app=web",
    ]);
    assert!(
        stamped.starts_with("20") && stamped.contains("Z one\n"),
        "{stamped}"
    );
    let run = |words: &[&str]| stage.run(&[&["logs", "shop"], words].concat());
    run(&["sts/web"]).badly(&[
        "release \"shop\" has no workload \"sts/web\"",
        "hint: It has deployment/web.",
    ]);
    run(&["--previous"]).badly(&["no container was started again"]);
    run(&["-f", "--previous"]).badly(&["--previous is over"]);
    stage.run(&["logs", "nobody"]).badly(&["not found"]);

    write_chart(stage.folder.path(), "app", &broken());
    stage.run(&["upgrade", "shop", "app"]).well();
    until("a crash", || {
        let said = run(&["--previous", "--prefix=false"]);
        Ok(said.code == Some(0) && said.stdout == "panic: no database\n")
    })
    .expect("it crashes");
}

/// Lines that a run prints, as they come.
fn printed(child: &mut std::process::Child) -> std::sync::mpsc::Receiver<String> {
    let stdout = child.stdout.take().expect("it is piped");
    let (said, hear) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = said.send(line);
        }
    });
    hear
}

#[test]
fn logs_that_are_followed_go_on_with_pods_that_come_later() {
    let Some(stage) = stage() else { return };
    let log = r#", annotations: {testcluster/log: "one\n"}"#;
    write_chart(stage.folder.path(), "app", &deployment("app", log, ""));
    stage.run(&["install", "shop", "app", "--wait"]).well();
    let mut child = stage.start(&["logs", "shop", "-f"]);
    let lines = printed(&mut child);
    let next = || lines.recv_timeout(SOON).expect("a line");
    let first = next();
    let pod = first.split('/').next().expect("a pod").to_owned();
    assert_eq!(first, format!("{pod}/app | one"));
    let kubectl = |words: &[&str]| stage.namespace.kubectl(words).expect("done");
    let more = "testcluster/log=one\nmore\n";
    kubectl(&["annotate", "--overwrite", "pod", &pod, more]);
    assert_eq!(next(), format!("{pod}/app | more"));
    kubectl(&["scale", "deployment/web", "--replicas=2"]);
    let other = next();
    assert!(
        other.ends_with("/app | one") && !other.starts_with(&pod),
        "{other}"
    );
    signal(&child, "INT");
    let code = child.wait().expect("it ends");
    assert!(!code.success());
    assert_eq!(lines.recv_timeout(SOON).ok(), None);

    // What is to end ends it.
    let job = r#"apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    metadata: {annotations: {testcluster/log: "done\n", testcluster/delay: 2s}}
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "registry.test/app:1"}]
"#;
    write_chart(stage.folder.path(), "app", job);
    stage.run(&["upgrade", "shop", "app"]).well();
    let said = stage.run(&["logs", "shop", "job/once", "-f"]).well();
    assert!(said.stdout.ends_with("/main | done\n"), "{said:?}");
}
