//! Charts of releases that are made of other things: patches, transformers, kustomizations,
//! dependencies of a release's own.

use crate::program::Run;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - {name: a, image: \"a:1\"}
      - {name: b, image: \"b:1\"}
";

/// A state with one release, `r`, of the chart or folder `web`.
fn state(words: &[&str], more: &str) -> Run {
    let state = format!("releases:\n- name: r\n  namespace: ns\n  chart: ./web\n{more}");
    Run::pintle(words).file("helmfile.yaml", state)
}

fn chart(words: &[&str], more: &str) -> Run {
    state(words, more).chart("web", "n: 1\n", DEPLOYMENT)
}

fn kustomization(words: &[&str], more: &str, text: &str) -> Run {
    state(words, more)
        .file("web/kustomization.yaml", text)
        .file("web/d.yaml", DEPLOYMENT)
}

const TEMPLATE: &[&str] = &["fleet", "template"];

/// What follows the head of the only document.
fn body(out: &str) -> &str {
    let at = out.find("apiVersion").expect("a document");
    &out[at..]
}

#[test]
fn json_patches_come_before_strategic_ones_and_transformers_last() {
    let outcome = chart(
        TEMPLATE,
        "  transformers:
  - {apiVersion: builtin, kind: PrefixTransformer, metadata: {name: p}, prefix: x-, fieldSpecs: [{path: metadata/name}]}
  strategicMergePatches:
  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, template: {spec: {containers: [{name: a, $patch: delete}, {name: b, tty: true}]}}}}
  jsonPatches:
  - target: {kind: Deployment}
    patch: [{op: add, path: /spec/replicas, value: 1}, {op: add, path: /metadata/labels, value: {t: \"{{`{{ x }}`}}\"}}]
",
    )
    .go();
    assert_eq!(
        body(outcome.success()).trim_end(),
        "apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    t: '{{ x }}'
  name: x-web
spec:
  replicas: 2
  template:
    spec:
      containers:
      - image: b:1
        name: b
        tty: true"
    );
}

#[test]
fn templates_of_patches_see_the_values_of_the_release_over_those_of_the_state() {
    let outcome = Run::pintle(TEMPLATE)
        .file(
            "helmfile.yaml",
            "environments: {default: {values: [{size: 5, deep: {a: 1, b: 2}}]}}
---
releases:
- name: r
  chart: ./web
  values: [v.yaml, {deep: {b: 3}}]
  strategicMergePatches: [p.yaml.gotmpl]
",
        )
        .file("v.yaml", "size: 7\n")
        .file(
            "p.yaml.gotmpl",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {size: \"{{ .Release.Name }}-{{ .Values.size }}{{ .Values.deep.a }}{{ .Values.deep.b }}\"}\n",
        )
        .chart("web", "", DEPLOYMENT)
        .go();
    assert!(
        outcome.success().contains("size: r-713\n"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn definitions_stay_where_the_chart_has_them() {
    const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.x.io}\nspec: {group: x.io}\n";
    let patch = "  jsonPatches:\n  - target: {kind: CustomResourceDefinition}\n    patch: [{op: add, path: /metadata/labels, value: {a: b}}]\n";
    for (place, want) in [
        ("crds/c.yaml", "# Source: web/crds/patched_crds.yaml\n"),
        (
            "templates/crds/c.yaml",
            "# Source: web/templates/crds/patched_crds.yaml\n",
        ),
    ] {
        let outcome = chart(&["fleet", "template", "--include-crds"], patch)
            .file(&format!("web/{place}"), DEFINITION)
            .go();
        let out = outcome.success();
        assert!(out.contains(want) && out.contains("    a: b\n"), "{out}");
    }
}

#[test]
fn kustomizations_are_built_with_what_values_say() {
    let more = "  values:\n  - {images: [{name: a, newName: \"reg:5000/z\", newTag: \"2\"}], namePrefix: p-, namespace: other}\n  - {nameSuffix: -s}\n";
    let text = "resources: [d.yaml, ../more]\n";
    let run = |words: &[&str]| {
        kustomization(words, more, text)
            .file(
                "more/Kustomization",
                "configMapGenerator: [{name: c, literals: [\"a={{ b }}\"], options: {disableNameSuffixHash: true}}]\n",
            )
            .go()
    };
    let own = run(TEMPLATE);
    let out = own.success();
    for want in [
        "  name: p-c-s\n  namespace: ns\n",
        "  name: p-web-s\n  namespace: ns\n",
        "image: reg:5000/z:2\n",
        "a: '{{ b }}'\n",
    ] {
        assert!(out.contains(want), "{want} in {out}");
    }
    // Helmfile writes an empty line first.
    let strict = run(&["helmfile", "template"]);
    assert_eq!(strict.success(), format!("\n{out}"));
}

#[test]
fn kustomizations_render_the_charts_that_they_name() {
    let text = "helmCharts: [{name: tiny, releaseName: t, valuesInline: {size: 4}}]\n";
    let outcome = kustomization(TEMPLATE, "", text)
        .chart(
            "web/charts/tiny",
            "size: 1\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}\"}\ndata: {size: \"{{ .Values.size }}\"}\n",
        )
        .file(
            "web/charts/tiny/Chart.yaml",
            "apiVersion: v2\nname: tiny\nversion: 0.1.0\n",
        )
        .go();
    let out = outcome.success();
    assert!(
        out.contains("  size: \"4\"\n") && out.contains("  name: t\n"),
        "{out}"
    );
}

#[test]
fn manifests_are_patched_too() {
    let outcome = state(
        TEMPLATE,
        "  jsonPatches:\n  - target: {kind: Deployment}\n    patch: [{op: add, path: /spec/replicas, value: 2}]\n",
    )
    .file("web/sub/d.yaml", DEPLOYMENT)
    .go();
    let out = outcome.success();
    for want in [
        "# Source: web/templates/patched_resources.yaml\n",
        "  namespace: ns\n",
        "  replicas: 2\n",
    ] {
        assert!(out.contains(want), "{want} in {out}");
    }
}

#[test]
fn dependencies_are_found_from_where_the_chart_is() {
    let outcome = Run::pintle(TEMPLATE)
        .file(
            "helmfile.yaml",
            "releases:\n- {name: r, chart: ./charts/web, forceNamespace: q, dependencies: [{chart: ./more, version: 0.1.0, alias: m}]}\n",
        )
        .chart("charts/web", "", DEPLOYMENT)
        .file(
            "charts/web/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies: [{name: tiny, version: 0.1.0, repository: \"file://../tiny\"}]\n",
        )
        .chart("charts/tiny", "", "metadata: {name: tiny}\n")
        .file(
            "charts/tiny/Chart.yaml",
            "apiVersion: v2\nname: tiny\nversion: 0.1.0\n",
        )
        .chart("more", "", "metadata: {name: more}\n")
        .go();
    let out = outcome.success();
    for name in ["tiny", "more", "web"] {
        assert!(
            out.contains(&format!("{{name: {name}, namespace: q}}")),
            "{name} in {out}"
        );
    }
}

#[test]
fn what_cannot_be_done_is_named() {
    let patched = |more: &str| chart(TEMPLATE, more).go();
    for (outcome, want) in [
        (
            patched("  jsonPatches: [{target: {kind: Deployment}}]\n"),
            "release \"r\": either \"path\" or \"patch\" must be set in jsonPatches[0]",
        ),
        (
            patched("  jsonPatches: [none.yaml]\n"),
            "values file matching \"none.yaml\" does not exist",
        ),
        (
            patched(
                "  strategicMergePatches: [{apiVersion: v1, kind: Secret, metadata: {name: nobody}}]\n",
            ),
            "nobody",
        ),
        (
            patched("  transformers: [{apiVersion: x/v1, kind: Sprinkler, metadata: {name: s}}]\n"),
            "the transformer \"Sprinkler\" is not supported",
        ),
        (
            kustomization(TEMPLATE, "", "resources: [d.yaml]\nvalidators: [v.yaml]\n").go(),
            "validators is not supported",
        ),
        (
            kustomization(
                TEMPLATE,
                "  set: [{name: a, value: b}]\n",
                "resources: [d.yaml]\n",
            )
            .go(),
            "--set is not yet supported for kustomize-based apps",
        ),
        (
            kustomization(
                TEMPLATE,
                "  values: [{images: [{name: a}]}]\n",
                "resources: [d.yaml]\n",
            )
            .go(),
            "invalid format of image",
        ),
    ] {
        let error = outcome.failure();
        assert!(error.contains(want), "{want} in {error}");
    }
}
