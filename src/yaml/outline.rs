//! Documents of nothing but lines as charts write them, read without tokens.
//!
//! Most manifests are block maps and lists of scalars that end on their line. Such a document can be
//! told line by line, and nearly as fast as its line feeds are found. At the first line that may be
//! anything else (an anchor, a tag, a quoted scalar over several lines, a tab, an error) this gives
//! up, and the scanner starts over: it alone decides what is wrong.

use super::head::{Fields, Head};
use super::input::Input;
use super::token::{Scalar, Style};

/// More levels are left to the scanner.
const MAX_DEPTH: usize = 200;
/// The scanner counts the characters of keys, up to 1024.
const MAX_KEY: usize = 1000;

/// Bytes of keys without quotes.
static KEY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "up to 255")]
        let letter = byte as u8;
        table[byte] = letter.is_ascii_alphanumeric()
            || matches!(
                letter,
                b'_' | b'-' | b'.' | b'/' | b'$' | b'@' | b'~' | b'+'
            );
        byte += 1;
    }
    table
};

/// The head of a document; `None` where it needs the scanner.
pub(super) fn head(input: &Input<'_>) -> Option<Head> {
    if input.fault.is_some() || !input.unix || input.offset != 0 {
        return None;
    }
    let mut outline = Outline {
        text: &input.text,
        at: 0,
        open: Vec::with_capacity(16),
        started: false,
        pending: false,
        continues: false,
        fields: Fields::default(),
    };
    while outline.at < outline.text.len() {
        outline.line()?;
    }
    // Nothing at all is a document too, but none of these.
    (!outline.open.is_empty()).then_some(outline.fields.head)
}

/// A block collection that is open.
#[derive(Clone, Copy)]
struct Level {
    column: usize,
    is_list: bool,
}

struct Outline<'a> {
    text: &'a [u8],
    at: usize,
    open: Vec<Level>,
    /// Whether the outermost collection has been opened: there is but one.
    started: bool,
    /// Whether the innermost collection waits for the value of a key or an entry.
    pending: bool,
    /// Whether a plain scalar goes on where the next line is indented more.
    continues: bool,
    fields: Fields,
}

impl<'a> Outline<'a> {
    /// The next line without its end; moves behind it.
    fn take_line(&mut self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.at += end + 1;
        &rest[..end]
    }

    fn line(&mut self) -> Option<()> {
        let line = self.take_line();
        let mut column = indentation(line);
        match line.get(column) {
            None => return Some(()),
            Some(b'#') => {
                self.continues = false;
                return Some(());
            }
            Some(_) => {}
        }
        if std::mem::take(&mut self.continues)
            && self.open.last().is_some_and(|level| column > level.column)
        {
            return self.continuation(&line[column..]);
        }
        if column == 0 && (line.starts_with(b"---") || line.starts_with(b"...")) {
            return None;
        }
        self.close_to(column);
        let mut is_entry = false;
        loop {
            let rest = &line[column..];
            if rest[0] == b'-' && matches!(rest.get(1), None | Some(b' ')) {
                self.entry(column)?;
                let blanks = indentation(&rest[1..]);
                column += 1 + blanks;
                match line.get(column) {
                    None => return Some(()),
                    Some(b'#') => return Some(()),
                    Some(_) => is_entry = true,
                }
                continue;
            }
            let Some((key, length)) = key(rest) else {
                // Only behind a dash can a scalar stand alone.
                return if is_entry { self.scalar(rest) } else { None };
            };
            self.enter_map(column)?;
            self.fields.key(&key)?;
            let value = &rest[length..];
            let value = &value[indentation(value)..];
            self.pending = true;
            return match value.first() {
                None | Some(b'#') => Some(()),
                Some(_) => self.scalar(value),
            };
        }
    }

    /// Closes the collections that are indented more than `column`.
    fn close_to(&mut self, column: usize) {
        while self.open.last().is_some_and(|level| level.column > column) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.open.pop();
        self.pending = false;
        self.fields.close();
    }

