//! The files of one release.
//!
//! ```text
//! PATH/NAMESPACE/RELEASE/deployment-web.yaml    an object each
//! PATH/NAMESPACE/RELEASE/.pintle/v1.record      a revision each
//! PATH/NAMESPACE/RELEASE/.pintle/files          what was written, with digests
//! PATH/NAMESPACE/RELEASE/.pintle/journal        what is being done
//! PATH/NAMESPACE/RELEASE/.pintle/staged/        what is about to be written
//! PATH/NAMESPACE/RELEASE/.pintle/lock           held while something is done
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::journal::{Aim, Batch, Journal};
use crate::backend::Conflicts;
use crate::diag::{Error, Kind};
use crate::go::os;

/// The folder with what is known of a release.
pub(super) const KNOWN: &str = ".pintle";

/// Names and digests of files.
type Files = BTreeMap<String, String>;

/// The folder of a release.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// The right to change a folder, for as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Folder {
        Folder { path }
    }

    fn known(&self, name: &str) -> PathBuf {
        self.path.join(KNOWN).join(name)
    }

    /// Where the records are.
    pub(super) fn records(&self) -> PathBuf {
        self.path.join(KNOWN)
    }

    /// Takes the right to change it; nothing where another process has it.
    pub(super) fn lock(&self) -> Result<Option<Lock>, Error> {
        let path = self.known("lock");
        make(&self.path.join(KNOWN))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| failed("open", &path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed("lock", &path, &error)),
        }
    }

    /// An object's file as it is.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        read(&self.path.join(name))
    }

    /// What was being done when the last run ended; nothing where it ended well.
    pub(super) fn journal(&self) -> Result<Option<Journal>, Error> {
        self.load("journal")
    }

    /// Begins a run.
    pub(super) fn begin(&self, revision: i64, aim: Aim) -> Result<(), Error> {
        self.discard()?;
        self.save(
            "journal",
            &Journal {
                revision,
                aim,
                batch: None,
            },
        )
    }

    /// Ends a run.
    pub(super) fn end(&self) -> Result<(), Error> {
        self.discard()?;
        remove(&self.known("journal"))
    }

    /// Whether the release has written a file.
    pub(super) fn owns(&self, name: &str) -> Result<bool, Error> {
        Ok(self.files()?.contains_key(name))
    }

    /// Whether a file is what the release wrote last.
    pub(super) fn is_as_written(&self, name: &str, found: Option<&[u8]>) -> Result<bool, Error> {
        let files = self.files()?;
        Ok(found.is_some_and(|found| files.get(name).is_some_and(|known| *known == digest(found))))
    }

    fn files(&self) -> Result<Files, Error> {
        Ok(self.load("files")?.unwrap_or_default())
    }

    /// Writes and removes files: all of them, or none where one of them is not ours, or was changed since
    /// we wrote it.
    ///
    /// # Errors
    /// Files of others, and what cannot be written.
    pub(super) fn change(
        &self,
        writes: &[(String, Vec<u8>)],
        removals: &[String],
        conflicts: Conflicts,
    ) -> Result<(), Error> {
        let mut after = self.files()?;
        let mut batch = Batch::default();
        make(&self.known("staged"))?;
        for (name, text) in writes {
            let found = self.read(name)?;
            if found.as_deref() != Some(text) {
                self.check(name, found.as_deref(), after.get(name), conflicts)?;
                let staged = batch.writes.len().to_string();
                let path = self.known("staged").join(&staged);
                fs::write(&path, text).map_err(|error| failed("write", &path, &error))?;
                batch.writes.insert(name.clone(), staged);
            }
            after.insert(name.clone(), digest(text));
        }
        for name in removals {
            // What is there without being ours stays.
            let Some(known) = after.remove(name) else {
                continue;
            };
            let found = self.read(name)?;
            if found.is_some() {
                self.check(name, found.as_deref(), Some(&known), conflicts)?;
                batch.removals.push(name.clone());
            }
        }
        batch.after = after;
        let Some(mut journal) = self.journal()? else {
            return Err(Error::new(
                Kind::Record,
                "files are changed, but no run has begun",
            ));
        };
        journal.batch = Some(batch);
        // From here on it will be done, if not by us then by the next run.
        self.save("journal", &journal)?;
        self.carry_out(&journal)
    }

    /// Why [`Folder::change`] would refuse to write a file.
    pub(super) fn refuses(
        &self,
        name: &str,
        text: &[u8],
        conflicts: Conflicts,
    ) -> Result<Option<Error>, Error> {
        let found = self.read(name)?;
        if found.as_deref() == Some(text) {
            return Ok(None);
        }
        let files = self.files()?;
        let checked = self.check(name, found.as_deref(), files.get(name), conflicts);
        Ok(checked.err())
    }

    /// Does what was decided; what was done already is left alone.
    pub(super) fn carry_out(&self, journal: &Journal) -> Result<(), Error> {
        let Some(batch) = &journal.batch else {
            return Ok(());
        };
        for (name, staged) in &batch.writes {
            let (from, to) = (self.known("staged").join(staged), self.path.join(name));
            match fs::rename(&from, &to) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(failed("rename", &to, &error));
                }
                _ => {}
            }
        }
        for name in &batch.removals {
            remove(&self.path.join(name))?;
        }
        self.save("files", &batch.after)
    }

    /// Whether a file may be replaced or removed.
    fn check(
        &self,
        name: &str,
        found: Option<&[u8]>,
        known: Option<&String>,
        conflicts: Conflicts,
    ) -> Result<(), Error> {
        let Some(found) = found else {
            return Ok(());
        };
        let path = self.path.join(name);
        let path = path.display();
        match known {
            None => Err(Error::new(
                Kind::Conflict,
                format!("{path} is there already, and was not written by this release"),
            )
            .with_hint("Move it away, or bring the release to another folder.")),
            Some(known) if *known != digest(found) && conflicts != Conflicts::Take => {
                Err(Error::new(
                    Kind::Conflict,
                    format!("{path} was changed since this release wrote it"),
                )
                .with_hint("Take the change over into the chart or its values, or give it up with `--force-conflicts`."))
            }
            Some(_) => Ok(()),
        }
    }

    fn discard(&self) -> Result<(), Error> {
        let path = self.known("staged");
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("remove", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Takes away what is left of a release without records: our own files and empty folders, up to
    /// `root`.
    pub(super) fn tidy(&self, root: &Path) -> Result<(), Error> {
        if self.files()?.is_empty() {
            for name in ["files", "journal", "lock"] {
                remove(&self.known(name))?;
            }
        }
        self.discard()?;
        // Folders with anything in them stay.
        let _ = fs::remove_dir(self.path.join(KNOWN));
        let mut folder = self.path.as_path();
        while folder.starts_with(root) && folder != root && fs::remove_dir(folder).is_ok() {
            let Some(parent) = folder.parent() else { break };
            folder = parent;
        }
        Ok(())
    }

    fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let path = self.known(name);
        let Some(text) = read(&path)? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&text).map_err(|error| {
            Error::new(
                Kind::Record,
                format!("cannot read {}: {error}", path.display()),
            )
        })?;
        Ok(Some(read))
    }

    fn save<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        let mut text = serde_json::to_vec_pretty(value)
            .map_err(|error| Error::new(Kind::Record, error.to_string()))?;
        text.push(b'\n');
        write(&self.known(name), &text)
    }
}

/// SHA-256 in hexadecimal digits.
fn digest(text: &[u8]) -> String {
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts a text at `path`, whole or not at all.
pub(super) fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    let beside = path.with_extension(format!("new{}", std::process::id()));
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed("write", path, &error)
    })
}

/// A file's text; nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("open", path, &error)),
    }
}

/// Removes a file that may be there.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", path, &error)),
        _ => Ok(()),
    }
}

/// Makes a folder and those above it.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| failed("mkdir", path, &error))
}

pub(super) fn failed(operation: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Io, os::path_error(operation, path.display(), error))
}
