//! `derivePassword`: the algorithm of Master Password (spectre.app), as sprig has it.

use sha2::{Digest, Sha256};

use crate::sprig::argument;
use crate::template::Caller;
use crate::value::{Fault, Value};

/// The name of the algorithm, part of every seed.
const NAME: &[u8] = b"com.lyndir.masterpassword";

/// Templates of a type of password, one of which the seed's first byte chooses.
fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

/// Characters that a letter of a template stands for.
fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// Arguments: counter, type, password, user, site.
pub(super) fn derive(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let counter = argument::any(arguments, 0)
        .as_integer()
        .and_then(|counter| u32::try_from(counter).ok())
        .unwrap_or_default();
    let kind = argument::text(arguments, 1)?;
    let password = argument::text(arguments, 2)?;
    let user = argument::text(arguments, 3)?;
    let site = argument::text(arguments, 4)?;
    let Some(templates) = templates(kind) else {
        return Ok(Value::string(
            [b"cannot find password template ", &kind[..]].concat(),
        ));
    };
    let length = |text: &[u8]| (text.len() as u32).to_be_bytes();
    let salt = [NAME, &length(user), user].concat();
    let mut key = [0; 64];
    let failed = |error: String| Value::string(format!("failed to derive password: {error}"));
    let parameters = match scrypt::Params::new(15, 8, 2) {
        Ok(parameters) => parameters,
        Err(error) => return Ok(failed(error.to_string())),
    };
    if let Err(error) = scrypt::scrypt(password, &salt, &parameters, &mut key) {
        return Ok(failed(error.to_string()));
    }
    let message = [NAME, &length(site), site, &counter.to_be_bytes()].concat();
    let seed = hmac(&key, &message);
    let template = templates[usize::from(seed[0]) % templates.len()];
    let chosen = template.bytes().zip(&seed[1..]).map(|(class, byte)| {
        let characters = characters(class);
        characters[usize::from(*byte) % characters.len()]
    });
    Ok(Value::string(chosen.collect::<Vec<u8>>()))
}

/// HMAC of SHA-256 with a key of one block.
fn hmac(key: &[u8; 64], message: &[u8]) -> [u8; 32] {
    let inner = Sha256::new()
        .chain_update(key.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(key.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}
