//! `pintle.yaml`, seen from outside: what holds, where it was set, who ignores it.

use std::path::Path;
use std::process::{Command, Output};

const PROJECT: &str = "\
kubeVersion: \"1.30\"
namespace: web
values: [common.yaml]
environment: dev
environments:
  dev: {}
  prod:
    namespace: web-prod
    values:
      - prod.yaml
";

fn pintle(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pintle"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .env("HOME", folder)
        .env("KUBECONFIG", "/dev/null")
        .output()
        .expect("the program starts")
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("pintle.yaml"), PROJECT).expect("written");
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Arguments, variables, and lines that have to be printed.
type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn settings_come_from_flags_then_variables_then_the_file() {
    let folder = project();
    let rows: [Row; 4] = [
        (
            &["config", "show", "--origins"],
            &[],
            &[
                "environment: dev      # pintle.yaml:4:14",
                "namespace: web        # pintle.yaml:2:12",
                "kubeVersion: \"1.30\"   # pintle.yaml:1:14",
                "values:",
                "- common.yaml         # pintle.yaml:3:10",
            ],
        ),
        (
            &["config", "show", "-e", "prod", "--origins"],
            &[],
            &[
                "environment: prod     # --environment",
                "namespace: web-prod   # pintle.yaml:8:16",
                "kubeVersion: \"1.30\"   # pintle.yaml:1:14",
                "values:",
                "- common.yaml         # pintle.yaml:3:10",
                "- prod.yaml           # pintle.yaml:10:9",
            ],
        ),
        (
            &[
                "config",
                "show",
                "-n",
                "mine",
                "-a",
                "x/v1,y/v1",
                "-f",
                "more.yaml",
            ],
            &[
                ("PINTLE_KUBE_VERSION", "1.31"),
                ("PINTLE_NAMESPACE", "theirs"),
            ],
            &[
                "environment: dev",
                "namespace: mine",
                "kubeVersion: \"1.31\"",
                "apiVersions:",
                "- x/v1",
                "- y/v1",
                "values:",
                "- common.yaml",
                "- more.yaml",
            ],
        ),
        (
            &["config", "show"],
            &[("HELM_NAMESPACE", "helms"), ("PINTLE_ENVIRONMENT", "prod")],
            &[
                "environment: prod",
                "namespace: helms",
                "kubeVersion: \"1.30\"",
                "values:",
                "- common.yaml",
                "- prod.yaml",
            ],
        ),
    ];
    for (words, variables, want) in rows {
        let output = pintle(folder.path(), words, variables);
        let got = text(&output.stdout);
        let got: Vec<String> = got.lines().map(|line| line.replace("  #", " #")).collect();
        let want: Vec<String> = want
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let got: Vec<String> = got
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(got, want, "{words:?} {}", text(&output.stderr));
    }
}

#[test]
fn mistakes_in_the_file_are_placed_and_unknown_environments_named() {
    let folder = project();
    let output = pintle(folder.path(), &["config", "show", "-e", "prd"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "Error: pintle.yaml: there is no environment \"prd\"\nhint: did you mean \"prod\"?\n"
    );
    std::fs::write(folder.path().join("pintle.yaml"), "namspace: x\n").expect("written");
    let output = pintle(folder.path(), &["config", "show"], &[]);
    assert_eq!(
        text(&output.stderr),
        "Error: pintle.yaml:1:1: unknown field `namspace`\nhint: did you mean `namespace`?\n"
    );
    // Helm's name does not look at the file.
    let output = pintle(folder.path(), &["helm", "env", "HELM_NAMESPACE"], &[]);
    assert_eq!(text(&output.stdout), "default\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
}
