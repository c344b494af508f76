//! YAML text to data (`decode.go` of yaml.v3): anchors, merge keys, Go's words for what does not fit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Data, Entries, go_syntax, timestamp};
use crate::go::strconv;
use crate::value::Text;
use crate::yaml::node::{Kind, Node, Scalar};

/// What does not fit, a line each (`yaml.TypeError`).
#[derive(Debug, Default)]
pub(in crate::helmfile) struct TypeErrors(pub(in crate::helmfile) Vec<String>);

impl TypeErrors {
    /// The whole text of the error; nothing where all fits.
    pub(in crate::helmfile) fn message(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        Some(format!(
            "yaml: unmarshal errors:\n  {}",
            self.0.join("\n  ")
        ))
    }
}

/// How deep documents may be.
const MAX_DEPTH: usize = 10_000;
/// How much aliases may multiply a document.
const MAX_NODES: usize = 10_000_000;

/// Whose keys a state file may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::helmfile) enum Keys {
    /// Helmfile's.
    #[default]
    Helmfile,
    /// pintle's, too.
    Pintle,
}

/// Reads nodes of one document, in its order: an alias means the last anchor of its name before it.
#[derive(Default)]
pub(in crate::helmfile) struct Decoder<'n> {
    anchors: BTreeMap<&'n [u8], &'n Node>,
    /// Anchors whose nodes are being read.
    open: BTreeSet<&'n [u8]>,
    depth: usize,
    count: usize,
    /// Which keys there are.
    pub(in crate::helmfile) keys: Keys,
    /// What did not fit.
    pub(in crate::helmfile) errors: TypeErrors,
    /// What users are told though it fits.
    pub(in crate::helmfile) notes: Vec<String>,
}

/// The documents of a text, and why the one after them cannot be read.
pub(in crate::helmfile) fn documents(text: &[u8]) -> (Vec<Node>, Option<String>) {
    let (documents, error) = Node::read_all(text);
    (documents, error.map(|error| error.to_string()))
}

/// The first document of a text, as `yaml.Unmarshal` reads it into an `interface{}`.
///
/// # Errors
/// Go's text for what is not YAML.
pub(in crate::helmfile) fn decode(text: &[u8]) -> Result<Data, String> {
    let Some(document) = Node::read(text).map_err(|error| error.to_string())? else {
        return Ok(Data::Null);
    };
    let mut decoder = Decoder::default();
    let data = decoder.any(document.content())?;
    match decoder.errors.message() {
        Some(message) => Err(message),
        None => Ok(data),
    }
}

