//! Nodes to fields, with the problems that `yaml.Decoder` names (`decode.go`, yaml.v3 3.0.4).

use crate::go::strconv;
use crate::yaml::Style;
use crate::yaml::node::{Kind, Node, write};

/// Reads fields, and keeps what is wrong with them.
pub(super) struct Decoder<'n> {
    root: &'n Node,
    problems: Vec<String>,
}

impl<'n> Decoder<'n> {
    /// For a document.
    pub(super) fn new(root: &'n Node) -> Decoder<'n> {
        Decoder {
            root,
            problems: Vec::new(),
        }
    }

    /// What was wrong, in Go's words.
    pub(super) fn finish(self) -> Result<(), String> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(format!(
            "yaml: unmarshal errors:\n  {}",
            self.problems.join("\n  ")
        ))
    }

    /// What an alias stands for.
    fn follow(&self, node: &'n Node) -> &'n Node {
        if node.kind != Kind::Alias {
            return node;
        }
        let mut found = None;
        let mut left = vec![self.root];
        while let Some(next) = left.pop() {
            if std::ptr::eq(next, node) {
                break;
            }
            if !next.anchor.is_empty() && next.anchor == node.value {
                found = Some(next);
            }
            left.extend(next.children.iter().rev());
        }
        found.unwrap_or(node)
    }

    fn refuse(&mut self, node: &Node, wanted: &str) {
        let value = match node.kind {
            Kind::Sequence | Kind::Mapping => String::new(),
            _ => match std::str::from_utf8(&node.value) {
                Ok(text) if text.len() > 10 => {
                    let end = (0..=7).rev().find(|at| text.is_char_boundary(*at));
                    format!(" `{}...`", &text[..end.unwrap_or(0)])
                }
                Ok(text) => format!(" `{text}`"),
                Err(_) => String::new(),
            },
        };
        let tag = String::from_utf8_lossy(&node.tag);
        self.problems.push(format!(
            "line {}: cannot unmarshal {tag}{value} into {wanted}",
            node.line
        ));
    }

    /// Names keys that a map has twice.
    fn has_twins(&mut self, map: &Node) -> bool {
        let before = self.problems.len();
        let keys: Vec<&Node> = map.pairs().map(|(key, _)| key).collect();
        for (at, key) in keys.iter().enumerate() {
            for later in &keys[at + 1..] {
                if key.kind == later.kind && key.value == later.value {
                    self.problems.push(format!(
                        "line {}: mapping key {} already defined at line {}",
                        later.line,
                        strconv::quote(&later.value),
                        key.line
                    ));
                }
            }
        }
        self.problems.len() > before
    }

    /// The fields of a struct. `field` is given each name and value, and says whether it knows the
    /// name; `strict` makes it an error where it does not.
    pub(super) fn fields(
        &mut self,
        node: &'n Node,
        name: &str,
        strict: Strict,
        field: &mut dyn FnMut(&mut Self, &str, &'n Node) -> bool,
    ) {
        let node = self.follow(node);
        if node.is_null() {
            return;
        }
        if node.kind != Kind::Mapping {
            return self.refuse(node, name);
        }
        if self.has_twins(node) {
            return;
        }
        let mut seen: Vec<&[u8]> = Vec::new();
        let mut merged = Vec::new();
        for (key, value) in node.pairs() {
            let key = self.follow(key);
            if key.kind != Kind::Scalar {
                self.refuse(key, "string");
                continue;
            }
            if key.tag == b"!!merge" {
                merged.push(value);
                continue;
            }
            let text = String::from_utf8_lossy(&key.value);
            if field(self, &text, value) {
                seen.push(&key.value);
            } else if strict == Strict::Yes {
                self.problems.push(format!(
                    "line {}: field {text} not found in type {name}",
                    key.line
                ));
            }
        }
        for value in merged {
            for (key, value) in self.follow(value).pairs() {
                let text = String::from_utf8_lossy(&key.value);
                if !seen.contains(&&key.value[..]) {
                    field(self, &text, value);
                }
            }
        }
    }

    /// A text; other scalars are taken as they are written.
    pub(super) fn text(&mut self, node: &'n Node) -> String {
        let node = self.follow(node);
        if node.is_null() && node.style == Style::Plain {
            return String::new();
        }
        match node.kind {
            Kind::Scalar => String::from_utf8_lossy(&node.value).into_owned(),
            _ => {
                self.refuse(node, "string");
                String::new()
            }
        }
    }

    /// A switch.
    pub(super) fn flag(&mut self, node: &'n Node) -> bool {
        let node = self.follow(node);
        if node.is_null() {
            return false;
        }
        match (node.kind, &node.tag[..], &node.value[..]) {
            (Kind::Scalar, b"!!bool", value) => value.eq_ignore_ascii_case(b"true"),
            (
                Kind::Scalar,
                b"!!str",
                b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"on" | b"On" | b"ON",
            ) => true,
            (
                Kind::Scalar,
                b"!!str",
                b"n" | b"N" | b"no" | b"No" | b"NO" | b"off" | b"Off" | b"OFF",
            ) => false,
            _ => {
                self.refuse(node, "bool");
                false
            }
        }
    }

    /// A list.
    pub(super) fn list<T>(
        &mut self,
        node: &'n Node,
        name: &str,
        item: &mut dyn FnMut(&mut Self, &'n Node) -> T,
    ) -> Vec<T> {
        let node = self.follow(node);
        if node.is_null() {
            return Vec::new();
        }
        if node.kind != Kind::Sequence {
            self.refuse(node, name);
            return Vec::new();
        }
        node.children
            .iter()
            .map(|child| item(self, child))
            .collect()
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, node: &'n Node) -> Vec<String> {
        self.list(node, "[]string", &mut |decoder, item| decoder.text(item))
    }

    /// A map.
    pub(super) fn map<T>(
        &mut self,
        node: &'n Node,
        name: &str,
        value: &mut dyn FnMut(&mut Self, &'n Node) -> T,
    ) -> Vec<(String, T)> {
        let node = self.follow(node);
        if node.is_null() {
            return Vec::new();
        }
        if node.kind != Kind::Mapping {
            self.refuse(node, name);
            return Vec::new();
        }
        if self.has_twins(node) {
            return Vec::new();
        }
        node.pairs()
            .map(|(key, one)| (self.text(key), value(self, one)))
            .collect()
    }

    /// A map of anything, as its own document: it was written again between the two steps, so its
    /// lines are counted anew, in the order of the keys.
    pub(super) fn document(&mut self, node: &'n Node) -> Node {
        let node = self.follow(node);
        if node.kind != Kind::Mapping && !node.is_null() {
            self.refuse(node, "map[string]interface {}");
        }
        let content = match node.kind {
            Kind::Mapping => self.plain(node),
            _ => Node::new(Kind::Mapping),
        };
        let again = Node::read(&write([&content])).ok().flatten();
        again.unwrap_or(content)
    }

    /// A node without comments, styles and aliases, its maps sorted.
    fn plain(&self, node: &'n Node) -> Node {
        let node = self.follow(node);
        let mut plain = Node::new(node.kind);
        plain.tag.clone_from(&node.tag);
        match node.kind {
            Kind::Mapping => {
                let mut pairs: Vec<_> = node.pairs().collect();
                pairs.sort_by(|(a, _), (b, _)| a.value.cmp(&b.value));
                plain.children = pairs
                    .into_iter()
                    .flat_map(|(key, value)| [self.plain(key), self.plain(value)])
                    .collect();
            }
            Kind::Sequence => {
                plain.children = node.children.iter().map(|item| self.plain(item)).collect();
            }
            _ => {
                plain.value = match &node.tag[..] {
                    b"!!float" => as_float(&node.value),
                    b"!!bool" => node.value.to_ascii_lowercase(),
                    b"!!null" => b"null".to_vec(),
                    _ => node.value.clone(),
                };
            }
        }
        plain
    }
}

/// Whether fields that are not known are an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strict {
    Yes,
    No,
}

/// A number as Go writes it again.
fn as_float(text: &[u8]) -> Vec<u8> {
    let digits: String = String::from_utf8_lossy(text).replace('_', "");
    match digits.parse::<f64>() {
        Ok(number) => strconv::format_float(number, b'g', None, 64).into_bytes(),
        Err(_) => text.to_vec(),
    }
}
