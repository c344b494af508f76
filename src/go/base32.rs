//! Go's `base32.StdEncoding` (Go 1.26).

use std::fmt;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `bytes` in base32 with padding.
pub(crate) fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let group = chunk
            .iter()
            .fold(0u64, |group, byte| (group << 8) | u64::from(*byte))
            << (8 * (5 - chunk.len()));
        let digits = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            out.push(if at < digits {
                ALPHABET[(group >> (35 - 5 * at)) as usize & 31]
            } else {
                b'='
            });
        }
    }
    out
}

/// The byte at which a text stops being base32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CorruptInput(pub(crate) usize);

impl fmt::Display for CorruptInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "illegal base32 data at input byte {}", self.0)
    }
}

/// The bytes behind `text`; ends of lines are skipped, and not counted in errors. What follows the
/// padding of a whole group is not looked at.
///
/// # Errors
/// Where Go's decoder sees one.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, CorruptInput> {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5 + 5);
    let mut at = 0;
    while at < text.len() {
        let mut group = 0u64;
        let mut digits = 0;
        let mut ends = false;
        while digits < 8 {
            let Some(&byte) = text.get(at) else {
                return Err(CorruptInput(text.len() - digits));
            };
            at += 1;
            let left = text.len() - at;
            if byte == b'=' && digits >= 2 && left < 8 {
                if left + digits < 7 {
                    return Err(CorruptInput(text.len()));
                }
                for next in 0..7 - digits {
                    if text.get(at + next).is_some_and(|byte| *byte != b'=') {
                        return Err(CorruptInput(at + next - 1));
                    }
                }
                if matches!(digits, 3 | 6) {
                    return Err(CorruptInput(at - 1));
                }
                ends = true;
                break;
            }
            let Some(digit) = ALPHABET.iter().position(|digit| *digit == byte) else {
                return Err(CorruptInput(at - 1));
            };
            group = (group << 5) | digit as u64;
            digits += 1;
        }
        let bytes = digits * 5 / 8;
        let group = group << (40 - 5 * digits);
        out.extend_from_slice(&group.to_be_bytes()[3..3 + bytes]);
        if ends {
            break;
        }
    }
    Ok(out)
}
