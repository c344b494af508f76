//! `Chart.yaml`: its text goes in, the definition of a chart comes out, and the other way round
//! (`pkg/chart/v2/metadata.go`, Helm 4.2.4).

use std::collections::{BTreeMap, BTreeSet};

use super::decode::{self, Decoder, Failure, find_field};
use crate::diag::{Error, Kind};
use crate::go::{path, semver, strconv};
use crate::value::{Frozen, Text};

/// `Chart.yaml` (`chart.Metadata`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Name of the chart; once [`super::dependency::process`] ran, the alias.
    pub name: String,
    /// Address of the project's page.
    pub home: String,
    /// Addresses of source code.
    pub sources: Vec<String>,
    /// Version of the chart.
    pub version: String,
    /// A sentence.
    pub description: String,
    /// Words to find the chart by.
    pub keywords: Vec<String>,
    /// Who cares for it.
    pub maintainers: Vec<Maintainer>,
    /// Address of a picture.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Of no effect at the top level.
    pub condition: String,
    /// Of no effect at the top level.
    pub tags: String,
    /// Version of what the chart installs.
    pub app_version: String,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Anything, for others.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Kubernetes versions that it works with.
    pub kube_version: String,
    /// Charts that it needs.
    pub dependencies: Vec<Dependency>,
    /// Whether there is a list of dependencies, be it empty: Go's nil slice against an empty one.
    pub has_dependency_list: bool,
    /// `application`, `library` or nothing.
    pub chart_type: String,
    /// The first item of a list that was null, until [`Metadata::validate`] refuses it.
    pub(super) null_maintainer: Option<usize>,
    pub(super) null_dependency: Option<usize>,
}

/// Someone who cares for a chart (`chart.Maintainer`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// A person or organisation.
    pub name: String,
    /// Where to write to.
    pub email: String,
    /// Where to read more.
    pub url: String,
}

/// A chart that another needs (`chart.Dependency`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// Name of the chart; once [`super::dependency::process`] ran, the alias.
    pub name: String,
    /// Range of versions.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Paths of values that switch it, separated by commas.
    pub condition: String,
    /// Groups that it is switched with.
    pub tags: Vec<String>,
    /// Whether it is switched on; meaningful once processed.
    pub enabled: bool,
    /// What the parent takes from its values.
    pub import_values: Vec<Frozen>,
    /// Another name for it.
    pub alias: String,
}

/// Names of fields, in Go's order.
const METADATA: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];
const MAINTAINER: &[&str] = &["name", "email", "url"];
const DEPENDENCY: &[&str] = &[
    "name",
    "version",
    "repository",
    "condition",
    "tags",
    "enabled",
    "import-values",
    "alias",
];

impl Metadata {
    /// Names of its members in JSON, in Go's order.
    pub const FIELDS: &[&str] = METADATA;

    /// Whether the chart only holds definitions for others.
    pub fn is_library(&self) -> bool {
        self.chart_type.eq_ignore_ascii_case("library")
    }

    /// As [`Metadata::decode`], but equal keys and unknown fields are errors.
    ///
    /// # Errors
    /// The message of `sigs.k8s.io/yaml.UnmarshalStrict`.
    pub fn decode_strict(&mut self, text: &[u8]) -> Result<(), Failure> {
        decode::document_strict(text, |decoder, value| self.read(decoder, value))
    }

    /// The first item of the list of maintainers that was null, until [`Metadata::validate`].
    pub fn null_maintainer(&self) -> Option<usize> {
        self.null_maintainer
    }

    /// Reads the text of a `Chart.yaml` over what is there.
    ///
    /// # Errors
    /// The message of `sigs.k8s.io/yaml.Unmarshal`; what could be read has been set.
    pub fn decode(&mut self, text: &[u8]) -> Result<(), Failure> {
        decode::document(text, |decoder, value| self.read(decoder, value))
    }

    /// Reads what is JSON already, as in records.
    ///
    /// # Errors
    /// The message of `json.Unmarshal`; what could be read has been set.
    pub fn decode_json(&mut self, value: &Frozen) -> Result<(), Failure> {
        decode::json(value, |decoder, value| self.read(decoder, value))
    }

