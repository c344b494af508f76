//! Strings: sprig's `strings.go` and the parts of Go's `strings` that it hands through.

use memchr::memmem;

use super::rune::{self, decode, is_space};
use super::{argument, bound, function, variadic};
use crate::go::{fmt::print_value, strconv};
use crate::template::{Caller, Function};
use crate::value::{Fault, List, Map, Text, Type, Value};

const STRING: Type = Type::STRING;
const INT: Type = Type::INT;
const ANY: Type = Type::Any;

pub(super) const FUNCTIONS: &[Function] = &[
    function("abbrev", &[INT, STRING], abbrev),
    function("abbrevboth", &[INT, INT, STRING], abbrevboth),
    variadic("cat", &[ANY], cat),
    function("contains", &[STRING, STRING], contains),
    function("hasPrefix", &[STRING, STRING], has_prefix),
    function("hasSuffix", &[STRING, STRING], has_suffix),
    function("indent", &[INT, STRING], indent),
    function("join", &[STRING, ANY], join),
    function("nindent", &[INT, STRING], nindent),
    function("plural", &[STRING, STRING, INT], plural),
    variadic("quote", &[ANY], quote),
    function("repeat", &[INT, STRING], repeat),
    function("replace", &[STRING, STRING, STRING], replace),
    function("sortAlpha", &[ANY], sort_alpha),
    function("split", &[STRING, STRING], split),
    function("splitList", &[STRING, STRING], split_list),
    function("splitn", &[STRING, INT, STRING], splitn),
    variadic("squote", &[ANY], squote),
    function("substr", &[INT, INT, STRING], substr),
    function("toString", &[ANY], to_string),
    function("toStrings", &[ANY], to_strings),
    function("trim", &[STRING], trim),
    function("trimAll", &[STRING, STRING], trim_all),
    function("trimPrefix", &[STRING, STRING], trim_prefix),
    function("trimSuffix", &[STRING, STRING], trim_suffix),
    function("trimall", &[STRING, STRING], trim_all),
    function("trunc", &[INT, STRING], trunc),
    function("wrap", &[INT, STRING], wrap),
    function("wrapWith", &[INT, STRING, STRING], wrap_with),
];

type Outcome = Result<Value, Fault>;

/// `part` of `whole` as a value; shares `whole` where it is all of it.
fn part(whole: &Text, part: &[u8]) -> Value {
    Value::String(if part.len() == whole.len() {
        whole.clone()
    } else {
        Text::from(part)
    })
}

fn abbrev(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let text = argument::text(arguments, 1)?;
    let width = argument::int(arguments, 0)?;
    if width < 4 {
        return Ok(Value::String(text.clone()));
    }
    Ok(Value::string(abbreviate(text, 0, width)))
}

fn abbrevboth(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let text = argument::text(arguments, 2)?;
    let left = argument::int(arguments, 0)?;
    let right = argument::int(arguments, 1)?;
    if right < 4 || left > 0 && right < 7 {
        return Ok(Value::String(text.clone()));
    }
    Ok(Value::string(abbreviate(text, left, right)))
}

/// Go: `goutils.AbbreviateFull`, of which sprig drops the errors; `width` is 4 at least.
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let length = text.len() as i64;
    if length <= width {
        return text.to_vec();
    }
    // Here 4 <= width < length, so sums of the two and indices made of them are in range.
    let mut offset = offset.min(length);
    if length.wrapping_sub(offset) < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return [&text[..(width - 3) as usize], b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    let tail = if offset + width - 3 < length {
        abbreviate(&text[offset as usize..], 0, width - 3)
    } else {
        text[(length - (width - 3)) as usize..].to_vec()
    };
    [b"...", &tail[..]].concat()
}

/// The texts of all arguments but nil, each written by `write`, with blanks between.
fn blank_separated(arguments: &[Value], write: impl Fn(&mut Vec<u8>, &Value)) -> Outcome {
    let mut out = Vec::new();
    for value in arguments {
        if matches!(value, Value::Nil) {
            continue;
        }
        if !out.is_empty() {
            out.push(b' ');
        }
        write(&mut out, value);
    }
    Ok(Value::string(out))
}

