//! The validator's errors in the words of `santhosh-tekuri/jsonschema` v6.0.2 (`output.go`,
//! `kind/kind.go`), English as `golang.org/x/text/message` prints it.

use std::fmt::Write as _;

use boon::{CompileError, ErrorKind, ValidationError};
use serde_json::{Number, Value};

use super::document::Document;
use super::tree;
use crate::go::regexp::Regexp;
use crate::go::{strconv, url};

/// The block of a chart whose values do not fit, without the headline that Helm cuts off.
pub(super) fn validation(error: &ValidationError<'_, '_>, documents: &[Document]) -> String {
    let text = display(error, documents);
    let headline = "jsonschema validation failed with 'file:///values.schema.json#'\n";
    format!("{}\n", text.strip_prefix(headline).unwrap_or(&text))
}

fn display(error: &ValidationError<'_, '_>, documents: &[Document]) -> String {
    let mut out = String::new();
    write(error, 0, documents, &mut out);
    out
}

fn write(error: &ValidationError<'_, '_>, indent: usize, documents: &[Document], out: &mut String) {
    let is_reference = matches!(error.kind, ErrorKind::Reference { .. });
    let mut indent = indent;
    let above = tree::above_all(error);
    // A reference with a single cause says nothing that the cause does not say.
    if !(is_reference && (error.causes.len() == 1 || !above.is_empty())) {
        start(indent, out);
        indent += 1;
        if !matches!(error.kind, ErrorKind::Schema { .. }) {
            let _ = write!(out, "at {}: ", quote(&error.instance_location.to_string()));
        }
        out.push_str(&describe(error, documents));
    }
    indent = restore(&above, indent, out);
    for cause in &error.causes {
        let mut indent = indent;
        if above.is_empty() {
            indent = restore(&tree::between(error, cause), indent, out);
        }
        write(cause, indent, documents, out);
    }
}

/// Writes what the validator left out, and gives the indentation below it.
fn restore(lost: &[tree::Lost], indent: usize, out: &mut String) -> usize {
    for (deeper, lost) in lost.iter().enumerate() {
        start(indent + deeper, out);
        let _ = write!(out, "at {}: {}", quote(&lost.place), lost.message);
    }
    indent + lost.len()
}

fn start(indent: usize, out: &mut String) {
    if indent > 0 {
        out.push('\n');
        out.push_str(&"  ".repeat(indent - 1));
        out.push_str("- ");
    }
}

/// The pattern as it stands in the schema; the validator translates it.
fn pattern<'d>(location: &str, translated: &'d str, documents: &'d [Document]) -> &'d str {
    let (base, pointer) = location.split_once('#').unwrap_or((location, ""));
    let pointer = url::path_unescape(pointer).unwrap_or_default();
    let pointer = String::from_utf8_lossy(&pointer);
    documents
        .iter()
        .find(|document| document.url == base)
        .and_then(|document| document.json.pointer(&format!("{pointer}/pattern")))
        .and_then(Value::as_str)
        .unwrap_or(translated)
}

/// Go's complaint about a regular expression, or the validator's where Go has none.
fn regexp(expression: &str, fault: &dyn std::fmt::Display) -> String {
    match Regexp::compile(expression) {
        Err(error) => error.to_string(),
        Ok(_) => fault.to_string(),
    }
}

