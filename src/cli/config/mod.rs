//! `pintle.yaml`: defaults for a project, found upwards from the working folder.
//!
//! Nothing needs the file. Flags and `PINTLE_*` variables win over it; the names `helm` and
//! `helmfile` do not look at it.

mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::backend::ecs;
use crate::diag::{Error, Kind, Place, Source};
use crate::go::os;
use crate::value::Path as ValuePath;
use crate::yaml;

pub(super) use schema::schema;

/// Name of the file.
pub(super) const NAME: &str = "pintle.yaml";

/// What the file may say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Config {
    /// Kubernetes version to render for.
    pub(super) kube_version: Option<Scalar>,
    /// API versions to add to the default ones.
    pub(super) api_versions: Option<Vec<String>>,
    /// Namespace of releases.
    pub(super) namespace: Option<String>,
    /// Values files, lowest first, from the folder of this file.
    pub(super) values: Option<Vec<String>>,
    /// The environment where none is asked for.
    pub(super) environment: Option<String>,
    /// What holds in one environment only.
    pub(super) environments: Option<BTreeMap<String, Environment>>,
    /// Where releases go.
    pub(super) target: Option<String>,
    /// What holds for Amazon ECS.
    pub(super) ecs: Option<Box<ecs::Config>>,
    /// What becomes of the CRDs of charts.
    pub(super) crds: Option<Crds>,
    /// Whether records go without the files of charts.
    pub(super) slim_records: Option<bool>,
    /// Rules that stop a deployment; reserved.
    pub(super) guards: Option<BTreeMap<String, bool>>,
    /// How `pintle lint` judges; reserved.
    pub(super) lint: Option<Lint>,
}

/// What holds in one environment; it wins over what holds in all.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Environment {
    /// As in [`Config`].
    pub(super) kube_version: Option<Scalar>,
    /// As in [`Config`].
    pub(super) api_versions: Option<Vec<String>>,
    /// As in [`Config`].
    pub(super) namespace: Option<String>,
    /// Values files, on top of those for all environments.
    pub(super) values: Option<Vec<String>>,
    /// As in [`Config`].
    pub(super) target: Option<String>,
    /// On top of that of [`Config`], member by member.
    pub(super) ecs: Option<Box<ecs::Config>>,
}

/// How rules are judged.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Lint {
    /// Severity by rule.
    pub(super) severities: Option<BTreeMap<String, Severity>>,
}

/// What becomes of the CRDs of charts.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Crds {
    /// Installs create those that are not there.
    Install,
    /// Upgrades create and change them, too.
    Upgrade,
    /// They are left alone.
    Skip,
}

impl Crds {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Crds::Install => "install",
            Crds::Upgrade => "upgrade",
            Crds::Skip => "skip",
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Not looked for.
    Off,
    /// For information.
    Info,
    /// Probably not as meant.
    Warning,
    /// Wrong.
    Error,
}

/// A text that people write without quotes although it looks like a number: `1.31`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Scalar(pub(super) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Scalar, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Scalar;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a version in quotes")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Scalar, E> {
                // 1.30 would become 1.3, another version.
                Err(E::custom(format!(
                    "the version {number}… has to stand in quotes"
                )))
            }
        }
        source.deserialize_any(Visitor)
    }
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Loaded {
    /// What it says.
    pub(super) config: Config,
    /// Where it is, as users would write it from the working folder.
    pub(super) path: PathBuf,
    source: Source,
}

impl Loaded {
    /// The folder that paths in the file start from.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new(""))
    }

    /// A path of the file, from the working folder; URLs and `-` stay as they are.
    pub(super) fn resolve(&self, path: &str) -> String {
        if path == "-" || path.contains("://") || Path::new(path).is_absolute() {
            return path.to_owned();
        }
        self.folder().join(path).to_string_lossy().into_owned()
    }

    /// Where the value at `keys` stands; the start of the file where that is not known.
    pub(super) fn place(&self, keys: &[&str]) -> Place {
        let mut wanted = ValuePath::default();
        for key in keys {
            wanted = wanted.key(*key);
        }
        let found = yaml::parse(&self.source).ok().and_then(|tree| {
            let leaves = tree.leaves();
            let (_, span) = leaves.iter().find(|(path, _)| wanted.contains(path))?;
            Some(span.start)
        });
        self.source.place(found.unwrap_or(0))
    }

    /// The settings of `environment`.
    ///
    /// # Errors
    /// [`Kind::Usage`] where the file has no such environment, with the nearest name.
    pub(super) fn environment(&self, name: &str) -> Result<&Environment, Error> {
        let known = self.config.environments.as_ref();
        if let Some(found) = known.and_then(|known| known.get(name)) {
            return Ok(found);
        }
        let names: Vec<&str> = known
            .map(|known| known.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let message = format!("{}: there is no environment {name:?}", self.path.display());
        let error = Error::new(Kind::Usage, message);
        Err(match (nearest(name, &names), names.is_empty()) {
            (Some(near), _) => error.with_hint(format!("did you mean {near:?}?")),
            (None, true) => error.with_hint("the file has no environments"),
            (None, false) => error.with_hint(format!("there are: {}", names.join(", "))),
        })
    }
}

