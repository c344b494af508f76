//! Nodes to text.
//!
//! Styles and comments stay as they are where that is possible. Behaviour of `emitterc.go` and `encoder.node` of `encode.go`,
//! go.yaml.in/yaml/v3 3.0.4.

use super::super::emit::{Emitter, Shape};
use super::super::resolve::Dialect;
use super::super::scan::break_length;
use super::super::token::Style;
use super::{Kind, LONG, Node, tag_of};

/// Keys longer than this, in bytes, are written after a `?`.
const MAX_SIMPLE_KEY: usize = 128;

/// How far things are indented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns of a level (`SetIndent`), up to 9.
    pub indent: u8,
    /// Whether the dashes of lists stand below the keys of the lists (`CompactSeqIndent`).
    pub is_compact: bool,
}

/// Writes documents one after the other, with `---` between; two columns a level, lists in maps not
/// indented.
pub fn write<'n>(nodes: impl IntoIterator<Item = &'n Node>) -> Vec<u8> {
    let layout = Layout {
        indent: 2,
        is_compact: true,
    };
    write_with(nodes, layout)
}

/// Writes documents one after the other, with `---` between.
pub fn write_with<'n>(nodes: impl IntoIterator<Item = &'n Node>, layout: Layout) -> Vec<u8> {
    let mut writer = Writer {
        emitter: Emitter::new(Dialect::V3),
        layout,
        foot_indent: None,
        flow: 0,
        pending: Pending::default(),
        key_line: Vec::new(),
    };
    let mut is_empty = true;
    for node in nodes {
        writer.document(node, is_empty);
        is_empty = false;
    }
    writer.emitter.out
}

/// Comments that are still to be written.
#[derive(Default)]
struct Pending {
    head: Vec<u8>,
    line: Vec<u8>,
    foot: Vec<u8>,
    /// The foot of the pair before.
    tail: Vec<u8>,
}

struct Writer {
    emitter: Emitter,
    layout: Layout,
    /// The indentation of the foot that was just written: an empty line keeps it apart.
    foot_indent: Option<i32>,
    /// How many brackets are open.
    flow: usize,
    pending: Pending,
    /// A comment beside a key.
    key_line: Vec<u8>,
}

/// What an indicator does to the line.
#[derive(Clone, Copy)]
struct Indicator {
    needs_blank: bool,
    is_blank: bool,
    is_indentation: bool,
}

impl Indicator {
    const PLAIN: Indicator = Indicator {
        needs_blank: false,
        is_blank: false,
        is_indentation: false,
    };
    const SPACED: Indicator = Indicator {
        needs_blank: true,
        ..Indicator::PLAIN
    };
    const OPENING: Indicator = Indicator {
        is_blank: true,
        ..Indicator::SPACED
    };
    const BLOCK: Indicator = Indicator {
        is_indentation: true,
        ..Indicator::SPACED
    };
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    BlockItem,
    FlowItem,
    SimpleKey,
    /// A value, or a key that is not simple.
    InMap,
}

/// A text to be written, and how.
struct Text<'n> {
    value: &'n [u8],
    tag: Option<&'n [u8]>,
    shape: Shape,
    style: Style,
}

impl Writer {
    fn document(&mut self, node: &Node, is_first: bool) {
        let is_document = node.kind == Kind::Document;
        if is_document {
            self.note(&node.head, b"", b"", b"");
        }
        if !is_first {
            self.indent();
            self.indicator(b"---", Indicator::SPACED);
            self.indent();
        }
        if !self.pending.head.is_empty() {
            self.head();
            self.emitter.line_end();
        }
        let content = node.content();
        self.note_node(content, b"");
        self.head();
        self.node(content, Place::Root);
        self.foot_indent = Some(0);
        if is_document {
            self.note(b"", b"", &node.foot, b"");
        }
        self.foot();
        self.foot_indent = None;
        self.indent();
    }

    /// Takes over comments; what is empty leaves older ones.
    fn note(&mut self, head: &[u8], line: &[u8], foot: &[u8], tail: &[u8]) {
        let pending = &mut self.pending;
        for (old, new) in [
            (&mut pending.head, head),
            (&mut pending.line, line),
            (&mut pending.foot, foot),
            (&mut pending.tail, tail),
        ] {
            if !new.is_empty() {
                *old = new.to_vec();
            }
        }
    }

