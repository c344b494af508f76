//! `repositories.yaml` (`repo.File`), and the download of an index.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::index::catalog::{self, Stamp};
use super::reference::{check_scheme, not_a_repository, resolve_reference};
use super::{Access, Clients, file};
use crate::chart::decode::{self, Decoder, find_field};
use crate::diag::{Error, Kind, Notice};
use crate::go::{os, path};
use crate::value::{Frozen, FrozenMap, Text};
use crate::yaml;

/// A repository (`repo.Entry`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// What users call it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// A file with the client's certificate.
    pub cert_file: String,
    /// A file with the key of it.
    pub key_file: String,
    /// A file with the certificates of authorities to trust.
    pub ca_file: String,
    /// Accept whatever certificate the server shows.
    pub insecure_skip_tls_verify: bool,
    /// Give the credentials to any host.
    pub pass_credentials_all: bool,
}

/// The repositories that were added.
#[derive(Clone, Debug, Default)]
pub struct Repositories {
    api_version: String,
    generated: String,
    /// In the order in which they were added.
    pub entries: Vec<Entry>,
    /// The file has to be written with `[]` rather than `null`.
    is_list: bool,
}

/// Why `repositories.yaml` cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// There is none.
    Missing(Error),
    /// Anything else.
    Wrong(Error),
}

impl Unreadable {
    /// Helm's words.
    pub fn into_error(self) -> Error {
        match self {
            Unreadable::Missing(error) | Unreadable::Wrong(error) => error,
        }
    }
}

const FILE: &[&str] = &["apiVersion", "generated", "repositories"];
const ENTRY: &[&str] = &[
    "name",
    "url",
    "username",
    "password",
    "certFile",
    "keyFile",
    "caFile",
    "insecure_skip_tls_verify",
    "pass_credentials_all",
];

impl Repositories {
    /// Reads the file at `path` (`repo.LoadFile`).
    ///
    /// # Errors
    /// What is wrong with it, in Helm's words.
    pub fn load(path: &str) -> Result<Repositories, Unreadable> {
        let text = fs::read(path).map_err(|error| {
            let operation = match error.kind() {
                ErrorKind::IsADirectory => "read",
                _ => "open",
            };
            let why = os::path_error(operation, path, &error);
            let message = format!("couldn't load repositories file ({path}): {why}");
            let wrapped = Error::new(Kind::Io, message);
            match error.kind() {
                ErrorKind::NotFound => Unreadable::Missing(wrapped),
                _ => Unreadable::Wrong(wrapped),
            }
        })?;
        Repositories::decode(&text).map_err(Unreadable::Wrong)
    }

    /// As [`Repositories::load`], but a file that is missing holds none.
    ///
    /// # Errors
    /// What is wrong with it, in Helm's words.
    pub fn load_or_none(path: &str) -> Result<Repositories, Error> {
        match Repositories::load(path) {
            Ok(repositories) => Ok(repositories),
            Err(Unreadable::Missing(_)) => Ok(Repositories::default()),
            Err(Unreadable::Wrong(error)) => Err(error),
        }
    }

    fn decode(text: &[u8]) -> Result<Repositories, Error> {
        let mut file = Repositories::default();
        decode::document(text, |decoder, value| file.read(decoder, value))
            .map_err(|error| Error::new(Kind::Io, error.to_string()))?;
        Ok(file)
    }

    fn read(&mut self, decoder: &mut Decoder<'_>, value: &Frozen) {
        for (key, value) in decoder.members(value, "repo.File").into_iter().flatten() {
            let Some(name) = find_field(key, FILE) else {
                continue;
            };
            decoder.field("File", name, key, |decoder| match name {
                "apiVersion" => decoder.string(value, &mut self.api_version),
                "generated" => crate::chart::read_time(decoder, value, &mut self.generated),
                _ => {
                    let mut entries: Vec<Option<Entry>> = Vec::new();
                    decoder.list(value, &mut entries, "[]*repo.Entry", Entry::read);
                    self.is_list = matches!(value, Frozen::List(_));
                    self.entries = entries.into_iter().flatten().collect();
                }
            });
        }
    }

    /// The repository of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Adds a repository, or replaces the one of its name.
    pub fn update(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|old| old.name == entry.name) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
    }

    /// Takes a repository out; tells whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.name != name);
        self.is_list = true;
        self.entries.len() < before
    }

    /// Writes the file.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn write(&self, path: &str) -> Result<(), Error> {
        let entries: Vec<Frozen> = self.entries.iter().map(Entry::to_frozen).collect();
        let list = match entries.is_empty() && !self.is_list {
            true => Frozen::Null,
            false => Frozen::List(entries.into()),
        };
        let generated = match &*self.generated {
            "" => "0001-01-01T00:00:00Z",
            text => text,
        };
        let map = FrozenMap::from([
            (Text::from("apiVersion"), Frozen::string(&*self.api_version)),
            (Text::from("generated"), Frozen::string(generated)),
            (Text::from("repositories"), list),
        ]);
        let text = yaml::encode_frozen(&Frozen::Map(map.into()))
            .map_err(|error| Error::new(Kind::Io, error))?;
        file::make_folder(&path::dir(path))?;
        file::replace(path, &text, 0o600)
    }
}

