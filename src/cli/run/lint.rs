//! `helm lint` and `pintle lint`.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::environment::Environment;
use super::super::read::Files;
use super::source::{getters, source};
use super::template::{Schemas, values_of};
use crate::action::Surroundings;
use crate::action::implied;
use crate::action::lint::{self, Options};
use crate::diag::Error;
use crate::go::flag::FlagSet;
use crate::ui::Terminal;
use crate::world::Real;

/// Under Helm's name: folders and archives.
///
/// # Errors
/// Options that cannot be read, and the count of charts where some failed.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    paths: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let getters = getters(flags, environment, terminal);
    let files = Files::new(getters).with(environment.given_files());
    run(&options(flags, paths, environment), files, terminal)
}

/// Under pintle's own name: charts from anywhere.
///
/// # Errors
/// A chart that cannot be fetched, and whatever [`strict`] fails with.
pub(in crate::cli) fn pintle(
    flags: &FlagSet,
    paths: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let mut options = options(flags, paths, environment);
    let source = source(flags, environment, terminal)?;
    let mut notices = Vec::new();
    let mut files = Files::new(source.places.getters.clone());
    for path in paths {
        let values = values_of(flags);
        let mut around = Surroundings {
            world: &Real::new(),
            files: &mut files,
            remote: &Schemas::default(),
            backend: None,
            post_renderer: None,
        };
        let implied = implied::read(path, &source, &values, &mut around, &mut notices)?;
        if let Some(chart) = implied {
            terminal.log(&std::mem::take(&mut notices));
            options.implied.insert(path.clone(), chart);
            continue;
        }
        if source.repository.is_empty() && Path::new(path).exists() {
            continue;
        }
        let found = source.locate(path, &mut terminal.out, &mut notices);
        terminal.log(&std::mem::take(&mut notices));
        options.fetched.insert(path.clone(), found?);
    }
    let getters = getters(flags, environment, terminal);
    run(&options, Files::new(getters), terminal)
}

fn options(flags: &FlagSet, paths: &[String], environment: &Environment) -> Options {
    Options {
        paths: paths.to_vec(),
        strict: flags.is("strict"),
        quiet: flags.is("quiet"),
        with_subcharts: flags.is("with-subcharts"),
        kube_version: flags.text("kube-version").to_owned(),
        skip_schema_validation: flags.is("skip-schema-validation"),
        namespace: environment.namespace(flags),
        values: values_of(flags),
        temporary: std::env::temp_dir(),
        fetched: BTreeMap::new(),
        implied: BTreeMap::new(),
    }
}

fn run(options: &Options, mut files: Files, terminal: &mut Terminal) -> Result<(), Error> {
    let mut notices = Vec::new();
    let result = lint::run(
        options,
        &mut Surroundings {
            world: &Real::new(),
            files: &mut files,
            remote: &Schemas::default(),
            backend: None,
            post_renderer: None,
        },
        &mut terminal.out,
        &mut notices,
    );
    terminal.log(&notices);
    result
}
