//! Files that appear whole or not at all (`fileutil.AtomicWriteFile`).

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::diag::{Error, Kind};
use crate::go::os;

/// Puts `bytes` at `path`.
///
/// # Errors
/// What cannot be written, with the name of the file beside it.
pub fn write(path: &str, bytes: &[u8], mode: u32) -> Result<(), Error> {
    write_known(path, bytes, mode).map(drop)
}

/// As [`write()`]; gives what the system knows of the very file, whoever replaces it.
pub(super) fn write_known(path: &str, bytes: &[u8], mode: u32) -> Result<Metadata, Error> {
    let fail = |operation: &str, path: &str, error: &std::io::Error| {
        Error::new(Kind::Io, os::path_error(operation, path, error))
    };
    let (name, mut file) = create_beside(path)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.set_permissions(Permissions::from_mode(mode)))
        .and_then(|()| file.metadata());
    drop(file);
    let known = written.map_err(|error| {
        let _ = fs::remove_file(&name);
        fail("write", &name, &error)
    })?;
    fs::rename(&name, path).map_err(|error| {
        let _ = fs::remove_file(&name);
        let reason = os::reason(&error);
        Error::new(Kind::Io, format!("rename {name} {path}: {reason}"))
    })?;
    Ok(known)
}

fn create_beside(path: &str) -> Result<(String, File), Error> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{path}{}{count}", std::process::id());
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(0o600).open(&name) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Error::new(Kind::Io, os::path_error("open", &name, &error)));
            }
        }
    }
}

/// Replaces what is at `path`, behind a link where it is one; keeps its mode, which is `mode` where
/// there is nothing yet.
///
/// # Errors
/// As [`write()`].
pub(crate) fn replace(path: &str, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let target = fs::canonicalize(path);
    let target = target.as_deref().unwrap_or(Path::new(path));
    let mode = fs::metadata(target).map_or(mode, |found| found.permissions().mode() & 0o7777);
    write(&target.to_string_lossy(), bytes, mode)
}

/// Makes a folder and those above it.
///
/// # Errors
/// Go's words.
pub fn make_folder(path: &str) -> Result<(), Error> {
    os::mkdir_all(path).map_err(|words| Error::new(Kind::Io, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_beside_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let path = path.to_string_lossy();
        write(&path, b"1", 0o644).unwrap();
        write(&path, b"2", 0o600).unwrap();
        assert_eq!(fs::read(&*path).unwrap(), b"2");
        replace(&path, b"3", 0o644).unwrap();
        let mode = fs::metadata(&*path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let missing = format!("{path}/b/c");
        let error = write(&missing, b"", 0o644).unwrap_err().to_string();
        assert!(error.ends_with(": not a directory"), "{error}");
    }
}
