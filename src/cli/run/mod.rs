//! One function a command: it builds what the action is given, and prints what comes back.

pub(super) mod cluster;
pub(super) mod create;
pub(super) mod install;
pub(super) mod lint;
pub(super) mod package;
pub(super) mod plugin;
pub(super) mod repo;
pub(super) mod show;
mod source;
pub(super) mod template;
pub(super) mod upgrade;
pub(super) mod version;

use super::environment::Environment;
use crate::go::flag::FlagSet;
use crate::ui::Terminal;

/// What is said of a command that later work brings.
pub(super) fn not_there_yet(command: &str) -> String {
    format!("{command:?} is not part of pintle yet")
}

/// `helm env [NAME]`.
pub(super) fn env(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) {
    let variables = environment.variables(flags);
    match arguments.first() {
        Some(name) => {
            let value = variables.get(name.as_str()).map_or("", String::as_str);
            terminal.print(&format!("{value}\n"));
        }
        None => {
            for (name, value) in variables {
                terminal.print(&format!("{name}=\"{value}\"\n"));
            }
        }
    }
}
