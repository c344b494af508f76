//! Files under `secrets:`, decrypted without `helm secrets` where that is possible.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::data;
use super::mask::Registry;
use super::sops::{self, Document, Format, Keys};
use crate::diag::{Error, Kind};
use crate::go::os;
use crate::world::World;

/// Who decrypts what sops did not encrypt: the plugin `secrets` of Helm.
pub trait Plugin: Send + Sync {
    /// The text of a file; nothing where the plugin is not installed.
    ///
    /// # Errors
    /// What the plugin says.
    fn decrypt(&self, path: &Path) -> Option<Result<Vec<u8>, Error>>;
}

/// Files that were decrypted in this run. Their texts are kept in memory and nowhere else.
pub struct Files {
    world: Arc<dyn World>,
    secrets: Registry,
    plugin: Option<Arc<dyn Plugin>>,
    no_exec: bool,
    known: Mutex<BTreeMap<PathBuf, Slot>>,
}

/// What became of a file; taken while it is decrypted, so that nobody does it twice.
type Slot = Arc<Mutex<Option<Result<Arc<[u8]>, (Kind, String, Vec<String>)>>>>;

/// A text that was decrypted.
#[derive(Clone)]
pub struct Decrypted {
    /// The text.
    pub text: Arc<[u8]>,
    /// Whether the file was decrypted just now, which Helmfile logs.
    pub is_new: bool,
}

/// Tells nothing of the text.
impl std::fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decrypted").finish_non_exhaustive()
    }
}

impl Files {
    /// Nothing is decrypted yet. With `no_exec` neither `sops` nor a plugin is run.
    pub fn new(world: Arc<dyn World>, secrets: Registry) -> Files {
        Files {
            world,
            secrets,
            plugin: None,
            no_exec: false,
            known: Mutex::default(),
        }
    }

    /// Asks a plugin where sops is not enough.
    #[must_use]
    pub fn with_plugin(mut self, plugin: Arc<dyn Plugin>) -> Files {
        self.plugin = Some(plugin);
        self
    }

    /// Runs no program.
    #[must_use]
    pub fn without_programs(mut self) -> Files {
        self.no_exec = true;
        self
    }

    /// The text of a file of that absolute path, decrypted once a run: in the process for recipients of
    /// age, by the program `sops` for others, by Helm's plugin for what sops did not encrypt.
    ///
    /// # Errors
    /// Helmfile's `plugin secrets not installed` where nothing can; keys that are not here.
    pub fn decrypt(&self, path: &Path) -> Result<Decrypted, Error> {
        let slot = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(path.to_path_buf()).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = slot.is_none();
        let found = slot.get_or_insert_with(|| {
            let text = self.read(path);
            text.map(Arc::from).map_err(|error| {
                let message = error.message().to_owned();
                (error.kind(), message, error.hints().to_vec())
            })
        });
        match found {
            Ok(text) => Ok(Decrypted {
                text: Arc::clone(text),
                is_new,
            }),
            Err((kind, message, hints)) => {
                let error = Error::new(*kind, message.as_str());
                Err(hints.iter().cloned().fold(error, Error::with_hint))
            }
        }
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let shown = path.display().to_string();
        let text = std::fs::read(path)
            .map_err(|error| Error::new(Kind::Io, os::path_error("open", &shown, &error)))?;
        let document = Document {
            text: &text,
            format: Format::of_path(&shown),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let keys = Keys::new(&*self.world, folder, self.no_exec);
        let plain = if sops::is_encrypted(&document) {
            sops::decrypt(&document, &keys)
                .map_err(|error| error.wrap(format_args!("failed to decrypt {shown}")))?
        } else {
            self.ask_plugin(path)?
        };
        match data::decode(&plain) {
            Ok(data @ (data::Data::Map(_) | data::Data::Foreign(_) | data::Data::List(_))) => {
                self.secrets.add_all(&data);
            }
            _ => self.secrets.add(&plain),
        }
        Ok(plain)
    }

    fn ask_plugin(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let plugin = self.plugin.as_ref().filter(|_| !self.no_exec);
        if let Some(answer) = plugin.and_then(|plugin| plugin.decrypt(path)) {
            return answer;
        }
        let shown = path.display();
        let hint = format!(
            "{shown} is no file that sops encrypted, so that only Helm's plugin secrets could tell what it is."
        );
        Err(Error::new(Kind::NotFound, "plugin secrets not installed").with_hint(hint))
    }
}

/// Tells nothing of what was decrypted.
impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}
