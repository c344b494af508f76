//! Proof that values fit a schema, without the validator.
//!
//! To compile a schema, the validator first compiles the meta-schemas of its draft, which costs more
//! than many a render. The keywords that nearly all charts make do with are looked at here instead.
//! Whatever is not certain is left to the validator: other keywords and drafts, references to other
//! documents, schemas that are not well-formed, and values that do not fit, for it has the words.

use super::format;
use crate::go::regexp::Regexp;
use crate::value::{Frozen, FrozenMap, Text};

/// How deep a schema may be nested.
const MAX_DEPTH: usize = 100;
/// How deep ignored parts of it may be; the validator's reader refuses more than 200.
const MAX_IGNORED: usize = 190;
/// How many schemas may be applied inside one another, references included: cycles end here.
const MAX_APPLIED: usize = 200;

/// Whether `values` fit `schema` for certain.
pub(super) fn fits(schema: &Frozen, values: &FrozenMap) -> bool {
    let Frozen::Map(root) = schema else {
        return false;
    };
    let Some(draft) = Draft::of(root) else {
        return false;
    };
    let proof = Proof { root, draft };
    proof.is_sound(schema, 0)
        && proof.apply(schema, &Frozen::Map(values.clone().into()), 0) == Answer::Yes
}

/// The drafts whose meta-schemas are met by whatever [`Proof::is_sound`] lets pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Draft {
    Seven,
    /// 2019-09 and 2020-12: what differs between them is left to the validator.
    Later,
}

impl Draft {
    /// What `$schema` names; nothing is the latest.
    fn of(root: &FrozenMap) -> Option<Draft> {
        let Some(url) = root.get(&b"$schema"[..]) else {
            return Some(Draft::Later);
        };
        let url = text(url)?;
        let url = url.strip_suffix('#').unwrap_or(url);
        let rest = url
            .strip_prefix("http://")
            .or_else(|| url.strip_prefix("https://"))?;
        match rest {
            "json-schema.org/draft-07/schema" => Some(Draft::Seven),
            "json-schema.org/schema"
            | "json-schema.org/draft/2019-09/schema"
            | "json-schema.org/draft/2020-12/schema" => Some(Draft::Later),
            _ => None,
        }
    }
}

/// Whether a value fits a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Unsure,
}

impl Answer {
    fn of(holds: bool) -> Answer {
        if holds { Answer::Yes } else { Answer::No }
    }

    /// Whether all fit; one that does not decides.
    fn all(answers: impl IntoIterator<Item = Answer>) -> Answer {
        let mut all = Answer::Yes;
        for answer in answers {
            match answer {
                Answer::Yes => {}
                Answer::No => return Answer::No,
                Answer::Unsure => all = Answer::Unsure,
            }
        }
        all
    }

    fn any(answers: impl IntoIterator<Item = Answer>) -> Answer {
        !Answer::all(answers.into_iter().map(|answer| !answer))
    }
}

impl std::ops::Not for Answer {
    type Output = Answer;

    fn not(self) -> Answer {
        match self {
            Answer::Yes => Answer::No,
            Answer::No => Answer::Yes,
            Answer::Unsure => Answer::Unsure,
        }
    }
}

struct Proof<'s> {
    root: &'s FrozenMap,
    draft: Draft,
}

