//! What shells are offered of what a cluster knows, under both names.

use std::fs;
use std::path::Path;

use crate::kubernetes::{Cluster, Namespace, is_skipped};
use crate::pipeline::real;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: \"9\"\n";

/// Runs a program that sees the namespace; answers with what it printed.
fn run(namespace: &Namespace<'_>, program: &Path, words: &[&str], shell: Option<&str>) -> String {
    let mut command = namespace.command(program);
    if let Some(shell) = shell {
        command.env("PINTLE_COMPLETE", shell);
    }
    let output = command.args(words).output().expect("a run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn releases_revisions_and_namespaces_are_those_of_the_cluster() {
    if is_skipped() {
        return;
    }
    let cluster = Cluster::shared().expect("a cluster");
    let namespace = cluster.namespace().expect("a namespace");
    let top = tempfile::tempdir().expect("a folder");
    let chart = top.path().join("web");
    fs::create_dir(&chart).expect("a folder");
    fs::write(chart.join("Chart.yaml"), CHART).expect("a chart");
    let chart = chart.to_string_lossy().into_owned();
    let name = namespace.name().to_owned();
    let ours = Path::new(env!("CARGO_BIN_EXE_pintle"));
    for words in [
        &["install", "shop", &chart][..],
        &["install", "desk", &chart],
        &["upgrade", "shop", &chart, "--always-revision"],
    ] {
        let words = [words, &["-n", &name]].concat();
        run(&namespace, ours, &words, None);
    }
    let real = real();
    let all = "desk\tweb-0.1.0 -> deployed\nshop\tweb-0.1.0 -> deployed\n";
    let two = "1\tApp: 9, Chart: web-0.1.0\n2\tApp: 9, Chart: web-0.1.0\n";
    let other = "desk\tweb-0.1.0 -> deployed\n";
    for (words, want, number) in [
        (&["status", ""][..], all, 4),
        (&["upgrade", "sh"], all, 4),
        (&["get", "values", ""], all, 4),
        (&["uninstall", "shop", ""], other, 4),
        (&["rollback", "shop", ""], two, 4),
        (&["status", "shop", "--revision", ""], two, 4),
        (&["rollback", "nobody", ""], "", 1),
    ] {
        let words = [&["__complete", "-n", &name], words].concat();
        let strict = [&["helm"], &words[..]].concat();
        let found = run(&namespace, ours, &strict, None);
        assert_eq!(found, format!("{want}:{number}\n"), "{words:?}");
        if let Some(real) = &real {
            assert_eq!(run(&namespace, real, &words, None), found, "{words:?}");
        }
    }
    let words = ["helm", "__complete", "status", "--namespace", ""];
    let found = run(&namespace, ours, &words, None);
    assert!(found.lines().any(|line| line == name), "{found}");
    assert!(found.ends_with(":4\n"), "{found}");

    for (words, want) in [
        (&["status", "-n", &name, ""][..], all),
        (
            &["status", "-n", &name, "sh"],
            "shop\tweb-0.1.0 -> deployed\n",
        ),
        (&["uninstall", "-n", &name, "shop", ""], other),
        (&["rollback", "-n", &name, "shop", ""], two),
        (
            &["get", "notes", "-n", &name, "shop", "--revision", ""],
            two,
        ),
    ] {
        let words = [&["--", "pintle"], words].concat();
        let found = run(&namespace, ours, &words, Some("fish"));
        assert_eq!(found.trim_end(), want.trim_end(), "{words:?}");
    }
    let words = ["--", "pintle", "status", "-n", &name[..4]];
    let found = run(&namespace, ours, &words, Some("fish"));
    assert!(found.lines().any(|line| line == name), "{found}");
}

#[test]
fn without_a_cluster_nothing_is_offered_soon() {
    let run = |words: &[&str]| {
        crate::program::Run::helm(words)
            .variable("KUBECONFIG", "/dev/null")
            .go()
            .success()
            .to_owned()
    };
    assert_eq!(run(&["__complete", "status", ""]), ":0\n");
    assert_eq!(run(&["__complete", "rollback", "shop", ""]), ":1\n");
    assert_eq!(run(&["__complete", "list", "-n", ""]), ":0\n");
}
