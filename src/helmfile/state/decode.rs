//! Text to records: strict about keys and types, in yaml.v3's words.

use super::record::{Merge, Record, merge, quoted};
use super::shape::{STATE, Shape, Struct};
use crate::helmfile::data::{Data, Decoder, Entries, Keys, documents, is_merge, scalar};
use crate::value::Text;
use crate::yaml::node::{Kind, Node};

/// Keys that a sub-helmfile can inherit.
pub(in crate::helmfile) const INHERITED: [&str; 7] = [
    "repositories",
    "helmDefaults",
    "commonLabels",
    "apiVersions",
    "kubeVersion",
    "templates",
    "environments",
];

/// The documents of one part of a state file, merged; what users are told though it is right is
/// added to `notes`.
///
/// # Errors
/// The number of the document that is wrong, from 1, and what is wrong with it.
pub(in crate::helmfile) fn read_with_notes(
    text: &[u8],
    keys: Keys,
    notes: &mut Vec<String>,
) -> Result<Record, (usize, String)> {
    let (documents, error) = documents(text);
    let mut whole = Record::default();
    for (at, document) in documents.iter().enumerate() {
        let record = state(document.content(), keys, notes).map_err(|error| (at + 1, error))?;
        merge(&STATE, &mut whole, &record, Merge::Append);
    }
    match error {
        Some(error) => Err((documents.len() + 1, error)),
        None => Ok(whole),
    }
}

/// One document of a state file.
fn state(node: &Node, keys: Keys, notes: &mut Vec<String>) -> Result<Record, String> {
    if node.kind == Kind::Scalar && scalar(node) == Data::Null {
        return Ok(Record::default());
    }
    // Helmfile reads it without types first.
    let mut decoder = Decoder::default();
    if node.kind == Kind::Mapping {
        decoder.any(node)?;
    } else {
        decoder.mismatch(node, "map[string]interface {}");
    }
    if let Some(message) = decoder.errors.message() {
        return Err(message);
    }
    let mut decoder = Decoder::of(keys);
    let data = typed(&mut decoder, node, &Shape::Struct(&STATE))?;
    notes.append(&mut decoder.notes);
    if let Some(message) = decoder.errors.message() {
        return Err(message);
    }
    let mut state = Record::of(data.as_ref());
    // What `build` writes of itself may be read again, and says nothing.
    state.remove("filepath");
    state.remove("renderedvalues");
    Ok(state)
}

/// A node as a shape; nothing where it is null, or does not fit.
fn typed<'n>(
    decoder: &mut Decoder<'n>,
    node: &'n Node,
    shape: &Shape,
) -> Result<Option<Data>, String> {
    if let Shape::Any = shape {
        return decoder.any(node).map(Some);
    }
    decoder.within(node, |decoder, node| {
        if node.kind == Kind::Scalar && scalar(node) == Data::Null {
            return Ok(None);
        }
        match (shape, node.kind) {
            (Shape::Optional(shape), _) => typed(decoder, node, shape),
            (Shape::Struct(known), Kind::Mapping) => {
                let record = structure(decoder, node, known)?;
                Ok(Some(record.into_data()))
            }
            (Shape::Map(shape), Kind::Mapping) => map(decoder, node, shape).map(Some),
            (Shape::List(shape), Kind::Sequence) => {
                let mut items = Vec::with_capacity(node.children.len());
                for child in &node.children {
                    let item = typed(decoder, child, shape)?;
                    items.push(item.unwrap_or_else(|| zero(shape)));
                }
                Ok(Some(Data::list(items)))
            }
            (Shape::Inherits(known), _) => inherits(decoder, node, known),
            (Shape::Names, _) => names(decoder, node),
            (Shape::SubHelmfile(known), _) => sub_helmfile(decoder, node, known).map(Some),
            (_, Kind::Scalar) => {
                let found = plain(node, shape);
                if found.is_none() {
                    decoder.mismatch(node, &shape.go_type());
                }
                Ok(found)
            }
            _ => {
                decoder.mismatch(node, &shape.go_type());
                Ok(None)
            }
        }
    })
}

/// What stands in a list where nothing is written.
fn zero(shape: &Shape) -> Data {
    match shape {
        Shape::Text => Data::string(""),
        Shape::Bool => Data::Bool(false),
        Shape::Int => Data::Int(0),
        Shape::Struct(_) | Shape::SubHelmfile(_) => Data::map(Entries::new()),
        _ => Data::Null,
    }
}

