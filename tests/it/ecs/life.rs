//! The life of a release of several services: nothing is written that is as it shall be.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::amazon::room::fake::Fake;

fn new() -> (Fake, Stage) {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    (fake, stage)
}

fn web(fake: &Fake) -> Value {
    fake.with(|state| state.services["shop/web"].clone())
}

fn families(fake: &Fake, family: &str) -> Vec<String> {
    fake.with(|state| {
        let ours = state.definitions.iter().filter(|(name, it)| {
            name.starts_with(&format!("{family}:")) && it["status"] == "ACTIVE"
        });
        ours.map(|(name, _)| name.clone()).collect()
    })
}

#[test]
fn a_release_is_made_in_order_and_a_second_time_nothing_is_written() {
    let (fake, stage) = new();
    let said = stage.run("upgrade shop ./shop --install -n live").success();
    assert!(said.contains("It is there."), "{said}");
    assert!(said.contains("URLS:\nhttps://shop.example.com\n"), "{said}");
    let changes = fake.changes();
    let place = |operation: &str| {
        let found = changes.iter().position(|it| it == operation);
        found.unwrap_or_else(|| panic!("no {operation} in {changes:?}"))
    };
    for (first, second) in [
        ("CreateLogGroup", "RegisterTaskDefinition"),
        ("CreateTargetGroup", "CreateService"),
        ("RegisterTaskDefinition", "CreateService"),
        ("CreateService", "RegisterScalableTarget"),
        ("RegisterScalableTarget", "PutScalingPolicy"),
    ] {
        assert!(
            place(first) < place(second),
            "{first} after {second}: {changes:?}"
        );
    }
    let tags = fake.with(|state| {
        let arn = state.services["shop/web"]["serviceArn"]
            .as_str()
            .expect("an ARN")
            .to_owned();
        state.tags[&arn].clone()
    });
    assert_eq!(tags["pintle:release"], "shop");
    assert_eq!(tags["pintle:namespace"], "live");
    assert_eq!(tags["team"], "a");

    fake.forget();
    stage
        .run("upgrade shop ./shop -n live --always-revision")
        .success();
    assert_eq!(fake.changes(), Vec::<String>::new());
    fake.forget();
    let said = stage.run("upgrade shop ./shop -n live").success();
    assert!(said.contains("is unchanged"), "{said}");
    assert_eq!(fake.changes(), Vec::<String>::new());
    let said = stage
        .run("diff shop ./shop -n live --detailed-exitcode")
        .success();
    assert!(!said.contains("will"), "{said}");
}

#[test]
fn an_upgrade_writes_what_differs_and_nothing_else() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    let before = web(&fake);
    fake.forget();
    stage
        .run("upgrade shop ./shop -n live --set services.web.image=nginx:2")
        .success();
    assert_eq!(fake.changes(), ["RegisterTaskDefinition", "UpdateService"]);
    let input = fake.inputs("UpdateService")[0].clone();
    let after = web(&fake);
    let members: Vec<&String> = input.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["cluster", "service", "taskDefinition"]);
    assert_ne!(before["taskDefinition"], after["taskDefinition"]);

    // Tags are changed apart, and bring no deployment.
    fake.forget();
    stage
        .run("upgrade shop ./shop -n live --set services.web.image=nginx:2,team=b")
        .success();
    assert_eq!(fake.changes(), ["TagResource", "TagResource"]);

    // What was there before and is not wanted any more is said to be empty.
    fake.forget();
    stage
        .run("upgrade shop ./shop -n live --set services.web.image=nginx:2,team=b,balanced=false")
        .success();
    let input = fake.inputs("UpdateService")[0].clone();
    assert_eq!(input["loadBalancers"], json!([]));
    let changes = fake.changes();
    assert_eq!(
        changes,
        ["UpdateService", "DeleteRule", "DeleteTargetGroup"]
    );
}

