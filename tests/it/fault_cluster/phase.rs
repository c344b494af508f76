//! Signals in the phases that `interruption` has not: before anything is recorded, behind the objects,
//! at the last record; rollbacks and uninstalls.

use std::process::Child;
use std::time::Duration;

use super::{ENDLESS, NEVER, Said, Stage, end, signal, stage, write_chart};
use crate::kubernetes::fault::Fault;
use crate::kubernetes::until;

fn slow(stage: &Stage<'_>, method: &'static str, path: &str) {
    let fault = Fault {
        method,
        path: path.to_owned(),
        delay: Duration::from_millis(1500),
        ..Fault::default()
    };
    stage.namespace.fault(&fault).expect("understood");
}

/// Sends a signal, and waits for the end of the process.
fn strike(stage: &Stage<'_>, child: Child, name: &str) -> Said {
    signal(&child, name);
    let said = end(child);
    stage.namespace.heal().expect("answered");
    said
}

/// Until a request was answered whose path ends so.
fn until_asked(stage: &Stage<'_>, method: &str, ending: &str) {
    until(ending, || {
        let requests = stage.namespace.requests()?;
        Ok(requests
            .iter()
            .any(|one| one.method == method && one.path.ends_with(ending)))
    })
    .expect("it asks");
}

#[test]
fn nothing_is_left_of_who_ends_before_the_record() {
    for verb in ["install", "upgrade"] {
        for name in ["INT", "KILL"] {
            let Some(stage) = stage() else { return };
            let mut states = Vec::new();
            if verb == "upgrade" {
                stage.run(&["install", "shop", "calm"]).well();
                states.push("deployed");
            }
            stage.namespace.requests().expect("a log");
            slow(&stage, "GET", "/apis?$");
            let child = stage.start(&[verb, "shop", "calm", "--set", "count=2"]);
            until_asked(&stage, "GET", "/version");
            let said = strike(&stage, child, name);
            match name {
                "KILL" => assert_eq!(said.code, None, "{said:?}"),
                _ => {
                    said.badly(&["context canceled"]);
                }
            }
            // Either nothing was begun, or the record says how it ended.
            let revision = states.len() as u32 + 1;
            match stage.status(revision).as_str() {
                "" => {}
                "failed" if name == "INT" => states.push("failed"),
                other => panic!("{verb} {name}: {other}"),
            }
            stage.stands(&states);
            let words = ["upgrade", "--install", "shop", "calm", "--set", "count=3"];
            stage.run(&words).well();
        }
    }
}

#[test]
fn what_runs_last_is_interrupted_as_what_runs_first() {
    const EVENTS: &str = "post-install,post-upgrade,post-rollback";
    for verb in ["install", "upgrade", "rollback"] {
        for name in ["INT", "KILL"] {
            let Some(stage) = stage() else { return };
            let hook = ENDLESS.replace("EVENTS", EVENTS);
            write_chart(stage.folder.path(), "post", &hook);
            let mut states = Vec::new();
            if verb != "install" {
                let words = ["install", "shop", "post", "--no-hooks"];
                stage.run(&words).well();
                states.push("deployed");
            }
            if verb == "rollback" {
                let words = ["upgrade", "shop", "calm", "--set", "count=2"];
                stage.run(&words).well();
                states = vec!["superseded", "deployed"];
            }
            let child = match verb {
                "rollback" => stage.start(&["rollback", "shop", "1"]),
                _ => stage.start(&[verb, "shop", "post", "--set", "count=2"]),
            };
            stage.until_there("batch/v1/jobs/endless");
            let said = strike(&stage, child, name);
            let pending = format!("pending-{verb}");
            match name {
                "KILL" => {
                    assert_eq!(said.code, None, "{said:?}");
                    states.push(&pending);
                }
                _ => {
                    said.badly(&["context canceled"]);
                    states.push("failed");
                }
            }
            stage.stands(&states);
            let way_out = ["upgrade", "shop", "calm", "--set", "count=4", "--unlock"];
            stage.run(&way_out).well();
            let map = stage.namespace.get("configmaps/map").expect("answered");
            assert_eq!(map.expect("there")["data"]["count"], "4");
        }
    }
}

#[test]
fn who_dies_at_the_last_record_is_found_out() {
    for verb in ["install", "upgrade", "rollback"] {
        let Some(stage) = stage() else { return };
        let mut states = Vec::new();
        if verb != "install" {
            stage.run(&["install", "shop", "calm"]).well();
            states.push("deployed");
        }
        if verb == "rollback" {
            let words = ["upgrade", "shop", "calm", "--set", "count=2"];
            stage.run(&words).well();
            states = vec!["superseded", "deployed"];
        }
        slow(&stage, "PUT", "/secrets/");
        let words: &[&str] = match verb {
            "rollback" => &["rollback", "shop", "1"],
            "install" => &["install", "shop", "calm", "--set", "count=3"],
            _ => &["upgrade", "shop", "calm", "--set", "count=3"],
        };
        let child = stage.start(words);
        let key = format!("secrets/sh.helm.release.v1.shop.v{}", states.len() + 1);
        stage.until_there(&key);
        let count = match verb {
            "rollback" => "1",
            _ => "3",
        };
        until("the object", || {
            let map = stage.namespace.get("configmaps/map")?;
            Ok(map.is_some_and(|map| map["data"]["count"] == count))
        })
        .expect("written");
        let said = strike(&stage, child, "KILL");
        assert_eq!(said.code, None, "{said:?}");
        let last = stage.status(states.len() as u32 + 1);
        let pending = format!("pending-{verb}");
        assert!(last == pending || last == "deployed", "{verb}: {last}");
        if last == pending {
            let next = stage.run(&["upgrade", "shop", "calm", "--set", "count=5"]);
            next.badly(&[&format!("is {pending} since"), "--unlock"]);
        }
        let words = ["upgrade", "shop", "calm", "--set", "count=5", "--unlock"];
        stage.run(&words).well();
    }
}

#[test]
fn a_rollback_that_waits_is_caught() {
    let Some(stage) = stage() else { return };
    write_chart(stage.folder.path(), "never", NEVER);
    stage.run(&["install", "shop", "never"]).well();
    stage.run(&["upgrade", "shop", "calm"]).well();
    let child = stage.start(&["rollback", "shop", "1", "--wait", "--timeout=60s"]);
    stage.until_there("apps/v1/deployments/never");
    strike(&stage, child, "INT").badly(&["context canceled"]);
    stage.stands(&["superseded", "deployed", "failed"]);
    stage.run(&["rollback", "shop", "2"]).well();
    let deployment = stage.namespace.get("apps/v1/deployments/never");
    assert_eq!(deployment.expect("answered"), None);
}

#[test]
fn an_uninstall_that_ended_early_is_done_again() {
    for event in ["pre-delete", "post-delete"] {
        for name in ["INT", "KILL"] {
            let Some(stage) = stage() else { return };
            let hook = ENDLESS.replace("EVENTS", event);
            write_chart(stage.folder.path(), "leaving", &hook);
            stage.run(&["install", "shop", "leaving"]).well();
            let child = stage.start(&["uninstall", "shop", "--timeout=60s"]);
            stage.until_there("batch/v1/jobs/endless");
            strike(&stage, child, name);
            let state = stage.status(1);
            assert!(
                !matches!(&*state, "" | "deployed"),
                "{event} {name}: {state}"
            );
            stage.run(&["uninstall", "shop", "--no-hooks"]).well();
            stage.stands(&[]);
            let map = stage.namespace.get("configmaps/map").expect("answered");
            assert_eq!(map, None, "{event} {name}");
        }
    }
}
