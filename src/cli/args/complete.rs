//! `pintle completion`, and what shells ask while the user types.
//!
//! The scripts are those of `clap_complete`: they ask the program itself, by way of a variable, so
//! that names which only a run knows are offered, too.

use std::ffi::OsString;
use std::sync::Arc;

use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};

use super::super::environment::Environment;
use super::live::Known;
use super::page::{Call, Page};
use crate::diag::{Error, Kind};
use crate::ui::Terminal;

/// The variable that asks, with the shell's name.
pub(in crate::cli) const VARIABLE: &str = "PINTLE_COMPLETE";

const SHELLS: &[(&str, &dyn EnvCompleter)] = &[
    ("bash", &Bash),
    ("zsh", &Zsh),
    ("fish", &Fish),
    ("powershell", &Powershell),
];

fn find(shell: &str) -> Option<&'static dyn EnvCompleter> {
    let mut shells = SHELLS.iter();
    shells.find(|(name, _)| *name == shell).map(|(_, it)| *it)
}

/// Answers a shell that asks for what may follow `words`, which it puts behind `--`.
pub(in crate::cli) fn answer(
    shell: &str,
    words: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> u8 {
    let Some(completer) = find(shell) else {
        terminal.complain(&format!("Error: {VARIABLE}={shell}: no such shell\n"));
        return 1;
    };
    let words = match words.first().map(String::as_str) {
        Some("--") => &words[1..],
        _ => words,
    };
    let last = words.len().saturating_sub(1);
    let at = environment.get("_CLAP_COMPLETE_INDEX").parse();
    let at = at.unwrap_or(last).min(words.len());
    let (flags, before) = super::unfinished(&words[..at], environment);
    let known = Known::of(&flags, before, environment);
    let mut command = super::command(Some(&Arc::new(known)));
    if !words.get(at).is_some_and(|word| word.starts_with('-')) {
        command = without_flags(command);
    }
    let words = words.iter().map(OsString::from).collect();
    let folder = std::env::current_dir().ok();
    let answered =
        completer.write_complete(&mut command, words, folder.as_deref(), &mut terminal.out);
    u8::from(answered.is_err())
}

/// Keeps flags back while none was begun; what they take is completed still.
fn without_flags(command: clap::Command) -> clap::Command {
    command
        .disable_help_flag(true)
        .mut_args(|arg| {
            let is_flag = !arg.is_positional();
            arg.hide(is_flag)
        })
        .mut_subcommands(without_flags)
}

fn script(call: &mut Call<'_>, terminal: &mut Terminal) -> Result<u8, Error> {
    let fail = |message: String| Error::new(Kind::Io, message);
    let completer =
        find(call.verb()).ok_or_else(|| fail(format!("{}: no such shell", call.verb())))?;
    completer
        .write_registration(VARIABLE, "pintle", "pintle", "pintle", &mut terminal.out)
        .map_err(|error| fail(error.to_string()))?;
    Ok(0)
}

const fn shell(path: &'static str, about: &'static str, more: &'static str) -> Page {
    let mut page = Page::new(path, about).more(more).runs(script);
    page.is_global = false;
    page
}

pub(super) const PAGES: &[Page] = &[
    Page::new(
        "completion",
        "Print a script that teaches a shell to complete",
    )
    .more("Names of repositories, charts, starters, contexts, namespaces and releases are completed as\n\
             they are now."),
    shell(
        "completion bash",
        "For bash",
        "Put `source <(pintle completion bash)` into ~/.bashrc.",
    ),
    shell(
        "completion zsh",
        "For zsh",
        "Put `source <(pintle completion zsh)` into ~/.zshrc, behind compinit.",
    ),
    shell(
        "completion fish",
        "For fish",
        "Write it to ~/.config/fish/completions/pintle.fish.",
    ),
    shell(
        "completion powershell",
        "For PowerShell",
        "Put `pintle completion powershell | Out-String | Invoke-Expression` into $PROFILE.",
    ),
];
