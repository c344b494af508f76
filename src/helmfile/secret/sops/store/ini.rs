//! Sections with pairs, as gopkg.in/ini.v1 reads and writes them.

use super::super::tree::{Branch, Comment, Entry, Value};
use super::plain;

/// What stands before the first section.
const DEFAULT: &[u8] = b"DEFAULT";

/// # Errors
/// A line that is neither a section nor a pair; it is not told.
pub(super) fn read(text: &[u8]) -> Result<Vec<Branch>, String> {
    let mut reader = Reader {
        sections: vec![(DEFAULT.to_vec(), Branch::new())],
        comment: Vec::new(),
    };
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines = text.split(|byte| *byte == b'\n').enumerate();
    while let Some((at, line)) = lines.next() {
        let line = line.trim_ascii();
        let failed =
            |what: &str| format!("Could not unmarshal input data: line {}: {what}", at + 1);
        match line {
            [] => {}
            [b'#' | b';', ..] => {
                if !reader.comment.is_empty() {
                    reader.comment.push(b'\n');
                }
                reader.comment.extend_from_slice(line);
            }
            [b'[', rest @ ..] => {
                let end = memchr::memrchr(b']', rest).ok_or_else(|| failed("unclosed section"))?;
                reader.section(&rest[..end]);
            }
            line => {
                let (key, rest) =
                    key(line).ok_or_else(|| failed("key-value delimiter not found"))?;
                let rest = rest.trim_ascii();
                let value = match rest.strip_prefix(b"`") {
                    Some(open) if memchr::memchr(b'`', open).is_none() => {
                        let mut whole = open.to_vec();
                        loop {
                            let (_, more) = lines
                                .next()
                                .ok_or_else(|| failed("missing closing key quote"))?;
                            whole.push(b'\n');
                            match memchr::memchr(b'`', more) {
                                Some(end) => {
                                    whole.extend_from_slice(&more[..end]);
                                    break;
                                }
                                None => whole.extend_from_slice(more),
                            }
                        }
                        whole
                    }
                    _ => reader.value(rest),
                };
                reader.pair(key, value);
            }
        }
    }
    let sections = reader.sections.into_iter();
    let branch = sections.map(|(name, pairs)| Entry::Pair(name, Value::Branch(pairs)));
    Ok(vec![branch.collect()])
}

struct Reader {
    sections: Vec<(Vec<u8>, Branch)>,
    /// Lines that belong to what comes next.
    comment: Vec<u8>,
}

/// A key, without quotes, and what is behind its delimiter.
fn key(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let quote: &[u8] = match line {
        line if line.starts_with(b"\"\"\"") => b"\"\"\"",
        [b'`', ..] => b"`",
        [b'"', ..] => b"\"",
        _ => {
            let end = memchr::memchr2(b'=', b':', line)?;
            return Some((line[..end].trim_ascii().to_vec(), &line[end + 1..]));
        }
    };
    let rest = &line[quote.len()..];
    let end = memchr::memmem::find(rest, quote)?;
    let behind = &rest[end + quote.len()..];
    let delimiter = memchr::memchr2(b'=', b':', behind)?;
    Some((rest[..end].to_vec(), &behind[delimiter + 1..]))
}

impl Reader {
    fn section(&mut self, name: &[u8]) {
        let mut pairs = Branch::new();
        if !self.comment.is_empty() {
            pairs.push(Entry::Comment(self.take_comment()));
        }
        self.sections.push((name.to_vec(), pairs));
    }

    fn take_comment(&mut self) -> Comment {
        let text = std::mem::take(&mut self.comment);
        let bare = match text.first() {
            Some(mark @ (b'#' | b';')) => {
                let start = text.iter().position(|byte| byte != mark && *byte != b' ');
                text[start.unwrap_or(text.len())..].to_vec()
            }
            _ => text,
        };
        Comment {
            text: bare,
            is_inline: false,
        }
    }

    /// What a pair's value is, without quotes and without the comment beside it.
    fn value(&mut self, rest: &[u8]) -> Vec<u8> {
        for quote in [&b"\"\"\""[..], b"`"] {
            if let Some(inner) = rest.strip_prefix(quote)
                && let Some(end) = memchr::memmem::find(inner, quote)
            {
                return inner[..end].to_vec();
            }
        }
        let mut value = rest;
        if let Some(at) = rest.iter().position(|byte| matches!(byte, b'#' | b';')) {
            if !self.comment.is_empty() {
                self.comment.push(b'\n');
            }
            self.comment.extend_from_slice(&rest[at..]);
            value = rest[..at].trim_ascii();
        }
        for quote in [b'"', b'\''] {
            if let [first, inner @ .., last] = value
                && (*first, *last) == (quote, quote)
                && !inner.contains(&quote)
            {
                return inner.to_vec();
            }
        }
        value.to_vec()
    }

