//! Why an API server did not do what it was asked.

use http::Method;
use serde::Deserialize;

use crate::diag::{Error, Kind};
use crate::go::strconv;
use crate::net;

/// A refusal, or why there was no answer.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// 0 where there was no answer.
    pub(super) status: u16,
    /// `metav1.StatusReason`
    pub(super) reason: String,
    /// The line that `client-go` has for it.
    pub(super) message: String,
    /// What the server warned of besides.
    pub(super) warnings: Vec<String>,
}

/// The part of `metav1.Status` that is looked at.
#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
}

impl Failure {
    /// What was configured cannot be used.
    pub(super) fn config(why: &str) -> Failure {
        Failure::unasked(why.to_owned())
    }

    /// An answer that is not what it should be.
    pub(super) fn garbled(error: &serde_json::Error) -> Failure {
        Failure::unasked(format!("the server's answer cannot be read: {error}"))
    }

    /// Our own reason to go no further.
    pub(super) fn unasked(message: String) -> Failure {
        Failure {
            status: 0,
            reason: String::new(),
            message,
            warnings: Vec::new(),
        }
    }

    /// There was no answer.
    pub(super) fn unanswered(
        method: &Method,
        url: &str,
        error: &(dyn std::error::Error + 'static),
    ) -> Failure {
        let verb = match *method {
            Method::GET => "Get",
            Method::POST => "Post",
            Method::PUT => "Put",
            Method::PATCH => "Patch",
            Method::DELETE => "Delete",
            _ => method.as_str(),
        };
        let why = net::failure(error, url);
        Failure::unasked(format!("{verb} {}: {why}", strconv::quote(url.as_bytes())))
    }

    /// The server refused (`rest.transformResponse` of `k8s.io/client-go`).
    pub(super) fn refused(status: u16, body: &[u8], method: &Method, url: &str) -> Failure {
        let said: Status = serde_json::from_slice(body).unwrap_or_default();
        if said.kind == "Status" && !said.message.is_empty() {
            return Failure {
                status,
                reason: said.reason,
                message: said.message,
                warnings: Vec::new(),
            };
        }
        let message = match status {
            401 => "Unauthorized".to_owned(),
            403 => "Forbidden".to_owned(),
            404 => "the server could not find the requested resource".to_owned(),
            429 => "the server has received too many requests and has asked us to try again later"
                .to_owned(),
            503 => "the server is currently unable to handle the request".to_owned(),
            500.. => format!(
                "an error on the server ({}) has prevented the request from succeeding",
                strconv::quote(String::from_utf8_lossy(body).trim().as_bytes())
            ),
            _ => format!("the server answered {method} {url} with status {status}"),
        };
        Failure {
            status,
            reason: said.reason,
            message,
            warnings: Vec::new(),
        }
    }

    pub(super) fn is_not_found(&self) -> bool {
        self.status == 404
    }

    pub(super) fn is_conflict(&self) -> bool {
        self.status == 409 && self.reason == "Conflict"
    }

    pub(super) fn already_exists(&self) -> bool {
        self.reason == "AlreadyExists"
    }

    /// Puts `context` and `": "` in front.
    pub(super) fn wrap(mut self, context: impl std::fmt::Display) -> Failure {
        self.message = format!("{context}: {}", self.message);
        self
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        let kind = match failure.status {
            0 => Kind::Network,
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            _ => Kind::Cluster,
        };
        Error::new(kind, failure.message)
    }
}
