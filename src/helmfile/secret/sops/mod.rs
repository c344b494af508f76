//! Files that sops encrypted, as sops 3.13.2 reads them.
//!
//! A file keeps its structure: values are encrypted one by one with a data key, which is in the file
//! too, encrypted for each of those who may read it. Here that is done for recipients of age; for the
//! others (KMS, PGP, Vault) the program `sops` is asked, where there is one.

mod cipher;
mod key;
mod metadata;
#[cfg(feature = "age")]
mod recipient;
mod shamir;
mod store;
mod tree;
mod word;

use std::path::Path;

use crate::diag::Error;
use crate::world::World;

/// A file, and how it is written.
#[derive(Clone, Copy, Debug)]
pub struct Document<'d> {
    /// The text.
    pub text: &'d [u8],
    /// How it is written.
    pub format: Format,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Anything else, as one value in a JSON document.
    Binary,
    /// Lines `NAME=value`.
    Dotenv,
    /// Sections with pairs.
    Ini,
    /// JSON
    Json,
    /// YAML
    Yaml,
}

impl Format {
    /// The format of a file, by its name.
    pub fn of_path(path: &str) -> Format {
        let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
        match () {
            () if ends(&[".yaml", ".yml"]) => Format::Yaml,
            () if ends(&[".json"]) => Format::Json,
            () if ends(&[".env"]) => Format::Dotenv,
            () if ends(&[".ini"]) => Format::Ini,
            () => Format::Binary,
        }
    }

    /// The format that a word names; nothing for words that name none.
    pub fn of_name(name: &str) -> Option<Format> {
        let formats = [
            Format::Binary,
            Format::Dotenv,
            Format::Ini,
            Format::Json,
            Format::Yaml,
        ];
        formats.into_iter().find(|format| format.name() == name)
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Binary => "binary",
            Format::Dotenv => "dotenv",
            Format::Ini => "ini",
            Format::Json => "json",
            Format::Yaml => "yaml",
        }
    }
}

/// Where keys are looked for.
#[derive(Clone, Copy)]
pub struct Keys<'k> {
    world: &'k dyn World,
    folder: &'k Path,
    no_exec: bool,
}

impl<'k> Keys<'k> {
    /// The variables of sops in `world`; relative paths in them start at `folder`. With `no_exec` no
    /// program is run, neither for keys nor to decrypt.
    pub fn new(world: &'k dyn World, folder: &'k Path, no_exec: bool) -> Keys<'k> {
        Keys {
            world,
            folder,
            no_exec,
        }
    }
}

/// Tells no keys.
impl std::fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// Whether a file has what sops adds to those that it encrypts.
pub fn is_encrypted(document: &Document<'_>) -> bool {
    store::read(document.text, document.format)
        .is_ok_and(|branches| metadata::extract(branches, document.format).is_ok())
}

/// The text of a file before it was encrypted, as `sops decrypt` prints it.
///
/// # Errors
/// Files that sops did not encrypt, or that were changed since; keys that are not here. The text is in
/// none of them.
pub fn decrypt(document: &Document<'_>, keys: &Keys<'_>) -> Result<Vec<u8>, Error> {
    let branches = store::read(document.text, document.format)?;
    let (mut branches, metadata) = metadata::extract(branches, document.format)?;
    let data_key = match key::data_key(&metadata, keys) {
        Ok(data_key) => data_key,
        Err(error) => return key::ask_program(document, keys, &metadata, error),
    };
    tree::decrypt(&mut branches, &metadata, &data_key)?;
    store::write(&branches, document.format)
}

#[cfg(all(test, feature = "age"))]
mod tests;
