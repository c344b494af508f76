//! `helm plugin package` and `helm plugin verify`.

use std::fs;

use super::signature;
use crate::diag::{Error, Kind};
use crate::fetch::file;
use crate::go::{os, path};
use crate::plugin::{self, archive};

/// What to package.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The plugin's folder.
    pub folder: String,
    /// The folder for the archive.
    pub destination: String,
    /// Sign it.
    pub sign: bool,
    /// The file with the key to sign with.
    pub keyring: String,
}

fn io(operation: &str, path: &str, error: &std::io::Error) -> Error {
    Error::new(Kind::Io, os::path_error(operation, path, error))
}

/// Packages a plugin.
///
/// # Errors
/// What is no plugin, a key that cannot be read, what cannot be written.
pub fn run(options: &Options, out: &mut Vec<u8>) -> Result<(), Error> {
    let folder = &options.folder;
    let found = fs::metadata(folder).map_err(|error| io("stat", folder, &error))?;
    if !found.is_dir() {
        let message = "plugin package only supports directories, not tarballs";
        return Err(Error::new(Kind::Usage, message));
    }
    let plugin = plugin::load(folder).map_err(|error| error.wrap("invalid plugin directory"))?;
    file::make_folder(&options.destination)?;
    if options.sign {
        return Err(signature::unsigned(&options.keyring));
    }
    out.extend_from_slice(
        b"WARNING: Skipping plugin signing. This is not recommended for plugins intended for distribution.\n",
    );
    let metadata = &plugin.metadata;
    let name = format!("{}-{}.tgz", metadata.name, metadata.version);
    let target = path::join(&[&options.destination, &name]);
    let packed = archive::pack(folder, &metadata.name)
        .map_err(|error| error.wrap("failed to create plugin tarball"))?;
    file::write(&target, &packed, 0o644).map_err(|error| error.wrap("failed to create tarball"))?;
    let message = format!("Successfully packaged plugin and saved it to: {target}\n");
    out.extend_from_slice(message.as_bytes());
    Ok(())
}

/// Verifies the packaged plugin `file` with the keys in `keyring`.
///
/// # Errors
/// What is missing or something else, in Helm's words; for now, also what is there.
pub fn verify(file: &str, keyring: &str, out: &mut Vec<u8>) -> Result<(), Error> {
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
    signature::verify(&archive, &text, &name, keyring)?.print(out);
    Ok(())
}
