//! Padding, integers, floats, strings and runes under flags: Go's `fmt/format.go`.

use crate::go::strconv;

/// The flags of one directive.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`
    pub(super) plus_v: bool,
    /// `%#v`
    pub(super) sharp_v: bool,
}

/// A buffer and the flags of what is being written to it.
#[derive(Default)]
pub(super) struct Format {
    pub(super) out: Vec<u8>,
    pub(super) flags: Flags,
}

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Number of runes; each invalid byte counts as one.
pub(super) fn rune_count(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    runes(text).count()
}

/// The runes of a text with their lengths, U+FFFD of length 1 for each invalid byte.
fn runes(text: &[u8]) -> impl Iterator<Item = (char, usize)> + '_ {
    text.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().iter().map(|_| ('\u{fffd}', 1));
        chunk
            .valid()
            .chars()
            .map(|c| (c, c.len_utf8()))
            .chain(invalid)
    })
}

impl Format {
    fn write_padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus {
            b'0'
        } else {
            b' '
        };
        self.out.resize(self.out.len() + count, byte);
    }

    /// Writes `text` padded to the width.
    pub(super) fn pad(&mut self, text: &[u8]) {
        let Some(width) = self.flags.width.filter(|width| *width > 0) else {
            self.out.extend_from_slice(text);
            return;
        };
        let missing = width.saturating_sub(rune_count(text));
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.write_padding(missing);
        } else {
            self.write_padding(missing);
            self.out.extend_from_slice(text);
        }
    }

    fn pad_without_zeros(&mut self, text: &[u8]) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.pad(if value { b"true" } else { b"false" });
    }

    /// An integer given as sign and magnitude; `verb` is for `%O`'s prefix.
    pub(super) fn integer(
        &mut self,
        negative: bool,
        magnitude: u64,
        base: u64,
        verb: char,
        upper: bool,
    ) {
        let flags = self.flags;
        let mut precision = 0;
        if let Some(given) = flags.precision {
            precision = given;
            if precision == 0 && magnitude == 0 {
                self.flags.zero = false;
                self.write_padding(flags.width.unwrap_or_default());
                self.flags.zero = flags.zero;
                return;
            }
        } else if let Some(width) = flags.width
            && flags.zero
            && !flags.minus
        {
            precision = width;
            if negative || flags.plus || flags.space {
                precision = precision.saturating_sub(1);
            }
        }
        let table = if upper { UPPER } else { LOWER };
        // Built backwards.
        let mut text: Vec<u8> = Vec::with_capacity(24);
        let mut rest = magnitude;
        loop {
            text.push(table[(rest % base) as usize]);
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        if text.len() < precision {
            text.resize(precision, b'0');
        }
        if flags.sharp {
            match base {
                2 => text.extend_from_slice(b"b0"),
                8 if text.last() != Some(&b'0') => text.push(b'0'),
                16 => text.extend_from_slice(if upper { b"X0" } else { b"x0" }),
                _ => {}
            }
        }
        if verb == 'O' {
            text.extend_from_slice(b"o0");
        }
        if negative {
            text.push(b'-');
        } else if flags.plus {
            text.push(b'+');
        } else if flags.space {
            text.push(b' ');
        }
        text.reverse();
        self.pad_without_zeros(&text);
    }

    /// `0x` and hexadecimal digits, with or without the prefix.
    pub(super) fn hexadecimal_address(&mut self, value: u64, prefix: bool) {
        let sharp = std::mem::replace(&mut self.flags.sharp, prefix);
        self.integer(false, value, 16, 'v', false);
        self.flags.sharp = sharp;
    }

    fn truncate<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match self.flags.precision {
            Some(precision) if precision < text.len() => {
                let length = runes(text).take(precision).map(|(_, length)| length).sum();
                &text[..length]
            }
            _ => text,
        }
    }

    pub(super) fn string(&mut self, text: &[u8]) {
        let text = self.truncate(text);
        self.pad(text);
    }

    pub(super) fn quoted(&mut self, text: &[u8]) {
        let text = self.truncate(text);
        if self.flags.sharp && strconv::can_backquote(text) {
            let quoted = [b"`", text, b"`"].concat();
            self.pad(&quoted);
        } else if self.flags.plus {
            self.pad(strconv::quote_to_ascii(text).as_bytes());
        } else {
            self.pad(strconv::quote(text).as_bytes());
        }
    }

    /// The bytes of a text in hexadecimal.
    pub(super) fn hexadecimal_bytes(&mut self, text: &[u8], upper: bool) {
        let flags = self.flags;
        let length = flags
            .precision
            .map_or(text.len(), |precision| precision.min(text.len()));
        if length == 0 {
            self.write_padding(flags.width.unwrap_or_default());
            return;
        }
        let mut wide = 2 * length;
        if flags.space {
            if flags.sharp {
                wide *= 2;
            }
            wide += length - 1;
        } else if flags.sharp {
            wide += 2;
        }
        let missing = flags.width.unwrap_or_default().saturating_sub(wide);
        if !flags.minus {
            self.write_padding(missing);
        }
        let table = if upper { UPPER } else { LOWER };
        let prefix: &[u8] = if upper { b"0X" } else { b"0x" };
        if flags.sharp {
            self.out.extend_from_slice(prefix);
        }
        for (at, byte) in text[..length].iter().enumerate() {
            if flags.space && at > 0 {
                self.out.push(b' ');
                if flags.sharp {
                    self.out.extend_from_slice(prefix);
                }
            }
            self.out.push(table[usize::from(byte >> 4)]);
            self.out.push(table[usize::from(byte & 15)]);
        }
        if flags.minus {
            self.write_padding(missing);
        }
    }

    /// `%c`
    pub(super) fn rune(&mut self, code: u64) {
        self.pad(to_rune(code).encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `%q` of a number.
    pub(super) fn quoted_rune(&mut self, code: u64) {
        let rune = to_rune(code);
        let text = if self.flags.plus {
            strconv::quote_rune_to_ascii(rune)
        } else {
            strconv::quote_rune(rune)
        };
        self.pad(text.as_bytes());
    }

    /// `%U`
    pub(super) fn unicode(&mut self, code: u64) {
        let digits = self.flags.precision.unwrap_or_default().max(4);
        let hexadecimal = format!("{code:X}");
        let mut text = String::from("U+");
        text.extend(std::iter::repeat_n(
            '0',
            digits.saturating_sub(hexadecimal.len()),
        ));
        text.push_str(&hexadecimal);
        if self.flags.sharp
            && let Some(rune) = u32::try_from(code).ok().and_then(char::from_u32)
            && strconv::is_print(rune)
        {
            text.push_str(" '");
            text.push(rune);
            text.push('\'');
        }
        self.pad_without_zeros(text.as_bytes());
    }

    /// A float with the precision that the verb has where none is given (`None` is the shortest).
    pub(super) fn float(&mut self, value: f64, bits: u32, verb: u8, precision: Option<usize>) {
        let flags = self.flags;
        let precision = flags.precision.or(precision);
        // Always with a sign first.
        let mut text = Vec::with_capacity(32);
        if value.is_nan() || !(value.is_sign_negative() || value.is_infinite()) {
            text.push(b'+');
        }
        strconv::append_float(&mut text, value, verb, precision, bits);
        if flags.space && text[0] == b'+' && !flags.plus {
            text[0] = b' ';
        }
        if !value.is_finite() {
            if value.is_nan() && !flags.space && !flags.plus {
                text.remove(0);
            }
            self.pad_without_zeros(&text);
            return;
        }
        if flags.sharp && verb != b'b' {
            keep_zeros(&mut text, verb, precision);
        }
        if flags.plus || text[0] != b'+' {
            if let Some(width) = flags.width
                && flags.zero
                && !flags.minus
                && width > text.len()
            {
                self.out.push(text[0]);
                self.write_padding(width - text.len());
                self.out.extend_from_slice(&text[1..]);
            } else {
                self.pad(&text);
            }
            return;
        }
        self.pad(&text[1..]);
    }
}

/// The `#` flag of floats: a decimal point always, and for `%g` the trailing zeros.
fn keep_zeros(text: &mut Vec<u8>, verb: u8, precision: Option<usize>) {
    let mut digits = match verb {
        b'g' | b'G' | b'x' => precision.unwrap_or(6) as i64,
        _ => 0,
    };
    let mut tail = Vec::new();
    let mut point = false;
    let mut nonzero = false;
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'.' => point = true,
            b'p' | b'P' => {
                tail = text.split_off(at);
                break;
            }
            b'e' | b'E' if verb != b'x' && verb != b'X' => {
                tail = text.split_off(at);
                break;
            }
            byte => {
                nonzero |= byte != b'0';
                if nonzero {
                    digits -= 1;
                }
            }
        }
        at += 1;
    }
    if !point {
        // A single leading zero counts as a digit.
        if text.len() == 2 && text[1] == b'0' {
            digits -= 1;
        }
        text.push(b'.');
    }
    while digits > 0 {
        text.push(b'0');
        digits -= 1;
    }
    text.extend_from_slice(&tail);
}

fn to_rune(code: u64) -> char {
    u32::try_from(code)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}
