//! Words and case: `github.com/huandu/xstrings` 1.5.0, `github.com/Masterminds/goutils` 1.1.1 and
//! Go's `strings.Title`.

use super::rune::{self, decode, is_space};
use super::{argument, function};
use crate::template::{Caller, Function};
use crate::value::{Fault, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("camelcase", &[Type::STRING], |_, arguments| {
        text(arguments, to_pascal_case)
    }),
    function("initials", &[Type::STRING], |_, arguments| {
        text(arguments, initials)
    }),
    function("kebabcase", &[Type::STRING], |_, arguments| {
        text(arguments, |text| to_lower_case_words(text, b'-'))
    }),
    function("lower", &[Type::STRING], lower),
    function("nospace", &[Type::STRING], nospace),
    function("snakecase", &[Type::STRING], |_, arguments| {
        text(arguments, |text| to_lower_case_words(text, b'_'))
    }),
    function("swapcase", &[Type::STRING], |_, arguments| {
        text(arguments, swap_case)
    }),
    function("title", &[Type::STRING], |_, arguments| {
        text(arguments, title)
    }),
    function("untitle", &[Type::STRING], |_, arguments| {
        text(arguments, uncapitalize)
    }),
    function("upper", &[Type::STRING], upper),
];

fn text(arguments: &[Value], change: impl Fn(&[u8]) -> Vec<u8>) -> Result<Value, Fault> {
    Ok(Value::string(change(argument::text(arguments, 0)?)))
}

fn push(out: &mut Vec<u8>, rune: char) {
    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Applies `change` to each rune.
fn map(text: &[u8], mut change: impl FnMut(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for rune in rune::runes(text) {
        push(&mut out, change(rune));
    }
    out
}

/// Go: `strings.ToUpper`.
fn upper(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 0)?;
    Ok(if !text.is_ascii() {
        Value::string(map(text, rune::to_upper))
    } else if text.iter().any(u8::is_ascii_lowercase) {
        Value::string(text.to_ascii_uppercase())
    } else {
        Value::String(text.clone())
    })
}

/// Go: `strings.ToLower`.
fn lower(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 0)?;
    Ok(if !text.is_ascii() {
        Value::string(map(text, rune::to_lower))
    } else if text.iter().any(u8::is_ascii_uppercase) {
        Value::string(text.to_ascii_lowercase())
    } else {
        Value::String(text.clone())
    })
}

/// Go: `strings.Title`, which takes every rune after a separator for the start of a word.
fn title(text: &[u8]) -> Vec<u8> {
    let mut before = ' ';
    map(text, |rune| {
        let starts = is_separator(before);
        before = rune;
        if starts { rune::to_title(rune) } else { rune }
    })
}

fn is_separator(rune: char) -> bool {
    if rune.is_ascii() {
        return !rune.is_ascii_alphanumeric() && rune != '_';
    }
    is_space(rune) && !rune::is_letter(rune) && !rune::is_digit(rune)
}

/// Go: `goutils.Uncapitalize`.
fn uncapitalize(text: &[u8]) -> Vec<u8> {
    let mut starts = true;
    map(text, |rune| {
        if is_space(rune) {
            starts = true;
            rune
        } else if std::mem::take(&mut starts) {
            rune::to_lower(rune)
        } else {
            rune
        }
    })
}

/// Go: `goutils.SwapCase`.
fn swap_case(text: &[u8]) -> Vec<u8> {
    let mut starts = true;
    map(text, |rune| {
        if rune::is_upper(rune) || rune::is_title(rune) {
            starts = false;
            rune::to_lower(rune)
        } else if rune::is_lower(rune) {
            if std::mem::take(&mut starts) {
                rune::to_title(rune)
            } else {
                rune::to_upper(rune)
            }
        } else {
            starts = is_space(rune);
            rune
        }
    })
}

/// Go: `goutils.Initials`. It takes bytes for runes.
fn initials(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut gap = true;
    for byte in text {
        let rune = char::from(*byte);
        if is_space(rune) {
            gap = true;
        } else if std::mem::take(&mut gap) {
            push(&mut out, rune);
        }
    }
    out
}

/// Go: `goutils.DeleteWhiteSpace`. It takes bytes for runes, unless there is nothing to delete.
fn nospace(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = argument::text(arguments, 0)?;
    if !text.iter().any(|byte| is_space(char::from(*byte))) {
        return Ok(Value::String(text.clone()));
    }
    let mut out = Vec::with_capacity(text.len());
    for rune in text.iter().map(|byte| char::from(*byte)) {
        if !is_space(rune) {
            push(&mut out, rune);
        }
    }
    Ok(Value::string(out))
}

fn is_connector(rune: char) -> bool {
    rune == '-' || rune == '_' || is_space(rune)
}

