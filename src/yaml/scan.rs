//! Text to tokens.
//!
//! What is a token, and which error comes first, follows go.yaml.in/yaml/v2 2.4.3 (`scannerc.go`):
//! YAML 1.1 with libyaml's habits. Tokens are found only when asked for, so an error after the
//! first document stays unseen.

pub(super) mod comment;
mod property;

use std::collections::VecDeque;

use super::Error;
use super::token::{Kind, Mark, Scalar, Token};
use crate::diag::Span;
use comment::Comments;

/// How deep collections may be nested.
const MAX_DEPTH: usize = 10_000;
/// How long a key on one line may be, in characters.
const MAX_KEY: usize = 1024;

pub(super) struct Scanner<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) line: u32,
    /// Offset at which the current line starts.
    pub(super) line_start: usize,
    /// How many bytes of the current line, before `at`, are not the first of a character.
    pub(super) wide: usize,
    /// Whether line feeds are the only line breaks.
    pub(super) unix: bool,
    /// What is wrong at the end of `text`.
    fault: Option<&'static str>,
    /// Added to offsets in spans.
    shift: usize,
    tokens: VecDeque<Token<'a>>,
    /// How many tokens have been handed out.
    taken: usize,
    pub(super) indent: i32,
    indents: Vec<i32>,
    pub(super) flow: usize,
    /// Whether a key may start here.
    pub(super) key_allowed: bool,
    /// For each flow level, the token that may turn out to be a key.
    keys: Vec<Candidate>,
    ended: bool,
    /// go-yaml mistakes the first character of every line for a byte order mark where the text has two.
    second_bom: bool,
    /// Comments, where they are wanted.
    comments: Option<Box<Comments>>,
}