impl Entry {
    fn read(decoder: &mut Decoder<'_>, value: &Frozen, out: &mut Option<Entry>) -> bool {
        if matches!(value, Frozen::Null) {
            return false;
        }
        let out = out.get_or_insert_default();
        for (key, value) in decoder.members(value, "repo.Entry").into_iter().flatten() {
            let Some(name) = find_field(key, ENTRY) else {
                continue;
            };
            decoder.field("Entry", name, key, |decoder| match name {
                "name" => decoder.string(value, &mut out.name),
                "url" => decoder.string(value, &mut out.url),
                "username" => decoder.string(value, &mut out.username),
                "password" => decoder.string(value, &mut out.password),
                "certFile" => decoder.string(value, &mut out.cert_file),
                "keyFile" => decoder.string(value, &mut out.key_file),
                "caFile" => decoder.string(value, &mut out.ca_file),
                "insecure_skip_tls_verify" => {
                    decoder.boolean(value, &mut out.insecure_skip_tls_verify);
                }
                _ => decoder.boolean(value, &mut out.pass_credentials_all),
            });
        }
        true
    }

    fn to_frozen(&self) -> Frozen {
        let texts = [
            ("name", &self.name),
            ("url", &self.url),
            ("username", &self.username),
            ("password", &self.password),
            ("certFile", &self.cert_file),
            ("keyFile", &self.key_file),
            ("caFile", &self.ca_file),
        ];
        let flags = [
            ("insecure_skip_tls_verify", self.insecure_skip_tls_verify),
            ("pass_credentials_all", self.pass_credentials_all),
        ];
        let texts = texts
            .iter()
            .map(|(key, text)| (Text::from(*key), Frozen::string(text.as_str())));
        let flags = flags
            .iter()
            .map(|(key, flag)| (Text::from(*key), Frozen::Bool(*flag)));
        let map: FrozenMap = texts.chain(flags).collect();
        Frozen::Map(map.into())
    }

    /// How to talk to it.
    pub fn access(&self) -> Access {
        Access {
            owner: self.url.clone(),
            username: self.username.clone(),
            password: self.password.clone(),
            pass_credentials_all: self.pass_credentials_all,
            cert_file: self.cert_file.clone(),
            key_file: self.key_file.clone(),
            ca_file: self.ca_file.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            plain_http: false,
            timeout: None,
        }
    }

    /// Whether the address is one that repositories can have (`repo.NewChartRepository`).
    ///
    /// # Errors
    /// Helm's words.
    pub fn check(&self, clients: &Clients) -> Result<(), Error> {
        check_scheme(&self.url, clients)
    }

    /// Fetches the index into the cache (`ChartRepository.DownloadIndexFile`).
    ///
    /// # Errors
    /// What was wrong, without Helm's words around it.
    pub fn download_index(
        &self,
        cache: &str,
        timeout: Option<Duration>,
        clients: &Clients,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let url = resolve_reference(&self.url, "index.yaml")?;
        let access = Access {
            timeout,
            ..self.access()
        };
        let bytes = clients.get(&url, &access)?;
        let (index, said) = catalog::parse(&bytes, &self.url, notices)?;
        let mut names = String::new();
        for name in index.entries.keys() {
            names.push_str(name);
            names.push('\n');
        }
        let charts = path::join(&[cache, &format!("{}-charts.txt", self.name)]);
        // Completion alone needs the list of names.
        let _ = file::make_folder(&path::dir(&charts));
        let _ = file::write(&charts, names.as_bytes(), 0o644);
        let place = index_path(cache, &self.name);
        let known = file::write_known(&place, &bytes, 0o644)?;
        catalog::store(&place, &index, &said, Stamp::new(&known));
        Ok(())
    }

    /// Helm's words around an error of [`Entry::download_index`].
    pub fn unreachable(&self, error: Error) -> Error {
        not_a_repository(&self.url, error)
    }
}

/// Where the index of a repository is cached.
pub fn index_path(cache: &str, name: &str) -> String {
    path::join(&[cache, &format!("{name}-index.yaml")])
}

/// Removes what is cached of a repository.
///
/// # Errors
/// An index that cannot be removed.
pub fn remove_cached(cache: &str, name: &str) -> Result<(), Error> {
    let _ = fs::remove_file(path::join(&[cache, &format!("{name}-charts.txt")]));
    let index = index_path(cache, name);
    catalog::remove(&index);
    match fs::remove_file(&index) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::new(
            Kind::Io,
            os::path_error("remove", &index, &error),
        )),
        _ => Ok(()),
    }
}

/// Holds `repositories.yaml` against other processes until it is dropped.
///
/// # Errors
/// A lock that cannot be made, or that another holds for half a minute.
pub fn lock(path: &str) -> Result<File, Error> {
    let base = path::base(path.as_bytes());
    let lock = match base.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if base.len() - dot < path.len() => {
            format!("{}.lock", &path[..path.len() - (base.len() - dot)])
        }
        _ => format!("{path}.lock"),
    };
    file::make_folder(&path::dir(path))?;
    let fail = |error: &std::io::Error| Error::new(Kind::Io, os::path_error("open", &lock, error));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(|error| fail(&error))?;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::Error(error)) => return Err(fail(&error)),
            Err(fs::TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(Error::new(Kind::Io, "context deadline exceeded"));
            }
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}