fn cat(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let mut out = Vec::new();
    let mut first = true;
    for value in arguments
        .iter()
        .filter(|value| !matches!(value, Value::Nil))
    {
        if !std::mem::take(&mut first) {
            out.push(b' ');
        }
        print_value(&mut out, value);
    }
    Ok(Value::string(out))
}

fn quote(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    blank_separated(arguments, |out, value| {
        let quoted = match value {
            Value::String(text) => strconv::quote(text),
            other => strconv::quote(argument::strval(other)),
        };
        out.extend_from_slice(quoted.as_bytes());
    })
}

fn squote(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    blank_separated(arguments, |out, value| {
        out.push(b'\'');
        print_value(out, value);
        out.push(b'\'');
    })
}

fn contains(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let needle = argument::text(arguments, 0)?;
    let text = argument::text(arguments, 1)?;
    Ok(Value::Bool(memmem::find(text, needle).is_some()))
}

fn has_prefix(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let prefix = argument::text(arguments, 0)?;
    Ok(Value::Bool(
        argument::text(arguments, 1)?.starts_with(prefix),
    ))
}

fn has_suffix(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let suffix = argument::text(arguments, 0)?;
    Ok(Value::Bool(argument::text(arguments, 1)?.ends_with(suffix)))
}

fn indent(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    indented("indent", b"", arguments)
}

fn nindent(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    indented("nindent", b"\n", arguments)
}

fn indented(function: &str, lead: &[u8], arguments: &[Value]) -> Outcome {
    let text = argument::text(arguments, 1)?;
    let Ok(spaces) = usize::try_from(argument::int(arguments, 0)?) else {
        return Err(Fault::from("strings: negative Repeat count"));
    };
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    let length = lead.len() as u128 + text.len() as u128 + spaces as u128 * lines as u128;
    bound::text(function, length)?;
    let mut out = Vec::with_capacity(length as usize);
    out.extend_from_slice(lead);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        out.resize(out.len() + spaces, b' ');
        out.extend_from_slice(line);
    }
    if text.last().is_none_or(|byte| *byte == b'\n') {
        out.resize(out.len() + spaces, b' ');
    }
    Ok(Value::string(out))
}

fn plural(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let one = argument::int(arguments, 2)? == 1;
    Ok(arguments[usize::from(!one)].clone())
}

fn repeat(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let text = argument::text(arguments, 1)?;
    let Ok(count) = usize::try_from(argument::int(arguments, 0)?) else {
        return Err(Fault::from("strings: negative Repeat count"));
    };
    let length = text.len() as u128 * count as u128;
    if length > i64::MAX as u128 {
        return Err(Fault::from("strings: Repeat output length overflow"));
    }
    bound::text("repeat", length)?;
    if length == 0 {
        return Ok(Value::string(""));
    }
    Ok(Value::string(text.repeat(count)))
}

