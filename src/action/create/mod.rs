//! `helm create`: a folder with a chart to start from (`pkg/cmd/create.go`,
//! `pkg/chart/v2/util/create.go`, Helm 4.2.4).
//!
//! The scaffold has the files of Helm's, the keys of its values, and renders to the same objects; its
//! text is our own. [`starter`] has more to start from.

pub mod starter;

use std::{fs, io};

use self::starter::Starter;
use crate::chart::{self, Metadata, package};
use crate::diag::{Error, Kind, Notice};
use crate::go::{os, path, strconv};
use crate::value::Frozen;
use crate::world::World;
use crate::yaml;

/// Longest name of a chart (Go: `maxChartNameLength`).
const LONGEST_NAME: usize = 250;
/// What stands for the chart's name in charts to start from.
const PLACEHOLDER: &str = "<CHARTNAME>";
const DESCRIPTION: &str = "A Helm chart for Kubernetes";

/// The scaffold, in the order in which Helm writes it.
const SCAFFOLD: &[(&str, &str)] = &[
    ("Chart.yaml", include_str!("scaffold/Chart.yaml")),
    ("values.yaml", include_str!("scaffold/values.yaml")),
    (".helmignore", include_str!("scaffold/helmignore")),
    (
        "templates/ingress.yaml",
        include_str!("scaffold/templates/ingress.yaml"),
    ),
    (
        "templates/httproute.yaml",
        include_str!("scaffold/templates/httproute.yaml"),
    ),
    (
        "templates/deployment.yaml",
        include_str!("scaffold/templates/deployment.yaml"),
    ),
    (
        "templates/service.yaml",
        include_str!("scaffold/templates/service.yaml"),
    ),
    (
        "templates/serviceaccount.yaml",
        include_str!("scaffold/templates/serviceaccount.yaml"),
    ),
    (
        "templates/hpa.yaml",
        include_str!("scaffold/templates/hpa.yaml"),
    ),
    (
        "templates/NOTES.txt",
        include_str!("scaffold/templates/NOTES.txt"),
    ),
    (
        "templates/_helpers.tpl",
        include_str!("scaffold/templates/_helpers.tpl"),
    ),
    (
        "templates/tests/test-connection.yaml",
        include_str!("scaffold/templates/tests/test-connection.yaml"),
    ),
];

