//! `.Files`: the files of a chart that are neither templates nor its own metadata
//! (`pkg/engine/files.go`, Helm 4.2.4).

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::go::{base64, glob, path};
use crate::value::{Fault, Map, Method, Object, Text, Type, Value};
use crate::yaml;

/// A Go `map[string][]byte` with methods.
pub(super) struct Files(Rc<BTreeMap<Text, Text>>);

static FILES: Type = Type::Named {
    name: "engine.files",
    underlying: &Type::Map(&Type::STRING, &Type::BYTES),
    methods: &[
        Method {
            name: "AsConfig",
            parameters: &[],
            variadic: false,
            call: as_config,
        },
        Method {
            name: "AsSecrets",
            parameters: &[],
            variadic: false,
            call: as_secrets,
        },
        Method {
            name: "Get",
            parameters: &[Type::STRING],
            variadic: false,
            call: get,
        },
        Method {
            name: "GetBytes",
            parameters: &[Type::STRING],
            variadic: false,
            call: get_bytes,
        },
        Method {
            name: "Glob",
            parameters: &[Type::STRING],
            variadic: false,
            call: glob,
        },
        Method {
            name: "Lines",
            parameters: &[Type::STRING],
            variadic: false,
            call: lines,
        },
    ],
};

impl Files {
    /// Files by their path in the chart.
    pub(super) fn new(files: BTreeMap<Text, Text>) -> Files {
        Files(Rc::new(files))
    }

    /// A YAML map of base names to what `value` makes of the contents.
    fn encode(&self, value: impl Fn(&Text) -> Value) -> Value {
        let entries = self
            .0
            .iter()
            .map(|(name, text)| (Text::from(path::base(name)), value(text)));
        let map = Value::Map(Map::new(&Type::STRING_MAP, entries.collect()));
        let mut text = yaml::encode(&map).unwrap_or_default();
        if text.last() == Some(&b'\n') {
            text.pop();
        }
        Value::string(text)
    }
}

impl Object for Files {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &FILES
    }

    fn underlying(&self) -> Option<Value> {
        let entries = self
            .0
            .iter()
            .map(|(name, text)| (name.clone(), Value::Bytes(text.clone())));
        Some(Value::Map(Map::new(&FILES, entries.collect())))
    }
}

/// The receiver, and the one string argument where there is one.
fn receive<'a>(receiver: &'a Value, arguments: &'a [Value]) -> Option<(&'a Files, &'a [u8])> {
    let argument = arguments
        .first()
        .and_then(Value::as_text)
        .map_or(&b""[..], |text| text);
    Some((receiver.as_object()?, argument))
}

fn find(receiver: &Value, arguments: &[Value]) -> Option<Text> {
    let (files, name) = receive(receiver, arguments)?;
    files.0.get(name).cloned()
}

fn get(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::String(find(receiver, arguments).unwrap_or_default()))
}

fn get_bytes(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Bytes(find(receiver, arguments).unwrap_or_default()))
}

fn glob(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let Some((files, pattern)) = receive(receiver, arguments) else {
        return Ok(Value::Nil);
    };
    // A pattern that does not compile finds everything.
    let pattern = glob::Pattern::compile(pattern).ok();
    let mut found = BTreeMap::new();
    for (name, text) in files.0.iter() {
        let matches = pattern
            .as_ref()
            .map_or(Ok(true), |pattern| pattern.try_matches(name));
        if matches.map_err(|panic| Fault::from(panic.to_string()))? {
            found.insert(name.clone(), text.clone());
        }
    }
    Ok(Value::object(Files::new(found)))
}

fn as_config(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let files = receive(receiver, arguments).map(|(files, _)| files);
    Ok(files.map_or(Value::Nil, |files| {
        files.encode(|text| Value::String(text.clone()))
    }))
}

fn as_secrets(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    let files = receive(receiver, arguments).map(|(files, _)| files);
    let encode = |files: &Files| files.encode(|text| Value::string(base64::encode(text)));
    Ok(files.map_or(Value::Nil, encode))
}

fn lines(receiver: &Value, arguments: &[Value]) -> Result<Value, Fault> {
    match find(receiver, arguments) {
        None => Ok(Value::strings::<Text>([])),
        // Helm looks at the last byte without asking whether there is one.
        Some(text) if text.is_empty() => Err("runtime error: index out of range [-1]".into()),
        Some(text) => {
            let text = text.strip_suffix(b"\n").unwrap_or(&text);
            Ok(Value::strings(
                text.split(|byte| *byte == b'\n').map(Text::from),
            ))
        }
    }
}
