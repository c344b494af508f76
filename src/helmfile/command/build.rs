//! `build` and `print-env`.

use super::Fleet;
use crate::helmfile::Failure;
use crate::helmfile::data::{Data, Entries, encode, json_indented};
use crate::helmfile::layer::{self, Ledger};
use crate::helmfile::load::{State, key};
use crate::helmfile::visit::Walk;
use crate::value::{Path, Segment, Text};

/// `build`
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// Files of values are replaced by what is in them.
    pub embed_values: bool,
}

/// `print-env`
#[derive(Clone, Debug, Default)]
pub struct PrintEnv {
    /// `yaml` or `json`, as written.
    pub output: String,
}

impl Fleet<'_> {
    /// Prints all states as they are meant.
    ///
    /// # Errors
    /// What failed first.
    pub fn build(&self, options: &Build) -> Result<(), Failure> {
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                let failures = self.with_charts(state, &Fleet::looking("build"), |state| {
                    let built = self.built(state, options);
                    match built {
                        Ok(text) => {
                            self.host.print(text.as_bytes());
                            Vec::new()
                        }
                        Err(message) => vec![Failure::of(message)],
                    }
                });
                (false, failures)
            },
        })
    }

    fn built(&self, state: &mut State, options: &Build) -> Result<String, String> {
        if options.embed_values {
            let mut releases = std::mem::take(&mut state.releases);
            for release in &mut releases {
                for key in ["values", "secrets"] {
                    let entries = self.embedded(state, release, key)?;
                    match entries.is_empty() {
                        true => release.remove(key),
                        false => release.set(key, Data::list(entries)),
                    }
                }
            }
            state.releases = releases;
        }
        let source = self.source_of(state);
        Ok(format!("---\n#  Source: {source}\n\n{}", state.written()?))
    }

    /// Prints the values of all states.
    ///
    /// # Errors
    /// What failed first; it is none that there are no releases.
    pub fn print_env(&self, options: &PrintEnv) -> Result<(), Failure> {
        let is_json = options.output == "json";
        if is_json {
            self.host.print(b"[\n");
        }
        let mut is_first = true;
        let result = self.each(Walk {
            filters: false,
            with_needs: false,
            act: &mut |state| {
                let printed = self.environment(state, &options.output, is_first);
                match printed {
                    Ok(text) => {
                        is_first = false;
                        self.host.print(text.as_bytes());
                        (false, Vec::new())
                    }
                    Err(message) => (false, vec![Failure::of(message)]),
                }
            },
        });
        if is_json {
            self.host.print(b"\n]\n");
        }
        match result {
            Err(failure) if failure.is_no_match() => Ok(()),
            result => result,
        }
    }

    fn environment(&self, state: &State, output: &str, is_first: bool) -> Result<String, String> {
        let environment = &state.environment;
        let mut entries = Entries::new();
        let path = self.source_of(state);
        entries.insert(key("filePath"), Data::string(path));
        entries.insert(key("name"), Data::string(environment.name.as_str()));
        entries.insert(key("values"), Data::Map(environment.merged()));
        if !environment.kube_context.is_empty() {
            let context = Data::string(environment.kube_context.as_str());
            entries.insert(key("kubeContext"), context);
        }
        let values = environment.merged();
        let find = |path: &Path| {
            let value = layer::find(&values, path)?;
            self.ledger.as_ref()?.find(path, &value)
        };
        if self.ledger.is_some() && output == "json" {
            let origins = layer::leaves(&values).into_iter().filter_map(|(path, _)| {
                Some((Text::from(path.to_string()), Data::string(find(&path)?)))
            });
            entries.insert(key("origins"), Data::map(origins.collect()));
        }
        let data = Data::map(entries);
        match output {
            "json" => {
                let text = json_indented(&data, "  ")
                    .map_err(|error| format!("failed to marshal to JSON: {error}"))?;
                let comma = if is_first { "" } else { ",\n" };
                Ok(format!("{comma}  {text}"))
            }
            "yaml" | "" => {
                let text =
                    encode(&data).map_err(|error| format!("failed to marshal to YAML: {error}"))?;
                let text = match self.ledger {
                    Some(_) => Ledger::annotate(&text, |path| match path.0.split_first() {
                        Some((Segment::Key(first), rest)) if first.as_ref() == b"values" => {
                            find(&Path(rest.to_vec()))
                        }
                        _ => None,
                    }),
                    None => text,
                };
                let text = String::from_utf8_lossy(&text);
                let line = if is_first { "" } else { "---\n" };
                Ok(format!("{line}{text}"))
            }
            other => Err(format!(
                "unsupported output format: {other} (supported: yaml, json)"
            )),
        }
    }
}
