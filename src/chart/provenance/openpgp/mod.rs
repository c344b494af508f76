//! Keys and signatures as go-crypto's `openpgp` reads, checks and writes them.

mod key;
mod keyring;
mod packet;
mod signature;

use std::fs;
use std::io::Read as _;
use std::time::SystemTime;

use self::keyring::Entity;
use self::packet::{Packet, Packets};
use self::signature::Signature;
use super::Passphrases;
use super::clear::{Armor, Draft, Message};
use crate::diag::{Error, Kind};
use crate::go::{os, strconv};

/// Why a packet, a key or a signature does not hold, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    #[error("openpgp: invalid data: {0}")]
    Structural(String),
    #[error("openpgp: unsupported feature: {0}")]
    Unsupported(String),
    #[error("openpgp: unknown packet type: {0}")]
    UnknownPacket(u8),
    #[error("openpgp: unknown critical packet type: {0}")]
    CriticalPacket(u8),
    #[error("openpgp: invalid argument: {0}")]
    Argument(String),
    #[error("openpgp: invalid signature: {0}")]
    Signature(String),
    #[error("{0}")]
    Other(String),
}

impl Flaw {
    fn structural<T>(message: impl Into<String>) -> Result<T, Flaw> {
        Err(Flaw::Structural(message.into()))
    }

    fn unsupported<T>(message: impl Into<String>) -> Result<T, Flaw> {
        Err(Flaw::Unsupported(message.into()))
    }
}

impl From<std::io::Error> for Flaw {
    fn from(error: std::io::Error) -> Flaw {
        Flaw::Other(match error.kind() {
            std::io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
            _ => error.to_string(),
        })
    }
}

impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Error {
        Error::new(Kind::Chart, flaw.to_string())
    }
}

/// The key may sign data (a key flag).
const MAY_SIGN: u8 = 0x02;

/// Keys, as GnuPG up to 2.0 keeps them in `pubring.gpg` and `secring.gpg`.
#[derive(Debug)]
pub struct Keyring(Vec<Entity>);

impl Keyring {
    /// Reads the keys in the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, or that holds something else, in Go's words.
    pub fn load(path: &str) -> Result<Keyring, Error> {
        let mut bytes = Vec::new();
        let io = |operation: &str, error: &std::io::Error| {
            Error::new(Kind::Io, os::path_error(operation, path, error))
        };
        let mut file = fs::File::open(path).map_err(|error| io("open", &error))?;
        file.read_to_end(&mut bytes)
            .map_err(|error| io("read", &error))?;
        keyring::read(&bytes).map(Keyring).map_err(|flaw| {
            let error = Error::from(flaw);
            match keyring_hint(&bytes, path) {
                Some(hint) => error.with_hint(hint),
                None => error,
            }
        })
    }

    /// Who signed a message, and the fingerprint of their key
    /// (`openpgp.CheckDetachedSignature`).
    pub(super) fn check(
        &self,
        message: &Message<'_>,
        now: SystemTime,
    ) -> Result<(Vec<Vec<u8>>, String), Error> {
        let mut armor = Armor::new(message.signature);
        let mut packets = Packets::new(&mut armor);
        let mut unknown = None;
        let (signature, keys) = loop {
            let signature = match packets.next()? {
                None => return Err(made_by_unknown(unknown)),
                Some(Packet::Signature(signature)) => signature,
                Some(_) => {
                    let flaw = Flaw::Structural("non signature packet found".to_owned());
                    return Err(flaw.into());
                }
            };
            let Some(issuer) = signature.issuer else {
                let flaw = Flaw::Structural("signature doesn't have an issuer".to_owned());
                return Err(flaw.into());
            };
            let keys = keyring::signing_keys(&self.0, issuer);
            if !keys.is_empty() {
                break (signature, keys);
            }
            unknown = Some(issuer);
        };
        if !matches!(signature.kind, signature::BINARY | signature::TEXT) {
            let kind = signature.kind;
            let flaw = Flaw::Unsupported(format!("unsupported signature type: {kind}"));
            return Err(flaw.into());
        }
        let now = seconds(now);
        let mut failed = None;
        for found in keys {
            match found.key.verify(&[&message.signed], &signature) {
                Ok(()) => {
                    found.check(&signature, now)?;
                    let names = found.entity.names();
                    return Ok((names, found.entity.primary.fingerprint_text()));
                }
                Err(flaw) => failed = Some(flaw),
            }
        }
        Err(failed.map_or_else(|| made_by_unknown(None), Error::from))
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn made_by_unknown(issuer: Option<u64>) -> Error {
    let error = Error::new(Kind::Chart, "openpgp: signature made by unknown entity");
    match issuer {
        Some(issuer) => error.with_hint(format!(
            "The signature is of the key {issuer:016X}, which the keyring does not have for signing."
        )),
        None => error,
    }
}

/// What to do about a file that holds keys in another form.
fn keyring_hint(bytes: &[u8], path: &str) -> Option<String> {
    if bytes.get(8..12) == Some(b"KBXf") {
        return Some(format!(
            "{path} is a keybox of GnuPG 2.1 or later: export the keys with `gpg --export > pubring.gpg`."
        ));
    }
    bytes.starts_with(b"-----BEGIN PGP").then(|| {
        format!("{path} is armored: make it binary with `gpg --dearmor < {path} > keys.gpg`.")
    })
}

/// A secret key that is ready to sign.
pub struct Signer(key::Unlocked);

impl Signer {
    /// Takes the one key of `keys` whose name is, or else contains, `id`, and unlocks it (`NewFromKeyring` and `Signatory.DecryptKey`).
    ///
    /// # Errors
    /// No such key, several, one without its secret part, a passphrase that does not fit.
    pub fn new(
        keys: &Keyring,
        id: &str,
        passphrases: &mut dyn Passphrases,
    ) -> Result<Signer, Error> {
        let fail = |message: &str| Err(Error::new(Kind::Chart, message));
        let found = keyring::find(&keys.0, id.as_bytes())?;
        passphrases.open()?;
        let Some(entity) = found else {
            return fail("private key not found");
        };
        let Some(secret) = &entity.secret else {
            return fail(
                "provided key is not a private key. Try providing a keyring with secret keys",
            );
        };
        let mut phrase = Vec::new();
        if secret.is_locked {
            let names = entity.names();
            let name = names.iter().find(|name| !name.is_empty());
            phrase = passphrases.passphrase(name.map_or(b"Unknown", |name| name))?;
        }
        Ok(Signer(secret.unlock(&entity.primary, &phrase)?))
    }

    /// Signs a text; gives the whole message. `salt` is randomness that keeps signatures of one text
    /// apart.
    ///
    /// # Errors
    /// A key of which only a stub is there, or that cannot sign.
    pub fn sign(&self, text: &[u8], now: SystemTime, salt: [u8; 32]) -> Result<Vec<u8>, Error> {
        let key = self.0.public();
        let hash = match key.version {
            6 => "",
            _ => "SHA512",
        };
        let draft = Draft::new(text, hash);
        let time = u32::try_from(seconds(now)).unwrap_or(u32::MAX);
        let packet = Signature::sign(&self.0, &draft.signed, time, &salt).map_err(|flaw| {
            Error::from(flaw).wrap("failed to either sign or armor message block")
        })?;
        Ok(draft.finish(&packet))
    }
}

/// For an id in quotes, as Go's `%q` puts it.
fn several(id: &[u8]) -> Error {
    let quoted = strconv::quote(id);
    let message = format!("more than one key contain the id {quoted}");
    Error::new(Kind::Chart, message)
}
