//! Tar archives: bytes go in, the members come out one by one, judged as Go's `archive/tar` judges
//! them.

use std::io::Read;
use std::time::{Duration, SystemTime};

const BLOCK: usize = 512;
/// Largest extended header (`archive/tar`'s `maxSpecialFileSize`).
const MAX_SPECIAL: u64 = 1 << 20;
const DAMAGED: &str = "archive/tar: invalid tar header";
const CUT: &str = "unexpected EOF";

/// The head of a member of an archive.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) modified: Option<SystemTime>,
    pub(super) is_folder: bool,
    /// PAX headers for all that follows; not a file.
    pub(super) is_global: bool,
    /// Whether there is data behind the head: links and devices have none.
    has_data: bool,
}

/// Reads tar archives member by member, as Go's `archive/tar` does.
pub(super) struct Reader<R> {
    input: R,
    /// Bytes of the last member, and of its padding, that have not been read.
    left: u64,
    padding: u64,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(input: R) -> Reader<R> {
        Reader {
            input,
            left: 0,
            padding: 0,
        }
    }

    /// The next member; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Member>, String> {
        let mut long_name: Option<Vec<u8>> = None;
        let mut records: Vec<(String, Vec<u8>)> = Vec::new();
        loop {
            self.skip(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let Some(block) = self.header()? else {
                return Ok(None);
            };
            let kind = block[156];
            let size = number(&block[124..136]).ok_or(DAMAGED)?;
            if matches!(kind, b'x' | b'L' | b'K') {
                self.expect(size);
                let data = self.special(size)?;
                match kind {
                    b'x' => records = parse_records(&data).ok_or(DAMAGED)?,
                    b'L' => long_name = Some(until_nul(&data).to_vec()),
                    _ => {}
                }
                continue;
            }
            if kind == b'g' {
                self.expect(size);
                let data = self.special(size)?;
                parse_records(&data).ok_or(DAMAGED)?;
            }
            let mut member = self.member(&block, kind, size)?;
            if let Some(name) = long_name {
                member.name = String::from_utf8_lossy(&name).into_owned();
            }
            for (key, value) in records {
                let text = String::from_utf8_lossy(&value);
                match &*key {
                    "path" if !text.is_empty() => member.name = text.into_owned(),
                    "size" if !text.is_empty() => {
                        member.size = text.parse().map_err(|_| DAMAGED)?;
                    }
                    "mtime" if !text.is_empty() => {
                        member.modified = Some(time(&text).ok_or(DAMAGED)?);
                    }
                    _ => {}
                }
            }
            if kind == 0 && member.name.ends_with('/') {
                member.is_folder = true;
            }
            if kind != b'g' {
                self.expect(if member.has_data { member.size } else { 0 });
            }
            return Ok(Some(member));
        }
    }

    /// Reads the data of the last member, of at most `limit` bytes.
    pub(super) fn data(&mut self, limit: u64) -> Result<Vec<u8>, String> {
        let wanted = self.left.min(limit);
        let mut data = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
        let read = (&mut self.input)
            .take(wanted)
            .read_to_end(&mut data)
            .map_err(|e| failure(&e))?;
        self.left -= read as u64;
        if (read as u64) < wanted {
            Err(CUT.to_owned())
        } else {
            Ok(data)
        }
    }

    fn expect(&mut self, size: u64) {
        self.left = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
    }

    fn special(&mut self, size: u64) -> Result<Vec<u8>, String> {
        if size > MAX_SPECIAL {
            return Err("archive/tar: header field too long".to_owned());
        }
        self.data(size)
    }

    fn skip(&mut self, count: u64) -> Result<(), String> {
        let skipped = std::io::copy(&mut (&mut self.input).take(count), &mut std::io::sink())
            .map_err(|e| failure(&e))?;
        // Go does not mind where only the padding of the last member is cut.
        if skipped < count.saturating_sub(self.padding) {
            Err(CUT.to_owned())
        } else {
            Ok(())
        }
    }

