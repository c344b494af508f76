//! Rendered files to documents: split, check, sort, tell hooks from the rest.
//!
//! Behaviour of Helm 4.2.4, `pkg/release/v1/util` (`SplitManifests`, `SortManifests`,
//! `InstallOrder`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Error, Kind, Level, Notice};
use crate::go::strconv;
use crate::kubernetes::kind;
use crate::value::Text;
use crate::yaml;

/// One document of a rendered file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Path of the template it came from, with the chart's name in front.
    pub path: Text,
    /// The text, without the separator before it and blanks around that.
    pub content: Slice,
    /// `apiVersion`, empty where there is none.
    pub api_version: Text,
    /// `kind`, empty where there is none.
    pub kind: Text,
    /// `metadata.name`, empty where there is none.
    pub name: Text,
}

/// A hook: a document with the annotation `helm.sh/hook`.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The document.
    pub document: Document,
    /// When it runs: `pre-install`, ..., `test`.
    pub events: Vec<&'static str>,
    /// `helm.sh/hook-weight`; 0 where it is no number.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy`, trimmed and in lower case.
    pub delete_policies: Vec<String>,
    /// `helm.sh/hook-output-log-policy`, likewise.
    pub output_log_policies: Vec<String>,
}

impl Hook {
    /// Whether it runs on `helm test`.
    pub fn is_test(&self) -> bool {
        self.events.contains(&"test")
    }
}

/// A part of a rendered file, shared with the file.
#[derive(Clone, Debug)]
pub struct Slice {
    file: Text,
    range: Range<usize>,
}

impl Slice {
    /// The file, and which part of it this is.
    pub fn share(&self) -> (Arc<[u8]>, Range<usize>) {
        (self.file.share(), self.range.clone())
    }
}

impl std::ops::Deref for Slice {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.file[self.range.clone()]
    }
}

/// What a chart renders to.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Objects, in the order in which they are installed.
    pub documents: Vec<Document>,
    /// Hooks, ordered by kind.
    pub hooks: Vec<Hook>,
}

/// A failed [`assemble`]: the error, and the hooks found before it, in file order.
pub struct Unassembled {
    /// What is wrong, and with which file.
    pub error: Error,
    /// Hooks of the documents before the bad one.
    pub hooks: Vec<Hook>,
}

const EVENTS: [&str; 9] = [
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
];

/// Splits a text at its `---` lines. Empty documents are dropped, and each loses the white space
/// before its first word; what follows `---` on a line belongs to the next document.
pub fn split(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = text.len() - trim_start(text).len();
    // The separator stands at the start of a line, and the first line starts after the blanks.
    let mut line = start;
    let mut push = |from: usize, to: usize| {
        let document = &text[from..to];
        let trimmed = trim_start(document);
        if !trimmed.is_empty() {
            found.push(to - trimmed.len()..to);
        }
    };
    loop {
        if text[line..].starts_with(b"---") {
            push(start, line);
            start = line + 3;
            while matches!(text.get(start), Some(b' ' | b'\t')) {
                start += 1;
            }
        }
        match memchr::memchr(b'\n', &text[line.max(start)..]) {
            Some(at) => line = line.max(start) + at + 1,
            None => break,
        }
    }
    push(start, text.len());
    found
}

/// Sorts rendered files into objects and hooks.
///
/// `files` maps paths to texts; files named `_*` and blank ones are passed over. A document whose
/// `helm.sh/hook` names an unknown event is dropped with a notice, as Helm does.
///
/// # Errors
/// A document that is not YAML or not an object with a proper head, with Helm's
/// `YAML parse error on PATH: ...`.
pub fn assemble(
    files: &BTreeMap<Text, Text>,
    notices: &mut Vec<Notice>,
) -> Result<Manifest, Box<Unassembled>> {
    let mut manifest = Manifest::default();
    for (path, file) in files {
        let base = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        if base.starts_with(b"_") {
            continue;
        }
        for range in split(file) {
            let content = Slice {
                file: file.clone(),
                range,
            };
            let head = match yaml::head(&content) {
                Ok(head) => head,
                Err(error) => {
                    let message = format!("YAML parse error on {path}: {error}");
                    return Err(Box::new(Unassembled {
                        error: Error::new(Kind::Manifest, message),
                        hooks: manifest.hooks,
                    }));
                }
            };
            let metadata = head.metadata.unwrap_or_default();
            let document = Document {
                path: path.clone(),
                content,
                api_version: head.version,
                kind: head.kind,
                name: metadata.name,
            };
            let annotations = metadata.annotations.unwrap_or_default();
            let annotation = |name: &str| annotations.get(name.as_bytes()).map(Text::to_str_lossy);
            match annotation("helm.sh/hook") {
                None => manifest.documents.push(document),
                Some(types) => match hook_events(&types) {
                    Some(events) => manifest.hooks.push(Hook {
                        document,
                        events,
                        weight: weight(annotation("helm.sh/hook-weight")),
                        delete_policies: policies(annotation("helm.sh/hook-delete-policy")),
                        output_log_policies: policies(annotation("helm.sh/hook-output-log-policy")),
                    }),
                    None => notices.push(
                        Notice::new(Level::Info, "skipping unknown hooks").with("hookTypes", types),
                    ),
                },
            }
        }
    }
    manifest
        .documents
        .sort_by(|a, b| kind::compare_install(&a.kind, &b.kind));
    manifest
        .hooks
        .sort_by(|a, b| kind::compare_install(&a.document.kind, &b.document.kind));
    Ok(manifest)
}

