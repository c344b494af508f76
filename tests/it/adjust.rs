//! Plain manifests and small changes on a cluster.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::kubernetes::{Cluster, Namespace, is_skipped};

struct Stage<'a> {
    namespace: Namespace<'a>,
    folder: tempfile::TempDir,
}

fn stage() -> Option<Stage<'static>> {
    if is_skipped() {
        return None;
    }
    let cluster = Cluster::shared().expect("a cluster");
    Some(Stage {
        namespace: cluster.namespace().expect("a namespace"),
        folder: tempfile::tempdir().expect("a folder"),
    })
}

impl Stage<'_> {
    fn file(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }

    /// What the program printed, and what it complained of.
    #[track_caller]
    fn run(&self, words: &[&str]) -> (String, String) {
        let (is_good, out, err) = self.try_run(words, "");
        assert!(is_good, "{words:?}: {err}");
        (out, err)
    }

    fn try_run(&self, words: &[&str], stdin: &str) -> (bool, String, String) {
        let mut child = self
            .namespace
            .command(Path::new(env!("CARGO_BIN_EXE_pintle")))
            .current_dir(self.folder.path())
            .args(words)
            .args(["-n", self.namespace.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(stdin.as_bytes()).expect("written");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    #[track_caller]
    fn get(&self, path: &str) -> Option<Value> {
        self.namespace.get(path).expect("answered")
    }

    /// The names of ConfigMaps that are not the cluster's own.
    #[track_caller]
    fn maps(&self) -> Vec<String> {
        let maps = self.get("configmaps").expect("a list");
        let names = maps["items"].as_array().into_iter().flatten();
        let names = names.filter_map(|map| map["metadata"]["name"].as_str());
        names
            .filter(|name| *name != "kube-root-ca.crt")
            .map(str::to_owned)
            .collect()
    }
}

fn map(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{t: \"{{{{ x }}}}\"}}\n"
    )
}

#[test]
fn folders_of_manifests_are_released_changed_and_taken_back() {
    let Some(stage) = stage() else { return };
    stage.file("k8s/one.yaml", &map("one"));
    stage.file("k8s/deep/two.yml", &map("two"));
    stage.file(
        "k8s/hook.yaml",
        &map("hook").replace(
            "{name: hook}",
            "{name: hook, annotations: {helm.sh/hook: pre-install}}",
        ),
    );
    stage.run(&["install", "shop", "k8s"]);
    assert_eq!(stage.maps(), ["hook", "one", "two"]);
    let one = stage.get("configmaps/one").expect("an object");
    assert_eq!(one["data"]["t"], "{{ x }}");
    assert_eq!(
        one["metadata"]["annotations"]["meta.helm.sh/release-name"],
        "shop"
    );
    let (manifest, _) = stage.run(&["helm", "get", "manifest", "shop"]);
    assert_eq!(
        manifest.matches("# Source: k8s/templates/").count(),
        2,
        "{manifest}"
    );
    let (list, _) = stage.run(&["helm", "list"]);
    assert!(list.contains("k8s-0.1.0"), "{list}");

    stage.file(
        "app/kustomization.yaml",
        "configMapGenerator: [{name: three, literals: [a=1]}]\n",
    );
    stage.run(&["upgrade", "shop", "app"]);
    let first = stage.maps();
    assert!(
        first.len() == 2 && first[1].starts_with("three-"),
        "{first:?}"
    );
    stage.file(
        "app/kustomization.yaml",
        "configMapGenerator: [{name: three, literals: [a=2]}]\n",
    );
    stage.run(&["upgrade", "shop", "app"]);
    assert_eq!(stage.maps().len(), 2, "the map of before is gone");
    assert_ne!(stage.maps(), first);
    let (is_good, _, error) = stage.try_run(&["upgrade", "shop", "-"], &map("four"));
    assert!(is_good, "{error}");
    assert_eq!(stage.maps(), ["four", "hook"]);
    stage.run(&["helm", "rollback", "shop", "1"]);
    assert_eq!(stage.maps(), ["hook", "one", "two"]);
    stage.run(&["helm", "uninstall", "shop"]);
    assert_eq!(stage.maps(), ["hook"]);
}

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1 # one is enough
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: registry.test/app:{{ .Values.tag }}
";

fn image(stage: &Stage<'_>) -> String {
    let web = stage.get("apps/v1/deployments/web").expect("an object");
    let image = &web["spec"]["template"]["spec"]["containers"][0]["image"];
    image.as_str().unwrap_or_default().to_owned()
}

#[test]
fn small_changes_are_revisions_that_a_rollback_undoes() {
    let Some(stage) = stage() else { return };
    stage.file(
        "chart/Chart.yaml",
        "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
    );
    stage.file("chart/values.yaml", "tag: 1\n");
    stage.file("chart/templates/web.yaml", WEB);
    stage.run(&["install", "shop", "chart"]);

    let words = ["set", "image", "shop", "main=registry.test/app:2", "--wait"];
    let (out, _) = stage.run(&words);
    assert_eq!(
        out,
        "deployment/web/main: registry.test/app:1 -> registry.test/app:2\nRelease \"shop\" is at revision 2. `pintle rollback shop` takes it back.\n"
    );
    assert_eq!(image(&stage), "registry.test/app:2");
    let (out, _) = stage.run(&words);
    assert_eq!(
        out,
        "Release \"shop\" is so already: there is no new revision.\n"
    );
    let (manifest, _) = stage.run(&["helm", "get", "manifest", "shop"]);
    let before =
        format!("---\n# Source: chart/templates/web.yaml\n{WEB}").replace("{{ .Values.tag }}", "2");
    assert_eq!(manifest.trim_end(), before.trim_end());

    stage.run(&["scale", "shop", "deploy/web=2"]);
    stage.run(&["restart", "shop"]);
    let web = stage.get("apps/v1/deployments/web").expect("an object");
    assert_eq!(web["spec"]["replicas"], 2);
    let annotations = &web["spec"]["template"]["metadata"]["annotations"];
    assert!(
        annotations["kubectl.kubernetes.io/restartedAt"].is_string(),
        "{annotations}"
    );
    let (history, _) = stage.run(&["helm", "history", "shop"]);
    for words in [
        "Set image main=registry.test/app:2",
        "Scale deploy/web=2",
        "Restart all workloads",
    ] {
        assert!(history.contains(words), "{history}");
    }
    let (out, _) = stage.run(&["scale", "shop", "deploy/web=5", "--dry-run=server"]);
    assert!(out.ends_with("Revision 5 would be made of it.\n"), "{out}");

    stage.run(&["rollback", "shop", "1"]);
    assert_eq!(image(&stage), "registry.test/app:1");
    stage.run(&["rollback", "shop", "3"]);
    let web = stage.get("apps/v1/deployments/web").expect("an object");
    assert_eq!(
        (image(&stage).as_str(), web["spec"]["replicas"].as_i64()),
        ("registry.test/app:2", Some(2))
    );

    let (_, complaints) = stage.run(&["upgrade", "shop", "chart"]);
    assert!(
        complaints.contains("this upgrade takes back: Set image main=registry.test/app:2 (revision 2); Scale deploy/web=2 (revision 3)"),
        "{complaints}"
    );
    assert_eq!(image(&stage), "registry.test/app:1");
    let (_, complaints) = stage.run(&["upgrade", "shop", "chart", "--always-revision"]);
    assert!(!complaints.contains("takes back"), "{complaints}");

    let (is_good, _, error) = stage.try_run(&["set", "image", "shop", "nope=x:1"], "");
    assert!(
        !is_good && error.contains("no container is called \"nope\" in the release \"shop\""),
        "{error}"
    );
    assert!(error.contains("There are: deployment/web/main."), "{error}");
}

#[test]
fn an_upgrade_of_nothing_says_where_it_looked() {
    let Some(stage) = stage() else { return };
    stage.file("one.yaml", &map("one"));
    let (is_good, _, error) = stage.try_run(&["upgrade", "shop", "one.yaml"], "");
    assert!(!is_good);
    let namespace = stage.namespace.name();
    for words in [
        "Error: UPGRADE FAILED: \"shop\" has no deployed releases",
        &format!(
            "There is no release \"shop\" in namespace \"{namespace}\": `--install` installs it"
        ),
        "The cluster is that of the context ",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert!(stage.maps().is_empty());
}
