//! What is left over: releases that are not quite gone, hooks that ran before, documents that are there
//! twice, records that cannot be read.

use super::{Stage, stage, write_chart};

/// A Job for hooks, which runs an image and stays.
fn job(name: &str, event: &str, image: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  annotations: {{helm.sh/hook: \"{event}\", helm.sh/hook-delete-policy: hook-failed}}\nspec:\n  backoffLimit: 0\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{{name: main, image: \"registry.test/{image}:1\"}}]\n"
    )
}

fn description(stage: &Stage<'_>) -> String {
    let said = stage.run(&["helm", "status", "shop", "-o", "json"]).well();
    let status: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    status["info"]["description"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn an_uninstall_that_did_not_finish_can_go_on() {
    let Some(stage) = stage() else { return };
    let hooks = format!(
        "{}---\n{}",
        job("before", "pre-delete", "app"),
        job("after", "post-delete", "{{ .Values.after }}")
    );
    write_chart(stage.folder.path(), "leaving", &hooks);
    let install = ["install", "shop", "leaving", "--set", "after=fail"];
    stage.run(&install).well();
    let uninstall = ["uninstall", "shop", "--timeout=60s"];
    let said = stage.run(&uninstall).badly(&[
        "uninstallation completed with 1 error(s)",
        "`pintle uninstall shop` goes on",
    ]);
    assert!(!said.stdout.contains("uninstalled"), "{said:?}");
    stage.stands(&["uninstalling"]);
    let what = description(&stage);
    assert!(what.starts_with("Uninstallation failed: "), "{what}");
    for words in [["upgrade", "shop", "calm"], ["install", "shop", "calm"]] {
        stage
            .run(&words)
            .badly(&["is uninstalling since", "`pintle uninstall shop`"]);
    }
    stage.run(&["uninstall", "shop", "--no-hooks"]).well();
    stage.stands(&[]);

    // An object that does not go in time.
    stage.run(&["install", "shop", "calm"]).well();
    let words = [
        "patch",
        "configmap",
        "map",
        "-p",
        r#"{"metadata":{"finalizers":["example.com/stay"]}}"#,
    ];
    stage.namespace.kubectl(&words).expect("patched");
    stage
        .run(&["uninstall", "shop", "--wait", "--timeout=2s"])
        .badly(&["uninstallation completed with 1 error(s)"]);
    stage.stands(&["uninstalling"]);
    let words = [
        "patch",
        "configmap",
        "map",
        "-p",
        r#"{"metadata":{"finalizers":null}}"#,
    ];
    stage.namespace.kubectl(&words).expect("patched");
    stage
        .run(&["uninstall", "shop", "--wait", "--timeout=60s"])
        .well();
    stage.stands(&[]);
}

#[test]
fn hooks_of_an_uninstall_that_goes_on_run_once() {
    let Some(stage) = stage() else { return };
    let hooks = format!(
        "{}---\n{}",
        job("before", "pre-delete", "app"),
        job("after", "post-delete", "fail")
    );
    write_chart(stage.folder.path(), "leaving", &hooks);
    stage.run(&["install", "shop", "leaving"]).well();
    let uninstall = ["uninstall", "shop", "--timeout=60s"];
    stage.run(&uninstall).badly(&["1 error(s)"]);
    let made = || {
        let job = stage
            .namespace
            .get("batch/v1/jobs/before")
            .expect("answered");
        job.expect("there")["metadata"]["uid"].clone()
    };
    let before = made();
    stage.run(&uninstall).badly(&["1 error(s)"]);
    assert_eq!(made(), before);
    stage.stands(&["uninstalling"]);
}

#[test]
fn an_uninstall_keeps_away_from_others_and_goes_on_past_what_is_missing() {
    let Some(stage) = stage() else { return };
    let mut child = stage.start(&["install", "shop", "hook"]);
    stage.until_there("batch/v1/jobs/endless");
    stage
        .run(&["uninstall", "shop"])
        .badly(&["is pending-install since", "--unlock"]);
    child.kill().expect("killed");
    super::end(child);
    stage.run(&["install", "other", "calm"]).well();
    let said = stage
        .run(&["uninstall", "nope", "other", "neither"])
        .badly(&[
            "2 of 3 releases were not uninstalled: nope: ",
            "; neither: ",
        ]);
    assert_eq!(said.stdout, "release \"other\" uninstalled\n");
    stage.run(&["uninstall", "shop", "--unlock"]).well();
    stage.stands(&[]);
}

#[test]
fn a_job_that_ended_is_not_taken_for_a_new_one() {
    let Some(stage) = stage() else { return };
    let hook = job("migrate", "pre-install,pre-upgrade", "app");
    write_chart(stage.folder.path(), "migrated", &hook);
    stage.run(&["install", "shop", "migrated"]).well();
    let uid = || {
        let job = stage
            .namespace
            .get("batch/v1/jobs/migrate")
            .expect("answered");
        job.expect("there")["metadata"]["uid"].clone()
    };
    let first = uid();
    // Helm takes the old one for the new one.
    stage
        .run(&["helm", "upgrade", "shop", "migrated", "--set", "count=2"])
        .well();
    assert_eq!(uid(), first);
    let said = stage
        .run(&["upgrade", "shop", "migrated", "--set", "count=3"])
        .well();
    assert!(
        said.stderr
            .contains("it is replaced, so that the hook runs"),
        "{said:?}"
    );
    assert_ne!(uid(), first);
    let done = stage
        .namespace
        .get("batch/v1/jobs/migrate")
        .expect("answered");
    assert_eq!(done.expect("there")["status"]["succeeded"], 1);
}

#[test]
fn documents_for_one_object_are_refused_before_anything_is_sent() {
    let Some(stage) = stage() else { return };
    write_chart(
        stage.folder.path(),
        "twice",
        "# again\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n",
    );
    let words = [
        "ConfigMap \"map\"",
        "twice/templates/map.yaml:2",
        "twice/templates/more.yaml:3",
    ];
    stage.namespace.requests().expect("a log");
    stage.run(&["install", "shop", "twice"]).badly(&words);
    let requests = stage.namespace.requests().expect("a log");
    assert!(
        requests.iter().all(|one| one.method == "GET"),
        "{requests:?}"
    );
    stage.stands(&[]);
    stage.run(&["install", "shop", "calm"]).well();
    stage.run(&["upgrade", "shop", "twice"]).badly(&words);
    stage.stands(&["deployed"]);
}

#[test]
fn a_record_that_cannot_be_read_is_named() {
    let Some(stage) = stage() else { return };
    for count in ["1", "2", "3"] {
        let set = format!("count={count}");
        stage
            .run(&["upgrade", "--install", "shop", "calm", "--set", &set])
            .well();
    }
    stage
        .run(&[
            "install",
            "fine",
            "calm",
            "--set",
            "count=1",
            "--no-hooks",
            "--take-ownership",
        ])
        .well();
    let spoil = |revision: u32| {
        let name = format!("sh.helm.release.v1.shop.v{revision}");
        let words = [
            "patch",
            "secret",
            &name,
            "-p",
            r#"{"data":{"release":"bm9uc2Vuc2U="}}"#,
        ];
        stage.namespace.kubectl(&words).expect("patched");
    };
    spoil(3);
    let named = format!(
        "Secret {0}/sh.helm.release.v1.shop.v3, the record of revision 3 of \"shop\" (deployed), is damaged",
        stage.namespace.name()
    );
    let out = format!(
        "kubectl delete secret -n {} sh.helm.release.v1.shop.v3",
        stage.namespace.name()
    );
    for words in [
        &["list"][..],
        &["history", "shop"],
        &["get", "manifest", "shop"],
        &["status", "shop"],
    ] {
        let said = stage.run(words).well();
        for part in [&named, &out] {
            assert_eq!(
                said.stderr.matches(part.as_str()).count(),
                1,
                "{words:?}: {said:?}"
            );
        }
        assert!(
            words != ["list"] || said.stdout.contains("fine"),
            "{said:?}"
        );
        let strict = stage.run(&[&["helm"], words].concat()).well();
        assert_eq!(strict.stderr, "", "{words:?}");
    }
    stage
        .run(&["get", "values", "shop", "--revision=3"])
        .badly(&["failed to decode data", &named, &out]);
    // A new revision does not take the number of the damaged one.
    let said = stage
        .run(&[
            "upgrade",
            "shop",
            "calm",
            "--set",
            "count=4",
            "--conflicts=take",
        ])
        .well();
    assert!(said.stderr.contains(&named), "{said:?}");
    assert_eq!(stage.status(4), "deployed");
    let said = stage.run(&["uninstall", "shop"]).well();
    assert!(said.stderr.contains(&named), "{said:?}");
    stage.stands(&[]);
    stage
        .run(&["install", "shop", "calm", "--take-ownership"])
        .well();
    spoil(1);
    stage
        .run(&["upgrade", "shop", "calm"])
        .badly(&["no revision for release \"shop\"", "shop.v1, the record"]);
    stage
        .run(&["uninstall", "shop"])
        .badly(&["no release provided", "shop.v1, the record"]);
}