    /// Opens a collection where one is waited for.
    fn open(&mut self, column: usize, is_list: bool) -> Option<()> {
        let is_first = !std::mem::replace(&mut self.started, true);
        let is_wanted = is_first || std::mem::take(&mut self.pending);
        if !is_wanted || self.open.len() >= MAX_DEPTH {
            return None;
        }
        self.fields.open(!is_list)?;
        self.open.push(Level { column, is_list });
        Some(())
    }

    /// A dash at `column`, which is not left of the innermost collection.
    fn entry(&mut self, column: usize) -> Option<()> {
        match self.open.last() {
            Some(level) if level.column == column && level.is_list => {}
            // The first entry of a list, which may be indented as little as its key.
            _ => self.open(column, true)?,
        }
        self.pending = true;
        Some(())
    }

    /// A key at `column`, which is not left of the innermost collection.
    fn enter_map(&mut self, column: usize) -> Option<()> {
        if let [.., map, list] = self.open[..]
            && list.is_list
            && list.column == column
            && map.column == column
        {
            self.close();
        }
        match self.open.last() {
            Some(level) if level.column == column => (!level.is_list).then_some(()),
            _ => self.open(column, false),
        }
    }

    /// A value on its line, to the line's end.
    fn scalar(&mut self, text: &'a [u8]) -> Option<()> {
        self.pending = false;
        match text[0] {
            quote @ (b'"' | b'\'') => {
                let (scalar, rest) = quoted(text, quote)?;
                is_over(rest)?;
                self.fields.value(&scalar)
            }
            b'|' | b'>' => self.block(&text[1..]),
            b'{' | b'[' => {
                let (rest, is_empty) = brackets(text)?;
                is_over(rest)?;
                self.brackets(text[0] == b'{', is_empty)
            }
            b'-' if matches!(text.get(1), None | Some(b' ' | b'-')) => None,
            b'&' | b'*' | b'!' | b'%' | b'@' | b'`' | b'?' | b':' | b',' | b']' | b'}' | b'#' => {
                None
            }
            _ => {
                let (raw, is_whole) = plain(text)?;
                let scalar = Scalar {
                    raw,
                    ..Scalar::EMPTY
                };
                // A value that is kept has to be here as a whole.
                self.continues = is_whole && !self.fields.wants_value();
                self.fields.value(&scalar)
            }
        }
    }

    /// A collection in brackets, of which nothing may be kept but that it is there.
    fn brackets(&mut self, mapping: bool, is_empty: bool) -> Option<()> {
        if !is_empty && self.fields.wants_value() {
            return None;
        }
        self.fields.open(mapping)?;
        self.fields.close();
        Some(())
    }

    /// One more line of a plain scalar.
    fn continuation(&mut self, text: &[u8]) -> Option<()> {
        self.continues = plain(text)?.1;
        Some(())
    }

    /// A block scalar, whose header is at the end of its line.
    fn block(&mut self, header: &[u8]) -> Option<()> {
        if !matches!(header.trim_ascii_end(), b"" | b"-" | b"+")
            || header.contains(&b'\t')
            || self.fields.wants_value()
        {
            return None;
        }
        let least = self.open.last()?.column + 1;
        let mut widest = 0;
        let mut indent = None;
        while self.at < self.text.len() {
            let start = self.at;
            let line = self.take_line();
            let column = indentation(line);
            let Some(first) = line.get(column) else {
                if indent.is_none() {
                    widest = widest.max(column);
                }
                continue;
            };
            let is_first = indent.is_none();
            let indent = *indent.get_or_insert_with(|| widest.max(column).max(least));
            if *first == b'\t' && (is_first || column < indent) {
                return None;
            }
            if column < indent {
                self.at = start;
                return Some(());
            }
        }
        Some(())
    }
}

/// Number of spaces in front.
fn indentation(line: &[u8]) -> usize {
    line.iter().take_while(|byte| **byte == b' ').count()
}

