//! `replacements`

use serde_json::{Map, Value};

use super::super::field;
use super::super::folder::Folder;
use super::super::gather::Gathered;
use super::super::id::Id;
use super::super::part::{File, Part};
use super::super::resource::{Resource, scalar_text};
use super::super::selector::{FIELDS, Marks, exact};
use crate::diag::Error;
use crate::go::regexp::Regexp;
use crate::yaml::node::Node;

/// A value that is copied.
pub(super) struct Replacement {
    source: Source,
    targets: Vec<Target>,
}

enum Source {
    Value(String),
    Field {
        object: Id,
        path: String,
        options: Options,
    },
}

struct Target {
    select: Choice,
    reject: Vec<Choice>,
    paths: Vec<String>,
    options: Options,
}

struct Choice {
    id: Id,
    marks: Marks,
}

#[derive(Default)]
struct Options {
    delimiter: String,
    index: i64,
    create: bool,
}

/// An entry of `replacements`: one, or a file with one or several.
///
/// # Errors
/// Fields that there are not or of another type, files that cannot be read.
pub(super) fn read(part: &Part<'_>, folder: &Folder<'_>) -> Result<Vec<Replacement>, Error> {
    let path = part.text("path")?;
    if path.is_empty() {
        return Ok(vec![one(part)?]);
    }
    if part.get("source").is_some() || part.get("targets").is_some() {
        return Err(part.fail("cannot specify both path and inline replacement"));
    }
    let text = folder.read(&path).map_err(|why| part.fail(why))?;
    let mut file = File::read(&folder.path(&path), &text)?;
    if file.value.is_array() {
        let list = file.value.take();
        file.value = Value::Object(Map::from_iter([("replacements".to_owned(), list)]));
        return file.part().items("replacements")?.iter().map(one).collect();
    }
    Ok(vec![one(&file.part())?])
}

fn one(part: &Part<'_>) -> Result<Replacement, Error> {
    part.check(&["path", "source", "sourceValue", "targets"])?;
    let source = match (part.get("source"), part.get("sourceValue")) {
        (Some(_), Some(_)) => {
            return Err(part.fail("value and resource selectors are mutually exclusive"));
        }
        (Some(source), None) => {
            let mut known = vec!["apiVersion", "fieldPath", "options"];
            known.extend(FIELDS);
            source.check(&known)?;
            Source::Field {
                object: exact(&source)?,
                path: source.text("fieldPath")?,
                options: options(&source)?,
            }
        }
        (None, Some(value)) => Source::Value(value.as_text()?),
        (None, None) => {
            return Err(part.fail("replacements must specify a source and at least one target"));
        }
    };
    let mut targets = Vec::new();
    for target in part.items("targets")? {
        target.check(&["select", "reject", "fieldPaths", "options"])?;
        let Some(select) = target.get("select") else {
            return Err(target.fail("target must specify resources to select"));
        };
        let reject: Result<Vec<Choice>, Error> =
            target.items("reject")?.iter().map(choice).collect();
        targets.push(Target {
            select: choice(&select)?,
            reject: reject?,
            paths: target.texts("fieldPaths")?,
            options: options(&target)?,
        });
    }
    Ok(Replacement { source, targets })
}

fn choice(part: &Part<'_>) -> Result<Choice, Error> {
    let mut known = vec!["apiVersion"];
    known.extend(FIELDS);
    part.check(&known)?;
    Ok(Choice {
        id: exact(part)?,
        marks: Marks::read(part)?,
    })
}

fn options(part: &Part<'_>) -> Result<Options, Error> {
    let Some(part) = part.get("options") else {
        return Ok(Options::default());
    };
    part.check(&["delimiter", "index", "encoding", "create"])?;
    if let Some(encoding) = part.get("encoding") {
        return Err(encoding.unsupported("encoding is not supported, as kustomize ignores it"));
    }
    Ok(Options {
        delimiter: part.text("delimiter")?,
        index: part.number("index")?.unwrap_or_default(),
        create: part.flag("create")?,
    })
}

impl Choice {
    fn is_rejecting(&self, resource: &Resource, ids: &[Id]) -> bool {
        let by_marks = !self.marks.is_empty && self.marks.match_all(resource);
        let by_id = self.id != Id::default() && ids.iter().any(|id| id.is_selected_by(&self.id));
        by_marks || by_id
    }
}

