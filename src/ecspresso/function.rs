//! Functions of ecspresso's templates: of the environment, of Terraform's states, of stacks, of Parameter
//! Store and Secrets Manager.

use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::{Host, state};
use crate::go::fmt;
use crate::net::aws::{Service, service};
use crate::template::{Body, Caller, Function, Functions};
use crate::value::{Fault, Type, Value};

/// What templates of a project can call, besides Go's builtins.
pub(super) static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| Functions::new(&[TABLE]));

/// Functions that a prefix of a plugin's may stand in front of.
const PLUGGED: &[&str] = &[
    "tfstatef",
    "tfstate",
    "cfn_output",
    "cfn_export",
    "ssm",
    "secretsmanager_arn",
];

const TABLE: &[Function] = &[
    variadic("_from", &[Type::STRING, Type::STRING, Type::Any], from),
    function("cfn_export", &[Type::STRING], |caller, arguments| {
        export(host(caller)?, &text(arguments, 0))
    }),
    function(
        "cfn_output",
        &[Type::STRING, Type::STRING],
        |caller, arguments| output(host(caller)?, &text(arguments, 0), &text(arguments, 1)),
    ),
    variadic("env", &[Type::STRING], |caller, arguments| {
        // As go-config: the first that is set, else the last word itself.
        let words: Vec<String> = (0..arguments.len()).map(|at| text(arguments, at)).collect();
        let set = words
            .iter()
            .find_map(|name| caller.world.variable(name).filter(|it| !it.is_empty()));
        Ok(Value::string(
            set.or_else(|| words.last().cloned()).unwrap_or_default(),
        ))
    }),
    function("json_escape", &[Type::STRING], |_, arguments| {
        let escaped = Json::from(text(arguments, 0)).to_string();
        Ok(Value::string(escaped[1..escaped.len() - 1].to_owned()))
    }),
    function("must_env", &[Type::STRING], |caller, arguments| {
        let name = text(arguments, 0);
        let found = caller.world.variable(&name);
        let missing = || Fault::from(format!("environment variable {name} is not defined"));
        found.map(Value::string).ok_or_else(missing)
    }),
    function(
        "secretsmanager_arn",
        &[Type::STRING],
        |caller, arguments| secret(host(caller)?, &text(arguments, 0)),
    ),
    variadic("ssm", &[Type::STRING, Type::Any], |caller, arguments| {
        parameter(host(caller)?, &text(arguments, 0), arguments.get(1))
    }),
    function("tfstate", &[Type::STRING], |caller, arguments| {
        attribute(host(caller)?, "", &text(arguments, 0))
    }),
    variadic(
        "tfstatef",
        &[Type::STRING, Type::Any],
        |caller, arguments| {
            let address = fmt::sprintf(text(arguments, 0), &arguments[1..]);
            attribute(host(caller)?, "", &String::from_utf8_lossy(&address))
        },
    ),
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

fn host<'a>(caller: &Caller<'a>) -> Result<&'a Host, Fault> {
    let found = caller.host.downcast_ref();
    found.ok_or_else(|| Fault::from("there is no project here"))
}

fn text(arguments: &[Value], at: usize) -> String {
    let found = arguments.get(at).and_then(Value::as_text);
    found.map(ToString::to_string).unwrap_or_default()
}

/// A function of a plugin with a prefix: prefix, name, arguments.
fn from(caller: &mut Caller<'_>, arguments: &[Value]) -> Result<Value, Fault> {
    let host = host(caller)?;
    let (prefix, name) = (text(arguments, 0), text(arguments, 1));
    let rest = &arguments[2..];
    let word = |at: usize| text(rest, at);
    match name.as_str() {
        "tfstate" => attribute(host, &prefix, &word(0)),
        "tfstatef" => {
            let address = fmt::sprintf(word(0), rest.get(1..).unwrap_or_default());
            attribute(host, &prefix, &String::from_utf8_lossy(&address))
        }
        "cfn_output" => output(host, &word(0), &word(1)),
        "cfn_export" => export(host, &word(0)),
        "ssm" => parameter(host, &word(0), rest.get(1)),
        _ => secret(host, &word(0)),
    }
}

/// A text in which functions with prefixes are written without: `first_tfstate` in an action as
/// `_from "first_" "tfstate"`.
pub(super) fn unprefixed<'p>(text: &str, prefixes: impl Iterator<Item = &'p String>) -> String {
    let mut named: Vec<(String, String)> = Vec::new();
    for prefix in prefixes.filter(|prefix| !prefix.is_empty()) {
        for function in PLUGGED {
            named.push((
                format!("{prefix}{function}"),
                format!("_from {prefix:?} \"{function}\""),
            ));
        }
    }
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let end = rest[start..].find("}}").map_or(rest.len(), |at| start + at);
        written.push_str(&rest[..start]);
        written.push_str(&renamed(&rest[start..end], &named));
        rest = &rest[end..];
    }
    written + rest
}

