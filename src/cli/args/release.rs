//! Releases: `pintle install`, `upgrade`, `rollback`, `uninstall`, `list`, `status`, `history`, `get`
//! and `test`.

use super::super::run;
use super::super::run::amazon::FLAGS as AMAZON;
use super::super::settings::Settings;
use super::page::{Call, Count, Live, Operand, Page};
use super::render::PROJECT;
use crate::diag::Error;
use crate::go::flag::Flag;
use crate::ui::Terminal;

/// As under Helm's name, with what pintle.yaml says for the project.
fn release(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    Settings::resolve(&mut call.flags, call.environment)?;
    super::share(call, terminal)
}

/// A way out of an operation that died.
pub(super) const UNLOCK: &[Flag] = &[Flag::bool(
    run::UNLOCK,
    "mark a revision that was left pending as failed, and go on",
)];

/// Records that fit where Kubernetes keeps them.
const SLIM: &[Flag] = &[Flag::bool(
    run::SLIM,
    "leave the chart's templates and files out of the record",
)];

/// What becomes of `crds/`.
const CRDS: &[Flag] = &[Flag::text(
    run::CRDS,
    "what becomes of the CRDs of charts: install (as Helm does), upgrade (also change those that are there), skip",
)
.or("install")];

/// What Helm does.
const ALWAYS: &[Flag] = &[Flag::bool(
    run::upgrade::ALWAYS_REVISION,
    "make a revision also where nothing changes",
)];

pub(super) const RELEASE: Operand =
    Operand::new("RELEASE", "The release's name", Count::One, Live::Release);

/// What becomes of live edits.
const CONFLICTS: &[Flag] = &[Flag::text(
    run::CONFLICTS,
    "fields that others changed: drift (theirs stay where the chart wants what it wanted before), fail, take (ours win), keep (theirs stay)",
)
.or("drift")];

const fn page(path: &'static str, about: &'static str, operands: &'static [Operand]) -> Page {
    Page::new(path, about)
        .takes(operands)
        .with(&[PROJECT, AMAZON])
        .like(path)
        .runs(release)
}

pub(super) const PAGES: &[Page] = &[
    page(
        "install",
        "Install a chart as a release",
        &[
            Operand::new(
                "NAME",
                "The release's name, where CHART is not all",
                Count::One,
                Live::Chart,
            ),
            Operand::new(
                "CHART",
                "A folder, an archive, REPOSITORY/CHART or a URL; manifests, a kustomization, or -",
                Count::Any,
                Live::Chart,
            ),
        ],
    )
    .with(&[
        PROJECT,
        AMAZON,
        UNLOCK,
        CONFLICTS,
        SLIM,
        CRDS,
        run::PATIENCE,
    ])
    .examples(&[
        (
            "install shop ./chart -f prod.yaml",
            "with values of production",
        ),
        (
            "install shop ./chart --dry-run=client",
            "what would be installed, without a cluster",
        ),
    ]),
    page(
        "upgrade",
        "Bring a release to a new chart, or to new values",
        &[
            RELEASE,
            Operand::new(
                "CHART",
                "A folder, an archive, REPOSITORY/CHART or a URL; manifests, a kustomization, or -",
                Count::One,
                Live::Chart,
            ),
        ],
    )
    .with(&[
        PROJECT,
        AMAZON,
        UNLOCK,
        CONFLICTS,
        ALWAYS,
        SLIM,
        CRDS,
        run::PATIENCE,
    ])
    .examples(&[(
        "upgrade shop ./chart --install -f prod.yaml",
        "install it where there is none",
    )]),
    page(
        "rollback",
        "Make an earlier revision the current one",
        &[
            RELEASE,
            Operand::new(
                "REVISION",
                "The revision; the one before where none is given",
                Count::Maybe,
                Live::Revision,
            ),
        ],
    )
    .with(&[PROJECT, AMAZON, UNLOCK, CONFLICTS, SLIM, run::PATIENCE]),
    page(
        "uninstall",
        "Delete releases, and what belongs to them",
        &[Operand::new(
            "RELEASE",
            "The releases' names",
            Count::Some,
            Live::Release,
        )],
    )
    .with(&[PROJECT, AMAZON, UNLOCK, run::PATIENCE])
    .alias(&["delete"]),
    page("list", "List releases", &[]).alias(&["ls"]),
    page(
        "status",
        "Say how a release and its objects stand",
        &[RELEASE],
    )
    .more(
        "Its record, how much of each workload is ready, its pods, and what is wrong: states,\n\
             warnings, and the last log lines of containers that failed.",
    )
    .with(&[PROJECT, AMAZON, run::STATUS, run::PATIENCE])
    .runs(|call, terminal| {
        Settings::resolve(&mut call.flags, call.environment)?;
        run::status::pintle(&call.flags, &call.arguments, call.environment, terminal)
    })
    .examples(&[
        ("status shop", "for people"),
        ("status shop -o json --exit-code", "for scripts"),
    ]),
    Page::new("logs", "Print what the workloads of a release write")
        .more(
            "Lines of all pods, init containers among them, in the order of their times, or with\n\
             --follow as they are written, until Ctrl-C or until all ended that is to end.",
        )
        .takes(&[
            RELEASE,
            Operand::new(
                "WORKLOAD",
                "Only of these, as KIND/NAME or NAME; hooks are found, too",
                Count::Any,
                Live::Nothing,
            ),
        ])
        .with(&[PROJECT, AMAZON, run::LOGS])
        .runs(|call, terminal| {
            Settings::resolve(&mut call.flags, call.environment)?;
            run::logs::pintle(&call.flags, &call.arguments, call.environment, terminal)?;
            Ok(0)
        })
        .examples(&[
            ("logs shop -f --tail 20", "and what comes from now on"),
            (
                "logs shop deployment/web -c app --previous",
                "what it wrote before it was started again",
            ),
        ]),
    page("history", "List the revisions of a release", &[RELEASE]),
    page("test", "Run the tests of a release's chart", &[RELEASE]).with(&[
        PROJECT,
        AMAZON,
        run::PATIENCE,
    ]),
    Page::new("get", "Print what is recorded of a release"),
    page("get all", "Everything", &[RELEASE]),
    page("get hooks", "The hooks", &[RELEASE]),
    page("get manifest", "The objects", &[RELEASE]),
    page(
        "get metadata",
        "Chart, version, revision, times",
        &[RELEASE],
    ),
    page("get notes", "The notes", &[RELEASE]),
    page("get values", "The values it was given", &[RELEASE]),
];
