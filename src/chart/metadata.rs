use std::collections::BTreeMap;

use crate::value::Frozen;

/// `Chart.yaml` (`chart.Metadata`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Name of the chart; once dependencies were processed, the alias.
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
    /// Name of the chart; once dependencies were processed, the alias.
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

impl Metadata {
    /// Whether the chart only holds definitions for others.
    pub fn is_library(&self) -> bool {
        self.chart_type.eq_ignore_ascii_case("library")
    }
}
