//! Why an API server did not do what it was asked.

use std::time::Duration;

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
    /// How long the server wants to be left alone before it is asked again.
    pub(super) retry_after: Option<Duration>,
    /// What it says of single fields.
    pub(super) causes: Vec<Cause>,
}

/// `metav1.StatusCause`
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Cause {
    /// The field.
    #[serde(default)]
    pub(super) field: String,
    /// What is wrong with it.
    #[serde(default)]
    pub(super) message: String,
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
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Details {
    #[serde(default)]
    causes: Vec<Cause>,
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
            retry_after: None,
            causes: Vec::new(),
        }
    }

    /// There was no answer.
    pub(super) fn unanswered(
        method: &Method,
        url: &str,
        error: &(dyn std::error::Error + 'static),
    ) -> Failure {
        Failure::unmade(method, url, net::failure(error, url))
    }

    /// The request could not be made.
    pub(super) fn unmade(method: &Method, url: &str, why: String) -> Failure {
        let verb = match *method {
            Method::GET => "Get",
            Method::POST => "Post",
            Method::PUT => "Put",
            Method::PATCH => "Patch",
            Method::DELETE => "Delete",
            _ => method.as_str(),
        };
        Failure::unasked(format!("{verb} {}: {why}", strconv::quote(url.as_bytes())))
    }

    /// The server refused (`rest.transformResponse` of `k8s.io/client-go`); `text` is a body for people,
    /// and `path` what it was asked for.
    pub(super) fn refused(
        status: u16,
        body: &[u8],
        text: Option<&[u8]>,
        method: &Method,
        path: &str,
    ) -> Failure {
        let said: Status = serde_json::from_slice(body).unwrap_or_default();
        let refused = |reason: String, message: String| Failure {
            status,
            reason,
            message,
            warnings: Vec::new(),
            retry_after: None,
            causes: Vec::new(),
        };
        // Version and kinds are asked for without a look at what the body says.
        let is_raw = matches!(path, "/version" | "/api" | "/apis");
        if said.kind == "Status" && !said.message.is_empty() && !is_raw {
            return Failure {
                causes: said.details.unwrap_or_default().causes,
                ..refused(said.reason, said.message)
            };
        }
        let text = text.map(|text| String::from_utf8_lossy(&text[..text.len().min(2048)]));
        let text = text.as_deref().map_or("unknown", str::trim);
        let (reason, message) = match status {
            400 => (
                "BadRequest",
                "the server rejected our request for an unknown reason",
            ),
            401 => (
                "Unauthorized",
                "the server has asked for the client to provide credentials",
            ),
            403 => ("Forbidden", text),
            404 => (
                "NotFound",
                "the server could not find the requested resource",
            ),
            405 => (
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            ),
            409 if *method == Method::POST => ("AlreadyExists", "the server reported a conflict"),
            409 => ("Conflict", "the server reported a conflict"),
            410 => ("Expired", text),
            422 => (
                "Invalid",
                "the server rejected our request due to an error in our request",
            ),
            429 => (
                "TooManyRequests",
                "the server has received too many requests and has asked us to try again later",
            ),
            503 => (
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            ),
            504 => (
                "Timeout",
                "the server was unable to return a response in the time allotted, but may still be processing the request",
            ),
            _ => ("", ""),
        };
        let message = match (message, status) {
            ("", 500..) => format!(
                "an error on the server ({}) has prevented the request from succeeding",
                strconv::quote(text.as_bytes())
            ),
            ("", _) => format!(
                "the server responded with the status code {status} but did not return more information"
            ),
            (message, _) => message.to_owned(),
        };
        let message = match asked_for(path) {
            Some(what) => format!("{message} ({} {what})", method.as_str().to_lowercase()),
            None => message,
        };
        refused(reason.to_owned(), message)
    }

    /// Whether a connection was made and then lost, so that a read may be tried again.
    pub(super) fn is_lost(&self) -> bool {
        let ends = [": EOF", "connection reset by peer", "unexpected EOF"];
        self.status == 0 && ends.iter().any(|end| self.message.ends_with(end))
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

/// The resource and the name in a path, `deployments.apps web`; nothing for other paths.
fn asked_for(path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts = path.trim_start_matches('/').split('/');
    let group = match parts.next()? {
        "api" => "",
        "apis" => parts.next()?,
        _ => return None,
    };
    let _version = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    let (resource, name) = match rest.as_slice() {
        ["namespaces", _, resource, rest @ ..] => (*resource, rest.first()),
        [resource, rest @ ..] => (*resource, rest.first()),
        [] => return None,
    };
    let dot = if group.is_empty() { "" } else { "." };
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    Some(format!("{resource}{dot}{group}{name}"))
}

/// What to do about a refusal, where that is known.
fn advice(status: u16) -> Option<&'static str> {
    match status {
        401 => Some(
            "The credentials are missing, wrong or expired: log in again, or see which ones the context uses with `kubectl config view --minify`.",
        ),
        429 => Some("The server is busy: it was asked again as often as it wanted to be."),
        _ => None,
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
        let error = Error::new(kind, failure.message);
        match advice(failure.status) {
            Some(advice) => error.with_hint(advice),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_without_words_get_client_gos() {
        let name = "/apis/apps/v1/namespaces/a/deployments/web?x=y";
        for (status, method, path, text, want) in [
            (
                401,
                Method::GET,
                "/version",
                "",
                "the server has asked for the client to provide credentials",
            ),
            (
                403,
                Method::GET,
                name,
                "no",
                "no (get deployments.apps web)",
            ),
            (
                503,
                Method::POST,
                "/api/v1/namespaces/a/secrets",
                "",
                "the server is currently unable to handle the request (post secrets)",
            ),
            (
                500,
                Method::GET,
                "/api/v1/nodes/a",
                " no\n",
                "an error on the server (\"no\") has prevented the request from succeeding (get nodes a)",
            ),
            (
                418,
                Method::GET,
                "/apis",
                "",
                "the server responded with the status code 418 but did not return more information",
            ),
        ] {
            let text = text.as_bytes();
            let failure = Failure::refused(status, text, Some(text), &method, path);
            assert_eq!(failure.message, want);
        }
        let said = br#"{"kind":"Status","message":"Unauthorized","reason":"Unauthorized"}"#;
        let failure = Failure::refused(401, said, None, &Method::GET, "/api/v1/pods");
        assert_eq!(failure.message, "Unauthorized");
    }
}
