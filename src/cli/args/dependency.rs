//! `pintle dependency`.

use super::super::run;
use super::page::{Call, Count, Live, Operand, Page};
use crate::action::dependency;
use crate::action::repo::Format;
use crate::diag::Error;
use crate::go::flag::{Flag, Kind};
use crate::go::path;
use crate::ui::Terminal;
use crate::ui::table::Table;

const CHART: &[Operand] = &[Operand::new(
    "CHART",
    "The folder with the chart; this one where none is given",
    Count::Maybe,
    Live::Folder,
)];

const OUTPUT: &[Flag] = &[Flag::new(
    "output",
    Kind::Custom {
        name: "format",
        list: false,
    },
    "how to print the list: table, json, yaml",
)
.short('o')
.or("table")];

fn dependency(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    run::repo::dependency(
        call.verb(),
        &call.flags,
        &call.arguments,
        call.environment,
        terminal,
    )?;
    Ok(0)
}

fn list(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    let chart = path::clean(call.arguments.first().map_or(".", String::as_str));
    let mut notices = Vec::new();
    let listing = dependency::read(&chart, &mut notices);
    terminal.log(&notices);
    let listing = listing?;
    let format = run::source::format(&call.flags);
    if format != Format::Table {
        let rows = listing.dependencies.iter().map(|row| {
            [
                ("name", row.name.as_str()),
                ("version", row.version.as_str()),
                ("repository", row.repository.as_str()),
                ("status", row.status),
            ]
        });
        terminal.print(&run::structured(rows, format));
        return Ok(0);
    }
    if listing.dependencies.is_empty() {
        terminal.complain(&format!("{chart} has no dependencies\n"));
    } else {
        let mut table = Table::new(&["NAME", "VERSION", "REPOSITORY", "STATUS"]);
        if call.flags.changed("max-col-width") {
            table.limit(run::repo::column_width(&call.flags));
        }
        for row in listing.dependencies {
            table.add([row.name, row.version, row.repository, row.status.to_owned()]);
        }
        terminal.table(&table);
    }
    for warning in listing.warnings {
        terminal.complain(&format!("{warning}\n"));
    }
    Ok(0)
}

pub(super) const PAGES: &[Page] = &[
    Page::new("dependency", "Manage the charts that a chart needs")
        .alias(&["dep", "dependencies"])
        .more("They stand in Chart.yaml, live in charts/, and Chart.lock says which versions they are."),
    Page::new("dependency list", "List the dependencies, and whether they are there")
        .alias(&["ls"])
        .takes(CHART)
        .with(&[OUTPUT])
        .like("dependency list")
        .runs(list),
    Page::new("dependency update", "Fetch what Chart.yaml asks for, and write Chart.lock")
        .alias(&["up"])
        .takes(CHART)
        .like("dependency update")
        .runs(dependency),
    Page::new("dependency build", "Fetch exactly what Chart.lock names")
        .examples(&[
            ("dependency build ./chart", "in CI, after `pintle repo add`"),
            (
                "dependency build ./chart --skip-refresh",
                "with the indexes that are here",
            ),
        ])
        .takes(CHART)
        .like("dependency build")
        .runs(dependency),
];
