//! What goes wrong: deployments, services that answer no, others who are at work, places where nothing may
//! be done.

use std::fs;

use super::stage::Stage;
use crate::amazon::room::fake::{Course, End, Fake, Trouble, What};

fn new() -> (Fake, Stage) {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    (fake, stage)
}

const CHANGE: &str = "upgrade shop ./shop -n live --set services.web.image=nginx:2";

fn broken(fake: &Fake, reason: &str, code: Option<i64>) {
    let end = End::Broken {
        reason: reason.to_owned(),
        code,
    };
    fake.course("web", Course { looks: 1, end });
}

#[test]
fn a_deployment_that_ecs_takes_back_is_a_failure_with_its_reasons() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    broken(&fake, "Essential container in task exited", Some(137));
    let said = stage.run(CHANGE).failure();
    for word in [
        "the deployment of service web failed",
        "circuit breaker",
        "exit code 137",
        "raise its memory limit",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let said = stage.run("history shop -n live").success();
    assert!(said.contains("failed"), "{said}");
    // The next one goes on from what is there.
    fake.course("web", Course::default());
    stage.run(CHANGE).success();
    let said = stage.run("status shop -n live").success();
    assert!(said.contains("deployed"), "{said}");
}

#[test]
fn a_failure_is_undone_where_that_is_wanted() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    let first = fake.with(|state| state.services["shop/web"]["taskDefinition"].clone());
    broken(&fake, "CannotPullContainerError: manifest unknown", None);
    let line = format!("{CHANGE},most=9 --rollback-on-failure");
    let outcome = stage.run(&line);
    // The way back is a deployment that goes well.
    let said = outcome.failure();
    assert!(said.contains("The image cannot be pulled"), "{said}");
    fake.with(|state| {
        assert_eq!(state.services["shop/web"]["taskDefinition"], first);
        assert_eq!(
            state.targets.values().next().expect("a target")["MaxCapacity"],
            4
        );
    });
}

#[test]
fn a_deployment_that_pauses_waits_or_goes_on() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    let end = End::Pause("POST_TEST_TRAFFIC_SHIFT");
    fake.course("web", Course { looks: 0, end });
    let said = stage.run(&format!("{CHANGE} --timeout 1s")).failure();
    assert!(said.contains("pintle ecs approve web"), "{said}");
    assert!(said.contains("POST_TEST_TRAFFIC_SHIFT"), "{said}");
    stage
        .run("upgrade shop ./shop -n live --set services.web.image=nginx:3 --auto-approve-hooks")
        .success();
    assert_eq!(fake.inputs("ContinueServiceDeployment").len(), 1);
}

#[test]
fn a_deployment_that_never_ends_is_left_or_taken_back() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    let course = Course {
        looks: 0,
        end: End::Stuck,
    };
    fake.course("web", course);
    let said = stage.run(&format!("{CHANGE} --timeout 300ms")).failure();
    assert!(said.contains("not done after"), "{said}");
    assert_eq!(fake.inputs("StopServiceDeployment").len(), 0);
    let line = "upgrade shop ./shop -n live --set services.web.image=nginx:3 --timeout 300ms --on-timeout=rollback";
    stage.run(line).failure();
    assert_eq!(fake.inputs("StopServiceDeployment").len(), 1);
}

#[test]
fn services_that_are_busy_or_lose_answers_are_asked_again() {
    let (fake, stage) = new();
    for (operation, what) in [
        ("CreateService", What::Throttled),
        ("RegisterTaskDefinition", What::Status(503)),
        ("CreateTargetGroup", What::Lost),
    ] {
        fake.trouble(Trouble {
            operation,
            times: Some(1),
            what,
            ..Trouble::default()
        });
    }
    stage.run("install shop ./shop -n live").success();
    // A service whose making was answered by nobody is made once.
    fake.trouble(Trouble {
        operation: "UpdateService",
        times: Some(1),
        what: What::Unanswered,
        ..Trouble::default()
    });
    stage.run(CHANGE).success();
}

#[test]
fn what_a_failure_left_is_gone_on_with() {
    let (fake, stage) = new();
    fake.trouble(Trouble {
        service: "ecs",
        operation: "CreateService",
        skip: 1,
        what: What::Denied,
        ..Trouble::default()
    });
    let said = stage.run("install shop ./shop -n live").failure();
    assert!(said.contains("ecs:CreateService"), "{said}");
    assert!(said.contains("A policy would have to allow it"), "{said}");
    fake.heal();
    fake.forget();
    stage.run("upgrade shop ./shop -n live").success();
    let changes = fake.changes();
    let count = |operation: &str| changes.iter().filter(|it| *it == operation).count();
    assert_eq!(
        fake.inputs("CreateService")
            .iter()
            .filter(|it| it["serviceName"].is_string())
            .count(),
        1,
        "{changes:?}"
    );
    assert_eq!(count("RegisterTaskDefinition"), 0, "{changes:?}");
}

#[test]
fn nothing_is_done_where_nothing_may_be_done() {
    let (fake, stage) = new();
    for (lines, words) in [
        (
            "state: file:state\naccount: '999999999999'",
            "account 111122223333",
        ),
        (
            "state: file:state\nallowedAccounts: ['999999999999']",
            "allowedAccounts",
        ),
        (
            "state: file:state\nallowedRegions: [us-east-1]",
            "allowedRegions",
        ),
        (
            "state: file:state\nallowedClusters: [other]",
            "allowedClusters",
        ),
        ("logs: {manageGroup: true}", "`ecs.state`"),
    ] {
        stage.configure(lines);
        let said = stage.run("install shop ./shop -n live").failure();
        assert!(said.contains(words), "{lines}: {said}");
    }
    assert_eq!(fake.changes(), Vec::<String>::new());
    let said = stage.run("list -n live").failure();
    assert!(said.contains("pintle ecs init"), "{said}");
}

#[test]
fn expired_keys_say_so() {
    let (fake, stage) = new();
    fake.trouble(Trouble {
        service: "ecs",
        what: What::Expired,
        ..Trouble::default()
    });
    let said = stage.run("install shop ./shop -n live").failure();
    assert!(said.contains("aws sso login"), "{said}");
    assert_eq!(
        fake.changes()
            .iter()
            .filter(|it| it.starts_with("Create"))
            .count(),
        0
    );
}

#[test]
fn a_lock_that_somebody_holds_is_respected_or_taken() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a time");
    let lock = format!(
        r#"{{"id": "x", "owner": "ann@host", "operation": "upgrade", "time": {}, "ttl": 900}}"#,
        now.as_secs()
    );
    let place = "state/111122223333/eu-west-1/shop/live/shop";
    stage.write(&format!("{place}/lock"), &lock);
    fake.forget();
    let said = stage.run(CHANGE).failure();
    assert!(said.contains("ann@host began its upgrade"), "{said}");
    assert_eq!(fake.changes(), Vec::<String>::new());
    stage.run(&format!("{CHANGE} --force-unlock")).success();
    assert!(!stage.path(&format!("{place}/lock")).exists());
    let records = fs::read_dir(stage.path(place)).expect("a folder").count();
    assert_eq!(records, 2);
}

#[test]
fn a_cluster_that_is_not_there_is_named() {
    let (_fake, stage) = new();
    let said = stage
        .run("install shop ./shop -n live --target ecs:nowhere --set cluster=nowhere")
        .failure();
    assert!(
        said.contains("ClusterNotFoundException") || said.contains("nowhere"),
        "{said}"
    );
}