/// What a chart is made of.
#[derive(Clone, Debug)]
pub enum Start {
    /// Helm's usual chart.
    Scaffold,
    /// The chart in this folder or archive.
    Chart(String),
    /// One that comes with the program.
    Starter(&'static Starter),
}

/// What to create.
#[derive(Clone, Debug)]
pub struct Options {
    /// The chart's folder, as typed; its last element is the chart's name.
    pub name: String,
    /// What it is made of.
    pub start: Start,
}

/// Creates a chart. Lines for standard output, warnings about files that are replaced, go to `told`.
///
/// # Errors
/// A name that is none, or what cannot be read or written, in Helm's words.
pub fn run(
    options: &Options,
    world: &dyn World,
    told: &mut Vec<String>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let name = String::from_utf8_lossy(path::base(options.name.as_bytes())).into_owned();
    let folder = path::dir(&options.name);
    match &options.start {
        Start::Chart(chart) => copy(chart, &name, &folder, world, notices),
        Start::Scaffold => {
            let files = SCAFFOLD.iter();
            let files = files.map(|(path, text)| (*path, text.replace(PLACEHOLDER, &name)));
            write(&name, &folder, &files.collect::<Vec<_>>(), told)
        }
        Start::Starter(starter) => {
            check_name(&name)?;
            write(&name, &folder, &starter.files(&name)?, told)
        }
    }
}

fn failure(operation: &str, path: &str, error: &io::Error) -> Error {
    Error::new(Kind::Io, os::path_error(operation, path, error))
}

fn check_name(name: &str) -> Result<(), Error> {
    let usage = |message: String| Err(Error::new(Kind::Usage, message));
    if name.is_empty() || name.len() > LONGEST_NAME {
        return usage(format!(
            "chart name must be between 1 and {LONGEST_NAME} characters"
        ));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !name.bytes().all(is_plain) {
        let pattern = strconv::quote("^[a-zA-Z0-9._-]+$");
        return usage(format!(
            "chart name must match the regular expression {pattern}"
        ));
    }
    Ok(())
}

/// Writes files into `folder/name`; the folder has to exist (Go: `util.Create`).
fn write(
    name: &str,
    folder: &str,
    files: &[(&str, String)],
    told: &mut Vec<String>,
) -> Result<(), Error> {
    check_name(name)?;
    let top = std::path::absolute(folder).map_err(|error| failure("getwd", folder, &error))?;
    let top = path::clean(&top.to_string_lossy());
    let found = fs::metadata(&top).map_err(|error| failure("stat", &top, &error))?;
    if !found.is_dir() {
        return Err(Error::new(Kind::Io, format!("no such directory {top}")));
    }
    let chart = path::join(&[&top, name]);
    check_folder(&chart)?;
    for (file, text) in files {
        let target = path::join(&[&chart, file]);
        if fs::metadata(&target).is_ok() {
            let quoted = strconv::quote(&target);
            told.push(format!(
                "WARNING: File {quoted} already exists. Overwriting."
            ));
        }
        write_file(&target, text.as_bytes())?;
    }
    make_folder(&path::join(&[&chart, "charts"]))
}

fn check_folder(folder: &str) -> Result<(), Error> {
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Err(Error::new(
            Kind::Io,
            format!("file {folder} already exists and is not a directory"),
        )),
        _ => Ok(()),
    }
}

fn make_folder(folder: &str) -> Result<(), Error> {
    os::mkdir_all(folder).map_err(|words| Error::new(Kind::Io, words))
}

fn write_file(target: &str, data: &[u8]) -> Result<(), Error> {
    make_folder(&path::dir(target))?;
    fs::write(target, data).map_err(|error| failure("open", target, &error))
}

/// Copies a chart under another name (Go: `util.CreateFrom`, `util.SaveDir`): the name is put into
/// templates and values, other files stay as they are.
fn copy(
    source: &str,
    name: &str,
    folder: &str,
    world: &dyn World,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let mut chart = chart::load_any(source, notices)
        .map_err(|error| error.wrap(format!("could not load {source}")))?;
    chart.metadata = Metadata::default();
    for (field, text) in [
        (&mut chart.metadata.name, name),
        (&mut chart.metadata.description, DESCRIPTION),
        (&mut chart.metadata.chart_type, "application"),
        (&mut chart.metadata.version, "0.1.0"),
        (&mut chart.metadata.app_version, "0.1.0"),
        (&mut chart.metadata.api_version, "v2"),
    ] {
        text.clone_into(field);
    }
    check_values(&Frozen::Map(chart.values.clone()), name)?;
    let top = path::join(&[folder, name]);
    check_folder(&top)?;
    make_folder(&top)?;
    let place = |file: &str| path::join(&[&top, file]);
    let definition = chart.metadata.encode(true)?;
    let target = place("Chart.yaml");
    fs::write(&target, definition).map_err(|error| failure("open", &target, &error))?;
    if let Some(values) = &chart.values_source {
        write_file(&place("values.yaml"), &named(values.bytes(), name))?;
    }
    if let Some(schema) = &chart.schema {
        write_file(&place("values.schema.json"), &schema.data)?;
    }
    for file in &chart.templates {
        write_file(&place(&file.name), &named(&file.data, name))?;
    }
    for file in &chart.files {
        write_file(&place(&file.name), &file.data)?;
    }
    for child in &chart.dependencies {
        package::save(child, &place("charts"), world.now()).map_err(|error| {
            let full_path = format!("{name}/charts/{}", child.name());
            error.wrap(format!("saving {full_path}"))
        })?;
    }
    Ok(())
}

/// Values have to be values still when they hold the name.
fn check_values(values: &Frozen, name: &str) -> Result<(), Error> {
    let fail = |message: String| Error::new(Kind::Chart, message);
    let text = yaml::encode_frozen(values)
        .map_err(|error| fail(format!("reading values file: {error}")))?;
    yaml::to_map(&named(&text, name))
        .map(drop)
        .map_err(|error| fail(format!("transforming values file: {error}")))
}

/// The text with the name in it.
fn named(text: &[u8], name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for at in memchr::memmem::find_iter(text, PLACEHOLDER) {
        out.extend_from_slice(&text[done..at]);
        out.extend_from_slice(name.as_bytes());
        done = at + PLACEHOLDER.len();
    }
    out.extend_from_slice(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_as_helm_judges_them() {
        for (name, good) in [
            ("a", true),
            ("A.b_c-1", true),
            (".", true),
            ("", false),
            ("a b", false),
            ("a/b", false),
            ("\u{e9}", false),
            (&"x".repeat(250), true),
            (&"x".repeat(251), false),
        ] {
            assert_eq!(check_name(name).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn the_name_takes_the_place_of_the_placeholder() {
        for (text, want) in [
            ("", ""),
            ("a", "a"),
            ("<CHARTNAME><CHARTNAME>x<CHARTNAME", "nnx<CHARTNAME"),
            ("<<CHARTNAME>>", "<n>"),
        ] {
            assert_eq!(named(text.as_bytes(), "n"), want.as_bytes(), "{text}");
        }
    }
}
