//! Key packets (`PublicKey` and `PrivateKey` of `openpgp/packet`).

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{PacketHeader, PublicKey, SecretKey};
use pgp::types::{Mpi, Password, SignatureBytes, SigningKey as _, Tag, VerifyingKey as _};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::Flaw;
use super::signature::Signature;

/// RSA, for encrypting and signing.
pub(super) const RSA: u8 = 1;
const RSA_ENCRYPT: u8 = 2;
pub(super) const RSA_SIGN: u8 = 3;
const ELGAMAL: u8 = 16;
pub(super) const DSA: u8 = 17;
const ECDH: u8 = 18;
pub(super) const ECDSA: u8 = 19;
pub(super) const EDDSA: u8 = 22;
const X25519: u8 = 25;
const X448: u8 = 26;
pub(super) const ED25519: u8 = 27;
pub(super) const ED448: u8 = 28;

const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const SECP256K1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x0a];
const ED25519_CURVE: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];
/// Curves that encrypt: ours are those above, and these, whose points are never looked at.
const OTHER_CURVES: [&[u8]; 5] = [
    &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01],
    &[0x2b, 0x65, 0x6f],
    &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07],
    &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b],
    &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0d],
];

/// Go refuses smaller RSA keys.
const LEAST_RSA_BITS: usize = 1024;

/// A public key, or the public part of a secret one.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) version: u8,
    /// When it was made, in seconds.
    pub(super) created: u32,
    pub(super) algorithm: u8,
    pub(super) is_subkey: bool,
    pub(super) fingerprint: Vec<u8>,
    pub(super) id: u64,
    /// The packet's content, as far as it is public.
    body: Vec<u8>,
}

