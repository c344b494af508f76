//! Runes as Go 1.26 knows them (`unicode`, Unicode 15.0; `unicode/utf8`).

use std::cell::OnceCell;

/// Splits the first rune off `text`: the rune, and its width in bytes. An invalid byte is U+FFFD of
/// width 1. Go: `utf8.DecodeRune`.
pub(super) fn decode(text: &[u8]) -> (char, usize) {
    let width = match text.first() {
        None => return (char::REPLACEMENT_CHARACTER, 0),
        Some(byte) if byte.is_ascii() => return (char::from(*byte), 1),
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        Some(_) => return (char::REPLACEMENT_CHARACTER, 1),
    };
    text.get(..width)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| text.chars().next())
        .map_or((char::REPLACEMENT_CHARACTER, 1), |rune| (rune, width))
}

/// The runes of `text`, with U+FFFD for each invalid byte. Go: `[]rune(text)`.
pub(super) fn runes(mut text: &[u8]) -> impl Iterator<Item = char> {
    std::iter::from_fn(move || {
        let (rune, width) = decode(text);
        text = text.get(width..).filter(|_| width > 0)?;
        Some(rune)
    })
}

/// Go: `unicode.ToUpper`.
pub(super) fn to_upper(rune: char) -> char {
    match rune {
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => {
            shift(rune, 8)
        }
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => shift(rune, 9),
        // Their upper case is younger than Go's tables.
        '\u{19b}' | '\u{264}' => rune,
        _ if is_young(rune) => rune,
        _ => single(rune, rune.to_uppercase()),
    }
}

/// Go: `unicode.ToLower`.
pub(super) fn to_lower(rune: char) -> char {
    match rune {
        'İ' => 'i',
        _ if is_young(rune) => rune,
        _ => single(rune, rune.to_lowercase()),
    }
}

/// Go: `unicode.ToTitle`.
pub(super) fn to_title(rune: char) -> char {
    match rune {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        '\u{10d0}'..='\u{10fa}' | '\u{10fd}'..='\u{10ff}' => rune,
        _ => to_upper(rune),
    }
}

fn shift(rune: char, by: u32) -> char {
    char::from_u32(rune as u32 + by).unwrap_or(rune)
}

/// The simple mapping, where Rust has the full one: several letters mean that there is none.
fn single(rune: char, mut mapped: impl ExactSizeIterator<Item = char>) -> char {
    match (mapped.len(), mapped.next()) {
        (1, Some(mapped)) => mapped,
        _ => rune,
    }
}

/// Cased letters that Unicode got after 15.0.
fn is_young(rune: char) -> bool {
    matches!(
        u32::from(rune),
        0x1c89..=0x1c8a
            | 0xa7cb..=0xa7cf
            | 0xa7d2..=0xa7d5
            | 0xa7da..=0xa7dc
            | 0x10d50..=0x10d85
            | 0x16ea0..=0x16ed3
    )
}

/// Go: `unicode.IsSpace`.
pub(super) fn is_space(rune: char) -> bool {
    rune.is_whitespace()
}

/// Go: `unicode.IsUpper`.
pub(super) fn is_upper(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_uppercase();
    }
    Class::Upper.holds(rune)
}

/// Go: `unicode.IsLower`.
pub(super) fn is_lower(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_lowercase();
    }
    Class::Lower.holds(rune)
}

/// Go: `unicode.IsTitle`.
pub(super) fn is_title(rune: char) -> bool {
    !rune.is_ascii() && Class::Title.holds(rune)
}

/// Go: `unicode.IsLetter`.
pub(super) fn is_letter(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_alphabetic();
    }
    Class::Letter.holds(rune)
}

/// Go: `unicode.IsDigit`.
pub(super) fn is_digit(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_digit();
    }
    Class::Digit.holds(rune)
}

/// Go: `unicode.IsNumber`.
pub(super) fn is_number(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_digit();
    }
    Class::Number.holds(rune)
}

/// Go: `unicode.IsPunct`.
pub(super) fn is_punctuation(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_punctuation()
            && !matches!(rune, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    Class::Punctuation.holds(rune)
}

#[derive(Clone, Copy)]
enum Class {
    Upper,
    Lower,
    Title,
    Letter,
    Digit,
    Number,
    Punctuation,
}

impl Class {
    fn pattern(self) -> &'static str {
        match self {
            Class::Upper => r"[\p{Lu}&&\p{age=15.0}]",
            Class::Lower => r"[\p{Ll}&&\p{age=15.0}]",
            Class::Title => r"[\p{Lt}&&\p{age=15.0}]",
            Class::Letter => r"[\p{L}&&\p{age=15.0}]",
            Class::Digit => r"[\p{Nd}&&\p{age=15.0}]",
            Class::Number => r"[\p{N}&&\p{age=15.0}]",
            Class::Punctuation => r"[\p{P}&&\p{age=15.0}]",
        }
    }

    /// Whether `rune` is one. The tables are those of `regex-syntax`, expanded at the first question
    /// that is not about ASCII.
    fn holds(self, rune: char) -> bool {
        type Ranges = Vec<(char, char)>;
        thread_local! {
            static RANGES: [OnceCell<Ranges>; 7] = const { [const { OnceCell::new() }; 7] };
        }
        RANGES.with(|ranges| {
            let ranges = ranges[self as usize].get_or_init(|| {
                let Ok(hir) = regex_syntax::parse(self.pattern()) else {
                    return Vec::new();
                };
                match hir.kind() {
                    regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
                        class.iter().map(|r| (r.start(), r.end())).collect()
                    }
                    _ => Vec::new(),
                }
            });
            let after = ranges.partition_point(|(start, _)| *start <= rune);
            after > 0 && ranges[after - 1].1 >= rune
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_follows_go() {
        for (rune, upper, lower, title) in [
            ('a', 'A', 'a', 'A'),
            ('ß', 'ß', 'ß', 'ß'),
            ('İ', 'İ', 'i', 'İ'),
            ('ǆ', 'Ǆ', 'ǆ', 'ǅ'),
            ('ა', 'Ა', 'ა', 'ა'),
            ('ᾀ', 'ᾈ', 'ᾀ', 'ᾈ'),
            ('é', 'É', 'é', 'É'),
            ('\u{1c8a}', '\u{1c8a}', '\u{1c8a}', '\u{1c8a}'),
        ] {
            assert_eq!(
                (to_upper(rune), to_lower(rune), to_title(rune)),
                (upper, lower, title),
                "{rune}"
            );
        }
    }

    #[test]
    fn classes_follow_go() {
        // Sums over all code points, from Go's tables.
        let all = || (0..=0x10_ffff).filter_map(char::from_u32);
        type Test = fn(char) -> bool;
        let rows: [(Test, usize); 7] = [
            (is_upper, 1_831),
            (is_lower, 2_233),
            (is_title, 31),
            (is_letter, 136_104),
            (is_number, 1_831),
            (is_digit, 680),
            (is_punctuation, 842),
        ];
        for (index, (is, count)) in rows.into_iter().enumerate() {
            assert_eq!(all().filter(|rune| is(*rune)).count(), count, "row {index}");
        }
    }

    #[test]
    fn invalid_bytes_are_replaced() {
        let text: String = runes(b"a\xffb\xe6\x97\xf0\x9f\x98\x80").collect();
        assert_eq!(text, "a\u{fffd}b\u{fffd}\u{fffd}\u{1f600}");
    }
}
