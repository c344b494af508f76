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
fn secrets_are_decrypted_by_the_plugin() {
    let plugins = tempfile::tempdir().expect("a folder");
    let folder = plugins.path().join("secrets");
    fs::create_dir(&folder).expect("a folder");
    fs::write(
        folder.join("plugin.yaml"),
        "name: secrets\nversion: 4.6.0\nusage: u\ndescription: d\ncommand: $HELM_PLUGIN_DIR/run.sh\n",
    )
    .expect("a file");
    let script = folder.join("run.sh");
    fs::write(&script, "#!/bin/sh\n[ \"$1\" = decrypt ] || exit 9\ngrep -q locked \"$2\" && { echo no key >&2; exit 1; }\necho 'color: of the plugin'\n")
        .expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    let with = |text: &str| {
        Run::pintle(&["helmfile", "template", "--skip-deps"])
            .chart("web", "", "a: {{ .Values.color }}\n")
            .file(
                "helmfile.yaml",
                "releases:\n- {name: a, chart: ./web, secrets: [s.yaml]}\n",
            )
            .file("s.yaml", text)
            .variable("HELM_PLUGINS", &plugins.path().to_string_lossy())
            .go()
    };
    let opened = with("vault: x\n");
    assert!(
        opened.success().contains("a: of the plugin"),
        "{}",
        opened.stdout
    );
    let failed = with("locked: x\n");
    assert!(failed.failure().contains("no key"), "{}", failed.stderr);
}

#[test]
fn secrets_of_other_keys_are_decrypted_by_the_program_of_sops() {
    let programs = tempfile::tempdir().expect("a folder");
    let script = programs.path().join("sops");
    fs::write(
        &script,
        "#!/bin/sh\n[ \"$1\" = decrypt ] || exit 9\ncat >/dev/null\necho 'color: of the program'\n",
    )
    .expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    let path = format!("{}:/usr/bin:/bin", programs.path().display());
    let run = Run::pintle(&["helmfile", "template", "--skip-deps"])
        .chart("web", "", "a: {{ .Values.color }}\n")
        .file(
            "helmfile.yaml",
            "releases:\n- {name: a, chart: ./web, secrets: [s.yaml]}\n",
        )
        .file(
            "s.yaml",
            "color: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\nsops:\n    kms:\n        - arn: arn:aws:kms:eu-west-1:1:key/a\n          created_at: \"2024-01-01T00:00:00Z\"\n          enc: YQ==\n          aws_profile: \"\"\n    lastmodified: \"2024-01-01T00:00:00Z\"\n    mac: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\n    version: 3.9.0\n",
        )
        .variable("PATH", &path);
    let outcome = run.go();
    assert!(
        outcome.success().contains("a: of the program"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn following_objects_is_helms_wait() {
    for (more, wants) in [
        ("trackFailOnError: true, trackTimeout: 7", true),
        ("trackTimeout: 7, waitForJobs: true", false),
    ] {
        let state = format!("releases:\n- {{name: a, chart: ./web, trackMode: kubedog, {more}}}\n");
        let outcome = Run::pintle(&["helmfile", "sync", "--debug", "--skip-deps"])
            .chart("web", "", "a: b\n")
            .file("helmfile.yaml", &state)
            .go();
        let line = outcome
            .stderr
            .lines()
            .find(|line| line.contains("upgrade --install"));
        let line = line.expect("a line");
        assert_eq!(
            line.contains("--wait --wait-for-jobs --timeout 7s"),
            wants,
            "{line}"
        );
        assert_eq!(line.contains("--wait"), wants, "{line}");
    }
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