/// A scalar as a type; nothing where it does not fit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "as Go converts where a float is read into an integer"
)]
fn plain(node: &Node, shape: &Shape) -> Option<Data> {
    let value = scalar(node);
    match shape {
        Shape::Text => match value {
            Data::String(text) => Some(Data::String(text)),
            _ => Some(Data::String(Text::from(&node.value[..]))),
        },
        Shape::Bool => match value {
            Data::Bool(value) => Some(Data::Bool(value)),
            // Old words for booleans are taken where one is wanted.
            Data::String(text) => match &text[..] {
                b"y" | b"Y" | b"yes" | b"on" => Some(Data::Bool(true)),
                b"n" | b"N" | b"no" | b"off" => Some(Data::Bool(false)),
                _ => None,
            },
            _ => None,
        },
        Shape::Int => match value {
            Data::Int(n) => Some(Data::Int(n)),
            Data::Float(n) if n.abs() <= 9.2e18 => Some(Data::Int(n as i64)),
            _ => None,
        },
        #[expect(clippy::cast_precision_loss, reason = "as Go's conversion")]
        Shape::Float => match value {
            Data::Int(n) => Some(Data::Float(n as f64)),
            Data::Uint(n) => Some(Data::Float(n as f64)),
            Data::Float(n) => Some(Data::Float(n)),
            _ => None,
        },
        _ => None,
    }
}

