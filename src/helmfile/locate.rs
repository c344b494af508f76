//! Where in a file the cause of a failure stands. Helmfile's words name parts, fields and texts, but
//! seldom a line of the file; pintle shows it.

use super::file;
use crate::go::path;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file, as users call it.
    pub file: String,
    /// What is in it.
    pub text: String,
    /// The first byte of what is meant.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

/// Words that messages quote for other reasons than that they are wrong.
const OTHERS: [&str; 5] = [
    "namespace",
    "kubeContext",
    "stringTemplate",
    "--selector",
    "name",
];

/// The place that a message about the state file `name` in `folder` means, where it can be told.
pub(super) fn locate(message: &str, folder: &str, name: &str) -> Option<Spot> {
    let read = |name: &str| {
        let path = match name.starts_with('/') {
            true => name.to_owned(),
            false => path::join(&[folder, name]),
        };
        let text = String::from_utf8_lossy(&file::read(&path).ok()?).replace("\r\n", "\n");
        Some((path, text))
    };
    // Another file than the state's own may be named.
    let other = between(message, "values files \"", "\"")
        .or_else(|| between(message, "failed to read ", ":"))
        .or_else(|| between(message, "error during ", ".part."));
    let (path, text) = other.and_then(read).or_else(|| read(name))?;
    let (start, end) = in_template(message, &text)
        .or_else(|| in_document(message, &text))
        .or_else(|| in_words(message, &text))?;
    Some(Spot {
        file: path,
        text,
        start,
        end,
    })
}

fn between<'m>(message: &'m str, before: &str, after: &str) -> Option<&'m str> {
    let (_, rest) = message.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// The digits that a text begins with.
fn number(text: &str) -> Option<usize> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// The bytes of a line, counted from 1, from a column on.
fn of_line(text: &str, line: usize, column: usize) -> Option<(usize, usize)> {
    let mut start = 0;
    for (at, content) in text.split('\n').enumerate() {
        if at + 1 == line {
            let indent = content.len() - content.trim_start().len();
            let from = start + if column == 0 { indent } else { column };
            let end = start + content.trim_end().len();
            return (from < end).then_some((from, end));
        }
        start += content.len() + 1;
    }
    None
}

/// The first lines of the parts of a state, counted from 0.
fn parts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut line = 0;
    for part in text.split("\n---\n") {
        line += part.matches('\n').count() + 2;
        starts.push(line);
    }
    starts.pop();
    starts
}

/// What a template says of itself: `stringTemplate:LINE:COLUMN`.
fn in_template(message: &str, text: &str) -> Option<(usize, usize)> {
    let (_, place) = message.split_once("template: stringTemplate:")?;
    let line = number(place)?;
    let column = place.split_once(':').and_then(|(_, rest)| number(rest));
    if let Some(field) = between(message, " = \"", "\": template: stringTemplate:") {
        let start = text.find(field)?;
        return Some((start, start + field.len()));
    }
    let part = between(message, ".part.", " parsing").and_then(number);
    let first = part.map_or(Some(0), |part| parts(text).get(part).copied())?;
    of_line(text, first + line, column.unwrap_or_default())
}

/// What the YAML decoder says: `line N: ...`.
fn in_document(message: &str, text: &str) -> Option<(usize, usize)> {
    let (_, place) = message
        .split_once("\n  line ")
        .or_else(|| message.split_once("yaml: line "))?;
    let line = number(place)?;
    let starts = parts(text);
    let field = between(place, "field ", " not found");
    let found = starts.iter().find_map(|first| {
        let (start, end) = of_line(text, first + line, 0)?;
        let own = text.get(start..end)?;
        match field {
            Some(field) => {
                let at = own.find(field)?;
                Some((start + at, start + at + field.len()))
            }
            None if starts.len() == 1 => Some((start, end)),
            None => None,
        }
    });
    // Lines of what was rendered need not be those of the file.
    found.or_else(|| word(text, field?))
}

