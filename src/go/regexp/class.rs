//! Classes of runes: Perl's, POSIX's, and Unicode's as of Go's tables (Unicode 15.0).

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// A class of the given ranges.
pub(super) fn of(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(
        ranges
            .iter()
            .map(|(low, high)| ClassUnicodeRange::new(*low, *high)),
    )
}

/// The class with all runes that differ from one of its own in case only.
pub(super) fn folded(mut class: ClassUnicode) -> ClassUnicode {
    // It fails only where the tables are compiled out.
    let _ = class.try_case_fold_simple();
    class
}

const DIGIT: &[(char, char)] = &[('0', '9')];
const SPACE: &[(char, char)] = &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

/// `\d` and so on: the ranges, and whether they are negated.
pub(super) fn perl(letter: u8) -> Option<(&'static [(char, char)], bool)> {
    let ranges = match letter.to_ascii_lowercase() {
        b'd' => DIGIT,
        b's' => SPACE,
        b'w' => WORD,
        _ => return None,
    };
    Some((ranges, letter.is_ascii_uppercase()))
}

/// The ranges of `[:name:]`.
pub(super) fn posix(name: &[u8]) -> Option<&'static [(char, char)]> {
    Some(match name {
        b"alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        b"alpha" => &[('A', 'Z'), ('a', 'z')],
        b"ascii" => &[('\0', '\x7f')],
        b"blank" => &[('\t', '\t'), (' ', ' ')],
        b"cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        b"digit" => DIGIT,
        b"graph" => &[('!', '~')],
        b"lower" => &[('a', 'z')],
        b"print" => &[(' ', '~')],
        b"punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        b"space" => &[('\t', '\r'), (' ', ' ')],
        b"upper" => &[('A', 'Z')],
        b"word" => WORD,
        b"xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

/// The Unicode category or script `name`, as Go spells them: without regard to case, and with
/// underscores, dashes and blanks left out, for which reason it does not know scripts of two words.
pub(super) fn unicode(name: &str) -> Option<ClassUnicode> {
    let mut letters: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .collect();
    letters.make_ascii_lowercase();
    // The tables below would also take `IsLatin`.
    if letters.is_empty()
        || letters.starts_with("is")
        || !letters.bytes().all(|byte| byte.is_ascii_lowercase())
    {
        return None;
    }
    Some(match letters.as_str() {
        "any" => of(&[('\0', char::MAX)]),
        "ascii" => of(&[('\0', '\x7f')]),
        "assigned" => assigned()?,
        "cn" | "unassigned" => unassigned()?,
        // Surrogates stand in no text.
        "cs" | "surrogate" => ClassUnicode::empty(),
        "c" | "other" => {
            let mut class = property("gc=Cc")?;
            class.union(&property("gc=Cf")?);
            class.union(&property("gc=Co")?);
            class.union(&unassigned()?);
            class
        }
        _ => {
            let mut class = match property(&format!("gc={letters}")) {
                Some(class) => class,
                None if SCRIPTS.binary_search(&letters.as_str()).is_ok() => {
                    property(&format!("sc={letters}"))?
                }
                None => return None,
            };
            class.intersect(&assigned()?);
            class
        }
    })
}

/// The scripts of Unicode 15.0 with names of one word, sorted.
const SCRIPTS: &[&str] = &[
    "adlam",
    "ahom",
    "arabic",
    "armenian",
    "avestan",
    "balinese",
    "bamum",
    "batak",
    "bengali",
    "bhaiksuki",
    "bopomofo",
    "brahmi",
    "braille",
    "buginese",
    "buhid",
    "carian",
    "chakma",
    "cham",
    "cherokee",
    "chorasmian",
    "common",
    "coptic",
    "cuneiform",
    "cypriot",
    "cyrillic",
    "deseret",
    "devanagari",
    "dogra",
    "duployan",
    "elbasan",
    "elymaic",
    "ethiopic",
    "georgian",
    "glagolitic",
    "gothic",
    "grantha",
    "greek",
    "gujarati",
    "gurmukhi",
    "han",
    "hangul",
    "hanunoo",
    "hatran",
    "hebrew",
    "hiragana",
    "inherited",
    "javanese",
    "kaithi",
    "kannada",
    "katakana",
    "kawi",
    "kharoshthi",
    "khmer",
    "khojki",
    "khudawadi",
    "lao",
    "latin",
    "lepcha",
    "limbu",
    "lisu",
    "lycian",
    "lydian",
    "mahajani",
    "makasar",
    "malayalam",
    "mandaic",
    "manichaean",
    "marchen",
    "medefaidrin",
    "miao",
    "modi",
    "mongolian",
    "mro",
    "multani",
    "myanmar",
    "nabataean",
    "nandinagari",
    "newa",
    "nko",
    "nushu",
    "ogham",
    "oriya",
    "osage",
    "osmanya",
    "palmyrene",
    "phoenician",
    "rejang",
    "runic",
    "samaritan",
    "saurashtra",
    "sharada",
    "shavian",
    "siddham",
    "sinhala",
    "sogdian",
    "soyombo",
    "sundanese",
    "syriac",
    "tagalog",
    "tagbanwa",
    "takri",
    "tamil",
    "tangsa",
    "tangut",
    "telugu",
    "thaana",
    "thai",
    "tibetan",
    "tifinagh",
    "tirhuta",
    "toto",
    "ugaritic",
    "vai",
    "vithkuqi",
    "wancho",
    "yezidi",
    "yi",
];

fn assigned() -> Option<ClassUnicode> {
    property("age=15.0")
}

fn unassigned() -> Option<ClassUnicode> {
    let mut class = assigned()?;
    class.negate();
    Some(class)
}

fn property(query: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::parse(&format!("\\p{{{query}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        // A class of one rune.
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            let rune = text.chars().next()?;
            Some(of(&[(rune, rune)]))
        }
        _ => None,
    }
}

/// `unicode.IsLetter` or `unicode.IsDigit`.
pub(super) fn is_letter_or_digit(rune: char) -> bool {
    use std::sync::OnceLock;
    static CLASS: OnceLock<ClassUnicode> = OnceLock::new();
    if rune.is_ascii() {
        return rune.is_ascii_alphanumeric();
    }
    let class = CLASS.get_or_init(|| {
        let mut class = unicode("L").unwrap_or_else(ClassUnicode::empty);
        class.union(&unicode("Nd").unwrap_or_else(ClassUnicode::empty));
        class
    });
    let found = class.ranges().binary_search_by(|range| {
        if range.end() < rune {
            std::cmp::Ordering::Less
        } else if range.start() > rune {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    });
    found.is_ok()
}