    /// Takes over the comments that come with the start of a node.
    fn note_node(&mut self, node: &Node, tail: &[u8]) {
        match node.kind {
            Kind::Scalar | Kind::Alias => self.note(&node.head, &node.beside, &node.foot, tail),
            _ => self.note(&node.head, b"", b"", tail),
        }
    }

    fn has_comments_behind(&self) -> bool {
        let pending = &self.pending;
        !(pending.line.is_empty() && pending.foot.is_empty() && pending.tail.is_empty())
    }

    fn head(&mut self) {
        let tail = std::mem::take(&mut self.pending.tail);
        if !tail.is_empty() {
            self.indent();
            self.comment(&tail);
            self.foot_indent = Some(self.emitter.indent.max(0));
        }
        let head = std::mem::take(&mut self.pending.head);
        if !head.is_empty() {
            self.indent();
            self.comment(&head);
        }
    }

    fn line(&mut self) {
        let line = std::mem::take(&mut self.pending.line);
        if !line.is_empty() {
            self.emitter.separate();
            self.comment(&line);
        }
    }

    fn foot(&mut self) {
        let foot = std::mem::take(&mut self.pending.foot);
        if !foot.is_empty() {
            self.indent();
            self.comment(&foot);
            self.foot_indent = Some(self.emitter.indent.max(0));
        }
    }

    fn comment(&mut self, text: &[u8]) {
        let mut is_after_break = false;
        let mut is_marked = false;
        let mut at = 0;
        while at < text.len() {
            if break_length(text, at) > 0 {
                self.emitter.write_break(text, &mut at);
                is_after_break = true;
                is_marked = false;
                continue;
            }
            if is_after_break {
                self.indent();
            }
            if !is_marked && text[at] != b'#' {
                self.emitter.put(b"# ");
            }
            is_marked = true;
            self.emitter.write_character(text, &mut at);
            self.emitter.fresh = false;
            is_after_break = false;
        }
        if !is_after_break {
            self.emitter.line_end();
        }
        self.emitter.blank = true;
    }

    /// Goes to where the next thing of this level starts.
    fn indent(&mut self) {
        let emitter = &mut self.emitter;
        let indent = emitter.indent.max(0);
        let width = indent.unsigned_abs() as usize;
        let is_past = emitter.column > width || (emitter.column == width && !emitter.blank);
        if !emitter.fresh || is_past {
            emitter.line_end();
        }
        if self.foot_indent.take() == Some(indent) {
            emitter.line_end();
        }
        while emitter.column < width {
            emitter.put(b" ");
        }
        emitter.blank = true;
    }

    fn indicator(&mut self, text: &[u8], what: Indicator) {
        let emitter = &mut self.emitter;
        if what.needs_blank {
            emitter.separate();
        }
        emitter.put(text);
        emitter.blank = what.is_blank;
        emitter.fresh &= what.is_indentation;
    }

    /// Goes one level in; gives the indentation to return to.
    fn enter(&mut self, is_flow: bool, place: Place) -> i32 {
        let before = self.emitter.indent;
        let width = i32::from(self.layout.indent);
        self.emitter.indent = match place {
            _ if before < 0 => width * i32::from(is_flow),
            Place::BlockItem => before + 2,
            _ => width * ((before + width) / width),
        };
        before
    }

