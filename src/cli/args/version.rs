//! `pintle version`.

use super::super::run;
use super::page::Page;
use crate::action::repo::Format;
use crate::go::flag::{Flag, Kind};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The Helm that is stood in for.
const HELM: &str = "v4.2.4";

const FLAGS: &[Flag] = &[
    Flag::bool("short", "print the version number"),
    Flag::new(
        "output",
        Kind::Custom {
            name: "format",
            list: false,
        },
        "how to print it: table (a line), json, yaml",
    )
    .short('o')
    .or("table"),
];

pub(super) const PAGES: &[Page] = &[Page::new("version", "Print the version")
    .with(&[FLAGS])
    .runs(|call, terminal| {
        let format = run::source::format(&call.flags);
        let text = match format {
            _ if call.flags.is("short") => format!("{VERSION}\n"),
            Format::Table => format!("pintle {VERSION} (stands in for helm {HELM})\n"),
            _ => run::structured_map([("version", VERSION), ("helm", HELM)].into_iter(), format),
        };
        terminal.print(&text);
        Ok(0)
    })];
