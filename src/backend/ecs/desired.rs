//! What is wanted: the document `ecs-desired/1`, in the order in which it is applied.
//!
//! Values that are known only when a resource is there stand in it as references,
//! `${ecs:TaskDefinition/web.arn}`.

use serde_json::{Map, Value, json};

/// The name of this form of the document.
pub const SCHEMA: &str = "ecs-desired/1";

/// What is wanted, and what was found on the way there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Every finding of every object.
    pub diagnostics: Vec<Diagnostic>,
    /// What to apply, in this order; nothing where there is an error.
    pub resources: Vec<Resource>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing is applied.
    Error,
    /// It works differently.
    Warning,
    /// For information.
    Info,
}

impl Level {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
        }
    }
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// Its code; [`code`](super::code) tells what it means.
    pub code: u16,
    /// `NAMESPACE/KIND/NAME`, without the namespace where the object names none.
    pub object: String,
    /// The member, as JSON paths spell it; empty where it is the whole object.
    pub path: String,
    /// What was found, for people; no part of the document.
    pub message: String,
}

impl Diagnostic {
    /// The code as it is written: `ECS1001`.
    pub fn code_text(&self) -> String {
        format!("ECS{}", self.code)
    }

    fn to_json(&self) -> Value {
        let mut value = json!({
            "level": self.level.word(),
            "code": self.code_text(),
            "object": self.object,
        });
        if !self.path.is_empty() {
            value["path"] = Value::from(self.path.as_str());
        }
        value
    }
}

/// Something to create, or to make be as it is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// Service and type: `ecs:TaskDefinition`.
    pub kind: String,
    /// Its name, which references to it use.
    pub name: String,
    /// When it runs, for what belongs to an event of the release.
    pub hook: Option<Hook>,
    /// What is said beside the request that makes it: `retentionInDays`, `attributes`, `retries`,
    /// `timeoutSeconds`, `definition`, ...
    pub settings: Map<String, Value>,
    /// Input of the operation that makes it, with the API's own member names.
    pub request: Value,
    /// Members of the request that are sent when it is created, and never again.
    pub create_only: Vec<String>,
    /// How long a deployment may take where the object says so (`progressDeadlineSeconds`); no part of
    /// the document.
    pub patience: Option<u64>,
    /// How many revisions are kept where the object says so; no part of the document.
    pub history: Option<u64>,
}

/// When something runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hook {
    /// `pre-install`, ..., `test`.
    pub events: Vec<String>,
    /// Lower ones come first.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy`, as written.
    pub delete_policies: Vec<String>,
}

impl Resource {
    /// A resource that is made by `request`.
    pub fn new(kind: impl Into<String>, name: impl Into<String>, request: Value) -> Resource {
        Resource {
            kind: kind.into(),
            name: name.into(),
            request,
            ..Resource::default()
        }
    }

    /// Says something beside the request.
    #[must_use]
    pub fn with(mut self, setting: &str, value: impl Into<Value>) -> Resource {
        self.settings.insert(setting.to_owned(), value.into());
        self
    }

    /// `${kind/name.attribute}`, which stands for a value that is known once it is applied.
    pub fn reference(&self, attribute: &str) -> String {
        reference(&self.kind, &self.name, attribute)
    }

    fn to_json(&self) -> Value {
        let mut value = Map::new();
        value.insert("kind".into(), self.kind.as_str().into());
        value.insert("name".into(), self.name.as_str().into());
        if let Some(hook) = &self.hook {
            let hook = json!({
                "events": hook.events,
                "weight": hook.weight,
                "deletePolicies": hook.delete_policies,
            });
            value.insert("hook".into(), hook);
        }
        for (name, setting) in &self.settings {
            value.insert(name.clone(), setting.clone());
        }
        value.insert("request".into(), self.request.clone());
        if !self.create_only.is_empty() {
            value.insert("createOnly".into(), json!(self.create_only));
        }
        Value::Object(value)
    }
}

impl Document {
    /// Whether there is a finding that forbids to apply it.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|it| it.level == Level::Error)
    }

    /// The document as JSON.
    pub fn to_json(&self) -> Value {
        let diagnostics: Vec<Value> = self.diagnostics.iter().map(Diagnostic::to_json).collect();
        let resources: Vec<Value> = self.resources.iter().map(Resource::to_json).collect();
        json!({"schema": SCHEMA, "diagnostics": diagnostics, "resources": resources})
    }
}

