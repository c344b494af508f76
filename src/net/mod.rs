//! The one HTTP client: proxies of the environment, TLS by rustls, limits.
//!
//! Its runtime starts with the first request, on the calling thread. Without the feature `http`
//! every request is refused.

pub mod aws;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod retry;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::diag::{Error, Kind};

#[cfg(feature = "http")]
pub use http::Client;
#[cfg(feature = "kube")]
pub(crate) use http::failure;
#[cfg(feature = "ecs")]
pub(crate) use http::provide_tls;
#[cfg(any(feature = "kube", feature = "ecs"))]
pub(crate) use http::runtime;

/// Set once, and never taken back: a promise of the whole process.
static OFFLINE: AtomicBool = AtomicBool::new(false);

/// Promises that from here on this process asks no server for anything: every request is refused.
pub fn go_offline() {
    OFFLINE.store(true, Ordering::SeqCst);
}

/// Refuses a request after [`go_offline`].
///
/// # Errors
/// [`Kind::Network`], in our own words.
pub fn check_online(url: &str) -> Result<(), Error> {
    if !OFFLINE.load(Ordering::SeqCst) {
        return Ok(());
    }
    let message = format!("{url} is not asked for: --offline promises not to");
    Err(Error::new(Kind::Network, message).with_hint(
        "Run it once without --offline (and without PINTLE_OFFLINE): what is fetched then is kept.",
    ))
}

/// How servers are talked to. `Default` is what Helm does without flags.
#[derive(Clone, Debug)]
pub struct Options {
    /// Sent as `User-Agent`.
    pub user_agent: String,
    /// User name and password, where the server asks for them.
    pub credentials: Option<(String, String)>,
    /// A file with the certificates of authorities to trust besides the system's.
    pub ca_file: String,
    /// A file with the client's certificate.
    pub cert_file: String,
    /// A file with the key of it.
    pub key_file: String,
    /// Accept whatever certificate the server shows.
    pub insecure_skip_tls_verify: bool,
    /// How long a request may take.
    pub timeout: Duration,
    /// How long a server may say nothing.
    pub silence: Duration,
    /// How many bytes of an answer are read.
    pub limit: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            user_agent: "Helm/4.2.4".to_owned(),
            credentials: None,
            ca_file: String::new(),
            cert_file: String::new(),
            key_file: String::new(),
            insecure_skip_tls_verify: false,
            timeout: Duration::from_secs(120),
            silence: Duration::from_secs(120),
            limit: 256 << 20,
        }
    }
}

/// What is asked of a server.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// What to do.
    pub method: Method,
    /// The address.
    pub url: &'a str,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// What is sent along.
    pub body: &'a [u8],
}

/// What a [`Request`] asks to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    #[default]
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The word that servers see.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }

    /// The word that Go puts in front of its errors.
    #[cfg(feature = "http")]
    fn operation(self) -> &'static str {
        match self {
            Method::Get => "Get",
            Method::Head => "Head",
            Method::Post => "Post",
            Method::Put => "Put",
            Method::Delete => "Delete",
        }
    }
}

/// What a server said.
#[derive(Debug, Default)]
pub struct Answer {
    /// The status, 200 for all is well.
    pub status: u16,
    /// The usual words for the status.
    pub reason: &'static str,
    /// The address that answered, which redirects may have led to.
    pub url: String,
    /// Headers, their names in lower case; the first of several of one name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// Why the body ended before its end, in Go's words.
    pub broken: Option<String>,
}

impl Answer {
    /// The header of that name, which is in lower case; or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Stands in for the client where it was not built in.
#[cfg(not(feature = "http"))]
pub struct Client;

#[cfg(not(feature = "http"))]
impl Client {
    /// A client that refuses.
    pub fn new(_options: Options) -> Client {
        Client
    }

    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn get(&self, url: &str) -> Result<Vec<u8>, Error> {
        self.request(url).map(|answer| answer.body)
    }

    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn request(&self, url: &str) -> Result<Answer, Error> {
        self.request_with(url, &[])
    }

    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn request_with(
        &self,
        url: &str,
        _headers: &[(&'static str, String)],
    ) -> Result<Answer, Error> {
        self.send(&Request {
            url,
            ..Request::default()
        })
    }

    /// Refuses.
    ///
    /// # Errors
    /// Always.
    pub fn send(&self, request: &Request<'_>) -> Result<Answer, Error> {
        let url = request.url;
        check_online(url)?;
        Err(Error::new(
            Kind::Unsupported,
            format!("{url}: pintle was built without the feature http"),
        ))
    }
}
