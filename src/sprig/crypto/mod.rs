//! Cryptography: sprig's `crypto.go`.

mod certificate;
mod curve;
mod der;
mod dsa;
mod key;
mod password;
mod pem;
mod prime;

use aes::Aes256;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use sha2::Digest;

use self::certificate::{CERTIFICATE, Certificate, Issuer, Template};
use self::key::Key;
use super::{argument, function};
use crate::go::base64;
use crate::template::{Caller, Function};
use crate::value::{Fault, Kind, Type, Value};

const INT: Type = Type::INT;
const LIST: Type = Type::LIST;
const STRING: Type = Type::STRING;
const UINT32: Type = Type::Basic(Kind::Uint32);

pub(super) const FUNCTIONS: &[Function] = &[
    function("adler32sum", &[STRING], adler32sum),
    function("bcrypt", &[STRING], bcrypt),
    function("buildCustomCert", &[STRING, STRING], build_custom_cert),
    function("decryptAES", &[STRING, STRING], decrypt),
    function(
        "derivePassword",
        &[UINT32, STRING, STRING, STRING, STRING],
        password::derive,
    ),
    function("encryptAES", &[STRING, STRING], encrypt),
    function("genCA", &[STRING, INT], |caller, arguments| {
        authority(caller, arguments, None)
    }),
    function(
        "genCAWithKey",
        &[STRING, INT, STRING],
        |caller, arguments| authority(caller, arguments, Some(2)),
    ),
    function("genPrivateKey", &[STRING], gen_private_key),
    function(
        "genSelfSignedCert",
        &[STRING, LIST, LIST, INT],
        |caller, arguments| self_signed(caller, arguments, None),
    ),
    function(
        "genSelfSignedCertWithKey",
        &[STRING, LIST, LIST, INT, STRING],
        |caller, arguments| self_signed(caller, arguments, Some(4)),
    ),
    function(
        "genSignedCert",
        &[STRING, LIST, LIST, INT, CERTIFICATE],
        |caller, arguments| signed(caller, arguments, None),
    ),
    function(
        "genSignedCertWithKey",
        &[STRING, LIST, LIST, INT, CERTIFICATE, STRING],
        |caller, arguments| signed(caller, arguments, Some(5)),
    ),
    function("htpasswd", &[STRING, STRING], htpasswd),
    function("sha1sum", &[STRING], |_, arguments| {
        let digest = sha1::Sha1::digest(argument::text(arguments, 0)?);
        Ok(hex(&digest))
    }),
    function("sha256sum", &[STRING], |_, arguments| {
        let digest = sha2::Sha256::digest(argument::text(arguments, 0)?);
        Ok(hex(&digest))
    }),
    function("sha512sum", &[STRING], |_, arguments| {
        let digest = sha2::Sha512::digest(argument::text(arguments, 0)?);
        Ok(hex(&digest))
    }),
];

type Outcome = Result<Value, Fault>;

/// Bits of the keys that certificates get.
const CERTIFICATE_KEY: usize = 2048;
/// Bits of the keys of `genPrivateKey "rsa"`.
const PRIVATE_KEY: usize = 4096;

fn hex(bytes: &[u8]) -> Value {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    });
    Value::string(digits.collect::<Vec<u8>>())
}

/// Go: `adler32.Checksum`.
fn adler32sum(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (1u32, 0u32);
    // So many bytes cannot overflow a sum.
    for chunk in argument::text(arguments, 0)?.chunks(5552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
    }
    Ok(Value::string((b << 16 | a).to_string()))
}

/// Go: `bcrypt.GenerateFromPassword` with the default cost; sprig returns the text of its error.
fn bcrypted(caller: &Caller<'_>, password: &[u8]) -> String {
    let failed = |error: &str| format!("failed to encrypt string with bcrypt: bcrypt: {error}");
    if password.len() > 72 {
        return failed("password length exceeds 72 bytes");
    }
    let mut salt = [0; 16];
    caller.world.fill_random(&mut salt);
    match ::bcrypt::hash_with_salt(password, 10, salt) {
        Ok(parts) => parts.format_for_version(::bcrypt::Version::TwoA),
        Err(error) => failed(&error.to_string()),
    }
}

fn bcrypt(caller: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::string(bcrypted(
        caller,
        argument::text(arguments, 0)?,
    )))
}

fn htpasswd(caller: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let user = argument::text(arguments, 0)?;
    if user.contains(&b':') {
        return Ok(Value::string([b"invalid username: ", &user[..]].concat()));
    }
    let hash = bcrypted(caller, argument::text(arguments, 1)?);
    Ok(Value::string([user, &b":"[..], hash.as_bytes()].concat()))
}

/// The first 32 bytes of the password, filled up with zeros.
fn aes_key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(32);
    key[..length].copy_from_slice(&password[..length]);
    key
}

fn encrypt(caller: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let key = aes_key(argument::text(arguments, 0)?);
    let plain = argument::text(arguments, 1)?;
    if plain.is_empty() {
        return Ok(Value::string(""));
    }
    let mut iv = [0; 16];
    caller.world.fill_random(&mut iv);
    // Initialisation vector, text, and from 1 to 16 bytes that say how many they are.
    let padding = 16 - plain.len() % 16;
    let mut bytes = [&iv, &plain[..]].concat();
    bytes.resize(bytes.len() + padding, padding as u8);
    let length = bytes.len() - 16;
    cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into())
        .encrypt_padded::<NoPadding>(&mut bytes[16..], length)
        .map_err(|_| Fault::from("crypto/cipher: input not full blocks"))?;
    Ok(Value::string(base64::encode(bytes)))
}

