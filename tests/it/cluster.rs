//! The test cluster itself: what other tests rely on.

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
