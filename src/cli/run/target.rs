//! Where releases go.

use std::path::PathBuf;

use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;

/// What `--target` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The cluster of the kubeconfig.
    Kube,
    /// A folder.
    Dir(PathBuf),
    /// Nowhere: records live as long as the process.
    Memory,
}

impl Target {
    /// Reads the flag; Helm has none.
    ///
    /// # Errors
    /// Words that name no target.
    pub(super) fn of(flags: &FlagSet) -> Result<Target, Error> {
        let text = flags.text("target");
        match text.split_once(':').unwrap_or((text, "")) {
            ("" | "kube", "") => Ok(Target::Kube),
            ("memory", "") => Ok(Target::Memory),
            ("dir", path) if !path.is_empty() => Ok(Target::Dir(PathBuf::from(path))),
            ("ecs", _) => Err(Error::new(
                Kind::Unsupported,
                format!("the target {text:?} is not part of pintle yet"),
            )),
            _ => Err(
                Error::new(Kind::Usage, format!("there is no target {text:?}"))
                    .with_hint("Targets are `kube`, `dir:PATH` and `memory`."),
            ),
        }
    }

    /// Whether what is brought there runs.
    pub(super) fn runs(&self) -> bool {
        *self == Target::Kube
    }
}
