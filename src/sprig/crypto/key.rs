//! Private keys: generation, PEM forms and signatures as Go's `crypto/x509` and sprig have them.

use ring::signature::{Ed25519KeyPair, KeyPair};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest, Sha256};

use super::curve::{self, Curve, padded};
use super::der::{self, BIT_STRING, OBJECT, OCTET_STRING, Reader, context, element, sequence};
use super::dsa::{self, DsaKey};
use super::{pem, prime};
use crate::sprig::random;
use crate::value::Fault;
use crate::world::World;

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// `DigestInfo` of SHA-256 up to the digest (RFC 8017, 9.2).
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A private key of one of the kinds that sprig knows.
pub(super) enum Key {
    Rsa(Box<RsaPrivateKey>),
    Dsa(DsaKey),
    Ec(&'static Curve, BigUint),
    /// The seed.
    Ed25519([u8; 32]),
}

impl Key {
    /// A new RSA key.
    ///
    /// # Errors
    /// What the generator says.
    pub(super) fn rsa(world: &dyn World, bits: usize) -> Result<Key, Fault> {
        let exponent = BigUint::from(65_537u32);
        let one = BigUint::from(1u8);
        // The exponent is prime: it must not divide p - 1.
        let fits = |prime: &BigUint| (prime - &one) % &exponent != BigUint::default();
        let p = prime::generate(world, bits / 2, fits);
        let q = prime::generate(world, bits / 2, |q| fits(q) && *q != p);
        let key = RsaPrivateKey::from_p_q(p, q, exponent)
            .map_err(|error| Fault::from(format!("error generating rsa key: {error}")))?;
        Ok(Key::Rsa(Box::new(key)))
    }

    /// A new DSA key with parameters of its own.
    pub(super) fn dsa(world: &dyn World) -> Key {
        Key::Dsa(dsa::generate(world))
    }

    /// A new ECDSA key on P-256.
    pub(super) fn ecdsa(world: &dyn World) -> Key {
        let curve = &curve::P256;
        Key::Ec(curve, random::number_within(world, &curve.order()))
    }

    /// A new Ed25519 key.
    pub(super) fn ed25519(world: &dyn World) -> Key {
        let mut seed = [0; 32];
        world.fill_random(&mut seed);
        Key::Ed25519(seed)
    }

    /// Reads the first PEM block of `text`. Go: sprig's `parsePrivateKeyPEM`.
    ///
    /// # Errors
    /// With sprig's words; what is wrong inside a damaged key is told with fewer than Go has.
    pub(super) fn parse(text: &[u8]) -> Result<Key, Fault> {
        let block = pem::decode(text).ok_or_else(|| Fault::from("no PEM data in input"))?;
        if block.label == "PRIVATE KEY" {
            return parse_pkcs8(&block.bytes)
                .map_err(|error| Fault::from(format!("decoding PEM as PKCS#8: {error}")));
        }
        let Some(kind) = block.label.strip_suffix(" PRIVATE KEY") else {
            return Err(Fault::from(format!(
                "no private key data in PEM block of type {}",
                block.label
            )));
        };
        let damaged = |kind: &str, error: &str| {
            Fault::from(format!("parsing {kind} private key from PEM: {error}"))
        };
        match kind {
            "RSA" => parse_pkcs1(&block.bytes).map_err(|error| damaged("RSA", error)),
            "EC" => parse_ec(&block.bytes, None).map_err(|error| damaged("EC", error)),
            "DSA" => dsa::parse(&block.bytes)
                .map(Key::Dsa)
                .ok_or_else(|| damaged("DSA", STRUCTURE)),
            _ => Err(Fault::from(format!(
                "invalid private key type {}",
                block.label
            ))),
        }
    }

    /// The key in the PEM form that sprig writes.
    pub(super) fn to_pem(&self) -> String {
        match self {
            Key::Rsa(key) => pem::encode("RSA PRIVATE KEY", &pkcs1(key)),
            Key::Dsa(key) => pem::encode("DSA PRIVATE KEY", &key.to_der()),
            Key::Ec(curve, private) => {
                let public = der::bit_string(&curve.public(private));
                let identifier = element(OBJECT, &[curve.identifier]);
                let key = sequence(&[
                    &der::small(1),
                    &element(OCTET_STRING, &[&padded(private, curve.size())]),
                    &element(context(0), &[&identifier]),
                    &element(context(1), &[&public]),
                ]);
                pem::encode("EC PRIVATE KEY", &key)
            }
            Key::Ed25519(seed) => {
                let seed = element(OCTET_STRING, &[seed]);
                let key = sequence(&[
                    &der::small(0),
                    &sequence(&[&element(OBJECT, &[ED25519])]),
                    &element(OCTET_STRING, &[&seed]),
                ]);
                pem::encode("PRIVATE KEY", &key)
            }
        }
    }

    /// Algorithm and key bits of the public half, the two parts of `SubjectPublicKeyInfo`; `None`
    /// for DSA, which certificates of Go cannot hold.
    pub(super) fn public(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        Some(match self {
            Key::Rsa(key) => (
                sequence(&[&element(OBJECT, &[RSA_ENCRYPTION]), der::NULL]),
                sequence(&[&der::integer(key.n()), &der::integer(key.e())]),
            ),
            Key::Ec(curve, private) => (
                sequence(&[
                    &element(OBJECT, &[EC_PUBLIC_KEY]),
                    &element(OBJECT, &[curve.identifier]),
                ]),
                curve.public(private),
            ),
            Key::Ed25519(seed) => (
                sequence(&[&element(OBJECT, &[ED25519])]),
                Ed25519KeyPair::from_seed_unchecked(seed)
                    .ok()?
                    .public_key()
                    .as_ref()
                    .to_vec(),
            ),
            Key::Dsa(_) => return None,
        })
    }

