//! Forms in and XML out, for services that are older than JSON.

use serde_json::{Map, Value, json};

use super::super::http::decoded;

/// The operation and the input that a form has: `A.member.1.B=x` is `{"A": [{"B": "x"}]}`, and `A.1=x`
/// is `{"A": ["x"]}`.
pub(super) fn read(body: &str) -> (String, Value) {
    let mut operation = String::new();
    let mut input = json!({});
    for pair in body.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        match name.as_str() {
            "Action" => operation = value,
            "Version" | "" => {}
            _ => put(&mut input, &name, value),
        }
    }
    (operation, listed(input))
}

fn put(into: &mut Value, name: &str, value: String) {
    let mut at = into;
    for part in name.split('.') {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[part];
    }
    *at = Value::String(value);
}

/// Objects whose members are numbers are lists.
fn listed(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    if members.len() == 1
        && let Some(inner) = members.get("member")
    {
        return listed(inner.clone());
    }
    let is_list = !members.is_empty() && members.keys().all(|name| name.parse::<usize>().is_ok());
    if is_list {
        let mut items: Vec<(usize, Value)> = members
            .into_iter()
            .filter_map(|(name, item)| Some((name.parse().ok()?, listed(item))))
            .collect();
        items.sort_by_key(|(at, _)| *at);
        return Value::Array(items.into_iter().map(|(_, item)| item).collect());
    }
    let members = members.into_iter().map(|(name, item)| (name, listed(item)));
    Value::Object(members.collect::<Map<_, _>>())
}

/// An answer as XML.
pub(super) fn write(service: &str, operation: &str, value: &Value) -> String {
    let item = if service == "ec2" { "item" } else { "member" };
    let mut inner = String::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        element(&mut inner, name, value, item);
    }
    match service {
        "ec2" => {
            format!("<{operation}Response><requestId>r</requestId>{inner}</{operation}Response>")
        }
        _ => format!(
            "<{operation}Response xmlns=\"http://tests/\"><{operation}Result>{inner}</{operation}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>"
        ),
    }
}

fn element(out: &mut String, name: &str, value: &Value, item: &str) {
    let mut inner = String::new();
    match value {
        Value::Null => return,
        Value::Array(items) => {
            for one in items {
                element(&mut inner, item, one, item);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                element(&mut inner, name, value, item);
            }
        }
        Value::String(text) => inner = escaped(text),
        other => inner = other.to_string(),
    }
    *out += &format!("<{name}>{inner}</{name}>");
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