impl<'s> Proof<'s> {
    /// Whether a schema meets the meta-schema of its draft, and holds nothing that is not known
    /// here.
    fn is_sound(&self, schema: &Frozen, depth: usize) -> bool {
        let map = match schema {
            Frozen::Bool(_) => return true,
            Frozen::Map(map) if depth <= MAX_DEPTH => map,
            _ => return false,
        };
        map.iter().all(|(key, value)| match key.as_bytes() {
            b"$schema" => depth == 0,
            b"$ref" => self.target(value).is_some(),
            b"$comment" | b"title" | b"description" | b"contentEncoding" | b"contentMediaType" => {
                matches!(value, Frozen::String(_))
            }
            b"readOnly" | b"writeOnly" | b"deprecated" | b"uniqueItems" => {
                matches!(value, Frozen::Bool(_))
            }
            b"examples" => matches!(value, Frozen::List(_)) && is_shallow(value, depth),
            b"type" => match value {
                Frozen::List(types) => {
                    !types.is_empty() && types.iter().all(is_type) && are_different(types)
                }
                value => is_type(value),
            },
            b"enum" => match value {
                Frozen::List(items) => {
                    !items.is_empty() && items.iter().all(is_scalar) && are_different(items)
                }
                _ => false,
            },
            b"const" => is_scalar(value),
            b"multipleOf" => number(value).is_some_and(|n| n > 0.0),
            b"minimum" | b"maximum" | b"exclusiveMinimum" | b"exclusiveMaximum" => {
                number(value).is_some()
            }
            b"minLength" | b"maxLength" | b"minItems" | b"maxItems" | b"minProperties"
            | b"maxProperties" => count(value).is_some(),
            b"required" => match value {
                Frozen::List(names) => {
                    let is_name = |name: &Frozen| matches!(name, Frozen::String(_));
                    names.iter().all(is_name) && are_different(names)
                }
                _ => false,
            },
            b"pattern" => text(value).is_some_and(|text| Regexp::compile(text).is_ok()),
            b"format" => text(value).is_some_and(|name| !self.asserts(name)),
            b"items"
            | b"additionalProperties"
            | b"propertyNames"
            | b"not"
            | b"if"
            | b"then"
            | b"else" => self.is_sound(value, depth + 1),
            b"allOf" | b"anyOf" | b"oneOf" => match value {
                Frozen::List(schemas) => {
                    let mut schemas = schemas.iter();
                    schemas.len() > 0 && schemas.all(|schema| self.is_sound(schema, depth + 2))
                }
                _ => false,
            },
            b"properties" | b"definitions" | b"$defs" => match value {
                Frozen::Map(schemas) => schemas
                    .values()
                    .all(|schema| self.is_sound(schema, depth + 2)),
                _ => false,
            },
            b"patternProperties" => match value {
                Frozen::Map(schemas) => schemas.iter().all(|(pattern, schema)| {
                    Regexp::compile(pattern).is_ok() && self.is_sound(schema, depth + 2)
                }),
                _ => false,
            },
            b"$id"
            | b"$anchor"
            | b"$recursiveRef"
            | b"$recursiveAnchor"
            | b"$dynamicRef"
            | b"$dynamicAnchor"
            | b"$vocabulary"
            | b"additionalItems"
            | b"contains"
            | b"minContains"
            | b"maxContains"
            | b"prefixItems"
            | b"dependencies"
            | b"dependentRequired"
            | b"dependentSchemas"
            | b"unevaluatedItems"
            | b"unevaluatedProperties"
            | b"contentSchema" => false,
            _ => is_shallow(value, depth),
        })
    }

    /// Whether values are held against a format.
    fn asserts(&self, name: &str) -> bool {
        let is_known = || name == "regex" || format::all().iter().any(|known| known.name == name);
        self.draft == Draft::Seven && is_known()
    }

