//! `pintle env`.

use super::super::run;
use super::page::{Count, Live, Operand, Page};
use crate::action::repo::Format;
use crate::go::flag::{Flag, Kind};

const OUTPUT: &[Flag] = &[Flag::new(
    "output",
    Kind::Custom {
        name: "format",
        list: false,
    },
    "how to print the variables: table (lines for a shell), json, yaml",
)
.short('o')
.or("table")];

pub(super) const PAGES: &[Page] = &[
    Page::new("env", "Print the environment that is worked with")
        .more("The variables are Helm's, and both tools follow them.")
        .examples(&[
            ("env", "lines that a shell reads"),
            ("env HELM_CACHE_HOME", "one value"),
        ])
        .takes(&[Operand::new(
            "NAME",
            "The variable to print alone",
            Count::Maybe,
            Live::Variable,
        )])
        .with(&[OUTPUT])
        .runs(|call, terminal| {
            let format = run::source::format(&call.flags);
            if format == Format::Table || !call.arguments.is_empty() {
                run::env(&call.flags, &call.arguments, call.environment, terminal);
                return Ok(0);
            }
            let variables = call.environment.variables(&call.flags);
            let members = variables
                .iter()
                .map(|(name, value)| (*name, value.as_str()));
            terminal.print(&run::structured_map(members, format));
            Ok(0)
        }),
];
