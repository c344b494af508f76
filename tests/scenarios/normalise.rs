//! Replaces what changes from run to run by the placeholders of the recordings.
//!
//! The rules are those of the recorder: what it replaced has to be replaced here, in its order, and
//! nothing else.

use std::sync::LazyLock;

use fancy_regex::{Captures, Regex};
use serde_json::{Map, Value};

/// What is known of one run: names of this time, and the placeholders that stand for them.
pub(crate) struct Normaliser {
    names: Vec<(&'static str, String)>,
}

/// A pattern and what replaces it.
type Rule = (Regex, &'static str);

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this file")
}

/// Headers of log lines, times, and the padding behind times in tables.
static TIMES: LazyLock<[Rule; 3]> = LazyLock::new(|| {
    let ansi = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d 20\d\d";
    let go = r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} [A-Z]{1,5}";
    let rfc = r"20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)";
    [
        (
            compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6}\s+\d+ ([\w.]+):\d+\]"),
            "{{KLOG}} $1]",
        ),
        (compile(&format!("(?:{ansi}|{go}|{rfc})")), "{{TIME}}"),
        (compile(r"\{\{TIME\}\} *\t"), "{{TIME}}\t"),
    ]
});

/// The head of the column of times, in a table.
static HEAD: LazyLock<Regex> = LazyLock::new(|| compile(r"(?m)^(NAME\s.*\tUPDATED|UPDATED) *\t"));

/// Everything else that has a pattern.
static MARKS: LazyLock<[Rule; 8]> = LazyLock::new(|| {
    [
        (compile(r"(?<![\d.])1[78]\d{8}(?!\d)"), "{{UNIX}}"),
        (
            compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            "{{UID}}",
        ),
        (compile(r"\b10\.(?:96|244)\.\d+\.\d+\b"), "{{IP}}"),
        (compile(r"127\.0\.0\.1:\d+|localhost:\d+"), "{{SERVER}}"),
        (
            compile(r"kube-api-access-[a-z0-9]{5}"),
            "kube-api-access-{{RAND}}",
        ),
        (
            compile(
                r"\b([a-z0-9]+(?:-[a-z0-9]+)*)-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b",
            ),
            "${1}-{{HASH}}-{{RAND}}",
        ),
        (
            compile(
                r"(?<=[a-z0-9])-(?=[a-z0-9]*\d|[bcdfghjklmnpqrstvwxz]{5}\b)[bcdfghjklmnpqrstvwxz2456789]{5}\b(?!-)",
            ),
            "-{{RAND}}",
        ),
        (
            compile(r#"resourceVersion(["\\: ]+)\d+"#),
            "resourceVersion${1}{{RV}}",
        ),
    ]
});

/// In the tables of `status`: runs of blanks, ages, ports of nodes.
static CELLS: LazyLock<[Rule; 3]> = LazyLock::new(|| {
    [
        (compile(r" {2,}"), "  "),
        (
            compile(r"(?<= )(?:\d+[smh])+$|(?<= )(?:\d+[smh])+(?=  )"),
            "{{AGE}}",
        ),
        (compile(r"\b\d{5}/TCP"), "{{NODEPORT}}/TCP"),
    ]
});

/// The tables of `status` as a whole.
static TABLES: LazyLock<Regex> = LazyLock::new(|| compile(r"(?s)(RESOURCES:\n)(==> .*?)(\n\n\n)"));

fn replace((pattern, with): &Rule, text: String) -> String {
    pattern.replace_all(&text, *with).into_owned()
}

impl Normaliser {
    /// `names` are placeholders without braces and what they stand for, in the order in which they
    /// are replaced.
    pub(crate) fn new(names: Vec<(&'static str, String)>) -> Normaliser {
        Normaliser { names }
    }

    /// Puts the names of this run into an input.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.names {
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        text
    }

    /// A text of any kind.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.names {
            text = text.replace(value.as_str(), &format!("{{{{{name}}}}}"));
        }
        for rule in &*TIMES {
            text = replace(rule, text);
        }
        if text.contains("NAMESPACE") {
            text = HEAD.replace_all(&text, "$1\t").into_owned();
        }
        for rule in &*MARKS {
            text = replace(rule, text);
        }
        text
    }

    /// What a program printed. In the tables of `status` the widths depend on addresses and ages, and
    /// the order of the kinds on Go's maps.
    pub(crate) fn output(&self, text: &str) -> String {
        let text = self.text(text);
        if !text.contains("RESOURCES:") || !text.contains("==> ") {
            return text;
        }
        let mut lines = Vec::new();
        let mut inside = false;
        for line in text.split('\n') {
            if line.starts_with("RESOURCES:") || line.starts_with("==> ") {
                inside = true;
            } else if line.starts_with("TEST SUITE:") || line.starts_with("NOTES:") {
                inside = false;
            }
            if inside && line.contains("   ") {
                let mut line = line.trim_end().to_owned();
                for rule in &*CELLS {
                    line = replace(rule, line);
                }
                lines.push(line);
            } else {
                lines.push(line.to_owned());
            }
        }
        let sort = |found: &Captures<'_, str>| {
            let blocks = &found[2];
            let mut blocks: Vec<String> = blocks
                .split("\n\n==> ")
                .enumerate()
                .map(|(at, block)| format!("{}{block}", if at == 0 { "" } else { "==> " }))
                .collect();
            blocks.sort();
            format!("{}{}{}", &found[1], blocks.join("\n\n"), &found[3])
        };
        TABLES.replace(&lines.join("\n"), sort).into_owned()
    }

    /// All texts and keys of a value.
    pub(crate) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => Value::Object(self.members(members)),
            other => other,
        }
    }

    fn members(&self, members: Map<String, Value>) -> Map<String, Value> {
        members
            .into_iter()
            .map(|(key, value)| (self.text(&key), self.value(value)))
            .collect()
    }
}
