//! Patterns: Go's syntax goes in, that of `regex-syntax` comes out, or Go's refusal
//! (`regexp/syntax/parse.go`).

use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

use super::class;
use super::error::{Error, Kind};

/// Largest count of a repetition, also of nested ones together.
const REPEAT: u64 = 1000;
/// `maxHeight`
const HEIGHT: usize = 1000;
/// `maxSize`: 128 MiB of instructions of 40 bytes.
const SIZE: u64 = (128 << 20) / 40;

/// A parsed pattern.
pub(super) struct Pattern {
    pub(super) hir: Hir,
    /// Names of the groups from 1 on; empty for those without.
    pub(super) names: Vec<String>,
}

#[derive(Clone, Copy)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
    lazy: bool,
}

/// An expression and what Go's limits count of it.
struct Item {
    hir: Hir,
    height: usize,
    size: u64,
    /// The least limit of counts that it keeps.
    repeats: u64,
}

impl Item {
    fn leaf(hir: Hir) -> Item {
        Item {
            hir,
            height: 1,
            size: 1,
            repeats: 0,
        }
    }
}

/// What stands in an open parenthesis, or at the top.
struct Group {
    /// The flags from before.
    flags: Flags,
    /// The number of the group, where it captures.
    capture: Option<u32>,
    alternatives: Vec<Item>,
    sequence: Vec<Item>,
}

impl Group {
    fn new(flags: Flags, capture: Option<u32>) -> Group {
        Group {
            flags,
            capture,
            alternatives: Vec::new(),
            sequence: Vec::new(),
        }
    }

    fn finish_sequence(&mut self) {
        let items = std::mem::take(&mut self.sequence);
        self.alternatives.push(join(items, Hir::concat, 0));
    }

    fn finish(mut self) -> Item {
        self.finish_sequence();
        join(self.alternatives, Hir::alternation, 1)
    }
}

/// Makes one item of many; `between` is what each further one adds to the size.
fn join(mut items: Vec<Item>, make: fn(Vec<Hir>) -> Hir, between: u64) -> Item {
    if items.len() == 1
        && let Some(item) = items.pop()
    {
        return item;
    }
    let height = items.iter().map(|item| item.height).max().unwrap_or(0);
    let size = items.iter().map(|item| item.size + between).sum::<u64>();
    let repeats = items.iter().map(|item| item.repeats).max().unwrap_or(0);
    Item {
        height: height + 1,
        size: size.saturating_sub(between).max(1),
        repeats,
        hir: make(items.into_iter().map(|item| item.hir).collect()),
    }
}

/// Reads a pattern of Go's syntax (`syntax.Parse` with the flags `Perl`).
pub(super) fn parse(pattern: &[u8]) -> Result<Pattern, Error> {
    let flags = Flags {
        fold_case: false,
        multi_line: false,
        dot_newline: false,
        lazy: false,
    };
    let mut parser = Parser {
        whole: pattern,
        flags,
        groups: vec![Group::new(flags, None)],
        names: Vec::new(),
    };
    parser.run()?;
    let root = parser.groups.pop().filter(|_| parser.groups.is_empty());
    let Some(root) = root else {
        return Err(Error::new(Kind::MissingParen, pattern));
    };
    let item = root.finish();
    parser.check_limits(&item)?;
    Ok(Pattern {
        hir: item.hir,
        names: parser.names,
    })
}

struct Parser<'a> {
    whole: &'a [u8],
    flags: Flags,
    /// Never empty.
    groups: Vec<Group>,
    names: Vec<String>,
}

