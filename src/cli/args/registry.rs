//! Registries: `pintle push` and `pintle registry`.

use super::page::{Count, Live, Operand, Page};
use super::share;

const HOST: &[Operand] = &[Operand::new(
    "HOST",
    "The registry, registry.example.com",
    Count::One,
    Live::Nothing,
)];

pub(super) const PAGES: &[Page] = &[
    Page::new("push", "Upload a packaged chart to a registry")
        .more("A provenance file beside the archive goes with it.")
        .examples(&[(
            "push dist/shop-1.2.3.tgz oci://registry.example.com/charts",
            "becomes oci://registry.example.com/charts/shop:1.2.3",
        )])
        .takes(&[
            Operand::new("ARCHIVE", "The packaged chart", Count::One, Live::File),
            Operand::new(
                "REMOTE",
                "Where to, oci://HOST/PATH",
                Count::One,
                Live::Nothing,
            ),
        ])
        .like("push")
        .runs(share),
    Page::new("registry", "Log in to registries, and out"),
    Page::new("registry login", "Log in to a registry")
        .examples(&[(
            "registry login registry.example.com -u me --password-stdin",
            "with the password from standard input",
        )])
        .takes(HOST)
        .like("registry login")
        .runs(share),
    Page::new("registry logout", "Forget what a registry was given")
        .takes(HOST)
        .like("registry logout")
        .runs(share),
];
