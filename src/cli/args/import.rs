//! `pintle ecs import`, which needs no account but for services that run.

use super::super::run;
use super::super::settings::Settings;
use super::page::{Count, Live, Operand, Page};
use super::render::PROJECT;
use crate::go::flag::Flag;

/// Flags of `pintle ecs import`, besides.
const IMPORTED: &[Flag] = &[
    Flag::text(
        "directory",
        "the folder to write; it has to be new or empty",
    )
    .short('d'),
    Flag::bool(
        "live",
        "copilot: ask the account for what its stacks made, so that everything keeps its name",
    ),
    Flag::text(
        "app",
        "name of the application (copilot) or the service (proton)",
    ),
    Flag::text("spec", "proton: the file with the inputs of the service"),
    Flag::slice("env", "copilot: environments to import, one by one"),
    Flag::text("cluster", "service: the cluster"),
    Flag::bool("all", "service: all services of the cluster"),
    Flag::text("region", "the region to ask in"),
    Flag::text(
        "endpoint-url",
        "the address to ask in place of Amazon's own",
    ),
];

pub(super) const PAGES: &[Page] = &[
    Page::new("ecs", "Work with releases and services on Amazon ECS"),
    Page::new("ecs import", "Make a chart of what others deploy to ECS")
        .more(
            "What there is: a workspace of AWS Copilot, a project of ecspresso, a template bundle of AWS\n\
             Proton, or a service that runs. The chart holds native documents, values for each environment,\n\
             and IMPORT.md with what could not be taken over. Nothing in the account is changed.",
        )
        .examples(&[
            (
                "ecs import copilot . --live -d shop",
                "a workspace, with names and ids of its stacks",
            ),
            ("ecs import ecspresso ecspresso.yml -d web", "a project"),
            ("ecs import service prod/web -d web", "what runs"),
            (
                "ecs import proton templates/web/v1 --spec spec.yaml -d web",
                "a bundle, with the inputs of one service",
            ),
        ])
        .takes(&[
            Operand::new(
                "KIND",
                "copilot, ecspresso, proton or service",
                Count::One,
                Live::Nothing,
            ),
            Operand::new(
                "SOURCE",
                "A folder or file; for a service CLUSTER/NAME or NAME",
                Count::Maybe,
                Live::File,
            ),
        ])
        .with(&[PROJECT, IMPORTED])
        .runs(|call, terminal| {
            let settings = Settings::resolve(&mut call.flags, call.environment)?;
            run::import::import(&call.flags, &call.arguments, &settings, terminal)
        }),
];
