//! Errors with excerpts: the line that Helm prints, then where it went wrong, how the way led there,
//! and what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diag::{Error, Frame};

/// Whether a report is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Letters only.
    Plain,
    /// With escapes for a terminal.
    Colored,
}

/// Includes shown between the first and the failing template.
const CHAIN: usize = 6;

/// The report of an error, which begins with `Error: `, Helm's line.
pub fn error(error: &Error, style: Style) -> String {
    let mut text = match style {
        Style::Plain => format!("Error: {error}\n"),
        Style::Colored => format!("\x1b[1;31mError\x1b[0m: {error}\n"),
    };
    for detail in error.details() {
        text.push('\n');
        text.push_str(detail);
        text.push('\n');
    }
    if !error.details().is_empty() && !error.hints().is_empty() {
        text.push('\n');
    }
    let Some((failing, callers)) = error.trail().split_last() else {
        for hint in error.hints() {
            text.push_str(&match style {
                Style::Plain => format!("hint: {hint}\n"),
                Style::Colored => format!("\x1b[1;36mhint\x1b[0m: {hint}\n"),
            });
        }
        return text;
    };
    let excerpts: Vec<Excerpt<'_>> = std::iter::once(Excerpt::of(failing, "this failed"))
        .chain(
            callers
                .iter()
                .rev()
                .take(CHAIN)
                .map(|frame| Excerpt::of(frame, "called from here")),
        )
        .collect();
    let mut groups: Vec<Group<'_>> = Vec::with_capacity(excerpts.len() + 1);
    for (at, excerpt) in excerpts.iter().enumerate() {
        let mark = if at == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let snippet = Snippet::source(excerpt.text.as_str())
            .path(excerpt.frame.source.name())
            .annotation(mark.span(excerpt.range.clone()).label(excerpt.label));
        let level = if at == 0 { Level::ERROR } else { Level::NOTE };
        let title = match excerpt.frame.template.as_str() {
            "" => format!("in file {}", excerpt.frame.source.name()),
            template => format!("in template {template}"),
        };
        let title = if at == 0 {
            level.primary_title(title)
        } else {
            level.secondary_title(title)
        };
        groups.push(title.element(snippet));
    }
    if callers.len() > CHAIN {
        let more = format!("{} more templates on the way here", callers.len() - CHAIN);
        groups.push(Group::with_title(Level::NOTE.secondary_title(more)));
    }
    for hint in error.hints() {
        groups.push(Group::with_title(
            Level::HELP.secondary_title(hint.as_str()),
        ));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Colored => Renderer::styled(),
    };
    text.push('\n');
    text.push_str(&renderer.render(&groups));
    text.push('\n');
    text
}

/// A text that can be drawn, and the range in it.
struct Excerpt<'a> {
    frame: &'a Frame,
    text: String,
    range: std::ops::Range<usize>,
    label: &'static str,
}

impl<'a> Excerpt<'a> {
    fn of(frame: &'a Frame, label: &'static str) -> Excerpt<'a> {
        let bytes = frame.source.bytes();
        let start = frame.span.start.min(bytes.len());
        let end = frame.span.end.clamp(start, bytes.len());
        // Bytes that are no UTF-8 take more room once they are replaced.
        let head = String::from_utf8_lossy(&bytes[..start]);
        let body = String::from_utf8_lossy(&bytes[start..end]);
        let tail = String::from_utf8_lossy(&bytes[end..]);
        let range = head.len()..head.len() + body.len();
        Excerpt {
            frame,
            text: format!("{head}{body}{tail}"),
            range,
            label,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Kind, Source, Span};

    fn frame(name: &str, text: &str, at: &str) -> Frame {
        let start = text.find(at).unwrap();
        Frame {
            template: name.to_owned(),
            source: Source::new(name, text),
            span: Span {
                start,
                end: start + at.len(),
            },
        }
    }

    #[test]
    fn reports_begin_with_helms_line_and_point_at_the_expression() {
        let failed = Error::new(Kind::Template, "nil pointer evaluating interface {}.b")
            .with_frame(frame(
                "c/templates/a.yaml",
                "a:\n  {{ include \"x\" . }}\n",
                "include",
            ))
            .with_frame(frame(
                "c/templates/_h.tpl",
                "{{ define \"x\" }}{{ .Values.a.b }}{{ end }}",
                ".Values.a.b",
            ))
            .with_hint("a is not set: values.yaml has no such key");
        let text = error(&failed, Style::Plain);
        assert!(
            text.starts_with("Error: nil pointer evaluating interface {}.b\n\n"),
            "{text}"
        );
        for part in [
            "c/templates/_h.tpl:1:20",
            "^^^^^^^^^^^ this failed",
            "c/templates/a.yaml:2:6",
            "------- called from here",
            "a is not set: values.yaml has no such key",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains('\x1b'));
        assert!(error(&failed, Style::Colored).contains('\x1b'));
    }

    #[test]
    fn details_stand_between_the_line_and_the_hints() {
        let failed = Error::new(Kind::Cluster, "not ready")
            .with_hint("wait")
            .with_detail("web: 0/1\n  it crashes")
            .with_detail("db: 0/1")
            .wrap("UPGRADE FAILED");
        assert_eq!(
            error(&failed, Style::Plain),
            "Error: UPGRADE FAILED: not ready\n\nweb: 0/1\n  it crashes\n\ndb: 0/1\n\nhint: wait\n"
        );
    }

    #[test]
    fn spans_outside_of_the_text_and_odd_bytes_are_drawn() {
        for (bytes, start, end) in [
            (&b""[..], 0, 0),
            (b"ab", 5, 9),
            (b"\xff\xfe{{ x }}", 5, 6),
            (b"ab", 2, 1),
        ] {
            let failed = Error::new(Kind::Template, "m").with_frame(Frame {
                template: "t".into(),
                source: Source::new("t", bytes),
                span: Span { start, end },
            });
            assert!(error(&failed, Style::Plain).starts_with("Error: m\n"));
        }
    }
}
