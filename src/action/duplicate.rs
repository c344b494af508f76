//! Documents for one and the same object. Helm applies both at once, and whichever comes last wins.

use std::collections::BTreeMap;

use crate::chart::Chart;
use crate::diag::{Error, Kind};
use crate::render::manifest::Document;
use crate::value::{Frozen, FrozenMap};
use crate::yaml;

/// An object, whatever the version it is written in: group, kind, namespace, name.
type Key = (String, String, String, String);

/// Whether each object is there once; those without a namespace go to `namespace`.
///
/// # Errors
/// Objects that are there more than once, each with the templates that make it.
pub(super) fn check(documents: &[Document], chart: &Chart, namespace: &str) -> Result<(), Error> {
    let mut suspects: BTreeMap<(&[u8], &[u8]), usize> = BTreeMap::new();
    for document in documents {
        *suspects
            .entry((&document.kind, &document.name))
            .or_default() += 1;
    }
    let has_lists = documents
        .iter()
        .any(|document| document.kind.ends_with(b"List"));
    let mut found: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (at, document) in documents.iter().enumerate() {
        let is_alone = suspects
            .get(&(&*document.kind, &*document.name))
            .is_none_or(|count| *count < 2);
        if is_alone && !has_lists {
            continue;
        }
        // What cannot be read is said by whoever builds objects of it.
        if let Ok(object) = yaml::to_object(&document.content) {
            collect(&object, namespace, &mut |key| {
                found.entry(key).or_default().push(at);
            });
        }
    }
    let twice: Vec<String> = found
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|((_, kind, namespace, name), places)| {
            let places: Vec<String> = places
                .into_iter()
                .map(|at| place(documents, at, chart))
                .collect();
            format!(
                "{kind} {name:?} in namespace {namespace:?} is there {} times: {}",
                places.len(),
                places.join(", ")
            )
        })
        .collect();
    if twice.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Manifest, twice.join("; ")).with_hint(
        "Nothing was changed. Whichever document came last would win: give the objects different names, or leave one of them out.",
    ))
}

/// Tells of an object, or of those in a list. Names that the server makes are always new ones.
fn collect(object: &Frozen, namespace: &str, tell: &mut impl FnMut(Key)) {
    let Frozen::Map(object) = object else {
        return;
    };
    let kind = text(object, "kind");
    if kind.ends_with("List")
        && let Some(Frozen::List(items)) = object.get(b"items".as_slice())
    {
        for item in items.iter() {
            collect(item, namespace, tell);
        }
        return;
    }
    let Some(Frozen::Map(metadata)) = object.get(b"metadata".as_slice()) else {
        return;
    };
    let (name, own) = (text(metadata, "name"), text(metadata, "namespace"));
    if name.is_empty() {
        return;
    }
    let api_version = text(object, "apiVersion");
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let namespace = match own.as_str() {
        "" => namespace.to_owned(),
        _ => own,
    };
    tell((group.to_owned(), kind, namespace, name));
}

fn text(map: &FrozenMap, name: &str) -> String {
    match map.get(name.as_bytes()) {
        Some(Frozen::String(text)) => text.to_str_lossy().into_owned(),
        _ => String::new(),
    }
}

/// The template of a document, with the line at which the document is written there, where that can be
/// told.
fn place(documents: &[Document], at: usize, chart: &Chart) -> String {
    let document = &documents[at];
    let path = document.path.to_str_lossy();
    let is_alike = |other: &&Document| other.path == document.path && other.kind == document.kind;
    let count = documents.iter().filter(is_alike).count();
    let before = documents[..at].iter().filter(is_alike).count();
    let lines = source(chart, &path).map(|source| lines(source, &document.kind));
    match lines.as_deref() {
        // As many as were made: it is one of them; else a loop or a condition makes them.
        Some(lines) if lines.len() == count => format!("{path}:{}", lines[before]),
        Some([first, ..]) => format!("{path}:{first}"),
        _ => path.into_owned(),
    }
}

/// The text of a template.
fn source<'a>(chart: &'a Chart, path: &str) -> Option<&'a [u8]> {
    chart.walk().into_iter().find_map(|(full_path, chart)| {
        let name = path.strip_prefix(&full_path)?.strip_prefix('/')?;
        let mut templates = chart.templates.iter();
        templates
            .find(|template| template.name == name)
            .map(|template| &*template.data)
    })
}

/// The lines at which documents of a kind say what they are.
fn lines(source: &[u8], kind: &[u8]) -> Vec<usize> {
    let says = |line: &[u8]| {
        let value = line.strip_prefix(b"kind:").map(<[u8]>::trim_ascii);
        value.is_some_and(|value| {
            let bare = value
                .strip_prefix(b"\"")
                .and_then(|it| it.strip_suffix(b"\""));
            bare.unwrap_or(value) == kind
        })
    };
    let numbered = (1..).zip(source.split(|byte| *byte == b'\n'));
    let found = numbered.filter(|(_, line)| says(line));
    found.map(|(number, _)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::File;
    use crate::diag::Notice;
    use crate::render::manifest;
    use crate::value::Text;

    #[test]
    fn objects_that_are_there_twice_are_named_with_their_templates() {
        const A: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        const LIST: &str = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n";
        let other = A.replace("{name: a}", "{name: a, namespace: other}");
        let own = A.replace("{name: a}", "{name: a, namespace: shop}");
        let secret = A.replace("ConfigMap", "Secret");
        let two = format!("# two\n{}---\n{A}", A.replace("name: a", "name: b"));
        let group = A.replace("apiVersion: v1", "apiVersion: example.com/v1");
        for (texts, want) in [
            (vec![A, &secret, &other, &group], None),
            (
                vec![A, A],
                Some(
                    "ConfigMap \"a\" in namespace \"shop\" is there 2 times: web/templates/0.yaml:2, web/templates/1.yaml:2",
                ),
            ),
            (
                vec![&own, &two],
                Some(
                    "ConfigMap \"a\" in namespace \"shop\" is there 2 times: web/templates/0.yaml:2, web/templates/1.yaml:7",
                ),
            ),
            (
                vec![A, LIST],
                Some(
                    "ConfigMap \"a\" in namespace \"shop\" is there 2 times: web/templates/0.yaml:2, web/templates/1.yaml:2",
                ),
            ),
        ] {
            let files = texts.iter().enumerate().map(|(at, text)| {
                let path = Text::from(format!("web/templates/{at}.yaml"));
                (path, Text::from(text.to_string()))
            });
            let files = files.collect();
            let mut notices: Vec<Notice> = Vec::new();
            let Ok(rendered) = manifest::assemble(&files, &mut notices) else {
                panic!("{texts:?}");
            };
            let mut chart = Chart::default();
            chart.metadata.name = "web".to_owned();
            for (at, text) in texts.iter().enumerate() {
                chart.templates.push(File {
                    name: format!("templates/{at}.yaml"),
                    data: Text::from(text.to_string()),
                    modified: None,
                });
            }
            let got = check(&rendered.documents, &chart, "shop");
            assert_eq!(got.err().map(|error| error.to_string()).as_deref(), want);
        }
    }
}
