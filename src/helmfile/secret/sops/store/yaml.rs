//! YAML: documents with their comments, as sops takes them apart and writes them again.

use std::collections::BTreeMap;

use super::super::tree::{Branch, Comment, Entry, Value};
use crate::go::strconv;
use crate::go::time::{Zone, parse};
use crate::yaml::Style;
use crate::yaml::node::{Kind, Layout, Node, Scalar, write_with};

/// How many nodes aliases may stand for.
const MOST: usize = 1_000_000;

/// # Errors
/// Go's text for what is no YAML; documents that are no maps; keys that are no texts.
pub(super) fn read(text: &[u8]) -> Result<Vec<Branch>, String> {
    let failed = |message: &str| format!("Error unmarshaling input YAML: {message}");
    let (documents, error) = Node::read_all(text);
    if let Some(error) = error {
        return Err(failed(&error.to_string()));
    }
    let mut branches = Vec::with_capacity(documents.len());
    for document in &documents {
        let mut reader = Reader {
            anchors: BTreeMap::new(),
            count: 0,
            open: Vec::new(),
        };
        reader.collect(document);
        let branch = reader.document(document).map_err(|why| failed(&why))?;
        branches.push(branch);
    }
    Ok(branches)
}

struct Reader<'n> {
    anchors: BTreeMap<&'n [u8], &'n Node>,
    count: usize,
    /// Aliases that are being followed.
    open: Vec<&'n [u8]>,
}

/// The lines of a comment, without their marks.
fn comments(text: &[u8], is_inline: bool) -> impl Iterator<Item = Comment> + '_ {
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(move |line| Comment {
            text: line[1..].to_vec(),
            is_inline,
        })
}

fn note(branch: &mut Branch, text: &[u8]) {
    branch.extend(comments(text, false).map(Entry::Comment));
}

impl<'n> Reader<'n> {
    fn collect(&mut self, root: &'n Node) {
        let mut pending = vec![root];
        while let Some(node) = pending.pop() {
            if !node.anchor.is_empty() {
                self.anchors.insert(&node.anchor, node);
            }
            pending.extend(node.children.iter().rev());
        }
    }

    fn document(&mut self, document: &'n Node) -> Result<Branch, String> {
        let mut branch = Branch::new();
        note(&mut branch, &document.head);
        note(&mut branch, &document.beside);
        let content = document.content();
        match content.kind {
            Kind::Mapping => self.mapping(content, true, &mut branch)?,
            Kind::Scalar if content.scalar_value() == Scalar::Null => {}
            Kind::Scalar => return Err("YAML documents that are values are not supported".into()),
            _ => return Err("YAML documents that are sequences are not supported".into()),
        }
        note(&mut branch, &document.foot);
        Ok(branch)
    }

    fn mapping(
        &mut self,
        node: &'n Node,
        has_comments: bool,
        branch: &mut Branch,
    ) -> Result<(), String> {
        if has_comments {
            note(branch, &node.head);
            note(branch, &node.beside);
        }
        for (key, value) in node.pairs() {
            note(branch, &key.head);
            note(branch, &key.beside);
            let is_leaf = matches!(value.kind, Kind::Scalar | Kind::Alias);
            if is_leaf {
                note(branch, &value.head);
                branch.extend(comments(&value.beside, true).map(Entry::Comment));
            }
            let Scalar::Text(name) = key.scalar_value() else {
                return Err(format!(
                    "line {}: Tree contains a non-string key. Only string keys are supported",
                    key.line
                ));
            };
            let read = self.value(value, !is_leaf)?;
            branch.push(Entry::Pair(name.into_owned(), read));
            if is_leaf {
                note(branch, &value.foot);
            }
            note(branch, &key.foot);
        }
        if has_comments {
            note(branch, &node.foot);
        }
        Ok(())
    }

    fn value(&mut self, node: &'n Node, has_comments: bool) -> Result<Value, String> {
        self.count += 1;
        if self.count > MOST {
            return Err("yaml: document contains excessive aliasing".to_owned());
        }
        stacker::maybe_grow(64 << 10, 1 << 20, || match node.kind {
            Kind::Document => self.value(node.content(), has_comments),
            Kind::Scalar => Ok(scalar(node)),
            Kind::Mapping => {
                let mut branch = Branch::new();
                self.mapping(node, has_comments, &mut branch)?;
                Ok(Value::Branch(branch))
            }
            Kind::Sequence => self.sequence(node, has_comments).map(Value::List),
            Kind::Alias => {
                let name = &node.value[..];
                let shown = || String::from_utf8_lossy(name).into_owned();
                let target = self
                    .anchors
                    .get(name)
                    .copied()
                    .ok_or_else(|| format!("yaml: unknown anchor '{}' referenced", shown()))?;
                if self.open.contains(&name) {
                    return Err(format!("yaml: anchor '{}' value contains itself", shown()));
                }
                self.open.push(name);
                let read = self.value(target, true);
                self.open.pop();
                read
            }
        })
    }

    fn sequence(&mut self, node: &'n Node, has_comments: bool) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        if has_comments {
            items.extend(comments(&node.head, false).map(Value::Comment));
            items.extend(comments(&node.beside, false).map(Value::Comment));
        }
        for item in &node.children {
            items.extend(comments(&item.head, false).map(Value::Comment));
            items.extend(comments(&item.beside, true).map(Value::Comment));
            items.push(self.value(item, false)?);
            items.extend(comments(&item.foot, false).map(Value::Comment));
        }
        if has_comments {
            items.extend(comments(&node.foot, false).map(Value::Comment));
        }
        Ok(items)
    }
}

