//! Parts of a configuration file, with the words for what is wrong in it and where.

use serde_json::Value;

use crate::diag::{Error, Kind, Source};
use crate::value::Frozen;
use crate::yaml::{self, NodeId, NodeKind, Tree};

/// A file that says what to do.
pub(super) struct File {
    pub(super) source: Source,
    pub(super) value: Value,
}

/// A part of a file.
#[derive(Clone)]
pub(super) struct Part<'f> {
    file: &'f File,
    pub(super) value: &'f Value,
    path: Vec<Step<'f>>,
}

#[derive(Clone, Copy)]
enum Step<'f> {
    Key(&'f str),
    Item(usize),
}

impl File {
    /// Reads a text as sigs.k8s.io/yaml does, which is what kustomize reads its own files by.
    ///
    /// # Errors
    /// What is no YAML.
    pub(super) fn read(name: &str, text: &[u8]) -> Result<File, Error> {
        let source = Source::new(name, text);
        let value = yaml::to_frozen(text).map_err(|error| {
            Error::new(
                Kind::Manifest,
                format!("{name}: invalid Kustomization: {error}"),
            )
        })?;
        Ok(File {
            source,
            value: json(&value),
        })
    }

    pub(super) fn part(&self) -> Part<'_> {
        Part {
            file: self,
            value: &self.value,
            path: Vec::new(),
        }
    }
}

/// Data as JSON, whole numbers as such.
pub(super) fn json(value: &Frozen) -> Value {
    match value {
        Frozen::Null => Value::Null,
        Frozen::Bool(it) => Value::Bool(*it),
        Frozen::Int(number) => Value::from(*number),
        Frozen::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Value::from(*number as i64)
        }
        Frozen::Float(number) => Value::from(*number),
        Frozen::String(text) => Value::from(text.to_string()),
        Frozen::List(items) => Value::Array(items.iter().map(json).collect()),
        Frozen::Map(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.to_string(), json(value)))
                .collect(),
        ),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

impl<'f> Part<'f> {
    /// An error about this part, with its place.
    pub(super) fn fail(&self, message: impl std::fmt::Display) -> Error {
        self.refuse(Kind::Manifest, message)
    }

    /// As [`Part::fail`], for what is not supported.
    pub(super) fn unsupported(&self, message: impl std::fmt::Display) -> Error {
        self.refuse(Kind::Unsupported, message)
    }

    fn refuse(&self, kind: Kind, message: impl std::fmt::Display) -> Error {
        Error::new(kind, format!("{}: {message}", self.place()))
    }

    /// `file:line:column`
    pub(super) fn place(&self) -> String {
        let source = &self.file.source;
        let offset = yaml::parse(source)
            .ok()
            .and_then(|tree| locate(&tree, &self.path))
            .unwrap_or_default();
        let place = source.place(offset);
        format!("{}:{}:{}", source.name(), place.line, place.column)
    }

