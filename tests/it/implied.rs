//! Manifests, folders of them and kustomizations, taken as charts without a cluster.

use crate::program::Run;

const MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {t: \"{{ .x }}\"} # kept\n";
const HOOK: &str = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "annotations": {"helm.sh/hook": "pre-install"}}}"#;

fn folder(words: &[&str]) -> Run {
    Run::pintle(words)
        .file("k8s/a.yaml", MAP)
        .file("k8s/sub/b.json", HOOK)
        .file("k8s/.hidden/c.yaml", "none: 1\n")
        .file("k8s/README.md", "none")
}

#[test]
fn a_folder_of_manifests_renders_as_it_is_written() {
    let outcome = folder(&["render", "web", "k8s"]).go();
    let want = format!(
        "---\n# Source: k8s/templates/a.yaml\n{MAP}---\n# Source: k8s/templates/sub/b.json.yaml\n{HOOK}\n"
    );
    assert_eq!(outcome.success(), want);
    let outcome = folder(&["render", "web", "k8s/a.yaml"]).go();
    assert_eq!(
        outcome.success(),
        format!("---\n# Source: a/templates/a.yaml\n{MAP}")
    );
    let outcome = Run::pintle(&["render", "web", "-"]).stdin(MAP).go();
    let want = format!("---\n# Source: manifests/templates/manifests.yaml\n{MAP}");
    assert_eq!(outcome.success(), want);
    let outcome = folder(&["lint", "k8s"]).go();
    assert!(
        outcome
            .success()
            .contains("1 chart(s) linted, 0 chart(s) failed")
    );
}

#[test]
fn a_kustomization_renders_as_it_is_built() {
    let outcome = Run::pintle(&["render", "web", "app"])
        .file(
            "app/kustomization.yaml",
            "resources: [a.yaml]\nnamePrefix: dev-\n",
        )
        .file("app/a.yaml", MAP)
        .go();
    let want = "---\n# Source: app/templates/configmap-dev-a.yaml\napiVersion: v1\ndata:\n  t: '{{ .x }}'\nkind: ConfigMap\nmetadata:\n  name: dev-a\n";
    assert_eq!(outcome.success(), want);
    let outcome = Run::pintle(&["render", "web", "app"])
        .file(
            "app/kustomization.yaml",
            "resources: [a.yaml]\nresorces: []\n",
        )
        .file("app/a.yaml", MAP)
        .go();
    let error = outcome.failure();
    assert!(
        error.contains("app/kustomization.yaml:2:1: unknown field \"resorces\""),
        "{error}"
    );
}

#[test]
fn what_cannot_be_released_is_refused() {
    for (words, file, want) in [
        (
            &["render", "web", "k8s", "--set", "a=b"][..],
            "x: 1\n",
            "--set has no effect: \"k8s\" holds plain manifests, which take no values",
        ),
        (
            &["render", "web", "k8s"],
            "x: 1\n",
            "k8s/z.yaml:1: this document is no Kubernetes object",
        ),
        (
            &["render", "web", "k8s"],
            "kind: A\n---\n- x\n",
            "k8s/z.yaml:1: this document is no Kubernetes object",
        ),
        (
            &["render", "web", "k8s"],
            "a: b: c\n",
            "k8s/z.yaml:1: error converting YAML to JSON: yaml: mapping values are not allowed in this context",
        ),
        (
            &["helm", "template", "web", "k8s"],
            "",
            "/k8s/Chart.yaml: no such file or directory",
        ),
        (
            &["helm", "template", "web", "k8s/a.yaml"],
            "",
            "k8s/a.yaml' seems to be a YAML file, but expected a gzipped archive",
        ),
    ] {
        let outcome = folder(words).file("k8s/z.yaml", file).go();
        let error = outcome.failure();
        assert!(error.contains(want), "{words:?}: {error}");
    }
}

#[test]
fn definitions_go_before_objects_of_their_kind() {
    const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.shop.test}\nspec: {group: shop.test, names: {kind: Thing, plural: things}}\n";
    let run = |words: &[&str], more: &str| {
        let text = format!("{DEFINITION}---\n{more}");
        Run::pintle(words).file("all.yaml", text).go()
    };
    let words = ["render", "web", "all.yaml"];
    let alone = run(&words, MAP);
    assert!(alone.success().contains("kind: CustomResourceDefinition"));
    const THING: &str = "apiVersion: shop.test/v1\nkind: Thing\nmetadata: {name: t}\n";
    let both = run(&words, THING);
    assert!(
        !both.success().contains("CustomResourceDefinition"),
        "{}",
        both.stdout
    );
    assert!(
        both.stderr.contains("the definition of Thing goes before"),
        "{}",
        both.stderr
    );
    let both = run(&["render", "web", "all.yaml", "--include-crds"], THING);
    assert!(
        both.success().starts_with("---\n# Source: all/crds/"),
        "{}",
        both.stdout
    );
}

#[test]
fn charts_of_kustomizations_are_rendered() {
    const CHARTS: &str = "namePrefix: p-
helmCharts:
- name: inner
  releaseName: rel
  namespace: there
  valuesFile: file.yaml
  valuesInline: {b: inline}
";
    const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}\"}\ndata: {a: \"{{ .Values.a }}\", b: \"{{ .Values.b }}\", n: \"{{ .Release.Namespace }}\"}\n";
    let run = |text: &str| {
        Run::pintle(&["render", "web", "app"])
            .file("app/kustomization.yaml", text)
            .file("app/file.yaml", "a: file\nb: file\n")
            .chart("app/charts/inner", "a: 1\nb: 1\n", TEMPLATE)
            .file(
                "app/charts/inner/Chart.yaml",
                "apiVersion: v2\nname: inner\nversion: 1.0.0\n",
            )
            .go()
    };
    let outcome = run(CHARTS);
    let want = "---\n# Source: app/templates/configmap-p-rel.yaml\napiVersion: v1\ndata:\n  a: file\n  b: inline\n  \"n\": there\nkind: ConfigMap\nmetadata:\n  name: p-rel\n";
    assert_eq!(outcome.success(), want);
    for (text, want) in [
        (
            "helmCharts: [{name: other}]\n",
            "kustomization.yaml:1:14: the chart \"other\" has no repo, and is not in ",
        ),
        (
            "helmCharts: [{name: inner, nameTemplate: x}]\n",
            "kustomization.yaml:1:14: \"nameTemplate\" of a chart is not supported",
        ),
    ] {
        let outcome = run(text);
        let error = outcome.failure();
        assert!(error.contains(want), "{error}");
    }
}
