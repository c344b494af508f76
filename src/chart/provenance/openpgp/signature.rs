//! Signature packets (`Signature` of `openpgp/packet`).

use std::io::Read;

use pgp::crypto::hash::HashAlgorithm;

use super::Flaw;
use super::key::{DSA, ECDSA, ED448, ED25519, EDDSA, Key, RSA, RSA_SIGN, Unlocked};

/// Of bytes as they are.
pub(super) const BINARY: u8 = 0x00;
/// Of a text, whose lines end in `\r\n`.
pub(super) const TEXT: u8 = 0x01;
pub(super) const SUBKEY_BINDING: u8 = 0x18;
const PRIMARY_BINDING: u8 = 0x19;
pub(super) const DIRECT: u8 = 0x1f;
pub(super) const KEY_REVOCATION: u8 = 0x20;
pub(super) const SUBKEY_REVOCATION: u8 = 0x28;
pub(super) const NAME_REVOCATION: u8 = 0x30;

const SHA512: u8 = 10;

/// A signature of a message, a key or a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Signature {
    pub(super) version: u8,
    pub(super) kind: u8,
    /// Of the key.
    pub(super) algorithm: u8,
    pub(super) hash: u8,
    /// When it was made, in seconds.
    created: Option<u32>,
    /// How long it counts, in seconds; nothing and 0 are for ever.
    lifetime: Option<u32>,
    /// How long the key counts.
    pub(super) key_lifetime: Option<u32>,
    /// The id of the key.
    pub(super) issuer: Option<u64>,
    issuer_fingerprint: Vec<u8>,
    /// What the key may do.
    pub(super) flags: Option<u8>,
    /// The name is the one that counts most.
    pub(super) is_primary: bool,
    /// Names of notations that have to be understood.
    pub(super) critical_notations: Vec<Vec<u8>>,
    /// Why a key is revoked.
    pub(super) reason: Option<u8>,
    /// The subkey's own signature.
    pub(super) embedded: Option<Box<Signature>>,
    /// The first bytes of the digest.
    pub(super) tag: [u8; 2],
    salt: Vec<u8>,
    /// What goes into the digest behind what is signed.
    suffix: Vec<u8>,
    /// Numbers without their lengths, or one field.
    pub(super) values: Vec<Vec<u8>>,
}

fn bytes<const N: usize>(reader: &mut dyn Read) -> Result<[u8; N], Flaw> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// As many bytes as are said to follow; a false length costs no memory.
fn take(reader: &mut dyn Read, count: usize) -> Result<Vec<u8>, Flaw> {
    const AT_ONCE: usize = 1 << 16;
    let mut all = vec![0; count.min(AT_ONCE)];
    reader.read_exact(&mut all)?;
    while all.len() < count {
        let start = all.len();
        all.resize(count.min(start + AT_ONCE), 0);
        reader.read_exact(&mut all[start..])?;
    }
    Ok(all)
}

/// A length of 2 bytes, or of 4 in version 6.
fn area(reader: &mut dyn Read, version: u8) -> Result<Vec<u8>, Flaw> {
    let length = match version {
        6 => u32::from_be_bytes(bytes(reader)?) as usize,
        _ => usize::from(u16::from_be_bytes(bytes(reader)?)),
    };
    take(reader, length)
}

fn number(reader: &mut dyn Read) -> Result<Vec<u8>, Flaw> {
    let bits = usize::from(u16::from_be_bytes(bytes(reader)?));
    take(reader, bits.div_ceil(8))
}

/// How long the salt of a signature of version 6 has to be.
fn salt_length(hash: u8) -> Option<usize> {
    match hash {
        8 | 11 | 12 => Some(16),
        9 => Some(24),
        10 | 14 => Some(32),
        _ => None,
    }
}

fn word(bytes: &[u8], what: &str) -> Result<u32, Flaw> {
    match bytes.try_into() {
        Ok(four) => Ok(u32::from_be_bytes(four)),
        Err(_) => Flaw::structural(what),
    }
}

