//! `helm plugin package` and `helm plugin verify`.

use std::fs;

use super::signature::{self, Signing};
use crate::chart::provenance::{Keys, Passphrases};
use crate::diag::{Error, Kind};
use crate::fetch::file;
use crate::go::{os, path};
use crate::plugin::{self, archive};
use crate::world::World;

/// What to package.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The plugin's folder.
    pub folder: String,
    /// The folder for the archive.
    pub destination: String,
    /// How to sign it, where that is to be done.
    pub signing: Option<Signing>,
}

fn io(operation: &str, path: &str, error: &std::io::Error) -> Error {
    Error::new(Kind::Io, os::path_error(operation, path, error))
}

/// Packages a plugin.
///
/// # Errors
/// What is no plugin, a key that cannot be read, what cannot be written.
pub fn run(
    options: &Options,
    passphrases: &mut dyn Passphrases,
    world: &dyn World,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let folder = &options.folder;
    let found = fs::metadata(folder).map_err(|error| io("stat", folder, &error))?;
    if !found.is_dir() {
        let message = "plugin package only supports directories, not tarballs";
        return Err(Error::new(Kind::Usage, message));
    }
    let plugin = plugin::load(folder).map_err(|error| error.wrap("invalid plugin directory"))?;
    file::make_folder(&options.destination)?;
    let signing = options.signing.as_ref();
    let signer = signing.map(|signing| signing.signer(passphrases));
    let signer = signer.transpose()?;
    if signer.is_none() {
        out.extend_from_slice(
            b"WARNING: Skipping plugin signing. This is not recommended for plugins intended for distribution.\n",
        );
    }
    let metadata = &plugin.metadata;
    let name = format!("{}-{}.tgz", metadata.name, metadata.version);
    let target = path::join(&[&options.destination, &name]);
    let packed = archive::pack(folder, &metadata.name)
        .map_err(|error| error.wrap("failed to create plugin tarball"))?;
    // Both or none: what cannot be signed is not written.
    let message = match &signer {
        Some(signer) => Some(
            signature::sign(&packed, &name, signer, world)
                .map_err(|error| error.wrap("failed to sign plugin"))?,
        ),
        None => None,
    };
    file::write(&target, &packed, 0o644).map_err(|error| error.wrap("failed to create tarball"))?;
    if let Some(message) = message {
        let beside = format!("{target}.prov");
        if let Err(error) = file::write(&beside, &message, 0o644) {
            let _ = fs::remove_file(&target);
            return Err(error);
        }
        let line = format!("Successfully signed. Signature written to: {beside}\n");
        out.extend_from_slice(line.as_bytes());
    }
    let message = format!("Successfully packaged plugin and saved it to: {target}\n");
    out.extend_from_slice(message.as_bytes());
    Ok(())
}

/// Verifies the packaged plugin `file`.
///
/// # Errors
/// What is missing, is something else or does not hold, in Helm's words.
pub fn verify(file: &str, keys: &Keys, out: &mut Vec<u8>) -> Result<(), Error> {
    let found = fs::metadata(file).map_err(|error| io("stat", file, &error))?;
    let fail = |message: &str| Err(Error::new(Kind::Usage, message));
    if found.is_dir() {
        return fail("directory verification not supported - only plugin tarballs can be verified");
    }
    if !matches!(path::ext(file.as_bytes()), b".gz" | b".tgz") {
        return fail("plugin file must be a gzipped tarball (.tar.gz or .tgz)");
    }
    let provenance = format!("{file}.prov");
    if let Err(error) = fs::metadata(&provenance) {
        let context = format!("could not find provenance file {provenance}");
        return Err(io("stat", &provenance, &error).wrap(context));
    }
    let read = |path: &str, what: &str| {
        fs::read(path).map_err(|error| io("open", path, &error).wrap(what))
    };
    let archive = read(file, "failed to read plugin file")?;
    let text = read(&provenance, "failed to read provenance file")?;
    let name = String::from_utf8_lossy(path::base(file.as_bytes())).into_owned();
    signature::verify(&archive, &text, &name, keys, out)
}
