//! Named texts, places in them, and the one error shape of the library.
//!
//! [`Error`]'s `Display` is the line that Helm prints, exactly. Everything better (excerpt, include
//! chain, hints) is kept beside it and drawn by whoever knows the terminal.

mod error;
mod notice;
mod output;
mod source;

pub use error::{Error, Frame, Kind};
pub use notice::{Level, Notice};
pub use output::Output;
pub use source::{Place, Source, Span};
