//! Where two recordings of a step differ.

use serde_json::Value;

use crate::difference::describe;

/// Longest value that is shown in full.
const WIDTH: usize = 600;

/// How many differences of a step are shown.
const SHOWN: usize = 8;

/// Says where `got` is not `want`, `path` being where both stand in their scenario. What lies below a
/// path of `unstable` is left out. Empty where they are the same.
pub(crate) fn compare(path: &str, want: &Value, got: &Value, unstable: &[String]) -> String {
    let mut found = Vec::new();
    collect(path, want, got, &mut found);
    found.retain(|difference| {
        let path = difference.path.as_str();
        !unstable
            .iter()
            .any(|prefix| path.starts_with(&prefix.replace("#len", "")))
    });
    let mut text = String::new();
    for difference in found.iter().take(SHOWN) {
        text.push_str(&difference.show());
    }
    if found.len() > SHOWN {
        text.push_str(&format!("... and {} more\n", found.len() - SHOWN));
    }
    text
}

struct Difference<'a> {
    path: String,
    want: Option<&'a Value>,
    got: Option<&'a Value>,
}

impl Difference<'_> {
    fn show(&self) -> String {
        if let (Some(Value::String(want)), Some(Value::String(got))) = (self.want, self.got) {
            return describe(&self.path, want.as_bytes(), got.as_bytes());
        }
        if let (Some(Value::Array(want)), Some(Value::Array(got))) = (self.want, self.got) {
            return describe(&self.path, list(want).as_bytes(), list(got).as_bytes());
        }
        let show = |value: Option<&Value>| match value {
            None => "nothing".to_owned(),
            Some(value) => {
                let text = value.to_string();
                match text.char_indices().nth(WIDTH) {
                    Some((end, _)) => format!("{} ... ({} bytes)", &text[..end], text.len()),
                    None => text,
                }
            }
        };
        format!(
            "{}\n- {}\n+ {}\n",
            self.path,
            show(self.want),
            show(self.got)
        )
    }
}

/// One line an item; of requests only what they are about.
fn list(items: &[Value]) -> String {
    let mut text = String::new();
    for item in items {
        match item.get("verb") {
            None => text.push_str(&item.to_string()),
            Some(verb) => {
                let parts = ["patch", "resource", "name", "subresource", "dryRun", "code"];
                text.push_str(verb.as_str().unwrap_or_default());
                for part in parts.iter().filter_map(|part| item.get(part)) {
                    let part = part
                        .as_str()
                        .map_or_else(|| part.to_string(), str::to_owned);
                    text.push_str(&format!(" {part}"));
                }
            }
        }
        text.push('\n');
    }
    text
}

fn collect<'a>(path: &str, want: &'a Value, got: &'a Value, found: &mut Vec<Difference<'a>>) {
    let whole = |suffix: &str| Difference {
        path: format!("{path}{suffix}"),
        want: Some(want),
        got: Some(got),
    };
    match (want, got) {
        (Value::Object(left), Value::Object(right)) => {
            for (key, value) in left {
                let path = format!("{path}/{key}");
                match right.get(key) {
                    Some(other) => collect(&path, value, other, found),
                    None => found.push(Difference {
                        path,
                        want: Some(value),
                        got: None,
                    }),
                }
            }
            for (key, value) in right.iter().filter(|(key, _)| !left.contains_key(*key)) {
                found.push(Difference {
                    path: format!("{path}/{key}"),
                    want: None,
                    got: Some(value),
                });
            }
            // Records are compared in Helm's order of members; other objects are the server's.
            let ordered = path.contains("/after/release_record/") && path.contains("/json");
            if ordered && left.len() == right.len() && !left.keys().eq(right.keys()) {
                found.push(whole("#order"));
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            if left.len() != right.len() {
                found.push(whole("#len"));
                return;
            }
            for (at, (left, right)) in left.iter().zip(right).enumerate() {
                collect(&format!("{path}/{at}"), left, right, found);
            }
        }
        // A decoder's words about a record that is none.
        (Value::String(_), Value::String(_)) if path.ends_with("/undecodable") => {}
        _ if want == got => {}
        _ => found.push(whole("")),
    }
}
