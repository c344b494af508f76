//! Patterns of paths: a pattern and a name go in, whether they match comes out (`path.Match`,
//! `filepath.Match`).

use memchr::memchr;

use super::decode;

/// The pattern is malformed (`path.ErrBadPattern`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

/// Whether `pattern` matches all of `name` (`path.Match`, `filepath.Match` on Linux).
///
/// `*` and `?` do not match a slash, classes do. As in Go, what follows a `*` is taken where it
/// matches first, and never again.
///
/// # Errors
/// [`BadPattern`], whatever the name.
pub fn path_match(pattern: impl AsRef<[u8]>, name: impl AsRef<[u8]>) -> Result<bool, BadPattern> {
    let pattern = pattern.as_ref();
    let mut rest = pattern;
    while let Some((_, after)) = item(rest)? {
        rest = after;
    }
    Ok(matches(pattern, name.as_ref()))
}

enum Item<'a> {
    Star,
    Single,
    Class(&'a [u8]),
    Byte(u8),
}

/// The first item of a pattern and what follows it.
fn item(pattern: &[u8]) -> Result<Option<(Item<'_>, &[u8])>, BadPattern> {
    let Some((first, rest)) = pattern.split_first() else {
        return Ok(None);
    };
    Ok(Some(match first {
        b'*' => (Item::Star, rest),
        b'?' => (Item::Single, rest),
        b'[' => {
            let mut inner = rest.strip_prefix(b"^").unwrap_or(rest);
            loop {
                inner = bounds(inner)?.2;
                if let Some(after) = inner.strip_prefix(b"]") {
                    break (Item::Class(&rest[..rest.len() - after.len()]), after);
                }
            }
        }
        b'\\' => match rest.split_first() {
            Some((escaped, after)) => (Item::Byte(*escaped), after),
            None => return Err(BadPattern),
        },
        byte => (Item::Byte(*byte), rest),
    }))
}

/// `lo`, `hi`, and the rest of the class.
fn bounds(class: &[u8]) -> Result<(char, char, &[u8]), BadPattern> {
    let (lo, rest) = class_character(class)?;
    let Some(after) = rest.strip_prefix(b"-") else {
        return Ok((lo, lo, rest));
    };
    let (hi, rest) = class_character(after)?;
    Ok((lo, hi, rest))
}

fn class_character(class: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let class = match class.first() {
        None | Some(b'-' | b']') => return Err(BadPattern),
        Some(b'\\') => &class[1..],
        Some(_) => class,
    };
    let (c, width) = decode(class);
    // A class never ends a pattern: its bracket must follow.
    if (c == char::REPLACEMENT_CHARACTER && width <= 1) || class.len() == width {
        return Err(BadPattern);
    }
    Ok((c, &class[width..]))
}

/// Matches a pattern that is well formed.
fn matches<'a>(mut pattern: &'a [u8], mut name: &'a [u8]) -> bool {
    while !pattern.is_empty() {
        let mut starred = false;
        while let Some(rest) = pattern.strip_prefix(b"*") {
            starred = true;
            pattern = rest;
        }
        if starred && pattern.is_empty() {
            return memchr(b'/', name).is_none();
        }
        let mut skipped = 0;
        loop {
            if let Some((rest, left)) = match_run(pattern, &name[skipped..])
                && (left.is_empty() || !rest.is_empty())
            {
                pattern = rest;
                name = left;
                break;
            }
            if !starred || name.get(skipped).is_none_or(|byte| *byte == b'/') {
                return false;
            }
            skipped += 1;
        }
    }
    name.is_empty()
}

/// Matches the items before the next star at the start of `name`: what is left of both.
fn match_run<'p, 'n>(mut pattern: &'p [u8], mut name: &'n [u8]) -> Option<(&'p [u8], &'n [u8])> {
    while let Ok(Some((item, rest))) = item(pattern) {
        let width = match item {
            Item::Star => break,
            Item::Single => match decode(name) {
                ('/', _) | (_, 0) => return None,
                (_, width) => width,
            },
            Item::Class(class) => match decode(name) {
                (_, 0) => return None,
                (c, width) if class_has(class, c) => width,
                _ => return None,
            },
            Item::Byte(byte) if name.first() == Some(&byte) => 1,
            Item::Byte(_) => return None,
        };
        pattern = rest;
        name = &name[width..];
    }
    Some((pattern, name))
}

fn class_has(class: &[u8], c: char) -> bool {
    let (negated, mut rest) = match class.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, class),
    };
    while let Ok((lo, hi, after)) = bounds(rest) {
        if (lo..=hi).contains(&c) {
            return !negated;
        }
        rest = after;
    }
    negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_go_does() {
        for (pattern, name, want) in [
            ("", "", Ok(true)),
            ("*", "a/b", Ok(false)),
            ("*.yaml", "values.yaml", Ok(true)),
            ("a*/b", "a/c/b", Ok(false)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Ok(true)),
            ("[a/]x", "/x", Ok(true)),
            // Go does not come back to an earlier star.
            ("*[a/]x*q", "ax/xq", Ok(false)),
            ("[^a-c]é", "dé", Ok(true)),
            ("a?b", "aéb", Ok(true)),
            ("?", "\u{fffd}", Ok(true)),
            ("\\*", "*", Ok(true)),
            ("[\\]a]", "]", Ok(true)),
            ("[", "a", Err(BadPattern)),
            ("[]a]", "]", Err(BadPattern)),
            ("[a-]", "a", Err(BadPattern)),
            ("[-x]", "x", Err(BadPattern)),
            ("a\\", "a", Err(BadPattern)),
            ("x[", "a", Err(BadPattern)),
            ("a]", "a]", Ok(true)),
        ] {
            assert_eq!(
                path_match(pattern.as_bytes(), name.as_bytes()),
                want,
                "{pattern:?} {name:?}"
            );
        }
    }
}
