//! `helm pull` (`pkg/action/pull.go`, Helm 4.2.4), of repositories and addresses.

use std::fs;

use super::source::Source;
use crate::chart;
use crate::diag::{Error, Kind, Notice};
use crate::fetch::{Clients, Downloader, Provenance, file, find_in_repository};
use crate::go::{os, path};

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

/// Fetches a chart; gives what to print once all went well. What is printed in any case goes to
/// `out`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(
    options: &Options,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<u8>, Error> {
    let clients = Clients::new(options.source.places.getters.clone());
    let result = fetch(options, &clients, notices);
    // What an index leads to is fetched without words.
    if options.source.repository.is_empty() {
        out.extend(clients.take_words());
    }
    result
}

fn fetch(
    options: &Options,
    clients: &Clients,
    notices: &mut Vec<Notice>,
) -> Result<Vec<u8>, Error> {
    let source = &options.source;
    source.log_devel(notices);
    let version = source.wanted_version();
    let downloader = Downloader {
        places: &source.places,
        access: source.access.clone(),
        provenance: match (&source.verify, options.provenance) {
            (Some(keys), _) => Provenance::Always(keys.clone()),
            (None, true) => Provenance::Later,
            (None, false) => Provenance::Never,
        },
        digest: String::new(),
        clients,
    };
    let mut reference = options.chart.clone();
    if !source.repository.is_empty() {
        reference = find_in_repository(
            &source.repository,
            &reference,
            version,
            &source.access,
            clients,
            notices,
        )?;
    }
    let mut out = Vec::new();
    let mut download = |folder: &str| {
        let (saved, verification) =
            downloader.download_to(&reference, version, folder, &mut out, notices)?;
        if let Some(verification) = verification {
            verification.print(&mut out);
        }
        Ok::<String, Error>(saved)
    };
    if !options.untar {
        download(&options.destination)?;
        return Ok(out);
    }
    let folder =
        Temporary::new(&options.temporary).map_err(|error| error.wrap("failed to untar"))?;
    let saved = download(&folder.0)?;
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
    chart::expand(&bytes, &target)?;
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
