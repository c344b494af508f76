//! pintle's own command line: clap, over the same tables of flags as the strict names, and flags
//! that only pintle has.

use clap::builder::Styles;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

use super::environment::Environment;
use super::settings::Settings;
use super::{config, run, strict};
use crate::action::create::starter;
use crate::diag::{Error, Kind, Level};
use crate::go::flag::{Command, Flag, FlagSet, Kind as Takes};
use crate::ui::{Color, Terminal, report};

/// Flags of commands that render.
const RENDER: &[Flag] = &[
    Flag::text(
        "seed",
        "make random functions, keys and certificates follow from this text, so that output repeats",
    ),
    Flag::text("now", "stop the clock at this time, 2026-01-02T15:04:05Z"),
    Flag::array(
        "lookup-from",
        "answer look-ups from the objects in this file or folder; may be repeated",
    ),
];

/// Flags about `pintle.yaml`.
const PROJECT: &[Flag] = &[
    Flag::text("environment", "the environment of pintle.yaml to work for").short('e'),
    Flag::text(
        "config",
        "the file to use instead of the pintle.yaml found upwards from here",
    ),
];

/// Flags of `pintle config show`, besides.
const SHOWN: &[Flag] = &[
    Flag::bool("origins", "say where each setting was made"),
    Flag::text("kube-version", "Kubernetes version to render for"),
    Flag::slice("api-versions", "API versions to add to the default ones").short('a'),
    Flag::slice("values", "a file or URL with values").short('f'),
];

/// What `pintle lint` takes besides where a chart comes from.
const UNRELEASED: &[Flag] = &[strict::DEVEL];

/// Flags that `helm template` takes and that change nothing without a cluster; the help leaves them
/// out.
const INERT: &[&str] = &[
    "create-namespace",
    "description",
    "disable-openapi-validation",
    "dry-run",
    "force-conflicts",
    "force-replace",
    "labels",
    "post-renderer",
    "post-renderer-args",
    "replace",
    "rollback-on-failure",
    "server-side",
    "skip-crds",
    "take-ownership",
    "timeout",
    "wait",
    "wait-for-jobs",
];

