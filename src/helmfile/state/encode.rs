//! Records as `build` writes them: fields in Go's order, what is empty left out.

use super::record::Record;
use super::shape::{STATE, Shape, Struct};
use crate::helmfile::data::{Data, Entries, encode};

/// A whole state as YAML.
///
/// # Errors
/// Go's text for what cannot be written.
pub(in crate::helmfile) fn write(state: &Record) -> Result<String, String> {
    let mut out = String::new();
    structure(&STATE, state, 0, &mut out)?;
    Ok(out)
}

/// Whether Go would leave a field out.
fn is_zero(shape: &Shape, value: Option<&Data>) -> bool {
    let Some(value) = value else {
        return true;
    };
    match shape {
        // A pointer that leads somewhere is written.
        Shape::Optional(_) => matches!(value, Data::Null),
        Shape::Struct(known) => {
            let record = Record::of(Some(value));
            let mut fields = known.fields.iter();
            fields.all(|field| is_zero(&field.shape, record.get(field.key)))
        }
        _ => value.is_empty(),
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// The lines of a struct; whether there were any.
fn structure(
    known: &'static Struct,
    record: &Record,
    depth: usize,
    out: &mut String,
) -> Result<bool, String> {
    let before = out.len();
    for field in known.fields {
        let value = record.get(field.key);
        if !field.always && is_zero(&field.shape, value) {
            continue;
        }
        indent(depth, out);
        out.push_str(field.key);
        out.push(':');
        below(&field.shape, value, depth, out)?;
    }
    Ok(out.len() > before)
}

/// What stands behind a key.
fn below(
    shape: &Shape,
    value: Option<&Data>,
    depth: usize,
    out: &mut String,
) -> Result<(), String> {
    match (shape, value) {
        (Shape::Optional(shape), value) => below(shape, value, depth, out),
        (Shape::Struct(known) | Shape::SubHelmfile(known), value) => {
            let mark = out.len();
            out.push('\n');
            if !structure(known, &Record::of(value), depth + 1, out)? {
                out.truncate(mark);
                out.push_str(" {}\n");
            }
            Ok(())
        }
        (Shape::Map(shape), Some(Data::Map(map))) if !map.is_empty() && is_structured(shape) => {
            out.push('\n');
            for (key, value) in ordered(map)? {
                indent(depth + 1, out);
                out.push_str(&key);
                out.push(':');
                below(shape, Some(value), depth + 1, out)?;
            }
            Ok(())
        }
        (Shape::List(shape), Some(Data::List(items)))
            if !items.is_empty() && is_structured(shape) =>
        {
            list(shape, items, depth, out)
        }
        (Shape::Inherits(known), Some(Data::List(items))) if !items.is_empty() => {
            list(&Shape::Struct(known), items, depth, out)
        }
        (shape, value) => {
            let value = match (shape, value) {
                (_, Some(value)) => value.clone(),
                (Shape::Text, None) => Data::string(""),
                (Shape::Bool, None) => Data::Bool(false),
                (Shape::Int, None) => Data::Int(0),
                (Shape::List(_), None) => Data::list(Vec::new()),
                (Shape::Map(_), None) => Data::map(Default::default()),
                (_, None) => Data::Null,
            };
            data(&value, depth, out)
        }
    }
}

/// The entries in the order in which yaml.v3 writes them, with their keys as it writes those.
fn ordered(map: &Entries) -> Result<Vec<(String, &Data)>, String> {
    let values: Vec<&Data> = map.values().collect();
    let numbered = map.keys().zip(0i64..);
    let numbered = numbered.map(|(key, at)| (key.clone(), Data::Int(at)));
    let text = encode(&Data::map(numbered.collect()))?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().filter_map(|line| {
        let (key, at) = line.rsplit_once(": ")?;
        let value = values.get(at.parse::<usize>().ok()?)?;
        Some((key.to_owned(), *value))
    });
    Ok(lines.collect())
}

fn is_structured(shape: &Shape) -> bool {
    matches!(shape, Shape::Struct(_) | Shape::SubHelmfile(_))
}

fn list(shape: &Shape, items: &[Data], depth: usize, out: &mut String) -> Result<(), String> {
    out.push('\n');
    for item in items {
        let (Shape::Struct(known) | Shape::SubHelmfile(known)) = shape else {
            continue;
        };
        let start = out.len();
        indent(depth + 1, out);
        out.push_str("- ");
        let at = out.len();
        if structure(known, &Record::of(Some(item)), depth + 2, out)? {
            // The first line stands behind the dash.
            out.replace_range(at..at + 2 * (depth + 2), "");
        } else {
            out.truncate(start);
            indent(depth + 1, out);
            out.push_str("- {}\n");
        }
    }
    Ok(())
}

/// Plain data behind a key.
fn data(value: &Data, depth: usize, out: &mut String) -> Result<(), String> {
    // Written below a key, so that the emitter knows where it stands.
    let mut holder = Entries::new();
    holder.insert("k".into(), value.clone());
    let text = encode(&Data::map(holder))?;
    let text = String::from_utf8_lossy(&text);
    let text = text.strip_prefix("k:").unwrap_or(&text);
    let mut lines = text.split_inclusive('\n');
    out.push_str(lines.next().unwrap_or_default());
    for line in lines {
        if line != "\n" {
            indent(depth, out);
        }
        out.push_str(line);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::decode::read_with_notes;
    use super::*;
    use crate::helmfile::data::Keys;

    #[test]
    fn fields_come_in_gos_order_and_lists_are_indented() {
        let text = "releases:\n- values: [{b: [1], a: \"x\\ny\\n\"}, f.yaml]\n  name: web\n  wait: false\n  inherit: [{template: t}]\n  hooks: [{events: [prepare]}]\n  labels: {\"y\": z}\nenvironments: {default: {}, p: {values: [a]}}\nhelmDefaults: {args: [--x]}\n";
        let state =
            read_with_notes(text.as_bytes(), Keys::Helmfile, &mut Vec::new()).expect("a state");
        let written = write(&state).expect("YAML");
        assert_eq!(
            written,
            "environments:\n  default: {}\n  p:\n    values:\n      - a\nhelmDefaults:\n  args:\n    - --x\n  verify: false\n  enableDNS: false\n  devel: false\n  wait: false\n  waitRetries: 0\n  waitForJobs: false\n  timeout: 0\n  recreatePods: false\n  force: false\n  atomic: false\n  rollbackOnFailure: false\n  forceConflicts: false\n  skipDeps: false\n  skipRefresh: false\n  reuseValues: false\nreleases:\n  - wait: false\n    hooks:\n      - name: \"\"\n        events:\n          - prepare\n        command: \"\"\n        args: []\n        showlogs: false\n    name: web\n    labels:\n      \"y\": z\n    values:\n      - a: |\n          x\n          y\n        b:\n          - 1\n      - f.yaml\n    inherit:\n      - template: t\ntemplates: {}\nrenderedvalues: {}\n"
        );
    }
}