fn map<'n>(decoder: &mut Decoder<'n>, node: &'n Node, shape: &Shape) -> Result<Data, String> {
    let mut entries = Entries::new();
    if !decoder.check_unique(node) {
        return Ok(Data::map(entries));
    }
    let mut merged = None;
    for (key, value) in node.pairs() {
        if is_merge(key) {
            merged = Some(value);
            continue;
        }
        let Some(Data::String(key)) = typed(decoder, key, &Shape::Text)? else {
            continue;
        };
        let value = typed(decoder, value, shape)?;
        entries.insert(key, value.unwrap_or_else(|| zero(shape)));
    }
    if let Some(merged) = merged {
        for node in decoder.merged_nodes(merged)? {
            if let Data::Map(more) = map(decoder, node, shape)? {
                for (key, value) in more.iter() {
                    entries.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
    }
    Ok(Data::map(entries))
}

/// A mapping as a struct.
fn structure<'n>(
    decoder: &mut Decoder<'n>,
    node: &'n Node,
    known: &'static Struct,
) -> Result<Record, String> {
    let mut entries = Entries::new();
    if !decoder.check_unique(node) {
        return Ok(Record::default());
    }
    let mut merged = None;
    for (key, value) in node.pairs() {
        if is_merge(key) {
            merged = Some(value);
            continue;
        }
        let Some(Data::String(name)) = typed(decoder, key, &Shape::Text)? else {
            continue;
        };
        let Some(field) = known.known(&name, decoder.keys) else {
            decoder.errors.0.push(format!(
                "line {}: field {name} not found in type {}",
                key.line, known.name
            ));
            // Anchors in it are known to what follows.
            decoder.any(value)?;
            continue;
        };
        if let Some(value) = typed(decoder, value, &field.shape)? {
            entries.insert(name, value);
        }
    }
    if let Some(merged) = merged {
        for node in decoder.merged_nodes(merged)? {
            let more = structure(decoder, node, known)?;
            for (key, value) in more.entries() {
                entries.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    Ok(Record::from(entries))
}

fn inherits<'n>(
    decoder: &mut Decoder<'n>,
    node: &'n Node,
    known: &'static Struct,
) -> Result<Option<Data>, String> {
    match node.kind {
        // The map that early versions took.
        Kind::Mapping => {
            let record = structure(decoder, node, known)?;
            decoder.notes.push(format!(
                "releases[].inherit of map({{Template:{} Except:[{}]}}) has been deprecated and will be removed in v0.152.0. Wrap it into an array: yaml: unmarshal errors:\n  line {}: cannot unmarshal !!map into []{}",
                record.text("template"),
                record.texts("except").join(" "),
                node.line,
                known.name
            ));
            Ok(Some(Data::list(vec![record.into_data()])))
        }
        _ => {
            // The errors are those of the second attempt.
            let before = decoder.errors.0.len();
            let list = match node.kind {
                Kind::Sequence => {
                    let mut items = Vec::new();
                    for child in &node.children {
                        let item = typed(decoder, child, &Shape::Struct(known))?;
                        items.push(item.unwrap_or_else(|| Data::map(Entries::new())));
                    }
                    Some(Data::list(items))
                }
                _ => None,
            };
            if list.is_none() || decoder.errors.0.len() > before {
                decoder.errors.0.truncate(before);
                decoder.mismatch(node, known.name);
                return Ok(None);
            }
            Ok(list)
        }
    }
}

fn names<'n>(decoder: &mut Decoder<'n>, node: &'n Node) -> Result<Option<Data>, String> {
    let before = decoder.errors.0.len();
    let list = match node.kind {
        Kind::Sequence => typed(decoder, node, &Shape::List(&Shape::Text))?,
        _ => None,
    };
    let items = match list {
        Some(Data::List(items)) if decoder.errors.0.len() == before => items.to_vec(),
        _ => {
            decoder.errors.0.truncate(before);
            match typed(decoder, node, &Shape::Text)? {
                Some(text) => vec![text],
                None => return Ok(None),
            }
        }
    };
    let trimmed = items.iter().filter_map(|item| {
        let text = item.as_text()?.to_str_lossy().trim().to_owned();
        (!text.is_empty()).then(|| Data::string(text))
    });
    let names: Vec<Data> = trimmed.collect();
    Ok((!names.is_empty()).then(|| Data::list(names)))
}

fn sub_helmfile<'n>(
    decoder: &mut Decoder<'n>,
    node: &'n Node,
    known: &'static Struct,
) -> Result<Data, String> {
    let mut record = match node.kind {
        Kind::Mapping => structure(decoder, node, known)?,
        _ => Record::default(),
    };
    if let Data::String(path) = scalar(node) {
        record.set("path", Data::String(path));
    }
    let path = record.text("path").to_owned();
    let words = |key: &str| format!("[{}]", record.texts(key).join(" "));
    if record.get("selectors").is_some() && path.is_empty() {
        let words = words("selectors");
        return Err(format!(
            "found 'selectors' definition without path: {words}"
        ));
    }
    if record.is("selectorsInherited") && !record.list("selectors").is_empty() {
        return Err(format!(
            "you cannot use 'SelectorsInherited: true' along with and explicit selector for path: {path}"
        ));
    }
    let inherits = record.texts("inherits");
    if !inherits.is_empty() && path.is_empty() {
        let words = words("inherits");
        return Err(format!("found 'inherits' definition without path: {words}"));
    }
    if let Some(wrong) = inherits.iter().find(|key| !INHERITED.contains(&&key[..])) {
        return Err(format!(
            "invalid inherits entry {} for path {}: allowed values are [{}]",
            quoted(wrong),
            quoted(&path),
            INHERITED.join(" ")
        ));
    }
    Ok(record.into_data())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Record, (usize, String)> {
        read_with_notes(text, Keys::Helmfile, &mut Vec::new())
    }

    fn error(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().1
    }

    #[test]
    fn errors_are_those_of_yaml_v3() {
        for (text, want) in [
            (
                "releases:\n- name: a\n  vlaues: []\n",
                "yaml: unmarshal errors:\n  line 3: field vlaues not found in type state.ReleaseSpec",
            ),
            (
                "relases: []",
                "yaml: unmarshal errors:\n  line 1: field relases not found in type state.helmStateAlias",
            ),
            (
                "releases:\n- name: [a]\n  wait: maybe\n  timeout: 1h\n",
                "yaml: unmarshal errors:\n  line 2: cannot unmarshal !!seq into string\n  line 3: cannot unmarshal !!str `maybe` into bool\n  line 4: cannot unmarshal !!str `1h` into int",
            ),
            (
                "releases: {a: b}",
                "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into []state.ReleaseSpec",
            ),
            (
                "- a",
                "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into map[string]interface {}",
            ),
            (
                "helmfiles: [{path: s.yaml, inherits: [releases]}]",
                "invalid inherits entry \"releases\" for path \"s.yaml\": allowed values are [repositories helmDefaults commonLabels apiVersions kubeVersion templates environments]",
            ),
            (
                "helmfiles: [{selectors: [a=b]}]",
                "found 'selectors' definition without path: [a=b]",
            ),
        ] {
            assert_eq!(error(text), want, "{text}");
        }
    }

    #[test]
    fn numbers_and_booleans_are_texts_where_texts_are_wanted() {
        let text = "templates: {t: &t {labels: {n: 1, b: true}}}\nreleases: [{<<: *t, version: 1.10, wait: yes}]";
        let state = read(text.as_bytes()).expect("a state");
        let release = &state.records("releases")[0];
        assert_eq!(release.text("version"), "1.10");
        assert_eq!(release.maybe("wait"), Some(true));
        let labels = release.get("labels").map(ToString::to_string);
        assert_eq!(labels.as_deref(), Some("map[b:true n:1]"));
    }

    #[test]
    fn documents_of_one_part_append_their_lists() {
        let text = "releases: [{name: a}]\n--- \nreleases: [{name: b}]\n";
        let state = read(text.as_bytes()).expect("a state");
        assert_eq!(state.records("releases").len(), 2);
        assert_eq!(read(b"a: [\n").unwrap_err().0, 1);
    }
}
