//! `--set`, `--set-string`, `--set-json` and `--set-literal`.

use std::fmt::Write as _;
use std::sync::Arc;

use pintle::chart::set::{self, Form};
use pintle::chart::values::{self, Files};
use pintle::go::json::{self as go_json, Options};
use pintle::value::{Frozen, FrozenMap};
use sha2::{Digest as _, Sha256};

use crate::case::{Case, Flag};
use crate::difference::describe;
use crate::json;

/// The one file that there is: what the values were before.
struct Base<'a>(&'a str);

impl Files for Base<'_> {
    fn read(&mut self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.as_bytes().to_vec())
    }
}

struct Failure {
    /// The parser's text, where the parser was asked.
    parser: Option<String>,
    command: String,
}

/// Runs a case.
pub(crate) fn check(case: &Case) -> Result<(), String> {
    let base = case.base_yaml.as_deref().unwrap_or_default();
    let mut map = values::parse(base.as_bytes()).map_err(|error| format!("base: {error}"))?;
    let single;
    let flags = match case.kind.as_deref() {
        Some("multi") => case.flags.as_slice(),
        Some(kind) => {
            single = [Flag {
                kind: kind.to_owned(),
                input: case.input.clone(),
            }];
            single.as_slice()
        }
        None => return Err("the case has no kind".to_owned()),
    };
    let outcome = flags
        .iter()
        .enumerate()
        .try_for_each(|(at, flag)| apply(flag, &flags[..at], base, &mut map));
    let got = Frozen::Map(Arc::new(map));

    let mut found = String::new();
    let mut compare = |what: &str, want: &str, got: &str| {
        found.push_str(&describe(what, want.as_bytes(), got.as_bytes()));
    };
    match (&outcome, &case.answer.error) {
        (Ok(()), Some(error)) => compare("outcome", error, "no error"),
        (Err(failure), None) => compare("outcome", "no error", &failure.command),
        (Err(failure), Some(error)) => {
            if let Some(parser) = &failure.parser {
                compare("error", error, parser);
            }
            if let Some(want) = &case.cli_error {
                compare("error of the command", want, &failure.command);
            }
            if let Some(want) = &case.partial_json {
                let got = json::canonical(&json::from_frozen(&got));
                compare("values left behind", &json::canonical(want), &got);
            }
        }
        (Ok(()), None) => {
            if let Some(want) = &case.want_json {
                let got = json::canonical(&json::from_frozen(&got));
                compare("values", &json::canonical(want), &got);
            }
            if let Some(want) = &case.want_json_sha256 {
                let mut text = Vec::new();
                go_json::encode_frozen(&got, &mut text, Options::default())?;
                let digest = Sha256::digest(&text);
                let digest = digest.iter().fold(String::new(), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                });
                compare("digest of the values", want, &digest);
            }
            if let Some(want) = &case.want_types {
                let mut want: Vec<_> = want
                    .iter()
                    .map(|(path, name)| format!("{path}: {name}\n"))
                    .collect();
                want.sort();
                compare("types", &want.concat(), &json::types(&got));
            }
        }
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(format!("{:?} {:?}\n{found}", case.kind, case.input))
    }
}

fn apply(flag: &Flag, earlier: &[Flag], base: &str, map: &mut FrozenMap) -> Result<(), Failure> {
    let form = form(&flag.kind)?;
    if form == Form::Json && flag.input.trim().starts_with('{') {
        let options = options(std::slice::from_ref(flag), false)?;
        let layers = values::layer(&options, &mut Base(base)).map_err(|error| Failure {
            parser: None,
            command: error.to_string(),
        })?;
        values::merge_maps(map, layers.values().clone());
        return Ok(());
    }
    let mut none = |_: &str| Err("no files here".to_owned());
    set::parse_into(form, &flag.input, map, &mut none).map_err(|error| {
        let mut flags = earlier.to_vec();
        flags.push(flag.clone());
        let whole = options(&flags, true)
            .and_then(|options| match values::layer(&options, &mut Base(base)) {
                Ok(_) => Err(Failure {
                    parser: None,
                    command: "no error".to_owned(),
                }),
                Err(error) => Ok(error.to_string()),
            })
            .unwrap_or_else(|failure| failure.command);
        Failure {
            parser: Some(error.to_string()),
            command: whole,
        }
    })
}

fn form(kind: &str) -> Result<Form, Failure> {
    Ok(match kind {
        "set" => Form::Typed,
        "set-string" => Form::String,
        "set-json" => Form::Json,
        "set-literal" => Form::Literal,
        other => {
            let command = format!("unknown kind {other}");
            return Err(Failure {
                parser: None,
                command,
            });
        }
    })
}

/// What the command would be given: what it says of an error is more than the parser says.
fn options(flags: &[Flag], with_base: bool) -> Result<values::Options, Failure> {
    let mut options = values::Options::default();
    if with_base {
        options.value_files.push("base.yaml".to_owned());
    }
    for flag in flags {
        let list = match form(&flag.kind)? {
            Form::Typed => &mut options.values,
            Form::String => &mut options.string_values,
            Form::Json => &mut options.json_values,
            Form::File => &mut options.file_values,
            Form::Literal => &mut options.literal_values,
        };
        list.push(flag.input.clone());
    }
    Ok(options)
}
