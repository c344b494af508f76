//! `fetch`: charts are brought to a folder, for those who cannot reach where they come from.

use std::fs;

use super::{Fleet, Preparation};
use crate::go::os;
use crate::helmfile::Failure;
use crate::helmfile::data::Data;
use crate::helmfile::prepare::Download;
use crate::helmfile::visit::Walk;

/// `fetch`
#[derive(Clone, Debug, Default)]
pub struct Fetch {
    /// Where charts go; empty for a folder that is gone afterwards.
    pub output_dir: String,
    /// What the folder of each chart is called.
    pub output_dir_template: String,
    /// The state is printed, with charts where they were put.
    pub write_output: bool,
}

impl Fleet<'_> {
    /// Fetches the charts of all releases.
    ///
    /// # Errors
    /// What failed first.
    pub fn fetch(&self, options: &Fetch) -> Result<(), Failure> {
        if options.write_output && options.output_dir.is_empty() {
            let message = "--output-dir is required when --write-output is set";
            return Err(Failure::of(match self.options.own {
                true => message.to_owned(),
                false => format!("unexpected error: *errors.errorString: {message}"),
            }));
        }
        let temporary = match options.output_dir.as_str() {
            "" => Some(format!(
                "{}/helmfile{}",
                self.options.temporary,
                self.number()
            )),
            _ => None,
        };
        let mut written = String::new();
        let result = self.fetch_to(options, temporary.as_deref(), &mut written);
        if let Some(folder) = temporary.filter(|folder| fs::exists(folder).unwrap_or_default()) {
            fs::remove_dir_all(&folder)
                .map_err(|error| os::path_error("remove", &folder, &error))?;
        }
        if result.is_ok() {
            self.host.print(written.as_bytes());
        }
        result
    }

    fn fetch_to(
        &self,
        options: &Fetch,
        temporary: Option<&str>,
        written: &mut String,
    ) -> Result<(), Failure> {
        let preparation = Preparation {
            download: Some(Download {
                folder: temporary.unwrap_or(&options.output_dir).to_owned(),
                template: options.output_dir_template.clone(),
                copies: true,
                tells: temporary.is_none(),
            }),
            ..self.preparation("pull")
        };
        let mut count = 0;
        self.each(Walk {
            filters: true,
            with_needs: false,
            act: &mut |state| {
                count += 1;
                if options.write_output && count > 1 {
                    let message = "--write-output requires a single helmfile state file, but multiple were found; use -f to specify a single helmfile instead of a directory or a helmfile with nested helmfiles: entries";
                    return (false, vec![Failure::of(message)]);
                }
                let failures = self.with_charts(state, &preparation, |state| {
                    if !options.write_output {
                        return Vec::new();
                    }
                    for release in &mut state.releases {
                        let path = release.text("chartPath").to_owned();
                        if !path.is_empty() {
                            release.set("chart", Data::string(path));
                            release.remove("chartPath");
                        }
                    }
                    match state.written() {
                        Ok(text) => {
                            let source = self.source_of(state);
                            written.push_str(&format!("---\n#  Source: {source}\n\n{text}"));
                            Vec::new()
                        }
                        Err(message) => vec![Failure::of(message)],
                    }
                });
                (false, failures)
            },
        })
    }
}
