use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::oci::Registry;
use super::oci::credential::Files;
use crate::diag::{Error, Kind};
use crate::go::url::Url;
use crate::go::{os, strconv};
use crate::net::{Client, Options};
use crate::plugin::{Credentials, Getters};

/// How a repository is talked to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The address that the credentials are for.
    pub owner: String,
    /// User name, or nothing.
    pub username: String,
    /// Password, or nothing.
    pub password: String,
    /// Give the credentials to any host.
    pub pass_credentials_all: bool,
    /// A file with the client's certificate.
    pub cert_file: String,
    /// A file with the key of it.
    pub key_file: String,
    /// A file with the certificates of authorities to trust.
    pub ca_file: String,
    /// Accept whatever certificate the server shows.
    pub insecure_skip_tls_verify: bool,
    /// Talk to registries without TLS.
    pub plain_http: bool,
    /// How long a request may take; Helm's 120 seconds where not said.
    pub timeout: Option<Duration>,
}

impl Access {
    /// Whether anything is said about TLS. Helm then forgets that it should do without it.
    fn has_tls(&self) -> bool {
        (!self.cert_file.is_empty() && !self.key_file.is_empty())
            || !self.ca_file.is_empty()
            || self.insecure_skip_tls_verify
    }

    /// Whether registries are talked to without TLS.
    pub(super) fn is_plain(&self) -> bool {
        self.plain_http && !self.has_tls()
    }

    /// What a plugin is told of them.
    fn credentials(&self) -> Credentials {
        Credentials {
            username: self.username.clone(),
            password: self.password.clone(),
            pass_all: self.pass_credentials_all,
            cert_file: self.cert_file.clone(),
            key_file: self.key_file.clone(),
            ca_file: self.ca_file.clone(),
        }
    }

    /// Says which certificates cannot be read as `tlsutil` does, which a client would say in other
    /// words.
    ///
    /// # Errors
    /// Helm's words.
    pub fn check_certificates(&self) -> Result<(), Error> {
        let check = |what: &str, path: &str| {
            if path.is_empty() {
                return Ok(());
            }
            std::fs::File::open(path).map(drop).map_err(|error| {
                let path_error = os::path_error("open", path, &error);
                let message = format!(
                    "can't create TLS config for client: {what}: {}: {path_error}",
                    strconv::quote(path)
                );
                Error::new(Kind::Io, message)
            })
        };
        if !self.cert_file.is_empty() && !self.key_file.is_empty() {
            check("unable to read cert file", &self.cert_file)?;
            check("unable to read key file", &self.key_file)?;
        }
        check("can't read CA file", &self.ca_file)
    }
}

/// HTTP clients, one for each way to talk, and what was said to registries; shared by threads.
#[derive(Default)]
pub struct Clients {
    clients: Mutex<BTreeMap<Access, Arc<Client>>>,
    registries: Mutex<BTreeMap<Access, Arc<Registry>>>,
    words: Mutex<Vec<u8>>,
    getters: Getters,
    /// What was fetched before it was asked for.
    ahead: Mutex<Ahead>,
}

/// Addresses, how they are talked to, and what came of it.
type Ahead = BTreeMap<(String, Access), Result<Vec<u8>, Error>>;

impl Clients {
    /// Clients, and plugins for what they do not fetch.
    pub fn new(getters: Getters) -> Clients {
        Clients {
            getters,
            ..Clients::default()
        }
    }

    /// Whether something fetches what has this scheme.
    pub(super) fn know(&self, scheme: &[u8]) -> bool {
        let name = String::from_utf8_lossy(scheme);
        matches!(scheme, b"http" | b"https" | b"oci") || self.getters.know(&name)
    }

    /// Fetches what is at `url` (`HTTPGetter.Get`).
    ///
    /// # Errors
    /// Helm's words for certificates that cannot be read, connections that cannot be made and answers
    /// other than 200.
    pub fn get(&self, url: &str, access: &Access) -> Result<Vec<u8>, Error> {
        let found = self.lock_ahead().remove(&(url.to_owned(), access.clone()));
        found.unwrap_or_else(|| self.get_now(url, access))
    }

