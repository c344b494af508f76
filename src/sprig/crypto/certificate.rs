//! X.509 certificates as sprig makes them with Go's `crypto/x509`: same fields, same order of
//! extensions, same text of errors.

use std::any::Any;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::der::{
    self, BIT_STRING, GENERALIZED_TIME, INTEGER, OBJECT, OCTET_STRING, PRINTABLE_STRING, Reader,
    SEQUENCE, SET, UTC_TIME, UTF8_STRING, context, element, sequence,
};
use super::key::{Key, NOT_A_SIGNER, public_info};
use super::pem;
use crate::go::fmt::sprint;
use crate::value::{Fault, Object, Text, Type, Value};
use crate::world::World;

/// sprig's struct of two PEM texts.
pub(super) struct Certificate {
    pub(super) certificate: Text,
    pub(super) key: Text,
}

/// Its Go type.
pub(super) const CERTIFICATE: Type = Type::Struct("sprig.certificate");

impl Object for Certificate {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &CERTIFICATE
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Cert", Value::String(self.certificate.clone())),
            ("Key", Value::String(self.key.clone())),
        ]
    }
}

/// What a certificate says. Go: sprig's `getBaseCertTemplate`.
pub(super) struct Template {
    common_name: Text,
    addresses: Vec<IpAddr>,
    names: Vec<Text>,
    days: i64,
    authority: bool,
}

impl Template {
    /// A server's or client's certificate. `addresses` and `names` are lists or nil.
    ///
    /// # Errors
    /// With sprig's words, for what is no address or no string.
    pub(super) fn new(
        common_name: &Text,
        addresses: &Value,
        names: &Value,
        days: i64,
    ) -> Result<Template, Fault> {
        let shown = |value: &Value| {
            String::from_utf8_lossy(&sprint(std::slice::from_ref(value))).into_owned()
        };
        let mut parsed = Vec::new();
        for value in addresses.as_list().map_or(&[][..], |list| list) {
            let Value::String(text) = value else {
                return Err(Fault::from(format!(
                    "error parsing ip: {} is not a string",
                    shown(value)
                )));
            };
            let address = text.as_str().and_then(|text| text.parse::<IpAddr>().ok());
            parsed.push(address.ok_or_else(|| Fault::from(format!("error parsing ip: {text}")))?);
        }
        let mut texts = Vec::new();
        for value in names.as_list().map_or(&[][..], |list| list) {
            let Value::String(text) = value else {
                return Err(Fault::from(format!(
                    "error processing alternate dns name: {} is not a string",
                    shown(value)
                )));
            };
            texts.push(text.clone());
        }
        Ok(Template {
            common_name: common_name.clone(),
            addresses: parsed,
            names: texts,
            days,
            authority: false,
        })
    }

    /// A certificate authority.
    pub(super) fn authority(common_name: &Text, days: i64) -> Template {
        Template {
            common_name: common_name.clone(),
            addresses: Vec::new(),
            names: Vec::new(),
            days,
            authority: true,
        }
    }
}

/// Who signs: a certificate that was made before, and its key.
pub(super) struct Issuer {
    subject: Vec<u8>,
    key_identifier: Vec<u8>,
    public: Vec<u8>,
    key: Key,
}

impl Issuer {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// With sprig's words.
    pub(super) fn parse(ca: &Certificate) -> Result<Issuer, Fault> {
        let block = pem::decode(&ca.certificate)
            .ok_or_else(|| Fault::from("unable to decode certificate"))?;
        let parsed = parse(&block.bytes).map_err(|error| {
            Fault::from(format!(
                "error parsing certificate: decodedSignerCert.Bytes: {error}"
            ))
        })?;
        let key = Key::parse(&ca.key)
            .map_err(|error| Fault::from(format!("error parsing private key: {error}")))?;
        Ok(Issuer {
            subject: parsed.subject.to_vec(),
            key_identifier: parsed.key_identifier.to_vec(),
            public: parsed.public.to_vec(),
            key,
        })
    }
}

/// Parts of a certificate that its children need.
pub(super) struct Parsed<'a> {
    subject: &'a [u8],
    public: &'a [u8],
    key_identifier: &'a [u8],
}

