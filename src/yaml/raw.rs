//! Values as go-yaml makes them, with all that JSON cannot hold: the slow but complete way.

use std::collections::HashSet;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::Error;
use super::resolve::{Dialect, Resolved, resolve};
use super::tree::{NodeId, NodeKind, Tree};
use crate::go::{base64, strconv};
use crate::value::Text;

/// What go.yaml.in/yaml/v2 decodes into an `interface{}`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Raw {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    String(Text),
    List(Vec<Raw>),
    /// In the order in which keys came first.
    Map(Vec<(Raw, Raw)>),
}

/// How deep Go's JSON decoder lets values be nested.
pub(super) const MAX_JSON_DEPTH: usize = 10_000;

/// A decoded document.
pub(super) struct Decoded {
    pub(super) value: Raw,
    /// The bracket that opens what is nested deeper than JSON may be; it was left out.
    pub(super) too_deep: Option<char>,
}

/// Decodes the document of `tree`, as go.yaml.in/yaml/v2 2.4.3 does in `decode.go`; `strict` makes
/// duplicate keys an error.
pub(super) fn decode(tree: &Tree, strict: bool) -> Result<Decoded, Error> {
    let Some(root) = tree.root() else {
        return Ok(Decoded {
            value: Raw::Null,
            too_deep: None,
        });
    };
    let mut decoder = Decoder {
        tree,
        strict,
        problems: Vec::new(),
        active: HashSet::new(),
        depth: 0,
        too_deep: None,
        count: 1,
        alias_count: 0,
        alias_depth: 0,
    };
    let value = decoder.value(root)?;
    if !decoder.problems.is_empty() {
        return Err(Error::new(format!(
            "yaml: unmarshal errors:\n  {}",
            decoder.problems.join("\n  ")
        )));
    }
    Ok(Decoded {
        value,
        too_deep: decoder.too_deep,
    })
}

struct Decoder<'t> {
    tree: &'t Tree,
    strict: bool,
    problems: Vec<String>,
    /// Aliases that are being followed.
    active: HashSet<NodeId>,
    /// How many collections are open.
    depth: usize,
    too_deep: Option<char>,
    /// How many nodes have been decoded, and how many of them below aliases.
    count: u64,
    alias_count: u64,
    alias_depth: u64,
}

/// A map that is being filled, in the order of its keys. Keys that compare equal in Go are one key.
#[derive(Default)]
struct Entries(IndexMap<Vec<u8>, (Raw, Raw)>);

impl Entries {
    /// Sets the value of `key`, unless it has one and `keep` says so; true where it is new.
    fn set(&mut self, key: Raw, value: Raw, keep: bool) -> bool {
        // A NaN is no key's equal.
        let identity =
            identity(&key).unwrap_or_else(|| [b"N", &self.0.len().to_le_bytes()[..]].concat());
        match self.0.entry(identity) {
            Entry::Vacant(entry) => {
                entry.insert((key, value));
                true
            }
            Entry::Occupied(mut entry) => {
                if !keep {
                    entry.get_mut().1 = value;
                }
                false
            }
        }
    }
}

fn identity(key: &Raw) -> Option<Vec<u8>> {
    let tagged = |tag: u8, bytes: &[u8]| {
        let mut identity = Vec::with_capacity(bytes.len() + 1);
        identity.push(tag);
        identity.extend_from_slice(bytes);
        identity
    };
    Some(match key {
        Raw::String(text) => tagged(b's', text),
        Raw::Bool(value) => tagged(b'b', &[u8::from(*value)]),
        Raw::Int(n) => tagged(b'i', &n.to_le_bytes()),
        Raw::Uint(n) => tagged(b'u', &n.to_le_bytes()),
        Raw::Float(n) if n.is_nan() => return None,
        // Both zeros are one key.
        Raw::Float(n) => tagged(b'f', &(n + 0.0).to_le_bytes()),
        Raw::Null | Raw::List(_) | Raw::Map(_) => tagged(b'n', b""),
    })
}

