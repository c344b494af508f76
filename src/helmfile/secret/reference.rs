//! References in texts, as vals 0.46.0 finds and takes them apart.
//!
//! What counts as one is its regular expression
//! `((secret)?ref)\+([^\+:]*:\/\/[^\+\n ]+[^\+\n ",])\+?`: a path of a single character is none.

use std::collections::BTreeMap;

use crate::go::url::{Url, query_unescape};

/// A reference in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'t> {
    /// Where it starts in the text.
    pub(super) start: usize,
    /// Where it ends, with the `+` that may close it.
    pub(super) end: usize,
    /// What is behind `ref+`: `echo://a/b`.
    pub(super) key: &'t [u8],
}

/// The words that a reference may start with.
const WORDS: [&[u8]; 2] = [b"secretref+", b"ref+"];

/// The first reference of a text.
pub(super) fn find(text: &[u8]) -> Option<Found<'_>> {
    let mut from = 0;
    while let Some((start, body)) = prefix(text, from) {
        if let Some(length) = length(&text[body..]) {
            let end = body + length;
            return Some(Found {
                start,
                end: end + usize::from(text.get(end) == Some(&b'+')),
                key: &text[body..end],
            });
        }
        from = body;
    }
    None
}

/// Whether a text can hold a reference at all.
pub(super) fn may_refer(text: &[u8]) -> bool {
    prefix(text, 0).is_some()
}

/// Where the words of references start and end in a text.
pub(super) fn prefixes(text: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start, end)) = prefix(text, from) {
        found.push((start, end));
        from = end;
    }
    found
}

/// Where the next `ref+` or `secretref+` starts and ends.
fn prefix(text: &[u8], from: usize) -> Option<(usize, usize)> {
    let at = from + memchr::memmem::find(&text[from..], WORDS[1])?;
    let end = at + WORDS[1].len();
    let word = WORDS[0].len();
    let is_secret = end >= from + word && text[..end].ends_with(WORDS[0]);
    Some((if is_secret { end - word } else { at }, end))
}

/// How long the key is that a text starts with.
fn length(text: &[u8]) -> Option<usize> {
    let colon = memchr::memchr2(b'+', b':', text)?;
    let body = colon + b"://".len();
    if !text[colon..].starts_with(b"://") {
        return None;
    }
    let run = text[body..]
        .iter()
        .position(|byte| matches!(byte, b'+' | b'\n' | b' '))
        .unwrap_or(text.len() - body);
    let mut run = &text[body..body + run];
    while let [rest @ .., b'"' | b','] = run {
        run = rest;
    }
    // The expression wants a character, and one more to end with.
    let first = String::from_utf8_lossy(run).chars().next()?;
    let width = match first {
        char::REPLACEMENT_CHARACTER if !run.starts_with("\u{fffd}".as_bytes()) => 1,
        c => c.len_utf8(),
    };
    (run.len() > width).then_some(body + run.len())
}

/// A reference, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reference {
    /// The provider, in lower case.
    pub(super) scheme: String,
    /// Host and path.
    pub(super) path: String,
    /// The first value of each parameter.
    pub(super) parameters: BTreeMap<String, String>,
    /// The way through the document, or nothing where the whole is asked for.
    pub(super) fragment: String,
    /// The key without its fragment: what names the document.
    pub(super) document: String,
}

/// Takes a key apart.
///
/// # Errors
/// Go's text for what is no URL.
pub(super) fn parse(key: &[u8]) -> Result<Reference, String> {
    let text = String::from_utf8_lossy(key).into_owned();
    let document = text.split_once('#').map_or(&*text, |(before, _)| before);
    // The colons of an Amazon resource name are no ports.
    let resource = text.split_once("://").and_then(|(scheme, rest)| {
        let is_name = rest.starts_with("arn:aws:") || rest.starts_with("arn:aws-");
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        is_name.then(|| (scheme, &rest[..end], &rest[end..]))
    });
    let url = match resource {
        Some((scheme, name, rest)) => Url::parse(format!("{scheme}:///{name}{rest}")),
        None => Url::parse(key),
    };
    let url = url.map_err(|error| error.to_string())?;
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let path = match resource {
        Some((_, name, _)) => name.to_owned(),
        None => {
            let (host, path) = (lossy(&url.host), lossy(&url.path));
            let path = path.strip_prefix('#').unwrap_or(&path);
            match (host.as_str(), path) {
                ("", path) => path.to_owned(),
                (host, path) => match path.strip_prefix('/').unwrap_or(path) {
                    "" => host.to_owned(),
                    path => format!("{host}/{path}"),
                },
            }
        }
    };
    let fragment = lossy(&url.fragment);
    let fragment = fragment.strip_prefix('#').unwrap_or(&fragment);
    let fragment = fragment.strip_prefix('/').unwrap_or(fragment);
    Ok(Reference {
        scheme: lossy(&url.scheme),
        path,
        parameters: parameters(&url.raw_query),
        fragment: fragment.to_owned(),
        document: document.to_owned(),
    })
}

