//! What a failing template was about: where the values that its expression names were set.

use crate::chart::Chart;
use crate::chart::schema::Invalid;
use crate::chart::values::{self, Layers};
use crate::diag::{Error, Frame};
use crate::value::{FrozenMap, Path, Segment};

/// Values spoken of in one error.
const MOST: usize = 3;

/// Adds to `error` where the values concerned were set, as hints. `values` are what
/// [`values::coalesce`] made of `chart` and `layers`.
pub(super) fn failure(error: Error, chart: &Chart, layers: &Layers, values: &FrozenMap) -> Error {
    let Some(frame) = error.trail().last() else {
        return error;
    };
    let scope = scope(frame.source.name());
    let mut named: Vec<Path> = Vec::new();
    for text in [expression(frame), line(frame)] {
        for path in paths(&text) {
            if !named.contains(&path) {
                named.push(path);
            }
        }
        if !named.is_empty() {
            break;
        }
    }
    if named.is_empty() {
        return error;
    }
    let origins = values::trace(chart, layers, values);
    let mut error = error;
    for path in named.into_iter().take(MOST) {
        let full = Path(scope.0.iter().chain(&path.0).cloned().collect());
        let depth = known(values, &full).saturating_sub(scope.0.len());
        let hint = if depth == path.0.len() {
            let set = origins.below(&full).next();
            set.map(|(_, origin)| format!(".Values.{path} was set by {origin}"))
        } else {
            let there = Path(path.0[..depth].to_vec());
            let missing = Path(path.0[..=depth].to_vec());
            let full = Path(scope.0.iter().chain(&there.0).cloned().collect());
            let set = origins.below(&full).next().filter(|_| depth > 0);
            Some(match set {
                Some((_, origin)) => {
                    format!(".Values.{missing} is not set; .Values.{there} was set by {origin}")
                }
                None => format!(".Values.{missing} is not set"),
            })
        };
        if let Some(hint) = hint {
            error = error.with_hint(hint);
        }
    }
    error
}

/// The report on values that do not fit their schemas, with where they were set as hints.
pub(super) fn schema(
    invalid: Invalid,
    chart: &Chart,
    layers: &Layers,
    values: &FrozenMap,
) -> Error {
    let mut hints: Vec<String> = Vec::new();
    let origins = values::trace(chart, layers, values);
    for place in invalid.places().iter().filter(|place| !place.0.is_empty()) {
        // What was set may be the place itself or all of it that is there.
        if let Some((_, origin)) = origins.below(place).next() {
            let hint = format!(".Values.{place} was set by {origin}");
            if !hints.contains(&hint) && hints.len() < MOST {
                hints.push(hint);
            }
        }
    }
    hints.into_iter().fold(invalid.into(), Error::with_hint)
}

/// The way to the values that a template of this name sees: `root/charts/sub/templates/x` sees
/// those below `sub`.
fn scope(template: &str) -> Path {
    let mut path = Path::default();
    let mut parts = template.split('/').skip(1);
    while parts.next() == Some("charts") {
        match parts.next() {
            Some(chart) => path = path.key(chart),
            None => break,
        }
    }
    path
}

fn expression(frame: &Frame) -> String {
    let bytes = frame.source.bytes();
    let end = frame.span.end.min(bytes.len());
    let start = frame.span.start.min(end);
    String::from_utf8_lossy(&bytes[start..end]).into_owned()
}

fn line(frame: &Frame) -> String {
    let place = frame.source.place(frame.span.start);
    let line = frame.source.line(place.line).unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}

/// The paths behind `.Values` in an expression.
fn paths(text: &str) -> Vec<Path> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for part in text.split(".Values").skip(1) {
        let mut path = Path::default();
        let mut rest = part;
        while let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
            if end == 0 {
                break;
            }
            path = path.key(&after[..end]);
            rest = &after[end..];
        }
        if !path.0.is_empty() {
            found.push(path);
        }
    }
    found
}

/// How many steps of `path` there are, nulls not counted.
fn known(values: &FrozenMap, path: &Path) -> usize {
    let mut steps = path.0.iter();
    let Some(Segment::Key(first)) = steps.next() else {
        return 0;
    };
    let mut depth = 0;
    let mut value = values.get(first);
    while let Some(found) = value {
        if *found == crate::value::Frozen::Null {
            break;
        }
        depth += 1;
        value = match steps.next() {
            Some(Segment::Key(key)) => found.get(key),
            _ => break,
        };
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_out_of_expressions() {
        let shown =
            |text: &str| -> Vec<String> { paths(text).iter().map(ToString::to_string).collect() };
        assert_eq!(shown("index .Values.a.b 1 | quote"), ["a.b"]);
        assert_eq!(shown("eq $.Values.a_b .Values.c.d.e"), ["a_b", "c.d.e"]);
        assert!(shown(".Values | toYaml").is_empty());
        assert!(shown(".Release.Name").is_empty());
    }

    #[test]
    fn templates_of_subcharts_see_their_own_values() {
        for (template, want) in [
            ("root/templates/a.yaml", ""),
            ("root/charts/sub/templates/a.yaml", "sub"),
            ("root/charts/sub/charts/leaf/templates/x/a.yaml", "sub.leaf"),
            ("charts", ""),
        ] {
            assert_eq!(scope(template).to_string(), want, "{template}");
        }
    }
}