/// Looks for the file in `folder` and above it.
///
/// # Errors
/// As [`load`].
pub(super) fn find(folder: &Path) -> Result<Option<Loaded>, Error> {
    for ancestor in folder.ancestors() {
        let path = ancestor.join(NAME);
        if path.is_file() {
            let shown = path
                .strip_prefix(folder)
                .map_or(path.clone(), Path::to_path_buf);
            return load(&shown).map(Some);
        }
    }
    Ok(None)
}

/// Reads the file at `path`.
///
/// # Errors
/// [`Kind::Io`] where it cannot be read, [`Kind::Usage`] with place and advice where it makes no
/// sense.
pub(super) fn load(path: &Path) -> Result<Loaded, Error> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path)
        .map_err(|error| Error::new(Kind::Io, os::path_error("open", &shown, &error)))?;
    let config = parse(&bytes).map_err(|error| explain(&error, &shown))?;
    Ok(Loaded {
        config,
        path: path.to_path_buf(),
        source: Source::new(shown, bytes),
    })
}

fn parse(bytes: &[u8]) -> Result<Config, serde_yaml::Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Config::default());
    }
    serde_yaml::from_slice::<Option<Config>>(bytes).map(Option::unwrap_or_default)
}

/// `file:line:column: what is wrong`, with the key that was probably meant.
fn explain(error: &serde_yaml::Error, file: &str) -> Error {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    let message = match error.location() {
        Some(place) => format!("{file}:{}:{}: {text}", place.line(), place.column()),
        None => format!("{file}: {text}"),
    };
    let mut message = message;
    let mut hint = None;
    // serde's words: unknown field `x`, expected one of `a`, `b`
    if text.contains("unknown field `") || text.contains("unknown variant `") {
        let mut quoted = text.split('`').skip(1).step_by(2);
        let unknown = quoted.next().unwrap_or_default();
        let known: Vec<&str> = quoted.collect();
        if let Some(near) = nearest(unknown, &known) {
            hint = Some(format!("did you mean `{near}`?"));
        }
        if let Some(at) = message.find(", expected ") {
            message.truncate(at);
        }
        if hint.is_none() && !known.is_empty() {
            hint = Some(format!("known here: {}", known.join(", ")));
        }
    }
    let error = Error::new(Kind::Usage, message);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The name that `word` is probably a slip of.
pub(super) fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    let lower = word.to_lowercase();
    names
        .iter()
        .map(|name| {
            (
                crate::go::flag::distance(&lower, &name.to_lowercase()),
                *name,
            )
        })
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Loaded, Error> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), text).unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        find(&below).map(|found| found.expect("it is two folders up"))
    }

    #[test]
    fn the_file_is_found_upwards_and_its_paths_start_from_it() {
        let loaded = read(
            "kubeVersion: \"1.31\"\nnamespace: web\nenvironments:\n  prod:\n    values: [prod.yaml]\n",
        )
        .unwrap();
        assert_eq!(loaded.config.kube_version, Some(Scalar("1.31".into())));
        let prod = loaded.environment("prod").unwrap();
        let path = loaded.resolve(&prod.values.as_ref().unwrap()[0]);
        assert_eq!(path, loaded.folder().join("prod.yaml").to_string_lossy());
        for same in ["-", "/x", "https://h/x.yaml"] {
            assert_eq!(loaded.resolve(same), same);
        }
        let error = loaded.environment("prdo").unwrap_err();
        assert_eq!(error.hints(), ["did you mean \"prod\"?"]);
        assert_eq!(read("").unwrap().config, Config::default());
        assert_eq!(read("# nothing\n").unwrap().config, Config::default());
    }

    #[test]
    fn mistakes_are_placed_and_explained() {
        for (text, message, hint) in [
            (
                "namspace: x\n",
                "pintle.yaml:1:1: unknown field `namspace`",
                "did you mean `namespace`?",
            ),
            (
                "namespace: x\nenvironments:\n  prod:\n    value: []\n",
                "pintle.yaml:4:5: environments.prod: unknown field `value`",
                "did you mean `values`?",
            ),
            (
                "kubeVersion: 1.30\n",
                "pintle.yaml:1:14: kubeVersion: the version 1.3… has to stand in quotes",
                "",
            ),
            (
                "lint:\n  severities:\n    a: eror\n",
                "pintle.yaml:3:8: lint.severities.a: unknown variant `eror`",
                "did you mean `error`?",
            ),
            (
                "values: x\n",
                "pintle.yaml:1:9: values: invalid type: string \"x\", expected a sequence",
                "",
            ),
            (
                "values: [\n",
                "pintle.yaml:2:1: did not find expected node content",
                "",
            ),
        ] {
            let error = read(text).unwrap_err();
            let got = error.message();
            let got = &got[got.find(NAME).unwrap()..];
            assert_eq!(got, message);
            assert_eq!(error.hints().first().map_or("", String::as_str), hint);
        }
    }
}
