//! `helm package`: a chart folder to an archive (`pkg/action/package.go`, Helm 4.2.4), and its
//! signature.

use std::path::Path;

use super::dependency::Manager;
use super::source::Source;
use crate::chart::provenance::{self, Keyring, Passphrases, Signer};
use crate::chart::{self, dependency, package};
use crate::diag::{Error, Kind, Notice};
use crate::fetch::file;
use crate::go::{os, path, semver};
use crate::world::World;

/// What to pack, and under which version.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The chart's folder, as typed.
    pub chart: String,
    /// Replaces the chart's version, unless empty.
    pub version: String,
    /// Replaces the chart's appVersion, unless empty.
    pub app_version: String,
    /// Where the archive goes; `.` gives an absolute path.
    pub destination: String,
    /// Where dependencies come from, where they are to be fetched first.
    pub update: Option<Source>,
    /// How to sign the archive, where that is to be done.
    pub signing: Option<Signing>,
}

/// Who signs.
#[derive(Clone, Debug, Default)]
pub struct Signing {
    /// The name of the key, or a part of it.
    pub key: String,
    /// The file with the keys.
    pub keyring: String,
}

/// Packs a chart; returns the path of the archive.
///
/// # Errors
/// A chart that cannot be read or is not complete, or what cannot be written, in Helm's words.
pub fn run(
    options: &Options,
    passphrases: &mut dyn Passphrases,
    world: &dyn World,
    notices: &mut Vec<Notice>,
) -> Result<String, Error> {
    let io = |operation: &str, path: &str, error: &std::io::Error| {
        Error::new(Kind::Io, os::path_error(operation, path, error))
    };
    let here = || std::env::current_dir().map_err(|error| io("getwd", ".", &error));
    let folder = match options.chart.starts_with('/') {
        true => path::clean(&options.chart),
        false => path::clean(&format!("{}/{}", here()?.display(), options.chart)),
    };
    std::fs::metadata(&options.chart).map_err(|error| io("stat", &options.chart, &error))?;
    if let Some(source) = &options.update {
        // Helm says nothing of what it fetches here.
        Manager::of(folder.clone(), source, world).update(&mut Vec::new(), notices)?;
    }
    if !Path::new(&folder).is_dir() {
        let file = format!("{folder}/Chart.yaml");
        let message = format!("unable to detect chart at {file}: open {file}: not a directory");
        return Err(Error::new(Kind::Chart, message));
    }
    let mut chart = chart::load(&folder, notices)?;
    if !options.version.is_empty() {
        chart.metadata.version.clone_from(&options.version);
    }
    semver::Version::parse(&chart.metadata.version)
        .map_err(|error| Error::new(Kind::Chart, error.to_string()))?;
    if !options.app_version.is_empty() {
        chart.metadata.app_version.clone_from(&options.app_version);
    }
    dependency::check(&chart).map_err(|error| {
        // `helm package` gives no advice.
        let found = error.message().find("found in Chart.yaml");
        let message = error.message()[found.unwrap_or(0)..].to_owned();
        error.with_message(message)
    })?;
    let destination = match options.destination.as_str() {
        "." => here()?.to_string_lossy().into_owned(),
        other => other.to_owned(),
    };
    let saved = package::save(&chart, &destination, world.now())
        .map_err(|error| error.wrap("failed to save"))?;
    if let Some(signing) = &options.signing {
        sign(&saved, signing, passphrases, world, notices)?;
    }
    Ok(saved)
}

/// Writes the `.prov` file of an archive (`Package.Clearsign`).
fn sign(
    archive: &str,
    signing: &Signing,
    passphrases: &mut dyn Passphrases,
    world: &dyn World,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let keys = Keyring::load(&signing.keyring)?;
    let signer = Signer::new(&keys, &signing.key, passphrases)?;
    let chart = chart::load(archive, notices)
        .map_err(|error| error.wrap("failed to load chart for signing"))?;
    let metadata = chart
        .metadata
        .encode(true)
        .map_err(|error| error.wrap("failed to marshal chart metadata"))?;
    let bytes = std::fs::read(archive).map_err(|error| {
        Error::new(Kind::Io, os::path_error("open", archive, &error))
            .wrap("failed to read chart archive")
    })?;
    let name = path::base(archive.as_bytes());
    let text = provenance::message(&bytes, &String::from_utf8_lossy(name), &metadata)?;
    let mut salt = [0; 32];
    world.fill_random(&mut salt);
    let message = signer.sign(&text, world.now(), salt)?;
    file::write(&format!("{archive}.prov"), &message, 0o644)
}
