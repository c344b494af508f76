//! Named texts, places in them, the one error shape of the library, and masks for what is not to be shown.
//!
//! [`Error`]'s `Display` is the line that Helm prints, exactly. Everything better (excerpt, include
//! chain, hints) is kept beside it and drawn by whoever knows the terminal.

mod error;
mod mask;
mod notice;
mod output;
mod source;

pub use error::{Error, Frame, Kind};
pub use mask::Mask;
pub use notice::{Level, Notice};
pub use output::Output;
pub use source::{Place, Source, Span};
