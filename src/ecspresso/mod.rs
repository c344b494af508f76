//! Projects of ecspresso: `ecspresso.yml`, the definitions that it names, and the functions of their
//! templates (ecspresso 2.6).
//!
//! A project becomes native documents ([`Project::documents`]), which are deployed, compared and recorded
//! like those of a chart. Jsonnet is not read.

#[cfg(feature = "ecs")]
mod account;
mod function;
mod state;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::backend::ecs;
use crate::backend::ecs::import::service;
use crate::diag::{Error, Kind, Source};
use crate::go::os;
use crate::net::aws::Service;
use crate::template::{Environment, Options, Set};
use crate::world::World;

/// Names that a project's configuration may have, as ecspresso looks for them.
pub const NAMES: &[&str] = &[
    "ecspresso.yml",
    "ecspresso.yaml",
    "ecspresso.json",
    "ecspresso.jsonnet",
];

/// Whoever asks Amazon's services for the functions of templates.
pub trait Amazon: Send + Sync {
    /// Asks a service.
    ///
    /// # Errors
    /// What it says.
    fn ask(&self, service: &Service, operation: &str, input: &Value) -> Result<Value, Error>;

    /// What is in an object of S3.
    ///
    /// # Errors
    /// What S3 says.
    fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>, Error>;
}

#[cfg(feature = "ecs")]
pub use account::Account;

/// What templates may see outside.
#[derive(Clone)]
pub struct Outside<'a> {
    /// The environment.
    pub world: &'a dyn World,
    /// Amazon's services.
    pub amazon: Arc<dyn Amazon>,
}

/// A project that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// Region, where the configuration names one.
    pub region: Option<String>,
    /// The cluster; `default` where none is named.
    pub cluster: String,
    /// The service; empty where there is only a task definition.
    pub service: String,
    /// The service definition, as it is written.
    pub service_definition: Option<Value>,
    /// The task definition, as it is written.
    pub task_definition: Option<Value>,
    /// Keys of tags that others own.
    pub ignored_tags: Vec<String>,
    /// Members of the configuration that mean nothing here, and why.
    pub left: Vec<(String, String)>,
}

/// What functions of templates find behind their caller.
struct Host {
    folder: PathBuf,
    amazon: Arc<dyn Amazon>,
    /// Where Terraform's states are, by the prefix of functions.
    places: BTreeMap<String, String>,
    states: Mutex<BTreeMap<String, Value>>,
}

/// The account of the environment, in a region and at an address where they are not empty; in a build
/// without ECS, one that answers nothing.
pub fn account(world: &dyn World, region: &str, endpoint: &str) -> Arc<dyn Amazon> {
    #[cfg(feature = "ecs")]
    return Arc::new(Account::new(world, region, endpoint));
    #[cfg(not(feature = "ecs"))]
    {
        let _ = (world, region, endpoint);
        Arc::new(Nobody)
    }
}

/// Stands for an account in builds that cannot ask one.
#[cfg(not(feature = "ecs"))]
struct Nobody;

#[cfg(not(feature = "ecs"))]
impl Amazon for Nobody {
    fn ask(&self, _: &Service, _: &str, _: &Value) -> Result<Value, Error> {
        Err(Error::new(Kind::Usage, "this pintle was built without ECS"))
    }

    fn object(&self, _: &str, _: &str) -> Result<Vec<u8>, Error> {
        Err(Error::new(Kind::Usage, "this pintle was built without ECS"))
    }
}

/// The configuration that a path names: itself, or that of a folder.
pub fn find(path: &Path) -> Option<PathBuf> {
    let is_named = |name: &str| NAMES.contains(&name);
    if path.is_file() {
        let name = path.file_name().and_then(|name| name.to_str());
        return name.filter(|name| is_named(name)).map(|_| path.to_owned());
    }
    NAMES
        .iter()
        .map(|name| path.join(name))
        .find(|path| path.is_file())
}

/// Reads a project.
///
/// # Errors
/// Files that cannot be read, templates that fail, with the file.
pub fn load(path: &Path, outside: &Outside<'_>) -> Result<Project, Error> {
    let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
    let mut host = Host {
        folder: folder.clone(),
        amazon: Arc::clone(&outside.amazon),
        places: BTreeMap::new(),
        states: Mutex::default(),
    };
    let world = outside.world;
    let config = read(path, &host, world)?;
    host.places = places(&config, path)?;
    let text = |name: &str| config[name].as_str().map(str::to_owned);
    let definition = |name: &str| -> Result<Option<Value>, Error> {
        let Some(file) = text(name) else {
            return Ok(None);
        };
        read(&folder.join(file), &host, world).map(Some)
    };
    let mut project = Project {
        region: text("region"),
        cluster: text("cluster").unwrap_or_else(|| "default".to_owned()),
        service: text("service").unwrap_or_default(),
        service_definition: definition("service_definition")?,
        task_definition: definition("task_definition")?,
        ..Project::default()
    };
    let tags = config["ignore"]["tags"].as_array();
    let tags = tags.into_iter().flatten().filter_map(Value::as_str);
    project.ignored_tags = tags.map(str::to_owned).collect();
    for (name, why) in [
        (
            "appspec",
            "hooks of CodeDeploy; deployments are those of ECS: `deploymentConfiguration.lifecycleHooks`",
        ),
        (
            "codedeploy",
            "deployments are those of ECS: `deploymentConfiguration.strategy: BLUE_GREEN`",
        ),
        (
            "required_version",
            "it is ecspresso's version, and is not compared",
        ),
        ("filter_command", "nothing is chosen from lists"),
    ] {
        if !config[name].is_null() {
            project.left.push((name.to_owned(), why.to_owned()));
        }
    }
    if !project.ignored_tags.is_empty() {
        let why = "set ecs.ignore.tags in pintle.yaml";
        project
            .left
            .push(("ignore.tags".to_owned(), why.to_owned()));
    }
    if project.task_definition.is_none() && project.service_definition.is_none() {
        let message = format!(
            "{}: names neither task_definition nor service_definition",
            path.display()
        );
        return Err(Error::new(Kind::Usage, message));
    }
    Ok(project)
}

