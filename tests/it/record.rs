//! Records: those of Helm 3 and 4 are gone on with, those of pintle by Helm; small ones, and refused
//! ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::kubernetes::{Cluster, Namespace, is_skipped};
use crate::outcome::Outcome;

const RECORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/records");

/// A namespace with a folder.
struct Place<'a> {
    namespace: Namespace<'a>,
    folder: tempfile::TempDir,
}

impl Place<'_> {
    fn new() -> Option<Place<'static>> {
        if is_skipped() {
            return None;
        }
        let cluster = Cluster::shared().expect("a cluster");
        Some(Place {
            namespace: cluster.namespace().expect("a namespace"),
            folder: tempfile::tempdir().expect("a folder"),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = self.namespace.command(program);
        command.current_dir(self.folder.path()).args(words);
        if !words.contains(&"-n") {
            command.args(["-n", self.namespace.name()]);
        }
        command
    }

    fn pintle(&self, words: &[&str]) -> Outcome {
        let program = Path::new(env!("CARGO_BIN_EXE_pintle"));
        let run = self.command(program, words).output();
        run.expect("it runs").into()
    }

    fn run(&self, program: &Path, words: &[&str]) -> Outcome {
        let run = self.command(program, words).output();
        run.expect("it runs").into()
    }
}

/// Helm of a major version, where it is on the `PATH`.
fn helm(major: u32) -> Option<PathBuf> {
    let path = crate::kubernetes::search_path(Path::new("/nowhere"));
    let named = [format!("helm{major}"), "helm".to_owned()];
    let found = std::env::split_paths(&path)
        .flat_map(|folder| named.clone().map(|name| folder.join(name)))
        .filter(|program| program.is_file());
    let begin = format!("v{major}.");
    found.into_iter().find(|program| {
        let output = Command::new(program).args(["version", "--short"]).output();
        output.is_ok_and(|it| it.stdout.starts_with(begin.as_bytes()))
    })
}

