//! The members of a scenario, as the README of the recordings names them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One recorded life of releases.
#[derive(Deserialize)]
pub(crate) struct Scenario {
    pub(crate) id: String,
    pub(crate) area: String,
    /// The versions of Helm that it needs: `4`, `3` or `4+3`.
    pub(crate) helm: String,
    /// The namespace does not exist before the first step.
    #[serde(default)]
    pub(crate) no_namespace: bool,
    /// Namespaces are among the objects that are compared.
    #[serde(default)]
    pub(crate) show_namespaces: bool,
    /// A second namespace exists.
    #[serde(default)]
    pub(crate) ns2: bool,
    /// It owns the recordings' one resource definition.
    #[serde(default)]
    pub(crate) crd: bool,
    /// What was not the same in two recordings; not compared.
    #[serde(default)]
    pub(crate) unstable_paths: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// One step and what came of it.
#[derive(Deserialize)]
pub(crate) struct Step {
    /// For Helm.
    pub(crate) args: Option<Vec<String>>,
    pub(crate) kubectl: Option<Vec<String>>,
    pub(crate) edit_record: Option<Edit>,
    /// Collects a step that was left running.
    pub(crate) join: Option<usize>,
    /// Seconds.
    pub(crate) sleep: Option<f64>,
    #[serde(default)]
    pub(crate) background: bool,
    /// Path of the API that a step left running brings about.
    pub(crate) until: Option<String>,
    /// Seconds after that.
    pub(crate) settle: Option<f64>,
    /// Then sent to it.
    pub(crate) signal: Option<i32>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Another version than the scenario's first.
    pub(crate) helm: Option<String>,
    /// `-n` is not added.
    #[serde(default)]
    pub(crate) no_n: bool,
    pub(crate) want: Value,
    pub(crate) writes: Option<Value>,
    pub(crate) after: Value,
}

/// A change of a stored release behind Helm's back.
#[derive(Deserialize)]
pub(crate) struct Edit {
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) status: Option<String>,
    pub(crate) raw: Option<String>,
    pub(crate) kind: Option<String>,
}

impl Scenario {
    /// The name of the test.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.area, self.id)
    }

    /// The version of Helm that runs what does not say another.
    pub(crate) fn version(&self) -> &str {
        self.helm.split('+').next().unwrap_or(&self.helm)
    }

    /// Whether its outcome depends on how many seconds something takes.
    pub(crate) fn is_about_time(&self) -> bool {
        self.steps.iter().any(|step| {
            let words = step.args.iter().flatten();
            step.background || words.into_iter().any(|word| word.starts_with("--timeout"))
        })
    }

    /// Whether it needs Helm 3 beside Helm 4.
    pub(crate) fn is_mixed(&self) -> bool {
        self.helm.contains('+')
    }
}

impl Step {
    /// For the reader of a failure.
    pub(crate) fn describe(&self) -> String {
        match (&self.args, &self.kubectl, &self.edit_record, self.join) {
            (Some(args), _, _, _) => format!("helm {}", args.join(" ")),
            (_, Some(args), _, _) => format!("kubectl {}", args.join(" ")),
            (_, _, Some(edit), _) => format!("edit record {} {}", edit.name, edit.version),
            (_, _, _, Some(step)) => format!("join step {step}"),
            _ => "sleep".to_owned(),
        }
    }
}
