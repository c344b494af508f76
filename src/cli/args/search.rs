//! `pintle search`.

use super::super::run::{self, source};
use super::page::{Call, Count, Live, Operand, Page};
use crate::action::repo::Format;
use crate::diag::Error;
use crate::ui::Terminal;
use crate::ui::table::Table;

/// Helm cuts columns at 50 letters; here they are as wide as the terminal lets them, unless it was
/// said.
fn draw(
    headers: &'static [&'static str],
    rows: Vec<Vec<String>>,
    call: &Call<'_>,
    terminal: &mut Terminal,
) {
    if rows.is_empty() {
        terminal.complain("nothing was found\n");
        return;
    }
    let mut table = Table::new(headers);
    if call.flags.changed("max-col-width") {
        table.limit(run::repo::column_width(&call.flags));
    }
    for row in rows {
        table.add(row);
    }
    terminal.table(&table);
}

fn repo(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    if source::format(&call.flags) != Format::Table {
        run::repo::search(&call.flags, &call.arguments, terminal)?;
        return Ok(0);
    }
    let found = run::repo::found(&call.flags, &call.arguments, terminal)?;
    let rows = found.into_iter().map(|found| {
        vec![
            found.name,
            found.version,
            found.app_version,
            found.description,
        ]
    });
    draw(
        &["NAME", "CHART VERSION", "APP VERSION", "DESCRIPTION"],
        rows.collect(),
        call,
        terminal,
    );
    Ok(0)
}

fn hub(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    if source::format(&call.flags) != Format::Table {
        run::repo::hub(&call.flags, &call.arguments, terminal)?;
        return Ok(0);
    }
    let found = run::repo::hub_found(&call.flags, &call.arguments, terminal)?;
    let rows = found.into_iter().map(|found| {
        let mut row = vec![
            found.url,
            found.version,
            found.app_version,
            found.description,
        ];
        if call.flags.is("list-repo-url") {
            row.push(found.repository.url);
        }
        row
    });
    let headers: &[&str] = match call.flags.is("list-repo-url") {
        true => &[
            "URL",
            "CHART VERSION",
            "APP VERSION",
            "DESCRIPTION",
            "REPO URL",
        ],
        false => &["URL", "CHART VERSION", "APP VERSION", "DESCRIPTION"],
    };
    draw(headers, rows.collect(), call, terminal);
    Ok(0)
}

const WORDS: &[Operand] = &[Operand::new(
    "WORD",
    "What to look for in names, descriptions and keywords; all charts where none is given",
    Count::Any,
    Live::Nothing,
)];

pub(super) const PAGES: &[Page] = &[
    Page::new("search", "Search for charts"),
    Page::new("search repo", "Search the repositories that were added")
        .more("Nothing is fetched: `pintle repo update` brings the indexes up to date.")
        .examples(&[
            ("search repo web", "the newest version of each"),
            (
                "search repo web --version ^1.2 --versions",
                "all from 1.2 to 2",
            ),
            ("search repo ^stable/ --regexp", "one repository's"),
        ])
        .takes(WORDS)
        .like("search repo")
        .runs(repo),
    Page::new("search hub", "Search the Artifact Hub, or a hub of yours")
        .examples(&[("search hub web --list-repo-url", "with where they are kept")])
        .takes(WORDS)
        .like("search hub")
        .runs(hub),
];
