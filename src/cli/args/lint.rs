//! `pintle lint`.

use super::super::{run, strict};
use super::page::{Count, Live, Operand, Page};
use crate::go::flag::Flag;

/// What it takes besides where a chart comes from.
const UNRELEASED: &[Flag] = &[strict::DEVEL];

pub(super) const PAGES: &[Page] = &[Page::new("lint", "Examine charts for possible issues")
    .more(
        "What keeps a chart from being installed is an [ERROR], what breaks with convention a\n\
         [WARNING], which fails with --strict only.",
    )
    .examples(&[
        ("lint ./chart", "with the chart's own values"),
        (
            "lint ./chart -f prod.yaml --strict",
            "with values of production, warnings fail",
        ),
    ])
    .takes(&[Operand::new(
        "CHART",
        "Folders, archives, REPOSITORY/CHART or URLs",
        Count::Some,
        Live::Chart,
    )])
    .with(&[strict::CHART_PATH, UNRELEASED])
    .like("lint")
    .runs(|call, terminal| {
        run::lint::pintle(&call.flags, &call.arguments, call.environment, terminal)?;
        Ok(0)
    })];
