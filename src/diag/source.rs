//! Named texts and places in them: offsets go in, lines and columns come out.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// A named text, shared by everything that points into it.
///
/// The name is what users call it: a path as typed, `conf/templates/a.yaml`, `--set`.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    name: String,
    bytes: Arc<[u8]>,
    /// Byte offset at which each line starts, found at the first question.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// Wraps `bytes` under `name`.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Source {
        Source::shared(name, bytes.into().into())
    }

    /// Wraps bytes that others hold too, without copying them.
    pub fn shared(name: impl Into<String>, bytes: Arc<[u8]>) -> Source {
        Source(Arc::new(Inner {
            name: name.into(),
            bytes,
            lines: OnceLock::new(),
        }))
    }

    /// The name that messages use.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The whole text.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// Converts a byte offset (clamped to the text) to line and column.
    pub fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.0.bytes.len());
        let lines = self.lines();
        let line = lines.partition_point(|start| *start <= offset);
        Place {
            file: self.0.name.clone(),
            line,
            column: offset - lines[line - 1] + 1,
        }
    }

    /// Bytes of line `line`, counted from 1, without its end; `None` past the end.
    pub fn line(&self, line: usize) -> Option<&[u8]> {
        let lines = self.lines();
        let start = *lines.get(line.checked_sub(1)?)?;
        let end = lines.get(line).copied().unwrap_or(self.0.bytes.len());
        let text = &self.0.bytes[start..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        Some(text.strip_suffix(b"\r").unwrap_or(text))
    }

    /// Byte offset of a line counted from 1 and a byte column counted from 1, clamped to the text.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let lines = self.lines();
        let start = lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(self.0.bytes.len());
        (start + column.saturating_sub(1)).min(self.0.bytes.len())
    }

    fn lines(&self) -> &[usize] {
        self.0.lines.get_or_init(|| {
            let ends = self
                .0
                .bytes
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n');
            std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect()
        })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.0.name, self.0.bytes.len())
    }
}

/// A range of bytes in a [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A position for people: lines and byte columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the [`Source`].
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Byte column, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines_and_columns() {
        let source = Source::new("a", "one\ntwo\r\n\nlast");
        for (offset, line, column) in [
            (0, 1, 1),
            (3, 1, 4),
            (4, 2, 1),
            (9, 3, 1),
            (10, 4, 1),
            (99, 4, 5),
        ] {
            let place = source.place(offset);
            assert_eq!(
                (place.line, place.column),
                (line, column),
                "offset {offset}"
            );
        }
        assert_eq!(source.line(2), Some(&b"two"[..]));
        assert_eq!(source.line(4), Some(&b"last"[..]));
        assert_eq!(source.line(5), None);
        assert_eq!(source.offset(2, 2), 5);
    }
}
