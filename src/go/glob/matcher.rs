//! What patterns are compiled to.

use memchr::{memchr, memmem, memrchr};

use super::{characters, decode};

/// The library's panic: a slice of the name that ends behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("runtime error: slice bounds out of range [:{end}] with length {length}")]
pub struct OutOfRange {
    end: usize,
    length: usize,
}

/// Index of a matcher.
pub(super) type MatcherId = usize;

#[derive(Debug)]
pub(super) enum Matcher {
    /// The empty text.
    Nothing,
    Text {
        text: Box<[u8]>,
        characters: usize,
    },
    /// Anything without a slash.
    Any,
    /// Anything.
    Super,
    /// A character but a slash.
    Single,
    List {
        chars: Vec<char>,
        not: bool,
    },
    Range {
        lo: char,
        hi: char,
        not: bool,
    },
    AnyOf(Vec<MatcherId>),
    /// At least, or exactly, so many characters, without a text in them.
    Every {
        least: usize,
        bounded: bool,
        without: Box<[u8]>,
    },
    Prefix(Box<[u8]>),
    Suffix(Box<[u8]>),
    /// Both; they may overlap.
    PrefixSuffix(Box<[u8]>, Box<[u8]>),
    /// The text, then no slash.
    PrefixAny(Box<[u8]>),
    /// No slash, then the text.
    SuffixAny(Box<[u8]>),
    Contains(Box<[u8]>),
    /// Parts of fixed length one after the other.
    Row {
        length: usize,
        parts: Vec<MatcherId>,
    },
    /// Looks for `value`, then matches what is before and behind it.
    Tree {
        value: MatcherId,
        left: Option<MatcherId>,
        right: Option<MatcherId>,
        /// Lengths in characters, where they are fixed: of what is left, right, and all.
        left_length: usize,
        right_length: usize,
        length: Option<usize>,
    },
}

impl Matcher {
    pub(super) fn text(text: &[u8]) -> Matcher {
        Matcher::Text {
            text: text.into(),
            characters: characters(text).count(),
        }
    }
}

/// Where a matcher matches first, and the lengths it can match there.
type Found = Option<(usize, Vec<usize>)>;

/// All matchers of a pattern.
#[derive(Debug, Default)]
pub(super) struct Matchers(Vec<Matcher>);

impl Matchers {
    pub(super) fn add(&mut self, matcher: Matcher) -> MatcherId {
        self.0.push(matcher);
        self.0.len() - 1
    }

    pub(super) fn get(&self, id: MatcherId) -> &Matcher {
        &self.0[id]
    }

    /// A search tree over matchers that are here already.
    pub(super) fn tree(
        &self,
        value: MatcherId,
        left: Option<MatcherId>,
        right: Option<MatcherId>,
    ) -> Matcher {
        let length = |id: Option<MatcherId>| id.map_or(Some(0), |id| self.length(id));
        let (left_length, right_length) = (length(left), length(right));
        Matcher::Tree {
            value,
            left,
            right,
            left_length: left_length.unwrap_or(0),
            right_length: right_length.unwrap_or(0),
            length: (|| Some(left_length? + right_length? + self.length(value)?))(),
        }
    }

    /// Puts simpler branches into a tree; its lengths stay.
    pub(super) fn replace_branches(
        &mut self,
        id: MatcherId,
        new_left: Option<MatcherId>,
        new_right: Option<MatcherId>,
    ) {
        if let Matcher::Tree { left, right, .. } = &mut self.0[id] {
            *left = new_left;
            *right = new_right;
        }
    }

    /// How many characters the matcher matches, where that is always the same.
    pub(super) fn length(&self, id: MatcherId) -> Option<usize> {
        stacker::maybe_grow(64 << 10, 1 << 20, || match self.get(id) {
            Matcher::Nothing => Some(0),
            Matcher::Text { characters, .. } => Some(*characters),
            Matcher::Single | Matcher::List { .. } | Matcher::Range { .. } => Some(1),
            Matcher::Row { length, .. } => Some(*length),
            Matcher::Tree { length, .. } => *length,
            Matcher::AnyOf(choices) => {
                // As the library counts: choices without a length are passed over at the start.
                let mut length = None;
                for choice in choices {
                    let next = self.length(*choice);
                    match length {
                        None => length = next,
                        Some(_) if next == length => {}
                        Some(_) => return None,
                    }
                }
                length
            }
            _ => None,
        })
    }