    fn read(&mut self, decoder: &mut Decoder<'_>, value: &Frozen) {
        let Some(members) = decoder.members(value, "v2.Metadata") else {
            return;
        };
        for (key, value) in members {
            if let Some(name) = find_field(key, METADATA) {
                decoder.field("Metadata", name, key, |decoder| {
                    self.read_field(decoder, name, value)
                });
            } else {
                decoder.unknown(key);
            }
        }
    }

    /// Reads `value` where `key` is a field; tells whether it is.
    pub(crate) fn read_embedded(
        &mut self,
        decoder: &mut Decoder<'_>,
        structure: &'static str,
        key: &Text,
        value: &Frozen,
    ) -> bool {
        let Some(name) = find_field(key, METADATA) else {
            return false;
        };
        decoder.embedded(structure, "Metadata", name, key, |decoder| {
            self.read_field(decoder, name, value);
        });
        true
    }

    fn read_field(&mut self, decoder: &mut Decoder<'_>, name: &str, value: &Frozen) {
        match name {
            "name" => decoder.string(value, &mut self.name),
            "home" => decoder.string(value, &mut self.home),
            "sources" => decoder.strings(value, &mut self.sources),
            "version" => decoder.string(value, &mut self.version),
            "description" => decoder.string(value, &mut self.description),
            "keywords" => decoder.strings(value, &mut self.keywords),
            "maintainers" => {
                self.null_maintainer = decoder.list(
                    value,
                    &mut self.maintainers,
                    "[]*v2.Maintainer",
                    Maintainer::read,
                );
            }
            "icon" => decoder.string(value, &mut self.icon),
            "apiVersion" => decoder.string(value, &mut self.api_version),
            "condition" => decoder.string(value, &mut self.condition),
            "tags" => decoder.string(value, &mut self.tags),
            "appVersion" => decoder.string(value, &mut self.app_version),
            "deprecated" => decoder.boolean(value, &mut self.deprecated),
            "annotations" => decoder.string_map(value, &mut self.annotations),
            "kubeVersion" => decoder.string(value, &mut self.kube_version),
            "dependencies" => {
                match value {
                    Frozen::List(_) => self.has_dependency_list = true,
                    Frozen::Null => self.has_dependency_list = false,
                    _ => {}
                }
                self.null_dependency = decoder.list(
                    value,
                    &mut self.dependencies,
                    "[]*v2.Dependency",
                    Dependency::read,
                );
            }
            _ => decoder.string(value, &mut self.chart_type),
        }
    }

    /// Cleans texts of what cannot be printed, and checks what a chart must have
    /// (`chart.Metadata.Validate`).
    ///
    /// # Errors
    /// The first thing that is wrong, in Helm's words.
    pub fn validate(&mut self) -> Result<(), Error> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            sanitize(text);
        }
        self.sources
            .iter_mut()
            .chain(&mut self.keywords)
            .for_each(sanitize);
        if self.api_version.is_empty() {
            return Err(invalid("chart.metadata.apiVersion is required"));
        }
        if self.name.is_empty() {
            return Err(invalid("chart.metadata.name is required"));
        }
        let name = strconv::quote(self.name.as_bytes());
        if self.name == "." || self.name == ".." {
            return Err(invalid(format_args!(
                "chart.metadata.name {name} is not allowed"
            )));
        }
        if path::base(self.name.as_bytes()) != self.name.as_bytes() {
            return Err(invalid(format_args!(
                "chart.metadata.name {name} is invalid"
            )));
        }
        if self.version.is_empty() {
            return Err(invalid("chart.metadata.version is required"));
        }
        if semver::Version::parse(&self.version).is_err() {
            let version = strconv::quote(self.version.as_bytes());
            return Err(invalid(format_args!(
                "chart.metadata.version {version} is invalid"
            )));
        }
        if !matches!(&*self.chart_type, "" | "application" | "library") {
            return Err(invalid(
                "chart.metadata.type must be application or library",
            ));
        }
        if self.null_maintainer.is_some() {
            return Err(invalid("maintainers must not contain empty or null nodes"));
        }
        for maintainer in &mut self.maintainers {
            sanitize(&mut maintainer.name);
            sanitize(&mut maintainer.email);
            sanitize(&mut maintainer.url);
        }
        self.validate_dependencies()
    }

    fn validate_dependencies(&mut self) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for (index, dependency) in self.dependencies.iter_mut().enumerate() {
            if self.null_dependency == Some(index) {
                return Err(invalid("dependencies must not contain empty or null nodes"));
            }
            for text in [
                &mut dependency.name,
                &mut dependency.version,
                &mut dependency.repository,
                &mut dependency.condition,
            ] {
                sanitize(text);
            }
            dependency.tags.iter_mut().for_each(sanitize);
            let is_plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
            if !dependency.alias.bytes().all(is_plain) {
                return Err(invalid(format_args!(
                    "dependency {} has disallowed characters in the alias",
                    strconv::quote(dependency.name.as_bytes())
                )));
            }
            let key = match &*dependency.alias {
                "" => &dependency.name,
                _ => &dependency.alias,
            };
            if !seen.insert(key) {
                return Err(invalid(format_args!(
                    "more than one dependency with name or alias {}",
                    strconv::quote(key.as_bytes())
                )));
            }
        }
        Ok(())
    }
}

