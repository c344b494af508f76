use std::any::Any;
use std::sync::LazyLock;
use std::time::SystemTime;

use serde_json::Value as Json;

use super::{
    Caller, Environment, ExecError, Function, Functions, MissingKey, Options, Parser, Set,
};
use crate::diag::Source;
use crate::value::{Fault, Frozen, Kind, List, Map, Object, Text, Type, Value};
use crate::world::World;

struct Nowhere;

impl World for Nowhere {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn time_zone(&self) -> String {
        "UTC".to_owned()
    }

    fn fill_random(&self, _: &mut [u8]) {}

    fn resolve_host(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn look_up(&self, _: &str, _: &str, _: &str, _: &str) -> Result<Option<Frozen>, String> {
        Ok(None)
    }
}

type Body = super::Body;

const fn row(name: &'static str, parameters: &'static [Type], body: Body) -> Function {
    Function {
        name,
        parameters,
        variadic: false,
        body,
    }
}

const fn many(name: &'static str, parameters: &'static [Type], body: Body) -> Function {
    Function {
        name,
        parameters,
        variadic: true,
        body,
    }
}

fn text(arguments: &[Value], at: usize) -> Text {
    arguments[at].as_text().cloned().unwrap()
}

fn same(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(arguments[0].clone())
}

fn count(length: usize) -> Result<Value, Fault> {
    Ok(Value::Int(i64::try_from(length).unwrap()))
}

fn include(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let set: &Set = caller.host.downcast_ref().unwrap();
    let mut out = Vec::new();
    caller
        .execute(
            set,
            &text(arguments, 0).to_string(),
            &arguments[1],
            &mut out,
        )
        .map_err(Fault::new)?;
    Ok(Value::string(out))
}

static TABLE: &[Function] = &[
    row("up", &[Type::STRING], |_, a| {
        Ok(Value::string([&*text(a, 0), b"!"].concat()))
    }),
    row("addi", &[Type::INT, Type::INT], |_, a| {
        let sum = a.iter().filter_map(Value::as_integer).sum::<i128>();
        Ok(Value::Int(i64::try_from(sum).unwrap()))
    }),
    row("i64", &[Type::INT64], same),
    row("f64", &[Type::FLOAT64], same),
    row("bo", &[Type::BOOL], same),
    row("u8", &[Type::Basic(Kind::Uint8)], same),
    row("id", &[Type::Any], same),
    row("m", &[Type::MAP], |_, a| {
        count(a[0].as_map().unwrap().len())
    }),
    row("l", &[Type::LIST], |_, a| {
        count(a[0].as_list().unwrap().len())
    }),
    many("vs", &[Type::STRING], |_, a| count(a.len())),
    many("lst", &[Type::Any], |_, a| Ok(Value::list(a.to_vec()))),
    many("strs", &[Type::STRING], |_, a| {
        Ok(Value::List(List::new(&Type::STRINGS, a.to_vec())))
    }),
    row("fail", &[Type::STRING], |_, a| {
        Err(Fault::from(text(a, 0).to_string()))
    }),
    row("num", &[], |_, _| Ok(Value::Int(7))),
    row("nothing", &[], |_, _| Ok(Value::Nil)),
    row("typ", &[Type::Any], |_, a| {
        Ok(Value::string(
            a[0].go_type().map_or("<nil>".to_owned(), Type::to_string),
        ))
    }),
    row("bytes", &[Type::STRING], |_, a| {
        Ok(Value::Bytes(text(a, 0)))
    }),
    row("smap", &[Type::STRING, Type::STRING], |_, a| {
        let entries = [(text(a, 0), a[1].clone())].into_iter().collect();
        Ok(Value::Map(Map::new(&Type::STRING_MAP, entries)))
    }),
    row("inc", &[Type::STRING, Type::Any], include),
];

static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| Functions::new(&[TABLE]));

fn live(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Float64(number.as_f64().unwrap()),
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(live).collect()),
        Json::Object(entries) => Value::map(
            entries
                .iter()
                .map(|(key, value)| (Text::from(key.as_str()), live(value))),
        ),
    }
}

fn set(missing_key: MissingKey) -> Set {
    Set::new(
        &FUNCTIONS,
        Options {
            missing_key,
            ..Options::default()
        },
    )
}

