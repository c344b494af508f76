//! Text to tokens. The quirks of Go's lexer (`parse/lex.go`, Go 1.26) are visible in line numbers
//! and error texts, so they are kept.

use memchr::memmem::Finder;

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
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Default for Token {
    fn default() -> Token {
        Token {
            kind: Kind::Eof,
            start: 0,
            end: 0,
        }
    }
}

pub(super) struct Lexer<'t> {
    /// Shorter than 4 GiB.
    input: &'t [u8],
    /// Whether `break` and `continue` are keywords, not functions.
    pub(super) break_is_keyword: bool,
    pub(super) continue_is_keyword: bool,
    /// Text of the one error that ended the input.
    pub(super) error: String,
    at: usize,
    parens: usize,
    inside_action: bool,
    ended: bool,
    finder: &'t Finder<'static>,
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";
/// After a space.
const TRIMMED: &[u8] = b"-}}";

/// Finds where actions begin.
pub(super) fn finder() -> Finder<'static> {
    Finder::new(LEFT)
}

const WORD: u8 = 1;
const TERMINATOR: u8 = 2;
const BLANK: u8 = 4;

/// What an ASCII character is; zero for all bytes beyond.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => WORD,
            b' ' | b'\t' | b'\r' | b'\n' => BLANK | TERMINATOR,
            b'.' | b',' | b'|' | b':' | b')' | b'(' => TERMINATOR,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

fn is_space(byte: u8) -> bool {
    is(byte, BLANK)
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(*space))
}

impl<'t> Lexer<'t> {
    pub(super) fn new(input: &'t [u8], finder: &'t Finder<'static>) -> Lexer<'t> {
        Lexer {
            input,
            break_is_keyword: true,
            continue_is_keyword: true,
            error: String::new(),
            at: 0,
            parens: 0,
            inside_action: false,
            ended: false,
            finder,
        }
    }

    pub(super) fn bytes(&self, token: Token) -> &'t [u8] {
        &self.input[token.start as usize..token.end as usize]
    }

