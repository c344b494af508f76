//! What a scalar node stands for, as go.yaml.in/yaml/v3 3.0.4 resolves it into an `interface{}`.

use std::borrow::Cow;

use super::super::resolve::{Dialect, Resolved, resolve};
use super::super::token::Style;
use super::{Kind, Node};
use crate::go::base64;

/// The value of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// Nothing.
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint64`: what only fits unsigned.
    Uint(u64),
    /// `float64`
    Float(f64),
    /// A text that is a date or a time.
    Timestamp(&'a [u8]),
    /// `string`
    Text(Cow<'a, [u8]>),
}

impl Node {
    /// What the scalar stands for. A tag that is written decides where it can.
    pub fn scalar_value(&self) -> Scalar<'_> {
        let text = || Scalar::Text(Cow::Borrowed(&self.value[..]));
        if self.kind != Kind::Scalar {
            return Scalar::Null;
        }
        let is_plain = self.style == Style::Plain;
        match (&self.tag[..], self.is_tagged) {
            (b"!!str", _) => return text(),
            (b"!!binary", true) => {
                let packed: Vec<u8> = self
                    .value
                    .iter()
                    .copied()
                    .filter(|byte| !byte.is_ascii_whitespace())
                    .collect();
                return match base64::decode(&packed) {
                    Ok(bytes) => Scalar::Text(Cow::Owned(bytes)),
                    Err(_) => text(),
                };
            }
            (b"!!null" | b"!!bool" | b"!!int" | b"!!float" | b"!!timestamp" | b"!!merge", _) => {}
            // A tag of somebody's own says nothing about the value.
            (_, true) => {}
            _ if !is_plain => return text(),
            _ => {}
        }
        if !is_plain && !self.is_tagged {
            return text();
        }
        #[expect(clippy::cast_precision_loss, reason = "as Go's conversion")]
        match (resolve(&self.value, Dialect::V3), &self.tag[..]) {
            (Resolved::Int(n), b"!!float") => Scalar::Float(n as f64),
            (Resolved::Uint(n), b"!!float") => Scalar::Float(n as f64),
            (Resolved::Null, _) => Scalar::Null,
            (Resolved::Bool(value), _) => Scalar::Bool(value),
            (Resolved::Int(n), _) => Scalar::Int(n),
            (Resolved::Uint(n), _) => Scalar::Uint(n),
            (Resolved::Float(n), _) => Scalar::Float(n),
            (Resolved::Timestamp, _) => Scalar::Timestamp(&self.value),
            (Resolved::String, _) => text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        let node = Node::read(text.as_bytes()).unwrap().unwrap();
        format!("{:?}", node.content().scalar_value())
    }

    #[test]
    fn scalars_are_those_of_yaml_1_2_with_old_octals() {
        for (text, want) in [
            ("yes", "Text([121, 101, 115])"),
            ("true", "Bool(true)"),
            ("0755", "Int(493)"),
            ("0o17", "Int(15)"),
            ("0x1F", "Int(31)"),
            ("1e3", "Float(1000.0)"),
            ("12345678901234567890", "Uint(12345678901234567890)"),
            ("~", "Null"),
            ("'~'", "Text([126])"),
            ("!!str 5", "Text([53])"),
            ("!!int '5'", "Int(5)"),
            ("!!float 5", "Float(5.0)"),
            ("!!binary aGk=", "Text([104, 105])"),
            (
                "2020-01-01",
                "Timestamp([50, 48, 50, 48, 45, 48, 49, 45, 48, 49])",
            ),
        ] {
            assert_eq!(value(text), want, "{text}");
        }
    }

    #[test]
    fn documents_follow_each_other_up_to_the_first_that_cannot_be_read() {
        let (documents, error) = Node::read_all(b"a: 1\n---\nb: 2\n--- \n[c]\n");
        assert_eq!(documents.len(), 3);
        assert!(error.is_none());
        let (documents, error) = Node::read_all(b"a: 1\n---\nb: [\n");
        assert_eq!(documents.len(), 1);
        assert!(error.is_some());
        let (documents, error) = Node::read_all(b"# nothing\n");
        assert!(documents.is_empty() && error.is_none());
        let (documents, error) = Node::read_all(b"a: &x 1\n---\nb: *x\n");
        assert_eq!(documents.len(), 1);
        let message = error.map(|error| error.to_string());
        assert_eq!(
            message.as_deref(),
            Some("yaml: unknown anchor 'x' referenced")
        );
    }
}
