//! Fields that others have changed since.

use serde_json::json;

use super::{Stage, stage, write_chart};
use crate::kubernetes::{Cluster, until};

/// Two fields that the chart sets, and a Secret.
const PAIR: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: pair}
data: {left: "{{ .Values.left }}", right: "{{ .Values.right }}"}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
data: {word: "{{ .Values.word | b64enc }}"}
"#;

fn pair() -> Option<Stage<'static>> {
    let stage = stage()?;
    write_chart(stage.folder.path(), "pair", PAIR);
    let words = ["--set", "left=l,right=r,word=open"];
    stage
        .run(&[&["install", "shop", "pair"][..], &words].concat())
        .well();
    Some(stage)
}

fn patch(stage: &Stage<'_>, kind: &str, name: &str, patch: &str) {
    let words = ["patch", kind, name, "-p", patch];
    stage.namespace.kubectl(&words).expect("patched");
}

fn data(stage: &Stage<'_>) -> (String, String) {
    let map = stage.namespace.get("configmaps/pair").expect("answered");
    let map = map.expect("there");
    let text = |name: &str| map["data"][name].as_str().unwrap_or_default().to_owned();
    (text("left"), text("right"))
}

fn values<'a>(set: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["upgrade", "shop", "pair", "--set", set][..], more].concat()
}

#[test]
fn a_live_edit_stays_where_the_chart_wants_what_it_wanted() {
    let Some(stage) = pair() else { return };
    patch(&stage, "configmap", "pair", r#"{"data":{"left":"edited"}}"#);
    // The other field changes.
    let said = stage.run(&values("left=l,right=new,word=open", &[])).well();
    for words in [
        "\"kubectl-patch\" set .data.left to \"edited\" at 20",
        "the chart wants \"l\", as before",
        "Theirs stays.",
    ] {
        assert!(said.stderr.contains(words), "{words}: {said:?}");
    }
    assert_eq!(data(&stage), ("edited".to_owned(), "new".to_owned()));
    stage.stands(&["superseded", "deployed"]);
    // Back, and back again: it is still theirs.
    stage.run(&["rollback", "shop", "1"]).well();
    assert_eq!(data(&stage), ("edited".to_owned(), "r".to_owned()));
    // Helm's way is unchanged.
    let words = [
        "helm",
        "upgrade",
        "shop",
        "pair",
        "--set",
        "left=l,right=x,word=open",
    ];
    let strict = stage
        .run(&words)
        .badly(&["conflict with \"kubectl-patch\""]);
    assert!(!strict.stderr.contains("as before"), "{strict:?}");
    // Ours wins where that is asked for.
    let words = values("left=l,right=new,word=open", &["--conflicts=take"]);
    let said = stage.run(&words).well();
    assert!(said.stderr.contains("Ours wins."), "{said:?}");
    assert_eq!(data(&stage), ("l".to_owned(), "new".to_owned()));
}

#[test]
fn a_field_that_both_changed_is_explained_before_anything_changes() {
    let Some(stage) = pair() else { return };
    patch(&stage, "configmap", "pair", r#"{"data":{"left":"edited"}}"#);
    let set = "left=mine,right=new,word=open";
    let said = stage.run(&values(set, &["--rollback-on-failure"]));
    said.badly(&[
        "UPGRADE FAILED: conflict occurred while applying object",
        "\"kubectl-patch\" set .data.left to \"edited\"",
        "the chart wanted \"l\" before and \"mine\" now",
        "--conflicts=take",
        "--conflicts=keep",
    ]);
    stage.stands(&["deployed"]);
    assert_eq!(data(&stage), ("edited".to_owned(), "r".to_owned()));
    // What did not change stops an upgrade only where that is asked for.
    let still = values("left=l,right=new,word=open", &["--conflicts=fail"]);
    stage
        .run(&still)
        .badly(&["the chart wants \"l\", as before"]);
    stage.stands(&["deployed"]);
    stage.run(&values(set, &["--conflicts=keep"])).well();
    assert_eq!(data(&stage), ("edited".to_owned(), "new".to_owned()));
    stage
        .run(&["rollback", "shop", "1", "--conflicts=fail"])
        .badly(&["kubectl-patch"]);
    stage.stands(&["superseded", "deployed"]);
    stage
        .run(&["rollback", "shop", "1", "--conflicts=take"])
        .well();
    assert_eq!(data(&stage), ("l".to_owned(), "r".to_owned()));
    let words = values(set, &["--conflicts=keep", "--force-conflicts"]);
    stage
        .run(&words)
        .badly(&["--force-conflicts is --conflicts=take"]);
}

#[test]
fn what_a_secret_holds_is_not_shown() {
    let Some(stage) = pair() else { return };
    patch(
        &stage,
        "secret",
        "key",
        r#"{"stringData":{"word":"sesame"}}"#,
    );
    let words = values("left=l,right=r,word=close", &[]);
    let said = stage
        .run(&words)
        .badly(&["\"kubectl-patch\" set .data.word to a value that is not shown"]);
    for word in ["sesame", "c2VzYW1l", "close", "Y2xvc2U="] {
        assert!(!said.stderr.contains(word), "{said:?}");
    }
    let keep = [&words[..], &["--conflicts=keep"]].concat();
    stage.run(&keep).well();
    let key = stage.namespace.get("secrets/key").expect("answered");
    assert_eq!(key.expect("there")["data"]["word"], "c2VzYW1l");
}

#[test]
fn an_autoscaler_says_how_many_there_are() {
    let Some(stage) = stage() else { return };
    let deployment = super::NEVER.replace("notready", "app").replace(
        "spec:\n  selector",
        "spec:\n  replicas: {{ .Values.count }}\n  selector",
    );
    write_chart(stage.folder.path(), "scaled", &deployment);
    stage.run(&["install", "shop", "scaled"]).well();
    let name = stage.namespace.name();
    let scaler = json!({
        "metadata": {"name": "scaler"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "never"},
            "minReplicas": 2, "maxReplicas": 5,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}],
        },
    });
    let path = format!("/apis/autoscaling/v2/namespaces/{name}/horizontalpodautoscalers");
    let cluster = Cluster::shared().expect("a cluster");
    let (code, answer) = cluster
        .api()
        .send("POST", &path, &scaler)
        .expect("answered");
    assert_eq!(code, 201, "{answer}");
    let replicas = || -> Result<serde_json::Value, String> {
        let deployment = stage.namespace.get("apps/v1/deployments/never")?;
        Ok(deployment
            .map(|it| it["spec"]["replicas"].clone())
            .unwrap_or_default())
    };
    // Kubernetes' own autoscaler goes up to its minimum at once, through the subresource.
    until("two replicas", || Ok(replicas()? == 2)).expect("scaled");
    for more in [
        &["--set", "count=1"][..],
        &["--set", "count=4"],
        &["--set", "count=4", "--conflicts=take"],
    ] {
        let said = stage
            .run(&[&["upgrade", "shop", "scaled"][..], more].concat())
            .well();
        assert!(!said.stderr.contains("replicas"), "{said:?}");
        assert_eq!(replicas().expect("answered"), 2, "{more:?}");
    }
}