impl<'n> Decoder<'n> {
    /// One that takes these keys.
    pub(in crate::helmfile) fn of(keys: Keys) -> Decoder<'n> {
        Decoder {
            keys,
            ..Decoder::default()
        }
    }

    /// What an alias stands for; other nodes stand for themselves. Anchors are noted.
    ///
    /// # Errors
    /// An anchor inside of which its own alias stands.
    fn enter(&mut self, node: &'n Node) -> Result<(&'n Node, Option<&'n [u8]>), String> {
        self.count += 1;
        if self.depth > MAX_DEPTH {
            return Err("yaml: exceeded max depth".to_owned());
        }
        if self.count > MAX_NODES {
            return Err("yaml: document contains excessive aliasing".to_owned());
        }
        if node.kind != Kind::Alias {
            if !node.anchor.is_empty() {
                self.anchors.insert(&node.anchor, node);
            }
            return Ok((node, None));
        }
        let name = &node.value[..];
        if !self.open.insert(name) {
            return Err(format!(
                "yaml: anchor '{}' value contains itself",
                String::from_utf8_lossy(name)
            ));
        }
        let target = self.anchors.get(name).copied().unwrap_or(node);
        Ok((target, Some(name)))
    }

    fn leave(&mut self, alias: Option<&[u8]>) {
        if let Some(name) = alias {
            self.open.remove(name);
        }
    }

    /// Goes into a node: aliases are followed.
    ///
    /// # Errors
    /// As `read`, and aliases without an end.
    pub(in crate::helmfile) fn within<T>(
        &mut self,
        node: &'n Node,
        read: impl FnOnce(&mut Decoder<'n>, &'n Node) -> Result<T, String>,
    ) -> Result<T, String> {
        let (target, alias) = self.enter(node)?;
        if alias.is_none() && !node.anchor.is_empty() {
            self.open.insert(&node.anchor);
        }
        self.depth += 1;
        let result = stacker::maybe_grow(128 * 1024, 1024 * 1024, || read(self, target));
        self.depth -= 1;
        if alias.is_none() && !node.anchor.is_empty() {
            self.open.remove(&node.anchor[..]);
        }
        self.leave(alias);
        result
    }

    /// A node as an `interface{}`.
    ///
    /// # Errors
    /// What ends the reading at once; the rest is in [`Decoder::errors`].
    pub(in crate::helmfile) fn any(&mut self, node: &'n Node) -> Result<Data, String> {
        self.within(node, |decoder, node| match node.kind {
            Kind::Scalar => Ok(scalar(node)),
            Kind::Sequence => {
                let mut items = Vec::with_capacity(node.children.len());
                for child in &node.children {
                    items.push(decoder.any(child)?);
                }
                Ok(Data::List(Arc::new(items)))
            }
            Kind::Mapping => decoder.any_map(node),
            Kind::Document => match node.children.first() {
                Some(content) => decoder.any(content),
                None => Ok(Data::Null),
            },
            Kind::Alias => Ok(Data::Null),
        })
    }

    fn any_map(&mut self, node: &'n Node) -> Result<Data, String> {
        if !self.check_unique(node) {
            return Ok(Data::Null);
        }
        let mut pairs: Vec<(Data, Data)> = Vec::with_capacity(node.children.len() / 2);
        let mut merged = None;
        for (key, value) in node.pairs() {
            if is_merge(key) {
                // Anchors in it are known to what follows.
                self.any(value)?;
                merged = Some(value);
                continue;
            }
            let key = self.any(key)?;
            if matches!(key, Data::List(_) | Data::Map(_) | Data::Foreign(_)) {
                return Err(format!("yaml: invalid map key: {}", go_syntax(&key)));
            }
            pairs.push((key, self.any(value)?));
        }
        if let Some(merged) = merged {
            for (key, value) in self.merged(merged)? {
                if !pairs.iter().any(|(known, _)| *known == key) {
                    pairs.push((key, value));
                }
            }
        }
        Ok(map_of(pairs))
    }

    /// The entries that a `<<` brings, each once.
    fn merged(&mut self, node: &'n Node) -> Result<Vec<(Data, Data)>, String> {
        const WANTED: &str = "yaml: map merge requires map or sequence of maps as the value";
        let mut found: Vec<(Data, Data)> = Vec::new();
        let mut add = |data: Data| match data {
            Data::Map(map) => {
                for (key, value) in map.iter() {
                    let key = Data::String(key.clone());
                    if !found.iter().any(|(known, _)| *known == key) {
                        found.push((key, value.clone()));
                    }
                }
                Ok(())
            }
            Data::Foreign(pairs) => {
                for (key, value) in pairs.iter() {
                    if !found.iter().any(|(known, _)| known == key) {
                        found.push((key.clone(), value.clone()));
                    }
                }
                Ok(())
            }
            _ => Err(WANTED.to_owned()),
        };
        match self.any(node)? {
            Data::List(items) => items.iter().cloned().try_for_each(&mut add)?,
            data => add(data)?,
        }
        Ok(found)
    }

    /// The maps that a `<<` brings into a struct, those that win first.
    pub(in crate::helmfile) fn merged_nodes(
        &mut self,
        node: &'n Node,
    ) -> Result<Vec<&'n Node>, String> {
        const WANTED: &str = "yaml: map merge requires map or sequence of maps as the value";
        let target = |decoder: &mut Self, node: &'n Node| -> &'n Node {
            match node.kind {
                Kind::Alias => decoder
                    .anchors
                    .get(&node.value[..])
                    .copied()
                    .unwrap_or(node),
                _ => node,
            }
        };
        let node = target(self, node);
        let nodes: Vec<&'n Node> = match node.kind {
            Kind::Mapping => vec![node],
            Kind::Sequence => node
                .children
                .iter()
                .map(|child| target(self, child))
                .collect(),
            _ => return Err(WANTED.to_owned()),
        };
        match nodes.iter().all(|node| node.kind == Kind::Mapping) {
            true => Ok(nodes),
            false => Err(WANTED.to_owned()),
        }
    }

    /// Notes keys that stand twice; whether there are none.
    pub(in crate::helmfile) fn check_unique(&mut self, node: &Node) -> bool {
        let mut seen = BTreeSet::new();
        let mut keys = node.pairs().map(|(key, _)| key);
        if keys.all(|key| seen.insert((key.kind.name(), &key.value[..]))) {
            return true;
        }
        let keys: Vec<&Node> = node.pairs().map(|(key, _)| key).collect();
        let before = self.errors.0.len();
        for (at, first) in keys.iter().enumerate() {
            for second in &keys[at + 1..] {
                // Go compares kind and text alone, so two keys that are collections are one.
                if first.kind == second.kind && first.value == second.value {
                    self.errors.0.push(format!(
                        "line {}: mapping key {} already defined at line {}",
                        second.line,
                        strconv::quote(&second.value),
                        first.line
                    ));
                }
            }
        }
        self.errors.0.len() == before
    }

    /// Notes a node that does not fit a Go type.
    pub(in crate::helmfile) fn mismatch(&mut self, node: &Node, go_type: &str) {
        let tag = String::from_utf8_lossy(&node.tag);
        let value = match node.kind {
            Kind::Scalar => {
                let text = String::from_utf8_lossy(&node.value);
                if node.value.len() > 10 {
                    let cut = String::from_utf8_lossy(&node.value[..7]).into_owned();
                    format!(" `{cut}...`")
                } else {
                    format!(" `{text}`")
                }
            }
            _ => String::new(),
        };
        self.errors.0.push(format!(
            "line {}: cannot unmarshal {tag}{value} into {go_type}",
            node.line
        ));
    }
}