fn hook_events(types: &str) -> Option<Vec<&'static str>> {
    types
        .split(',')
        .map(|event| {
            let event = event.trim().to_lowercase();
            let event = if event == "test-success" {
                "test"
            } else {
                &event
            };
            EVENTS.iter().copied().find(|known| *known == event)
        })
        .collect()
}

fn weight(text: Option<Cow<'_, str>>) -> i64 {
    text.and_then(|text| strconv::atoi(text.as_bytes()).ok())
        .unwrap_or(0)
}

fn policies(text: Option<Cow<'_, str>>) -> Vec<String> {
    text.map(|text| {
        text.split(',')
            .map(|policy| policy.trim().to_lowercase())
            .collect()
    })
    .unwrap_or_default()
}

/// What a document begins with, before the path of its template.
pub const SOURCE: &[u8] = b"---\n# Source: ";

/// Adds a document with where it came from.
pub fn write_document(text: &mut Vec<u8>, path: &[u8], content: &[u8]) {
    for part in [SOURCE, path, b"\n", content, b"\n"] {
        text.extend_from_slice(part);
    }
}

/// Go's `strings.TrimLeftFunc(text, unicode.IsSpace)`.
pub fn trim_start(mut text: &[u8]) -> &[u8] {
    loop {
        match text {
            [b' ' | b'\t'..=b'\r', rest @ ..] => text = rest,
            [0xC2 | 0xE1..=0xE3, ..] => match leading_space(text) {
                Some(length) => text = &text[length..],
                None => return text,
            },
            _ => return text,
        }
    }
}

/// Length of the white-space character beyond ASCII that a text starts with.
fn leading_space(text: &[u8]) -> Option<usize> {
    let head = &text[..text.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(valid) => valid,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    let first = valid.chars().next()?;
    first.is_whitespace().then(|| first.len_utf8())
}

/// Go's `strings.TrimSpace`.
pub fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

/// Go's `strings.TrimRightFunc(text, unicode.IsSpace)`.
pub fn trim_end(mut text: &[u8]) -> &[u8] {
    loop {
        match text {
            [rest @ .., b' ' | b'\t'..=b'\r'] => text = rest,
            [.., 0x80..=0xFF] => {
                let start = (1..=3)
                    .filter(|back| *back <= text.len())
                    .map(|back| text.len() - back)
                    .find(|at| text[*at] & 0xC0 != 0x80);
                match start {
                    Some(at) if leading_space(&text[at..]) == Some(text.len() - at) => {
                        text = &text[..at];
                    }
                    _ => return text,
                }
            }
            _ => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<&str> {
        split(text.as_bytes())
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn splits_at_lines_that_begin_with_three_dashes() {
        for (text, want) in [
            ("", vec![]),
            ("a: 1\n", vec!["a: 1\n"]),
            ("\n ---\na: 1\n---\nb: 2", vec!["a: 1\n", "b: 2"]),
            ("---apiVersion: v1\n", vec!["apiVersion: v1\n"]),
            ("--- # note\na: 1\n", vec!["# note\na: 1\n"]),
            ("a: 1\n---\n---\n\n--- \nb: 2\n", vec!["a: 1\n", "b: 2\n"]),
            ("a: |\n  ---\n  x\n", vec!["a: |\n  ---\n  x\n"]),
            ("------\nx", vec!["---\nx"]),
            ("a\r\n---\r\nb", vec!["a\r\n", "b"]),
            ("a\n---", vec!["a\n"]),
        ] {
            assert_eq!(documents(text), want, "{text:?}");
        }
    }

    #[test]
    fn trims_all_of_unicode_s_white_space() {
        assert_eq!(trim("\u{a0}\u{2003} x \u{85}\n".as_bytes()), b"x");
        assert_eq!(trim(b"\xc2 x \xff"), b"\xc2 x \xff");
    }

    #[test]
    fn hook_types_are_known_or_the_document_goes() {
        assert_eq!(
            hook_events(" Pre-Install, test-success"),
            Some(vec!["pre-install", "test"])
        );
        assert_eq!(hook_events("pre-install,crd-install"), None);
    }
}
