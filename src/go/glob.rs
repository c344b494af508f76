//! File name patterns: Go's `path.Match` (Go 1.26), which on Unix is `filepath.Match` too, and
//! `github.com/gobwas/glob` 0.2.3 with `/` as separator, which Helm's `.Files.Glob` uses.
//!
//! ```
//! use pintle::go::glob::{self, Glob};
//!
//! assert_eq!(glob::match_path("*.ya?ml", "a.yaml"), Ok(true));
//! assert!(Glob::parse("conf/{**.ini,*.conf}").unwrap().matches("conf/a/b.ini"));
//! ```

/// `path.ErrBadPattern`
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

/// Whether the whole of `name` fits `pattern`: `*` and `?` do not cross `/` (`path.Match`).
///
/// # Errors
/// Where the pattern is malformed, whatever the name.
pub fn match_path(pattern: impl AsRef<[u8]>, name: impl AsRef<[u8]>) -> Result<bool, BadPattern> {
    let chunks = chunks(pattern.as_ref())?;
    let mut name = name.as_ref();
    for (at, chunk) in chunks.iter().enumerate() {
        let last = at + 1 == chunks.len();
        if chunk.star && chunk.items.is_empty() {
            return Ok(memchr::memchr(b'/', name).is_none());
        }
        let fit = |name| chunk.strip(name).filter(|rest| !last || rest.is_empty());
        // Of several places where the chunk fits, Go takes the first and does not come back.
        let mut rest = fit(name);
        if chunk.star {
            let mut start = 0;
            while rest.is_none() && start < name.len() && name[start] != b'/' {
                start += 1;
                rest = fit(&name[start..]);
            }
        }
        match rest {
            Some(rest) => name = rest,
            None => return Ok(false),
        }
    }
    Ok(name.is_empty())
}

/// What stands between two stars.
struct Chunk {
    star: bool,
    items: Vec<Item>,
}

enum Item {
    Byte(u8),
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

fn chunks(pattern: &[u8]) -> Result<Vec<Chunk>, BadPattern> {
    let mut chunks = vec![Chunk {
        star: false,
        items: Vec::new(),
    }];
    let mut rest = pattern;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let item = match byte {
            b'*' => {
                match chunks.last_mut() {
                    Some(chunk) if chunk.items.is_empty() => chunk.star = true,
                    _ => chunks.push(Chunk {
                        star: true,
                        items: Vec::new(),
                    }),
                }
                continue;
            }
            b'?' => Item::Any,
            b'[' => {
                let negated = rest.first() == Some(&b'^');
                rest = &rest[usize::from(negated)..];
                let mut ranges = vec![range(&mut rest)?];
                while rest.first() != Some(&b']') {
                    ranges.push(range(&mut rest)?);
                }
                rest = &rest[1..];
                Item::Class { negated, ranges }
            }
            b'\\' => {
                let (&byte, after) = rest.split_first().ok_or(BadPattern)?;
                rest = after;
                Item::Byte(byte)
            }
            _ => Item::Byte(byte),
        };
        if let Some(chunk) = chunks.last_mut() {
            chunk.items.push(item);
        }
    }
    Ok(chunks)
}

/// Takes `a` or `a-z` from the inside of a class.
fn range(rest: &mut &[u8]) -> Result<(char, char), BadPattern> {
    let low = class_rune(rest)?;
    let mut high = low;
    if let Some(after) = rest.strip_prefix(b"-") {
        *rest = after;
        high = class_rune(rest)?;
    }
    Ok((low, high))
}

fn class_rune(rest: &mut &[u8]) -> Result<char, BadPattern> {
    if matches!(rest.first(), None | Some(b'-' | b']')) {
        return Err(BadPattern);
    }
    let text = rest.strip_prefix(b"\\").unwrap_or(rest);
    let (rune, size) = decode(text).ok_or(BadPattern)?;
    if rune == char::REPLACEMENT_CHARACTER && size == 1 {
        return Err(BadPattern);
    }
    *rest = &text[size..];
    // The class must still be closed.
    if rest.is_empty() {
        return Err(BadPattern);
    }
    Ok(rune)
}

/// The rune at the start of `text` and its length; U+FFFD and 1 where it is invalid.
fn decode(text: &[u8]) -> Option<(char, usize)> {
    let first = *text.first()?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let head = &text[..text.len().min(4)];
    let valid = head.utf8_chunks().next()?.valid();
    Some(match valid.chars().next() {
        Some(rune) => (rune, rune.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, 1),
    })
}

impl Chunk {
    /// What is left of `name` behind the chunk, where it starts with it.
    fn strip<'n>(&self, mut name: &'n [u8]) -> Option<&'n [u8]> {
        for item in &self.items {
            match item {
                Item::Byte(byte) => name = name.strip_prefix(&[*byte])?,
                Item::Any => {
                    let (_, size) = decode(name).filter(|(rune, _)| *rune != '/')?;
                    name = &name[size..];
                }
                Item::Class { negated, ranges } => {
                    let (rune, size) = decode(name)?;
                    let found = ranges
                        .iter()
                        .any(|(low, high)| (*low..=*high).contains(&rune));
                    if found == *negated {
                        return None;
                    }
                    name = &name[size..];
                }
            }
        }
        Some(name)
    }
}

