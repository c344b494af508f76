//! Values as sops encrypts them: AES-256 in Galois counter mode, with nonces of 32 bytes.

use super::tree::{Comment, Value};
use crate::diag::{Error, Kind};
use crate::go::{base64, strconv};

/// The key that values are encrypted with. Tells nothing of itself.
pub(super) struct DataKey(Vec<u8>);

impl DataKey {
    pub(super) fn new(bytes: Vec<u8>) -> DataKey {
        DataKey(bytes)
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}

/// Decrypts a value that was encrypted for the place that `place` names.
///
/// # Errors
/// What is no such value, or was encrypted otherwise.
pub(super) fn decrypt(text: &[u8], key: &DataKey, place: &[u8]) -> Result<Value, Error> {
    let fail = |message: String| Error::new(Kind::Values, message);
    if text.is_empty() {
        return Ok(Value::Text(Vec::new()));
    }
    let parts = Parts::read(text)
        .ok_or_else(|| fail("Input string does not match sops' data format".to_owned()))?;
    let unpack = |name: &str, packed: &[u8]| {
        base64::decode(packed)
            .map_err(|error| fail(format!("Error base64-decoding {name}: {error}")))
    };
    let data = unpack("data", parts.data)?;
    let nonce = unpack("iv", parts.nonce)?;
    let tag = unpack("tag", parts.tag)?;
    let plain = open(&key.0, &nonce, &[data, tag].concat(), place)
        .map_err(|why| fail(format!("Could not decrypt with AES_GCM: {why}")))?;
    let words = || String::from_utf8_lossy(&plain).into_owned();
    let bad = |go_type: &str| fail(format!("the value is no {go_type}"));
    Ok(match parts.kind {
        b"str" | b"bytes" => Value::Text(plain),
        b"int" => Value::Int(strconv::atoi(words()).map_err(|_| bad("int"))?),
        b"float" => Value::Float(strconv::parse_float(words(), 64).map_err(|_| bad("float"))?),
        b"bool" => Value::Bool(strconv::parse_bool(words()).map_err(|_| bad("bool"))?),
        b"time" => Value::Time(plain),
        b"comment" => Value::Comment(Comment {
            text: plain,
            is_inline: false,
        }),
        other => {
            let other = String::from_utf8_lossy(other);
            return Err(fail(format!("Unknown datatype: {other}")));
        }
    })
}

/// The parts of `ENC[AES256_GCM,data:...,iv:...,tag:...,type:...]`.
struct Parts<'t> {
    data: &'t [u8],
    nonce: &'t [u8],
    tag: &'t [u8],
    kind: &'t [u8],
}

impl Parts<'_> {
    fn read(text: &[u8]) -> Option<Parts<'_>> {
        let cut = |text: &'_ [u8], mark: &[u8]| -> Option<usize> {
            memchr::memmem::rfind(text, mark).filter(|at| *at > 0)
        };
        let rest = text.strip_prefix(b"ENC[AES256_GCM,data:")?;
        let end = memchr::memrchr(b']', rest)?;
        let rest = &rest[..end];
        let at = cut(rest, b",type:")?;
        let (rest, kind) = (&rest[..at], &rest[at + 6..]);
        let at = cut(rest, b",tag:")?;
        let (rest, tag) = (&rest[..at], &rest[at + 5..]);
        let at = cut(rest, b",iv:")?;
        let (data, nonce) = (&rest[..at], &rest[at + 4..]);
        let is_whole = !kind.is_empty() && !tag.is_empty() && !nonce.is_empty();
        is_whole.then_some(Parts {
            data,
            nonce,
            tag,
            kind,
        })
    }
}

#[cfg(feature = "age")]
fn open(key: &[u8], nonce: &[u8], sealed: &[u8], place: &[u8]) -> Result<Vec<u8>, &'static str> {
    use aes_gcm::aead::array::ArraySize;
    use aes_gcm::aead::consts::{U12, U16, U32};
    use aes_gcm::aead::{Aead as _, KeyInit as _, Nonce, Payload};
    use aes_gcm::{AesGcm, aes::Aes256};

    fn with<N: ArraySize>(
        key: &[u8],
        nonce: &[u8],
        payload: Payload<'_, '_>,
    ) -> Result<Vec<u8>, &'static str> {
        let cipher = AesGcm::<Aes256, N>::new_from_slice(key).map_err(|_| "invalid key size")?;
        let nonce = Nonce::<AesGcm<Aes256, N>>::try_from(nonce).map_err(|_| "invalid nonce")?;
        cipher
            .decrypt(&nonce, payload)
            .map_err(|_| "cipher: message authentication failed")
    }
    let payload = Payload {
        msg: sealed,
        aad: place,
    };
    match nonce.len() {
        32 => with::<U32>(key, nonce, payload),
        16 => with::<U16>(key, nonce, payload),
        12 => with::<U12>(key, nonce, payload),
        _ => Err("the nonce has no usual length"),
    }
}

#[cfg(not(feature = "age"))]
fn open(_: &[u8], _: &[u8], _: &[u8], _: &[u8]) -> Result<Vec<u8>, &'static str> {
    Err("pintle was built without the feature age")
}