fn scalar(node: &Node) -> Value {
    match node.scalar_value() {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(n) => Value::Int(n),
        #[expect(clippy::cast_precision_loss, reason = "sops knows no unsigned numbers")]
        Scalar::Uint(n) => Value::Float(n as f64),
        Scalar::Float(n) => Value::Float(n),
        Scalar::Timestamp(text) => match timestamp(text) {
            Some(time) => Value::Time(time),
            None => Value::Text(text.to_vec()),
        },
        Scalar::Text(text) => Value::Text(text.into_owned()),
    }
}

/// A date or time of YAML as RFC 3339 writes it.
fn timestamp(text: &[u8]) -> Option<Vec<u8>> {
    const LAYOUTS: [&[u8]; 4] = [
        b"2006-1-2T15:4:5.999999999Z07:00",
        b"2006-1-2t15:4:5.999999999Z07:00",
        b"2006-1-2 15:4:5.999999999",
        b"2006-1-2",
    ];
    let mut layouts = LAYOUTS.iter();
    let time = layouts.find_map(|layout| parse(layout, text, &Zone::Utc).ok())?;
    Some(time.format(b"2006-01-02T15:04:05.999999999Z07:00"))
}

/// As yaml.v3 writes it with an indentation of four.
pub(super) fn write(branches: &[Branch]) -> Vec<u8> {
    let documents: Vec<Node> = branches
        .iter()
        .map(|branch| {
            let mut document = Node::new(Kind::Document);
            document.children.push(mapping(branch));
            document
        })
        .collect();
    let layout = Layout {
        indent: 4,
        is_compact: false,
    };
    write_with(&documents, layout)
}

/// Comments that wait for what they belong to.
#[derive(Default)]
struct Waiting {
    above: Vec<Vec<u8>>,
    beside: Vec<Vec<u8>>,
}

impl Waiting {
    fn add(&mut self, comment: &Comment) {
        match comment.is_inline {
            true => self.beside.push(comment.text.clone()),
            false => self.above.push(comment.text.clone()),
        }
    }

    /// All that is left, as the lines below something.
    fn rest(mut self) -> Vec<u8> {
        self.above.append(&mut self.beside);
        lines(&mut self.above)
    }
}

/// Comments as lines with their marks; nothing is left of them.
fn lines(comments: &mut Vec<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, comment) in comments.drain(..).enumerate() {
        if at > 0 {
            out.push(b'\n');
        }
        out.push(b'#');
        out.extend_from_slice(&comment);
    }
    out
}

fn mapping(branch: &Branch) -> Node {
    let mut node = Node::new(Kind::Mapping);
    let mut waiting = Waiting::default();
    for entry in branch {
        match entry {
            Entry::Comment(comment) => waiting.add(comment),
            Entry::Pair(key, value) => {
                if node.children.is_empty() {
                    node.head = lines(&mut waiting.above);
                }
                let mut key = text(key);
                key.head = lines(&mut waiting.above);
                let mut value = value_node(value);
                value.beside = lines(&mut waiting.beside);
                node.children.extend([key, value]);
            }
        }
    }
    let rest = waiting.rest();
    match node.children.len().checked_sub(2) {
        Some(last) => node.children[last].foot = rest,
        None => node.head = rest,
    }
    node
}

fn sequence(items: &[Value]) -> Node {
    let mut node = Node::new(Kind::Sequence);
    let mut waiting = Waiting::default();
    for item in items {
        if let Value::Comment(comment) = item {
            waiting.add(comment);
            continue;
        }
        if node.children.is_empty() {
            node.head = lines(&mut waiting.above);
        }
        let mut item = value_node(item);
        let above = lines(&mut waiting.above);
        if !above.is_empty() {
            item.head = match item.head.is_empty() {
                true => above,
                false => [&above, &b"\n"[..], &item.head].concat(),
            };
        }
        item.beside = lines(&mut waiting.beside);
        node.children.push(item);
    }
    let rest = waiting.rest();
    match node.children.last_mut() {
        Some(last) => last.foot = rest,
        None => node.head = rest,
    }
    node
}

fn value_node(value: &Value) -> Node {
    let plain = |text: &[u8]| Node::scalar(text, Style::Plain);
    match value {
        Value::Null | Value::Comment(_) => plain(b"null"),
        Value::Bool(value) => plain(value.to_string().as_bytes()),
        Value::Int(n) => plain(n.to_string().as_bytes()),
        Value::Float(n) if n.is_nan() => plain(b".nan"),
        Value::Float(n) if n.is_infinite() && *n > 0.0 => plain(b".inf"),
        Value::Float(n) if n.is_infinite() => plain(b"-.inf"),
        Value::Float(n) => plain(strconv::format_float(*n, b'g', None, 64).as_bytes()),
        Value::Time(time) => plain(time),
        Value::Text(value) => text(value),
        Value::List(items) => stacker::maybe_grow(64 << 10, 1 << 20, || sequence(items)),
        Value::Branch(branch) => stacker::maybe_grow(64 << 10, 1 << 20, || mapping(branch)),
    }
}

/// A text, in the style that the encoder of yaml.v3 chooses.
fn text(value: &[u8]) -> Node {
    Node::text(value)
}
