//! Jobs: those of hooks, those of tests, and those that are run once.

use super::stage::Stage;
use crate::amazon::room::fake::{Exit, Fake};

fn new(job: &str) -> (Fake, Stage) {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    stage.write(
        "job.yaml",
        &format!(
            "services: {{worker: null}}\nbalanced: false\nscaled: false\nnightly: ''\njob: {job}\n"
        ),
    );
    (fake, stage)
}

#[test]
fn a_hook_runs_before_services_and_its_failure_fails_the_release() {
    let (fake, stage) = new("{image: 'migrate:1', event: 'pre-install,pre-upgrade', retries: 0}");
    stage
        .run("install shop ./shop -n live -f job.yaml")
        .success();
    let changes = fake.changes();
    let place = |operation: &str| changes.iter().position(|it| it == operation);
    assert!(
        place("RunTask").is_some() && place("RunTask") < place("CreateService"),
        "{changes:?}"
    );

    fake.exit(
        "shop-job",
        Exit {
            code: Some(3),
            lines: vec!["no such table".to_owned()],
            ..Exit::default()
        },
    );
    fake.forget();
    let said = stage
        .run("upgrade shop ./shop -n live -f job.yaml --set color=blue")
        .failure();
    assert!(said.contains("pre-upgrade hooks failed"), "{said}");
    assert!(said.contains("exit code 3"), "{said}");
    assert!(said.contains("no such table"), "{said}");
    let changes = fake.changes();
    assert!(
        !changes.contains(&"UpdateService".to_owned()),
        "{changes:?}"
    );
    let said = stage.run("history shop -n live").success();
    assert!(said.contains("failed"), "{said}");
}

#[test]
fn a_hook_is_tried_again_as_often_as_it_wants() {
    let (fake, stage) = new("{image: 'migrate:1', event: pre-install, retries: 2}");
    fake.exit(
        "shop-job",
        Exit {
            code: Some(1),
            ..Exit::default()
        },
    );
    let said = stage
        .run("install shop ./shop -n live -f job.yaml")
        .failure();
    assert!(said.contains("3 times"), "{said}");
    assert_eq!(fake.inputs("RunTask").len(), 3);
}

#[test]
fn a_job_of_the_manifest_runs_once_for_what_it_is() {
    let (fake, stage) = new("{image: 'seed:1', retries: 0}");
    stage
        .run("install shop ./shop -n live -f job.yaml --wait-for-jobs")
        .success();
    stage
        .run("upgrade shop ./shop -n live -f job.yaml --set color=blue --wait-for-jobs")
        .success();
    assert_eq!(fake.inputs("RunTask").len(), 1);
    stage
        .run("upgrade shop ./shop -n live -f job.yaml --set job.image=seed:2 --wait-for-jobs")
        .success();
    assert_eq!(fake.inputs("RunTask").len(), 2);
}

#[test]
fn tests_are_run_and_their_logs_shown() {
    let (fake, stage) = new("{image: 'check:1', event: test, retries: 0}");
    stage
        .run("install shop ./shop -n live -f job.yaml")
        .success();
    assert_eq!(fake.inputs("RunTask").len(), 0);
    fake.exit(
        "shop-job",
        Exit {
            lines: vec!["all is well".to_owned()],
            ..Exit::default()
        },
    );
    let said = stage.run("test shop -n live --logs").success();
    assert!(said.contains("Succeeded"), "{said}");
    assert!(said.contains("all is well"), "{said}");
}
