//! What users say about values: flags as typed go in, layers and the map they make come out
//! (`pkg/cli/values/options.go`, Helm 4.2.4).

use std::fs;

use super::{document, merge_maps};
use crate::chart::set::{self, Form};
use crate::diag::{Error, Kind, Source};
use crate::go::{json, os};
use crate::value::{Frozen, FrozenMap};

/// What users say about values, as typed (`cli/values.Options`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `--values`
    pub value_files: Vec<String>,
    /// `--set`
    pub values: Vec<String>,
    /// `--set-string`
    pub string_values: Vec<String>,
    /// `--set-file`
    pub file_values: Vec<String>,
    /// `--set-json`
    pub json_values: Vec<String>,
    /// `--set-literal`
    pub literal_values: Vec<String>,
}

/// Where the files that options name come from.
pub trait Files {
    /// Reads a path, an address, or `-` for what is piped in.
    ///
    /// # Errors
    /// The whole text that users see: `open x: no such file or directory`.
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String>;
}

/// Paths of this machine only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        fs::read(name).map_err(|error| {
            let operation = if error.raw_os_error() == Some(21) {
                "read"
            } else {
                "open"
            };
            os::path_error(operation, name, &error)
        })
    }
}

/// The user's values, and what they were made of.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    values: FrozenMap,
    pub(super) parts: Vec<Part>,
}

/// One thing that set values.
#[derive(Clone, Debug)]
pub(super) enum Part {
    File(Source),
    Flag(Form, String),
}

impl Layers {
    /// The values.
    pub fn values(&self) -> &FrozenMap {
        &self.values
    }

    /// Adds the values of a text, as a further `--values` file does.
    ///
    /// # Errors
    /// What is wrong with the text, in Helm's words.
    pub fn add_file(&mut self, name: &str, text: Vec<u8>) -> Result<(), Error> {
        let source = Source::new(name, text);
        let map = document::load(source.bytes())
            .map_err(|error| error.into_error(&format!("failed to parse {name}"), &source))?;
        merge_maps(&mut self.values, map);
        self.parts.push(Part::File(source));
        Ok(())
    }

    fn add_flag(&mut self, form: Form, argument: &str, files: &mut dyn Files) -> Result<(), Error> {
        let flag = form.flag();
        let mut read = |name: &str| files.read(name);
        if form == Form::Json {
            let object = argument.trim();
            if object.starts_with('{') {
                let mut decoded = json::decode_as(object.as_bytes(), json::Shape::Map);
                if decoded.error.is_some() {
                    return Err(Error::new(
                        Kind::Values,
                        format!("failed parsing {flag} data JSON: {argument}"),
                    ));
                }
                if let Frozen::Map(map) = &mut decoded.value {
                    let map = std::sync::Arc::unwrap_or_clone(std::mem::take(map));
                    merge_maps(&mut self.values, map);
                }
            } else {
                set::parse_into(form, argument, &mut self.values, &mut read).map_err(|error| {
                    Error::new(
                        Kind::Values,
                        format!("failed parsing {flag} data {argument}"),
                    )
                    .with_cause(error)
                })?;
            }
        } else {
            set::parse_into(form, argument, &mut self.values, &mut read).map_err(|error| {
                Error::new(Kind::Values, format!("failed parsing {flag} data: {error}"))
            })?;
        }
        self.parts.push(Part::Flag(form, argument.to_owned()));
        Ok(())
    }
}

/// Layers the user's values, in an order that the command line cannot change: files, then JSON,
/// `--set`, strings, files' contents, literals (`Options.MergeValues`).
///
/// # Errors
/// What cannot be read or parsed, in Helm's words.
pub fn layer(options: &Options, files: &mut dyn Files) -> Result<Layers, Error> {
    let mut layers = Layers::default();
    for name in &options.value_files {
        let text = files
            .read(name)
            .map_err(|error| Error::new(Kind::Io, error))?;
        layers.add_file(name, text)?;
    }
    for (form, arguments) in [
        (Form::Json, &options.json_values),
        (Form::Typed, &options.values),
        (Form::String, &options.string_values),
        (Form::File, &options.file_values),
        (Form::Literal, &options.literal_values),
    ] {
        for argument in arguments {
            layers.add_flag(form, argument, files)?;
        }
    }
    Ok(layers)
}
