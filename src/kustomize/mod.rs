//! Kustomizations: folders that say what objects there are and what is done to them, built as
//! `kustomize build` 5.7.1 does.
//!
//! [`build`] reads through [`Files`] and touches nothing else; [`customize`] does to objects that are
//! at hand what a kustomization says. What is not supported is an error that names it and its place;
//! `docs/kustomize.md` has the table. Merge keys are those of Kubernetes' own types, as in
//! [`crate::kubernetes::merge`].
//!
//! ```no_run
//! use pintle::kustomize::{self, Disk, Options};
//!
//! let documents = kustomize::build("./overlays/prod", &Disk, &Options::default(), &mut Vec::new())?;
//! print(&kustomize::write(&documents)?);
//! # fn print(_: &[u8]) {}
//! # Ok::<(), pintle::diag::Error>(())
//! ```

mod address;
mod chart;
mod config;
mod definition;
mod field;
mod folder;
mod gather;
mod generator;
mod id;
mod merge;
mod operation;
mod part;
mod reference;
mod resource;
mod selector;
mod sort;
mod target;
mod transform;
mod variable;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diag::{Error, Kind, Notice};
use crate::go::{os, path};
use folder::Folder;
use resource::Resource;

pub use address::{is_file_address, repository};
pub use chart::{HelmChart, INLINE};
pub use folder::{NAMES, is_kustomization};

/// What files are read through. Paths are absolute and clean, with `/`.
pub trait Files {
    /// What is in a file.
    ///
    /// # Errors
    /// Why it cannot be read, with its name.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// Whether there is such a folder.
    fn is_folder(&self, path: &str) -> bool;

    /// Brings the folder or file of an address, as kustomize spells them, to this machine; returns its
    /// path.
    ///
    /// # Errors
    /// Why that is not done; nothing is fetched if not otherwise provided.
    fn fetch(&self, address: &str) -> Result<String, String> {
        Err(format!(
            "{address} lies on another machine, from where nothing is fetched here: copy it to a folder"
        ))
    }

    /// The manifests of an entry of `helmCharts` in the kustomization of a folder, with `helmGlobals`.
    ///
    /// # Errors
    /// Why there are none; charts are not rendered if not otherwise provided.
    fn inflate(&self, folder: &str, chart: &Value, globals: &Value) -> Result<Vec<u8>, String> {
        let _ = (folder, chart, globals);
        Err("helmCharts are not supported here: render the chart and list what it makes under resources".to_owned())
    }
}

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| os::path_error("open", path, &error))
    }

    fn is_folder(&self, path: &str) -> bool {
        std::path::Path::new(path).is_dir()
    }
}

/// Files that are at hand, before those below.
pub struct Overlay<'a> {
    /// Files by their paths.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Where all others are.
    pub below: &'a dyn Files,
}

impl Files for Overlay<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match self.files.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.below.read(path),
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        let inside = format!("{}/", path.trim_end_matches('/'));
        self.files.keys().any(|name| name.starts_with(&inside)) || self.below.is_folder(path)
    }

    fn fetch(&self, address: &str) -> Result<String, String> {
        self.below.fetch(address)
    }

    fn inflate(&self, folder: &str, chart: &Value, globals: &Value) -> Result<Vec<u8>, String> {
        self.below.inflate(folder, chart, globals)
    }
}

/// How a kustomization is built. `Default` is kustomize's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Which files a kustomization may name.
    pub restriction: Restriction,
}

/// Which files a kustomization may name; folders may lie anywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restriction {
    /// Those in its folder and below.
    #[default]
    Below,
    /// All.
    None,
}

/// An object that was built.
#[derive(Clone, Debug)]
pub struct Document(Resource);

impl Document {
    /// The object.
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// The object as kustomize writes it, with keys in order.
    ///
    /// # Errors
    /// What YAML cannot hold.
    pub fn text(&self) -> Result<Vec<u8>, Error> {
        self.0.text().map_err(|why| Error::new(Kind::Manifest, why))
    }
}

/// Builds the kustomization in the folder `root`. What is deprecated, and such things, go to `notices`.
///
/// # Errors
/// Whatever is wrong first, with file, line and column.
pub fn build(
    root: &str,
    files: &dyn Files,
    options: &Options,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Document>, Error> {
    let root = std::path::absolute(root)
        .map_err(|error| Error::new(Kind::Io, os::path_error("getwd", root, &error)))?;
    let folder = Folder {
        files,
        options,
        root: path::clean(&root.to_string_lossy()),
    };
    target::build(folder, notices)
}

/// Does to the objects of a text what `kustomization`, the text of a kustomization that names no
/// `resources`, says. Files are those of the folder `root`.
///
/// # Errors
/// As [`build`].
pub fn customize(
    objects: &[u8],
    kustomization: &str,
    (root, files): (&str, &dyn Files),
    notices: &mut Vec<Notice>,
) -> Result<Vec<Document>, Error> {
    const OBJECTS: &str = "resources-at-hand.yaml";
    let place = std::path::absolute(root)
        .map_err(|error| Error::new(Kind::Io, os::path_error("getwd", root, &error)))?;
    let place = path::clean(&place.to_string_lossy());
    let text = format!("{}\nresources: [{OBJECTS}]\n", kustomization.trim_end());
    let files = Overlay {
        files: BTreeMap::from([
            (path::join(&[&place, NAMES[0]]), text.into_bytes()),
            (path::join(&[&place, OBJECTS]), objects.to_vec()),
        ]),
        below: files,
    };
    let options = Options {
        restriction: Restriction::None,
    };
    build(&place, &files, &options, notices)
}

/// All documents as `kustomize build` prints them.
///
/// # Errors
/// What YAML cannot hold.
pub fn write(documents: &[Document]) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        if at > 0 {
            text.extend_from_slice(b"---\n");
        }
        text.extend(document.text()?);
    }
    Ok(text)
}
