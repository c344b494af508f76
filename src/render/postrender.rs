//! Post-rendering: rendered files to one stream, through whatever changes it, and back to files.
//!
//! Hooks go along, notes do not. Each document carries the name of its file as an annotation; those
//! that come back without one are new. Behaviour of `annotateAndMerge` and `splitAndDeannotate`,
//! `pkg/action`, Helm 4.2.4, and of `kio`, sigs.k8s.io/kustomize/kyaml 0.21.1, on which they stand.

use std::collections::BTreeMap;

use super::manifest::{split, trim};
use crate::diag::{Error, Kind};
use crate::value::Text;
use crate::yaml::Style;
use crate::yaml::node::{self, Kind as NodeKind, Node};

/// Changes a stream of manifests.
pub type PostRenderer<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, Error> + 'a;

const FILE: &[u8] = b"postrenderer.helm.sh/postrender-filename";
/// What kyaml notes about places; it is gone where a document is written.
const INDEX: [&[u8]; 3] = [
    b"internal.config.kubernetes.io/index",
    b"config.kubernetes.io/index",
    b"internal.config.kubernetes.io/seqindent",
];
/// Annotations that kyaml keeps under two names.
const TWINS: [(&[u8], &[u8]); 2] = [
    (
        b"config.kubernetes.io/path",
        b"internal.config.kubernetes.io/path",
    ),
    (b"config.k8s.io/id", b"internal.config.kubernetes.io/id"),
];

/// Sends `files` through `renderer`.
///
/// # Errors
/// Files that are no manifests, whatever the renderer says, and what it makes of them.
pub fn apply(
    files: &BTreeMap<Text, Text>,
    renderer: &PostRenderer<'_>,
) -> Result<BTreeMap<Text, Text>, Error> {
    let fail = |context: &str| {
        let context = context.to_owned();
        move |message: String| Error::new(Kind::Manifest, message).wrap(context)
    };
    let stream = merge(files).map_err(fail("error merging manifests"))?;
    let changed = renderer(&stream)
        .map_err(|error| error.wrap("error while running post render on files"))?;
    separate(&changed).map_err(fail("error while parsing post rendered output"))
}

/// All documents of all files, each with the name of its file.
fn merge(files: &BTreeMap<Text, Text>) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    for (path, text) in files {
        let base = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        if base.starts_with(b"_") || trim(text).is_empty() {
            continue;
        }
        for range in split(text) {
            let documents =
                read(&text[range]).map_err(|error| format!("parsing {path}: {error}"))?;
            for mut document in documents {
                set_annotation(&mut document, FILE, path)
                    .map_err(|error| format!("annotating {path}: {error}"))?;
                all.push(document);
            }
        }
    }
    write(all).map_err(|error| format!("writing merged docs: {error}"))
}

/// The documents of a stream, by the files they belong to.
fn separate(stream: &[u8]) -> Result<BTreeMap<Text, Text>, String> {
    let mut files: BTreeMap<Text, Vec<Node>> = BTreeMap::new();
    let documents = read(stream).map_err(|error| format!("error parsing YAML: {error}"))?;
    for (at, mut document) in documents.into_iter().enumerate() {
        if !has_metadata(&document) {
            return Err("getting metadata: missing Resource metadata".to_owned());
        }
        let file = match annotation(&document, FILE) {
            b"" => Text::from(format!("generated-by-postrender-{at}.yaml")),
            file => Text::from(file),
        };
        clear_annotation(&mut document, FILE)
            .map_err(|error| format!("clearing filename annotation: {error}"))?;
        files.entry(file).or_default().push(document);
    }
    files
        .into_iter()
        .map(|(file, documents)| {
            let text = write(documents).map_err(|error| format!("re-writing {file}: {error}"))?;
            Ok((file, Text::from(text)))
        })
        .collect()
}

/// The documents of a text; a single `List` gives its items.
fn read(text: &[u8]) -> Result<Vec<Node>, String> {
    let text = without_carriage_returns(text);
    let parts = parts(&text)?;
    let is_single = parts.len() == 1;
    let mut documents = Vec::new();
    for part in parts {
        let read = Node::read(&part).map_err(|error| format!("MalformedYAMLError: {error}"))?;
        let Some(mut document) = read.filter(|document| !document.content().is_null()) else {
            continue;
        };
        for (old, new) in TWINS {
            let (old_value, new_value) = (
                annotation(&document, old).to_vec(),
                annotation(&document, new).to_vec(),
            );
            match (&old_value[..], &new_value[..]) {
                (b"", b"") => {}
                (b"", value) => set_annotation(&mut document, old, value)?,
                (value, b"") => set_annotation(&mut document, new, value)?,
                _ => {}
            }
        }
        for name in [INDEX[1], INDEX[0]] {
            set_annotation(&mut document, name, b"0")?;
        }
        let content = document.content();
        let kind = field(content, b"kind").map_or(&b""[..], |kind| &kind.value);
        let has = |name: &[u8]| field(content, name).is_some();
        if is_single
            && matches!(kind, b"List" | b"ResourceList")
            && (has(b"items") || has(b"functionConfig"))
        {
            let items = field(content, b"items");
            documents.extend(items.into_iter().flat_map(|items| items.children.clone()));
        } else {
            documents.push(document);
        }
    }
    Ok(documents)
}

