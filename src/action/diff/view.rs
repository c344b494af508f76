//! One field, as people see it: short values in a line, long ones as lines that come and go.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::report::{Difference, Report, Subject};
use crate::backend::diff::{Cause, Field};
use crate::backend::{Fate, Missing, to_frozen};
use crate::yaml;

/// How much is shown.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// How many lines around those that differ.
    pub context: usize,
    /// How many letters of a line or value.
    pub width: usize,
    /// How many lines of one field.
    pub height: usize,
    /// Show each field as it was wanted, is, and will be.
    pub three_way: bool,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout {
            context: 3,
            width: 160,
            height: 400,
            three_way: false,
        }
    }
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Same,
    Add,
    Remove,
    /// Lines that are left out.
    Gap,
}

#[derive(Debug)]
pub(super) enum Body {
    Pair {
        before: Option<String>,
        after: Option<String>,
    },
    Lines(Vec<(Mark, String)>),
}

/// A field to show.
#[derive(Debug)]
pub(super) struct View {
    /// Empty for the object itself.
    pub(super) path: String,
    /// Who else has a part in it.
    pub(super) note: String,
    /// The moments one by one, where they are wanted.
    pub(super) moments: Vec<(&'static str, String)>,
    pub(super) body: Body,
}

impl View {
    pub(super) fn of(field: &Field, layout: &Layout) -> View {
        let (before, after) = (field.before.as_ref(), field.after.as_ref());
        let is_short = |value: Option<&Value>| {
            value.is_none_or(|value| match value {
                Value::String(text) => !text.trim_end_matches('\n').contains('\n'),
                Value::Object(members) => members.is_empty(),
                Value::Array(items) => items.is_empty(),
                _ => true,
            })
        };
        let body = if is_short(before) && is_short(after) {
            let (before, after) = (before.map(scalar), after.map(scalar));
            pair(before, after, layout.width)
        } else {
            Body::Lines(lines(before, after, layout))
        };
        let is_scalar = is_short(before) && is_short(after);
        let moments = match layout.three_way && !field.path.is_root() && is_scalar {
            true => moments(field, layout),
            false => Vec::new(),
        };
        View {
            path: field.path.to_string(),
            note: note(field, layout),
            moments,
            body,
        }
    }
}

/// Who has a part in a change besides the chart.
fn note(field: &Field, layout: &Layout) -> String {
    let who = field.manager.as_ref().map(|manager| match &*manager.time {
        "" => format!("by {}", manager.name),
        time => format!("by {} at {time}", manager.name),
    });
    let who = who.map(|who| format!(" {who}")).unwrap_or_default();
    let is_told = field.last == field.before || field.last == field.after;
    let last = match &field.last {
        _ if is_told || layout.three_way => String::new(),
        Some(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
            format!(
                ", was brought as {}",
                cut(&scalar(value), 0, layout.width / 2)
            )
        }
        _ => String::new(),
    };
    match field.cause {
        Cause::Chart => String::new(),
        Cause::Drift | Cause::Both => format!("changed{who}{last}"),
    }
}

fn moments(field: &Field, layout: &Layout) -> Vec<(&'static str, String)> {
    let moment = |name, value: Option<&Value>| {
        let text = value.map_or("(not set)".to_owned(), scalar);
        (name, cut(&text.replace('\n', "\\n"), 0, layout.width))
    };
    vec![
        moment("last", field.last.as_ref()),
        moment("live", field.before.as_ref()),
        moment("new", field.after.as_ref()),
    ]
}

/// A value in one line.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if text.starts_with("(masked ") => text.clone(),
        other => other.to_string(),
    }
}

/// Two short texts, cut around the place where they differ.
fn pair(before: Option<String>, after: Option<String>, width: usize) -> Body {
    let at = match (&before, &after) {
        (Some(before), Some(after)) => {
            let both = before.chars().zip(after.chars());
            both.take_while(|(a, b)| a == b).count()
        }
        _ => 0,
    };
    let cut = |text: String| cut(&text, at, width);
    Body::Pair {
        before: before.map(cut),
        after: after.map(cut),
    }
}

/// `width` letters of a text, among them the one at `at`, and how many there are.
fn cut(text: &str, at: usize, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let start = at.saturating_sub(width / 4);
    let kept: String = text.chars().skip(start).take(width).collect();
    let front = if start > 0 { "…" } else { "" };
    let back = if start + width < length { "…" } else { "" };
    format!("{front}{kept}{back} ({length} characters)")
}

/// The lines of both values that differ, and some around them.
fn lines(before: Option<&Value>, after: Option<&Value>, layout: &Layout) -> Vec<(Mark, String)> {
    let is_text = |value: Option<&Value>| value.is_none_or(Value::is_string);
    let text = match is_text(before) && is_text(after) {
        true => |value: &Value| value.as_str().unwrap_or_default().to_owned(),
        false => block,
    };
    let before = before.map(text).unwrap_or_default();
    let after = after.map(text).unwrap_or_default();
    let difference = TextDiff::from_lines(before.as_str(), after.as_str());
    let mut found = Vec::new();
    let mut end = 0;
    for group in difference.grouped_ops(layout.context) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        if start > end {
            found.push((Mark::Gap, unchanged(start - end)));
        }
        end = group.last().map_or(end, |op| op.old_range().end);
        for change in group.iter().flat_map(|op| difference.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Equal => Mark::Same,
                ChangeTag::Insert => Mark::Add,
                ChangeTag::Delete => Mark::Remove,
            };
            let line = change.value().trim_end_matches('\n');
            found.push((mark, cut(line, 0, layout.width)));
        }
    }
    let all = difference.old_len();
    if all > end && !found.is_empty() {
        found.push((Mark::Gap, unchanged(all - end)));
    }
    if found.len() > layout.height {
        let more = found.len() - layout.height;
        found.truncate(layout.height);
        found.push((Mark::Gap, format!("{more} more lines")));
    }
    found
}

