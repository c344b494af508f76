use serde_json::Value;

use super::Object;
use crate::diag::Error;

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It comes to be.
    Create,
    /// Fields of it change.
    Change,
    /// Another takes its place.
    Replace,
    /// It goes.
    Delete,
    /// It would go, and wants to stay.
    Keep,
    /// It stays as it is.
    Nothing,
}

impl Fate {
    /// A word for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Fate::Create => "create",
            Fate::Change => "change",
            Fate::Replace => "replace",
            Fate::Delete => "delete",
            Fate::Keep => "keep",
            Fate::Nothing => "nothing",
        }
    }

    /// Whether anything happens.
    pub fn is_change(self) -> bool {
        !matches!(self, Fate::Keep | Fate::Nothing)
    }
}

/// Why the other side could not say what would become of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Its kind, which a definition of the same chart brings, is not there yet.
    Kind,
    /// Its namespace is not there yet.
    Namespace,
    /// Somebody who has a say in it takes no part in dry runs.
    DryRun,
}

/// What would happen to one object.
#[derive(Debug)]
pub struct Change {
    /// The object as it is wanted, or was where it goes.
    pub object: Object,
    /// What becomes of it.
    pub fate: Fate,
    /// As it was wanted before.
    pub last: Option<Value>,
    /// As it is.
    pub live: Option<Value>,
    /// As the other side says that it would be.
    pub after: Option<Value>,
    /// What is not there yet, so that the other side could not say it.
    pub missing: Option<Missing>,
    /// Why the other side would refuse it.
    pub refusal: Option<Error>,
}
