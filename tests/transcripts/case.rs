//! The members of a case, as the README of the recordings names them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One recorded run.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) area: String,
    #[serde(default)]
    pub(crate) charts: Vec<String>,
    #[serde(default)]
    pub(crate) setup: Vec<serde_json::Value>,
    pub(crate) args: Vec<String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) stdin: Option<String>,
    #[serde(default)]
    pub(crate) collect: Vec<String>,
    pub(crate) mask: Option<String>,
    #[serde(default)]
    pub(crate) hash_files: bool,
    #[serde(default)]
    pub(crate) parse_help: bool,
    #[serde(default)]
    pub(crate) sort_lines: bool,
    #[serde(default)]
    pub(crate) sort_members: bool,
    pub(crate) want: Want,
}

/// What the real program did.
#[derive(Deserialize)]
pub(crate) struct Want {
    pub(crate) exit: i32,
    pub(crate) stdout: Option<String>,
    pub(crate) stdout_b64: Option<String>,
    pub(crate) stderr: Option<String>,
    pub(crate) stderr_b64: Option<String>,
    pub(crate) help: Option<Help>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
}

/// What is kept of a help text.
#[derive(Debug, Default, Deserialize, PartialEq)]
pub(crate) struct Help {
    pub(crate) usage: Vec<String>,
    pub(crate) commands: Vec<String>,
    pub(crate) flags: Vec<String>,
}

impl Case {
    /// The name of the test.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.area, self.id)
    }

    /// Whether files of the scaffold of `create` stand in its archives: each program's own text.
    pub(crate) fn packs_scaffold(&self) -> bool {
        let is_create = |step: &serde_json::Value| {
            step.as_array()
                .is_some_and(|words| words.len() == 2 && words[0] == "create")
        };
        self.args.first().is_some_and(|word| word == "package") && self.setup.iter().any(is_create)
    }
}
