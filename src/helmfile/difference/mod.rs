//! Differences between manifests as the plugin helm-diff shows them: object by object, line by line
//! (helm-diff 3.15.11, as its documentation and its output tell).

mod form;
mod line;
mod manifest;
mod secret;
mod tree;

#[cfg(test)]
mod observed;

use std::collections::{BTreeMap, BTreeSet};

pub use form::Form;
pub use secret::Secrets;

use self::line::{Line, Side};
use self::manifest::{Object, Reading};
use crate::go::regexp::Regexp;

/// What is compared, and how it is shown. `Default` is helm-diff's.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The namespace of objects that name none.
    pub namespace: String,
    /// The form of the output.
    pub form: Form,
    /// Lines around those that differ; all where there is no number.
    pub context: Option<usize>,
    /// Kinds of which no lines are shown.
    pub suppress: Vec<String>,
    /// Lines that are not shown.
    pub suppress_lines: Vec<String>,
    /// How Secrets are shown.
    pub secrets: Secrets,
    /// Tests are compared, too.
    pub include_tests: bool,
    /// Carriage returns at line ends do not count.
    pub strip_trailing_cr: bool,
    /// The style of YAML does not count.
    pub normalize: bool,
    /// Objects that went and came with less than this part of lines that differ were renamed; 0 looks
    /// for none.
    pub find_renames: f32,
    /// Output is painted.
    pub painted: bool,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Add,
    Remove,
    Modify,
    /// All that differs is not shown.
    Suppressed,
}

/// What is shown of differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// All of it.
    pub text: String,
    /// What could not be shown.
    pub warnings: Vec<String>,
    /// Whether anything differs.
    pub differs: bool,
}

/// An object that differs.
struct Entry {
    key: String,
    kind: String,
    change: Change,
    lines: Vec<Line>,
    /// What it was, and what it will be.
    old: Option<String>,
    new: Option<String>,
}

/// Compares a manifest with what it would become.
///
/// # Errors
/// Manifests that are no YAML, and patterns that are none.
pub fn compare(old: &str, new: &str, look: &Look) -> Result<Shown, String> {
    let reading = Reading {
        namespace: &look.namespace,
        skips_tests: !look.include_tests,
        normalises: look.normalize,
    };
    let mut old = manifest::objects(old, reading)?;
    let mut new = manifest::objects(new, reading)?;
    let mut entries = Vec::new();
    for (key, before) in &old {
        if let Some(after) = new.get(key).filter(|after| after.text != before.text) {
            entries.extend(entry(key, Some(before), Some(after), look));
        }
    }
    let came = |key: &&String| !old.contains_key(*key);
    let mut came: BTreeSet<String> = new.keys().filter(came).cloned().collect();
    old.retain(|key, _| !new.contains_key(key));
    for (key, before) in &mut old {
        if let Some(renamed) = renamed(before, &mut new, &came, look) {
            came.remove(&renamed);
            entries.extend(entry(key, Some(before), new.get(&renamed), look));
        } else if !before.is_kept {
            entries.extend(entry(key, Some(before), None, look));
        }
    }
    for key in &came {
        entries.extend(entry(key, None, new.get(key), look));
    }
    suppress(&mut entries, &look.suppress_lines)?;
    Ok(look.form.write(&entries, look))
}

/// The object among those that came that an object which went was renamed to: the one with the smallest
/// part of lines that differ. As in the plugin, Secrets are covered before they are compared, and stay
/// so, whatever is found: to cover them again finds no base64 in them.
fn renamed(
    before: &mut Object,
    new: &mut BTreeMap<String, Object>,
    came: &BTreeSet<String>,
    look: &Look,
) -> Option<String> {
    if look.find_renames <= 0.0 {
        return None;
    }
    let mut best: Option<(f32, &String)> = None;
    for key in came {
        let Some(after) = new.get_mut(key).filter(|after| after.kind == before.kind) else {
            continue;
        };
        secret::cover(look.secrets, Some(before), Some(after));
        let lines = lines(Some(before), Some(after), look);
        let differing = lines.iter().filter(|line| line.side != Side::Both).count();
        #[expect(clippy::cast_precision_loss, reason = "numbers of lines are small")]
        let part = differing as f32 / lines.len().max(1) as f32;
        let is_best = best.is_none_or(|(smallest, _)| part < smallest);
        if part < look.find_renames && is_best {
            best = Some((part, key));
        }
    }
    best.map(|(_, key)| key.clone())
}

fn lines(old: Option<&Object>, new: Option<&Object>, look: &Look) -> Vec<Line> {
    let text = |object: Option<&Object>| {
        let text = object.map(|object| object.text.clone());
        let text = text.unwrap_or_default();
        match look.strip_trailing_cr {
            true => text.replace("\r\n", "\n"),
            false => text,
        }
    };
    line::compare(&text(old), &text(new))
}

fn entry(key: &str, old: Option<&Object>, new: Option<&Object>, look: &Look) -> Option<Entry> {
    let (mut old, mut new) = (old.cloned(), new.cloned());
    secret::cover(look.secrets, old.as_mut(), new.as_mut());
    let lines = lines(old.as_ref(), new.as_ref(), look);
    let change = match (&old, &new) {
        (None, _) => Change::Add,
        (_, None) => Change::Remove,
        _ => Change::Modify,
    };
    let kind = old.as_ref().or(new.as_ref())?.kind.clone();
    // There, what is not shown may differ.
    let is_unseen = look.form == Form::Structured && look.suppress.contains(&kind);
    let is_same = lines.iter().all(|line| line.side == Side::Both);
    if change == Change::Modify && is_same && !is_unseen {
        return None;
    }
    Some(Entry {
        key: key.to_owned(),
        kind,
        change,
        lines,
        old: old.map(|object| object.text),
        new: new.map(|object| object.text),
    })
}

/// Takes lines away that are not to be shown.
fn suppress(entries: &mut [Entry], patterns: &[String]) -> Result<(), String> {
    if patterns.is_empty() {
        return Ok(());
    }
    let patterns: Vec<Regexp> = patterns
        .iter()
        .map(|pattern| Regexp::compile(pattern).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    for entry in entries {
        entry
            .lines
            .retain(|line| !patterns.iter().any(|pattern| pattern.is_match(&line.text)));
        if entry.lines.iter().all(|line| line.side == Side::Both) {
            entry.lines.clear();
            if entry.change == Change::Modify {
                entry.change = Change::Suppressed;
            }
        }
    }
    Ok(())
}
