//! Helm's command line: `cobra.Command.Execute` and `pkg/cmd/root.go`, Helm 4.2.4.

mod command;
mod completion;
mod extension;
mod flag;

use super::environment::Environment;
use super::run;
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::flag::{Command, Flag, FlagSet, Found, Unknown, find};
use crate::go::strconv;
use crate::ui::{Color, Terminal};

pub(super) use flag::{CHART_PATH, DEVEL, GLOBAL};

/// The table of the command that is called `path`, such as `repo add`.
pub(super) fn table(path: &str) -> Option<&'static Command> {
    path.split(' ').try_fold(&command::ROOT, |parent, name| {
        let mut commands = parent.commands.iter();
        commands.find(|command| command.name() == name)
    })
}

/// Runs what was typed behind `helm`; returns the exit code.
pub(super) fn run(words: &[String], environment: &Environment, terminal: &mut Terminal) -> u8 {
    environment.is_strict.set(true);
    let mut inherited = global_flags(environment);
    // Helm looks for its global flags before anything else, wherever they stand, and keeps what it
    // found: a list flag holds everything twice afterwards.
    let _ = inherited.parse(words, Unknown::Skip, &mut |_, value| Ok(value.to_owned()));
    if inherited.is("debug") {
        terminal.level = Level::Debug;
    }
    let color = last_color(&inherited);
    match color {
        "never" => terminal.set_color(Color::Never),
        "always" => terminal.set_color(Color::Always),
        "auto" => {}
        other => {
            let why =
                format!("invalid color mode \"{other}\": must be one of: never, auto, always");
            terminal.log(&[Notice::new(Level::Warn, "command failed").with("error", why)]);
            return 1;
        }
    }
    extension::load(environment, terminal);
    if let Some(kind @ ("__complete" | "__completeNoDesc")) = words.first().map(String::as_str) {
        return completion::complete(kind, &words[1..], inherited, environment, terminal);
    }
    match execute(words, inherited, environment, terminal) {
        Ok(code) => code,
        Err(message) => {
            terminal.complain(&format!("Error: {message}\n"));
            1
        }
    }
}

/// A fresh set of the global flags with the environment's defaults.
pub(super) fn global_flags(environment: &Environment) -> FlagSet {
    let mut flags = FlagSet::new();
    flags.add(flag::GLOBAL);
    environment.set_defaults(&mut flags);
    flags
}

/// `--color` and `--colour` are one variable; which of two was given last cannot be told any more,
/// so the one that is wrong counts, then the one that was given.
pub(super) fn last_color(flags: &FlagSet) -> &str {
    let both = [flags.text("color"), flags.text("colour")];
    let is_known = |mode: &&str| matches!(*mode, "never" | "auto" | "always");
    if let Some(wrong) = both.into_iter().find(|mode| !is_known(mode)) {
        return wrong;
    }
    if flags.changed("colour") {
        both[1]
    } else {
        both[0]
    }
}

fn execute(
    words: &[String],
    inherited: FlagSet,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, String> {
    let found = find(extension::root(environment), words)
        .map_err(|message| format!("{message}\nRun 'helm --help' for usage."))?;
    if let Some(plugin) = extension::plugin(&found, environment) {
        return extension::run(plugin, &found.words, inherited, environment, terminal);
    }
    let mut flags = found.flags(inherited);
    environment.set_command_defaults(&mut flags);
    environment.add_own(&mut flags);
    found.add_help(&mut flags);
    let arguments = flags
        .parse(&found.words, Unknown::Refuse, &mut |flag, value| {
            check(flag, value, environment, terminal)
        })
        .map_err(|error| error.to_string())?;
    let warnings = flags.take_warnings();
    if !warnings.is_empty() {
        terminal.complain(&warnings);
    }
    if flags.is("help") || !found.command().runnable {
        let help = found.help(&flags);
        terminal.print(&help);
        return Ok(0);
    }
    found.check(&flags, &arguments)?;
    dispatch(&found, &flags, &arguments, environment, terminal).map_err(|failure| {
        let mut message = failure.0.to_string();
        // A release of a state: whoever runs the state shows what is known.
        if environment.own().is_some() {
            for hint in failure.0.hints() {
                message.push_str("\n  hint: ");
                message.push_str(hint);
            }
        }
        message
    })
}

/// Judges values of Helm's own types of flags.
pub(super) fn check(
    flag: &Flag,
    value: &str,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<String, String> {
    match (flag.name, value) {
        ("wait", "watcher" | "legacy" | "hookOnly") => {}
        ("wait", "true" | "false") => {
            let strategy = if value == "true" {
                "watcher"
            } else {
                "hookOnly"
            };
            let message = format!(
                "--wait={value} is deprecated (boolean value) and can be replaced with --wait={strategy}"
            );
            terminal.log(&[Notice::new(Level::Warn, message)]);
            return Ok(strategy.to_owned());
        }
        ("wait", other) => {
            return Err(format!(
                "invalid wait input {}. Valid inputs are watcher, hookOnly, and legacy",
                strconv::quote(other)
            ));
        }
        ("output", "table" | "json" | "yaml") => {}
        ("output", _) => return Err("invalid format type".to_owned()),
        ("post-renderer", "") => {}
        ("post-renderer", _) if environment.has_post_renderer.replace(true) => {
            return Err("cannot specify --post-renderer flag more than once".to_owned());
        }
        ("post-renderer", name) => {
            run::plugin::post_renderer(name, environment, terminal)
                .map_err(|error| error.to_string())?;
        }
        _ => {}
    }
    Ok(value.to_owned())
}

/// Why a command failed: an error, or words alone.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(error)
    }
}

