//! Why a document cannot be read, in Go's words, and where.

use std::fmt;

use crate::diag::Span;

/// Why a document cannot be read; a word wide.
///
/// `Display` is Go's text, exactly. The place, where one is known, is kept beside it: Go's line
/// numbers are often missing or one less than they should be.
pub struct Error(Box<Repr>);

struct Repr {
    message: String,
    span: Option<Span>,
}

impl Error {
    pub(super) fn new(message: impl Into<String>) -> Error {
        Error(Box::new(Repr {
            message: message.into(),
            span: None,
        }))
    }

    pub(super) fn at(message: impl Into<String>, span: Span) -> Error {
        Error(Box::new(Repr {
            message: message.into(),
            span: Some(span),
        }))
    }

    /// Puts `context` in front, as Go's `%w` chains do.
    pub(super) fn wrap(mut self, context: &str) -> Error {
        self.0.message.insert_str(0, context);
        self
    }

    /// Go's text.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it went wrong, in bytes of the text that was read.
    pub fn span(&self) -> Option<Span> {
        self.0.span
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({})", self.0.message)
    }
}

impl std::error::Error for Error {}
