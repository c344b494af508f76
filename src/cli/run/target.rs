//! Where releases go.

use std::path::PathBuf;

use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;

/// What `--target` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Target {
    /// The cluster of the kubeconfig.
    Kube,
    /// A cluster of Amazon ECS; the one that the configuration names where this is empty.
    Ecs(String),
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
        Target::parse(flags.text("target"))
    }

    /// Reads what a flag or a file says.
    ///
    /// # Errors
    /// Words that name no target.
    pub(in crate::cli) fn parse(text: &str) -> Result<Target, Error> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("" | "kube", "") => Ok(Target::Kube),
            ("memory", "") => Ok(Target::Memory),
            ("dir", path) if !path.is_empty() => Ok(Target::Dir(PathBuf::from(path))),
            ("ecs", cluster) => Ok(Target::Ecs(cluster.to_owned())),
            _ => Err(
                Error::new(Kind::Usage, format!("there is no target {text:?}"))
                    .with_hint("Targets are `kube`, `ecs:CLUSTER`, `dir:PATH` and `memory`."),
            ),
        }
    }

    /// Whether what is brought there runs.
    pub(super) fn runs(&self) -> bool {
        matches!(self, Target::Kube | Target::Ecs(_))
    }
}