impl Replacement {
    pub(super) fn run(&self, gathered: &mut Gathered) -> Result<(), String> {
        if self.targets.is_empty() {
            return Err("replacements must specify a source and at least one target".to_owned());
        }
        let value = self.value(gathered)?;
        for target in &self.targets {
            for resource in &mut gathered.resources {
                let ids = resource.ids();
                let is_meant = target.select.marks.match_all(resource)
                    && ids.iter().any(|id| id.is_selected_by(&target.select.id))
                    && !target
                        .reject
                        .iter()
                        .any(|it| it.is_rejecting(resource, &ids));
                if is_meant {
                    target.copy(&mut resource.value, &value)?;
                }
            }
        }
        Ok(())
    }

    fn value(&self, gathered: &Gathered) -> Result<Value, String> {
        let (object, path, options) = match &self.source {
            Source::Value(text) => return Ok(Value::from(text.as_str())),
            Source::Field {
                object,
                path,
                options,
            } => (object, path, options),
        };
        let mut found = gathered
            .resources
            .iter()
            .filter(|it| it.ids().iter().any(|id| id.is_selected_by(object)));
        let resource = match (found.next(), found.next()) {
            (Some(one), None) => one,
            (None, _) => return Err(format!("nothing selected by {object}")),
            _ => return Err(format!("multiple matches for selector {object}")),
        };
        let path = match path.as_str() {
            "" => "metadata.name",
            path => path,
        };
        let value = look_up(&resource.value, &parts(path))
            .filter(|value| !is_empty(value))
            .ok_or_else(|| {
                format!("fieldPath `{path}` is missing for replacement source {object}")
            })?;
        if options.delimiter.is_empty() {
            return Ok(value.clone());
        }
        let Some(text) = scalar_text(value) else {
            return Err("delimiter option can only be used with scalar nodes".to_owned());
        };
        let part = usize::try_from(options.index)
            .ok()
            .and_then(|at| text.split(&options.delimiter).nth(at));
        part.map(Value::from).ok_or_else(|| {
            format!(
                "options.index {} is out of bounds for value {text}",
                options.index
            )
        })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// The parts of a path with dots; what is in brackets is one part (`SmarterPathSplitter`).
pub(in super::super) fn parts(path: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open: Option<String> = None;
    for part in field::split(path, '.') {
        let whole = match open.take() {
            Some(before) => format!("{before}.{part}"),
            None => part,
        };
        if whole.starts_with('[') && !whole.ends_with(']') {
            open = Some(whole);
            continue;
        }
        let inner = whole
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        found.push(match inner {
            Some(inner) if !inner.contains('=') => inner.to_owned(),
            _ => whole,
        });
    }
    found.extend(open);
    found
}

/// The field and the value of `[field=value]`.
fn entry(part: &str) -> Option<(&str, &str)> {
    part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

/// What stands at the end of a path.
pub(in super::super) fn look_up<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    let mut place = value;
    for part in path {
        place = match (place, entry(part)) {
            (Value::Array(items), Some((name, wanted))) => items.iter().find(|item| {
                let own = match name {
                    "" => Some(*item),
                    name => item.get(name),
                };
                own.and_then(scalar_text).is_some_and(|own| own == wanted)
            })?,
            (Value::Array(items), None) if part == "-" => items.last()?,
            (Value::Array(items), None) => items.get(part.parse::<usize>().ok()?)?,
            (Value::Object(map), _) => map.get(part)?,
            _ => return None,
        };
    }
    Some(place)
}

impl Target {
    fn copy(&self, object: &mut Value, value: &Value) -> Result<(), String> {
        let name = ["metadata.name".to_owned()];
        let paths = match self.paths.as_slice() {
            [] => &name,
            paths => paths,
        };
        for path in paths {
            let mut count = 0;
            let found = self.visit(object, &parts(path), value, &mut count);
            let words = match self.options.create {
                true => "find or create",
                false => "find",
            };
            found.map_err(|why| {
                format!("unable to {words} field {path:?} in replacement target: {why}")
            })?;
            if count == 0 {
                return Err(format!(
                    "unable to {words} field {path:?} in replacement target"
                ));
            }
        }
        Ok(())
    }

    fn visit(
        &self,
        place: &mut Value,
        path: &[String],
        value: &Value,
        count: &mut usize,
    ) -> Result<(), String> {
        let Some((first, rest)) = path.split_first() else {
            *count += 1;
            return self.set(place, value);
        };
        // What is made depends on what comes next.
        let made = || match rest.first() {
            None => Value::Null,
            Some(next) if entry(next).is_some() || next.parse::<usize>().is_ok() || next == "*" => {
                Value::Array(Vec::new())
            }
            Some(_) => Value::Object(Map::new()),
        };
        if first == "*" {
            let Value::Array(items) = place else {
                return Err("there is no list for `*`".to_owned());
            };
            return items
                .iter_mut()
                .try_for_each(|item| self.visit(item, rest, value, count));
        }
        if let Some((name, wanted)) = entry(first) {
            let Value::Array(items) = place else {
                return Err(format!("there is no list for `{first}`"));
            };
            let pattern = Regexp::compile(wanted).map_err(|error| error.to_string())?;
            let is_it = |item: &Value| {
                let own = match name {
                    "" => Some(item),
                    name => item.get(name),
                };
                own.and_then(scalar_text)
                    .is_some_and(|own| pattern.is_match(own))
            };
            if self.options.create && !items.iter().any(is_it) {
                items.push(match name {
                    "" => Value::from(wanted),
                    name => Value::Object(Map::from_iter([(name.to_owned(), Value::from(wanted))])),
                });
            }
            return items
                .iter_mut()
                .filter(|item| is_it(item))
                .try_for_each(|item| self.visit(item, rest, value, count));
        }
        match place {
            Value::Array(items) => {
                let length = items.len();
                let Ok(at) = first.parse::<usize>() else {
                    return Err(format!("{first:?} is no index of a list"));
                };
                if at == length && self.options.create {
                    items.push(made());
                }
                let length = items.len();
                match items.get_mut(at) {
                    Some(item) => self.visit(item, rest, value, count),
                    None => Err(format!(
                        "index {at} specified but only {length} elements found"
                    )),
                }
            }
            Value::Object(map) => {
                if self.options.create && !map.contains_key(first) {
                    map.insert(first.clone(), made());
                }
                match map.get_mut(first) {
                    Some(inner) => self.visit(inner, rest, value, count),
                    None => Ok(()),
                }
            }
            Value::Null => Ok(()),
            _ => Err(format!("{first:?} is below a scalar")),
        }
    }

    fn set(&self, place: &mut Value, value: &Value) -> Result<(), String> {
        let mut value = value.clone();
        let delimiter = &self.options.delimiter;
        if !delimiter.is_empty() {
            let (Some(before), Some(text)) = (scalar_text(place), scalar_text(&value)) else {
                return Err("delimiter option can only be used with scalar nodes".to_owned());
            };
            let mut parts: Vec<&str> = before.split(delimiter.as_str()).collect();
            match usize::try_from(self.options.index) {
                Err(_) => parts.insert(0, &text),
                Ok(at) if at >= parts.len() => parts.push(&text),
                Ok(at) => parts[at] = &text,
            }
            value = Value::from(parts.join(delimiter));
        }
        *place = match (&*place, scalar_text(&value)) {
            (Value::String(_), Some(text)) => Value::String(text),
            (Value::Null | Value::Bool(_) | Value::Number(_), Some(text)) => plain(text),
            _ => value,
        };
        Ok(())
    }
}

/// A text as YAML reads it where it is not quoted.
fn plain(text: String) -> Value {
    let read = Node::read(text.as_bytes()).ok().flatten();
    match read.map(|node| node.content().data()) {
        Some(Ok(value @ (Value::Bool(_) | Value::Number(_)))) => value,
        _ => Value::String(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_keep_what_is_in_brackets() {
        for (path, want) in [
            ("a.b", vec!["a", "b"]),
            (
                "metadata.annotations.[a.b/c]",
                vec!["metadata", "annotations", "a.b/c"],
            ),
            (
                "spec.containers.[name=a.b].image",
                vec!["spec", "containers", "[name=a.b]", "image"],
            ),
            (r"data.a\.b", vec!["data", "a.b"]),
        ] {
            assert_eq!(parts(path), want, "{path}");
        }
        let object = json!({"a": [{"name": "x", "v": 1}, {"name": "y", "v": 2}]});
        assert_eq!(look_up(&object, &parts("a.[name=y].v")), Some(&json!(2)));
        assert_eq!(look_up(&object, &parts("a.0.v")), Some(&json!(1)));
        assert_eq!(look_up(&object, &parts("a.b")), None);
    }
}