impl Decoder<'_> {
    fn count(&mut self) -> Result<(), Error> {
        self.count += 1;
        if self.alias_depth > 0 {
            self.alias_count += 1;
        }
        if self.alias_count > 100 && self.count > 1000 {
            #[expect(clippy::cast_precision_loss, reason = "the counts are small")]
            let (aliases, count) = (self.alias_count as f64, self.count as f64);
            if aliases / count > allowed_alias_share(count) {
                return Err(Error::new("yaml: document contains excessive aliasing"));
            }
        }
        Ok(())
    }

    fn value(&mut self, id: NodeId) -> Result<Raw, Error> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.node(id))
    }

    fn node(&mut self, id: NodeId) -> Result<Raw, Error> {
        self.count()?;
        let tree = self.tree;
        let node = tree.node(id);
        let bracket = match &node.kind {
            NodeKind::Sequence(_) => Some('['),
            NodeKind::Mapping(_) => Some('{'),
            _ => None,
        };
        if bracket.is_none() {
            return self.shallow_node(id);
        }
        if self.depth == MAX_JSON_DEPTH {
            self.too_deep = self.too_deep.or(bracket);
            return Ok(Raw::Null);
        }
        self.depth += 1;
        let result = self.shallow_node(id);
        self.depth -= 1;
        result
    }

    fn shallow_node(&mut self, id: NodeId) -> Result<Raw, Error> {
        let tree = self.tree;
        let node = tree.node(id);
        match &node.kind {
            NodeKind::Scalar {
                value, implicit, ..
            } => scalar(node.tag.as_deref(), value, *implicit),
            NodeKind::Sequence(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(self.value(*item)?);
                }
                Ok(Raw::List(list))
            }
            NodeKind::Mapping(_) => {
                let mut entries = Entries::default();
                self.mapping(id, &mut entries)?;
                Ok(Raw::Map(entries.0.into_values().collect()))
            }
            NodeKind::Alias { .. } => self.follow(id, |decoder, target| decoder.value(target)),
        }
    }

    /// Does `act` with what the alias `id` stands for.
    fn follow<T>(
        &mut self,
        id: NodeId,
        act: impl FnOnce(&mut Self, NodeId) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let NodeKind::Alias { name, target } = &self.tree.node(id).kind else {
            return act(self, id);
        };
        if !self.active.insert(id) {
            return Err(Error::at(
                format!("yaml: anchor '{name}' value contains itself"),
                self.tree.node(id).span,
            ));
        }
        self.alias_depth += 1;
        let result = act(self, *target);
        self.alias_depth -= 1;
        self.active.remove(&id);
        result
    }

    /// Adds the entries of the mapping `id`.
    fn mapping(&mut self, id: NodeId, entries: &mut Entries) -> Result<(), Error> {
        let tree = self.tree;
        let NodeKind::Mapping(pairs) = &tree.node(id).kind else {
            return Ok(());
        };
        for (key_id, value_id) in pairs {
            if is_merge(tree, *key_id) {
                self.merge(*value_id, entries)?;
                continue;
            }
            let key = self.value(*key_id)?;
            if matches!(key, Raw::List(_) | Raw::Map(_)) {
                return Err(Error::at(
                    format!("yaml: invalid map key: {}", go_syntax(&key)),
                    tree.node(*key_id).span,
                ));
            }
            let value = self.value(*value_id)?;
            if !self.strict {
                entries.set(key, value, false);
                continue;
            }
            let name = go_syntax(&key);
            if !entries.set(key, value, true) {
                let line = tree.node(*value_id).line;
                self.problems
                    .push(format!("line {line}: key {name} already set in map"));
            }
        }
        Ok(())
    }

    /// Adds what `<<` names.
    fn merge(&mut self, id: NodeId, entries: &mut Entries) -> Result<(), Error> {
        let tree = self.tree;
        let node = tree.node(id);
        match &node.kind {
            NodeKind::Sequence(items) => {
                // Those in front win.
                for item in items.iter().rev() {
                    self.merge_map(*item, entries)?;
                }
                Ok(())
            }
            _ => self.merge_map(id, entries),
        }
    }

    fn merge_map(&mut self, id: NodeId, entries: &mut Entries) -> Result<(), Error> {
        let tree = self.tree;
        let target = match &tree.node(id).kind {
            NodeKind::Alias { target, .. } => *target,
            _ => id,
        };
        if !matches!(tree.node(target).kind, NodeKind::Mapping(_)) {
            return Err(Error::at(
                "yaml: map merge requires map or sequence of maps as the value",
                tree.node(id).span,
            ));
        }
        self.count()?;
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            if target == id {
                return self.mapping(id, entries);
            }
            self.follow(id, |decoder, target| {
                decoder.count()?;
                decoder.mapping(target, entries)
            })
        })
    }
}

/// How much of a document may come from aliases.
fn allowed_alias_share(count: f64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    if count <= LOW {
        0.99
    } else if count >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((count - LOW) / (HIGH - LOW))
    }
}

const PREFIX: &[u8] = b"tag:yaml.org,2002:";