/// Runs what was typed behind `pintle`; returns the exit code.
pub(super) fn run(words: &[String], environment: &Environment, terminal: &mut Terminal) -> u8 {
    let program = std::iter::once(environment.program_name().to_owned());
    let parsed = command().try_get_matches_from(program.chain(words.iter().cloned()));
    let matches = match parsed {
        Ok(matches) => matches,
        Err(error) => {
            let text = error.render();
            if error.use_stderr() {
                let colored = terminal.is_colored();
                let text = if colored {
                    text.ansi().to_string()
                } else {
                    text.to_string()
                };
                terminal.complain(&text);
                return 1;
            }
            terminal.print(&text.to_string());
            return 0;
        }
    };
    let Some((name, matches)) = matches.subcommand() else {
        return 0;
    };
    match dispatch(name, matches, environment, terminal) {
        Ok(()) => 0,
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
    name: &str,
    matches: &ArgMatches,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let usage = |message: String| Error::new(Kind::Usage, message);
    match name {
        "render" => {
            let table = strict::table("template").ok_or_else(|| usage("no table".to_owned()))?;
            let groups: Vec<&[Flag]> = [RENDER, PROJECT]
                .into_iter()
                .chain(table.flags.iter().copied())
                .collect();
            let mut flags = flags(&groups, matches, environment, terminal)?;
            table_check(table, &flags)?;
            Settings::resolve(&mut flags, environment)?;
            let arguments = words(matches, "arguments");
            run::template::pintle(&flags, &arguments, environment, terminal)
        }
        "create" => {
            let table = strict::table("create").ok_or_else(|| usage("no table".to_owned()))?;
            let flags = flags(table.flags, matches, environment, terminal)?;
            run::create::pintle(&flags, &words(matches, "arguments"), environment, terminal)
        }
        "show" => {
            let Some((part, matches)) = matches.subcommand() else {
                return Ok(());
            };
            let table = strict::table("show").ok_or_else(|| usage("no table".to_owned()))?;
            let mut tables = table.commands.iter();
            let table = tables.find(|table| table.name() == part);
            let groups = table.map_or(&[][..], |table| table.flags);
            let flags = flags(groups, matches, environment, terminal)?;
            run::show::show(part, &flags, &words(matches, "arguments"), terminal)
        }
        "lint" => {
            let table = strict::table("lint").ok_or_else(|| usage("no table".to_owned()))?;
            let groups: Vec<&[Flag]> = [strict::CHART_PATH, UNRELEASED]
                .into_iter()
                .chain(table.flags.iter().copied())
                .collect();
            let flags = flags(&groups, matches, environment, terminal)?;
            run::lint::pintle(&flags, &words(matches, "arguments"), environment, terminal)
        }
        "package" => {
            let table = strict::table("package").ok_or_else(|| usage("no table".to_owned()))?;
            let flags = flags(table.flags, matches, environment, terminal)?;
            run::package::package(&flags, &words(matches, "arguments"), terminal)
        }
        "config" => match matches.subcommand() {
            Some(("show", matches)) => {
                let mut flags = flags(&[PROJECT, SHOWN], matches, environment, terminal)?;
                let settings = Settings::resolve(&mut flags, environment)?;
                terminal.print(&settings.show(flags.is("origins")));
                Ok(())
            }
            _ => {
                let schema = serde_json::to_string_pretty(&config::schema());
                terminal.print(&schema.unwrap_or_default());
                terminal.print("\n");
                Ok(())
            }
        },
        "env" => {
            let flags = flags(&[], matches, environment, terminal)?;
            run::env(&flags, &words(matches, "arguments"), environment, terminal);
            Ok(())
        }
        _ => {
            terminal.print(concat!(
                "pintle ",
                env!("CARGO_PKG_VERSION"),
                " (stands in for helm v4.2.4)\n"
            ));
            Ok(())
        }
    }
}

/// Checks groups of flags that exclude each other.
fn table_check(table: &Command, flags: &FlagSet) -> Result<(), Error> {
    table
        .exclusive
        .iter()
        .try_for_each(|group| flags.exclusive(group))
        .map_err(|message| Error::new(Kind::Usage, message))
}

/// What was typed, as the set of flags that the run functions know.
fn flags(
    groups: &[&[Flag]],
    matches: &ArgMatches,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<FlagSet, Error> {
    let mut set = strict::global_flags(environment);
    for group in groups {
        set.add(group);
    }
    environment.set_command_defaults(&mut set);
    environment.set_pintle_defaults(&mut set);
    let all = groups.iter().copied().chain([strict::GLOBAL]).flatten();
    for flag in all {
        // A name that stands in two tables is one flag, and given once.
        let given = matches!(
            matches.try_get_raw(flag.name),
            Ok(Some(_)) if matches.value_source(flag.name) == Some(ValueSource::CommandLine)
        );
        if !given || set.changed(flag.name) {
            continue;
        }
        for value in words(matches, flag.name) {
            let mut check =
                |flag: &Flag, value: &str| strict::check(flag, value, environment, terminal);
            set.set(flag.name, &value, &mut check).map_err(|cause| {
                let message = format!("invalid argument {value:?} for --{}: {cause}", flag.name);
                Error::new(Kind::Usage, message)
            })?;
        }
    }
    let warnings = set.take_warnings();
    if !warnings.is_empty() {
        terminal.complain(&warnings);
    }
    if set.is("debug") {
        terminal.level = Level::Debug;
    }
    match strict::last_color(&set) {
        "never" => terminal.set_color(Color::Never),
        "always" => terminal.set_color(Color::Always),
        "auto" => {}
        other => {
            let message =
                format!("invalid color mode {other:?}: must be one of: never, auto, always");
            return Err(Error::new(Kind::Usage, message));
        }
    }
    Ok(set)
}

fn words(matches: &ArgMatches, id: &str) -> Vec<String> {
    matches
        .get_raw(id)
        .into_iter()
        .flatten()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// The whole command line.
fn command() -> clap::Command {
    let arguments = |name: &'static str, required: bool| {
        Arg::new("arguments")
            .value_name(name)
            .num_args(0..)
            .required(required)
    };
    clap::Command::new("pintle")
        .about("Renders Helm charts byte for byte as Helm 4 does, many times faster")
        .long_about(
            "Renders Helm charts byte for byte as Helm 4 does, many times faster.\n\n\
             Started under the name helm, or as `pintle helm ...`, it understands and answers\n\
             exactly what Helm's own command line does.",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .styles(Styles::styled())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args_override_self(true)
        .subcommand(
            group(
                clap::Command::new("render")
                    .visible_alias("template")
                    .about("Render a chart here and print the manifests")
                    .arg(arguments("[NAME] CHART", true)),
                "template",
            )
            .args(RENDER.iter().chain(PROJECT).map(|flag| arg(flag, "pintle"))),
        )
        .subcommand(group(
            clap::Command::new("create")
                .about("Create a chart to start from")
                .arg(
                    Arg::new("arguments")
                        .value_name("NAME")
                        .num_args(1)
                        .required(true),
                )
                .after_help(format!(
                    "Starters that come with pintle: {}.",
                    starter::names().collect::<Vec<_>>().join(", ")
                )),
            "create",
        ))
        .subcommand(show())
        .subcommand(group(
            clap::Command::new("lint")
                .about("Examine charts for possible issues")
                .arg(arguments("CHART", true))
                .args(
                    strict::CHART_PATH
                        .iter()
                        .chain(UNRELEASED)
                        .map(|flag| arg(flag, "")),
                ),
            "lint",
        ))
        .subcommand(group(
            clap::Command::new("package")
                .about("Make an archive of a chart folder")
                .arg(arguments("CHART", true)),
            "package",
        ))
        .subcommand(
            clap::Command::new("config")
                .about("Look at settings")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    clap::Command::new("show")
                        .about("Print the settings that hold here")
                        .args(PROJECT.iter().chain(SHOWN).map(|flag| arg(flag, "")))
                        .args(
                            strict::GLOBAL
                                .iter()
                                .filter(|flag| !flag.hidden)
                                .map(|flag| arg(flag, "Global")),
                        ),
                )
                .subcommand(
                    clap::Command::new("schema").about("Print the JSON schema of pintle.yaml"),
                ),
        )
        .subcommand(group(
            clap::Command::new("env")
                .about("Print the environment that Helm works with")
                .arg(arguments("NAME", false)),
            "env",
        ))
        .subcommand(clap::Command::new("version").about("Print the version"))
        .subcommand(
            clap::Command::new("helm")
                .about("Stand in for Helm: all that follows is Helm's command line")
                .disable_help_flag(true)
                .arg(arguments("ARGUMENTS", false).allow_hyphen_values(true)),
        )
}

/// `pintle show`, with a command for each part of a chart.
fn show() -> clap::Command {
    let show = clap::Command::new("show")
        .about("Print parts of a chart")
        .subcommand_required(true)
        .arg_required_else_help(true);
    let parts = strict::table("show").map_or(&[][..], |table| table.commands);
    parts.iter().fold(show, |show, part| {
        let chart = Arg::new("arguments")
            .value_name("CHART")
            .num_args(1)
            .required(true);
        let command = clap::Command::new(part.name()).about(part.short).arg(chart);
        show.subcommand(flagged(command, part.name(), part.flags))
    })
}

/// Adds the flags of one of Helm's commands, and the global ones.
fn group(command: clap::Command, name: &str) -> clap::Command {
    let own = strict::table(name).map_or(&[][..], |table| table.flags);
    flagged(command, name, own)
}

fn flagged(command: clap::Command, name: &str, own: &'static [&'static [Flag]]) -> clap::Command {
    let own = own.iter().flat_map(|group| group.iter());
    let global = strict::GLOBAL.iter().filter(|flag| !flag.hidden);
    command
        .args_override_self(true)
        .args(own.map(|flag| {
            let inert = name == "template" && INERT.contains(&flag.name);
            arg(flag, "").hide(flag.hidden || inert)
        }))
        .args(global.map(|flag| arg(flag, "Global")))
}

fn arg(flag: &'static Flag, heading: &'static str) -> Arg {
    let mut arg = Arg::new(flag.name)
        .long(flag.name)
        .help(flag.usage)
        .hide(flag.hidden);
    if let Some(letter) = flag.shorthand {
        arg = arg.short(letter);
    }
    arg = match flag.kind {
        Takes::TextArray | Takes::TextSlice | Takes::TextMap | Takes::Custom { list: true, .. } => {
            arg.action(ArgAction::Append)
        }
        _ => arg.action(ArgAction::Set),
    };
    arg = match flag.bare {
        Some(bare) => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value(bare),
        None => arg.num_args(1).allow_hyphen_values(true),
    };
    arg = arg.value_name(match flag.kind {
        Takes::Bool => "BOOL",
        Takes::Int | Takes::Uint | Takes::Float32 => "NUMBER",
        Takes::Duration => "DURATION",
        Takes::TextMap => "KEY=VALUE",
        _ if flag.name.starts_with("set") => "KEY=VALUE",
        _ => "VALUE",
    });
    if heading.is_empty() {
        arg
    } else {
        arg.help_heading(heading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }
}
