//! Charts that are brought to a folder, and tests of charts by a plugin.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::program::Run;

const STATE: &str = "releases:\n- {name: a, namespace: n, chart: ./web, unitTests: [tests, x_test.yaml], values: [{x: 1}]}\n- {name: b, chart: ./web, version: 1.0.0}\n";

fn run(words: &[&str]) -> Run {
    Run::pintle(words)
        .chart("web", "", "a: b\n")
        .file("helmfile.yaml", STATE)
}

#[test]
fn charts_are_fetched_to_a_folder() {
    let outcome = run(&["helmfile", "fetch", "--output-dir", "out"]).go();
    assert_eq!(outcome.success(), "");
    assert_eq!(
        outcome.stderr,
        "Charts will be downloaded to: out\nBuilding dependency release=a, chart=out/n/a/web/latest\nBuilding dependency release=b, chart=out/b/web/1.0.0\n"
    );
    for chart in ["out/n/a/web/latest", "out/b/web/1.0.0"] {
        let file = outcome.path(&format!("{chart}/templates/a.yaml"));
        assert_eq!(fs::read_to_string(file).expect("a file"), "a: b\n");
    }
}

#[test]
fn the_state_of_fetched_charts_is_printed() {
    let words = ["helmfile", "fetch", "--write-output", "--output-dir", "out"];
    let outcome = run(&words).go();
    let text = outcome.success();
    assert!(text.starts_with("---\n#  Source: "), "{text}");
    assert!(text.contains("  - chart: out/n/a/web/latest\n"), "{text}");
    let without = run(&["helmfile", "fetch", "--write-output"]).go();
    let why = "unexpected error: *errors.errorString: --output-dir is required when --write-output is set\n";
    assert_eq!(without.failure(), why);
    let several = run(&[
        "helmfile",
        "fetch",
        "--write-output",
        "--output-dir",
        "out",
        "-f",
        "d",
    ])
    .file("d/a.yaml", STATE.replace("./", "../"))
    .file("d/b.yaml", STATE.replace("./", "../"))
    .go();
    assert!(
        several
            .failure()
            .contains("--write-output requires a single helmfile state file"),
        "{}",
        several.stderr
    );
    assert_eq!(several.stdout, "");
}

#[test]
fn charts_are_tested_by_the_plugin() {
    let plugins = tempfile::tempdir().expect("a folder");
    let folder = plugins.path().join("unittest");
    fs::create_dir(&folder).expect("a folder");
    fs::write(
        folder.join("plugin.yaml"),
        "name: unittest\nversion: 1.0.0\nusage: u\ndescription: d\ncommand: $HELM_PLUGIN_DIR/run.sh\n",
    )
    .expect("a file");
    let script = folder.join("run.sh");
    fs::write(
        &script,
        "#!/bin/sh\necho \"in $HELM_NAMESPACE: $1 $4 $5 $6 $7 $8\"\ncat \"$3\"\nexit \"$CODE\"\n",
    )
    .expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    let at = plugins.path().to_string_lossy().into_owned();
    let with = |code: &str| {
        run(&["helmfile", "unittest", "--skip-deps"])
            .variable("HELM_PLUGINS", &at)
            .variable("CODE", code)
            .go()
    };
    let passed = with("0");
    assert_eq!(
        passed.success(),
        "in n: web --file tests/*_test.yaml --file x_test.yaml \nx: 1\n\n"
    );
    assert_eq!(passed.stderr, "Unit testing release=a, chart=web\n");
    let failed = with("1");
    assert_eq!(failed.code, Some(1));
    assert!(
        failed
            .failure()
            .contains("Failed with 1 errors:\n\nError 1:\n\n  command \"")
            && failed
                .stderr
                .contains("plugin \"unittest\" exited with error"),
        "{}",
        failed.stderr
    );
    let missing = run(&["helmfile", "unittest"]).go();
    assert!(
        missing
            .failure()
            .ends_with("helm-unittest: plugin unittest not installed\n"),
        "{}",
        missing.stderr
    );
}
