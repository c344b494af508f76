//! A folder of a case, and what is done with it.

use std::fs;
use std::path::{Path, PathBuf};

use pintle::backend::ecs::{self, Config, Document, Input, copilot};
use serde_json::Value;

use crate::compare;

/// A case.
pub(crate) struct Case {
    /// The folder's name.
    pub(crate) name: String,
    folder: PathBuf,
    /// `case.yaml`.
    about: Value,
}

/// The cases of a folder, by name.
pub(crate) fn load(folder: &Path) -> Result<Vec<Case>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.join("case.yaml").is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            cases.push(Case {
                name: name.into_owned(),
                about: yaml(&path.join("case.yaml"))?,
                folder: path,
            });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    match cases.is_empty() {
        true => Err(format!("{}: there is no case", folder.display())),
        false => Ok(cases),
    }
}

/// The one document of a file.
pub(crate) fn yaml(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut documents = ecs::read(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    documents
        .pop()
        .ok_or_else(|| format!("{}: it is empty", path.display()))
}

/// Mappings are merged by key; everything else is replaced.
pub(crate) fn overlay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                overlay(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

impl Case {
    /// # Errors
    /// Where the document is not the one that is wanted, or a request does not fit the API.
    pub(crate) fn run(&self, places: &[PathBuf]) -> Result<(), String> {
        let config = self.config(places)?;
        let input = fs::read(self.folder.join("in.yaml")).map_err(|error| error.to_string())?;
        let document = self.convert(&config, &input)?;
        let wanted = fs::read_to_string(self.folder.join("want.json"));
        let wanted = wanted.map_err(|error| format!("want.json: {error}"))?;
        let wanted: Value = serde_json::from_str(&wanted).map_err(|error| error.to_string())?;
        compare::documents(&wanted, &document.to_json())?;
        requests_fit(&document)
    }

    fn convert(&self, config: &Config, input: &[u8]) -> Result<Document, String> {
        let text = |name: &str| self.about[name].as_str().unwrap_or_default();
        match text("input") {
            "copilot" => {
                let manifests = ecs::read(input).map_err(|error| error.to_string())?;
                let manifest = manifests.first().ok_or("in.yaml is empty")?;
                let mut config = config.clone();
                let variables = self.about["variables"].as_object().into_iter().flatten();
                let text_of = |value: &Value| value.as_str().map(str::to_owned);
                config.copilot.variables = variables
                    .filter_map(|(name, value)| Some((name.clone(), text_of(value)?)))
                    .collect();
                let input = copilot::Input {
                    manifest,
                    config: &config,
                    environment: text("environment"),
                    today: None,
                };
                copilot::convert(&input).map_err(|error| error.to_string())
            }
            _ => {
                let objects = ecs::read(input).map_err(|error| error.to_string())?;
                Ok(ecs::convert(&Input {
                    objects: &objects,
                    config,
                    release: text("release"),
                    namespace: match text("namespace") {
                        "" => "default",
                        namespace => namespace,
                    },
                    today: None,
                }))
            }
        }
    }

    /// The configuration: a path seen from the case, or a file of this name in one of the places.
    fn config(&self, places: &[PathBuf]) -> Result<Config, String> {
        let mut value = match self.about["config"].as_str() {
            Some(named) => {
                let name = Path::new(named).file_name().unwrap_or_default();
                let mut paths = vec![self.folder.join(named)];
                paths.extend(places.iter().map(|place| place.join(name)));
                let path = paths.iter().find(|path| path.is_file());
                yaml(path.ok_or_else(|| format!("there is no {named}"))?)?
            }
            None => Value::Object(serde_json::Map::new()),
        };
        if !self.about["overrides"].is_null() {
            overlay(&mut value, &self.about["overrides"]);
        }
        let ecs = match value.get_mut("ecs") {
            Some(ecs) => ecs.take(),
            None => Value::Object(serde_json::Map::new()),
        };
        Config::from_json(ecs).map_err(|error| error.to_string())
    }
}

/// Every request fits the shapes of the API.
pub(crate) fn requests_fit(document: &Document) -> Result<(), String> {
    let mut wrong = Vec::new();
    for resource in &document.resources {
        let mut request = resource.request.clone();
        // State machines say what they do beside the request.
        if let Some(definition) = resource.settings.get("definition") {
            request["definition"] = definition.to_string().into();
        }
        for it in ecs::check(&resource.kind, &request) {
            wrong.push(format!(
                "{}/{} {}: {}",
                resource.kind, resource.name, it.path, it.message
            ));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n")),
    }
}
