//! Data to text: YAML as yaml.v3 writes it, JSON, Go's `%v` and `%#v`.

use super::Data;
use crate::go::{fmt, json as go_json, strconv};
use crate::value::Value;
use crate::yaml;

/// As `yaml.NewEncoder` with an indentation of two writes it, with the final line end.
///
/// # Errors
/// Go's text for what cannot be written.
pub(in crate::helmfile) fn encode(data: &Data) -> Result<Vec<u8>, String> {
    yaml::encode_pretty(&data.thaw())
}

/// `json.Marshal`
///
/// # Errors
/// Go's text for what cannot be written.
pub(in crate::helmfile) fn json(data: &Data) -> Result<String, String> {
    let mut out = Vec::new();
    go_json::encode(&data.thaw(), &mut out, go_json::Options::default())?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// `json.MarshalIndent`, each line behind `prefix`, two blanks a level.
///
/// # Errors
/// Go's text for what cannot be written.
pub(in crate::helmfile) fn json_indented(data: &Data, prefix: &str) -> Result<String, String> {
    let compact = json(data)?;
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth = 0usize;
    let mut in_text = false;
    let mut escaped = false;
    let mut characters = compact.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(prefix);
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = characters.next() {
        if in_text {
            out.push(c);
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_text = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                let end = if c == '{' { '}' } else { ']' };
                if characters.peek() == Some(&end) {
                    characters.next();
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// `%v`
pub(in crate::helmfile) fn print(data: &Data) -> String {
    if let Data::Foreign(pairs) = data {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{}:{}", print(key), print(value)))
            .collect();
        return format!("map[{}]", pairs.join(" "));
    }
    let mut out = Vec::new();
    match data {
        Data::Null => return "<nil>".to_owned(),
        other => fmt::print_value(&mut out, &other.thaw()),
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `%#v`
pub(in crate::helmfile) fn go_syntax(data: &Data) -> String {
    let entries = |open: &str, parts: Vec<String>| format!("{open}{{{}}}", parts.join(", "));
    match data {
        Data::Null => "interface {}(nil)".to_owned(),
        Data::String(text) => strconv::quote(text),
        Data::List(items) => entries("[]interface {}", items.iter().map(go_syntax).collect()),
        Data::Map(map) => entries(
            "map[string]interface {}",
            map.iter()
                .map(|(key, value)| format!("{}:{}", strconv::quote(key), go_syntax(value)))
                .collect(),
        ),
        Data::Foreign(pairs) => entries(
            "map[interface {}]interface {}",
            pairs
                .iter()
                .map(|(key, value)| format!("{}:{}", go_syntax(key), go_syntax(value)))
                .collect(),
        ),
        Data::Uint(n) => format!("{n:#x}"),
        Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Time(_) => {
            let out = fmt::sprintf(
                "%#v",
                &[match data {
                    Data::Time(text) => Value::String(text.clone()),
                    other => other.thaw(),
                }],
            );
            String::from_utf8_lossy(&out).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;

    #[test]
    fn json_is_indented_as_go_does() {
        let data = decode(b"{a: [1, {b: 'x:,{'}], c: {}, d: []}").expect("YAML");
        assert_eq!(
            json_indented(&data, "  ").expect("JSON"),
            "{\n    \"a\": [\n      1,\n      {\n        \"b\": \"x:,{\"\n      }\n    ],\n    \"c\": {},\n    \"d\": []\n  }"
        );
    }
}
