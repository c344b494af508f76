//! Helm's own template functions (`pkg/engine/funcs.go`, Helm 4.2.4).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::engine::Engine;
use super::error::Raised;
use crate::diag::{Level, Notice};
use crate::go::json;
use crate::go::time::{Time, Zone};
use crate::template::{Caller, Function, Functions};
use crate::value::{Fault, Frozen, List, Map, Text, Type, Value};
use crate::{sprig, toml, yaml};

/// What `--name-template` can call: Go's builtins and sprig.
pub(super) static NAME_FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let mut tables = sprig::FAMILIES.to_vec();
    tables.push(sprig::ENVIRONMENT);
    Functions::new(&tables)
});

/// Everything that a chart's template can call: Go's builtins, sprig without `env` and
/// `expandenv`, and Helm's own, which win.
pub(super) static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let mut tables = sprig::FAMILIES.to_vec();
    tables.push(HELM);
    Functions::new(&tables)
});

const HELM: &[Function] = &[
    function("fail", &[Type::STRING], fail),
    function("fromJson", &[Type::STRING], from_json),
    function("fromJsonArray", &[Type::STRING], from_json_array),
    function("fromToml", &[Type::STRING], from_toml),
    function("fromYaml", &[Type::STRING], from_yaml),
    function("fromYamlArray", &[Type::STRING], from_yaml_array),
    function("getHostByName", &[Type::STRING], get_host_by_name),
    function("include", &[Type::STRING, Type::Any], include),
    function(
        "lookup",
        &[Type::STRING, Type::STRING, Type::STRING, Type::STRING],
        lookup,
    ),
    function("mustToJson", &[Type::Any], must_to_json),
    function("mustToToml", &[Type::Any], must_to_toml),
    function("mustToYaml", &[Type::Any], must_to_yaml),
    function("required", &[Type::STRING, Type::Any], required),
    function("toJson", &[Type::Any], to_json),
    function("toToml", &[Type::Any], to_toml),
    function("toYaml", &[Type::Any], to_yaml),
    function("toYamlPretty", &[Type::Any], to_yaml_pretty),
    function("tpl", &[Type::STRING, Type::Any], tpl),
];

const fn function(
    name: &'static str,
    parameters: &'static [Type],
    body: crate::template::Body,
) -> Function {
    Function {
        name,
        parameters,
        variadic: false,
        body,
    }
}

/// The engine that executes; every template of a chart is executed by one.
fn engine<'a>(caller: &Caller<'a>) -> Result<&'a Engine, Fault> {
    caller
        .host
        .downcast_ref()
        .ok_or_else(|| Fault::from("not implemented"))
}

fn text(arguments: &[Value], at: usize) -> Text {
    arguments
        .get(at)
        .and_then(Value::as_text)
        .cloned()
        .unwrap_or_default()
}

fn value(arguments: &[Value], at: usize) -> Value {
    arguments.get(at).cloned().unwrap_or_default()
}

fn include(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let engine = engine(caller)?;
    engine.include(caller, &text(arguments, 0), &value(arguments, 1))
}

fn tpl(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let engine = engine(caller)?;
    engine.tpl(caller, &text(arguments, 0), &value(arguments, 1))
}

fn required(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let found = value(arguments, 1);
    let notice = match &found {
        Value::Nil => "missing required value",
        Value::String(text) if text.is_empty() => "missing required values",
        _ => return Ok(found),
    };
    let warning = text(arguments, 0);
    let engine = engine(caller)?;
    if engine.is_lenient() {
        engine.notify(Notice::new(Level::Warn, notice).with("message", warning));
        return Ok(Value::string(""));
    }
    Err(Fault::new(Raised(warning.to_string())))
}

fn fail(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let message = text(arguments, 0);
    let engine = engine(caller)?;
    if engine.is_lenient() {
        engine.notify(Notice::new(Level::Info, "funcMap fail").with("message", message));
        return Ok(Value::string(""));
    }
    Err(Fault::new(Raised(message.to_string())))
}

fn lookup(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let part = |at| text(arguments, at).to_string();
    if engine(caller)?.is_lenient() {
        return Ok(Value::map([]));
    }
    let found = caller
        .world
        .look_up(&part(0), &part(1), &part(2), &part(3))?;
    Ok(found.map_or_else(|| Value::map([]), |object| object.thaw()))
}