    pub(super) fn matches(&self, id: MatcherId, name: &[u8]) -> Result<bool, OutOfRange> {
        Ok(match self.get(id) {
            Matcher::Nothing => name.is_empty(),
            Matcher::Text { text, .. } => **text == *name,
            Matcher::Any => memchr(b'/', name).is_none(),
            Matcher::Super => true,
            Matcher::Single | Matcher::List { .. } | Matcher::Range { .. } => {
                // The end counts as one character, U+FFFD.
                let (c, width) = decode(name);
                name.len() <= width && self.takes(id, c)
            }
            Matcher::Every {
                least,
                bounded,
                without,
            } => {
                let count = characters(name).count();
                count >= *least
                    && !(*bounded && count > *least)
                    && memmem::find(name, without).is_none()
            }
            Matcher::Prefix(text) => name.starts_with(text),
            Matcher::Suffix(text) => name.ends_with(text),
            Matcher::PrefixSuffix(prefix, suffix) => {
                name.starts_with(prefix) && name.ends_with(suffix)
            }
            Matcher::PrefixAny(text) => name
                .strip_prefix(&**text)
                .is_some_and(|rest| memchr(b'/', rest).is_none()),
            Matcher::SuffixAny(text) => name
                .strip_suffix(&**text)
                .is_some_and(|rest| memchr(b'/', rest).is_none()),
            Matcher::Contains(text) => memmem::find(name, text).is_some(),
            Matcher::AnyOf(choices) => {
                for choice in choices {
                    if self.deeper(*choice, name)? {
                        return Ok(true);
                    }
                }
                false
            }
            Matcher::Row { length, parts } => {
                characters(name).take(length + 1).count() == *length && self.row(parts, name)?
            }
            Matcher::Tree {
                value,
                left,
                right,
                left_length,
                right_length,
                length,
            } => {
                if length.is_some_and(|length| length > name.len()) {
                    return Ok(false);
                }
                let limit = name.len().saturating_sub(*right_length);
                let mut offset = *left_length;
                while offset < limit {
                    let Some((index, lengths)) = self.find(*value, &name[offset..limit])? else {
                        return Ok(false);
                    };
                    let start = offset + index;
                    if self.branch(*left, &name[..start])? {
                        for length in lengths.iter().rev() {
                            let rest = name.get(start + length..).unwrap_or_default();
                            if self.branch(*right, rest)? {
                                return Ok(true);
                            }
                        }
                    }
                    offset = start + decode(&name[start..]).1;
                }
                false
            }
        })
    }

