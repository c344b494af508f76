//! Columns of text (`github.com/gosuri/uitable` 0.0.4): cells padded to the width of their column,
//! with tabs between.

use unicode_width::UnicodeWidthChar as _;

/// Rows of cells.
pub struct Table {
    rows: Vec<Vec<String>>,
    /// The widest that a column may be; 0 is no limit.
    widest: usize,
}

impl Table {
    /// A table without rows.
    pub fn new(widest: usize) -> Table {
        Table {
            rows: Vec::new(),
            widest,
        }
    }

    /// Adds a row.
    pub fn add<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The lines, each with its end.
    pub fn render(&self) -> String {
        if self.rows.is_empty() {
            // What ends the last line is there without any line.
            return "\n".to_owned();
        }
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                if at == widths.len() {
                    widths.push(0);
                }
                let wanted = cell.split('\n').map(width).max().unwrap_or(0);
                let wanted = match self.widest {
                    0 => wanted,
                    widest => wanted.min(widest),
                };
                widths[at] = widths[at].max(wanted);
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| {
                    resize(cell, *width)
                        .split('\n')
                        .map(str::to_owned)
                        .collect()
                })
                .collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..lines {
                for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                    if at > 0 {
                        text.push('\t');
                    }
                    match cell.get(line) {
                        Some(cell) => text.push_str(&resize(cell, *width)),
                        None => text.push_str(&" ".repeat((*width).max(1))),
                    }
                }
                text.push('\n');
            }
        }
        text
    }
}

/// Columns on a terminal.
fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Pads, or cuts with an ellipsis (`strutil.Resize`). A width of nothing leaves the text alone.
fn resize(text: &str, length: usize) -> String {
    let wide = width(text);
    if length == 0 || wide == length {
        return text.to_owned();
    }
    if wide < length {
        return format!("{text}{}", " ".repeat(length - wide));
    }
    let mut cut = String::new();
    let mut so_far = 0;
    for c in text.chars() {
        cut.push(c);
        let next = so_far + c.width().unwrap_or(0);
        if next + 3 >= length {
            break;
        }
        so_far = next;
    }
    cut.push_str("...");
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_padded_and_cut() {
        for (widest, rows, want) in [
            (0, &[["A", "BB"], ["ccc", "d"]], "A  \tBB\nccc\td \n"),
            (
                10,
                &[["https://charts", ""], ["x", "y"]],
                "https:/...\t \nx         \ty\n",
            ),
            (0, &[["a\nbc", "d"], ["e", "f"]], "a...\td\ne \tf\n"),
            (0, &[["日本", "x"], ["ab", "y"]], "日本\tx\nab  \ty\n"),
            (2, &[["abc", "d"], ["e", "f"]], "a...\td\ne \tf\n"),
        ] {
            let mut table = Table::new(widest);
            for row in rows {
                table.add(*row);
            }
            assert_eq!(table.render(), want, "{rows:?}");
        }
    }
}
