//! Where a chart comes from (`action.ChartPathOptions`, Helm 4.2.4).

use std::path::Path;
use std::sync::Arc;

use super::shelf::Shelf;
use crate::chart::provenance::Keys;
use crate::diag::{Error, Kind, Level, Notice};
use crate::fetch::bucket::{self, Chart, Clouds};
use crate::fetch::{
    Access, Clients, Downloader, Places, Provenance, file, find_in_repository, git,
};
use crate::go::url::Url;
use crate::go::{os, path};

/// The range that `--devel` stands for.
const NOT_ONLY_RELEASED: &str = ">0.0.0-0";

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
    /// Take versions that are not released, too; `version` wins.
    pub devel: bool,
    /// Check the signature, with these keys.
    pub verify: Option<Keys>,
    /// Say more about dependencies that are fetched.
    pub debug: bool,
    /// What is known of buckets and git repositories, where charts may be there, too; Helm knows neither.
    pub beyond: Option<Clouds>,
    /// Charts that were read for others, and that nobody changes meanwhile.
    pub shelf: Option<Arc<Shelf>>,
}

impl Source {
    /// The range of versions that will do; nothing for the newest.
    pub(super) fn wanted_version(&self) -> &str {
        match self.version.trim() {
            "" if self.devel => NOT_ONLY_RELEASED,
            version => version,
        }
    }

    /// Tells a log what is made of `devel`.
    pub(super) fn log_devel(&self, notices: &mut Vec<Notice>) {
        if self.version.is_empty() && self.devel {
            let message = format!("setting version to {NOT_ONLY_RELEASED}");
            notices.push(Notice::new(Level::Debug, message));
        }
    }

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
        let version = self.wanted_version();
        if let Some(clouds) = &self.beyond
            && let Some(found) = self.locate_beyond(reference, clouds, notices)?
        {
            return match found {
                Chart::Here(path) => absolute(&path),
                Chart::Elsewhere(address) => Source {
                    places: self.places.clone(),
                    ..Source::default()
                }
                .locate(&address, out, notices),
            };
        }
        if self.repository.is_empty() {
            if Path::new(reference).exists() {
                let path = absolute(reference)?;
                if let Some(keys) = &self.verify {
                    keys.check(&path, &format!("{path}.prov"))?;
                }
                return Ok(path);
            }
            if Path::new(reference).is_absolute() || reference.starts_with('.') {
                let message = format!("path \"{reference}\" not found");
                return Err(Error::new(Kind::Io, message));
            }
        }
        let clients = Clients::new(self.places.getters.clone());
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
            provenance: match &self.verify {
                Some(keys) => Provenance::Always(keys.clone()),
                None => Provenance::Never,
            },
            digest: String::new(),
            clients: &clients,
        };
        let found = downloader.download_to_cache(&reference, version, out, notices);
        // What an index leads to is fetched without words.
        if self.repository.is_empty() {
            out.extend(clients.take_words());
        }
        absolute(&found?)
    }
}

impl Source {
    /// A chart in a git repository or a bucket; nothing where the reference is of another kind.
    fn locate_beyond(
        &self,
        reference: &str,
        clouds: &Clouds,
        notices: &mut Vec<Notice>,
    ) -> Result<Option<Chart>, Error> {
        let is_repository = bucket::is_reference(&self.repository);
        let is_git = self.repository.is_empty() && git::is_reference(reference);
        let is_object = self.repository.is_empty() && bucket::is_reference(reference);
        if !is_repository && !is_git && !is_object {
            return Ok(None);
        }
        let fail = |message: String| Err(Error::new(Kind::Usage, message));
        if self.verify.is_some() {
            return fail(format!(
                "{reference}: signatures are read of repositories and registries only"
            ));
        }
        let root = &self.places.content_cache;
        let version = self.wanted_version();
        if is_repository {
            let found = clouds.fetch_from(&self.repository, (reference, version), root, notices);
            return found.map(Some);
        }
        if !version.is_empty() {
            return fail(match is_git {
                true => format!("{reference}: it is ?ref= that says which version, not --version"),
                false => format!("{reference}: the address says which version, not --version"),
            });
        }
        let path = match is_git {
            true => git::Reference::parse(reference)?.fetch(root),
            false => clouds.fetch(reference, root),
        };
        path.map(|path| Some(Chart::Here(path)))
    }
}

/// The absolute path (Go: `filepath.Abs`).
fn absolute(path: &str) -> Result<String, Error> {
    std::path::absolute(path)
        .map(|path| path::clean(&path.to_string_lossy()))
        .map_err(|error| Error::new(Kind::Io, os::path_error("getwd", path, &error)))
}

/// Whether credentials for one address are for the other, too (`urlEqual`).
fn is_same_host(a: &str, b: &str) -> bool {
    match (Url::parse(a), Url::parse(b)) {
        (Ok(a), Ok(b)) => a.scheme == b.scheme && a.host == b.host,
        _ => false,
    }
}
