//! pintle's own command line: clap, over the same tables of flags as the strict names, and flags
//! that only pintle has. A file a command says what it takes; [`page`] makes clap's form of it.

mod adjust;
mod complete;
mod config;
mod create;
mod dependency;
mod difference;
#[cfg(feature = "ecs")]
mod ecs;
mod env;
mod given;
mod hint;
mod import;
mod lint;
mod live;
mod man;
mod package;
mod page;
mod plugin;
mod pull;
mod registry;
mod release;
mod render;
mod repo;
mod search;
mod show;
mod verify;
mod version;

use std::sync::Arc;

use clap::builder::Styles;
use clap::{Arg, ArgMatches};

use self::live::Known;
use self::page::{Call, Page};
use super::environment::Environment;
use super::{fleet, strict};
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::ui::{Terminal, report};

pub(super) use complete::{VARIABLE as COMPLETE, answer as complete};

/// All commands, those that hold others in front of what they hold.
const PAGES: &[&[Page]] = &[
    render::PAGES,
    lint::PAGES,
    create::PAGES,
    show::PAGES,
    package::PAGES,
    dependency::PAGES,
    repo::PAGES,
    search::PAGES,
    pull::PAGES,
    registry::PAGES,
    verify::PAGES,
    release::PAGES,
    adjust::PAGES,
    difference::PAGES,
    import::PAGES,
    #[cfg(feature = "ecs")]
    ecs::PAGES,
    plugin::PAGES,
    config::PAGES,
    env::PAGES,
    complete::PAGES,
    man::PAGES,
    version::PAGES,
];

/// The order in which the help lists commands.
const SECTIONS: &[(&str, &[&str])] = &[
    (
        "Charts",
        &[
            "create",
            "render",
            "lint",
            "show",
            "package",
            "verify",
            "dependency",
        ],
    ),
    (
        "Where charts come from",
        &["repo", "search", "pull", "push", "registry"],
    ),
    (
        "Releases",
        &[
            "install",
            "upgrade",
            "diff",
            "plan",
            "apply",
            "rollback",
            "set",
            "restart",
            "scale",
            "uninstall",
            "list",
            "status",
            "logs",
            "history",
            "get",
            "test",
        ],
    ),
    (
        "State files of many releases",
        &[
            "fleet",
            "sync",
            "destroy",
            "build",
            "write-values",
            "show-dag",
            "deps",
        ],
    ),
    ("Amazon ECS", &["ecs"]),
    (
        "pintle itself",
        &[
            "config",
            "env",
            "plugin",
            "completion",
            "man",
            "version",
            "helm",
            "helmfile",
        ],
    ),
];

const ABOUT: &str = "Renders Helm charts byte for byte as Helm 4 does, many times faster";
const HELM: &str = "Stand in for Helm: all that follows is Helm's command line";
const HELMFILE: &str = "Stand in for Helmfile: all that follows is Helmfile's command line";
const FLEET: &str = "Work on state files of many releases, with Helmfile's commands and flags";

fn pages() -> impl Iterator<Item = &'static Page> {
    PAGES.iter().flat_map(|pages| pages.iter())
}

/// Runs what was typed behind `pintle`; returns the exit code.
pub(super) fn run(words: &[String], environment: &Environment, terminal: &mut Terminal) -> u8 {
    let program = std::iter::once(environment.program_name().to_owned());
    let parsed = command(None).try_get_matches_from(program.chain(words.iter().cloned()));
    let matches = match parsed {
        Ok(matches) => matches,
        Err(error) => {
            let text = error.render();
            let (colored, failed) = match error.use_stderr() {
                true => (terminal.is_colored(), true),
                false => (terminal.paints_output(), false),
            };
            let text = match colored {
                true => text.ansi().to_string(),
                false => text.to_string(),
            };
            if failed {
                terminal.complain(&text);
            } else {
                terminal.print(&text);
            }
            return u8::from(failed);
        }
    };
    match dispatch(&matches, environment, terminal) {
        Ok(code) => code,
        Err(error) => {
            let style = if terminal.is_colored() {
                report::Style::Colored
            } else {
                report::Style::Plain
            };
            terminal.complain(&report::error(&error, style));
            1
        }
    }
}

fn dispatch(
    matches: &ArgMatches,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let (path, matches) = chosen(matches);
    let page = pages().find(|page| page.path == path);
    let Some((page, run)) = page.and_then(|page| Some((page, page.run?))) else {
        let message = format!("{path:?} is no command");
        return Err(Error::new(Kind::Usage, message));
    };
    let flags = given::flags(page, matches, environment, terminal)?;
    let mut call = Call {
        page,
        flags,
        arguments: given::arguments(page, matches),
        environment,
    };
    run(&mut call, terminal).map_err(|error| hint::add(error, &call))
}

