//! A workspace of AWS Copilot as a chart.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::config::Config;
use super::super::copilot;
use super::super::desired::{Document, Level, Resource};
use super::super::native;
use super::live::Stack;
use super::{File, Imported, Variant, chart};
use crate::diag::Error;

/// A workspace: what stands in the folder `copilot`.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Name of the application.
    pub app: String,
    /// Manifests of services and jobs.
    pub manifests: Vec<Value>,
    /// What else is there that is not translated: paths, and why.
    pub others: Vec<(String, String)>,
}

/// An environment to import for.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// What `copilot env` created.
    pub config: Config,
    /// What stacks of workloads made, by workload; nothing where the account was not asked.
    pub stacks: BTreeMap<String, Stack>,
}

/// Turns a workspace into a chart with values for each environment.
///
/// # Errors
/// Manifests that name variables which nobody defines.
pub fn import(workspace: &Workspace, environments: &[Environment]) -> Result<Imported, Error> {
    let mut imported = Imported::default();
    let mut variants = Vec::new();
    for environment in environments {
        let mut documents = BTreeMap::new();
        for manifest in &workspace.manifests {
            let name = manifest["name"].as_str().unwrap_or_default();
            let found = convert(manifest, environment)?;
            tell(&found, environment, &mut imported.blocked);
            let found = match environment.stacks.get(name) {
                Some(stack) => adopt(found, stack),
                None => found,
            };
            let natives: Vec<Value> = found
                .resources
                .iter()
                .filter_map(native::document)
                .collect();
            if !natives.is_empty() {
                documents.insert(name.to_owned(), natives);
            }
        }
        variants.push(Variant {
            name: &environment.name,
            documents,
        });
    }
    imported.blocked.extend(workspace.others.iter().cloned());
    imported.blocked.dedup();
    let about = format!(
        "The services and jobs of {}, from AWS Copilot",
        workspace.app
    );
    imported.files = chart(&workspace.app, &about, &variants);
    imported.files.push(File {
        path: "pintle.yaml".into(),
        text: settings(environments),
    });
    imported.report(
        "Before Copilot's stacks are deleted, give the resources in them `DeletionPolicy: Retain`: a stack takes everything along that it made. \
         The first `pintle upgrade` finds services, families, target groups and rules by their names and changes only what differs.\n\n\
         Keep the tags `copilot-application` and `copilot-environment` on secrets: the execution roles read only those.",
    );
    Ok(imported)
}

/// One workload, with what its stack made in place of what the configuration says.
fn convert(manifest: &Value, environment: &Environment) -> Result<Document, Error> {
    let name = manifest["name"].as_str().unwrap_or_default();
    let mut config = environment.config.clone();
    if let Some(stack) = environment.stacks.get(name) {
        let known = &mut config.copilot;
        let role = |role: &Option<String>| {
            let account = environment.config.account.as_deref().unwrap_or_default();
            let partition = environment.config.partition();
            role.as_ref()
                .map(|role| format!("arn:{partition}:iam::{account}:role/{role}"))
        };
        let [execution, task, machine] = &stack.roles;
        known.roles.execution = role(execution).or(known.roles.execution.take());
        known.roles.task = role(task).or(known.roles.task.take());
        if let Some(machine) = role(machine) {
            known.roles_stepfunctions.insert(name.to_owned(), machine);
        }
        for (container, image) in &stack.images {
            let key = match container == name {
                true => name.to_owned(),
                false => format!("{name}/{container}"),
            };
            known.images.entry(key).or_insert_with(|| image.clone());
        }
        for (index, priority) in stack.priorities.iter().enumerate() {
            known
                .priorities
                .insert(format!("{name}-{index}"), *priority);
        }
        if let Some(queue) = &stack.queue {
            known
                .queue_uris
                .entry(name.to_owned())
                .or_insert_with(|| queue.clone());
        }
        if let (Some(point), Some(system)) = (&stack.access_point, &known.managed) {
            known
                .file_systems
                .insert(name.to_owned(), format!("{system}::{point}"));
        }
    }
    copilot::convert(&copilot::Input {
        manifest,
        config: &config,
        environment: &environment.name,
        today: None,
    })
}

fn tell(found: &Document, environment: &Environment, blocked: &mut Vec<(String, String)>) {
    for it in &found.diagnostics {
        let level = match it.level {
            Level::Error => "not imported: ",
            Level::Warning => "",
            Level::Info => continue,
        };
        let what = format!(
            "{} {} in {} ({})",
            it.object,
            it.path,
            environment.name,
            it.code_text()
        );
        let row = (what, format!("{level}{}", it.message));
        if !blocked.contains(&row) {
            blocked.push(row);
        }
    }
}

