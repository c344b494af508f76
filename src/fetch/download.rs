use std::fs;
use std::sync::Arc;

use super::index::Catalog;
use super::oci::{self, Layer, Registry};
use super::reference::{check_scheme, resolve_reference};
use super::repository::{Entry, Repositories, index_path};
use super::{Access, Clients, Digests, Places, cache, file};
use crate::chart::provenance::{Keys, Verification};
use crate::diag::{Error, Kind, Notice};
use crate::go::url::Url;
use crate::go::{os, path};

/// What is done about signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Provenance {
    /// They are not fetched.
    #[default]
    Never,
    /// They are checked where there is one.
    IfPossible(Keys),
    /// They have to be there, and right.
    Always(Keys),
    /// They are fetched, and checked by someone else.
    Later,
}

impl Provenance {
    /// The keys to check signatures with, where that is to be done.
    fn keys(&self) -> Option<&Keys> {
        match self {
            Provenance::Never | Provenance::Later => None,
            Provenance::IfPossible(keys) | Provenance::Always(keys) => Some(keys),
        }
    }
}

/// Fetches charts (`downloader.ChartDownloader`).
pub struct Downloader<'a> {
    /// Where things are kept.
    pub places: &'a Places,
    /// How to talk to servers that no repository says more about.
    pub access: Access,
    /// What is done about signatures.
    pub provenance: Provenance,
    /// What an index says of the chart, where an address is asked for: its digest, or nothing.
    pub digest: String,
    /// The clients.
    pub clients: &'a Clients,
}

/// Where a chart is.
struct Found {
    /// SHA-256 of the archive, as the index has it; or nothing.
    digest: String,
    url: Url,
    access: Access,
    way: Way,
}

/// How a chart is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From a server of files, or a registry that an index names.
    Index,
    /// From a registry that the user names.
    Registry,
}