    /// A block that is not of zeros; `None` at the end of the archive or of the input.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>, String> {
        let Some(block) = self.block()? else {
            return Ok(None);
        };
        if block.iter().any(|byte| *byte != 0) {
            check(&block)?;
            return Ok(Some(block));
        }
        match self.block()? {
            Some(second) if second.iter().any(|byte| *byte != 0) => Err(DAMAGED.to_owned()),
            _ => Ok(None),
        }
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, String> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self
                .input
                .read(&mut block[filled..])
                .map_err(|e| failure(&e))?
            {
                0 if filled == 0 => return Ok(None),
                0 => return Err(CUT.to_owned()),
                read => filled += read,
            }
        }
        Ok(Some(block))
    }

    fn member(&mut self, block: &[u8; BLOCK], kind: u8, size: u64) -> Result<Member, String> {
        let mode = number(&block[100..108]).ok_or(DAMAGED)?;
        let modified = number(&block[136..148]).ok_or(DAMAGED)?;
        let mut name = String::from_utf8_lossy(until_nul(&block[..100])).into_owned();
        let is_ustar = &block[257..263] == b"ustar\0";
        let prefix = until_nul(&block[345..500]);
        if is_ustar && !prefix.is_empty() {
            name = format!("{}/{name}", String::from_utf8_lossy(prefix));
        }
        Ok(Member {
            name,
            size,
            modified: SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(modified)),
            is_folder: kind == b'5' || mode & 0o170_000 == 0o040_000,
            is_global: kind == b'g',
            has_data: !matches!(kind, b'1'..=b'6'),
        })
    }
}

/// Go's text of an error while unpacking.
fn failure(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => CUT.to_owned(),
        _ => match error.to_string() {
            text if text.contains("checksum") => "gzip: invalid checksum".to_owned(),
            text if text.contains("gzip header") => "gzip: invalid header".to_owned(),
            text => format!("flate: {text}"),
        },
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Octal text, or a big-endian number behind a set first bit.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        if field[0] & 0x40 != 0 {
            return None;
        }
        let bytes = std::iter::once(field[0] & 0x7f).chain(field[1..].iter().copied());
        return bytes.into_iter().try_fold(0u64, |sum, byte| {
            sum.checked_mul(256)?.checked_add(byte.into())
        });
    }
    let text = field.trim_ascii_start();
    let digits: Vec<u8> = text
        .iter()
        .copied()
        .skip_while(|byte| matches!(byte, b' ' | 0))
        .take_while(|byte| !matches!(byte, b' ' | 0))
        .collect();
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()
}

/// The sum of all bytes, those of the sum itself taken as blanks, signed or unsigned.
fn check(block: &[u8; BLOCK]) -> Result<(), String> {
    let bytes = block.iter().enumerate().map(|(at, byte)| match at {
        148..156 => b' ',
        _ => *byte,
    });
    let unsigned: u64 = bytes.clone().map(u64::from).sum();
    let signed: i64 = bytes.map(|byte| i64::from(byte.cast_signed())).sum();
    let wanted = number(&block[148..156]).ok_or(DAMAGED)?;
    if wanted == unsigned || i64::try_from(wanted).is_ok_and(|wanted| wanted == signed) {
        Ok(())
    } else {
        Err(DAMAGED.to_owned())
    }
}

/// PAX records: `length key=value\n`.
fn parse_records(mut data: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut records = Vec::new();
    while !data.is_empty() {
        let space = memchr::memchr(b' ', data)?;
        let length: usize = std::str::from_utf8(&data[..space]).ok()?.parse().ok()?;
        let record = data.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = memchr::memchr(b'=', record)?;
        let key = String::from_utf8_lossy(&record[..equals]).into_owned();
        records.push((key, record[equals + 1..].to_vec()));
        data = &data[length..];
    }
    Some(records)
}

/// Seconds since 1970, with a fraction.
fn time(text: &str) -> Option<SystemTime> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = seconds.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut nanoseconds = 0;
    for at in 0..9 {
        let digit = fraction
            .as_bytes()
            .get(at)
            .map_or(0, |byte| u32::from(byte - b'0'));
        nanoseconds = nanoseconds * 10 + digit;
    }
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)?
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)?
    };
    start.checked_add(Duration::from_nanos(nanoseconds.into()))
}