#[test]
fn recorded_releases_of_helm_are_gone_on_with() {
    let Some(place) = Place::new() else { return };
    let cluster = Cluster::shared().expect("a cluster");
    for (major, merger) in [(3, "csa"), (4, "ssa")] {
        let namespace = format!("records-{major}");
        cluster.create_namespace(&namespace).expect("a namespace");
        let file = Path::new(RECORDS).join(format!("helm{major}.json"));
        let list = fs::read(file).expect("records");
        let list: Value = serde_json::from_slice(&list).expect("JSON");
        for secret in list["items"].as_array().expect("a list") {
            let path = format!("/api/v1/namespaces/{namespace}/secrets");
            let (code, answer) = cluster.api().send("POST", &path, secret).expect("answered");
            assert_eq!(code, 201, "{answer}");
        }
        let run = |words: &[&str]| {
            let words = [words, &["-n", &namespace]].concat();
            place.pintle(&words).success()
        };
        let color = || {
            let path = format!("/api/v1/namespaces/{namespace}/configmaps/shop");
            let (code, map) = cluster.api().get(&path).expect("answered");
            assert_eq!(code, 200, "{map}");
            map["data"]["color"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(run(&["list", "-q"]), "shop\n");
        let history = run(&["helm", "history", "shop", "-o", "json"]);
        let history: Value = serde_json::from_str(&history).expect("JSON");
        let told: Vec<(i64, &str, &str)> = history
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| {
                let text = |key: &str| one[key].as_str().unwrap_or_default();
                let revision = one["revision"].as_i64().unwrap_or_default();
                (revision, text("status"), text("description"))
            })
            .collect();
        let want = [
            (1, "superseded", "Install complete"),
            (2, "superseded", "Greener"),
            (3, "superseded", "Upgrade complete"),
            (4, "deployed", "Rollback to 2"),
        ];
        assert_eq!(told, want);
        assert!(run(&["helm", "get", "manifest", "shop"]).contains("color: green"));
        assert!(run(&["helm", "get", "hooks", "shop"]).contains("name: shop-before"));
        assert!(run(&["helm", "get", "notes", "shop"]).contains("The shop is green."));
        let chart = format!("{RECORDS}/chart");
        let words = [
            "upgrade",
            "shop",
            &chart,
            "--reuse-values",
            "--set",
            "replicas=2",
        ];
        run(&words);
        assert_eq!(color(), "green");
        let fields = run(&["helm", "get", "metadata", "shop", "-o", "json"]);
        let fields: Value = serde_json::from_str(&fields).expect("JSON");
        assert_eq!(fields["revision"], 5);
        assert_eq!(fields["applyMethod"], merger);
        run(&["rollback", "shop", "1"]);
        assert_eq!(color(), "blue");
        run(&["uninstall", "shop"]);
        assert_eq!(run(&["list", "-q"]), "");
        let path = format!("/api/v1/namespaces/{namespace}");
        cluster.api().delete(&path).expect("answered");
    }
}

#[test]
fn helm_and_pintle_take_turns() {
    let Some(place) = Place::new() else { return };
    let chart = format!("{RECORDS}/chart");
    let color = || {
        let map = place.namespace.get("configmaps/shop").expect("answered");
        let map = map.unwrap_or_default();
        map["data"]["color"].as_str().unwrap_or_default().to_owned()
    };
    for major in [3, 4] {
        let Some(helm) = helm(major) else { continue };
        let helm = |words: &[&str]| place.run(&helm, words).success();
        let pintle = |words: &[&str]| place.pintle(words).success();
        // Ours first, with a small record.
        pintle(&[
            "install",
            "shop",
            &chart,
            "--slim-records",
            "--set",
            "color=pink",
        ]);
        assert!(helm(&["list"]).contains("shop-1.2.0"));
        assert!(helm(&["get", "all", "shop"]).contains("color: pink"));
        helm(&[
            "upgrade",
            "shop",
            &chart,
            "--reuse-values",
            "--set",
            "replicas=3",
        ]);
        assert_eq!(color(), "pink");
        pintle(&[
            "upgrade",
            "shop",
            &chart,
            "--slim-records",
            "--set",
            "color=grey",
        ]);
        assert_eq!(color(), "grey");
        helm(&["rollback", "shop", "1"]);
        assert_eq!(color(), "pink");
        pintle(&["rollback", "shop", "3", "--slim-records"]);
        assert_eq!(color(), "grey");
        helm(&["uninstall", "shop"]);
        assert_eq!(color(), "");
        // Helm's first.
        helm(&["install", "shop", &chart]);
        pintle(&["upgrade", "shop", &chart, "--set", "color=red"]);
        helm(&["upgrade", "shop", &chart, "--set", "color=teal"]);
        pintle(&["rollback", "shop", "2"]);
        assert_eq!(color(), "red");
        assert_eq!(helm(&["list", "-q"]), "shop\n");
        pintle(&["uninstall", "shop"]);
        assert_eq!(helm(&["list", "-q"]), "");
    }
}

/// A chart with a file that packs badly.
fn large(place: &Place<'_>, size: usize) {
    let templates = place.path("large/templates");
    fs::create_dir_all(&templates).expect("a folder");
    let chart = place.path("large");
    let write = |path: &str, text: &[u8]| fs::write(chart.join(path), text).expect("a file");
    write(
        "Chart.yaml",
        b"apiVersion: v2\nname: large\nversion: 1.0.0\n",
    );
    write("values.yaml", b"color: blue\nother: kept\n");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {color: \"{{ .Values.color }}\", other: \"{{ .Values.other }}\"}\n";
    write("templates/map.yaml", map.as_bytes());
    let mut state = 7_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(size)
    .collect();
    write("noise", &noise);
}

#[test]
fn records_are_made_small_enough() {
    let Some(place) = Place::new() else { return };
    large(&place, 1 << 20);
    let refused = place.pintle(&["install", "shop", "./large"]).failure();
    assert!(
        refused.contains("Too long: may not be more than 1048576 bytes")
            && refused.contains("files of the chart")
            && refused.contains("`--slim-records` leaves"),
        "{refused}"
    );
    place
        .pintle(&["install", "shop", "./large", "--slim-records"])
        .success();
    let record = |revision: u32| {
        let path = format!("secrets/sh.helm.release.v1.shop.v{revision}");
        let found = place.namespace.get(&path).expect("answered");
        found.map(|it| it["data"]["release"].as_str().unwrap_or_default().len())
    };
    assert!(record(1).is_some_and(|size| size < 4096));
    // As a default of the project, and with the values of before.
    fs::write(place.path("pintle.yaml"), "slimRecords: true\n").expect("a file");
    let words = [
        "upgrade",
        "shop",
        "./large",
        "--reuse-values",
        "--set",
        "color=red",
    ];
    place.pintle(&words).success();
    let map = place.namespace.get("configmaps/shop").expect("answered");
    assert_eq!(
        map.expect("there")["data"],
        json!({"color": "red", "other": "kept"})
    );
    place.pintle(&["rollback", "shop", "1"]).success();
    assert!(record(3).is_some_and(|size| size < 4096));
    let values = place.pintle(&["get", "values", "shop", "--all"]).success();
    assert!(values.contains("other: kept"), "{values}");
    // A flag wins.
    let words = [
        "upgrade",
        "shop",
        "./large",
        "--set=color=pink",
        "--slim-records=false",
    ];
    let refused = place.pintle(&words);
    assert!(refused.failure().contains("Too long"));
    // Helm knows no such flag.
    let strict = place.pintle(&["helm", "upgrade", "shop", "./large", "--slim-records"]);
    assert!(strict.failure().contains("unknown flag: --slim-records"));
    place.pintle(&["uninstall", "shop"]).success();
    assert_eq!(record(3), None);
}

#[test]
fn drivers_are_config_maps_too_and_sql_is_refused_by_name() {
    let Some(place) = Place::new() else { return };
    let chart = format!("{RECORDS}/chart");
    let run = |driver: &str, words: &[&str]| {
        let program = Path::new(env!("CARGO_BIN_EXE_pintle"));
        let mut command = place.command(program, words);
        let output = command.env("HELM_DRIVER", driver).output();
        Outcome::from(output.expect("it runs"))
    };
    run("configmap", &["install", "shop", &chart, "--slim-records"]).success();
    let key = "configmaps/sh.helm.release.v1.shop.v1";
    let record = place.namespace.get(key).expect("answered").expect("there");
    assert_eq!(record["metadata"]["labels"]["status"], "deployed");
    assert_eq!(run("secret", &["list", "-q"]).success(), "");
    run(
        "configmaps",
        &["upgrade", "shop", &chart, "--set", "color=red"],
    )
    .success();
    run("configmap", &["rollback", "shop", "1"]).success();
    assert_eq!(run("configmap", &["list", "-q"]).success(), "shop\n");
    run("configmap", &["uninstall", "shop"]).success();
    for words in [
        &["list"][..],
        &["helm", "list"],
        &["helm", "install", "shop", &chart],
    ] {
        let said = run("sql", words).failure();
        assert!(
            said.contains("does not keep records in SQL databases"),
            "{said}"
        );
    }
}
