//! Releases: what an install, an upgrade or a rollback leaves behind, as a record and as text.
//!
//! Behaviour of `pkg/release/v1` and of the status printer of `pkg/cmd`, Helm 4.2.4.

mod record;
mod report;

pub use report::{Colors, Report};

use crate::chart::Chart;
use crate::go::time::Time;
use crate::render::manifest;
use crate::value::{FrozenMap, Text};

/// One revision of a release.
#[derive(Clone, Debug)]
pub struct Release {
    /// Name, the same for all revisions.
    pub name: String,
    /// Namespace that it lives in.
    pub namespace: String,
    /// Number of this revision, from 1.
    pub revision: i64,
    /// How it stands.
    pub info: Info,
    /// The chart, its dependencies processed.
    pub chart: Chart,
    /// Values that the user gave.
    pub config: FrozenMap,
    /// Objects, each with its source.
    pub manifest: Vec<u8>,
    /// Hooks, ordered by kind.
    pub hooks: Vec<Hook>,
    /// Labels that the user gave; no part of the record.
    pub labels: Vec<(String, String)>,
    /// Who merges changes.
    pub apply_method: ApplyMethod,
}

/// How a release stands.
#[derive(Clone, Debug)]
pub struct Info {
    /// When its first revision came to be.
    pub first_deployed: Time,
    /// When this revision came to be.
    pub last_deployed: Time,
    /// A sentence.
    pub description: String,
    /// The state.
    pub status: Status,
    /// What the chart's `NOTES.txt` says.
    pub notes: Vec<u8>,
}

/// A state of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It runs.
    Deployed,
    /// Something went wrong.
    Failed,
    /// An install is under way.
    PendingInstall,
}

impl Status {
    /// The word that records and reports have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Deployed => "deployed",
            Status::Failed => "failed",
            Status::PendingInstall => "pending-install",
        }
    }
}

/// Who merges changes into objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyMethod {
    /// The server.
    Server,
    /// Helm itself.
    Client,
}

impl ApplyMethod {
    /// The word in a record.
    pub fn as_str(self) -> &'static str {
        match self {
            ApplyMethod::Server => "ssa",
            ApplyMethod::Client => "csa",
        }
    }
}

/// A hook of a release.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Name of the object.
    pub name: Text,
    /// Kind of the object.
    pub kind: Text,
    /// Path of the template.
    pub path: Text,
    /// The text.
    pub manifest: Vec<u8>,
    /// When it runs.
    pub events: Vec<String>,
    /// The last time that it ran.
    pub last_run: Execution,
    /// Lower ones run first.
    pub weight: i64,
    /// When its object is removed.
    pub delete_policies: Vec<String>,
    /// When its log is shown.
    pub output_log_policies: Vec<String>,
}

/// A run of a hook; `Default` for one that did not run.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    /// When it began.
    pub started: Option<Time>,
    /// When it ended.
    pub completed: Option<Time>,
    /// How it went; empty where it did not run.
    pub phase: String,
}

impl From<manifest::Hook> for Hook {
    fn from(hook: manifest::Hook) -> Hook {
        let document = hook.document;
        Hook {
            name: document.name,
            kind: document.kind,
            path: document.path,
            manifest: document.content.to_vec(),
            events: hook.events.into_iter().map(str::to_owned).collect(),
            last_run: Execution::default(),
            weight: hook.weight,
            delete_policies: hook.delete_policies,
            output_log_policies: hook.output_log_policies,
        }
    }
}
