//! What shells ask while the user types (`cobra.ShellCompRequestCmd`), and the scripts that make
//! them ask.

mod candidate;
pub(super) mod script;

use super::super::environment::Environment;
use super::{check, extension};
use crate::go::flag::complete::{Answer, Question, question};
use crate::go::flag::{FlagSet, find};
use crate::go::strconv;
use crate::ui::Terminal;

/// What begins a line that is shown to the user rather than offered (`cobra.AppendActiveHelp`).
const HELP: &str = "_activeHelp_ ";

/// Answers `helm __complete WORD... PART`: a candidate a line, then what the shell is to do.
pub(super) fn complete(
    request: &str,
    words: &[String],
    inherited: FlagSet,
    environment: &Environment,
    terminal: &mut Terminal,
) -> u8 {
    let Some((part, before)) = words.split_last() else {
        terminal.complain("Error: requires at least 1 arg(s), only received 0\n");
        return 1;
    };
    let answer = answer(before, part, inherited, environment, terminal).unwrap_or_else(|why| {
        terminal.complain(&format!("[Debug] [Error] {why}\n"));
        Answer::default()
    });
    let variable = |name: &str| {
        let own = environment.get(&format!("HELM_{name}"));
        match own.is_empty() {
            true => environment.get(&format!("COBRA_{name}")),
            false => own,
        }
    };
    let describes = match strconv::parse_bool(variable("COMPLETION_DESCRIPTIONS")) {
        _ if request == "__completeNoDesc" => false,
        Ok(wanted) => wanted,
        Err(_) => true,
    };
    let helps = !["COBRA_ACTIVE_HELP", "HELM_ACTIVE_HELP"]
        .iter()
        .any(|name| environment.get(name) == "0");
    for candidate in &answer.candidates {
        if !helps && candidate.starts_with(HELP) {
            continue;
        }
        let shown = match describes {
            true => candidate,
            false => candidate.split('\t').next().unwrap_or_default(),
        };
        terminal.print(shown.lines().next().unwrap_or_default().trim());
        terminal.print("\n");
    }
    let directive = answer.directive;
    terminal.print(&format!(":{}\n", directive.number()));
    terminal.complain(&format!(
        "Completion ended with directive: {}\n",
        directive.names()
    ));
    0
}

fn answer(
    before: &[String],
    part: &str,
    inherited: FlagSet,
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<Answer, String> {
    let found = find(extension::root(environment), before).map_err(|_| {
        let words = before.join(" ");
        format!("unable to find a command for arguments: [{words}]")
    })?;
    let mut flags = found.flags(inherited);
    environment.set_command_defaults(&mut flags);
    found.add_help(&mut flags);
    let asked = question(&found, &mut flags, part, &mut |flag, value| {
        check(flag, value, environment, terminal)
    });
    let warnings = flags.take_warnings();
    if !warnings.is_empty() {
        terminal.complain(&warnings);
    }
    let mut known = candidate::Known {
        command: found.full_name(),
        flags: &flags,
        environment,
        terminal,
    };
    Ok(match asked? {
        Question::Settled(answer) => answer,
        Question::Value {
            flag,
            arguments,
            part: _,
        } => known.value(flag, &arguments),
        Question::Word {
            answer,
            arguments,
            part,
        } => match known.word(&arguments, &part) {
            None => answer,
            Some(mut more) => {
                more.candidates.splice(0..0, answer.candidates);
                more
            }
        },
    })
}