const RED_ZONE: usize = 64 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// A pattern of gobwas/glob: `*`, `?` (neither crosses `/`), `**`, `[abc]`, `[!a-z]`, `{a,b}`.
#[derive(Clone, Debug)]
pub struct Glob(Vec<Node>);

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Any,
    Super,
    Single,
    List(Vec<char>, Not),
    Range(char, char, Not),
    AnyOf(Vec<Vec<Node>>),
}

/// Whether a class was written with `!`.
type Not = bool;

impl Glob {
    /// Reads a pattern (`glob.Compile` with separator `/`).
    ///
    /// # Errors
    /// The library's text.
    pub fn parse(pattern: &str) -> Result<Glob, String> {
        // The library takes a NUL for the end, and U+FFFD for bad UTF-8.
        if pattern.contains(char::REPLACEMENT_CHARACTER) {
            return Err("could not read rune".to_owned());
        }
        let pattern = pattern.split('\0').next().unwrap_or_default();
        let mut runes = pattern.chars().peekable();
        // The alternatives that are open, outermost first; the last is being filled.
        let mut open: Vec<Vec<Vec<Node>>> = vec![vec![Vec::new()]];
        while let Some(rune) = runes.next() {
            let inside = open.len() > 1;
            let node = match rune {
                '{' => {
                    open.push(vec![Vec::new()]);
                    continue;
                }
                ',' if inside => {
                    if let Some(alternatives) = open.last_mut() {
                        alternatives.push(Vec::new());
                    }
                    continue;
                }
                '}' if inside => Node::AnyOf(open.pop().unwrap_or_default()),
                '[' => class(&mut runes)?,
                '?' => Node::Single,
                '*' => match runes.next_if_eq(&'*') {
                    Some(_) => Node::Super,
                    None => Node::Any,
                },
                first => {
                    let breaks = |rune| {
                        matches!(rune, '?' | '*' | '[' | '{') || inside && matches!(rune, '}' | ',')
                    };
                    let mut text = String::new();
                    if first == '\\' {
                        text.extend(runes.next());
                    } else {
                        text.push(first);
                    }
                    read_text(&mut runes, &mut text, breaks);
                    Node::Text(text)
                }
            };
            push(&mut open, node);
        }
        // What is not closed ends with the pattern.
        while open.len() > 1 {
            let alternatives = open.pop().unwrap_or_default();
            push(&mut open, Node::AnyOf(alternatives));
        }
        Ok(Glob(
            open.pop().unwrap_or_default().pop().unwrap_or_default(),
        ))
    }

    /// Whether the whole of `name` fits.
    pub fn matches(&self, name: &str) -> bool {
        let mut places = vec![false; name.len() + 1];
        places[0] = true;
        advance(&self.0, name, places)[name.len()]
    }
}

fn push(open: &mut [Vec<Vec<Node>>], node: Node) {
    if let Some(sequence) = open
        .last_mut()
        .and_then(|alternatives| alternatives.last_mut())
    {
        sequence.push(node);
    }
}

type Runes<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Appends what comes before an unescaped rune that `breaks`.
fn read_text(runes: &mut Runes<'_>, text: &mut String, breaks: impl Fn(char) -> bool) {
    while let Some(rune) = runes.next_if(|rune| !breaks(*rune)) {
        if rune == '\\' {
            text.extend(runes.next());
        } else {
            text.push(rune);
        }
    }
}

/// Reads a class behind its `[`.
fn class(runes: &mut Runes<'_>) -> Result<Node, String> {
    const END: &str = "unexpected end of input";
    let not = runes.next_if_eq(&'!').is_some();
    let first = runes.next().ok_or(END)?;
    let node = if runes.next_if_eq(&'-').is_some() {
        let high = runes.next().ok_or(END)?;
        if high < first {
            return Err(format!(
                "hi character '{high}' should be greater than lo '{first}'"
            ));
        }
        Node::Range(first, high, not)
    } else {
        let mut text = String::new();
        let closed = first == ']';
        if first == '\\' {
            text.extend(runes.next());
        } else if !closed {
            text.push(first);
        }
        if closed || text.is_empty() && runes.peek().is_some() {
            return Err("could not parse range".to_owned());
        }
        read_text(runes, &mut text, |rune| rune == ']');
        Node::List(text.chars().collect(), not)
    };
    match runes.next() {
        None => Err(END.to_owned()),
        Some(']') => Ok(node),
        Some(_) => Err("expected close range character".to_owned()),
    }
}

