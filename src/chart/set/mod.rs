//! The grammar of `--set` and its relatives (`pkg/strvals`, Helm 4.2.4).
//!
//! `name=value` pairs, separated by commas; a name is keys with dots between them, each with indices
//! in brackets. What a line sets before it fails stays set.

mod parser;

use std::fmt;

use crate::value::FrozenMap;

/// What a value is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `--set`: booleans, null, integers, else text; `{a,b}` is a list.
    Typed,
    /// `--set-string`: text.
    String,
    /// `--set-json`: JSON.
    Json,
    /// `--set-file`: the content of the file of that name.
    File,
    /// `--set-literal`: the rest of the line, as it is.
    Literal,
}

impl Form {
    /// The flag that has this form.
    pub fn flag(self) -> &'static str {
        match self {
            Form::Typed => "--set",
            Form::String => "--set-string",
            Form::Json => "--set-json",
            Form::File => "--set-file",
            Form::Literal => "--set-literal",
        }
    }
}

/// Why a line could not be taken in; `Display` is the text of Helm's parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Reads a file that `--set-file` names; the error is what the system says.
pub type Reader<'a> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'a;

/// Sets in `values` what `line` says; `read` is asked for files, in [`Form::File`] only.
///
/// # Errors
/// Whatever is wrong with the line; what came before it has been set.
pub fn parse_into(
    form: Form,
    line: &str,
    values: &mut FrozenMap,
    read: &mut Reader<'_>,
) -> Result<(), Error> {
    parser::Parser::new(form, line, read)
        .parse(values)
        .map_err(Error)
}
