//! `pintle config`.

use super::super::config;
use super::super::settings::Settings;
use super::page::Page;
use super::render::PROJECT;
use crate::go::flag::Flag;

/// Flags of `pintle config show`, besides.
const SHOWN: &[Flag] = &[
    Flag::bool("origins", "say where each setting was made"),
    Flag::text("kube-version", "Kubernetes version to render for"),
    Flag::slice("api-versions", "API versions to add to the default ones").short('a'),
    Flag::slice("values", "a file or URL with values").short('f'),
];

pub(super) const PAGES: &[Page] = &[
    Page::new("config", "Look at settings"),
    Page::new("config show", "Print the settings that hold here")
        .examples(&[("config show --origins -e prod", "and where each was made")])
        .with(&[PROJECT, SHOWN])
        .runs(|call, terminal| {
            let settings = Settings::resolve(&mut call.flags, call.environment)?;
            terminal.print(&settings.show(call.flags.is("origins")));
            Ok(0)
        }),
    {
        let mut page = Page::new("config schema", "Print the JSON schema of pintle.yaml").runs(
            |_, terminal| {
                let schema = serde_json::to_string_pretty(&config::schema());
                terminal.print(&schema.unwrap_or_default());
                terminal.print("\n");
                Ok(0)
            },
        );
        page.is_global = false;
        page
    },
];