impl Signature {
    pub(super) fn read(reader: &mut dyn Read) -> Result<Signature, Flaw> {
        let [version] = bytes(reader)?;
        match version {
            4 | 6 => {}
            5 => {
                return Flaw::unsupported(
                    "support for parsing v5 entities is disabled; build with `-tags v5` if needed",
                );
            }
            other => return Flaw::unsupported(format!("signature packet version {other}")),
        }
        // Go reads the length together with what is before it.
        let (head, length): (_, usize) = match version {
            6 => {
                let head: [u8; 7] = bytes(reader)?;
                let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
                ([head[0], head[1], head[2]], length as usize)
            }
            _ => {
                let head: [u8; 5] = bytes(reader)?;
                let length = u16::from_be_bytes([head[3], head[4]]);
                ([head[0], head[1], head[2]], usize::from(length))
            }
        };
        let [kind, algorithm, hash] = head;
        if !matches!(
            algorithm,
            RSA | RSA_SIGN | DSA | ECDSA | EDDSA | ED25519 | ED448
        ) {
            return Flaw::unsupported(format!("public key algorithm {algorithm}"));
        }
        let is_known = salt_length(hash).is_some() || (hash == 2 && version < 5);
        if !is_known {
            return Flaw::unsupported(format!("hash function {hash}"));
        }
        let mut signature = Signature {
            version,
            kind,
            algorithm,
            hash,
            ..Signature::default()
        };
        let hashed = take(reader, length)?;
        signature.set_suffix(&hashed);
        signature.read_subpackets(&hashed, true)?;
        let unhashed = area(reader, version)?;
        signature.read_subpackets(&unhashed, false)?;
        signature.tag = bytes(reader)?;
        if version == 6 {
            let [length] = bytes(reader)?;
            if salt_length(hash) != Some(usize::from(length)) {
                return Flaw::structural("unexpected salt size for the given hash algorithm");
            }
            signature.salt = take(reader, usize::from(length))?;
        }
        signature.values = match algorithm {
            RSA | RSA_SIGN => vec![number(reader)?],
            ED25519 => vec![take(reader, 64)?],
            ED448 => vec![take(reader, 114)?],
            _ => vec![number(reader)?, number(reader)?],
        };
        Ok(signature)
    }