    /// The line where a token begins, from 1.
    pub(super) fn line(&self, token: Token) -> usize {
        1 + memchr::memchr_iter(b'\n', &self.input[..token.start as usize]).count()
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

    fn emit(&self, kind: Kind, start: usize) -> Token {
        Token {
            kind,
            start: start as u32,
            end: self.at as u32,
        }
    }

    #[cold]
    fn fail(&mut self, start: usize, message: impl Into<String>) -> Token {
        self.error = message.into();
        let token = self.emit(Kind::Error, start);
        // Go's lexer goes on with an empty text after an error.
        self.ended = true;
        self.at = self.input.len();
        token
    }

    #[inline]
    pub(super) fn token(&mut self) -> Token {
        if self.inside_action {
            self.lex_inside_action()
        } else {
            self.lex_text()
        }
    }

    /// The next token that is no space.
    #[inline]
    pub(super) fn token_past_space(&mut self) -> Token {
        if self.inside_action && self.input.get(self.at).is_some_and(|byte| is_space(*byte)) {
            self.skip_spaces();
            if self.rest().starts_with(TRIMMED) {
                self.at -= 1;
                return self.lex_right_delim(true);
            }
        }
        self.token()
    }

    fn lex_text(&mut self) -> Token {
        loop {
            let start = self.at;
            let Some(found) = self.finder.find(self.rest()) else {
                self.at = self.input.len();
                let kind = if self.at > start {
                    Kind::Text
                } else {
                    Kind::Eof
                };
                return self.emit(kind, start);
            };
            if found > 0 {
                let delim = start + found;
                let text = &self.input[start..delim];
                let kept = if has_left_trim_marker(&self.input[delim + LEFT.len()..]) {
                    text.iter()
                        .rposition(|byte| !is_space(*byte))
                        .map_or(0, |last| last + 1)
                } else {
                    text.len()
                };
                self.at = delim;
                if kept > 0 {
                    return Token {
                        kind: Kind::Text,
                        start: start as u32,
                        end: (start + kept) as u32,
                    };
                }
            }
            if let Some(token) = self.lex_left_delim() {
                return token;
            }
        }
    }

    /// The delimiter, or nothing where it began a comment.
    fn lex_left_delim(&mut self) -> Option<Token> {
        let start = self.at;
        self.at += LEFT.len();
        let token = self.emit(Kind::LeftDelim, start);
        if has_left_trim_marker(self.rest()) {
            self.at += 2;
        }
        if self.rest().starts_with(b"/*") {
            return self.lex_comment();
        }
        self.inside_action = true;
        self.parens = 0;
        Some(token)
    }

    fn lex_comment(&mut self) -> Option<Token> {
        let start = self.at;
        self.at += 2;
        let Some(found) = memchr::memmem::find(self.rest(), b"*/") else {
            return Some(self.fail(start, "unclosed comment"));
        };
        self.at += found + 2;
        match self.rest() {
            [b'}', b'}', ..] => self.at += RIGHT.len(),
            [space, b'-', b'}', b'}', ..] if is_space(*space) => {
                self.at += 2 + RIGHT.len();
                self.skip_spaces();
            }
            _ => return Some(self.fail(start, "comment ends before closing delimiter")),
        }
        None
    }

    fn skip_spaces(&mut self) {
        while self.input.get(self.at).is_some_and(|byte| is_space(*byte)) {
            self.at += 1;
        }
    }

    /// At `}}`, or at the space of ` -}}`.
    fn lex_right_delim(&mut self, trim: bool) -> Token {
        if self.parens > 0 {
            return self.fail(self.at, "unclosed left paren");
        }
        if trim {
            self.at += 2;
        }
        let start = self.at;
        self.at += RIGHT.len();
        let token = self.emit(Kind::RightDelim, start);
        if trim {
            self.skip_spaces();
        }
        self.inside_action = false;
        token
    }

    fn lex_inside_action(&mut self) -> Token {
        let start = self.at;
        let Some(&byte) = self.input.get(start) else {
            if self.ended {
                return self.emit(Kind::Eof, start);
            }
            return self.fail(start, "unclosed action");
        };
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return self.lex_space(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => return self.lex_identifier(),
            b'}' if self.input.get(start + 1) == Some(&b'}') => return self.lex_right_delim(false),
            b'+' | b'-' | b'0'..=b'9' => return self.lex_number(),
            b'.' if matches!(self.input.get(start + 1), Some(b'0'..=b'9') | None) => {
                return self.lex_number();
            }
            0x80.. => return self.lex_beyond_ascii(),
            _ => self.at += 1,
        }
        match byte {
            b'.' => self.lex_field_or_variable(Kind::Field, start),
            b'$' => self.lex_field_or_variable(Kind::Variable, start),
            b'|' => self.emit(Kind::Pipe, start),
            b'"' => self.lex_quoted(b'"', Kind::String, "unterminated quoted string"),
            b'`' => match memchr::memchr(b'`', self.rest()) {
                Some(found) => {
                    self.at += found + 1;
                    self.emit(Kind::RawString, start)
                }
                None => {
                    self.at = self.input.len();
                    self.fail(start, "unterminated raw quoted string")
                }
            },
            b'(' => {
                self.parens += 1;
                self.emit(Kind::LeftParen, start)
            }
            b')' => {
                let Some(parens) = self.parens.checked_sub(1) else {
                    return self.fail(start, "unexpected right paren");
                };
                self.parens = parens;
                self.emit(Kind::RightParen, start)
            }
            b'=' => self.emit(Kind::Assign, start),
            b':' => {
                let next = self.peek();
                self.at += next.map_or(0, |(_, length)| length);
                match next {
                    Some(('=', _)) => self.emit(Kind::Declare, start),
                    _ => self.fail(start, "expected :="),
                }
            }
            b'\'' => self.lex_quoted(b'\'', Kind::CharConstant, "unterminated character constant"),
            b'!'..=b'~' => self.emit(Kind::Char, start),
            _ => self.fail_unrecognized(start, char::from(byte)),
        }
    }

    fn lex_beyond_ascii(&mut self) -> Token {
        let start = self.at;
        let (c, length) = self.peek().unwrap_or((char::REPLACEMENT_CHARACTER, 1));
        if is_alphanumeric(c) {
            return self.lex_identifier();
        }
        self.at += length;
        self.fail_unrecognized(start, c)
    }

    fn fail_unrecognized(&mut self, start: usize, c: char) -> Token {
        self.fail(
            start,
            format!("unrecognized character in action: {}", unicode(c)),
        )
    }

    fn lex_space(&mut self) -> Token {
        let start = self.at;
        self.skip_spaces();
        // A trim marker takes the last space along.
        if self.rest().starts_with(TRIMMED) {
            self.at -= 1;
            if self.at == start {
                return self.lex_right_delim(true);
            }
        }
        self.emit(Kind::Space, start)
    }

    /// Goes to the end of a word; says whether something follows that can end one.
    #[inline]
    fn skip_word(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let length = rest.iter().take_while(|byte| is(**byte, WORD)).count();
            self.at += length;
            match rest.get(length) {
                None => return true,
                Some(byte) if is(*byte, TERMINATOR) => return true,
                Some(b'}') => return rest[length..].starts_with(RIGHT),
                Some(..0x80) => return false,
                _ => {}
            }
            match self.peek() {
                Some((c, length)) if is_alphanumeric(c) => self.at += length,
                _ => return false,
            }
        }
    }