/// What is left of a packet's content.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Flaw> {
        let Some((taken, rest)) = self.0.split_at_checked(count) else {
            return Err(Flaw::Other("unexpected EOF".to_owned()));
        };
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Flaw> {
        Ok(self.take(1)?[0])
    }

    /// A number with its length in bits before it.
    fn number(&mut self) -> Result<&'a [u8], Flaw> {
        let length = self.take(2)?;
        let bits = usize::from(u16::from_be_bytes([length[0], length[1]]));
        self.take(bits.div_ceil(8))
    }

    /// A field with its length in bytes before it.
    fn field(&mut self) -> Result<&'a [u8], Flaw> {
        let length = self.byte()?;
        if matches!(length, 0 | 0xff) {
            return Flaw::unsupported("reserved for future extensions");
        }
        self.take(usize::from(length))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Key {
    /// Reads a key; gives the length of its public part, too.
    pub(super) fn parse(bytes: &[u8], is_subkey: bool) -> Result<(Key, usize), Flaw> {
        let mut fields = Fields(bytes);
        let head = fields.take(6)?;
        let (version, algorithm) = (head[0], head[5]);
        match version {
            4 => {}
            6 => drop(fields.take(4)?),
            5 => {
                return Flaw::unsupported(
                    "support for parsing v5 entities is disabled; build with `-tags v5` if needed",
                );
            }
            other => return Flaw::unsupported(format!("public key version {other}")),
        }
        check_material(algorithm, &mut fields)?;
        let length = bytes.len() - fields.0.len();
        let mut key = Key {
            version,
            created: u32::from_be_bytes([head[1], head[2], head[3], head[4]]),
            algorithm,
            is_subkey,
            fingerprint: Vec::new(),
            id: 0,
            body: bytes[..length].to_vec(),
        };
        let hashed = key.hashed();
        let at = match version {
            6 => {
                key.fingerprint = Sha256::digest(hashed).to_vec();
                0
            }
            _ => {
                key.fingerprint = Sha1::digest(hashed).to_vec();
                12
            }
        };
        let id = key.fingerprint[at..at + 8].iter();
        key.id = id.fold(0, |id, byte| id << 8 | u64::from(*byte));
        Ok((key, length))
    }

    /// The key as it goes into digests.
    pub(super) fn hashed(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.body.len() + 5);
        let length = u32::try_from(self.body.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes();
        match self.version {
            6 => {
                bytes.push(0x9b);
                bytes.extend_from_slice(&length);
            }
            _ => {
                bytes.push(0x99);
                bytes.extend_from_slice(&length[2..]);
            }
        }
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// In upper case.
    pub(super) fn fingerprint_text(&self) -> String {
        hex(&self.fingerprint).to_uppercase()
    }

    /// Whether signatures can be of this kind of key.
    pub(super) fn can_sign(&self) -> bool {
        matches!(
            self.algorithm,
            RSA | RSA_SIGN | DSA | ECDSA | EDDSA | ED25519 | ED448
        )
    }

    /// Whether the key is not valid yet or no longer at `now`, as `binding` limits it.
    pub(super) fn is_expired(&self, binding: Option<&Signature>, now: u64) -> bool {
        let created = u64::from(self.created);
        let lifetime = binding.and_then(|binding| binding.key_lifetime);
        created > now
            || matches!(lifetime, Some(life) if life > 0 && now > created + u64::from(life))
    }

    /// Checks a signature of this key over `parts` (`PublicKey.VerifySignature`).
    pub(super) fn verify(&self, parts: &[&[u8]], signature: &Signature) -> Result<(), Flaw> {
        let fail = |message: &str| Err(Flaw::Signature(message.to_owned()));
        if matches!(self.algorithm, RSA_ENCRYPT | ELGAMAL | ECDH) {
            let message = "public key cannot generate signatures".to_owned();
            return Err(Flaw::Argument(message));
        }
        let digest = signature.digest(parts);
        if signature.version >= 5 && digest.get(..2) != Some(&signature.tag[..]) {
            return fail("hash tag doesn't match");
        }
        if self.algorithm != signature.algorithm {
            let message = "public key and signature use different algorithms".to_owned();
            return Err(Flaw::Argument(message));
        }
        let hash = HashAlgorithm::from(signature.hash);
        let bytes = match self.algorithm {
            ED25519 | ED448 => SignatureBytes::Native(signature.values.concat().into()),
            _ => {
                let numbers = signature.values.iter().map(|value| Mpi::from_slice(value));
                SignatureBytes::Mpis(numbers.collect())
            }
        };
        let holds = self.is_strong()
            && self
                .material()
                .is_some_and(|key| key.verify(hash, &digest, &bytes).is_ok());
        if holds {
            return Ok(());
        }
        fail(match self.algorithm {
            RSA | RSA_SIGN => "RSA verification failure",
            DSA => "DSA verification failure",
            ECDSA => "ECDSA verification failure",
            EDDSA => "EdDSA verification failure",
            ED25519 => "Ed25519 verification failure",
            _ => "ed448 verification failure",
        })
    }

    fn is_strong(&self) -> bool {
        if !matches!(self.algorithm, RSA | RSA_SIGN) {
            return true;
        }
        let start = if self.version == 6 { 10 } else { 6 };
        let modulus = self
            .body
            .get(start..)
            .map(Fields)
            .map(|mut fields| fields.number());
        let Some(Ok(modulus)) = modulus else {
            return false;
        };
        let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
        let significant = &modulus[zeros..];
        let unused = significant.first().map_or(0, |byte| byte.leading_zeros());
        significant.len() * 8 - unused as usize >= LEAST_RSA_BITS
    }

    /// The key for the mathematics; nothing where it makes no sense.
    fn material(&self) -> Option<PublicKey> {
        let length = u32::try_from(self.body.len()).ok()?;
        let header = PacketHeader::new_fixed(Tag::PublicKey, length);
        PublicKey::try_from_reader(header, &self.body[..]).ok()
    }
}

/// Passes over the numbers of a key, which have to be there.
fn check_material(algorithm: u8, fields: &mut Fields<'_>) -> Result<(), Flaw> {
    let numbers = |fields: &mut Fields<'_>, count: usize| {
        (0..count).try_for_each(|_| fields.number().map(drop))
    };
    let known = |curve: &[u8], ours: &[&[u8]]| match ours.contains(&curve) {
        true => Ok(()),
        false => Flaw::unsupported(format!("unknown oid: {}", hex(curve))),
    };
    match algorithm {
        RSA | RSA_ENCRYPT | RSA_SIGN => {
            fields.number()?;
            if fields.number()?.len() > 3 {
                return Flaw::unsupported("large public exponent");
            }
            Ok(())
        }
        DSA => numbers(fields, 4),
        ELGAMAL => numbers(fields, 3),
        ECDSA => {
            known(fields.field()?, &[P256, P384, P521, SECP256K1])?;
            numbers(fields, 1)
        }
        ECDH => {
            let curve = fields.field()?;
            if !OTHER_CURVES.contains(&curve) {
                known(curve, &[P256, P384, P521, SECP256K1])?;
            }
            numbers(fields, 1)?;
            fields.field().map(drop)
        }
        EDDSA => {
            known(fields.field()?, &[ED25519_CURVE])?;
            match fields.number()?.first() {
                None => Flaw::structural("empty EdDSA public key"),
                Some(0x40) => Ok(()),
                Some(other) => Flaw::unsupported(format!("unsupported EdDSA compression: {other}")),
            }
        }
        X25519 | ED25519 => fields.take(32).map(drop),
        X448 => fields.take(56).map(drop),
        ED448 => fields.take(57).map(drop),
        other => Flaw::unsupported(format!("public key type: {other}")),
    }
}