fn describe(error: &ValidationError<'_, '_>, documents: &[Document]) -> String {
    match &error.kind {
        ErrorKind::Group | ErrorKind::Reference { .. } => "validation failed".to_owned(),
        ErrorKind::Schema { url } => {
            format!(
                "jsonschema validation failed with {}",
                quote(&with_fragment(url))
            )
        }
        ErrorKind::ContentSchema => "'contentSchema' failed".to_owned(),
        ErrorKind::PropertyName { prop } => format!("invalid propertyName {}", quote(prop)),
        ErrorKind::RefCycle {
            url,
            kw_loc1,
            kw_loc2,
        } => format!(
            "both {kw_loc1} and {kw_loc2} resolve to {} causing reference cycle",
            strconv::quote(url)
        ),
        ErrorKind::FalseSchema => "false schema".to_owned(),
        ErrorKind::Type { got, want } => {
            let want: Vec<String> = want.iter().map(|want| want.to_string()).collect();
            format!("got {got}, want {}", want.join(" or "))
        }
        ErrorKind::Enum { want } => enumeration(want),
        ErrorKind::Const {
            want: Value::Array(_) | Value::Object(_),
        } => "'const' failed".to_owned(),
        ErrorKind::Const { want } => format!("value must be {}", scalar(want)),
        ErrorKind::Format {
            got,
            want: "regex",
            err,
        } => {
            let expression = got.as_str().unwrap_or_default();
            let fault = regexp(expression, err);
            format!("{} is not valid regex: {fault}", scalar(got))
        }
        ErrorKind::Format { got, want, err } => {
            format!("{} is not valid {want}: {err}", scalar(got))
        }
        ErrorKind::MinProperties { got, want } => counts("minProperties", *got, *want),
        ErrorKind::MaxProperties { got, want } => counts("maxProperties", *got, *want),
        ErrorKind::MinItems { got, want } => counts("minItems", *got, *want),
        ErrorKind::MaxItems { got, want } => counts("maxItems", *got, *want),
        ErrorKind::MinLength { got, want } => counts("minLength", *got, *want),
        ErrorKind::MaxLength { got, want } => counts("maxLength", *got, *want),
        ErrorKind::AdditionalProperties { got } => {
            let mut got: Vec<&str> = got.iter().map(AsRef::as_ref).collect();
            got.sort_unstable();
            format!("additional properties {} not allowed", join(&got))
        }
        ErrorKind::Required { want } => match want.as_slice() {
            [one] => format!("missing property {}", quote(one)),
            several => format!("missing properties {}", join(several)),
        },
        ErrorKind::Dependency { prop, missing }
        | ErrorKind::DependentRequired { prop, missing } => {
            format!(
                "properties {} required, if {} exists",
                join(missing),
                quote(prop)
            )
        }
        ErrorKind::Contains => "no items match contains schema".to_owned(),
        ErrorKind::MinContains { got, want } if got.is_empty() => {
            let want = integer(*want);
            format!("min {want} items required to match contains schema, but none matched")
        }
        ErrorKind::MinContains { got, want } => contains("min", got, *want),
        ErrorKind::MaxContains { got, want } => contains("max", got, *want),
        ErrorKind::UniqueItems { got: [a, b] } => {
            format!("items at {} and {} are equal", integer(*a), integer(*b))
        }
        ErrorKind::AdditionalItems { got } => {
            format!("last {} additionalItem(s) not allowed", integer(*got))
        }
        ErrorKind::Pattern { got, want } => {
            let want = pattern(error.schema_url, want, documents);
            format!("{} does not match pattern {}", quote(got), quote(want))
        }
        ErrorKind::ContentEncoding { want, err } => {
            format!("value is not {} encoded: {err}", quote(want))
        }
        ErrorKind::ContentMediaType { want, err, .. } => {
            format!("value if not of mediatype {}: {err}", quote(want))
        }
        ErrorKind::Minimum { got, want } => bounds("minimum", got, want),
        ErrorKind::Maximum { got, want } => bounds("maximum", got, want),
        ErrorKind::ExclusiveMinimum { got, want } => bounds("exclusiveMinimum", got, want),
        ErrorKind::ExclusiveMaximum { got, want } => bounds("exclusiveMaximum", got, want),
        ErrorKind::MultipleOf { got, want } => bounds("multipleOf", got, want),
        ErrorKind::Not => "'not' failed".to_owned(),
        ErrorKind::AllOf => "'allOf' failed".to_owned(),
        ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
        ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        ErrorKind::OneOf(Some((a, b))) => {
            format!(
                "'oneOf' failed, subschemas {}, {} matched",
                integer(*a),
                integer(*b)
            )
        }
        // The enum may grow with its crate.
        #[allow(unreachable_patterns)]
        other => other.to_string(),
    }
}

fn enumeration(want: &[Value]) -> String {
    if want.iter().any(|item| item.is_array() || item.is_object()) {
        return "'enum' failed".to_owned();
    }
    match want {
        [one] => format!("value must be {}", scalar(one)),
        several => {
            let several: Vec<String> = several.iter().map(scalar).collect();
            format!("value must be one of {}", several.join(", "))
        }
    }
}

fn counts(keyword: &str, got: usize, want: usize) -> String {
    format!("{keyword}: got {}, want {}", integer(got), integer(want))
}

fn bounds(keyword: &str, got: &Number, want: &Number) -> String {
    format!("{keyword}: got {}, want {}", float(got), float(want))
}

fn contains(bound: &str, got: &[usize], want: usize) -> String {
    let places: Vec<String> = got.iter().map(ToString::to_string).collect();
    format!(
        "{bound} {} items required to match contains schema, but matched {} items at {}",
        integer(want),
        integer(got.len()),
        places.join(" ")
    )
}

/// A schema's URL with the `#` that the Go library always prints.
fn with_fragment(url: &str) -> String {
    if url.contains('#') {
        url.to_owned()
    } else {
        format!("{url}#")
    }
}

