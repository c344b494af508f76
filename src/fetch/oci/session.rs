//! Requests, and what it takes to have them answered: credentials, tokens, patience
//! (`auth.Client` and `retry.Transport` of oras-go).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::challenge::{self, Challenge};
use super::credential::{Credential, Store};
use super::repository::refused;
use crate::diag::{Error, Kind};
use crate::go::url::{Url, query_escape};
use crate::go::{json, strconv};
use crate::net::{Answer, Client, Method, Request};
use crate::value::Frozen;

/// Who is asking.
pub(super) enum Identity {
    /// One and the same to all.
    Given(Credential),
    /// One to a host, nobody to others.
    Host(String, Credential),
    /// Whoever the files know.
    Files(Store),
}

/// How tokens are asked for with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// By a request with the password in its header.
    Distribution,
    /// By a form, as OAuth 2 has it.
    Password,
}

/// A way to registries; tokens are kept.
pub(super) struct Session {
    pub(super) client: Arc<Client>,
    pub(super) identity: Identity,
    pub(super) grant: Grant,
    authorizations: Mutex<BTreeMap<String, Known>>,
}

/// What a host took last.
enum Known {
    Basic(String),
    /// Tokens by their scopes.
    Bearer(BTreeMap<String, String>),
}

impl Session {
    pub(super) fn new(client: Arc<Client>, identity: Identity) -> Session {
        Session {
            client,
            identity,
            grant: Grant::Distribution,
            authorizations: Mutex::default(),
        }
    }

    fn credential(&self, host: &str) -> Result<Credential, Error> {
        match &self.identity {
            Identity::Given(credential) => Ok(credential.clone()),
            Identity::Host(known, credential) if known == host => Ok(credential.clone()),
            Identity::Host(..) => Ok(Credential::default()),
            Identity::Files(store) => store.get(host),
        }
    }

    /// Sends a request; where the registry asks who we are, again with an answer to that. `scope`
    /// is what will be done; an answer of any status is no error.
    pub(super) fn send(&self, request: &Request<'_>, scope: &[String]) -> Result<Answer, Error> {
        let parse = |text: &str| {
            Url::parse(text).map_err(|error| Error::new(Kind::Network, error.to_string()))
        };
        let target = parse(request.url)?;
        let host = String::from_utf8_lossy(&target.host).into_owned();
        let scopes = challenge::clean(scope.iter().cloned());
        let mut tried = scopes.join(" ");
        let first = self.authorized(request, self.known(&host, &tried))?;
        if first.status != 401 || !is_same_origin(&target, &parse(&first.url)?) {
            return Ok(first);
        }
        let method = request.method.name();
        let context = format!("{method} {}", strconv::quote(&first.url));
        match Challenge::parse(first.header("www-authenticate")) {
            Challenge::Unknown => Ok(first),
            Challenge::Basic => {
                let token = self.basic(&host).map_err(|error| error.wrap(&context))?;
                let value = format!("Basic {token}");
                self.keep(&host, Known::Basic(value.clone()));
                self.authorized(request, Some(value))
            }
            Challenge::Bearer {
                realm,
                service,
                scope,
            } => {
                let asked = scope.split(' ').filter(|scope| !scope.is_empty());
                let scopes = challenge::clean(scopes.into_iter().chain(asked.map(str::to_owned)));
                let key = scopes.join(" ");
                if key != tried
                    && let Some(value) = self.known(&host, &key)
                {
                    let answer = self.authorized(request, Some(value))?;
                    if answer.status != 401 {
                        return Ok(answer);
                    }
                }
                tried = key;
                challenge::check_realm(&realm, &target)
                    .map_err(|why| Error::new(Kind::Network, why))
                    .and_then(|()| self.token(&host, &realm, &service, &scopes))
                    .map_err(|error| error.wrap(&context))
                    .and_then(|token| {
                        let value = format!("Bearer {token}");
                        self.keep(&host, Known::Bearer([(tried, value.clone())].into()));
                        self.authorized(request, Some(value))
                    })
            }
        }
    }

    fn known(&self, host: &str, key: &str) -> Option<String> {
        let known = self.authorizations.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        match known.get(host)? {
            Known::Basic(value) => Some(value.clone()),
            Known::Bearer(tokens) => tokens.get(key).cloned(),
        }
    }

    fn keep(&self, host: &str, new: Known) {
        let known = self.authorizations.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        match (known.get_mut(host), new) {
            (Some(Known::Bearer(old)), Known::Bearer(new)) => old.extend(new),
            (_, new) => {
                known.insert(host.to_owned(), new);
            }
        }
    }

    fn authorized(
        &self,
        request: &Request<'_>,
        authorization: Option<String>,
    ) -> Result<Answer, Error> {
        match authorization {
            None => self.patiently(request),
            Some(value) => {
                let mut request = request.clone();
                request.headers.push(("authorization", value));
                self.patiently(&request)
            }
        }
    }

