//! Command-line flags as `github.com/spf13/pflag` v1.0.10 reads and prints them, and commands as
//! `github.com/spf13/cobra` v1.10.2 finds, checks and describes them.
//!
//! Flags and commands are static tables: nothing is built before it is asked for. A [`FlagSet`] is
//! what one run made of them.

mod command;
pub mod complete;
mod csv;
mod parse;
mod scalar;
mod set;
mod usage;

pub use command::{Arguments, Command, Found, distance, find};
pub use parse::{Error, Unknown};
pub use set::{Check, FlagSet};

/// What a flag takes, named as `pflag` names the types in its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`; the bare flag is `true`.
    Bool,
    /// Any text.
    Text,
    /// A signed integer with Go's prefixes.
    Int,
    /// An unsigned integer with Go's prefixes.
    Uint,
    /// A number that fits 32 bits.
    Float32,
    /// Go's `1h2m3s`.
    Duration,
    /// A list; each occurrence adds one item as it stands.
    TextArray,
    /// A list; each occurrence adds a line of comma-separated values.
    TextSlice,
    /// `key=value` pairs, several separated by commas.
    TextMap,
    /// A type of the program: its name. A [`Check`] judges the values; a list when `list` is set.
    Custom {
        /// Name in the help.
        name: &'static str,
        /// Whether occurrences add up.
        list: bool,
    },
}

/// One flag of a command.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Name after `--`.
    pub name: &'static str,
    /// Letter after `-`.
    pub shorthand: Option<char>,
    /// What it takes.
    pub kind: Kind,
    /// Value when it is not given, as Go's `String()` prints it.
    pub default: &'static str,
    /// Value of the bare flag; a flag without one needs an argument.
    pub bare: Option<&'static str>,
    /// Description for the help.
    pub usage: &'static str,
    /// What to use instead; a deprecated flag works, is hidden, and says so.
    pub deprecated: Option<&'static str>,
    /// Left out of the help.
    pub hidden: bool,
}

impl Flag {
    /// A flag of `kind` with the zero value as default.
    pub const fn new(name: &'static str, kind: Kind, usage: &'static str) -> Flag {
        let (default, bare) = match kind {
            Kind::Bool => ("false", Some("true")),
            Kind::Int | Kind::Uint | Kind::Float32 => ("0", None),
            Kind::Duration => ("0s", None),
            Kind::TextArray | Kind::TextSlice | Kind::TextMap => ("[]", None),
            Kind::Custom { list: true, .. } => ("[]", None),
            Kind::Text | Kind::Custom { .. } => ("", None),
        };
        Flag {
            name,
            shorthand: None,
            kind,
            default,
            bare,
            usage,
            deprecated: None,
            hidden: false,
        }
    }

    /// A [`Kind::Text`] flag.
    pub const fn text(name: &'static str, usage: &'static str) -> Flag {
        Flag::new(name, Kind::Text, usage)
    }

    /// A [`Kind::Bool`] flag that is off by default.
    pub const fn bool(name: &'static str, usage: &'static str) -> Flag {
        Flag::new(name, Kind::Bool, usage)
    }

    /// A [`Kind::Int`] flag.
    pub const fn int(name: &'static str, usage: &'static str) -> Flag {
        Flag::new(name, Kind::Int, usage)
    }

    /// A [`Kind::TextArray`] flag.
    pub const fn array(name: &'static str, usage: &'static str) -> Flag {
        Flag::new(name, Kind::TextArray, usage)
    }

    /// A [`Kind::TextSlice`] flag.
    pub const fn slice(name: &'static str, usage: &'static str) -> Flag {
        Flag::new(name, Kind::TextSlice, usage)
    }

    /// Gives it a letter.
    #[must_use]
    pub const fn short(mut self, letter: char) -> Flag {
        self.shorthand = Some(letter);
        self
    }

    /// Gives it a default.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Flag {
        self.default = default;
        self
    }

    /// Gives the bare flag a value.
    #[must_use]
    pub const fn bare(mut self, value: &'static str) -> Flag {
        self.bare = Some(value);
        self
    }

    /// Marks it deprecated and hides it (`MarkDeprecated`).
    #[must_use]
    pub const fn deprecated(mut self, instead: &'static str) -> Flag {
        self.deprecated = Some(instead);
        self.hidden = true;
        self
    }

    /// Hides it.
    #[must_use]
    pub const fn hidden(mut self) -> Flag {
        self.hidden = true;
        self
    }
}
