//! `values.schema.json`: validation of a chart's values, in Helm's words
//! (`pkg/chart/common/util/jsonschema.go`, Helm 4.2.4, on `santhosh-tekuri/jsonschema` v6).
//!
//! `boon` validates; it is by the same author and gives the same tree of errors. The words are
//! ours ([`text`]).

mod document;
mod text;

use boon::{CompileError, Compiler, Schemas};

use super::Chart;
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::strconv;
use crate::value::{Frozen, FrozenMap};
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
) -> Result<(), Error> {
    let mut report = String::new();
    descend(chart, values, remote, notices, &mut report);
    if report.is_empty() {
        return Ok(());
    }
    let message = format!(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{report}"
    );
    Err(Error::new(Kind::Values, message))
}

fn descend(
    chart: &Chart,
    values: &FrozenMap,
    remote: &dyn Remote,
    notices: &mut Vec<Notice>,
    report: &mut String,
) {
    if let Some(schema) = &chart.schema {
        notices.push(Notice::new(Level::Debug, "chart name").with("chart-name", chart.name()));
        if let Err(message) = validate_one(&schema.data, values, remote, notices) {
            report.push_str(&format!("{}:\n{message}", chart.name()));
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
            Some(Frozen::Map(values)) => descend(child, values, remote, notices, report),
            Some(other) => {
                let found = other.thaw();
                let found = found.go_type().map(ToString::to_string).unwrap_or_default();
                report.push_str(&format!(
                    "{}:\ninvalid type for values: expected object (map), got {found}\n",
                    child.name()
                ));
            }
        }
    }
}

/// Validates against one schema. The error is the text of its block, after the chart's name.
fn validate_one(
    schema: &[u8],
    values: &FrozenMap,
    remote: &dyn Remote,
    notices: &mut Vec<Notice>,
) -> Result<(), String> {
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
                return schemas
                    .validate(&instance, index)
                    .map_err(|error| text::validation(&error));
            }
            Err(CompileError::LoadUrlError { url, .. }) => {
                let known = documents.iter().any(|document| document.url == url);
                if known || documents.len() >= MAX_DOCUMENTS {
                    return Err(format!(
                        "failing loading {}: too many references",
                        strconv::quote(url)
                    ));
                }
                let json = document::load(&url, remote, notices).map_err(|error| {
                    format!("failing loading {}: {error}", strconv::quote(&url))
                })?;
                documents.push(Document { url, json });
            }
            Err(error) => return Err(text::compile(&error)),
        }
    }
}
