//! `pintle verify`.

use super::page::{Count, Live, Operand, Page};
use super::share;

pub(super) const PAGES: &[Page] = &[Page::new("verify", "Check a packaged chart's signature")
    .more("The provenance file lies beside the archive, with .prov behind its name.")
    .examples(&[(
        "verify dist/shop-1.2.3.tgz --keyring team.gpg",
        "against the keys of a team",
    )])
    .takes(&[Operand::new(
        "ARCHIVE",
        "The packaged chart",
        Count::One,
        Live::File,
    )])
    .like("verify")
    .runs(share)];