    /// Fields as a path, for messages.
    fn name(&self) -> String {
        let mut name = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) if name.is_empty() => name.push_str(key),
                Step::Key(key) => {
                    name.push('.');
                    name.push_str(key);
                }
                Step::Item(at) => name.push_str(&format!("[{at}]")),
            }
        }
        name
    }

    /// Keys of a map; an error where it is none.
    fn entries(&self) -> Result<impl Iterator<Item = (&'f String, &'f Value)> + use<'f>, Error> {
        let map = match self.value {
            Value::Object(map) => Some(map),
            Value::Null => None,
            other => {
                let name = self.name();
                return Err(self.fail(format!("{name} is {}, but has to be a map", kind(other))));
            }
        };
        Ok(map.into_iter().flatten())
    }

    /// Whether all fields are of those that there are.
    ///
    /// # Errors
    /// The first that is not, by its name and place.
    pub(super) fn check(&self, known: &[&str]) -> Result<(), Error> {
        for (key, _) in self.entries()? {
            if known.iter().any(|name| name.eq_ignore_ascii_case(key)) {
                continue;
            }
            let mut part = self.clone();
            part.path.push(Step::Key(key));
            return Err(part
                .fail(format!("unknown field {key:?}"))
                .with_hint(format!("There are: {}.", known.join(", "))));
        }
        Ok(())
    }

    /// A field, where it is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<Part<'f>> {
        let map = self.value.as_object()?;
        let (key, value) = map
            .get_key_value(name)
            .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))?;
        if value.is_null() {
            return None;
        }
        let mut path = self.path.clone();
        path.push(Step::Key(key));
        Some(Part {
            file: self.file,
            value,
            path,
        })
    }

    /// The items of a list; none where it is not there.
    ///
    /// # Errors
    /// What is no list.
    pub(super) fn items(&self, name: &str) -> Result<Vec<Part<'f>>, Error> {
        match self.get(name) {
            Some(list) => list.list(),
            None => Ok(Vec::new()),
        }
    }

    /// Its own items.
    fn list(&self) -> Result<Vec<Part<'f>>, Error> {
        let Value::Array(items) = self.value else {
            let name = self.name();
            return Err(self.fail(format!(
                "{name} is {}, but has to be a list",
                kind(self.value)
            )));
        };
        let item = |(at, value)| {
            let mut path = self.path.clone();
            path.push(Step::Item(at));
            Part {
                file: self.file,
                value,
                path,
            }
        };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// Its own text.
    ///
    /// # Errors
    /// What is no text.
    pub(super) fn as_text(&self) -> Result<String, Error> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            other => {
                let name = self.name();
                Err(self.fail(format!("{name} is {}, but has to be a text", kind(other))))
            }
        }
    }

    /// A text; nothing where it is not there.
    ///
    /// # Errors
    /// What is no text.
    pub(super) fn text(&self, name: &str) -> Result<String, Error> {
        match self.get(name) {
            Some(part) => part.as_text(),
            None => Ok(String::new()),
        }
    }

    /// A list of texts.
    ///
    /// # Errors
    /// What is no list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        self.items(name)?.iter().map(Part::as_text).collect()
    }

    /// A boolean; false where it is not there.
    ///
    /// # Errors
    /// What is no boolean.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Error> {
        let Some(part) = self.get(name) else {
            return Ok(false);
        };
        part.value.as_bool().ok_or_else(|| {
            let name = part.name();
            part.fail(format!(
                "{name} is {}, but has to be true or false",
                kind(part.value)
            ))
        })
    }

    /// A whole number.
    ///
    /// # Errors
    /// What is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Error> {
        let Some(part) = self.get(name) else {
            return Ok(None);
        };
        part.value.as_i64().map(Some).ok_or_else(|| {
            let name = part.name();
            part.fail(format!(
                "{name} is {}, but has to be a whole number",
                kind(part.value)
            ))
        })
    }

    /// A map of texts, sorted by its keys.
    ///
    /// # Errors
    /// Values that are no texts.
    pub(super) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, Error> {
        let Some(map) = self.get(name) else {
            return Ok(Vec::new());
        };
        let mut pairs = Vec::new();
        for (key, value) in map.entries()? {
            let mut part = map.clone();
            part.path.push(Step::Key(key));
            part.value = value;
            let text = match value {
                Value::Null => String::new(),
                _ => part.as_text()?,
            };
            pairs.push((key.clone(), text));
        }
        pairs.sort();
        Ok(pairs)
    }
}

/// Where a part stands.
fn locate(tree: &Tree, path: &[Step<'_>]) -> Option<usize> {
    let mut id: NodeId = tree.root()?;
    let mut start = tree.node(id).span.start;
    for step in path {
        while let NodeKind::Alias { target, .. } = &tree.node(id).kind {
            id = *target;
        }
        match (&tree.node(id).kind, step) {
            (NodeKind::Mapping(pairs), Step::Key(name)) => {
                let is_it = |id: &NodeId| matches!(&tree.node(*id).kind, NodeKind::Scalar { value, .. } if value.as_bytes() == name.as_bytes());
                let (key, value) = pairs.iter().find(|(key, _)| is_it(key))?;
                start = tree.node(*key).span.start;
                id = *value;
            }
            (NodeKind::Sequence(items), Step::Item(at)) => {
                id = *items.get(*at)?;
                start = tree.node(id).span.start;
            }
            _ => return Some(start),
        }
    }
    Some(start)
}
