//! `helm pull` (`pkg/action/pull.go`, Helm 4.2.4), of repositories and addresses.

use std::fs;
use std::path::Path;

use super::source::Source;
use crate::chart::{self, Metadata};
use crate::diag::{Error, Kind, Notice};
use crate::fetch::{Clients, Downloader, Provenance, file, find_in_repository};
use crate::go::{os, path, strconv};

/// What to fetch.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The chart, as typed.
    pub chart: String,
    /// Where it comes from.
    pub source: Source,
    /// Fetch the signature without checking it.
    pub provenance: bool,
    /// The folder for the archive.
    pub destination: String,
    /// Unpack it.
    pub untar: bool,
    /// The folder to unpack into, as seen from the destination.
    pub untar_folder: String,
    /// The folder for what is there for a moment only.
    pub temporary: String,
}

/// Fetches a chart; gives what to print.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(options: &Options, notices: &mut Vec<Notice>) -> Result<Vec<u8>, Error> {
    let source = &options.source;
    source.log_devel(notices);
    let version = source.wanted_version();
    let clients = Clients::default();
    let downloader = Downloader {
        places: &source.places,
        access: source.access.clone(),
        provenance: match (source.verify, options.provenance) {
            (true, _) => Provenance::Always,
            (false, true) => Provenance::Later,
            (false, false) => Provenance::Never,
        },
        clients: &clients,
    };
    let mut reference = options.chart.clone();
    if !source.repository.is_empty() {
        reference = find_in_repository(
            &source.repository,
            &reference,
            version,
            &source.access,
            &clients,
            notices,
        )?;
    }
    let mut out = Vec::new();
    if !options.untar {
        downloader.download_to(&reference, version, &options.destination, &mut out, notices)?;
        return Ok(out);
    }
    let folder =
        Temporary::new(&options.temporary).map_err(|error| error.wrap("failed to untar"))?;
    let saved = downloader.download_to(&reference, version, &folder.0, &mut out, notices)?;
    let target = match options.untar_folder.starts_with('/') {
        true => options.untar_folder.clone(),
        false => path::join(&[&options.destination, &options.untar_folder]),
    };
    let name = options.chart.rsplit('/').next().unwrap_or_default();
    let place = match &*target {
        "." => name.to_owned(),
        target => path::join(&[target, name]),
    };
    if fs::metadata(&place).is_ok() {
        let message =
            format!("failed to untar: a file or directory with the name {place} already exists");
        return Err(Error::new(Kind::Io, message));
    }
    file::make_folder(&place).map_err(|error| error.wrap("failed to untar (mkdir)"))?;
    let bytes = fs::read(&saved)
        .map_err(|error| Error::new(Kind::Io, os::path_error("open", &saved, &error)))?;
    unpack(&bytes, &target)?;
    Ok(out)
}

/// A folder that goes with the value.
struct Temporary(String);

impl Temporary {
    fn new(parent: &str) -> Result<Temporary, Error> {
        let mut count = 0u32;
        loop {
            let name = format!("helm-{}{count}", std::process::id());
            let folder = path::join(&[parent, &name]);
            match fs::create_dir(&folder) {
                Ok(()) => return Ok(Temporary(folder)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => count += 1,
                Err(error) => {
                    let message = os::path_error("mkdir", &folder, &error);
                    return Err(Error::new(Kind::Io, message));
                }
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Unpacks a chart's archive into a folder of the chart's name below `folder`
/// (`chartutil.Expand`).
///
/// # Errors
/// What is no chart, what cannot be written, and links that would lead out of the folder.
pub fn unpack(bytes: &[u8], folder: &str) -> Result<(), Error> {
    let fail = |message: String| Err(Error::new(Kind::Chart, message));
    let files = chart::unpack(bytes)?;
    let mut metadata = Metadata::default();
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        metadata
            .decode(&file.data)
            .map_err(|error| Error::new(Kind::Chart, format!("cannot load Chart.yaml: {error}")))?;
    }
    let name = metadata.name.as_str();
    let quoted = strconv::quote(name);
    match name {
        "" => return fail("chart name not specified".to_owned()),
        "." | ".." => return fail(format!("chart name {quoted} is not allowed")),
        name if path::base(name.as_bytes()) != name.as_bytes() => {
            return fail(format!(
                "chart name {quoted} must not contain path separators"
            ));
        }
        _ => {}
    }
    let chart_folder = path::join(&[folder, name]);
    for file in files {
        let target = path::join(&[&chart_folder, &file.name]);
        check_links(&chart_folder, &target)?;
        file::make_folder(&path::dir(&target))?;
        file::write(&target, &file.data, 0o644)?;
    }
    Ok(())
}

/// Refuses a path that leads through a link, or out of its folder.
fn check_links(folder: &str, target: &str) -> Result<(), Error> {
    let inner = target
        .strip_prefix(folder)
        .filter(|rest| rest.starts_with('/'));
    let Some(inner) = inner else {
        return Err(Error::new(
            Kind::Chart,
            format!("{target} is not below {folder}"),
        ));
    };
    let mut place = folder.to_owned();
    for part in std::iter::once("").chain(inner.split('/').filter(|part| !part.is_empty())) {
        if !part.is_empty() {
            place = path::join(&[&place, part]);
        }
        if Path::new(&place).is_symlink() {
            let message = format!("{place} is a link, which nothing is unpacked through");
            return Err(Error::new(Kind::Io, message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_string_lossy().into_owned();
        fs::create_dir(format!("{root}/a")).unwrap();
        std::os::unix::fs::symlink("/", format!("{root}/a/out")).unwrap();
        let chart = format!("{root}/a");
        assert!(check_links(&chart, &format!("{chart}/b/c")).is_ok());
        assert!(check_links(&chart, &format!("{chart}/out/c")).is_err());
        assert!(check_links(&chart, &format!("{root}/b")).is_err());
    }
}
