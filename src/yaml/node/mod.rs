//! Documents as nodes that keep what data does not hold: comments, styles, tags, anchors.
//!
//! For those who take a document apart and write it again, as Helm does around post-renderers, and
//! for those who have to name lines. Behaviour of `yaml.Node`, go.yaml.in/yaml/v3 3.0.4.

mod data;
mod read;
mod scalar;
mod write;

use super::emit::is_base_60;
use super::resolve::{Dialect, Resolved, old_bool, resolve};
use super::token::Style;

pub use scalar::Scalar;
pub use write::{Layout, write, write_with};

/// A document or a part of one.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The tag in short: `!!str`. Nothing where none is known.
    pub tag: Vec<u8>,
    /// Whether the tag is written.
    pub is_tagged: bool,
    /// Whether a list or map is written in brackets.
    pub is_flow: bool,
    /// How a scalar is written.
    pub style: Style,
    /// The scalar, or the name that an alias refers to.
    pub value: Vec<u8>,
    /// The name that aliases refer to it by.
    pub anchor: Vec<u8>,
    /// Items; keys and values in turn; or the one node of a document.
    pub children: Vec<Node>,
    /// Lines before it.
    pub head: Vec<u8>,
    /// What is behind it on its line.
    pub beside: Vec<u8>,
    /// Lines after it.
    pub foot: Vec<u8>,
    /// The line it starts on, from 1; 0 where it was not read.
    pub line: u32,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole.
    Document,
    /// A list.
    Sequence,
    /// A map.
    Mapping,
    /// A text, number, or the like.
    Scalar,
    /// A reference to another node.
    Alias,
}

impl Kind {
    /// What it is, as an error says it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Document => "DocumentNode",
            Kind::Sequence => "SequenceNode",
            Kind::Mapping => "MappingNode",
            Kind::Scalar => "ScalarNode",
            Kind::Alias => "AliasNode",
        }
    }
}

impl Node {
    /// A node of `kind` with nothing in it.
    pub fn new(kind: Kind) -> Node {
        Node {
            kind,
            tag: Vec::new(),
            is_tagged: false,
            is_flow: false,
            style: Style::Plain,
            value: Vec::new(),
            anchor: Vec::new(),
            children: Vec::new(),
            head: Vec::new(),
            beside: Vec::new(),
            foot: Vec::new(),
            line: 0,
        }
    }

    /// A scalar without a tag, in `style`.
    pub fn scalar(value: impl Into<Vec<u8>>, style: Style) -> Node {
        Node {
            value: value.into(),
            style,
            ..Node::new(Kind::Scalar)
        }
    }

    /// A text, in the style that the encoder chooses: in quotes where YAML 1.1 or 1.2 would read
    /// something else, in lines where it has some, in base64 where it is no UTF-8.
    pub fn text(value: &[u8]) -> Node {
        if std::str::from_utf8(value).is_err() {
            return Node {
                tag: b"!!binary".to_vec(),
                is_tagged: true,
                ..Node::scalar(crate::go::base64::encode(value), Style::Plain)
            };
        }
        let is_text = resolve(value, Dialect::V3) == Resolved::String
            && old_bool(value).is_none()
            && !is_base_60(value);
        let style = match () {
            () if value.contains(&b'\n') => Style::Literal,
            () if is_text => Style::Plain,
            () => Style::Double,
        };
        Node {
            tag: b"!!str".to_vec(),
            ..Node::scalar(value, style)
        }
    }

    /// The first document of `text`; nothing where there is none.
    ///
    /// # Errors
    /// Go's text for what is not YAML.
    pub fn read(text: &[u8]) -> Result<Option<Node>, super::Error> {
        read::read(text)
    }

    /// All documents of `text`, up to the first that is not YAML, and why it is not.
    pub fn read_all(text: &[u8]) -> (Vec<Node>, Option<super::Error>) {
        read::read_all(text)
    }

    /// What the document is about; the node itself, where it is none.
    pub fn content(&self) -> &Node {
        match (self.kind, self.children.first()) {
            (Kind::Document, Some(content)) => content,
            _ => self,
        }
    }

    /// See [`Node::content`].
    pub fn content_mut(&mut self) -> &mut Node {
        match self.kind {
            Kind::Document if !self.children.is_empty() => &mut self.children[0],
            _ => self,
        }
    }

    /// Whether it is a null.
    pub fn is_null(&self) -> bool {
        self.tag == b"!!null"
    }

    /// Keys and values of a map.
    pub fn pairs(&self) -> impl Iterator<Item = (&Node, &Node)> {
        self.children
            .chunks_exact(2)
            .map(|pair| (&pair[0], &pair[1]))
    }
}

/// The tag that a plain scalar has of itself.
fn tag_of(value: &[u8]) -> &'static [u8] {
    match resolve(value, Dialect::V3) {
        Resolved::Null => b"!!null",
        Resolved::Bool(_) => b"!!bool",
        Resolved::Int(_) | Resolved::Uint(_) => b"!!int",
        Resolved::Float(_) => b"!!float",
        Resolved::Timestamp => b"!!timestamp",
        Resolved::String => b"!!str",
    }
}

const LONG: &[u8] = b"tag:yaml.org,2002:";

fn short_tag(tag: &[u8]) -> Vec<u8> {
    match tag.strip_prefix(LONG) {
        Some(name) => [b"!!", name].concat(),
        None => tag.to_vec(),
    }
}
