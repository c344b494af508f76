//! Clear-signed texts (`openpgp/clearsign` and `openpgp/armor` of go-crypto).

use std::io::{self, Read};

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"\n-----END PGP SIGNATURE-----";
const HASHES: [&str; 9] = [
    "MD5",
    "SHA1",
    "RIPEMD160",
    "SHA224",
    "SHA256",
    "SHA384",
    "SHA512",
    "SHA3-256",
    "SHA3-512",
];

/// A signed text with its signature.
#[derive(Debug)]
#[cfg_attr(not(feature = "pgp"), expect(dead_code, reason = "nothing checks it"))]
pub(super) struct Message<'a> {
    /// The text, with `\n` at the ends of lines.
    pub(super) plain: Vec<u8>,
    /// What is signed: the text with `\r\n`.
    pub(super) signed: Vec<u8>,
    /// The lines of the signature, behind its headers.
    pub(super) signature: &'a [u8],
}

/// Cuts the first line off, without its end.
fn line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (line, behind) = match memchr::memchr(b'\n', rest) {
        Some(end) => (&rest[..end], &rest[end + 1..]),
        None => (*rest, &[][..]),
    };
    let ended = line.len() < rest.len();
    *rest = behind;
    match line {
        [line @ .., b'\r'] if ended => line,
        line => line,
    }
}

/// The first signed message of `data`; nothing where there is none or it is malformed
/// (`clearsign.Decode`).
pub(super) fn decode(data: &[u8]) -> Option<Message<'_>> {
    let mut rest = match data.strip_prefix(BEGIN) {
        Some(rest) => rest,
        None => {
            let start = memchr::memmem::find_iter(data, BEGIN)
                .find(|start| start.checked_sub(1).is_some_and(|at| data[at] == b'\n'))?;
            &data[start + BEGIN.len()..]
        }
    };
    if !line(&mut rest).is_empty() {
        return None;
    }
    loop {
        if rest.is_empty() {
            return None;
        }
        let header = line(&mut rest);
        if String::from_utf8_lossy(header).trim().is_empty() {
            break;
        }
        check_header(header)?;
    }
    let (mut plain, mut signed) = (Vec::new(), Vec::new());
    let armored = loop {
        let start = rest;
        let text = line(&mut rest);
        if text.is_empty() && rest.is_empty() {
            return None;
        }
        if text == SIGNATURE {
            break start;
        }
        if !plain.is_empty() {
            signed.extend_from_slice(b"\r\n");
        }
        let text = text.strip_prefix(b"- ").unwrap_or(text);
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let length = text
            .iter()
            .rposition(|byte| !blank(byte))
            .map_or(0, |at| at + 1);
        signed.extend_from_slice(&text[..length]);
        plain.extend_from_slice(&text[..length]);
        plain.push(b'\n');
    };
    plain.pop()?;
    let end = memchr::memmem::find(armored, END)? + END.len();
    let breaks = armored[end..]
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let mut signature = &armored[..end + breaks.count()];
    line(&mut signature);
    loop {
        if signature.is_empty() {
            return None;
        }
        let header = String::from_utf8_lossy(line(&mut signature));
        match header.trim() {
            "" => break,
            header if header.contains(':') => {}
            _ => return None,
        }
    }
    Some(Message {
        plain,
        signed,
        signature,
    })
}

/// Only headers that name hashes are allowed.
fn check_header(header: &[u8]) -> Option<()> {
    let text = str::from_utf8(header).ok()?;
    let is_plain = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    let (key, values) = text.split_once(':')?;
    let known = |value: &str| HASHES.contains(&&*value.trim().to_uppercase());
    (is_plain && key.trim() == "Hash" && values.split(',').all(known)).then_some(())
}

/// A text on its way to being signed.
#[cfg(feature = "pgp")]
pub(super) struct Draft {
    /// The message up to its signature.
    text: Vec<u8>,
    /// What is to be signed.
    pub(super) signed: Vec<u8>,
}

#[cfg(feature = "pgp")]
impl Draft {
    /// Makes a message of a text; `hash` is named in its header, where it is not empty
    /// (`clearsign.Encode`).
    pub(super) fn new(plain: &[u8], hash: &str) -> Draft {
        let mut text = [BEGIN, b"\n"].concat();
        if !hash.is_empty() {
            text.extend_from_slice(format!("Hash: {hash}\n").as_bytes());
        }
        text.push(b'\n');
        let mut signed = Vec::with_capacity(plain.len() + plain.len() / 16);
        for (index, line) in plain.split(|byte| *byte == b'\n').enumerate() {
            if index > 0 {
                text.push(b'\n');
                signed.extend_from_slice(b"\r\n");
            }
            let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
            let length = line
                .iter()
                .rposition(|byte| !blank(byte))
                .map_or(0, |at| at + 1);
            if line.first() == Some(&b'-') {
                text.extend_from_slice(b"- ");
            }
            text.extend_from_slice(&line[..length]);
            signed.extend_from_slice(&line[..length]);
        }
        text.push(b'\n');
        Draft { text, signed }
    }

