//! Values files: their bytes go in, one map comes out (`pkg/chart/loader`, Helm 4.2.4).

use std::borrow::Cow;

use super::merge_maps;
use crate::diag::{Error, Frame, Kind, Source, Span};
use crate::value::FrozenMap;
use crate::yaml;

/// Reads a values file: all its documents, later ones over earlier ones (`loader.LoadValues`).
///
/// # Errors
/// Helm's text, and where it went wrong.
pub(in crate::chart) fn load(text: &[u8]) -> Result<FrozenMap, Unreadable> {
    let mut values = FrozenMap::new();
    for part in split(text) {
        let (start, part) = part.map_err(|error| Unreadable {
            message: format!("error reading yaml document: {error}"),
            span: None,
        })?;
        let map = yaml::to_map(&part).map_err(|error| Unreadable {
            message: format!("cannot unmarshal yaml document: {error}"),
            span: error.span().map(|span| Span {
                start: start + span.start,
                end: start + span.end,
            }),
        })?;
        merge_maps(&mut values, map);
    }
    Ok(values)
}

/// Why a text holds no values.
pub(in crate::chart) struct Unreadable {
    message: String,
    span: Option<Span>,
}

impl Unreadable {
    /// Helm's text alone.
    pub(super) fn into_message(self) -> String {
        self.message
    }

    /// The error about the file `source`: Helm's text behind `context`, and the place.
    pub(in crate::chart) fn into_error(self, context: &str, source: &Source) -> Error {
        let error = Error::new(Kind::Values, format!("{context}: {}", self.message));
        match self.span {
            Some(span) => error.with_frame(Frame {
                template: String::new(),
                source: source.clone(),
                span,
            }),
            None => error,
        }
    }
}

/// Where a document starts, and its text.
type Part<'a> = (usize, Cow<'a, [u8]>);

/// The documents of a text, cut at lines that start with `---`, each with its place in the text
/// (`k8s.io/apimachinery/pkg/util/yaml.YAMLReader`).
pub(super) fn split(text: &[u8]) -> Vec<Result<Part<'_>, String>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length + 1);
        if let Some(rest) = text[at..end].strip_prefix(b"---") {
            let rest = String::from_utf8_lossy(rest);
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                parts.push(Err(format!("invalid Yaml document separator: {rest}")));
                return parts;
            }
            // The first of several is part of its document.
            if at > start {
                parts.push(Ok((start, Cow::Borrowed(&text[start..at]))));
                start = end;
            }
        }
        at = end;
    }
    if start < text.len() {
        let rest = &text[start..];
        // Go's reader ends every line, which block scalars show.
        let rest = match rest.ends_with(b"\n") {
            true => Cow::Borrowed(rest),
            false => Cow::Owned([rest, b"\n"].concat()),
        };
        parts.push(Ok((start, rest)));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cut_as_kubernetes_does() {
        for (text, want) in [
            ("", vec![]),
            ("a: 1", vec!["a: 1\n"]),
            ("a: 1\n---\nb: 2\n", vec!["a: 1\n", "b: 2\n"]),
            ("---\na: 1\n--- # x\nb: 2", vec!["---\na: 1\n", "b: 2\n"]),
            ("---\n---\na: 1\n", vec!["---\n", "a: 1\n"]),
            ("a: 1\n---", vec!["a: 1\n"]),
            ("a: |\n  ---\n", vec!["a: |\n  ---\n"]),
            (
                "a: 1\n--- x\n",
                vec!["! invalid Yaml document separator: x"],
            ),
        ] {
            let found: Vec<String> = split(text.as_bytes())
                .into_iter()
                .map(|part| match part {
                    Ok((_, part)) => String::from_utf8_lossy(&part).into_owned(),
                    Err(error) => format!("! {error}"),
                })
                .collect();
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            assert_eq!(found, want, "{text:?}");
        }
    }
}
