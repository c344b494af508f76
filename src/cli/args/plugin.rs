//! `pintle plugin`: Helm's plugins, which both share.

use super::page::{Count, Live, Operand, Page};
use super::share;

const FOLDER: &[Operand] = &[Operand::new(
    "PATH",
    "The plugin's folder or archive",
    Count::One,
    Live::File,
)];
const NAMES: &[Operand] = &[Operand::new(
    "PLUGIN",
    "Names of plugins",
    Count::Some,
    Live::Plugin,
)];

pub(super) const PAGES: &[Page] = &[
    Page::new("plugin", "Manage Helm's plugins").more("They are kept where Helm keeps them."),
    Page::new("plugin list", "List the plugins that are installed")
        .alias(&["ls"])
        .like("plugin list")
        .runs(share),
    Page::new("plugin install", "Install a plugin")
        .alias(&["add"])
        .takes(&[Operand::new(
            "SOURCE",
            "A folder, an archive or an address",
            Count::One,
            Live::File,
        )])
        .like("plugin install")
        .runs(share),
    Page::new("plugin update", "Bring plugins up to date")
        .alias(&["up"])
        .takes(NAMES)
        .like("plugin update")
        .runs(share),
    Page::new("plugin uninstall", "Remove plugins")
        .alias(&["rm", "remove"])
        .takes(NAMES)
        .like("plugin uninstall")
        .runs(share),
    Page::new("plugin package", "Make an archive of a plugin")
        .takes(FOLDER)
        .like("plugin package")
        .runs(share),
    Page::new("plugin verify", "Check a plugin's signature")
        .takes(FOLDER)
        .like("plugin verify")
        .runs(share),
];
