//! `pintle diff`, `pintle plan` and `pintle apply`.

use super::super::run;
use super::super::settings::Settings;
use super::super::strict;
use super::page::{Call, Count, Live, Operand, Page};
use super::release::RELEASE;
use crate::diag::Error;
use crate::go::flag::Flag;
use crate::ui::Terminal;

const OUTPUT: &[Flag] = &[
    Flag::text("output", "text, json, markdown or html")
        .short('o')
        .or("text"),
    Flag::int("max-size", "how many bytes Markdown may have").or("60000"),
];

/// How differences are shown.
const SHOWN: &[Flag] = &[
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
    "always-revision",
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
    "unlock",
    "wait",
    "wait-for-jobs",
];

fn diff(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    Settings::resolve(&mut call.flags, call.environment)?;
    run::diff::diff(&call.flags, &call.arguments, call.environment, terminal)
}

const PLANNED: &[Flag] = &[Flag::text(
    "output",
    "the file that the plan goes to; - is standard output",
)
.short('o')];

const APPLIED: &[Flag] = &[Flag::text("plan", "the plan to carry out")];

/// The flags of an upgrade that a plan may keep.
fn kept(page: &'static Page) -> impl Iterator<Item = &'static Flag> {
    page.groups().chain([strict::GLOBAL]).flatten()
}

fn plan(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    Settings::resolve(&mut call.flags, call.environment)?;
    let known = kept(call.page);
    run::plan::plan(
        &call.flags,
        &call.arguments,
        known,
        call.environment,
        terminal,
    )?;
    Ok(0)
}

fn apply(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    let known = kept(call.page);
    run::plan::apply(&mut call.flags, known, call.environment, terminal)?;
    Ok(0)
}

const CHART: &str = "A folder, an archive, REPOSITORY/CHART or a URL";

pub(super) const PAGES: &[Page] = &[
    {
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
                CHART,
                Count::Maybe,
                Live::Chart,
            ),
        ])
        .with(&[OUTPUT, SHOWN, COMPARED])
        .akin("upgrade")
        .like("upgrade")
        .runs(diff);
        page.inert = INERT;
        page
    },
    {
        let mut page = Page::new("plan", "Keep what an upgrade would do, to do exactly that")
        .more(
            "Shows what `pintle diff` shows, and writes a file for `pintle apply --plan`: what was typed,\n\
             what was seen, and digests of what is wanted. Secrets are no part of it: those that were\n\
             typed have to be given again. An object that the server would refuse makes no plan.",
        )
        .examples(&[(
            "plan shop ./chart -f prod.yaml --wait -o shop.plan",
            "then: pintle apply --plan shop.plan",
        )])
        .takes(&[
            RELEASE,
            Operand::new("CHART", CHART, Count::One, Live::Chart),
        ])
        .with(&[PLANNED, SHOWN])
        .akin("upgrade")
        .like("upgrade")
        .runs(plan);
        page.inert = &["dry-run", "hide-secret", "install", "unlock"];
        page
    },
    {
        let mut page = Page::new("apply", "Carry out a plan as it was shown, or not at all")
        .more(
            "Renders again and looks again: where the chart, the values, the release or the objects have\n\
             moved since the plan was made, it says which, and changes nothing.",
        )
        .examples(&[("apply --plan shop.plan", "what the plan showed")])
        .with(&[APPLIED])
        .akin("upgrade")
        .like("upgrade")
        .runs(apply);
        page.inert = &[
            "config",
            "dry-run",
            "environment",
            "hide-secret",
            "install",
            "unlock",
        ];
        page
    },
];
