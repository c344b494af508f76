//! `helm upgrade`, up to where a cluster is needed (`pkg/cmd/upgrade.go`, Helm 4.2.4).

use super::prepare::{self, Surroundings, locate};
use crate::chart::{self, dependency, values};
use crate::diag::{Error, Notice};

/// Reads what an upgrade needs before it looks for the release: the chart and the values.
///
/// # Errors
/// Helm's line for whatever is wrong with them.
pub fn check(
    reference: &str,
    values: &values::Options,
    around: &mut Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let chart_path = locate(reference)?;
    values::layer(values, around.files)?;
    let chart = chart::load(&chart_path, notices)?;
    dependency::check(&chart)?;
    if chart.metadata.deprecated {
        notices.push(prepare::deprecated());
    }
    Ok(())
}
