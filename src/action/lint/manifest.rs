//! The documents of a text that is YAML or JSON (`NewYAMLOrJSONDecoder` of
//! `k8s.io/apimachinery/pkg/util/yaml` v0.36.1).

use std::borrow::Cow;

use crate::chart::decode::{self, Decoder};
use crate::go::json;
use crate::render::manifest::{trim, trim_start};
use crate::value::Frozen;

/// How much of a text is looked at to see whether it is JSON.
const SEEN: usize = 4096;

/// Reads the documents of a text one after the other into `T`, with a function that fills one in.
/// An item is `None` where a document is empty or null; after an error nothing follows.
pub(super) struct Documents<'a, T> {
    rest: &'a [u8],
    /// Bytes of the whole text.
    length: usize,
    is_json: bool,
    /// How many JSON values were read.
    count: usize,
    is_over: bool,
    read: fn(&mut T, &mut Decoder<'_>, &Frozen),
}

impl<'a, T: Default> Documents<'a, T> {
    pub(super) fn new(
        text: &'a [u8],
        read: fn(&mut T, &mut Decoder<'_>, &Frozen),
    ) -> Documents<'a, T> {
        let head = &text[..text.len().min(SEEN)];
        Documents {
            rest: text,
            length: text.len(),
            is_json: trim_start(head).starts_with(b"{"),
            count: 0,
            is_over: false,
            read,
        }
    }

    /// The next JSON value; an error says whether the rest may still be YAML.
    fn json(&mut self) -> Option<Result<Option<T>, (String, bool)>> {
        let may_be_yaml = self.count <= 1;
        match json::decode_next(self.rest) {
            Ok((value, used)) => {
                let mut item = T::default();
                let read = self.read;
                match decode::json(&value, |decoder, value| read(&mut item, decoder, value)) {
                    Ok(()) => {
                        self.count += 1;
                        self.rest = &self.rest[used..];
                        Some(Ok((value != Frozen::Null).then_some(item)))
                    }
                    Err(error) => Some(Err((error.to_string(), may_be_yaml))),
                }
            }
            Err((message, _)) if message == "EOF" => None,
            Err((message, Some(offset))) if may_be_yaml => {
                // Go counts from where the text begins, not from where the value does.
                let offset = self.length - self.rest.len() + offset;
                Some(Err((format!("json: offset {offset}: {message}"), true)))
            }
            Err((message, _)) => Some(Err((message, may_be_yaml))),
        }
    }

    /// Passes over white space up to the end of its first line.
    fn skip_line(&mut self) {
        let trimmed = trim_start(self.rest);
        let blank = &self.rest[..self.rest.len() - trimmed.len()];
        let skipped = memchr::memchr(b'\n', blank).map_or(blank.len(), |at| at + 1);
        self.rest = &self.rest[skipped..];
    }

    /// The next YAML document; `None` at the end.
    fn yaml(&mut self) -> Option<Result<Option<T>, String>> {
        let text = match self.cut()? {
            Ok(text) => text,
            Err(error) => return Some(Err(error)),
        };
        let mut item = T::default();
        let mut is_null = false;
        let read = self.read;
        let result = decode::document(&text, |decoder, value| {
            is_null = *value == Frozen::Null;
            read(&mut item, decoder, value);
        });
        Some(match result {
            Ok(()) => Ok((!is_null).then_some(item)),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Cuts off the text of the next document. Lines lose their carriage return.
    fn cut(&mut self) -> Option<Result<Cow<'a, [u8]>, String>> {
        let mut start = self.rest;
        let mut length = 0;
        while let Some(line) = start[length..].split_inclusive(|b| *b == b'\n').next() {
            let after = &start[length + line.len()..];
            if let Some(behind) = line.strip_prefix(b"---") {
                let behind = trim(behind);
                if !behind.is_empty() && !behind.starts_with(b"#") {
                    let shown = String::from_utf8_lossy(behind);
                    return Some(Err(format!("invalid Yaml document separator: {shown}")));
                }
                if length > 0 {
                    self.rest = after;
                    return Some(Ok(unix_lines(&start[..length])));
                }
                start = after;
            } else {
                length += line.len();
            }
        }
        self.rest = b"";
        (length > 0).then(|| Ok(unix_lines(&start[..length])))
    }
}

impl<T: Default> Iterator for Documents<'_, T> {
    type Item = Result<Option<T>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let mut first = None;
        if self.is_json {
            match self.json()? {
                Ok(item) => return Some(Ok(item)),
                Err((error, true)) => {
                    self.is_json = false;
                    self.skip_line();
                    first = Some(error);
                }
                Err((error, false)) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        let item = self.yaml()?;
        Some(item.map_err(|error| {
            self.is_over = true;
            first.unwrap_or(error)
        }))
    }
}

fn unix_lines(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"\r\n").is_none() {
        return Cow::Borrowed(text);
    }
    let mut lines = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => lines.extend_from_slice(&[line, b"\n"].concat()),
            None => lines.extend_from_slice(line),
        }
    }
    Cow::Owned(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_errors_count_from_the_beginning_of_the_text() {
        for (text, want) in [
            (
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}}\n  {\"b\":}: [\n",
                "json: offset 71: invalid character '}' looking for beginning of value",
            ),
            (
                "\n {\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"x\"}} {\"b\": x}: [",
                "json: offset 72: invalid character 'x' looking for beginning of value",
            ),
        ] {
            let documents = Documents::new(text.as_bytes(), |_: &mut (), _, _| {});
            let errors: Vec<String> = documents.filter_map(Result::err).collect();
            assert_eq!(errors, [want], "{text}");
        }
    }
}
