//! Changes of a manifest's text that leave all else as it is written: order, comments, quotes.

use std::fmt;
use std::ops::Range;

use crate::diag::{Error, Kind, Source};
use crate::yaml::{self, NodeId, NodeKind, Style, Tree};

/// A piece of the text, and what stands there instead.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    at: Range<usize>,
    text: String,
}

/// Makes all edits; of two at one place, the later one holds.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.at.start);
    let mut changed = String::with_capacity(text.len());
    let mut at = 0;
    let mut edits = edits.into_iter().peekable();
    while let Some(edit) = edits.next() {
        let is_again = edits.peek().is_some_and(|next| {
            next.at == edit.at && (!edit.at.is_empty() || next.text == edit.text)
        });
        if is_again {
            continue;
        }
        changed.push_str(&text[at..edit.at.start]);
        changed.push_str(&edit.text);
        at = edit.at.end;
    }
    changed.push_str(&text[at..]);
    changed
}

/// An object of a manifest.
pub(super) struct Document<'t> {
    /// The whole manifest.
    text: &'t str,
    /// Where the object begins in it.
    start: usize,
    tree: Tree,
    root: NodeId,
    pub(super) kind: String,
    pub(super) name: String,
}

/// A container of an object.
pub(super) struct Container {
    pub(super) name: String,
    node: NodeId,
}