/// The words of the command that was typed, and what was typed behind them.
fn chosen(matches: &ArgMatches) -> (String, &ArgMatches) {
    let mut path = String::new();
    let mut matches = matches;
    while let Some((name, below)) = matches.subcommand() {
        if !path.is_empty() {
            path.push(' ');
        }
        path.push_str(name);
        matches = below;
    }
    (path, matches)
}

/// The flags and operands of a line that is being typed, as far as they can be told.
fn unfinished(words: &[String], environment: &Environment) -> (FlagSet, Vec<String>) {
    let parsed = command(None)
        .ignore_errors(true)
        .try_get_matches_from(words);
    let found = parsed.ok().and_then(|matches| {
        let (path, matches) = chosen(&matches);
        let page = pages().find(|page| page.path == path)?;
        let flags = given::flags(page, matches, environment, &mut Terminal::new()).ok()?;
        Some((flags, given::arguments(page, matches)))
    });
    found.unwrap_or_else(|| (strict::global_flags(environment), Vec::new()))
}

/// Runs a command as it runs under Helm's name, with what was typed here.
fn share(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    strict::perform(
        call.page.like,
        &call.flags,
        &call.arguments,
        call.environment,
        terminal,
    )
}

/// The whole command line; with what is known, its words can be completed.
fn command(known: Option<&Arc<Known>>) -> clap::Command {
    let mut root = clap::Command::new("pintle")
        .about(ABOUT)
        .long_about(format!(
            "{ABOUT}.\n\n\
             Started under the name helm, or as `pintle helm ...`, it understands and answers\n\
             exactly what Helm's own command line does."
        ))
        .version(env!("CARGO_PKG_VERSION"))
        .styles(Styles::styled())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args_override_self(true)
        .help_template(
            "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}Options:\n{options}",
        )
        .before_help(sections())
        .before_long_help(sections());
    for page in pages() {
        match page.path.rsplit_once(' ') {
            None => root = root.subcommand(page.command(known)),
            Some((parent, _)) => {
                root = root.mut_subcommand(parent, |parent| parent.subcommand(page.command(known)));
            }
        }
    }
    for (name, about) in elsewhere() {
        root = root.subcommand(
            clap::Command::new(name)
                .about(about)
                .disable_help_flag(true)
                .arg(
                    Arg::new("arguments")
                        .value_name("ARGUMENTS")
                        .num_args(0..)
                        .allow_hyphen_values(true),
                ),
        );
    }
    root
}

/// Commands that read their own words.
fn elsewhere() -> impl Iterator<Item = (&'static str, &'static str)> {
    [("helm", HELM), ("helmfile", HELMFILE), ("fleet", FLEET)]
        .into_iter()
        .chain(fleet::SHARED)
}

/// The commands with their lines, by section.
fn sections() -> String {
    let about = |name: &str| {
        let found = pages().find(|page| page.path == name);
        let known = elsewhere().find(|(known, _)| *known == name);
        found.map_or_else(|| known.map_or("", |(_, about)| about), |page| page.about)
    };
    let names = SECTIONS.iter().flat_map(|(_, names)| names.iter());
    let width = names.map(|name| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (title, names) in SECTIONS {
        text.push_str(&format!("{title}:\n"));
        for name in *names {
            text.push_str(&format!("  {name:width$}  {}\n", about(name)));
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command(None).debug_assert();
    }

    #[test]
    fn every_command_stands_in_one_section() {
        let mut listed: Vec<&str> = SECTIONS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        listed.sort_unstable();
        let command = command(None);
        let mut there: Vec<&str> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        there.sort_unstable();
        assert_eq!(listed, there);
    }

    #[test]
    fn pages_share_flags_with_commands_that_there_are() {
        let mut paths = BTreeSet::new();
        for page in pages() {
            assert!(paths.insert(page.path), "{} stands twice", page.path);
            assert!(
                page.like.is_empty() || strict::table(page.like).is_some(),
                "{} is like {}",
                page.path,
                page.like
            );
            for (line, _) in page.examples {
                let words = std::iter::once("pintle").chain(line.split(' '));
                let words = words.map(|word| word.trim_matches('\''));
                if let Err(error) = command(None).try_get_matches_from(words) {
                    panic!("{}: {line}: {error}", page.path);
                }
            }
        }
    }
}
