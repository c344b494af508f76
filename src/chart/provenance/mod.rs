//! Signed charts: `.prov` files (`pkg/provenance` of Helm 4.2.4, over ProtonMail's go-crypto 1.4.1).
//!
//! A `.prov` file is a clear-signed OpenPGP message of two YAML documents: the chart's metadata, and
//! the SHA-256 digests of files. Which keys and signatures hold, and in which words they do not, is
//! Go's; the mathematics are those of the crate `pgp`. Without the feature `pgp` all is refused.

mod clear;

#[cfg(feature = "pgp")]
mod openpgp;
#[cfg(feature = "pgp")]
pub use openpgp::{Keyring, Signer};

#[cfg(not(feature = "pgp"))]
mod absent;
#[cfg(not(feature = "pgp"))]
pub use absent::{Keyring, Signer};

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::decode::{self, find_field};
use crate::diag::{Error, Kind};
use crate::go::{os, path, strconv};
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

/// What a signature that holds says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The names of whoever signed, in order.
    pub signers: Vec<Vec<u8>>,
    /// The fingerprint of the primary key, in upper case.
    pub fingerprint: String,
    /// `sha256:` and the digest of the archive.
    pub digest: String,
}

impl Verification {
    /// Adds the lines that `helm verify` prints.
    pub fn print(&self, out: &mut Vec<u8>) {
        self.print_signers(out);
        let line = format!("Chart Hash Verified: {}\n", self.digest);
        out.extend_from_slice(line.as_bytes());
    }

    /// Adds the lines about whoever signed.
    pub fn print_signers(&self, out: &mut Vec<u8>) {
        for name in &self.signers {
            out.extend_from_slice(b"Signed by: ");
            out.extend_from_slice(name);
            out.push(b'\n');
        }
        let line = format!("Using Key With Fingerprint: {}\n", self.fingerprint);
        out.extend_from_slice(line.as_bytes());
    }
}

/// The keys that signatures are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The file that has them.
    pub file: String,
    /// The time at which keys and signatures have to count.
    pub now: SystemTime,
}

/// Where the passphrase of a key comes from.
pub trait Passphrases {
    /// Gets ready to answer.
    ///
    /// # Errors
    /// What cannot be opened or read.
    fn open(&mut self) -> Result<(), Error>;

    /// The passphrase of the key of that name.
    ///
    /// # Errors
    /// What cannot be asked.
    fn passphrase(&mut self, key: &[u8]) -> Result<Vec<u8>, Error>;
}

/// Between the metadata and the digests: YAML's own separator would end the signed text.
const SEPARATOR: &[u8] = b"\n...\n";

impl Keys {
    /// Checks the archive at `archive` against the message at `provenance`
    /// (`downloader.VerifyChart`).
    ///
    /// # Errors
    /// Helm's line for whatever is missing, is something else or does not hold.
    pub fn check(&self, archive: &str, provenance: &str) -> Result<Verification, Error> {
        let found = fs::metadata(archive).map_err(|error| io("stat", archive, &error))?;
        if found.is_dir() {
            let message = "unpacked charts cannot be verified";
            return Err(Error::new(Kind::Chart, message));
        }
        let name = path::base(archive.as_bytes());
        check_name(name)?;
        if let Err(error) = fs::metadata(provenance) {
            let context = format!("could not load provenance file {provenance}");
            return Err(io("stat", provenance, &error).wrap(context).with_hint(
                "Charts are signed with `package --sign`; the `.prov` file belongs beside the archive.",
            ));
        }
        let keys = self.load()?;
        let bytes = read(archive).map_err(|error| error.wrap("failed to read chart archive"))?;
        let message =
            read(provenance).map_err(|error| error.wrap("failed to read provenance file"))?;
        verify(
            &bytes,
            &message,
            &String::from_utf8_lossy(name),
            &keys,
            self.now,
        )
    }

    /// As [`Keys::check`], of an archive and a message at hand.
    ///
    /// # Errors
    /// Helm's line for whatever does not hold.
    pub fn check_bytes(
        &self,
        archive: &[u8],
        message: &[u8],
        name: &str,
    ) -> Result<Verification, Error> {
        check_name(name.as_bytes())?;
        verify(archive, message, name, &self.load()?, self.now)
    }