    /// Tries again where the server is too busy, or broken.
    fn patiently(&self, request: &Request<'_>) -> Result<Answer, Error> {
        let mut wait = Duration::from_millis(250);
        for _ in 0..5 {
            let answer = self.client.send(request)?;
            let pause = match answer.status {
                408 | 500.. => wait,
                429 => {
                    let asked = answer.header("retry-after").parse().ok();
                    asked
                        .filter(|seconds| *seconds > 0)
                        .map_or(wait, Duration::from_secs)
                }
                _ => return Ok(answer),
            };
            std::thread::sleep(pause.min(Duration::from_secs(3)));
            wait *= 2;
        }
        self.client.send(request)
    }

    fn basic(&self, host: &str) -> Result<String, Error> {
        let fail = |message: &str| Err(Error::new(Kind::Network, message));
        let credential = self
            .credential(host)
            .map_err(|error| error.wrap("failed to resolve credential"))?;
        if credential.is_empty() {
            return fail("basic credential not found");
        }
        if credential.username.is_empty() || credential.password.is_empty() {
            return fail("missing username or password for basic auth");
        }
        Ok(BASE64_STANDARD.encode(format!("{}:{}", credential.username, credential.password)))
    }

    /// Asks the server at `realm` for a token.
    fn token(
        &self,
        host: &str,
        realm: &str,
        service: &str,
        scopes: &[String],
    ) -> Result<String, Error> {
        let credential = self.credential(host)?;
        if !credential.access_token.is_empty() {
            return Ok(credential.access_token);
        }
        let is_anonymous = credential.is_empty();
        if is_anonymous
            || (credential.refresh_token.is_empty() && self.grant == Grant::Distribution)
        {
            let mut url =
                Url::parse(realm).map_err(|error| Error::new(Kind::Network, error.to_string()))?;
            let mut query = Vec::new();
            if !service.is_empty() {
                query.push(("service", service));
            }
            query.extend(scopes.iter().map(|scope| ("scope", scope.as_str())));
            let mut raw = form(query);
            // Go sorts what it encodes; what the realm says itself is put in front.
            let own = String::from_utf8_lossy(&url.raw_query).into_owned();
            if !own.is_empty() {
                raw = format!("{own}&{raw}");
            }
            url.raw_query = raw.trim_end_matches('&').as_bytes().to_vec();
            let url = url.to_string();
            let mut request = Request {
                url: &url,
                ..Request::default()
            };
            if !credential.username.is_empty() || !credential.password.is_empty() {
                let both = format!("{}:{}", credential.username, credential.password);
                let value = format!("Basic {}", BASE64_STANDARD.encode(both));
                request.headers.push(("authorization", value));
            }
            return self.token_of(&request, &["access_token", "token"]);
        }
        let mut fields = vec![("client_id", "oras-go")];
        if !credential.refresh_token.is_empty() {
            fields.push(("grant_type", "refresh_token"));
            fields.push(("refresh_token", &credential.refresh_token));
        } else if !credential.username.is_empty() && !credential.password.is_empty() {
            fields.push(("grant_type", "password"));
            fields.push(("password", &credential.password));
            fields.push(("username", &credential.username));
        } else {
            let message = "missing username or password for bearer auth";
            return Err(Error::new(Kind::Network, message));
        }
        let scope = scopes.join(" ");
        if !scope.is_empty() {
            fields.push(("scope", &scope));
        }
        fields.push(("service", service));
        let body = form(fields);
        let content_type = "application/x-www-form-urlencoded".to_owned();
        let request = Request {
            method: Method::Post,
            url: realm,
            headers: vec![("content-type", content_type)],
            body: body.as_bytes(),
        };
        self.token_of(&request, &["access_token"])
    }

    /// The token in an answer, under the first of `names` that has one.
    fn token_of(&self, request: &Request<'_>, names: &[&str]) -> Result<String, Error> {
        let answer = self.patiently(request)?;
        if answer.status != 200 {
            return Err(refused(request.method, &answer));
        }
        let fail = |why: String| {
            let method = request.method.name();
            let message = format!("{method} {}: {why}", strconv::quote(&answer.url));
            Error::new(Kind::Network, message)
        };
        let (value, _) = json::decode_prefix(&answer.body)
            .map_err(|why| fail(format!("failed to decode response: {why}")))?;
        if let Frozen::Map(members) = &value {
            for name in names {
                if let Some(Frozen::String(token)) = members.get(name.as_bytes())
                    && !token.is_empty()
                {
                    return Ok(String::from_utf8_lossy(token).into_owned());
                }
            }
        }
        Err(fail("empty token returned".to_owned()))
    }
}

/// `application/x-www-form-urlencoded`, sorted by names.
fn form(mut fields: Vec<(&str, &str)>) -> String {
    fields.sort_by_key(|(name, _)| *name);
    let fields: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| {
            let value = query_escape(value.as_bytes());
            format!("{name}={}", String::from_utf8_lossy(&value))
        })
        .collect();
    fields.join("&")
}

/// Scheme, host and port are the same.
fn is_same_origin(a: &Url, b: &Url) -> bool {
    let origin = |url: &Url| {
        let port = match (url.port(), &url.scheme[..]) {
            (b"", b"http") => b"80".to_vec(),
            (b"", b"https") => b"443".to_vec(),
            (port, _) => port.to_vec(),
        };
        (
            url.scheme.to_ascii_lowercase(),
            url.hostname().to_ascii_lowercase(),
            port,
        )
    };
    origin(a) == origin(b)
}
