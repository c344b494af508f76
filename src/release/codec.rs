//! A record as storage holds it: base64 of gzip of JSON (`pkg/storage/driver/util.go`, Helm 4.2.4).

use std::io::{Read, Write};

use flate2::Compression;
use flate2::GzBuilder;
use flate2::read::MultiGzDecoder;

use super::Release;
use crate::diag::{Error, Kind};
use crate::go::base64;

/// How a gzip stream of deflated data begins.
const MAGIC: &[u8] = &[0x1f, 0x8b, 0x08];

/// `OS` of a gzip header that names none.
const UNKNOWN_SYSTEM: u8 = 255;

/// What a record may unfold to: far above what storage can hold, far below what memory can.
const LIMIT: u64 = 1 << 30;

/// The text that is stored for a release.
///
/// # Errors
/// Values that JSON cannot hold.
pub fn encode(release: &Release) -> Result<String, Error> {
    let record = release
        .to_json()
        .map_err(|error| Error::new(Kind::Values, error))?;
    pack(&record)
}

/// Base64 of what gzip makes of bytes.
///
/// # Errors
/// None that are known of.
pub(super) fn pack(bytes: &[u8]) -> Result<String, Error> {
    zip(bytes).map(|packed| base64::encode(&packed))
}

/// The bytes that a file or an object holds for a release: gzip of its JSON, labels included.
///
/// # Errors
/// Values that JSON cannot hold.
pub fn compress(release: &Release) -> Result<Vec<u8>, Error> {
    let record = release
        .to_json_with_labels()
        .map_err(|error| Error::new(Kind::Values, error))?;
    zip(&record)
}

/// Reads what [`compress`] made.
///
/// # Errors
/// Bytes that are not gzip or not a record.
pub fn decompress(packed: &[u8]) -> Result<Release, Error> {
    unzip(packed)
}

fn zip(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut writer = GzBuilder::new()
        .operating_system(UNKNOWN_SYSTEM)
        .write(Vec::new(), Compression::best());
    let packed = writer.write_all(bytes).and_then(|()| writer.finish());
    packed.map_err(|error| Error::new(Kind::Io, error.to_string()))
}

/// Reads what [`encode`] made, or Helm did; records of its first versions are not packed. Labels are
/// no part of it.
///
/// # Errors
/// Text that is not base64, not gzip or not a record.
pub fn decode(text: &[u8]) -> Result<Release, Error> {
    let packed =
        base64::decode(text).map_err(|error| Error::new(Kind::Record, error.to_string()))?;
    unzip(&packed)
}

fn unzip(packed: &[u8]) -> Result<Release, Error> {
    if !packed.starts_with(MAGIC) {
        return Release::from_json(packed);
    }
    let mut record = Vec::new();
    MultiGzDecoder::new(packed)
        .take(LIMIT)
        .read_to_end(&mut record)
        .map_err(|error| Error::new(Kind::Record, format!("gzip: {error}")))?;
    Release::from_json(&record)
}
