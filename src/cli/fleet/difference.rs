//! `helm diff upgrade`, which Helm has by a plugin: answered as `pintle diff` does.

use super::super::environment::Environment;
use super::super::{run, strict};
use crate::go::flag::{Flag, FlagSet, Found, Unknown};
use crate::ui::Terminal;

const SHOWN: &[Flag] = &[
    Flag::int("context", "").or("3"),
    Flag::slice("suppress", ""),
    Flag::bool("suppress-secrets", ""),
    Flag::bool("show-secrets", ""),
    Flag::bool("detailed-exitcode", ""),
    Flag::bool("allow-unreleased", ""),
];

/// Shows what an upgrade would change; gives the exit code.
pub(super) fn answer(words: &[String], environment: &Environment, terminal: &mut Terminal) -> u8 {
    match compare(words, environment, terminal) {
        Ok(code) => code,
        Err(message) => {
            terminal.complain(&format!("Error: {message}\n"));
            1
        }
    }
}

fn compare(
    words: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<u8, String> {
    let Some(upgrade) = strict::table("upgrade") else {
        return Err("there is no upgrade".to_owned());
    };
    let found = Found {
        path: vec![upgrade],
        words: Vec::new(),
    };
    let mut flags: FlagSet = found.flags(strict::global_flags(environment));
    environment.set_command_defaults(&mut flags);
    environment.add_own(&mut flags);
    flags.add(SHOWN);
    flags.set_default("output", "text");
    let arguments = flags
        .parse(words, Unknown::Refuse, &mut |flag, value| {
            strict::check(flag, value, environment, terminal)
        })
        .map_err(|error| error.to_string())?;
    let arguments = arguments.get(2..).unwrap_or_default();
    run::diff::diff(&flags, arguments, environment, terminal).map_err(|error| error.to_string())
}
