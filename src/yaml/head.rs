//! The few fields that Helm reads of a manifest, without the rest.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Error;
use super::decode::{mismatch, to_json};
use super::input::Input;
use super::parse::{EventKind, Parser};
use super::raw::{self, Raw};
use super::resolve::{Dialect, Resolved, resolve};
use super::token::{Scalar, Style};
use super::tree::Tree;
use crate::go::strconv;
use crate::value::{Frozen, FrozenMap, Text};

/// What Helm reads of a rendered manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `apiVersion`
    pub version: Text,
    /// `kind`
    pub kind: Text,
    /// `metadata`, where it is there and not null.
    pub metadata: Option<Metadata>,
}

/// What Helm reads of a manifest's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `name`
    pub name: Text,
    /// `annotations`, where they are there and not null.
    pub annotations: Option<BTreeMap<Text, Text>>,
}

/// Reads the first document as `sigs.k8s.io/yaml` 1.6.0's `Unmarshal` does into Helm 4.2.4's
/// `util.SimpleHead`: numbers and booleans become strings where strings are wanted, and names of
/// fields match in any case.
///
/// # Errors
///
/// Go's text for whatever is wrong anywhere in the document, and for fields of the wrong type.
pub fn head(text: &[u8]) -> Result<Head, Error> {
    match quick(text) {
        Ok(Some(head)) => Ok(head),
        Ok(None) => thorough(text),
        Err(error) => Err(error.wrap("error converting YAML to JSON: ")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    List,
    Key,
    Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Other,
    Version,
    Kind,
    Metadata,
    Name,
    Annotations,
}

const TOP: [(&str, Field); 3] = [
    ("apiVersion", Field::Version),
    ("kind", Field::Kind),
    ("metadata", Field::Metadata),
];
const META: [(&str, Field); 2] = [("name", Field::Name), ("annotations", Field::Annotations)];

/// Reads a document that holds nothing unusual; `None` for the others.
fn quick(text: &[u8]) -> Result<Option<Head>, Error> {
    let input = Input::new(text);
    let mut parser = Parser::new(&input);
    let mut head = Head::default();
    if matches!(parser.next()?.kind, EventKind::StreamEnd) {
        return Ok(Some(head));
    }
    let mut stack: Vec<Slot> = Vec::with_capacity(32);
    let mut seen = [false; 6];
    // The field whose value is being read, at the top and below `metadata`.
    let mut top = Field::Other;
    let mut below = Field::Other;
    let mut annotation = Text::default();
    loop {
        let event = parser.next()?;
        match &event.kind {
            EventKind::Scalar(scalar, properties) => {
                if !properties.is_empty() {
                    return Ok(None);
                }
                let depth = stack.len();
                match stack.last_mut() {
                    Some(slot @ Slot::Key) => {
                        *slot = Slot::Value;
                        if !is_usual(scalar, true) {
                            return Ok(None);
                        }
                        let names: &[(&str, Field)] = match depth {
                            1 => &TOP,
                            2 if top == Field::Metadata => &META,
                            3 if below == Field::Annotations => {
                                let Some(Cow::Borrowed(name)) = text_of(scalar) else {
                                    return Ok(None);
                                };
                                annotation = Text::from(name);
                                continue;
                            }
                            _ => continue,
                        };
                        let Some(field) = match_field(scalar, names) else {
                            return Ok(None);
                        };
                        if field != Field::Other
                            && std::mem::replace(&mut seen[field as usize], true)
                        {
                            return Ok(None);
                        }
                        if depth == 1 {
                            top = field;
                            below = Field::Other;
                        } else {
                            below = field;
                        }
                    }
                    slot => {
                        if let Some(slot @ Slot::Value) = slot {
                            *slot = Slot::Key;
                        }
                        if !is_usual(scalar, false) {
                            return Ok(None);
                        }
                        let field = match depth {
                            0 => return Ok(None),
                            1 => top,
                            2 if top == Field::Metadata => below,
                            3 if below == Field::Annotations => {
                                let value = coerced(scalar);
                                if let Some(metadata) = &mut head.metadata
                                    && let Some(annotations) = &mut metadata.annotations
                                {
                                    annotations.insert(std::mem::take(&mut annotation), value);
                                }
                                continue;
                            }
                            _ => continue,
                        };
                        match field {
                            Field::Other => {}
                            Field::Version => head.version = coerced(scalar),
                            Field::Kind => head.kind = coerced(scalar),
                            Field::Name => {
                                if let Some(metadata) = &mut head.metadata {
                                    metadata.name = coerced(scalar);
                                }
                            }
                            Field::Metadata | Field::Annotations => {
                                if !is_null(scalar) {
                                    return Ok(None);
                                }
                            }
                        }
                    }
                }
            }
            EventKind::SequenceStart(properties) | EventKind::MappingStart(properties) => {
                let mapping = matches!(event.kind, EventKind::MappingStart(_));
                if !properties.is_empty() || stack.len() >= raw::MAX_JSON_DEPTH {
                    return Ok(None);
                }
                let depth = stack.len();
                match stack.last_mut() {
                    Some(Slot::Key) => return Ok(None),
                    Some(slot @ Slot::Value) => *slot = Slot::Key,
                    _ => {}
                }
                // Where a field of ours has a value of the wrong kind, the slow way says so.
                let fits = match depth {
                    0 => mapping,
                    1 => match top {
                        Field::Other => true,
                        Field::Metadata if mapping => {
                            head.metadata = Some(Metadata::default());
                            true
                        }
                        _ => false,
                    },
                    2 if top == Field::Metadata => match below {
                        Field::Other => true,
                        Field::Annotations if mapping => {
                            if let Some(metadata) = &mut head.metadata {
                                metadata.annotations = Some(BTreeMap::new());
                            }
                            true
                        }
                        _ => false,
                    },
                    3 => below != Field::Annotations,
                    _ => true,
                };
                if !fits {
                    return Ok(None);
                }
                stack.push(if mapping { Slot::Key } else { Slot::List });
            }
            EventKind::SequenceEnd | EventKind::MappingEnd => {
                stack.pop();
                match stack.len() {
                    1 => (top, below) = (Field::Other, Field::Other),
                    2 => below = Field::Other,
                    _ => {}
                }
            }
            EventKind::Alias(_) => return Ok(None),
            EventKind::DocumentEnd | EventKind::DocumentStart | EventKind::StreamEnd => {
                return Ok(Some(head));
            }
        }
    }
}

/// Whether the scalar may be passed over: a key that is text for sure, a value that JSON can hold.
#[inline]
fn is_usual(scalar: &Scalar<'_>, key: bool) -> bool {
    if scalar.style != Style::Plain {
        return true;
    }
    match scalar.raw.first() {
        None => !key,
        Some(b'.' | b'+' | b'-' | b'0'..=b'9') => match resolve(&scalar.value(), Dialect::V2) {
            Resolved::Float(n) => n.is_finite(),
            Resolved::Uint(_) => !key,
            _ => true,
        },
        Some(b'<' | b'~' | b'n' | b'N') if key => {
            !matches!(scalar.raw, b"<<" | b"~" | b"null" | b"Null" | b"NULL")
        }
        _ => true,
    }
}

fn text_of<'a>(scalar: &Scalar<'a>) -> Option<Cow<'a, [u8]>> {
    let text = scalar.value();
    if scalar.style == Style::Plain
        && !matches!(
            resolve(&text, Dialect::V2),
            Resolved::String | Resolved::Timestamp
        )
    {
        return None;
    }
    Some(text)
}

