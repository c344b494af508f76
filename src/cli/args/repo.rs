//! `pintle repo`.

use super::super::run::{self, source};
use super::page::{Call, Count, Live, Operand, Page};
use crate::action::repo::Format;
use crate::diag::Error;
use crate::fetch::Repositories;
use crate::ui::Terminal;
use crate::ui::table::Table;

fn repo(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    run::repo::repo(
        call.verb(),
        &call.flags,
        &call.arguments,
        call.environment,
        terminal,
    )?;
    Ok(0)
}

fn list(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    if source::format(&call.flags) != Format::Table {
        return repo(call, terminal);
    }
    let path = source::places(&call.flags).repository_config;
    let entries = Repositories::load_or_none(&path)?.entries;
    if entries.is_empty() {
        terminal.complain("no repositories yet: add one with `pintle repo add NAME URL`\n");
        return Ok(0);
    }
    let mut table = Table::new(match call.flags.is("no-headers") {
        true => &[],
        false => &["NAME", "URL"],
    });
    for entry in entries {
        table.add([entry.name, entry.url]);
    }
    terminal.table(&table);
    Ok(0)
}

const NAMES: &[Operand] = &[Operand::new(
    "NAME",
    "Names of repositories; all where none is given",
    Count::Any,
    Live::Repository,
)];

pub(super) const PAGES: &[Page] = &[
    Page::new("repo", "Manage chart repositories"),
    Page::new("repo add", "Add a repository")
        .more(
            "The index is fetched first, so that an address that is none is noticed here. Helm\n\
             knows the repository from then on, too: both keep the same list.",
        )
        .examples(&[
            ("repo add stable https://charts.example.com", "a public one"),
            (
                "repo add mine https://charts.example.com --username me --password-stdin",
                "a private one, with the password from standard input",
            ),
        ])
        .takes(&[
            Operand::new("NAME", "What to call it", Count::One, Live::Nothing),
            Operand::new("URL", "Where it is", Count::One, Live::Nothing),
        ])
        .like("repo add")
        .runs(repo),
    Page::new("repo list", "List the repositories that were added")
        .alias(&["ls"])
        .examples(&[("repo list -o json", "for scripts")])
        .like("repo list")
        .runs(list),
    Page::new("repo update", "Fetch the indexes of repositories again")
        .alias(&["up"])
        .takes(NAMES)
        .like("repo update")
        .runs(repo),
    Page::new("repo remove", "Forget repositories")
        .alias(&["rm"])
        .takes(&[Operand::new(
            "NAME",
            "Names of repositories",
            Count::Some,
            Live::Repository,
        )])
        .like("repo remove")
        .runs(repo),
    Page::new(
        "repo index",
        "Write the index of a folder of packaged charts",
    )
    .more("Behind any web server, the folder is a repository then.")
    .examples(&[
        (
            "repo index dist --url https://charts.example.com",
            "the first time",
        ),
        (
            "repo index dist --merge old/index.yaml",
            "with what an older index has besides",
        ),
    ])
    .takes(&[Operand::new(
        "FOLDER",
        "The folder with the archives",
        Count::One,
        Live::Folder,
    )])
    .like("repo index")
    .runs(repo),
];