impl fmt::Display for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// Where pods are described in an object of a kind.
fn pod(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &["spec"],
        "PodTemplate" => &["template", "spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    }
}

impl<'t> Document<'t> {
    /// The object in a part of a manifest; nothing where there is none.
    ///
    /// # Errors
    /// What is no YAML.
    pub(super) fn read(text: &'t str, range: Range<usize>) -> Result<Option<Document<'t>>, Error> {
        let source = Source::new("manifest", &text.as_bytes()[range.clone()]);
        let tree = yaml::parse(&source).map_err(|error| {
            let message = format!("unable to read the manifest of the release: {error}");
            Error::new(Kind::Record, message)
        })?;
        let Some(root) = tree.root() else {
            return Ok(None);
        };
        let mut document = Document {
            text,
            start: range.start,
            tree,
            root,
            kind: String::new(),
            name: String::new(),
        };
        document.kind = document.text(&["kind"]).unwrap_or_default();
        document.name = document.text(&["metadata", "name"]).unwrap_or_default();
        Ok(Some(document))
    }

    fn entries(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match &self.tree.node(self.followed(id)).kind {
            NodeKind::Mapping(pairs) => pairs,
            _ => &[],
        }
    }

    fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.tree.node(self.followed(id)).kind {
            NodeKind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// What an alias stands for.
    fn followed(&self, id: NodeId) -> NodeId {
        match &self.tree.node(id).kind {
            NodeKind::Alias { target, .. } => *target,
            _ => id,
        }
    }

    fn scalar(&self, id: NodeId) -> Option<String> {
        match &self.tree.node(self.followed(id)).kind {
            NodeKind::Scalar { value, .. } => Some(value.to_string()),
            _ => None,
        }
    }

    fn entry(&self, id: NodeId, name: &str) -> Option<(NodeId, NodeId)> {
        let is_it = |key: NodeId| self.scalar(key).is_some_and(|key| key == name);
        self.entries(id)
            .iter()
            .copied()
            .find(|(key, _)| is_it(*key))
    }

    fn find(&self, id: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter()
            .try_fold(id, |id, name| Some(self.entry(id, name)?.1))
    }

    /// A scalar of the object.
    pub(super) fn text(&self, path: &[&str]) -> Option<String> {
        self.scalar(self.find(self.root, path)?)
    }

    /// The containers of its pods, those that run first in front.
    pub(super) fn containers(&self) -> Vec<Container> {
        let Some(pod) = self.find(self.root, pod(&self.kind)) else {
            return Vec::new();
        };
        ["initContainers", "containers"]
            .iter()
            .filter_map(|name| self.find(pod, &[name]))
            .flat_map(|list| self.items(list))
            .filter_map(|&node| {
                let name = self.scalar(self.find(node, &["name"])?)?;
                Some(Container { name, node })
            })
            .collect()
    }

    /// Sets a field to what is written as `value`; maps that lead to it are made where they are not there.
    ///
    /// # Errors
    /// A field that is written elsewhere, and shared by an alias.
    pub(super) fn set(&self, path: &[&str], value: &str) -> Result<Edit, Error> {
        let mut id = self.root;
        for (depth, name) in path.iter().enumerate() {
            let rest = &path[depth..];
            let Some((key, inner)) = self.entry(id, name) else {
                return Ok(self.insert(id, rest, value));
            };
            self.check(inner, path)?;
            let is_empty = self.tree.node(inner).span.start == self.tree.node(inner).span.end;
            let is_map = matches!(self.tree.node(inner).kind, NodeKind::Mapping(_));
            if rest.len() == 1 || !is_map {
                let text = flow(&rest[1..], value);
                return Ok(match is_empty {
                    true => self.behind(key, &text),
                    false => self.replace(inner, text),
                });
            }
            id = inner;
        }
        Ok(self.replace(id, value.to_owned()))
    }

    fn check(&self, id: NodeId, path: &[&str]) -> Result<(), Error> {
        match &self.tree.node(id).kind {
            NodeKind::Alias { name, .. } => {
                let message = format!(
                    "{self}: {} is an alias, *{name}, and cannot be changed on its own",
                    path.join(".")
                );
                Err(Error::new(Kind::Manifest, message))
            }
            _ => Ok(()),
        }
    }

    /// An edit of a place of the object.
    fn edit(&self, at: Range<usize>, text: String) -> Edit {
        Edit {
            at: self.start + at.start..self.start + at.end,
            text,
        }
    }

    fn replace(&self, id: NodeId, text: String) -> Edit {
        let span = self.tree.node(id).span;
        self.edit(span.start..span.end, text)
    }

    /// Behind the colon of a key that has no value.
    fn behind(&self, key: NodeId, text: &str) -> Edit {
        let end = self.tree.node(key).span.end;
        let rest = &self.text[self.start + end..];
        let at = end + rest.find(':').map_or(0, |at| at + 1);
        self.edit(at..at, format!(" {text}"))
    }

    /// Adds a field in front of the others of a map.
    fn insert(&self, map: NodeId, path: &[&str], value: &str) -> Edit {
        let start = self.tree.node(map).span.start;
        let is_flow = self.text[self.start + start..].starts_with('{');
        let pairs = self.entries(map);
        if is_flow {
            let between = if pairs.is_empty() { "" } else { ", " };
            let inner = flow(path, value);
            let inner = inner.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
            let text = format!("{}{between}", inner.unwrap_or_default());
            return self.edit(start + 1..start + 1, text);
        }
        let first = pairs
            .first()
            .map_or(start, |(key, _)| self.tree.node(*key).span.start);
        let whole = self.start + first;
        let line = self.text[..whole].rfind('\n').map_or(0, |at| at + 1);
        let column = self.text[line..whole].chars().count();
        let mut text = String::new();
        for (depth, name) in path.iter().enumerate() {
            if depth > 0 {
                text.push_str(&format!("\n{}", " ".repeat(column + 2 * depth)));
            }
            text.push_str(&format!("{name}:"));
        }
        text.push_str(&format!(" {value}\n{}", " ".repeat(column)));
        self.edit(first..first, text)
    }
}

/// Maps in brackets that lead to a value.
fn flow(path: &[&str], value: &str) -> String {
    match path.split_first() {
        None => value.to_owned(),
        Some((name, rest)) => format!("{{{name}: {}}}", flow(rest, value)),
    }
}

impl Container {
    fn place(&self, document: &Document<'_>) -> Result<NodeId, Error> {
        document.find(self.node, &["image"]).ok_or_else(|| {
            let message = format!("{document}: the container {:?} has no image", self.name);
            Error::new(Kind::Manifest, message)
        })
    }

    /// The image that it has.
    ///
    /// # Errors
    /// A container without one.
    pub(super) fn image(&self, document: &Document<'_>) -> Result<String, Error> {
        let place = self.place(document)?;
        Ok(document.scalar(place).unwrap_or_default())
    }

    /// Gives it another one, in the same quotes.
    ///
    /// # Errors
    /// An image that is written elsewhere.
    pub(super) fn set_image(&self, document: &Document<'_>, image: &str) -> Result<Edit, Error> {
        let place = self.place(document)?;
        document.check(place, &["image"])?;
        let is_plain = matches!(
            document.tree.node(place).kind,
            NodeKind::Scalar {
                style: Style::Plain,
                ..
            }
        );
        // What begins with a letter and has a sign of images in it is nothing else without quotes.
        let is_safe = image.starts_with(|it: char| it.is_ascii_alphabetic())
            && image.contains(['/', ':', '.', '@', '-'])
            && image
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || "/:.@-_+".contains(it))
            && !image.ends_with(':');
        let text = match is_plain && is_safe {
            true => image.to_owned(),
            false => serde_json::Value::from(image).to_string(),
        };
        Ok(document.replace(place, text))
    }
}
