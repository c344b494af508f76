//! What holds, and where it was set: flags, then `PINTLE_*` variables, then Helm's variables, then
//! `pintle.yaml`, its environment before the rest of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::config::{self, Loaded};
use super::environment::Environment;
use super::run;
use crate::backend::ecs;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::os;

/// One setting.
struct Held {
    name: &'static str,
    value: Value,
    origin: String,
}

enum Value {
    Text(String),
    List(Vec<(String, String)>),
}

/// The settings that hold.
#[derive(Default)]
pub(super) struct Settings {
    held: Vec<Held>,
    ecs: ecs::Config,
    ecs_by_environment: BTreeMap<String, ecs::Config>,
}

impl Settings {
    /// Finds `pintle.yaml` and makes what it says the defaults of `flags`.
    ///
    /// # Errors
    /// What is wrong with the file, or that it lacks the environment.
    pub(super) fn resolve(
        flags: &mut FlagSet,
        environment: &Environment,
    ) -> Result<Settings, Error> {
        let loaded = Settings::load(flags)?;
        let mut settings = Settings::default();
        let loaded = loaded.as_ref();
        let chosen = settings.environment(flags, environment, loaded);
        if !chosen.is_empty() {
            match loaded {
                Some(loaded) => {
                    loaded.environment(&chosen)?;
                }
                None => {
                    let message = format!(
                        "there is no {} that could have an environment {chosen:?}",
                        config::NAME
                    );
                    return Err(Error::new(Kind::Usage, message));
                }
            }
        }
        let layers = Layers {
            loaded,
            chosen: &chosen,
        };
        settings.text(flags, environment, &layers, "namespace", "namespace");
        settings.text(flags, environment, &layers, "kubeVersion", "kube-version");
        settings.text(flags, environment, &layers, "target", "target");
        let crds = layers.find("crds", |_| None, |all| all.crds);
        let crds = crds.map(|(crds, place)| (crds.word().to_owned(), place));
        settings.hold(flags, environment, ("crds", run::CRDS), crds);
        let slim = layers.find("slimRecords", |_| None, |all| all.slim_records);
        let slim = slim.map(|(slim, place)| (slim.to_string(), place));
        settings.hold(flags, environment, ("slimRecords", run::SLIM), slim);
        settings.ecs = layers.ecs()?;
        settings.ecs.copilot.variables = environment.all();
        let environments = loaded.and_then(|loaded| loaded.config.environments.as_ref());
        for name in environments.into_iter().flat_map(|all| all.keys()) {
            let layers = Layers {
                loaded,
                chosen: name,
            };
            let mut ecs = layers.ecs()?;
            ecs.copilot.variables = environment.all();
            settings.ecs_by_environment.insert(name.clone(), ecs);
        }
        // Whoever connects finds it there; a second resolution says the same.
        let _ = environment.ecs.set(Box::new(settings.ecs.clone()));
        settings.api_versions(flags, environment, &layers);
        settings.values(flags, &layers);
        Ok(settings)
    }

    /// The file that `--config` names, or the one that is found from here upwards.
    fn load(flags: &FlagSet) -> Result<Option<Loaded>, Error> {
        Ok(match flags.text("config") {
            "" => {
                let here = std::env::current_dir()
                    .map_err(|error| Error::new(Kind::Io, os::path_error("getwd", ".", &error)))?;
                config::find(&here)?
            }
            path => Some(config::load(Path::new(path))?),
        })
    }

    /// Reads what holds for Amazon ECS alone, where all else is known already.
    ///
    /// # Errors
    /// As [`Settings::resolve`].
    pub(super) fn find_ecs(flags: &FlagSet, environment: &Environment) -> Result<(), Error> {
        let loaded = Settings::load(flags)?;
        let mut settings = Settings::default();
        let loaded = loaded.as_ref();
        let chosen = settings.environment(flags, environment, loaded);
        let layers = Layers {
            loaded,
            chosen: &chosen,
        };
        let mut ecs = layers.ecs()?;
        ecs.copilot.variables = environment.all();
        let _ = environment.ecs.set(Box::new(ecs));
        Ok(())
    }

    /// What holds for Amazon ECS.
    pub(super) fn ecs(&self) -> &ecs::Config {
        &self.ecs
    }

    /// What holds for Amazon ECS in each environment of the file.
    pub(super) fn ecs_by_environment(&self) -> &BTreeMap<String, ecs::Config> {
        &self.ecs_by_environment
    }