/// `value` with its members in the order of their names, without blanks: equal values have equal
/// texts, whatever order they were written in.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut members: Vec<(&String, &Value)> = map.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        // 36.0 and 36 are one number of JSON.
        Value::Number(number) => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 9e15 => {
                text.push_str(&format!("{whole:.0}"));
            }
            _ => text.push_str(&number.to_string()),
        },
        other => text.push_str(&other.to_string()),
    }
}

/// `${kind/name.attribute}`.
pub fn reference(kind: &str, name: &str, attribute: &str) -> String {
    format!("${{{kind}/{name}.{attribute}}}")
}

/// A reference that was found in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Kind of the resource.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What of it: `arn`, `fullName`, ...
    pub attribute: String,
}

/// The references in `value`, in the order in which they stand there.
pub fn references(value: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    visit(value, &mut |text| {
        for (_, reference) in pieces(text) {
            found.extend(reference);
        }
    });
    found
}

/// `value` with every reference replaced by what `find` says.
///
/// # Errors
/// What `find` says of the first that it does not know.
pub fn resolve<E>(
    value: &Value,
    find: &mut impl FnMut(&Reference) -> Result<String, E>,
) -> Result<Value, E> {
    Ok(match value {
        Value::String(text) => {
            let mut resolved = String::new();
            for (before, reference) in pieces(text) {
                resolved.push_str(before);
                if let Some(reference) = reference {
                    resolved.push_str(&find(&reference)?);
                }
            }
            Value::String(resolved)
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| resolve(item, find));
            Value::Array(items.collect::<Result<_, E>>()?)
        }
        Value::Object(map) => {
            let mut resolved = Map::new();
            for (name, value) in map {
                resolved.insert(name.clone(), resolve(value, find)?);
            }
            Value::Object(resolved)
        }
        other => other.clone(),
    })
}

fn visit(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
        Value::Object(map) => map.values().for_each(|value| visit(value, see)),
        _ => {}
    }
}

/// A text as pieces that stand as they are, each with the reference behind it.
fn pieces(text: &str) -> Vec<(&str, Option<Reference>)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest[from..].find("${") {
        let start = from + at;
        let parsed = rest[start..].find('}').and_then(|length| {
            let end = start + length;
            let inner = &rest[start + 2..end];
            let (kind, tail) = inner.split_once('/')?;
            let (name, attribute) = tail.rsplit_once('.')?;
            let is_kind = kind.contains(':') && !name.is_empty() && !attribute.is_empty();
            let reference = Reference {
                kind: kind.to_owned(),
                name: name.to_owned(),
                attribute: attribute.to_owned(),
            };
            is_kind.then_some((reference, end + 1))
        });
        match parsed {
            Some((reference, end)) => {
                found.push((&rest[..start], Some(reference)));
                rest = &rest[end..];
                from = 0;
            }
            None => from = start + 2,
        }
    }
    found.push((rest, None));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_and_replaced_and_nothing_else_is() {
        let value = json!({
            "a": ["${ecs:TaskDefinition/web.arn}", "${HOME} and ${x"],
            "b": "x-${elbv2:TargetGroup/a.b.fullName}-y",
        });
        let found = references(&value);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].name, "a.b");
        assert_eq!(found[1].attribute, "fullName");
        let resolved = resolve::<()>(&value, &mut |it| Ok(it.name.to_uppercase()));
        let want = json!({"a": ["WEB", "${HOME} and ${x"], "b": "x-A.B-y"});
        assert_eq!(resolved, Ok(want));
        assert_eq!(
            resolve(&value, &mut |it| Err(it.kind.clone())),
            Err("ecs:TaskDefinition".into())
        );
    }

    #[test]
    fn equal_values_have_equal_canonical_texts() {
        let a = json!({"b": [1.0, {"d": null, "c": "x"}], "a": true});
        let b = json!({"a": true, "b": [1, {"c": "x", "d": null}]});
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(canonical(&a), r#"{"a":true,"b":[1,{"c":"x","d":null}]}"#);
    }
}
