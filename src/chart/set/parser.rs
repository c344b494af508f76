//! The grammar of `--set` and its kin: a text goes in, assignments to values come out
//! (`pkg/strvals/parser.go`, Helm 4.2.4).

use std::sync::Arc;

use super::{Form, Reader};
use crate::chart::values::type_name;
use crate::go::{json, strconv};
use crate::value::{Frozen, FrozenMap, Text};

/// Largest index of a list (`strvals.MaxIndex`).
const MAX_INDEX: i64 = 65536;
/// Largest number of dots in a name (`strvals.MaxNestedNameLevel`).
const MAX_LEVEL: usize = 30;
/// Indices have no limit in Helm but the stack's; this is that of JSON, so that what is set can be
/// printed.
const MAX_DEPTH: usize = 10_000;

pub(super) struct Parser<'a> {
    rest: &'a str,
    form: Form,
    read: &'a mut Reader<'a>,
    depth: usize,
}

/// Why a part of the line was left.
enum Stop {
    /// Go's `io.EOF`: the end, no error.
    End,
    /// An error.
    Failed(String),
    /// A panic of Go's, which turns into an error where a key was being read.
    Panicked(String),
}

type Step<T> = Result<T, Stop>;

impl<'a> Parser<'a> {
    pub(super) fn new<'b: 'a>(form: Form, line: &'a str, read: &'a mut Reader<'b>) -> Parser<'a> {
        Parser {
            rest: line,
            form,
            read,
            depth: 0,
        }
    }

    pub(super) fn parse(mut self, values: &mut FrozenMap) -> Result<(), String> {
        loop {
            match self.key(values, 0) {
                Ok(()) => {}
                Err(Stop::End) => return Ok(()),
                Err(Stop::Failed(message) | Stop::Panicked(message)) => return Err(message),
            }
        }
    }

    /// Reads one key and what belongs to it into `map`.
    fn key(&mut self, map: &mut FrozenMap, level: usize) -> Step<()> {
        self.descend(|parser| parser.key_parts(map, level))
            .map_err(|stop| match stop {
                Stop::Panicked(message) => Stop::Failed(format!("unable to parse key: {message}")),
                stop => stop,
            })
    }

    fn key_parts(&mut self, map: &mut FrozenMap, level: usize) -> Step<()> {
        let stops = if self.form == Form::Literal {
            "=[."
        } else {
            "=[,."
        };
        let (name, stop) = self.until(stops);
        match stop {
            None if name.is_empty() => Err(Stop::End),
            None => Err(Stop::Failed(format!("key {} has no value", quote(&name)))),
            Some('[') => self.key_list(map, name, level),
            Some('=') => self.key_value(map, name),
            Some('.') => self.key_map(map, name, level),
            Some(_) => {
                let message = format!("key {} has no value (cannot end with ,)", quote(&name));
                put(map, name, Frozen::string(""));
                Err(Stop::Failed(message))
            }
        }
    }

    fn key_list(&mut self, map: &mut FrozenMap, name: String, level: usize) -> Step<()> {
        let index = self.index()?;
        let Some(present) = map.get_mut(name.as_bytes()) else {
            let mut list = Vec::new();
            let result = self.item(&mut list, index, level);
            if !matches!(result, Err(Stop::Panicked(_))) {
                put(map, name, Frozen::List(Arc::new(list)));
            }
            return result;
        };
        match present {
            Frozen::List(list) => self.item(Arc::make_mut(list), index, level),
            other => Err(wrong_type(other, "[]interface {}")),
        }
    }

    fn key_map(&mut self, map: &mut FrozenMap, name: String, level: usize) -> Step<()> {
        if level + 1 > MAX_LEVEL {
            return Err(Stop::Failed(format!(
                "value name nested level is greater than maximum supported nested level of {MAX_LEVEL}"
            )));
        }
        let no_value = || Stop::Failed(format!("key map {} has no value", quote(&name)));
        if let Some(present) = map.get_mut(name.as_bytes()) {
            let Frozen::Map(inner) = present else {
                return Err(wrong_type(present, "map[string]interface {}"));
            };
            let inner = Arc::make_mut(inner);
            self.key(inner, level + 1)?;
            return if inner.is_empty() {
                Err(no_value())
            } else {
                Ok(())
            };
        }
        let mut inner = FrozenMap::new();
        let result = self.key(&mut inner, level + 1);
        if inner.is_empty() {
            return result.and(Err(no_value()));
        }
        put(map, name, Frozen::Map(Arc::new(inner)));
        result
    }

    fn key_value(&mut self, map: &mut FrozenMap, name: String) -> Step<()> {
        match self.form {
            Form::Literal => {
                put(map, name, self.literal());
                Ok(())
            }
            Form::Json => {
                let value = self.json()?;
                put(map, name, value);
                Ok(())
            }
            _ if self.rest.is_empty() => {
                put(map, name, Frozen::string(""));
                Err(Stop::End)
            }
            _ if self.rest.starts_with('{') => {
                let list = self.list()?;
                put(map, name, list);
                Ok(())
            }
            _ => {
                let (text, _) = self.until(",");
                let value = self.scalar(text);
                // A file that cannot be read leaves null behind.
                put(map, name, value.as_ref().ok().cloned().unwrap_or_default());
                value.map(drop)
            }
        }
    }

    /// Reads what follows `[index]` into `list`.
    fn item(&mut self, list: &mut Vec<Frozen>, index: i64, level: usize) -> Step<()> {
        self.descend(|parser| parser.item_parts(list, index, level))
    }

    fn item_parts(&mut self, list: &mut Vec<Frozen>, index: i64, level: usize) -> Step<()> {
        let Ok(at) = usize::try_from(index) else {
            return Err(Stop::Failed(format!("negative {index} index not allowed")));
        };
        let (name, stop) = self.until("[.=");
        if !name.is_empty() {
            let runes: Vec<String> = name.chars().map(strconv::quote_rune).collect();
            return Err(Stop::Failed(format!(
                "unexpected data at end of array index: [{}]",
                runes.join(" ")
            )));
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => {
                let value = match self.form {
                    Form::Literal => self.literal(),
                    Form::Json => self.json()?,
                    _ if self.rest.is_empty() => Frozen::string(""),
                    _ if self.rest.starts_with('{') => self.list()?,
                    _ => {
                        let (text, _) = self.until(",");
                        self.scalar(text)?
                    }
                };
                place(list, at, value)
            }
            Some('[') => {
                let next = self.index()?;
                match list.get_mut(at) {
                    Some(Frozen::List(inner)) => self.item(Arc::make_mut(inner), next, level),
                    Some(Frozen::Null) | None => {
                        let mut inner = Vec::new();
                        self.item(&mut inner, next, level)?;
                        place(list, at, Frozen::List(Arc::new(inner)))
                    }
                    Some(other) => Err(wrong_type(other, "[]interface {}")),
                }
            }
            Some(_) => {
                if let Some(present) = list.get_mut(at) {
                    if !matches!(present, Frozen::Map(_)) {
                        *present = Frozen::empty_map();
                    }
                    let Frozen::Map(inner) = present else {
                        return Ok(());
                    };
                    self.key(Arc::make_mut(inner), level)?;
                    return check_index(at);
                }
                let mut inner = FrozenMap::new();
                self.key(&mut inner, level)?;
                place(list, at, Frozen::Map(Arc::new(inner)))
            }
        }
    }

    /// Reads a number and `]`.
    fn index(&mut self) -> Step<i64> {
        let (digits, stop) = self.until("]");
        if stop.is_none() {
            return Err(Stop::End);
        }
        strconv::atoi(&digits)
            .map_err(|error| Stop::Failed(format!("error parsing index: {error}")))
    }

    /// Reads `{a,b}` and a comma after it.
    fn list(&mut self) -> Step<Frozen> {
        self.rest = &self.rest[1..];
        let mut list = Vec::new();
        loop {
            let (text, stop) = self.until(",}");
            match stop {
                None => return Err(Stop::Failed("list must terminate with '}'".to_owned())),
                Some('}') => {
                    self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                    list.push(self.scalar(text)?);
                    return Ok(Frozen::List(Arc::new(list)));
                }
                Some(_) => list.push(self.scalar(text)?),
            }
        }
    }

    fn scalar(&mut self, text: String) -> Step<Frozen> {
        match self.form {
            Form::Typed => Ok(typed(text)),
            Form::File => (self.read)(&text).map(Frozen::string).map_err(Stop::Failed),
            _ => Ok(Frozen::string(text)),
        }
    }

    fn literal(&mut self) -> Frozen {
        Frozen::string(std::mem::take(&mut self.rest))
    }

    /// Reads one JSON value and a comma after it; nothing there is null.
    fn json(&mut self) -> Step<Frozen> {
        if self.skip_blank() {
            return Ok(Frozen::Null);
        }
        let (value, length) = json::decode_prefix(self.rest.as_bytes())
            .map_err(|error| Stop::Failed(error.to_string()))?;
        self.rest = &self.rest[length..];
        self.skip_blank();
        Ok(value)
    }

    /// Skips blanks up to and with a comma, or to the end; `false` where something else comes.
    fn skip_blank(&mut self) -> bool {
        self.rest = self.rest.trim_start_matches(char::is_whitespace);
        if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            return true;
        }
        self.rest.is_empty()
    }

