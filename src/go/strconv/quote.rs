//! Go's string literals: bytes go in, quoted text comes out, and the other way round
//! (`strconv.Quote`, `strconv.Unquote`).

use std::fmt::Write;

use super::is_print;

/// Go's `strconv.ErrSyntax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid syntax")]
pub struct InvalidSyntax;

/// `strconv.Quote`: a Go string literal; invalid UTF-8 becomes `\x` escapes.
pub fn quote(text: impl AsRef<[u8]>) -> String {
    quote_with(text.as_ref(), '"', is_print)
}

/// `strconv.QuoteToASCII`.
pub fn quote_to_ascii(text: impl AsRef<[u8]>) -> String {
    quote_with(text.as_ref(), '"', |c| c.is_ascii() && is_print(c))
}

/// `strconv.QuoteRune`.
pub fn quote_rune(rune: char) -> String {
    quote_with(rune.encode_utf8(&mut [0; 4]).as_bytes(), '\'', is_print)
}

/// `strconv.QuoteRuneToASCII`.
pub fn quote_rune_to_ascii(rune: char) -> String {
    quote_with(rune.encode_utf8(&mut [0; 4]).as_bytes(), '\'', |c| {
        c.is_ascii() && is_print(c)
    })
}

/// `strconv.CanBackquote`: whether the text can stand between backquotes on one line.
pub fn can_backquote(text: impl AsRef<[u8]>) -> bool {
    std::str::from_utf8(text.as_ref()).is_ok_and(|text| {
        text.chars()
            .all(|c| c == '\t' || (c >= ' ' && c != '`' && c != '\u{7f}' && c != '\u{feff}'))
    })
}

fn quote_with(text: &[u8], mark: char, printable: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == mark || c == '\\' {
                out.push('\\');
                out.push(c);
            } else if printable(c) {
                out.push(c);
            } else {
                escape(&mut out, c);
            }
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push(mark);
    out
}

