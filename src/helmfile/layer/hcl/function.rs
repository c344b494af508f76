//! The functions of HCL values (`pkg/hcllang/hcl_functions.go`: those of `go-cty`'s `stdlib`).

use hcl::eval::{Context, Func, FuncArgs, FuncDef, ParamType};
use hcl::{Map, Number, Value};

use crate::go::fmt;
use crate::helmfile::data::{Data, decode, encode, json};
use crate::value::Value as Live;

type Outcome = Result<Value, String>;

/// Makes the functions known.
pub(super) fn declare(context: &mut Context<'_>) {
    for (name, function) in FUNCTIONS {
        let definition = FuncDef::builder()
            .variadic_param(ParamType::Any)
            .build(*function);
        context.declare_func(*name, definition);
    }
}

const FUNCTIONS: &[(&str, Func)] = &[
    ("abs", |args| number_of(args, f64::abs)),
    ("ceil", |args| number_of(args, f64::ceil)),
    ("chomp", |args| {
        text_of(args, |text| text.trim_end_matches(['\n', '\r']).to_owned())
    }),
    ("chunklist", chunk_list),
    ("coalesce", |args| {
        let mut args = args.into_values().into_iter();
        let found = args.find(|value| !value.is_null());
        found.ok_or_else(|| "no non-null arguments".to_owned())
    }),
    ("coalescelist", |args| {
        let mut args = args.into_values().into_iter();
        let found = args.find(|value| value.as_array().is_some_and(|items| !items.is_empty()));
        found.ok_or_else(|| "no non-null arguments".to_owned())
    }),
    ("compact", |args| {
        let mut items = list(&args, 0)?;
        items.retain(|item| item.as_str().is_none_or(|text| !text.is_empty()) && !item.is_null());
        Ok(Value::Array(items))
    }),
    ("concat", |args| {
        let mut all = Vec::new();
        for at in 0..args.len() {
            all.extend(list(&args, at)?);
        }
        Ok(Value::Array(all))
    }),
    ("contains", |args| {
        let items = list(&args, 0)?;
        Ok(Value::Bool(
            args.get(1).is_some_and(|wanted| items.contains(wanted)),
        ))
    }),
    ("distinct", |args| {
        let mut found: Vec<Value> = Vec::new();
        for item in list(&args, 0)? {
            if !found.contains(&item) {
                found.push(item);
            }
        }
        Ok(Value::Array(found))
    }),
    ("element", |args| {
        let items = list(&args, 0)?;
        let at = whole(&args, 1)?;
        let at = usize::try_from(at).map_err(|_| "index must not be negative".to_owned())?;
        match items.len() {
            0 => Err("cannot use element function with an empty list".to_owned()),
            count => Ok(items[at % count].clone()),
        }
    }),
    ("flatten", |args| {
        let mut all = Vec::new();
        flatten(&list(&args, 0)?, &mut all);
        Ok(Value::Array(all))
    }),
    ("floor", |args| number_of(args, f64::floor)),
    ("format", format),
    ("formatlist", |args| {
        let format_text = text(&args, 0)?;
        let lists = args.iter().skip(1).filter_map(Value::as_array);
        let count = lists.map(Vec::len).max().unwrap_or(1);
        let mut out = Vec::new();
        for at in 0..count {
            let values = args.iter().skip(1).map(|value| match value.as_array() {
                Some(items) => items.get(at).cloned().unwrap_or_default(),
                None => value.clone(),
            });
            out.push(Value::String(formatted(&format_text, values)?));
        }
        Ok(Value::Array(out))
    }),
    ("indent", |args| {
        let blanks = " ".repeat(
            usize::try_from(whole(&args, 0)?)
                .unwrap_or_default()
                .min(1000),
        );
        let text = text(&args, 1)?;
        Ok(Value::String(text.replace('\n', &format!("\n{blanks}"))))
    }),
    ("int", |args| number_of(args, f64::trunc)),
    ("join", |args| {
        let separator = text(&args, 0)?;
        let mut words = Vec::new();
        for at in 1..args.len() {
            for item in list(&args, at)? {
                words.push(shown(&item)?);
            }
        }
        Ok(Value::String(words.join(&separator)))
    }),
    ("jsondecode", |args| parse(&text(&args, 0)?)),
    ("jsonencode", |args| {
        let data = super::data(args.first().unwrap_or(&Value::Null))?;
        json(&data).map(Value::String)
    }),
    ("keys", |args| {
        let mut keys: Vec<String> = map(&args, 0)?.keys().cloned().collect();
        keys.sort();
        Ok(Value::Array(keys.into_iter().map(Value::String).collect()))
    }),
    ("length", |args| {
        let count = match args.first() {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Object(map)) => map.len(),
            Some(Value::String(text)) => text.chars().count(),
            _ => return Err("argument must be a collection".to_owned()),
        };
        Ok(Value::Number(Number::from(count)))
    }),
    ("log", |args| {
        let value = number(&args, 0)?.log(number(&args, 1)?);
        Ok(numeric(value))
    }),
    ("lookup", |args| {
        let map = map(&args, 0)?;
        let key = text(&args, 1)?;
        match (map.get(&key), args.get(2)) {
            (Some(value), _) | (None, Some(value)) => Ok(value.clone()),
            (None, None) => Err(format!("lookup failed to find key {key:?}")),
        }
    }),
    ("lower", |args| text_of(args, |text| text.to_lowercase())),
    ("max", |args| extreme(&args, f64::max)),
    ("merge", |args| {
        let mut whole = Map::new();
        for at in 0..args.len() {
            if !args[at].is_null() {
                whole.extend(map(&args, at)?);
            }
        }
        Ok(Value::Object(whole))
    }),
    ("min", |args| extreme(&args, f64::min)),
    ("parseint", |args| {
        let base = u32::try_from(whole(&args, 1)?)
            .ok()
            .filter(|base| (2..=36).contains(base));
        let base = base.ok_or_else(|| "base must be a whole number between 2 and 36".to_owned())?;
        let text = text(&args, 0)?;
        i64::from_str_radix(&text, base)
            .map(|n| Value::Number(Number::from(n)))
            .map_err(|_| format!("cannot parse {text:?} as a base {base} integer"))
    }),
    ("pow", |args| {
        Ok(numeric(number(&args, 0)?.powf(number(&args, 1)?)))
    }),
    ("range", range),
    ("reverselist", |args| {
        let mut items = list(&args, 0)?;
        items.reverse();
        Ok(Value::Array(items))
    }),
    ("signum", |args| {
        number_of(args, |n| if n == 0.0 { 0.0 } else { n.signum() })
    }),
    ("slice", |args| {
        let items = list(&args, 0)?;
        let part =
            |at| usize::try_from(whole(&args, at)?).map_err(|_| "index out of range".to_owned());
        let (start, end) = (part(1)?, part(2)?);
        items
            .get(start..end)
            .map(|items| Value::Array(items.to_vec()))
            .ok_or_else(|| {
                "end index must not be greater than the length of the input sequence".to_owned()
            })
    }),
    ("sort", |args| {
        let mut words = Vec::new();
        for item in list(&args, 0)? {
            words.push(shown(&item)?);
        }
        words.sort();
        Ok(Value::Array(words.into_iter().map(Value::String).collect()))
    }),
    ("split", |args| {
        let (separator, text) = (text(&args, 0)?, text(&args, 1)?);
        if text.is_empty() {
            return Ok(Value::Array(Vec::new()));
        }
        let words: Vec<Value> = match separator.is_empty() {
            true => text.chars().map(|c| Value::String(c.to_string())).collect(),
            false => text
                .split(&separator)
                .map(|word| Value::String(word.to_owned()))
                .collect(),
        };
        Ok(Value::Array(words))
    }),
    ("strlen", |args| {
        let count = text(&args, 0)?.chars().count();
        Ok(Value::Number(Number::from(count)))
    }),
    ("strrev", |args| {
        text_of(args, |text| text.chars().rev().collect())
    }),
    ("substr", |args| {
        let characters: Vec<char> = text(&args, 0)?.chars().collect();
        let (offset, length) = (whole(&args, 1)?, whole(&args, 2)?);
        let count = i64::try_from(characters.len()).unwrap_or_default();
        let start = if offset < 0 {
            (count + offset).max(0)
        } else {
            offset.min(count)
        };
        let end = if length < 0 {
            count
        } else {
            (start.saturating_add(length)).min(count)
        };
        let part = |n: i64| usize::try_from(n).unwrap_or_default();
        Ok(Value::String(
            characters[part(start)..part(end)].iter().collect(),
        ))
    }),
    ("title", |args| {
        text_of(args, |text| {
            let mut is_start = true;
            let letters = text.chars().map(|c| {
                let raised = if is_start {
                    c.to_uppercase().next().unwrap_or(c)
                } else {
                    c
                };
                is_start = !c.is_alphanumeric();
                raised
            });
            letters.collect()
        })
    }),
    ("trim", |args| {
        let cut = text(&args, 1)?;
        Ok(Value::String(
            text(&args, 0)?.trim_matches(|c| cut.contains(c)).to_owned(),
        ))
    }),
    ("trimprefix", |args| {
        let (text, prefix) = (text(&args, 0)?, text(&args, 1)?);
        Ok(Value::String(
            text.strip_prefix(&prefix).unwrap_or(&text).to_owned(),
        ))
    }),
    ("trimspace", |args| {
        text_of(args, |text| text.trim().to_owned())
    }),
    ("trimsuffix", |args| {
        let (text, suffix) = (text(&args, 0)?, text(&args, 1)?);
        Ok(Value::String(
            text.strip_suffix(&suffix).unwrap_or(&text).to_owned(),
        ))
    }),
    ("upper", |args| text_of(args, |text| text.to_uppercase())),
    ("values", |args| {
        let map = map(&args, 0)?;
        let mut keys: Vec<&String> = map.keys().collect();
        keys.sort();
        Ok(Value::Array(
            keys.into_iter().map(|key| map[key].clone()).collect(),
        ))
    }),
    ("yamldecode", |args| parse(&text(&args, 0)?)),
    ("yamlencode", |args| {
        let data = super::data(args.first().unwrap_or(&Value::Null))?;
        encode(&data).map(|text| Value::String(String::from_utf8_lossy(&text).into_owned()))
    }),
    ("zipmap", |args| {
        let (keys, values) = (list(&args, 0)?, list(&args, 1)?);
        if keys.len() != values.len() {
            return Err(format!(
                "number of keys ({}) does not match number of values ({})",
                keys.len(),
                values.len()
            ));
        }
        let mut map = Map::new();
        for (key, value) in keys.iter().zip(values) {
            map.insert(shown(key)?, value);
        }
        Ok(Value::Object(map))
    }),
];