/// Go's `display`: a string in quotes, `value` for what is not scalar, else `%v`.
fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => quote(text),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => match number.as_f64() {
            Some(n) if !number.is_i64() && !number.is_u64() => {
                strconv::format_float(n, b'g', None, 64)
            }
            _ => number.to_string(),
        },
    }
}

/// Go's `quote`: `%q` in single quotes.
fn quote(text: &str) -> String {
    let quoted = strconv::quote(text)
        .replace("\\\"", "\"")
        .replace('\'', "\\'");
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

fn join(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| quote(name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `%d` in English: digits in groups of three.
fn integer(n: usize) -> String {
    group(&n.to_string())
}

/// `%v` of a float64 in English: `1,234.5`, and `1.5×10⁰⁶` from a million on.
fn float(number: &Number) -> String {
    let plain = strconv::format_float(number.as_f64().unwrap_or_default(), b'g', None, 64);
    let Some((mantissa, exponent)) = plain.split_once('e') else {
        return group(&plain);
    };
    let exponent: String = exponent
        .chars()
        .filter_map(|c| match c {
            '-' => Some('⁻'),
            '0'..='9' => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(c as usize - '0' as usize),
            _ => None,
        })
        .collect();
    format!("{mantissa}×10{exponent}")
}

fn group(plain: &str) -> String {
    let (sign, rest) = plain
        .strip_prefix('-')
        .map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = rest.find('.').map_or((rest, ""), |dot| rest.split_at(dot));
    let mut out = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

/// A schema that does not compile.
pub(super) fn compile(error: &CompileError) -> String {
    let q = |text: &str| strconv::quote(text);
    match error {
        CompileError::ParseUrlError { url, src } => format!("error in parsing {}: {src}", q(url)),
        CompileError::LoadUrlError { url, src } => format!("failing loading {}: {src}", q(url)),
        CompileError::UnsupportedUrlScheme { url } => {
            format!("no URLLoader registered for {}", q(url))
        }
        CompileError::InvalidMetaSchemaUrl { url, src } => {
            format!("invalid $schema in {}: {src}", q(url))
        }
        CompileError::UnsupportedDraft { url } => format!("draft {} is not supported", q(url)),
        CompileError::MetaSchemaCycle { url } => {
            format!("cycle in resolving $schema in {}", q(url))
        }
        CompileError::ValidationError { url, src } => {
            let url = q(&with_fragment(url));
            format!(
                "{url} is not valid against metaschema: {}",
                display(src, &[])
            )
        }
        CompileError::ParseIdError { loc } => format!("error in parsing id at {}", q(loc)),
        CompileError::ParseAnchorError { loc } => format!("error in parsing anchor at {}", q(loc)),
        CompileError::DuplicateId {
            url,
            id,
            ptr1,
            ptr2,
        } => {
            format!(
                "duplicate id {} in {} at {} and {}",
                q(id),
                q(url),
                q(ptr1),
                q(ptr2)
            )
        }
        CompileError::DuplicateAnchor {
            anchor,
            url,
            ptr1,
            ptr2,
        } => {
            format!(
                "duplicate anchor {} in {} at {} and {}",
                q(anchor),
                q(url),
                q(ptr1),
                q(ptr2)
            )
        }
        CompileError::InvalidJsonPointer(url) => format!("invalid json-pointer {}", q(url)),
        CompileError::JsonPointerNotFound(url) => {
            format!("json-pointer in {} not found", q(url))
        }
        CompileError::AnchorNotFound { url, reference } => {
            format!("anchor in {} not found in schema {}", q(reference), q(url))
        }
        CompileError::UnsupportedVocabulary { url, vocabulary } => {
            format!("unsupported vocabulary {} in {}", q(vocabulary), q(url))
        }
        CompileError::InvalidRegex { url, regex, src } => {
            let src = regexp(regex, src);
            format!("invalid regex {} at {}: {src}", q(regex), q(url))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_english() {
        for (number, want) in [
            (Number::from(0), "0"),
            (Number::from(70_000), "70,000"),
            (Number::from(1_000_000), "1×10⁰⁶"),
            (Number::from_f64(1_234.567_8).unwrap(), "1,234.5678"),
            (Number::from_f64(-1_234.5).unwrap(), "-1,234.5"),
            (Number::from_f64(0.000_025).unwrap(), "2.5×10⁻⁰⁵"),
            (Number::from_f64(1_234_567.891).unwrap(), "1.234567891×10⁰⁶"),
        ] {
            assert_eq!(float(&number), want);
        }
        assert_eq!(integer(1_234_567), "1,234,567");
    }

    #[test]
    fn strings_are_quoted_singly() {
        assert_eq!(quote("it's \"x\"\n"), "'it\\'s \"x\"\\n'");
    }
}
