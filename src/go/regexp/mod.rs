//! Go's `regexp` (Go 1.26): its syntax and error texts, and its way of going from match to match.
//!
//! The syntax is read here; the matching is done by the engine below the `regex` crate, which
//! prefers the same match. A byte that is not UTF-8 counts as one U+FFFD, as in Go.
//!
//! ```
//! use pintle::go::regexp::Regexp;
//!
//! let word = Regexp::compile(r"(?i)(\w)\w*").unwrap();
//! assert_eq!(word.replace_all("go is fun", "${1}-"), b"g- i- f-");
//! assert_eq!(Regexp::compile("a(b").unwrap_err().to_string(), "error parsing regexp: missing closing ): `a(b`");
//! ```

mod class;
mod error;
mod parse;
mod template;
mod text;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use regex_automata::meta;
use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input};

pub use error::Error;

use crate::go::strconv;
use crate::value::Text;
use error::Kind;
use text::Haystack;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Regexp {
    program: meta::Regex,
    /// Names of the groups from 1 on.
    names: Vec<String>,
    empty: bool,
}

/// How many patterns [`cached`] keeps.
const CACHE: usize = 64;

thread_local! {
    static COMPILED: RefCell<BTreeMap<Text, Rc<Regexp>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Compiles a pattern, or takes it from those that this thread used last.
///
/// # Errors
/// As [`Regexp::compile`].
pub fn cached(pattern: &Text) -> Result<Rc<Regexp>, Error> {
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(regexp) = compiled.get(pattern) {
            return Ok(Rc::clone(regexp));
        }
        let regexp = Rc::new(Regexp::compile(pattern)?);
        if compiled.len() >= CACHE {
            compiled.clear();
        }
        compiled.insert(pattern.clone(), Rc::clone(&regexp));
        Ok(regexp)
    })
}

/// The text of the panic of `regexp.MustCompile`.
pub fn panic_text(pattern: &[u8], error: &Error) -> String {
    let quoted = if strconv::can_backquote(pattern) {
        format!("`{}`", String::from_utf8_lossy(pattern))
    } else {
        strconv::quote(pattern)
    };
    format!("regexp: Compile({quoted}): {error}")
}

