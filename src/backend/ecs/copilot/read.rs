//! Texts of manifests, as go-yaml 3 reads them for Copilot: `on` is a name and `yes` a text, and what is
//! wanted as a text keeps its spelling (`1.10`).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::yaml::node::{Kind, Node, Scalar};

/// How deep maps and lists may be in each other, aliases counted.
const DEPTH: usize = 100;
/// How many nodes there may be with all aliases followed.
const NODES: usize = 100_000;

/// Reads the manifest in a text; nothing where it is no YAML, or endless.
pub(in crate::backend::ecs) fn read(text: &[u8]) -> Option<Value> {
    let node = Node::read(text).ok()??;
    let mut reader = Reader::default();
    reader.learn(&node, 0);
    reader.value(node.content(), 0)
}

#[derive(Default)]
struct Reader<'n> {
    anchors: BTreeMap<&'n [u8], &'n Node>,
    seen: usize,
}

impl<'n> Reader<'n> {
    fn learn(&mut self, node: &'n Node, depth: usize) {
        if !node.anchor.is_empty() && node.kind != Kind::Alias {
            self.anchors.insert(&node.anchor, node);
        }
        if depth < DEPTH {
            node.children
                .iter()
                .for_each(|child| self.learn(child, depth + 1));
        }
    }

    fn value(&mut self, node: &'n Node, depth: usize) -> Option<Value> {
        self.seen += 1;
        if depth > DEPTH || self.seen > NODES {
            return None;
        }
        Some(match node.kind {
            Kind::Document => Value::Null,
            Kind::Alias => {
                let name = if node.value.is_empty() {
                    &node.anchor
                } else {
                    &node.value
                };
                let target = *self.anchors.get(&name[..])?;
                self.value(target, depth + 1)?
            }
            Kind::Sequence => {
                let items = node
                    .children
                    .iter()
                    .map(|child| self.value(child, depth + 1));
                Value::Array(items.collect::<Option<_>>()?)
            }
            Kind::Mapping => {
                let mut map = Map::new();
                let mut merged = Vec::new();
                for (key, value) in node.pairs() {
                    let value = self.value(value, depth + 1)?;
                    match &key.value[..] {
                        b"<<" if !key.is_tagged => merged.push(value),
                        name => {
                            map.insert(String::from_utf8_lossy(name).into_owned(), value);
                        }
                    }
                }
                for value in merged {
                    let all = match value {
                        Value::Array(items) => items,
                        one => vec![one],
                    };
                    for (name, value) in all.iter().filter_map(Value::as_object).flatten() {
                        map.entry(name.clone()).or_insert_with(|| value.clone());
                    }
                }
                Value::Object(map)
            }
            Kind::Scalar => scalar(node),
        })
    }
}

/// A scalar; a number whose spelling would be lost is a text.
fn scalar(node: &Node) -> Value {
    let text = String::from_utf8_lossy(&node.value).into_owned();
    let number = match node.scalar_value() {
        Scalar::Null => return Value::Null,
        Scalar::Bool(value) => return value.into(),
        Scalar::Int(value) => Value::from(value),
        Scalar::Uint(value) => Value::from(value),
        Scalar::Float(value) => Value::from(value),
        Scalar::Timestamp(_) => return text.into(),
        Scalar::Text(value) => return String::from_utf8_lossy(&value).into_owned().into(),
    };
    let written = number.to_string();
    match written == text {
        true => number,
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_read_as_copilot_reads_them() {
        let text = "on: {schedule: '@daily'}\nx: &x {A: yes, B: 1.10, C: 010, D: 1.5, E: 7, F: true, G: ~, H: '1'}\nvariables:\n  <<: *x\n  E: 8\nlist: [*x, 2026-01-02]\n";
        let found = read(text.as_bytes()).unwrap();
        assert_eq!(found["on"], json!({"schedule": "@daily"}));
        let want = json!({"E": 8, "A": "yes", "B": "1.10", "C": "010", "D": 1.5, "F": true, "G": null, "H": "1"});
        assert_eq!(found["variables"], want);
        assert_eq!(found["list"][0]["A"], "yes");
        assert_eq!(found["list"][1], "2026-01-02");
        assert_eq!(read(b"a: [\n"), None);
        assert_eq!(read(b"a: &a [*a]\n"), None);
    }
}
