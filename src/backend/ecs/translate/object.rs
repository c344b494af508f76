//! Objects as a conversion sees them: which they are, and where their members stand.

use serde_json::Value;

use super::super::desired::Hook;

/// Our annotations begin with this.
pub(in crate::backend::ecs) const PREFIX: &str = "ecs.pintle.dev/";

/// An object of the release.
#[derive(Clone, Debug)]
pub(super) struct Object<'a> {
    pub(super) body: &'a Value,
    /// Its group; empty for the core.
    pub(super) group: &'a str,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    /// Its namespace, or that of the release.
    pub(super) namespace: &'a str,
    /// As findings name it.
    pub(super) label: String,
}

impl<'a> Object<'a> {
    /// Reads the head of `body`.
    pub(super) fn of(body: &'a Value, namespace: &'a str) -> Object<'a> {
        let version = body["apiVersion"].as_str().unwrap_or_default();
        let kind = body["kind"].as_str().unwrap_or_default();
        let name = body["metadata"]["name"].as_str().unwrap_or_default();
        let own = body["metadata"]["namespace"]
            .as_str()
            .filter(|it| !it.is_empty());
        Object {
            body,
            group: version.split_once('/').map_or("", |(group, _)| group),
            kind,
            name,
            namespace: own.unwrap_or(namespace),
            label: label(body, kind, name),
        }
    }

    /// All of it.
    pub(super) fn root(&self) -> Field<'a> {
        Field {
            value: self.body,
            path: String::new(),
        }
    }

    /// What an annotation says.
    pub(super) fn annotation(&self, name: &str) -> Option<&'a str> {
        self.body["metadata"]["annotations"][name].as_str()
    }

    /// What an annotation of ours says, with where it stands.
    pub(super) fn own(&self, name: &str) -> Option<Field<'a>> {
        let field = self.root().at(&["metadata", "annotations"])?;
        field.get(&format!("{PREFIX}{name}"))
    }

    /// The text of an annotation of ours.
    pub(super) fn own_text(&self, name: &str) -> Option<&'a str> {
        self.own(name)?.value.as_str().map(str::trim)
    }
}

/// `NAMESPACE/KIND/NAME`, without the namespace where the object names none.
pub(in crate::backend::ecs) fn label(body: &Value, kind: &str, name: &str) -> String {
    match body["metadata"]["namespace"]
        .as_str()
        .filter(|it| !it.is_empty())
    {
        Some(namespace) => format!("{namespace}/{kind}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

/// Whether an object says that it is not for ECS.
pub(in crate::backend::ecs) fn is_ignored(body: &Value) -> bool {
    let says = &body["metadata"]["annotations"]["ecs.pintle.dev/ignore"];
    says.as_str() == Some("true") || says.as_bool() == Some(true)
}

/// When an object runs, where it is a hook.
pub(in crate::backend::ecs) fn hook(body: &Value) -> Option<Hook> {
    let annotations = &body["metadata"]["annotations"];
    let words = |name: &str| -> Vec<String> {
        let text = annotations[name].as_str().unwrap_or_default();
        let words = text.split(',').map(|word| word.trim().to_lowercase());
        words.filter(|word| !word.is_empty()).collect()
    };
    let events = words("helm.sh/hook");
    if events.is_empty() {
        return None;
    }
    Some(Hook {
        // Helm's old word for it.
        events: events
            .into_iter()
            .map(|event| match event.as_str() {
                "test-success" => "test".to_owned(),
                _ => event,
            })
            .collect(),
        weight: weight(body),
        delete_policies: words("helm.sh/hook-delete-policy"),
    })
}

/// `helm.sh/hook-weight`; 0 where it is no number.
pub(in crate::backend::ecs) fn weight(body: &Value) -> i64 {
    let says = &body["metadata"]["annotations"]["helm.sh/hook-weight"];
    let text = says.as_str().and_then(|text| text.trim().parse().ok());
    text.or(says.as_i64()).unwrap_or_default()
}

/// A member, with the way to it.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
}

impl<'a> Field<'a> {
    /// The member `name`, where it is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<Field<'a>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Field {
            value,
            path: join(&self.path, name),
        })
    }

    /// The member at the end of a way.
    pub(super) fn at(&self, way: &[&str]) -> Option<Field<'a>> {
        let mut field = self.clone();
        for name in way {
            field = field.get(name)?;
        }
        Some(field)
    }

    /// The items of a list that is a member; none where there is no list.
    pub(super) fn list(&self, name: &str) -> Vec<Field<'a>> {
        self.get(name)
            .map(|field| field.items())
            .unwrap_or_default()
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Field<'a>> {
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        let item = |(index, value)| Field {
            value,
            path: format!("{}[{index}]", self.path),
        };
        items.iter().enumerate().map(item).collect()
    }

    /// The members of a mapping, by name.
    pub(super) fn entries(&self) -> Vec<(&'a str, Field<'a>)> {
        let Some(map) = self.value.as_object() else {
            return Vec::new();
        };
        let mut entries: Vec<(&str, Field<'_>)> = map
            .iter()
            .map(|(name, value)| {
                let path = join(&self.path, name);
                (name.as_str(), Field { value, path })
            })
            .collect();
        entries.sort_by_key(|(name, _)| *name);
        entries
    }

    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.value.get(name)?.as_str()
    }

    /// The whole number of a member, also where it is written as a text.
    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        whole(self.value.get(name)?)
    }

    /// Whether a member is true.
    pub(super) fn is(&self, name: &str) -> bool {
        self.value.get(name).and_then(Value::as_bool) == Some(true)
    }

    /// What a scalar says, as text.
    pub(super) fn scalar(&self) -> String {
        match self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// A whole number, also one in quotes.
pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let number = number.as_f64()?;
            (number.fract() == 0.0).then_some(number as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A path with one more member; names that are not plain stand in brackets.
pub(super) fn join(path: &str, name: &str) -> String {
    let is_plain = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    match (path, is_plain) {
        ("", true) => name.to_owned(),
        (path, true) => format!("{path}.{name}"),
        (path, false) => format!("{path}['{name}']"),
    }
}