/// The secret part of a key.
#[derive(Clone)]
pub(super) struct Secret {
    /// The whole content of the packet.
    body: Vec<u8>,
    /// A passphrase is needed.
    pub(super) is_locked: bool,
    /// GnuPG wrote a stub: the secret is elsewhere.
    is_stub: bool,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What is said where a checksum over the secret numbers is wrong.
fn damaged() -> Flaw {
    Flaw::Structural("private key checksum failure".to_owned())
}

impl Secret {
    pub(super) fn parse(bytes: Vec<u8>, is_subkey: bool) -> Result<(Key, Secret), Flaw> {
        let (key, length) = Key::parse(&bytes, is_subkey)?;
        let mut fields = Fields(&bytes[length..]);
        let usage = fields.byte()?;
        let (is_locked, is_stub) = match usage {
            0 => {
                if key.version != 6 {
                    check_sum(fields.0)?;
                }
                (false, false)
            }
            253..=255 => {
                if key.version == 6 {
                    if usage == 255 {
                        return Flaw::structural("wrong s2k identifier for version 6");
                    }
                    fields.byte()?;
                }
                let is_stub = check_protection(usage, key.version, &mut fields)?;
                (!is_stub, is_stub)
            }
            _ => return Flaw::unsupported("deprecated s2k function in private key"),
        };
        let secret = Secret {
            body: bytes,
            is_locked,
            is_stub,
        };
        Ok((key, secret))
    }

    /// Makes the key ready to sign.
    pub(super) fn unlock(&self, key: &Key, passphrase: &[u8]) -> Result<Unlocked, Flaw> {
        if self.is_stub {
            return Ok(Unlocked {
                key: key.clone(),
                secret: None,
            });
        }
        let length = u32::try_from(self.body.len()).map_err(|_| damaged())?;
        let header = PacketHeader::new_fixed(Tag::SecretKey, length);
        let mut secret =
            SecretKey::try_from_reader(header, &self.body[..]).map_err(|_| damaged())?;
        if self.is_locked {
            let passphrase = Password::from(passphrase);
            secret.remove_password(&passphrase).map_err(|_| damaged())?;
        }
        Ok(Unlocked {
            key: key.clone(),
            secret: Some(secret),
        })
    }
}

/// The sum of the secret numbers stands behind them.
fn check_sum(bytes: &[u8]) -> Result<(), Flaw> {
    let Some((numbers, sum)) = bytes.split_last_chunk::<2>() else {
        return Flaw::structural("truncated private key data");
    };
    let found = numbers
        .iter()
        .fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    match found.to_be_bytes() == *sum {
        true => Ok(()),
        false => Err(damaged()),
    }
}

/// Passes over how a secret is locked; tells whether it is a stub.
fn check_protection(usage: u8, version: u8, fields: &mut Fields<'_>) -> Result<bool, Flaw> {
    let cipher = fields.byte()?;
    if !matches!(cipher, 0 | 2 | 3 | 7 | 8 | 9) {
        return Flaw::unsupported("unsupported cipher function in private key");
    }
    if usage == 253 && !matches!(fields.byte()?, 1..=3) {
        return Flaw::unsupported("unsupported aead mode in private key");
    }
    if version == 6 {
        fields.byte()?;
    }
    let mode = fields.byte()?;
    match mode {
        0 => drop(fields.take(1)?),
        1 => drop(fields.take(9)?),
        3 => drop(fields.take(10)?),
        4 => drop(fields.take(19)?),
        101 => {
            return match fields.take(5)? {
                [_, b'G', b'N', b'U', 1] => Ok(true),
                _ => Flaw::unsupported("GNU S2K extension"),
            };
        }
        _ => return Flaw::unsupported("S2K function"),
    }
    if mode == 4 && usage != 253 {
        return Flaw::structural("using Argon2 S2K without AEAD is not allowed");
    }
    if mode == 0 && version == 6 {
        return Flaw::structural("using Simple S2K with version 6 keys is not allowed");
    }
    if usage != 253 && cipher == 0 {
        return Flaw::unsupported("unsupported cipher in private key: 0");
    }
    Ok(false)
}

/// A key that signs.
pub(super) struct Unlocked {
    key: Key,
    /// Nothing where there is a stub only.
    secret: Option<SecretKey>,
}

impl Unlocked {
    /// The public part.
    pub(super) fn public(&self) -> &Key {
        &self.key
    }

    /// The numbers of a signature over a digest of SHA-512.
    pub(super) fn sign(&self, digest: &[u8]) -> Result<Vec<Vec<u8>>, Flaw> {
        let Some(secret) = &self.secret else {
            let message = "openpgp: s2k GNU dummy key: dummy key found".to_owned();
            return Err(Flaw::Other(message));
        };
        let made = secret
            .sign(&Password::empty(), HashAlgorithm::Sha512, digest)
            .map_err(|error| Flaw::Other(error.to_string()))?;
        Ok(match made {
            SignatureBytes::Mpis(numbers) => numbers
                .iter()
                .map(|number| number.as_ref().to_vec())
                .collect(),
            SignatureBytes::Native(bytes) => vec![bytes.to_vec()],
        })
    }
}
