//! Signals and lost servers, in each phase of an operation.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Said, Stage, charts, end, signal, stage};
use crate::kubernetes::fault::Fault;
use crate::kubernetes::{Cluster, is_skipped, until};

/// Starts `words`, and sends a signal once the operation is at `phase`.
fn interrupt(stage: &Stage<'_>, words: &[&str], phase: &str, name: &str) -> Said {
    if phase == "apply" {
        let slow = Fault {
            path: "/configmaps".to_owned(),
            delay: Duration::from_secs(2),
            ..Fault::default()
        };
        stage.namespace.fault(&slow).expect("understood");
    }
    let revision = match words[0] {
        "install" => 1,
        _ => 2,
    };
    let child = stage.start(words);
    stage.until_there(&format!("secrets/sh.helm.release.v1.shop.v{revision}"));
    match phase {
        "hook" => stage.until_there("batch/v1/jobs/endless"),
        "wait" => stage.until_there("apps/v1/deployments/never"),
        _ => {}
    }
    signal(&child, name);
    let said = end(child);
    stage.namespace.heal().expect("answered");
    said
}

/// Command, chart, phase.
const PHASES: [(&str, &str, &str); 6] = [
    ("install", "hook", "hook"),
    ("install", "wait", "wait"),
    ("install", "calm", "apply"),
    ("upgrade", "hook", "hook"),
    ("upgrade", "wait", "wait"),
    ("upgrade", "calm", "apply"),
];

fn words<'a>(verb: &'a str, chart: &'a str) -> [&'a str; 7] {
    [
        verb,
        "shop",
        chart,
        "--wait",
        "--set",
        "count=2",
        "--timeout=60s",
    ]
}

#[test]
fn who_is_asked_to_end_leaves_a_true_record() {
    let signals = ["INT", "TERM"].into_iter().cycle();
    for ((verb, chart, phase), name) in PHASES.into_iter().zip(signals) {
        let Some(stage) = stage() else { return };
        if verb == "upgrade" {
            stage.run(&["install", "shop", "calm"]).well();
        }
        let said = interrupt(&stage, &words(verb, chart), phase, name);
        if phase == "apply" && said.code == Some(0) {
            // All had been done by then.
            continue;
        }
        let said = said.badly(&["context canceled"]);
        let told = "Release shop has been cancelled.";
        assert!(said.stdout.contains(told), "{verb} {phase}: {said:?}");
        let before: &[&str] = match verb {
            "install" => &[],
            _ => &["deployed"],
        };
        stage.stands(&[before, &["failed"]].concat());
        stage.run(&["upgrade", "shop", "calm"]).well();
    }
}

#[test]
fn who_is_killed_leaves_a_pending_record_and_unlock_is_the_way_out() {
    for (verb, chart, phase) in PHASES {
        let Some(stage) = stage() else { return };
        let mut states = Vec::new();
        if verb == "upgrade" {
            stage.run(&["install", "shop", "calm"]).well();
            states.push("deployed");
        }
        let said = interrupt(&stage, &words(verb, chart), phase, "KILL");
        assert_eq!(said.code, None, "{said:?}");
        let pending = format!("pending-{verb}");
        let revision = states.len() + 1;
        states.push(&pending);
        stage.stands(&states);
        let what = format!("Revision {revision} of \"shop\" is {pending} since 20");
        let next = stage.run(&["upgrade", "shop", "calm"]);
        next.badly(&[
            "UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
            &what,
            "by tester@",
            "--unlock",
        ]);
        stage.stands(&states);
        let strict = stage.run(&["helm", "upgrade", "shop", "calm"]).badly(&[]);
        assert_eq!(strict.stderr.lines().count(), 1, "{strict:?}");
        stage.run(&["install", "shop", "calm"]).badly(&[
            "cannot reuse a name that is still in use",
            &what,
            "--unlock",
        ]);
        let verb = match verb {
            "install" => ["install", "shop", "calm", "--unlock"],
            _ => ["upgrade", "shop", "calm", "--unlock"],
        };
        let said = stage.run(&verb).well();
        assert!(said.stderr.contains(&what), "{said:?}");
        states.pop();
        if let Some(first) = states.first_mut() {
            *first = "superseded";
        }
        states.extend(["failed", "deployed"]);
        stage.stands(&states);
    }
}

