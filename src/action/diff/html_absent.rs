//! A build without tera makes no pages.

use super::report::Report;
use super::view::Layout;
use crate::diag::{Error, Kind};

/// A report as an HTML page.
///
/// # Errors
/// Always.
pub fn render(_report: &Report, _layout: &Layout) -> Result<String, Error> {
    Err(Error::new(
        Kind::Unsupported,
        "this build of pintle makes no HTML: it was made without the feature `tera`",
    ))
}
