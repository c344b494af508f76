//! Log records: a level, a message and attributes, as Go's `log/slog` has them.

use std::fmt;

/// How loud a [`Notice`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Shown with `--debug` only.
    Debug,
    /// For information.
    Info,
    /// Something is probably not as meant.
    Warn,
    /// Something failed.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        })
    }
}

/// A record for the log: Helm's words in the message, details as attributes.
///
/// The library collects them (`&mut Vec<Notice>`); who owns the terminal prints them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How loud.
    pub level: Level,
    /// What happened.
    pub message: String,
    /// Key and value pairs, in Helm's order.
    pub attributes: Vec<(&'static str, String)>,
}

impl Notice {
    /// A record without attributes.
    pub fn new(level: Level, message: impl Into<String>) -> Notice {
        Notice {
            level,
            message: message.into(),
            attributes: Vec::new(),
        }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Notice {
        self.attributes.push((key, value.to_string()));
        self
    }
}