fn execute(set: &Set, name: &str, data: &Value) -> (String, Result<(), ExecError>) {
    let mut out = Vec::new();
    let host: &dyn Any = set;
    let environment = Environment {
        world: &Nowhere,
        host,
    };
    let result = set.execute(name, data, &environment, &mut out);
    (String::from_utf8_lossy(&out).into_owned(), result)
}

/// Output, and the error's text.
fn render(template: &str, missing_key: MissingKey, data: &Value) -> (String, Option<String>) {
    let mut set = set(missing_key);
    if let Err(error) = set.parse("main", &Source::new("main", template)) {
        return (String::new(), Some(error.to_string()));
    }
    let (out, result) = execute(&set, "main", data);
    (out, result.err().map(|error| error.to_string()))
}

#[test]
fn templates_give_what_go_gives() {
    let data = include_str!("../../testdata/template/data.json");
    let data = live(&serde_json::from_str(data).unwrap());
    let cases = include_str!("../../testdata/template/cases.jsonl");
    let mut wrong = Vec::new();
    for line in cases.lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let missing_key = match case["missing_key"].as_str() {
            Some("zero") => MissingKey::Zero,
            Some("error") => MissingKey::Error,
            _ => MissingKey::Invalid,
        };
        let got = render(case["template"].as_str().unwrap(), missing_key, &data);
        let want = (
            case["output"].as_str().unwrap().to_owned(),
            case["error"].as_str().map(str::to_owned),
        );
        if got != want {
            wrong.push(format!(
                "{}\n  want {want:?}\n  got  {got:?}",
                case["template"]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn errors_of_functions_keep_their_chain() {
    let mut set = set(MissingKey::Zero);
    let text = "{{define \"a\"}}{{fail \"no\"}}{{end}}x\n{{inc \"a\" .}}";
    set.parse("main", &Source::new("main", text)).unwrap();
    let (out, result) = execute(&set, "main", &Value::Nil);
    let error = result.unwrap_err();
    assert_eq!(out, "x\n");
    assert_eq!(
        error.to_string(),
        "template: main:2:2: executing \"main\" at <inc \"a\" .>: error calling inc: \
         template: main:1:16: executing \"a\" at <fail \"no\">: error calling fail: no"
    );
    assert_eq!(
        (error.template(), error.location()),
        ("main", Some("main:2:2"))
    );
    let inner = std::error::Error::source(&error).unwrap();
    let inner: &ExecError = inner.downcast_ref().unwrap();
    assert_eq!(inner.template(), "a");
    assert_eq!(inner.context(), Some("fail \"no\""));
    let (source, span) = inner.place().unwrap();
    assert_eq!(&source.bytes()[span.start..span.end], b"fail \"no\"");
}

#[test]
fn equal_texts_keep_their_own_names() {
    let mut parser = Parser::new(&FUNCTIONS);
    let text = "{{define \"a\"}}A{{end}}x\n{{fail \"no\"}}";
    for name in ["f", "g"] {
        let parsed = parser.parse(name, &Source::new(name, text)).unwrap();
        let mut set = set(MissingKey::Zero);
        set.add(&parsed);
        assert_eq!(set.names(), ["a", name]);
        let error = execute(&set, name, &Value::Nil).1.unwrap_err().to_string();
        let want = format!(
            "template: {name}:2:2: executing \"{name}\" at <fail \"no\">: error calling fail: no"
        );
        assert_eq!(error, want);
    }
    let error = parser.parse("a", &Source::new("a", text)).unwrap_err();
    let want = "template: a:2: template: multiple definition of template \"a\"";
    assert_eq!(error.to_string(), want);
    let parsed = parser.parse("b", &Source::new("b", "{{define \"b\"}}B{{end}} "));
    let mut set = set(MissingKey::Zero);
    set.add(&parsed.unwrap());
    assert_eq!(execute(&set, "b", &Value::Nil).0, "B");
}

#[test]
fn the_last_definition_wins_unless_it_is_blank() {
    let mut first = set(MissingKey::Zero);
    let parse = |set: &mut Set, text: &str| set.parse("f", &Source::new("f", text)).unwrap();
    parse(&mut first, "{{define \"a\"}}1{{end}}");
    parse(&mut first, "{{define \"a\"}} {{/* nothing */}} {{end}}");
    assert_eq!(execute(&first, "a", &Value::Nil).0, "1");
    let mut second = first.clone();
    parse(&mut second, "{{define \"a\"}}2{{end}}");
    assert_eq!(execute(&first, "a", &Value::Nil).0, "1");
    assert_eq!(execute(&second, "a", &Value::Nil).0, "2");
    assert_eq!(second.names(), ["a", "f"]);
    assert_eq!(
        execute(&second, "b", &Value::Nil)
            .1
            .unwrap_err()
            .to_string(),
        "template: no template \"b\" associated with template \"gotpl\""
    );
}

#[test]
fn depth_and_loops_have_bounds() {
    for (template, want) in [
        (
            "{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}".to_owned(),
            Some("exceeded maximum template depth (100000)"),
        ),
        (
            format!("{{{{{}1{}}}}}", "(".repeat(10_001), ")".repeat(10_001)),
            Some("max expression depth exceeded"),
        ),
        (
            format!("{{{{{}1{}}}}}", "(".repeat(10_000), ")".repeat(10_000)),
            None,
        ),
        (
            format!("{}{}", "{{if 1}}".repeat(5000), "{{end}}".repeat(5000)),
            None,
        ),
        (
            "{{if 1}}".repeat(100_001),
            Some("max nesting depth exceeded"),
        ),
    ] {
        let (_, error) = render(&template, MissingKey::Zero, &Value::Nil);
        let head = template.get(..40).unwrap_or(&template);
        match want {
            None => assert_eq!(error, None, "{head}"),
            Some(want) => assert!(error.is_some_and(|error| error.ends_with(want)), "{head}"),
        }
    }
}

static VERSION: Type = Type::Named {
    name: "a.Version",
    underlying: &Type::Struct("a.Version"),
    methods: &[
        crate::value::Method {
            name: "Add",
            parameters: &[Type::INT],
            variadic: false,
            call: |_, arguments| Ok(arguments[0].clone()),
        },
        crate::value::Method {
            name: "String",
            parameters: &[],
            variadic: false,
            call: |_, _| Ok(Value::string("v1")),
        },
    ],
};
static POINTER: Type = Type::Pointer(&Type::Struct("a.Point"));

struct Version;

impl Object for Version {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &VERSION
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Major", Value::Int(1)), ("Label", Value::string("x"))]
    }
}

struct Point;

impl Object for Point {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &POINTER
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("X", Value::Int(1)), ("Next", Value::Nil)]
    }
}

#[test]
fn structs_have_fields_and_methods() {
    let data = Value::map([
        ("v".into(), Value::object(Version)),
        ("p".into(), Value::object(Point)),
    ]);
    for (template, want) in [
        // A `String` of the pointer counts for the template, not for `printf`.
        (
            "{{.v}} {{printf \"%v\" .v}} {{printf \"%+v\" .v}} {{id .v}}",
            "v1 {1 x} {Major:1 Label:x} {1 x}",
        ),
        (
            "{{printf \"%#v\" .v}} {{.v.Add 3}} {{4 | .v.Add}}",
            "a.Version{Major:1, Label:\"x\"} 3 4",
        ),
        (
            "{{.p}} {{printf \"%v\" .p}} {{.p.X}} {{.v.String}}",
            "{1 <nil>} &{1 <nil>} 1 v1",
        ),
        (
            "{{.v.Nope}}",
            "template: main:1:4: executing \"main\" at <.v.Nope>: can't evaluate field Nope in type interface {}",
        ),
        (
            "{{with .p}}{{.Nope}}{{end}}",
            "template: main:1:13: executing \"main\" at <.Nope>: can't evaluate field Nope in type *a.Point",
        ),
        (
            "{{.v.Major 1}}",
            "template: main:1:4: executing \"main\" at <.v.Major>: Major has arguments but cannot be invoked as function",
        ),
        (
            "{{.v.Add}}",
            "template: main:1:4: executing \"main\" at <.v.Add>: wrong number of args for Add: want 1 got 0",
        ),
    ] {
        let (out, error) = render(template, MissingKey::Zero, &data);
        assert_eq!(error.unwrap_or(out), want, "{template}");
    }
}
