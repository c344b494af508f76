//! The functions: sprig's, and Helmfile's own over them (`pkg/tmpl/context_funcs.go`).

use std::any::Any;
use std::fs;
use std::sync::LazyLock;

use super::{Engine, Programs, access};
use crate::go::{os, strconv};
use crate::helmfile::data::{Data, decode};
use crate::helmfile::{file, process};
use crate::sprig;
use crate::template::{Body, Callee, Caller, Function, Functions};
use crate::value::{Fault, Map, Method, Object, Text, Type, Value};
use crate::yaml;

/// What Helmfile's templates can call.
pub(super) static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let mut tables = sprig::FAMILIES.to_vec();
    tables.push(sprig::ENVIRONMENT);
    tables.push(HELMFILE);
    Functions::new(&tables)
});

/// sprig's functions alone, for those that Helmfile gave other names.
static SPRIG: LazyLock<Functions> = LazyLock::new(|| Functions::new(sprig::FAMILIES));

const HELMFILE: &[Function] = &[
    variadic(
        "envExec",
        &[Type::MAP, Type::STRING, Type::LIST, Type::STRING],
        |caller, arguments| {
            let variables = arguments.first().and_then(Value::as_map).cloned();
            exec(caller, variables.as_ref(), &arguments[1..])
        },
    ),
    variadic(
        "exec",
        &[Type::STRING, Type::LIST, Type::STRING],
        |caller, arguments| exec(caller, None, arguments),
    ),
    function("expandSecretRefs", &[Type::MAP], |caller, arguments| {
        let values = Data::freeze(&arguments[0]);
        let secrets = &engine(caller)?.outside.secrets;
        Ok(secrets.expand(&values)?.thaw())
    }),
    function("fetchSecretValue", &[Type::STRING], |caller, arguments| {
        let reference = Data::String(text(arguments, 0));
        let secrets = &engine(caller)?.outside.secrets;
        match secrets.expand(&reference)? {
            Data::String(value) => Ok(Value::String(value)),
            other => Err(Fault::from(format!("expected {other} to be string"))),
        }
    }),
    function("fromYaml", &[Type::STRING], from_yaml),
    variadic("get", &[Type::STRING, Type::Any], |_, arguments| {
        access::get(&text(arguments, 0).to_str_lossy(), &arguments[1..])
    }),
    function("getOrNil", &[Type::STRING, Type::Any], |_, arguments| {
        let path = text(arguments, 0);
        Ok(access::get_or_nil(&path.to_str_lossy(), &arguments[1]))
    }),
    function(
        "include",
        &[Type::STRING, Type::Any],
        |caller, arguments| {
            let engine = engine(caller)?;
            engine.include(caller, &text(arguments, 0).to_str_lossy(), &arguments[1])
        },
    ),
    function("isDir", &[Type::STRING], |caller, arguments| {
        exists(caller, arguments, true)
    }),
    function("isFile", &[Type::STRING], |caller, arguments| {
        exists(caller, arguments, false)
    }),
    function("readDir", &[Type::STRING], read_dir),
    function("readDirEntries", &[Type::STRING], read_dir_entries),
    function("readFile", &[Type::STRING], |caller, arguments| {
        let engine = reaching(caller)?;
        let path = engine.path(&text(arguments, 0).to_str_lossy());
        Ok(Value::string(file::read(&path)?))
    }),
    function(
        "required",
        &[Type::STRING, Type::Any],
        |_, arguments| match &arguments[1] {
            Value::Nil => Err(Fault::from(text(arguments, 0).to_string())),
            Value::String(found) if found.is_empty() => {
                Err(Fault::from(text(arguments, 0).to_string()))
            }
            found => Ok(found.clone()),
        },
    ),
    function("requiredEnv", &[Type::STRING], |caller, arguments| {
        let name = text(arguments, 0);
        let value = caller.world.variable(&name.to_str_lossy());
        match value.filter(|value| !value.is_empty()) {
            Some(value) => Ok(Value::string(value)),
            None => Err(Fault::from(format!("required env var `{name}` is not set"))),
        }
    }),
    function(
        "setValueAtPath",
        &[Type::STRING, Type::Any, Type::MAP],
        |_, arguments| {
            let path = text(arguments, 0);
            access::set(&path.to_str_lossy(), &arguments[1], &arguments[2])
        },
    ),
    function(
        "sprigGet",
        &[Type::MAP, Type::STRING],
        |caller, arguments| match SPRIG.get("get") {
            Some(Callee::Function(get)) => (get.body)(caller, arguments),
            _ => Err(Fault::from("not implemented")),
        },
    ),
    function("toYaml", &[Type::Any], |_, arguments| {
        Ok(Value::string(yaml::encode_pretty(&arguments[0])?))
    }),
    function("tpl", &[Type::STRING, Type::Any], |caller, arguments| {
        let engine = engine(caller)?;
        engine.tpl(caller, &text(arguments, 0), &arguments[1])
    }),
];

const fn function(name: &'static str, parameters: &'static [Type], body: Body) -> Function {
    Function {
        name,
        parameters,
        variadic: false,
        body,
    }
}

const fn variadic(name: &'static str, parameters: &'static [Type], body: Body) -> Function {
    Function {
        name,
        parameters,
        variadic: true,
        body,
    }
}

fn engine<'a>(caller: &Caller<'a>) -> Result<&'a Engine, Fault> {
    caller
        .host
        .downcast_ref()
        .ok_or_else(|| Fault::from("not implemented"))
}

