//! What goes wrong on the way to a cluster: after it, the record is true, or pending where nothing
//! could be written any more, and the next run recognises that.

mod answer;
mod conflict;
mod interruption;
mod leftover;
mod phase;
mod race;
mod refusal;
mod trial;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::kubernetes::{Cluster, Namespace, is_skipped, until};

/// A Job that never ends.
const ENDLESS: &str = r#"apiVersion: batch/v1
kind: Job
metadata:
  name: endless
  annotations: {helm.sh/hook: "EVENTS"}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "registry.test/hang:1"}]
"#;

/// A Deployment that is never ready.
const NEVER: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: never}
spec:
  selector: {matchLabels: {app: never}}
  template:
    metadata: {labels: {app: never}}
    spec: {containers: [{name: main, image: "registry.test/notready:1"}]}
"#;

/// A namespace of the shared cluster with a folder of charts.
pub(crate) struct Stage<'a> {
    pub(crate) namespace: Namespace<'a>,
    pub(crate) folder: tempfile::TempDir,
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn well(self) -> Said {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn badly(self, words: &[&str]) -> Said {
        assert!(!matches!(self.code, None | Some(0)), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word}: {self:?}");
        }
        self
    }
}

/// A stage, where there is a cluster, with the charts `calm` (a ConfigMap), `hook` (and a hook that
/// never ends) and `wait` (and a Deployment that is never ready).
pub(crate) fn stage() -> Option<Stage<'static>> {
    if is_skipped() {
        return None;
    }
    let namespace = Cluster::shared()
        .expect("a cluster")
        .namespace()
        .expect("a namespace");
    let folder = charts();
    Some(Stage { namespace, folder })
}

fn charts() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    const EVENTS: &str = "pre-install,pre-upgrade,pre-rollback";
    let hook = ENDLESS.replace("EVENTS", EVENTS);
    for (name, text) in [("calm", ""), ("hook", hook.as_str()), ("wait", NEVER)] {
        write_chart(folder.path(), name, text);
    }
    folder
}

/// A chart of a ConfigMap and of `text`.
pub(crate) fn write_chart(folder: &Path, name: &str, text: &str) {
    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {count: \"{{ .Values.count }}\"}\n";
    let templates = folder.join(name).join("templates");
    std::fs::create_dir_all(&templates).expect("folders");
    let write = |path: &Path, text: &str| std::fs::write(path, text).expect("a file");
    let metadata = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
    write(&folder.join(name).join("Chart.yaml"), &metadata);
    write(&folder.join(name).join("values.yaml"), "count: 1\n");
    write(&templates.join("map.yaml"), MAP);
    if !text.is_empty() {
        write(&templates.join("more.yaml"), text);
    }
}

impl Stage<'_> {
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self
            .namespace
            .command(Path::new(env!("CARGO_BIN_EXE_pintle")));
        command
            .current_dir(self.folder.path())
            .env("USER", "tester")
            .args(words)
            .args(["-n", self.namespace.name()]);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Said {
        self.command(words).output().expect("it runs").into()
    }

    pub(crate) fn start(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it starts")
    }

    /// The state in the record of a revision; empty where there is none.
    fn status(&self, revision: u32) -> String {
        let path = format!("secrets/sh.helm.release.v1.shop.v{revision}");
        let record = self.namespace.get(&path).expect("answered");
        let label = record.map(|record| record["metadata"]["labels"]["status"].clone());
        let label = label.unwrap_or_default();
        label.as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn stands(&self, states: &[&str]) {
        let mut found: Vec<String> = (1..).map(|at| self.status(at)).take(6).collect();
        found.retain(|state| !state.is_empty());
        assert_eq!(found, states);
    }

    pub(crate) fn until_there(&self, path: &str) {
        until(path, || Ok(self.namespace.get(path)?.is_some())).expect(path);
    }
}

/// Sends a signal.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

pub(crate) fn end(child: Child) -> Said {
    child.wait_with_output().expect("it ends").into()
}
