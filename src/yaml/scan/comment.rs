//! Comments, for those who want them: which token one belongs to.
//!
//! A comment is a head (of what follows), a foot (of what was before), or stands on the line of
//! something. Which it is depends on empty lines and indentation, as in go.yaml.in/yaml/v3 3.0.4
//! (`yaml_parser_scan_comments` and its callers). The parser picks comments up with the tokens.

use super::super::Error;
use super::super::token::{Kind, Mark, Token};
use super::{Scanner, break_length};

/// How far go-yaml looks over blanks for a comment.
const HORIZON: usize = 512;

/// Comments that were found, and what has to be known to find more.
#[derive(Default)]
pub(in crate::yaml) struct Comments {
    found: Vec<Comment>,
    /// How many of them have been picked up.
    taken: usize,
    /// The last tokens that were handed out, the latest first.
    before: [Option<(Role, Mark)>; 2],
}

/// A comment, all lines of it.
#[derive(Default)]
struct Comment {
    /// Where the gap that it stands in begins.
    gap: usize,
    /// It belongs to the first token that starts here or later.
    token: usize,
    /// Where it starts, with lines and columns as go-yaml counts them.
    start: Mark,
    end: usize,
    head: Vec<u8>,
    line: Vec<u8>,
    foot: Vec<u8>,
}

/// Comments to be given to a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::yaml) struct Around {
    pub(in crate::yaml) head: Vec<u8>,
    pub(in crate::yaml) line: Vec<u8>,
    pub(in crate::yaml) foot: Vec<u8>,
}

/// What a token is, as far as comments care.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    SequenceStart,
    BlockEntry,
    FlowEntry,
    Value,
    Other,
}

fn role(kind: &Kind<'_>) -> Role {
    match kind {
        Kind::BlockSequenceStart => Role::SequenceStart,
        Kind::BlockEntry => Role::BlockEntry,
        Kind::FlowEntry => Role::FlowEntry,
        Kind::Value => Role::Value,
        _ => Role::Other,
    }
}

/// Adds a text to another, on a line of its own.
fn join(text: &mut Vec<u8>, more: &[u8]) {
    if more.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push(b'\n');
    }
    text.extend_from_slice(more);
}

impl Comments {
    /// Remembers a token that is handed out.
    pub(super) fn note(&mut self, token: &Token<'_>) {
        self.before = [Some((role(&token.kind), token.start)), self.before[0]];
    }
}

