//! Service templates of AWS Proton: a schema, CloudFormation with Jinja in it, and a spec with inputs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::config::Config;
use super::super::native;
use super::chart::asked;
use super::cloudformation::{self, Template};
use super::{Imported, Variant, chart};
use crate::diag::{Error, Kind};

/// A bundle, and the inputs of one service.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// `schema/schema.yaml`
    pub schema: Value,
    /// Templates of the instance's infrastructure: names and texts.
    pub templates: Vec<(String, String)>,
    /// The spec of a service: `instances`, each with a `spec`.
    pub spec: Value,
    /// What else is in the bundle, and what becomes of it.
    pub others: Vec<(String, String)>,
    /// Name of the service.
    pub service: String,
}

/// Turns a bundle into a chart, with values for each instance of the spec.
///
/// # Errors
/// Jinja that `tera` does not take, texts that are no CloudFormation.
pub fn import(bundle: &Bundle, config: &Config) -> Result<Imported, Error> {
    let instances: Vec<Value> = match bundle.spec["instances"].as_array() {
        Some(instances) if !instances.is_empty() => instances.clone(),
        _ => vec![json!({"name": "default", "environment": "default", "spec": {}})],
    };
    let mut imported = Imported::default();
    let mut variants = Vec::new();
    for instance in &instances {
        let name = instance["name"].as_str().unwrap_or("default");
        let mut documents = Vec::new();
        for (file, text) in &bundle.templates {
            let rendered = render(file, text, &inputs(bundle, instance, text))?;
            let wrong = |error: String| Error::new(Kind::Usage, format!("{file}: {error}"));
            let body = cloudformation::read(rendered.as_bytes()).map_err(wrong)?;
            let template = Template {
                body: &body,
                config,
                prefix: &format!("{}-{name}", bundle.service),
            };
            let resources = template.resources(&mut imported.blocked);
            documents.extend(resources.iter().filter_map(native::document));
        }
        variants.push(Variant {
            name,
            documents: BTreeMap::from([(bundle.service.clone(), documents)]),
        });
    }
    imported.blocked.extend(bundle.others.iter().cloned());
    let mut seen = Vec::new();
    imported.blocked.retain(|row| {
        let is_new = !seen.contains(row);
        seen.push(row.clone());
        is_new
    });
    let about = format!("{}, from a template of AWS Proton", bundle.service);
    imported.files = chart(&bundle.service, &about, &variants);
    imported.report("What the template takes from elsewhere (outputs of its environment, roles, clusters) is asked for in `references` of the values.");
    Ok(imported)
}

/// What Jinja sees: the schema's defaults, the instance's inputs, and for outputs of environments what
/// the values are to say.
fn inputs(bundle: &Bundle, instance: &Value, text: &str) -> Value {
    let schema = &bundle.schema["schema"];
    let kind = schema["service_input_type"].as_str().unwrap_or_default();
    let mut inputs = Map::new();
    let properties = schema["types"][kind]["properties"].as_object();
    for (name, property) in properties.into_iter().flatten() {
        if !property["default"].is_null() {
            inputs.insert(name.clone(), property["default"].clone());
        }
    }
    let said = instance["spec"].as_object().into_iter().flatten();
    inputs.extend(said.map(|(name, value)| (name.clone(), value.clone())));
    let mut of_instance = inputs.clone();
    of_instance.insert("name".into(), instance["name"].clone());
    of_instance.insert("environment".into(), instance["environment"].clone());
    of_instance.insert("inputs".into(), Value::Object(inputs));
    let environment = json!({
        "name": instance["environment"],
        "outputs": wanted(text, "environment.outputs."),
        "inputs": wanted(text, "environment.inputs."),
    });
    let service = json!({"name": bundle.service, "branch_name": "", "repository_id": "", "repository_connection_arn": ""});
    json!({
        "service": service,
        "service_instance": of_instance,
        "environment": environment,
        "proton_tags": [],
    })
}

/// Names that a text takes from behind a word, each as something that is asked for.
fn wanted(text: &str, word: &str) -> Map<String, Value> {
    let mut found = Map::new();
    for part in text.split(word).skip(1) {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &part[..end.unwrap_or(part.len())];
        if !name.is_empty() {
            found.insert(name.to_owned(), asked(&format!("{word}{name}")).into());
        }
    }
    found
}

