//! State values in HCL (`pkg/hcllang`): `values` and `locals` blocks of several files, evaluated
//! together. A value may name others as `hv.x`, and locals of its own file as `local.x`.

mod function;

use std::collections::{BTreeMap, BTreeSet};

use hcl::eval::{Context, Evaluate};
use hcl::{Body, Expression, Value};

use crate::go::strconv;
use crate::helmfile::data::{Data, Entries};
use crate::helmfile::file;
use crate::value::Text;

/// Files that are evaluated together.
#[derive(Default)]
pub(super) struct Files(Vec<String>);

/// What a name is set to, in one file.
struct Definition {
    name: String,
    file: usize,
    expression: Expression,
}

impl Files {
    pub(super) fn add(&mut self, path: &str) {
        self.0.push(path.to_owned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of all files; of one name in several files the later one counts, maps are merged.
    ///
    /// # Errors
    /// What is no HCL, names that nobody sets, and functions that fail.
    pub(super) fn evaluate(&self) -> Result<Entries, String> {
        let mut values = Vec::new();
        let mut locals = Vec::new();
        for (at, path) in self.0.iter().enumerate() {
            let mut own = Vec::new();
            read(path, at, &mut values, &mut own)?;
            let own = solve(&own, "local", &[])?;
            locals.push(Value::Object(own));
        }
        let solved = solve(&values, "hv", &locals)?;
        solved
            .into_iter()
            .map(|(name, value)| Ok((Text::from(name), data(&value)?)))
            .collect()
    }
}

fn read(
    path: &str,
    at: usize,
    values: &mut Vec<Definition>,
    locals: &mut Vec<Definition>,
) -> Result<(), String> {
    let text = file::read(path)?;
    let text = String::from_utf8_lossy(&text);
    let body: Body = hcl::parse(&text).map_err(|error| format!("{path}: {error}"))?;
    let mut has_locals = false;
    for block in body.into_blocks() {
        let into = match block.identifier() {
            "values" => &mut *values,
            "locals" if has_locals => {
                return Err(format!("{path}: there is more than one \"locals\" block"));
            }
            "locals" => {
                has_locals = true;
                &mut *locals
            }
            other => return Err(format!("{path}: no block is called {other:?}")),
        };
        for attribute in block.body.into_attributes() {
            into.push(Definition {
                name: attribute.key.to_string(),
                file: at,
                expression: attribute.expr,
            });
        }
    }
    Ok(())
}

/// The values of names that may need each other.
fn solve(
    definitions: &[Definition],
    prefix: &str,
    locals: &[Value],
) -> Result<hcl::Map<String, Value>, String> {
    let mut names: Vec<&str> = Vec::new();
    for definition in definitions {
        if !names.contains(&&definition.name[..]) {
            names.push(&definition.name);
        }
    }
    let mut solved: hcl::Map<String, Value> = hcl::Map::new();
    while !names.is_empty() {
        let mut failed = None;
        let before = names.len();
        names.retain(|name| {
            let mut whole = None;
            for definition in definitions.iter().filter(|d| d.name == *name) {
                let mut context = Context::new();
                function::declare(&mut context);
                context.declare_var(prefix, Value::Object(solved.clone()));
                if let Some(own) = locals.get(definition.file) {
                    context.declare_var("local", own.clone());
                }
                match definition.expression.evaluate(&context) {
                    Ok(value) => whole = Some(merged(whole, value)),
                    Err(error) => {
                        failed.get_or_insert_with(|| {
                            format!("error when trying to evaluate variable {name} : {error}")
                        });
                        return true;
                    }
                }
            }
            if let Some(value) = whole {
                solved.insert((*name).to_owned(), value);
            }
            false
        });
        // What is left needs what nobody sets, or itself.
        if names.len() == before
            && let Some(error) = failed
        {
            return Err(undefined(definitions, prefix).unwrap_or(error));
        }
    }
    Ok(solved)
}

/// What is said of the first name that is used and set nowhere.
fn undefined(definitions: &[Definition], prefix: &str) -> Option<String> {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for definition in definitions {
        let text = hcl::format::to_string(&definition.expression).ok()?;
        for name in names(&text, prefix) {
            if definitions.iter().all(|known| known.name != name) {
                let name = strconv::quote(name);
                let by = used.entry(name).or_default();
                by.insert(strconv::quote(&definition.name));
            }
        }
    }
    let (name, by) = used.into_iter().next()?;
    let by: Vec<String> = by.into_iter().collect();
    let by = by.join(", ");
    Some(format!("variables {by} depend(s) on undefined vars {name}"))
}

/// What stands after `prefix` and a dot in an expression.
fn names<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let found = text.match_indices(prefix).filter_map(|(at, _)| {
        if text[..at].ends_with(|c| is_part(c) || c == '.') {
            return None;
        }
        let rest = text[at + prefix.len()..].strip_prefix('.')?;
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        Some(&rest[..end])
    });
    found.filter(|name| !name.is_empty()).collect()
}

/// Maps are merged, all else is replaced; null replaces nothing.
fn merged(first: Option<Value>, second: Value) -> Value {
    match (first, second) {
        (None, value) => value,
        (Some(first), Value::Null) => first,
        (Some(Value::Object(mut map)), Value::Object(more)) => {
            for (key, value) in more {
                let present = map.swap_remove(&key);
                map.insert(key, merged(present, value));
            }
            Value::Object(map)
        }
        (Some(_), value) => value,
    }
}

/// What values are in state values.
pub(super) fn data(value: &Value) -> Result<Data, String> {
    Ok(match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(n), _) => Data::Int(n),
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction")]
            (None, Some(n)) if n.fract() == 0.0 && n.abs() < 9e15 => Data::Int(n as i64),
            (None, Some(n)) => Data::Float(n),
            (None, None) => return Err(format!("{number} is no number")),
        },
        Value::String(text) => Data::string(text.as_str()),
        Value::Array(items) => Data::list(items.iter().map(data).collect::<Result<_, _>>()?),
        Value::Object(map) => Data::map(
            map.iter()
                .map(|(key, value)| Ok((Text::from(key.as_str()), data(value)?)))
                .collect::<Result<_, String>>()?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(texts: &[&str]) -> Result<String, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = Files::default();
        for (at, text) in texts.iter().enumerate() {
            let path = folder.path().join(format!("{at}.hcl"));
            std::fs::write(&path, text).expect("a file");
            files.add(path.to_str().expect("UTF-8"));
        }
        files.evaluate().map(|values| Data::map(values).to_string())
    }

