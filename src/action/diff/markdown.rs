//! Differences as Markdown, for the comments of a pull request.

use super::report::{Difference, Report};
use super::view::{Body, Layout, Mark, View, headline, remarks, summary, title};
use crate::backend::Fate;

/// How many bytes a comment may have, with some room: GitHub takes 65,536.
pub const LIMIT: usize = 60_000;

/// A report as Markdown of at most `limit` bytes; what is left out is said.
pub fn render(report: &Report, layout: &Layout, limit: usize) -> String {
    let mut text = format!(
        "### {}\n\n**{}**\n",
        escape(&headline(report)),
        escape(&summary(report))
    );
    if !report.has_changes() {
        text.push_str("\nNo differences.\n");
    }
    /// What is kept for saying what is left out.
    const ROOM: usize = 1_000;
    let budget = limit.saturating_sub(ROOM.min(limit / 4));
    let mut left_out: Vec<String> = Vec::new();
    for (heading, differences) in [("", &report.objects), ("\n#### Hooks\n", &report.hooks)] {
        let mut heading = heading;
        for difference in differences {
            let is_told = difference.is_change()
                || difference.fate == Fate::Keep
                || difference.refusal.is_some();
            if !is_told {
                continue;
            }
            let part = format!("{heading}{}", object(difference, report, layout));
            if text.len() + part.len() > budget {
                left_out.push(format!("{} {}", word(difference), title(difference)));
                continue;
            }
            text.push_str(&part);
            heading = "";
        }
    }
    if !left_out.is_empty() {
        let count = left_out.len();
        text.push_str(&format!(
            "\n**Left out, for this text would be too long: {count} of the objects that differ.**\n"
        ));
        for (at, name) in left_out.iter().enumerate() {
            let line = format!("- {}\n", escape(name));
            /// Room for the line that ends the list.
            const END: usize = 40;
            if text.len() + line.len() + END > limit {
                text.push_str(&format!("- and {} more\n", count - at));
                break;
            }
            text.push_str(&line);
        }
    }
    text
}

fn word(difference: &Difference) -> &'static str {
    match difference.fate {
        Fate::Create => "create",
        Fate::Change => "change",
        Fate::Replace => "replace",
        Fate::Delete => "delete",
        Fate::Keep => "keep",
        Fate::Nothing => "refused",
    }
}

fn object(difference: &Difference, report: &Report, layout: &Layout) -> String {
    let mut lines: Vec<String> = Vec::new();
    if !difference.is_hidden && difference.fate != Fate::Delete {
        for field in &difference.fields {
            field_lines(&View::of(field, layout), &mut lines);
        }
    }
    let mut text = format!(
        "\n<details><summary><b>{}</b> {}</summary>\n\n",
        word(difference),
        html(&title(difference))
    );
    for remark in remarks(difference, &report.subject) {
        text.push_str(&format!("> {}\n\n", escape(&remark)));
    }
    if !lines.is_empty() {
        let body = lines.join("\n");
        let fence = fence(&body);
        text.push_str(&format!("{fence}diff\n{body}\n{fence}\n\n"));
    }
    text.push_str("</details>\n");
    text
}

fn field_lines(view: &View, lines: &mut Vec<String>) {
    let note = match view.note.as_str() {
        "" => String::new(),
        note => format!("   # {note}"),
    };
    let path = &view.path;
    if !view.moments.is_empty() {
        lines.push(format!("@@ {path}{note} @@"));
        for (name, value) in &view.moments {
            let sign = match *name {
                "last" => ' ',
                "live" => '-',
                _ => '+',
            };
            lines.push(format!("{sign} {name:<5}{value}"));
        }
        return;
    }
    match &view.body {
        Body::Pair { before, after } => {
            if let Some(before) = before {
                lines.push(format!("- {path}: {before}"));
            }
            if let Some(after) = after {
                lines.push(format!("+ {path}: {after}"));
            }
            if !note.is_empty() {
                lines.push(format!("!{}", note.trim_start_matches([' ', '#'])));
            }
        }
        Body::Lines(found) => {
            if !path.is_empty() {
                lines.push(format!("@@ {path}{note} @@"));
            }
            for (mark, text) in found {
                lines.push(match mark {
                    Mark::Same => format!("  {text}"),
                    Mark::Add => format!("+ {text}"),
                    Mark::Remove => format!("- {text}"),
                    Mark::Gap => format!("  … {text}"),
                });
            }
        }
    }
}

/// More backquotes than the text has in a row.
fn fence(text: &str) -> String {
    let mut longest = 2;
    let mut run = 0;
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(longest + 1)
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text that is neither markup nor a mention.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in html(text).chars() {
        if matches!(letter, '*' | '_' | '`' | '[' | ']' | '\\' | '|' | '#' | '~') {
            escaped.push('\\');
        }
        escaped.push(if letter == '\n' { ' ' } else { letter });
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::action::diff::Subject;
    use crate::backend::Key;
    use crate::backend::diff::{Cause, Field, Path};

    fn report(objects: usize, text: &str) -> Report {
        let object = |at: usize| Difference {
            key: Key {
                group: String::new(),
                version: "v1".to_owned(),
                kind: "ConfigMap".to_owned(),
                namespace: "shop".to_owned(),
                name: format!("map-{at}"),
            },
            fate: Fate::Change,
            fields: vec![Field {
                path: Path::default().field("data").field("a"),
                last: None,
                before: Some(json!("x")),
                after: Some(json!(text)),
                cause: Cause::Chart,
                manager: None,
            }],
            missing: None,
            refusal: None,
            is_hidden: false,
        };
        Report {
            release: "shop".to_owned(),
            namespace: "shop".to_owned(),
            subject: Subject::Revisions { from: 1, to: 2 },
            objects: (0..objects).map(object).collect(),
            hooks: Vec::new(),
            suppressed: 0,
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let long = "line\n".repeat(40);
        for objects in [1, 100, 1000, 20_000] {
            let text = render(&report(objects, &long), &Layout::default(), LIMIT);
            assert!(text.len() <= LIMIT, "{objects}: {}", text.len());
            let shown = text.matches("<details>").count();
            assert_eq!(text.contains("Left out"), shown < objects, "{objects}");
            assert_eq!(shown, text.matches("</details>").count());
        }
    }

    #[test]
    fn fences_hold_whatever_is_in_them() {
        let text = render(
            &report(1, "a\n````\n</details>\nb"),
            &Layout::default(),
            LIMIT,
        );
        assert!(text.contains("\n`````diff\n"), "{text}");
    }
}