impl<'a> Parser<'a> {
    fn run(&mut self) -> Result<(), Error> {
        let mut rest = self.whole;
        // The text from the last repetition on, where that comes just before.
        let mut last_repeat: Option<&[u8]> = None;
        while let Some(&byte) = rest.first() {
            let before = rest;
            let mut repeat = None;
            match byte {
                b'(' if rest.get(1) == Some(&b'?') => rest = self.perl_flags(rest)?,
                b'(' => {
                    self.open(Some(String::new()));
                    rest = &rest[1..];
                }
                b'|' => {
                    self.top().finish_sequence();
                    rest = &rest[1..];
                }
                b')' => {
                    self.close()?;
                    rest = &rest[1..];
                }
                b'^' => {
                    let look = if self.flags.multi_line {
                        Look::StartLF
                    } else {
                        Look::Start
                    };
                    self.push(Item::leaf(Hir::look(look)))?;
                    rest = &rest[1..];
                }
                b'$' => {
                    let look = if self.flags.multi_line {
                        Look::EndLF
                    } else {
                        Look::End
                    };
                    self.push(Item::leaf(Hir::look(look)))?;
                    rest = &rest[1..];
                }
                b'.' => {
                    let mut any = class::of(&[('\0', char::MAX)]);
                    if !self.flags.dot_newline {
                        any.difference(&class::of(&[('\n', '\n')]));
                    }
                    self.push_class(any)?;
                    rest = &rest[1..];
                }
                b'[' => rest = self.class(rest)?,
                b'*' | b'+' | b'?' => {
                    let (min, max) = match byte {
                        b'*' => (0, None),
                        b'+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    rest = self.repeat(min, max, false, before, &rest[1..], last_repeat)?;
                    repeat = Some(before);
                }
                b'{' => match counts(rest) {
                    None => {
                        self.literal('{')?;
                        rest = &rest[1..];
                    }
                    Some((min, max, after)) => {
                        let fits = |n: u64| n <= REPEAT;
                        if !fits(min) || max.is_some_and(|max| !fits(max) || min > max) {
                            return Err(cut(Kind::InvalidRepeatSize, before, after));
                        }
                        rest = self.repeat(min, max, true, before, after, last_repeat)?;
                        repeat = Some(before);
                    }
                },
                b'\\' => rest = self.backslash(rest)?,
                _ => {
                    let (rune, after) = next_rune(rest)?;
                    self.literal(rune)?;
                    rest = after;
                }
            }
            last_repeat = repeat;
        }
        Ok(())
    }

    fn top(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::new(self.flags, None));
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// Opens a group; `name` is `None` for one that does not capture.
    fn open(&mut self, name: Option<String>) {
        let capture = name.map(|name| {
            self.names.push(name);
            self.names.len() as u32
        });
        self.groups.push(Group::new(self.flags, capture));
    }

    fn close(&mut self) -> Result<(), Error> {
        let group = self.groups.pop().filter(|_| !self.groups.is_empty());
        let Some(group) = group else {
            return Err(Error::new(Kind::UnexpectedParen, self.whole));
        };
        self.flags = group.flags;
        let capture = group.capture;
        let mut item = group.finish();
        if let Some(index) = capture {
            item.height += 1;
            item.size += 2;
            item.hir = Hir::capture(Capture {
                index,
                name: None,
                sub: Box::new(item.hir),
            });
        }
        self.push(item)
    }

    fn check_limits(&self, item: &Item) -> Result<(), Error> {
        if item.size > SIZE {
            return Err(Error::new(Kind::Large, self.whole));
        }
        if item.height > HEIGHT {
            return Err(Error::new(Kind::NestingDepth, self.whole));
        }
        Ok(())
    }

    fn push(&mut self, item: Item) -> Result<(), Error> {
        self.check_limits(&item)?;
        self.top().sequence.push(item);
        Ok(())
    }

    fn push_class(&mut self, class: ClassUnicode) -> Result<(), Error> {
        self.push(Item::leaf(Hir::class(Class::Unicode(class))))
    }

    fn literal(&mut self, rune: char) -> Result<(), Error> {
        if self.flags.fold_case {
            return self.push_class(class::folded(class::of(&[(rune, rune)])));
        }
        let mut bytes = [0; 4];
        let bytes = rune.encode_utf8(&mut bytes).as_bytes();
        self.push(Item::leaf(Hir::literal(bytes)))
    }

    /// Repeats the last item. `before` starts at the operator, `after` behind it.
    fn repeat(
        &mut self,
        min: u64,
        max: Option<u64>,
        counted: bool,
        before: &[u8],
        after: &'a [u8],
        last_repeat: Option<&[u8]>,
    ) -> Result<&'a [u8], Error> {
        let (lazy, after) = match after.strip_prefix(b"?") {
            Some(after) => (!self.flags.lazy, after),
            None => (self.flags.lazy, after),
        };
        if let Some(last) = last_repeat {
            return Err(cut(Kind::InvalidRepeatOp, last, after));
        }
        let Some(item) = self.top().sequence.pop() else {
            return Err(cut(Kind::MissingRepeatArgument, before, after));
        };
        let size = match (min, max) {
            (0, None) => item.size + 2,
            (_, None) => 1 + min * item.size,
            (0, Some(1)) if !counted => item.size + 1,
            (_, Some(max)) => max * item.size + (max - min),
        };
        let count = max.unwrap_or(min);
        let repeats = if counted && max == Some(0) {
            0
        } else if counted && count > 0 {
            count.max(count.saturating_mul(item.repeats))
        } else {
            item.repeats
        };
        let repeated = Item {
            height: item.height + 1,
            size: size.max(1),
            repeats,
            hir: Hir::repetition(Repetition {
                min: min as u32,
                max: max.map(|max| max as u32),
                greedy: !lazy,
                sub: Box::new(item.hir),
            }),
        };
        let checked = counted && (min >= 2 || max.is_some_and(|max| max >= 2));
        let valid = !checked || repeated.repeats <= REPEAT;
        self.push(repeated)?;
        if !valid {
            return Err(cut(Kind::InvalidRepeatSize, before, after));
        }
        Ok(after)
    }