    /// Takes text up to and with one of `stops`; a backslash, but not in literals, takes what follows
    /// it as it is.
    fn until(&mut self, stops: &str) -> (String, Option<char>) {
        let mut text = String::new();
        let mut chars = self.rest.chars();
        let mut stop = None;
        while let Some(c) = chars.next() {
            if stops.contains(c) {
                stop = Some(c);
                break;
            }
            if c != '\\' || self.form == Form::Literal {
                text.push(c);
            } else if let Some(escaped) = chars.next() {
                text.push(escaped);
            }
        }
        self.rest = chars.as_str();
        (text, stop)
    }

    fn descend<T>(&mut self, work: impl FnOnce(&mut Self) -> Step<T>) -> Step<T> {
        if self.depth == MAX_DEPTH {
            return Err(Stop::Failed(format!(
                "name has more than {MAX_DEPTH} parts"
            )));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(64 * 1024, 1024 * 1024, || work(self));
        self.depth -= 1;
        result
    }
}

/// `strvals.set`: a value without a name is dropped.
fn put(map: &mut FrozenMap, name: String, value: Frozen) {
    if !name.is_empty() {
        map.insert(Text::from(name), value);
    }
}

fn check_index(at: usize) -> Step<()> {
    if i64::try_from(at).is_ok_and(|index| index <= MAX_INDEX) {
        return Ok(());
    }
    Err(Stop::Failed(format!(
        "index of {at} is greater than maximum supported index of {MAX_INDEX}"
    )))
}

/// `strvals.setIndex`: what is missing before the index becomes null.
fn place(list: &mut Vec<Frozen>, at: usize, value: Frozen) -> Step<()> {
    check_index(at)?;
    if list.len() <= at {
        list.resize(at + 1, Frozen::Null);
    }
    list[at] = value;
    Ok(())
}

/// `strvals.typedVal`
fn typed(text: String) -> Frozen {
    // The one letter outside ASCII that folds to one of these words.
    let is = |word: &str| {
        text.eq_ignore_ascii_case(word)
            || (!text.is_ascii() && text.replace('ſ', "s").eq_ignore_ascii_case(word))
    };
    if is("true") {
        return Frozen::Bool(true);
    }
    if is("false") {
        return Frozen::Bool(false);
    }
    if is("null") {
        return Frozen::Null;
    }
    if text == "0" {
        return Frozen::Int(0);
    }
    match text.parse() {
        Ok(number) if !text.starts_with('0') => Frozen::Int(number),
        _ => Frozen::string(text),
    }
}

fn wrong_type(value: &Frozen, wanted: &str) -> Stop {
    Stop::Panicked(format!(
        "interface conversion: interface {{}} is {}, not {wanted}",
        type_name(value)
    ))
}

fn quote(text: &str) -> String {
    strconv::quote(text.as_bytes())
}
