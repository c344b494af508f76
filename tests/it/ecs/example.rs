//! `charts-examples/bakery` on Amazon ECS, from the values that Kubernetes gets.

use serde_json::json;

use super::stage::Stage;
use crate::amazon::room::fake::{ACCOUNT, Fake};
use crate::program::root;

#[test]
fn one_chart_lives_on_ecs() {
    let fake = Fake::start();
    let stage = Stage::of(&fake);
    let chart = root().join("charts-examples/bakery");
    // The account of the tests in place of one that is made up.
    let config = std::fs::read_to_string(chart.join("pintle.yaml")).expect("a file");
    let config = config
        .replace("123456789012", ACCOUNT)
        .replace("cluster: prod", "cluster: shop")
        .replace("bakery-releases", "state")
        .replace("vpc-0d4", "vpc-1")
        .replace("subnet-0a1, subnet-0b2", "subnet-1, subnet-2")
        .replace("listener/app/bakery/", "listener/app/shop/")
        .replace(
            "environments/",
            &format!("{}/environments/", chart.display()),
        );
    stage.write("pintle.yaml", &config);
    let chart = chart.display();
    let line = format!("{chart} --environment prod --target ecs");
    let said = stage.run(&format!("install desk {line}")).success();
    let notes = "desk takes orders at http://bakery.example.com/";
    assert!(said.contains(notes), "{said}");
    let services = fake.with(|state| state.services.keys().cloned().collect::<Vec<_>>());
    assert_eq!(services, ["shop/desk-web", "shop/desk-worker"]);
    assert_eq!(fake.inputs("RunTask").len(), 1);
    assert_eq!(fake.inputs("CreateSchedule").len(), 1);
    assert_eq!(fake.inputs("PutScalingPolicy").len(), 1);
    let secrets = fake.inputs("CreateSecret").len() + fake.inputs("PutSecretValue").len();
    assert!((1..=2).contains(&secrets), "{secrets}");
    let web = fake.inputs("RegisterTaskDefinition");
    let web = web.iter().find(|it| it["family"] == "shop-desk-web");
    let web = web.expect("the task of the web front");
    assert_eq!(
        web["volumes"][0]["efsVolumeConfiguration"]["fileSystemId"],
        json!("fs-0e5")
    );
    assert!(!web.to_string().contains("for-trying-only"), "{web}");

    let said = stage.run(&format!("upgrade desk {line}")).success();
    assert!(said.contains("is unchanged"), "{said}");
    stage
        .run(&format!(
            "upgrade desk {line} --set settings.LOG_LEVEL=debug"
        ))
        .success();
    stage
        .run("rollback desk 1 --environment prod --target ecs")
        .success();
    stage
        .run("uninstall desk --environment prod --target ecs")
        .success();
    let left = fake.with(|state| {
        let active = |it: &&serde_json::Value| it["status"] == "ACTIVE";
        state.services.values().filter(active).count()
    });
    assert_eq!(left, 0);
}
