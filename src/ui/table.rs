//! Tables of pintle's own: columns that fit the terminal, or tabs for the program behind a pipe.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Between columns.
const GAP: usize = 2;
/// No column is cut below this.
const NARROWEST: usize = 8;

/// Rows of cells below headers.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    has_headers: bool,
    /// The widest that a column may be.
    limit: Option<usize>,
}

/// How a table is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A tab between cells, nothing cut.
    Tabs,
    /// Columns, cut so that they fit.
    Columns {
        /// Letters in a line, where that is known.
        width: Option<usize>,
        /// Whether headers stand out.
        is_painted: bool,
    },
}

impl Table {
    /// A table with these headers, or none.
    pub fn new(headers: &[&str]) -> Table {
        let mut table = Table {
            has_headers: !headers.is_empty(),
            ..Table::default()
        };
        if table.has_headers {
            table.add(headers.iter().copied());
        }
        table
    }

    /// Adds a row. Cells are a line each: ends of lines become spaces.
    pub fn add<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells = cells.into_iter().map(|cell| {
            let cell: String = cell.into();
            let words: Vec<&str> = cell.split_whitespace().collect();
            words.join(" ")
        });
        self.rows.push(cells.collect());
    }

    /// Cuts columns at this many letters; 0 is no limit.
    pub fn limit(&mut self, width: usize) {
        self.limit = (width > 0).then_some(width);
    }

    /// The lines, each with its end.
    pub fn render(&self, layout: Layout) -> String {
        let (width, is_painted) = match layout {
            Layout::Columns { width, is_painted } => (width, is_painted),
            Layout::Tabs => {
                let lines = self.rows.iter().map(|row| {
                    let cells = row.iter().map(|cell| match self.limit {
                        Some(limit) => cut(cell, limit),
                        None => cell.clone(),
                    });
                    cells.collect::<Vec<_>>().join("\t") + "\n"
                });
                return lines.collect();
            }
        };
        let widths = self.widths(width);
        let mut text = String::new();
        for (at, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let cell = cut(cell, *width);
                line.push_str(&cell);
                let missing = width + GAP - cell.width();
                line.extend(std::iter::repeat_n(' ', missing));
            }
            let line = line.trim_end();
            if at == 0 && self.has_headers && is_painted {
                text.push_str(&format!("\x1b[1m{line}\x1b[0m\n"));
            } else {
                text.push_str(&format!("{line}\n"));
            }
        }
        text
    }

    /// The widths of the columns: what they hold, the widest cut first until a line fits.
    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..count)
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                let wanted = cells.map(|cell| cell.width()).max().unwrap_or(0);
                self.limit.map_or(wanted, |limit| wanted.min(limit))
            })
            .collect();
        let Some(available) = width else {
            return widths;
        };
        let gaps = GAP * count.saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > available {
            let Some(widest) = widths.iter_mut().max_by_key(|width| **width) else {
                break;
            };
            if *widest <= NARROWEST {
                break;
            }
            *widest -= 1;
        }
        widths
    }
}

/// The text, cut to a width with an ellipsis.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut so_far = 0;
    for c in text.chars() {
        so_far += c.width().unwrap_or(0);
        if so_far + 1 > width {
            break;
        }
        kept.push(c);
    }
    kept.push('\u{2026}');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_the_terminal_and_pipes_get_tabs() {
        let columns = |width| Layout::Columns {
            width,
            is_painted: false,
        };
        for (layout, want) in [
            (
                Layout::Tabs,
                "NAME\tABOUT\na\twords that go on and on\n\u{65e5}\u{672c}\tx\n",
            ),
            (
                columns(None),
                "NAME  ABOUT\na     words that go on and on\n\u{65e5}\u{672c}  x\n",
            ),
            (
                columns(Some(20)),
                "NAME  ABOUT\na     words that go\u{2026}\n\u{65e5}\u{672c}  x\n",
            ),
            (
                columns(Some(3)),
                "NAME  ABOUT\na     words t\u{2026}\n\u{65e5}\u{672c}  x\n",
            ),
            (
                Layout::Columns {
                    width: Some(20),
                    is_painted: true,
                },
                "\x1b[1mNAME  ABOUT\x1b[0m\na     words that go\u{2026}\n\u{65e5}\u{672c}  x\n",
            ),
        ] {
            let mut table = Table::new(&["NAME", "ABOUT"]);
            table.add(["a", "words that\ngo on and on"]);
            table.add(["\u{65e5}\u{672c}", "x"]);
            assert_eq!(table.render(layout), want, "{layout:?}");
        }
    }

    #[test]
    fn a_limit_cuts_everywhere() {
        let mut table = Table::new(&[]);
        table.limit(4);
        table.add(["abcdef", "b"]);
        assert_eq!(table.render(Layout::Tabs), "abc\u{2026}\tb\n");
        let layout = Layout::Columns {
            width: None,
            is_painted: true,
        };
        assert_eq!(table.render(layout), "abc\u{2026}  b\n");
    }
}
