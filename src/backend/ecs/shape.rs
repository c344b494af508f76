//! What requests of the AWS API look like: members, types, words and limits.
//!
//! The table `shape.txt` is derived from the public service models by `testdata/ecs/shapes.py`. What it does not
//! know is not wrong: services learn new members.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The member.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// Whether it is merely not known.
    pub is_unknown: bool,
}

/// A shape of the table.
enum Shape {
    Any,
    Struct(Vec<Member>),
    List(Limits, Type),
    Map(Type),
    Enum(Vec<&'static str>),
}

struct Member {
    name: &'static str,
    required: bool,
    target: Type,
}

#[derive(Clone)]
enum Type {
    Text,
    Boolean,
    Whole(Limits),
    Number(Limits),
    Named(&'static str),
}

#[derive(Clone, Copy, Default)]
struct Limits {
    low: Option<f64>,
    high: Option<f64>,
}

impl Limits {
    /// Reads `(1..5)`; nothing is no limit.
    fn read(text: &str) -> Limits {
        let inner = text.trim_start_matches('(').trim_end_matches(')');
        let (low, high) = inner.split_once("..").unwrap_or_default();
        Limits {
            low: low.parse().ok(),
            high: high.parse().ok(),
        }
    }

    fn allow(self, number: f64) -> bool {
        self.low.is_none_or(|low| number >= low) && self.high.is_none_or(|high| number <= high)
    }
}

struct Table {
    requests: BTreeMap<&'static str, &'static str>,
    shapes: BTreeMap<&'static str, Shape>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table {
        requests: BTreeMap::new(),
        shapes: BTreeMap::new(),
    };
    for line in include_str!("shape.txt").lines() {
        let Some((name, rest)) = line.split_once('\t') else {
            continue;
        };
        let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let shape = match word.split('(').next().unwrap_or(word) {
            "request" => {
                table.requests.insert(name, rest);
                continue;
            }
            "struct" => Shape::Struct(rest.split_whitespace().filter_map(member).collect()),
            "list" => Shape::List(Limits::read(word.trim_start_matches("list")), target(rest)),
            "map" => Shape::Map(target(rest)),
            "enum" => Shape::Enum(rest.split(' ').collect()),
            _ => Shape::Any,
        };
        table.shapes.insert(name, shape);
    }
    table
});

fn member(text: &'static str) -> Option<Member> {
    let (name, of) = text.split_once('=')?;
    Some(Member {
        name: name.trim_end_matches('!'),
        required: name.ends_with('!'),
        target: target(of),
    })
}

fn target(text: &'static str) -> Type {
    let (word, limits) = text.split_at(text.find('(').unwrap_or(text.len()));
    match word {
        "s" | "t" => Type::Text,
        "b" => Type::Boolean,
        "i" => Type::Whole(Limits::read(limits)),
        "d" => Type::Number(Limits::read(limits)),
        _ => Type::Named(word),
    }
}

/// Compares the request that makes a resource of `kind` with the API's shapes; kinds that are not in
/// the table fit.
pub fn check(kind: &str, request: &Value) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if let Some(root) = TABLE.requests.get(kind) {
        compare(&Type::Named(root), request, String::new(), &mut found);
    }
    found
}

