//! The sequence of packets (`openpgp/packet`, `Read` and `Reader`).

use std::io::Read;

use super::Flaw;
use super::key::{Key, Secret};
use super::signature::Signature;

/// A packet.
#[derive(Debug)]
pub(super) enum Packet {
    Key(Box<Key>),
    Secret(Box<(Key, Secret)>),
    Signature(Box<Signature>),
    UserId(Vec<u8>),
    /// Of no meaning here.
    Other,
}

/// Reads packets; those of unknown or unsupported kinds are passed over.
pub(super) struct Packets<'a> {
    reader: &'a mut dyn Read,
    kept: Vec<Packet>,
}

impl<'a> Packets<'a> {
    pub(super) fn new(reader: &'a mut dyn Read) -> Packets<'a> {
        Packets {
            reader,
            kept: Vec::new(),
        }
    }

    /// The next packet; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, Flaw> {
        if let Some(packet) = self.kept.pop() {
            return Ok(Some(packet));
        }
        loop {
            match read(self.reader) {
                Ok(Some(None)) | Err(Flaw::UnknownPacket(_) | Flaw::Unsupported(_)) => {}
                Ok(Some(Some(packet))) => return Ok(Some(packet)),
                Ok(None) => return Ok(None),
                Err(flaw) => return Err(flaw),
            }
        }
    }

    /// Gives a packet back, which then comes next.
    pub(super) fn unread(&mut self, packet: Packet) {
        self.kept.push(packet);
    }
}

/// The content of a packet.
struct Body<'a> {
    reader: &'a mut dyn Read,
    left: u64,
    length: Length,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    /// As many bytes as are left.
    Known,
    /// Another length follows what is left.
    Partial,
    /// To the end.
    Open,
}

impl Read for Body<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.length == Length::Open {
            return self.reader.read(out);
        }
        while self.left == 0 {
            if self.length == Length::Known {
                return Ok(0);
            }
            (self.left, self.length) = length(self.reader)?;
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let length = out.len().min(most);
        if length == 0 {
            return Ok(0);
        }
        let count = self.reader.read(&mut out[..length])?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

fn byte(reader: &mut dyn Read) -> std::io::Result<u8> {
    let mut one = [0];
    reader.read_exact(&mut one)?;
    Ok(one[0])
}

/// A length of the new format.
fn length(reader: &mut dyn Read) -> std::io::Result<(u64, Length)> {
    let first = byte(reader)?;
    Ok(match first {
        0..192 => (u64::from(first), Length::Known),
        192..224 => {
            let second = byte(reader)?;
            let length = (u64::from(first - 192) << 8) + u64::from(second) + 192;
            (length, Length::Known)
        }
        224..255 => (1 << (first & 0x1f), Length::Partial),
        255 => {
            let mut four = [0; 4];
            reader.read_exact(&mut four)?;
            (u64::from(u32::from_be_bytes(four)), Length::Known)
        }
    })
}

/// A packet: nothing at the end, and nothing in it for a marker.
fn read(reader: &mut dyn Read) -> Result<Option<Option<Packet>>, Flaw> {
    let mut head = [0];
    loop {
        match reader.read(&mut head) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let head = head[0];
    if head & 0x80 == 0 {
        return Flaw::structural("tag byte does not have MSB set");
    }
    let is_old = head & 0x40 == 0;
    let tag = match is_old {
        true => (head & 0x3f) >> 2,
        false => head & 0x3f,
    };
    let (left, length) = match (is_old, head & 3) {
        (true, 3) => (0, Length::Open),
        (true, kind) => {
            let mut bytes = [0; 8];
            reader.read_exact(&mut bytes[8 - (1 << kind)..])?;
            (u64::from_be_bytes(bytes), Length::Known)
        }
        (false, _) => length(reader)?,
    };
    let mut body = Body {
        reader,
        left,
        length,
    };
    let parsed = parse(tag, &mut body);
    if parsed.is_err() {
        // The rest is passed over, whatever is wrong with it.
        let _ = std::io::copy(&mut body, &mut std::io::sink());
    }
    parsed.map(Some)
}

fn parse(tag: u8, body: &mut Body<'_>) -> Result<Option<Packet>, Flaw> {
    let whole = |body: &mut Body<'_>| {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)?;
        Ok::<Vec<u8>, Flaw>(bytes)
    };
    Ok(Some(match tag {
        2 => Packet::Signature(Box::new(Signature::read(body)?)),
        5 | 7 => {
            let bytes = whole(body)?;
            Packet::Secret(Box::new(Secret::parse(bytes, tag == 7)?))
        }
        6 | 14 => Packet::Key(Box::new(Key::parse(&whole(body)?, tag == 14)?.0)),
        10 => {
            whole(body)?;
            return Ok(None);
        }
        13 => Packet::UserId(whole(body)?),
        1 | 3 | 4 | 8 | 9 | 11 | 17 | 18 | 20 | 21 => {
            whole(body)?;
            Packet::Other
        }
        12 => return Err(Flaw::UnknownPacket(tag)),
        0..40 => return Err(Flaw::CriticalPacket(tag)),
        _ => return Err(Flaw::UnknownPacket(tag)),
    }))
}
