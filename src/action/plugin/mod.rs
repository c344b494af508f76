//! `helm plugin` (`pkg/cmd/plugin*.go` and `internal/plugin/installer`, Helm 4.2.4).

pub mod install;
pub mod list;
pub mod package;
mod signature;
pub mod uninstall;
pub mod update;
mod vcs;

pub use signature::Signing;

use crate::diag::{Error, Kind, Notice};
use crate::plugin::{self, Event, Plugin};

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

/// Does something to a plugin, and may say something of it.
type Act<'a> = dyn FnMut(&Plugin, &mut Vec<u8>, &mut Vec<Notice>) -> Result<(), Error> + 'a;

/// What is done to several plugins, and how it is called.
struct Each<'a> {
    verb: &'static str,
    done: &'static str,
    places: &'a Places,
}

impl Each<'_> {
    /// Does it to the plugins of these names, and says so. What fails does not keep others from it.
    fn run(
        &self,
        names: &[String],
        act: &mut Act<'_>,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let Each { verb, done, places } = self;
        if names.is_empty() {
            let message = format!("please provide plugin name to {verb}");
            return Err(Error::new(Kind::Usage, message));
        }
        let plugins = plugin::load_all(&places.plugins, notices)?;
        let mut errors = Vec::new();
        for name in names {
            let mut found = plugins.iter();
            let Some(plugin) = found.find(|plugin| plugin.metadata.name == *name) else {
                errors.push(format!("plugin: {name} not found"));
                continue;
            };
            match act(plugin, out, notices) {
                Ok(()) => out.extend_from_slice(format!("{done} plugin: {name}\n").as_bytes()),
                Err(error) => errors.push(format!(
                    "failed to {verb} plugin {name}, got error ({error})"
                )),
            }
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(Error::new(Kind::Chart, errors.join("\n"))),
        }
    }
}
