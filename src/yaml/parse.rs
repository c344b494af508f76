//! Tokens to events.
//!
//! The grammar and its errors follow go.yaml.in/yaml/v2 2.4.3 (`parserc.go`).

use super::Error;
use super::input::Input;
use super::scan::Scanner;
use super::token::{Kind, Mark, Scalar, Style, TagName, Token};
use crate::diag::Span;

/// What comes next in a stream.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) kind: EventKind<'a>,
    pub(super) start: Mark,
    /// Offset of the first byte after it.
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) enum EventKind<'a> {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias(&'a [u8]),
    Scalar(Scalar<'a>, Properties<'a>),
    SequenceStart(Properties<'a>),
    SequenceEnd,
    MappingStart(Properties<'a>),
    MappingEnd,
}

/// What may stand in front of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties<'a>(Option<Box<Written<'a>>>);

#[derive(Clone, Debug)]
struct Written<'a> {
    anchor: Option<&'a [u8]>,
    tag: Option<Box<[u8]>>,
}

impl<'a> Properties<'a> {
    fn new(anchor: Option<&'a [u8]>, tag: Option<Box<[u8]>>) -> Properties<'a> {
        Properties(Some(Box::new(Written { anchor, tag })))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn anchor(&self) -> Option<&'a [u8]> {
        self.0.as_ref()?.anchor
    }

    /// The tag in full, without handle.
    pub(super) fn tag(&self) -> Option<&[u8]> {
        self.0.as_ref()?.tag.as_deref()
    }

    /// Whether the type of a scalar is found by looking at its text.
    pub(super) fn is_implicit(&self, style: Style) -> bool {
        match self.tag() {
            None => style == Style::Plain,
            Some(tag) => tag == b"!",
        }
    }
}

pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    stack: Vec<Frame>,
    phase: Phase,
    directives: Vec<TagName>,
}

/// A collection that is open.
#[derive(Clone, Copy)]
enum Frame {
    BlockSequence,
    /// A sequence that is not indented more than the key it belongs to.
    IndentlessSequence,
    BlockMapping(Next),
    FlowSequence {
        first: bool,
    },
    FlowMapping {
        first: bool,
        next: Next,
    },
    /// `[a: b]`
    FlowPair(Next),
}

#[derive(Clone, Copy)]
enum Next {
    Key,
    Value,
    /// A value that is not written.
    EmptyValue,
    End,
}

#[derive(Clone, Copy)]
enum Phase {
    Start { first: bool },
    Content { explicit: bool },
    End,
    Done,
}

