//! Lines `NAME=value` and `#comment`.

use super::super::metadata::unescape;
use super::super::tree::{Branch, Comment, Entry, Value};
use super::plain;

/// # Errors
/// A line without `=`; it is not told.
pub(super) fn read(text: &[u8]) -> Result<Vec<Branch>, String> {
    let mut branch = Branch::new();
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        match line {
            [] => {}
            [b'#', comment @ ..] => branch.push(Entry::Comment(Comment {
                text: comment.to_vec(),
                is_inline: false,
            })),
            line => {
                let Some(equals) = memchr::memchr(b'=', line) else {
                    return Err(format!("invalid dotenv input line {}", at + 1));
                };
                let value = Value::Text(unescape(&line[equals + 1..]));
                branch.push(Entry::Pair(line[..equals].to_vec(), value));
            }
        }
    }
    Ok(vec![branch])
}

/// # Errors
/// A value that is a list or a map.
pub(super) fn write(branches: &[Branch]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    for entry in branches.iter().take(1).flatten() {
        match entry {
            Entry::Comment(comment) => {
                out.push(b'#');
                out.extend_from_slice(&comment.text);
            }
            Entry::Pair(key, value) => {
                if matches!(value, Value::List(_) | Value::Branch(_)) {
                    let key = String::from_utf8_lossy(key);
                    return Err(format!(
                        "cannot use complex value in dotenv file; offending key {key}"
                    ));
                }
                out.extend_from_slice(key);
                out.push(b'=');
                match value {
                    Value::Text(text) => {
                        let lines = text.split(|byte| *byte == b'\n');
                        for (at, line) in lines.enumerate() {
                            if at > 0 {
                                out.extend_from_slice(b"\\n");
                            }
                            out.extend_from_slice(line);
                        }
                    }
                    other => out.extend_from_slice(&plain(other)),
                }
            }
        }
        out.push(b'\n');
    }
    Ok(out)
}
