//! Releases in a folder: `--target dir:PATH`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outcome::Outcome;

const TEMPLATE: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  color: {{ .Values.color }}
{{- if .Values.extra }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: system:{{ .Release.Name }}
{{- end }}
";

/// A chart `web`, and a folder to bring it to.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new() -> Stage {
        let stage = Stage(tempfile::tempdir().expect("a folder"));
        stage.write(
            "web/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        );
        stage.write("web/values.yaml", "color: red\nextra: false\n");
        stage.write("web/templates/a.yaml", TEMPLATE);
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    fn run(&self, line: &str) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_pintle"))
            .args(line.split(' '))
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("KUBECONFIG", "/dev/null")
            .output();
        output.expect("the program").into()
    }

    /// All files below the target, but for what is hidden.
    fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("an entry").path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if name.starts_with('.') {
                    continue;
                }
                match path.is_dir() {
                    true => walk(&path, root, found),
                    false => {
                        let path = path.strip_prefix(root).expect("below");
                        found.push(path.to_string_lossy().into_owned());
                    }
                }
            }
        }
        let mut found = Vec::new();
        let root = self.path("out");
        walk(&root, &root, &mut found);
        found.sort();
        found
    }
}

#[test]
fn a_release_lives_in_a_folder() {
    let stage = Stage::new();
    let upgrade = "upgrade web ./web -n shop --target dir:out";
    let refused = stage.run(upgrade).failure();
    assert!(refused.contains("has no deployed releases"), "{refused}");
    assert_eq!(stage.files(), [""; 0]);

    stage
        .run(&format!("{upgrade} --install --set extra=true"))
        .success();
    let both = [
        "shop/web/clusterrole-system%3Aweb.yaml",
        "shop/web/configmap-web.yaml",
    ];
    assert_eq!(stage.files(), both);
    assert_eq!(
        stage.read("out/shop/web/configmap-web.yaml"),
        "apiVersion: v1\ndata:\n  color: red\nkind: ConfigMap\nmetadata:\n  annotations:\n    meta.helm.sh/release-name: web\n    meta.helm.sh/release-namespace: shop\n  labels:\n    app.kubernetes.io/managed-by: Helm\n  name: web\n  namespace: shop\n"
    );

    stage.run(&format!("{upgrade} --set color=blue")).success();
    assert_eq!(stage.files(), both[1..]);
    assert!(
        stage
            .read("out/shop/web/configmap-web.yaml")
            .contains("color: blue")
    );

    let history = stage.run("history web -n shop --target dir:out").success();
    assert!(
        history.contains("superseded") && history.contains("deployed"),
        "{history}"
    );
    assert!(
        stage
            .run("list -A --target dir:out")
            .success()
            .contains("web-0.1.0")
    );
    let status = stage.run("status web -n shop --target dir:out").success();
    assert!(
        status.contains("deployed") && !status.contains("NotFound"),
        "{status}"
    );
    let data = stage
        .run("status web -n shop --target dir:out -o json")
        .success();
    assert!(data.contains("configmap-web.yaml"), "{data}");

    stage
        .run("rollback web 1 -n shop --target dir:out")
        .success();
    assert_eq!(stage.files(), both);
    assert!(
        stage
            .read("out/shop/web/configmap-web.yaml")
            .contains("color: red")
    );

    stage
        .run("uninstall web -n shop --target dir:out")
        .success();
    assert!(!stage.path("out/shop").exists(), "{:?}", stage.files());
}

#[test]
fn files_that_were_changed_by_hand_are_not_lost() {
    let stage = Stage::new();
    let upgrade = "upgrade web ./web -n shop --install --target dir:out";
    stage.run(upgrade).success();
    let file = "out/shop/web/configmap-web.yaml";
    let edited = stage.read(file).replace("red", "green");
    stage.write(file, &edited);

    let refused = stage.run(&format!("{upgrade} --set color=blue")).failure();
    assert!(
        refused.contains("configmap-web.yaml was changed since this release wrote it"),
        "{refused}"
    );
    assert_eq!(stage.read(file), edited);
    stage
        .run(&format!("{upgrade} --set color=blue --force-conflicts"))
        .success();
    assert!(stage.read(file).contains("color: blue"));
}

#[test]
fn the_target_is_said_and_never_guessed() {
    let stage = Stage::new();
    let lost = stage.run("upgrade web ./web -n shop --install").failure();
    assert!(lost.contains("--target dir:PATH"), "{lost}");
    let unknown = stage.run("list --target disk").failure();
    assert!(unknown.contains("there is no target \"disk\""), "{unknown}");
    let strict = stage.run("helm list --target dir:out").failure();
    assert!(strict.contains("unknown flag: --target"), "{strict}");

    stage.write("pintle.yaml", "namespace: shop\ntarget: dir:out\n");
    stage.run("upgrade web ./web --install").success();
    assert_eq!(stage.files(), ["shop/web/configmap-web.yaml"]);
}

#[test]
fn hooks_and_definitions_of_kinds_go_where_they_belong() {
    let stage = Stage::new();
    stage.write(
        "web/crds/a.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: as.example.org\n",
    );
    stage.write(
        "web/templates/hook.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: hook\n  annotations:\n    helm.sh/hook: post-install\n",
    );
    stage.write(
        "web/templates/custom.yaml",
        "apiVersion: example.org/v1\nkind: A\nmetadata:\n  name: one\n",
    );
    stage
        .run("install web ./web -n shop --create-namespace --target dir:out")
        .success();
    assert_eq!(
        stage.files(),
        [
            "shop/web/a.example.org-one.yaml",
            "shop/web/configmap-web.yaml",
            "shop/web/customresourcedefinition-as.example.org.yaml",
            "shop/web/namespace-shop.yaml",
        ]
    );
}
