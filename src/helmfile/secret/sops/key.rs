//! The data key of a file: from what is here, or not at all, and then by the program `sops`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::cipher::DataKey;
use super::metadata::{Holder, Metadata};
use super::{Document, Keys, shamir};
use crate::diag::{Error, Kind};

/// How long the program may take, which may ask a person.
const LIMIT: Duration = Duration::from_secs(300);

/// The data key.
///
/// # Errors
/// Too few of those who may read it are here; why is in the hints.
pub(super) fn data_key(metadata: &Metadata, keys: &Keys<'_>) -> Result<DataKey, Error> {
    let mut parts = Vec::new();
    let mut reasons = Vec::new();
    for group in &metadata.groups {
        match open_group(group, keys) {
            Ok(part) => parts.push(part),
            Err(why) => reasons.extend(why),
        }
    }
    let found = match metadata.groups.len() {
        1 => parts.pop(),
        _ if parts.len() < metadata.threshold => None,
        _ => shamir::combine(&parts),
    };
    found.map(DataKey::new).ok_or_else(|| {
        let message = format!(
            "Error getting data key: {} successful groups required, got {}",
            metadata.threshold,
            parts.len()
        );
        reasons.dedup();
        let error = Error::new(Kind::Values, message);
        reasons.into_iter().fold(error, Error::with_hint)
    })
}

/// The part of a group, from any who hold it; or why not.
fn open_group(group: &[Holder], keys: &Keys<'_>) -> Result<Vec<u8>, Vec<String>> {
    let mut reasons = Vec::new();
    for holder in group {
        match holder {
            Holder::Age { recipient, sealed } => match open(recipient, sealed, keys) {
                Ok(part) => return Ok(part),
                Err(why) => reasons.push(format!("For the age recipient {recipient}: {why}.")),
            },
            Holder::Other { kind, name } => reasons.push(format!(
                "For the key {name} of {kind} the program sops is needed."
            )),
        }
    }
    Err(reasons)
}

#[cfg(feature = "age")]
fn open(recipient: &str, sealed: &str, keys: &Keys<'_>) -> Result<Vec<u8>, String> {
    super::recipient::open(recipient, sealed, keys)
}

#[cfg(not(feature = "age"))]
fn open(_: &str, _: &str, _: &Keys<'_>) -> Result<Vec<u8>, String> {
    Err("pintle was built without the feature age".to_owned())
}

/// Asks the program `sops` for what cannot be decrypted here.
///
/// # Errors
/// `error`, where there is no such program or it must not be run; else what it says.
pub(super) fn ask_program(
    document: &Document<'_>,
    keys: &Keys<'_>,
    metadata: &Metadata,
    error: Error,
) -> Result<Vec<u8>, Error> {
    if keys.no_exec {
        return Err(error);
    }
    let Some(program) = on_path("sops", keys) else {
        let others = metadata.others();
        return Err(match others.is_empty() {
            true => error,
            false => error.with_hint(
                "Install sops (https://getsops.io), or encrypt the file for a recipient of age too.",
            ),
        });
    };
    let format = document.format.name();
    let mut command = Command::new(program);
    command.args(["decrypt", "--input-type", format, "--output-type", format]);
    command.arg("/dev/stdin");
    if !keys.folder.as_os_str().is_empty() {
        command.current_dir(keys.folder);
    }
    super::super::provider::output(&mut command, document.text, LIMIT).map_err(|why| {
        let message = format!("sops failed: {why}");
        let hints = error.hints().to_vec();
        let error = Error::new(Kind::Values, message);
        hints.into_iter().fold(error, Error::with_hint)
    })
}

/// A program of the PATH.
pub(in super::super) fn on_path(name: &str, keys: &Keys<'_>) -> Option<PathBuf> {
    let path = keys.world.variable("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file)
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}
