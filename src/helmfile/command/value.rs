//! `write-values`.

use super::Fleet;
use super::plan::choose;
use super::render::write;
use crate::helmfile::data::{Data, Entries, decode, encode, overlay};
use crate::helmfile::layer::{self, Ledger, Rank};
use crate::helmfile::load::State;
use crate::helmfile::select::{Installed, Transitive, is_installed};
use crate::helmfile::visit::Walk;
use crate::helmfile::{Failure, file, set};

/// `write-values`
#[derive(Clone, Debug, Default)]
pub struct WriteValues {
    /// `--values`
    pub values: Vec<String>,
    /// `--set`, which Helmfile takes and forgets.
    pub set: Vec<String>,
    /// What the file of each release is called.
    pub output_file_template: String,
}

impl Fleet<'_> {
    /// Writes the values of the releases of all states.
    ///
    /// # Errors
    /// What failed first.
    pub fn write_values(&self, options: &WriteValues) -> Result<(), Failure> {
        let preparation = self.preparation("write-values");
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                let failures = self.with_charts(state, &preparation, |state| {
                    let written = self.write_all(state, options);
                    written.err().map(Failure::of).into_iter().collect()
                });
                (false, failures)
            },
        })
    }

    fn write_all(&self, state: &mut State, options: &WriteValues) -> Result<(), String> {
        let (selected, _) = choose(state, Transitive::Excluded)?;
        state.releases.clone_from(&selected);
        let installed = Installed::of(state);
        for mut release in selected.into_iter().filter(is_installed) {
            self.put_over(&installed, &mut release);
            let given = self.values_files(state, &release)?;
            for name in &options.values {
                self.flag_file(name).map_err(|(_, error)| error)?;
            }
            let path = self.output_file(state, &release, &options.output_file_template)?;
            self.info(&format!("Writing values file {path}"));
            let mut merged = Entries::new();
            let ledger = self.ledger.as_ref().map(|_| Ledger::default());
            let mut add = |name: &str, label: &str, text: &[u8]| -> Result<(), String> {
                let data =
                    decode(text).map_err(|error| format!("unmarshalling yaml {name}: {error}"))?;
                let data = data.with_string_keys()?;
                if let Some(ledger) = &ledger {
                    ledger.file(Rank::Value, label, text, &data);
                }
                if let Data::Map(values) = data {
                    overlay(&mut merged, &values);
                }
                Ok(())
            };
            for file in &given {
                add(&file.name, &file.label, &file.text)?;
            }
            for name in &options.values {
                let text = file::read(name).map_err(|error| format!("reading {name}: {error}"))?;
                add(name, name, &text)?;
            }
            for text in &options.set {
                set(&mut merged, text)?;
            }
            let values = Data::map(merged.clone());
            let mut text = encode(&values)?;
            if let Some(ledger) = &ledger {
                text = Ledger::annotate(&text, |path| {
                    ledger.find(path, &layer::find(&merged, path)?)
                });
            }
            write(&path, &text).map_err(|error| format!("writing values file {path}: {error}"))?;
            self.clean_up(state, &release, "write-values");
        }
        Ok(())
    }
}
