//! Kustomizations against what kustomize itself makes of them: `testdata/kustomize`, a test a case.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pintle::diag::Kind;
use pintle::kustomize::{self, Disk, Options, Overlay};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/kustomize")
}

fn check(name: &str) {
    let case = data().join(name);
    let overlay = case.join("in/overlay");
    let root = if overlay.is_dir() {
        overlay
    } else {
        case.join("in")
    };
    let root = root.to_str().expect("a path");
    let built = kustomize::build(root, &Disk, &Options::default(), &mut Vec::new());
    let text = built.and_then(|documents| kustomize::write(&documents));
    let text = String::from_utf8(text.expect("built")).expect("text");
    let wanted = std::fs::read_to_string(case.join("out.yaml")).expect("a recording");
    assert_eq!(text, wanted, "{name}");
}

macro_rules! cases {
    ($($test:ident = $name:literal,)*) => {
        const CASES: &[&str] = &[$($name),*];
        $(#[test] fn $test() { check($name); })*
    };
}

cases! {
    common_labels = "common-labels",
    components = "components",
    configurations = "configurations",
    fifo = "fifo",
    generator_merge = "generator-merge",
    generators = "generators",
    images = "images",
    labels = "labels",
    legacy_order = "legacy-order",
    lists_and_documents = "lists-and-documents",
    managed_by = "managed-by",
    names = "names",
    names_and_namespace = "names-and-namespace",
    namespace = "namespace",
    no_hash = "no-hash",
    old_patches = "old-patches",
    patch_names = "patch-names",
    patch_replace = "patch-replace",
    patches = "patches",
    plain = "plain",
    ports = "ports",
    replacements = "replacements",
    replicas = "replicas",
    tag_suffix = "tag-suffix",
    transformers = "transformers",
    two_overlays = "two-overlays",
    vars = "vars",
}

#[test]
fn every_case_has_a_test() {
    let found: BTreeSet<String> = std::fs::read_dir(data())
        .expect("cases")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().expect("a name"))
        .collect();
    let known: BTreeSet<String> = CASES.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(found, known);
}

/// Builds a kustomization of files at hand.
fn build(files: &[(&str, &str)]) -> Result<String, (Kind, String)> {
    let files = Overlay {
        files: files
            .iter()
            .map(|(name, text)| (format!("/k/{name}"), text.as_bytes().to_vec()))
            .collect::<BTreeMap<_, _>>(),
        below: &Disk,
    };
    kustomize::build("/k", &files, &Options::default(), &mut Vec::new())
        .and_then(|documents| kustomize::write(&documents))
        .map(|text| String::from_utf8(text).expect("text"))
        .map_err(|error| (error.kind(), error.to_string()))
}

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (kustomization, want) in [
        (
            "resources: [a.yaml]\nresorces: []\n",
            "/k/kustomization.yaml:2:1: unknown field \"resorces\"",
        ),
        (
            "resources: a.yaml\n",
            "/k/kustomization.yaml:1:1: resources is a text, but has to be a list",
        ),
        (
            "resources:\n- b.yaml\n",
            "/k/kustomization.yaml:2:3: open /k/b.yaml: no such file or directory",
        ),
        (
            "resources: [a.yaml, a.yaml]\n",
            "/k/kustomization.yaml:1:21: may not add resource with an already registered id: ConfigMap.v1.[noGrp]/a.[noNs]",
        ),
        (
            "resources: [a.yaml]\nconfigMapGenerator:\n- files: [../x]\n  name: x\n",
            "/k/kustomization.yaml:3:11: security; file '/x' is not in or below '/k'",
        ),
        (
            "resources: [a.yaml]\npatches:\n- patch: |-\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
            "/k/kustomization.yaml:3:3: no resource matches strategic merge patch \"ConfigMap.v1.[noGrp]/b.[noNs]\": no matches for Id ConfigMap.v1.[noGrp]/b.[noNs]; failed to find unique target for patch ConfigMap.v1.[noGrp]/b.[noNs]",
        ),
        (
            "resources: [a.yaml]\nimages: [{name: x, tag: y}]\n",
            "/k/kustomization.yaml:2:20: unknown field \"tag\"",
        ),
        (
            "resources: [a.yaml]\npatches:\n- target: {name: '('}\n  patch: '[]'\n",
            "/k/kustomization.yaml:3:12: name is no regular expression: error parsing regexp: missing closing ): `^(?:()$`",
        ),
        (
            "resources: [a.yaml]\nreplicas: [{name: a, count: 1}]\n",
            "/k/kustomization.yaml:2:12: resource with name a does not match a config with the following GVK [Deployment.[noVer].[noGrp] ReplicationController.[noVer].[noGrp] ReplicaSet.[noVer].[noGrp] StatefulSet.[noVer].[noGrp]]",
        ),
        (
            "resources: [a.yaml]\nsortOptions: {order: none}\n",
            "/k/kustomization.yaml:2:1: the field 'sortOptions.order' must be one of [fifo, legacy]",
        ),
        (
            "resources: [../k]\n",
            "/k/kustomization.yaml:1:13: cycle detected: candidate root '/k' contains visited root: /k -> /k",
        ),
        (
            "kind: Kustomization\n",
            "/k/kustomization.yaml:1:1: kustomization.yaml is empty",
        ),
        (
            "resources: [a.yaml]\nconfigMapGenerator: [{name: a, literals: [x]}]\n",
            "/k/kustomization.yaml:2:43: invalid literal source x, expected key=value",
        ),
        (
            "resources: [a.yaml]\nconfigMapGenerator: [{name: a, literals: [x=1]}]\n",
            "/k/kustomization.yaml:2:22: id ConfigMap.v1.[noGrp]/a.[noNs] exists; behavior must be merge or replace",
        ),
    ] {
        let found = build(&[("kustomization.yaml", kustomization), ("a.yaml", OBJECT)]);
        assert_eq!(
            found,
            Err((Kind::Manifest, want.to_owned())),
            "{kustomization}"
        );
    }
}