    fn node(&mut self, node: &Node, place: Place) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.node_here(node, place));
    }

    /// Writes a node, and the comments beside and behind it where `place` has room for them.
    fn node_here(&mut self, node: &Node, place: Place) {
        let is_flow_place = matches!(place, Place::FlowItem) || self.flow > 0;
        match node.kind {
            Kind::Alias => {
                self.indicator(b"*", Indicator::SPACED);
                self.emitter.write_ascii(&node.value);
                self.behind(place, is_flow_place);
            }
            Kind::Scalar => {
                let text = self.text(node);
                self.scalar(node, &text, place);
                self.behind(place, is_flow_place);
            }
            Kind::Sequence | Kind::Mapping | Kind::Document => {
                let tag = explicit_tag(node);
                self.anchor(node);
                self.tag(tag);
                self.behind(place, is_flow_place);
                let is_flow = self.flow > 0 || node.is_flow || node.children.is_empty();
                match (node.kind, is_flow) {
                    (Kind::Mapping, true) => self.flow_map(node, place),
                    (Kind::Mapping, false) => self.block_map(node, place),
                    (_, true) => self.flow_list(node, place),
                    (_, false) => self.block_list(node, place),
                }
            }
        }
    }

    /// Writes the comments that stand beside and below what was just written.
    fn behind(&mut self, place: Place, is_flow: bool) {
        if place == Place::SimpleKey {
            return;
        }
        if is_flow && place != Place::Root && self.has_comments_behind() {
            self.indicator(b",", Indicator::PLAIN);
        }
        self.line();
        self.foot();
    }

    fn anchor(&mut self, node: &Node) {
        if !node.anchor.is_empty() {
            self.indicator(b"&", Indicator::SPACED);
            self.emitter.write_ascii(&node.anchor);
        }
    }

    fn tag(&mut self, tag: Option<&[u8]>) {
        let Some(tag) = tag else { return };
        self.emitter.separate();
        let mut text = Vec::new();
        if let Some(name) = tag.strip_prefix(b"!!".as_slice()) {
            text.extend_from_slice(b"!!");
            escape(name, &mut text);
        } else if let Some(name) = tag.strip_prefix(LONG) {
            text.extend_from_slice(b"!!");
            escape(name, &mut text);
        } else if let Some(name) = tag.strip_prefix(b"!".as_slice()) {
            text.push(b'!');
            escape(name, &mut text);
        } else {
            text.extend_from_slice(b"!<");
            escape(tag, &mut text);
            text.push(b'>');
        }
        self.emitter.write_ascii(&text);
    }

    /// What a scalar is written as, before its place is looked at.
    fn text<'n>(&self, node: &'n Node) -> Text<'n> {
        let value = &node.value;
        let tag = explicit_tag(node);
        let is_forced = !node.is_tagged
            && node.style == Style::Plain
            && node.tag == b"!!str"
            && tag_of(value) != b"!!str";
        let style = match node.style {
            Style::Plain if memchr::memchr(b'\n', value).is_some() => Style::Literal,
            Style::Plain if is_forced => Style::Double,
            style => style,
        };
        Text {
            value,
            tag,
            shape: self.emitter.shape(value),
            style,
        }
    }

    fn is_simple_key(&self, node: &Node) -> bool {
        let tag = explicit_tag(node).map_or(0, <[u8]>::len);
        let length = match node.kind {
            Kind::Alias => node.value.len(),
            Kind::Scalar => {
                if self.emitter.shape(&node.value).multiline {
                    return false;
                }
                node.anchor.len() + tag + node.value.len()
            }
            _ if node.children.is_empty() => node.anchor.len() + tag,
            _ => return false,
        };
        length <= MAX_SIMPLE_KEY
    }

    fn scalar(&mut self, node: &Node, text: &Text<'_>, place: Place) {
        let value = text.value;
        let shape = text.shape;
        let is_simple_key = place == Place::SimpleKey;
        let mut style = text.style;
        if is_simple_key && shape.multiline {
            style = Style::Double;
        }
        if style == Style::Plain {
            let is_plain = match self.flow {
                0 => shape.plain,
                _ => shape.plain && is_plain_in_flow(value),
            };
            if !is_plain || (value.is_empty() && (self.flow > 0 || is_simple_key)) {
                style = Style::Single;
            }
        }
        if style == Style::Single && !shape.single {
            style = Style::Double;
        }
        let is_block = matches!(style, Style::Literal | Style::Folded);
        if is_block && (!shape.block || self.flow > 0 || is_simple_key) {
            style = Style::Double;
        }
        self.anchor(node);
        self.tag(text.tag);
        let before = self.enter(true, place);
        match style {
            Style::Plain => {
                if !value.is_empty() {
                    self.emitter.write_plain(value, false);
                }
                self.emitter.fresh = false;
                if place == Place::Root {}
            }
            Style::Single => self.emitter.write_single(value, false),
            Style::Double => self.emitter.write_double(value, false),
            Style::Literal => self.literal(value),
            Style::Folded => self.folded(value),
        }
        self.emitter.indent = before;
    }

    /// `|` or `>`, what becomes of the end, and the comment on that line.
    fn block_header(&mut self, indicator: &[u8], value: &[u8]) {
        self.indicator(indicator, Indicator::SPACED);
        if value.first() == Some(&b' ') || break_length(value, 0) > 0 {
            let hint = [b'0' + self.layout.indent % 10];
            self.indicator(&hint, Indicator::PLAIN);
        }
        let last = last_character(value, value.len());
        let before = last.and_then(|last| last_character(value, last));
        let is_break = |at: Option<usize>| at.is_some_and(|at| break_length(value, at) > 0);
        if !is_break(last) {
            self.indicator(b"-", Indicator::PLAIN);
        } else if before.is_none() || is_break(before) {
            self.indicator(b"+", Indicator::PLAIN);
        }
        match self.pending.line.is_empty() {
            true => self.emitter.line_end(),
            false => self.line(),
        }
        self.emitter.blank = true;
    }

    fn literal(&mut self, value: &[u8]) {
        self.block_header(b"|", value);
        let mut is_after_break = true;
        let mut at = 0;
        while at < value.len() {
            if break_length(value, at) > 0 {
                self.emitter.write_break(value, &mut at);
                is_after_break = true;
                continue;
            }
            if is_after_break {
                self.indent();
            }
            self.emitter.write_character(value, &mut at);
            self.emitter.fresh = false;
            is_after_break = false;
        }
    }

    fn folded(&mut self, value: &[u8]) {
        self.block_header(b">", value);
        let is_blank = |at: usize| matches!(value.get(at), Some(b' ' | b'\t'));
        // go-yaml looks at the breaks at the start of the text, wherever it is.
        let mut first = 0;
        while break_length(value, first) > 0 {
            first += break_length(value, first);
        }
        let starts_with_text = first < value.len() && !is_blank(first);
        let mut is_after_break = true;
        let mut is_indented = true;
        let mut at = 0;
        while at < value.len() {
            if break_length(value, at) > 0 {
                if !is_after_break && !is_indented && value[at] == b'\n' && starts_with_text {
                    self.emitter.line_end();
                }
                self.emitter.write_break(value, &mut at);
                is_after_break = true;
                continue;
            }
            if is_after_break {
                self.indent();
                is_indented = is_blank(at);
            }
            self.emitter.write_character(value, &mut at);
            self.emitter.fresh = false;
            is_after_break = false;
        }
    }

    fn block_list(&mut self, node: &Node, place: Place) {
        let emitter = &self.emitter;
        let is_compact = self.layout.is_compact
            && place == Place::InMap
            && (emitter.column == 0 || !emitter.fresh);
        let before = self.enter(false, place);
        if is_compact && before >= 0 {
            self.emitter.indent -= 2;
        }
        for child in &node.children {
            self.note_node(child, b"");
            self.head();
            self.indent();
            self.indicator(b"-", Indicator::BLOCK);
            self.node(child, Place::BlockItem);
        }
        self.note(b"", &node.beside, &node.foot, b"");
        self.emitter.indent = before;
    }

    fn block_map(&mut self, node: &Node, place: Place) {
        let before = self.enter(false, place);
        let mut tail: &[u8] = b"";
        for (key, value) in node.pairs() {
            self.note_key(key, tail);
            self.head();
            self.indent();
            if !self.pending.line.is_empty() {
                self.key_line = std::mem::take(&mut self.pending.line);
            }
            if self.is_simple_key(key) {
                self.node(key, Place::SimpleKey);
                self.note_node(value, b"");
                self.indicator(b":", Indicator::PLAIN);
            } else {
                self.indicator(b"?", Indicator::BLOCK);
                self.bare_node(key);
                self.note_node(value, b"");
                self.indent();
                self.indicator(b":", Indicator::BLOCK);
            }
            self.key_comment(value);
            self.node(value, Place::InMap);
            tail = &key.foot;
        }
        self.note(b"", &node.beside, &node.foot, tail);
        self.head();
        self.emitter.indent = before;
    }

    /// Takes over the comments of a key; its foot waits for the value.
    fn note_key(&mut self, key: &Node, tail: &[u8]) {
        match key.kind {
            Kind::Scalar | Kind::Alias => self.note(&key.head, &key.beside, b"", tail),
            _ => self.note(&key.head, b"", b"", tail),
        }
    }

    /// Writes a key that is not simple; comments behind it stay for the value.
    fn bare_node(&mut self, node: &Node) {
        match node.kind {
            Kind::Scalar => {
                let text = self.text(node);
                self.scalar(node, &text, Place::InMap);
            }
            Kind::Alias => self.node(node, Place::SimpleKey),
            _ => {
                let kept = std::mem::take(&mut self.pending.line);
                self.node(node, Place::InMap);
                self.pending.line = kept;
            }
        }
    }

    /// A comment beside a key goes beside its value, or stays where that is a block.
    fn key_comment(&mut self, value: &Node) {
        if self.key_line.is_empty() {
            return;
        }
        match value.kind {
            Kind::Scalar if self.pending.line.is_empty() => {
                self.pending.line = std::mem::take(&mut self.key_line);
            }
            Kind::Sequence | Kind::Mapping if !value.is_flow => {
                let kept = std::mem::take(&mut self.pending.line);
                self.pending.line = std::mem::take(&mut self.key_line);
                self.line();
                self.pending.line = kept;
            }
            _ => {}
        }
    }

    fn flow_list(&mut self, node: &Node, place: Place) {
        self.indicator(b"[", Indicator::OPENING);
        let before = self.enter(true, place);
        self.flow += 1;
        // Whether the comma is there already, in front of a comment.
        let mut has_comma = true;
        for child in &node.children {
            self.note_node(child, b"");
            if !has_comma {
                self.indicator(b",", Indicator::PLAIN);
            }
            self.head();
            if self.emitter.column == 0 {
                self.indent();
            }
            has_comma = self.has_comments_behind();
            self.node(child, Place::FlowItem);
        }
        self.note(b"", &node.beside, &node.foot, b"");
        self.flow -= 1;
        self.emitter.indent = before;
        if self.emitter.column == 0 {
            self.indent();
        }
        self.indicator(b"]", Indicator::PLAIN);
        self.line();
        self.foot();
    }

    fn flow_map(&mut self, node: &Node, place: Place) {
        self.indicator(b"{", Indicator::OPENING);
        let before = self.enter(true, place);
        self.flow += 1;
        let mut has_comma = true;
        let mut tail: &[u8] = b"";
        for (key, value) in node.pairs() {
            self.note_key(key, tail);
            if !has_comma {
                self.indicator(b",", Indicator::PLAIN);
            }
            self.head();
            if self.emitter.column == 0 {
                self.indent();
            }
            if self.is_simple_key(key) {
                self.node(key, Place::SimpleKey);
                self.note_node(value, b"");
                self.indicator(b":", Indicator::PLAIN);
            } else {
                self.indicator(b"?", Indicator::SPACED);
                self.bare_node(key);
                self.note_node(value, b"");
                self.indicator(b":", Indicator::SPACED);
            }
            has_comma = self.has_comments_behind();
            self.node(value, Place::InMap);
            tail = &key.foot;
        }
        self.note(b"", &node.beside, &node.foot, tail);
        let pending = &self.pending;
        let has_comments =
            !(pending.head.is_empty() && pending.foot.is_empty() && pending.tail.is_empty());
        if has_comments && !has_comma {
            self.indicator(b",", Indicator::PLAIN);
        }
        self.head();
        self.flow -= 1;
        self.emitter.indent = before;
        self.indicator(b"}", Indicator::PLAIN);
        self.line();
        self.foot();
    }
}

/// The tag that has to be written.
fn explicit_tag(node: &Node) -> Option<&[u8]> {
    if node.tag.is_empty() {
        return None;
    }
    if node.is_tagged {
        return Some(&node.tag);
    }
    let own: &[u8] = match node.kind {
        Kind::Scalar if node.tag == b"!!str" => return None,
        Kind::Scalar => tag_of(&node.value),
        Kind::Mapping => b"!!map",
        Kind::Sequence => b"!!seq",
        Kind::Alias | Kind::Document => return None,
    };
    (own != node.tag).then_some(&node.tag)
}

/// Whether nothing in a plain text would end it between brackets.
fn is_plain_in_flow(text: &[u8]) -> bool {
    !text.iter().any(|byte| b",?[]{}:".contains(byte))
}

/// Start of the character that ends at `end`.
fn last_character(text: &[u8], end: usize) -> Option<usize> {
    (0..end).rev().find(|at| text[*at] & 0xc0 != 0x80)
}

/// Adds a tag's text with what tags cannot hold as `%XX`.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"_-;/?:@&=+$,.~*'()[]".contains(byte) {
            out.push(*byte);
        } else {
            out.push(b'%');
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        }
    }
}