const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// Takes a certificate apart. Go: `x509.ParseCertificate`, which looks at more.
///
/// # Errors
/// The words of Go for the first part that is not there.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed<'_>, &'static str> {
    const MALFORMED: &str = "x509: malformed certificate";
    let mut reader = Reader::new(bytes);
    let mut certificate = reader.sequence().ok_or(MALFORMED)?;
    if !reader.is_at_end() {
        return Err("x509: trailing data");
    }
    let mut body = certificate
        .sequence()
        .ok_or("x509: malformed tbs certificate")?;
    body.read_if(context(0));
    body.read_if(INTEGER)
        .ok_or("x509: malformed serial number")?;
    body.sequence()
        .ok_or("x509: malformed signature algorithm identifier")?;
    body.read_if(SEQUENCE).ok_or("x509: malformed issuer")?;
    body.sequence().ok_or("x509: malformed validity")?;
    let subject = body.read_if(SEQUENCE).ok_or("x509: malformed subject")?;
    let public = body.read_if(SEQUENCE).ok_or("x509: malformed spki")?;
    let mut key_identifier = &[][..];
    while let Some(part) = body.read() {
        if part.tag != context(3) {
            continue;
        }
        let mut extensions = Reader::new(part.content)
            .sequence()
            .ok_or("x509: malformed extensions")?;
        while let Some(mut extension) = extensions.sequence() {
            let identifier = extension
                .read_if(OBJECT)
                .ok_or("x509: malformed extension OID field")?;
            if identifier.content != SUBJECT_KEY_IDENTIFIER {
                continue;
            }
            while let Some(field) = extension.read() {
                let value = Reader::new(field.content).read_if(OCTET_STRING);
                if let (OCTET_STRING, Some(value)) = (field.tag, value) {
                    key_identifier = value.content;
                }
            }
        }
    }
    certificate
        .sequence()
        .ok_or("x509: malformed algorithm identifier")?;
    certificate
        .read_if(BIT_STRING)
        .ok_or("x509: malformed signature")?;
    Ok(Parsed {
        subject: subject.whole,
        public: public.whole,
        key_identifier,
    })
}

/// Makes a certificate for `key` and signs it, with `key` itself where there is no issuer. Go:
/// sprig's `getCertAndKey`.
///
/// # Errors
/// With Go's words: for names that certificates cannot hold and keys that cannot sign.
pub(super) fn issue(
    template: &Template,
    key: &Key,
    issuer: Option<&Issuer>,
    world: &dyn World,
) -> Result<Certificate, Fault> {
    let bytes = create(template, key, issuer, world)
        .map_err(|error| Fault::from(format!("error creating certificate: {error}")))?;
    Ok(Certificate {
        certificate: Text::from(pem::encode("CERTIFICATE", &bytes)),
        key: Text::from(key.to_pem()),
    })
}

/// Go: `x509.CreateCertificate`.
fn create(
    template: &Template,
    key: &Key,
    issuer: Option<&Issuer>,
    world: &dyn World,
) -> Result<Vec<u8>, Fault> {
    let signer = issuer.map_or(key, |issuer| &issuer.key);
    let algorithm = signer
        .signature_algorithm()
        .ok_or_else(|| Fault::from(NOT_A_SIGNER))?;
    let (key_algorithm, key_bits) = key
        .public()
        .ok_or_else(|| Fault::from("x509: unsupported public key type: *dsa.PublicKey"))?;
    let mut serial = [0; 16];
    world.fill_random(&mut serial);
    let subject = name(&template.common_name)?;
    let issuer_name = issuer.map_or(&subject, |issuer| &issuer.subject);
    let from = world.now();
    // Go counts nanoseconds in an int64, and lets it overflow.
    let span = template.days.wrapping_mul(24 * 3_600 * 1_000_000_000);
    let until = if span < 0 {
        from.checked_sub(Duration::from_nanos(span.unsigned_abs()))
    } else {
        from.checked_add(Duration::from_nanos(span.unsigned_abs()))
    };
    let extensions = extensions(template, &key_bits, &subject, issuer)?;
    let body = sequence(&[
        &element(context(0), &[&der::small(2)]),
        &der::integer(&rsa::BigUint::from_bytes_be(&serial)),
        &algorithm,
        issuer_name,
        &sequence(&[&time(from), &time(until.unwrap_or(from))]),
        &subject,
        &public_info(&key_algorithm, &key_bits),
        &element(context(3), &[&extensions]),
    ]);
    if let Some(issuer) = issuer {
        let public = issuer
            .key
            .public()
            .map(|(algorithm, bits)| public_info(&algorithm, &bits));
        if public.as_deref() != Some(&issuer.public) {
            return Err(Fault::from(
                "x509: provided PrivateKey doesn't match parent's PublicKey",
            ));
        }
    }
    let signature = signer.sign(&body, world)?;
    Ok(sequence(&[&body, &algorithm, &der::bit_string(&signature)]))
}