#[test]
fn what_is_not_supported_is_named() {
    for (kustomization, want) in [
        (
            "openapi: {path: x}\n",
            "/k/kustomization.yaml:2:1: openapi is not supported",
        ),
        (
            "validators: [x]\n",
            "/k/kustomization.yaml:2:1: validators is not supported",
        ),
        (
            "helmCharts: [{name: x}]\n",
            "/k/kustomization.yaml:2:14: helmCharts are not supported here",
        ),
        (
            "buildMetadata: [originAnnotations]\n",
            "/k/kustomization.yaml:2:17: buildMetadata \"originAnnotations\" is not supported",
        ),
        (
            "transformers: [t.yaml]\n",
            "/k/t.yaml:1:1: the transformer \"Own\" is not supported",
        ),
        (
            "generators: [t.yaml]\n",
            "/k/t.yaml:1:1: the generator \"Own\" is not supported",
        ),
        (
            "components:\n- https://x.test/y?ref=1\n",
            "/k/kustomization.yaml:3:3: https://x.test/y?ref=1 lies on another machine",
        ),
    ] {
        let text = format!("resources: [a.yaml]\n{kustomization}");
        let own = "kind: Own\napiVersion: x/v1\nmetadata: {name: x}\n";
        let found = build(&[
            ("kustomization.yaml", &text),
            ("a.yaml", OBJECT),
            ("t.yaml", own),
        ]);
        let (kind, message) = found.expect_err("not supported");
        assert!(message.starts_with(want), "{kustomization}: {message}");
        assert_eq!(
            kind == Kind::Unsupported,
            !message.contains("lies on"),
            "{message}"
        );
    }
}

#[test]
fn objects_at_hand_are_customized() {
    let objects = b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: a, image: 'x:1'}]}}}\n";
    let documents = kustomize::customize(
        objects,
        "namePrefix: p-\nimages: [{name: x, newTag: '2'}]\n",
        ("/nowhere", &Disk),
        &mut Vec::new(),
    );
    let documents = documents.expect("customized");
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].value()["metadata"]["name"], "p-web");
    let containers = &documents[0].value()["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["image"], "x:2");
}
