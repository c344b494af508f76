//! `${NAME}` in texts of a manifest: variables of whoever calls.

use serde_json::{Map, Value};

use crate::diag::{Error, Kind};

/// Says the value of a variable.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Fills variables in. `\${NAME}` stays as `${NAME}`; a text that then is a JSON list of texts becomes
/// that list. `fixed` are variables that Copilot itself defines.
///
/// # Errors
/// [`Kind::Usage`]: a variable that nobody defines, or that differs from a fixed one.
pub(super) fn interpolate(
    value: &Value,
    fixed: &[(&str, &str)],
    lookup: Lookup<'_>,
) -> Result<Value, Error> {
    Ok(match value {
        Value::String(text) => {
            let filled = fill(text, fixed, lookup)?;
            match list(&filled) {
                Some(items) => items,
                None => Value::String(filled),
            }
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| interpolate(item, fixed, lookup));
            Value::Array(items.collect::<Result<_, Error>>()?)
        }
        Value::Object(map) => {
            let mut filled = Map::new();
            for (name, value) in map {
                filled.insert(name.clone(), interpolate(value, fixed, lookup)?);
            }
            Value::Object(filled)
        }
        other => other.clone(),
    })
}

/// A text that is a JSON list of texts. Those on several lines are texts.
fn list(text: &str) -> Option<Value> {
    if !text.trim_start().starts_with('[') || text.contains('\n') {
        return None;
    }
    let items: Vec<String> = serde_json::from_str(text).ok()?;
    (!items.is_empty()).then(|| Value::from(items))
}

fn fill(text: &str, fixed: &[(&str, &str)], lookup: Lookup<'_>) -> Result<String, Error> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let name = rest[at + 2..].split('}').next().unwrap_or_default();
        let is_name = name.len() < rest.len() - at - 2
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            filled.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        }
        let after = &rest[at + 3 + name.len()..];
        if let Some(before) = rest[..at].strip_suffix('\\') {
            filled.push_str(before);
            filled.push_str(&rest[at..at + 3 + name.len()]);
        } else {
            filled.push_str(&rest[..at]);
            filled.push_str(&variable(name, fixed, lookup)?);
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn variable(name: &str, fixed: &[(&str, &str)], lookup: Lookup<'_>) -> Result<String, Error> {
    let known = fixed.iter().find(|(known, _)| *known == name);
    match (known, lookup(name)) {
        (Some((_, value)), Some(other)) if *value != other => {
            let message = format!(
                "predefined environment variable \"{name}\" cannot be overridden by OS environment variable with the same name"
            );
            Err(Error::new(Kind::Usage, message).with_hint(format!(
                "it is {value:?} here and {other:?} outside; unset {name}"
            )))
        }
        (Some((_, value)), _) => Ok((*value).to_owned()),
        (None, Some(value)) => Ok(value),
        (None, None) => {
            let message = format!("environment variable \"{name}\" is not defined");
            Err(Error::new(Kind::Usage, message).with_hint(format!(
                "set {name}, or write \\${{{name}}} for the text itself"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(value: &Value) -> Result<Value, String> {
        let lookup = |name: &str| match name {
            "TAG" => Some("v1".to_owned()),
            "SUBNETS" => Some(r#"["a","b"]"#.to_owned()),
            "COPILOT_APPLICATION_NAME" => Some("shop".to_owned()),
            "COPILOT_ENVIRONMENT_NAME" => Some("elsewhere".to_owned()),
            _ => None,
        };
        let fixed = [
            ("COPILOT_APPLICATION_NAME", "shop"),
            ("COPILOT_ENVIRONMENT_NAME", "prod"),
        ];
        interpolate(value, &fixed, &lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn variables_are_filled_in() {
        for (value, want) in [
            (json!("x:${TAG}"), json!("x:v1")),
            (json!("${TAG}${TAG}"), json!("v1v1")),
            (json!(r"\${TAG}"), json!("${TAG}")),
            (json!("${COPILOT_APPLICATION_NAME}"), json!("shop")),
            (json!({"a": ["${TAG}", 1]}), json!({"a": ["v1", 1]})),
            (json!("${SUBNETS}"), json!(["a", "b"])),
            (json!(r#"["curl", "x"]"#), json!(["curl", "x"])),
            (json!("[1]"), json!("[1]")),
            (json!("[]"), json!("[]")),
            (json!("${}"), json!("${}")),
            (json!("${1A}"), json!("${1A}")),
            (json!("${TAG"), json!("${TAG")),
            (json!("$TAG $$"), json!("$TAG $$")),
        ] {
            assert_eq!(run(&value), Ok(want), "{value}");
        }
    }

    #[test]
    fn what_is_not_defined_or_contradicts_is_an_error() {
        let error = run(&json!("${NOPE}")).unwrap_err();
        assert_eq!(error, "environment variable \"NOPE\" is not defined");
        let error = run(&json!("${COPILOT_ENVIRONMENT_NAME}")).unwrap_err();
        assert!(
            error.starts_with("predefined environment variable"),
            "{error}"
        );
    }
}