    /// The algorithm identifier of signatures made with this key; `None` for DSA.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        Some(match self {
            Key::Rsa(_) => sequence(&[&element(OBJECT, &[SHA256_WITH_RSA]), der::NULL]),
            Key::Ec(curve, _) => sequence(&[&element(OBJECT, &[curve.signature])]),
            Key::Ed25519(_) => sequence(&[&element(OBJECT, &[ED25519])]),
            Key::Dsa(_) => return None,
        })
    }

    /// Signs `message`; `None` for DSA.
    ///
    /// # Errors
    /// For RSA keys that are too short.
    pub(super) fn sign(&self, message: &[u8], world: &dyn World) -> Result<Vec<u8>, Fault> {
        match self {
            Key::Rsa(key) => {
                let digest = [SHA256_DIGEST_INFO, &Sha256::digest(message)].concat();
                key.sign(Pkcs1v15Sign::new_unprefixed(), &digest)
                    .map_err(|_| Fault::from("crypto/rsa: message too long for RSA key size"))
            }
            Key::Ec(curve, private) => {
                let mut seed = [0; 64];
                world.fill_random(&mut seed);
                let (r, s) = curve.sign(private, message, &seed);
                Ok(sequence(&[&der::integer(&r), &der::integer(&s)]))
            }
            Key::Ed25519(seed) => Ed25519KeyPair::from_seed_unchecked(seed)
                .map(|pair| pair.sign(message).as_ref().to_vec())
                .map_err(|error| Fault::from(error.to_string())),
            Key::Dsa(_) => Err(Fault::from(NOT_A_SIGNER)),
        }
    }
}

/// What Go says of DSA keys.
pub(super) const NOT_A_SIGNER: &str =
    "x509: certificate private key does not implement crypto.Signer";

/// What Go's `encoding/asn1` says of other bytes than expected, without its details.
const STRUCTURE: &str = "asn1: structure error: tags don't match";

fn pkcs1(key: &RsaPrivateKey) -> Vec<u8> {
    let mut numbers = vec![
        BigUint::default(),
        key.n().clone(),
        key.e().clone(),
        key.d().clone(),
    ];
    if let [p, q, ..] = key.primes() {
        numbers.extend([p.clone(), q.clone()]);
        numbers.push(key.d() % (p - 1u32));
        numbers.push(key.d() % (q - 1u32));
        // q is prime to the prime p, so this power is its inverse.
        numbers.push(q.modpow(&(p - 2u32), p));
    }
    let parts: Vec<Vec<u8>> = numbers.iter().map(der::integer).collect();
    sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn parse_pkcs1(bytes: &[u8]) -> Result<Key, &'static str> {
    let numbers = || {
        let mut reader = Reader::new(bytes);
        let mut key = reader.sequence()?;
        key.integer()?;
        let numbers = [
            key.integer()?,
            key.integer()?,
            key.integer()?,
            key.integer()?,
            key.integer()?,
        ];
        reader.is_at_end().then_some(numbers)
    };
    let [n, e, d, p, q] = numbers().ok_or(STRUCTURE)?;
    RsaPrivateKey::from_components(n, e, d, vec![p, q])
        .map(|key| Key::Rsa(Box::new(key)))
        .map_err(|_| "crypto/rsa: invalid private key")
}

fn parse_ec(bytes: &[u8], named: Option<&'static Curve>) -> Result<Key, &'static str> {
    let mut reader = Reader::new(bytes);
    let mut read = || {
        let mut key = reader.sequence()?;
        let version = key.integer()?;
        let private = key.read_if(OCTET_STRING)?.content;
        let identifier = key
            .read_if(context(0))
            .and_then(|parameters| Reader::new(parameters.content).read_if(OBJECT));
        Some((version, private, identifier))
    };
    let (version, private, identifier) = read()
        .ok_or("x509: failed to parse EC private key: asn1: structure error: tags don't match")?;
    if version != BigUint::from(1u8) {
        return Err("x509: unknown EC private key version");
    }
    let curve = named
        .or_else(|| curve::find(identifier?.content))
        .ok_or("x509: unknown elliptic curve")?;
    let private = BigUint::from_bytes_be(private);
    if private == BigUint::default() || private >= curve.order() {
        return Err("x509: invalid elliptic curve private key value");
    }
    Ok(Key::Ec(curve, private))
}

fn parse_pkcs8(bytes: &[u8]) -> Result<Key, &'static str> {
    let read = || {
        let mut key = Reader::new(bytes).sequence()?;
        key.integer()?;
        let mut algorithm = key.sequence()?;
        let identifier = algorithm.read_if(OBJECT)?.content;
        let parameter = algorithm.read_if(OBJECT).map(|parameter| parameter.content);
        Some((identifier, parameter, key.read_if(OCTET_STRING)?.content))
    };
    let (identifier, parameter, key) = read().ok_or(STRUCTURE)?;
    match identifier {
        RSA_ENCRYPTION => parse_pkcs1(key),
        EC_PUBLIC_KEY => parse_ec(key, parameter.and_then(curve::find)),
        ED25519 => Reader::new(key)
            .read_if(OCTET_STRING)
            .and_then(|seed| seed.content.try_into().ok())
            .map(Key::Ed25519)
            .ok_or("x509: invalid Ed25519 private key"),
        _ => Err("x509: PKCS#8 wrapping contained private key with unknown algorithm"),
    }
}

/// The key bits in a `SubjectPublicKeyInfo`'s `BIT STRING`.
pub(super) fn public_info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    sequence(&[algorithm, &element(BIT_STRING, &[&[0], key])])
}