#[derive(Clone, Copy, Default)]
struct Candidate {
    possible: bool,
    /// Whether its token is held back until it is certain. go-yaml forgets to for empty flow
    /// collections, so `{}: a` is not a map.
    held: bool,
    /// Whether nothing but a key makes sense at its place.
    required: bool,
    /// Its token, counted from the start of the stream.
    token: usize,
    mark: Mark,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(
        text: &'a [u8],
        unix: bool,
        fault: Option<&'static str>,
        shift: usize,
    ) -> Scanner<'a> {
        Scanner {
            text,
            at: 0,
            line: 0,
            line_start: 0,
            wide: 0,
            unix,
            fault,
            shift,
            tokens: VecDeque::with_capacity(16),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            flow: 0,
            key_allowed: true,
            keys: vec![Candidate::default()],
            ended: false,
            second_bom: text.starts_with(b"\xef\xbb\xbf"),
            comments: None,
        }
    }

    /// The byte at `at + ahead`; 0 past the end, for the text itself holds none.
    #[inline]
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn column(&self) -> usize {
        self.at - self.line_start - self.wide
    }

    #[inline]
    pub(super) fn mark(&self) -> Mark {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a line of 4 GiB is no concern"
        )]
        let column = self.column() as u32;
        Mark {
            offset: self.at,
            line: self.line,
            column,
        }
    }

    /// Length of the line break at `at + ahead`; 0 where there is none.
    #[inline]
    pub(super) fn line_break(&self, ahead: usize) -> usize {
        break_length(self.text, self.at + ahead)
    }

    #[inline]
    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t')
    }

    /// Whether a blank, a line break or the end is there.
    #[inline]
    pub(super) fn is_gap(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            b' ' | b'\t' | b'\n' | b'\r' | 0 => true,
            0xc2 | 0xe2 => self.line_break(ahead) > 0,
            _ => false,
        }
    }

    /// Moves over one character.
    pub(super) fn skip(&mut self) {
        let width = width(self.peek(0)).min(self.text.len() - self.at);
        self.at += width;
        self.wide += width.saturating_sub(1);
    }

    /// Moves over the line break of `length` bytes.
    #[inline]
    pub(super) fn skip_break(&mut self, length: usize) {
        self.at += length;
        self.line += 1;
        self.line_start = self.at;
        self.wide = 0;
    }

    /// Whether `---` or `...` stands at the start of a line here.
    #[inline]
    pub(super) fn at_document_indicator(&self) -> bool {
        self.at == self.line_start
            && matches!(self.peek(0), b'-' | b'.')
            && self.peek(1) == self.peek(0)
            && self.peek(2) == self.peek(0)
            && self.is_gap(3)
    }

    /// An error at the current place.
    #[cold]
    pub(super) fn error(&self, problem: &str) -> Error {
        // go-yaml reads a few characters ahead.
        if let Some(fault) = self.fault
            && self.at + 4 > self.text.len()
        {
            return self.fault_error(fault);
        }
        let message = match self.line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {}: {problem}", line + 1),
        };
        Error::at(message, self.span(self.at, self.at + 1))
    }

    /// What starts at `key` is no key, though it should be one. Version 3 names its line.
    #[cold]
    fn key_error(&self, key: Mark) -> Error {
        const PROBLEM: &str = "could not find expected ':'";
        if self.comments.is_none() || self.fault.is_some() || key.line == 0 {
            return self.error(PROBLEM);
        }
        let message = format!("yaml: line {}: {PROBLEM}", key.line + 1);
        Error::at(message, self.span(key.offset, key.offset + 1))
    }

    #[cold]
    fn fault_error(&self, fault: &str) -> Error {
        let end = self.text.len();
        Error::at(format!("yaml: {fault}"), self.span(end, end))
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span {
            start: start + self.shift,
            end: end.min(self.text.len()).max(start) + self.shift,
        }
    }

    /// The next token, which stays.
    #[inline]
    pub(super) fn token(&mut self) -> Result<&Token<'a>, Error> {
        if self.must_look_further()? {
            self.look_further()?;
        }
        Ok(&self.tokens[0])
    }

    /// Takes the token that [`Scanner::token`] has shown.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Token<'a>> {
        self.taken += 1;
        if let Some(comments) = &mut self.comments
            && let Some(token) = self.tokens.front()
        {
            comments.note(token);
        }
        self.tokens.pop_front()
    }

    #[inline]
    fn must_look_further(&mut self) -> Result<bool, Error> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        // Comments are told apart by what follows.
        if self.comments.is_some() && self.tokens.len() < 3 && !self.ended {
            return Ok(true);
        }
        // The first token may only be handed out when it is certain that it is no key. Candidates
        // of inner levels are younger, so the first one decides.
        let held = |key: &Candidate| key.possible && key.held;
        let Some(level) = (if self.keys.len() == 1 {
            held(&self.keys[0]).then_some(0)
        } else {
            self.keys.iter().position(held)
        }) else {
            return Ok(false);
        };
        Ok(self.keys[level].token == self.taken && self.still_possible(level)?)
    }

    fn look_further(&mut self) -> Result<(), Error> {
        loop {
            self.fetch()?;
            if !self.must_look_further()? {
                return Ok(());
            }
        }
    }

    /// Whether the candidate of `level` can still become a key.
    #[inline]
    fn still_possible(&mut self, level: usize) -> Result<bool, Error> {
        let key = self.keys[level];
        if !key.possible {
            return Ok(false);
        }
        let stale = key.mark.line < self.line
            || (self.at - key.mark.offset > MAX_KEY
                && characters(&self.text[key.mark.offset..self.at]) > MAX_KEY);
        if stale {
            if key.required {
                return Err(self.key_error(key.mark));
            }
            self.keys[level].possible = false;
        }
        Ok(!stale)
    }

    /// Notes that the next token may be a key.
    #[inline]
    fn save_key(&mut self) -> Result<(), Error> {
        if self.key_allowed {
            let mark = self.mark();
            #[expect(clippy::cast_possible_wrap, reason = "columns are small")]
            let required = self.flow == 0 && self.indent == mark.column as i32;
            self.forget_key()?;
            let token = self.taken + self.tokens.len();
            if let Some(key) = self.keys.last_mut() {
                *key = Candidate {
                    possible: true,
                    held: true,
                    required,
                    token,
                    mark,
                };
            }
        }
        Ok(())
    }

    #[inline]
    fn forget_key(&mut self) -> Result<(), Error> {
        if let Some(key) = self.keys.last_mut()
            && key.possible
        {
            if key.required {
                let mark = key.mark;
                return Err(self.key_error(mark));
            }
            key.possible = false;
        }
        Ok(())
    }

    /// Appends a token that ends here.
    #[inline]
    fn push(&mut self, kind: Kind<'a>, start: Mark) {
        self.tokens.push_back(Token {
            kind,
            start,
            end: self.at,
        });
    }

    /// Inserts an empty token at `mark`, `at` tokens from the front, or at the end.
    fn insert(&mut self, at: Option<usize>, kind: Kind<'a>, mark: Mark) {
        let token = Token {
            kind,
            start: mark,
            end: mark.offset,
        };
        match at {
            Some(at) => self.tokens.insert(at, token),
            None => self.tokens.push_back(token),
        }
    }

    /// Opens a block collection where the column is further right than the current one.
    fn open_block(&mut self, mark: Mark, at: Option<usize>, kind: Kind<'a>) -> Result<(), Error> {
        #[expect(clippy::cast_possible_wrap, reason = "columns are small")]
        let column = mark.column as i32;
        if self.flow > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH {
            return Err(self.error("exceeded max depth of 10000"));
        }
        self.insert(at, kind, mark);
        Ok(())
    }

    /// Closes the block collections that are indented more than `column`.
    #[inline]
    fn close_blocks(&mut self, column: i32) {
        if self.comments.is_some() {
            return self.close_blocks_behind(column, self.at);
        }
        if self.flow > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.mark();
            self.push(Kind::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Moves to where the next token starts.
    fn skip_gap(&mut self) {
        if self.comments.is_some() {
            return self.skip_gap_with_comments();
        }
        loop {
            if self.second_bom && self.at == self.line_start && self.at < 512 {
                self.skip();
            }
            while self.peek(0) == b' '
                || (self.peek(0) == b'\t' && (self.flow > 0 || !self.key_allowed))
            {
                self.at += 1;
            }
            if self.peek(0) == b'#' {
                self.skip_line_rest();
            }
            let length = self.line_break(0);
            if length == 0 {
                return;
            }
            self.skip_break(length);
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// Moves to the end of the line.
    pub(super) fn skip_line_rest(&mut self) {
        let rest = &self.text[self.at..];
        let length = if self.unix {
            memchr::memchr(b'\n', rest).unwrap_or(rest.len())
        } else {
            (0..rest.len())
                .find(|at| break_length(rest, *at) > 0)
                .unwrap_or(rest.len())
        };
        self.wide += length - characters(&rest[..length]);
        self.at += length;
    }

    /// Finds at least one more token.
    fn fetch(&mut self) -> Result<(), Error> {
        match self.comments {
            None => self.fetch_token(),
            Some(_) => self.fetch_with_comments(),
        }
    }

    #[inline]
    fn fetch_token(&mut self) -> Result<(), Error> {
        self.skip_gap();
        if self.at >= self.text.len() {
            return self.fetch_end();
        }
        #[expect(
            clippy::cast_possible_wrap,
            clippy::cast_possible_truncation,
            reason = "columns are small"
        )]
        self.close_blocks(self.column() as i32);
        let first = self.peek(0);
        if self.at == self.line_start {
            if first == b'%' {
                return self.fetch_directive();
            }
            if self.at_document_indicator() {
                return self.fetch_document_indicator(first == b'-');
            }
        }
        let block = self.flow == 0;
        match first {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => {
                self.forget_key()?;
                self.key_allowed = true;
                self.push_indicator(Kind::FlowEntry);
                Ok(())
            }
            b'-' if self.is_gap(1) => self.fetch_block_entry(),
            b'?' if !block || self.is_gap(1) => self.fetch_key(),
            b':' if !block || self.is_gap(1) => self.fetch_value(),
            b'*' | b'&' => {
                self.save_key()?;
                self.key_allowed = false;
                self.fetch_anchor(first == b'*')
            }
            b'!' => {
                self.save_key()?;
                self.key_allowed = false;
                let start = self.mark();
                let tag = self.scan_tag()?;
                self.push(Kind::Tag(Box::new(tag)), start);
                Ok(())
            }
            b'|' | b'>' if block => {
                self.forget_key()?;
                self.key_allowed = true;
                let start = self.mark();
                let scalar = self.scan_block_scalar(first == b'|')?;
                self.push(Kind::Scalar(scalar), start);
                Ok(())
            }
            b'\'' | b'"' => self.fetch_scalar(first),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => self.refuse(),
            // A blank line break is over, so these start a plain scalar.
            _ => self.fetch_scalar(0),
        }
    }

    #[cold]
    fn refuse(&self) -> Result<(), Error> {
        Err(self.error("found character that cannot start any token"))
    }

    fn push_indicator(&mut self, kind: Kind<'a>) {
        let start = self.mark();
        self.at += 1;
        self.push(kind, start);
    }

    /// A plain scalar (`quote` 0) or a quoted one. Where a `:` follows at once it is a key, and no
    /// candidate is needed.
    fn fetch_scalar(&mut self, quote: u8) -> Result<(), Error> {
        let key_allowed = self.key_allowed;
        let start = self.mark();
        self.save_key()?;
        self.key_allowed = false;
        let (scalar, end) = match quote {
            0 => self.scan_plain()?,
            _ => (self.scan_quoted(quote)?, self.at),
        };
        let token = Token {
            kind: Kind::Scalar(scalar),
            start,
            end,
        };
        let is_key = key_allowed
            && self.comments.is_none()
            && self.at == end
            && self.peek(0) == b':'
            && self.line == start.line
            && end - start.offset <= MAX_KEY
            && (self.flow > 0 || self.is_gap(1));
        if is_key {
            if let Some(key) = self.keys.last_mut() {
                key.possible = false;
            }
            self.open_block(start, None, Kind::BlockMappingStart)?;
            self.insert(None, Kind::Key, start);
            self.tokens.push_back(token);
            self.push_indicator(Kind::Value);
        } else {
            self.tokens.push_back(token);
        }
        Ok(())
    }

    fn fetch_end(&mut self) -> Result<(), Error> {
        if let Some(fault) = self.fault {
            return Err(self.fault_error(fault));
        }
        if self.at != self.line_start {
            self.line += 1;
            self.line_start = self.at;
            self.wide = 0;
        }
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        self.ended = true;
        let mark = self.mark();
        self.push(Kind::StreamEnd, mark);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, start: bool) -> Result<(), Error> {
        self.close_blocks(-1);
        self.forget_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        self.at += 3;
        let kind = if start {
            Kind::DocumentStart
        } else {
            Kind::DocumentEnd
        };
        self.push(kind, mark);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind<'a>) -> Result<(), Error> {
        self.save_key()?;
        self.keys.push(Candidate {
            token: self.taken + self.tokens.len(),
            ..Candidate::default()
        });
        self.flow += 1;
        if self.flow > MAX_DEPTH {
            return Err(self.error("exceeded max depth of 10000"));
        }
        self.key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind<'a>) -> Result<(), Error> {
        self.forget_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            let inner = self.keys.pop();
            if let (Some(inner), Some(outer)) = (inner, self.keys.last_mut())
                && inner.token == outer.token
            {
                outer.held = false;
            }
        }
        self.key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Error> {
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context"));
            }
            self.open_block(self.mark(), None, Kind::BlockSequenceStart)?;
        }
        self.forget_key()?;
        self.key_allowed = true;
        self.push_indicator(Kind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Error> {
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(self.error("mapping keys are not allowed in this context"));
            }
            self.open_block(self.mark(), None, Kind::BlockMappingStart)?;
        }
        self.forget_key()?;
        self.key_allowed = self.flow == 0;
        self.push_indicator(Kind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Error> {
        let level = self.keys.len() - 1;
        if self.still_possible(level)? {
            let key = self.keys[level];
            // Where it was not held back, its token is gone, and the new ones come too late.
            let at = key.token.checked_sub(self.taken);
            self.insert(at, Kind::Key, key.mark);
            self.open_block(key.mark, at, Kind::BlockMappingStart)?;
            self.keys[level].possible = false;
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.key_allowed {
                    return Err(self.error("mapping values are not allowed in this context"));
                }
                self.open_block(self.mark(), None, Kind::BlockMappingStart)?;
            }
            self.key_allowed = self.flow == 0;
        }
        self.push_indicator(Kind::Value);
        Ok(())
    }

    /// Moves over blanks, a comment and a line break; nothing else may be there.
    pub(super) fn skip_header_rest(&mut self) -> Result<(), Error> {
        self.skip_blanks();
        if self.peek(0) == b'#' {
            self.skip_line_rest();
        }
        let length = self.line_break(0);
        if length > 0 {
            self.skip_break(length);
        } else if self.at < self.text.len() {
            return Err(self.error("did not find expected comment or line break"));
        }
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.at += 1;
        }
    }

    pub(super) fn scalar(&self, range: std::ops::Range<usize>) -> Scalar<'a> {
        let text: &'a [u8] = self.text;
        Scalar {
            raw: &text[range],
            ..Scalar::EMPTY
        }
    }
}

/// Length of the line break at `at`; 0 where there is none.
#[inline]
pub(super) fn break_length(text: &[u8], at: usize) -> usize {
    let byte = |ahead: usize| text.get(at + ahead).copied().unwrap_or(0);
    match byte(0) {
        b'\n' => 1,
        b'\r' if byte(1) == b'\n' => 2,
        b'\r' => 1,
        0xc2 if byte(1) == 0x85 => 2,
        0xe2 if byte(1) == 0x80 && matches!(byte(2), 0xa8 | 0xa9) => 3,
        _ => 0,
    }
}

/// Length of the character that starts with `lead`.
pub(super) fn width(lead: u8) -> usize {
    match lead {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}

/// Number of characters.
pub(super) fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// Value of a hexadecimal digit.
pub(super) fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
