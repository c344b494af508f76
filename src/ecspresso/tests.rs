use super::*;
use crate::world::Real;

struct Fake;

impl Amazon for Fake {
    fn ask(&self, _: &Service, operation: &str, input: &Value) -> Result<Value, Error> {
        Ok(match operation {
            "GetParameter" => {
                json!({"Parameter": {"Type": "StringList", "Value": format!("{},b", input["Name"].as_str().unwrap_or_default())}})
            }
            "DescribeSecret" => json!({"ARN": "arn:aws:secretsmanager:r:1:secret:db-AbCdEf"}),
            "DescribeStacks" => {
                json!({"Stacks": [{"Outputs": [{"OutputKey": "K", "OutputValue": "out"}]}]})
            }
            "ListExports" if input["NextToken"].is_null() => {
                json!({"Exports": [], "NextToken": "t"})
            }
            "ListExports" => json!({"Exports": [{"Name": "E", "Value": "exported"}]}),
            other => {
                return Err(Error::new(
                    Kind::Network,
                    format!("{other} was not expected"),
                ));
            }
        })
    }

    fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Error> {
        let state =
            json!({"version": 4, "outputs": {"where": {"value": format!("{bucket}/{key}")}}});
        Ok(state.to_string().into_bytes())
    }
}

fn project(files: &[(&str, &str)]) -> Result<Project, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path = find(folder.path()).unwrap();
    let variables = [("TAG", "v1"), ("QUOTED", "a\"b")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let world = Real::new().with_variables(variables.into_iter().collect());
    let outside = Outside {
        world: &world,
        amazon: Arc::new(Fake),
    };
    load(&path, &outside).map_err(|error| error.to_string())
}

const CONFIG: &str = "region: eu-west-1\ncluster: prod\nservice: web\nservice_definition: service.json\ntask_definition: task.json\n\
    plugins:\n- {name: tfstate, config: {path: terraform.tfstate}}\n- {name: tfstate, func_prefix: far_, config: {url: 's3://b/k'}}\n";
const STATE: &str = r#"{"version": 4, "outputs": {"role": {"value": "arn:role"}, "subnet-a": {"value": ["s-1", "s-2"]}}}"#;

#[test]
fn a_project_becomes_native_documents() {
    let task = r#"{"taskDefinition": {"family": "web", "executionRoleArn": "{{ tfstate `output.role` }}",
        "containerDefinitions": [{"name": "web", "image": "i:{{ must_env `TAG` }}", "environment": [
            {"name": "A", "value": "{{ env `NOPE` `fallback` }}"},
            {"name": "B", "value": "{{ must_env `QUOTED` | json_escape }}"},
            {"name": "C", "value": "{{ ssm `/p` }}"},
            {"name": "D", "value": "{{ ssm `/p` 1 }}"},
            {"name": "E", "value": "{{ cfn_output `s` `K` }} {{ cfn_export `E` }}"},
            {"name": "F", "value": "{{ far_tfstate `output.where` }}"}],
            "secrets": [{"name": "S", "valueFrom": "{{ secretsmanager_arn `db` }}:k::"}]}],
        "revision": 3, "status": "ACTIVE"}}"#;
    let service = r#"{"launchType": "FARGATE", "deploymentController": {"type": "ECS"}, "networkConfiguration": {"awsvpcConfiguration": {
        "subnets": ["{{ tfstatef `output.%s[%d]` `subnet-a` 1 }}"]}}}"#;
    let found = project(&[
        ("ecspresso.yml", CONFIG),
        ("task.json", task),
        ("service.json", service),
        ("terraform.tfstate", STATE),
    ])
    .unwrap();
    let documents = found.documents();
    assert_eq!(
        documents[0]["spec"],
        json!({
            "family": "web", "executionRoleArn": "arn:role",
            "containerDefinitions": [{
                "name": "web", "image": "i:v1",
                "environment": [
                    {"name": "A", "value": "fallback"},
                    {"name": "B", "value": "a\"b"},
                    {"name": "C", "value": "/p,b"},
                    {"name": "D", "value": "b"},
                    {"name": "E", "value": "out exported"},
                    {"name": "F", "value": "b/k"},
                ],
                "secrets": [{"name": "S", "valueFrom": "arn:aws:secretsmanager:r:1:secret:db-AbCdEf:k::"}],
            }],
        })
    );
    assert_eq!(
        documents[1]["spec"],
        json!({
            "cluster": "prod", "serviceName": "web", "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s-2"]}},
            "taskDefinition": "${ecs:TaskDefinition/web.arn}",
            "desiredCount": 0, "createOnly": ["desiredCount"],
        })
    );
    let config = ecs::Config::default();
    let document = ecs::convert(&ecs::Input {
        objects: &documents,
        config: &config,
        release: "web",
        namespace: "default",
        today: None,
    });
    assert!(
        document.diagnostics.is_empty(),
        "{:?}",
        document.diagnostics
    );
    let kinds: Vec<&str> = document
        .resources
        .iter()
        .map(|it| it.kind.as_str())
        .collect();
    assert_eq!(kinds, ["ecs:TaskDefinition", "ecs:Service"]);
}

#[test]
fn what_cannot_be_read_is_told_with_its_file() {
    for (files, want) in [
        (
            vec![
                ("ecspresso.yml", "task_definition: a.jsonnet\n"),
                ("a.jsonnet", "{}"),
            ],
            "Jsonnet is not read",
        ),
        (
            vec![("ecspresso.yml", "cluster: x\n")],
            "names neither task_definition",
        ),
        (
            vec![("ecspresso.yml", "task_definition: a.json\n")],
            "a.json: no such file",
        ),
        (
            vec![
                ("ecspresso.yml", "task_definition: a.json\n"),
                ("a.json", "{\"family\": \"{{ must_env `NOPE` }}\"}"),
            ],
            "environment variable NOPE is not defined",
        ),
        (
            vec![
                ("ecspresso.yml", "task_definition: a.json\n"),
                ("a.json", "{\"family\": \"{{ tfstate `output.x` }}\"}"),
            ],
            "names no state",
        ),
        (
            vec![
                (
                    "ecspresso.yml",
                    "task_definition: a.json\nplugins: [{name: nope}]\n",
                ),
                ("a.json", "{}"),
            ],
            "there is no plugin \"nope\"",
        ),
    ] {
        let error = project(&files).unwrap_err();
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn what_means_nothing_here_is_listed() {
    let config = "task_definition: a.json\nappspec: {Hooks: []}\nrequired_version: '>= 2'\nignore: {tags: [x]}\n";
    let found = project(&[("ecspresso.yml", config), ("a.json", r#"{"family": "f"}"#)]).unwrap();
    let names: Vec<&str> = found.left.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["appspec", "required_version", "ignore.tags"]);
    assert_eq!(found.name(), "f");
    assert_eq!(found.cluster, "default");
}