fn text(args: &FuncArgs, at: usize) -> Result<String, String> {
    args.get(at)
        .map_or_else(|| Err("not enough arguments".to_owned()), shown)
}

/// A value as a string, where it can be one.
fn shown(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(n) => Ok(n.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err("string required".to_owned()),
    }
}

fn number(args: &FuncArgs, at: usize) -> Result<f64, String> {
    let number = match args.get(at) {
        Some(Value::Number(n)) => n.as_f64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| "a number is required".to_owned())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and small"
)]
fn whole(args: &FuncArgs, at: usize) -> Result<i64, String> {
    let value = number(args, at)?;
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => Ok(value as i64),
        false => Err("a whole number is required".to_owned()),
    }
}

fn list(args: &FuncArgs, at: usize) -> Result<Vec<Value>, String> {
    match args.get(at) {
        Some(Value::Array(items)) => Ok(items.clone()),
        _ => Err("a list is required".to_owned()),
    }
}

fn map(args: &FuncArgs, at: usize) -> Result<Map<String, Value>, String> {
    match args.get(at) {
        Some(Value::Object(map)) => Ok(map.clone()),
        _ => Err("a map is required".to_owned()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
fn numeric(value: f64) -> Value {
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => Value::Number(Number::from(value as i64)),
        false => Number::from_f64(value).map_or(Value::Null, Value::Number),
    }
}

fn number_of(args: FuncArgs, change: fn(f64) -> f64) -> Outcome {
    Ok(numeric(change(number(&args, 0)?)))
}

fn text_of(args: FuncArgs, change: impl FnOnce(String) -> String) -> Outcome {
    Ok(Value::String(change(text(&args, 0)?)))
}

fn extreme(args: &FuncArgs, choose: fn(f64, f64) -> f64) -> Outcome {
    let mut found = number(args, 0)?;
    for at in 1..args.len() {
        found = choose(found, number(args, at)?);
    }
    Ok(numeric(found))
}

fn flatten(items: &[Value], all: &mut Vec<Value>) {
    for item in items {
        match item {
            Value::Array(items) => flatten(items, all),
            other => all.push(other.clone()),
        }
    }
}

fn chunk_list(args: FuncArgs) -> Outcome {
    let size = usize::try_from(whole(&args, 1)?)
        .map_err(|_| "the size argument must be positive".to_owned())?;
    let items = list(&args, 0)?;
    let size = if size == 0 { items.len().max(1) } else { size };
    Ok(Value::Array(
        items
            .chunks(size)
            .map(|part| Value::Array(part.to_vec()))
            .collect(),
    ))
}

/// More numbers than this are nobody's intention.
const MAX_RANGE: usize = 1024;

fn range(args: FuncArgs) -> Outcome {
    let (start, end, step) = match args.len() {
        1 => (0.0, number(&args, 0)?, None),
        2 => (number(&args, 0)?, number(&args, 1)?, None),
        _ => (
            number(&args, 0)?,
            number(&args, 1)?,
            Some(number(&args, 2)?),
        ),
    };
    let step = step.unwrap_or(if end < start { -1.0 } else { 1.0 });
    if step == 0.0 {
        return Err("step must not be zero".to_owned());
    }
    let mut found = Vec::new();
    let mut at = start;
    while (step > 0.0 && at < end) || (step < 0.0 && at > end) {
        if found.len() == MAX_RANGE {
            return Err(format!(
                "more than {MAX_RANGE} values were generated; either decrease the difference between start and end or use a smaller step"
            ));
        }
        found.push(numeric(at));
        at += step;
    }
    Ok(Value::Array(found))
}

fn format(args: FuncArgs) -> Outcome {
    let text = text(&args, 0)?;
    formatted(&text, args.iter().skip(1).cloned()).map(Value::String)
}

fn formatted(text: &str, values: impl Iterator<Item = Value>) -> Result<String, String> {
    let mut arguments = Vec::new();
    for value in values {
        arguments.push(match super::data(&value)? {
            Data::Int(n) => Live::Int(n),
            other => other.thaw(),
        });
    }
    let out = fmt::sprintf(text, &arguments);
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn parse(text: &str) -> Outcome {
    value(&decode(text.as_bytes())?)
}

fn value(data: &Data) -> Outcome {
    Ok(match data {
        Data::Null => Value::Null,
        Data::Bool(value) => Value::Bool(*value),
        Data::Int(n) => Value::Number(Number::from(*n)),
        Data::Uint(n) => Value::Number(Number::from(*n)),
        Data::Float(n) => numeric(*n),
        Data::Time(text) | Data::String(text) => Value::String(text.to_string()),
        Data::List(items) => Value::Array(items.iter().map(value).collect::<Result<_, _>>()?),
        Data::Map(map) => {
            let entries = map
                .iter()
                .map(|(key, item)| Ok((key.to_string(), value(item)?)));
            Value::Object(entries.collect::<Result<_, String>>()?)
        }
        Data::Foreign(_) => return Err("keys of maps have to be strings".to_owned()),
    })
}