impl<'a> Parser<'a> {
    pub(super) fn new(input: &'a Input<'_>) -> Parser<'a> {
        Parser {
            scanner: Scanner::new(&input.text, input.unix, input.fault, input.offset),
            stack: Vec::new(),
            phase: Phase::Start { first: true },
            directives: Vec::new(),
        }
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        self.scanner.span(start, end)
    }

    #[cold]
    fn error<T>(&self, mark: Mark, problem: &str) -> Result<T, Error> {
        let message = match mark.line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {line}: {problem}"),
        };
        Err(Error::at(message, self.span(mark.offset, mark.offset + 1)))
    }

    /// The next event.
    pub(super) fn next(&mut self) -> Result<Event<'a>, Error> {
        match self.stack.last().copied() {
            None => self.next_outside(),
            Some(Frame::BlockMapping(next)) => self.next_in_block_mapping(next),
            Some(Frame::BlockSequence) => self.next_in_block_sequence(),
            Some(Frame::IndentlessSequence) => self.next_in_indentless_sequence(),
            Some(Frame::FlowSequence { first }) => self.next_in_flow_sequence(first),
            Some(Frame::FlowMapping { first, next }) => self.next_in_flow_mapping(first, next),
            Some(Frame::FlowPair(next)) => self.next_in_flow_pair(next),
        }
    }

    #[inline]
    fn set(&mut self, frame: Frame) {
        if let Some(top) = self.stack.last_mut() {
            *top = frame;
        }
    }

    fn next_outside(&mut self) -> Result<Event<'a>, Error> {
        match self.phase {
            Phase::Start { first } => self.document_start(first),
            Phase::Content { explicit } => {
                self.phase = Phase::End;
                let token = self.scanner.token()?;
                let mark = token.start;
                if explicit
                    && matches!(
                        token.kind,
                        Kind::Version(..)
                            | Kind::TagDirective(_)
                            | Kind::DocumentStart
                            | Kind::DocumentEnd
                            | Kind::StreamEnd
                    )
                {
                    return Ok(empty(mark));
                }
                self.node(true, false)
            }
            Phase::End => {
                let token = self.scanner.token()?;
                let (start, mut end) = (token.start, token.start.offset);
                if matches!(token.kind, Kind::DocumentEnd) {
                    end = token.end;
                    self.scanner.take();
                }
                self.directives.clear();
                self.phase = Phase::Start { first: false };
                Ok(Event {
                    kind: EventKind::DocumentEnd,
                    start,
                    end,
                })
            }
            Phase::Done => Ok(Event {
                kind: EventKind::StreamEnd,
                start: Mark::default(),
                end: 0,
            }),
        }
    }

    fn document_start(&mut self, first: bool) -> Result<Event<'a>, Error> {
        if !first {
            while matches!(self.scanner.token()?.kind, Kind::DocumentEnd) {
                self.scanner.take();
            }
        }
        let token = self.scanner.token()?;
        let start = token.start;
        let mut end = token.end;
        let explicit = matches!(
            token.kind,
            Kind::Version(..) | Kind::TagDirective(_) | Kind::DocumentStart
        );
        let kind = if matches!(token.kind, Kind::StreamEnd) {
            self.phase = Phase::Done;
            EventKind::StreamEnd
        } else if first && !explicit {
            self.add_default_directives();
            self.phase = Phase::Content { explicit: false };
            EventKind::DocumentStart
        } else {
            self.process_directives()?;
            let token = self.scanner.token()?;
            if !matches!(token.kind, Kind::DocumentStart) {
                let mark = token.start;
                return self.error(mark, "did not find expected <document start>");
            }
            end = token.end;
            self.scanner.take();
            self.phase = Phase::Content { explicit: true };
            EventKind::DocumentStart
        };
        Ok(Event { kind, start, end })
    }

    fn process_directives(&mut self) -> Result<(), Error> {
        let mut versioned = false;
        loop {
            let token = self.scanner.token()?;
            let mark = token.start;
            match &token.kind {
                Kind::Version(major, minor) => {
                    if versioned {
                        return self.error(mark, "found duplicate %YAML directive");
                    }
                    if (*major, *minor) != (1, 1) {
                        return self.error(mark, "found incompatible YAML document");
                    }
                    versioned = true;
                }
                Kind::TagDirective(name) => {
                    let name = (**name).clone();
                    if self
                        .directives
                        .iter()
                        .any(|other| other.handle == name.handle)
                    {
                        return self.error(mark, "found duplicate %TAG directive");
                    }
                    self.directives.push(name);
                }
                _ => break,
            }
            self.scanner.take();
        }
        self.add_default_directives();
        Ok(())
    }

    fn add_default_directives(&mut self) {
        for (handle, prefix) in [(&b"!"[..], &b"!"[..]), (b"!!", b"tag:yaml.org,2002:")] {
            if !self.directives.iter().any(|other| other.handle == handle) {
                self.directives.push(TagName {
                    handle: handle.to_vec(),
                    suffix: prefix.to_vec(),
                });
            }
        }
    }

    /// A node starts here.
    fn node(&mut self, block: bool, indentless: bool) -> Result<Event<'a>, Error> {
        let token = self.scanner.token()?;
        match token.kind {
            Kind::Scalar(scalar) => {
                let (start, end) = (token.start, token.end);
                self.scanner.take();
                Ok(Event {
                    kind: EventKind::Scalar(scalar, Properties::default()),
                    start,
                    end,
                })
            }
            Kind::Alias(name) => {
                let (start, end) = (token.start, token.end);
                self.scanner.take();
                Ok(Event {
                    kind: EventKind::Alias(name),
                    start,
                    end,
                })
            }
            Kind::Anchor(_) | Kind::Tag(_) => {
                let start = token.start;
                let (properties, end) = self.properties(start)?;
                self.content(block, indentless, properties, start, end)
            }
            _ => {
                let (start, end) = (token.start, token.start.offset);
                self.content(block, indentless, Properties::default(), start, end)
            }
        }
    }

    /// Anchor and tag, each at most once, and where they end.
    fn properties(&mut self, start: Mark) -> Result<(Properties<'a>, usize), Error> {
        let mut anchor = None;
        let mut tag: Option<(Box<TagName>, Mark)> = None;
        let mut end = start.offset;
        for _ in 0..2 {
            let token = self.scanner.token()?;
            let wanted = match token.kind {
                Kind::Anchor(_) => anchor.is_none(),
                Kind::Tag(_) => tag.is_none(),
                _ => false,
            };
            if !wanted {
                break;
            }
            match self.scanner.take() {
                Some(Token {
                    kind: Kind::Anchor(name),
                    end: after,
                    ..
                }) => {
                    anchor = Some(name);
                    end = after;
                }
                Some(Token {
                    kind: Kind::Tag(name),
                    start,
                    end: after,
                    ..
                }) => {
                    tag = Some((name, start));
                    end = after;
                }
                _ => {}
            }
        }
        let tag = match tag {
            None => None,
            Some((name, mark)) => {
                // The token behind is looked at before the handle is.
                self.scanner.token()?;
                Some(self.full_tag(&name, mark)?)
            }
        };
        Ok((Properties::new(anchor, tag), end))
    }

    fn full_tag(&self, name: &TagName, mark: Mark) -> Result<Box<[u8]>, Error> {
        if name.handle.is_empty() {
            return Ok(name.suffix.clone().into_boxed_slice());
        }
        match self
            .directives
            .iter()
            .find(|other| other.handle == name.handle)
        {
            Some(directive) => Ok([&directive.suffix[..], &name.suffix].concat().into()),
            None => self.error(mark, "found undefined tag handle"),
        }
    }

    /// What follows the properties of a node.
    fn content(
        &mut self,
        block: bool,
        indentless: bool,
        properties: Properties<'a>,
        start: Mark,
        end: usize,
    ) -> Result<Event<'a>, Error> {
        let token = self.scanner.token()?;
        let token_start = token.start;
        let token_end = token.end;
        let (frame, kind) = match token.kind {
            Kind::BlockEntry if indentless => {
                self.stack.push(Frame::IndentlessSequence);
                return Ok(Event {
                    kind: EventKind::SequenceStart(properties),
                    start,
                    end: token_end,
                });
            }
            Kind::Scalar(scalar) => {
                self.scanner.take();
                return Ok(Event {
                    kind: EventKind::Scalar(scalar, properties),
                    start,
                    end: token_end,
                });
            }
            Kind::FlowSequenceStart => (
                Frame::FlowSequence { first: true },
                EventKind::SequenceStart(properties),
            ),
            Kind::FlowMappingStart => (
                Frame::FlowMapping {
                    first: true,
                    next: Next::Key,
                },
                EventKind::MappingStart(properties),
            ),
            Kind::BlockSequenceStart if block => {
                (Frame::BlockSequence, EventKind::SequenceStart(properties))
            }
            Kind::BlockMappingStart if block => (
                Frame::BlockMapping(Next::Key),
                EventKind::MappingStart(properties),
            ),
            _ if !properties.is_empty() => {
                return Ok(Event {
                    kind: EventKind::Scalar(Scalar::EMPTY, properties),
                    start,
                    end,
                });
            }
            _ => return self.error(token_start, "did not find expected node content"),
        };
        self.scanner.take();
        self.stack.push(frame);
        Ok(Event {
            kind,
            start,
            end: token_end,
        })
    }

    /// Closes the innermost collection with the token that is next.
    fn close(&mut self, kind: EventKind<'a>, take: bool) -> Result<Event<'a>, Error> {
        self.stack.pop();
        let token = self.scanner.token()?;
        let start = token.start;
        let end = if take { token.end } else { start.offset };
        if take {
            self.scanner.take();
        }
        Ok(Event { kind, start, end })
    }

    fn next_in_block_sequence(&mut self) -> Result<Event<'a>, Error> {
        let token = self.scanner.token()?;
        let (start, end) = (token.start, token.end);
        match token.kind {
            Kind::BlockEntry => {
                self.scanner.take();
                match self.scanner.token()?.kind {
                    Kind::BlockEntry | Kind::BlockEnd => Ok(empty(after(start, end))),
                    _ => self.node(true, false),
                }
            }
            Kind::BlockEnd => self.close(EventKind::SequenceEnd, true),
            _ => self.error(start, "did not find expected '-' indicator"),
        }
    }

    fn next_in_indentless_sequence(&mut self) -> Result<Event<'a>, Error> {
        let token = self.scanner.token()?;
        let (start, end) = (token.start, token.end);
        if !matches!(token.kind, Kind::BlockEntry) {
            return self.close(EventKind::SequenceEnd, false);
        }
        self.scanner.take();
        match self.scanner.token()?.kind {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => {
                Ok(empty(after(start, end)))
            }
            _ => self.node(true, false),
        }
    }

    fn next_in_block_mapping(&mut self, next: Next) -> Result<Event<'a>, Error> {
        let token = self.scanner.token()?;
        let (start, end) = (token.start, token.end);
        let wanted = match next {
            Next::Key => {
                match token.kind {
                    Kind::Key => {}
                    Kind::BlockEnd => return self.close(EventKind::MappingEnd, true),
                    _ => return self.error(start, "did not find expected key"),
                }
                self.set(Frame::BlockMapping(Next::Value));
                true
            }
            _ => {
                let wanted = matches!(token.kind, Kind::Value);
                self.set(Frame::BlockMapping(Next::Key));
                wanted
            }
        };
        if !wanted {
            return Ok(empty(start));
        }
        self.scanner.take();
        match self.scanner.token()?.kind {
            Kind::Key | Kind::Value | Kind::BlockEnd => Ok(empty(after(start, end))),
            _ => self.node(true, true),
        }
    }

    fn next_in_flow_sequence(&mut self, first: bool) -> Result<Event<'a>, Error> {
        let token = self.scanner.token()?;
        if !first && !matches!(token.kind, Kind::FlowSequenceEnd) {
            if !matches!(token.kind, Kind::FlowEntry) {
                let mark = token.start;
                return self.error(mark, "did not find expected ',' or ']'");
            }
            self.scanner.take();
        }
        self.set(Frame::FlowSequence { first: false });
        let token = self.scanner.token()?;
        match token.kind {
            Kind::Key => {
                let (start, end) = (token.start, token.end);
                self.scanner.take();
                self.stack.push(Frame::FlowPair(Next::Key));
                Ok(Event {
                    kind: EventKind::MappingStart(Properties::default()),
                    start,
                    end,
                })
            }
            Kind::FlowSequenceEnd => self.close(EventKind::SequenceEnd, true),
            _ => self.node(false, false),
        }
    }

    fn next_in_flow_pair(&mut self, next: Next) -> Result<Event<'a>, Error> {
        let token = self.scanner.token()?;
        let (start, end) = (token.start, token.end);
        let value = matches!(token.kind, Kind::Value);
        let over = matches!(token.kind, Kind::FlowEntry | Kind::FlowSequenceEnd);
        match next {
            Next::Key => {
                self.set(Frame::FlowPair(Next::Value));
                if value || over {
                    // go-yaml drops the token here.
                    self.scanner.take();
                    return Ok(empty(after(start, end)));
                }
                self.node(false, false)
            }
            Next::Value => {
                self.set(Frame::FlowPair(Next::End));
                if value {
                    self.scanner.take();
                    let token = self.scanner.token()?;
                    if !matches!(token.kind, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                        return self.node(false, false);
                    }
                }
                Ok(empty(start))
            }
            Next::EmptyValue | Next::End => self.close(EventKind::MappingEnd, false),
        }
    }

    fn next_in_flow_mapping(&mut self, first: bool, next: Next) -> Result<Event<'a>, Error> {
        let token = self.scanner.token()?;
        let start = token.start;
        match next {
            Next::Key => {
                if !first && !matches!(token.kind, Kind::FlowMappingEnd) {
                    if !matches!(token.kind, Kind::FlowEntry) {
                        return self.error(start, "did not find expected ',' or '}'");
                    }
                    self.scanner.take();
                }
                let token = self.scanner.token()?;
                let start = token.start;
                let next = match token.kind {
                    Kind::Key => {
                        self.scanner.take();
                        Next::Value
                    }
                    Kind::FlowMappingEnd => return self.close(EventKind::MappingEnd, true),
                    _ => Next::EmptyValue,
                };
                self.set(Frame::FlowMapping { first: false, next });
                if matches!(next, Next::Value)
                    && matches!(
                        self.scanner.token()?.kind,
                        Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd
                    )
                {
                    return Ok(empty(start));
                }
                self.node(false, false)
            }
            Next::Value => {
                let wanted = matches!(token.kind, Kind::Value);
                self.set_flow_key();
                if wanted {
                    self.scanner.take();
                    let token = self.scanner.token()?;
                    if !matches!(token.kind, Kind::FlowEntry | Kind::FlowMappingEnd) {
                        return self.node(false, false);
                    }
                }
                Ok(empty(start))
            }
            Next::EmptyValue | Next::End => {
                self.set_flow_key();
                Ok(empty(start))
            }
        }
    }

    fn set_flow_key(&mut self) {
        self.set(Frame::FlowMapping {
            first: false,
            next: Next::Key,
        });
    }
}

/// A scalar that is not written.
fn empty<'a>(mark: Mark) -> Event<'a> {
    Event {
        kind: EventKind::Scalar(Scalar::EMPTY, Properties::default()),
        start: mark,
        end: mark.offset,
    }
}

/// Where a token ends that does not cross lines.
fn after(start: Mark, end: usize) -> Mark {
    Mark {
        offset: end,
        ..start
    }
}
