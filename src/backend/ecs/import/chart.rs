//! A chart of native documents: what is the same in all environments stands in templates, what differs
//! in a file of values for each.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::File;

/// The documents of one environment.
#[derive(Clone, Debug)]
pub struct Variant<'a> {
    /// The environment.
    pub name: &'a str,
    /// Native documents, by the file that they go to.
    pub documents: BTreeMap<String, Vec<Value>>,
}

/// A value in all environments.
enum Node {
    Same(Value),
    Members(Vec<(String, Node, Presence)>),
    Items(Vec<Node>),
    /// Stands in the values, at this place.
    Differs(Vec<String>),
}

/// Whether a member is there in all environments; if not, where the values say so.
enum Presence {
    Always,
    Where(Vec<String>),
}

/// Begins the name of something that values are to say, within a text.
pub(super) const ASKED: char = '\u{e000}';

/// Ends it.
pub(super) const ANSWERED: char = '\u{e001}';

/// Stands in a text for what `references` of the values say of `name`.
pub(super) fn asked(name: &str) -> String {
    format!("{ASKED}{name}{ANSWERED}")
}

/// Names that are asked for in a value.
fn questions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            for part in text.split(ASKED).skip(1) {
                let name = part.split(ANSWERED).next().unwrap_or_default();
                if !found.iter().any(|it| it == name) {
                    found.push(name.to_owned());
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| questions(item, found)),
        Value::Object(map) => map.values().for_each(|value| questions(value, found)),
        _ => {}
    }
}

/// Reads values of all environments together.
struct Reader {
    values: Vec<Map<String, Value>>,
}

