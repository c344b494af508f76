//! `pintle diff`.

use super::super::run;
use super::super::settings::Settings;
use super::page::{Call, Count, Live, Operand, Page};
use super::release::RELEASE;
use super::render::PROJECT;
use crate::diag::Error;
use crate::go::flag::Flag;
use crate::ui::Terminal;

/// How differences are shown.
const SHOWN: &[Flag] = &[
    Flag::text("output", "text, json, markdown or html")
        .short('o')
        .or("text"),
    Flag::int("context", "how many lines around those that differ").or("3"),
    Flag::slice(
        "suppress",
        "kinds to leave out, such as Job; may be repeated",
    ),
    Flag::bool("suppress-secrets", "name Secrets that differ, and no more"),
    Flag::bool(
        "show-secrets",
        "show the data of Secrets, decoded, instead of hashes",
    ),
    Flag::bool(
        "three-way",
        "show each field as it was brought, as it is, and as it will be",
    ),
    Flag::int("max-size", "how many bytes Markdown may have").or("60000"),
];

const COMPARED: &[Flag] = &[
    Flag::text(
        "revision",
        "compare revisions as they are recorded: A,B, or A with the newest",
    ),
    Flag::bool(
        "detailed-exitcode",
        "exit with 2 where there are differences",
    ),
];

/// Flags of an upgrade that change nothing where nothing is changed.
const INERT: &[&str] = &[
    "cleanup-on-fail",
    "create-namespace",
    "description",
    "dry-run",
    "hide-notes",
    "hide-secret",
    "history-max",
    "install",
    "rollback-on-failure",
    "timeout",
    "wait",
    "wait-for-jobs",
];

fn diff(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    Settings::resolve(&mut call.flags, call.environment)?;
    run::diff::diff(&call.flags, &call.arguments, call.environment, terminal)
}

pub(super) const PAGES: &[Page] = &[{
    let mut page = Page::new("diff", "Show what an upgrade would change, or what has changed")
        .more(
            "With CHART, the server is asked by dry runs what an upgrade, or an install where there is no\n\
             release, would do to each object. Without it, what became of the release since is shown;\n\
             with --revision, what its recorded revisions differ in. Nothing is changed.",
        )
        .examples(&[
            ("diff shop ./chart -f prod.yaml", "before an upgrade"),
            ("diff shop", "what somebody has changed by hand"),
            ("diff shop --revision 3,5", "what two revisions differ in"),
            (
                "diff shop ./chart -o markdown --detailed-exitcode",
                "for a pull request",
            ),
        ])
        .takes(&[
            RELEASE,
            Operand::new(
                "CHART",
                "A folder, an archive, REPOSITORY/CHART or a URL",
                Count::Maybe,
                Live::Chart,
            ),
        ])
        .with(&[SHOWN, COMPARED, PROJECT])
        .like("upgrade")
        .runs(diff);
    page.inert = INERT;
    page
}];
