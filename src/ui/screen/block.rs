//! Lines that are drawn over themselves.
//!
//! The cursor rests behind the last letter and not at the end of the line, so that the `^C` that a
//! terminal echoes does not push it to the next one: what is cleared then is what was drawn.

use unicode_width::UnicodeWidthChar as _;

/// What was drawn last.
#[derive(Debug, Default)]
pub(super) struct Block {
    lines: Vec<String>,
    is_closed: bool,
}

impl Block {
    /// Draws lines in the place of those that are there, on a terminal of a width; nothing where they
    /// are the same.
    pub(super) fn draw(&mut self, lines: Vec<String>, width: usize) -> String {
        if self.is_closed || self.lines == lines {
            return String::new();
        }
        let mut text = self.clear(width);
        self.lines = lines;
        text.push_str(&self.again());
        text
    }

    /// Takes the lines away for a moment. A terminal that has become narrower has broken them.
    pub(super) fn clear(&self, width: usize) -> String {
        let rows = self.lines.iter();
        let rows = rows.map(|line| letters(line).div_ceil(width.max(1)).max(1));
        // Line by line: some terminals keep what is cleared all at once among what was scrolled away.
        match rows.sum::<usize>() {
            0 => String::new(),
            many => format!("\r\x1b[2K{}", "\x1b[1A\x1b[2K".repeat(many - 1)),
        }
    }

    /// Draws the lines where the cursor is, after they were taken away.
    pub(super) fn again(&self) -> String {
        self.lines.join("\n")
    }

    /// Takes the lines away, and draws no more.
    pub(super) fn close(&mut self, width: usize) -> String {
        let text = self.clear(width);
        self.lines.clear();
        self.is_closed = true;
        text
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }
}

/// How wide a line is, without what paints it.
fn letters(line: &str) -> usize {
    let mut is_escape = false;
    let mut width = 0;
    for c in line.chars() {
        match c {
            '\x1b' => is_escape = true,
            'm' if is_escape => is_escape = false,
            _ if is_escape => {}
            c => width += c.width().unwrap_or(0),
        }
    }
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_drawn_over_those_of_before() {
        let mut block = Block::default();
        let lines = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(block.clear(80), "");
        assert_eq!(block.draw(lines(&["a", "b", "c"]), 80), "a\nb\nc");
        assert_eq!(block.draw(lines(&["a", "b", "c"]), 80), "");
        assert_eq!(
            block.draw(lines(&["d"]), 80),
            "\r\x1b[2K\x1b[1A\x1b[2K\x1b[1A\x1b[2Kd"
        );
        assert_eq!(block.clear(80) + &block.again(), "\r\x1b[2Kd");
        assert_eq!(block.draw(Vec::new(), 80), "\r\x1b[2K");
        assert_eq!(
            block.draw(lines(&["\x1b[1mabcdef\x1b[0m", "g"]), 80).len(),
            16
        );
        // Six letters are three lines of two.
        assert_eq!(block.clear(2).matches("\x1b[2K").count(), 4);
        assert_eq!(block.close(80), "\r\x1b[2K\x1b[1A\x1b[2K");
        assert_eq!(block.draw(lines(&["f"]), 80), "");
        assert!(block.is_closed());
    }
}