    /// What a `$ref` refers to: the whole schema or one of its definitions.
    fn target(&self, reference: &Frozen) -> Option<&'s Frozen> {
        let pointer = text(reference)?.strip_prefix("#/")?;
        let (section, name) = pointer.split_once('/')?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if !matches!(section, "definitions" | "$defs") || !name.chars().all(is_plain) {
            return None;
        }
        match self.root.get(section.as_bytes())? {
            Frozen::Map(definitions) => definitions.get(name.as_bytes()),
            _ => None,
        }
    }

    /// Whether `value` fits `schema`, which is sound.
    fn apply(&self, schema: &Frozen, value: &Frozen, depth: usize) -> Answer {
        let map = match schema {
            Frozen::Bool(holds) => return Answer::of(*holds),
            Frozen::Map(map) if depth <= MAX_APPLIED => map,
            _ => return Answer::Unsure,
        };
        let inner = |schema: &Frozen| self.apply(schema, value, depth + 1);
        let reference = map.get(&b"$ref"[..]).map(|reference| {
            let target = self.target(reference);
            target.map_or(Answer::Unsure, inner)
        });
        // Before 2019-09 what stands beside a reference does not count.
        if let Some(answer) = reference
            && self.draft == Draft::Seven
        {
            return answer;
        }
        Answer::all(map.iter().map(|(key, argument)| {
            let number_of = |holds: fn(f64, f64) -> bool| match (number(value), number(argument)) {
                (Some(n), Some(bound)) => Answer::of(holds(n, bound)),
                _ => Answer::Yes,
            };
            let schemas = || match argument {
                Frozen::List(schemas) => schemas.iter(),
                _ => [].iter(),
            };
            match key.as_bytes() {
                b"$ref" => reference.unwrap_or(Answer::Unsure),
                b"type" => Answer::of(match argument {
                    Frozen::List(types) => types.iter().any(|name| is_of_type(value, name)),
                    name => is_of_type(value, name),
                }),
                b"enum" => Answer::any(schemas().map(|item| equal(value, item))),
                b"const" => equal(value, argument),
                b"minimum" => number_of(|n, bound| n >= bound),
                b"maximum" => number_of(|n, bound| n <= bound),
                b"exclusiveMinimum" => number_of(|n, bound| n > bound),
                b"exclusiveMaximum" => number_of(|n, bound| n < bound),
                b"multipleOf" if number(value).is_some() => Answer::Unsure,
                b"minLength" | b"maxLength" | b"pattern" => fits_text(key, argument, value),
                b"items" | b"minItems" | b"maxItems" | b"uniqueItems" => match value {
                    Frozen::List(items) => self.fits_list(key, argument, items, depth),
                    _ => Answer::Yes,
                },
                b"minProperties"
                | b"maxProperties"
                | b"required"
                | b"propertyNames"
                | b"properties"
                | b"patternProperties"
                | b"additionalProperties" => match value {
                    Frozen::Map(members) => self.fits_map(map, key, argument, members, depth),
                    _ => Answer::Yes,
                },
                b"allOf" => Answer::all(schemas().map(inner)),
                b"anyOf" => Answer::any(schemas().map(inner)),
                b"oneOf" => {
                    let answers: Vec<Answer> = schemas().map(inner).collect();
                    let fitting = answers.iter().filter(|one| **one == Answer::Yes).count();
                    match fitting {
                        _ if answers.contains(&Answer::Unsure) => Answer::Unsure,
                        fitting => Answer::of(fitting == 1),
                    }
                }
                b"not" => !inner(argument),
                b"if" => {
                    let branch = |name: &[u8]| map.get(name).map_or(Answer::Yes, inner);
                    match inner(argument) {
                        Answer::Yes => branch(b"then"),
                        Answer::No => branch(b"else"),
                        Answer::Unsure => Answer::Unsure,
                    }
                }
                _ => Answer::Yes,
            }
        }))
    }

    fn fits_list(&self, key: &[u8], argument: &Frozen, items: &[Frozen], depth: usize) -> Answer {
        match key {
            b"items" => {
                let items = items.iter();
                Answer::all(items.map(|item| self.apply(argument, item, depth + 1)))
            }
            b"minItems" => Answer::of(count(argument).is_none_or(|least| items.len() >= least)),
            b"maxItems" => Answer::of(count(argument).is_none_or(|most| items.len() <= most)),
            _ if *argument == Frozen::Bool(false) || items.len() < 2 => Answer::Yes,
            _ if items.iter().all(is_scalar) => Answer::of(are_different(items)),
            _ => Answer::Unsure,
        }
    }

    fn fits_map(
        &self,
        schema: &FrozenMap,
        key: &[u8],
        argument: &Frozen,
        members: &FrozenMap,
        depth: usize,
    ) -> Answer {
        let inner = |schema: &Frozen, value: &Frozen| self.apply(schema, value, depth + 1);
        let mut known = None;
        match (key, argument) {
            (b"minProperties", _) => {
                Answer::of(count(argument).is_none_or(|least| members.len() >= least))
            }
            (b"maxProperties", _) => {
                Answer::of(count(argument).is_none_or(|most| members.len() <= most))
            }
            (b"required", Frozen::List(names)) => Answer::of(
                names
                    .iter()
                    .all(|name| matches!(name, Frozen::String(name) if members.contains_key(name))),
            ),
            (b"propertyNames", _) => Answer::all(
                members
                    .keys()
                    .map(|name| inner(argument, &Frozen::String(name.clone()))),
            ),
            (b"properties", Frozen::Map(properties)) => {
                Answer::all(members.iter().map(|(name, value)| {
                    let schema = properties.get(name);
                    schema.map_or(Answer::Yes, |schema| inner(schema, value))
                }))
            }
            (b"patternProperties", Frozen::Map(patterns)) => {
                Answer::all(patterns.iter().map(|(pattern, schema)| {
                    let Ok(pattern) = Regexp::compile(pattern) else {
                        return Answer::Unsure;
                    };
                    let matching = members.iter().filter(|(name, _)| pattern.is_match(name));
                    Answer::all(matching.map(|(_, value)| inner(schema, value)))
                }))
            }
            (b"additionalProperties", Frozen::Bool(true)) => Answer::Yes,
            (b"additionalProperties", _) => Answer::all(members.iter().map(|(name, value)| {
                let known = known.get_or_insert_with(|| Known::of(schema));
                if known.has(name) {
                    return Answer::Yes;
                }
                inner(argument, value)
            })),
            _ => Answer::Unsure,
        }
    }
}