impl Downloader<'_> {
    /// Refuses schemes that nothing reads, before anything is looked for in the cache.
    fn check_download(&self, url: &Url) -> Result<(), Error> {
        if self.clients.know(&url.scheme) {
            return Ok(());
        }
        let scheme = crate::go::strconv::quote(&url.scheme);
        let message = format!("scheme {scheme} not supported");
        Err(Error::new(Kind::Network, message))
    }

    /// Fetches a chart into the folder `destination`; gives the path, and who signed it where that was
    /// checked. Words for users go to `out`.
    ///
    /// # Errors
    /// Whatever failed first, in Helm's words.
    pub fn download_to(
        &self,
        reference: &str,
        version: &str,
        destination: &str,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<(String, Option<Verification>), Error> {
        let found = self.resolve(reference, version, notices)?;
        self.check_download(&found.url)?;
        let root = &self.places.content_cache;
        let digest = cache::digest(&found.digest, "")?;
        let cached = |kind: &str| {
            let path = cache::find(root, digest.as_deref()?, kind)?;
            fs::read(path).ok()
        };
        let kept = match found.way {
            Way::Index => digest
                .as_deref()
                .and_then(|digest| cache::chart(root, digest))
                .map(|(_, bytes)| bytes),
            Way::Registry => cached(".chart"),
        };
        let bytes = match kept {
            Some(bytes) => bytes,
            None => {
                let bytes = self.get(&found, Layer::Chart)?;
                let real = self.check(&found, digest.as_deref(), &bytes)?;
                if found.way == Way::Index && digest.as_ref() == Some(&real) {
                    // For the next time; that it cannot be kept does not matter now.
                    let _ = cache::put(root, &real, ".chart", &bytes);
                }
                bytes
            }
        };
        let target = path::join(&[destination, &base_name(&found.url)]);
        file::write(&target, &bytes, 0o644)?;
        if self.provenance == Provenance::Never {
            return Ok((target, None));
        }
        let signature = match cached(".prov") {
            Some(bytes) => Some(bytes),
            None => self.signature(reference, &found, out)?,
        };
        let Some(signature) = signature else {
            return Ok((target, None));
        };
        let place = format!("{target}.prov");
        file::write(&place, &signature, 0o644)?;
        let checked = self.provenance.keys();
        let checked = checked.map(|keys| keys.check(&target, &place));
        Ok((target, checked.transpose()?))
    }

    /// Fetches a chart into the content cache, where it is not there yet; gives the path.
    ///
    /// # Errors
    /// Whatever failed first, in Helm's words.
    pub fn download_to_cache(
        &self,
        reference: &str,
        version: &str,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<String, Error> {
        let found = self.resolve(reference, version, notices)?;
        self.check_download(&found.url)?;
        let root = &self.places.content_cache;
        let known = cache::digest(&found.digest, "unable to decode digest: ")?;
        let cached = known.as_deref().and_then(|digest| match found.way {
            Way::Index => cache::chart(root, digest).map(|(path, _)| path),
            // A registry's digest is that of the manifest.
            Way::Registry => cache::find(root, digest, ".chart"),
        });
        let (path, digest) = match (cached, known) {
            (Some(path), Some(digest)) => (path, digest),
            (_, known) => {
                let bytes = self.get(&found, Layer::Chart)?;
                let real = self.check(&found, known.as_deref(), &bytes)?;
                let digest = match (found.way, known) {
                    (Way::Registry, Some(known)) => known,
                    _ => real,
                };
                (cache::put(root, &digest, ".chart", &bytes)?, digest)
            }
        };
        if self.provenance != Provenance::Never {
            let place = match cache::find(root, &digest, ".prov") {
                Some(place) => place,
                None => match self.signature(reference, &found, out)? {
                    Some(bytes) => cache::put(root, &digest, ".prov", &bytes)?,
                    None => return Ok(path),
                },
            };
            if let Some(keys) = self.provenance.keys() {
                let read = |path: &str| {
                    fs::read(path)
                        .map_err(|error| Error::new(Kind::Io, os::path_error("open", path, &error)))
                };
                keys.check_bytes(&read(&path)?, &read(&place)?, &base_name(&found.url))?;
            }
        }
        Ok(path)
    }

    /// The digest of a chart that was fetched; refuses one that is not what its index says.
    fn check(&self, found: &Found, known: Option<&str>, bytes: &[u8]) -> Result<String, Error> {
        let real = cache::digest_of(bytes);
        let is_checked = self.places.digests == Digests::Checked && found.way == Way::Index;
        match known {
            Some(known) if is_checked && known != real => {
                let url = &found.url;
                let message = format!("{url} has the digest {real}, but its index says {known}");
                Err(Error::new(Kind::Chart, message).with_hint(
                    "Either the chart was replaced and the index is old (`pintle repo update`), or somebody changed it on its way.",
                ))
            }
            _ => Ok(real),
        }
    }

    /// Where the chart at `address` would be asked for, unless it is kept already. For
    /// [`Clients::fetch_ahead`].
    pub fn errand(&self, address: &str) -> Option<(String, Access)> {
        let found = self.resolve(address, "", &mut Vec::new()).ok()?;
        let digest = cache::digest(&found.digest, "").ok()?;
        let is_kept = digest
            .is_some_and(|digest| cache::chart(&self.places.content_cache, &digest).is_some());
        (found.way == Way::Index && !is_kept && found.url.scheme != b"oci")
            .then(|| (found.url.to_string(), found.access))
    }

    /// The signature; nothing where there is none and it is not needed.
    fn signature(
        &self,
        reference: &str,
        found: &Found,
        out: &mut Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Error> {
        let url = format!("{}.prov", found.url);
        match self.get(found, Layer::Provenance) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) if matches!(self.provenance, Provenance::Always(_)) => {
                let quoted = crate::go::strconv::quote(&url);
                let message = format!("failed to fetch provenance {quoted}");
                Err(Error::new(Kind::Network, message))
            }
            Err(error) => {
                let message = format!("WARNING: Verification not found for {reference}: {error}\n");
                out.extend_from_slice(message.as_bytes());
                Ok(None)
            }
        }
    }

    /// The chart, or its signature (`Getter.Get`).
    fn get(&self, found: &Found, layer: Layer) -> Result<Vec<u8>, Error> {
        if found.url.scheme != b"oci" {
            let end = match layer {
                Layer::Chart => "",
                Layer::Provenance => ".prov",
            };
            return self
                .clients
                .get(&format!("{}{end}", found.url), &found.access);
        }
        let access = match found.way {
            Way::Registry => self.access.clone(),
            // Passwords for the repository are none for the registry.
            Way::Index => Access {
                username: String::new(),
                password: String::new(),
                ..found.access.clone()
            },
        };
        let registry = self.registry(&access)?;
        let mut words = Vec::new();
        let pulled = registry.pull(&found.url.to_string(), layer, &mut words);
        if found.way == Way::Registry {
            self.clients.say(&words);
        }
        pulled.map(|pulled| pulled.bytes)
    }

    fn registry(&self, access: &Access) -> Result<Arc<Registry>, Error> {
        let access = Access {
            owner: String::new(),
            pass_credentials_all: false,
            ..access.clone()
        };
        self.clients.registry(&access, &self.places.credentials)
    }

    /// Where a chart is (`ChartDownloader.ResolveChartVersion`).
    fn resolve(
        &self,
        reference: &str,
        version: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<Found, Error> {
        let fail = |message: String| Err(Error::new(Kind::Chart, message));
        let Ok(url) = Url::parse(reference) else {
            return fail(format!("invalid chart URL format: {reference}"));
        };
        // Go drops an empty host, and with it the slashes.
        if url.to_string().starts_with(oci::SCHEME) {
            let located = self.registry(&self.access)?.locate(reference, version)?;
            let digest = located.digest.map(|digest| digest.to_string());
            return Ok(Found {
                digest: digest.unwrap_or_default(),
                url: located.url,
                access: self.access.clone(),
                way: Way::Registry,
            });
        }
        let repositories = Repositories::load_or_none(&self.places.repository_config)?;
        if url.is_abs() && !url.host.is_empty() && !url.path.is_empty() {
            let owner = self.owner(reference, &repositories, notices)?;
            let access = match owner {
                Some(entry) => self.access_of(entry),
                None => Access {
                    owner: reference.to_owned(),
                    ..self.access.clone()
                },
            };
            return Ok(Found {
                digest: self.digest.clone(),
                url,
                access,
                way: Way::Index,
            });
        }
        let text = String::from_utf8_lossy(&url.path).into_owned();
        let Some((repository, chart)) = text.split_once('/') else {
            return fail(format!(
                "non-absolute URLs should be in form of repo_name/path_to_chart, got: {url}"
            ));
        };
        let Some(entry) = repositories.get(repository) else {
            return fail(format!("repo {repository} not found"));
        };
        if entry.url.is_empty() {
            return fail(format!("no URL found for repository {repository}"));
        }
        check_scheme(&entry.url, self.clients)?;
        let index = Catalog::open(
            &index_path(&self.places.repository_cache, &entry.name),
            notices,
        )
        .map_err(no_cached_repository)?;
        let found = index.get(chart, version, notices).map_err(|error| {
            error.wrap(format!(
                "chart {} matching {version} not found in {} index. (try 'helm repo update')",
                crate::go::strconv::quote(chart),
                entry.name
            ))
        })?;
        let Some(address) = found.urls.first() else {
            let quoted = crate::go::strconv::quote(reference);
            return fail(format!("chart {quoted} has no downloadable URLs"));
        };
        let Ok(resolved) = resolve_reference(&entry.url, address) else {
            return fail(format!("invalid chart URL format: {reference}"));
        };
        Ok(Found {
            digest: found.digest.clone(),
            url: Url::parse(&resolved)
                .map_err(|error| Error::new(Kind::Chart, error.to_string()))?,
            access: self.access_of(entry),
            way: Way::Index,
        })
    }

    /// What was asked for, but for what the repository says itself.
    fn access_of(&self, entry: &Entry) -> Access {
        let mut access = self.access.clone();
        access.owner.clone_from(&entry.url);
        let own = [&entry.cert_file, &entry.key_file, &entry.ca_file];
        if own.iter().any(|file| !file.is_empty()) {
            access.cert_file.clone_from(&entry.cert_file);
            access.key_file.clone_from(&entry.key_file);
            access.ca_file.clone_from(&entry.ca_file);
        }
        if !entry.username.is_empty() && !entry.password.is_empty() {
            access.username.clone_from(&entry.username);
            access.password.clone_from(&entry.password);
            access.pass_credentials_all = entry.pass_credentials_all;
        }
        access
    }

    /// The repository that has a chart at `address` (`ChartDownloader.scanReposForURL`).
    fn owner<'r>(
        &self,
        address: &str,
        repositories: &'r Repositories,
        notices: &mut Vec<Notice>,
    ) -> Result<Option<&'r Entry>, Error> {
        for entry in &repositories.entries {
            check_scheme(&entry.url, self.clients)?;
            let path = index_path(&self.places.repository_cache, &entry.name);
            let index = Catalog::open(&path, notices).map_err(no_cached_repository)?;
            if index.has_address(address)? {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

fn no_cached_repository(error: Error) -> Error {
    error.wrap("no cached repo found. (try 'helm repo update')")
}

/// The last part of an address's path; for charts in registries, what Helm makes of it.
fn base_name(url: &Url) -> String {
    let name = String::from_utf8_lossy(path::base(&url.path)).into_owned();
    match name.rsplit_once(':') {
        Some((name, tag)) if url.scheme == b"oci" => format!("{name}-{tag}.tgz"),
        _ => name,
    }
}