    /// Reads `(?...`: a named group, flags, or a group with flags.
    fn perl_flags(&mut self, text: &'a [u8]) -> Result<&'a [u8], Error> {
        let name_at = if text.len() > 4 && text[2..].starts_with(b"P<") {
            Some(4)
        } else if text.len() > 3 && text[2] == b'<' {
            Some(3)
        } else {
            None
        };
        if let Some(start) = name_at {
            let Some(end) = memchr::memchr(b'>', text) else {
                check_utf8(text)?;
                return Err(Error::new(Kind::InvalidNamedCapture, text));
            };
            let name = text.get(start..end).unwrap_or_default();
            let name = check_utf8(name)?;
            let valid = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
            if !valid {
                return Err(Error::new(Kind::InvalidNamedCapture, &text[..=end]));
            }
            self.open(Some(name.to_owned()));
            return Ok(&text[end + 1..]);
        }
        let mut rest = &text[2..];
        let mut flags = self.flags;
        let mut set = true;
        let mut saw_flag = false;
        while !rest.is_empty() {
            let (rune, after) = next_rune(rest)?;
            rest = after;
            match rune {
                'i' => flags.fold_case = set,
                'm' => flags.multi_line = set,
                's' => flags.dot_newline = set,
                'U' => flags.lazy = set,
                '-' if set => {
                    set = false;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if set || saw_flag => {
                    if rune == ':' {
                        self.open(None);
                    }
                    self.flags = flags;
                    return Ok(rest);
                }
                _ => break,
            }
            saw_flag = true;
        }
        Err(cut(Kind::InvalidPerlOp, text, rest))
    }

    /// Reads an escape outside of classes.
    fn backslash(&mut self, text: &'a [u8]) -> Result<&'a [u8], Error> {
        let look = match text.get(1) {
            Some(b'A') => Some(Look::Start),
            Some(b'b') => Some(Look::WordAscii),
            Some(b'B') => Some(Look::WordAsciiNegate),
            Some(b'z') => Some(Look::End),
            Some(b'C') => return Err(Error::new(Kind::InvalidEscape, &text[..2])),
            Some(b'Q') => {
                let quoted = &text[2..];
                let end = memchr::memmem::find(quoted, br"\E");
                let (mut literal, rest) = match end {
                    Some(end) => (&quoted[..end], &quoted[end + 2..]),
                    None => (quoted, &quoted[quoted.len()..]),
                };
                while !literal.is_empty() {
                    let (rune, after) = next_rune(literal)?;
                    self.literal(rune)?;
                    literal = after;
                }
                return Ok(rest);
            }
            _ => None,
        };
        if let Some(look) = look {
            self.push(Item::leaf(Hir::look(look)))?;
            return Ok(&text[2..]);
        }
        if let Some((class, rest)) = self.class_escape(text)? {
            self.push_class(class)?;
            return Ok(rest);
        }
        let (rune, rest) = escape(text)?;
        match char::from_u32(rune) {
            Some(rune) => self.literal(rune)?,
            // No text holds a surrogate.
            None => self.push_class(ClassUnicode::empty())?,
        }
        Ok(rest)
    }

    /// Reads `\pL`, `\d` and the like; `None` where something else stands there.
    fn class_escape(&self, text: &'a [u8]) -> Result<Option<(ClassUnicode, &'a [u8])>, Error> {
        let [b'\\', letter, rest @ ..] = text else {
            return Ok(None);
        };
        if let Some((ranges, negated)) = class::perl(*letter) {
            return Ok(Some((self.group(ranges, negated), rest)));
        }
        if !matches!(letter, b'p' | b'P') {
            return Ok(None);
        }
        let (name, rest) = if rest.first() == Some(&b'{') {
            let Some(end) = memchr::memchr(b'}', text) else {
                check_utf8(text)?;
                return Err(Error::new(Kind::InvalidCharRange, text));
            };
            (check_utf8(&text[3..end])?, &text[end + 1..])
        } else if rest.is_empty() {
            ("", rest)
        } else {
            let (_, after) = next_rune(rest)?;
            (check_utf8(&rest[..rest.len() - after.len()])?, after)
        };
        let mut negated = *letter == b'P';
        let name = match name.strip_prefix('^') {
            Some(name) => {
                negated = !negated;
                name
            }
            None => name,
        };
        let Some(mut class) = class::unicode(name) else {
            return Err(cut(Kind::InvalidCharRange, text, rest));
        };
        if self.flags.fold_case {
            class = class::folded(class);
        }
        if negated {
            class.negate();
        }
        Ok(Some((class, rest)))
    }

    fn group(&self, ranges: &[(char, char)], negated: bool) -> ClassUnicode {
        let mut class = class::of(ranges);
        if self.flags.fold_case {
            class = class::folded(class);
        }
        if negated {
            class.negate();
        }
        class
    }

    /// Reads `[...]`.
    fn class(&mut self, text: &'a [u8]) -> Result<&'a [u8], Error> {
        let mut rest = &text[1..];
        let negated = rest.first() == Some(&b'^');
        rest = &rest[usize::from(negated)..];
        let mut class = ClassUnicode::empty();
        // Folded at the end, where need be: most of the others are folded already.
        let mut plain = ClassUnicode::empty();
        let mut first = true;
        while first || rest.first() != Some(&b']') {
            first = false;
            if rest.len() > 2
                && rest.starts_with(b"[:")
                && let Some(end) = memchr::memmem::find(&rest[2..], b":]")
            {
                let name = &rest[2..2 + end];
                let (name, minus) = match name.strip_prefix(b"^") {
                    Some(name) => (name, true),
                    None => (name, false),
                };
                let Some(ranges) = class::posix(name) else {
                    return Err(Error::new(Kind::InvalidCharRange, &rest[..end + 4]));
                };
                class.union(&self.group(ranges, minus));
                rest = &rest[end + 4..];
                continue;
            }
            if let Some((escaped, after)) = self.class_escape(rest)? {
                class.union(&escaped);
                rest = after;
                continue;
            }
            let range = rest;
            let (low, after) = class_rune(rest, text)?;
            rest = after;
            let mut high = low;
            if rest.len() >= 2 && rest[0] == b'-' && rest[1] != b']' {
                (high, rest) = class_rune(&rest[1..], text)?;
                if high < low {
                    return Err(cut(Kind::InvalidCharRange, range, rest));
                }
            }
            // Surrogates stand in no text: leave them out.
            let low = char::from_u32(low).unwrap_or('\u{e000}');
            let high = char::from_u32(high).unwrap_or('\u{d7ff}');
            if low <= high {
                plain.push(ClassUnicodeRange::new(low, high));
            }
        }
        if self.flags.fold_case {
            plain = class::folded(plain);
        }
        class.union(&plain);
        if negated {
            class.negate();
        }
        self.push_class(class)?;
        Ok(&rest[1..])
    }
}

/// An error about the part of `text` before `rest`, which is its end.
fn cut(kind: Kind, text: &[u8], rest: &[u8]) -> Error {
    Error::new(kind, &text[..text.len() - rest.len()])
}

fn check_utf8(text: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(text)
        .map_err(|error| Error::new(Kind::InvalidUtf8, &text[error.valid_up_to()..]))
}

/// The rune at the start of a text that is not empty.
fn next_rune(text: &[u8]) -> Result<(char, &[u8]), Error> {
    if let Some((first, rest)) = text.split_first()
        && first.is_ascii()
    {
        return Ok((char::from(*first), rest));
    }
    let head = &text[..text.len().min(4)];
    let valid = head.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    match valid.chars().next() {
        Some(rune) => Ok((rune, &text[rune.len_utf8()..])),
        None => Err(Error::new(Kind::InvalidUtf8, text)),
    }
}

/// `{n}`, `{n,}` or `{n,m}`: the counts, and the text behind. Counts beyond all limits are large.
fn counts(text: &[u8]) -> Option<(u64, Option<u64>, &[u8])> {
    let (min, rest) = count(&text[1..])?;
    let (max, rest) = match rest.strip_prefix(b",") {
        None => (Some(min), rest),
        Some(rest) if rest.first() == Some(&b'}') => (None, rest),
        Some(rest) => {
            let (max, rest) = count(rest)?;
            (Some(max), rest)
        }
    };
    Some((min, max, rest.strip_prefix(b"}")?))
}

fn count(text: &[u8]) -> Option<(u64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    if length == 0 || length > 1 && digits[0] == b'0' {
        return None;
    }
    let number = digits.iter().fold(0u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    });
    Some((number, rest))
}

/// One rune of a class, escaped or not.
fn class_rune<'a>(text: &'a [u8], class: &[u8]) -> Result<(u32, &'a [u8]), Error> {
    match text.first() {
        None => Err(Error::new(Kind::MissingBracket, class)),
        Some(b'\\') => escape(text),
        Some(_) => next_rune(text).map(|(rune, rest)| (rune.into(), rest)),
    }
}

/// Reads an escape that stands for one rune; it may be a surrogate.
fn escape(text: &[u8]) -> Result<(u32, &[u8]), Error> {
    let inside = &text[1..];
    if inside.is_empty() {
        return Err(Error::new(Kind::TrailingBackslash, b""));
    }
    let (rune, mut rest) = next_rune(inside)?;
    let octal = |rest: &[u8]| matches!(rest.first(), Some(b'0'..=b'7'));
    match rune {
        'a' => return Ok((7, rest)),
        'f' => return Ok((12, rest)),
        'n' => return Ok((10, rest)),
        'r' => return Ok((13, rest)),
        't' => return Ok((9, rest)),
        'v' => return Ok((11, rest)),
        '0'..='7' if rune == '0' || octal(rest) => {
            let mut value = u32::from(rune) - u32::from('0');
            for _ in 0..2 {
                if octal(rest) {
                    value = value * 8 + u32::from(rest[0] - b'0');
                    rest = &rest[1..];
                }
            }
            return Ok((value, rest));
        }
        'x' if rest.first() == Some(&b'{') => {
            rest = &rest[1..];
            let mut value = 0;
            let mut digits = 0;
            while !rest.is_empty() {
                let (rune, after) = next_rune(rest)?;
                rest = after;
                match rune.to_digit(16) {
                    Some(digit) => value = value * 16 + digit,
                    None if rune == '}' && digits > 0 => return Ok((value, rest)),
                    None => break,
                }
                if value > u32::from(char::MAX) {
                    break;
                }
                digits += 1;
            }
        }
        'x' if !rest.is_empty() => {
            let (high, after) = next_rune(rest)?;
            rest = after;
            let mut low = None;
            if !rest.is_empty() {
                let (rune, after) = next_rune(rest)?;
                low = rune.to_digit(16);
                rest = after;
            }
            if let (Some(high), Some(low)) = (high.to_digit(16), low) {
                return Ok((high * 16 + low, rest));
            }
        }
        _ if rune.is_ascii() && !rune.is_ascii_alphanumeric() => return Ok((rune.into(), rest)),
        _ => {}
    }
    Err(cut(Kind::InvalidEscape, text, rest))
}