impl Maintainer {
    /// Names of its members in JSON, in Go's order.
    pub const FIELDS: &[&str] = MAINTAINER;

    fn read(decoder: &mut Decoder<'_>, value: &Frozen, out: &mut Maintainer) -> bool {
        for (key, value) in decoder
            .members(value, "v2.Maintainer")
            .into_iter()
            .flatten()
        {
            let Some(name) = find_field(key, MAINTAINER) else {
                decoder.unknown(key);
                continue;
            };
            decoder.field("Maintainer", name, key, |decoder| match name {
                "name" => decoder.string(value, &mut out.name),
                "email" => decoder.string(value, &mut out.email),
                _ => decoder.string(value, &mut out.url),
            });
        }
        !matches!(value, Frozen::Null)
    }
}

impl Dependency {
    /// Names of its members in JSON, in Go's order.
    pub const FIELDS: &[&str] = DEPENDENCY;

    pub(super) fn read(decoder: &mut Decoder<'_>, value: &Frozen, out: &mut Dependency) -> bool {
        for (key, value) in decoder
            .members(value, "v2.Dependency")
            .into_iter()
            .flatten()
        {
            let Some(name) = find_field(key, DEPENDENCY) else {
                decoder.unknown(key);
                continue;
            };
            decoder.field("Dependency", name, key, |decoder| match name {
                "name" => decoder.string(value, &mut out.name),
                "version" => decoder.string(value, &mut out.version),
                "repository" => decoder.string(value, &mut out.repository),
                "condition" => decoder.string(value, &mut out.condition),
                "tags" => decoder.strings(value, &mut out.tags),
                "enabled" => decoder.boolean(value, &mut out.enabled),
                "import-values" => {
                    let keep = |_: &mut Decoder<'_>, value: &Frozen, slot: &mut Frozen| {
                        slot.clone_from(value);
                        true
                    };
                    decoder.list(value, &mut out.import_values, "[]interface {}", keep);
                }
                _ => decoder.string(value, &mut out.alias),
            });
        }
        !matches!(value, Frozen::Null)
    }
}

/// `apiVersion` alone, read before anything else to tell how to read the rest.
///
/// # Errors
/// As [`Metadata::decode`].
pub(super) fn decode_api_version(text: &[u8]) -> Result<String, Failure> {
    let mut version = String::new();
    decode::document(text, |decoder, value| {
        for (key, value) in decoder
            .members(value, "loader.chartBase")
            .into_iter()
            .flatten()
        {
            if let Some(name) = find_field(key, &["apiVersion"]) {
                decoder.field("chartBase", name, key, |decoder| {
                    decoder.string(value, &mut version)
                });
            }
        }
    })?;
    Ok(version)
}

fn invalid(message: impl std::fmt::Display) -> Error {
    Error::new(Kind::Chart, format!("validation: {message}"))
}

/// Any blank becomes a space, and what cannot be printed goes (`sanitizeString`).
fn sanitize(text: &mut String) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return;
    }
    let clean = |c: char| match c {
        c if c.is_whitespace() => Some(' '),
        c if strconv::is_print(c) => Some(c),
        _ => None,
    };
    *text = text.chars().filter_map(clean).collect();
}
