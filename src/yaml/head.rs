//! The few fields that Helm reads of a manifest, without the rest.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Error;
use super::decode::{mismatch, to_json};
use super::input::Input;
use super::outline;
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

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Field {
    #[default]
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
    if let Some(head) = outline::head(&input) {
        return Ok(Some(head));
    }
    let mut parser = Parser::new(&input);
    if matches!(parser.next()?.kind, EventKind::StreamEnd) {
        return Ok(Some(Head::default()));
    }
    let mut fields = Fields::default();
    let mut stack: Vec<Slot> = Vec::with_capacity(32);
    loop {
        let event = parser.next()?;
        let known = match &event.kind {
            EventKind::Scalar(scalar, properties) if properties.is_empty() => {
                match stack.last_mut() {
                    Some(slot @ Slot::Key) => {
                        *slot = Slot::Value;
                        fields.key(scalar)
                    }
                    Some(slot) => {
                        if *slot == Slot::Value {
                            *slot = Slot::Key;
                        }
                        fields.value(scalar)
                    }
                    None => None,
                }
            }
            EventKind::SequenceStart(properties) | EventKind::MappingStart(properties)
                if properties.is_empty() =>
            {
                let mapping = matches!(event.kind, EventKind::MappingStart(_));
                let fits = match stack.last_mut() {
                    Some(Slot::Key) => None,
                    Some(slot @ Slot::Value) => {
                        *slot = Slot::Key;
                        fields.open(mapping)
                    }
                    _ => fields.open(mapping),
                };
                stack.push(if mapping { Slot::Key } else { Slot::List });
                fits
            }
            EventKind::SequenceEnd | EventKind::MappingEnd => {
                stack.pop();
                fields.close();
                Some(())
            }
            EventKind::DocumentEnd | EventKind::DocumentStart | EventKind::StreamEnd => {
                return Ok(Some(fields.head));
            }
            _ => None,
        };
        if known.is_none() {
            return Ok(None);
        }
    }
}

/// Picks the fields of a head out of what comes by. All answers are `None` where the document needs
/// a closer look.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) head: Head,
    /// How many collections are open.
    depth: usize,
    seen: [bool; 6],
    /// The field whose value is being read, at the top and below `metadata`.
    top: Field,
    below: Field,
    annotation: Text,
}

impl Fields {
    /// A key of the innermost map.
    pub(super) fn key(&mut self, scalar: &Scalar<'_>) -> Option<()> {
        if !is_usual(scalar, true) {
            return None;
        }
        let names: &[(&str, Field)] = match self.depth {
            1 => &TOP,
            2 if self.top == Field::Metadata => &META,
            3 if self.below == Field::Annotations => {
                let Some(Cow::Borrowed(name)) = text_of(scalar) else {
                    return None;
                };
                self.annotation = Text::from(name);
                return Some(());
            }
            _ => return Some(()),
        };
        let field = match_field(scalar, names)?;
        if field != Field::Other && std::mem::replace(&mut self.seen[field as usize], true) {
            return None;
        }
        if self.depth == 1 {
            self.top = field;
            self.below = Field::Other;
        } else {
            self.below = field;
        }
        Some(())
    }

    /// The field that a scalar here is the value of.
    fn field(&self) -> Field {
        match self.depth {
            1 => self.top,
            2 if self.top == Field::Metadata => self.below,
            3 if self.below == Field::Annotations => Field::Annotations,
            _ => Field::Other,
        }
    }

    /// Whether a scalar here will be kept.
    pub(super) fn wants_value(&self) -> bool {
        self.field() != Field::Other
    }

    /// A scalar that is no key.
    pub(super) fn value(&mut self, scalar: &Scalar<'_>) -> Option<()> {
        if self.depth == 0 || !is_usual(scalar, false) {
            return None;
        }
        let field = self.field();
        let metadata = self.head.metadata.as_mut();
        match field {
            Field::Other => {}
            Field::Version => self.head.version = coerced(scalar),
            Field::Kind => self.head.kind = coerced(scalar),
            Field::Name => metadata?.name = coerced(scalar),
            Field::Annotations if self.depth == 3 => {
                let annotation = std::mem::take(&mut self.annotation);
                let annotations = metadata?.annotations.as_mut()?;
                annotations.insert(annotation, coerced(scalar));
            }
            Field::Metadata | Field::Annotations => {
                if !is_null(scalar) {
                    return None;
                }
            }
        }
        Some(())
    }

    /// A collection starts. Where a field of ours has a value of the wrong kind, the slow way says
    /// so.
    pub(super) fn open(&mut self, mapping: bool) -> Option<()> {
        let fits = match (self.depth, self.top, self.below) {
            (0, _, _) => mapping,
            (1, Field::Other, _) => true,
            (1, Field::Metadata, _) => {
                self.head.metadata = Some(Metadata::default());
                mapping
            }
            (1, _, _) => false,
            (2, Field::Metadata, Field::Other) => true,
            (2, Field::Metadata, Field::Annotations) => {
                self.head.metadata.as_mut()?.annotations = Some(BTreeMap::new());
                mapping
            }
            (2, Field::Metadata, _) => false,
            (3, _, below) => below != Field::Annotations,
            (depth, _, _) => depth < raw::MAX_JSON_DEPTH,
        };
        self.depth += 1;
        fits.then_some(())
    }

    /// The innermost collection ends.
    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        match self.depth {
            1 => (self.top, self.below) = (Field::Other, Field::Other),
            2 => self.below = Field::Other,
            _ => {}
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

pub(super) fn thorough(text: &[u8]) -> Result<Head, Error> {
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