fn compare(wanted: &Type, value: &Value, path: String, found: &mut Vec<Mismatch>) {
    let mut wrong = |message: String| {
        found.push(Mismatch {
            path: path.clone(),
            message,
            is_unknown: false,
        });
    };
    let outside = |number: f64| format!("{number} is out of range");
    match wanted {
        Type::Text => {
            if !value.is_string() && !value.is_number() {
                wrong("has to be a text".to_owned());
            }
        }
        Type::Boolean => {
            if !value.is_boolean() {
                wrong("has to be true or false".to_owned());
            }
        }
        Type::Whole(limits) => match value.as_f64() {
            Some(number) if number.fract() != 0.0 => wrong("has to be a whole number".to_owned()),
            Some(number) if !limits.allow(number) => wrong(outside(number)),
            Some(_) => {}
            None => wrong("has to be a number".to_owned()),
        },
        Type::Number(limits) => match value.as_f64() {
            Some(number) if !limits.allow(number) => wrong(outside(number)),
            Some(_) => {}
            None => wrong("has to be a number".to_owned()),
        },
        Type::Named(name) => match TABLE.shapes.get(name) {
            None | Some(Shape::Any) => {}
            Some(Shape::Enum(words)) => match value.as_str() {
                Some(word) if words.contains(&word) => {}
                Some(word) => wrong(format!("{word:?} is none of {}", words.join(", "))),
                None => wrong("has to be a text".to_owned()),
            },
            Some(Shape::List(limits, item)) => match value {
                Value::Array(items) => {
                    if !limits.allow(items.len() as f64) {
                        wrong(format!("{} items are too few or too many", items.len()));
                    }
                    for (index, value) in items.iter().enumerate() {
                        compare(item, value, format!("{path}[{index}]"), found);
                    }
                }
                _ => wrong("has to be a list".to_owned()),
            },
            Some(Shape::Map(item)) => match value {
                Value::Object(map) => {
                    for (name, value) in map {
                        compare(item, value, join(&path, name), found);
                    }
                }
                _ => wrong("has to be a mapping".to_owned()),
            },
            Some(Shape::Struct(members)) => match value {
                Value::Object(map) => {
                    for member in members.iter().filter(|member| member.required) {
                        if !map.contains_key(member.name) {
                            wrong(format!("{} is required", member.name));
                        }
                    }
                    for (name, value) in map {
                        let path = join(&path, name);
                        match members.iter().find(|member| member.name == name) {
                            Some(member) => compare(&member.target, value, path, found),
                            None => found.push(Mismatch {
                                message: format!("the API has no member {name} here"),
                                path,
                                is_unknown: true,
                            }),
                        }
                    }
                }
                _ => wrong("has to be a mapping".to_owned()),
            },
        },
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(kind: &str, request: Value) -> Vec<String> {
        let found = check(kind, &request);
        let tell = |it: Mismatch| format!("{}: {}", it.path, it.message);
        found.into_iter().map(tell).collect()
    }

    #[test]
    fn requests_are_compared_with_the_shapes() {
        let container = json!({"name": "web", "image": "nginx", "cpu": 256});
        let fits = json!({"family": "web", "containerDefinitions": [container]});
        assert_eq!(told("ecs:TaskDefinition", fits), [""; 0]);
        let request = json!({
            "containerDefinitions": [{"cpu": "many", "essentail": true}],
            "networkMode": "awsvp",
            "volumes": {},
        });
        let mut found = told("ecs:TaskDefinition", request);
        found.sort();
        assert_eq!(
            found,
            [
                ": family is required",
                "containerDefinitions[0].cpu: has to be a number",
                "containerDefinitions[0].essentail: the API has no member essentail here",
                "networkMode: \"awsvp\" is none of bridge, host, awsvpc, none",
                "volumes: has to be a list",
            ]
        );
        let port = json!({"Name": "web", "Port": 70000});
        assert_eq!(
            told("elbv2:TargetGroup", port),
            ["Port: 70000 is out of range"]
        );
    }

    #[test]
    fn every_shape_that_is_named_is_there() {
        let named = |target: &Type| match target {
            Type::Named(name) => TABLE.shapes.contains_key(name),
            _ => true,
        };
        assert!(TABLE.requests.len() >= 15);
        for root in TABLE.requests.values() {
            assert!(TABLE.shapes.contains_key(root), "{root}");
        }
        for (name, shape) in &TABLE.shapes {
            let all = match shape {
                Shape::Struct(members) => members.iter().all(|member| named(&member.target)),
                Shape::List(_, item) | Shape::Map(item) => named(item),
                _ => true,
            };
            assert!(all, "{name}");
        }
    }
}