    /// The part of the packet that is hashed, and its length.
    fn set_suffix(&mut self, hashed: &[u8]) {
        let mut suffix = vec![self.version, self.kind, self.algorithm, self.hash];
        // A length was read from as many bytes, or is short.
        let length = u32::try_from(hashed.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes();
        suffix.extend_from_slice(match self.version {
            6 => &length,
            _ => &length[2..],
        });
        suffix.extend_from_slice(hashed);
        let length = u32::try_from(suffix.len()).unwrap_or(u32::MAX);
        suffix.extend_from_slice(&[self.version, 0xff]);
        suffix.extend_from_slice(&length.to_be_bytes());
        self.suffix = suffix;
    }

    fn read_subpackets(&mut self, mut rest: &[u8], is_hashed: bool) -> Result<(), Flaw> {
        let truncated = || Flaw::Structural("signature subpacket truncated".to_owned());
        while let Some(first) = rest.first() {
            let (length, head): (usize, usize) = match (first, rest) {
                (0..192, _) => (usize::from(*first), 1),
                (192..255, [_, second, ..]) => {
                    let high = usize::from(first - 192) << 8;
                    (high + usize::from(*second) + 192, 2)
                }
                (255, [_, a, b, c, d, ..]) => (u32::from_be_bytes([*a, *b, *c, *d]) as usize, 5),
                _ => return Err(truncated()),
            };
            let end = head.checked_add(length).filter(|end| *end <= rest.len());
            let content = &rest[head..end.ok_or_else(truncated)?];
            rest = &rest[head + length..];
            let Some((kind, content)) = content.split_first() else {
                return Flaw::structural("zero length signature subpacket");
            };
            let (kind, is_critical) = (kind & 0x7f, kind & 0x80 != 0);
            if is_hashed || matches!(kind, 16 | 32 | 33) {
                self.read_subpacket(kind, content, is_hashed, is_critical)?;
            }
        }
        match self.created {
            Some(_) => Ok(()),
            None => Flaw::structural("no creation time in signature"),
        }
    }

    fn read_subpacket(
        &mut self,
        kind: u8,
        content: &[u8],
        is_hashed: bool,
        is_critical: bool,
    ) -> Result<(), Flaw> {
        match kind {
            2 => {
                let what = "signature creation time not four bytes";
                self.created = Some(word(content, what)?);
            }
            3 => {
                let what = "expiration subpacket with bad length";
                self.lifetime = Some(word(content, what)?);
            }
            4 if matches!(content, [] | [0, ..]) => {
                return Flaw::unsupported("signature with non-exportable certification");
            }
            5 if content.len() != 2 => {
                return Flaw::structural("trust subpacket with bad length");
            }
            6 if content.is_empty() => {
                return Flaw::structural("regexp subpacket with bad length");
            }
            6 if content.last() != Some(&0) => {
                return Flaw::structural("expected regular expression to be null-terminated");
            }
            9 => {
                let what = "key expiration subpacket with bad length";
                self.key_lifetime = Some(word(content, what)?);
            }
            16 => {
                if self.version > 4 && is_hashed {
                    return Flaw::structural("issuer subpacket found in v6 key");
                }
                let Ok(id) = content.try_into() else {
                    return Flaw::structural("issuer subpacket with bad length");
                };
                if self.version <= 4 {
                    self.issuer = Some(u64::from_be_bytes(id));
                }
            }
            20 => {
                let bad = "notation data subpacket with bad length";
                let [_, _, _, _, a, b, c, d, rest @ ..] = content else {
                    return Flaw::structural(bad);
                };
                let name = usize::from(u16::from_be_bytes([*a, *b]));
                let value = usize::from(u16::from_be_bytes([*c, *d]));
                if rest.len() != name + value {
                    return Flaw::structural(bad);
                }
                if is_critical {
                    self.critical_notations.push(rest[..name].to_vec());
                }
            }
            25 => match content {
                [flag] => self.is_primary |= *flag > 0,
                _ => return Flaw::structural("primary user id subpacket with bad length"),
            },
            27 => {
                let flags = content.first().copied().unwrap_or_default();
                self.flags = Some(self.flags.unwrap_or_default() | flags);
            }
            29 => match content.first() {
                Some(reason) => self.reason = Some(*reason),
                None => return Flaw::structural("empty revocation reason subpacket"),
            },
            32 => {
                if self.embedded.is_some() {
                    return Flaw::structural("Cannot have multiple embedded signatures");
                }
                let embedded = Signature::read(&mut &content[..])?;
                if embedded.kind != PRIMARY_BINDING {
                    let kind = embedded.kind;
                    return Flaw::structural(format!("cross-signature has unexpected type {kind}"));
                }
                self.embedded = Some(Box::new(embedded));
            }
            33 => {
                let Some((version, print)) = content.split_first() else {
                    return Flaw::structural("empty issuer fingerprint subpacket");
                };
                let (wanted, at) = if *version >= 5 { (32, 0) } else { (20, 12) };
                if print.len() != wanted {
                    return Flaw::structural("bad fingerprint length");
                }
                let id = print[at..at + 8].iter();
                self.issuer = Some(id.fold(0, |id, byte| id << 8 | u64::from(*byte)));
                self.issuer_fingerprint = print.to_vec();
            }
            35 => {
                let wanted = match content.first() {
                    None => {
                        let what = "invalid intended recipient fingerpring length";
                        return Flaw::structural(what);
                    }
                    Some(5..) => 33,
                    Some(_) => 21,
                };
                if content.len() != wanted {
                    return Flaw::structural("invalid fingerprint length");
                }
            }
            39 if !content.len().is_multiple_of(2) => {
                return Flaw::structural("invalid aead cipher suite length");
            }
            4..=6 | 11 | 21..=24 | 26 | 28 | 30 | 39 => {}
            other if is_critical => {
                return Flaw::unsupported(format!(
                    "unknown critical signature subpacket type {other}"
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// The digest that is signed, of `parts` one behind the other; nothing where the hash fails.
    pub(super) fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut text = self.salt.clone();
        parts.iter().for_each(|part| text.extend_from_slice(part));
        text.extend_from_slice(&self.suffix);
        HashAlgorithm::from(self.hash)
            .digest(&text)
            .unwrap_or_default()
    }

    /// Whether `key` is said to be whose signature this is.
    pub(super) fn is_of(&self, key: &Key) -> bool {
        match self.issuer_fingerprint.len() {
            20.. => self.issuer_fingerprint == key.fingerprint,
            _ => self.issuer == Some(key.id),
        }
    }

    /// Whether it is newer than another.
    pub(super) fn is_after(&self, other: &Signature) -> bool {
        self.created > other.created
    }

    /// Whether it does not count yet or no longer at `now`.
    pub(super) fn is_expired(&self, now: u64) -> bool {
        let created = u64::from(self.created.unwrap_or_default());
        created > now
            || matches!(self.lifetime, Some(life) if life > 0 && now > created + u64::from(life))
    }

    /// Signs `text`, whose lines end in `\r\n`; gives the packet.
    pub(super) fn sign(
        signer: &Unlocked,
        text: &[u8],
        now: u32,
        salt: &[u8; 32],
    ) -> Result<Vec<u8>, Flaw> {
        let key = signer.public();
        let mut hashed = Vec::new();
        let mut put = |kind: u8, content: &[u8]| {
            // All of them are short.
            hashed.push(u8::try_from(content.len() + 1).unwrap_or(u8::MAX));
            hashed.push(kind);
            hashed.extend_from_slice(content);
        };
        put(0x80 | 2, &now.to_be_bytes());
        let print = [&[key.version], &key.fingerprint[..]].concat();
        if key.version < 6 {
            const SALT: &[u8] = b"salt@notations.openpgpjs.org";
            put(16, &key.id.to_be_bytes());
            let lengths = [0, 0, 0, 0, 0, SALT.len() as u8, 0, salt.len() as u8];
            put(20, &[&lengths, SALT, salt].concat());
            put(33, &print);
        } else {
            put(0x80 | 33, &print);
        }
        let mut signature = Signature {
            version: key.version,
            kind: TEXT,
            algorithm: key.algorithm,
            hash: SHA512,
            ..Signature::default()
        };
        if key.version == 6 {
            signature.salt = salt.to_vec();
        }
        signature.set_suffix(&hashed);
        let digest = signature.digest(&[text]);
        let values = signer.sign(&digest)?;
        // What is hashed of the packet ends before its own length.
        let mut body = signature.suffix[..signature.suffix.len() - 6].to_vec();
        body.extend_from_slice(match key.version {
            6 => &[0; 4],
            _ => &[0; 2],
        });
        body.extend_from_slice(&digest[..2]);
        if key.version == 6 {
            body.push(salt.len() as u8);
            body.extend_from_slice(salt);
        }
        for value in values {
            if !matches!(key.algorithm, ED25519 | ED448) {
                let bits =
                    value.len() * 8 - value.first().map_or(0, |byte| byte.leading_zeros()) as usize;
                body.extend_from_slice(&u16::try_from(bits).unwrap_or(u16::MAX).to_be_bytes());
            }
            body.extend_from_slice(&value);
        }
        let mut packet = vec![0xc2];
        match body.len() {
            length @ 0..192 => packet.push(length as u8),
            length @ 192..8384 => {
                let [high, low] = ((length - 192) as u16).to_be_bytes();
                packet.extend_from_slice(&[high + 192, low]);
            }
            length => {
                packet.push(255);
                packet.extend_from_slice(&(length as u32).to_be_bytes());
            }
        }
        packet.extend_from_slice(&body);
        Ok(packet)
    }
}