impl From<String> for Failure {
    fn from(words: String) -> Failure {
        Failure(Error::new(Kind::Usage, words))
    }
}

/// Runs the command called `path` for pintle's own command line, which read the words itself.
///
/// # Errors
/// Whatever the command failed of, with its hints.
pub(super) fn perform(
    path: &str,
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let mut found = Found {
        path: vec![&command::ROOT],
        words: Vec::new(),
    };
    for name in path.split(' ') {
        let below = found.command().commands.iter();
        found
            .path
            .extend(below.clone().find(|command| command.name() == name));
    }
    dispatch(&found, flags, arguments, environment, terminal).map_err(|failure| failure.0)
}

/// Runs the command that was found.
fn dispatch(
    found: &Found,
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Failure> {
    let name = found.full_name();
    match name.strip_prefix("helm ").unwrap_or_default() {
        "help" => help(arguments, environment, terminal),
        "create" => run::create::strict(flags, arguments, environment, terminal)?,
        "env" => run::env(flags, arguments, environment, terminal),
        "completion bash" | "completion zsh" | "completion fish" | "completion powershell" => {
            completion::script::print(found.command().name(), flags, terminal);
        }
        "install" => run::install::strict(flags, arguments, environment, terminal)?,
        "upgrade" => run::upgrade::strict(flags, arguments, environment, terminal)?,
        "list" => run::get::list(flags, environment, terminal)?,
        "history" => run::get::history(flags, arguments, environment, terminal)?,
        "status" => run::get::status(flags, arguments, environment, terminal)?,
        "get all" | "get hooks" | "get manifest" | "get metadata" | "get notes" | "get values" => {
            let what = found.command().name();
            run::get::get(what, flags, arguments, environment, terminal)?;
        }
        "test" => run::test::strict(flags, arguments, environment, terminal)?,
        "rollback" => run::rollback::strict(flags, arguments, environment, terminal)?,
        "uninstall" => run::uninstall::strict(flags, arguments, environment, terminal)?,
        "lint" => run::lint::strict(flags, arguments, environment, terminal)?,
        "repo add" | "repo list" | "repo update" | "repo remove" | "repo index" => {
            run::repo::repo(
                found.command().name(),
                flags,
                arguments,
                environment,
                terminal,
            )?;
        }
        "search repo" => {
            run::repo::search(flags, arguments, terminal)?;
        }
        "search hub" => {
            run::repo::hub(flags, arguments, terminal)?;
        }
        "pull" => run::repo::pull(flags, arguments, environment, terminal)?,
        "push" => run::registry::push(flags, arguments, terminal)?,
        "registry login" | "registry logout" => {
            run::registry::registry(found.command().name(), flags, arguments, terminal)?;
        }
        "dependency list" | "dependency build" | "dependency update" => {
            run::repo::dependency(
                found.command().name(),
                flags,
                arguments,
                environment,
                terminal,
            )?;
        }
        "package" => {
            run::package::package(flags, arguments, environment, terminal)?;
        }
        "show all" | "show chart" | "show crds" | "show readme" | "show values" => {
            run::show::show(
                found.command().name(),
                flags,
                arguments,
                environment,
                terminal,
            )?;
        }
        "template" => run::template::strict(flags, arguments, environment, terminal)?,
        "verify" => {
            run::verify::verify(flags, arguments, terminal)?;
        }
        "version" => run::version::version(flags, terminal)?,
        "plugin list" | "plugin install" | "plugin uninstall" | "plugin update"
        | "plugin package" | "plugin verify" => {
            let verb = found.command().name();
            run::plugin::plugin(verb, flags, arguments, environment, terminal)?;
        }
        _ => return Err(run::not_there_yet(&name).into()),
    }
    Ok(0)
}

/// `helm help [command]`.
fn help(arguments: &[String], environment: &Environment, terminal: &mut Terminal) {
    let inherited = global_flags(environment);
    let root = extension::root(environment);
    match find(root, arguments) {
        Ok(found) => {
            let mut flags = found.flags(inherited);
            environment.set_command_defaults(&mut flags);
            found.add_help(&mut flags);
            let help = found.help(&flags);
            terminal.print(&help);
        }
        Err(_) => {
            let topics: Vec<String> = arguments.iter().map(|topic| back_quoted(topic)).collect();
            let root = Found {
                path: vec![root],
                words: Vec::new(),
            };
            terminal.complain(&format!(
                "Unknown help topic [{}]\n{}",
                topics.join(" "),
                root.usage(&inherited)
            ));
        }
    }
}

/// Go's `%#q`: in back quotes where that is possible.
fn back_quoted(text: &str) -> String {
    if strconv::can_backquote(text) {
        format!("`{text}`")
    } else {
        strconv::quote(text)
    }
}
