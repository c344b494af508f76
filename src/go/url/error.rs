//! Why a text is no URL, in the words of Go's `net/url`.

use crate::go::strconv::quote;

/// A `%` without two digits, or one that may not stand where it does (`url.EscapeError`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EscapeError(String);

impl EscapeError {
    pub(super) fn escape(text: &[u8]) -> EscapeError {
        EscapeError(format!("invalid URL escape {}", quote(text)))
    }

    pub(super) fn host(text: &[u8]) -> EscapeError {
        EscapeError(format!("invalid character {} in host name", quote(text)))
    }
}

/// What is wrong with a URL, and which (`url.Error`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parse {url}: {}", reason.0)]
pub struct ParseError {
    url: String,
    reason: Reason,
}

impl ParseError {
    pub(super) fn new(url: &[u8], reason: Reason) -> ParseError {
        ParseError {
            url: quote(url),
            reason,
        }
    }

    /// What is wrong, without the URL.
    pub fn reason(&self) -> &str {
        &self.reason.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason(String);

impl From<&str> for Reason {
    fn from(text: &str) -> Reason {
        Reason(text.to_owned())
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Reason {
        Reason(text)
    }
}

impl From<EscapeError> for Reason {
    fn from(error: EscapeError) -> Reason {
        Reason(error.0)
    }
}
