//! `values.schema.json`: validation of a chart's values, in Helm's words
//! (`pkg/chart/common/util/jsonschema.go`, Helm 4.2.4, on `santhosh-tekuri/jsonschema` v6).
//!
//! `boon` validates what `plain` cannot prove to fit; it is by the same author and gives the same
//! tree of errors. The words are ours (`text`).

mod document;
mod format;
mod plain;
mod text;
mod tree;

use boon::{CompileError, Compiler, InstanceToken, Schemas, ValidationError};

use super::Chart;
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::strconv;
use crate::value::{Frozen, FrozenMap, Path, Segment, Text};
use document::{Document, decode, to_json};

/// Where a chart's schema lives as far as the validator knows.
const URL: &str = "file:///values.schema.json";

/// How many documents one schema may refer to.
const MAX_DOCUMENTS: usize = 256;

/// Gets schemas that another refers to by `http` or `https`. The text of a failure is Go's
/// `net/http` one.
pub trait Remote {
    /// The document behind `url`.
    ///
    /// # Errors
    /// What Helm prints after `failing loading "URL": `.
    fn fetch(&self, url: &str) -> Result<Vec<u8>, String>;
}

/// Validates `values`, coalesced, against the schemas of `chart` and of all charts in it.
///
/// # Errors
/// Helm's report, a block for each chart whose values do not fit or whose schema is broken.
pub fn validate(
    chart: &Chart,
    values: &FrozenMap,
    remote: &dyn Remote,
    notices: &mut Vec<Notice>,
) -> Result<(), Invalid> {
    let mut invalid = Invalid::default();
    descend(
        chart,
        values,
        &Path::default(),
        remote,
        notices,
        &mut invalid,
    );
    if invalid.report.is_empty() {
        Ok(())
    } else {
        Err(invalid)
    }
}

/// Validates `values` against one schema (`util.ValidateAgainstSingleSchema`).
///
/// # Errors
/// Helm's report, without a chart's name.
pub fn validate_single(
    schema: &[u8],
    values: &FrozenMap,
    remote: &dyn Remote,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    validate_one(schema, values, remote, notices)
        .map_err(|misfit| Error::new(Kind::Values, misfit.message))
}

/// Values that do not fit their schemas.
#[derive(Debug, Default)]
pub struct Invalid {
    report: String,
    places: Vec<Path>,
}