/// Gives resources the names that those of the stack have.
fn adopt(mut document: Document, stack: &Stack) -> Document {
    let mut names = BTreeMap::new();
    let groups = document
        .resources
        .iter()
        .filter(|it| it.kind == "elbv2:TargetGroup");
    for (resource, live) in groups.zip(&stack.groups) {
        names.insert(resource.name.clone(), live.clone());
    }
    let service = document
        .resources
        .iter()
        .find(|it| it.kind == "ecs:Service")
        .and_then(|it| it.request["serviceName"].as_str())
        .map(str::to_owned);
    for resource in &mut document.resources {
        rename(resource, &names);
        if let (Some(own), Some(live)) = (&service, &stack.service) {
            serve(resource, own, live);
        }
    }
    document
}

/// Target groups by the names that they have.
fn rename(resource: &mut Resource, names: &BTreeMap<String, String>) {
    for (own, live) in names {
        if resource.kind == "elbv2:TargetGroup" && resource.name == *own {
            resource.name.clone_from(live);
            resource.request["Name"] = live.as_str().into();
            return;
        }
    }
    let mut request = resource.request.take();
    replace(&mut request, &|text| {
        let mut text = text.to_owned();
        for (own, live) in names {
            let (own, live) = (
                format!("${{elbv2:TargetGroup/{own}."),
                format!("${{elbv2:TargetGroup/{live}."),
            );
            text = text.replace(&own, &live);
        }
        text
    });
    resource.request = request;
}

/// The service by the name that it has, and what scales it.
fn serve(resource: &mut Resource, own: &str, live: &str) {
    match resource.kind.as_str() {
        "ecs:Service" => resource.request["serviceName"] = live.into(),
        "application-autoscaling:ScalableTarget" | "application-autoscaling:ScalingPolicy" => {
            let mut request = resource.request.take();
            let id = request["ResourceId"].as_str().unwrap_or_default();
            if let Some(cluster) = id.strip_suffix(&format!("/{own}")) {
                request["ResourceId"] = format!("{cluster}/{live}").into();
            }
            dimension(&mut request, own, live);
            resource.request = request;
        }
        "cloudwatch:Alarm" => {
            let mut request = resource.request.take();
            dimension(&mut request, own, live);
            resource.request = request;
        }
        _ => {}
    }
}

/// `{Name: ServiceName, Value: own}`, wherever it stands.
fn dimension(value: &mut Value, own: &str, live: &str) {
    match value {
        Value::Object(map) => {
            if map.get("Name").is_some_and(|it| it == "ServiceName")
                && map.get("Value").is_some_and(|it| it == own)
            {
                map.insert("Value".into(), live.into());
            }
            map.values_mut()
                .for_each(|value| dimension(value, own, live));
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|value| dimension(value, own, live)),
        _ => {}
    }
}

fn replace(value: &mut Value, by: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = by(text),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, by)),
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, by)),
        _ => {}
    }
}