    /// The message with its signature, without a checksum and without an end of the last line.
    pub(super) fn finish(mut self, signature: &[u8]) -> Vec<u8> {
        use base64::Engine as _;
        self.text.extend_from_slice(SIGNATURE);
        self.text.extend_from_slice(b"\n\n");
        let encoded = base64::engine::general_purpose::STANDARD.encode(signature);
        for (index, line) in encoded.as_bytes().chunks(64).enumerate() {
            if index > 0 {
                self.text.push(b'\n');
            }
            self.text.extend_from_slice(line);
        }
        self.text.extend_from_slice(END);
        self.text
    }
}

/// Reads the bytes of an armored block, a line at a time as Go does: where base64 is damaged the
/// error's offset counts from the last read.
#[cfg_attr(not(feature = "pgp"), expect(dead_code, reason = "nothing checks it"))]
pub(super) struct Armor<'a> {
    rest: &'a [u8],
    /// What of a line was not given out yet.
    line: &'a [u8],
    is_over: bool,
    /// Characters that make no whole group yet.
    waiting: Vec<u8>,
    /// Bytes that were decoded but not asked for.
    decoded: Vec<u8>,
    /// What ended reading.
    failure: Option<Failure>,
}

#[derive(Clone)]
enum Failure {
    End,
    Truncated,
    Other(String),
}

impl Failure {
    fn report(&self) -> io::Result<usize> {
        match self {
            Failure::End => Ok(0),
            Failure::Truncated => Err(io::ErrorKind::UnexpectedEof.into()),
            Failure::Other(text) => Err(io::Error::other(text.clone())),
        }
    }
}

#[cfg_attr(not(feature = "pgp"), expect(dead_code, reason = "nothing checks it"))]
impl<'a> Armor<'a> {
    /// Reads the lines of [`Message::signature`].
    pub(super) fn new(lines: &'a [u8]) -> Armor<'a> {
        Armor {
            rest: lines,
            line: &[],
            is_over: false,
            waiting: Vec::new(),
            decoded: Vec::new(),
            failure: None,
        }
    }

    /// Adds at most `most` characters of a line to what waits.
    fn fill(&mut self, most: usize) -> Result<(), Failure> {
        while self.line.is_empty() {
            if self.is_over || self.rest.is_empty() {
                return Err(Failure::End);
            }
            let whole = line(&mut self.rest);
            let corrupt = || Failure::Other("openpgp: invalid data: armor invalid".to_owned());
            // Go reads lines through a buffer of 100 bytes.
            if whole.len() >= 100 {
                return Err(corrupt());
            }
            let text = whole.trim_ascii();
            if text.starts_with(b"-----END ") || (text.len() == 5 && text[0] == b'=') {
                self.is_over = true;
                return Err(Failure::End);
            }
            if text.len() > 96 {
                return Err(corrupt());
            }
            self.line = text;
        }
        let (now, later) = self.line.split_at(most.min(self.line.len()));
        self.waiting.extend_from_slice(now);
        self.line = later;
        Ok(())
    }
}

impl Read for Armor<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.decoded.is_empty() {
            let length = out.len().min(self.decoded.len());
            out[..length].copy_from_slice(&self.decoded[..length]);
            self.decoded.drain(..length);
            return Ok(length);
        }
        if let Some(failure) = &self.failure {
            return failure.report();
        }
        let want = (out.len() / 3 * 4).clamp(4, 1024);
        let mut ended = None;
        while self.waiting.len() < 4 && ended.is_none() {
            ended = self.fill(want - self.waiting.len()).err();
        }
        if self.waiting.len() < 4 {
            let failure = match ended {
                Some(Failure::Other(text)) => Failure::Other(text),
                _ if self.waiting.is_empty() => Failure::End,
                _ => Failure::Truncated,
            };
            let report = failure.report();
            self.failure = Some(failure);
            return report;
        }
        let length = self.waiting.len() / 4 * 4;
        let (bytes, failed) = decode_base64(&self.waiting[..length]);
        self.waiting.drain(..length);
        if let Some(at) = failed {
            let text = format!("illegal base64 data at input byte {at}");
            self.failure = Some(Failure::Other(text));
        }
        if bytes.is_empty() {
            return match &self.failure {
                Some(failure) => failure.report(),
                None => Ok(0),
            };
        }
        self.decoded = bytes;
        self.read(out)
    }
}

