//! What differs between objects, field by field, and by whom. Nothing here knows where objects live:
//! JSON goes in, paths and values come out.

mod equal;
mod manager;
mod mask;
mod noise;
mod path;
mod tree;

pub use equal::same;
pub use manager::{Manager, additions, find as find_manager, leave_to_others, strip_parts};
pub use mask::{Secrets, is_secret, redact};
pub use noise::{settle, strip, stripped};
pub use path::{Path, Step};
pub use tree::{States, fields, name_managers, shaped};

use serde_json::Value;

/// Why a field will change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// It is as it was brought there, and is wanted otherwise now.
    #[default]
    Chart,
    /// It is wanted as before, and somebody has changed it since.
    Drift,
    /// Somebody has changed it since, and it is wanted otherwise than before.
    Both,
}

impl Cause {
    /// A word for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Chart => "chart",
            Cause::Drift => "drift",
            Cause::Both => "both",
        }
    }
}

/// A field that will change.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Where it is.
    pub path: Path,
    /// As it was wanted before.
    pub last: Option<Value>,
    /// As it is; nothing where it is not there.
    pub before: Option<Value>,
    /// As it will be; nothing where it goes.
    pub after: Option<Value>,
    /// Why.
    pub cause: Cause,
    /// Who changed it, where the chart is not all.
    pub manager: Option<Manager>,
}

#[cfg(test)]
mod tests;
