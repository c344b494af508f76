use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use sha2::{Digest as _, Sha256};

use super::{lock, resolve};
use crate::action::repo::{refresh, report};
use crate::action::source::Source;
use crate::chart::{self, Chart, Dependency, Lock, package};
use crate::diag::{Error, Kind, Level, Notice};
use crate::fetch::oci;
use crate::fetch::repository::index_path;
use crate::fetch::{
    Access, Catalog, Clients, Downloader, Entry, Places, Provenance, Repositories, file,
    find_in_repository, resolve_reference, same_address,
};
use crate::go::url::Url;
use crate::go::{os, path, semver, strconv, time};
use crate::world::World;

/// Repositories that were not added are cached under this and the hash of their address.
const UNMANAGED: &str = "helm-manager-";

/// When the indexes of repositories are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Each time, as Helm does.
    #[default]
    Always,
    /// Where an index that is here does not have the very version that is wanted.
    WhenNeeded,
    /// The ones that are here have to do.
    Never,
}

/// Brings the dependencies of a chart into its `charts/` (`downloader.Manager`).
pub struct Manager<'a> {
    /// The chart's folder, as typed.
    pub chart: String,
    /// Where things are kept.
    pub places: &'a Places,
    /// How registries are talked to.
    pub registry: Access,
    /// What is done about signatures.
    pub provenance: Provenance,
    /// When the indexes of repositories are fetched.
    pub refresh: Refresh,
    /// Say more.
    pub debug: bool,
    /// The clock.
    pub world: &'a dyn World,
}

fn fail<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(Kind::Chart, message))
}

