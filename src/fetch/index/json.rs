//! JSON with members in the order of Go's structs.

use super::encode::moment;
use super::{Index, Version};
use crate::chart::{Dependency, Maintainer, Metadata};
use crate::go::json;

/// A JSON object on its way.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl Object<'_> {
    fn new(out: &mut Vec<u8>) -> Object<'_> {
        out.push(b'{');
        Object {
            out,
            is_empty: true,
        }
    }

    fn member(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        text(key, self.out);
        self.out.push(b':');
        write(self.out);
        self
    }

    /// A text, where there is one.
    fn text(&mut self, key: &str, value: &str) -> &mut Self {
        if !value.is_empty() {
            self.member(key, |out| text(value, out));
        }
        self
    }

    fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        if value {
            self.member(key, |out| out.extend_from_slice(b"true"));
        }
        self
    }

    /// A list, where it is not empty.
    fn list<T>(&mut self, key: &str, items: &[T], write: impl Fn(&T, &mut Vec<u8>)) -> &mut Self {
        if !items.is_empty() {
            self.member(key, |out| list(items, out, write));
        }
        self
    }

    fn end(&mut self) {
        self.out.push(b'}');
    }
}

fn text(value: &str, out: &mut Vec<u8>) {
    json::write_string(value.as_bytes(), out, true);
}

#[expect(clippy::ptr_arg, reason = "an item of a list of texts")]
fn string(value: &String, out: &mut Vec<u8>) {
    text(value, out);
}

fn list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

fn metadata<'o, 'a>(object: &'o mut Object<'a>, data: &Metadata) -> &'o mut Object<'a> {
    object
        .text("name", &data.name)
        .text("home", &data.home)
        .list("sources", &data.sources, string)
        .text("version", &data.version)
        .text("description", &data.description)
        .list("keywords", &data.keywords, string)
        .list("maintainers", &data.maintainers, maintainer)
        .text("icon", &data.icon)
        .text("apiVersion", &data.api_version)
        .text("condition", &data.condition)
        .text("tags", &data.tags)
        .text("appVersion", &data.app_version)
        .flag("deprecated", data.deprecated);
    if let Some(map) = data.annotations.as_ref().filter(|map| !map.is_empty()) {
        object.member("annotations", |out| string_map(map, out));
    }
    object
        .text("kubeVersion", &data.kube_version)
        .list("dependencies", &data.dependencies, dependency)
        .text("type", &data.chart_type)
}

/// A chart's metadata, as registries keep it (`json.Marshal` of `chart.Metadata`).
pub fn metadata_json(data: &Metadata, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    metadata(&mut object, data);
    object.end();
}

fn string_map(map: &std::collections::BTreeMap<String, String>, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    for (key, value) in map {
        object.member(key, |out| text(value, out));
    }
    object.end();
}

fn maintainer(one: &Maintainer, out: &mut Vec<u8>) {
    Object::new(out)
        .text("name", &one.name)
        .text("email", &one.email)
        .text("url", &one.url)
        .end();
}

fn dependency(one: &Dependency, out: &mut Vec<u8>) {
    let value = |value: &crate::value::Frozen, out: &mut Vec<u8>| {
        // What was read from YAML always has a JSON form.
        let _ = json::encode_frozen(value, out, json::Options::default());
    };
    Object::new(out)
        .member("name", |out| text(&one.name, out))
        .text("version", &one.version)
        .member("repository", |out| text(&one.repository, out))
        .text("condition", &one.condition)
        .list("tags", &one.tags, string)
        .flag("enabled", one.enabled)
        .list("import-values", &one.import_values, value)
        .text("alias", &one.alias)
        .end();
}

/// Dependencies as `json.Marshal` writes them; nothing is `null`.
pub fn dependencies(items: Option<&[Dependency]>, out: &mut Vec<u8>) {
    match items {
        Some(items) => list(items, out, dependency),
        None => out.extend_from_slice(b"null"),
    }
}

fn version(one: &Version, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    metadata(&mut object, &one.metadata)
        .member("urls", |out| match one.urls.is_empty() {
            true => out.extend_from_slice(b"null"),
            false => list(&one.urls, out, string),
        })
        .member("created", |out| text(&moment(&one.created), out))
        .flag("removed", one.removed)
        .text("digest", &one.digest);
    for (key, value) in one.old_fields() {
        object.text(key, value);
    }
    object.end();
}

impl Index {
    /// The index as `json.MarshalIndent` writes it.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut object = Object::new(&mut out);
        if let Some(info) = &self.server_info {
            object.member("serverInfo", |out| {
                let _ = json::encode_frozen(info, out, json::Options::default());
            });
        }
        object
            .member("apiVersion", |out| text(&self.api_version, out))
            .member("generated", |out| text(&moment(&self.generated), out))
            .member("entries", |out| {
                let mut entries = Object::new(out);
                for (name, versions) in &self.entries {
                    entries.member(name, |out| list(versions, out, version));
                }
                entries.end();
            })
            .list("publicKeys", &self.public_keys, string);
        if let Some(map) = self.annotations.as_ref().filter(|map| !map.is_empty()) {
            object.member("annotations", |out| string_map(map, out));
        }
        object.end();
        indent(&out)
    }
}

/// Spreads compact JSON over lines (`json.Indent`), two spaces a level.
fn indent(compact: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(compact.len() * 2);
    let mut depth = 0;
    let mut in_text = false;
    let mut escaped = false;
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', 2 * depth));
    };
    for (at, &byte) in compact.iter().enumerate() {
        if in_text {
            out.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                if !matches!(compact.get(at + 1), Some(b'}' | b']')) {
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth -= 1;
                if !matches!(compact.get(at.wrapping_sub(1)), Some(b'{' | b'[')) {
                    line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                in_text = byte == b'"';
                out.push(byte);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spread_as_in_go() {
        for (compact, want) in [
            ("{}", "{}"),
            (r#"{"a":[]}"#, "{\n  \"a\": []\n}"),
            (
                r#"{"a":[1,"{,\"}"]}"#,
                "{\n  \"a\": [\n    1,\n    \"{,\\\"}\"\n  ]\n}",
            ),
        ] {
            let text = indent(compact.as_bytes());
            assert_eq!(String::from_utf8(text).unwrap(), want);
        }
    }
}