fn escape(out: &mut String, c: char) {
    let short = match c {
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        _ => "",
    };
    if !short.is_empty() {
        out.push_str(short);
        return;
    }
    let code = u32::from(c);
    let _ = match code {
        0..0x20 | 0x7f => write!(out, "\\x{code:02x}"),
        0..0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// `strconv.Unquote`: what a Go literal in `"`, `` ` `` or `'` stands for.
///
/// # Errors
/// Where it is not one whole literal.
pub fn unquote(literal: impl AsRef<[u8]>) -> Result<Vec<u8>, InvalidSyntax> {
    let literal = literal.as_ref();
    let (&mark, tail) = literal.split_first().ok_or(InvalidSyntax)?;
    let Some((&last, body)) = tail.split_last() else {
        return Err(InvalidSyntax);
    };
    if last != mark {
        return Err(InvalidSyntax);
    }
    match mark {
        b'`' => {
            if body.contains(&b'`') {
                return Err(InvalidSyntax);
            }
            Ok(body.iter().copied().filter(|byte| *byte != b'\r').collect())
        }
        b'"' | b'\'' => {
            if body.contains(&b'\n') {
                return Err(InvalidSyntax);
            }
            let mut out = Vec::with_capacity(body.len());
            let mut rest = body;
            let mut count = 0usize;
            while !rest.is_empty() {
                let (unit, tail) = unquote_char(rest, mark)?;
                unit.append_to(&mut out);
                rest = tail;
                count += 1;
            }
            if mark == b'\'' && count != 1 {
                return Err(InvalidSyntax);
            }
            Ok(out)
        }
        _ => Err(InvalidSyntax),
    }
}

/// One unit of a literal: `value`, to be written as a rune where `multibyte`, else as a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The rune or byte.
    pub value: u32,
    /// Whether it takes UTF-8 to write it.
    pub multibyte: bool,
}

impl Unit {
    fn append_to(self, out: &mut Vec<u8>) {
        match u8::try_from(self.value) {
            Ok(byte) if !self.multibyte => out.push(byte),
            _ => {
                let c = char::from_u32(self.value).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// `strconv.UnquoteChar`: decodes the first unit of what stands between two `mark`s, and gives the
/// rest.
///
/// # Errors
/// On a bare `mark` and on bad escapes.
pub fn unquote_char(text: &[u8], mark: u8) -> Result<(Unit, &[u8]), InvalidSyntax> {
    let (&first, tail) = text.split_first().ok_or(InvalidSyntax)?;
    if first == mark && matches!(mark, b'"' | b'\'') {
        return Err(InvalidSyntax);
    }
    let byte = |value: u8| Unit {
        value: value.into(),
        multibyte: false,
    };
    if first >= 0x80 {
        let (c, length) = decode_rune(text);
        let unit = Unit {
            value: c.into(),
            multibyte: true,
        };
        return Ok((unit, &text[length..]));
    }
    if first != b'\\' {
        return Ok((byte(first), tail));
    }
    let (&letter, tail) = tail.split_first().ok_or(InvalidSyntax)?;
    let simple = match letter {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if letter == mark => letter,
        b'x' | b'u' | b'U' => {
            let count = match letter {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let (digits, rest) = tail.split_at_checked(count).ok_or(InvalidSyntax)?;
            let mut value = 0u32;
            for &digit in digits {
                let digit = char::from(digit).to_digit(16).ok_or(InvalidSyntax)?;
                value = value.checked_mul(16).ok_or(InvalidSyntax)? + digit;
            }
            let multibyte = letter != b'x';
            if multibyte && char::from_u32(value).is_none() {
                return Err(InvalidSyntax);
            }
            return Ok((Unit { value, multibyte }, rest));
        }
        b'0'..=b'7' => {
            let (digits, rest) = tail.split_at_checked(2).ok_or(InvalidSyntax)?;
            let mut value = u32::from(letter - b'0');
            for &digit in digits {
                value = value * 8 + char::from(digit).to_digit(8).ok_or(InvalidSyntax)?;
            }
            if value > 255 {
                return Err(InvalidSyntax);
            }
            let unit = Unit {
                value,
                multibyte: false,
            };
            return Ok((unit, rest));
        }
        _ => return Err(InvalidSyntax),
    };
    Ok((byte(simple), tail))
}

/// `utf8.DecodeRune`: the first rune and its length; U+FFFD and 1 where it is invalid.
fn decode_rune(text: &[u8]) -> (char, usize) {
    let head = &text[..text.len().min(4)];
    match head
        .utf8_chunks()
        .next()
        .and_then(|chunk| chunk.valid().chars().next())
    {
        Some(c) => (c, c.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_in_go() {
        for (text, want, ascii) in [
            (&b"a\"b\\"[..], r#""a\"b\\""#, r#""a\"b\\""#),
            (
                "é日\u{a0}".as_bytes(),
                "\"é日\\u00a0\"",
                r#""\u00e9\u65e5\u00a0""#,
            ),
            (
                b"\x00\x07\n\x7f\xff",
                r#""\x00\a\n\x7f\xff""#,
                r#""\x00\a\n\x7f\xff""#,
            ),
            (
                "\u{1f600}\u{feff}".as_bytes(),
                "\"\u{1f600}\\ufeff\"",
                r#""\U0001f600\ufeff""#,
            ),
        ] {
            assert_eq!(quote(text), want);
            assert_eq!(quote_to_ascii(text), ascii);
        }
        assert_eq!(quote_rune('\''), r"'\''");
    }

    #[test]
    fn literals_are_read_as_in_go() {
        for (literal, want) in [
            (r#""a\tb""#, Ok(&b"a\tb"[..])),
            (r#""\xff\101\u00e9""#, Ok(b"\xffA\xc3\xa9")),
            (r#""\'""#, Err(InvalidSyntax)),
            (r#"'\''"#, Ok(b"'")),
            ("'ab'", Err(InvalidSyntax)),
            ("`a\r\nb`", Ok(b"a\nb")),
            (r#""\ud800""#, Err(InvalidSyntax)),
            (r#""a"b""#, Err(InvalidSyntax)),
            ("\"", Err(InvalidSyntax)),
            ("", Err(InvalidSyntax)),
        ] {
            assert_eq!(unquote(literal), want.map(<[u8]>::to_vec), "{literal}");
        }
    }
}
