//! `pintle render --target ecs`: what is wanted on Amazon ECS, without asking anybody.

use std::path::Path;

use super::super::environment::Environment;
use super::template;
use crate::backend::ecs::{self, Config, Document, Input, code};
use crate::diag::{Error, Kind};
use crate::ecspresso;
use crate::go::flag::FlagSet;
use crate::go::os;
use crate::ui::Terminal;
use crate::world::{Real, World};

/// Flag that makes errors of warnings.
const STRICT: &str = "strict";

/// The release's name where none is given, as in `helm template`.
const RELEASE: &str = "release-name";

/// The cluster of `--target ecs:CLUSTER`, empty where none is named; nothing for other targets.
pub(in crate::cli) fn cluster(flags: &FlagSet) -> Option<&str> {
    let target = flags.text("target");
    match target.split_once(':') {
        Some(("ecs", cluster)) => Some(cluster),
        None if target == "ecs" => Some(""),
        _ => None,
    }
}

/// What holds, with the cluster that `--target` names.
pub(in crate::cli) fn config(config: &Config, cluster: &str) -> Config {
    let mut config = config.clone();
    if !cluster.is_empty() {
        config.cluster = Some(cluster.to_owned());
    }
    config
}

/// Prints the desired document, and what was found on standard error. The code is 1 where there are
/// errors.
///
/// # Errors
/// Whatever failed before there was something to translate.
pub(in crate::cli) fn render(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    mut config: Config,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    if flags.changed("output-dir") {
        let message = "--output-dir is for manifests; --target ecs prints one document";
        return Err(Error::new(Kind::Usage, message));
    }
    if flags.is(STRICT) {
        config.strict = Some(true);
    }
    let document = document(flags, arguments, environment, &config, terminal)?;
    terminal.print(&text(&document)?);
    tell(&document, terminal);
    Ok(u8::from(document.has_errors()))
}

/// What is wanted, of a chart or a file of manifests.
///
/// # Errors
/// Whatever failed before there was something to translate.
pub(super) fn document(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    config: &Config,
    terminal: &mut Terminal,
) -> Result<Document, Error> {
    let (release, manifest) = match manifest_file(arguments) {
        Some(path) => {
            let read = std::fs::read(path);
            let text =
                read.map_err(|error| Error::new(Kind::Io, os::path_error("open", path, &error)))?;
            let name = match arguments {
                [name, _] => name.as_str(),
                _ => RELEASE,
            };
            (name, text)
        }
        None => {
            let text = template::manifest(flags, arguments, environment, terminal)?;
            let name = match arguments {
                [name, _] => name.as_str(),
                _ => RELEASE,
            };
            (name, text)
        }
    };
    let namespace = environment.namespace(flags);
    translate(&manifest, (release, &namespace), config)
}

/// What is wanted, of a release's manifest.
///
/// # Errors
/// What is no manifest.
pub(in crate::cli) fn translate(
    manifest: &[u8],
    (release, namespace): (&str, &str),
    config: &Config,
) -> Result<Document, Error> {
    let objects = ecs::read(manifest)?;
    Ok(ecs::convert(&Input {
        objects: &objects,
        config,
        release,
        namespace,
        today: Some(&today()?),
    }))
}

/// A document as it is printed.
///
/// # Errors
/// What JSON cannot say.
pub(in crate::cli) fn text(document: &Document) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(&document.to_json());
    let text = text.map_err(|error| Error::new(Kind::Manifest, error.to_string()))?;
    Ok(format!("{text}\n"))
}

/// Writes a document to a file.
///
/// # Errors
/// A file that cannot be written.
pub(in crate::cli) fn write(path: &str, text: &str) -> Result<(), Error> {
    std::fs::write(path, text)
        .map_err(|error| Error::new(Kind::Io, os::path_error("open", path, &error)))
}

/// The last argument where it is a file of manifests and no chart.
fn manifest_file(arguments: &[String]) -> Option<&str> {
    let last = arguments.last()?;
    let path = Path::new(last);
    let extension = path.extension().and_then(|extension| extension.to_str());
    let is_manifest = matches!(extension, Some("yaml" | "yml" | "json"))
        && path.is_file()
        && ecspresso::find(path).is_none();
    is_manifest.then_some(last.as_str())
}

/// The day, as ISO 8601 writes it.
pub(super) fn today() -> Result<String, Error> {
    let now = jiff::Timestamp::try_from(Real::new().now());
    let now = now.map_err(|error| Error::new(Kind::Usage, error.to_string()))?;
    Ok(now.strftime("%Y-%m-%d").to_string())
}

/// The findings, errors first, each with what to do about it.
pub(in crate::cli) fn tell(document: &Document, terminal: &Terminal) {
    let mut found: Vec<&ecs::desired::Diagnostic> = document.diagnostics.iter().collect();
    found.sort_by_key(|it| it.level);
    for it in &found {
        let place = match it.path.as_str() {
            "" => it.object.clone(),
            path => format!("{} {path}", it.object),
        };
        terminal.complain(&format!(
            "{} {}: {place}: {}\n",
            it.level.word(),
            it.code_text(),
            it.message
        ));
        let fix = code::explain(it.code).map_or("", |(_, fix)| fix);
        if it.level != ecs::desired::Level::Info && !fix.is_empty() {
            terminal.complain(&format!("  {fix}\n"));
        }
    }
    if document.has_errors() {
        terminal.complain("Nothing is applied while there are errors.\n");
    }
}
