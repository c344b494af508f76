//! `pintle render`.

use super::super::run;
use super::super::settings::Settings;
use super::page::{Count, Live, Operand, Page};
use crate::go::flag::Flag;

/// Flags that make output repeat.
const PINNED: &[Flag] = &[
    Flag::text(
        "seed",
        "make random functions, keys and certificates follow from this text, so that output repeats",
    ),
    Flag::text("now", "stop the clock at this time, 2026-01-02T15:04:05Z"),
    Flag::array(
        "lookup-from",
        "answer look-ups from the objects in this file or folder; may be repeated",
    ),
];

/// Flags about `pintle.yaml`.
pub(super) const PROJECT: &[Flag] = &[
    Flag::text("environment", "the environment of pintle.yaml to work for").short('e'),
    Flag::text(
        "config",
        "the file to use instead of the pintle.yaml found upwards from here",
    ),
    Flag::text(
        "target",
        "where releases go: kube, ecs:CLUSTER, dir:PATH or memory",
    )
    .or("kube"),
];

/// Flags about what is found on the way to ECS.
const JUDGED: &[Flag] = &[Flag::bool(
    "strict",
    "with --target ecs, take warnings for errors",
)];

/// Flags that `helm template` takes and that change nothing without a cluster.
const INERT: &[&str] = &[
    "create-namespace",
    "description",
    "disable-openapi-validation",
    "dry-run",
    "force-conflicts",
    "force-replace",
    "labels",
    "replace",
    "rollback-on-failure",
    "server-side",
    "skip-crds",
    "take-ownership",
    "timeout",
    "wait",
    "wait-for-jobs",
];

pub(super) const PAGES: &[Page] = &[{
    let mut page = Page::new("render", "Render a chart here and print the manifests")
        .alias(&["template"])
        .more(
            "Values come from the chart, from pintle.yaml, from -f and from --set, of which later\n\
             ones win. No cluster is asked; --lookup-from answers look-ups from files.",
        )
        .examples(&[
            (
                "render shop ./chart -f prod.yaml",
                "with values of production",
            ),
            (
                "render shop ./chart -s templates/ingress.yaml",
                "one template alone",
            ),
            (
                "render shop ./chart --seed ci --now 2026-01-02T15:04:05Z",
                "the same bytes in every run",
            ),
        ])
        .takes(&[
            Operand::new(
                "NAME",
                "The release's name, where CHART is not all",
                Count::One,
                Live::Chart,
            ),
            Operand::new(
                "CHART",
                "A folder, an archive, REPOSITORY/CHART or a URL",
                Count::Any,
                Live::Chart,
            ),
        ])
        .like("template")
        .with(&[PINNED, PROJECT, JUDGED])
        .runs(|call, terminal| {
            let settings = Settings::resolve(&mut call.flags, call.environment)?;
            if let Some(cluster) = run::ecs::cluster(&call.flags) {
                let config = run::ecs::config(settings.ecs(), cluster);
                return run::ecs::render(
                    &call.flags,
                    &call.arguments,
                    call.environment,
                    config,
                    terminal,
                );
            }
            run::template::pintle(&call.flags, &call.arguments, call.environment, terminal)?;
            Ok(0)
        });
    page.inert = INERT;
    page
}];