/// The members that `properties` and `patternProperties` name.
struct Known<'s> {
    properties: Option<&'s FrozenMap>,
    patterns: Vec<Regexp>,
}

impl<'s> Known<'s> {
    fn of(schema: &'s FrozenMap) -> Known<'s> {
        let map = |key: &[u8]| match schema.get(key) {
            Some(Frozen::Map(map)) => Some(&**map),
            _ => None,
        };
        let patterns = map(b"patternProperties")
            .into_iter()
            .flat_map(FrozenMap::keys);
        Known {
            properties: map(b"properties"),
            patterns: patterns.flat_map(Regexp::compile).collect(),
        }
    }

    fn has(&self, name: &Text) -> bool {
        self.properties.is_some_and(|map| map.contains_key(name))
            || self.patterns.iter().any(|pattern| pattern.is_match(name))
    }
}

/// Whether a value fits what is said about strings.
fn fits_text(key: &[u8], argument: &Frozen, value: &Frozen) -> Answer {
    let Frozen::String(found) = value else {
        return Answer::Yes;
    };
    let Some(found) = found.as_str() else {
        return Answer::Unsure;
    };
    match (key, argument) {
        (b"pattern", Frozen::String(pattern)) => Regexp::compile(pattern)
            .map_or(Answer::Unsure, |pattern| {
                Answer::of(pattern.is_match(found))
            }),
        (b"minLength", _) => {
            Answer::of(count(argument).is_none_or(|least| found.chars().count() >= least))
        }
        (b"maxLength", _) => {
            Answer::of(count(argument).is_none_or(|most| found.chars().count() <= most))
        }
        _ => Answer::Unsure,
    }
}

fn text(value: &Frozen) -> Option<&str> {
    match value {
        Frozen::String(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

/// A number, where `float64` holds it.
fn number(value: &Frozen) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "as the validator compares")]
        Frozen::Int(n) => Some(*n as f64),
        Frozen::Float(n) => Some(*n),
        _ => None,
    }
}

/// A number of things.
fn count(value: &Frozen) -> Option<usize> {
    let n = number(value)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked just before"
    )]
    (n.fract() == 0.0 && (0.0..1e9).contains(&n)).then_some(n as usize)
}

fn is_type(name: &Frozen) -> bool {
    text(name).is_some_and(|name| {
        matches!(
            name,
            "array" | "boolean" | "integer" | "null" | "number" | "object" | "string"
        )
    })
}

fn is_of_type(value: &Frozen, name: &Frozen) -> bool {
    let Some(name) = text(name) else {
        return false;
    };
    match value {
        Frozen::Null => name == "null",
        Frozen::Bool(_) => name == "boolean",
        Frozen::Int(_) => matches!(name, "number" | "integer"),
        Frozen::Float(n) => name == "number" || name == "integer" && n.fract() == 0.0,
        Frozen::String(_) => name == "string",
        Frozen::List(_) => name == "array",
        Frozen::Map(_) => name == "object",
    }
}

fn is_scalar(value: &Frozen) -> bool {
    match value {
        Frozen::List(_) | Frozen::Map(_) => false,
        Frozen::String(text) => std::str::from_utf8(text).is_ok(),
        _ => true,
    }
}

/// Whether a value is the scalar `wanted`.
fn equal(value: &Frozen, wanted: &Frozen) -> Answer {
    match (value, wanted) {
        (Frozen::String(a), Frozen::String(b)) => {
            if a == b {
                Answer::Yes
            } else if is_scalar(value) {
                Answer::No
            } else {
                Answer::Unsure
            }
        }
        (Frozen::Int(n), _) if n.unsigned_abs() > 1 << 53 => Answer::Unsure,
        _ => Answer::of(match (number(value), number(wanted)) {
            (Some(a), Some(b)) => a == b,
            _ => value == wanted,
        }),
    }
}

/// Whether no two of these scalars are certain or likely to be equal.
fn are_different(items: &[Frozen]) -> bool {
    let is_new = |(at, item): (usize, &Frozen)| {
        let mut before = items[..at].iter();
        before.all(|other| equal(item, other) == Answer::No)
    };
    items.iter().enumerate().all(is_new)
}

/// Whether an ignored part of a schema is one that the validator's reader takes.
fn is_shallow(value: &Frozen, depth: usize) -> bool {
    match value {
        Frozen::List(items) => {
            depth < MAX_IGNORED && items.iter().all(|item| is_shallow(item, depth + 1))
        }
        Frozen::Map(map) => {
            depth < MAX_IGNORED && map.values().all(|item| is_shallow(item, depth + 1))
        }
        _ => true,
    }
}