/// Escapes what has a meaning in patterns (`regexp.QuoteMeta`).
pub fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len() + 8);
    for &byte in text {
        if b"\\.+*?()|[]{}^$".contains(&byte) {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted
}

impl Regexp {
    /// Compiles a pattern (`regexp.Compile`).
    ///
    /// # Errors
    /// Go's.
    pub fn compile(pattern: impl AsRef<[u8]>) -> Result<Regexp, Error> {
        /// Classes of Unicode take hundreds of states each where Go takes one instruction.
        const STATES: usize = 512 << 20;
        /// The compiler recurses into patterns, which may be a thousand levels high.
        const STACK: usize = 16 << 20;
        let pattern = pattern.as_ref();
        let parsed = parse::parse(pattern)?;
        let config = meta::Config::new().nfa_size_limit(Some(STATES)).dfa(false);
        let build = || {
            meta::Builder::new()
                .configure(config)
                .build_from_hir(&parsed.hir)
                .ok()
        };
        let program = if pattern.len() < 200 {
            build()
        } else {
            stacker::grow(STACK, build)
        };
        Ok(Regexp {
            program: program.ok_or_else(|| Error::new(Kind::Large, pattern))?,
            names: parsed.names,
            empty: pattern.is_empty(),
        })
    }

    /// Whether the pattern fits anywhere (`MatchString`).
    pub fn is_match(&self, text: impl AsRef<[u8]>) -> bool {
        self.program.is_match(Haystack::new(text.as_ref()).bytes())
    }

    /// The text of the first match (`FindString`).
    pub fn find<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let haystack = Haystack::new(text);
        let found = self.program.find(haystack.bytes())?;
        Some(haystack.original(found.start(), found.end()))
    }

    /// Groups of the first match, from 0, the whole, on (`FindStringSubmatch`).
    pub fn find_groups<'t>(&self, text: &'t [u8]) -> Option<Vec<Option<&'t [u8]>>> {
        let haystack = Haystack::new(text);
        let mut captures = self.program.create_captures();
        self.program.captures(haystack.bytes(), &mut captures);
        captures.is_match().then(|| {
            (0..=self.names.len())
                .map(|group| {
                    let span = captures.get_group(group)?;
                    Some(haystack.original(span.start, span.end))
                })
                .collect()
        })
    }

    /// The texts of up to `limit` matches; `None` is no limit (`FindAllString`, where nothing found
    /// is nil).
    pub fn find_all<'t>(&self, text: &'t [u8], limit: Option<usize>) -> Vec<&'t [u8]> {
        let haystack = Haystack::new(text);
        self.spans(&haystack, limit)
            .into_iter()
            .map(|(start, end)| haystack.original(start, end))
            .collect()
    }

    /// Places of up to `limit` matches. An empty one just behind another does not count.
    fn spans(&self, haystack: &Haystack<'_>, limit: Option<usize>) -> Vec<(usize, usize)> {
        let bytes = haystack.bytes();
        let limit = limit.unwrap_or(usize::MAX);
        let mut spans: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        let mut last_end = None;
        while spans.len() < limit && at <= bytes.len() {
            let input = Input::new(bytes).range(at..).anchored(Anchored::No);
            let Some(found) = self.program.search(&input) else {
                break;
            };
            let (start, end) = (found.start(), found.end());
            let mut accepted = true;
            if end == at {
                accepted = last_end != Some(start);
                at += haystack.width(at).max(1);
            } else {
                at = end;
            }
            last_end = Some(end);
            if accepted {
                spans.push((start, end));
            }
        }
        spans
    }

    /// Cuts `text` at the matches into `limit` pieces at most; `None` is no limit (`Split`, where 0
    /// is nil).
    pub fn split<'t>(&self, text: &'t [u8], limit: Option<usize>) -> Vec<&'t [u8]> {
        if limit == Some(0) {
            return Vec::new();
        }
        if !self.empty && text.is_empty() {
            return vec![text];
        }
        let haystack = Haystack::new(text);
        let mut pieces = Vec::new();
        let (mut begin, mut end) = (0, 0);
        for span in self.spans(&haystack, limit) {
            if limit.is_some_and(|limit| pieces.len() + 1 == limit) {
                break;
            }
            end = span.0;
            if span.1 != 0 {
                pieces.push(haystack.original(begin, end));
            }
            begin = span.1;
        }
        if end != haystack.bytes().len() {
            pieces.push(haystack.original(begin, haystack.bytes().len()));
        }
        pieces
    }

    /// Replaces all matches; `$1`, `${1}`, `$name` and `${name}` in the replacement stand for groups
    /// (`ReplaceAllString`).
    pub fn replace_all(&self, text: impl AsRef<[u8]>, replacement: impl AsRef<[u8]>) -> Vec<u8> {
        let replacement = replacement.as_ref();
        if memchr::memchr(b'$', replacement).is_none() {
            return self.replace_all_literal(text, replacement);
        }
        let parts = template::parse(replacement, &self.names);
        let mut captures = self.program.create_captures();
        self.replace(
            &Haystack::new(text.as_ref()),
            |input| {
                self.program.search_captures(input, &mut captures);
                let span = captures.get_match()?.span();
                Some((span.start, span.end, captures.clone()))
            },
            |haystack, captures: &Captures, out| template::expand(&parts, haystack, captures, out),
        )
    }

    /// Replaces all matches by `replacement` as it is (`ReplaceAllLiteralString`).
    pub fn replace_all_literal(
        &self,
        text: impl AsRef<[u8]>,
        replacement: impl AsRef<[u8]>,
    ) -> Vec<u8> {
        let replacement = replacement.as_ref();
        self.replace(
            &Haystack::new(text.as_ref()),
            |input| {
                let found = self.program.search(input)?;
                Some((found.start(), found.end(), ()))
            },
            |_, (), out| out.extend_from_slice(replacement),
        )
    }

    fn replace<G>(
        &self,
        haystack: &Haystack<'_>,
        mut search: impl FnMut(&Input<'_>) -> Option<(usize, usize, G)>,
        write: impl Fn(&Haystack<'_>, &G, &mut Vec<u8>),
    ) -> Vec<u8> {
        let bytes = haystack.bytes();
        let mut out = Vec::with_capacity(bytes.len());
        let (mut at, mut last_end) = (0, 0);
        while at <= bytes.len() {
            let Some((start, end, groups)) = search(&Input::new(bytes).range(at..)) else {
                break;
            };
            out.extend_from_slice(haystack.original(last_end, start));
            // Not for an empty match just behind another.
            if end > last_end || start == 0 {
                write(haystack, &groups, &mut out);
            }
            last_end = end;
            at = end.max(at + haystack.width(at).max(1));
        }
        out.extend_from_slice(haystack.original(last_end, bytes.len()));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lossy(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn errors_are_go_words() {
        for (pattern, want) in [
            ("a(b", "missing closing ): `a(b`"),
            ("a)b", "unexpected ): `a)b`"),
            ("a[b", "missing closing ]: `[b`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(*)", "missing argument to repetition operator: `*`"),
            ("a|*", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("a*+?b", "invalid nested repetition operator: `*+?`"),
            ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{3,2}", "invalid repeat count: `{3,2}`"),
            ("(a{500}){3}", "invalid repeat count: `{3}`"),
            ("a\\", "trailing backslash at end of expression: ``"),
            ("\\8", "invalid escape sequence: `\\8`"),
            ("\\1", "invalid escape sequence: `\\1`"),
            ("\\Z", "invalid escape sequence: `\\Z`"),
            ("\\x4", "invalid escape sequence: `\\x4`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?<!a)b", "invalid named capture: `(?<!a)b`"),
            ("(?P<a b>c)", "invalid named capture: `(?P<a b>`"),
            ("(?i-)", "invalid or unsupported Perl syntax: `(?i-)`"),
            ("\\p{Foo}", "invalid character class range: `\\p{Foo}`"),
            ("\\p", "invalid character class range: `\\p`"),
            ("\\pX", "invalid character class range: `\\pX`"),
        ] {
            let error = Regexp::compile(pattern).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("error parsing regexp: {want}"),
                "{pattern}"
            );
        }
        let error = Regexp::compile(b"a\xff").unwrap_err();
        assert_eq!(
            error.to_string(),
            "error parsing regexp: invalid UTF-8: `\u{fffd}`"
        );
        let deep = |n: usize| "(".repeat(n) + &")".repeat(n);
        assert!(Regexp::compile(deep(900)).is_ok());
        assert!(
            Regexp::compile(deep(1100))
                .unwrap_err()
                .to_string()
                .contains("nests too deeply")
        );
        let error = Regexp::compile("a(").unwrap_err();
        assert_eq!(
            panic_text(b"a(", &error),
            "regexp: Compile(`a(`): error parsing regexp: missing closing ): `a(`"
        );
    }

    #[test]
    fn replacements_follow_go() {
        for (pattern, text, replacement, want) in [
            ("a*", "baac", "x", "xbxcx"),
            ("", "aé", "-", "-a-é-"),
            ("(\\w)(\\w)?", "abc", "<$2$1>", "<ba><c>"),
            ("b", "abc", "$0W", "ac"),
            ("b", "abc", "${0}W", "abWc"),
            ("(?P<x>b)", "abc", "$x-${x}", "ab-bc"),
            ("b", "abc", "$$1$", "a$1$c"),
            ("b", "abc", "${1", "a${1c"),
            ("a$", "a\na\n", "x", "a\na\n"),
            ("(?m)a$", "a\na\n", "x", "x\nx\n"),
            ("(?i)k", "K\u{212a}", "x", "xx"),
            ("\\bé", "é", "x", "é"),
            ("\\s", "\u{b} ", "x", "\u{b}x"),
            ("\\Qa.b\\E.", "a.bc", "x", "x"),
            ("[[:^alpha:]]", "a1", "x", "ax"),
            ("\\pL+", "aé1", "x", "x1"),
            ("a{,2}", "a{,2}", "x", "x"),
            ("(a|ab)(c|bcd)", "abcd", "$1", "a"),
            ("(?U)a+", "aa", "x", "xx"),
        ] {
            let regexp = Regexp::compile(pattern).unwrap();
            assert_eq!(
                lossy(&regexp.replace_all(text, replacement)),
                want,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_text_count_as_one_rune() {
        let regexp = Regexp::compile("^.(.)$").unwrap();
        assert!(regexp.is_match(b"\xff\xfe"));
        assert!(!regexp.is_match("é"));
        let regexp = Regexp::compile("[^a]").unwrap();
        assert_eq!(regexp.find_all(b"a\xe2\x82a", None), [b"\xe2", b"\x82"]);
        assert_eq!(regexp.replace_all(b"a\xffa", "x"), b"axa");
    }

    #[test]
    fn splits_follow_go() {
        for (pattern, text, limit, want) in [
            ("a*", "baaac", None, vec!["b", "c"]),
            ("", "abc", None, vec!["a", "b", "c"]),
            (",", "a,b,c", Some(2), vec!["a", "b,c"]),
            (",", "", None, vec![""]),
            (",", "a,", None, vec!["a", ""]),
            (",", "a,b", Some(0), vec![]),
            ("", "", None, vec![]),
        ] {
            let regexp = Regexp::compile(pattern).unwrap();
            let got: Vec<String> = regexp
                .split(text.as_bytes(), limit)
                .into_iter()
                .map(lossy)
                .collect();
            assert_eq!(got, want, "{pattern} {text}");
        }
    }

    #[test]
    fn matches_are_counted_and_cached() {
        let pattern = Text::from("a.");
        let regexp = cached(&pattern).unwrap();
        assert!(Rc::ptr_eq(&regexp, &cached(&pattern).unwrap()));
        assert_eq!(regexp.find_all(b"abacad", Some(2)), [b"ab", b"ac"]);
        assert_eq!(regexp.find(b"xay"), Some(&b"ay"[..]));
        let groups = Regexp::compile("(x)|(y)")
            .unwrap()
            .find_groups(b"y")
            .unwrap();
        assert_eq!(groups, [Some(&b"y"[..]), None, Some(&b"y"[..])]);
        assert_eq!(quote_meta(b"a.b[c]"), br"a\.b\[c\]");
    }
}
