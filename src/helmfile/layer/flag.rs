//! `--state-values-set` and `--state-values-set-string` (`pkg/config/config.go`,
//! `pkg/maputil.Set`).

use std::sync::Arc;

use crate::go::strconv;
use crate::helmfile::data::{Data, Entries};
use crate::value::Text;

/// The furthest place in a list that a flag may name.
const MAX_INDEX: usize = 100_000;

/// Adds what `--state-values-set` says: `a.b=1,c[0]=x`.
///
/// # Errors
/// What is no pair, and parents that are no maps, where Helmfile would panic.
pub fn set(values: &mut Entries, argument: &str) -> Result<(), String> {
    for pair in argument.split(',') {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(format!(
                "--state-values-set {argument}: {pair:?} is no key=value"
            ));
        };
        put(values, key, typed(value))
            .map_err(|error| format!("--state-values-set {argument}: {error}"))?;
    }
    Ok(())
}

/// Adds what `--state-values-set-string` says; values stay strings, quotes included.
///
/// # Errors
/// Parents that are no maps, where Helmfile would panic.
pub fn set_strings(values: &mut Entries, argument: &str) -> Result<(), String> {
    for (key, value) in pairs(argument) {
        put(values, key, Data::string(value))
            .map_err(|error| format!("--state-values-set-string {argument}: {error}"))?;
    }
    Ok(())
}

/// The matches of `(?:,|^)([^\s=]+)=(['"][^'"]*['"]|[^,]+)`.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at <= text.len() {
        // A match starts at the beginning or at a comma.
        let start = match at {
            0 if !text.starts_with(',') => 0,
            _ => match text[at..].find(',') {
                Some(comma) => at + comma + 1,
                None => break,
            },
        };
        let rest = &text[start..];
        let key = rest.find('=').map(|equals| &rest[..equals]);
        let Some(key) = key.filter(|key| !key.is_empty() && !key.contains(char::is_whitespace))
        else {
            at = start.max(at + 1);
            continue;
        };
        let value = &rest[key.len() + 1..];
        let is_quote = |c: char| c == '\'' || c == '"';
        let quoted = value
            .strip_prefix(is_quote)
            .and_then(|inner| Some(inner.find(is_quote)? + 2));
        let length = quoted.unwrap_or_else(|| value.find(',').unwrap_or(value.len()));
        if length == 0 {
            at = start.max(at + 1);
            continue;
        }
        found.push((key, &value[..length]));
        at = start + key.len() + 1 + length;
        if at >= text.len() {
            break;
        }
    }
    found
}

/// What a text stands for.
fn typed(text: &str) -> Data {
    match text.to_lowercase().as_str() {
        "true" => return Data::Bool(true),
        "false" => return Data::Bool(false),
        "null" => return Data::Null,
        "0" => return Data::Int(0),
        _ => {}
    }
    if !text.is_empty()
        && !text.starts_with('0')
        && let Ok(n) = strconv::parse_int(text, 10, 64)
    {
        return Data::Int(n);
    }
    Data::string(text)
}

/// The parts of a key: dots part them, a backslash takes the next character as it is.
fn split(key: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut is_escaped = false;
    for c in key.chars() {
        match c {
            '\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            '.' if !is_escaped => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
        is_escaped = false;
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// A name and, in brackets, a place in a list.
fn cursor(part: &str) -> (String, Option<usize>) {
    let spaced = part.replace(['[', ']'], " ");
    let mut words = spaced.split_whitespace();
    match (words.next(), words.next().map(str::parse::<usize>)) {
        (Some(name), Some(Ok(at))) => (name.to_owned(), Some(at)),
        _ => (spaced, None),
    }
}

fn put(values: &mut Entries, key: &str, value: Data) -> Result<(), String> {
    let parts = split(key);
    let Some((last, parents)) = parts.split_last() else {
        return Err("a key is empty".to_owned());
    };
    let mut current = values;
    for part in parents {
        let slot = slot(current, part)?;
        if *slot == Data::Null {
            *slot = Data::map(Entries::new());
        }
        let Data::Map(map) = slot else {
            return Err(format!("{part} is set and no map"));
        };
        current = Arc::make_mut(map);
    }
    *slot(current, last)? = value;
    Ok(())
}

/// The place that a part of a key names.
fn slot<'a>(map: &'a mut Entries, part: &str) -> Result<&'a mut Data, String> {
    let (name, at) = cursor(part);
    let entry = map.entry(Text::from(name.as_str())).or_default();
    let Some(at) = at else {
        return Ok(entry);
    };
    if at > MAX_INDEX {
        return Err(format!("{part}: no list is that long"));
    }
    if *entry == Data::Null {
        *entry = Data::list(Vec::new());
    }
    let Data::List(items) = entry else {
        return Err(format!("{name} is set and no list"));
    };
    let items = Arc::make_mut(items);
    if items.len() <= at {
        items.resize(at + 1, Data::Null);
    }
    Ok(&mut items[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_as_helmfile_types_them() {
        let mut values = Entries::new();
        set(
            &mut values,
            "a=1,b.c=x,d=012,e=1.5,f=-3,g=TRUE,h=null,i\\.j=0,k[1]=y,k[0].z=",
        )
        .expect("pairs");
        assert_eq!(
            Data::map(values).to_string(),
            "map[a:1 b:map[c:x] d:012 e:1.5 f:-3 g:true h:<nil> i.j:0 k:[map[z:] y]]"
        );
        let mut values = Entries::new();
        assert!(set(&mut values, "d=1,d.x=2").is_err());
        assert!(set(&mut values, "nothing").is_err());
        assert!(set(&mut values, "a[999999999]=2").is_err());
    }

    #[test]
    fn strings_keep_their_quotes() {
        for (text, want) in [
            ("a=1,b=x y", vec![("a", "1"), ("b", "x y")]),
            ("a='x,y',b=2", vec![("a", "'x,y'"), ("b", "2")]),
            ("a=b=c", vec![("a", "b=c")]),
            ("", vec![]),
            ("nothing", vec![]),
        ] {
            assert_eq!(pairs(text), want, "{text}");
        }
    }
}
