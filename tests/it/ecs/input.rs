//! What cannot be right: a clear error with its code, before anything is changed.

use super::stage::Stage;
use crate::amazon::room::fake::{Fake, Trouble, What};

/// A chart whose only workload has more in its container, and its annotations.
fn chart(stage: &Stage, kind: &str, annotations: &str, container: &str) {
    let text = format!(
        "apiVersion: apps/v1
kind: {kind}
metadata: {{name: bad, annotations: {{{annotations}}}}}
spec:
  serviceName: bad
  selector: {{matchLabels: {{app: a}}}}
  template:
    metadata: {{labels: {{app: a}}}}
    spec:
      containers:
      - name: a
        image: registry.test/a:1
        {container}
---
apiVersion: v1
kind: Secret
metadata: {{name: unmapped}}
data: {{key: YQ==}}
"
    );
    stage.write(
        "bad/Chart.yaml",
        "apiVersion: v2\nname: bad\nversion: 0.1.0\n",
    );
    stage.write("bad/templates/all.yaml", &text);
}

/// What was asked to change.
fn changes(fake: &Fake) -> Vec<String> {
    let asked = fake.asked().into_iter();
    let changing = |operation: &str| {
        ["Create", "Register", "Update", "Run", "Put", "Delete"]
            .iter()
            .any(|word| operation.starts_with(word))
    };
    asked
        .filter(|asked| asked.service != "s3" && changing(&asked.operation))
        .map(|asked| asked.operation)
        .collect()
}

const ACCOUNT: &str = "state: file:state
account: '111122223333'
executionRoleArn: arn:aws:iam::111122223333:role/x
network: {subnets: [subnet-1], securityGroups: [sg-1]}";

#[test]
fn what_cannot_be_said_on_ecs_is_an_error_with_its_code() {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    stage.configure(ACCOUNT);
    let reference = |name: &str| {
        format!("env: [{{name: A, valueFrom: {{secretKeyRef: {{name: {name}, key: key}}}}}}]")
    };
    for (kind, annotations, container, code, word) in [
        ("StatefulSet", "", String::new(), "ECS1002", "bad"),
        (
            "Deployment",
            "",
            "ports: [{containerPort: 1, protocol: SCTP}]".to_owned(),
            "ECS1009",
            "protocol",
        ),
        (
            "Deployment",
            "",
            "resources: {requests: {cpu: '40', memory: 1Gi}}".to_owned(),
            "ECS1008",
            "bad",
        ),
        (
            "Deployment",
            "",
            "securityContext: {privileged: true}".to_owned(),
            "ECS1004",
            "privileged",
        ),
        (
            "Deployment",
            "",
            reference("unmapped"),
            "ECS1007",
            "unmapped",
        ),
        ("Deployment", "", reference("nowhere"), "ECS1007", "nowhere"),
        (
            "Deployment",
            "",
            reference("nowhere").replace("secretKeyRef", "configMapKeyRef"),
            "ECS1010",
            "nowhere",
        ),
        (
            "Deployment",
            "'ecs.pintle.dev/cpu': '256', 'ecs.pintle.dev/memory': '9000'",
            String::new(),
            "ECS1008",
            "bad",
        ),
    ] {
        chart(&stage, kind, annotations, &container);
        for command in ["install", "upgrade --install", "diff"] {
            let said = stage.run(&format!("{command} web ./bad -n live")).failure();
            assert!(said.contains(code), "{command} {code}: {said}");
            assert!(said.contains(word), "{command} {word}: {said}");
        }
        let said = stage.run("list -n live -q").success();
        assert_eq!(said, "", "{code}");
    }
    assert_eq!(changes(&fake), Vec::<String>::new());
}

#[test]
fn places_locks_and_records_of_others_are_errors_before_anything_is_changed() {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    let lock = r#"{"id": "x", "owner": "ann@host", "operation": "upgrade", "time": 99999999999, "ttl": 900}"#;
    stage.write("state/111122223333/eu-west-1/shop/live/locked/lock", lock);
    for (lines, line, word) in [
        (
            "state: file:state\naccount: '999999999999'",
            "install shop ./shop -n live",
            "999999999999",
        ),
        (
            "state: file:state\nallowedAccounts: ['999999999999']",
            "install shop ./shop -n live",
            "allowedAccounts",
        ),
        (
            "state: file:state",
            "install locked ./shop -n live",
            "ann@host",
        ),
        (
            "state: file:state\nregoin: a",
            "install shop ./shop -n live",
            "regoin",
        ),
        (
            "state: file:state\nnetwork: {subnet: []}",
            "install shop ./shop -n live",
            "subnet",
        ),
    ] {
        stage.configure(lines);
        let said = stage.run(line).failure();
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(changes(&fake), Vec::<String>::new());

    // Somebody else writes the same revision first.
    stage.configure("state: s3://state/pintle");
    fake.trouble(Trouble {
        service: "s3",
        operation: "PutObject",
        skip: 1,
        times: Some(1),
        what: What::Status(412),
    });
    let said = stage.run("install shop ./shop -n live").failure();
    assert!(said.contains("shop"), "{said}");
    assert_eq!(changes(&fake), Vec::<String>::new(), "{said}");
}