/// Decodes whole groups; where one is damaged, what came before it and the offset
/// (`base64.StdEncoding.Decode`).
fn decode_base64(text: &[u8]) -> (Vec<u8>, Option<usize>) {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for (index, group) in text.chunks(4).enumerate() {
        let at = index * 4;
        let mut number = 0u32;
        for (place, byte) in group.iter().enumerate() {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' if place >= 2 => {
                    let pads = &group[place..];
                    if let Some(wrong) = pads.iter().position(|byte| *byte != b'=') {
                        return (bytes, Some(at + place + wrong));
                    }
                    number <<= 6 * pads.len();
                    let made = number.to_be_bytes();
                    bytes.extend_from_slice(&made[1..place]);
                    let behind = at + 4;
                    return (bytes, (behind < text.len()).then_some(behind));
                }
                _ => return (bytes, Some(at + place)),
            };
            number = number << 6 | u32::from(value);
        }
        bytes.extend_from_slice(&number.to_be_bytes()[1..]);
    }
    (bytes, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_decoded_as_go_decodes_them() {
        let head = "-----BEGIN PGP SIGNED MESSAGE-----\n";
        let tail = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----";
        let ok = |plain: &str| Some(plain.to_owned());
        for (text, want) in [
            (
                format!("{head}Hash: SHA512\n\na\nb\n\n{tail}"),
                ok("a\nb\n"),
            ),
            (format!("{head}\na\n{tail}\n"), ok("a")),
            (format!("x\n{head}hash : x\n\na\n{tail}"), None),
            (
                format!("x\n{head} Hash : sha256, MD5\n\na\n{tail}"),
                ok("a"),
            ),
            (format!("{head}Hash: SHA9\n\na\n{tail}"), None),
            (format!("{head}Charset: x\n\na\n{tail}"), None),
            (
                format!("{head}Hash: SHA512\n\n- -x \t\n- y\n{tail}"),
                ok("-x\ny"),
            ),
            (
                format!("{head}Hash: SHA512\r\n\r\na\r\nb\r\n{tail}"),
                ok("a\nb"),
            ),
            (format!("{head}\n{tail}"), None),
            (format!("x{head}\na\n{tail}"), None),
            (
                format!("-----BEGIN PGP SIGNED MESSAGE----- \n\na\n{tail}"),
                None,
            ),
            (format!("{head}\na\n"), None),
            (
                format!("{head}\na\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n"),
                None,
            ),
            (
                format!(
                    "{head}\na\n-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----"
                ),
                None,
            ),
            (String::new(), None),
            (head.to_owned(), None),
        ] {
            let got = decode(text.as_bytes());
            let got = got.map(|message| String::from_utf8(message.plain).unwrap());
            assert_eq!(got, want, "{text}");
        }
    }

    #[cfg(feature = "pgp")]
    #[test]
    fn what_is_signed_is_what_is_checked() {
        for (text, want) in [
            ("a: 1\n...\n-x \n \t\n", "a: 1\r\n...\r\n-x\r\n\r\n"),
            ("a", "a"),
            (" - a\r\n", " - a\r\n"),
        ] {
            let draft = Draft::new(text.as_bytes(), "SHA512");
            assert_eq!(String::from_utf8_lossy(&draft.signed), want);
            let signed = draft.signed.clone();
            let message = draft.finish(&[1; 100]);
            let decoded = decode(&message).unwrap();
            assert_eq!(decoded.signed, signed, "{text}");
            let mut bytes = Vec::new();
            Armor::new(decoded.signature)
                .read_to_end(&mut bytes)
                .unwrap();
            assert_eq!(bytes, [1; 100]);
        }
    }

    #[test]
    fn damaged_base64_is_an_error() {
        for (lines, want) in [
            ("AAAA\nAA==\n-----END PGP", Ok(4)),
            ("AAAA\n=AAAA\nAAAA", Ok(3)),
            ("AAAA\nAA", Err("unexpected end of file")),
            ("AA*A\n", Err("illegal base64 data at input byte 2")),
            ("AA==AAAA\n", Err("illegal base64 data at input byte 4")),
        ] {
            let mut bytes = Vec::new();
            let result = Armor::new(lines.as_bytes()).read_to_end(&mut bytes);
            let got = result.map_err(|error| error.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{lines}");
        }
        let long = "A".repeat(100);
        let error = Armor::new(long.as_bytes()).read_to_end(&mut Vec::new());
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "openpgp: invalid data: armor invalid");
    }
}
