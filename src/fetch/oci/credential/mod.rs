//! Who we are to registries: Helm's own file, Docker's file behind it, and the programs that they
//! name (`registry/remote/credentials` of oras-go).

mod config;
mod helper;

use config::Config;

use crate::diag::{Error, Kind, Notice};
use crate::go::path;

/// Where credentials are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Helm's own file, `registry/config.json`.
    pub own: String,
    /// Docker's `config.json`, or nothing.
    pub docker: String,
    /// The folders with programs, as in `PATH`.
    pub programs: String,
}

/// What a registry wants to know of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credential {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// A token that others are asked for with: Docker's `identitytoken`.
    pub refresh_token: String,
    /// A token that is sent as it is: Docker's `registrytoken`.
    pub access_token: String,
}

impl Credential {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Credential::default()
    }
}

/// The files, as they were when they were opened.
pub struct Store {
    own: Source,
    docker: Option<Source>,
}

/// A file, and the program that stands in for it where it names none.
struct Source {
    config: Config,
    detected: String,
}

/// The program that Docker uses where nothing else is said.
fn detect(programs: &str) -> String {
    let exists = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        programs.split(':').any(|folder| {
            let file = path::join(&[folder, name]);
            std::fs::metadata(file)
                .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        })
    };
    let name = match exists("pass") {
        true => "pass",
        false => "secretservice",
    };
    match exists(&format!("{}{name}", helper::PREFIX)) {
        true => name.to_owned(),
        false => String::new(),
    }
}

impl Source {
    fn open(path: &str, programs: &str) -> Result<Source, Error> {
        let config = Config::load(path)?;
        let detected = match config.is_empty() {
            true => detect(programs),
            false => String::new(),
        };
        Ok(Source { config, detected })
    }

    /// The program that keeps what is known of a server; nothing where the file does.
    fn helper(&self, server: &str) -> &str {
        let known = [self.config.helper(server), &self.config.store];
        let mut known = known.into_iter().filter(|name| !name.is_empty());
        known.next().unwrap_or(&self.detected)
    }

    fn get(&self, server: &str) -> Result<Credential, Error> {
        match self.helper(server) {
            "" => self.config.get(server),
            helper => helper::get(helper, server),
        }
    }
}

impl Store {
    /// Reads the files.
    ///
    /// # Errors
    /// What cannot be read, in oras-go's words.
    pub fn open(files: &Files) -> Result<Store, Error> {
        let docker = match &*files.docker {
            "" => None,
            path => Some(Source::open(path, &files.programs)?),
        };
        Ok(Store {
            own: Source::open(&files.own, &files.programs)?,
            docker,
        })
    }

    /// What is known for `host`; nothing is no error.
    ///
    /// # Errors
    /// What cannot be read, and what programs say.
    pub fn get(&self, host: &str) -> Result<Credential, Error> {
        let server = match host {
            "registry-1.docker.io" => DOCKER_HUB,
            host => host,
        };
        for source in std::iter::once(&self.own).chain(&self.docker) {
            let found = source.get(server)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Credential::default())
    }

    /// Keeps a credential for `registry` in Helm's own file, or the program that it names.
    ///
    /// # Errors
    /// What cannot be written, and what programs say.
    pub fn put(&mut self, registry: &str, credential: &Credential) -> Result<(), Error> {
        let server = server_of(registry);
        let own = &mut self.own;
        match own.helper(server) {
            "" => {
                if credential.username.contains(':') {
                    return Err(Error::new(
                        Kind::Usage,
                        "bad credential format: colons(:) are not allowed in username",
                    ));
                }
                own.config.put(server, credential)?;
            }
            helper => helper::store(helper, server, credential)?,
        }
        if own.detected.is_empty() {
            return Ok(());
        }
        own.config.store.clone_from(&own.detected);
        let written = own.config.write();
        written.map_err(|error| error.wrap("failed to set credsStore"))
    }

    /// Forgets what Helm's own file, or the program that it names, knows for `registry`.
    ///
    /// # Errors
    /// What cannot be written, and what programs say.
    pub fn delete(&mut self, registry: &str) -> Result<(), Error> {
        let server = server_of(registry);
        let deleted = match self.own.helper(server) {
            "" => self.own.config.delete(server),
            helper => helper::erase(helper, server),
        };
        deleted.map_err(|error| error.wrap(format!("failed to delete the credential for {server}")))
    }
}

/// Docker Hub's old name, under which its credentials are kept.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

fn server_of(registry: &str) -> &str {
    match registry {
        "docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        other => other,
    }
}

/// Warns of a host with a path, which nothing is kept for.
pub fn check_host(host: &str, notices: &mut Vec<Notice>) {
    if let Some((suggested, _)) = host.split_once('/') {
        const MESSAGE: &str =
            "registry login currently only supports registry hostname, not a repository path";
        let notice = Notice::new(crate::diag::Level::Warn, MESSAGE);
        notices.push(notice.with("host", host).with("suggested", suggested));
    }
}
