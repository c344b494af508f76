//! Go's `base64.StdEncoding` (Go 1.26), the encoder that `encoding/json` needs.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends `bytes` in base64 with padding to `out`.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0u32, |group, byte| (group << 8) | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            if at <= chunk.len() {
                out.push(ALPHABET[(group >> (18 - 6 * at)) as usize & 63]);
            } else {
                out.push(b'=');
            }
        }
    }
}

/// The byte at which a text stops being base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CorruptInput(pub(crate) usize);

impl std::fmt::Display for CorruptInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "illegal base64 data at input byte {}", self.0)
    }
}

/// The bytes behind `text`, which has padding; ends of lines are skipped.
///
/// # Errors
/// Where Go's decoder sees one.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, CorruptInput> {
    let skip = |mut at: usize| {
        while matches!(text.get(at), Some(b'\r' | b'\n')) {
            at += 1;
        }
        at
    };
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut at = 0;
    loop {
        let mut group = 0u32;
        let mut digits = 0;
        while digits < 4 {
            let Some(byte) = text.get(at) else {
                return match digits {
                    0 => Ok(out),
                    _ => Err(CorruptInput(at - digits)),
                };
            };
            at += 1;
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'\r' | b'\n' => continue,
                b'=' if digits >= 2 => break,
                _ => return Err(CorruptInput(at - 1)),
            };
            group = (group << 6) | u32::from(digit);
            digits += 1;
        }
        if digits == 4 {
            out.extend_from_slice(&group.to_be_bytes()[1..]);
            continue;
        }
        // The first `=` has been read.
        if digits == 2 {
            at = skip(at);
            match text.get(at) {
                None => return Err(CorruptInput(text.len())),
                Some(b'=') => at += 1,
                Some(_) => return Err(CorruptInput(at - 1)),
            }
        }
        at = skip(at);
        if at < text.len() {
            return Err(CorruptInput(at));
        }
        let group = group << (24 - 6 * digits);
        out.extend_from_slice(&group.to_be_bytes()[1..digits]);
        return Ok(out);
    }
}