    /// The settings as YAML, with where each was set behind it.
    pub(super) fn show(&self, origins: bool) -> String {
        let mut lines: Vec<(String, &str)> = Vec::new();
        for held in &self.held {
            match &held.value {
                Value::Text(text) => {
                    lines.push((format!("{}: {}", held.name, scalar(text)), &held.origin));
                }
                Value::List(items) => {
                    lines.push((format!("{}:", held.name), ""));
                    for (item, origin) in items {
                        lines.push((format!("- {}", scalar(item)), origin));
                    }
                }
            }
        }
        let width = lines.iter().map(|(line, _)| line.chars().count()).max();
        let width = width.unwrap_or(0);
        let mut text = String::new();
        for (line, origin) in lines {
            if origins && !origin.is_empty() {
                text.push_str(&format!("{line:width$}  # {origin}\n"));
            } else {
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }

    fn environment(
        &mut self,
        flags: &FlagSet,
        environment: &Environment,
        loaded: Option<&Loaded>,
    ) -> String {
        let given = given(flags, environment, "environment");
        let (value, origin) = match (given, loaded) {
            (Some(given), _) => given,
            (None, Some(loaded)) => match &loaded.config.environment {
                Some(name) => (name.clone(), loaded.place(&["environment"]).to_string()),
                None => return String::new(),
            },
            (None, None) => return String::new(),
        };
        self.held.push(Held {
            name: "environment",
            value: Value::Text(value.clone()),
            origin,
        });
        value
    }

    fn text(
        &mut self,
        flags: &mut FlagSet,
        environment: &Environment,
        layers: &Layers<'_>,
        name: &'static str,
        flag: &'static str,
    ) {
        let from_file = || {
            let member = |kube: Option<&config::Scalar>,
                          namespace: Option<&String>,
                          target: Option<&String>| match name {
                "kubeVersion" => kube.map(|version| version.0.clone()),
                "namespace" => namespace.cloned(),
                _ => target.map(|target| layers.target(target)),
            };
            layers.find(
                name,
                |own| {
                    member(
                        own.kube_version.as_ref(),
                        own.namespace.as_ref(),
                        own.target.as_ref(),
                    )
                },
                |all| {
                    member(
                        all.kube_version.as_ref(),
                        all.namespace.as_ref(),
                        all.target.as_ref(),
                    )
                },
            )
        };
        let usual = || {
            let usual = "kubeconfig, or default".to_owned();
            (name == "namespace").then(|| (environment.namespace(flags), usual))
        };
        let found = from_file().or_else(usual);
        self.hold(flags, environment, (name, flag), found);
    }

    /// Takes what flags and variables say, or else what was found in the file.
    fn hold(
        &mut self,
        flags: &mut FlagSet,
        environment: &Environment,
        (name, flag): (&'static str, &'static str),
        found: Option<(String, String)>,
    ) {
        let Some((value, origin)) = given(flags, environment, flag).or(found) else {
            return;
        };
        flags.set_default(flag, value.clone());
        self.held.push(Held {
            name,
            value: Value::Text(value),
            origin,
        });
    }

    fn api_versions(
        &mut self,
        flags: &mut FlagSet,
        environment: &Environment,
        layers: &Layers<'_>,
    ) {
        let name = "apiVersions";
        let items: Vec<(String, String)> = if flags.changed("api-versions") {
            let given = flags.list("api-versions").iter();
            given
                .map(|item| (item.clone(), "--api-versions".to_owned()))
                .collect()
        } else if let Some(text) = environment.find("PINTLE_API_VERSIONS") {
            let items = text.split(',').filter(|item| !item.is_empty());
            items
                .map(|item| (item.to_owned(), "PINTLE_API_VERSIONS".to_owned()))
                .collect()
        } else {
            layers.lists(
                name,
                |own| own.api_versions.as_ref(),
                |all| all.api_versions.as_ref(),
            )
        };
        if items.is_empty() {
            return;
        }
        if !flags.changed("api-versions") {
            flags.preset(
                "api-versions",
                items.iter().map(|(item, _)| item.clone()).collect(),
            );
        }
        self.held.push(Held {
            name,
            value: Value::List(items),
            origin: String::new(),
        });
    }

    fn values(&mut self, flags: &mut FlagSet, layers: &Layers<'_>) {
        let mut items = layers.lists(
            "values",
            |own| own.values.as_ref(),
            |all| all.values.as_ref(),
        );
        if let Some(loaded) = layers.loaded {
            for (file, _) in &mut items {
                *file = loaded.resolve(file);
            }
        }
        flags.prepend(
            "values",
            items.iter().map(|(file, _)| file.clone()).collect(),
        );
        let typed = flags.list("values").iter().skip(items.len());
        let typed: Vec<(String, String)> = typed
            .map(|file| (file.clone(), "--values".to_owned()))
            .collect();
        items.extend(typed);
        if !items.is_empty() {
            self.held.push(Held {
                name: "values",
                value: Value::List(items),
                origin: String::new(),
            });
        }
    }
}

/// The parts of the file that hold.
struct Layers<'a> {
    loaded: Option<&'a Loaded>,
    chosen: &'a str,
}

impl Layers<'_> {
    fn own(&self) -> Option<&config::Environment> {
        self.loaded?.config.environments.as_ref()?.get(self.chosen)
    }