#[test]
fn a_count_that_a_scaler_sets_and_members_of_others_stay() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    fake.with(|state| {
        let service = state.services.get_mut("shop/web").expect("it is there");
        service["desiredCount"] = json!(4);
        service["runningCount"] = json!(4);
        service["enableExecuteCommand"] = json!(true);
    });
    fake.forget();
    stage
        .run("upgrade shop ./shop -n live --set most=6")
        .success();
    assert_eq!(fake.changes(), ["RegisterScalableTarget"]);
    assert_eq!(web(&fake)["desiredCount"], 4);
    assert_eq!(web(&fake)["enableExecuteCommand"], true);

    // What is ours and was changed is told, and comes back.
    fake.with(|state| {
        let service = state.services.get_mut("shop/web").expect("it is there");
        service["deploymentConfiguration"]["maximumPercent"] = json!(150);
    });
    let said = stage
        .run("diff shop ./shop -n live --set most=6 --detailed-exitcode")
        .ended(2);
    assert_eq!(said, "");
    fake.forget();
    stage
        .run("upgrade shop ./shop -n live --set most=6")
        .success();
    assert_eq!(fake.changes(), ["UpdateService"]);
}

#[test]
fn a_rollback_brings_everything_back_with_the_task_definition_of_then() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    let first = web(&fake)["taskDefinition"].clone();
    stage
        .run("upgrade shop ./shop -n live --set color=blue,most=8,nightly=rate(5_minutes),health=/other,priority=12")
        .success();
    assert_ne!(web(&fake)["taskDefinition"], first);
    fake.forget();
    let said = stage.run("rollback shop 1 -n live").success();
    assert!(said.contains("Rollback was a success"), "{said}");
    let changes = fake.changes();
    assert!(
        !changes.contains(&"RegisterTaskDefinition".to_owned()),
        "{changes:?}"
    );
    assert_eq!(web(&fake)["taskDefinition"], first);
    fake.with(|state| {
        let target = state.targets.values().next().expect("a target");
        assert_eq!(target["MaxCapacity"], 4);
        let schedule = state.schedules.values().next().expect("a schedule");
        assert_eq!(schedule["ScheduleExpression"], "cron(30 2 ? * 2-6 *)");
        let group = state.groups.values().next().expect("a target group");
        assert_eq!(group["HealthCheckPath"], "/ready");
        let rule = state.rules.values().next().expect("a rule");
        assert_eq!(rule["Priority"].as_str().unwrap_or("10"), "10");
    });
    let history = stage.run("history shop -n live").success();
    assert!(history.contains("Rollback to 1"), "{history}");
}

#[test]
fn a_service_that_is_not_wanted_any_more_goes_and_an_uninstall_leaves_the_logs() {
    let (fake, stage) = new();
    stage.write("few.yaml", "services: {worker: null}\nnightly: ''\n");
    stage.run("install shop ./shop -n live").success();
    fake.forget();
    stage
        .run("upgrade shop ./shop -n live -f few.yaml")
        .success();
    let changes = fake.changes();
    let place = |operation: &str| changes.iter().position(|it| it == operation);
    assert!(
        place("DeleteSchedule") < place("DeleteService"),
        "{changes:?}"
    );
    assert!(
        place("DeleteService") < place("DeregisterTaskDefinition"),
        "{changes:?}"
    );
    fake.with(|state| assert_eq!((state.rules.len(), state.event_rules.len()), (1, 0)));
    assert_eq!(families(&fake, "shop-worker"), Vec::<String>::new());
    assert_eq!(families(&fake, "shop-web").len(), 1);

    fake.forget();
    stage.run("uninstall shop -n live").success();
    let changes = fake.changes();
    let place = |operation: &str| changes.iter().position(|it| it == operation);
    assert!(
        place("DeregisterScalableTarget") < place("DeleteService"),
        "{changes:?}"
    );
    assert!(
        place("DeleteService") < place("DeleteTargetGroup"),
        "{changes:?}"
    );
    assert!(
        place("DeleteRule") < place("DeleteTargetGroup"),
        "{changes:?}"
    );
    fake.with(|state| {
        let is_gone = |service: &Value| service["status"] == "INACTIVE";
        assert!(state.services.values().all(is_gone), "{:?}", state.services);
        assert!(state.groups.is_empty() && state.rules.is_empty() && state.targets.is_empty());
        assert_eq!(state.log_groups.len(), 2);
    });
    let said = stage.run("list -n live").success();
    assert!(!said.contains("shop"), "{said}");

    stage
        .run("install shop ./shop -n live -f few.yaml")
        .success();
    stage.run("uninstall shop -n live --delete-logs").success();
    fake.with(|state| assert_eq!(state.log_groups.len(), 1));
}