    fn deeper(&self, id: MatcherId, name: &[u8]) -> Result<bool, OutOfRange> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.matches(id, name))
    }

    fn branch(&self, id: Option<MatcherId>, name: &[u8]) -> Result<bool, OutOfRange> {
        id.map_or(Ok(name.is_empty()), |id| self.deeper(id, name))
    }

    /// Whether a matcher of one character takes `c`.
    fn takes(&self, id: MatcherId, c: char) -> bool {
        match self.get(id) {
            Matcher::Single => c != '/',
            Matcher::List { chars, not } => chars.contains(&c) != *not,
            Matcher::Range { lo, hi, not } => (*lo..=*hi).contains(&c) != *not,
            _ => false,
        }
    }

    /// Matches parts at the start of `name`. The last character of each part is cut after its first
    /// byte, so that others than ASCII do not match there.
    fn row(&self, parts: &[MatcherId], name: &[u8]) -> Result<bool, OutOfRange> {
        let mut at = 0;
        for part in parts {
            let length = self.length(*part).unwrap_or(0);
            // A part of no characters runs to the last one.
            let wanted = if length == 0 { usize::MAX } else { length };
            let mut count = 0;
            let mut last = 0;
            for (start, _) in characters(&name[at..]).take(wanted) {
                last = start;
                count += 1;
            }
            if count < length {
                return Ok(false);
            }
            let end = at + last + 1;
            let Some(slice) = name.get(at..end) else {
                return Err(OutOfRange {
                    end,
                    length: name.len(),
                });
            };
            if !self.deeper(*part, slice)? {
                return Ok(false);
            }
            at = end;
        }
        Ok(true)
    }

    /// The first place where the matcher matches, as the library looks for it.
    fn find(&self, id: MatcherId, text: &[u8]) -> Result<Found, OutOfRange> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.find_here(id, text))
    }

    fn find_here(&self, id: MatcherId, text: &[u8]) -> Result<Found, OutOfRange> {
        Ok(match self.get(id) {
            Matcher::Nothing => Some((0, vec![0])),
            Matcher::Text { text: wanted, .. } => {
                memmem::find(text, wanted).map(|at| (at, vec![wanted.len()]))
            }
            Matcher::Any => {
                let end = memchr(b'/', text).unwrap_or(text.len());
                Some((0, boundaries(&text[..end], 0)))
            }
            Matcher::Super => Some((0, boundaries(text, 0))),
            Matcher::Single | Matcher::List { .. } | Matcher::Range { .. } => characters(text)
                .find(|(_, c)| self.takes(id, *c))
                .map(|(at, c)| (at, vec![c.len_utf8()])),
            Matcher::AnyOf(choices) => {
                let mut found: Found = None;
                for choice in choices {
                    let Some((at, lengths)) = self.find(*choice, text)? else {
                        continue;
                    };
                    match &mut found {
                        Some((first, _)) if *first < at => {}
                        Some((first, known)) if *first == at => known.extend(lengths),
                        _ => found = Some((at, lengths)),
                    }
                }
                found
            }
            Matcher::Every {
                least,
                bounded,
                without,
            } => {
                let free = memmem::find(text, without).unwrap_or(text.len());
                let starts = boundaries(&text[..free], 0);
                let lengths: Vec<usize> = ends(text, 0)
                    .enumerate()
                    .filter(|(at, _)| at + 1 >= *least && !(*bounded && at + 1 > *least))
                    .map(|(_, end)| end)
                    .filter(|end| starts.contains(end))
                    .collect();
                (!lengths.is_empty()).then_some((0, lengths))
            }
            Matcher::Prefix(prefix) => memmem::find(text, prefix).map(|at| {
                let length = prefix.len();
                let mut lengths = vec![length];
                lengths.extend(ends(&text[at + length..], length));
                (at, lengths)
            }),
            Matcher::PrefixAny(prefix) => memmem::find(text, prefix).map(|at| {
                let length = prefix.len();
                let rest = &text[at + length..];
                let end = memchr(b'/', rest).unwrap_or(rest.len());
                let mut lengths = vec![length];
                lengths.extend(ends(&rest[..end], length));
                (at, lengths)
            }),
            Matcher::Suffix(suffix) => {
                memmem::find(text, suffix).map(|at| (0, vec![at + suffix.len()]))
            }
            Matcher::SuffixAny(suffix) => memmem::find(text, suffix).map(|at| {
                let start = memrchr(b'/', &text[..at]).map_or(0, |slash| slash + 1);
                (start, vec![at + suffix.len() - start])
            }),
            Matcher::PrefixSuffix(prefix, suffix) => memmem::find(text, prefix).and_then(|at| {
                let mut rest = &text[at..];
                let mut lengths = Vec::new();
                while let Some(last) = memmem::rfind(rest, suffix) {
                    lengths.push(last + suffix.len());
                    rest = &rest[..last];
                }
                lengths.reverse();
                (!lengths.is_empty()).then_some((at, lengths))
            }),
            Matcher::Contains(needle) => memmem::find(text, needle).map(|at| {
                let offset = at + needle.len();
                (0, boundaries(&text[offset..], offset))
            }),
            Matcher::Row { length, parts } => {
                for (at, _) in characters(text) {
                    if text.len() - at < *length {
                        break;
                    }
                    if self.row(parts, &text[at..])? {
                        return Ok(Some((at, vec![*length])));
                    }
                }
                None
            }
            // The library cannot look for these.
            Matcher::Tree { .. } => None,
        })
    }
}

/// Where characters start, and the end; each plus `offset`.
fn boundaries(text: &[u8], offset: usize) -> Vec<usize> {
    characters(text)
        .map(|(start, _)| offset + start)
        .chain([offset + text.len()])
        .collect()
}

/// Where characters end, if bytes that are not UTF-8 were as wide as U+FFFD; each plus `offset`.
fn ends(text: &[u8], offset: usize) -> impl Iterator<Item = usize> {
    characters(text).map(move |(start, c)| offset + start + c.len_utf8())
}