/// The first value of each parameter of a query; what cannot be read is left out (`URL.Query`).
fn parameters(query: &[u8]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for pair in query.split(|byte| *byte == b'&') {
        if pair.is_empty() || pair.contains(&b';') {
            continue;
        }
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = equals.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
        if let (Ok(name), Ok(value)) = (query_unescape(name), query_unescape(value)) {
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            found.entry(text(name)).or_insert_with(|| text(value));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_as_the_expression_of_vals_does() {
        // Answers of Go's `regexp`: what is matched, and the key.
        for (text, want) in [
            ("ref+nope://x", None),
            ("ref+nope://xy", Some(("ref+nope://xy", "nope://xy"))),
            ("secretref+a://xy", Some(("secretref+a://xy", "a://xy"))),
            ("sref+a://xy", Some(("ref+a://xy", "a://xy"))),
            ("x ref+a://xy+ z", Some(("ref+a://xy+", "a://xy"))),
            ("\"ref+a://xy\",", Some(("ref+a://xy", "a://xy"))),
            ("ref+a://x\"y,\"", Some(("ref+a://x\"y", "a://x\"y"))),
            ("ref+a://x,", None),
            ("ref+a://é", None),
            ("ref+a://éé", Some(("ref+a://éé", "a://éé"))),
            ("ref+ref+a://xy", Some(("ref+a://xy", "a://xy"))),
            ("ref+ a\nb://xy", Some(("ref+ a\nb://xy", " a\nb://xy"))),
            ("ref+a:/b://xy", None),
            ("ref+://xy", Some(("ref+://xy", "://xy"))),
            ("nothing", None),
        ] {
            let found = find(text.as_bytes()).map(|found| {
                let whole = &text[found.start..found.end];
                (whole, std::str::from_utf8(found.key).unwrap())
            });
            assert_eq!(found, want, "{text}");
        }
    }

    #[test]
    fn prefixes_do_not_overlap() {
        assert_eq!(
            prefixes(b"ref+a secretref+b ref+secretref+"),
            [(0, 4), (6, 16), (18, 22), (22, 32)]
        );
    }

    #[test]
    fn keys_are_taken_apart_as_urls() {
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-X";
        for (key, scheme, path, fragment, document) in [
            ("echo://a/b#/c/d", "echo", "a/b", "c/d", "echo://a/b"),
            ("file:///a/b#c", "file", "/a/b", "c", "file:///a/b"),
            ("file://./a#", "file", "./a", "", "file://./a"),
            ("ECHO://aB", "echo", "aB", "", "ECHO://aB"),
            ("echo://a@b/c", "echo", "b/c", "", "echo://a@b/c"),
            ("echo://a/b#/x%20y", "echo", "a/b", "x y", "echo://a/b"),
            ("echo://a/", "echo", "a", "", "echo://a/"),
        ] {
            let found = parse(key.as_bytes()).unwrap();
            assert_eq!(found.scheme, scheme, "{key}");
            assert_eq!(found.path, path, "{key}");
            assert_eq!(found.fragment, fragment, "{key}");
            assert_eq!(found.document, document, "{key}");
        }
        let found = parse(format!("awssecrets://{arn}?region=x&region=y#/z").as_bytes()).unwrap();
        assert_eq!((&*found.path, &*found.fragment), (arn, "z"));
        assert_eq!(found.parameters["region"], "x");
        for (key, want) in [
            (
                "echo://a:b/c",
                r#"parse "echo://a:b/c": invalid port ":b" after host"#,
            ),
            ("://abc", r#"parse "://abc": missing protocol scheme"#),
            (
                "envsubst://${A}",
                r#"parse "envsubst://${A}": invalid character "{" in host name"#,
            ),
        ] {
            assert_eq!(parse(key.as_bytes()).unwrap_err(), want);
        }
    }
}