    #[cold]
    fn fail_bad_character(&mut self, start: usize) -> Token {
        let c = self.peek().map_or(char::REPLACEMENT_CHARACTER, |(c, _)| c);
        self.fail(start, format!("bad character {}", unicode(c)))
    }

    fn lex_identifier(&mut self) -> Token {
        let start = self.at;
        if !self.skip_word() {
            return self.fail_bad_character(start);
        }
        let kind = match &self.input[start..self.at] {
            b"if" => Kind::If,
            b"end" => Kind::End,
            b"nil" => Kind::Nil,
            b"else" => Kind::Else,
            b"with" => Kind::With,
            b"true" => Kind::Bool,
            b"range" => Kind::Range,
            b"false" => Kind::Bool,
            b"block" => Kind::Block,
            b"break" if self.break_is_keyword => Kind::Break,
            b"define" => Kind::Define,
            b"template" => Kind::Template,
            b"continue" if self.continue_is_keyword => Kind::Continue,
            _ => Kind::Identifier,
        };
        self.emit(kind, start)
    }

    /// After the `.` or `$`.
    fn lex_field_or_variable(&mut self, kind: Kind, start: usize) -> Token {
        if !self.skip_word() {
            return self.fail_bad_character(start);
        }
        if kind == Kind::Field && self.at == start + 1 {
            return self.emit(Kind::Dot, start);
        }
        self.emit(kind, start)
    }

    /// After the first mark.
    fn lex_quoted(&mut self, mark: u8, kind: Kind, unterminated: &str) -> Token {
        let start = self.at - 1;
        loop {
            let Some(found) = memchr::memchr3(mark, b'\\', b'\n', self.rest()) else {
                self.at = self.input.len();
                return self.fail(start, unterminated);
            };
            let byte = self.rest()[found];
            self.at += found + 1;
            match byte {
                b'\n' => return self.fail(start, unterminated),
                b'\\' => {
                    let next = self.peek();
                    self.at += next.map_or(0, |(_, length)| length);
                    if matches!(next, None | Some(('\n', _))) {
                        return self.fail(start, unterminated);
                    }
                }
                _ => return self.emit(kind, start),
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
        let start = self.at;
        let kind = if !self.scan_number() {
            None
        } else if matches!(self.rest().first(), Some(b'+' | b'-')) {
            (self.scan_number() && self.input[self.at - 1] == b'i').then_some(Kind::Complex)
        } else {
            Some(Kind::Number)
        };
        match kind {
            Some(kind) => self.emit(kind, start),
            None => {
                let text = strconv::quote(&self.input[start..self.at]);
                self.fail(start, format!("bad number syntax: {text}"))
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
        if let Some((c, length)) = self.peek()
            && is_alphanumeric(c)
        {
            // The offending character is shown too.
            self.at += length;
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