impl Invalid {
    /// The innermost values that do not fit, from the root chart's values on.
    pub fn places(&self) -> &[Path] {
        &self.places
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Error {
        let message = format!(
            "values don't meet the specifications of the schema(s) in the following chart(s):\n{}",
            invalid.report
        );
        Error::new(Kind::Values, message)
    }
}

fn descend(
    chart: &Chart,
    values: &FrozenMap,
    path: &Path,
    remote: &dyn Remote,
    notices: &mut Vec<Notice>,
    invalid: &mut Invalid,
) {
    if let Some(schema) = &chart.schema {
        notices.push(Notice::new(Level::Debug, "chart name").with("chart-name", chart.name()));
        if let Err(misfit) = validate_one(&schema.data, values, remote, notices) {
            invalid
                .report
                .push_str(&format!("{}:\n{}", chart.name(), misfit.message));
            let places = misfit
                .places
                .into_iter()
                .map(|place| Path([&path.0[..], &place.0].concat()));
            invalid.places.extend(places);
        }
    }
    notices.push(
        Notice::new(Level::Debug, "number of dependencies in the chart")
            .with("chart", chart.name())
            .with("dependencies", chart.dependencies.len()),
    );
    for child in &chart.dependencies {
        match values.get(child.name().as_bytes()) {
            None | Some(Frozen::Null) => {}
            Some(Frozen::Map(values)) => {
                descend(
                    child,
                    values,
                    &path.key(child.name()),
                    remote,
                    notices,
                    invalid,
                );
            }
            Some(other) => {
                let found = other.thaw();
                let found = found.go_type().map(ToString::to_string).unwrap_or_default();
                invalid.report.push_str(&format!(
                    "{}:\ninvalid type for values: expected object (map), got {found}\n",
                    child.name()
                ));
            }
        }
    }
}

/// What is wrong with the values of one chart.
struct Misfit {
    /// The text of its block, after the chart's name.
    message: String,
    /// The innermost values that do not fit, from the chart's values on.
    places: Vec<Path>,
}

impl From<String> for Misfit {
    fn from(message: String) -> Misfit {
        Misfit {
            message,
            places: Vec::new(),
        }
    }
}

/// Adds the places of the innermost errors below `error`.
fn collect_places(error: &ValidationError<'_, '_>, places: &mut Vec<Path>) {
    for cause in &error.causes {
        collect_places(cause, places);
    }
    if error.causes.is_empty() {
        let tokens = error.instance_location.tokens.iter();
        places.push(Path(
            tokens
                .map(|token| match token {
                    InstanceToken::Prop(name) => Segment::Key(Text::from(name.as_ref())),
                    InstanceToken::Item(index) => Segment::Index(*index),
                })
                .collect(),
        ));
    }
}

/// Validates against one schema.
fn validate_one(
    schema: &[u8],
    values: &FrozenMap,
    remote: &dyn Remote,
    notices: &mut Vec<Notice>,
) -> Result<(), Misfit> {
    let root = decode(schema)?;
    notices.push(
        Notice::new(Level::Debug, "unmarshalled JSON schema")
            .with("schema", String::from_utf8_lossy(schema)),
    );
    if plain::fits(&root, values) {
        return Ok(());
    }
    validate_against(&root, values, remote, notices)
}

/// Lets the validator decide.
fn validate_against(
    root: &Frozen,
    values: &FrozenMap,
    remote: &dyn Remote,
    notices: &mut Vec<Notice>,
) -> Result<(), Misfit> {
    let mut documents = vec![Document {
        url: URL.to_owned(),
        json: document::convert(root)?,
    }];
    loop {
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(document::Nowhere));
        for format in format::all() {
            compiler.register_format(format);
        }
        for document in &documents {
            compiler
                .add_resource(&document.url, document.json.clone())
                .map_err(|error| text::compile(&error))?;
        }
        let mut schemas = Schemas::new();
        match compiler.compile(URL, &mut schemas) {
            Ok(index) => {
                let instance = to_json(values);
                return schemas.validate(&instance, index).map_err(|error| {
                    let mut places = Vec::new();
                    collect_places(&error, &mut places);
                    Misfit {
                        message: text::validation(&error, &documents),
                        places,
                    }
                });
            }
            Err(CompileError::LoadUrlError { url, .. }) => {
                let known = documents.iter().any(|document| document.url == url);
                if known || documents.len() >= MAX_DOCUMENTS {
                    let url = strconv::quote(url);
                    return Err(format!("failing loading {url}: too many references").into());
                }
                let json = document::load(&url, remote, notices).map_err(|error| {
                    format!("failing loading {}: {error}", strconv::quote(&url))
                })?;
                documents.push(Document { url, json });
            }
            Err(error) => return Err(text::compile(&error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Offline;

    impl Remote for Offline {
        fn fetch(&self, url: &str) -> Result<Vec<u8>, String> {
            Err(format!("no {url} here"))
        }
    }

    /// Asked from the Go library through Helm.
    #[test]
    fn failures_read_as_in_go() {
        for (schema, values, want) in [
            (
                r##"{"allOf":[{"required":["x"]},{"minProperties":1}]}"##,
                "a: 1",
                "- at '': 'allOf' failed\n  - at '': missing property 'x'\n",
            ),
            (
                r##"{"properties":{"a":{"items":{"anyOf":[{"type":"string"}]}}}}"##,
                "a: [1, 2]",
                "- at '/a/0': 'anyOf' failed\n  - at '/a/0': got number, want string\n\
                 - at '/a/1': 'anyOf' failed\n  - at '/a/1': got number, want string\n",
            ),
            (
                r##"{"properties":{"a":{"oneOf":[{"required":["x"],"minProperties":3}]}}}"##,
                "a: {b: 1}",
                "- at '/a': 'oneOf' failed, none matched\n  - at '/a': validation failed\n    \
                 - at '/a': minProperties: got 1, want 3\n    - at '/a': missing property 'x'\n",
            ),
            (
                r##"{"allOf":[{"allOf":[{"$ref":"#/definitions/z"}]}],"definitions":{"z":{"required":["q"]}}}"##,
                "a: 1",
                "- at '': 'allOf' failed\n  - at '': 'allOf' failed\n    - at '': missing property 'q'\n",
            ),
            (
                r##"{"properties":{"a":{"pattern":"^\\d+$"}}}"##,
                "a: x",
                "- at '/a': 'x' does not match pattern '^\\\\d+$'\n",
            ),
            ("{} x", "a: 1", "invalid character after top-level value"),
        ] {
            let values = crate::yaml::to_map(values.as_bytes()).unwrap();
            let got = validate_one(schema.as_bytes(), &values, &Offline, &mut Vec::new());
            assert_eq!(
                got.err().map(|misfit| misfit.message).as_deref(),
                Some(want),
                "{schema}"
            );
        }
    }

    #[test]
    fn formats_answer_as_in_go() {
        for (format, text, want) in [
            ("uri", "not a uri", "relative url"),
            ("uri", ":x", "parse \":x\": missing protocol scheme"),
            ("uri-reference", "a\\b", "contains \\"),
            ("ipv4", "1.2.3", "expected four decimals"),
            (
                "ipv4",
                "a.b.c.d",
                "strconv.Atoi: parsing \"a\": invalid syntax",
            ),
            (
                "ipv6",
                "1:2",
                "ParseAddr(\"1:2\"): address string too short",
            ),
            (
                "email",
                "a@[1.2.3]",
                "invalid ipv4 address: expected four decimals",
            ),
            ("hostname", "a_b", "invalid character '_'"),
            (
                "date",
                "2020-13-01",
                "parsing time \"2020-13-01\": month out of range",
            ),
            ("time", "1a:00:00Z", "invalid hour/min/sec"),
            ("time", "10:00:00+0100", "offset must be 6 characters long"),
            ("duration", "P1D1Y", "unit 'Y' out of order"),
            ("duration", "P1\u{e9}", "invalid unit 'Ã'"),
            ("uuid", "x", "must have 5 elements"),
            ("json-pointer", "a", "not starting with /"),
            ("semver", "v1.2.3", "major contains non-digit"),
            (
                "period",
                "P1D/x",
                "invalid end date-time: less than 20 characters long",
            ),
            (
                "regex",
                "(?!x)",
                "error parsing regexp: invalid or unsupported Perl syntax: `(?!`",
            ),
            ("idn-hostname", "-a", ""),
        ] {
            let schema = format!(
                r##"{{"$schema":"http://json-schema.org/draft-07/schema#","properties":{{"a":{{"format":"{format}"}}}}}}"##
            );
            let values = [("a".into(), Frozen::string(text))].into_iter().collect();
            let got = validate_one(schema.as_bytes(), &values, &Offline, &mut Vec::new());
            let got = got.err().map_or_else(String::new, |misfit| misfit.message);
            let got = got
                .trim_end()
                .split(&format!(" is not valid {format}: "))
                .nth(1);
            assert_eq!(got.unwrap_or_default(), want, "{format} {text}");
        }
    }
}
