//! What states ask of secrets, in one place: references and files.

use std::path::Path;
use std::sync::Arc;

use super::super::data::Data;
use super::file::{Files, Plugin};
use super::mask::Registry;
use super::provider::Cluster;
use super::vals::{Options, Vals};
use crate::go::strconv;
use crate::world::World;

/// Resolves references to secrets.
pub trait Secrets: Send + Sync {
    /// The data with its references resolved; relative paths start at the folder of the process.
    ///
    /// # Errors
    /// The words of the provider that failed.
    fn expand(&self, data: &Data) -> Result<Data, String>;

    /// What is in an encrypted file.
    ///
    /// # Errors
    /// Why it cannot be decrypted.
    fn decrypt(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// Secrets of all providers, and files of sops.
pub struct Resolver {
    /// Or what is wrong with the variables that configure it.
    vals: Result<Vals, String>,
    files: Files,
}

impl Resolver {
    /// Secrets as the variables of `world` say. With `no_exec`, or where Helmfile's insecure features
    /// are switched off, no program is run. What is resolved becomes known to `registry`.
    pub fn new(world: Arc<dyn World>, no_exec: bool, registry: Registry) -> Resolver {
        let is_off = world
            .variable("HELMFILE_DISABLE_INSECURE_FEATURES")
            .and_then(|value| strconv::parse_bool(value).ok());
        let no_exec = no_exec || is_off.unwrap_or_default();
        let options = Options::of(&*world).map(|options| Options { no_exec, ..options });
        let vals = options.map(|options| Vals::new(Arc::clone(&world), options, registry.clone()));
        let files = Files::new(world, registry);
        Resolver {
            vals: vals.map_err(|error| error.to_string()),
            files: match no_exec {
                true => files.without_programs(),
                false => files,
            },
        }
    }

    /// Asks a cluster for `ref+k8s://`.
    #[must_use]
    pub fn with_cluster(mut self, cluster: Arc<dyn Cluster>) -> Resolver {
        self.vals = self.vals.map(|vals| vals.with_cluster(cluster));
        self
    }

    /// Asks Helm's plugin for files that sops did not encrypt.
    #[must_use]
    pub fn with_plugin(mut self, plugin: Arc<dyn Plugin>) -> Resolver {
        self.files = self.files.with_plugin(plugin);
        self
    }
}

impl Secrets for Resolver {
    fn expand(&self, data: &Data) -> Result<Data, String> {
        let vals = self.vals.as_ref().map_err(String::clone)?;
        let folder = std::env::current_dir().unwrap_or_default();
        let expanded = vals.within(&folder).expand(data);
        expanded.map_err(|error| error.to_string())
    }

    fn decrypt(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.files.decrypt(Path::new(path));
        match found {
            Ok(found) => Ok(found.text.to_vec()),
            Err(error) => Err(error.to_string()),
        }
    }
}
