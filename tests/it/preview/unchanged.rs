//! Upgrades that change nothing.

use super::{has, stage};

#[test]
fn an_upgrade_that_changes_nothing_writes_nothing() {
    let Some(stage) = stage() else { return };
    for (words, more) in [
        (&[][..], &[][..]),
        (&["--set", "replicas=3", "--wait"], &[]),
        (&["--server-side=false"], &[]),
    ] {
        let upgrade = [&["upgrade", "--install", "shop", "shop"], words, more].concat();
        stage.well(&upgrade);
        let before = stage.revisions();
        stage.writes();
        let text = stage.well(&upgrade);
        const END: &str = "has, and the cluster has it. Nothing was written.\nNAME: shop\n";
        has(&text, &["Release \"shop\" is unchanged: ", END]);
        assert_eq!(stage.writes(), Vec::<String>::new(), "{words:?}");
        assert_eq!(stage.revisions(), before);
    }
}

#[test]
fn those_who_want_a_revision_get_one() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    let runs: &[&[&str]] = &[
        &["upgrade", "shop", "shop", "--always-revision"],
        &["helm", "upgrade", "shop", "shop"],
        // The record changes, and no object.
        &["upgrade", "shop", "shop", "--set", "unused=1"],
        &[
            "upgrade", "shop", "shop", "--set", "unused=1", "--labels", "team=a",
        ],
    ];
    for (at, words) in runs.iter().enumerate() {
        has(&stage.well(words), &["has been upgraded. Happy Helming!"]);
        assert_eq!(stage.revisions().len(), at + 2, "{words:?}");
    }
}

#[test]
fn objects_that_somebody_changed_are_brought_again() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    stage
        .namespace
        .kubectl(&["delete", "configmap", "more"])
        .expect("deleted");
    stage.well(&["upgrade", "shop", "shop"]);
    assert_eq!(stage.revisions(), [1, 2]);
    assert!(
        stage
            .namespace
            .get("configmaps/more")
            .expect("answered")
            .is_some()
    );
    stage.patch("deployment/web", r#"{"spec": {"replicas": 7}}"#);
    stage.well(&["upgrade", "shop", "shop", "--force-conflicts"]);
    assert_eq!(stage.revisions(), [1, 2, 3]);
    stage.well(&["upgrade", "shop", "shop"]);
    assert_eq!(stage.revisions(), [1, 2, 3]);
}

#[test]
fn a_revision_that_failed_is_never_passed_over() {
    let Some(stage) = stage() else { return };
    stage.well(&["install", "shop", "shop"]);
    stage.write(
        "shop/templates/bad.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Bad_Name}\n",
    );
    let said = stage.run(&["upgrade", "shop", "shop"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let bad = stage.folder.path().join("shop/templates/bad.yaml");
    std::fs::remove_file(bad).expect("removed");
    stage.well(&["upgrade", "shop", "shop"]);
    assert_eq!(stage.revisions(), [1, 2, 3]);
    stage.well(&["upgrade", "shop", "shop"]);
    assert_eq!(stage.revisions(), [1, 2, 3]);
}
