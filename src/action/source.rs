//! Where a chart comes from (`action.ChartPathOptions`, Helm 4.2.4).

use std::path::Path;

use crate::diag::{Error, Kind, Notice};
use crate::fetch::{Access, Clients, Downloader, Places, Provenance, file, find_in_repository};
use crate::go::url::Url;
use crate::go::{os, path};

/// Where a chart is looked for.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Where things are kept.
    pub places: Places,
    /// How servers are talked to.
    pub access: Access,
    /// The address of the repository, or nothing.
    pub repository: String,
    /// Which version is wanted: one, a range, or nothing for the newest.
    pub version: String,
    /// Check the signature.
    pub verify: bool,
}

impl Source {
    /// The path of a chart: of a folder or archive here, or of what was fetched into the cache
    /// (`ChartPathOptions.LocateChart`). Words for users go to `out`.
    ///
    /// # Errors
    /// Helm's line for whatever failed first.
    pub fn locate(
        &self,
        reference: &str,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<String, Error> {
        let reference = reference.trim();
        let version = self.version.trim();
        if self.repository.is_empty() {
            if let Ok(found) = std::fs::metadata(reference) {
                if self.verify {
                    return Err(match found.is_dir() {
                        true => Error::new(Kind::Chart, "unpacked charts cannot be verified"),
                        false => Error::new(
                            Kind::Unsupported,
                            "signatures are not checked by pintle yet",
                        ),
                    });
                }
                return std::path::absolute(reference)
                    .map(|path| path::clean(&path.to_string_lossy()))
                    .map_err(|error| {
                        Error::new(Kind::Io, os::path_error("getwd", reference, &error))
                    });
            }
            if Path::new(reference).is_absolute() || reference.starts_with('.') {
                let message = format!("path \"{reference}\" not found");
                return Err(Error::new(Kind::Io, message));
            }
        }
        let clients = Clients::default();
        let mut access = self.access.clone();
        let mut reference = reference.to_owned();
        if !self.repository.is_empty() {
            reference = find_in_repository(
                &self.repository,
                &reference,
                version,
                &access,
                &clients,
                notices,
            )?;
            if !access.pass_credentials_all && !is_same_host(&self.repository, &reference) {
                access.username.clear();
                access.password.clear();
            }
        }
        file::make_folder(&self.places.repository_cache)?;
        let downloader = Downloader {
            places: &self.places,
            access,
            provenance: match self.verify {
                true => Provenance::Always,
                false => Provenance::Never,
            },
            clients: &clients,
        };
        let found = downloader.download_to_cache(&reference, version, out, notices)?;
        std::path::absolute(&found)
            .map(|path| path::clean(&path.to_string_lossy()))
            .map_err(|error| Error::new(Kind::Io, os::path_error("getwd", &found, &error)))
    }
}

/// Whether credentials for one address are for the other, too (`urlEqual`).
fn is_same_host(a: &str, b: &str) -> bool {
    match (Url::parse(a), Url::parse(b)) {
        (Ok(a), Ok(b)) => a.scheme == b.scheme && a.host == b.host,
        _ => false,
    }
}