/// The configuration beside the chart: where each environment is.
fn settings(environments: &[Environment]) -> String {
    let mut all = Map::new();
    for environment in environments {
        let config = &environment.config;
        let mut ecs = Map::new();
        for (name, value) in [
            ("region", &config.region),
            ("account", &config.account),
            ("partition", &config.partition),
            ("cluster", &config.cluster),
        ] {
            if let Some(value) = value {
                ecs.insert(name.into(), value.as_str().into());
            }
        }
        let values = format!("values-{}.yaml", environment.name);
        all.insert(
            environment.name.clone(),
            json!({"values": [values], "ecs": ecs}),
        );
    }
    super::chart::block(&json!({"target": "ecs", "environments": all}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::ecs::desired::canonical;

    fn environment(name: &str) -> Environment {
        let config = json!({
            "region": "eu-west-1", "account": "111122223333", "cluster": format!("c-{name}"),
            "copilot": {
                "app": "shop", "publicSubnets": [format!("subnet-{name}")], "environmentSecurityGroup": "sg",
                "vpcId": "vpc-1", "discovery": {"namespaceId": "ns-1"},
                "publicAlb": {"listenerArn": "arn:listener", "fullName": "app/x/1", "dnsName": "x.example.com"},
                "roles": {"execution": "arn:e", "task": "arn:t", "scheduler": "arn:s"},
            },
        });
        Environment {
            name: name.to_owned(),
            config: Config::from_json(config).unwrap(),
            stacks: BTreeMap::new(),
        }
    }

    fn workspace() -> Workspace {
        Workspace {
            app: "shop".into(),
            manifests: vec![
                json!({
                    "name": "front-end", "type": "Load Balanced Web Service", "http": {"path": "/"},
                    "image": {"location": "nginx:1", "port": 80, "healthcheck": {"retries": 3}},
                    "variables": {"A": "{{ x }}"},
                    "environments": {"prod": {
                        "cpu": 512, "memory": 1024, "exec": true,
                        "variables": {"A": "b"}, "storage": {"ephemeral": 30},
                        "count": {"range": "2-4", "cpu_percentage": 70},
                    }},
                }),
                json!({"name": "job", "type": "Scheduled Job", "image": {"location": "job:1"}, "on": {"schedule": "@daily"}, "retries": 2}),
            ],
            others: vec![("copilot/front-end/addons".into(), "say it elsewhere".into())],
        }
    }

    /// What the chart gives, rendered with the values of an environment.
    fn rendered(imported: &Imported, environment: &Environment) -> Document {
        let text = |path: &str| {
            let found = imported.files.iter().find(|it| it.path == path);
            found.unwrap_or_else(|| panic!("no {path}")).text.clone()
        };
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
        let objects =
            super::super::tests::render(files, &text(&format!("values-{}.yaml", environment.name)));
        super::super::super::convert(&super::super::super::Input {
            objects: &objects,
            config: &environment.config,
            release: "shop",
            namespace: "default",
            today: None,
        })
    }

    #[test]
    fn the_chart_gives_what_the_manifests_give_in_each_environment() {
        let environments = ["test", "prod"].map(|name| {
            let mut environment = environment(name);
            environment
                .config
                .copilot
                .roles_stepfunctions
                .insert("job".into(), "arn:m".into());
            environment
        });
        let imported = import(&workspace(), &environments).unwrap();
        for environment in &environments {
            let mut wanted = Vec::new();
            for manifest in &workspace().manifests {
                wanted.extend(convert(manifest, environment).unwrap().resources);
            }
            let found = rendered(&imported, environment);
            assert!(!found.has_errors(), "{:?}", found.diagnostics);
            // 70 and 70.0 are one number.
            let plain = |resources: &[Resource]| {
                let document = Document {
                    diagnostics: Vec::new(),
                    resources: resources.to_vec(),
                };
                canonical(&document.to_json()["resources"])
            };
            assert_eq!(
                plain(&found.resources),
                plain(&wanted),
                "{}",
                environment.name
            );
        }
        assert_eq!(
            imported.blocked,
            [(
                "copilot/front-end/addons".to_owned(),
                "say it elsewhere".to_owned()
            )]
        );
        let settings = imported
            .files
            .iter()
            .find(|it| it.path == "pintle.yaml")
            .unwrap();
        assert!(
            settings.text.contains("cluster: \"c-prod\""),
            "{}",
            settings.text
        );
    }

    #[test]
    fn what_the_stack_made_keeps_its_name() {
        let mut prod = environment("prod");
        prod.stacks.insert(
            "front-end".into(),
            Stack {
                service: Some("live-service".into()),
                roles: [Some("live-exec".into()), None, None],
                groups: vec!["live-group".into()],
                priorities: vec![77],
                ..Stack::default()
            },
        );
        let imported = import(&workspace(), &[prod.clone()]).unwrap();
        let found = rendered(&imported, &prod);
        let of = |kind: &str| {
            let found = found.resources.iter().find(|it| it.kind.ends_with(kind));
            found.unwrap_or_else(|| panic!("no {kind}")).clone()
        };
        assert_eq!(of("ecs:Service").request["serviceName"], "live-service");
        assert_eq!(
            of("ecs:Service").request["loadBalancers"][0]["targetGroupArn"],
            "${elbv2:TargetGroup/live-group.arn}"
        );
        assert_eq!(of(":TargetGroup").request["Name"], "live-group");
        assert_eq!(of(":ListenerRule").request["Priority"], 77);
        assert_eq!(
            of(":ScalableTarget").request["ResourceId"],
            "service/c-prod/live-service"
        );
        assert_eq!(
            of(":TaskDefinition").request["executionRoleArn"],
            "arn:aws:iam::111122223333:role/live-exec"
        );
        assert_eq!(
            of(":TaskDefinition").request["family"],
            "shop-prod-front-end"
        );
    }
}