fn is_merge(tree: &Tree, id: NodeId) -> bool {
    let node = tree.node(id);
    match &node.kind {
        NodeKind::Scalar {
            value, implicit, ..
        } => {
            value == "<<"
                && (*implicit || node.tag.as_deref() == Some(&b"tag:yaml.org,2002:merge"[..]))
        }
        _ => false,
    }
}

fn scalar(tag: Option<&[u8]>, text: &Text, implicit: bool) -> Result<Raw, Error> {
    let Some(tag) = tag else {
        if !implicit {
            return Ok(Raw::String(text.clone()));
        }
        return Ok(raw(resolve(text, Dialect::V2), text));
    };
    let wanted = match tag.strip_prefix(PREFIX) {
        Some(b"str") => return Ok(Raw::String(text.clone())),
        Some(b"binary") => {
            return match base64::decode(text) {
                Ok(bytes) => Ok(Raw::String(Text::from(bytes))),
                Err(_) => Err(Error::new(
                    "yaml: !!binary value contains invalid base64 data",
                )),
            };
        }
        Some(name @ (b"bool" | b"int" | b"float" | b"null" | b"timestamp")) => name,
        _ => return Ok(Raw::String(text.clone())),
    };
    let mut resolved = resolve(text, Dialect::V2);
    let found: &[u8] = match resolved {
        Resolved::Null => b"null",
        Resolved::Bool(_) => b"bool",
        Resolved::Int(n) if wanted == b"float" => {
            #[expect(clippy::cast_precision_loss, reason = "as Go converts")]
            let n = n as f64;
            resolved = Resolved::Float(n);
            b"float"
        }
        Resolved::Int(_) | Resolved::Uint(_) => b"int",
        Resolved::Float(_) => b"float",
        // Other tags keep dates from being recognised.
        Resolved::Timestamp if wanted == b"timestamp" => b"timestamp",
        Resolved::Timestamp => b"str",
        Resolved::String => b"str",
    };
    if found != wanted {
        return Err(Error::new(format!(
            "yaml: cannot decode !!{} `{text}` as a !!{}",
            String::from_utf8_lossy(found),
            String::from_utf8_lossy(wanted),
        )));
    }
    Ok(raw(resolved, text))
}

fn raw(resolved: Resolved, text: &Text) -> Raw {
    match resolved {
        Resolved::Null => Raw::Null,
        Resolved::Bool(value) => Raw::Bool(value),
        Resolved::Int(n) => Raw::Int(n),
        Resolved::Uint(n) => Raw::Uint(n),
        Resolved::Float(n) => Raw::Float(n),
        Resolved::Timestamp | Resolved::String => Raw::String(text.clone()),
    }
}

/// What Go's `%#v` prints.
pub(super) fn go_syntax(value: &Raw) -> String {
    if *value == Raw::Null {
        return "<nil>".to_owned();
    }
    let mut out = String::new();
    write_go_syntax(value, &mut out);
    out
}

fn write_go_syntax(value: &Raw, out: &mut String) {
    use std::fmt::Write;
    match value {
        Raw::Null => out.push_str("interface {}(nil)"),
        Raw::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Raw::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Raw::Uint(n) => {
            let _ = write!(out, "{n:#x}");
        }
        Raw::Float(n) => out.push_str(&strconv::format_float(*n, b'g', None, 64)),
        Raw::String(text) => out.push_str(&strconv::quote(text)),
        Raw::List(items) => {
            out.push_str("[]interface {}{");
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || write_go_syntax(item, out));
            }
            out.push('}');
        }
        Raw::Map(pairs) => {
            let mut pairs: Vec<&(Raw, Raw)> = pairs.iter().collect();
            pairs.sort_by(|a, b| compare(&a.0, &b.0));
            out.push_str("map[interface {}]interface {}{");
            for (at, (key, value)) in pairs.into_iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_go_syntax(key, out);
                out.push(':');
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || write_go_syntax(value, out));
            }
            out.push('}');
        }
    }
}

/// The order in which Go prints keys; of different types, an order of our own.
fn compare(a: &Raw, b: &Raw) -> std::cmp::Ordering {
    let rank = |value: &Raw| match value {
        Raw::Null => 0,
        Raw::Bool(_) => 1,
        Raw::Int(_) => 2,
        Raw::Uint(_) => 3,
        Raw::Float(_) => 4,
        _ => 5,
    };
    match (a, b) {
        (Raw::Bool(a), Raw::Bool(b)) => a.cmp(b),
        (Raw::Int(a), Raw::Int(b)) => a.cmp(b),
        (Raw::Uint(a), Raw::Uint(b)) => a.cmp(b),
        (Raw::Float(a), Raw::Float(b)) => a.total_cmp(b),
        (Raw::String(a), Raw::String(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)),
    }
}
