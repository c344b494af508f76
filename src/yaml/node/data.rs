//! Nodes as data (`yaml.Node.Decode` into `interface{}`, go.yaml.in/yaml/v3 3.0.4, and from there to
//! JSON).

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::super::resolve::{Dialect, Resolved, resolve};
use super::{Kind, Node};

/// How many nodes aliases may stand for: as many as a document of some size has.
const MOST: usize = 10_000_000;

impl Node {
    /// The node as JSON: aliases stand for what they refer to, `<<` is merged.
    ///
    /// # Errors
    /// Keys that are no scalars, unknown anchors, aliases that stand for too much.
    pub fn data(&self) -> Result<Value, String> {
        let mut anchors = HashMap::new();
        collect(self, &mut anchors);
        let mut reader = Reader {
            anchors,
            made: 0,
            open: Vec::new(),
        };
        reader.value(self)
    }
}

fn collect<'n>(node: &'n Node, anchors: &mut HashMap<&'n [u8], &'n Node>) {
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        if !node.anchor.is_empty() {
            anchors.insert(&node.anchor, node);
        }
        pending.extend(node.children.iter());
    }
}

struct Reader<'n> {
    anchors: HashMap<&'n [u8], &'n Node>,
    made: usize,
    /// Aliases that are being followed.
    open: Vec<&'n [u8]>,
}

impl<'n> Reader<'n> {
    fn value(&mut self, node: &'n Node) -> Result<Value, String> {
        self.made += 1;
        if self.made > MOST {
            return Err("yaml: document contains excessive aliasing".to_owned());
        }
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || match node.kind {
            Kind::Document => match node.children.first() {
                Some(content) => self.value(content),
                None => Ok(Value::Null),
            },
            Kind::Scalar => Ok(scalar(node)),
            Kind::Sequence => {
                let items: Result<Vec<Value>, String> =
                    node.children.iter().map(|item| self.value(item)).collect();
                items.map(Value::Array)
            }
            Kind::Mapping => self.map(node).map(Value::Object),
            Kind::Alias => self.alias(node),
        })
    }

    fn alias(&mut self, node: &'n Node) -> Result<Value, String> {
        let name = node.value.as_slice();
        let shown = String::from_utf8_lossy(name);
        let Some(target) = self.anchors.get(name).copied() else {
            return Err(format!("yaml: unknown anchor '{shown}' referenced"));
        };
        if self.open.contains(&name) {
            return Err(format!("yaml: anchor '{shown}' value contains itself"));
        }
        self.open.push(name);
        let value = self.value(target);
        self.open.pop();
        value
    }

    fn map(&mut self, node: &'n Node) -> Result<Map<String, Value>, String> {
        let mut map = Map::new();
        let mut merged = Vec::new();
        for (key, value) in node.pairs() {
            let is_merge = key.kind == Kind::Scalar
                && key.value == b"<<"
                && !key.is_tagged
                && key.tag == b"!!merge".as_slice()
                || key.kind == Kind::Scalar && key.value == b"<<" && key.tag.is_empty();
            if is_merge {
                merged.push(self.value(value)?);
                continue;
            }
            let key = match key.kind {
                Kind::Scalar => String::from_utf8_lossy(&key.value).into_owned(),
                Kind::Alias => match self.alias(key)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                },
                _ => {
                    let line = key.line;
                    return Err(format!("yaml: line {line}: a key is no scalar"));
                }
            };
            let value = self.value(value)?;
            map.insert(key, value);
        }
        for value in merged {
            let parts = match value {
                Value::Array(parts) => parts,
                one => vec![one],
            };
            for part in parts {
                let Value::Object(part) = part else {
                    return Err(
                        "yaml: map merge requires map or sequence of maps as the value".to_owned(),
                    );
                };
                for (key, value) in part {
                    map.entry(key).or_insert(value);
                }
            }
        }
        Ok(map)
    }
}

fn scalar(node: &Node) -> Value {
    let text = || Value::from(String::from_utf8_lossy(&node.value).into_owned());
    let float = |number: f64| Number::from_f64(number).map_or_else(text, Value::Number);
    match node.tag.as_slice() {
        b"!!null" => Value::Null,
        b"!!bool" | b"!!int" | b"!!float" => match resolve(&node.value, Dialect::V3) {
            Resolved::Bool(it) => Value::Bool(it),
            Resolved::Int(number) => Value::from(number),
            Resolved::Uint(number) => Value::from(number),
            // Go writes a whole number without its point.
            Resolved::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Value::from(number as i64)
            }
            Resolved::Float(number) => float(number),
            Resolved::Null | Resolved::Timestamp | Resolved::String => text(),
        },
        b"!!timestamp" => match std::str::from_utf8(&node.value).ok().and_then(time) {
            Some(time) => Value::from(time),
            None => text(),
        },
        _ => text(),
    }
}

/// A date as Go's `time.Time` writes itself as JSON.
fn time(text: &str) -> Option<String> {
    let number = |text: &str| text.parse::<u32>().ok();
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim_start()),
        None => (text, "0:0:0"),
    };
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (date.next()?, number(date.next()?)?, number(date.next()?)?);
    let zone_at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = (rest[..zone_at].trim_end(), &rest[zone_at..]);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.splitn(3, ':');
    let (hour, minute, second) = (
        number(clock.next()?)?,
        number(clock.next()?)?,
        number(clock.next()?)?,
    );
    let fraction = match fraction.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    let zone = match zone {
        "" | "Z" | "+00:00" | "-00:00" => "Z",
        zone => zone,
    };
    Some(format!(
        "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nodes_become_json() {
        for (text, want) in [
            (
                "a: yes\nb: true\nc: 010\nd: 1.5\ne: 1.0\n",
                json!({"a": "yes", "b": true, "c": 8, "d": 1.5, "e": 1}),
            ),
            (
                "a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\n",
                json!({"a": {"b": 1}, "c": {"b": 1}, "d": {"e": 2, "b": 1}}),
            ),
            (
                "a: \"1\"\nb: ~\nc: |\n  x\n",
                json!({"a": "1", "b": null, "c": "x\n"}),
            ),
            (
                "a: 2024-1-2\nb: 2024-01-02 3:4:5.60\nc: 2024-01-02T03:04:05+01:00\n",
                json!({"a": "2024-01-02T00:00:00Z", "b": "2024-01-02T03:04:05.6Z", "c": "2024-01-02T03:04:05+01:00"}),
            ),
            ("1: a\ntrue: b\n", json!({"1": "a", "true": "b"})),
        ] {
            let node = Node::read(text.as_bytes())
                .expect("yaml")
                .expect("a document");
            assert_eq!(node.data(), Ok(want), "{text}");
        }
        let node = Node::read(b"a: &a [*a]\n")
            .expect("yaml")
            .expect("a document");
        assert_eq!(
            node.data(),
            Err("yaml: anchor 'a' value contains itself".to_owned())
        );
    }
}
