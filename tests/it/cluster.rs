//! The test cluster itself: what other tests rely on.

use serde_json::json;

use crate::kubernetes::fault::{Cut, Fault};
use crate::kubernetes::{Cluster, is_skipped, until};

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME","annotations":{"testcluster/log":"one\ntwo\n"}},"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"registry.test/IMAGE:1"}]}}"#;

#[test]
fn pods_live_as_their_images_say_and_requests_are_told_apart() {
    if is_skipped() {
        return;
    }
    let cluster = Cluster::shared().expect("a cluster");
    let namespace = cluster.namespace().expect("a namespace");
    let other = cluster.namespace().expect("another namespace");
    let pods = format!("/api/v1/namespaces/{}/pods", namespace.name());
    for (name, image, phase) in [
        ("good", "app", "Succeeded"),
        ("bad", "fail", "Failed"),
        ("slow", "hang", "Running"),
    ] {
        let text = POD.replace("NAME", name).replace("IMAGE", image);
        let body = serde_json::from_str(&text).expect("JSON");
        let (code, answer) = cluster.api().send("POST", &pods, &body).expect("answered");
        assert_eq!(code, 201, "{answer}");
        until(phase, || {
            let pod = namespace.get(&format!("pods/{name}"))?;
            Ok(pod.is_some_and(|pod| pod["status"]["phase"] == phase))
        })
        .expect(name);
    }
    assert_eq!(
        namespace
            .kubectl(&["logs", "bad", "--tail=1"])
            .expect("a log"),
        "two\n"
    );
    let requests = namespace.requests().expect("a log");
    let ours = requests
        .iter()
        .any(|one| one.method == "GET" && one.path == format!("{pods}/bad/log") && one.code == 200);
    assert!(ours, "{requests:?}");
    assert!(other.requests().expect("a log").is_empty());
    assert_eq!(other.get("pods/good").expect("answered"), None);
}

#[test]
fn deployments_get_their_pods_and_claims_their_volumes() {
    if is_skipped() {
        return;
    }
    let namespace = Cluster::shared()
        .expect("a cluster")
        .namespace()
        .expect("a namespace");
    namespace
        .kubectl(&[
            "create",
            "deployment",
            "web",
            "--image=registry.test/app:1",
            "--replicas=2",
        ])
        .expect("created");
    until("two replicas", || {
        let web = namespace.get("apps/v1/deployments/web")?;
        Ok(web.is_some_and(|web| web["status"]["readyReplicas"] == 2))
    })
    .expect("ready");
    let claim = r#"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}"#;
    let path = format!(
        "/api/v1/namespaces/{}/persistentvolumeclaims",
        namespace.name()
    );
    let body = serde_json::from_str(claim).expect("JSON");
    let cluster = Cluster::shared().expect("a cluster");
    cluster.api().send("POST", &path, &body).expect("answered");
    until("a volume", || {
        let claim = namespace.get("persistentvolumeclaims/data")?;
        Ok(claim.is_some_and(|claim| claim["status"]["phase"] == "Bound"))
    })
    .expect("bound");
}

#[test]
fn the_proxy_makes_trouble_where_it_is_asked() {
    if is_skipped() {
        return;
    }
    let cluster = Cluster::shared().expect("a cluster");
    let namespace = cluster.namespace().expect("a namespace");
    let create = |name: &str| namespace.kubectl(&["create", "configmap", name]);
    let fault = Fault {
        method: "POST",
        path: "/configmaps$".to_owned(),
        ..Fault::default()
    };
    let refused = Fault {
        skip: 1,
        times: Some(1),
        code: Some(403),
        body: "not today".to_owned(),
        ..fault.clone()
    };
    namespace.fault(&refused).expect("understood");
    create("first").expect("let pass");
    let error = create("second").expect_err("refused");
    assert!(error.contains("not today"), "{error}");
    create("second").expect("refused once only");

    let cut = |when| Fault {
        cut: Some(when),
        ..fault.clone()
    };
    for (name, when, there) in [("lost", Cut::Before, false), ("done", Cut::After, true)] {
        namespace.fault(&cut(when)).expect("understood");
        create(name).expect_err("nobody answered");
        namespace.heal().expect("answered");
        let object = namespace.get(&format!("configmaps/{name}"));
        assert_eq!(object.expect("answered").is_some(), there, "{name}");
    }
}

#[test]
fn a_cluster_that_was_killed_goes_on() {
    if is_skipped() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let cluster = Cluster::own(folder.path()).expect("a cluster");
    cluster.create_namespace("kept").expect("a namespace");
    let path = "/api/v1/namespaces/kept/configmaps";
    let body = json!({"metadata": {"name": "kept"}, "data": {"a": "b"}});
    let (code, answer) = cluster.api().send("POST", path, &body).expect("answered");
    assert_eq!(code, 201, "{answer}");
    cluster.kill();
    let cluster = Cluster::own(folder.path()).expect("the same cluster");
    let (_, kept) = cluster
        .api()
        .get(&format!("{path}/kept"))
        .expect("answered");
    assert_eq!(kept["data"]["a"], "b", "{kept}");
}
