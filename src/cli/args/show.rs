//! `pintle show`, with a command for each part of a chart.

use super::super::run;
use super::page::{Call, Count, Live, Operand, Page};
use crate::diag::Error;
use crate::ui::Terminal;

const CHART: &[Operand] = &[Operand::new(
    "CHART",
    "A folder, an archive, REPOSITORY/CHART or a URL",
    Count::One,
    Live::Chart,
)];

fn show(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    run::show::show(
        call.verb(),
        &call.flags,
        &call.arguments,
        call.environment,
        terminal,
    )?;
    Ok(0)
}

pub(super) const PAGES: &[Page] = &[
    Page::new("show", "Print parts of a chart").alias(&["inspect"]),
    Page::new("show all", "Print definition, values, README and CRDs")
        .takes(CHART)
        .like("show all")
        .runs(show),
    Page::new("show chart", "Print the definition, Chart.yaml")
        .takes(CHART)
        .like("show chart")
        .runs(show),
    Page::new("show values", "Print the default values")
        .examples(&[
            ("show values ./chart", "the whole file, with its comments"),
            ("show values ./chart --jsonpath {.image.tag}", "one value"),
        ])
        .takes(CHART)
        .like("show values")
        .runs(show),
    Page::new("show readme", "Print the README")
        .takes(CHART)
        .like("show readme")
        .runs(show),
    Page::new("show crds", "Print the custom resource definitions")
        .takes(CHART)
        .like("show crds")
        .runs(show),
];
