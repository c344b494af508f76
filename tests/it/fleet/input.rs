//! Input that is wrong: one clear error, Helmfile's exit code, nothing written; pintle tells where it
//! stands.

use crate::program::Run;

const RELEASE: &str = "releases:\n- name: app\n  chart: ./web\n";

/// What is wrong, the state file and what is in it, other files, what is said, and where it stands.
type Case = (
    &'static str,
    &'static str,
    String,
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
);

fn cases() -> Vec<Case> {
    let with = |more: &str| format!("{RELEASE}{more}");
    vec![
        (
            "unknown key",
            "helmfile.yaml",
            with("  vlaues: []\n"),
            &[],
            "line 4: field vlaues not found in type state.ReleaseSpec",
            "helmfile.yaml:4:3",
        ),
        (
            "cycle",
            "helmfile.yaml",
            with("  needs: [two]\n- {name: two, chart: ./web, needs: [app]}\n"),
            &[],
            "cycle detected: app -> two -> app",
            "helmfile.yaml:2:9",
        ),
        (
            "undefined need",
            "helmfile.yaml",
            with("  needs: [nobody]\n"),
            &[],
            "an undefined release \"nobody\"",
            "helmfile.yaml:4:11",
        ),
        (
            "missing values file",
            "helmfile.yaml",
            with("  values: [gone.yaml]\n"),
            &[],
            "values file matching \"gone.yaml\" does not exist in \".\"",
            "helmfile.yaml:4:12",
        ),
        (
            "missing environment file",
            "helmfile.yaml",
            format!("environments:\n  default:\n    values: [gone.yaml]\n---\n{RELEASE}"),
            &[],
            "environment values file matching \"gone.yaml\" does not exist in \".\"",
            "helmfile.yaml:3:14",
        ),
        (
            "unset variable",
            "helmfile.yaml.gotmpl",
            with("  version: {{ requiredEnv \"PINTLE_TEST_NOT_SET\" }}\n"),
            &[],
            "required env var `PINTLE_TEST_NOT_SET` is not set",
            "helmfile.yaml.gotmpl:4:15",
        ),
        (
            "broken template in a later part",
            "helmfile.yaml.gotmpl",
            format!("environments:\n  default: {{}}\n---\n{RELEASE}  version: {{{{ if }}}}\n"),
            &[],
            "missing value for if",
            "helmfile.yaml.gotmpl:7:3",
        ),
        (
            "broken template of values",
            "helmfile.yaml",
            with("  values: [v.yaml.gotmpl]\n"),
            &[("v.yaml.gotmpl", "a: 1\nb: {{ .Values.zz }}\n")],
            "map has no entry for key \"zz\"",
            "v.yaml.gotmpl:2:14",
        ),
        (
            "broken field of a release",
            "helmfile.yaml",
            with("  namespace: '{{ .Values.zz }}'\n"),
            &[],
            "map has no entry for key \"zz\"",
            "helmfile.yaml:4:15",
        ),
        (
            "secret that cannot be decrypted",
            "helmfile.yaml",
            with("  secrets: [s.yaml]\n"),
            &[("s.yaml", "a: b\n")],
            "plugin secrets not installed",
            "helmfile.yaml:4:3",
        ),
        (
            "reference that leads nowhere",
            "helmfile.yaml",
            with("  values: [{a: ref+file://gone.txt}]\n"),
            &[],
            "open gone.txt: no such file or directory",
            "helmfile.yaml:4:20",
        ),
        (
            "program that fails",
            "helmfile.yaml.gotmpl",
            with("  version: {{ exec \"sh\" (list \"-c\" \"exit 3\") }}\n"),
            &[],
            "exited with non-zero status",
            "helmfile.yaml.gotmpl:4:15",
        ),
        (
            "program that is not there",
            "helmfile.yaml.gotmpl",
            with("  version: {{ exec \"no-such-program\" list }}\n"),
            &[],
            "executable file not found in $PATH",
            "helmfile.yaml.gotmpl:4:15",
        ),
        (
            "list that is a map",
            "helmfile.yaml",
            with("  values: {a: b}\n"),
            &[],
            "line 4: cannot unmarshal !!map into []interface {}",
            "helmfile.yaml:4:3",
        ),
        (
            "no YAML",
            "helmfile.yaml",
            "releases: [\n".to_owned(),
            &[],
            "yaml: line 1: did not find expected node content",
            "helmfile.yaml:1:1",
        ),
    ]
}

fn run(front: &str, case: &Case) -> Run {
    let (_, name, text, files, _, _) = case;
    let run = Run::pintle(&[front, "template", "--skip-deps", "--output-dir", "out"])
        .chart("web", "", "a: b\n")
        .variable("HELM_PLUGINS", "/nonexistent")
        .file(name, text);
    files
        .iter()
        .fold(run, |run, (name, text)| run.file(name, text))
}

#[test]
fn bad_input_ends_with_one_error() {
    for case in cases() {
        let (what, _, _, _, said, place) = &case;
        for front in ["helmfile", "fleet"] {
            let outcome = run(front, &case).go();
            assert_eq!(outcome.code, Some(1), "{what} {front}: {}", outcome.stderr);
            assert_eq!(outcome.stdout, "", "{what} {front}");
            assert!(
                outcome.stderr.contains(said),
                "{what} {front}: {}",
                outcome.stderr
            );
            assert!(!outcome.path("out").exists(), "{what} {front}");
            let tells = outcome.stderr.contains(&format!("--> {place}\n"));
            assert_eq!(tells, front == "fleet", "{what}: {}", outcome.stderr);
        }
    }
}

#[test]
fn programs_are_refused_where_that_is_wanted() {
    let state = format!("{RELEASE}  version: {{{{ exec \"sh\" (list \"-c\" \"touch ran\") }}}}\n");
    let outcome = Run::pintle(&["fleet", "list", "--no-exec"])
        .chart("web", "", "a: b\n")
        .file("helmfile.yaml.gotmpl", &state)
        .go();
    let stderr = outcome.failure();
    assert!(
        stderr.contains("--> helmfile.yaml.gotmpl:4:15\n"),
        "{stderr}"
    );
    assert!(!outcome.path("ran").exists());
}
