//! Signatures of plugins, as far as they are refused: checking them is still to come.

use crate::diag::{Error, Kind};
use crate::go::os;

/// What a signature that holds says.
pub(super) enum Verified {}

impl Verified {
    /// Adds the lines that users see.
    pub(super) fn print(&self, _: &mut Vec<u8>) {
        match *self {}
    }
}

/// Checks a packaged plugin against its provenance.
///
/// # Errors
/// Keys that cannot be read, and that nothing is checked yet.
pub(super) fn verify(
    _archive: &[u8],
    _provenance: &[u8],
    _name: &str,
    keyring: &str,
) -> Result<Verified, Error> {
    Err(refuse(keyring, "signatures are not checked by pintle yet"))
}

/// Why nothing is signed.
pub(super) fn unsigned(keyring: &str) -> Error {
    refuse(keyring, "plugins are not signed by pintle yet").wrap("error reading from keyring")
}

fn refuse(keyring: &str, why: &str) -> Error {
    match std::fs::read(keyring) {
        Err(error) => Error::new(Kind::Io, os::path_error("open", keyring, &error)),
        Ok(_) => Error::new(Kind::Unsupported, why),
    }
}
