//! Differences field by field, as JSON (`--output structured`).

use std::collections::BTreeSet;

use super::form::parts;
use super::{Change, Entry, Look};
use crate::go::json;
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

/// The entries as a list in JSON, without those whose fields are the same. What cannot be compared is
/// named only, and a warning says why.
pub(super) fn write(entries: &[Entry], look: &Look) -> (String, Vec<String>) {
    let (mut all, mut warnings) = (Vec::new(), Vec::new());
    for entry in entries {
        match object(entry, look) {
            Ok(object) => all.extend(object),
            Err(error) => {
                all.push(map(&[
                    ("name", string(&entry.key)),
                    ("changeType", string(word(entry.change))),
                    ("resourceStatus", status(false, false)),
                ]));
                warnings.push(format!(
                    "Warning: failed to build structured entry for {} (kind: {}, changeType: {}): {error}\n",
                    entry.key,
                    entry.kind,
                    word(entry.change)
                ));
            }
        }
    }
    (list(&all) + "\n", warnings)
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Add => "ADD",
        Change::Remove => "REMOVE",
        Change::Modify | Change::Suppressed => "MODIFY",
    }
}

/// Nothing where no field differs.
fn object(entry: &Entry, look: &Look) -> Result<Option<String>, String> {
    let read = |text: &Option<String>, side: &str| match text {
        None => Ok(None),
        Some(text) => yaml::to_frozen(text.as_bytes()).map(Some).map_err(|error| {
            let message = error.message();
            let message = message
                .rsplit_once("JSON: ")
                .map_or(message, |(_, text)| text);
            format!("convert {side} manifest: {message}")
        }),
    };
    let (old, new) = (read(&entry.old, "old")?, read(&entry.new, "new")?);
    let Some(shown) = old.as_ref().or(new.as_ref()) else {
        return Ok(None);
    };
    let text = |path: &[&str]| {
        let found = path.iter().try_fold(shown, |value, key| value.get(key));
        let text = found.and_then(Frozen::as_text).cloned();
        text.unwrap_or_default()
    };
    let mut fields = vec![
        ("apiVersion", text(&["apiVersion"])),
        ("kind", text(&["kind"])),
        ("namespace", text(&["metadata", "namespace"])),
        ("name", text(&["metadata", "name"])),
    ];
    if fields[2].1.as_bytes().is_empty() {
        let [_, _, namespace, _] = parts(&entry.key).unwrap_or_default();
        fields[2].1 = Text::from(namespace);
    }
    fields.retain(|(_, text)| !text.as_bytes().is_empty());
    let mut fields: Vec<(&str, String)> = fields
        .into_iter()
        .map(|(key, text)| (key, value(&Frozen::String(text))))
        .collect();
    fields.push(("changeType", string(word(entry.change))));
    fields.push(("resourceStatus", status(old.is_some(), new.is_some())));
    if look.suppress.contains(&entry.kind) {
        fields.push(("changesSuppressed", "true".to_owned()));
    } else if let (Some(old), Some(new)) = (&old, &new) {
        let mut found = Vec::new();
        let empty = FrozenMap::new();
        let maps = [old, new].map(|side| side.as_map().unwrap_or(&empty));
        maps_differ(maps, "", &mut found)?;
        if found.is_empty() {
            return Ok(None);
        }
        fields.push(("changes", list(&found)));
    }
    Ok(Some(map(&fields)))
}

fn maps_differ(
    [old, new]: [&FrozenMap; 2],
    path: &str,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let keys: BTreeSet<&Text> = old.keys().chain(new.keys()).collect();
    let is_there = |value: &&Frozen| **value != Frozen::Null;
    for key in keys {
        let old = old.get(key).filter(is_there);
        let new = new.get(key).filter(is_there);
        if old == new {
            continue;
        }
        let name = key.to_str_lossy();
        let below = match (path, &*name) {
            (path, "") => path.to_owned(),
            ("", name) => name.to_owned(),
            (path, name) => format!("{path}.{name}"),
        };
        // What becomes a map or a list is told by what is in it.
        match new {
            Some(Frozen::Map(new)) => {
                let empty = FrozenMap::new();
                let old = old.and_then(Frozen::as_map).unwrap_or(&empty);
                maps_differ([old, new], &below, found)?;
            }
            Some(Frozen::List(new)) => {
                let old = old.and_then(Frozen::as_list).unwrap_or_default();
                lists_differ([old, new], &below, found)?;
            }
            _ => found.push(field(path, &name, old, new)),
        }
    }
    Ok(())
}