/// The field that a key names; `None` where it only does in another case or style.
#[inline]
fn match_field(scalar: &Scalar<'_>, names: &[(&str, Field)]) -> Option<Field> {
    if scalar.verbatim {
        for (name, field) in names {
            if scalar.raw == name.as_bytes() {
                return Some(*field);
            }
        }
    }
    let text = scalar.value();
    match names.iter().any(|(name, _)| folds(&text, name)) {
        true => None,
        false => Some(Field::Other),
    }
}

/// Whether encoding/json takes `key` for the field `name`: long s and the Kelvin sign are letters
/// to it.
fn folds(key: &[u8], name: &str) -> bool {
    let Ok(key) = std::str::from_utf8(key) else {
        return false;
    };
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    key.len() <= name.len() * 3 && key.chars().map(fold).eq(name.chars().map(fold))
}

fn is_null(scalar: &Scalar<'_>) -> bool {
    scalar.style == Style::Plain && resolve(&scalar.value(), Dialect::V2) == Resolved::Null
}

/// A scalar where a string is wanted.
fn coerced(scalar: &Scalar<'_>) -> Text {
    let text = scalar.value();
    let resolved = if scalar.style == Style::Plain {
        resolve(&text, Dialect::V2)
    } else {
        Resolved::String
    };
    match resolved {
        Resolved::Null => Text::default(),
        Resolved::Bool(true) => Text::from("true"),
        Resolved::Bool(false) => Text::from("false"),
        Resolved::Int(n) => Text::from(n.to_string()),
        Resolved::Uint(n) => Text::from(n.to_string()),
        Resolved::Float(n) => Text::from(strconv::format_float(n, b'g', None, 32)),
        Resolved::Timestamp | Resolved::String => Text::from(text.as_ref()),
    }
}