#[test]
fn what_is_taken_over_is_taken_whole() {
    let Some(stage) = stage() else { return };
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "map"}, "data": {"count": "9", "other": "x"}});
    let file = stage.folder.path().join("map.json");
    std::fs::write(&file, map.to_string()).expect("a file");
    let file = file.to_str().expect("UTF-8");
    stage
        .namespace
        .kubectl(&["apply", "-f", file])
        .expect("made");
    stage
        .run(&["install", "shop", "calm"])
        .badly(&["cannot be imported into the current release"]);
    stage
        .run(&["install", "shop", "calm", "--take-ownership"])
        .well();
    stage.stands(&["deployed"]);
    let map = stage
        .namespace
        .get("configmaps/map")
        .expect("answered")
        .expect("there");
    assert_eq!(
        (&map["data"]["count"], &map["data"]["other"]),
        (&json!("1"), &json!("x"))
    );
    stage
        .run(&["upgrade", "shop", "calm", "--set", "count=2"])
        .well();
}

#[test]
fn replacing_is_refused_before_anything_changes_where_the_server_merges() {
    let Some(stage) = stage() else { return };
    stage.run(&["install", "shop", "calm"]).well();
    let words = [
        "upgrade",
        "shop",
        "calm",
        "--set",
        "count=2",
        "--force-replace",
    ];
    stage.run(&words).badly(&[
        "invalid operation: cannot use server-side apply and force replace together",
        "--server-side=false",
    ]);
    stage.stands(&["deployed"]);
    stage
        .run(&[&words[..], &["--server-side=false"]].concat())
        .well();
    stage.stands(&["superseded", "deployed"]);
}
