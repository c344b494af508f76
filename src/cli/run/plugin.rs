//! `helm plugin`, and plugins where other commands meet them.

use std::fs;
use std::path::Path;

use super::super::environment::Environment;
use super::package::{Extent, Typed};
use super::verify::keys;
use crate::action::plugin::{Places, Signing, install, list, package, uninstall, update};
use crate::diag::{Error, Kind, Level};
use crate::go::flag::FlagSet;
use crate::plugin::{self, Config, Descriptor, Event, Host, Plugin};
use crate::ui::Terminal;
use crate::world::Real;

fn places(environment: &Environment) -> Places {
    Places {
        plugins: environment.plugins(),
        data: environment.data_path("plugins"),
        cache: environment.cache_path("plugins"),
        temporary: match environment.get("TMPDIR").as_str() {
            "" => "/tmp".to_owned(),
            folder => folder.to_owned(),
        },
    }
}

/// The plugins of a type. Those that cannot be read are logged.
///
/// # Errors
/// Two plugins of one name.
pub(in crate::cli) fn find_all(
    kind: &str,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Vec<Plugin>, Error> {
    let descriptor = Descriptor {
        name: String::new(),
        kind: kind.to_owned(),
    };
    let mut notices = Vec::new();
    let found = plugin::find_all(&environment.plugins(), &descriptor, &mut notices);
    terminal.log(&notices);
    found
}

/// The post-renderer that `--post-renderer` names: a plugin, or for pintle also a program, as Helm 3
/// took it.
///
/// # Errors
/// Helm's words where no such plugin is installed.
pub(in crate::cli) fn post_renderer(
    name: &str,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Plugin, Error> {
    let descriptor = Descriptor {
        name: name.to_owned(),
        kind: "postrenderer/v1".to_owned(),
    };
    let mut notices = Vec::new();
    let found = plugin::find(&environment.plugins(), &descriptor, &mut notices);
    terminal.log(&notices);
    found.or_else(|error| {
        let takes_programs = match &environment.errand {
            Some(errand) => errand.takes_programs,
            None => !environment.is_strict.get(),
        };
        let is_known = takes_programs && is_program(name, environment);
        match is_known {
            true => Ok(Plugin::of_program(name)),
            false => Err(error),
        }
    })
}

/// Whether a program of that name could be run.
fn is_program(name: &str, environment: &Environment) -> bool {
    let is_file = |path: &Path| fs::metadata(path).is_ok_and(|found| found.is_file());
    match name.contains('/') {
        true => is_file(Path::new(name)),
        false => std::env::split_paths(&environment.get("PATH"))
            .any(|folder| is_file(&folder.join(name))),
    }
}

/// What `--post-renderer` and `--post-renderer-args` ask for.
pub(in crate::cli) struct PostRendering {
    plugin: Plugin,
    arguments: Vec<String>,
    host: Host,
}

impl PostRendering {
    /// What flags ask for; nothing where they do not.
    ///
    /// # Errors
    /// A plugin that is gone since the flags were read.
    pub(in crate::cli) fn of(
        flags: &FlagSet,
        environment: &Environment,
    ) -> Result<Option<PostRendering>, Error> {
        let name = flags.text("post-renderer");
        if name.is_empty() {
            return Ok(None);
        }
        let mut quiet = Terminal::new();
        quiet.level = Level::Error;
        Ok(Some(PostRendering {
            plugin: post_renderer(name, environment, &quiet)?,
            arguments: flags.list("post-renderer-args").to_vec(),
            host: environment.host(flags),
        }))
    }

    /// Changes manifests.
    ///
    /// # Errors
    /// What the plugin fails with.
    pub(in crate::cli) fn run(&self, manifests: &[u8]) -> Result<Vec<u8>, Error> {
        self.plugin
            .post_render(&self.host, &self.arguments, manifests)
    }
}

/// `helm plugin install|list|package|uninstall|update|verify`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn plugin(
    verb: &str,
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let places = places(environment);
    let text = |name: &str| flags.text(name).to_owned();
    let first = || arguments.first().cloned().unwrap_or_default();
    let host = environment.host(flags);
    let mut hook = |plugin: &Plugin, event: Event, out: &mut Vec<u8>| {
        // A hook prints by itself, behind what was said so far.
        let mut before = Terminal::new();
        before.out = std::mem::take(out);
        let _ = before.flush();
        plugin.run_hook(&host, event)
    };
    let mut notices = Vec::new();
    let out = &mut terminal.out;
    let result = match verb {
        "list" => list::run(flags.text("type"), &places, &mut notices)
            .map(|table| out.extend_from_slice(table.as_bytes())),
        "install" => {
            let options = install::Options {
                source: first(),
                version: text("version"),
                verify: flags.is("verify").then(|| keys(flags)),
                removes_failed: !environment.is_strict.get(),
                places,
            };
            install::run(&options, &mut hook, out, &mut notices)
        }
        "uninstall" => uninstall::run(arguments, &places, &mut hook, out, &mut notices),
        "update" => update::run(arguments, &places, &mut hook, out, &mut notices),
        "package" => {
            let options = package::Options {
                folder: first(),
                destination: text("destination"),
                signing: flags.is("sign").then(|| Signing {
                    key: text("key"),
                    keyring: text("keyring"),
                }),
            };
            let mut passphrases = Typed::new(text("passphrase-file"), Extent::All);
            let result = package::run(&options, &mut passphrases, &Real::new(), out);
            out.splice(0..0, passphrases.take_said());
            result
        }
        "verify" => package::verify(&first(), &keys(flags), out),
        other => {
            let message = format!("helm plugin {other} is not part of pintle");
            Err(Error::new(Kind::Usage, message))
        }
    };
    terminal.log(&notices);
    result
}

/// The names of plugins that are commands, with what they say of themselves.
pub(in crate::cli) fn described(environment: &Environment) -> Vec<(String, String)> {
    let mut quiet = Terminal::new();
    quiet.level = Level::Error;
    let found = find_all("cli/v1", environment, &quiet).unwrap_or_default();
    found
        .into_iter()
        .map(|plugin| match plugin.metadata.config {
            Config::Cli { short, .. } => (plugin.metadata.name, short),
            _ => (plugin.metadata.name, String::new()),
        })
        .collect()
}
