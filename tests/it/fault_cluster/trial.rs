//! Dry runs that ask the server.

use serde_json::json;

use super::{stage, write_chart};
use crate::kubernetes::{Cluster, until};

const BAD: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: Bad_Name}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}], colour: red}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: pre-install}}
spec: {template: {spec: {restartPolicy: Sometimes, containers: [{name: main, image: "registry.test/app:1"}]}}}
"#;

#[test]
fn all_that_would_be_refused_is_found_at_once() {
    let Some(stage) = stage() else { return };
    write_chart(stage.folder.path(), "bad", BAD);
    let words = [
        "3 of 4 objects would be refused",
        "Bad_Name",
        "colour",
        "restartPolicy",
    ];
    stage
        .run(&["install", "shop", "bad", "--dry-run=server"])
        .badly(&words);
    // Helm finds nothing wrong with it.
    stage
        .run(&["helm", "install", "shop", "bad", "--dry-run=server"])
        .well();
    stage
        .run(&["install", "shop", "calm", "--dry-run=server"])
        .well();
    stage.stands(&[]);
    assert_eq!(
        stage.namespace.get("configmaps/map").expect("answered"),
        None
    );
    stage.run(&["install", "shop", "calm"]).well();
    stage.namespace.requests().expect("a log");
    stage
        .run(&["upgrade", "shop", "bad", "--dry-run=server"])
        .badly(&words);
    stage
        .run(&[
            "upgrade",
            "shop",
            "calm",
            "--dry-run=server",
            "--set",
            "count=2",
        ])
        .well();
    let requests = stage.namespace.requests().expect("a log");
    let writes = requests.iter().filter(|one| one.method != "GET");
    for write in writes {
        assert!(write.query.contains("dryRun=All"), "{write:?}");
    }
    stage.stands(&["deployed"]);
    stage
        .run(&["rollback", "shop", "1", "--dry-run=server"])
        .well();
    stage.stands(&["deployed"]);
}

#[test]
fn quotas_and_namespaces_that_are_not_there_are_found() {
    let Some(stage) = stage() else { return };
    let path = format!(
        "/api/v1/namespaces/{}/resourcequotas",
        stage.namespace.name()
    );
    let quota = json!({"metadata": {"name": "tight"}, "spec": {"hard": {"configmaps": "1"}}});
    let cluster = Cluster::shared().expect("a cluster");
    let (code, answer) = cluster.api().send("POST", &path, &quota).expect("answered");
    assert_eq!(code, 201, "{answer}");
    until("a count", || {
        let quota = stage.namespace.get("resourcequotas/tight")?;
        Ok(quota.is_some_and(|quota| quota["status"]["used"]["configmaps"] == "1"))
    })
    .expect("counted");
    let words = ["install", "shop", "calm", "--dry-run=server"];
    stage
        .run(&words)
        .badly(&["1 of 1 objects would be refused", "exceeded quota: tight"]);
    // The last namespace counts.
    let elsewhere = |more: &[&str]| {
        let mut command = stage.command(&[&words[..], more].concat());
        command.args(["-n", "not-there"]);
        super::Said::from(command.output().expect("it runs"))
    };
    elsewhere(&[]).badly(&["namespaces \"not-there\" not found", "--create-namespace"]);
    elsewhere(&["--create-namespace"]).well();
}