fn render(name: &str, text: &str, inputs: &Value) -> Result<String, Error> {
    let mut tera = tera::Tera::default();
    tera.autoescape_on(Vec::<&str>::new());
    let rendered = tera::Context::from_serialize(inputs).and_then(|context| {
        tera.add_raw_template(name, text)?;
        tera.render(name, &context)
    });
    rendered.map_err(|error| {
        let message = format!("{name}: {}", error.to_string().trim_end());
        Error::new(Kind::Template, message)
            .with_hint("the part of Jinja that tera knows is taken; write what it does not know in another way")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: '{{ service.name }}_{{ service_instance.name }}'
      Cpu: {{ service_instance.inputs.cpu }}
      ExecutionRoleArn: '{{ environment.outputs.ExecRole }}'
      TaskRoleArn: !Ref TaskRole
      ContainerDefinitions:
        - Name: web
          Image: '{{ service_instance.inputs.image }}'
          PortMappings: [{ContainerPort: {{ service_instance.inputs.port }}}]
          LogConfiguration:
            LogDriver: awslogs
            Options: {awslogs-group: !Ref Logs, awslogs-region: !Ref 'AWS::Region'}
  Service:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: !Sub '${AWS::StackName}-svc'
      Cluster: '{{ environment.outputs.Cluster }}'
      LaunchType: FARGATE
      TaskDefinition: !Ref TaskDefinition
      LoadBalancers: [{ContainerName: web, ContainerPort: 80, TargetGroupArn: !Ref TargetGroup}]
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {RetentionInDays: 7}
  TargetGroup:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      Port: 80
      TargetGroupAttributes: [{Key: deregistration_delay.timeout_seconds, Value: 60}]
      Name: !Join ['-', [a, !Ref 'AWS::NoValue', b]]
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      MinCapacity: 1
      MaxCapacity: 2
      ServiceNamespace: ecs
      ScalableDimension: ecs:service:DesiredCount
      ResourceId: !Join ['/', [service, prod, !GetAtt Service.Name]]
      RoleARN: !GetAtt TaskRole.Arn
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: {PolicyName: cpu, PolicyType: TargetTrackingScaling, ScalingTargetId: !Ref Target}
  TaskRole:
    Type: AWS::IAM::Role
";

    #[test]
    fn a_bundle_becomes_a_chart() {
        let bundle = Bundle {
            schema: json!({"schema": {"service_input_type": "In", "types": {"In": {"properties": {"cpu": {"default": 256}, "port": {"default": 80}}}}}}),
            templates: vec![("cloudformation.yaml".into(), TEMPLATE.into())],
            spec: json!({"instances": [{"name": "prod", "environment": "live", "spec": {"image": "i:1", "port": 8080}}]}),
            others: vec![("pipeline_infrastructure".into(), "elsewhere".into())],
            service: "shop".into(),
        };
        let config = Config {
            region: Some("eu-west-1".into()),
            ..Config::default()
        };
        let imported = import(&bundle, &config).unwrap();
        let names: Vec<&str> = imported
            .blocked
            .iter()
            .map(|(what, _)| what.as_str())
            .collect();
        assert_eq!(
            names,
            ["TaskRole (AWS::IAM::Role)", "pipeline_infrastructure"]
        );
        let files: Vec<crate::chart::File> = imported
            .files
            .iter()
            .filter(|it| {
                it.path.starts_with("templates/")
                    || it.path == "Chart.yaml"
                    || it.path == "values.yaml"
            })
            .map(|it| crate::chart::File {
                name: it.path.clone(),
                data: it.text.clone().into_bytes().into(),
                modified: None,
            })
            .collect();
        let own = imported
            .files
            .iter()
            .find(|it| it.path == "values-prod.yaml")
            .unwrap();
        let answers = "\nreferences: {environment.outputs.ExecRole: 'arn:exec', TaskRole: 'arn:task', environment.outputs.Cluster: live}\n";
        let objects = super::super::tests::render(files, &format!("{}{answers}", own.text));
        let found = super::super::super::convert(&super::super::super::Input {
            objects: &objects,
            config: &config,
            release: "shop",
            namespace: "default",
            today: None,
        });
        assert!(!found.has_errors(), "{:?}", found.diagnostics);
        let of = |kind: &str| {
            let found = found.resources.iter().find(|it| it.kind.ends_with(kind));
            found.unwrap_or_else(|| panic!("no {kind}")).clone()
        };
        let task = of(":TaskDefinition").request;
        assert_eq!(task["family"], "shop_prod");
        assert_eq!(task["cpu"], "256");
        assert_eq!(task["executionRoleArn"], "arn:exec");
        assert_eq!(task["taskRoleArn"], "arn:task");
        assert_eq!(task["containerDefinitions"][0]["image"], "i:1");
        assert_eq!(
            task["containerDefinitions"][0]["portMappings"][0]["containerPort"],
            8080
        );
        let options = &task["containerDefinitions"][0]["logConfiguration"]["options"];
        assert_eq!(
            *options,
            json!({"awslogs-group": "shop-prod-Logs", "awslogs-region": "eu-west-1"})
        );
        let service = of("ecs:Service").request;
        assert_eq!(service["serviceName"], "shop-prod-svc");
        assert_eq!(service["cluster"], "live");
        assert_eq!(
            service["taskDefinition"],
            "${ecs:TaskDefinition/shop_prod.arn}"
        );
        assert_eq!(
            service["loadBalancers"][0]["targetGroupArn"],
            "${elbv2:TargetGroup/a-b.arn}"
        );
        assert_eq!(of(":LogGroup").settings["retentionInDays"], 7);
        assert_eq!(
            of(":TargetGroup").settings["attributes"]["deregistration_delay.timeout_seconds"],
            "60"
        );
        assert_eq!(
            of(":ScalableTarget").request["ResourceId"],
            "service/prod/shop-prod-svc"
        );
        assert_eq!(
            of(":ScalingPolicy").request["ResourceId"],
            "service/prod/shop-prod-svc"
        );
    }

    #[test]
    fn jinja_that_is_wrong_is_told_with_its_file() {
        let bundle = Bundle {
            templates: vec![("x.yaml".into(), "{{ nope.a }}".into())],
            service: "shop".into(),
            ..Bundle::default()
        };
        let error = import(&bundle, &Config::default()).unwrap_err().to_string();
        assert!(error.starts_with("x.yaml: "), "{error}");
    }
}
