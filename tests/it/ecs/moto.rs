//! The same life against moto, which is somebody else's idea of Amazon.

use serde_json::json;

use super::stage::Stage;
use crate::amazon::room::moto::Moto;

const ECS: &str = "AmazonEC2ContainerServiceV20141113";

#[test]
fn moto_takes_the_life_of_a_release() {
    let Some(moto) = Moto::start() else { return };
    moto.ask(
        "ecs",
        &format!("{ECS}.CreateCluster"),
        &json!({"clusterName": "shop"}),
    );
    let stage = Stage::at(moto.url());
    // moto forgets circuit breakers, and its deployments never end: nothing is waited for here.
    let subnets = moto.subnets();
    stage.write(
        "moto.yaml",
        &format!(
            "subnets: [{}]\ngroup: {}\nbreaker: false\nbalanced: false\nnightly: ''\n",
            subnets.0.join(", "),
            subnets.1
        ),
    );
    let variables = [("AWS_REGION", "eu-west-1")];
    let run = |line: &str| stage.run_with(line, &variables);
    run("install shop ./shop -n live -f moto.yaml --wait=hookOnly").success();
    let describe = || {
        let input = json!({"cluster": "shop", "services": ["web", "worker"]});
        moto.ask("ecs", &format!("{ECS}.DescribeServices"), &input)
    };
    let families = || {
        let input = json!({"familyPrefix": "shop-web", "status": "ACTIVE"});
        let said = moto.ask("ecs", &format!("{ECS}.ListTaskDefinitions"), &input);
        said["taskDefinitionArns"].as_array().map_or(0, Vec::len)
    };
    let first = describe()["services"][0]["taskDefinition"].clone();
    assert_eq!(families(), 1);
    let said = run("upgrade shop ./shop -n live -f moto.yaml --wait=hookOnly").success();
    assert!(said.contains("is unchanged"), "{said}");
    run("upgrade shop ./shop -n live -f moto.yaml --set color=blue --wait=hookOnly").success();
    assert_eq!(families(), 2);
    assert_ne!(describe()["services"][0]["taskDefinition"], first);
    run("rollback shop 1 -n live --wait=hookOnly").success();
    assert_eq!(describe()["services"][0]["taskDefinition"], first);
    run("upgrade shop ./shop -n live -f moto.yaml --set services.worker=null --wait=hookOnly")
        .success();
    run("uninstall shop -n live --wait=hookOnly").success();
    let left = describe();
    let left = left["services"].as_array().cloned().unwrap_or_default();
    assert!(left.iter().all(|it| it["status"] != "ACTIVE"), "{left:?}");
}