#[test]
fn what_others_have_made_is_not_taken() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    let said = stage.run("install other ./shop -n live").failure();
    assert!(
        said.contains("cannot be imported into the current release"),
        "{said}"
    );
    assert!(
        said.contains("must equal \"other\": current value is \"shop\""),
        "{said}"
    );
    stage.run("uninstall shop -n live").success();
    let _ = fake;
}

#[test]
fn what_cannot_change_is_replaced_only_where_that_is_said() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    fake.forget();
    let said = stage
        .run("upgrade shop ./shop -n live --set launchType=EC2")
        .failure();
    assert!(said.contains("cannot change its launchType"), "{said}");
    assert!(said.contains("--allow-replace"), "{said}");
    assert_eq!(fake.changes(), Vec::<String>::new());
    stage
        .run("upgrade shop ./shop -n live --set launchType=EC2 --allow-replace")
        .success();
    assert_eq!(web(&fake)["launchType"], "EC2");
}

#[test]
fn commands_that_read_tell_of_the_release() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    fake.forget();
    for (line, words) in [
        ("list -n live", &["shop", "deployed"][..]),
        ("list -A", &["live"]),
        ("status shop -n live", &["deployed", "web"]),
        ("history shop -n live", &["Install complete"]),
        ("get manifest shop -n live", &["kind: TargetGroup"]),
        ("get values shop -n live --all", &["color: red"]),
        ("get notes shop -n live", &["It is there."]),
    ] {
        let said = stage.run(line).success();
        for word in words {
            assert!(said.contains(word), "{line}: {said}");
        }
    }
    assert_eq!(fake.changes(), Vec::<String>::new());
}

#[test]
fn a_plan_is_carried_out_or_refused() {
    let (fake, stage) = new();
    stage.run("install shop ./shop -n live").success();
    stage
        .run("plan shop ./shop -n live --set services.web.image=nginx:2 -o shop.plan")
        .success();
    fake.forget();
    stage.run("apply --plan shop.plan").success();
    assert_eq!(fake.changes(), ["RegisterTaskDefinition", "UpdateService"]);
    stage
        .run("plan shop ./shop -n live --set services.web.image=nginx:3 -o shop.plan")
        .success();
    fake.with(|state| {
        let service = state.services.get_mut("shop/worker").expect("it is there");
        service["deploymentConfiguration"]["maximumPercent"] = json!(150);
    });
    fake.forget();
    let said = stage.run("apply --plan shop.plan").failure();
    assert!(said.contains("does not hold any more"), "{said}");
    assert_eq!(fake.changes(), Vec::<String>::new());
}

#[test]
fn many_services_are_described_ten_at_a_time() {
    let (fake, stage) = new();
    let services: Vec<String> = (0..25)
        .map(|at| format!("  s{at}: {{image: 'nginx:1', count: 1}}\n"))
        .collect();
    let values = format!(
        "services:\n  web: null\n  worker: null\n{}balanced: false\nscaled: false\nnightly: ''\n",
        services.concat()
    );
    stage.write("many.yaml", &values);
    stage
        .run("install shop ./shop -n live -f many.yaml")
        .success();
    fake.forget();
    stage.run("diff shop ./shop -n live -f many.yaml").success();
    assert_eq!(fake.inputs("DescribeServices").len(), 3);
    assert_eq!(fake.inputs("DescribeLogGroups").len(), 1);
    assert_eq!(fake.changes(), Vec::<String>::new());
}
