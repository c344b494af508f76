//! Differences as text for a terminal.

use super::report::{Difference, Report};
use super::view::{Body, Layout, Mark, View, headline, remarks, summary, title};
use crate::backend::Fate;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Letters alone.
    Plain,
    /// With the control sequences of terminals.
    Colored,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";

struct Page<'a> {
    text: String,
    style: Style,
    layout: &'a Layout,
}

/// A report as text.
pub fn render(report: &Report, layout: &Layout, style: Style) -> String {
    let mut page = Page {
        text: String::new(),
        style,
        layout,
    };
    page.line(0, BOLD, &headline(report));
    page.text.push('\n');
    page.differences(&report.objects, report);
    if report.hooks.iter().any(Difference::is_change) {
        page.line(0, BOLD, "Hooks:");
        page.differences(&report.hooks, report);
    }
    let end = match report.has_changes() {
        true => summary(report),
        false => format!("No differences: {}", summary(report)),
    };
    page.line(0, BOLD, &format!("{}.", first_upper(&end)));
    page.text
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

impl Page<'_> {
    fn line(&mut self, depth: usize, color: &str, text: &str) {
        let pad = "  ".repeat(depth);
        match self.style {
            Style::Colored if !color.is_empty() => {
                self.text
                    .push_str(&format!("{pad}\x1b[{color}m{text}\x1b[0m\n"));
            }
            _ => {
                let line = format!("{pad}{text}");
                self.text.push_str(line.trim_end());
                self.text.push('\n');
            }
        }
    }

    fn painted(&self, color: &str, text: &str) -> String {
        match self.style {
            Style::Colored => format!("\x1b[{color}m{text}\x1b[0m"),
            Style::Plain => text.to_owned(),
        }
    }

    fn differences(&mut self, differences: &[Difference], report: &Report) {
        for difference in differences {
            let (sign, color) = match difference.fate {
                Fate::Create => ("+", GREEN),
                Fate::Change => ("~", YELLOW),
                Fate::Replace => ("±", YELLOW),
                Fate::Delete => ("-", RED),
                Fate::Keep => ("=", CYAN),
                Fate::Nothing if difference.refusal.is_some() => ("~", YELLOW),
                Fate::Nothing => continue,
            };
            self.line(0, color, &format!("{sign} {}", title(difference)));
            for remark in remarks(difference, &report.subject) {
                self.line(2, CYAN, &format!("! {remark}"));
            }
            if !difference.is_hidden && difference.fate != Fate::Delete {
                for field in &difference.fields {
                    self.field(&View::of(field, self.layout));
                }
            }
            self.text.push('\n');
        }
    }

    fn field(&mut self, view: &View) {
        let path = view.path.as_str();
        let note = match view.note.as_str() {
            "" => String::new(),
            note => self.painted(CYAN, &format!("   # {note}")),
        };
        if !view.moments.is_empty() {
            self.line(2, "", &format!("{path}{note}"));
            for (name, value) in &view.moments {
                let color = match *name {
                    "last" => DIM,
                    "live" => RED,
                    _ => GREEN,
                };
                self.line(4, color, &format!("{name:<5}{value}"));
            }
            return;
        }
        match &view.body {
            Body::Pair {
                before: Some(before),
                after: Some(after),
            } => {
                let (before, after) = (self.painted(RED, before), self.painted(GREEN, after));
                self.line(2, "", &format!("{path}: {before} -> {after}{note}"));
            }
            Body::Pair {
                before: None,
                after: Some(after),
            } => {
                let line = self.painted(GREEN, &format!("+ {path}: {after}"));
                self.line(1, "", &format!("{line}{note}"));
            }
            Body::Pair { before, .. } => {
                let before = before.as_deref().unwrap_or_default();
                let line = self.painted(RED, &format!("- {path}: {before}"));
                self.line(1, "", &format!("{line}{note}"));
            }
            Body::Lines(lines) => {
                let depth = match path {
                    "" => 1,
                    path => {
                        self.line(2, "", &format!("{path}:{note}"));
                        3
                    }
                };
                for (mark, text) in lines {
                    match mark {
                        Mark::Same => self.line(depth, "", &format!("  {text}")),
                        Mark::Add => self.line(depth, GREEN, &format!("+ {text}")),
                        Mark::Remove => self.line(depth, RED, &format!("- {text}")),
                        Mark::Gap => self.line(depth, DIM, &format!("  … {text}")),
                    }
                }
            }
        }
    }
}
