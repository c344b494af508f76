//! `pintle ecs run` and `pintle ecs exec`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::super::super::environment::Environment;
use super::{open, subject};
use crate::backend::ecs::cluster::{ExecOptions, RunOptions};
use crate::backend::{Cancel, LogLine};
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::os;
use crate::ui::Terminal;

/// The release, and the command behind it.
fn split(arguments: &[String]) -> (&[String], &[String]) {
    arguments.split_at(arguments.len().min(1))
}

/// Runs tasks, tells what they write, and ends as they do.
///
/// # Errors
/// There is nothing of this name; what ECS says.
pub(in crate::cli) fn run(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let (names, command) = split(arguments);
    let options = options(flags, command)?;
    let ecs = open(flags, environment)?;
    let subject = subject(&ecs, names, (flags, environment))?;
    let started = ecs.run_tasks(&subject, &options)?;
    let ids = started.ids().join(", ");
    if flags.is("detach") {
        terminal.print(&format!("{ids}\n"));
        return Ok(0);
    }
    terminal.complain(&format!(
        "{}: task {ids} in the cluster {}\n",
        started.name, started.cluster
    ));
    let cancel = Cancel::default();
    let is_many = started.tasks.len() > 1;
    let finish = {
        let shared = Mutex::new(&mut *terminal);
        let tell = |line: LogLine| {
            let mut text = Vec::new();
            if is_many || line.container != started.container {
                text.extend_from_slice(format!("{}/{} | ", line.pod, line.container).as_bytes());
            }
            text.extend_from_slice(&line.text);
            text.push(b'\n');
            let mut terminal = shared.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever reads it may have seen enough; the task goes on.
            if terminal.write(&text).is_err() {
                cancel.cancel();
            }
        };
        ecs.follow_tasks(&subject, &started, &cancel, &tell)?
    };
    for line in &finish.lines {
        terminal.complain(&format!("{line}\n"));
    }
    match finish.code {
        Some(code) => Ok(u8::try_from(code & 0xff)
            .unwrap_or(1)
            .max(u8::from(code != 0))),
        None => {
            let message = format!(
                "container {} of {} did not run",
                started.container, started.name
            );
            Err(Error::new(Kind::Cluster, message))
        }
    }
}

fn options(flags: &FlagSet, command: &[String]) -> Result<RunOptions, Error> {
    let usage = |message: String| Error::new(Kind::Usage, message);
    let text = match (flags.text("overrides"), flags.text("overrides-file")) {
        ("", "") => String::new(),
        (text, "") => text.to_owned(),
        ("", path) => std::fs::read_to_string(path)
            .map_err(|error| Error::new(Kind::Io, os::path_error("open", path, &error)))?,
        _ => {
            return Err(usage(
                "--overrides and --overrides-file say the same thing twice".to_owned(),
            ));
        }
    };
    let overrides = match text.trim() {
        "" => Value::Null,
        text => serde_json::from_str(text).map_err(|error| usage(format!("overrides: {error}")))?,
    };
    let mut variables = Vec::new();
    for pair in flags.list("env") {
        let (name, value) = pair
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| usage(format!("--env {pair:?} is not NAME=VALUE")))?;
        variables.push((name.to_owned(), value.to_owned()));
    }
    let number = |name: &str| match flags.text(name) {
        "" => Ok(None),
        text => text
            .parse::<u64>()
            .ok()
            .filter(|number| *number > 0)
            .map(Some)
            .ok_or_else(|| usage(format!("--{name} {text:?} is no number above 0"))),
    };
    let mut more = Map::new();
    let mut tags = Vec::new();
    for pair in flags.list("tags") {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        tags.push(json!({"key": key, "value": value}));
    }
    if !tags.is_empty() {
        more.insert("tags".to_owned(), Value::Array(tags));
    }
    Ok(RunOptions {
        what: flags.text("service").to_owned(),
        revision: number("revision")?,
        count: number("count")?.unwrap_or(1),
        container: flags.text("container").to_owned(),
        command: command.to_vec(),
        environment: variables,
        overrides,
        more,
    })
}

/// The program that talks to containers.
const PLUGIN: &str = "session-manager-plugin";

/// Where a program is, in the folders of `PATH`.
fn program(name: &str, environment: &Environment) -> Option<PathBuf> {
    let path = environment.get("PATH");
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
    found.find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// Words as a shell reads them.
fn quoted(words: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let quote = |word: &String| match !word.is_empty() && word.chars().all(is_plain) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    // One text is a command line already.
    match words {
        [one] => one.clone(),
        words => words.iter().map(quote).collect::<Vec<_>>().join(" "),
    }
}

/// Runs a command in a container that runs, on this terminal; ends as the plugin does.
///
/// # Errors
/// The plugin is missing, nothing can be entered, what ECS says.
pub(in crate::cli) fn exec(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, Error> {
    let Some(plugin) = program(PLUGIN, environment) else {
        let message = format!(
            "{PLUGIN} is not installed: it is what talks to containers, and was not found in PATH"
        );
        return Err(Error::new(Kind::NotFound, message)
            .with_hint("https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"));
    };
    let (names, command) = split(arguments);
    let ecs = open(flags, environment)?;
    let mut names = names.to_vec();
    if !flags.text("service").is_empty() {
        names.push(flags.text("service").to_owned());
    }
    let subject = subject(&ecs, &names, (flags, environment))?;
    let entrance = ecs.enter(
        &subject,
        &ExecOptions {
            task: flags.text("task").to_owned(),
            container: flags.text("container").to_owned(),
            command: match command {
                [] => "/bin/sh".to_owned(),
                words => quoted(words),
            },
        },
    )?;
    terminal
        .flush()
        .map_err(|error| Error::new(Kind::Io, os::path_error("write", "/dev/stdout", &error)))?;
    let endpoint = match flags.text("endpoint-url") {
        "" => format!("https://ssm.{}.amazonaws.com", entrance.region),
        given => given.to_owned(),
    };
    let status = Command::new(&plugin)
        .arg(entrance.session.to_string())
        .args([entrance.region.as_str(), "StartSession", ""])
        .arg(json!({"Target": entrance.target}).to_string())
        .arg(endpoint)
        .status()
        .map_err(|error| {
            Error::new(
                Kind::Io,
                os::path_error("fork/exec", plugin.display().to_string(), &error),
            )
        })?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_for_shells() {
        let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for (given, want) in [
            (&["ls", "-l", "/a b"][..], "ls -l '/a b'"),
            (&["sh", "-c", "echo 'x'"], "sh -c 'echo '\\''x'\\'''"),
            (&["echo hi; ls"], "echo hi; ls"),
            (&["echo", ""], "echo ''"),
        ] {
            assert_eq!(quoted(&words(given)), want);
        }
    }
}
