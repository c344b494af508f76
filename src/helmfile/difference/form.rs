//! How differences are written.

use super::line::{Line, Side};
use super::{Change, Entry, Look, Shown, tree};

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
    /// A list of objects with the fields that differ.
    Structured,
}

impl Form {
    /// The form that is called `name` (`--output`).
    pub fn named(name: &str) -> Option<Form> {
        match name {
            "diff" => Some(Form::Diff),
            "simple" => Some(Form::Simple),
            // The template that helm-diff has where nobody gives another writes JSON.
            "json" | "template" => Some(Form::Json),
            "structured" => Some(Form::Structured),
            _ => None,
        }
    }

    pub(super) fn write(self, entries: &[Entry], look: &Look) -> Shown {
        let mut shown = Shown {
            differs: !entries.is_empty(),
            ..Shown::default()
        };
        match self {
            Form::Diff => {
                for entry in entries {
                    let (text, color) = title(entry.change);
                    let title = format!("{} {text}", entry.key);
                    shown.text.push_str(&paint(&title, color, look));
                    shown.text.push('\n');
                    lines(entry, look, &mut shown.text);
                }
            }
            Form::Simple => simple(entries, look, &mut shown.text),
            Form::Json => {
                let mut all = Vec::new();
                for entry in entries {
                    match json(entry) {
                        Some(object) => all.push(object),
                        None => shown
                            .warnings
                            .push("error processing report entry\n".to_owned()),
                    }
                }
                shown.text = format!("[{}]\n", all.join(","));
            }
            Form::Structured => {
                (shown.text, shown.warnings) = tree::write(entries, look);
                // What differs by its comments alone is no change here.
                shown.differs = shown.text != "[]\n";
            }
        }
        shown
    }
}

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const BRIGHT_BLUE: u8 = 94;

fn paint(text: &str, color: u8, look: &Look) -> String {
    match look.painted {
        true => format!("\x1b[0;{color}m{text}\x1b[0m"),
        false => text.to_owned(),
    }
}

fn title(change: Change) -> (&'static str, u8) {
    match change {
        Change::Add => ("has been added:", GREEN),
        Change::Remove => ("has been removed:", RED),
        Change::Modify => ("has changed:", YELLOW),
        Change::Suppressed => (
            "has changed, but diff is empty after suppression.",
            BRIGHT_BLUE,
        ),
    }
}

fn lines(entry: &Entry, look: &Look, out: &mut String) {
    let kind = &entry.kind;
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
        let (text, color) = title(entry.change);
        let (word, at) = match entry.change {
            Change::Add => ("to be added.", Some(0)),
            Change::Modify => ("to be changed.", Some(1)),
            Change::Remove => ("to be removed.", Some(2)),
            Change::Suppressed => (text, None),
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

/// Nothing where the title does not end in what a name may be: the plugin reads its own titles.
fn json(entry: &Entry) -> Option<String> {
    let change = match entry.change {
        Change::Add => "ADD",
        Change::Remove => "REMOVE",
        Change::Modify => "MODIFY",
        Change::Suppressed => "MODIFY_SUPPRESSED",
    };
    let [api, kind, namespace, name] = parts(&entry.key)?;
    let fields = [
        ("api", api),
        ("kind", kind),
        ("namespace", namespace),
        ("name", name),
        ("change", change),
    ];
    let lines = fields.map(|(key, value)| format!("  \"{key}\": \"{value}\""));
    Some(format!("{{\n{}\n}}", lines.join(",\n")))
}

/// The API, kind, namespace and name of a title.
pub(super) fn parts(key: &str) -> Option<[&str; 4]> {
    let (head, api) = key.split_once(" (")?;
    let api = api.split(')').next().filter(|api| !api.is_empty())?;
    let mut words = head.rsplitn(3, ", ");
    let (kind, name, namespace) = (words.next()?, words.next()?, words.next()?);
    let is_low = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-');
    let start = namespace.trim_end_matches(is_low).len();
    let namespace = &namespace[start..];
    let is_all = |text: &str, is: &dyn Fn(char) -> bool| !text.is_empty() && text.chars().all(is);
    let fits = is_all(namespace, &is_low)
        && is_all(name, &|c| c == '.' || is_low(c))
        && is_all(kind, &|c| c == '_' || c.is_ascii_alphanumeric());
    fits.then_some([api, kind, namespace, name])
}