/// A key in front, and the length of it and its colon.
fn key(text: &[u8]) -> Option<(Scalar<'_>, usize)> {
    let (scalar, end) = match *text.first()? {
        quote @ (b'"' | b'\'') => {
            let (scalar, rest) = quoted(text, quote)?;
            (scalar, text.len() - rest.len())
        }
        b'-' | b'@' => return None,
        _ => {
            let inside = |byte: &u8| KEY[usize::from(*byte)];
            let end = text.iter().take_while(|byte| inside(byte)).count();
            let scalar = Scalar {
                raw: &text[..end],
                ..Scalar::EMPTY
            };
            (scalar, end)
        }
    };
    let is_key = (1..=MAX_KEY).contains(&end)
        && text.get(end) == Some(&b':')
        && matches!(text.get(end + 1), None | Some(b' '));
    is_key.then_some((scalar, end + 1))
}

/// A quoted scalar on one line, and what follows it.
fn quoted(text: &[u8], quote: u8) -> Option<(Scalar<'_>, &[u8])> {
    let mut end = 1;
    let mut verbatim = true;
    loop {
        end += memchr::memchr2(quote, b'\\', &text[end..])?;
        match (text[end], text.get(end + 1)) {
            (b'\\', _) if quote == b'\'' => end += 1,
            (b'\\', Some(b'n' | b't' | b'r' | b'"' | b'\\' | b'0' | b'a' | b'b' | b'e')) => {
                verbatim = false;
                end += 2;
            }
            (b'\'', Some(b'\'')) => {
                verbatim = false;
                end += 2;
            }
            (found, _) if found == quote => break,
            _ => return None,
        }
    }
    let scalar = Scalar {
        raw: &text[1..end],
        style: if quote == b'"' {
            Style::Double
        } else {
            Style::Single
        },
        verbatim,
        ..Scalar::EMPTY
    };
    Some((scalar, &text[end + 1..]))
}

/// Nothing but spaces and a comment.
fn is_over(rest: &[u8]) -> Option<()> {
    let blanks = indentation(rest);
    match rest.get(blanks) {
        None => Some(()),
        Some(b'#') if blanks > 0 => Some(()),
        Some(_) => None,
    }
}

/// A plain scalar up to the end of its line or a comment, and whether it may go on behind the line.
fn plain(text: &[u8]) -> Option<(&[u8], bool)> {
    let mut end = text.len();
    for at in memchr::memchr3_iter(b':', b'#', b'\t', text) {
        match text[at] {
            b':' if matches!(text.get(at + 1), None | Some(b' ')) => return None,
            b'#' if at > 0 && text[at - 1] == b' ' => {
                end = at;
                break;
            }
            b'\t' => return None,
            _ => {}
        }
    }
    let length = text[..end].trim_ascii_end().len();
    Some((&text[..length], end == text.len()))
}

/// What follows a collection of scalars in brackets, and whether it is empty.
fn brackets(text: &[u8]) -> Option<(&[u8], bool)> {
    let mapping = text[0] == b'{';
    let end = if mapping { b'}' } else { b']' };
    let mut rest = text[1..].trim_ascii_start();
    if rest.first() == Some(&end) {
        return Some((&rest[1..], true));
    }
    loop {
        if mapping {
            let (name, length) = key(rest)?;
            // Other keys may be null or a number.
            if !name.raw.first()?.is_ascii_alphabetic() || name.raw.eq_ignore_ascii_case(b"null") {
                return None;
            }
            rest = rest[length..].trim_ascii_start();
        }
        rest = item(rest)?.trim_ascii_start();
        match rest.split_first()? {
            (b',', after) => rest = after.trim_ascii_start(),
            (found, after) if *found == end => return Some((after, false)),
            _ => return None,
        }
    }
}

