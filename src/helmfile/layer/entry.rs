//! Lists of files and maps that give state values (`EnvironmentValuesLoader`), and where files are
//! (`Storage`).

use std::sync::Arc;

use super::{Environment, Ledger, Rank, hcl};
use crate::diag::Level;
use crate::go::path;
use crate::go::url::Url;
use crate::helmfile::Log;
use crate::helmfile::data::{Data, Entries, decode, fill, overlay};
use crate::helmfile::file;
use crate::helmfile::remote::{self, Remote};
use crate::helmfile::template::{Renderer, environment, structure};
use crate::value::{Type, Value};

/// What is done about a file that is missing.
#[derive(Clone, Copy, Debug)]
pub(in crate::helmfile) struct Handler<'a> {
    /// `Error`, `Warn`, `Info` or `Debug`, as written.
    pub(in crate::helmfile) name: &'a str,
    /// Whether a branch that a git repository does not have is a missing file.
    pub(in crate::helmfile) ignores_branches: bool,
}

impl Default for Handler<'_> {
    fn default() -> Self {
        Handler {
            name: "Error",
            ignores_branches: false,
        }
    }
}

/// Who wins among files of one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::helmfile) enum Strategy {
    /// The later one.
    Override,
    /// The earlier one.
    Fallback,
}

/// Reads values of a state file.
#[derive(Clone, Copy)]
pub(in crate::helmfile) struct Loader<'a> {
    pub(in crate::helmfile) renderer: &'a Renderer,
    pub(in crate::helmfile) log: &'a dyn Log,
    pub(in crate::helmfile) remote: &'a dyn Remote,
    /// The folder that paths are relative to.
    pub(in crate::helmfile) base: &'a str,
    /// The state file, for messages.
    pub(in crate::helmfile) file: &'a str,
    /// Where it is noted what was read, if anybody asks.
    pub(in crate::helmfile) ledger: Option<&'a Ledger>,
    /// How strong what is read is.
    pub(in crate::helmfile) rank: Rank,
}

/// A path of a state file, as it is looked for from here (`normalizePath`).
pub(in crate::helmfile) fn normalise(base: &str, name: &str) -> String {
    let has_scheme = Url::parse(name).is_ok_and(|url| !url.scheme.is_empty());
    if has_scheme || name.starts_with('/') {
        return name.to_owned();
    }
    let is_below = !base.is_empty() && base != "." && name.starts_with(&format!("{base}/"));
    match is_below {
        true => name.to_owned(),
        false => path::join(&[base, name]),
    }
}