/// Makes the files of a chart.
pub fn chart(name: &str, about: &str, variants: &[Variant<'_>]) -> Vec<File> {
    let mut reader = Reader {
        values: variants
            .iter()
            .map(|it| Map::from_iter([("environment".to_owned(), Value::from(it.name))]))
            .collect(),
    };
    let mut paths: Vec<&String> = variants.iter().flat_map(|it| it.documents.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut files = vec![File {
        path: "Chart.yaml".into(),
        text: format!(
            "apiVersion: v2\nname: {name}\ndescription: {}\ntype: application\nversion: 0.1.0\n",
            json!(about)
        ),
    }];
    for path in paths {
        let text = template(&mut reader, path, variants);
        files.push(File {
            path: format!("templates/{path}.yaml"),
            text,
        });
    }
    let mut names = Vec::new();
    for document in variants
        .iter()
        .flat_map(|it| it.documents.values())
        .flatten()
    {
        questions(document, &mut names);
    }
    let mut parents = Map::new();
    for values in &reader.values {
        outline(values, &mut parents);
    }
    let mut asking = String::new();
    if !names.is_empty() {
        let names: Map<String, Value> = names.into_iter().map(|name| (name, "".into())).collect();
        let asked = block(&json!({"references": names}));
        asking = format!("# What is made elsewhere: ARNs, ids and names.\n{asked}");
    }
    files.push(File {
        path: "values.yaml".into(),
        text: format!(
            "# What differs between environments stands in values-NAME.yaml.\n{}{asking}",
            block(&Value::Object(parents))
        ),
    });
    for (variant, values) in variants.iter().zip(reader.values) {
        files.push(File {
            path: format!("values-{}.yaml", variant.name),
            text: block(&Value::Object(values)),
        });
    }
    files
}

/// The levels of names in values, so that templates can ask for members that one environment lacks.
fn outline(values: &Map<String, Value>, parents: &mut Map<String, Value>) {
    for (name, value) in values {
        if let Some(inner) = value.as_object().filter(|inner| is_level(inner)) {
            let parent = parents.entry(name.clone()).or_insert_with(|| json!({}));
            if let Some(parent) = parent.as_object_mut() {
                outline(inner, parent);
            }
        }
    }
}

fn is_level(map: &Map<String, Value>) -> bool {
    map.contains_key(LEVEL)
}

/// Marks maps of values that are levels of names while they are gathered.
const LEVEL: &str = "\u{0}";

fn template(reader: &mut Reader, path: &str, variants: &[Variant<'_>]) -> String {
    let identify = |document: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&document["kind"]), text(&document["metadata"]["name"]))
    };
    let of = |variant: &Variant<'_>| variant.documents.get(path).cloned().unwrap_or_default();
    let all: Vec<Vec<Value>> = variants.iter().map(of).collect();
    let mut ids: Vec<(String, String)> = Vec::new();
    for document in all.iter().flatten() {
        let id = identify(document);
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let guard = "{{- if not .Values.environment }}{{ fail \"choose an environment: -f values-NAME.yaml\" }}{{ end }}\n";
    let mut text = guard.to_owned();
    for id in ids {
        let found: Vec<Option<&Value>> = all
            .iter()
            .map(|documents| documents.iter().find(|it| identify(it) == id))
            .collect();
        let (kind, name) = &id;
        let mut place = vec![word(path)];
        place.push(match name == path {
            true => small(kind),
            false => small(&format!("{kind}-{}", word(name))),
        });
        let is_always = found.iter().all(Option::is_some);
        let wish = [place.clone(), vec!["enabled".to_owned()]].concat();
        if !is_always {
            for (index, found) in found.iter().enumerate() {
                reader.put(index, &wish, Value::from(found.is_some()));
            }
            text.push_str(&format!("{{{{- if {} }}}}\n", path_of(&wish)));
        }
        text.push_str("---\n");
        let node = reader.read(&found, &place);
        write(&node, 0, &mut text);
        if !is_always {
            text.push_str("{{- end }}\n");
        }
    }
    text
}

impl Reader {
    /// What is there in some environments; where it is in none of the others, it is taken as it is.
    fn read(&mut self, found: &[Option<&Value>], place: &[String]) -> Node {
        let present: Vec<&Value> = found.iter().copied().flatten().collect();
        let Some(first) = present.first() else {
            return Node::Same(Value::Null);
        };
        let is_image = place.last().is_some_and(|last| last == "image");
        if present.iter().all(|value| value == first) && !has_image(first) && !is_image {
            return Node::Same((*first).clone());
        }
        if present.iter().all(|value| value.is_object()) {
            return self.members(found, place);
        }
        let length = |value: &&Value| value.as_array().map(Vec::len);
        let items = length(first).filter(|it| *it > 0 && is_named(first));
        if let Some(items) = items
            && present
                .iter()
                .all(|value| length(value) == Some(items) && same_names(value, first))
        {
            let nodes = (0..items).map(|index| {
                let inner: Vec<Option<&Value>> = found
                    .iter()
                    .map(|value| value.map(|value| &value[index]))
                    .collect();
                let name = first[index]["name"].as_str().unwrap_or_default();
                self.read(&inner, &[place, &[word(name)]].concat())
            });
            return Node::Items(nodes.collect());
        }
        for (index, value) in found.iter().enumerate() {
            if let Some(value) = value {
                self.put(index, place, (*value).clone());
            }
        }
        Node::Differs(place.to_vec())
    }

    fn members(&mut self, found: &[Option<&Value>], place: &[String]) -> Node {
        let mut names: Vec<&String> = Vec::new();
        for name in found
            .iter()
            .flatten()
            .filter_map(|it| it.as_object())
            .flat_map(Map::keys)
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut members = Vec::new();
        for name in names {
            let inner: Vec<Option<&Value>> = found
                .iter()
                .map(|value| value.and_then(|value| value.get(name)))
                .collect();
            let place = [place, &[word(name)]].concat();
            let everywhere = found
                .iter()
                .zip(&inner)
                .all(|(whole, inner)| whole.is_none() || inner.is_some());
            if everywhere {
                members.push((name.clone(), self.read(&inner, &place), Presence::Always));
                continue;
            }
            for (index, value) in inner.iter().enumerate() {
                if let Some(value) = value {
                    self.put(index, &place, (*value).clone());
                } else if found[index].is_some() {
                    self.put(index, &place, Value::Null);
                }
            }
            members.push((
                name.clone(),
                Node::Differs(place.clone()),
                Presence::Where(place),
            ));
        }
        Node::Members(members)
    }

    fn put(&mut self, index: usize, place: &[String], value: Value) {
        let Some((last, levels)) = place.split_last() else {
            return;
        };
        let mut map = &mut self.values[index];
        for level in levels {
            let inner = map
                .entry(level.clone())
                .or_insert_with(|| json!({LEVEL: true}));
            let Value::Object(inner) = inner else {
                return;
            };
            map = inner;
        }
        map.insert(last.clone(), value);
    }
}

/// Images change with every release, so they always stand in the values.
fn has_image(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            map.contains_key("containerDefinitions")
                || map.contains_key("primaryContainer")
                || (map.contains_key("image") && map.contains_key("name"))
                || map.values().any(has_image)
        }
        Value::Array(items) => items.iter().any(has_image),
        _ => false,
    }
}

