//! Stands in for tera where the program was built without it.

use crate::diag::{Error, Kind, Source};
use crate::value::{Map, Text};

/// Refuses.
pub(super) fn render(source: &Source, _: &Map) -> Result<Text, Error> {
    let message = format!(
        "{}: this pintle was built without the feature `tera`",
        source.name()
    );
    Err(Error::new(Kind::Unsupported, message))
}
