//! Small changes of a release that runs: `pintle set image`, `restart` and `scale`.

use super::super::environment::Environment;
use super::super::run;
use super::super::run::amazon::FLAGS as AMAZON;
use super::super::settings::Settings;
use super::page::{Call, Count, Live, Operand, Page};
use super::release::{RELEASE, UNLOCK};
use super::render::PROJECT;
use crate::diag::Error;
use crate::go::flag::{Flag, FlagSet};
use crate::ui::Terminal;

type Act = fn(&FlagSet, &[String], &Environment, &mut Terminal) -> Result<(), Error>;

fn act(call: &mut Call<'_>, terminal: &mut Terminal, act: Act) -> Result<u8, Error> {
    Settings::resolve(&mut call.flags, call.environment)?;
    act(&call.flags, &call.arguments, call.environment, terminal).map(|()| 0)
}

fn image(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    act(call, terminal, run::adjust::image)
}

fn restart(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    act(call, terminal, run::adjust::restart)
}

fn scale(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    act(call, terminal, run::adjust::scale)
}

const REPLICAS: &[Flag] = &[Flag::text(
    run::adjust::REPLICAS,
    "how many replicas there are to be",
)];

/// Flags of a rollback that mean nothing here.
const INERT: &[&str] = &["no-hooks"];

const MORE: &str = "A new revision is made, in which chart and values are as before. `pintle rollback` takes\n\
                    the change back, and so does the next upgrade from a chart, which says so. Hooks are not run.";

const fn page(path: &'static str, about: &'static str) -> Page {
    Page::new(path, about)
        .more(MORE)
        .with(&[PROJECT, AMAZON, UNLOCK])
        .like("rollback")
        .inert(INERT)
}

pub(super) const PAGES: &[Page] = &[
    Page::new("set", "Change something of a release that runs"),
    page("set image", "Give containers of a release other images")
        .takes(&[
            RELEASE,
            Operand::new(
                "CONTAINER=IMAGE",
                "A container, *, KIND/NAME or KIND/NAME/CONTAINER, and its image",
                Count::Some,
                Live::Nothing,
            ),
        ])
        .runs(image)
        .examples(&[
            (
                "set image shop web=registry.test/web:2.1",
                "for all containers of that name",
            ),
            (
                "set image shop deployment/web/app=app:2 --wait",
                "for one, and wait until it runs",
            ),
        ]),
    page("restart", "Start the pods of a release anew")
        .takes(&[
            RELEASE,
            Operand::new(
                "KIND/NAME",
                "A workload; all where none is given",
                Count::Any,
                Live::Nothing,
            ),
        ])
        .runs(restart)
        .examples(&[("restart shop statefulset/db", "one workload")]),
    page("scale", "Change how many replicas of a workload there are")
        .takes(&[
            RELEASE,
            Operand::new(
                "KIND/NAME=N",
                "A workload and a number; with --replicas the workload alone",
                Count::Any,
                Live::Nothing,
            ),
        ])
        .with(&[PROJECT, AMAZON, UNLOCK, REPLICAS, run::amazon::SIZES])
        .runs(scale)
        .examples(&[
            ("scale shop deployment/web=3", "three of them"),
            (
                "scale shop --replicas 0",
                "none, where there is one workload",
            ),
        ]),
];