/// Where Terraform's states are.
fn places(config: &Value, path: &Path) -> Result<BTreeMap<String, String>, Error> {
    let mut places = BTreeMap::new();
    for plugin in config["plugins"].as_array().into_iter().flatten() {
        let name = plugin["name"].as_str().unwrap_or_default();
        let prefix = plugin["func_prefix"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        match name {
            "tfstate" => {
                let place = ["url", "path"]
                    .into_iter()
                    .find_map(|it| plugin["config"][it].as_str());
                let place = place.ok_or_else(|| {
                    let message = format!(
                        "{}: the plugin tfstate needs a config with path or url",
                        path.display()
                    );
                    Error::new(Kind::Usage, message)
                })?;
                places.insert(prefix, place.to_owned());
            }
            "cloudformation" | "ssm" | "secretsmanager" => {
                // These need no place; with a prefix they have other names.
                places.entry(prefix).or_default();
            }
            other => {
                let message = format!("{}: there is no plugin {other:?}", path.display());
                return Err(Error::new(Kind::Usage, message)
                    .with_hint("tfstate, cloudformation, ssm and secretsmanager are known"));
            }
        }
    }
    Ok(places)
}

/// A file of JSON or YAML, rendered first.
fn read(path: &Path, host: &Host, world: &dyn World) -> Result<Value, Error> {
    let shown = path.to_string_lossy().into_owned();
    if shown.ends_with(".jsonnet") || shown.ends_with(".libsonnet") {
        let message = format!("{shown}: Jsonnet is not read");
        return Err(Error::new(Kind::Usage, message)
            .with_hint("write it as JSON once: jsonnet FILE.jsonnet > FILE.json"));
    }
    let text = fs::read(path)
        .map_err(|error| Error::new(Kind::Io, os::path_error("open", &*shown, &error)))?;
    let text = render(&shown, &text, host, world)?;
    let wrong =
        |error: &dyn std::fmt::Display| Error::new(Kind::Usage, format!("{shown}: {error}"));
    let mut documents = ecs::read(&text).map_err(|error| wrong(&error))?;
    match documents.len() {
        1 => Ok(documents.remove(0)),
        count => Err(wrong(&format!("holds {count} documents instead of one"))),
    }
}

fn render(name: &str, text: &[u8], host: &Host, world: &dyn World) -> Result<Vec<u8>, Error> {
    if memchr::memmem::find(text, b"{{").is_none() {
        return Ok(text.to_vec());
    }
    let text = function::unprefixed(&String::from_utf8_lossy(text), host.places.keys());
    let mut set = Set::new(&function::FUNCTIONS, Options::default());
    let wrong = |error: &dyn std::fmt::Display| Error::new(Kind::Template, error.to_string());
    set.parse(name, &Source::new(name, text))
        .map_err(|error| wrong(&error))?;
    let environment = Environment { world, host };
    let mut out = Vec::new();
    set.execute(name, &crate::value::Value::Nil, &environment, &mut out)
        .map_err(|error| wrong(&error))?;
    Ok(out)
}

impl Project {
    /// The name of a chart of this project.
    pub fn name(&self) -> String {
        let family = self
            .task_definition
            .as_ref()
            .map(family)
            .unwrap_or_default();
        match self.service.is_empty() {
            true => family,
            false => self.service.clone(),
        }
    }

    /// The native documents that make what the project says.
    pub fn documents(&self) -> Vec<Value> {
        let document = |kind: &str, name: &str, spec: Value| {
            json!({
                "apiVersion": "ecs.pintle.dev/v1",
                "kind": kind,
                "metadata": {"name": name},
                "spec": spec,
            })
        };
        let mut documents = Vec::new();
        let name = self.task_definition.as_ref().map(family);
        if let (Some(definition), Some(name)) = (&self.task_definition, &name) {
            documents.push(document(
                "TaskDefinition",
                name,
                service::task_definition(definition),
            ));
        }
        if let (Some(definition), false) = (&self.service_definition, self.service.is_empty()) {
            let mut spec = service::service(definition, name.as_deref());
            spec["cluster"] = self.cluster.as_str().into();
            spec["serviceName"] = self.service.as_str().into();
            // As ecspresso: what is not said is left to whoever scales, and begins with nothing.
            let is_daemon = spec["schedulingStrategy"] == "DAEMON";
            if spec["desiredCount"].is_null() && !is_daemon {
                spec["desiredCount"] = 0.into();
                spec["createOnly"] = json!(["desiredCount"]);
            }
            documents.push(document("Service", &self.service, spec));
        }
        documents
    }
}

fn family(definition: &Value) -> String {
    let inner = match &definition["taskDefinition"] {
        inner @ Value::Object(_) => inner,
        _ => definition,
    };
    inner["family"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