    /// As [`Keys::check_bytes`], of anything: a plugin, for one.
    ///
    /// # Errors
    /// Go's line for a file that has no keys, and Helm's for whatever does not hold.
    pub fn check_signed(
        &self,
        archive: &[u8],
        message: &[u8],
        name: &str,
    ) -> Result<Verification, Error> {
        let keys = Keyring::load(&self.file)?;
        verify(archive, message, name, &keys, self.now)
    }

    fn load(&self) -> Result<Keyring, Error> {
        Keyring::load(&self.file).map_err(|error| error.wrap("failed to load keyring"))
    }
}

fn io(operation: &str, path: &str, error: &std::io::Error) -> Error {
    Error::new(Kind::Io, os::path_error(operation, path, error))
}

fn read(path: &str) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::IsADirectory => io("read", path, &error),
        _ => io("open", path, &error),
    })
}

/// Go looks at the name only.
fn check_name(name: &[u8]) -> Result<(), Error> {
    match path::ext(name).eq_ignore_ascii_case(b".tgz") {
        true => Ok(()),
        false => Err(Error::new(Kind::Chart, "chart must be a tgz file")),
    }
}

/// Checks that `message` is signed by one of `keys` and has the digest of `archive` under `name`
/// (`Signatory.Verify`).
///
/// # Errors
/// What does not hold, in the words of Helm and go-crypto.
fn verify(
    archive: &[u8],
    message: &[u8],
    name: &str,
    keys: &Keyring,
    now: SystemTime,
) -> Result<Verification, Error> {
    let fail = |message: String| Err(Error::new(Kind::Chart, message));
    let Some(message) = clear::decode(message) else {
        return fail("signature block not found".to_owned());
    };
    let (signers, fingerprint) = keys.check(&message, now)?;
    let sums = sums(&message.plain)?;
    let digest = digest(archive);
    match sums.get(name) {
        None => fail(format!(
            "provenance does not contain a SHA for a file named {}",
            strconv::quote(name)
        )),
        Some(found) if *found != digest => fail(format!(
            "sha256 sum does not match for {name}: {} != {}",
            strconv::quote(found),
            strconv::quote(&digest)
        )),
        Some(_) => Ok(Verification {
            signers,
            fingerprint,
            digest,
        }),
    }
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut text = "sha256:".to_owned();
    for byte in digest {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The text to sign: metadata, then the digest of `archive` under its name (Go: `messageBlock`).
///
/// # Errors
/// A name that YAML cannot hold.
pub fn message(archive: &[u8], name: &str, metadata: &[u8]) -> Result<Vec<u8>, Error> {
    let files = FrozenMap::from([(Text::from(name), Frozen::string(digest(archive)))]);
    let sums = FrozenMap::from([(Text::from("files"), Frozen::Map(files.into()))]);
    let sums = yaml::encode_frozen(&Frozen::Map(sums.into()))
        .map_err(|error| Error::new(Kind::Chart, error))?;
    Ok([metadata, SEPARATOR, &sums].concat())
}

/// The digests in a signed text, by name (Go: `parseMessageBlock`).
fn sums(text: &[u8]) -> Result<BTreeMap<String, String>, Error> {
    const FIELDS: &[&str] = &["files", "images"];
    let at = |text: &[u8]| memchr::memmem::find(text, SEPARATOR);
    let Some(start) = at(text) else {
        let message = "message block must have at least two parts";
        return Err(Error::new(Kind::Chart, message));
    };
    let rest = &text[start + SEPARATOR.len()..];
    let rest = &rest[..at(rest).unwrap_or(rest.len())];
    let (mut files, mut images) = (None, None);
    decode::document(rest, |decoder, value| {
        let members = decoder.members(value, "provenance.SumCollection");
        for (key, value) in members.into_iter().flatten() {
            if let Some(name) = find_field(key, FIELDS) {
                let out = match name {
                    "files" => &mut files,
                    _ => &mut images,
                };
                decoder.field("SumCollection", name, key, |decoder| {
                    decoder.string_map(value, out);
                });
            }
        }
    })
    .map_err(|error| Error::new(Kind::Chart, error.to_string()))?;
    Ok(files.unwrap_or_default())
}
