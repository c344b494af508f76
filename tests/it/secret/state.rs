//! Secrets in states of Helmfile, through the program.

use crate::program::{Run, root};

/// A state whose release has a secret by reference, and one from an encrypted file.
fn state(words: &[&str], template: &str) -> Run {
    let data = root().join("testdata/sops");
    let file = |name: &str| std::fs::read(data.join(name)).expect("a file");
    let key = data.join("keys/one.txt").display().to_string();
    Run::pintle(words)
        .chart("chart", "", template)
        .file("secret/one.yaml", file("cases/recipients/encrypted.yaml"))
        .file("secret/two.yaml", file("cases/yaml/encrypted.yaml"))
        .file(
            "helmfile.yaml",
            "environments:\n  default:\n    secrets: [secret/one.yaml]\n---\nreleases:\n  - name: shop\n    chart: ./chart\n    values:\n      - port: ref+sops://secret/two.yaml#/db/port\n    secrets: [secret/one.yaml]\n    set:\n      - name: token\n        value: x-ref+sops://secret/one.yaml#/nested/token\n",
        )
        .variable("SOPS_AGE_KEY_FILE", &key)
}

#[test]
fn states_use_encrypted_files_and_references() {
    let template =
        "port: {{ .Values.port }}\npassword: {{ .Values.password }}\ntoken: {{ .Values.token }}\n";
    let outcome = state(&["helmfile", "template"], template).go();
    let rendered = outcome.success();
    assert!(
        rendered.contains("port: 5432\npassword: hunter2\ntoken: x-abc\n"),
        "{rendered}"
    );
    assert!(outcome.stderr.contains("Decrypting secret "));
}

#[test]
fn what_was_decrypted_is_masked_in_errors_of_pintle_and_shown_by_helmfile() {
    let template = "{{ fail (print \"wrong password \" .Values.password) }}";
    let own = state(&["fleet", "template"], template).go();
    assert_eq!(own.code, Some(1), "{}", own.stdout);
    assert!(
        own.stderr.contains("wrong password (masked "),
        "{}",
        own.stderr
    );
    assert!(!own.stderr.contains("hunter2"), "{}", own.stderr);
    let strict = state(&["helmfile", "template"], template).go();
    assert!(
        strict.stderr.contains("wrong password hunter2"),
        "{}",
        strict.stderr
    );
}

#[test]
fn a_key_that_is_missing_ends_it() {
    let run =
        state(&["helmfile", "template"], "a: b\n").variable("SOPS_AGE_KEY_FILE", "/nonexistent");
    let outcome = run.go();
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(
        outcome
            .stderr
            .contains("Error getting data key: 0 successful groups required, got 0"),
        "{}",
        outcome.stderr
    );
}

#[cfg(feature = "kube")]
#[test]
fn objects_of_a_cluster_are_read_by_reference() {
    use crate::kubernetes::{Cluster, is_skipped};

    if is_skipped() {
        return;
    }
    let cluster = Cluster::shared().expect("a cluster");
    let namespace = cluster.namespace().expect("a namespace");
    for words in [
        [
            "create",
            "secret",
            "generic",
            "s",
            "--from-literal=key=p4ssw0rd",
        ],
        [
            "create",
            "configmap",
            "c",
            "--from-literal=a=b",
            "--from-literal=x=y",
        ],
    ] {
        namespace.kubectl(&words).expect("an object");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let name = namespace.name();
    let state = |reference: &str| {
        let text = format!("values:\n  - a: {{{{ fetchSecretValue {reference:?} }}}}\n");
        std::fs::write(folder.path().join("helmfile.yaml.gotmpl"), text).expect("a file");
        let output = namespace
            .command(std::path::Path::new(env!("CARGO_BIN_EXE_pintle")))
            .args(["helmfile", "build"])
            .current_dir(folder.path())
            .output()
            .expect("an end");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&output.stdout) + &text(&output.stderr)
    };
    for (path, want) in [
        (format!("Secret/{name}/s/key"), "a: p4ssw0rd\n".to_owned()),
        (format!("Secret/{name}/s#/key"), "a: p4ssw0rd\n".to_owned()),
        (format!("ConfigMap/{name}/c#/x"), "a: \"y\"\n".to_owned()),
        (
            format!("Secret/{name}/none/key"),
            format!(
                "Unable to get Secret {name}/none: Unable to get the Secret object from Kubernetes: secrets \"none\" not found"
            ),
        ),
        (
            format!("Secret/{name}/s/none"),
            format!("Key none does not exist in {name}/s"),
        ),
    ] {
        let got = state(&format!("ref+k8s://v1/{path}"));
        assert!(got.contains(&want), "{path}: {got}");
    }
}
