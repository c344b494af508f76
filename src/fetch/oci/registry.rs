use super::Reference;
use super::credential::{Credential, Files, Store};
use super::reference::check_registry;
use super::repository::{Repository, refused};
use super::session::{Grant, Identity, Session};
use crate::diag::{Error, Kind};
use crate::fetch::{Access, Clients};
use crate::go::strconv;
use crate::net::{Method, Request};

/// A way to registries (`registry.Client`): how they are talked to, and who is talking.
pub struct Registry {
    session: Session,
    plain_http: bool,
}

/// Who is to be known to a registry.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// The registry, `HOST[:PORT]`.
    pub host: String,
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: String,
}

impl Registry {
    /// A way to registries that are talked to as `access` says; its user name and password count
    /// more than what is known from `files`.
    ///
    /// # Errors
    /// Certificates and files that cannot be read.
    pub fn open(access: &Access, files: &Files, clients: &Clients) -> Result<Registry, Error> {
        let identity = match (&*access.username, &*access.password) {
            ("", _) | (_, "") => Identity::Files(Store::open(files)?),
            (username, password) => Identity::Given(Credential {
                username: username.to_owned(),
                password: password.to_owned(),
                ..Credential::default()
            }),
        };
        Registry::with(access, identity, clients, access.is_plain())
    }

    fn with(
        access: &Access,
        identity: Identity,
        clients: &Clients,
        plain_http: bool,
    ) -> Result<Registry, Error> {
        Ok(Registry {
            session: Session::new(clients.for_registries(access)?, identity),
            plain_http,
        })
    }

    pub(super) fn repository(&self, reference: Reference) -> Repository<'_> {
        Repository {
            session: &self.session,
            plain_http: self.plain_http,
            reference,
        }
    }

    /// Checks a password, and keeps it (`Client.Login`).
    ///
    /// # Errors
    /// Hosts that are none, a registry that does not take the password, and what cannot be kept.
    pub fn login(
        login: &Login,
        access: &Access,
        files: &Files,
        clients: &Clients,
    ) -> Result<(), Error> {
        let host = &login.host;
        check_registry(host)?;
        let mut store = Store::open(files)?;
        let credential = Credential {
            username: login.username.clone(),
            password: login.password.clone(),
            ..Credential::default()
        };
        let reference = Reference {
            registry: host.clone(),
            ..Reference::default()
        };
        let known = reference.host().to_owned();
        let identity = Identity::Host(known.clone(), credential.clone());
        let mut registry = Registry::with(access, identity, clients, access.plain_http)?;
        let scheme = match access.plain_http {
            true => "http",
            false => "https",
        };
        let url = format!("{scheme}://{known}/v2/");
        // Some servers of tokens want one way, some the other.
        registry.session.grant = Grant::Password;
        if registry.ping(&url).is_err() {
            registry.session.grant = Grant::Distribution;
            registry.ping(&url).map_err(|error| {
                error.wrap(format!("authenticating to {}", strconv::quote(host)))
            })?;
        }
        store.put(host, &credential)
    }

    /// Asks whether a registry is there and takes us.
    fn ping(&self, url: &str) -> Result<(), Error> {
        let request = Request {
            url,
            ..Request::default()
        };
        let answer = self.session.send(&request, &[])?;
        match answer.status {
            200 => Ok(()),
            404 => Err(Error::new(Kind::Network, "not found")),
            _ => Err(refused(Method::Get, &answer)),
        }
    }

    /// Forgets what is known of a registry (`Client.Logout`).
    ///
    /// # Errors
    /// Files that cannot be read or written, and what programs say.
    pub fn logout(host: &str, files: &Files) -> Result<(), Error> {
        Store::open(files)?.delete(host)
    }
}
