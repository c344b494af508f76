//! Templates in Jinja's language, by the `tera` crate.
//!
//! A chart whose annotation `pintle.dev/tera` is `"true"` has its `templates/*.tera` rendered here
//! instead of by Go templates. They see the same `Values`, `Release`, `Chart`, `Capabilities` and
//! `Template`; filters beside tera's own: `to_yaml`, `nindent`, `b64encode`, `quote`.

use tera::{Context, Kwargs, State, Tera, TeraResult};

use crate::diag::{Error, Kind, Source};
use crate::go::base64;
use crate::value::{Map, Text, Value};
use crate::yaml;

/// Renders a template on a chart's context.
///
/// # Errors
/// tera's message, behind the template's name.
pub(super) fn render(source: &Source, context: &Map) -> Result<Text, Error> {
    let mut tera = Tera::default();
    tera.autoescape_on(Vec::<&str>::new());
    tera.register_filter("to_yaml", to_yaml);
    tera.register_filter("nindent", nindent);
    tera.register_filter("b64encode", b64encode);
    tera.register_filter("quote", quote);
    let mut variables = Context::new();
    for (name, value) in context.snapshot() {
        if matches!(
            &*name,
            b"Values" | b"Release" | b"Chart" | b"Capabilities" | b"Template"
        ) {
            variables.insert_value(name.to_string(), convert(&value));
        }
    }
    let text = String::from_utf8_lossy(source.bytes());
    tera.add_raw_template(source.name(), &text)
        .and_then(|()| tera.render(source.name(), &variables))
        .map(Text::from)
        .map_err(|error| {
            let error = error.to_string();
            let message = format!(
                "execution error at ({}): {}",
                source.name(),
                error.trim_end()
            );
            Error::new(Kind::Template, message)
        })
}

/// A value as tera has it. Whole floats become integers, since every number of a values file is a
/// float, and tera would print `8080.0`.
fn convert(value: &Value) -> tera::Value {
    match value {
        Value::Nil => tera::Value::none(),
        Value::Bool(value) => (*value).into(),
        Value::Float64(n) if n.fract() == 0.0 && n.abs() < 1e15 => {
            #[expect(clippy::cast_possible_truncation, reason = "checked just before")]
            let n = *n as i64;
            n.into()
        }
        Value::String(text) | Value::Bytes(text) => text.to_string().into(),
        Value::List(list) => list.iter().map(convert).collect::<Vec<_>>().into(),
        Value::Map(map) => {
            let entries = map.snapshot().into_iter();
            let entries = entries.map(|(key, value)| (key.to_string(), convert(&value)));
            entries.collect::<std::collections::BTreeMap<_, _>>().into()
        }
        Value::Object(object) => {
            let mut fields: std::collections::BTreeMap<String, tera::Value> = object
                .fields()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), convert(&value)))
                .collect();
            if fields.is_empty() {
                return convert(&object.json());
            }
            fields.retain(|name, _| !name.is_empty());
            fields.into()
        }
        number => match (number.as_integer(), number.as_float()) {
            (Some(n), _) => i64::try_from(n).map_or_else(|_| tera::Value::none(), Into::into),
            (None, Some(n)) => n.into(),
            (None, None) => tera::Value::none(),
        },
    }
}

/// A value of tera's as ours, for the filters.
fn revert(value: &tera::Value) -> Value {
    if let Some(value) = value.as_bool() {
        Value::Bool(value)
    } else if let Some(n) = value.as_i64() {
        Value::Int64(n)
    } else if let Some(n) = value.as_f64() {
        Value::Float64(n)
    } else if let Some(text) = value.as_str() {
        text.into()
    } else if let Some(items) = value.as_array() {
        Value::list(items.iter().map(revert).collect())
    } else if let Some(map) = value.as_map() {
        Value::map(
            map.iter()
                .map(|(key, value)| (Text::from(key.to_string()), revert(value))),
        )
    } else {
        Value::Nil
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of tera's filters")]
fn to_yaml(value: tera::Value, _: Kwargs, _: &State<'_>) -> TeraResult<String> {
    let text = yaml::encode(&revert(&value)).map_err(tera::Error::message)?;
    Ok(String::from_utf8_lossy(&text)
        .trim_end_matches('\n')
        .to_owned())
}

/// `{{ text | nindent(by=4) }}`: a newline, then every line with blanks in front.
#[expect(clippy::needless_pass_by_value, reason = "the shape of tera's filters")]
fn nindent(text: String, arguments: Kwargs, _: &State<'_>) -> TeraResult<String> {
    const WIDEST: usize = 1024;
    let by: usize = arguments.must_get("by")?;
    let pad = " ".repeat(by.min(WIDEST));
    Ok(text
        .split('\n')
        .fold(String::new(), |out, line| out + "\n" + &pad + line))
}

fn b64encode(text: String, _: Kwargs, _: &State<'_>) -> TeraResult<String> {
    Ok(base64::encode(text))
}

/// A YAML double-quoted string.
#[expect(clippy::needless_pass_by_value, reason = "the shape of tera's filters")]
fn quote(value: tera::Value, _: Kwargs, _: &State<'_>) -> TeraResult<String> {
    Ok(crate::go::strconv::quote(value.to_string().as_bytes()))
}
