//! Releases: what an install, an upgrade or a rollback leaves behind, as a record and as text.
//!
//! Behaviour of `pkg/release/v1` and of the status printer of `pkg/cmd`, Helm 4.2.4.

mod codec;
mod decode;
pub mod history;
mod memory;
mod record;
mod report;
mod size;
mod slim;
pub mod store;

pub use codec::{compress, decode, decompress, encode};
pub use memory::Memory;
pub use report::{Colors, Report};
pub use size::sizes;
pub use store::{Damaged, Found, Query, Store};

use crate::chart::Chart;
use crate::go::time::Time;
use crate::render::manifest;
use crate::value::{Frozen, FrozenMap, Text};

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
    /// What became of it on Amazon ECS: `{plan, resources, diagnostics}`; null everywhere else, and then no
    /// part of the record.
    pub ecs: Frozen,
}

/// How a release stands.
#[derive(Clone, Debug)]
pub struct Info {
    /// When its first revision came to be; Go's zero time where that is not known.
    pub first_deployed: Time,
    /// When this revision came to be.
    pub last_deployed: Time,
    /// When it was uninstalled; Go's zero time where it was not.
    pub deleted: Time,
    /// A sentence.
    pub description: String,
    /// The state.
    pub status: Status,
    /// What the chart's `NOTES.txt` says.
    pub notes: Vec<u8>,
}

/// A state of a release (`release.Status`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// A record says nothing that is known here.
    #[default]
    Unknown,
    /// It runs.
    Deployed,
    /// It was taken away, and its record was kept.
    Uninstalled,
    /// A later revision runs.
    Superseded,
    /// Something went wrong.
    Failed,
    /// It is being taken away.
    Uninstalling,
    /// An install is under way.
    PendingInstall,
    /// An upgrade is under way.
    PendingUpgrade,
    /// A rollback is under way.
    PendingRollback,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 9] = [
        Status::Unknown,
        Status::Deployed,
        Status::Uninstalled,
        Status::Superseded,
        Status::Failed,
        Status::Uninstalling,
        Status::PendingInstall,
        Status::PendingUpgrade,
        Status::PendingRollback,
    ];

    /// The word that records and reports have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Unknown => "unknown",
            Status::Deployed => "deployed",
            Status::Uninstalled => "uninstalled",
            Status::Superseded => "superseded",
            Status::Failed => "failed",
            Status::Uninstalling => "uninstalling",
            Status::PendingInstall => "pending-install",
            Status::PendingUpgrade => "pending-upgrade",
            Status::PendingRollback => "pending-rollback",
        }
    }

    /// The state that a word stands for; words that nobody knows are [`Status::Unknown`].
    pub fn parse(word: &str) -> Status {
        let known = Status::ALL.into_iter().find(|state| state.as_str() == word);
        known.unwrap_or_default()
    }

    /// Whether an operation is under way (`Status.IsPending`).
    pub fn is_pending(self) -> bool {
        matches!(
            self,
            Status::PendingInstall | Status::PendingUpgrade | Status::PendingRollback
        )
    }
}

/// Who merges changes into objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyMethod {
    /// The server.
    Server,
    /// Helm itself.
    Client,
    /// The record does not say: one of Helm 3, which merged changes itself.
    Unknown,
}

impl ApplyMethod {
    /// The word in a record.
    pub fn as_str(self) -> &'static str {
        match self {
            ApplyMethod::Server => "ssa",
            ApplyMethod::Client => "csa",
            ApplyMethod::Unknown => "",
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
