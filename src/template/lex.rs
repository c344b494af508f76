//! Text to tokens. The quirks of Go's lexer (`parse/lex.go`, Go 1.26) are visible in line numbers
//! and error texts, so they are kept.

use super::letter::is_alphanumeric;
use crate::go::{fmt, strconv};
use crate::value::{Number, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // From here on the keywords, which print as `<word>`.
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// A piece of the text: bytes `start..end` of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
}

const NOTHING: Token = Token {
    kind: Kind::Eof,
    start: 0,
    end: 0,
    line: 0,
};

pub(super) struct Lexer<'t> {
    pub(super) input: &'t [u8],
    /// Whether `break` and `continue` are keywords, not functions.
    pub(super) break_is_keyword: bool,
    pub(super) continue_is_keyword: bool,
    /// Text of the one error that ended the input.
    pub(super) error: String,
    at: usize,
    start: usize,
    line: usize,
    start_line: usize,
    parens: usize,
    inside_action: bool,
    ended: bool,
    finder: memchr::memmem::Finder<'static>,
}

impl Default for Token {
    fn default() -> Token {
        NOTHING
    }
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(*space))
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space(*space))
}

fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

impl<'t> Lexer<'t> {
    pub(super) fn new(input: &'t [u8]) -> Lexer<'t> {
        Lexer {
            input,
            break_is_keyword: true,
            continue_is_keyword: true,
            error: String::new(),
            at: 0,
            start: 0,
            line: 1,
            start_line: 1,
            parens: 0,
            inside_action: false,
            ended: false,
            finder: memchr::memmem::Finder::new(LEFT),
        }
    }

    fn rest(&self) -> &'t [u8] {
        &self.input[self.at..]
    }

