//! The members of a case, as the README of the recordings names them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A line of any pack.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) area: String,

    // Rendering.
    #[serde(default)]
    pub(crate) templates: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) chart_yaml: Option<String>,
    pub(crate) chart_values_yaml: Option<String>,
    pub(crate) values_yaml: Option<String>,
    #[serde(default)]
    pub(crate) set: Vec<String>,
    #[serde(default)]
    pub(crate) release: Release,
    pub(crate) kube_version: Option<String>,
    #[serde(default)]
    pub(crate) api_versions: Vec<String>,
    #[serde(default)]
    pub(crate) strict: bool,
    #[serde(default)]
    pub(crate) lint: bool,
    #[serde(flatten)]
    pub(crate) answer: Answer,
    #[serde(default)]
    pub(crate) any_of: Vec<Answer>,

    // `--set` and its relatives.
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) input: String,
    #[serde(default)]
    pub(crate) flags: Vec<Flag>,
    pub(crate) base_yaml: Option<String>,
    pub(crate) want_json: Option<Value>,
    pub(crate) want_json_sha256: Option<String>,
    pub(crate) want_types: Option<BTreeMap<String, String>>,
    pub(crate) cli_error: Option<String>,
    pub(crate) partial_json: Option<Value>,

    // Coalescing.
    pub(crate) chart: Option<Tree>,
    pub(crate) user_values_yaml: Option<String>,
    pub(crate) want_values_json: Option<Value>,
    pub(crate) want_charts: Option<Vec<String>>,
    pub(crate) want_scope_json: Option<BTreeMap<String, Value>>,
}

/// What has to come out.
#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) want: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) want_b64: BTreeMap<String, String>,
    pub(crate) error: Option<String>,
    pub(crate) stage: Option<String>,
}

/// What differs from the default release.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Release {
    pub(crate) name: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) revision: Option<i64>,
    pub(crate) is_install: Option<bool>,
    pub(crate) is_upgrade: Option<bool>,
}

/// One of several flags.
#[derive(Clone, Deserialize)]
pub(crate) struct Flag {
    pub(crate) kind: String,
    pub(crate) input: String,
}

/// A chart in a coalescing case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tree {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    #[serde(rename = "type")]
    pub(crate) chart_type: Option<String>,
    pub(crate) values_yaml: Option<String>,
    pub(crate) dependencies_yaml: Option<String>,
    #[serde(default)]
    pub(crate) charts: Vec<Tree>,
}
