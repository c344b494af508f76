//! `pintle pull`.

use super::super::run;
use super::page::{Count, Live, Operand, Page};

pub(super) const PAGES: &[Page] = &[Page::new("pull", "Download charts")
    .alias(&["fetch"])
    .more("For a look inside, to keep them, or to mirror them.")
    .examples(&[
        (
            "pull stable/web --version ^1.2",
            "the newest 1.x from 1.2 on",
        ),
        ("pull stable/web --untar", "as a folder"),
        (
            "pull web --repo https://charts.example.com",
            "from a repository that was not added",
        ),
    ])
    .takes(&[Operand::new(
        "CHART",
        "REPOSITORY/CHART, a URL, or a name with --repo",
        Count::Some,
        Live::Chart,
    )])
    .like("pull")
    .runs(|call, terminal| {
        run::repo::pull(&call.flags, &call.arguments, call.environment, terminal)?;
        Ok(0)
    })];
