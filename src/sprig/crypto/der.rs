//! ASN.1 in DER, as far as keys and certificates need it.

use rsa::BigUint;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
/// `NULL`, complete.
pub(super) const NULL: &[u8] = &[5, 0];

/// `[number]`, constructed.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// An element: tag, length, and all parts as content.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let bytes = &bytes[length.leading_zeros() as usize / 8..];
        out.push(0x80 | bytes.len() as u8);
        out.extend_from_slice(bytes);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// `SEQUENCE` of the parts.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, parts)
}

/// `INTEGER`, not negative.
pub(super) fn integer(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let lead: &[u8] = match bytes.first() {
        Some(byte) if *byte >= 0x80 => &[0],
        None => &[0],
        _ => &[],
    };
    element(INTEGER, &[lead, &bytes])
}

/// `INTEGER` of a small number.
pub(super) fn small(number: u8) -> Vec<u8> {
    integer(&BigUint::from(number))
}

/// `BIT STRING` of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// Reads elements one after the other; every method is `None` where the bytes are something else.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

/// What a [`Reader`] reads.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// The element with tag and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader(bytes)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element.
    pub(super) fn read(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if bytes.is_empty() || bytes.len() > 4 {
                return None;
            }
            let length = bytes
                .iter()
                .fold(0, |length, byte| (length << 8) | usize::from(*byte));
            (length, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        Some(Element {
            tag,
            content,
            whole,
        })
    }

    /// The next element, where it has this tag; otherwise nothing is read.
    pub(super) fn read_if(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.read().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }

    /// The inside of the next element, a `SEQUENCE`.
    pub(super) fn sequence(&mut self) -> Option<Reader<'a>> {
        self.read_if(SEQUENCE)
            .map(|element| Reader(element.content))
    }

    /// The next element, an `INTEGER` that is not negative.
    pub(super) fn integer(&mut self) -> Option<BigUint> {
        let element = self.read_if(INTEGER)?;
        match element.content.first() {
            Some(byte) if *byte < 0x80 => Some(BigUint::from_bytes_be(element.content)),
            _ => None,
        }
    }
}