fn extensions(
    template: &Template,
    key_bits: &[u8],
    subject: &[u8],
    issuer: Option<&Issuer>,
) -> Result<Vec<u8>, Fault> {
    // Digital signature, key encipherment; certificate signing for an authority.
    let usage: &[u8] = if template.authority {
        &[BIT_STRING, 2, 2, 0xa4]
    } else {
        &[BIT_STRING, 2, 5, 0xa0]
    };
    let purposes = sequence(&[
        &element(OBJECT, &[SERVER_AUTH]),
        &element(OBJECT, &[CLIENT_AUTH]),
    ]);
    let constraints: &[u8] = if template.authority {
        &[SEQUENCE, 3, 1, 1, 0xff]
    } else {
        &[SEQUENCE, 0]
    };
    let mut out = vec![
        extension(KEY_USAGE, Weight::Critical, usage),
        extension(EXTENDED_KEY_USAGE, Weight::Plain, &purposes),
        extension(BASIC_CONSTRAINTS, Weight::Critical, constraints),
    ];
    if template.authority {
        let identifier = element(OCTET_STRING, &[&Sha256::digest(key_bits)[..20]]);
        out.push(extension(
            SUBJECT_KEY_IDENTIFIER,
            Weight::Plain,
            &identifier,
        ));
    }
    if let Some(issuer) = issuer
        && issuer.subject != subject
        && !issuer.key_identifier.is_empty()
    {
        let identifier = sequence(&[&element(0x80, &[&issuer.key_identifier])]);
        out.push(extension(
            AUTHORITY_KEY_IDENTIFIER,
            Weight::Plain,
            &identifier,
        ));
    }
    let names = alternative_names(template)?;
    if !names.is_empty() {
        let parts: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        let weight = if template.common_name.is_empty() {
            Weight::Critical
        } else {
            Weight::Plain
        };
        out.push(extension(ALTERNATIVE_NAME, weight, &sequence(&parts)));
    }
    let parts: Vec<&[u8]> = out.iter().map(Vec::as_slice).collect();
    Ok(sequence(&parts))
}

fn alternative_names(template: &Template) -> Result<Vec<Vec<u8>>, Fault> {
    let mut names = Vec::new();
    for name in &template.names {
        if !name.is_ascii() {
            return Err(Fault::from(format!(
                "x509: {} cannot be encoded as an IA5String",
                crate::go::strconv::quote(name)
            )));
        }
        names.push(element(0x82, &[name]));
    }
    for address in &template.addresses {
        // Go keeps IPv4 in either writing as four bytes.
        names.push(match address.to_canonical() {
            IpAddr::V4(address) => element(0x87, &[&address.octets()]),
            IpAddr::V6(address) => element(0x87, &[&address.octets()]),
        });
    }
    Ok(names)
}

#[derive(PartialEq)]
enum Weight {
    Plain,
    Critical,
}

fn extension(identifier: &[u8], weight: Weight, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = match weight {
        Weight::Critical => &[1, 1, 0xff],
        Weight::Plain => &[],
    };
    sequence(&[
        &element(OBJECT, &[identifier]),
        critical,
        &element(OCTET_STRING, &[value]),
    ])
}

/// A distinguished name of a common name, or of nothing.
fn name(common_name: &Text) -> Result<Vec<u8>, Fault> {
    if common_name.is_empty() {
        return Ok(sequence(&[]));
    }
    if common_name.as_str().is_none() {
        return Err(Fault::from("asn1: string not valid UTF-8"));
    }
    let printable = common_name.iter().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b' ' | b'\'' | b'(' | b')' | b'+'..=b'/' | b':' | b'=' | b'?'
            )
    });
    let tag = if printable {
        PRINTABLE_STRING
    } else {
        UTF8_STRING
    };
    let attribute = sequence(&[
        &element(OBJECT, &[COMMON_NAME]),
        &element(tag, &[common_name]),
    ]);
    Ok(sequence(&[&element(SET, &[&attribute])]))
}

/// A time to the second, in two digits of the year where that is unambiguous.
fn time(time: SystemTime) -> Vec<u8> {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64) - 1,
    };
    let time = jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned(jiff::tz::TimeZone::UTC);
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    if (1950..2050).contains(&time.year()) {
        let text = format!("{:02}{rest}", time.year() % 100);
        element(UTC_TIME, &[text.as_bytes()])
    } else {
        let text = format!("{:04}{rest}", time.year());
        element(GENERALIZED_TIME, &[text.as_bytes()])
    }
}