#[test]
fn a_rollback_is_caught_and_keeps_away_from_others() {
    let Some(stage) = stage() else { return };
    stage.run(&["install", "shop", "hook", "--no-hooks"]).well();
    stage
        .run(&["upgrade", "shop", "calm", "--set", "count=2"])
        .well();
    let child = stage.start(&["rollback", "shop", "1"]);
    stage.until_there("batch/v1/jobs/endless");
    let other = stage.run(&["rollback", "shop", "1", "--no-hooks"]);
    other.badly(&["is pending-rollback since", "--unlock"]);
    signal(&child, "INT");
    end(child).badly(&["context canceled"]);
    stage.stands(&["superseded", "deployed", "failed"]);
    let child = stage.start(&["rollback", "shop", "1"]);
    stage.until_there("secrets/sh.helm.release.v1.shop.v4");
    signal(&child, "KILL");
    end(child);
    let said = stage
        .run(&["rollback", "shop", "1", "--no-hooks", "--unlock"])
        .well();
    let what = "Revision 4 of \"shop\" is pending-rollback since";
    assert!(said.stderr.contains(what), "{said:?}");
    stage.stands(&["superseded", "superseded", "failed", "failed", "deployed"]);
    let map = stage.namespace.get("configmaps/map").expect("answered");
    assert_eq!(map.expect("there")["data"]["count"], "1");
}

#[test]
fn a_server_that_dies_in_an_upgrade_leaves_it_pending() {
    if is_skipped() {
        return;
    }
    let data = tempfile::tempdir().expect("a folder");
    let home = tempfile::tempdir().expect("a folder");
    let folder = charts();
    let run = |words: &[&str]| {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_pintle")));
        command
            .env_clear()
            .env("HOME", home.path())
            .env("KUBECONFIG", home.path().join("kubeconfig"))
            .current_dir(folder.path())
            .args(words)
            .args(["-n", "shop"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("it starts")
    };
    let cluster = Cluster::own(data.path()).expect("a cluster");
    cluster.create_namespace("shop").expect("a namespace");
    let reach = |cluster: &Cluster| {
        let path = home.path().join("kubeconfig");
        cluster.write_kubeconfig(&path, "tester").expect("written");
    };
    reach(&cluster);
    end(run(&["install", "shop", "calm"])).well();
    let child = run(&["upgrade", "shop", "hook", "--timeout=3s"]);
    until("a hook", || {
        let path = "/apis/batch/v1/namespaces/shop/jobs/endless";
        Ok(cluster.api().get(path)?.0 == 200)
    })
    .expect("there");
    cluster.kill();
    end(child).badly(&["UPGRADE FAILED"]);
    let lost = end(run(&["upgrade", "shop", "calm"]));
    lost.badly(&["kubernetes cluster unreachable"]);
    let cluster = Cluster::own(data.path()).expect("the same cluster");
    reach(&cluster);
    let next = end(run(&["upgrade", "shop", "calm"]));
    next.badly(&["Revision 2 of \"shop\" is pending-upgrade since"]);
    end(run(&["upgrade", "shop", "calm", "--unlock"])).well();
}

#[test]
fn a_server_that_comes_back_finds_the_upgrade_waiting() {
    if is_skipped() {
        return;
    }
    let data = tempfile::tempdir().expect("a folder");
    let home = tempfile::tempdir().expect("a folder");
    let folder = charts();
    let run = |words: &[&str]| {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_pintle")));
        command
            .env_clear()
            .env("HOME", home.path())
            .env("KUBECONFIG", home.path().join("kubeconfig"))
            .current_dir(folder.path())
            .args(words)
            .args(["-n", "shop"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("it starts")
    };
    let cluster = Cluster::own(data.path()).expect("a cluster");
    cluster.create_namespace("shop").expect("a namespace");
    let kubeconfig = home.path().join("kubeconfig");
    cluster
        .write_kubeconfig(&kubeconfig, "tester")
        .expect("written");
    end(run(&["install", "shop", "calm"])).well();
    let child = run(&["upgrade", "shop", "wait", "--wait", "--timeout=120s"]);
    let path = "/apis/apps/v1/namespaces/shop/deployments/never";
    until("a Deployment", || Ok(cluster.api().get(path)?.0 == 200)).expect("there");
    cluster.kill();
    let cluster = Cluster::own(data.path()).expect("the same cluster");
    // What it waits for comes true only now; controllers write to the Deployment, too.
    until("another image", || {
        let (code, mut deployment) = cluster.api().get(path)?;
        assert_eq!(code, 200, "{deployment}");
        let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
        container["image"] = "registry.test/app:1".into();
        let (code, answer) = cluster.api().send("PUT", path, &deployment)?;
        assert!(matches!(code, 200 | 409), "{answer}");
        Ok(code == 200)
    })
    .expect("written");
    end(child).well();
    let record = "/api/v1/namespaces/shop/secrets/sh.helm.release.v1.shop.v";
    for (revision, want) in [(1, "superseded"), (2, "deployed")] {
        let (_, secret) = cluster
            .api()
            .get(&format!("{record}{revision}"))
            .expect("answered");
        assert_eq!(secret["metadata"]["labels"]["status"], want, "{secret}");
    }
}