    fn pair(&mut self, key: Vec<u8>, value: Vec<u8>) {
        let comment = (!self.comment.is_empty()).then(|| self.take_comment());
        let Some((_, pairs)) = self.sections.last_mut() else {
            return;
        };
        let known = pairs.iter_mut().find_map(|entry| match entry {
            Entry::Pair(name, value) if *name == key => Some(value),
            _ => None,
        });
        match known {
            Some(known) => *known = Value::Text(value),
            None => pairs.push(Entry::Pair(key, Value::Text(value))),
        }
        pairs.extend(comment.map(Entry::Comment));
    }
}

/// # Errors
/// A section that is none.
pub(super) fn write(branches: &[Branch]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let sections = branches.iter().flatten().filter_map(|entry| match entry {
        Entry::Pair(name, value) => Some((name, value)),
        Entry::Comment(_) => None,
    });
    let mut is_first = true;
    for (at, (name, value)) in sections.enumerate() {
        let Value::Branch(pairs) = value else {
            return Err(
                "Error encoding section: Section values should always be TreeBranches".to_owned(),
            );
        };
        let is_default = at == 0 && name.eq_ignore_ascii_case(DEFAULT);
        if is_default && !pairs.iter().any(|entry| matches!(entry, Entry::Pair(..))) {
            continue;
        }
        if !is_first {
            out.push(b'\n');
        }
        is_first = false;
        section((!is_default).then_some(&name[..]), pairs, &mut out);
    }
    Ok(out)
}

/// Writes a section; the one before the others has no name.
fn section(name: Option<&[u8]>, pairs: &[Entry], out: &mut Vec<u8>) {
    let mut pairs = pairs;
    if let [Entry::Comment(comment), rest @ ..] = pairs {
        write_comment(comment, out);
        pairs = rest;
    }
    if let Some(name) = name {
        out.push(b'[');
        out.extend_from_slice(name);
        out.extend_from_slice(b"]\n");
    }
    let quoted = |key: &[u8]| -> Vec<u8> {
        match () {
            () if key.iter().any(|byte| b"\"=:".contains(byte)) => [b"`", key, b"`"].concat(),
            () if key.contains(&b'`') => [b"\"\"\"", key, b"\"\"\""].concat(),
            () => key.to_vec(),
        }
    };
    let widths = pairs.iter().filter_map(|entry| match entry {
        Entry::Pair(key, _) => Some(quoted(key).len()),
        Entry::Comment(_) => None,
    });
    let width = widths.max().unwrap_or_default();
    for (at, entry) in pairs.iter().enumerate() {
        let Entry::Pair(key, value) = entry else {
            continue;
        };
        // The comment of a pair stands behind it in the branch, and before it in the text.
        let comments = pairs[at + 1..]
            .iter()
            .map_while(|entry| match entry {
                Entry::Comment(comment) => Some(comment),
                Entry::Pair(..) => None,
            })
            .last();
        if let Some(comment) = comments {
            write_comment(comment, out);
        }
        let key = quoted(key);
        out.extend_from_slice(&key);
        out.extend(std::iter::repeat_n(b' ', width - key.len()));
        out.extend_from_slice(b" = ");
        let value = plain(value);
        match () {
            () if value.iter().any(|byte| b"\n`".contains(byte)) => {
                out.extend_from_slice(b"\"\"\"");
                out.extend_from_slice(&value);
                out.extend_from_slice(b"\"\"\"");
            }
            () if value.iter().any(|byte| b"#;".contains(byte)) => {
                out.push(b'`');
                out.extend_from_slice(&value);
                out.push(b'`');
            }
            () if value.trim_ascii().len() != value.len() => {
                out.push(b'"');
                out.extend_from_slice(&value);
                out.push(b'"');
            }
            () => out.extend_from_slice(&value),
        }
        out.push(b'\n');
    }
}

fn write_comment(comment: &Comment, out: &mut Vec<u8>) {
    for line in comment.text.split(|byte| *byte == b'\n') {
        let (mark, rest) = match line {
            [mark @ (b'#' | b';'), rest @ ..] => (*mark, rest),
            line => (b';', line),
        };
        out.extend_from_slice(&[mark, b' ']);
        out.extend_from_slice(rest.trim_ascii());
        out.push(b'\n');
    }
}
