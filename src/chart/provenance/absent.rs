//! Stands in for OpenPGP where it was not built in.

use std::time::SystemTime;

use super::Passphrases;
use super::clear::Message;
use crate::diag::{Error, Kind};
use crate::go::os;

fn refuse() -> Error {
    let message =
        "signatures are neither made nor checked: pintle was built without the feature pgp";
    Error::new(Kind::Unsupported, message)
}

/// No keys.
#[derive(Debug)]
pub enum Keyring {}

impl Keyring {
    /// Refuses.
    ///
    /// # Errors
    /// A file that cannot be opened, in Go's words, or that nothing here reads it.
    pub fn load(path: &str) -> Result<Keyring, Error> {
        match std::fs::File::open(path) {
            Ok(_) => Err(refuse()),
            Err(error) => Err(Error::new(Kind::Io, os::path_error("open", path, &error))),
        }
    }

    pub(super) fn check(
        &self,
        _message: &Message<'_>,
        _now: SystemTime,
    ) -> Result<(Vec<Vec<u8>>, String), Error> {
        match *self {}
    }
}

/// Nobody.
pub enum Signer {}

impl Signer {
    /// Cannot be called: there is no keyring.
    ///
    /// # Errors
    /// None.
    pub fn new(
        keys: &Keyring,
        _id: &str,
        _passphrases: &mut dyn Passphrases,
    ) -> Result<Signer, Error> {
        match *keys {}
    }

    /// Cannot be called: nobody signs.
    ///
    /// # Errors
    /// None.
    pub fn sign(&self, _text: &[u8], _now: SystemTime, _salt: [u8; 32]) -> Result<Vec<u8>, Error> {
        match *self {}
    }
}
