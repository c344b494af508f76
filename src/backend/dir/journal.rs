//! What is being done to a release's files, so that a run that was interrupted can be completed or
//! undone by the next one.
//!
//! | the journal says | the next run |
//! |---|---|
//! | nothing was decided yet | takes the revision back, as if it had never begun |
//! | a batch was decided | carries it out (again), and says so in the record |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// The revision that it makes, or takes away.
    pub(super) revision: i64,
    /// What it is about.
    pub(super) aim: Aim,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<Batch>,
}

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Aim {
    /// A new revision.
    Bring,
    /// To take the release away.
    Remove,
}

/// Changes of files that are carried out whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Batch {
    /// Files to write: their names, and those of what is staged for them.
    pub(super) writes: BTreeMap<String, String>,
    /// Files to remove.
    pub(super) removals: Vec<String>,
    /// What the release has written, once this is done: names of files, and digests of their texts.
    pub(super) after: BTreeMap<String, String>,
}
