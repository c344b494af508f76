//! The command lines: what was typed becomes what is meant, and exit codes.
//!
//! Under the name `helm`, or as `pintle helm`, words and behaviour are those of Helm's own command
//! line (`strict`); under its own name pintle has more to say.

mod args;
mod config;
mod environment;
mod fleet;
mod kubeconfig;
mod read;
mod run;
mod settings;
mod strict;

use std::process::ExitCode;

use crate::ui::Terminal;
use environment::Environment;

/// Runs the command that was typed, and decides the exit code.
pub fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_default();
    let mut words: Vec<String> = words.collect();
    let environment = Environment::of_process(program);
    let mut terminal = Terminal::new();
    let asked = environment.find(args::COMPLETE);
    let code = match (environment.program_name(), asked) {
        ("helm", _) => strict::run(&words, &environment, &mut terminal),
        ("helmfile", _) => fleet::run(&words, &environment, &mut terminal),
        (_, Some(shell)) => args::complete(&shell, &words, &environment, &mut terminal),
        _ => match words.first().map(String::as_str) {
            Some("helm") => {
                words.remove(0);
                strict::run(&words, &environment, &mut terminal)
            }
            Some("helmfile") => {
                words.remove(0);
                fleet::run(&words, &environment, &mut terminal)
            }
            Some("fleet") => {
                words.remove(0);
                fleet::run_own(&words, &environment, &mut terminal)
            }
            // Of a plan it is one release's, otherwise a state's.
            Some("apply") if fleet::is_apply(&words) => {
                fleet::run_own(&words, &environment, &mut terminal)
            }
            Some(word) if fleet::SHARED.iter().any(|(name, _)| *name == word) => {
                fleet::run_own(&words, &environment, &mut terminal)
            }
            _ => args::run(&words, &environment, &mut terminal),
        },
    };
    match terminal.flush() {
        Ok(()) => ExitCode::from(code),
        Err(error) => {
            terminal.complain(&format!(
                "Error: {}\n",
                crate::go::os::path_error("write", "/dev/stdout", &error)
            ));
            ExitCode::FAILURE
        }
    }
}