    /// The rune at the position and its length; `None` at the end.
    fn peek(&self) -> Option<(char, usize)> {
        let rest = self.rest();
        let first = *rest.first()?;
        if first.is_ascii() {
            return Some((char::from(first), 1));
        }
        let head = &rest[..rest.len().min(4)];
        let valid = head
            .utf8_chunks()
            .next()
            .and_then(|chunk| chunk.valid().chars().next());
        Some(valid.map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8())))
    }

    fn next(&mut self) -> Option<char> {
        let (c, length) = self.peek()?;
        self.at += length;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn emit(&mut self, kind: Kind) -> Token {
        let token = Token {
            kind,
            start: self.start,
            end: self.at,
            line: self.start_line,
        };
        self.start = self.at;
        self.start_line = self.line;
        token
    }

    fn ignore(&mut self) {
        self.line += newlines(&self.input[self.start..self.at]);
        self.start = self.at;
        self.start_line = self.line;
    }

    fn fail(&mut self, message: impl Into<String>) -> Token {
        self.error = message.into();
        self.ended = true;
        Token {
            kind: Kind::Error,
            start: self.start,
            end: self.at.max(self.start),
            line: self.start_line,
        }
    }

    pub(super) fn token(&mut self) -> Token {
        if self.ended {
            // Go's lexer goes on with an empty text after an error.
            return Token {
                kind: Kind::Eof,
                start: 0,
                end: 0,
                line: self.start_line,
            };
        }
        if self.inside_action {
            self.lex_inside_action()
        } else {
            self.lex_text()
        }
    }

    fn lex_text(&mut self) -> Token {
        loop {
            let Some(found) = self.finder.find(self.rest()) else {
                let end = self.input.len();
                self.at = end;
                if end > self.start {
                    self.line += newlines(&self.input[self.start..end]);
                    return self.emit(Kind::Text);
                }
                return self.emit(Kind::Eof);
            };
            if found > 0 {
                let delim = self.at + found;
                let text = &self.input[self.start..delim];
                let kept = if has_left_trim_marker(&self.input[delim + LEFT.len()..]) {
                    text.iter()
                        .rposition(|byte| !is_space(*byte))
                        .map_or(0, |last| last + 1)
                } else {
                    text.len()
                };
                self.at = self.start + kept;
                self.line += newlines(&text[..kept]);
                let token = self.emit(Kind::Text);
                self.at = delim;
                self.ignore();
                if kept > 0 {
                    return token;
                }
            }
            if let Some(token) = self.lex_left_delim() {
                return token;
            }
        }
    }

    /// The delimiter, or nothing where it began a comment.
    fn lex_left_delim(&mut self) -> Option<Token> {
        self.at += LEFT.len();
        let marker = if has_left_trim_marker(self.rest()) {
            2
        } else {
            0
        };
        if self.rest()[marker..].starts_with(b"/*") {
            self.at += marker;
            self.ignore();
            return self.lex_comment();
        }
        let token = self.emit(Kind::LeftDelim);
        self.inside_action = true;
        self.at += marker;
        self.ignore();
        self.parens = 0;
        Some(token)
    }

    fn lex_comment(&mut self) -> Option<Token> {
        self.at += 2;
        let Some(found) = memchr::memmem::find(self.rest(), b"*/") else {
            return Some(self.fail("unclosed comment"));
        };
        self.at += found + 2;
        let Some(trim) = self.at_right_delim() else {
            return Some(self.fail("comment ends before closing delimiter"));
        };
        self.ignore();
        self.skip_right_delim(trim);
        None
    }

    /// Whether a right delimiter is next, and whether it trims.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[2..].starts_with(RIGHT) {
            Some(true)
        } else {
            rest.starts_with(RIGHT).then_some(false)
        }
    }

    fn skip_right_delim(&mut self, trim: bool) {
        if trim {
            self.at += 2;
        }
        self.at += RIGHT.len();
        if trim {
            self.skip_spaces();
        }
        self.ignore();
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest
            .iter()
            .position(|byte| !is_space(*byte))
            .unwrap_or(rest.len());
    }

    fn lex_right_delim(&mut self, trim: bool) -> Token {
        if trim {
            self.at += 2;
            self.ignore();
        }
        self.at += RIGHT.len();
        let token = self.emit(Kind::RightDelim);
        if trim {
            self.skip_spaces();
            self.ignore();
        }
        self.inside_action = false;
        token
    }

    fn lex_inside_action(&mut self) -> Token {
        if let Some(trim) = self.at_right_delim() {
            if self.parens == 0 {
                return self.lex_right_delim(trim);
            }
            return self.fail("unclosed left paren");
        }
        let Some((c, length)) = self.peek() else {
            return self.fail("unclosed action");
        };
        match c {
            ' ' | '\t' | '\r' | '\n' => return self.lex_space(),
            '+' | '-' | '0'..='9' => return self.lex_number(),
            '.' if matches!(self.input.get(self.at + 1), Some(b'0'..=b'9') | None) => {
                return self.lex_number();
            }
            _ if is_alphanumeric(c) => return self.lex_identifier(),
            _ => self.at += length,
        }
        match c {
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.next() == Some('=') {
                    self.emit(Kind::Declare)
                } else {
                    self.fail("expected :=")
                }
            }
            '|' => self.emit(Kind::Pipe),
            '"' => self.lex_quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.lex_quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => match memchr::memchr(b'`', self.rest()) {
                Some(found) => {
                    self.line += newlines(&self.rest()[..found]);
                    self.at += found + 1;
                    self.emit(Kind::RawString)
                }
                None => {
                    self.at = self.input.len();
                    self.fail("unterminated raw quoted string")
                }
            },
            '$' => self.lex_field_or_variable(Kind::Variable),
            '.' => self.lex_field_or_variable(Kind::Field),
            '(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen)
            }
            ')' => {
                let Some(parens) = self.parens.checked_sub(1) else {
                    return self.fail("unexpected right paren");
                };
                self.parens = parens;
                self.emit(Kind::RightParen)
            }
            '!'..='~' => self.emit(Kind::Char),
            _ => self.fail(format!("unrecognized character in action: {}", unicode(c))),
        }
    }

    fn lex_space(&mut self) -> Token {
        let mut spaces = 0usize;
        while self.rest().first().is_some_and(|byte| is_space(*byte)) {
            self.next();
            spaces += 1;
        }
        // A trim marker takes the last space along.
        let last = &self.input[self.at - 1..];
        if has_right_trim_marker(last) && last[2..].starts_with(RIGHT) {
            self.at -= 1;
            if self.input[self.at] == b'\n' {
                self.line -= 1;
            }
            if spaces == 1 {
                return self.lex_right_delim(true);
            }
        }
        self.emit(Kind::Space)
    }

    fn at_terminator(&self) -> bool {
        match self.rest() {
            [] => true,
            [byte, ..] if is_space(*byte) => true,
            [b'.' | b',' | b'|' | b':' | b')' | b'(', ..] => true,
            rest => rest.starts_with(RIGHT),
        }
    }

    fn skip_alphanumerics(&mut self) {
        loop {
            let ascii = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
            self.at += self.rest().iter().take_while(ascii).count();
            match self.peek() {
                Some((c, length)) if !c.is_ascii() && is_alphanumeric(c) => self.at += length,
                _ => return,
            }
        }
    }

    fn fail_bad_character(&mut self) -> Token {
        let c = self.peek().map_or(char::REPLACEMENT_CHARACTER, |(c, _)| c);
        self.fail(format!("bad character {}", unicode(c)))
    }

    fn lex_identifier(&mut self) -> Token {
        self.skip_alphanumerics();
        if !self.at_terminator() {
            return self.fail_bad_character();
        }
        let kind = match &self.input[self.start..self.at] {
            b"block" => Kind::Block,
            b"break" if self.break_is_keyword => Kind::Break,
            b"continue" if self.continue_is_keyword => Kind::Continue,
            b"define" => Kind::Define,
            b"else" => Kind::Else,
            b"end" => Kind::End,
            b"if" => Kind::If,
            b"nil" => Kind::Nil,
            b"range" => Kind::Range,
            b"template" => Kind::Template,
            b"with" => Kind::With,
            b"true" | b"false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    /// After the `.` or `$`.
    fn lex_field_or_variable(&mut self, kind: Kind) -> Token {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Field { Kind::Dot } else { kind });
        }
        self.skip_alphanumerics();
        if !self.at_terminator() {
            return self.fail_bad_character();
        }
        self.emit(kind)
    }

    fn lex_quoted(&mut self, mark: char, kind: Kind, unterminated: &str) -> Token {
        let mark = u8::try_from(mark).unwrap_or(b'"');
        loop {
            let Some(found) = memchr::memchr3(mark, b'\\', b'\n', self.rest()) else {
                self.at = self.input.len();
                return self.fail(unterminated);
            };
            let byte = self.rest()[found];
            self.at += found + 1;
            match byte {
                b'\n' => return self.fail(unterminated),
                b'\\' => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.fail(unterminated);
                    }
                }
                _ => return self.emit(kind),
            }
        }
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| valid.contains(byte));
        if found {
            self.at += 1;
        }
        found
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn lex_number(&mut self) -> Token {
        let kind = if !self.scan_number() {
            None
        } else if matches!(self.rest().first(), Some(b'+' | b'-')) {
            (self.scan_number() && self.input[self.at - 1] == b'i').then_some(Kind::Complex)
        } else {
            Some(Kind::Number)
        };
        match kind {
            Some(kind) => self.emit(kind),
            None => {
                let text = strconv::quote(&self.input[self.start..self.at]);
                self.fail(format!("bad number syntax: {text}"))
            }
        }
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        const HEXADECIMAL: &[u8] = b"0123456789abcdefABCDEF_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = HEXADECIMAL;
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if digits == DECIMAL && self.accept(b"eE") || digits == HEXADECIMAL && self.accept(b"pP") {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        if self.peek().is_some_and(|(c, _)| is_alphanumeric(c)) {
            // The offending character is shown too.
            self.next();
            return false;
        }
        true
    }
}

/// `%#U`
fn unicode(c: char) -> String {
    let code = i32::try_from(u32::from(c)).unwrap_or_default();
    let text = fmt::sprintf("%#U", &[Value::Number(Number::Int32(code))]);
    String::from_utf8_lossy(&text).into_owned()
}