/// An action with other names for functions, but for what stands in quotes.
fn renamed(action: &str, named: &[(String, String)]) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == '$';
    let mut written = String::new();
    let mut rest = action;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '`' => {
                let end = rest[1..].find(first).map_or(rest.len(), |at| at + 2);
                written.push_str(&rest[..end]);
                end
            }
            c if is_part(c) => {
                let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
                let word = &rest[..end];
                let other = named.iter().find(|(name, _)| name == word);
                written.push_str(other.map_or(word, |(_, other)| other));
                end
            }
            c => {
                written.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    written
}

fn fault(what: &str, error: &dyn std::fmt::Display) -> Fault {
    Fault::from(format!("{what}: {error}"))
}

/// An attribute of a resource, or an output, of a state of Terraform's.
fn attribute(host: &Host, prefix: &str, address: &str) -> Result<Value, Fault> {
    let what = format!("tfstate {address}");
    let state = host.state(prefix).map_err(|error| fault(&what, &error))?;
    let found = state::find(&state, address).map_err(|error| fault(&what, &error))?;
    Ok(Value::string(match found {
        Json::String(text) => text,
        Json::Null => {
            let message = format!("{address} is not found in tfstate");
            return Err(Fault::from(message));
        }
        other => other.to_string(),
    }))
}

fn ask(host: &Host, of: (&Service, &str), input: &Json, what: &str) -> Result<Json, Fault> {
    let answer = host.amazon.ask(of.0, of.1, input);
    answer.map_err(|error| fault(what, &error))
}

/// An output of a stack.
fn output(host: &Host, stack: &str, key: &str) -> Result<Value, Fault> {
    let what = format!("cfn_output {stack} {key}");
    let input = json!({"StackName": stack});
    let answer = ask(host, (&service::STACKS, "DescribeStacks"), &input, &what)?;
    let outputs = answer["Stacks"][0]["Outputs"].as_array();
    let found = outputs
        .into_iter()
        .flatten()
        .find(|it| it["OutputKey"] == key);
    let found = found.and_then(|it| it["OutputValue"].as_str());
    let missing = || Fault::from(format!("{what}: the stack has no such output"));
    found.map(Value::string).ok_or_else(missing)
}

/// An export of CloudFormation.
fn export(host: &Host, name: &str) -> Result<Value, Fault> {
    let what = format!("cfn_export {name}");
    let mut input = json!({});
    // Enough for every account.
    for _ in 0..1000 {
        let answer = ask(host, (&service::STACKS, "ListExports"), &input, &what)?;
        let exports = answer["Exports"].as_array();
        let found = exports.into_iter().flatten().find(|it| it["Name"] == name);
        if let Some(value) = found.and_then(|it| it["Value"].as_str()) {
            return Ok(Value::string(value));
        }
        match answer["NextToken"].as_str() {
            Some(token) => input = json!({"NextToken": token}),
            None => break,
        }
    }
    Err(Fault::from(format!("{what}: there is no such export")))
}

/// A parameter's value; of a list, the item at an index.
fn parameter(host: &Host, name: &str, index: Option<&Value>) -> Result<Value, Fault> {
    let what = format!("ssm {name}");
    let input = json!({"Name": name, "WithDecryption": true});
    let answer = ask(host, (&service::PARAMETERS, "GetParameter"), &input, &what)?;
    let value = answer["Parameter"]["Value"].as_str().unwrap_or_default();
    let is_list = answer["Parameter"]["Type"] == "StringList";
    let Some(index) = index else {
        return Ok(Value::string(value));
    };
    let mut shown = Vec::new();
    fmt::print_value(&mut shown, index);
    let at: Option<usize> = String::from_utf8_lossy(&shown).parse().ok();
    let items: Vec<&str> = value.split(',').collect();
    let found = at.filter(|_| is_list).and_then(|at| items.get(at));
    let missing = || {
        Fault::from(format!(
            "{what}: is no list with an item {}",
            String::from_utf8_lossy(&shown)
        ))
    };
    found.map(|item| Value::string(*item)).ok_or_else(missing)
}

/// The whole ARN of a secret.
fn secret(host: &Host, name: &str) -> Result<Value, Fault> {
    let what = format!("secretsmanager_arn {name}");
    let input = json!({"SecretId": name});
    let answer = ask(host, (&service::SECRETS, "DescribeSecret"), &input, &what)?;
    let found = answer["ARN"].as_str();
    found
        .map(Value::string)
        .ok_or_else(|| Fault::from(format!("{what}: the secret has no ARN")))
}
