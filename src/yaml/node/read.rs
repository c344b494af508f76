//! Text to nodes, with the comments.
//!
//! The grammar is that of [`parse`](super::super::parse); which node gets which comment follows
//! `parserc.go` and `parser` of `decode.go`, go.yaml.in/yaml/v3 3.0.4.

use std::collections::BTreeSet;

use super::super::Error;
use super::super::input::Input;
use super::super::scan::Scanner;
use super::super::scan::comment::Around;
use super::super::token::{Kind as Token, Mark, Scalar, Style, TagName};
use super::{Kind, Node, short_tag, tag_of};

/// The first document of `text`.
pub(super) fn read(text: &[u8]) -> Result<Option<Node>, Error> {
    let input = Input::new(text);
    let mut scanner = Scanner::new(&input.text, input.unix, input.fault, input.offset);
    scanner.keep_comments();
    let mut reader = Reader {
        scanner,
        start: Mark::default(),
        around: Around::default(),
        stem: Vec::new(),
        directives: Vec::new(),
        anchors: BTreeSet::new(),
    };
    reader.document()
}

/// All documents of `text`, and what is wrong with the one after them.
pub(super) fn read_all(text: &[u8]) -> (Vec<Node>, Option<Error>) {
    let input = Input::new(text);
    let mut scanner = Scanner::new(&input.text, input.unix, input.fault, input.offset);
    scanner.keep_comments();
    let mut reader = Reader {
        scanner,
        start: Mark::default(),
        around: Around::default(),
        stem: Vec::new(),
        directives: Vec::new(),
        anchors: BTreeSet::new(),
    };
    let mut documents = Vec::new();
    loop {
        match reader.next_document(documents.is_empty()) {
            Ok(Some(document)) => documents.push(document),
            Ok(None) => return (documents, None),
            Err(error) => return (documents, Some(error)),
        }
    }
}

struct Reader<'a> {
    scanner: Scanner<'a>,
    /// Where the token that was looked at starts.
    start: Mark,
    /// Comments that no node has yet.
    around: Around,
    /// The comment above the dash of an item that is a collection.
    stem: Vec<u8>,
    directives: Vec<TagName>,
    anchors: BTreeSet<Vec<u8>>,
}

/// A token without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    StreamEnd,
    Directive,
    DocumentStart,
    DocumentEnd,
    BlockSequence,
    BlockMapping,
    BlockEnd,
    FlowSequence,
    FlowSequenceEnd,
    FlowMapping,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

/// What may stand in front of a node.
#[derive(Default)]
struct Properties {
    anchor: Vec<u8>,
    tag: Vec<u8>,
    line: u32,
}

impl<'a> Reader<'a> {
    /// Looks at the next token; comments before it are picked up.
    fn peek(&mut self) -> Result<What, Error> {
        let token = self.scanner.token()?;
        let start = token.start;
        let what = match token.kind {
            Token::StreamEnd => What::StreamEnd,
            Token::Version(..) | Token::TagDirective(_) => What::Directive,
            Token::DocumentStart => What::DocumentStart,
            Token::DocumentEnd => What::DocumentEnd,
            Token::BlockSequenceStart => What::BlockSequence,
            Token::BlockMappingStart => What::BlockMapping,
            Token::BlockEnd => What::BlockEnd,
            Token::FlowSequenceStart => What::FlowSequence,
            Token::FlowSequenceEnd => What::FlowSequenceEnd,
            Token::FlowMappingStart => What::FlowMapping,
            Token::FlowMappingEnd => What::FlowMappingEnd,
            Token::BlockEntry => What::BlockEntry,
            Token::FlowEntry => What::FlowEntry,
            Token::Key => What::Key,
            Token::Value => What::Value,
            Token::Alias(_) => What::Alias,
            Token::Anchor(_) => What::Anchor,
            Token::Tag(_) => What::Tag,
            Token::Scalar(_) => What::Scalar,
        };
        self.start = start;
        self.scanner
            .pick_comments(start.offset, what == What::BlockEnd, &mut self.around);
        Ok(what)
    }