/// Whether a key is `<<`.
pub(in crate::helmfile) fn is_merge(key: &Node) -> bool {
    key.kind == Kind::Scalar && key.value == b"<<" && (key.tag == b"!!merge" || key.tag.is_empty())
}

/// What a scalar stands for.
pub(in crate::helmfile) fn scalar(node: &Node) -> Data {
    match node.scalar_value() {
        Scalar::Null => Data::Null,
        Scalar::Bool(value) => Data::Bool(value),
        Scalar::Int(n) => Data::Int(n),
        Scalar::Uint(n) => Data::Uint(n),
        Scalar::Float(n) => Data::Float(n),
        Scalar::Timestamp(text) => match timestamp(text) {
            Some(time) => Data::Time(time),
            None => Data::String(Text::from(text)),
        },
        Scalar::Text(text) => Data::String(Text::from(text.into_owned())),
    }
}

/// A map with string keys, where all are.
fn map_of(pairs: Vec<(Data, Data)>) -> Data {
    if pairs.iter().all(|(key, _)| key.as_text().is_some()) {
        let entries: Entries = pairs
            .into_iter()
            .filter_map(|(key, value)| match key {
                Data::String(key) => Some((key, value)),
                _ => None,
            })
            .collect();
        return Data::Map(Arc::new(entries));
    }
    Data::Foreign(Arc::new(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_yaml_v3() {
        for (text, want) in [
            (
                "a: {{ env \"WEB\" }}",
                "yaml: invalid map key: map[string]interface {}{\"env \\\"WEB\\\"\":interface {}(nil)}",
            ),
            (
                "a: 1\nb: 2\na: 3",
                "yaml: unmarshal errors:\n  line 3: mapping key \"a\" already defined at line 1",
            ),
            ("a: *x", "yaml: unknown anchor 'x' referenced"),
            ("a: &x {b: *x}", "yaml: anchor 'x' value contains itself"),
            (
                "a: {<<: 1}",
                "yaml: map merge requires map or sequence of maps as the value",
            ),
            (
                "a: 1\n  b: : 2\n",
                "yaml: line 2: mapping values are not allowed in this context",
            ),
        ] {
            assert_eq!(decode(text.as_bytes()).unwrap_err(), want, "{text}");
        }
    }

    #[test]
    fn own_keys_win_over_merged_ones_and_earlier_maps_over_later_ones() {
        let text = "x: &x {a: 1, b: 1}\ny: &y {a: 2, c: 2}\nz: {<<: [*x, *y], b: 3}\n";
        let read = decode(text.as_bytes()).expect("YAML");
        let z = read.get("z").expect("z");
        assert_eq!(z.to_string(), "map[a:1 b:3 c:2]");
    }
}