impl Scanner<'_> {
    /// Keeps comments from now on.
    pub(in crate::yaml) fn keep_comments(&mut self) {
        self.comments = Some(Box::default());
    }

    /// Adds the comments that belong to a token at `start` or before to `around`.
    pub(in crate::yaml) fn pick_comments(
        &mut self,
        start: usize,
        is_block_end: bool,
        around: &mut Around,
    ) {
        let Some(comments) = &mut self.comments else {
            return;
        };
        while let Some(comment) = comments.found.get_mut(comments.taken) {
            // Ends have no heads: those wait for what follows.
            if start < comment.token || (is_block_end && !comment.head.is_empty()) {
                return;
            }
            let comment = std::mem::take(comment);
            join(&mut around.head, &comment.head);
            join(&mut around.foot, &comment.foot);
            join(&mut around.line, &comment.line);
            comments.taken += 1;
        }
    }

    /// The token that was found last (0) or before that (1), be it handed out or not.
    fn recent(&self, back: usize) -> Option<(Role, Mark)> {
        let waiting = self.tokens.len();
        if back < waiting {
            let token = &self.tokens[waiting - 1 - back];
            return Some((role(&token.kind), token.start));
        }
        self.comments.as_ref()?.before[back - waiting]
    }

    /// How many lines have ended since the last character that was no blank.
    fn newlines(&self) -> usize {
        let mut count = 0;
        let mut at = self.at;
        while at > 0 {
            at -= 1;
            match self.text[at] {
                b' ' | b'\t' => {}
                b'\n' => {
                    count += 1;
                    if at > 0 && self.text[at - 1] == b'\r' {
                        at -= 1;
                    }
                }
                b'\r' => count += 1,
                _ => break,
            }
        }
        count
    }

    /// Finds at least one more token, and the comments around it.
    pub(super) fn fetch_with_comments(&mut self) -> Result<(), Error> {
        self.skip_gap();
        let first = self.peek(0);
        let is_content = self.at < self.text.len()
            && !(self.at == self.line_start && first == b'%')
            && !self.at_document_indicator();
        // What follows a `:` or `,` belongs to what is before it.
        let is_behind = match self.flow {
            0 => first == b':',
            _ => first == b',',
        };
        let token = match is_behind {
            true => self.recent(0).map_or(0, |(_, start)| start.offset),
            false => self.at,
        };
        self.fetch_token()?;
        let is_entry = matches!(self.recent(0), Some((Role::BlockEntry, _)));
        if is_content && !is_entry {
            self.scan_line_comment(token);
        }
        Ok(())
    }

    /// Moves to where the next token starts, and closes the blocks that end before it.
    pub(super) fn skip_gap_with_comments(&mut self) {
        let from = self.mark();
        loop {
            while self.peek(0) == b' '
                || (self.peek(0) == b'\t' && (self.flow > 0 || !self.key_allowed))
            {
                self.at += 1;
            }
            self.raise_line_comment();
            if self.peek(0) == b'#' {
                self.scan_comments(from);
            }
            let length = self.line_break(0);
            if length == 0 {
                break;
            }
            self.skip_break(length);
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
        #[expect(
            clippy::cast_possible_wrap,
            clippy::cast_possible_truncation,
            reason = "columns are small"
        )]
        self.close_blocks_behind(self.column() as i32, from.offset);
    }

    /// Makes of a comment behind the key of a list, or behind the dash of its first item, the head
    /// of what follows.
    fn raise_line_comment(&mut self) {
        let first = matches!(self.recent(1), Some((Role::SequenceStart, _)))
            && matches!(self.recent(0), Some((Role::BlockEntry, _)));
        if !first || self.line_break(0) > 0 {
            return;
        }
        let (line, at) = (self.line, self.at);
        if let Some(comment) = self.comments.as_mut().and_then(|all| all.found.last_mut())
            && !comment.line.is_empty()
        {
            comment.head = std::mem::take(&mut comment.line);
            if comment.start.line + 1 == line {
                comment.token = at;
            }
        }
    }

    /// Closes the blocks that are indented more than `column`. Their ends stand before comments of
    /// the blocks around them; the gap they stand in begins at `gap`.
    pub(super) fn close_blocks_behind(&mut self, column: i32, gap: usize) {
        if self.flow > 0 {
            return;
        }
        let mut place = Mark {
            offset: gap.saturating_sub(1),
            ..self.mark()
        };
        while self.indent > column {
            let mut stop = place.offset;
            let found = self.comments.as_ref().map_or(&[][..], |all| &all.found);
            for comment in found.iter().rev() {
                if comment.end < stop {
                    break;
                }
                if i64::from(comment.start.column) == i64::from(self.indent) + 1 {
                    place = comment.start;
                }
                stop = comment.gap;
            }
            self.insert(None, Kind::BlockEnd, place);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Reads the rest of a line, which is a comment.
    fn take_comment_line(&mut self, text: &mut Vec<u8>) {
        let start = self.at;
        self.skip_line_rest();
        text.extend_from_slice(&self.text[start..self.at]);
    }

    /// Keeps a comment on the line of the token at `token`, where there is one.
    pub(in crate::yaml) fn scan_line_comment(&mut self, token: usize) {
        if self.comments.is_none() || self.newlines() > 0 {
            return;
        }
        let blanks = (0..HORIZON).take_while(|at| self.is_blank(*at)).count();
        if self.peek(blanks) != b'#' {
            return;
        }
        self.at += blanks;
        let start = self.mark();
        let mut line = Vec::new();
        self.take_comment_line(&mut line);
        if let Some(comments) = &mut self.comments {
            comments.found.push(Comment {
                token,
                start,
                line,
                ..Comment::default()
            });
        }
    }

    /// Keeps the comments that begin here, up to the next token.
    #[expect(clippy::cast_possible_truncation, reason = "columns are small")]
    fn scan_comments(&mut self, from: Mark) {
        let newlines = self.newlines();
        let mut before = self.recent(0);
        if matches!(before, Some((Role::FlowEntry, _))) && self.recent(1).is_some() {
            before = self.recent(1);
        }
        let is_value = matches!(before, Some((Role::Value, _)));
        let mut gap = from.offset;
        let mut token = before.map_or(0, |(_, start)| start.offset);
        let mut start = Mark::default();
        let mut is_after_empty = false;
        let mut is_near = newlines <= 1;
        let mut line = self.line;
        let mut column = self.column() as u32;
        // A comment that starts on this line may be a foot of what is before.
        let mut foot_line = None;
        if from.line > 0 {
            let above = newlines as u32;
            let behind = u32::from(newlines == 0 && column > 1);
            foot_line = Some((self.line + 1 + behind).saturating_sub(above));
        }
        let mut text = Vec::new();
        let mut ahead = 0;
        while ahead < HORIZON {
            column += 1;
            if self.is_blank(ahead) {
                ahead += 1;
                continue;
            }
            let indent = self.indent.max(0).unsigned_abs();
            let byte = self.peek(ahead);
            let here = self.at + ahead;
            let closes = self.flow > 0 && matches!(byte, b']' | b'}');
            let is_break = break_length(self.text, here) > 0;
            if closes || is_break || here >= self.text.len() {
                if closes || !is_after_empty {
                    let is_left = start.column.saturating_sub(1) < indent
                        || (start.column == 0 && indent == 0);
                    let is_foot = closes
                        || (is_near && ((Some(start.line) == foot_line && !is_value) || is_left));
                    if is_foot && !text.is_empty() {
                        self.keep(Comment {
                            gap,
                            token: if start.column.saturating_sub(1) < indent {
                                start.offset
                            } else {
                                token
                            },
                            start,
                            end: here,
                            foot: std::mem::take(&mut text),
                            ..Comment::default()
                        });
                        gap = here;
                        token = here;
                    } else if !is_foot && !text.is_empty() && here < self.text.len() {
                        text.push(b'\n');
                    }
                }
                if !is_break {
                    break;
                }
                is_near = false;
                is_after_empty = true;
                column = 0;
                line += 1;
                ahead += 1;
                continue;
            }
            // Further left than the block, it is a foot of what is before.
            if !text.is_empty() && column - 1 < indent && column != start.column {
                self.keep(Comment {
                    gap,
                    token,
                    start,
                    end: here,
                    foot: std::mem::take(&mut text),
                    ..Comment::default()
                });
                gap = here;
                token = here;
            }
            if byte != b'#' {
                break;
            }
            if text.is_empty() {
                start = Mark {
                    offset: here,
                    line,
                    column,
                };
            } else {
                text.push(b'\n');
            }
            is_after_empty = false;
            // Blank lines in between go, too.
            while self.at < here {
                match self.line_break(0) {
                    0 => self.at += 1,
                    length => self.skip_break(length),
                }
            }
            self.take_comment_line(&mut text);
            // The break that ends the comment is not looked at again.
            ahead = 1;
            column = 0;
            line = self.line;
        }
        if !text.is_empty() {
            self.keep(Comment {
                gap,
                token: start.offset,
                start,
                end: (self.at + ahead).saturating_sub(1),
                head: text,
                ..Comment::default()
            });
        }
    }

    fn keep(&mut self, comment: Comment) {
        if let Some(comments) = &mut self.comments {
            comments.found.push(comment);
        }
    }
}