impl Loader<'_> {
    /// The files that a path, a pattern or an address stands for; nothing where it is missing and
    /// that may be. `kind` is what they are called.
    ///
    /// # Errors
    /// Missing files, and what fetching fails with.
    pub(in crate::helmfile) fn resolve(
        &self,
        name: &str,
        kind: &str,
        handler: Handler<'_>,
    ) -> Result<Vec<String>, String> {
        let files = if remote::is_remote(name) {
            match self.remote.fetch(name, "values") {
                Ok(found) => vec![found]
                    .into_iter()
                    .filter(|path| file::is_file(path))
                    .collect(),
                Err(error) if handler.ignores_branches && is_missing_branch(&error) => {
                    let message = format!("Ignored missing git branch error: {error}");
                    self.log.log(Level::Debug, &message);
                    Vec::new()
                }
                Err(error) => return Err(error),
            }
        } else {
            let mut files = file::glob(&normalise(self.base, name))
                .map_err(|error| format!("failed processing {name}: {error}"))?;
            files.sort();
            files
        };
        if !files.is_empty() {
            return Ok(files);
        }
        let level = match handler.name {
            "Error" => {
                return Err(format!(
                    "{kind} file matching \"{name}\" does not exist in \"{}\"",
                    self.base
                ));
            }
            "Warn" => Level::Warn,
            "Info" => Level::Info,
            "Debug" => Level::Debug,
            other => {
                return Err(format!(
                    "invalid missing file handler \"{other}\" while processing \"{name}\" in \"{}\": it must be one of [Error Warn Info Debug]",
                    self.file
                ));
            }
        };
        let message = format!("skipping missing {kind} file matching \"{name}\"");
        self.log.log(level, &message);
        Ok(Vec::new())
    }

    /// The values of a list of files and maps.
    ///
    /// # Errors
    /// Helmfile's words for whatever failed first.
    pub(in crate::helmfile) fn values(
        &self,
        entries: &[Data],
        handler: Handler<'_>,
        context: &Environment,
        strategy: Strategy,
    ) -> Result<Entries, String> {
        let mut all = Entries::new();
        let mut others = hcl::Files::default();
        for entry in entries {
            match entry {
                Data::String(name) => {
                    let name = name.to_str_lossy();
                    for file in self.resolve(&name, "environment values", handler)? {
                        if file.ends_with(".hcl") {
                            others.add(&file);
                            continue;
                        }
                        let values = self.file(&file, context, strategy, &all)?;
                        add(&mut all, &values, strategy);
                    }
                }
                Data::Map(_) | Data::Foreign(_) => {
                    let values = entry.with_string_keys()?;
                    match (self.ledger, self.rank) {
                        (None, _) => {}
                        (Some(ledger), Rank::Set) => {
                            ledger.words(Rank::Set, "--state-values-set", &values);
                        }
                        (Some(ledger), rank) => ledger.entry(rank, self.file, &values),
                    }
                    add(&mut all, &values, strategy);
                }
                other => {
                    return Err(format!(
                        "unexpected type of value: value={other}, type={}",
                        other.type_name()
                    ));
                }
            }
        }
        if !others.is_empty() {
            let values = Data::map(others.evaluate()?);
            if let Some(ledger) = self.ledger {
                ledger.words(self.rank, "files in HCL", &values);
            }
            add(&mut all, &values, strategy);
        }
        Ok(all)
    }

    /// The values of a file.
    fn file(
        &self,
        file: &str,
        context: &Environment,
        strategy: Strategy,
        so_far: &Entries,
    ) -> Result<Data, String> {
        static TYPE: Type = Type::Pointer(&Type::Struct("state.EnvironmentTemplateData"));
        let failed =
            |error: String| format!("failed to load environment values file \"{file}\": {error}");
        let data = || {
            let mut values = context.merged();
            if strategy == Strategy::Fallback && !so_far.is_empty() {
                let mut enriched = so_far.clone();
                overlay(&mut enriched, &values);
                values = Arc::new(enriched);
            }
            let values = Data::Map(values).thaw();
            structure(
                &TYPE,
                vec![
                    ("Environment", environment(&context.for_state())),
                    ("Namespace", Value::string("")),
                    ("Values", values.clone()),
                    ("StateValues", values),
                ],
            )
        };
        let text = match file.ends_with(".gotmpl") {
            true => self.renderer.file(file, &data()),
            false => self.renderer.file(file, &Value::Nil),
        };
        let text = text.map_err(failed)?;
        let read = decode(&text).and_then(|data| match data {
            Data::Null => Ok(Data::map(Entries::new())),
            Data::Map(_) | Data::Foreign(_) => Ok(data),
            other => Err(not_a_map(&other, &text)),
        });
        let values = read.map_err(|error| {
            let text = String::from_utf8_lossy(&text);
            format!("{}\n\nOffending YAML:\n{text}", failed(error))
        })?;
        let values = values.with_string_keys()?;
        if let Some(ledger) = self.ledger {
            ledger.file(self.rank, file, &text, &values);
        }
        Ok(values)
    }
}

/// yaml.v3's words for a document that is no map.
fn not_a_map(found: &Data, text: &[u8]) -> String {
    let tag = match found {
        Data::List(_) => "!!seq".to_owned(),
        other => {
            let tag = match other {
                Data::Bool(_) => "!!bool",
                Data::Int(_) | Data::Uint(_) => "!!int",
                Data::Float(_) => "!!float",
                Data::Time(_) => "!!timestamp",
                _ => "!!str",
            };
            let text = String::from_utf8_lossy(text);
            let text = text.trim();
            match text.len() > 10 {
                true => format!("{tag} `{}...`", &text[..text.floor_char_boundary(7)]),
                false => format!("{tag} `{text}`"),
            }
        }
    };
    format!(
        "yaml: unmarshal errors:\n  line 1: cannot unmarshal {tag} into map[string]interface {{}}"
    )
}

fn is_missing_branch(error: &str) -> bool {
    error.contains("' did not match any file(s) known to git")
}

fn add(all: &mut Entries, values: &Data, strategy: Strategy) {
    let Data::Map(values) = values else {
        return;
    };
    match strategy {
        Strategy::Override => overlay(all, values),
        Strategy::Fallback => fill(all, values),
    }
}