fn lists_differ(
    [old, new]: [&[Frozen]; 2],
    path: &str,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let is_there = |value: &&Frozen| **value != Frozen::Null;
    for at in 0..old.len().max(new.len()) {
        let (old, new) = (old.get(at).filter(is_there), new.get(at).filter(is_there));
        if old == new {
            continue;
        }
        let below = format!("{path}[{at}]");
        let are_maps = |list: &[Frozen]| list.iter().all(|item| matches!(item, Frozen::Map(_)));
        match (old, new) {
            (Some(Frozen::Map(old)), Some(Frozen::Map(new))) => {
                maps_differ([old, new], &below, found)?;
            }
            (Some(Frozen::List(old)), Some(Frozen::List(new)))
                if old.len() == new.len() && are_maps(old) && are_maps(new) =>
            {
                lists_differ([old, new], &below, found)?;
            }
            // The merge patches that the plugin makes of items cannot hold these.
            (Some(Frozen::List(_)), Some(Frozen::List(_)))
            | (
                Some(Frozen::Map(_)),
                Some(Frozen::Bool(_) | Frozen::Int(_) | Frozen::Float(_) | Frozen::String(_)),
            )
            | (
                Some(Frozen::Bool(_) | Frozen::Int(_) | Frozen::Float(_) | Frozen::String(_)),
                Some(Frozen::Map(_)),
            ) => {
                return Err("Invalid JSON Document".to_owned());
            }
            (Some(Frozen::List(_)), Some(_)) | (Some(_), Some(Frozen::List(_))) => {
                return Err("Mismatched JSON Documents".to_owned());
            }
            _ => found.push(field(path, &at.to_string(), old, new)),
        }
    }
    Ok(())
}

fn field(path: &str, name: &str, old: Option<&Frozen>, new: Option<&Frozen>) -> String {
    let change = match (old, new) {
        (None, _) => "add",
        (_, None) => "remove",
        _ => "replace",
    };
    let mut fields = Vec::new();
    for (key, text) in [("path", path), ("field", name)] {
        if !text.is_empty() {
            fields.push((key, string(text)));
        }
    }
    fields.push(("change", string(change)));
    fields.extend(old.map(|old| ("oldValue", value(old))));
    fields.extend(new.map(|new| ("newValue", value(new))));
    map(&fields)
}

fn status(old: bool, new: bool) -> String {
    map(&[
        ("oldExists", old.to_string()),
        ("newExists", new.to_string()),
    ])
}

fn string(text: &str) -> String {
    value(&Frozen::string(text))
}

fn value(value: &Frozen) -> String {
    let options = json::Options {
        indent: Some("  "),
        ..json::Options::default()
    };
    let mut out = Vec::new();
    // Numbers that JSON does not have are not in YAML that was read as JSON.
    if json::encode_frozen(value, &mut out, options).is_err() {
        return "null".to_owned();
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn map(fields: &[(&str, String)]) -> String {
    let lines = fields
        .iter()
        .map(|(key, value)| format!("\"{key}\": {value}"));
    wrapped('{', lines, '}')
}

fn list(items: &[String]) -> String {
    wrapped('[', items.iter().cloned(), ']')
}

/// Texts of several lines have no ends of lines but between their own parts, for JSON escapes others.
fn wrapped(open: char, parts: impl Iterator<Item = String>, close: char) -> String {
    let parts: Vec<String> = parts.map(|part| part.replace('\n', "\n  ")).collect();
    match parts.is_empty() {
        true => format!("{open}{close}"),
        false => format!("{open}\n  {}\n{close}", parts.join(",\n  ")),
    }
}