/// The padding is cut off unchecked, so that a wrong password is found, if at all, by Go's bounds.
fn decrypt(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let key = aes_key(argument::text(arguments, 0)?);
    let text = argument::text(arguments, 1)?;
    if text.is_empty() {
        return Ok(Value::string(""));
    }
    let bytes = base64::decode(text).map_err(|error| Fault::from(error.to_string()))?;
    let Some((iv, bytes)) = bytes.split_first_chunk::<16>() else {
        return Err(Fault::from(format!(
            "runtime error: slice bounds out of range [:16] with capacity {}",
            base64_capacity(text.len())
        )));
    };
    if bytes.len() % 16 != 0 {
        return Err(Fault::from("crypto/cipher: input not full blocks"));
    }
    if bytes.is_empty() {
        return Err(Fault::from("runtime error: index out of range [-1]"));
    }
    let mut plain = bytes.to_vec();
    let decrypted = cbc::Decryptor::<Aes256>::new(&key.into(), iv.into())
        .decrypt_padded::<NoPadding>(&mut plain)
        .map(<[u8]>::len);
    if decrypted.is_err() {
        return Err(Fault::from("crypto/cipher: input not full blocks"));
    }
    let padding = plain.last().copied().map_or(0, usize::from);
    match plain.len().checked_sub(padding) {
        Some(length) => {
            plain.truncate(length);
            Ok(Value::string(plain))
        }
        None => Err(Fault::from(format!(
            "runtime error: slice bounds out of range [:-{}]",
            padding - plain.len()
        ))),
    }
}

/// What Go's decoder allocates for a text of this length.
fn base64_capacity(length: usize) -> usize {
    length / 4 * 3
}

fn gen_private_key(caller: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let kind = argument::text(arguments, 0)?;
    let key = match &kind[..] {
        b"" | b"rsa" => Key::rsa(caller.world, PRIVATE_KEY)?,
        b"dsa" => Key::dsa(caller.world),
        b"ecdsa" => Key::ecdsa(caller.world),
        b"ed25519" => Key::ed25519(caller.world),
        other => return Ok(Value::string([b"Unknown type ", other].concat())),
    };
    Ok(Value::string(key.to_pem()))
}

fn build_custom_cert(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let decode = |index, part| {
        base64::decode(argument::text(arguments, index)?)
            .map_err(|_| Fault::from(format!("unable to decode base64 {part}")))
    };
    let certificate = decode(0, "certificate")?;
    let key = decode(1, "private key")?;
    let block =
        pem::decode(&certificate).ok_or_else(|| Fault::from("unable to decode certificate"))?;
    certificate::parse(&block.bytes).map_err(|error| {
        Fault::from(format!(
            "error parsing certificate: decodedCert.Bytes: {error}"
        ))
    })?;
    Key::parse(&key).map_err(|error| Fault::from(format!("error parsing private key: {error}")))?;
    Ok(Value::object(Certificate {
        certificate: certificate.into(),
        key: key.into(),
    }))
}

/// The key in the argument at `index`. Where there is none, a new one is made later: what is cheap
/// to refuse is refused before.
fn given_key(arguments: &[Value], index: Option<usize>) -> Result<Option<Key>, Fault> {
    let Some(index) = index else { return Ok(None) };
    Key::parse(argument::text(arguments, index)?)
        .map(Some)
        .map_err(|error| Fault::from(format!("parsing private key: {error}")))
}

fn authority(caller: &Caller<'_>, arguments: &[Value], key: Option<usize>) -> Outcome {
    let given = given_key(arguments, key)?;
    let key = given.map_or_else(|| Key::rsa(caller.world, CERTIFICATE_KEY), Ok)?;
    let template = Template::authority(argument::text(arguments, 0)?, argument::int(arguments, 1)?);
    let certificate = certificate::issue(&template, &key, None, caller.world)?;
    Ok(Value::object(certificate))
}

fn template(arguments: &[Value]) -> Result<Template, Fault> {
    Template::new(
        argument::text(arguments, 0)?,
        argument::any(arguments, 1),
        argument::any(arguments, 2),
        argument::int(arguments, 3)?,
    )
}

fn self_signed(caller: &Caller<'_>, arguments: &[Value], key: Option<usize>) -> Outcome {
    let given = given_key(arguments, key)?;
    let template = template(arguments)?;
    let key = given.map_or_else(|| Key::rsa(caller.world, CERTIFICATE_KEY), Ok)?;
    let certificate = certificate::issue(&template, &key, None, caller.world)?;
    Ok(Value::object(certificate))
}

fn signed(caller: &Caller<'_>, arguments: &[Value], key: Option<usize>) -> Outcome {
    let given = given_key(arguments, key)?;
    let Some(ca) = argument::any(arguments, 4).as_object::<Certificate>() else {
        return Err(Fault::from("unable to decode certificate"));
    };
    let issuer = Issuer::parse(ca)?;
    let template = template(arguments)?;
    let key = given.map_or_else(|| Key::rsa(caller.world, CERTIFICATE_KEY), Ok)?;
    let certificate = certificate::issue(&template, &key, Some(&issuer), caller.world)?;
    Ok(Value::object(certificate))
}
