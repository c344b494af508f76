//! `pintle package`.

use super::super::run;
use super::page::{Count, Live, Operand, Page};

pub(super) const PAGES: &[Page] = &[Page::new("package", "Make an archive of a chart folder")
    .more("The same folder makes the same bytes, whenever and wherever it is packaged.")
    .examples(&[
        ("package ./chart -d dist", "dist/NAME-VERSION.tgz"),
        (
            "package ./chart --version 1.2.3 --app-version 2.0",
            "with versions of this build",
        ),
    ])
    .takes(&[Operand::new(
        "CHART",
        "Folders with charts",
        Count::Some,
        Live::Folder,
    )])
    .like("package")
    .runs(|call, terminal| {
        run::package::package(&call.flags, &call.arguments, call.environment, terminal)?;
        Ok(0)
    })];
