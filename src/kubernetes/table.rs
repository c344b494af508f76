//! Tables that an API server makes for people, as `kubectl get` prints them
//! (`k8s.io/cli-runtime/pkg/printers`, v0.36).

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// Blanks between columns, and how narrow a column may be with them.
const PADDING: usize = 3;
const NARROWEST: usize = 6;

/// Prints tables one after the other; what they have in common is printed once.
#[derive(Debug, Default)]
pub struct Printer {
    columns: Option<Value>,
}

impl Printer {
    /// Adds the rows of a `meta.k8s.io/v1` Table, below its header where that is not the one before.
    pub fn print(&mut self, table: &Value, out: &mut Vec<u8>) {
        let columns = &table["columnDefinitions"];
        let is_known = self.columns.as_ref() == Some(columns);
        let shown: Vec<(usize, String)> = columns
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .filter(|(_, column)| column["priority"].as_i64().unwrap_or_default() == 0)
            .map(|(at, column)| {
                let name = column["name"].as_str().unwrap_or_default();
                (at, name.to_uppercase())
            })
            .collect();
        let mut lines: Vec<Vec<String>> = Vec::new();
        if !is_known {
            lines.push(shown.iter().map(|(_, name)| name.clone()).collect());
            self.columns = Some(columns.clone());
        }
        for row in table["rows"].as_array().into_iter().flatten() {
            lines.push(
                shown
                    .iter()
                    .map(|(at, _)| cell(&row["cells"][*at]))
                    .collect(),
            );
        }
        align(&lines, out);
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.split('\n').next().unwrap_or_default().to_owned(),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

fn align(lines: &[Vec<String>], out: &mut Vec<u8>) {
    let count = lines.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..count)
        .map(|at| {
            let cells = lines.iter().filter_map(|line| line.get(at));
            let widest = cells.map(|cell| cell.width()).max().unwrap_or_default();
            (widest + PADDING).max(NARROWEST)
        })
        .collect();
    for line in lines {
        for (at, cell) in line.iter().enumerate() {
            out.extend_from_slice(cell.as_bytes());
            if at + 1 < line.len() {
                let blanks = widths[at].saturating_sub(cell.width());
                out.extend(std::iter::repeat_n(b' ', blanks));
            }
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_aligned_and_headers_printed_once() {
        let table = |name: &str, data: i64| {
            json!({
                "columnDefinitions": [
                    {"name": "Name", "priority": 0},
                    {"name": "Data", "priority": 0},
                    {"name": "Extra", "priority": 1},
                    {"name": "Age", "priority": 0},
                ],
                "rows": [{"cells": [name, data, "x", "5s"]}],
            })
        };
        let mut printer = Printer::default();
        let mut out = Vec::new();
        printer.print(&table("r1-cm", 2), &mut out);
        printer.print(&table("a-longer-name", 10), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "NAME    DATA   AGE\nr1-cm   2      5s\na-longer-name   10    5s\n"
        );
    }
}
