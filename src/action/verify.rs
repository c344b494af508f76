//! `helm verify` (`pkg/downloader/chart_downloader.go`, `pkg/provenance`, Helm 4.2.4), as far as it
//! refuses before it looks at a signature. Signatures are not checked yet.

use std::fs;

use crate::diag::{Error, Kind};
use crate::go::{os, path};

/// Why the archive `file` is not verified with the keys in `keyring`: Helm's words for what is missing
/// or is something else, else ours.
pub fn refuse(file: &str, keyring: &str) -> Error {
    let io = |operation: &str, path: &str, error: &std::io::Error| {
        Error::new(Kind::Io, os::path_error(operation, path, error))
    };
    match fs::metadata(file) {
        Err(error) => return io("stat", file, &error),
        Ok(found) if found.is_dir() => {
            return Error::new(Kind::Chart, "unpacked charts cannot be verified");
        }
        Ok(_) if !path::ext(file.as_bytes()).eq_ignore_ascii_case(b".tgz") => {
            return Error::new(Kind::Chart, "chart must be a tgz file");
        }
        Ok(_) => {}
    }
    let provenance = format!("{file}.prov");
    let signed = match fs::metadata(&provenance) {
        Ok(_) => fs::read(&provenance).map_err(|error| io("open", &provenance, &error)),
        Err(error) => {
            let wrapping = format!("could not load provenance file {provenance}");
            return io("stat", &provenance, &error).wrap(wrapping);
        }
    };
    match fs::read(keyring) {
        Err(error) => return io("open", keyring, &error).wrap("failed to load keyring"),
        Ok(keys) if keys.first().is_some_and(|tag| tag & 0x80 == 0) => {
            let why = "openpgp: invalid data: tag byte does not have MSB set";
            return Error::new(Kind::Chart, why).wrap("failed to load keyring");
        }
        Ok(_) => {}
    }
    match signed {
        Err(error) => error,
        Ok(text) if !holds_signed_message(&text) => {
            Error::new(Kind::Chart, "signature block not found")
        }
        Ok(_) => Error::new(
            Kind::Unsupported,
            "signatures are not checked by pintle yet",
        ),
    }
}

/// Whether a line begins a signed message (Go: `clearsign.Decode`).
fn holds_signed_message(text: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
    let mut lines = text.split(|byte| *byte == b'\n');
    lines.any(|line| line.starts_with(BEGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_wrong_is_said_in_helms_words() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for (name, text) in [
            ("a.txt", ""),
            ("a.tgz", ""),
            ("b.tgz", ""),
            ("b.tgz.prov", "x"),
            ("c.tgz", ""),
            ("c.tgz.prov", "x\n-----BEGIN PGP SIGNED MESSAGE-----\n"),
            ("text", "a"),
            ("keys", ""),
        ] {
            fs::write(place(name), text).unwrap();
        }
        let missing = "no such file or directory";
        for (file, keyring, want) in [
            ("", "keys", "unpacked charts cannot be verified".to_owned()),
            (
                "n.tgz",
                "keys",
                format!("stat {}: {missing}", place("n.tgz")),
            ),
            ("a.txt", "keys", "chart must be a tgz file".to_owned()),
            (
                "a.tgz",
                "none",
                format!(
                    "could not load provenance file {0}: stat {0}: {missing}",
                    place("a.tgz.prov")
                ),
            ),
            (
                "b.tgz",
                "none",
                format!("failed to load keyring: open {}: {missing}", place("none")),
            ),
            (
                "b.tgz",
                "text",
                "failed to load keyring: openpgp: invalid data: tag byte does not have MSB set"
                    .to_owned(),
            ),
            ("b.tgz", "keys", "signature block not found".to_owned()),
            (
                "c.tgz",
                "keys",
                "signatures are not checked by pintle yet".to_owned(),
            ),
        ] {
            let got = refuse(&place(file), &place(keyring)).to_string();
            assert_eq!(got, want, "{file} {keyring}");
        }
    }
}
