//! What is shown before anything changes, on a real cluster: differences, plans, and upgrades that
//! change nothing.

mod difference;
mod plan;
mod unchanged;

use std::path::Path;

use crate::kubernetes::{Cluster, Namespace, is_skipped};

/// A chart with one of each: what it makes follows from its values.
const TEMPLATE: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data:
  image: {{ .Values.image }}
  app.conf: |
    first
    {{ .Values.line }}
    last
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {password: {{ .Values.password }}}
data: {token: {{ .Values.password | b64enc }}}
{{- if .Values.more }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data: {a: "b"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}
data: {a: "b"}
{{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        image: {{ .Values.image }}
        resources: {requests: {cpu: "0.5"}}
---
apiVersion: v1
kind: Secret
metadata: {name: hook, annotations: {helm.sh/hook: "pre-upgrade"}}
stringData: {password: {{ .Values.password }}}
"#;

const VALUES: &str = "image: registry.test/app:1\nline: middle\npassword: hunter-one\nmore: true\n";

/// A kind of its own.
const DEFINITION: &str = r#"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: carts.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {plural: carts, singular: cart, kind: Cart, listKind: CartList}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
"#;

/// One of that kind.
const CART: &str = "apiVersion: GROUP/v1\nkind: Cart\nmetadata: {name: mine}\nspec: {size: 3}\n";

/// A namespace of the shared cluster, and a folder with the chart `shop`.
struct Stage<'a> {
    namespace: Namespace<'a>,
    folder: tempfile::TempDir,
}

/// What a run said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn stage() -> Option<Stage<'static>> {
    if is_skipped() {
        return None;
    }
    let namespace = Cluster::shared()
        .expect("a cluster")
        .namespace()
        .expect("a namespace");
    let stage = Stage {
        namespace,
        folder: tempfile::tempdir().expect("a folder"),
    };
    stage.write(
        "shop/Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    );
    stage.write("shop/values.yaml", VALUES);
    stage.write("shop/templates/all.yaml", TEMPLATE);
    Some(stage)
}

impl Stage<'_> {
    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }

    fn run(&self, words: &[&str]) -> Said {
        let pintle = Path::new(env!("CARGO_BIN_EXE_pintle"));
        let mut command = self.namespace.command(pintle);
        command.current_dir(self.folder.path()).args(words);
        if !words.contains(&"-n") {
            command.args(["-n", self.namespace.name()]);
        }
        let output = command.output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Runs what has to go well; answers with what was printed.
    #[track_caller]
    fn well(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, Some(0), "{said:?}");
        said.stdout
    }

    /// Asks for what has to differ; answers with what was printed.
    #[track_caller]
    fn differs(&self, words: &[&str]) -> String {
        let said = self.run(&[words, &["--detailed-exitcode"]].concat());
        assert_eq!(said.code, Some(2), "{said:?}");
        said.stdout
    }

    /// Lines of writes that reached the server since this was asked the last time; dry runs are none.
    fn writes(&self) -> Vec<String> {
        let requests = self.namespace.requests().expect("a log");
        let is_write = |method: &str| !matches!(method, "GET" | "HEAD");
        requests
            .iter()
            .filter(|one| is_write(&one.method) && !one.query.contains("dryRun=All"))
            .map(|one| format!("{} {}", one.method, one.path))
            .collect()
    }

    fn patch(&self, object: &str, patch: &str) {
        self.namespace
            .kubectl(&["patch", object, "--type=merge", "-p", patch])
            .expect("patched");
    }

    /// The numbers of the revisions that are recorded.
    fn revisions(&self) -> Vec<u32> {
        let there = |at: &u32| {
            let path = format!("secrets/sh.helm.release.v1.shop.v{at}");
            self.namespace.get(&path).expect("answered").is_some()
        };
        (1..10).filter(there).collect()
    }
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[track_caller]
fn lacks(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(!text.contains(part), "{part:?} is in:\n{text}");
    }
}
