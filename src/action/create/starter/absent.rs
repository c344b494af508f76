//! Stands in for tera where the program was built without it.

use super::Starter;
use crate::diag::{Error, Kind};

/// Refuses.
pub(super) fn fill(_: &Starter, _: &str) -> Result<Vec<(&'static str, String)>, Error> {
    let message = "this pintle was built without the feature `tera`, which its starters need";
    Err(Error::new(Kind::Unsupported, message))
}
