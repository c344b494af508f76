//! What others deploy to ECS, as charts of native documents.
//!
//! Texts and answers of services go in, files come out: nothing is read, asked or changed here. What is
//! there already keeps its name (services, families, target groups, rules), so that the first upgrade finds
//! it and creates nothing twice.

mod chart;
#[cfg(feature = "tera")]
mod cloudformation;
pub mod copilot;
pub mod live;
#[cfg(feature = "tera")]
pub mod proton;
pub mod service;

pub use chart::{Variant, chart};

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where, below the folder of the chart.
    pub path: String,
    /// What.
    pub text: String,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The chart, its values and configuration, and `IMPORT.md`.
    pub files: Vec<File>,
    /// What could not be taken over: what it is, and what to do about it.
    pub blocked: Vec<(String, String)>,
}

impl Imported {
    /// Adds the page that says what was taken over and what was not; `about` comes first.
    pub fn report(&mut self, about: &str) {
        let mut text = format!("# What was imported\n\n{about}\n");
        if self.blocked.is_empty() {
            text.push_str("\nNothing was left out.\n");
        } else {
            text.push_str("\n## Not taken over\n\n| what | what to do |\n|---|---|\n");
            for (what, todo) in &self.blocked {
                text.push_str(&format!("| {} | {} |\n", cell(what), cell(todo)));
            }
        }
        self.files.push(File {
            path: "IMPORT.md".into(),
            text,
        });
    }
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::chart::{self, Capabilities, File, values};
    use crate::render::{Input, Options, Release, Templates};
    use crate::world::Real;

    /// The objects of a chart with values.
    pub(super) fn render(files: Vec<File>, text: &str) -> Vec<Value> {
        let mut notices = Vec::new();
        let chart = chart::load_files(files, &mut notices).unwrap();
        let user = values::parse(text.as_bytes()).unwrap();
        let values = values::coalesce(&chart, &user, &mut notices).unwrap();
        let input = Input {
            release: Release {
                name: "shop",
                namespace: "default",
                revision: 1,
                is_upgrade: false,
            },
            values: &values,
            capabilities: &Capabilities::default(),
            options: Options::default(),
        };
        let templates = Templates::parse(&chart).unwrap();
        let rendered = self::rendered(&chart, &templates, &input, &mut notices);
        rendered
            .iter()
            .flat_map(|text| super::super::read(text).unwrap())
            .collect()
    }

    fn rendered(
        chart: &chart::Chart,
        templates: &Templates,
        input: &Input<'_>,
        notices: &mut Vec<crate::diag::Notice>,
    ) -> Vec<Vec<u8>> {
        let rendered =
            crate::render::render(chart, templates, input, &Real::new(), notices).unwrap();
        rendered
            .values()
            .map(|text| text.as_bytes().to_vec())
            .collect()
    }
}
