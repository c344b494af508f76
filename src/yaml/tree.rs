//! A document as nodes with places.

use std::collections::HashMap;

use super::Error;
use super::input::Input;
use super::parse::{EventKind, Parser, Properties};
use super::resolve::{Dialect, Resolved, resolve};
use super::token::Style;
use crate::diag::{Source, Span};
use crate::value::{Path, Segment, Text};

/// The first document of a text. Nodes live in one list and point to each other by number.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    root: Option<NodeId>,
}

/// A node's number in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(usize);

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands, from its properties to its end.
    pub span: Span,
    /// Line of its start, counted from 1.
    pub line: u32,
    /// The tag in full, such as `tag:yaml.org,2002:str`, where one is written.
    pub tag: Option<Text>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A scalar.
    Scalar {
        /// Its value, with escapes and folding resolved.
        value: Text,
        /// How it is written.
        style: Style,
        /// Whether its type is found by looking at its text.
        implicit: bool,
    },
    /// A list.
    Sequence(Vec<NodeId>),
    /// A map, in the text's order.
    Mapping(Vec<(NodeId, NodeId)>),
    /// `*name`
    Alias {
        /// The name.
        name: Text,
        /// The node with that anchor.
        target: NodeId,
    },
}

impl Tree {
    /// The first document of `source`, as go.yaml.in/yaml/v2 2.4.3 parses it.
    ///
    /// # Errors
    ///
    /// Go's text for what is not YAML, or for an unknown anchor.
    pub fn parse(source: &Source) -> Result<Tree, Error> {
        Tree::of(source.bytes())
    }

    pub(super) fn of(text: &[u8]) -> Result<Tree, Error> {
        let input = Input::new(text);
        let mut parser = Parser::new(&input);
        let mut tree = Tree {
            nodes: Vec::new(),
            root: None,
        };
        if matches!(parser.next()?.kind, EventKind::StreamEnd) {
            return Ok(tree);
        }
        let mut anchors: HashMap<&[u8], NodeId> = HashMap::new();
        // Open collections: the node and what has been read of it.
        let mut open: Vec<(NodeId, Vec<NodeId>, bool)> = Vec::new();
        loop {
            let event = parser.next()?;
            let span = parser.span(event.start.offset, event.end);
            let line = event.start.line + 1;
            let finished = match event.kind {
                EventKind::Scalar(scalar, properties) => {
                    let kind = NodeKind::Scalar {
                        value: Text::from(scalar.value().as_ref()),
                        style: scalar.style,
                        implicit: properties.is_implicit(scalar.style),
                    };
                    let id = tree.add(kind, span, line, &properties);
                    if let Some(anchor) = properties.anchor() {
                        anchors.insert(anchor, id);
                    }
                    id
                }
                EventKind::Alias(name) => {
                    let Some(&target) = anchors.get(name) else {
                        let name = String::from_utf8_lossy(name);
                        return Err(Error::at(
                            format!("yaml: unknown anchor '{name}' referenced"),
                            span,
                        ));
                    };
                    let kind = NodeKind::Alias {
                        name: Text::from(name),
                        target,
                    };
                    tree.add(kind, span, line, &Properties::default())
                }
                EventKind::SequenceStart(ref properties)
                | EventKind::MappingStart(ref properties) => {
                    let mapping = matches!(event.kind, EventKind::MappingStart(_));
                    let id = tree.add(NodeKind::Sequence(Vec::new()), span, line, properties);
                    if let Some(anchor) = properties.anchor() {
                        anchors.insert(anchor, id);
                    }
                    open.push((id, Vec::new(), mapping));
                    continue;
                }
                EventKind::SequenceEnd | EventKind::MappingEnd => {
                    let Some((id, children, mapping)) = open.pop() else {
                        return Ok(tree);
                    };
                    let node = &mut tree.nodes[id.0];
                    if mapping {
                        let pairs = children.chunks_exact(2).map(|pair| (pair[0], pair[1]));
                        node.kind = NodeKind::Mapping(pairs.collect());
                    } else {
                        node.kind = NodeKind::Sequence(children);
                    }
                    node.span.end = span.end.max(node.span.end);
                    id
                }
                EventKind::DocumentStart | EventKind::DocumentEnd | EventKind::StreamEnd => {
                    return Ok(tree);
                }
            };
            match open.last_mut() {
                Some((_, children, _)) => children.push(finished),
                None => tree.root = Some(finished),
            }
        }
    }

    fn add(
        &mut self,
        kind: NodeKind,
        span: Span,
        line: u32,
        properties: &Properties<'_>,
    ) -> NodeId {
        self.nodes.push(Node {
            kind,
            span,
            line,
            tag: properties.tag().map(Text::from),
        });
        NodeId(self.nodes.len() - 1)
    }

    /// The document's node; `None` for a text without one.
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The path and place of every leaf (a scalar, or an empty map or list), in the text's order.
    ///
    /// Aliases count as leaves: what they stand for was written elsewhere. Keys are converted as
    /// values are (`on` becomes `true`); those that cannot be are left out.
    pub fn leaves(&self) -> Vec<(Path, Span)> {
        let mut leaves = Vec::new();
        let Some(root) = self.root else {
            return leaves;
        };
        let mut path = Vec::new();
        // What is left to do: descend into a node after replacing the path's end, or shorten it.
        let mut work = vec![(0, None, root)];
        while let Some((depth, segment, id)) = work.pop() {
            path.truncate(depth);
            path.extend(segment);
            let depth = path.len();
            let node = self.node(id);
            match &node.kind {
                NodeKind::Sequence(items) if !items.is_empty() => {
                    work.extend(
                        items
                            .iter()
                            .enumerate()
                            .rev()
                            .map(|(at, item)| (depth, Some(Segment::Index(at)), *item)),
                    );
                }
                NodeKind::Mapping(pairs) if !pairs.is_empty() => {
                    work.extend(pairs.iter().rev().filter_map(|(key, value)| {
                        let key = self.key_text(*key)?;
                        Some((depth, Some(Segment::Key(key)), *value))
                    }));
                }
                _ => leaves.push((Path(path.clone()), node.span)),
            }
        }
        leaves
    }

    /// The key that a node becomes in a map.
    fn key_text(&self, id: NodeId) -> Option<Text> {
        match &self.node(id).kind {
            NodeKind::Scalar {
                value, implicit, ..
            } => {
                if !implicit {
                    return Some(value.clone());
                }
                match resolve(value, Dialect::V2) {
                    Resolved::Null => None,
                    Resolved::String if value == "<<" => None,
                    resolved => Some(super::decode::key_text(resolved, value)),
                }
            }
            NodeKind::Alias { target, .. } => match &self.node(*target).kind {
                NodeKind::Scalar { .. } => self.key_text(*target),
                _ => None,
            },
            _ => None,
        }
    }
}