/// The engine, for functions that reach outside.
fn reaching<'a>(caller: &Caller<'a>) -> Result<&'a Engine, Fault> {
    const OFF: &str = "HELMFILE_DISABLE_INSECURE_FEATURES or HELMFILE_DISABLE_INSECURE_TEMPLATE_FUNCTIONS is active, insecure function calls are disabled";
    let engine = engine(caller)?;
    match engine.is_cut_off() {
        true => Err(Fault::from(OFF)),
        false => Ok(engine),
    }
}

fn text(arguments: &[Value], at: usize) -> Text {
    let text = arguments.get(at).and_then(Value::as_text);
    text.cloned().unwrap_or_default()
}

fn from_yaml(_: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let source = text(arguments, 0);
    decode(&source)
        .and_then(|data| data.with_string_keys())
        .map(|data| data.thaw())
        .map_err(|error| Fault::from(format!("{error}, offending yaml: {source}")))
}

fn exists(caller: &mut Caller<'_>, arguments: &[Value], folder: bool) -> Result<Value, Fault> {
    let path = engine(caller)?.path(&text(arguments, 0).to_str_lossy());
    match fs::metadata(&path) {
        Ok(found) => Ok(Value::Bool(found.is_dir() == folder)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Value::Bool(false)),
        Err(error) => Err(Fault::from(os::path_error("stat", &path, &error))),
    }
}

/// Names in a folder, sorted, and whether they are folders.
fn entries(
    caller: &mut Caller<'_>,
    arguments: &[Value],
    function: &str,
) -> Result<Vec<(String, bool)>, Fault> {
    let path = reaching(caller)?.path(&text(arguments, 0).to_str_lossy());
    file::entries(&path).map_err(|error| {
        let quoted = strconv::quote(&path);
        Fault::from(format!("{function} {quoted}: {error}"))
    })
}

fn read_dir(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let folder = text(arguments, 0).to_string();
    let entries = entries(caller, arguments, "ReadDir")?;
    let files = entries.into_iter().filter(|(_, is_folder)| !is_folder);
    Ok(Value::strings(
        files.map(|(name, _)| crate::go::path::join(&[&folder, &name])),
    ))
}

fn read_dir_entries(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let entries = entries(caller, arguments, "ReadDirEntries")?;
    let entries = entries
        .into_iter()
        .map(|(name, is_folder)| Value::object(Entry { name, is_folder }));
    Ok(Value::list(entries.collect()))
}

/// `fs.DirEntry`
struct Entry {
    name: String,
    is_folder: bool,
}

static ENTRY: Type = Type::Named {
    name: "*os.unixDirent",
    underlying: &Type::Struct("os.unixDirent"),
    methods: &[
        Method {
            name: "IsDir",
            parameters: &[],
            variadic: false,
            call: |receiver, _| {
                let entry = receiver.as_object::<Entry>();
                Ok(Value::Bool(entry.is_some_and(|entry| entry.is_folder)))
            },
        },
        Method {
            name: "Name",
            parameters: &[],
            variadic: false,
            call: |receiver, _| {
                let entry = receiver.as_object::<Entry>();
                let name = entry.map(|entry| entry.name.clone());
                Ok(Value::string(name.unwrap_or_default()))
            },
        },
    ],
};

impl Object for Entry {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn go_type(&self) -> &'static Type {
        &ENTRY
    }

    fn text(&self) -> Option<Text> {
        let mark = if self.is_folder { "d" } else { "-" };
        let slash = if self.is_folder { "/" } else { "" };
        Some(Text::from(format!("{mark} {}{slash}", self.name)))
    }
}

/// Runs a program; its output is the value.
fn exec(
    caller: &mut Caller<'_>,
    variables: Option<&Map>,
    arguments: &[Value],
) -> Result<Value, Fault> {
    let engine = reaching(caller)?;
    let Programs::Within(limit) = engine.outside.programs else {
        return Err(Fault::from(
            "programs are not run by templates here (--no-exec)",
        ));
    };
    let list = arguments.get(1).and_then(Value::as_list).cloned();
    let shown = |value: &Value| {
        let mut out = Vec::new();
        crate::go::fmt::print_value(&mut out, value);
        String::from_utf8_lossy(&out).into_owned()
    };
    let go_type = |value: &Value| {
        let go_type = value.go_type();
        go_type.map_or_else(|| "%!s(<nil>)".to_owned(), ToString::to_string)
    };
    let mut words = Vec::new();
    for (at, word) in list.iter().flat_map(|list| list.iter()).enumerate() {
        let Some(word_text) = word.as_text() else {
            let all = list.as_ref().map(|list| shown(&Value::List(list.clone())));
            return Err(Fault::from(format!(
                "unexpected type of arg \"{}\" in args {} at index {at}",
                go_type(word),
                all.unwrap_or_default()
            )));
        };
        words.push(word_text.to_string());
    }
    let mut added = Vec::new();
    for (name, value) in variables.map(Map::snapshot).unwrap_or_default() {
        let Some(value_text) = value.as_text() else {
            let all = variables.map(|map| shown(&Value::Map(map.clone())));
            return Err(Fault::from(format!(
                "unexpected type of env \"{}\" in envs {} at index {name}",
                go_type(&value),
                all.unwrap_or_default()
            )));
        };
        added.push((name.to_string(), value_text.to_string()));
    }
    let run = process::Run {
        program: text(arguments, 0).to_string(),
        arguments: words,
        variables: added,
        folder: engine.base.clone(),
        input: text(arguments, 2).as_bytes().to_vec(),
        limit: Some(limit),
        path: engine.outside.world.variable("PATH").unwrap_or_default(),
    };
    let output = run.output().map_err(Fault::from)?;
    Ok(Value::string(output.stdout))
}
