//! Definitions of kinds in `crds/`: who creates, changes and keeps them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::kubernetes::{Cluster, Namespace, is_skipped};
use crate::outcome::Outcome;

/// A namespace with a chart that defines a kind of a group that no other test has.
struct Shelf<'a> {
    namespace: Namespace<'a>,
    folder: tempfile::TempDir,
}

impl Shelf<'_> {
    fn new() -> Option<Shelf<'static>> {
        if is_skipped() {
            return None;
        }
        let cluster = Cluster::shared().expect("a cluster");
        let shelf = Shelf {
            namespace: cluster.namespace().expect("a namespace"),
            folder: tempfile::tempdir().expect("a folder"),
        };
        let folder = shelf.folder.path().join("chart");
        for below in ["crds", "templates"] {
            fs::create_dir_all(folder.join(below)).expect("a folder");
        }
        let chart = "apiVersion: v2\nname: chart\nversion: 1.0.0\n";
        fs::write(folder.join("Chart.yaml"), chart).expect("a file");
        Some(shelf)
    }

    fn group(&self) -> String {
        format!("{}.example", self.namespace.name())
    }

    fn path(&self) -> String {
        let group = self.group();
        format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/books.{group}")
    }

    /// Writes the definition with `versions`, the last of which is stored, and an object of it with
    /// the fields of `spec`.
    fn write(&self, versions: &[&str], fields: &str, spec: &str) {
        let group = self.group();
        let list: String = versions
            .iter()
            .map(|name| {
                let stored = versions.last() == Some(name);
                format!("  - name: {name}\n    served: true\n    storage: {stored}\n    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {fields}}}}}}}}}\n")
            })
            .collect();
        let crd = format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: books.{group}}}\nspec:\n  group: {group}\n  scope: Namespaced\n  names: {{kind: Book, plural: books, singular: book}}\n  versions:\n{list}"
        );
        let object = match spec {
            "" => String::new(),
            spec => format!(
                "apiVersion: {group}/{}\nkind: Book\nmetadata: {{name: book}}\nspec: {spec}\n",
                versions.last().expect("one")
            ),
        };
        let folder = self.folder.path().join("chart");
        fs::write(folder.join("crds/books.yaml"), crd).expect("a file");
        fs::write(folder.join("templates/book.yaml"), object).expect("a file");
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let program: PathBuf = env!("CARGO_BIN_EXE_pintle").into();
        let mut command = self.namespace.command(&program);
        command.current_dir(self.folder.path()).args(words);
        command.args(["-n", self.namespace.name()]);
        command.output().expect("it runs").into()
    }

    fn definition(&self) -> Option<Value> {
        let cluster = Cluster::shared().expect("a cluster");
        let (code, found) = cluster.api().get(&self.path()).expect("answered");
        (code == 200).then_some(found)
    }

    fn versions(&self) -> Vec<String> {
        let found = self.definition().unwrap_or_default();
        let versions = found["spec"]["versions"].as_array().cloned();
        let names = versions.unwrap_or_default();
        let name = |it: &Value| it["name"].as_str().unwrap_or_default().to_owned();
        names.iter().map(name).collect()
    }
}

impl Drop for Shelf<'_> {
    fn drop(&mut self) {
        if let Ok(cluster) = Cluster::shared() {
            let _ = cluster.api().delete(&self.path());
        }
    }
}

const OLD: &str = "{pages: {type: integer}}";
const NEW: &str = "{pages: {type: integer}, color: {type: string}}";

#[test]
fn upgrades_leave_definitions_alone_unless_told() {
    let Some(shelf) = Shelf::new() else { return };
    shelf.write(&["v1"], OLD, "{pages: 1}");
    shelf.run(&["install", "shop", "./chart"]).success();
    assert_eq!(shelf.versions(), ["v1"]);
    shelf.write(&["v1", "v2"], NEW, "{pages: 1, color: red}");
    // As Helm: the object does not fit the definition that is there.
    let said = shelf.run(&["upgrade", "shop", "./chart"]).failure();
    assert!(said.contains("no matches for kind \"Book\""), "{said}");
    assert_eq!(shelf.versions(), ["v1"]);
    // The definition goes first, is waited for, and the new version of the object fits.
    let program = Path::new("pintle.yaml");
    fs::write(shelf.folder.path().join(program), "crds: upgrade\n").expect("a file");
    shelf.run(&["upgrade", "shop", "./chart"]).success();
    assert_eq!(shelf.versions(), ["v1", "v2"]);
    let book = shelf
        .namespace
        .get(&format!("{}/v2/books/book", shelf.group()));
    let book = book.expect("answered").expect("there");
    assert_eq!(book["spec"]["color"], "red");
    // A change that would lose what is stored is refused, with what to do.
    shelf.write(&["v2"], NEW, "");
    let said = shelf.run(&["upgrade", "shop", "./chart"]).failure();
    assert!(
        said.contains("failed to apply CRD crds/books.yaml: ")
            && said.contains("status.storedVersions")
            && said.contains("Objects may still be stored in that version"),
        "{said}"
    );
    // Nothing was recorded of what could not begin.
    let history = shelf
        .run(&["helm", "history", "shop", "-o", "json"])
        .success();
    let history: Value = serde_json::from_str(&history).expect("JSON");
    let last = history.as_array().and_then(|it| it.last()).expect("one");
    assert_eq!(last["status"], "deployed");
    shelf
        .run(&["upgrade", "shop", "./chart", "--crds", "skip"])
        .success();
    // Never deleted.
    shelf.run(&["uninstall", "shop"]).success();
    assert_eq!(shelf.versions(), ["v1", "v2"]);
}

#[test]
fn installs_change_definitions_or_skip_them() {
    let Some(shelf) = Shelf::new() else { return };
    shelf.write(&["v1"], OLD, "");
    shelf
        .run(&["install", "none", "./chart", "--crds=skip"])
        .success();
    assert_eq!(shelf.definition(), None);
    // Helm 3 made it, by writing it whole.
    let crd = shelf.folder.path().join("chart/crds/books.yaml");
    let crd = crd.to_str().expect("UTF-8");
    let words = ["create", "--field-manager=helm", "-f", crd];
    shelf.namespace.kubectl(&words).expect("created");
    shelf.write(&["v1"], NEW, "{pages: 1, color: red}");
    let said = shelf.run(&["install", "shop", "./chart"]).failure();
    let conflict = "failed to install CRD crds/books.yaml: conflict occurred";
    assert!(said.contains(conflict), "{said}");
    shelf
        .run(&["install", "shop", "./chart", "--crds=upgrade"])
        .success();
    let said = shelf
        .run(&["install", "more", "./chart", "--crds=all"])
        .failure();
    assert!(said.contains("install, upgrade, skip"), "{said}");
    let said = shelf.run(&["helm", "install", "more", "./chart", "--crds=skip"]);
    assert!(said.failure().contains("unknown flag: --crds"));
}