fn get_host_by_name(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    if !engine(caller)?.resolves_hosts() {
        return Ok(Value::string(""));
    }
    let hosts = caller
        .world
        .resolve_host(&text(arguments, 0).to_str_lossy());
    // sprig picks one of the addresses at random; the first is as good, and repeatable.
    hosts
        .into_iter()
        .next()
        .map(Value::from)
        .ok_or_else(|| Fault::from("runtime error: index out of range [0] with length 0"))
}

/// The bytes without a final newline.
fn trimmed(mut text: Vec<u8>) -> Value {
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    Value::string(text)
}

fn to_yaml(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(trimmed(
        yaml::encode(&value(arguments, 0)).unwrap_or_default(),
    ))
}

fn must_to_yaml(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(trimmed(yaml::encode(&value(arguments, 0))?))
}

fn to_yaml_pretty(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(trimmed(
        yaml::encode_pretty(&value(arguments, 0)).unwrap_or_default(),
    ))
}

fn error_map(message: String) -> Value {
    Value::map([(Text::from("Error"), Value::string(message))])
}

fn error_list(message: String) -> Value {
    Value::list(vec![Value::string(message)])
}

fn from_yaml(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = text(arguments, 0);
    Ok(match yaml::to_frozen(&text) {
        // `null` leaves the map as it was made, unlike in JSON.
        Ok(Frozen::Null) => Value::map([]),
        Ok(found @ Frozen::Map(_)) => found.thaw(),
        Ok(_) => match yaml::to_map(&text) {
            Ok(found) => Value::Map(Frozen::thaw_map(&found, &Type::MAP)),
            Err(error) => error_map(error.to_string()),
        },
        Err(error) => error_map(error.to_string()),
    })
}

fn from_yaml_array(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let text = text(arguments, 0);
    Ok(match yaml::to_frozen(&text) {
        Ok(Frozen::Null) => Value::list(Vec::new()),
        Ok(found @ Frozen::List(_)) => found.thaw(),
        Ok(_) => match yaml::to_list(&text) {
            Ok(found) => Value::list(found.iter().map(Frozen::thaw).collect()),
            Err(error) => error_list(error.to_string()),
        },
        Err(error) => error_list(error.to_string()),
    })
}

fn encode_json(value: &Value) -> Result<Value, String> {
    let mut out = Vec::new();
    json::encode(value, &mut out, json::Options::default())?;
    Ok(Value::string(out))
}

fn to_json(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(encode_json(&value(arguments, 0)).unwrap_or_else(|_| Value::string("")))
}

fn must_to_json(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(encode_json(&value(arguments, 0))?)
}

fn from_json(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let decoded = json::decode_as(&text(arguments, 0), json::Shape::Map);
    let found = match &decoded.value {
        Frozen::Map(map) => Frozen::thaw_map(map, &Type::MAP),
        _ if decoded.error.is_none() => Map::nil(&Type::MAP),
        _ => Map::new(&Type::MAP, BTreeMap::new()),
    };
    if let Some(message) = decoded.error {
        found.insert("Error", Value::string(message));
    }
    Ok(Value::Map(found))
}

fn from_json_array(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let decoded = json::decode_as(&text(arguments, 0), json::Shape::List);
    Ok(match (decoded.error, decoded.value) {
        (Some(message), _) => error_list(message),
        (None, found @ Frozen::List(_)) => found.thaw(),
        (None, _) => Value::List(List::nil(&Type::LIST)),
    })
}

/// What the encoder panics with on a nil interface, which neither function catches.
const NIL_TOML: &str = "reflect: call of reflect.Value.Type on zero Value";

fn to_toml(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    match value(arguments, 0) {
        Value::Nil => Err(NIL_TOML.into()),
        value => Ok(toml::encode(&value).map_or_else(Value::from, Value::string)),
    }
}

fn must_to_toml(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    match value(arguments, 0) {
        Value::Nil => Err(NIL_TOML.into()),
        value => Ok(Value::string(toml::encode(&value)?)),
    }
}

fn from_toml(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let local = Zone::local(&caller.world.time_zone());
    let now = Time::from_system(caller.world.now(), local);
    Ok(match toml::decode(&text(arguments, 0), &now) {
        Ok(found) => Value::Map(found),
        Err(message) => error_map(message),
    })
}
