//! `values.schema.json`: validation of a chart's values, in Helm's words
//! (`pkg/chart/common/util/jsonschema.go`, Helm 4.2.4, on `santhosh-tekuri/jsonschema` v6).
//!
//! `boon` validates; it is by the same author and gives the same tree of errors. The words are
//! ours (`text`).

mod document;
mod text;

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
    let mut documents = vec![Document {
        url: URL.to_owned(),
        json: root,
    }];
    loop {
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(document::Nowhere));
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
                        message: text::validation(&error),
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
