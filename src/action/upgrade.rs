//! `helm upgrade`, up to where a cluster is needed (`pkg/cmd/upgrade.go`, Helm 4.2.4).

use super::prepare::{self, Surroundings};
use super::source::Source;
use crate::chart::{self, dependency, values};
use crate::diag::{Error, Notice};

/// What to upgrade to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The chart, as typed.
    pub chart: String,
    /// Where it comes from.
    pub source: Source,
    /// Fetch dependencies that are missing.
    pub dependency_update: bool,
    /// Values by files and flags.
    pub values: values::Options,
}

/// Reads what an upgrade needs before it looks for the release: the chart and the values. Words about
/// what is fetched are added to `out`.
///
/// # Errors
/// Helm's line for whatever is wrong with them.
pub fn check(
    options: &Options,
    around: &mut Surroundings<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let source = &options.source;
    source.log_devel(notices);
    let path = source.locate(&options.chart, out, notices)?;
    values::layer(&options.values, around.files)?;
    let mut chart = chart::load(&path, notices)?;
    if let Err(missing) = dependency::check(&chart) {
        if !options.dependency_update {
            return Err(missing);
        }
        chart = prepare::complete(&path, source, around.world, out, notices)?;
    }
    if chart.metadata.deprecated {
        notices.push(prepare::deprecated());
    }
    Ok(())
}
