//! Answers that are late, refuse, or do not come.

use std::time::Duration;

use super::{Stage, stage};
use crate::kubernetes::fault::{Cut, Fault};

fn trouble(stage: &Stage<'_>, fault: Fault) {
    stage.namespace.fault(&fault).expect("understood");
}

/// How often something was asked that the server heard of.
fn count(stage: &Stage<'_>, method: &str, part: &str) -> usize {
    let requests = stage.namespace.requests().expect("a log");
    let fits = requests.iter().filter(|one| one.method == method);
    fits.filter(|one| one.path.contains(part)).count()
}

#[test]
fn servers_that_ask_for_a_moment_get_it() {
    for code in [429, 500, 503] {
        let Some(stage) = stage() else { return };
        for method in ["GET", "POST", "PATCH", "PUT"] {
            let busy = Fault {
                method,
                times: Some(2),
                code: Some(code),
                headers: vec![("Retry-After", "0".to_owned())],
                body: "busy".to_owned(),
                ..Fault::default()
            };
            trouble(&stage, busy);
        }
        stage.run(&["helm", "install", "shop", "calm"]).well();
        stage.stands(&["deployed"]);
        let records = count(&stage, "POST", "/secrets");
        assert_eq!(records, 1, "{code}");
    }
}

#[test]
fn writes_are_not_sent_again_where_nobody_asked_for_that() {
    let cases = [
        (
            Some(503),
            None,
            "the server is currently unable to handle the request",
        ),
        (Some(429), None, "asked us to try again later"),
        (
            Some(500),
            None,
            "an error on the server (\"no\") has prevented the request from succeeding",
        ),
        (None, Some(Cut::After), "EOF"),
    ];
    for (code, cut, words) in cases {
        let Some(stage) = stage() else { return };
        trouble(
            &stage,
            Fault {
                method: "PATCH",
                path: "/configmaps/map$".to_owned(),
                code,
                cut,
                body: "no".to_owned(),
                times: Some(1),
                ..Fault::default()
            },
        );
        let said = stage.run(&["helm", "install", "shop", "calm"]);
        said.badly(&["INSTALLATION FAILED: ", words]);
        stage.stands(&["failed"]);
        let heard = usize::from(cut.is_some());
        assert_eq!(count(&stage, "PATCH", "/configmaps/map"), heard, "{words}");
        stage.run(&["upgrade", "shop", "calm"]).well();
    }
}

#[test]
fn reads_and_watches_that_break_off_are_tried_again() {
    let Some(stage) = stage() else { return };
    stage.run(&["install", "shop", "calm"]).well();
    trouble(
        &stage,
        Fault {
            method: "GET",
            path: "/(secrets|configmaps/map)$".to_owned(),
            cut: Some(Cut::Before),
            times: Some(1),
            ..Fault::default()
        },
    );
    // Watches: the first ones break, one is refused, one comes late.
    let watch = Fault {
        method: "GET",
        path: "/deployments$".to_owned(),
        times: Some(2),
        ..Fault::default()
    };
    for fault in [
        Fault {
            cut: Some(Cut::Before),
            ..watch.clone()
        },
        Fault {
            code: Some(500),
            ..watch.clone()
        },
        Fault {
            delay: Duration::from_secs(1),
            ..watch.clone()
        },
    ] {
        trouble(&stage, fault);
    }
    let ready = super::NEVER.replace("notready", "app");
    super::write_chart(stage.folder.path(), "ready", &ready);
    let words = ["upgrade", "shop", "ready", "--wait", "--timeout=60s"];
    stage.run(&words).well();
    stage.stands(&["superseded", "deployed"]);
}

#[test]
fn expired_credentials_are_called_that() {
    let Some(stage) = stage() else { return };
    let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
    let refused = Fault {
        code: Some(401),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body: status.to_owned(),
        ..Fault::default()
    };
    trouble(&stage, refused.clone());
    const LINE: &str = "kubernetes cluster unreachable: the server has asked for the client to provide credentials";
    let strict = stage
        .run(&["helm", "install", "shop", "calm"])
        .badly(&[LINE]);
    assert!(!strict.stderr.contains("expired"), "{strict:?}");
    stage
        .run(&["install", "shop", "calm"])
        .badly(&[LINE, "expired: log in again"]);
    stage.namespace.heal().expect("answered");
    stage.stands(&[]);
    // They expire on the way.
    trouble(
        &stage,
        Fault {
            method: "PATCH",
            ..refused
        },
    );
    stage
        .run(&["install", "shop", "calm"])
        .badly(&["Unauthorized", "expired: log in again"]);
    stage.stands(&["failed"]);
}

#[test]
fn a_record_that_cannot_be_written_any_more_stays_pending() {
    let Some(stage) = stage() else { return };
    stage.run(&["install", "shop", "calm"]).well();
    trouble(
        &stage,
        Fault {
            method: "PUT",
            path: "/secrets/".to_owned(),
            cut: Some(Cut::Before),
            ..Fault::default()
        },
    );
    let words = ["upgrade", "shop", "calm", "--set", "count=2"];
    stage.run(&words).badly(&["UPGRADE FAILED"]);
    stage.namespace.heal().expect("answered");
    stage.stands(&["deployed", "pending-upgrade"]);
    stage
        .run(&words)
        .badly(&["Revision 2 of \"shop\" is pending-upgrade since"]);
    stage.run(&[&words[..], &["--unlock"]].concat()).well();
    stage.stands(&["superseded", "failed", "deployed"]);
}

#[test]
fn watches_that_are_too_old_begin_anew() {
    let Some(stage) = stage() else { return };
    let gone = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version: 1 (2)","reason":"Expired","code":410}"#;
    let told = format!("{{\"type\":\"ERROR\",\"object\":{gone}}}\n");
    let json = ("Content-Type", "application/json".to_owned());
    // Refused at once, told on the way, and one that is not even that.
    for (code, body) in [(410, gone), (200, told.as_str()), (200, "{\"type\":")] {
        trouble(
            &stage,
            Fault {
                method: "GET",
                path: "/deployments$".to_owned(),
                times: Some(1),
                code: Some(code),
                headers: vec![json.clone()],
                body: body.to_owned(),
                ..Fault::default()
            },
        );
    }
    let ready = super::NEVER.replace("notready", "app");
    super::write_chart(stage.folder.path(), "ready", &ready);
    let words = ["install", "shop", "ready", "--wait", "--timeout=60s"];
    stage.run(&words).well();
    stage.stands(&["deployed"]);
}