/// The places in `name` where `nodes` can end, having started at one of `places`; so no pattern
/// takes more than its length times that of the name.
fn advance(nodes: &[Node], name: &str, mut places: Vec<bool>) -> Vec<bool> {
    let bytes = name.as_bytes();
    for node in nodes {
        places = match node {
            Node::Any | Node::Super => {
                let crosses = matches!(node, Node::Super);
                for at in 0..bytes.len() {
                    if places[at] && (crosses || bytes[at] != b'/') {
                        places[at + 1] = true;
                    }
                }
                // Within a rune there is no place.
                for (at, place) in places.iter_mut().enumerate() {
                    *place &= name.is_char_boundary(at);
                }
                places
            }
            Node::AnyOf(alternatives) => {
                let mut all = vec![false; places.len()];
                for alternative in alternatives {
                    let ends = stacker::maybe_grow(RED_ZONE, SEGMENT, || {
                        advance(alternative, name, places.clone())
                    });
                    for (place, end) in all.iter_mut().zip(ends) {
                        *place |= end;
                    }
                }
                all
            }
            _ => {
                let mut next = vec![false; places.len()];
                for at in (0..places.len()).filter(|at| places[*at]) {
                    if let Some(length) = node.length(&name[at..]) {
                        next[at + length] = true;
                    }
                }
                next
            }
        };
    }
    places
}

impl Node {
    /// How much of the start of `name` a node of one length takes.
    fn length(&self, name: &str) -> Option<usize> {
        if let Node::Text(text) = self {
            return name.starts_with(text.as_str()).then_some(text.len());
        }
        let rune = name.chars().next()?;
        let fits = match self {
            Node::Single => rune != '/',
            Node::List(runes, not) => runes.contains(&rune) != *not,
            Node::Range(low, high, not) => (*low..=*high).contains(&rune) != *not,
            _ => false,
        };
        fits.then(|| rune.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_patterns() {
        for (pattern, name, want) in [
            ("abc", "abc", Some(true)),
            ("*", "abc", Some(true)),
            ("*", "a/c", Some(false)),
            ("*c", "abc", Some(true)),
            ("a*/b", "abc/b", Some(true)),
            ("a*/b", "a/c/b", Some(false)),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", Some(true)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Some(true)),
            ("ab[c]", "abc", Some(true)),
            ("ab[^e-g]", "abc", Some(true)),
            ("ab[^b-d]", "abc", Some(false)),
            ("a\\*b", "a*b", Some(true)),
            ("a?b", "a\u{263a}b", Some(true)),
            ("a???b", "a\u{263a}b", Some(false)),
            ("[a-\u{3b6}]*", "\u{3b1}", Some(true)),
            ("*[/a]*b", "a/b", Some(false)),
            ("[\\]a]", "]", Some(true)),
            ("", "", Some(true)),
            ("**", "a", Some(true)),
            ("*x", "xxx", Some(true)),
            ("[]a]", "]", None),
            ("[-x]", "x", None),
            ("[x-]", "x", None),
            ("[a-b-c]", "a", None),
            ("[", "a", None),
            ("[^bc", "a", None),
            ("a[", "ab", None),
            ("b[", "ab", None),
            ("*\\", "x", None),
        ] {
            assert_eq!(match_path(pattern, name).ok(), want, "{pattern} {name}");
        }
    }

    #[test]
    fn globs() {
        for (pattern, fits, fails) in [
            ("*.yaml", "a.yaml .yaml", "d/a.yaml a.yml"),
            ("**.yaml", "a.yaml d/a.yaml", "a.yml"),
            ("conf/**", "conf/ conf/a/b", "conf"),
            (
                "conf/?.ini",
                "conf/a.ini conf/é.ini",
                "conf//.ini conf/ab.ini",
            ),
            ("{a,b/*}.txt", "a.txt b/c.txt", "b.txt"),
            ("{a,{b,c}d}", "a bd cd", "b {a}"),
            ("{a,b", "a b", "{a"),
            ("a}", "a}", "a"),
            ("[!a]x", "bx /x", "ax"),
            ("[a-c]", "a b c", "d"),
            ("[!a-c]", "d", "a"),
            ("[^a]", "^ a", "b"),
            ("\\*", "*", "a"),
            ("a,b", "a,b", "a"),
            ("***", "a/b", ""),
            ("*{,.gz}", "a a.gz", "a/b"),
        ] {
            let glob = Glob::parse(pattern).unwrap();
            for (names, want) in [(fits, true), (fails, false)] {
                for name in names.split(' ').filter(|name| !name.is_empty()) {
                    assert_eq!(glob.matches(name), want, "{pattern} {name}");
                }
            }
        }
        assert!(Glob::parse("").unwrap().matches(""));
        assert!(!Glob::parse("").unwrap().matches("a"));
        for bad in [
            "[", "[a", "[]", "[!]", "[a-", "[a-]", "[a-zA-Z]", "[z-a]", "\u{fffd}",
        ] {
            assert!(Glob::parse(bad).is_err(), "{bad}");
        }
    }
}