/// Go: `strings.ReplaceAll`. Nothing to replace means: an insertion before each rune and at the end.
fn replace(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let old = argument::text(arguments, 0)?;
    let new = argument::text(arguments, 1)?;
    let text = argument::text(arguments, 2)?;
    if old == new {
        return Ok(Value::String(text.clone()));
    }
    if old.is_empty() {
        let length = text.len() as u128 + (text.len() as u128 + 1) * new.len() as u128;
        bound::text("replace", length)?;
        let mut out = new.to_vec();
        let mut rest = &text[..];
        while !rest.is_empty() {
            let (rune, after) = rest.split_at(decode(rest).1);
            out.extend_from_slice(rune);
            out.extend_from_slice(new);
            rest = after;
        }
        return Ok(Value::string(out));
    }
    let finder = memmem::Finder::new(old);
    let mut places = finder.find_iter(text).peekable();
    if places.peek().is_none() {
        return Ok(Value::String(text.clone()));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in places {
        out.extend_from_slice(&text[from..at]);
        out.extend_from_slice(new);
        bound::text("replace", out.len() as u128)?;
        from = at + old.len();
    }
    out.extend_from_slice(&text[from..]);
    Ok(Value::string(out))
}

fn join(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let separator = argument::text(arguments, 0)?;
    let strings = argument::strings(argument::any(arguments, 1));
    let texts: Vec<&[u8]> = strings
        .iter()
        .filter_map(|item| item.as_text().map(|text| &text[..]))
        .collect();
    let length = texts.iter().map(|text| text.len() as u128).sum::<u128>()
        + separator.len() as u128 * texts.len().saturating_sub(1) as u128;
    bound::text("join", length)?;
    Ok(Value::string(texts.join(&separator[..])))
}

/// A `[]string` is sorted in place, as Go's is: whoever holds it sees it sorted.
fn sort_alpha(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let list = argument::any(arguments, 0);
    if argument::slice(list).is_none() {
        return Ok(Value::strings([argument::strval(list)]));
    }
    let strings = argument::strings(list);
    strings.sort_in_place(|a, b| a.as_text().cmp(&b.as_text()));
    Ok(Value::List(strings))
}

/// Go: `strings.SplitN`; fewer than zero parts means all.
fn pieces<'a>(text: &'a [u8], separator: &[u8], count: i64) -> Vec<&'a [u8]> {
    let Ok(most) = usize::try_from(count.checked_sub(1).unwrap_or(-1)) else {
        return match count {
            0 => Vec::new(),
            _ => pieces(text, separator, i64::MAX),
        };
    };
    let mut pieces = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        while !rest.is_empty() && pieces.len() < most {
            let (rune, after) = rest.split_at(decode(rest).1);
            pieces.push(rune);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(rest);
        }
        return pieces;
    }
    let finder = memmem::Finder::new(separator);
    while pieces.len() < most {
        let Some(at) = finder.find(rest) else { break };
        pieces.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    pieces.push(rest);
    pieces
}

/// A map from `_0`, `_1`, ... to the pieces.
fn numbered(pieces: &[&[u8]]) -> Value {
    let entries = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| (Text::from(format!("_{index}")), Value::string(*piece)))
        .collect();
    Value::Map(Map::new(&Type::STRING_MAP, entries))
}

fn split(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let separator = argument::text(arguments, 0)?;
    let text = argument::text(arguments, 1)?;
    Ok(numbered(&pieces(text, separator, -1)))
}

fn splitn(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let separator = argument::text(arguments, 0)?;
    let count = argument::int(arguments, 1)?;
    let text = argument::text(arguments, 2)?;
    Ok(numbered(&pieces(text, separator, count)))
}

fn split_list(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let separator = argument::text(arguments, 0)?;
    let text = argument::text(arguments, 1)?;
    let pieces = pieces(text, separator, -1);
    Ok(Value::List(List::new(
        &Type::STRINGS,
        pieces.into_iter().map(Value::string).collect(),
    )))
}

/// Go's slice expressions, with the panics of its runtime.
fn substr(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let start = argument::int(arguments, 0)?;
    let end = argument::int(arguments, 1)?;
    let text = argument::text(arguments, 2)?;
    let length = text.len() as i64;
    let range = if start < 0 {
        if end > length {
            return Err(Fault::from(format!(
                "runtime error: slice bounds out of range [:{end}] with length {length}"
            )));
        }
        if end < 0 {
            return Err(Fault::from(format!(
                "runtime error: slice bounds out of range [:{end}]"
            )));
        }
        0..end
    } else {
        let end = if end < 0 { length } else { end.min(length) };
        if start > end {
            return Err(Fault::from(format!(
                "runtime error: slice bounds out of range [{start}:{end}]"
            )));
        }
        start..end
    };
    Ok(part(text, &text[range.start as usize..range.end as usize]))
}