fn is_named(list: &Value) -> bool {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().all(|item| item["name"].is_string())
}

fn same_names(one: &Value, other: &Value) -> bool {
    let names = |list: &Value| -> Vec<Value> {
        list.as_array()
            .into_iter()
            .flatten()
            .map(|item| item["name"].clone())
            .collect()
    };
    names(one) == names(other)
}

/// A name as values can have it: letters and digits, the first small.
fn word(name: &str) -> String {
    let mut word = String::new();
    let mut is_next = false;
    for c in name.chars() {
        match c.is_ascii_alphanumeric() || c == '_' {
            true if is_next && !word.is_empty() => word.push(c.to_ascii_uppercase()),
            true => word.push(c),
            false => {
                is_next = true;
                continue;
            }
        }
        is_next = false;
    }
    match word.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("n{word}"),
        false => small(&word),
    }
}

fn small(name: &str) -> String {
    let name = name.replace('-', "");
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "it".to_owned(),
    }
}

fn path_of(place: &[String]) -> String {
    format!(".Values.{}", place.join("."))
}

/// A node as lines of YAML, those of a map or list indented by `depth`.
fn write(node: &Node, depth: usize, text: &mut String) {
    let indent = " ".repeat(depth);
    match node {
        Node::Same(value) => lines(value, depth, text),
        Node::Members(members) => {
            for (name, node, presence) in members {
                if let Presence::Where(place) = presence {
                    let path = path_of(place);
                    text.push_str(&format!(
                        "{indent}{{{{- if not (kindIs \"invalid\" {path}) }}}}\n"
                    ));
                }
                text.push_str(&format!("{indent}{}:", key(name)));
                value(node, depth + 2, text);
                if matches!(presence, Presence::Where(_)) {
                    text.push_str(&format!("{indent}{{{{- end }}}}\n"));
                }
            }
        }
        Node::Items(items) => {
            for item in items {
                let mut inner = String::new();
                write(item, depth + 2, &mut inner);
                text.push_str(&format!("{indent}-\n{inner}"));
            }
        }
        Node::Differs(place) => {
            text.push_str(&format!("{indent}{{{{ toJson {} }}}}\n", path_of(place)))
        }
    }
}

/// What stands behind `key:`.
fn value(node: &Node, depth: usize, text: &mut String) {
    match node {
        Node::Same(value) if is_short(value) => {
            text.push(' ');
            text.push_str(&scalar(value));
            text.push('\n');
        }
        Node::Differs(place) => text.push_str(&format!(" {{{{ toJson {} }}}}\n", path_of(place))),
        node => {
            text.push('\n');
            write(node, depth, text);
        }
    }
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

/// A scalar as JSON, which is YAML, too; nothing in it is a template.
fn scalar(value: &Value) -> String {
    let written = value.to_string().replace("{{", "{{ \"{{\" }}");
    let mut parts = written.split(ASKED);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(ANSWERED).unwrap_or((part, ""));
        text.push_str(&format!(
            "{{{{ required \"say references.{name} in the values\" (index .Values \"references\" \"{name}\") }}}}"
        ));
        text.push_str(rest);
    }
    text
}

fn key(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&name.to_lowercase().as_str());
    match is_plain {
        true => name.to_owned(),
        false => scalar(&Value::from(name)),
    }
}

fn lines(value: &Value, depth: usize, text: &mut String) {
    let indent = " ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, inner) in map {
                text.push_str(&format!("{indent}{}:", key(name)));
                if is_short(inner) {
                    text.push_str(&format!(" {}\n", scalar(inner)));
                } else {
                    text.push('\n');
                    lines(inner, depth + 2, text);
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                if is_short(item) {
                    text.push_str(&format!("{indent}- {}\n", scalar(item)));
                } else {
                    text.push_str(&format!("{indent}-\n"));
                    lines(item, depth + 2, text);
                }
            }
        }
        other => text.push_str(&format!("{indent}{}\n", scalar(other))),
    }
}

/// Values as a file of their own, where nothing is a template.
pub(super) fn block(value: &Value) -> String {
    let mut text = String::new();
    lines(&unmarked(value), 0, &mut text);
    text.replace("{{ \"{{\" }}", "{{")
}

fn unmarked(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.iter().filter(|(name, _)| *name != LEVEL);
            Value::Object(
                members
                    .map(|(name, value)| (name.clone(), unmarked(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}
