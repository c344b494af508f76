//! Flags in the help: a set goes in, aligned lines come out (`FlagSet.FlagUsages` of
//! `github.com/spf13/pflag` 1.0.10).

use super::set::{Entry, FlagSet};
use super::{Flag, Kind};
use crate::go::strconv;

impl FlagSet {
    /// The table of the flags that are the command's own, or of those it inherits
    /// (`FlagSet.FlagUsages`); hidden ones are left out.
    pub(super) fn usages(&self, inherited: bool) -> String {
        let mut entries: Vec<&Entry> = self
            .entries()
            .iter()
            .filter(|entry| entry.inherited == inherited && !entry.flag.hidden)
            .collect();
        entries.sort_by_key(|entry| entry.flag.name);
        let rows: Vec<(String, String)> = entries.into_iter().map(row).collect();
        let width = rows.iter().map(|(left, _)| left.chars().count()).max();
        let width = width.unwrap_or(0);
        let mut table = String::new();
        for (left, right) in rows {
            let padding = width - left.chars().count() + 3;
            table.push_str(&left);
            table.extend(std::iter::repeat_n(' ', padding));
            // Lines after the first stand below the description.
            let indent = " ".repeat(width + 5);
            table.push_str(&right.replace('\n', &format!("\n{indent}")));
            table.push('\n');
        }
        table
    }

    /// Whether [`FlagSet::usages`] has a row.
    pub(super) fn has_usages(&self, inherited: bool) -> bool {
        self.entries()
            .iter()
            .any(|entry| entry.inherited == inherited && !entry.flag.hidden)
    }
}

fn row(entry: &Entry) -> (String, String) {
    let flag = &entry.flag;
    let (kind, mut right) = unquote(flag, &entry.usage);
    let mut left = match flag.shorthand {
        Some(letter) => format!("  -{letter}, --{}", flag.name),
        None => format!("      --{}", flag.name),
    };
    if !kind.is_empty() {
        left.push(' ');
        left.push_str(&kind);
    }
    match (flag.bare, flag.kind) {
        (Some("true"), Kind::Bool) | (None, _) => {}
        (Some(bare), Kind::Text) => left.push_str(&format!("[={}]", strconv::quote(bare))),
        (Some(bare), _) => left.push_str(&format!("[={bare}]")),
    }
    if !is_zero(flag.kind, &entry.default) {
        if flag.kind == Kind::Text {
            right.push_str(&format!(
                " (default {})",
                strconv::quote(entry.default.as_bytes())
            ));
        } else {
            right.push_str(&format!(" (default {})", entry.default));
        }
    }
    (left, right)
}

/// The word for the value and the description: a word in back quotes is that word
/// (`pflag.UnquoteUsage`).
fn unquote(flag: &Flag, usage: &str) -> (String, String) {
    if let Some((before, rest)) = usage.split_once('`')
        && let Some((name, after)) = rest.split_once('`')
    {
        return (name.to_owned(), format!("{before}{name}{after}"));
    }
    let name = match flag.kind {
        Kind::Bool => "",
        Kind::Text => "string",
        Kind::Int => "int",
        Kind::Uint => "uint",
        Kind::Float32 => "float32",
        Kind::Duration => "duration",
        Kind::TextArray => "stringArray",
        Kind::TextSlice => "strings",
        Kind::TextMap => "stringToString",
        Kind::Custom { name, .. } => name,
    };
    (name.to_owned(), usage.to_owned())
}

fn is_zero(kind: Kind, default: &str) -> bool {
    match kind {
        Kind::Bool => matches!(default, "false" | ""),
        Kind::Duration => matches!(default, "0" | "0s"),
        Kind::Int | Kind::Uint | Kind::Float32 => default == "0",
        Kind::Text => default.is_empty(),
        Kind::TextArray | Kind::TextSlice => default == "[]",
        Kind::TextMap | Kind::Custom { .. } => matches!(default, "false" | "<nil>" | "" | "0"),
    }
}
