//! Folders of kustomizations, and which files they may read (`api/internal/loader`, 0.20.1).

use super::{Files, Options, Restriction};
use crate::go::path;

/// Names of the file that makes a folder a kustomization.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether the folder `path` is a kustomization.
pub fn is_kustomization(path: &str, files: &dyn Files) -> bool {
    NAMES
        .iter()
        .any(|name| files.read(&path::join(&[path, name])).is_ok())
}

/// A folder that files are read from.
#[derive(Clone)]
pub(super) struct Folder<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) options: &'a Options,
    pub(super) root: String,
}

impl<'a> Folder<'a> {
    /// Where a path of the kustomization leads to.
    pub(super) fn path(&self, path: &str) -> String {
        match path.starts_with('/') {
            true => path::clean(path),
            false => path::join(&[&self.root, path]),
        }
    }

    /// Reads a file that lies in or below the folder.
    ///
    /// # Errors
    /// What is elsewhere, is a folder or address, or cannot be read.
    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        if is_address(path) {
            return Err(format!("{path}: files are not read from other machines"));
        }
        let place = self.path(path);
        if self.files.is_folder(&place) {
            return Err(format!("{place} is a folder, but has to be a file"));
        }
        let is_inside = place.starts_with(&format!("{}/", self.root.trim_end_matches('/')));
        if self.options.restriction == Restriction::Below && !is_inside {
            return Err(format!(
                "security; file '{place}' is not in or below '{}'",
                self.root
            ));
        }
        self.files.read(&place)
    }

    /// The folder that a path of the kustomization leads to.
    ///
    /// # Errors
    /// What is no folder, and what lies on another machine and cannot be fetched.
    pub(super) fn enter(&self, path: &str) -> Result<Folder<'a>, String> {
        let root = match self.path(path) {
            place if self.files.is_folder(&place) => place,
            _ if is_address(path) => self.files.fetch(path)?,
            place => return Err(format!("{place} is neither a file nor a folder")),
        };
        Ok(self.at(root))
    }

    /// The folder `root`, read in the same way.
    pub(super) fn at(&self, root: String) -> Folder<'a> {
        Folder {
            root,
            ..self.clone()
        }
    }
}

/// Whether a path leads to another machine.
pub(super) fn is_address(path: &str) -> bool {
    path.contains("://")
        || path.starts_with("git@")
        || path.starts_with("git::")
        || path.contains("?ref=")
        || path.starts_with("github.com/")
}
