//! `helm template` and `pintle render`.

use std::cell::OnceCell;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::super::environment::Environment;
use super::super::read::Files;
use super::cluster;
use super::plugin::PostRendering;
use super::source::source;
use crate::action::Surroundings;
use crate::action::source::Source;
use crate::action::template::{self, Options};
use crate::chart::{schema, values};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::flag::FlagSet;
use crate::go::{os, strconv};
use crate::net::{self, Client};
use crate::render::postrender::PostRenderer;
use crate::ui::Terminal;
use crate::value::Frozen;
use crate::world::Real;
use crate::yaml;

/// Under Helm's name.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    run(flags, arguments, environment, terminal, &Real::new())
}

/// Under pintle's own name: repeatable where that is asked for, and plain about what is not read.
///
/// # Errors
/// Whatever failed first.
pub(in crate::cli) fn pintle(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let world = world(flags)?;
    run(flags, arguments, environment, terminal, &world)
}

/// The manifest alone, as [`pintle`] would print it.
///
/// # Errors
/// Whatever failed first.
pub(super) fn manifest(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Vec<u8>, Error> {
    let world = world(flags)?;
    let printed = std::mem::take(&mut terminal.rest);
    let result = run(flags, arguments, environment, terminal, &world);
    let manifest = std::mem::replace(&mut terminal.rest, printed);
    result.map(|()| manifest.concat())
}

fn run(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
    world: &Real,
) -> Result<(), Error> {
    let source = source(flags, environment, terminal)?;
    let dry_run = dry_run(flags, terminal)?;
    if matches!(dry_run, DryRun::No) {
        return Err(not_for_template(flags.text("dry-run")));
    }
    let mut notices = Vec::new();
    let mut files = Files::new(source.places.getters.clone()).with(environment.given_files());
    let options = options(flags, arguments, environment, source);
    let asks = matches!(dry_run, DryRun::Server) || flags.is("validate");
    let backend = asks
        .then(|| cluster::connect(flags, environment))
        .transpose()?;
    let post = PostRendering::of(flags, environment)?;
    let renderer = post.as_ref().map(|post| |text: &[u8]| post.run(text));
    let result = template::run(
        &options,
        &mut Surroundings {
            world,
            files: &mut files,
            remote: &Schemas::default(),
            backend: backend.as_deref(),
            post_renderer: renderer
                .as_ref()
                .map(|renderer| renderer as &PostRenderer<'_>),
        },
        &mut terminal.rest,
        &mut notices,
    );
    terminal.log(&notices);
    result
}

/// What `--dry-run` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DryRun {
    /// To do it.
    No,
    /// To try it without a cluster.
    Client,
    /// To try it with one.
    Server,
}

/// Reads `--dry-run`, with the words of Helm for its old forms (Go: `cmdGetDryRunFlagStrategy`).
///
/// # Errors
/// Values that there are not.
pub(super) fn dry_run(flags: &FlagSet, terminal: &Terminal) -> Result<DryRun, Error> {
    let warn = |message: String| terminal.log(&[Notice::new(Level::Warn, message)]);
    match flags.text("dry-run") {
        "unset" => {
            warn("--dry-run is deprecated and should be replaced with '--dry-run=client'".into());
            Ok(DryRun::Client)
        }
        "client" => Ok(DryRun::Client),
        "server" => Ok(DryRun::Server),
        "none" => Ok(DryRun::No),
        other => {
            let Ok(is_dry) = strconv::parse_bool(other) else {
                let quoted = strconv::quote(other);
                let message = format!(
                    "invalid dry-run value ({quoted}). Must be \"none\", \"server\", or \"client\""
                );
                return Err(Error::new(Kind::Usage, message));
            };
            let (found, now) = match is_dry {
                true => (DryRun::Client, "client"),
                false => (DryRun::No, "none"),
            };
            warn(format!(
                "boolean '--dry-run={other}' flag is deprecated and must be replaced with '--dry-run={now}'"
            ));
            Ok(found)
        }
    }
}

fn not_for_template(dry_run: &str) -> Error {
    let quoted = strconv::quote(dry_run);
    let message = format!("invalid dry-run value ({quoted}). Must be \"server\" or \"client\"");
    Error::new(Kind::Usage, message)
}

/// The flags that set values.
pub(super) fn values_of(flags: &FlagSet) -> values::Options {
    let list = |name: &str| flags.list(name).to_vec();
    values::Options {
        value_files: list("values"),
        values: list("set"),
        string_values: list("set-string"),
        file_values: list("set-file"),
        json_values: list("set-json"),
        literal_values: list("set-literal"),
    }
}

/// The labels of `--labels`.
pub(super) fn labels_of(flags: &FlagSet) -> Vec<(String, String)> {
    flags
        .list("labels")
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn options(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    source: Source,
) -> Options {
    let list = |name: &str| flags.list(name).to_vec();
    let text = |name: &str| flags.text(name).to_owned();
    Options {
        arguments: arguments.to_vec(),
        generate_name: flags.is("generate-name"),
        name_template: text("name-template"),
        namespace: environment.namespace(flags),
        source,
        dependency_update: flags.is("dependency-update"),
        values: values_of(flags),
        kube_version: text("kube-version"),
        api_versions: list("api-versions"),
        labels: labels_of(flags),
        skip_crds: flags.is("skip-crds"),
        include_crds: flags.is("include-crds"),
        skip_tests: flags.is("skip-tests"),
        no_hooks: flags.is("no-hooks"),
        show_only: list("show-only"),
        output_dir: text("output-dir"),
        use_release_name: flags.is("release-name"),
        ends_process: environment.errand.is_none(),
        is_upgrade: flags.is("is-upgrade"),
        skip_schema_validation: flags.is("skip-schema-validation"),
        enable_dns: flags.is("enable-dns"),
        debug: flags.is("debug"),
    }
}

/// Schemas that a `values.schema.json` refers to, over HTTP; the client starts with the first.
#[derive(Default)]
pub(super) struct Schemas(OnceCell<Client>);

impl schema::Remote for Schemas {
    fn fetch(&self, url: &str) -> Result<Vec<u8>, String> {
        let client = self.0.get_or_init(|| {
            Client::new(net::Options {
                timeout: Duration::from_secs(15),
                ..net::Options::default()
            })
        });
        let answer = client
            .request(url)
            .map_err(|error| format!("HTTP request failed for {url}: {error}"))?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        Err(format!(
            "HTTP request to {url} returned status {} ({})",
            answer.status, answer.reason
        ))
    }
}

impl values::Files for Files {
    fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        self.fetch(name)
    }
}

/// The world as `--seed`, `--now` and `--lookup-from` want it.
fn world(flags: &FlagSet) -> Result<Real, Error> {
    let mut world = Real::new();
    let now = flags.text("now");
    if !now.is_empty() {
        let time: jiff::Timestamp = now.parse().map_err(|_| {
            let message = format!("--now {now}: that is no time like 2026-01-02T15:04:05Z");
            Error::new(Kind::Usage, message)
        })?;
        world = world.with_now(SystemTime::from(time));
    }
    let seed = flags.text("seed");
    if !seed.is_empty() {
        world = world.with_seed(seed);
    }
    let from = flags.list("lookup-from");
    if !from.is_empty() {
        let mut objects = Vec::new();
        for path in from {
            objects_of(Path::new(path), &mut objects)?;
        }
        world = world.with_objects(objects);
    }
    Ok(world)
}

/// Adds the objects of a file, or of the `.yaml`, `.yml` and `.json` files below a folder.
fn objects_of(path: &Path, objects: &mut Vec<Frozen>) -> Result<(), Error> {
    let shown = path.display();
    let io = |error| Error::new(Kind::Io, os::path_error("open", shown.to_string(), &error));
    if !path.is_dir() {
        let text = std::fs::read(path).map_err(io)?;
        for document in yaml_documents(&text) {
            let object = yaml::to_frozen(document)
                .map_err(|error| Error::new(Kind::Values, format!("{shown}: {error}")))?;
            if object != Frozen::Null {
                objects.push(object);
            }
        }
        return Ok(());
    }
    for entry in walkdir::WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
    {
        let entry = entry.map_err(|error| {
            let message = format!("reading the objects in {shown}: {error}");
            Error::new(Kind::Io, message)
        })?;
        let extension = entry
            .path()
            .extension()
            .and_then(|extension| extension.to_str());
        if entry.file_type().is_file() && matches!(extension, Some("yaml" | "yml" | "json")) {
            objects_of(entry.path(), objects)?;
        }
    }
    Ok(())
}

/// The parts of a text between lines that begin with `---`.
fn yaml_documents(text: &[u8]) -> Vec<&[u8]> {
    let mut documents = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"---")
            && matches!(line.get(3), None | Some(b' ' | b'\n' | b'\r' | b'\t'))
        {
            documents.push(&text[start..at]);
            start = at;
        }
        at += line.len();
    }
    documents.push(&text[start..]);
    documents
}
