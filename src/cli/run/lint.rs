//! `helm lint` and `pintle lint`.

use super::super::environment::Environment;
use super::super::read::Files;
use super::template::Schemas;
use crate::action::Surroundings;
use crate::action::lint::{self, Options};
use crate::chart::values;
use crate::diag::Error;
use crate::go::flag::FlagSet;
use crate::ui::Terminal;
use crate::world::Real;

/// Examines charts.
///
/// # Errors
/// Options that cannot be read, and the count of charts where some failed.
pub(in crate::cli) fn lint(
    flags: &FlagSet,
    paths: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let list = |name: &str| flags.list(name).to_vec();
    let options = Options {
        paths: paths.to_vec(),
        strict: flags.is("strict"),
        quiet: flags.is("quiet"),
        with_subcharts: flags.is("with-subcharts"),
        kube_version: flags.text("kube-version").to_owned(),
        skip_schema_validation: flags.is("skip-schema-validation"),
        namespace: environment.namespace(flags),
        values: values::Options {
            value_files: list("values"),
            values: list("set"),
            string_values: list("set-string"),
            file_values: list("set-file"),
            json_values: list("set-json"),
            literal_values: list("set-literal"),
        },
        temporary: std::env::temp_dir(),
    };
    let mut files = Files::new();
    let mut notices = Vec::new();
    let result = lint::run(
        &options,
        &mut Surroundings {
            world: &Real::new(),
            files: &mut files,
            remote: &Schemas::default(),
            cluster: None,
        },
        &mut terminal.out,
        &mut notices,
    );
    terminal.log(&notices);
    result
}