fn write(mut documents: Vec<Node>) -> Result<Vec<u8>, String> {
    for document in &mut documents {
        for name in INDEX {
            clear_annotation(document, name)?;
        }
        clear_empty(document)?;
    }
    Ok(node::write(&documents))
}

fn without_carriage_returns(text: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        if !(*byte == b'\r' && text.get(at + 1) == Some(&b'\n')) {
            lines.push(*byte);
        }
    }
    lines
}

/// The parts of a text between lines that begin with `---`.
fn parts(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    const MARK: &[u8] = b"\n---";
    let mut parts = Vec::new();
    let mut start = 0;
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&text[from..], MARK) {
        let at = from + found;
        let behind = at + MARK.len();
        let Some(length) = memchr::memchr(b'\n', &text[behind..]) else {
            break;
        };
        let rest = trim(&text[behind..behind + length]);
        if !rest.is_empty() && rest[0] != b'#' {
            let line = String::from_utf8_lossy(trim(&text[at..behind + length])).into_owned();
            return Err(format!("invalid document separator: {line}"));
        }
        parts.push([&text[start..at], b"\n"].concat());
        start = behind + length + 1;
        from = start;
    }
    if !text.is_empty() {
        parts.push(text[start..].to_vec());
    }
    Ok(parts)
}

/// A field's value.
fn field<'n>(map: &'n Node, name: &[u8]) -> Option<&'n Node> {
    if map.kind != NodeKind::Mapping {
        return None;
    }
    let mut pairs = map.pairs();
    pairs
        .find(|(key, _)| key.value == name)
        .map(|(_, value)| value)
}

fn is_nothing(node: &Node) -> bool {
    let is_collection = matches!(node.kind, NodeKind::Mapping | NodeKind::Sequence);
    node.is_null() || (is_collection && node.children.is_empty())
}

/// Where a field's value stands; fails where `map` is no map.
fn position(map: &Node, name: &[u8]) -> Result<Option<usize>, String> {
    if map.is_null() {
        return Ok(None);
    }
    if map.kind != NodeKind::Mapping {
        let text = node::write([map]);
        return Err(format!(
            "wrong node kind: expected MappingNode but got {}: node contents:\n{}",
            map.kind.name(),
            String::from_utf8_lossy(&text)
        ));
    }
    let key = map.pairs().position(|(key, _)| key.value == name);
    Ok(key.map(|key| key * 2 + 1))
}

/// Whether a document says what it is (`GetMeta`).
fn has_metadata(document: &Node) -> bool {
    let content = document.content();
    let says = |map: &Node, name: &str| {
        field(map, name.as_bytes()).is_some_and(|value| !is_nothing(value))
    };
    if says(content, "apiVersion") || says(content, "kind") {
        return true;
    }
    let metadata = field(content, b"metadata");
    let names = ["name", "namespace", "labels", "annotations"];
    metadata.is_some_and(|metadata| names.iter().any(|name| says(metadata, name)))
}

/// An annotation, or nothing.
fn annotation<'n>(document: &'n Node, name: &[u8]) -> &'n [u8] {
    let found = field(document.content(), b"metadata")
        .and_then(|metadata| field(metadata, b"annotations"))
        .and_then(|annotations| annotations.pairs().find(|(key, _)| key.value == name))
        .filter(|(_, value)| !value.is_null());
    found.map_or(b"", |(_, value)| &value.value)
}

/// Removes `metadata.annotations` and `metadata` where there is nothing in them.
fn clear_empty(document: &mut Node) -> Result<(), String> {
    let content = document.content_mut();
    if let Some(at) = position(content, b"metadata")? {
        let metadata = &mut content.children[at];
        if let Some(at) = position(metadata, b"annotations")?
            && metadata.children[at].children.is_empty()
        {
            metadata.children.drain(at - 1..=at);
        }
        if content.children[at].children.is_empty() {
            content.children.drain(at - 1..=at);
        }
    }
    Ok(())
}

/// The value of a field, which is made where it is not there.
fn enter<'n>(map: &'n mut Node, name: &[u8]) -> Result<&'n mut Node, String> {
    let at = match position(map, name)? {
        Some(at) => at,
        None => {
            map.children.push(Node::scalar(name, Style::Plain));
            map.children.push(Node::new(NodeKind::Mapping));
            map.children.len() - 1
        }
    };
    Ok(&mut map.children[at])
}

fn set_annotation(document: &mut Node, name: &[u8], value: &[u8]) -> Result<(), String> {
    clear_empty(document)?;
    let metadata = enter(document.content_mut(), b"metadata")?;
    let annotations = enter(metadata, b"annotations")?;
    let mut text = Node::scalar(value, Style::Single);
    text.tag = b"!!str".to_vec();
    match position(annotations, name)? {
        Some(at) => {
            text.style = annotations.children[at].style;
            annotations.children[at] = text;
        }
        None => {
            annotations.children.push(Node::scalar(name, Style::Plain));
            annotations.children.push(text);
        }
    }
    Ok(())
}

fn clear_annotation(document: &mut Node, name: &[u8]) -> Result<(), String> {
    let content = document.content_mut();
    let Some(at) = position(content, b"metadata")? else {
        return Ok(());
    };
    let metadata = &mut content.children[at];
    let Some(at) = position(metadata, b"annotations")? else {
        return Ok(());
    };
    let annotations = &mut metadata.children[at];
    if let Some(at) = position(annotations, name)? {
        annotations.children.drain(at - 1..=at);
    }
    Ok(())
}
