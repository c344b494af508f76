//! Whether JSON fits a type (`runtime.DefaultUnstructuredConverter.FromUnstructured`): objects of a
//! built-in kind that do not are merged like those of custom kinds.

use serde_json::Value;

use super::schema::{Shape, Type};
use super::{Kind, plain, text};
use crate::go::time::{self, Duration, Zone};
use crate::go::{base64, strconv};

impl Type {
    /// Whether a value can be read as the type. Fields that it does not have are no matter.
    pub fn accepts(self, value: &Value) -> bool {
        self.fits(&plain(value))
    }

    fn fits(self, value: &Value) -> bool {
        if value.is_null() {
            return true;
        }
        match self.shape() {
            Shape::Pointer(inner) => inner.fits(value),
            Shape::List(item) => match value {
                Value::Array(items) => items.iter().all(|value| item.fits(value)),
                Value::String(text) if item.kind() == "uint8" => {
                    base64::decode(text.as_bytes()).is_ok()
                }
                _ => false,
            },
            Shape::Map(inner) => value
                .as_object()
                .is_some_and(|object| object.values().all(|value| inner.fits(value))),
            Shape::Struct(_) => value.as_object().is_some_and(|object| {
                self.fields().all(|(name, described)| {
                    object
                        .get(name)
                        .is_none_or(|value| Type::described(described).fits(value))
                })
            }),
            Shape::Own(name) => reads(name, value),
            Shape::Scalar(kind) => match (kind, Kind::of(value)) {
                ("string", found) => found == Kind::Text,
                ("bool", found) => found == Kind::Bool,
                ("interface", _) => true,
                ("float32" | "float64", found) => matches!(found, Kind::Integer | Kind::Float),
                (_, Kind::Integer) => true,
                (_, Kind::Float) => value.as_f64().is_some_and(|number| number.fract() == 0.0),
                _ => false,
            },
        }
    }
}

/// Whether a type that has its own way with JSON takes a value.
fn reads(name: &str, value: &Value) -> bool {
    let schema = || Type::named("JSONSchemaProps").fits(value);
    match (name, value) {
        ("Time", Value::String(text)) => is_time("2006-01-02T15:04:05Z07:00", text),
        ("MicroTime", Value::String(text)) => is_time("2006-01-02T15:04:05.000000Z07:00", text),
        ("Duration", Value::String(text)) => Duration::parse(text).is_ok(),
        ("Time" | "MicroTime" | "Duration", _) => false,
        ("IntOrString", Value::String(_)) => true,
        ("IntOrString", other) => other
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        ("Quantity", Value::String(_) | Value::Number(_)) => is_quantity(&text(value)),
        ("Quantity", _) => false,
        ("JSONSchemaPropsOrBool", Value::Object(_)) => schema(),
        ("JSONSchemaPropsOrBool", other) => other.is_boolean(),
        ("JSONSchemaPropsOrArray" | "JSONSchemaPropsOrStringArray", Value::Object(_)) => schema(),
        ("JSONSchemaPropsOrArray", Value::Array(items)) => items
            .iter()
            .all(|item| Type::named("JSONSchemaProps").fits(item)),
        ("JSONSchemaPropsOrStringArray", Value::Array(items)) => {
            items.iter().all(|item| item.is_string() || item.is_null())
        }
        _ => true,
    }
}

fn is_time(layout: &str, text: &str) -> bool {
    time::parse(layout.as_bytes(), text.as_bytes(), &Zone::Utc).is_ok()
}

/// `resource.ParseQuantity`: a number and what it is counted in.
fn is_quantity(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut rest = &unsigned[digits(unsigned)..];
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = &fraction[digits(fraction)..];
    }
    if text.is_empty() {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) if !exponent.is_empty() && exponent != "i" => {
            strconv::parse_int(exponent, 10, 64).is_ok()
        }
        _ => matches!(
            rest,
            "" | "n"
                | "u"
                | "m"
                | "k"
                | "M"
                | "G"
                | "T"
                | "P"
                | "E"
                | "Ki"
                | "Mi"
                | "Gi"
                | "Ti"
                | "Pi"
                | "Ei"
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schema;
    use super::*;

    #[test]
    fn values_fit_types() {
        let pod = |container: Value| json!({"spec": {"containers": [container]}});
        let of = schema::of("v1", "Pod").expect("built in");
        for (container, fits) in [
            (
                json!({"name": "a", "env": [{"name": "x", "value": "1"}]}),
                true,
            ),
            (
                json!({"name": "a", "env": [{"name": "x", "value": 1}]}),
                false,
            ),
            (json!({"name": null, "unheardOf": {"x": 1}}), true),
            (json!({"ports": [{"containerPort": 80.0}]}), true),
            (json!({"ports": [{"containerPort": 80.5}]}), false),
            (json!({"ports": {"containerPort": 80}}), false),
            (json!({"stdin": "true"}), false),
            (
                json!({"resources": {"limits": {"cpu": 1.5, "memory": "64Mi"}}}),
                true,
            ),
            (json!({"resources": {"limits": {"memory": "64MB"}}}), false),
            (json!({"resources": {"limits": {"memory": true}}}), false),
            (
                json!({"livenessProbe": {"httpGet": {"port": "http"}}}),
                true,
            ),
            (json!({"livenessProbe": {"httpGet": {"port": 80}}}), true),
            (json!({"livenessProbe": {"httpGet": {"port": 1.5}}}), false),
        ] {
            assert_eq!(of.accepts(&pod(container.clone())), fits, "{container}");
        }
        let secret = schema::of("v1", "Secret").expect("built in");
        assert!(secret.accepts(&json!({"data": {"a": "YQ=="}})));
        assert!(!secret.accepts(&json!({"data": {"a": "a!"}})));
        assert!(!secret.accepts(&json!({"metadata": {"creationTimestamp": "now"}})));
        for (quantity, fits) in [
            ("1", true),
            ("1.5Gi", true),
            ("1e3", true),
            ("1E", true),
            ("-2m", true),
            ("1.G", true),
            ("", false),
            ("1e", false),
            ("1 Gi", false),
            ("1gi", false),
        ] {
            assert_eq!(is_quantity(quantity), fits, "{quantity:?}");
        }
    }
}
