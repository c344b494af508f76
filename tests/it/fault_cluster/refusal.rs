//! Clusters that refuse.

use serde_json::{Value, json};

use super::{Stage, stage};
use crate::kubernetes::{Cluster, until};

fn post(path: &str, body: &Value) {
    let cluster = Cluster::shared().expect("a cluster");
    let (code, answer) = cluster.api().send("POST", path, body).expect("answered");
    assert_eq!(code, 201, "{answer}");
}

fn fails_and_goes_on(stage: &Stage<'_>, words: &[&str], heal: impl FnOnce()) {
    stage.run(&["install", "shop", "calm"]).badly(words);
    stage.stands(&["failed"]);
    heal();
    stage.run(&["upgrade", "shop", "calm"]).well();
    stage.stands(&["superseded", "deployed"]);
}

#[test]
fn a_quota_is_told_and_recorded() {
    let Some(stage) = stage() else { return };
    let path = format!(
        "/api/v1/namespaces/{}/resourcequotas",
        stage.namespace.name()
    );
    post(
        &path,
        &json!({"metadata": {"name": "tight"}, "spec": {"hard": {"configmaps": "1"}}}),
    );
    until("a count", || {
        let quota = stage.namespace.get("resourcequotas/tight")?;
        Ok(quota.is_some_and(|quota| quota["status"]["used"]["configmaps"] == "1"))
    })
    .expect("counted");
    fails_and_goes_on(&stage, &["exceeded quota: tight"], || {
        let cluster = Cluster::shared().expect("a cluster");
        let code = cluster.api().delete(&format!("{path}/tight"));
        assert_eq!(code, Ok(200));
    });
}

#[test]
fn a_webhook_that_does_not_let_pass_is_told_and_recorded() {
    let Some(stage) = stage() else { return };
    let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    let name = stage.namespace.name();
    // Nobody listens there.
    post(
        path,
        &json!({"metadata": {"name": name}, "webhooks": [{
            "name": "guard.example.com",
            "clientConfig": {"url": "https://127.0.0.1:1/guard"},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "timeoutSeconds": 2,
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}],
        }]}),
    );
    let trial = format!("/api/v1/namespaces/{name}/configmaps?dryRun=All");
    let cluster = Cluster::shared().expect("a cluster");
    until("a webhook", || {
        let body = json!({"metadata": {"name": "trial"}});
        Ok(cluster.api().send("POST", &trial, &body)?.0 != 201)
    })
    .expect("it refuses");
    fails_and_goes_on(
        &stage,
        &["failed calling webhook \"guard.example.com\""],
        || {
            let code = cluster.api().delete(&format!("{path}/{name}"));
            assert_eq!(code, Ok(200));
            until("no webhook", || {
                let body = json!({"metadata": {"name": "trial"}});
                Ok(cluster.api().send("POST", &trial, &body)?.0 == 201)
            })
            .expect("it lets pass");
        },
    );
}

#[test]
fn a_conflict_names_manager_and_field() {
    let Some(stage) = stage() else { return };
    stage.run(&["install", "shop", "calm"]).well();
    let words = [
        "patch",
        "configmap",
        "map",
        "-p",
        "{\"data\":{\"count\":\"9\"}}",
    ];
    stage.namespace.kubectl(&words).expect("patched");
    let words = ["upgrade", "shop", "calm", "--set", "count=2"];
    stage
        .run(&words)
        .badly(&["conflict with \"kubectl-patch\"", ".data.count"]);
    stage.stands(&["deployed"]);
    stage
        .run(&[&words[..], &["--force-conflicts"]].concat())
        .well();
    stage.stands(&["superseded", "deployed"]);
}

#[test]
fn a_namespace_that_goes_takes_nothing_in() {
    let Some(stage) = stage() else { return };
    let name = stage.namespace.name();
    let keep = json!({"metadata": {"name": "keep", "finalizers": ["example.com/keep"]}});
    post(&format!("/api/v1/namespaces/{name}/configmaps"), &keep);
    let cluster = Cluster::shared().expect("a cluster");
    let code = cluster.api().delete(&format!("/api/v1/namespaces/{name}"));
    assert_eq!(code, Ok(200));
    stage
        .run(&["install", "shop", "calm"])
        .badly(&["because it is being terminated"]);
    stage.stands(&[]);
    let words = [
        "patch",
        "configmap",
        "keep",
        "-p",
        "{\"metadata\":{\"finalizers\":null}}",
    ];
    stage.namespace.kubectl(&words).expect("it may go");
}

#[test]
fn a_context_that_is_gone_is_named() {
    let Some(stage) = stage() else { return };
    for program in [&["helm"][..], &[]] {
        let words = ["install", "shop", "calm", "--kube-context", "gone"];
        stage
            .run(&[program, &words].concat())
            .badly(&["context \"gone\" does not exist"]);
    }
    stage.stands(&[]);
}

/// Bytes that do not pack.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_record_without_room_is_refused_before_anything_changes() {
    let Some(stage) = stage() else { return };
    stage.run(&["install", "shop", "calm"]).well();
    let file = stage.folder.path().join("calm/noise.bin");
    for (size, line) in [
        (
            1_000_000,
            "create: failed to create: Secret \"sh.helm.release.v1.shop.v2\" is invalid: data: Too long: may not be more than 1048576 bytes",
        ),
        (
            3_000_000,
            "create: failed to create: Request entity too large: limit is 3145728",
        ),
    ] {
        std::fs::write(&file, noise(size)).expect("a file");
        stage.namespace.requests().expect("a log");
        let words = [
            "upgrade",
            "shop",
            "calm",
            "--set",
            "count=2",
            "--history-max=1",
        ];
        let said = stage
            .run(&words)
            .badly(&[line, "files of the chart ", " KiB of 1024 KiB"]);
        let requests = stage.namespace.requests().expect("a log");
        assert!(
            requests.iter().all(|one| one.method == "GET"),
            "{requests:?}"
        );
        // What the server says is the same.
        let strict = stage.run(&["helm", "upgrade", "shop", "calm", "--set", "count=2"]);
        let strict = strict.badly(&[line]);
        let first = |text: &str| text.lines().next().map(str::to_owned);
        let (ours, servers) = (first(&said.stderr), first(&strict.stderr));
        let bare =
            |line: Option<String>| line.and_then(|line| Some(line.split_once(": ")?.1.to_owned()));
        assert_eq!(bare(ours), bare(servers), "{said:?} {strict:?}");
        stage.stands(&["deployed"]);
    }
}
