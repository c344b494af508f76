//! Plugins as archives (`sign.go`, `installer/extractor.go`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use tar::EntryType;
use walkdir::WalkDir;

use super::{FILE, Metadata, metadata};
use crate::diag::{Error, Kind};
use crate::go::{os, path};

/// How much an archive may unpack to.
const LIMIT: u64 = 1 << 30;

/// The endings of archives that are understood.
pub const ENDINGS: [&str; 2] = [".tar.gz", ".tgz"];

/// Whether a name is one of an archive.
pub fn is_archive(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn fail(message: impl Into<String>) -> Error {
    Error::new(Kind::Chart, message)
}

/// Go's words for what cannot be read.
fn damaged(error: &io::Error) -> Error {
    let text = error.to_string();
    fail(match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        _ if text.contains("gzip header") => "gzip: invalid header".to_owned(),
        _ if text.contains("checksum") => "gzip: invalid checksum".to_owned(),
        _ if error.raw_os_error().is_some() => os::reason(error),
        _ => "archive/tar: invalid tar header".to_owned(),
    })
}

fn reader(packed: &[u8]) -> Result<tar::Archive<impl Read>, Error> {
    match packed {
        [] => return Err(fail("EOF")),
        [0x1f, 0x8b, 8, ..] if packed.len() >= 10 => {}
        [0x1f] | [0x1f, 0x8b, ..] if packed.len() < 10 => return Err(fail("unexpected EOF")),
        _ if packed.len() < 10 => return Err(fail("unexpected EOF")),
        _ => return Err(fail("gzip: invalid header")),
    }
    Ok(tar::Archive::new(MultiGzDecoder::new(packed).take(LIMIT)))
}

/// Reads the metadata of the first `plugin.yaml` in an archive, in whichever folder it is.
///
/// # Errors
/// What is no archive, holds no plugin, or one that is wrong.
pub fn inspect(packed: &[u8]) -> Result<Metadata, Error> {
    let mut archive = reader(packed)?;
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        let mut entry = entry.map_err(|error| damaged(&error))?;
        let name = entry.path_bytes().into_owned();
        if path::base(&name) == FILE.as_bytes() {
            let mut text = Vec::new();
            entry
                .read_to_end(&mut text)
                .map_err(|error| damaged(&error))?;
            return metadata::parse(&text).map_err(fail);
        }
    }
    Err(fail("plugin.yaml not found in tarball"))
}

/// Unpacks an archive into `folder`, which need not be there.
///
/// # Errors
/// What is no archive, members that lead elsewhere, links, and what cannot be written.
pub fn unpack(packed: &[u8], folder: &Path) -> Result<(), Error> {
    let mut archive = reader(packed)?;
    make(folder)?;
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        let mut entry = entry.map_err(|error| damaged(&error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let target = join(folder, &name)?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::Directory => make(&target)?,
            EntryType::Regular => {
                if let Some(parent) = target.parent() {
                    make(parent)?;
                }
                let mode = entry.header().mode().unwrap_or(0o644) & 0o7777;
                let shown = target.display();
                let mut file = OpenOptions::new()
                    .create(true)
                    .truncate(true)
                    .write(true)
                    .mode(mode)
                    .open(&target)
                    .map_err(|error| fail(os::path_error("open", shown, &error)))?;
                io::copy(&mut entry, &mut file).map_err(|error| damaged(&error))?;
            }
            EntryType::XGlobalHeader | EntryType::XHeader => {}
            other => {
                let byte = other.as_byte();
                return Err(fail(format!("unknown type: {byte:b} in {name}")));
            }
        }
    }
    Ok(())
}

fn make(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder)
        .map_err(|error| fail(os::path_error("mkdir", folder.display(), &error)))
}

/// The place of a member below `root` (`cleanJoin`).
fn join(root: &Path, member: &str) -> Result<PathBuf, Error> {
    if member.contains(':') {
        return Err(fail("path contains ':', which is illegal"));
    }
    let member = member.replace('\\', "/");
    if member.split('/').any(|part| part == "..") {
        return Err(fail("path contains '..', which is illegal"));
    }
    if member.starts_with('/') {
        return Err(fail("path is absolute, which is illegal"));
    }
    let mut place = root.to_owned();
    for part in member.split('/').filter(|part| !matches!(*part, "" | ".")) {
        place.push(part);
        // Nothing is written through a link.
        if fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink()) {
            return Err(fail(format!("{} is a link", place.display())));
        }
    }
    Ok(place)
}

/// Packs the plugin in `folder`; its files stand below `name` in the archive.
///
/// # Errors
/// What cannot be read.
pub fn pack(folder: &str, name: &str) -> Result<Vec<u8>, Error> {
    let io = |operation: &str, path: &Path, error: &io::Error| {
        Error::new(Kind::Io, os::path_error(operation, path.display(), error))
    };
    let written = |error: io::Error| Error::new(Kind::Io, error.to_string());
    let encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut builder = tar::Builder::new(encoder);
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(Path::new(folder)).to_owned();
            let error = error
                .into_io_error()
                .unwrap_or_else(|| io::Error::other("loop"));
            io("open", &path, &error)
        })?;
        let found = fs::symlink_metadata(entry.path())
            .map_err(|error| io("lstat", entry.path(), &error))?;
        let below = entry.path().strip_prefix(folder).unwrap_or(Path::new(""));
        let below = below.to_string_lossy();
        let member = path::join(&[name, &below]);
        let mut header = tar::Header::new_ustar();
        header.set_mode(found.mode() & 0o7777);
        header.set_mtime(u64::try_from(found.mtime()).unwrap_or(0));
        header.set_size(0);
        if found.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            builder
                .append_link(&mut header, member, "")
                .map_err(written)?;
        } else if found.is_dir() {
            header.set_entry_type(EntryType::Directory);
            builder
                .append_data(&mut header, format!("{member}/"), io::empty())
                .map_err(written)?;
        } else if found.is_file() {
            let file =
                File::open(entry.path()).map_err(|error| io("open", entry.path(), &error))?;
            header.set_entry_type(EntryType::Regular);
            header.set_size(found.len());
            builder
                .append_data(&mut header, member, file.take(found.len()))
                .map_err(written)?;
        } else {
            let shown = entry.path().display();
            let message = format!("archive/tar: sockets not supported: {shown}");
            return Err(Error::new(Kind::Io, message));
        }
    }
    let mut encoder = builder.into_inner().map_err(written)?;
    encoder.flush().map_err(written)?;
    encoder.finish().map_err(written)
}
