//! The one error of the library: a kind and Helm's line go in; context, the way to it and hints are
//! added on its way up.

use std::fmt;

use super::{Source, Span};

/// What went wrong, for exit codes and for those who react to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The command line or configuration does not make sense.
    Usage,
    /// A file or folder could not be read or written.
    Io,
    /// A chart is damaged or refused.
    Chart,
    /// Values could not be read, merged or validated.
    Values,
    /// A template does not parse or fails.
    Template,
    /// Rendered text is not what Kubernetes objects are made of.
    Manifest,
    /// The network or the other side of it.
    Network,
    /// A cluster refused what it was asked.
    Cluster,
    /// What was looked for is not there.
    NotFound,
    /// Something else is there already, or holds it.
    Conflict,
    /// The record of a release is damaged.
    Record,
    /// The user called it off, or time ran out.
    Cancelled,
    /// Something asked for is not supported here.
    Unsupported,
}

/// One step of the way to an error: the template that was executing.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Name of the template, a path or the name of a `define`; empty where it is no template.
    pub template: String,
    /// The text that holds the failing expression.
    pub source: Source,
    /// The failing expression in it.
    pub span: Span,
}

/// The one error of the library; a word wide.
///
/// `Display` prints Helm's line and nothing else.
pub struct Error(Box<Repr>);

struct Repr {
    kind: Kind,
    message: String,
    trail: Vec<Frame>,
    details: Vec<String>,
    hints: Vec<String>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` whose line is `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error(Box::new(Repr {
            kind,
            message: message.into(),
            trail: Vec::new(),
            details: Vec::new(),
            hints: Vec::new(),
            cause: None,
        }))
    }

    /// Puts `context` and `": "` in front of the line, as Go's `%w` chains do.
    #[must_use]
    pub fn wrap(mut self, context: impl fmt::Display) -> Error {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// Replaces the line and keeps all else.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Error {
        self.0.message = message.into();
        self
    }

    /// Adds a step, outermost first.
    #[must_use]
    pub fn with_frame(mut self, frame: Frame) -> Error {
        self.0.trail.push(frame);
        self
    }

    /// Adds what was found out about it, in one line or more, for people.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Error {
        self.0.details.push(detail.into());
        self
    }

    /// Adds advice: a sentence that says what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hints.push(hint.into());
        self
    }

    /// Keeps what lies below.
    #[must_use]
    pub fn with_cause(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.0.cause = Some(Box::new(cause));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The line that Helm prints, without `Error: `.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The way to the failing expression, outermost first; empty where no template was involved.
    pub fn trail(&self) -> &[Frame] {
        &self.0.trail
    }

    /// What was found out about it, in lines.
    pub fn details(&self) -> &[String] {
        &self.0.details
    }

    /// What the user can do.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .cause
            .as_deref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