fn thorough(text: &[u8]) -> Result<Head, Error> {
    let context = |error: Error| error.wrap("error converting YAML to JSON: ");
    let tree = Tree::of(text).map_err(context)?;
    let mut decoded = raw::decode(&tree, false).map_err(context)?;
    coerce_fields(&mut decoded.value, &TOP);
    let value = to_json(decoded)?;
    let mut head = Head::default();
    let mut first = None;
    match &value {
        Frozen::Null => return Ok(head),
        Frozen::Map(map) => {
            let mut reader = Reader { first: &mut first };
            reader.head(map, &mut head);
        }
        other => return Err(mismatch(other, "value of type util.SimpleHead")),
    }
    match first {
        None => Ok(head),
        Some(error) => Err(error),
    }
}

/// Makes numbers and booleans strings where fields want strings.
fn coerce_fields(value: &mut Raw, names: &[(&str, Field)]) {
    let Raw::Map(pairs) = value else {
        return;
    };
    for (key, value) in pairs {
        let Raw::String(key) = key else {
            continue;
        };
        let Some((_, field)) = names.iter().find(|(name, _)| folds(key, name)) else {
            continue;
        };
        match (field, value) {
            (Field::Metadata, value) => coerce_fields(value, &META),
            (Field::Annotations, Raw::Map(pairs)) => {
                for (_, value) in pairs {
                    coerce(value);
                }
            }
            (Field::Annotations, _) => {}
            (_, value) => coerce(value),
        }
    }
}

fn coerce(value: &mut Raw) {
    *value = Raw::String(match value {
        Raw::Bool(true) => Text::from("true"),
        Raw::Bool(false) => Text::from("false"),
        Raw::Int(n) => Text::from(n.to_string()),
        Raw::Uint(n) => Text::from(n.to_string()),
        Raw::Float(n) => Text::from(strconv::format_float(*n, b'g', None, 32)),
        Raw::Null | Raw::String(_) | Raw::List(_) | Raw::Map(_) => return,
    });
}

/// Reads fields as encoding/json does: on, after a value of the wrong type, whose error is kept.
struct Reader<'e> {
    first: &'e mut Option<Error>,
}

impl Reader<'_> {
    fn head(&mut self, map: &FrozenMap, head: &mut Head) {
        for (key, value) in map {
            let Some((name, field)) = TOP.iter().find(|(name, _)| folds(key, name)) else {
                continue;
            };
            match field {
                Field::Version => self.string(value, &mut head.version, "SimpleHead", name),
                Field::Kind => self.string(value, &mut head.kind, "SimpleHead", name),
                _ => match value {
                    Frozen::Null => head.metadata = None,
                    Frozen::Map(map) => {
                        self.metadata(map, head.metadata.get_or_insert_default());
                    }
                    other => self.wrong(
                        other,
                        "SimpleHead",
                        name,
                        "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \
                         \"json:\\\"annotations\\\"\" }",
                    ),
                },
            }
        }
    }

    fn metadata(&mut self, map: &FrozenMap, metadata: &mut Metadata) {
        for (key, value) in map {
            let Some((name, field)) = META.iter().find(|(name, _)| folds(key, name)) else {
                continue;
            };
            if *field == Field::Name {
                self.string(value, &mut metadata.name, "", "metadata.name");
                continue;
            }
            match value {
                Frozen::Null => metadata.annotations = None,
                Frozen::Map(map) => {
                    let annotations = metadata.annotations.get_or_insert_default();
                    for (key, value) in &**map {
                        let mut text = Text::default();
                        self.string(value, &mut text, "", &format!("metadata.{name}"));
                        annotations.insert(key.clone(), text);
                    }
                }
                other => self.wrong(other, "", &format!("metadata.{name}"), "map[string]string"),
            }
        }
    }

    fn string(&mut self, value: &Frozen, text: &mut Text, owner: &str, name: &str) {
        match value {
            Frozen::String(value) => *text = value.clone(),
            Frozen::Null => {}
            other => self.wrong(other, owner, name, "string"),
        }
    }

    fn wrong(&mut self, value: &Frozen, owner: &str, name: &str, wanted: &str) {
        if self.first.is_none() {
            *self.first = Some(mismatch(
                value,
                &format!("struct field {owner}.{name} of type {wanted}"),
            ));
        }
    }
}