/// Texts that a message quotes, the last first.
fn in_words(message: &str, text: &str) -> Option<(usize, usize)> {
    let quotes = message.split('"').skip(1).step_by(2);
    let mut quoted: Vec<&str> = quotes.collect();
    quoted.extend(between(message, "cycle detected: ", " ->"));
    quoted.extend(between(message, "hook[", "]"));
    quoted.extend(between(message, "no matches for path: ", "\n"));
    if let Some((_, pattern)) = message.split_once("no matches for path: ") {
        quoted.push(pattern);
    }
    if let Some(reference) = between(message, "expand ", ": ") {
        quoted.push(reference);
    }
    if message.contains("plugin secrets") {
        quoted.push("secrets");
    }
    let mut quoted = quoted.into_iter().rev();
    quoted.find_map(
        |quoted| match quoted.len() > 1 && !OTHERS.contains(&quoted) {
            true => word(text, quoted),
            // Names may be short, values are not looked for.
            false if quoted.len() == 1 && quoted != "." => {
                let name = format!("name: {quoted}");
                word(text, &name)
            }
            false => None,
        },
    )
}

/// A text that stands in another one by itself.
fn word(text: &str, wanted: &str) -> Option<(usize, usize)> {
    let is_inner = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
    };
    let mut all = text.match_indices(wanted);
    let found = all.find(|(at, _)| {
        let before = text[..*at].chars().next_back();
        let after = text[*at + wanted.len()..].chars().next();
        !is_inner(before) && !is_inner(after)
    });
    found.map(|(at, _)| (at, at + wanted.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_str().expect("UTF-8");
        let state = "environments:\n  default: {}\n---\nreleases:\n- name: app\n  chart: ./web\n  vlaues: []\n  namespace: '{{ .Values.zz }}'\n  needs: [other]\n  values: [gone.yaml, v.yaml.gotmpl]\n";
        std::fs::write(folder.path().join("s.yaml"), state).expect("a file");
        std::fs::write(folder.path().join("v.yaml.gotmpl"), "a: 1\nb: {{ .c }}\n").expect("a file");
        for (message, want) in [
            (
                "failed to read s.yaml: reading document at index 1: yaml: unmarshal errors:\n  line 4: field vlaues not found in type state.ReleaseSpec",
                "s.yaml:7:3 vlaues",
            ),
            (
                "error during s.yaml.part.1 parsing: template: stringTemplate:2:8: executing \"stringTemplate\" at <x>: no",
                "s.yaml:5:9 app",
            ),
            (
                "failed to render values files \"v.yaml.gotmpl\": failed to render [v.yaml.gotmpl], because of template: stringTemplate:2:6: executing",
                "v.yaml.gotmpl:2:7 .c }}",
            ),
            (
                "failed executing template expressions in release \"app\".namespace = \"{{ .Values.zz }}\": template: stringTemplate:1:10: executing",
                "s.yaml:8:15 {{ .Values.zz }}",
            ),
            (
                "release(s) \"app\" depend(s) on an undefined release \"other\". Perhaps you made a typo in \"needs\" or forgot defining a release named \"other\" with appropriate \"namespace\" and \"kubeContext\"?",
                "s.yaml:9:11 other",
            ),
            (
                "values file matching \"gone.yaml\" does not exist in \".\"",
                "s.yaml:10:12 gone.yaml",
            ),
            ("cycle detected: app -> other -> app", "s.yaml:5:9 app"),
            ("something else", ""),
        ] {
            let shown = locate(message, root, "s.yaml").map(|spot| {
                let before = &spot.text[..spot.start];
                let line = before.matches('\n').count() + 1;
                let column = spot.start - before.rfind('\n').map_or(0, |at| at + 1) + 1;
                let name = spot.file.rsplit('/').next().unwrap_or_default();
                let text = &spot.text[spot.start..spot.end];
                format!("{name}:{line}:{column} {text}")
            });
            assert_eq!(shown.unwrap_or_default(), want, "{message}");
        }
    }
}
