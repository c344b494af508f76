//! Go's `base64.StdEncoding` (Go 1.26): the alphabet and its engine are those of the crate `base64`,
//! what is skipped and where an error is seen are Go's.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// Go does not look at the bits that are left over in the last digit.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// `bytes` in base64 with padding (`EncodeToString`).
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    ENGINE.encode(bytes)
}

/// The byte at which a text stops being base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CorruptInput(pub(crate) usize);

impl std::fmt::Display for CorruptInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "illegal base64 data at input byte {}", self.0)
    }
}

/// The bytes behind `text`, which has padding; ends of lines are skipped (`DecodeString`).
///
/// # Errors
/// Where Go's decoder sees one.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, CorruptInput> {
    ENGINE.decode(text).or_else(|_| decode_lines(text))
}

/// The slow way: texts of several lines, and texts with an error, whose place is to be found.
fn decode_lines(text: &[u8]) -> Result<Vec<u8>, CorruptInput> {
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
