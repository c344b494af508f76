//! Finding where scalars end. Their values are made later, and only where someone wants them.

use super::Error;
use super::scan::{Scanner, hex};
use super::token::{Chomp, Scalar, Style};

/// Bytes at which a plain scalar outside of flow collections needs a closer look.
static BLOCK_STOP: [bool; 256] = stops(b" \t\r\n:\xc2\xe2");
/// The same inside of flow collections.
static FLOW_STOP: [bool; 256] = stops(b" \t\r\n:,?[]{}\xc2\xe2");
/// Bytes at which a quoted scalar needs a closer look.
static QUOTED_STOP: [bool; 256] = stops(b" \t\r\n'\"\\\xc2\xe2");

const fn stops(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

impl<'a> Scanner<'a> {
    /// A plain scalar, and the offset of its end. The scanner itself moves on to
    /// what follows the blanks after it.
    pub(super) fn scan_plain(&mut self) -> Result<(Scalar<'a>, usize), Error> {
        let start = self.at;
        let mut end = start;
        let mut verbatim = true;
        let mut broken = false;
        let least = self.indent + 1;
        let table = if self.flow > 0 {
            &FLOW_STOP
        } else {
            &BLOCK_STOP
        };
        loop {
            if self.at_document_indicator() || self.peek(0) == b'#' {
                break;
            }
            let from = self.at;
            self.scan_plain_run(table);
            if self.at > from {
                if end > start && broken {
                    verbatim = false;
                }
                broken = false;
                end = self.at;
            }
            if !self.is_gap(0) || self.at >= self.text.len() {
                break;
            }
            loop {
                match self.peek(0) {
                    b' ' => self.at += 1,
                    b'\t' => {
                        if broken && self.is_left_of(least) {
                            return Err(
                                self.error("found a tab character that violates indentation")
                            );
                        }
                        self.at += 1;
                    }
                    _ => {
                        let length = self.line_break(0);
                        if length == 0 {
                            break;
                        }
                        self.skip_break(length);
                        broken = true;
                    }
                }
            }
            if self.flow == 0 && self.is_left_of(least) {
                break;
            }
        }
        if broken {
            self.key_allowed = true;
        }
        let scalar = Scalar {
            verbatim,
            ..self.scalar(start..end)
        };
        Ok((scalar, end))
    }

    #[expect(
        clippy::cast_possible_wrap,
        clippy::cast_possible_truncation,
        reason = "columns are small"
    )]
    fn is_left_of(&self, column: i32) -> bool {
        (self.column() as i32) < column
    }

    /// Moves over characters of a plain scalar, up to a blank or what ends it.
    #[inline]
    fn scan_plain_run(&mut self, table: &[bool; 256]) {
        let text = self.text;
        let mut at = self.at;
        let mut wide = 0;
        while let Some(&byte) = text.get(at) {
            if table[usize::from(byte)] {
                match byte {
                    b':' => {
                        self.at = at;
                        if self.is_gap(1) {
                            break;
                        }
                    }
                    0xc2 | 0xe2 => {
                        if super::scan::break_length(text, at) > 0 {
                            break;
                        }
                    }
                    _ => break,
                }
            }
            wide += usize::from(byte & 0xc0 == 0x80);
            at += 1;
        }
        self.at = at;
        self.wide += wide;
    }

    /// A scalar in quotes of the kind `quote`, which stands here.
    pub(super) fn scan_quoted(&mut self, quote: u8) -> Result<Scalar<'a>, Error> {
        self.at += 1;
        let start = self.at;
        let mut verbatim = true;
        loop {
            if self.at_document_indicator() {
                return Err(self.error("found unexpected document indicator"));
            }
            if self.at >= self.text.len() {
                return Err(self.error("found unexpected end of stream"));
            }
            let escaped_break = self.scan_quoted_run(quote, &mut verbatim)?;
            if !escaped_break && self.peek(0) == quote {
                break;
            }
            loop {
                if self.is_blank(0) {
                    self.at += 1;
                    continue;
                }
                let length = self.line_break(0);
                if length == 0 {
                    break;
                }
                verbatim = false;
                self.skip_break(length);
            }
        }
        let scalar = Scalar {
            verbatim,
            style: if quote == b'"' {
                Style::Double
            } else {
                Style::Single
            },
            ..self.scalar(start..self.at)
        };
        self.at += 1;
        Ok(scalar)
    }

    /// Moves up to a blank, a line break, the closing quote or the end; true after an escaped line
    /// break.
    fn scan_quoted_run(&mut self, quote: u8, verbatim: &mut bool) -> Result<bool, Error> {
        let text = self.text;
        while let Some(&byte) = text.get(self.at) {
            if !QUOTED_STOP[usize::from(byte)] {
                self.wide += usize::from(byte & 0xc0 == 0x80);
                self.at += 1;
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => return Ok(false),
                b'\'' if quote == b'\'' => {
                    if self.peek(1) != b'\'' {
                        return Ok(false);
                    }
                    *verbatim = false;
                    self.at += 2;
                }
                b'"' if quote == b'"' => return Ok(false),
                b'\\' if quote == b'"' => {
                    *verbatim = false;
                    let length = self.line_break(1);
                    if length > 0 {
                        self.at += 1;
                        self.skip_break(length);
                        return Ok(true);
                    }
                    self.scan_escape()?;
                }
                0xc2 | 0xe2 if self.line_break(0) > 0 => return Ok(false),
                _ => self.at += 1,
            }
        }
        Ok(false)
    }

    fn scan_escape(&mut self) -> Result<(), Error> {
        let digits = match self.peek(1) {
            b'0' | b'a' | b'b' | b't' | b'\t' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"'
            | b'\'' | b'\\' | b'N' | b'_' | b'L' | b'P' => 0,
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => return Err(self.error("found unknown escape character")),
        };
        self.at += 2;
        let mut code = 0u64;
        for ahead in 0..digits {
            let Some(digit) = hex(self.peek(ahead)) else {
                return Err(self.error("did not find expected hexdecimal number"));
            };
            code = code << 4 | u64::from(digit);
        }
        if (0xd800..0xe000).contains(&code) || code > 0x0010_ffff {
            return Err(self.error("found invalid Unicode character escape code"));
        }
        self.at += digits;
        Ok(())
    }

    /// A block scalar whose `|` or `>` stands here.
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<Scalar<'a>, Error> {
        let header = self.at;
        self.at += 1;
        let mut chomp = Chomp::Clip;
        let mut increment = 0;
        let mut chomped = false;
        // Both indicators, in either order, each at most once.
        for _ in 0..2 {
            match self.peek(0) {
                byte @ (b'+' | b'-') if !chomped => {
                    chomp = if byte == b'+' {
                        Chomp::Keep
                    } else {
                        Chomp::Strip
                    };
                    chomped = true;
                    self.at += 1;
                }
                b'0' if increment == 0 => {
                    return Err(self.error("found an indentation indicator equal to 0"));
                }
                byte @ b'1'..=b'9' if increment == 0 => {
                    increment = i32::from(byte - b'0');
                    self.at += 1;
                }
                _ => break,
            }
        }
        self.scan_line_comment(header);
        self.skip_header_rest()?;

        let start = self.at;
        let mut indent = match increment {
            0 => 0,
            _ => self.indent.max(0) + increment,
        };
        self.scan_block_breaks(&mut indent)?;
        while self.at < self.text.len() && self.is_at(indent) {
            self.skip_line_rest();
            let length = self.line_break(0);
            if length > 0 {
                self.skip_break(length);
            }
            self.scan_block_breaks(&mut indent)?;
        }
        let end = self.line_start.max(start);
        Ok(Scalar {
            style: if literal {
                Style::Literal
            } else {
                Style::Folded
            },
            verbatim: false,
            indent: indent.unsigned_abs(),
            chomp,
            ..self.scalar(
                start..if self.at >= self.text.len() {
                    self.at
                } else {
                    end
                },
            )
        })
    }

    #[expect(
        clippy::cast_possible_wrap,
        clippy::cast_possible_truncation,
        reason = "columns are small"
    )]
    fn is_at(&self, column: i32) -> bool {
        self.column() as i32 == column
    }

    /// Moves over empty lines and the indentation after them; finds `indent` where it is 0.
    fn scan_block_breaks(&mut self, indent: &mut i32) -> Result<(), Error> {
        let mut widest = 0;
        loop {
            while (*indent == 0 || self.is_left_of(*indent)) && self.peek(0) == b' ' {
                self.at += 1;
            }
            #[expect(
                clippy::cast_possible_wrap,
                clippy::cast_possible_truncation,
                reason = "columns are small"
            )]
            let column = self.column() as i32;
            widest = widest.max(column);
            if (*indent == 0 || column < *indent) && self.peek(0) == b'\t' {
                return Err(
                    self.error("found a tab character where an indentation space is expected")
                );
            }
            let length = self.line_break(0);
            if length == 0 {
                break;
            }
            self.skip_break(length);
        }
        if *indent == 0 {
            *indent = widest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