fn to_string(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::String(argument::strval(argument::any(arguments, 0))))
}

fn to_strings(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    Ok(Value::List(argument::strings(argument::any(arguments, 0))))
}

/// Go: `strings.TrimSpace`.
fn trim(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let text = argument::text(arguments, 0)?;
    Ok(part(text, trim_runes(text, is_space)))
}

/// Go: `strings.Trim`.
fn trim_all(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let set: Vec<char> = rune::runes(argument::text(arguments, 0)?).collect();
    let text = argument::text(arguments, 1)?;
    Ok(part(text, trim_runes(text, |rune| set.contains(&rune))))
}

fn trim_runes(mut text: &[u8], belongs: impl Fn(char) -> bool) -> &[u8] {
    while !text.is_empty() {
        let (rune, width) = decode(text);
        if !belongs(rune) {
            break;
        }
        text = &text[width..];
    }
    while !text.is_empty() {
        let width = last_width(text);
        let (before, last) = text.split_at(text.len() - width);
        if !belongs(decode(last).0) {
            break;
        }
        text = before;
    }
    text
}

/// Width of the last rune. Go: `utf8.DecodeLastRune`.
fn last_width(text: &[u8]) -> usize {
    (2..=4)
        .find(|width| {
            let tail = text.len().checked_sub(*width).map(|at| &text[at..]);
            tail.is_some_and(|tail| !tail[0].is_ascii() && decode(tail).1 == *width)
        })
        .unwrap_or(1)
}

fn trim_prefix(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let prefix = argument::text(arguments, 0)?;
    let text = argument::text(arguments, 1)?;
    Ok(part(text, text.strip_prefix(&prefix[..]).unwrap_or(text)))
}

fn trim_suffix(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let suffix = argument::text(arguments, 0)?;
    let text = argument::text(arguments, 1)?;
    Ok(part(text, text.strip_suffix(&suffix[..]).unwrap_or(text)))
}

fn trunc(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let count = argument::int(arguments, 0)?;
    let text = argument::text(arguments, 1)?;
    let kept = match usize::try_from(count) {
        Ok(count) => &text[..count.min(text.len())],
        // A negative count that reaches the start keeps everything.
        Err(_) => {
            let cut = i64::try_from(text.len()).unwrap_or(i64::MAX);
            match usize::try_from(cut.saturating_add(count)) {
                Ok(at) => &text[at..],
                Err(_) => text,
            }
        }
    };
    Ok(part(text, kept))
}

fn wrap(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let width = argument::int(arguments, 0)?;
    let text = argument::text(arguments, 1)?;
    wrapped("wrap", text, width, b"\n", LongWord::Kept)
}

fn wrap_with(_: &mut Caller<'_>, arguments: &[Value]) -> Outcome {
    let width = argument::int(arguments, 0)?;
    let line_end = argument::text(arguments, 1)?;
    let text = argument::text(arguments, 2)?;
    let line_end = if line_end.is_empty() {
        b"\n"
    } else {
        &line_end[..]
    };
    wrapped("wrapWith", text, width, line_end, LongWord::Cut)
}

#[derive(PartialEq)]
enum LongWord {
    Kept,
    Cut,
}

/// Go: `goutils.WrapCustom`. Widths are bytes, and only blanks separate words.
fn wrapped(function: &str, text: &Text, width: i64, line_end: &[u8], long: LongWord) -> Outcome {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = &text[..];
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let (line, next) = if let Some(at) = memchr::memrchr(b' ', &rest[..=width]) {
            (at, at + 1)
        } else if long == LongWord::Cut {
            (width, width)
        } else if let Some(at) = memchr::memchr(b' ', &rest[width..]) {
            (width + at, width + at + 1)
        } else {
            break;
        };
        out.extend_from_slice(&rest[..line]);
        out.extend_from_slice(line_end);
        bound::text(function, out.len() as u128)?;
        rest = &rest[next..];
    }
    out.extend_from_slice(rest);
    Ok(Value::string(out))
}