/// A scalar in brackets; gives what follows it.
fn item(text: &[u8]) -> Option<&[u8]> {
    let first = *text.first()?;
    if matches!(first, b'"' | b'\'') {
        return quoted(text, first).map(|(_, rest)| rest);
    }
    let end = text
        .iter()
        .take_while(|byte| KEY[usize::from(**byte)])
        .count();
    // Numbers that JSON cannot hold begin with one of these.
    let is_plain = match text[..end] {
        [b'-', second, ..] => second == b'-' || second.is_ascii_alphabetic(),
        [b'.' | b'+' | b'@' | b'-', ..] | [] => false,
        [b'0'..=b'9', ..] => end <= 15 && text[..end].iter().all(u8::is_ascii_digit),
        _ => true,
    };
    (is_plain && !text[..end].starts_with(b"---")).then_some(&text[end..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::head::thorough;

    fn outline(text: &str) -> Option<Head> {
        head(&Input::new(text.as_bytes()))
    }

    #[test]
    fn what_charts_write_is_read_without_the_scanner() {
        for text in [
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: |\n    x\n\n    y\n  b: 'it''s' # why\n",
            "names: {a: b, \"c\": 1} # x\nkind: List\nitems:\n- a: 1\n  b:\n  - c\n  -\n    - d: [\"-x\", y, 80]\n- {}\n# end\n",
            "metadata:\n  annotations:\n    \"a/b\": \"1\"\n  name: x\nspec:\n  text: one\n    two - three\n  after: \"\\n\"\n",
            "# Source\n\nkind: \n",
        ] {
            assert_eq!(outline(text), thorough(text.as_bytes()).ok(), "{text}");
        }
    }

    #[test]
    fn all_else_is_left_to_the_scanner() {
        for text in [
            "",
            "a",
            "- a",
            "  a: 1\nb: 2",
            "a: b: c",
            "a: [b",
            "a: &x b",
            "a:\tb",
            "a: 'b",
            "a: 1\n  b: 2\n",
            "a: .inf",
            "a: 1\n- b\n",
            "a: |\n\tx\n",
            "a: \"\\x41\"",
            "kind: a\nkind: b\n",
            "metadata: []",
            "null: 1",
            "a: - b",
            "---\na: 1",
            "18446744073709551615: a",
            "a:\n   b: 1\n  c: 1\n",
            "metadata: {name: c}",
            "a: {b: {}}",
            "a: {b: c",
            "a: {null: c}",
        ] {
            assert_eq!(outline(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// Lines of anything that may mislead; whatever is read must be what the parser reads.
        #[test]
        fn never_reads_what_the_parser_reads_otherwise(
            lines in prop::collection::vec(("( ){0,6}", prop::sample::select(vec![
                "", "- ", "-", "- - ", "a: ", "\"b\": ", "kind: ", "metadata:", "metadata: ", "name: ",
                "annotations:", "annotations: ", "# ", "? ", "12: ", "1e3: ", "'c':", "d:", "<<: ", "K: ",
            ]), prop::sample::select(vec![
                "", "x", "1", "1e999", ".nan", "-.inf", "~", "null", "'y'", "\"z\"", "\"z\\n\"", "|", ">-", "|+",
                "|2", "{}", "[]", "[a, 'b', 1]", "[.inf]", "[a: b]", "[a,]", "x # y", "x#y", "x: y", "x:y", "x:", "\tx", "x\t",
                "&a b", "*a", "!t x", "- x", "-x", "--- x", "'o", "\"o", "'p' q", "'p' # q", "'p'#q", "x  ", "#",
                "2020-01-01", "true", "0x10", "1_000", ": x", "@x", "{a: b}", "{a: b, c: 'd'}", "{a: .inf}",
                "{1: b}", "{a:b}", "{a: b }x", "{", "[", "{a: ", "[a, ", "x, y", "] x", "---", "...", "é: ü",
            ])), 0..9),
        ) {
            let text: Vec<String> = lines.iter().map(|(indent, key, value)| format!("{indent}{key}{value}")).collect();
            let text = text.join("\n");
            if let Some(head) = outline(&text) {
                prop_assert_eq!(Some(head), thorough(text.as_bytes()).ok(), "{}", text);
            }
        }
    }
}
