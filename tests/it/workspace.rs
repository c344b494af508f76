//! Workspaces of AWS Copilot and projects of ecspresso as input.

use pintle::backend::ecs::desired::canonical;
use serde_json::Value;

use crate::program::{Outcome, Run};

const SETTINGS: &str = "
ecs:
  region: eu-west-1
  account: '111122223333'
  copilot:
    app: shop
    publicSubnets: [subnet-1]
    environmentSecurityGroup: sg-1
    vpcId: vpc-1
    discovery: {namespaceId: ns-1}
    publicAlb: {listenerArn: 'arn:listener', fullName: app/x/1, dnsName: x.example.com}
    roles: {execution: 'arn:exec-{name}', task: 'arn:task-{name}', scheduler: 'arn:scheduler'}
environments:
  prod: {ecs: {cluster: prod}}
  test: {ecs: {cluster: test}}
";

const WEB: &str = "
name: web
type: Load Balanced Web Service
image: {location: 'registry.example.com/web:${TAG}', port: 8080}
http: {path: /}
environments:
  prod: {cpu: 512, memory: 1024, count: {range: 2-4, cpu_percentage: 70}}
";

const JOB: &str = "
name: clean
type: Scheduled Job
image: {location: 'registry.example.com/clean:1'}
on: {schedule: '@daily'}
";

fn workspace(arguments: &[&str]) -> Run {
    Run::pintle(arguments)
        .file("pintle.yaml", SETTINGS)
        .file("copilot/.workspace", "application: shop\n")
        .file("copilot/web/manifest.yml", WEB)
        .file("copilot/web/addons/db.yml", "Resources: {}\n")
        .file("copilot/clean/manifest.yml", JOB)
        .file(
            "copilot/environments/prod/manifest.yml",
            "name: prod\ntype: Environment\n",
        )
        .file(
            "copilot/environments/test/manifest.yml",
            "name: test\ntype: Environment\n",
        )
        .variable("TAG", "v7")
}

fn document(outcome: &Outcome) -> Value {
    serde_json::from_str(outcome.success()).expect("the document is JSON")
}

fn resource<'d>(document: &'d Value, kind: &str, name: &str) -> &'d Value {
    let mut all = document["resources"]
        .as_array()
        .expect("it lists resources")
        .iter();
    let found = all.find(|it| it["kind"] == kind && it["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind}/{name}: {document:#}"))
}

#[test]
fn a_workspace_of_copilot_is_rendered_in_one_environment() {
    for source in [".", "copilot"] {
        let words = ["render", source, "--target", "ecs", "--environment", "prod"];
        let found = document(&workspace(&words).go());
        let task = resource(&found, "ecs:TaskDefinition", "web");
        assert_eq!(task["request"]["family"], "shop-prod-web");
        assert_eq!(task["request"]["cpu"], "512");
        let image = &task["request"]["containerDefinitions"][0]["image"];
        assert_eq!(*image, "registry.example.com/web:v7");
        assert_eq!(
            resource(&found, "ecs:Service", "web")["request"]["cluster"],
            "prod"
        );
        resource(&found, "scheduler:Schedule", "shop-prod-clean");
    }
    let words = [
        "render",
        "copilot/web/manifest.yml",
        "--target",
        "ecs",
        "--environment",
        "test",
    ];
    let found = document(&workspace(&words).go());
    let task = resource(&found, "ecs:TaskDefinition", "web");
    assert_eq!(task["request"]["family"], "shop-test-web");
    assert_eq!(task["request"]["cpu"], "256");
}

#[test]
fn a_workspace_of_copilot_becomes_a_chart() {
    let words = ["ecs", "import", "copilot", ".", "-d", "shop"];
    let imported = workspace(&words).go();
    let told = imported.success();
    for path in [
        "shop/Chart.yaml",
        "shop/templates/web.yaml",
        "shop/values-prod.yaml",
        "shop/pintle.yaml",
        "shop/IMPORT.md",
    ] {
        assert!(told.contains(path), "{told}");
    }
    let read =
        |name: &str| std::fs::read_to_string(imported.path(name)).expect("the import wrote it");
    assert!(
        read("shop/IMPORT.md").contains("web/addons"),
        "{}",
        read("shop/IMPORT.md")
    );
    let mut wanted = Vec::new();
    for environment in ["prod", "test"] {
        let words = [
            "render",
            "copilot",
            "--target",
            "ecs",
            "--environment",
            environment,
        ];
        wanted.push(document(&workspace(&words).go())["resources"].clone());
        let words = [
            "render",
            "shop",
            "--target",
            "ecs",
            "--environment",
            environment,
            "--config",
            "shop/pintle.yaml",
        ];
        let mut run = Run::pintle(&words);
        for name in [
            "Chart.yaml",
            "values.yaml",
            "values-prod.yaml",
            "values-test.yaml",
            "pintle.yaml",
            "templates/web.yaml",
            "templates/clean.yaml",
        ] {
            let name = format!("shop/{name}");
            run = run.file(&name, read(&name));
        }
        let found = document(&run.go());
        let wanted = wanted.last().map(canonical);
        assert_eq!(
            Some(canonical(&found["resources"])),
            wanted,
            "{environment}"
        );
    }
    assert_ne!(wanted[0], wanted[1]);
}

#[test]
fn a_project_of_ecspresso_is_read_in_place() {
    let project = |words: &[&str]| {
        Run::pintle(words)
            .file("app/ecspresso.yml", "cluster: prod\nservice: web\nservice_definition: service.yml\ntask_definition: task.json\n")
            .file("app/service.yml", "launchType: FARGATE\ndesiredCount: 2\n")
            .file("app/task.json", "{\"family\": \"web\", \"containerDefinitions\": [{\"name\": \"web\", \"image\": \"web:{{ must_env `TAG` }}\"}]}")
            .variable("TAG", "v7")
    };
    for source in ["app", "app/ecspresso.yml"] {
        let found = document(&project(&["render", source, "--target", "ecs"]).go());
        let task = resource(&found, "ecs:TaskDefinition", "web");
        assert_eq!(
            task["request"]["containerDefinitions"][0]["image"],
            "web:v7"
        );
        let service = resource(&found, "ecs:Service", "web");
        assert_eq!(service["request"]["desiredCount"], 2);
        assert_eq!(
            service["request"]["taskDefinition"],
            "${ecs:TaskDefinition/web.arn}"
        );
    }
    let imported = project(&["ecs", "import", "ecspresso", "app", "-d", "out"]).go();
    assert!(
        imported.success().contains("out/templates/web.yaml"),
        "{}",
        imported.stdout
    );
}

#[test]
fn what_cannot_be_imported_is_told() {
    let run = |words: &[&str]| workspace(words).go().failure().to_owned();
    let error = run(&["ecs", "import", "compose", "."]);
    assert!(error.contains("\"compose\" cannot be imported"), "{error}");
    let error = run(&["ecs", "import", "copilot", ".", "-d", "copilot"]);
    assert!(error.contains("is not empty"), "{error}");
    let error = run(&["ecs", "import", "ecspresso", "."]);
    assert!(error.contains("there is no ecspresso.yml"), "{error}");
    let error = run(&["ecs", "import", "service"]);
    assert!(error.contains("no service is named"), "{error}");
}
