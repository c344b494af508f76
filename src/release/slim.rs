//! Records without what no later operation needs.

use super::Release;
use crate::chart::Chart;

impl Release {
    /// Leaves the chart's templates, files and schemas out. Metadata, values, manifest, hooks and notes
    /// stay, so that the revision can still be shown, tested, rolled back to, uninstalled, and upgraded
    /// with its values; Helm reads none of what is gone from a record, either.
    pub fn slim(&mut self) {
        strip(&mut self.chart);
    }
}

fn strip(chart: &mut Chart) {
    chart.templates.clear();
    chart.files.clear();
    chart.schema = None;
    chart.values_source = None;
    for child in &mut chart.dependencies {
        strip(child);
    }
}
