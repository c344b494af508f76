//! Files named by what is in them (`downloader.DiskCache`).

use std::fs;

use sha2::{Digest as _, Sha256};

use super::file;
use crate::diag::{Error, Kind};
use crate::go::path;

/// The digest of an index entry, in lower case and without the name of the algorithm.
///
/// # Errors
/// Go's words for what is no SHA-256.
pub(super) fn digest(text: &str, context: &str) -> Result<Option<String>, Error> {
    let text = text.split_once(':').map_or(text, |(_, digest)| digest);
    if text.is_empty() {
        return Ok(None);
    }
    let fail = |message: String| Err(Error::new(Kind::Chart, format!("{context}{message}")));
    if let Some(wrong) = text.chars().find(|c| !c.is_ascii_hexdigit()) {
        let shown = crate::go::strconv::quote_rune(wrong);
        let code = u32::from(wrong);
        return fail(format!("encoding/hex: invalid byte: U+{code:04X} {shown}"));
    }
    if text.len() % 2 == 1 {
        return fail("encoding/hex: odd length hex string".to_owned());
    }
    if text.len() != 64 {
        let message = format!("invalid digest length: {}", text.len() / 2);
        return Err(Error::new(Kind::Chart, message));
    }
    Ok(Some(text.to_ascii_lowercase()))
}

/// Where a chart (`.chart`) or its signature (`.prov`) would be.
pub(super) fn path(root: &str, digest: &str, kind: &str) -> String {
    path::join(&[root, &digest[..2], &format!("{digest}{kind}")])
}

/// The path, where something is there.
pub(super) fn find(root: &str, digest: &str, kind: &str) -> Option<String> {
    let path = path(root, digest, kind);
    let found = fs::metadata(&path).ok()?;
    (found.is_file() && found.len() > 0).then_some(path)
}

/// The chart of that digest and its path, where it is there and whole.
pub(super) fn chart(root: &str, digest: &str) -> Option<(String, Vec<u8>)> {
    let path = find(root, digest, ".chart")?;
    let bytes = fs::read(&path).ok()?;
    (digest_of(&bytes) == digest).then_some((path, bytes))
}

/// The digest of `bytes`, as names have it.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps `bytes`; gives the path.
pub(super) fn put(root: &str, digest: &str, kind: &str, bytes: &[u8]) -> Result<String, Error> {
    let path = path(root, digest, kind);
    file::make_folder(&path::dir(&path))?;
    file::write(&path, bytes, 0o644)?;
    Ok(path)
}