    /// What holds for Amazon ECS, that of the environment on top. Copilot's environment is called like
    /// the one that was chosen, unless that one says otherwise.
    fn ecs(&self) -> Result<ecs::Config, Error> {
        let all = self.loaded.and_then(|loaded| loaded.config.ecs.as_deref());
        let own = self.own().and_then(|own| own.ecs.as_deref());
        let mut found = match (all, own) {
            (Some(all), Some(own)) => all.with(own)?,
            (found, None) | (None, found) => found.cloned().unwrap_or_default(),
        };
        if !self.chosen.is_empty() && own.is_none_or(|own| own.copilot.env.is_none()) {
            found.copilot.env = Some(self.chosen.to_owned());
        }
        Ok(found)
    }

    /// A target, with the path of a folder as seen from the file.
    fn target(&self, text: &str) -> String {
        match (text.strip_prefix("dir:"), self.loaded) {
            (Some(path), Some(loaded)) => format!("dir:{}", loaded.resolve(path)),
            _ => text.to_owned(),
        }
    }

    /// The items of a list of all and of one of the environment, in this order, with their places.
    fn lists(
        &self,
        name: &str,
        own: impl Fn(&config::Environment) -> Option<&Vec<String>>,
        all: impl Fn(&config::Config) -> Option<&Vec<String>>,
    ) -> Vec<(String, String)> {
        let Some(loaded) = self.loaded else {
            return Vec::new();
        };
        let mut items = Vec::new();
        let mut add = |list: Option<&Vec<String>>, keys: &[&str]| {
            let Some(list) = list.filter(|list| !list.is_empty()) else {
                return;
            };
            let place = loaded.place(keys).to_string();
            items.extend(list.iter().map(|item| (item.clone(), place.clone())));
        };
        add(all(&loaded.config), &[name]);
        add(
            self.own().and_then(own),
            &["environments", self.chosen, name],
        );
        items
    }

    /// A value of the environment, or of all, with its place.
    fn find<T>(
        &self,
        name: &str,
        own: impl Fn(&config::Environment) -> Option<T>,
        all: impl Fn(&config::Config) -> Option<T>,
    ) -> Option<(T, String)> {
        let loaded = self.loaded?;
        if let Some(value) = self.own().and_then(own) {
            let place = loaded.place(&["environments", self.chosen, name]);
            return Some((value, place.to_string()));
        }
        let value = all(&loaded.config)?;
        Some((value, loaded.place(&[name]).to_string()))
    }
}

/// What a flag or a variable says, and which of them.
fn given(flags: &FlagSet, environment: &Environment, flag: &str) -> Option<(String, String)> {
    if flags.changed(flag) {
        return Some((flags.text(flag).to_owned(), format!("--{flag}")));
    }
    let upper = flag.to_uppercase().replace('-', "_");
    [format!("PINTLE_{upper}"), format!("HELM_{upper}")]
        .into_iter()
        .filter(|name| !name.starts_with("HELM_") || name == "HELM_NAMESPACE")
        .find_map(|name| {
            let value = environment.get(&name);
            (!value.is_empty()).then_some((value, name))
        })
}

/// A scalar as YAML, quoted where it could be taken for something else.
fn scalar(text: &str) -> String {
    let first_is_letter =
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.');
    let plain = first_is_letter
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if plain {
        text.to_owned()
    } else {
        serde_json::to_string(text).unwrap_or_default()
    }
}
