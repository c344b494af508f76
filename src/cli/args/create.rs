//! `pintle create`.

use super::super::run;
use super::page::{Count, Live, Operand, Page};

pub(super) const PAGES: &[Page] = &[Page::new("create", "Create a chart to start from")
    .more(
        "Without --starter it has the files and values of Helm's scaffold. A starter is a folder\n\
         of yours, named in Helm's data folder or by its path, or one that comes with pintle:\n\
         web, worker, cron, ecs or library.",
    )
    .examples(&[
        ("create shop", "Helm's scaffold"),
        ("create shop --starter web", "a service that answers HTTP"),
    ])
    .takes(&[Operand::new(
        "NAME",
        "The chart's folder; its last part is the chart's name",
        Count::One,
        Live::Folder,
    )])
    .like("create")
    .runs(|call, terminal| {
        run::create::pintle(&call.flags, &call.arguments, call.environment, terminal)?;
        Ok(0)
    })];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::create::starter;

    #[test]
    fn the_help_names_every_starter() {
        for name in starter::names() {
            assert!(PAGES[0].more.contains(name), "{name}");
        }
    }
}
