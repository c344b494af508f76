//! Where releases go: `target` of a release, of its environment or of `helmDefaults`, and `ecs`, which all
//! three of them may say parts of. Helmfile knows neither.

use serde_json::Value;

use super::data::{Data, Keys, decode, encode, json};
use super::load::State;
use super::state::{self, Record};
use super::{Fleet, file};
use crate::go::path;

/// The cluster that Kubernetes' tools know.
const KUBE: &str = "kube";

/// Where a release goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// `kube`, `ecs`, `ecs:CLUSTER`, `dir:PATH` with a path from the root.
    pub name: String,
    /// What holds for Amazon ECS: parts, and where each of them stands; later ones lie on top.
    pub ecs: Vec<(String, Value)>,
}

impl Target {
    /// Whether it is a cluster of Amazon ECS.
    pub fn is_ecs(&self) -> bool {
        self.name == "ecs" || self.name.starts_with("ecs:")
    }

    /// As people are shown it, with the cluster that `ecs` names.
    pub fn shown(&self) -> String {
        let clusters = self.ecs.iter().rev();
        let cluster = clusters
            .filter_map(|(_, part)| part.get("cluster")?.as_str())
            .next();
        match (self.name.as_str(), cluster) {
            ("ecs", Some(cluster)) => format!("ecs:{cluster}"),
            (name, _) => name.to_owned(),
        }
    }
}

impl Fleet<'_> {
    /// Whose keys state files may have.
    pub(super) fn keys(&self) -> Keys {
        match self.options.own {
            true => Keys::Pintle,
            false => Keys::Helmfile,
        }
    }

    /// Where a release goes: where the command line says, or else the release, its environment, or the
    /// defaults.
    ///
    /// # Errors
    /// What cannot be said as JSON.
    pub(super) fn target(&self, state: &State, release: &Record) -> Result<Target, String> {
        let environments = state.record.record("environments");
        let declared = environments.record(&state.environment.name);
        let defaults = state.defaults();
        let said = [
            self.options.target.as_str(),
            release.text("target"),
            declared.text("target"),
            defaults.text("target"),
        ];
        let name = said.into_iter().find(|name| !name.is_empty());
        let name = match name.unwrap_or(KUBE).split_once(':') {
            // Where somebody typed it, is known to whoever read what was typed.
            Some(("dir", below)) if self.options.target.is_empty() && !below.is_empty() => {
                let below = match below.starts_with('/') {
                    true => below.to_owned(),
                    false => path::join(&[&state.base, below]),
                };
                format!("dir:{}", file::absolute(&below))
            }
            _ => name.unwrap_or(KUBE).to_owned(),
        };
        let mut ecs = Vec::new();
        for (place, record) in [
            ("helmDefaults.ecs".to_owned(), &defaults),
            (
                format!("environments.{}.ecs", state.environment.name),
                &declared,
            ),
            ("ecs".to_owned(), release),
        ] {
            if let Some(part) = record.get("ecs").filter(|part| !part.is_empty()) {
                ecs.push((place, value(part)?));
            }
        }
        Ok(Target { name, ecs })
    }

    /// Whether a release can go where it is to go, as far as that can be known before anything is asked.
    ///
    /// # Errors
    /// A target that there is not, and members that make no sense, with the release.
    pub(super) fn check_target(&self, state: &State, release: &Record) -> Result<(), String> {
        if !self.options.own {
            return Ok(());
        }
        let checked = self
            .target(state, release)
            .and_then(|target| self.host.check(&target));
        checked.map_err(|error| {
            let name = state::quoted(release.text("name"));
            format!("release {name} in {}: {error}", state.file)
        })
    }

    /// The name of a release's target where it says more than that there is one.
    pub(super) fn shown_target(&self, state: &State, release: &Record) -> String {
        match self.options.own {
            true => self
                .target(state, release)
                .map(|target| target.shown())
                .unwrap_or_default(),
            false => String::new(),
        }
    }
}

/// What releases say of ECS, rendered.
///
/// # Errors
/// What it is not as YAML any more, and what rendering fails with.
pub(super) fn rendered(
    ecs: &Data,
    render: impl Fn(&str) -> Result<String, String>,
) -> Result<Data, String> {
    let text = encode(ecs)?;
    let text = String::from_utf8_lossy(&text);
    if !text.contains("{{") {
        return Ok(ecs.clone());
    }
    decode(render(&text)?.as_bytes())
}

fn value(data: &Data) -> Result<Value, String> {
    let text = json(&data.with_string_keys()?)?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// Whether a column tells anything.
pub(super) fn differ<'t>(targets: impl IntoIterator<Item = &'t str>) -> bool {
    let mut targets = targets.into_iter();
    let first = targets.next();
    targets.any(|target| Some(target) != first)
}
