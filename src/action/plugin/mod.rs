//! `helm plugin` (`pkg/cmd/plugin*.go` and `internal/plugin/installer`, Helm 4.2.4).

pub mod install;
pub mod list;
pub mod package;
mod signature;
pub mod uninstall;
pub mod update;
mod vcs;

pub use signature::Signing;

use crate::diag::{Error, Kind};
use crate::plugin::{Event, Plugin};

/// Runs a hook of a plugin; what was said to users before comes out first.
pub type RunHook<'a> = dyn FnMut(&Plugin, Event, &mut Vec<u8>) -> Result<(), Error> + 'a;

/// Where plugins are, and what is kept of where they came from.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The folder, or list of folders, of `HELM_PLUGINS`.
    pub plugins: String,
    /// The folder that archives are installed into, whatever `HELM_PLUGINS` says.
    pub data: String,
    /// The folder for clones and unpacked archives.
    pub cache: String,
    /// The folder for what is there for a moment only.
    pub temporary: String,
}

/// All that went wrong, as one error.
fn all(errors: Vec<String>) -> Result<(), Error> {
    match errors.is_empty() {
        true => Ok(()),
        false => Err(Error::new(Kind::Chart, errors.join("\n"))),
    }
}