fn say(out: &mut Vec<u8>, line: &str) {
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

/// The repositories that were added, with their indexes.
type Known = Vec<(Entry, Catalog)>;

impl<'a> Manager<'a> {
    /// For `--dependency-update` of a chart in the folder `chart`.
    pub fn of(chart: String, source: &'a Source, world: &'a dyn World) -> Manager<'a> {
        Manager {
            chart,
            places: &source.places,
            registry: source.access.clone(),
            provenance: Provenance::Never,
            refresh: Refresh::Always,
            debug: source.debug,
            world,
        }
    }

    /// Fetches what the lock says, or updates where there is none (`Manager.Build`).
    ///
    /// # Errors
    /// Helm's line for whatever failed first.
    pub fn build(&self, out: &mut Vec<u8>, notices: &mut Vec<Notice>) -> Result<(), Error> {
        let mut chart = self.load(notices)?;
        let Some(lock) = chart.lock.take() else {
            return self.update(out, notices);
        };
        let is_first = chart.metadata.api_version == "v1";
        let old = old_digest_of(&chart);
        let mut asked = std::mem::take(&mut chart.metadata.dependencies);
        self.repository_names(&mut asked, out)?;
        let has_list = chart.metadata.has_dependency_list;
        let asked = has_list.then_some(&asked[..]);
        if lock::digest(asked, lock.dependencies.as_deref()) != lock.digest {
            if !is_first {
                return fail(
                    "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies with 'helm dependency update'",
                );
            }
            notices.push(Notice::new(
                Level::Info,
                "warning: a valid Helm v3 hash was not found. Checking against Helm v2 hash...",
            ));
            if old != lock.digest {
                return fail(
                    "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). Please update the dependencies",
                );
            }
        }
        let mut locked = lock.dependencies.unwrap_or_default();
        self.check_repositories(&locked)?;
        let clients = Clients::new(self.places.getters.clone());
        self.refresh_all(&locked, &clients, out, notices)?;
        self.download(&mut locked, &clients, out, notices)
    }

    /// Finds the newest versions that fit, fetches them, and writes the lock (`Manager.Update`).
    ///
    /// # Errors
    /// Helm's line for whatever failed first.
    pub fn update(&self, out: &mut Vec<u8>, notices: &mut Vec<Notice>) -> Result<(), Error> {
        let mut chart = self.load(notices)?;
        if !chart.metadata.has_dependency_list {
            return Ok(());
        }
        let mut asked = std::mem::take(&mut chart.metadata.dependencies);
        let mut names = self.repository_names(&mut asked, out)?;
        let clients = Clients::new(self.places.getters.clone());
        self.refresh_unmanaged(&asked, &mut names, &clients, out, notices)?;
        self.refresh_all(&asked, &clients, out, notices)?;
        let tags = |repository: &str| {
            let registry = clients.registry(&self.registry, &self.places.credentials)?;
            registry.tags(repository)
        };
        let around = resolve::Around {
            chart: &self.chart,
            places: self.places,
            tags: &tags,
        };
        let mut found = resolve::resolve(&asked, &names, &around, notices)?;
        self.download(&mut found, &clients, out, notices)?;
        let digest = lock::digest(Some(&asked), Some(&found));
        if chart.lock.is_some_and(|old| old.digest == digest) {
            return Ok(());
        }
        let now =
            time::Time::from_system(self.world.now(), time::Zone::local(&self.world.time_zone()));
        let now = now.format(b"2006-01-02T15:04:05.999999999Z07:00");
        let lock = Lock {
            generated: String::from_utf8_lossy(&now).into_owned(),
            digest,
            dependencies: Some(found),
        };
        lock::write(&self.chart, &lock, chart.metadata.api_version == "v1")
    }

    fn load(&self, notices: &mut Vec<Notice>) -> Result<Chart, Error> {
        if let Err(error) = fs::metadata(&self.chart) {
            let why = os::path_error("stat", &self.chart, &error);
            return fail(format!("could not find {}: {why}", self.chart));
        }
        if !resolve::is_folder(&self.chart) {
            return fail("only unpacked charts can be updated");
        }
        chart::load_folder(&self.chart, notices)
    }

    /// The names of the repositories of dependencies; aliases become addresses
    /// (`Manager.resolveRepoNames`).
    fn repository_names(
        &self,
        asked: &mut [Dependency],
        out: &mut Vec<u8>,
    ) -> Result<BTreeMap<String, String>, Error> {
        let mut names = BTreeMap::new();
        let Ok(known) = Repositories::load(&self.places.repository_config).or_else(|error| {
            use crate::fetch::repository::Unreadable;
            match error {
                Unreadable::Missing(_) => Ok(Repositories::default()),
                wrong @ Unreadable::Wrong(_) => Err(wrong),
            }
        }) else {
            return Repositories::load_or_none(&self.places.repository_config).map(|_| names);
        };
        let mut missing = Vec::new();
        for dependency in asked {
            let repository = dependency.repository.clone();
            if repository.is_empty() {
                continue;
            }
            if repository.starts_with("file://") {
                resolve::local_path(&repository, &self.chart)?;
                if self.debug {
                    say(out, &format!("Repository from local path: {repository}"));
                }
                names.insert(dependency.name.clone(), repository);
                continue;
            }
            if repository.starts_with("oci://") {
                names.insert(dependency.name.clone(), repository);
                continue;
            }
            let alias = repository
                .strip_prefix('@')
                .or_else(|| repository.strip_prefix("alias:"));
            let mut entries = known.entries.iter();
            let entry = entries.find(|entry| {
                alias == Some(entry.name.as_str()) || same_address(&entry.url, &repository)
            });
            if let Some(entry) = entry {
                if alias == Some(entry.name.as_str()) {
                    dependency.repository.clone_from(&entry.url);
                }
                names.insert(dependency.name.clone(), entry.name.clone());
            } else if Url::parse_request(&repository).is_ok() {
                names.insert(repository.clone(), repository);
            } else {
                missing.push(repository);
            }
        }
        if missing.is_empty() {
            return Ok(names);
        }
        let mut message = format!(
            "no repository definition for {}. Please add them via 'helm repo add'",
            missing.join(", ")
        );
        let is_name = |name: &String| {
            !name.contains("//") && !name.starts_with('@') && !name.starts_with("alias:")
        };
        if missing.iter().any(is_name) {
            message.push_str(
                "\nNote that repositories must be URLs or aliases. For example, to refer to the \"example\"\nrepository, use \"https://charts.example.com/\" or \"@example\" instead of\n\"example\". Don't forget to add the repo, too ('helm repo add').",
            );
        }
        fail(message)
    }

    /// Fetches the indexes of repositories that were not added (`Manager.ensureMissingRepos`).
    fn refresh_unmanaged(
        &self,
        asked: &[Dependency],
        names: &mut BTreeMap<String, String>,
        clients: &Clients,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let mut entries = Vec::new();
        for dependency in asked {
            if dependency.repository.is_empty() || names.contains_key(&dependency.name) {
                continue;
            }
            let digest = Sha256::digest(dependency.repository.as_bytes());
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let name = format!("{UNMANAGED}{hex}");
            names.insert(dependency.name.clone(), name.clone());
            let entry = Entry {
                name,
                url: dependency.repository.clone(),
                ..Entry::default()
            };
            if self.is_wanted(&entry, asked) {
                entries.push(entry);
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        say(out, "Getting updates for unmanaged Helm repositories...");
        self.refresh(&entries, clients, out, notices)
    }

    /// Whether the index of a repository is to be fetched for the sake of `asked`.
    fn is_wanted(&self, entry: &Entry, asked: &[Dependency]) -> bool {
        match self.refresh {
            Refresh::Always => return true,
            Refresh::Never => return false,
            Refresh::WhenNeeded => {}
        }
        let path = index_path(&self.places.repository_cache, &entry.name);
        let Ok(index) = Catalog::open(&path, &mut Vec::new()) else {
            return true;
        };
        let is_there = |one: &Dependency| {
            let versions = index.versions(&one.name).ok().flatten().unwrap_or_default();
            semver::Version::parse_strict(&one.version).is_ok()
                && versions
                    .iter()
                    .any(|found| found.metadata.version == one.version)
        };
        asked
            .iter()
            .filter(|one| same_address(&entry.url, &one.repository))
            .any(|one| !is_there(one))
    }

    /// Fetches the indexes of the repositories that were added.
    fn refresh_all(
        &self,
        asked: &[Dependency],
        clients: &Clients,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let mut known = Repositories::load_or_none(&self.places.repository_config)?;
        known.entries.retain(|entry| self.is_wanted(entry, asked));
        if known.entries.is_empty() {
            return Ok(());
        }
        say(
            out,
            "Hang tight while we grab the latest from your chart repositories...",
        );
        self.refresh(&known.entries, clients, out, notices)?;
        say(out, "Update Complete. ⎈Happy Helming!⎈");
        Ok(())
    }

    fn refresh(
        &self,
        entries: &[Entry],
        clients: &Clients,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        // Of several with one address, the last counts.
        let mut unique: Vec<&Entry> = Vec::new();
        for entry in entries {
            let address = |entry: &Entry| {
                let url = entry.url.as_str();
                url.strip_suffix('/').unwrap_or(url).to_owned()
            };
            match unique.iter_mut().find(|old| address(old) == address(entry)) {
                Some(old) => *old = entry,
                None => unique.push(entry),
            }
        }
        unique.iter().try_for_each(|entry| entry.check(clients))?;
        let results = refresh(&unique, self.places, None, clients, notices);
        for (entry, result) in unique.iter().zip(results) {
            let shown = match entry.name.starts_with(UNMANAGED) {
                true => &entry.url,
                false => &entry.name,
            };
            report(entry, shown, &result, out);
        }
        Ok(())
    }

    /// Refuses a lock with repositories that were not added (`Manager.hasAllRepos`).
    fn check_repositories(&self, locked: &[Dependency]) -> Result<(), Error> {
        let known = Repositories::load_or_none(&self.places.repository_config)?;
        let missing: Vec<&str> = locked
            .iter()
            .map(|dependency| dependency.repository.as_str())
            .filter(|repository| {
                let wanted = repository.strip_suffix('/').unwrap_or(repository);
                !repository.is_empty()
                    && !repository.starts_with("file://")
                    && !repository.starts_with("oci://")
                    && !known
                        .entries
                        .iter()
                        .any(|entry| same_address(&entry.url, wanted))
            })
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        fail(format!(
            "no repository definition for {}. Please add the missing repos via 'helm repo add'",
            missing.join(", ")
        ))
    }

    /// The repositories that were added, with their indexes (`Manager.loadChartRepositories`).
    fn known(&self, notices: &mut Vec<Notice>) -> Result<Known, Error> {
        let config = &self.places.repository_config;
        let known = Repositories::load_or_none(config)
            .map_err(|error| error.wrap(format!("failed to load {config}")))?;
        known
            .entries
            .into_iter()
            .map(|entry| {
                let path = index_path(&self.places.repository_cache, &entry.name);
                Ok((entry, Catalog::open(&path, notices)?))
            })
            .collect()
    }

    /// Fetches into a folder beside `charts/`, and swaps what came (`Manager.downloadAll`). Versions
    /// of charts in folders are put into `dependencies`.
    fn download(
        &self,
        dependencies: &mut [Dependency],
        clients: &Clients,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let known = self.known(notices)?;
        let charts = path::join(&[&self.chart, "charts"]);
        let name = format!("tmpcharts-{}", std::process::id());
        match fs::metadata(&charts) {
            Ok(found) if !found.is_dir() => {
                return fail(format!("{} is not a directory", strconv::quote(&charts)));
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                file::make_folder(&charts)?;
            }
            Err(error) => {
                let why = os::path_error("stat", &charts, &error);
                return fail(format!(
                    "unable to retrieve file info for '{charts}': {why}"
                ));
            }
        }
        let new = Temporary(path::join(&[&self.chart, &name]));
        file::make_folder(&new.0)?;
        say(out, &format!("Saving {} charts", dependencies.len()));
        clients.fetch_ahead(self.errands(dependencies, &known, clients));
        let mut fetched = BTreeSet::new();
        for dependency in dependencies.iter_mut() {
            if dependency.repository.is_empty() {
                say(
                    out,
                    &format!(
                        "Dependency {} did not declare a repository. Assuming it exists in the charts directory",
                        dependency.name
                    ),
                );
            }
            let result = self.fetch(
                dependency,
                &new.0,
                &known,
                &mut fetched,
                clients,
                out,
                notices,
            );
            match result {
                Ok(()) => {}
                Err(Stop::AtOnce(error)) => return Err(error),
                Err(Stop::Save(error)) => {
                    say(out, &format!("Save error occurred:  {error}"));
                    return Err(error);
                }
            }
        }
        self.swap(dependencies, &new.0, &charts, out, notices)
    }

    /// What will be asked for, as far as that is known without asking.
    fn errands(
        &self,
        dependencies: &[Dependency],
        known: &Known,
        clients: &Clients,
    ) -> Vec<(String, Access)> {
        let mut errands = Vec::new();
        for dependency in dependencies {
            let repository = &dependency.repository;
            let is_known = known
                .iter()
                .any(|(entry, _)| same_address(repository, &entry.url));
            if !is_known || repository.is_empty() || oci::is_oci(repository) {
                continue;
            }
            let found = find(dependency, known, clients, &mut Vec::new());
            let Ok((address, access, digest)) = found else {
                continue;
            };
            let downloader = Downloader {
                places: self.places,
                access,
                provenance: self.provenance.clone(),
                digest,
                clients,
            };
            let errand = downloader.errand(&address);
            errands.extend(errand.filter(|errand| !errands.contains(errand)));
        }
        errands
    }

    #[expect(clippy::too_many_arguments, reason = "all of a run's state")]
    fn fetch(
        &self,
        dependency: &mut Dependency,
        folder: &str,
        known: &Known,
        fetched: &mut BTreeSet<String>,
        clients: &Clients,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Stop> {
        let repository = dependency.repository.clone();
        if repository.is_empty() {
            return self.check_present(dependency, notices);
        }
        if repository.starts_with("file://") {
            if self.debug {
                let name = &dependency.name;
                say(out, &format!("Archiving {name} from repo {repository}"));
            }
            dependency.version = self.pack(dependency, folder, notices).map_err(Stop::Save)?;
            return Ok(());
        }
        let (address, access, digest) = find(dependency, known, clients, notices)
            .map_err(|error| Stop::Save(error.wrap("could not find ")))?;
        let name = &dependency.name;
        if fetched.contains(&address) {
            say(
                out,
                &format!("Already downloaded {name} from repo {repository}"),
            );
            return Ok(());
        }
        say(out, &format!("Downloading {name} from repo {repository}"));
        let (address, version, access) = match oci::is_oci(&address) {
            false => (address, String::new(), access),
            true => {
                let (repository, version) = split_tag(&address).ok_or_else(|| {
                    Stop::AtOnce(Error::new(
                        Kind::Chart,
                        format!(
                            "could not parse OCI reference: improperly formatted oci chart reference: {address}"
                        ),
                    ))
                })?;
                let parts = (repository.to_owned(), version.to_owned());
                (parts.0, parts.1, self.registry.clone())
            }
        };
        let downloader = Downloader {
            places: self.places,
            access,
            provenance: self.provenance.clone(),
            digest,
            clients,
        };
        let result = downloader.download_to(&address, &version, folder, out, notices);
        out.extend(clients.take_words());
        result.map_err(|error| Stop::Save(error.wrap(format!("could not download {address}"))))?;
        fetched.insert(address);
        Ok(())
    }

    /// Checks a dependency that has to be in `charts/` already.
    fn check_present(
        &self,
        dependency: &Dependency,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Stop> {
        let name = &dependency.name;
        let stop = |message: String| Stop::AtOnce(Error::new(Kind::Chart, message));
        let place = path::join(&[&self.chart, "charts", name]);
        let chart = chart::load_folder(&place, notices)
            .map_err(|error| stop(format!("unable to load chart '{place}': {error}")))?;
        let wanted = &dependency.version;
        let constraint = semver::Constraint::parse(wanted).map_err(|error| {
            stop(format!(
                "dependency {name} has an invalid version/constraint format: {error}"
            ))
        })?;
        let found = &chart.metadata.version;
        let version = semver::Version::parse(found).map_err(|error| {
            stop(format!(
                "invalid version {wanted} for dependency {name}: {error}"
            ))
        })?;
        if constraint.check(&version) {
            return Ok(());
        }
        let message = format!(
            "dependency {name} at version {found} does not satisfy the constraint {wanted}"
        );
        Err(Stop::Save(Error::new(Kind::Chart, message)))
    }

    /// Packs a chart in a folder; gives its version (`tarFromLocalDir`).
    fn pack(
        &self,
        dependency: &Dependency,
        folder: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<String, Error> {
        let name = &dependency.name;
        let place = resolve::local_path(&dependency.repository, &self.chart)?;
        let chart = chart::load_folder(&place, notices)?;
        let constraint = semver::Constraint::parse(&dependency.version).map_err(|error| {
            let message =
                format!("dependency {name} has an invalid version/constraint format: {error}");
            Error::new(Kind::Chart, message)
        })?;
        let version = semver::Version::parse(&chart.metadata.version)
            .map_err(|error| Error::new(Kind::Chart, error.to_string()))?;
        if !constraint.check(&version) {
            return fail(format!("can't get a valid version for dependency {name}"));
        }
        package::save(&chart, folder, self.world.now())?;
        Ok(chart.metadata.version)
    }

    /// Moves what came into `charts/`, and removes archives that did not (`Manager.safeMoveDeps`).
    fn swap(
        &self,
        dependencies: &[Dependency],
        from: &str,
        to: &str,
        out: &mut Vec<u8>,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let archives = |folder: &str| {
            let mut files = crate::action::repo::files(folder, "*");
            files.retain(|file| fs::symlink_metadata(file).is_ok_and(|found| !found.is_dir()));
            files
        };
        let old = archives(to);
        let mut present = BTreeSet::new();
        for source in archives(from) {
            let name = source.rsplit('/').next().unwrap_or_default().to_owned();
            let target = path::join(&[to, &name]);
            present.insert(name);
            if let Err(error) = chart::load(&source, notices) {
                let line = format!("Could not verify {source} for moving: {error} (Skipping)");
                out.extend_from_slice(line.as_bytes());
            } else if let Err(error) = fs::rename(&source, &target) {
                let reason = os::reason(&error);
                let line = format!(
                    "Unable to move {source} to charts dir rename {source} {target}: {reason} (Skipping)"
                );
                out.extend_from_slice(line.as_bytes());
            }
        }
        say(out, "Deleting outdated charts");
        let is_local = |name: &str| {
            dependencies
                .iter()
                .any(|one| one.repository.is_empty() && one.name == name)
        };
        for file in old {
            let name = file.rsplit('/').next().unwrap_or_default();
            if present.contains(name) {
                continue;
            }
            match chart::load(&file, notices) {
                Err(error) => say(
                    out,
                    &format!("Could not verify {file} for deletion: {error} (Skipping)"),
                ),
                Ok(chart) if is_local(chart.name()) => {}
                Ok(_) => {
                    if let Err(error) = fs::remove_file(&file) {
                        let why = os::path_error("remove", &file, &error);
                        let line = format!("Could not delete {file}: {why} (Skipping)");
                        out.extend_from_slice(line.as_bytes());
                    }
                }
            }
        }
        Ok(())
    }
}

/// The address without its tag, and the tag: `^(oci://[^:]+(:[0-9]{1,5})?[^:]+):(.*)$`
/// (`parseOCIRef`).
fn split_tag(address: &str) -> Option<(&str, &str)> {
    let start = oci::SCHEME.len();
    let first = start + address[start..].find(':')?;
    let digits = address[first + 1..]
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    let rest = first + 1 + digits;
    let has_port = (1..=5).contains(&digits) && !address[rest..].starts_with(':');
    let end = match address[rest..].find(':') {
        Some(next) if has_port && next > 0 => rest + next,
        _ => first,
    };
    (end > start + 1).then(|| (&address[..end], &address[end + 1..]))
}

/// Why fetching ends.
enum Stop {
    /// The error is all that is said.
    AtOnce(Error),
    /// It is said on standard output, too.
    Save(Error),
}

/// A folder that goes with the value.
struct Temporary(String);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The old digest of what a chart asks for, before aliases are replaced.
fn old_digest_of(chart: &Chart) -> String {
    let metadata = &chart.metadata;
    lock::old_digest(
        metadata
            .has_dependency_list
            .then_some(&metadata.dependencies),
    )
}

/// Where a locked dependency is (`Manager.findChartURL`).
fn find(
    dependency: &Dependency,
    known: &Known,
    clients: &Clients,
    notices: &mut Vec<Notice>,
) -> Result<(String, Access, String), Error> {
    let (name, repository) = (&dependency.name, &dependency.repository);
    if repository.starts_with("oci://") {
        let address = format!("{repository}/{name}:{}", dependency.version);
        return Ok((address, Access::default(), String::new()));
    }
    let mut entries = known.iter();
    let Some((entry, index)) = entries.find(|(entry, _)| same_address(repository, &entry.url))
    else {
        let access = Access::default();
        let version = &dependency.version;
        let address = find_in_repository(repository, name, version, &access, clients, notices)
            .map_err(|error| error.wrap(format!("chart {name} not found in {repository}")))?;
        return Ok((address, access, String::new()));
    };
    let Some(versions) = index.versions(name)? else {
        return fail("entry not found");
    };
    let wanted = &dependency.version;
    let is_same = |found: &str| match semver::Version::parse(wanted) {
        Err(_) => wanted == found,
        Ok(wanted) => semver::Version::parse(found).is_ok_and(|found| wanted == found),
    };
    let found = versions
        .iter()
        .filter(|version| wanted.is_empty() || is_same(&version.metadata.version))
        .find_map(|version| Some((version.urls.first()?, &version.digest)));
    let Some((url, digest)) = found else {
        return fail("no matching version");
    };
    let address = resolve_reference(repository, url)?;
    Ok((address, entry.access(), digest.clone()))
}