    /// Takes the token that was looked at.
    fn take(&mut self) -> Option<Token<'a>> {
        Some(self.scanner.take()?.kind)
    }

    #[cold]
    fn error<T>(&self, context: Mark, problem: &str) -> Result<T, Error> {
        let line = match context.line {
            0 => self.start.line,
            line => line,
        };
        let message = match line {
            0 => format!("yaml: {problem}"),
            line => format!("yaml: line {line}: {problem}"),
        };
        let start = self.start.offset;
        Err(Error::at(message, self.scanner.span(start, start + 1)))
    }

    /// The document after another one, which nothing of that one reaches into.
    fn next_document(&mut self, is_first: bool) -> Result<Option<Node>, Error> {
        self.anchors.clear();
        self.directives.clear();
        self.around = Around::default();
        while !is_first && self.peek()? == What::DocumentEnd {
            self.take();
        }
        let what = self.peek()?;
        if !is_first
            && !matches!(
                what,
                What::Directive | What::DocumentStart | What::StreamEnd
            )
        {
            return self.error(Mark::default(), "did not find expected <document start>");
        }
        self.document()
    }

    fn document(&mut self) -> Result<Option<Node>, Error> {
        let mut document = Node::new(Kind::Document);
        let first = self.peek()?;
        document.line = self.start.line + 1;
        match first {
            What::StreamEnd => return Ok(None),
            What::Directive | What::DocumentStart => {
                self.directives()?;
                if self.peek()? != What::DocumentStart {
                    return self.error(Mark::default(), "did not find expected <document start>");
                }
                self.take();
            }
            _ => {
                self.directives()?;
                document.head = self.split_head();
            }
        }
        let is_explicit = matches!(first, What::Directive | What::DocumentStart);
        let is_empty = is_explicit
            && matches!(
                self.peek()?,
                What::Directive | What::DocumentStart | What::DocumentEnd | What::StreamEnd
            );
        let content = match is_empty {
            true => self.nothing(self.start),
            false => self.node(Allowed::Block)?,
        };
        document.children.push(content);
        if self.peek()? == What::DocumentEnd {
            self.take();
        }
        let around = std::mem::take(&mut self.around);
        document.foot = match around.foot.is_empty() {
            true => around.head,
            false => around.foot,
        };
        Ok(Some(document))
    }

    /// The part of the comment before a document that an empty line keeps apart from its content.
    fn split_head(&mut self) -> Vec<u8> {
        let head = &self.around.head;
        for at in (1..head.len()).rev().filter(|at| head[*at] == b'\n') {
            let end = match (at + 1 == head.len(), head[at - 1]) {
                (true, _) => at,
                (false, b'\n') => at - 1,
                _ => continue,
            };
            let own = head[..end].to_vec();
            self.around.head.drain(..=at);
            return own;
        }
        Vec::new()
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut is_versioned = false;
        while self.peek()? == What::Directive {
            match self.take() {
                Some(Token::Version(..)) if is_versioned => {
                    return self.error(Mark::default(), "found duplicate %YAML directive");
                }
                Some(Token::Version(1, 1)) => is_versioned = true,
                Some(Token::Version(..)) => {
                    return self.error(Mark::default(), "found incompatible YAML document");
                }
                Some(Token::TagDirective(name)) => {
                    let mut known = self.directives.iter();
                    if known.any(|other| other.handle == name.handle) {
                        return self.error(Mark::default(), "found duplicate %TAG directive");
                    }
                    self.directives.push(*name);
                }
                _ => {}
            }
        }
        for (handle, prefix) in [(&b"!"[..], &b"!"[..]), (b"!!", super::LONG)] {
            if !self.directives.iter().any(|other| other.handle == handle) {
                self.directives.push(TagName {
                    handle: handle.to_vec(),
                    suffix: prefix.to_vec(),
                });
            }
        }
        Ok(())
    }

    fn node(&mut self, allowed: Allowed) -> Result<Node, Error> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.node_here(allowed))
    }

    fn node_here(&mut self, allowed: Allowed) -> Result<Node, Error> {
        if self.peek()? == What::Alias {
            let mut node = Node::new(Kind::Alias);
            node.line = self.start.line + 1;
            self.give_comments(&mut node);
            if let Some(Token::Alias(name)) = self.take() {
                if !self.anchors.contains(name) {
                    let name = String::from_utf8_lossy(name);
                    let message = format!("yaml: unknown anchor '{name}' referenced");
                    return Err(Error::new(message));
                }
                node.value = name.to_vec();
            }
            return Ok(node);
        }
        let start = self.start;
        let properties = self.properties()?;
        let what = self.peek()?;
        let is_block = allowed != Allowed::Flow;
        match what {
            What::BlockEntry if allowed == Allowed::Indentless => {
                let mut node = self.collection(Kind::Sequence, properties);
                self.indentless_items(&mut node)?;
                Ok(node)
            }
            What::Scalar => self.scalar(properties),
            What::FlowSequence => {
                let mut node = self.collection(Kind::Sequence, properties);
                node.is_flow = true;
                node.head = std::mem::take(&mut self.around).head;
                self.stem.clear();
                self.flow_items(&mut node)?;
                Ok(node)
            }
            What::FlowMapping => {
                let mut node = self.collection(Kind::Mapping, properties);
                node.is_flow = true;
                node.head = std::mem::take(&mut self.around).head;
                self.stem.clear();
                self.flow_pairs(&mut node)?;
                Ok(node)
            }
            What::BlockSequence if is_block => {
                let mut node = self.collection(Kind::Sequence, properties);
                node.head = std::mem::take(&mut self.stem);
                self.block_items(&mut node)?;
                Ok(node)
            }
            What::BlockMapping if is_block => {
                let mut node = self.collection(Kind::Mapping, properties);
                node.head = std::mem::take(&mut self.stem);
                self.block_pairs(&mut node)?;
                Ok(node)
            }
            _ if !(properties.anchor.is_empty() && properties.tag.is_empty()) => {
                Ok(self.finished_scalar(Scalar::EMPTY, properties))
            }
            _ => self.error(start, "did not find expected node content"),
        }
    }

    fn properties(&mut self) -> Result<Properties, Error> {
        let mut properties = Properties {
            line: self.start.line + 1,
            ..Properties::default()
        };
        let start = self.start;
        let mut name = None;
        let mut is_anchored = false;
        loop {
            match self.peek()? {
                What::Anchor if !is_anchored => {
                    is_anchored = true;
                    if let Some(Token::Anchor(anchor)) = self.take() {
                        properties.anchor = anchor.to_vec();
                    }
                }
                What::Tag if name.is_none() => {
                    if let Some(Token::Tag(tag)) = self.take() {
                        name = Some(tag);
                    }
                }
                _ => break,
            }
        }
        if let Some(name) = name {
            let mut directives = self.directives.iter();
            properties.tag = if name.handle.is_empty() {
                name.suffix
            } else if let Some(known) = directives.find(|other| other.handle == name.handle) {
                [&known.suffix[..], &name.suffix].concat()
            } else {
                return self.error(start, "found undefined tag handle");
            };
        }
        Ok(properties)
    }

    /// Gives a node the comments that were picked up.
    fn give_comments(&mut self, node: &mut Node) {
        let around = std::mem::take(&mut self.around);
        self.stem.clear();
        node.head = around.head;
        node.beside = around.line;
        node.foot = around.foot;
    }

    /// Sets tag and anchor; `own` is the tag where none is written.
    fn describe(&mut self, node: &mut Node, properties: Properties, own: &[u8]) {
        node.line = properties.line;
        if properties.tag.is_empty() || properties.tag == b"!" {
            node.tag = own.to_vec();
        } else {
            node.tag = short_tag(&properties.tag);
            node.is_tagged = true;
        }
        if !properties.anchor.is_empty() {
            self.anchors.insert(properties.anchor.clone());
            node.anchor = properties.anchor;
        }
    }

    fn collection(&mut self, kind: Kind, properties: Properties) -> Node {
        let mut node = Node::new(kind);
        let own: &[u8] = match kind {
            Kind::Mapping => b"!!map",
            _ => b"!!seq",
        };
        self.describe(&mut node, properties, own);
        node
    }

    fn scalar(&mut self, properties: Properties) -> Result<Node, Error> {
        let around = std::mem::take(&mut self.around);
        self.stem.clear();
        let scalar = match self.take() {
            Some(Token::Scalar(scalar)) => scalar,
            _ => Scalar::EMPTY,
        };
        let mut node = self.finished_scalar(scalar, properties);
        node.head = around.head;
        node.beside = around.line;
        node.foot = around.foot;
        Ok(node)
    }

    fn finished_scalar(&mut self, scalar: Scalar<'_>, properties: Properties) -> Node {
        let value = scalar.value().into_owned();
        let own = match scalar.style {
            Style::Plain if value == b"<<" => b"!!merge",
            Style::Plain => tag_of(&value),
            _ => b"!!str",
        };
        let mut node = Node::scalar(value, scalar.style);
        self.describe(&mut node, properties, own);
        node
    }

    /// The scalar that is not there.
    fn nothing(&self, mark: Mark) -> Node {
        let mut node = Node::scalar("", Style::Plain);
        node.tag = b"!!null".to_vec();
        node.line = mark.line + 1;
        node
    }

    /// The comment above a dash belongs to the collection behind it.
    fn split_stem(&mut self, length: usize) -> Result<(), Error> {
        if length == 0 || !matches!(self.peek()?, What::BlockSequence | What::BlockMapping) {
            return Ok(());
        }
        let head = &mut self.around.head;
        if head.len() == length {
            self.stem = std::mem::take(head);
        } else {
            let rest = head.split_off((length + 1).min(head.len()));
            head.truncate(length);
            self.stem = std::mem::replace(head, rest);
        }
        Ok(())
    }

    fn block_items(&mut self, node: &mut Node) -> Result<(), Error> {
        let start = self.start;
        self.take();
        loop {
            match self.peek()? {
                What::BlockEntry => {
                    let dash = self.start;
                    let length = self.around.head.len();
                    self.take();
                    self.split_stem(length)?;
                    let child = match self.peek()? {
                        What::BlockEntry | What::BlockEnd => self.nothing(dash),
                        _ => self.node(Allowed::Block)?,
                    };
                    node.children.push(child);
                }
                What::BlockEnd => {
                    self.take();
                    return Ok(());
                }
                _ => return self.error(start, "did not find expected '-' indicator"),
            }
        }
    }

    fn indentless_items(&mut self, node: &mut Node) -> Result<(), Error> {
        while self.peek()? == What::BlockEntry {
            let dash = self.start;
            let length = self.around.head.len();
            self.take();
            self.split_stem(length)?;
            let child = match self.peek()? {
                What::BlockEntry | What::Key | What::Value | What::BlockEnd => self.nothing(dash),
                _ => self.node(Allowed::Block)?,
            };
            node.children.push(child);
        }
        Ok(())
    }

    fn block_pairs(&mut self, node: &mut Node) -> Result<(), Error> {
        let start = self.start;
        self.take();
        loop {
            let what = self.peek()?;
            let mut key = match what {
                What::Key => {
                    let mark = self.start;
                    self.take();
                    match self.peek()? {
                        What::Key | What::Value | What::BlockEnd => self.nothing(mark),
                        _ => self.node(Allowed::Indentless)?,
                    }
                }
                What::BlockEnd => break,
                _ => return self.error(start, "did not find expected key"),
            };
            // It stands further left, so it is about the value before.
            let count = node.children.len();
            if !key.foot.is_empty() && count > 1 {
                node.children[count - 2].foot = std::mem::take(&mut key.foot);
            }
            let mut value = self.block_value()?;
            if key.foot.is_empty() {
                key.foot = std::mem::take(&mut value.foot);
            }
            node.children.push(key);
            node.children.push(value);
        }
        self.end_with_comments(node);
        let count = node.children.len();
        if !node.foot.is_empty() && count > 1 {
            node.children[count - 2].foot = std::mem::take(&mut node.foot);
        }
        Ok(())
    }

    fn block_value(&mut self) -> Result<Node, Error> {
        if self.peek()? != What::Value {
            return Ok(self.nothing(self.start));
        }
        let mark = self.start;
        self.take();
        match self.peek()? {
            What::Key | What::Value | What::BlockEnd => Ok(self.nothing(mark)),
            _ => self.node(Allowed::Indentless),
        }
    }

    /// Takes the end of a collection, whose comments become the collection's.
    fn end_with_comments(&mut self, node: &mut Node) {
        let around = std::mem::take(&mut self.around);
        self.stem.clear();
        node.beside = around.line;
        node.foot = around.foot;
        self.take();
    }

    fn flow_items(&mut self, node: &mut Node) -> Result<(), Error> {
        let start = self.start;
        self.take();
        let mut is_first = true;
        loop {
            let mut what = self.peek()?;
            if what != What::FlowSequenceEnd && !is_first {
                if what != What::FlowEntry {
                    return self.error(start, "did not find expected ',' or ']'");
                }
                self.take();
                what = self.peek()?;
            }
            is_first = false;
            match what {
                What::FlowSequenceEnd => break,
                What::Key => {
                    let pair = self.flow_pair()?;
                    node.children.push(pair);
                }
                _ => {
                    let child = self.node(Allowed::Flow)?;
                    node.children.push(child);
                }
            }
        }
        self.end_with_comments(node);
        Ok(())
    }

    /// `[a: b]`
    fn flow_pair(&mut self) -> Result<Node, Error> {
        let mut pair = Node::new(Kind::Mapping);
        pair.is_flow = true;
        pair.tag = b"!!map".to_vec();
        pair.line = self.start.line + 1;
        self.take();
        let key = match self.peek()? {
            What::Value | What::FlowEntry | What::FlowSequenceEnd => {
                // go-yaml forgets to look at what it takes for the end of the key.
                let mark = self.start;
                self.take();
                self.nothing(mark)
            }
            _ => self.node(Allowed::Flow)?,
        };
        pair.children.push(key);
        let mut value = None;
        if self.peek()? == What::Value {
            self.take();
            if !matches!(self.peek()?, What::FlowEntry | What::FlowSequenceEnd) {
                value = Some(self.node(Allowed::Flow)?);
            }
        }
        let value = value.unwrap_or_else(|| self.nothing(self.start));
        pair.children.push(value);
        self.peek()?;
        Ok(pair)
    }

    fn flow_pairs(&mut self, node: &mut Node) -> Result<(), Error> {
        let start = self.start;
        self.take();
        let mut is_first = true;
        loop {
            let mut what = self.peek()?;
            if what != What::FlowMappingEnd && !is_first {
                if what != What::FlowEntry {
                    return self.error(start, "did not find expected ',' or '}'");
                }
                self.take();
                what = self.peek()?;
            }
            is_first = false;
            let (mut key, mut value) = match what {
                What::FlowMappingEnd => break,
                What::Key => {
                    self.take();
                    let key = match self.peek()? {
                        What::Value | What::FlowEntry | What::FlowMappingEnd => {
                            self.nothing(self.start)
                        }
                        _ => self.node(Allowed::Flow)?,
                    };
                    (key, self.flow_value()?)
                }
                _ => {
                    let key = self.node(Allowed::Flow)?;
                    self.peek()?;
                    (key, self.nothing(self.start))
                }
            };
            if key.foot.is_empty() {
                key.foot = std::mem::take(&mut value.foot);
            }
            node.children.push(key);
            node.children.push(value);
        }
        self.end_with_comments(node);
        Ok(())
    }

    fn flow_value(&mut self) -> Result<Node, Error> {
        if self.peek()? == What::Value {
            self.take();
            if !matches!(self.peek()?, What::FlowEntry | What::FlowMappingEnd) {
                return self.node(Allowed::Flow);
            }
        }
        Ok(self.nothing(self.start))
    }
}

/// Which nodes may stand at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    Flow,
    Block,
    /// Block nodes, and lists that are not indented.
    Indentless,
}
