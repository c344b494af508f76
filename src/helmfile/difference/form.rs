//! How differences are written.

use super::line::{Line, Side};
use super::{Change, Entry, Look};
use crate::go::strconv;

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Lines that went and came.
    #[default]
    Diff,
    /// A line for each object.
    Simple,
    /// A list of objects.
    Json,
}

impl Form {
    /// The form that is called `name` (`--output`).
    pub fn named(name: &str) -> Option<Form> {
        match name {
            "diff" => Some(Form::Diff),
            "simple" => Some(Form::Simple),
            // The template that helm-diff has where nobody gives another writes JSON.
            "json" | "template" => Some(Form::Json),
            _ => None,
        }
    }

    pub(super) fn write(self, entries: &[Entry], look: &Look) -> String {
        let mut out = String::new();
        match self {
            Form::Diff => {
                for entry in entries {
                    let title = format!("{} {}", entry.key, told(entry.change));
                    out.push_str(&paint(&title, YELLOW, look));
                    out.push('\n');
                    lines(entry, look, &mut out);
                }
            }
            Form::Simple => simple(entries, look, &mut out),
            Form::Json => {
                let all: Vec<String> = entries.iter().map(json).collect();
                out = format!("[{}]\n", all.join(","));
            }
        }
        out
    }
}

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;

fn paint(text: &str, color: u8, look: &Look) -> String {
    match look.painted {
        true => format!("\x1b[0;{color}m{text}\x1b[0m"),
        false => text.to_owned(),
    }
}

fn told(change: Change) -> &'static str {
    match change {
        Change::Add => "has been added:",
        Change::Remove => "has been removed:",
        Change::Modify => "has changed:",
        Change::Suppressed => "has changed, but diff is empty after suppression.",
    }
}

fn lines(entry: &Entry, look: &Look, out: &mut String) {
    let kind = &entry.object.kind;
    if look.suppress.contains(kind) {
        let text = format!("+ Changes suppressed on sensitive content of type {kind}\n");
        out.push_str(&paint(&text, YELLOW, look));
        return;
    }
    let near = near(&entry.lines, look.context);
    let mut is_left_out = false;
    for (line, is_near) in entry.lines.iter().zip(near) {
        if !is_near {
            if !is_left_out {
                out.push_str("...\n");
            }
            is_left_out = true;
            continue;
        }
        is_left_out = false;
        let text = match line.side {
            Side::New => paint(&format!("+ {}", line.text), GREEN, look),
            Side::Old => paint(&format!("- {}", line.text), RED, look),
            Side::Both if line.text.is_empty() => String::new(),
            Side::Both => format!("  {}", line.text),
        };
        out.push_str(&text);
        out.push('\n');
    }
}

/// Which lines are near one that differs.
fn near(lines: &[Line], context: Option<usize>) -> Vec<bool> {
    let Some(context) = context else {
        return vec![true; lines.len()];
    };
    let mut near = vec![false; lines.len()];
    for (at, _) in (lines.iter().enumerate()).filter(|(_, line)| line.side != Side::Both) {
        let end = at
            .saturating_add(context)
            .saturating_add(1)
            .min(lines.len());
        near[at.saturating_sub(context)..end].fill(true);
    }
    near
}

fn simple(entries: &[Entry], look: &Look, out: &mut String) {
    let mut counts = [0_usize; 3];
    for entry in entries {
        let (word, color, at) = match entry.change {
            Change::Add => ("to be added.", GREEN, Some(0)),
            Change::Modify => ("to be changed.", YELLOW, Some(1)),
            Change::Remove => ("to be removed.", RED, Some(2)),
            Change::Suppressed => (told(Change::Suppressed), YELLOW, None),
        };
        out.push_str(&paint(&format!("{} {word}", entry.key), color, look));
        out.push('\n');
        if let Some(at) = at {
            counts[at] += 1;
        }
    }
    let [added, changed, removed] = counts;
    out.push_str(&format!(
        "Plan: {added} to add, {changed} to change, {removed} to destroy, 0 to change ownership.\n"
    ));
}

fn json(entry: &Entry) -> String {
    let object = &entry.object;
    let change = match entry.change {
        Change::Add => "ADD",
        Change::Remove => "REMOVE",
        Change::Modify => "MODIFY",
        Change::Suppressed => "MODIFY_SUPPRESSED",
    };
    let fields = [
        ("api", object.api.as_str()),
        ("kind", &object.kind),
        ("namespace", &object.namespace),
        ("name", &object.name),
        ("change", change),
    ];
    let lines = fields.map(|(key, value)| format!("  \"{key}\": {}", strconv::quote(value)));
    format!("{{\n{}\n}}", lines.join(",\n"))
}