/// Go: `xstrings.ToPascalCase`.
///
/// A connector between two words vanishes, further and leading ones stay. A word's first rune
/// becomes upper case; where it was so already, the upper case run that it starts becomes lower.
fn to_pascal_case(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 1);
    let mut runes = rune::runes(text);
    // What is written when the rune after it is known.
    let mut held = None;
    let mut in_upper_run = false;
    for rune in runes.by_ref() {
        if !is_connector(rune) {
            in_upper_run = rune::is_upper(rune);
            held = Some(rune::to_upper(rune));
            break;
        }
        push(&mut out, rune);
    }
    if held.is_none() {
        // Nothing but connectors: the last is written once more.
        if let Some(last) = rune::runes(text).last() {
            push(&mut out, last);
        }
        return out;
    }
    for rune in runes {
        let Some(before) = held else { break };
        let mut next = rune;
        if is_connector(before) {
            if is_connector(rune) {
                push(&mut out, before);
            } else {
                in_upper_run = rune::is_upper(rune);
                next = rune::to_upper(rune);
            }
        } else {
            if in_upper_run {
                if rune::is_upper(rune) {
                    next = rune::to_lower(rune);
                } else {
                    in_upper_run = false;
                }
            }
            push(&mut out, before);
        }
        held = Some(next);
    }
    if let Some(last) = held {
        push(&mut out, last);
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// The end, or bytes that are no text.
    Invalid,
    Number,
    UpperCase,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// Go: `xstrings.ToSnakeCase` and `ToKebabCase`.
fn to_lower_case_words(text: &[u8], connector: u8) -> Vec<u8> {
    use Word::{Alphabet, Connector, Number, Punctuation};

    let mut out = Vec::with_capacity(text.len() + 8);
    let mut rest = text;
    let mut word = take_word(&mut rest);
    while !rest.is_empty() {
        let before = word;
        if before.0 != Connector {
            write_word(&mut out, before, connector);
        }
        word = take_word(&mut rest);
        match before.0 {
            Connector => write_word(&mut out, before, connector),
            Punctuation => {}
            Number => join_number(&mut out, &mut word, &mut rest, connector),
            _ if word.0 != Number => {
                if !matches!(word.0, Connector | Punctuation) {
                    out.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                word = take_word(&mut rest);
                if word.0 == Alphabet {
                    // Lower case letters follow: the number starts a word, as in `http_2xx`.
                    out.push(connector);
                    write_word(&mut out, number, connector);
                    join_number(&mut out, &mut word, &mut rest, connector);
                } else {
                    // The number ends the word before it, as in `bld4_floor`.
                    write_word(&mut out, number, connector);
                    if !matches!(word.0, Connector | Punctuation) {
                        out.push(connector);
                    }
                }
            }
        }
    }
    write_word(&mut out, word, connector);
    out
}

/// Writes the letters and numbers that belong to the number just written.
fn join_number<'a>(
    out: &mut Vec<u8>,
    word: &mut (Word, &'a [u8]),
    rest: &mut &'a [u8],
    connector: u8,
) {
    while matches!(word.0, Word::Alphabet | Word::Number) {
        write_word(out, *word, connector);
        *word = take_word(rest);
    }
    if !matches!(word.0, Word::Invalid | Word::Connector | Word::Punctuation) {
        out.push(connector);
    }
}

fn write_word(out: &mut Vec<u8>, (kind, text): (Word, &[u8]), connector: u8) {
    if !matches!(kind, Word::UpperCase | Word::Connector) {
        out.extend_from_slice(text);
        return;
    }
    for rune in rune::runes(text) {
        if is_connector(rune) {
            out.push(connector);
        } else if rune::is_upper(rune) {
            push(out, rune::to_lower(rune));
        } else {
            push(out, rune);
        }
    }
}

/// Letters that are not CJK by the ranges of `xstrings`.
fn is_alphabet(rune: char) -> bool {
    rune::is_letter(rune)
        && !matches!(
            u32::from(rune),
            0x3400..=0x4d85 | 0x4e00..=0x9fcc | 0x20000..=0x2b81d
        )
}

/// The first rune of `text` that is valid, and the width up to its end; `before` and all of `text`
/// where there is none.
fn valid(text: &[u8], before: char) -> (char, usize) {
    let mut width = 0;
    while width < text.len() {
        let (rune, size) = decode(&text[width..]);
        width += size;
        if rune != char::REPLACEMENT_CHARACTER {
            return (rune, width);
        }
    }
    (before, width)
}

/// Extends `length` over the runes that `belongs` takes; the rune at which it stopped (or the last),
/// and the width of the last that was taken.
fn extend(
    text: &[u8],
    length: &mut usize,
    mut rune: char,
    belongs: impl Fn(char) -> bool,
) -> (char, usize) {
    let mut last = 0;
    while *length < text.len() {
        let (next, width) = valid(&text[*length..], rune);
        rune = next;
        if !belongs(rune) {
            break;
        }
        *length += width;
        last = width;
    }
    (rune, last)
}

/// Splits the first word off `rest`.
fn take_word<'a>(rest: &mut &'a [u8]) -> (Word, &'a [u8]) {
    let text = *rest;
    if text.is_empty() {
        return (Word::Invalid, text);
    }
    let (first, mut length) = valid(text, char::REPLACEMENT_CHARACTER);
    let lower = |rune| is_alphabet(rune) && !rune::is_upper(rune);
    let kind = if first == char::REPLACEMENT_CHARACTER {
        Word::Invalid
    } else if is_connector(first) {
        extend(text, &mut length, first, is_connector);
        Word::Connector
    } else if rune::is_punctuation(first) {
        extend(text, &mut length, first, rune::is_punctuation);
        Word::Punctuation
    } else if rune::is_upper(first) {
        if length < text.len() {
            let (second, _) = valid(&text[length..], first);
            if rune::is_upper(second) {
                let (stop, last) = extend(text, &mut length, first, rune::is_upper);
                // Of `HTTPStatus`, the `S` belongs to the word that follows.
                if length < text.len() && is_alphabet(stop) {
                    length -= last;
                }
            } else if is_alphabet(second) {
                extend(text, &mut length, first, lower);
            }
        }
        Word::UpperCase
    } else if is_alphabet(first) {
        extend(text, &mut length, first, lower);
        Word::Alphabet
    } else if rune::is_number(first) {
        extend(text, &mut length, first, rune::is_number);
        Word::Number
    } else {
        extend(text, &mut length, first, |rune| {
            !is_connector(rune)
                && !is_alphabet(rune)
                && !rune::is_number(rune)
                && !rune::is_punctuation(rune)
        });
        Word::Other
    };
    let (word, after) = text.split_at(length);
    *rest = after;
    (kind, word)
}