    /// Fetches addresses side by side, a few at a time; [`Clients::get`] then gives what came.
    pub fn fetch_ahead(&self, errands: Vec<(String, Access)>) {
        const AT_ONCE: usize = 8;
        let workers = errands.len().min(AT_ONCE);
        if workers < 2 {
            return;
        }
        let errands = Mutex::new(errands.into_iter());
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let next = errands
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .next();
                        let Some((url, access)) = next else { return };
                        let got = self.get_now(&url, &access);
                        self.lock_ahead().insert((url, access), got);
                    }
                });
            }
        });
    }

    fn lock_ahead(&self) -> std::sync::MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get_now(&self, url: &str, access: &Access) -> Result<Vec<u8>, Error> {
        let parse = |text: &str, what: &str| {
            Url::parse(text).map_err(|error| {
                Error::new(Kind::Network, format!("unable to parse {what}: {error}"))
            })
        };
        let owner = parse(&access.owner, "getter URL")?;
        let target = parse(url, "URL getting from")?;
        match &target.scheme[..] {
            b"http" | b"https" => {}
            other => {
                let name = String::from_utf8_lossy(other);
                let credentials = access.credentials();
                if let Some(fetched) = self.getters.fetch(url, &name, credentials) {
                    return fetched;
                }
                let scheme = strconv::quote(other);
                let message = format!("scheme {scheme} not supported");
                return Err(Error::new(Kind::Network, message));
            }
        }
        let mut access = access.clone();
        access.owner = String::new();
        let is_owner = owner.scheme == target.scheme && owner.host == target.host;
        let is_known = !access.username.is_empty() && !access.password.is_empty();
        if !is_known || !(access.pass_credentials_all || is_owner) {
            access.username = String::new();
            access.password = String::new();
        }
        access.pass_credentials_all = false;
        access.check_certificates()?;
        self.client(access).get(url)
    }

    /// The way to registries.
    ///
    /// # Errors
    /// Certificates and files with credentials that cannot be read.
    pub fn registry(&self, access: &Access, files: &Files) -> Result<Arc<Registry>, Error> {
        let known = self.registries.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = known.get(access) {
            return Ok(Arc::clone(registry));
        }
        let registry = Arc::new(Registry::open(access, files, self)?);
        known.insert(access.clone(), Arc::clone(&registry));
        Ok(registry)
    }

    /// A client that sends no credentials of its own, and waits for big layers.
    pub(super) fn for_registries(&self, access: &Access) -> Result<Arc<Client>, Error> {
        access.check_certificates()?;
        Ok(self.client(Access {
            cert_file: access.cert_file.clone(),
            key_file: access.key_file.clone(),
            ca_file: access.ca_file.clone(),
            insecure_skip_tls_verify: access.insecure_skip_tls_verify,
            timeout: Some(Duration::from_secs(3600)),
            ..Access::default()
        }))
    }

    /// Keeps what is to be printed about registries.
    pub(super) fn say(&self, words: &[u8]) {
        let said = self.words.lock();
        said.unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(words);
    }

    /// What is to be printed about registries, which Helm does at once.
    pub fn take_words(&self) -> Vec<u8> {
        let said = self.words.lock();
        std::mem::take(&mut *said.unwrap_or_else(PoisonError::into_inner))
    }

    fn client(&self, access: Access) -> Arc<Client> {
        let clients = self.clients.lock();
        let mut clients = clients.unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(access).or_insert_with_key(|access| {
            let mut options = Options {
                credentials: (!access.username.is_empty())
                    .then(|| (access.username.clone(), access.password.clone())),
                ca_file: access.ca_file.clone(),
                cert_file: access.cert_file.clone(),
                key_file: access.key_file.clone(),
                insecure_skip_tls_verify: access.insecure_skip_tls_verify,
                ..Options::default()
            };
            if let Some(timeout) = access.timeout {
                options.timeout = timeout;
            }
            Arc::new(Client::new(options))
        });
        Arc::clone(client)
    }
}
