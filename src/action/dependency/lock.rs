//! Digests of `Chart.lock`: dependencies go in, Helm's hash of them comes out
//! (`internal/resolver/resolver.go`, Helm 4.2.4).

use std::fs;

use sha2::{Digest as _, Sha256};

use crate::chart::{Dependency, Lock};
use crate::diag::{Error, Kind};
use crate::fetch::{file, index};
use crate::go::{os, path, strconv};

/// Hash of what was asked for and what was found (`resolver.HashReq`).
pub(super) fn digest(asked: Option<&[Dependency]>, found: Option<&[Dependency]>) -> String {
    let mut json = vec![b'['];
    index::dependencies(asked, &mut json);
    json.push(b',');
    index::dependencies(found, &mut json);
    json.push(b']');
    sha256(&json)
}

/// Hash of what was asked for, as Helm 2 made it (`resolver.HashV2Req`).
pub(super) fn old_digest(asked: Option<&[Dependency]>) -> String {
    let mut json = b"{\"dependencies\":".to_vec();
    index::dependencies(asked, &mut json);
    json.push(b'}');
    sha256(&json)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Writes `Chart.lock`, or `requirements.lock` for charts of version 1; never through a link.
pub(super) fn write(chart: &str, lock: &Lock, is_first: bool) -> Result<(), Error> {
    let name = match is_first {
        true => "requirements.lock",
        false => "Chart.lock",
    };
    let target = path::join(&[chart, name]);
    let quoted = strconv::quote(&target);
    let io = |message: String| Error::new(Kind::Io, message);
    match fs::symlink_metadata(&target) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            let why = os::path_error("lstat", &target, &error);
            return Err(io(format!("error getting info for {quoted}: {why}")));
        }
        Ok(found) if found.is_symlink() => {
            let link = fs::read_link(&target).map_err(|error| {
                let why = os::path_error("readlink", &target, &error);
                io(format!("error reading symlink for {quoted}: {why}"))
            })?;
            let link = strconv::quote(link.to_string_lossy().as_bytes());
            return Err(io(format!("the {name} file is a symlink to {link}")));
        }
        Ok(_) => {}
    }
    file::replace(&target, &lock.encode()?, 0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_helm() {
        // Written by Helm 4.2.4 for a dependency on a chart in a folder.
        let dependency = Dependency {
            name: "a".to_owned(),
            version: "1.0.0".to_owned(),
            repository: "file://../x".to_owned(),
            ..Dependency::default()
        };
        let list = [dependency];
        assert_eq!(
            digest(Some(&list), Some(&list)),
            "sha256:c472640c5ed50f66bbe7112faf013210763336c3ab6bd2dd08697bed70696256"
        );
    }
}