    #[test]
    fn values_name_each_other_and_locals_of_their_file() {
        let got = evaluate(&[
            "locals {\n  base = \"acme\"\n}\nvalues {\n  url = \"https://${local.base}/${hv.n}\"\n  n = 3\n  m = { a = 1 }\n}",
            "values {\n  m = { b = hv.n + 1 }\n  l = [1, 2.5]\n}",
        ]);
        assert_eq!(
            got.as_deref(),
            Ok("map[l:[1 2.5] m:map[a:1 b:4] n:3 url:https://acme/3]")
        );
    }

    #[test]
    fn what_nobody_sets_is_an_error() {
        let error = evaluate(&["values {\n  a = hv.b\n}"]).unwrap_err();
        assert_eq!(error, "variables \"a\" depend(s) on undefined vars \"b\"");
        assert!(evaluate(&["values {\n  a = hv.b\n  b = hv.a\n}"]).is_err());
        assert!(evaluate(&["valeus {\n}"]).is_err());
    }

    #[test]
    fn functions_are_those_of_helmfile() {
        for (text, want) in [
            ("upper(\"a\")", "A"),
            ("join(\"-\", [\"a\", \"b\"])", "a-b"),
            ("split(\",\", \"a,b\")", "[a b]"),
            ("length([1, 2])", "2"),
            ("coalesce(null, \"x\")", "x"),
            ("concat([1], [2])", "[1 2]"),
            ("contains([1, 2], 2)", "true"),
            ("merge({a = 1}, {b = 2})", "map[a:1 b:2]"),
            ("max(1, 3, 2)", "3"),
            ("ceil(1.2)", "2"),
            ("keys({b = 1, a = 2})", "[a b]"),
            ("lookup({a = 1}, \"b\", 7)", "7"),
            ("trimprefix(\"abc\", \"a\")", "bc"),
            ("jsonencode({a = [1]})", "{\"a\":[1]}"),
            ("yamldecode(\"a: [1]\")", "map[a:[1]]"),
            ("flatten([[1], [2, [3]]])", "[1 2 3]"),
            ("distinct([1, 1, 2])", "[1 2]"),
            ("format(\"%s-%d\", \"a\", 3)", "a-3"),
            ("substr(\"hello\", 1, 3)", "ell"),
            ("range(3)", "[0 1 2]"),
            ("element([\"a\", \"b\"], 3)", "b"),
            ("zipmap([\"a\"], [1])", "map[a:1]"),
        ] {
            let got = evaluate(&[&format!("values {{\n  x = {text}\n}}")]);
            assert_eq!(got, Ok(format!("map[x:{want}]")), "{text}");
        }
    }
}