fn unchanged(lines: usize) -> String {
    match lines {
        1 => "1 unchanged line".to_owned(),
        lines => format!("{lines} unchanged lines"),
    }
}

/// A value as YAML.
fn block(value: &Value) -> String {
    match yaml::encode_frozen(&to_frozen(value)) {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(_) => value.to_string(),
    }
}

/// `Deployment shop/web`
pub(super) fn title(difference: &Difference) -> String {
    difference.key.to_string()
}

/// What is said of an object besides its fields.
pub(super) fn remarks(difference: &Difference, subject: &Subject) -> Vec<String> {
    let mut remarks = Vec::new();
    match difference.missing {
        Some(Missing::Kind) => remarks.push(
            "its kind is not served yet: a definition of this chart brings it, so the server was not asked"
                .to_owned(),
        ),
        Some(Missing::Namespace) => remarks.push(format!(
            "namespace {:?} does not exist yet, so the server could not be asked",
            difference.key.namespace
        )),
        Some(Missing::DryRun) => remarks.push(
            "a webhook of the cluster takes no part in dry runs: this is what is wanted, and not what the server says"
                .to_owned(),
        ),
        None => {}
    }
    match (difference.fate, subject) {
        (Fate::Keep, _) => {
            remarks
                .push("stays, because its annotation helm.sh/resource-policy says so".to_owned());
        }
        (Fate::Delete, Subject::Drift { .. }) => remarks.push("is not there any more".to_owned()),
        _ => {}
    }
    if let Some(refusal) = &difference.refusal {
        remarks.push(format!("would be refused: {refusal}"));
    }
    if difference.is_hidden && difference.is_change() {
        remarks.push("its fields are not shown".to_owned());
    }
    remarks
}

/// One line that says what is compared.
pub(super) fn headline(report: &Report) -> String {
    let Report {
        release, namespace, ..
    } = report;
    let release = format!("Release {release} in namespace {namespace}");
    match &report.subject {
        Subject::Install { chart } => format!("{release}: new, from chart {chart}"),
        Subject::Upgrade { revision, from, to } if from == to => {
            format!("{release}: revision {revision} to chart {to}")
        }
        Subject::Upgrade { revision, from, to } => {
            format!("{release}: revision {revision} ({from}) to chart {to}")
        }
        Subject::Revisions { from, to } => format!("{release}: revision {from} to revision {to}"),
        Subject::Drift { revision } => {
            format!("{release}: revision {revision}, and what became of it")
        }
    }
}

/// One line that counts.
pub(super) fn summary(report: &Report) -> String {
    let words = |fate| match (fate, &report.subject) {
        (Fate::Create, Subject::Drift { .. }) => "added",
        (Fate::Change, Subject::Drift { .. }) => "changed",
        (Fate::Delete, Subject::Drift { .. }) => "gone",
        (Fate::Create, _) => "to create",
        (Fate::Change, _) => "to change",
        (Fate::Replace, _) => "to replace",
        (Fate::Delete, _) => "to delete",
        (Fate::Nothing | Fate::Keep, _) => "unchanged",
    };
    let counted = report.counts().into_iter().filter(|(_, count)| *count > 0);
    let mut parts: Vec<String> = counted
        .map(|(fate, count)| format!("{count} {}", words(fate)))
        .collect();
    let hooks = report.hooks.iter().filter(|it| it.is_change()).count();
    match hooks {
        0 => {}
        1 => parts.push("1 hook differs".to_owned()),
        count => parts.push(format!("{count} hooks differ")),
    }
    if report.suppressed > 0 {
        parts.push(format!("{} not shown", report.suppressed));
    }
    let refused = report.objects.iter().filter(|it| it.refusal.is_some());
    match refused.count() {
        0 => {}
        count => parts.push(format!("{count} would be refused")),
    }
    match parts.is_empty() {
        true => "no objects".to_owned(),
        false => parts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_values_are_cut_around_their_difference() {
        let long = |end: &str| Some(format!("{}{end}", "x".repeat(300)));
        let Body::Pair { before, after } = pair(long("a"), long("b"), 40) else {
            panic!("no pair");
        };
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        assert_ne!(before, after);
        assert!(
            before.starts_with("…xxxxxxxxxxa (301 characters)"),
            "{before}"
        );
        assert_eq!(cut("short", 0, 40), "short");
    }

    #[test]
    fn long_texts_are_compared_by_lines() {
        let text = |n: i32| {
            json!(
                (0..20)
                    .map(|at| format!("{}\n", if at == 10 { n } else { at }))
                    .collect::<String>()
            )
        };
        let layout = Layout {
            context: 1,
            ..Layout::default()
        };
        let found = lines(Some(&text(10)), Some(&text(99)), &layout);
        let shown: Vec<_> = found
            .iter()
            .map(|(mark, text)| (*mark, text.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                (Mark::Gap, "9 unchanged lines"),
                (Mark::Same, "9"),
                (Mark::Remove, "10"),
                (Mark::Add, "99"),
                (Mark::Same, "11"),
                (Mark::Gap, "8 unchanged lines"),
            ]
        );
    }
}
