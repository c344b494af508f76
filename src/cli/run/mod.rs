//! One function a command: it builds what the action is given, and prints what comes back.

pub(super) mod adjust;
pub(super) mod amazon;
pub(super) mod cluster;
pub(super) mod create;
pub(super) mod diff;
pub(super) mod ecs;
pub(super) mod get;
pub(super) mod import;
pub(super) mod install;
pub(super) mod lint;
pub(super) mod logs;
pub(super) mod names;
pub(super) mod package;
mod patience;
pub(super) mod plan;
pub(super) mod plugin;
mod prompt;
pub(super) mod registry;
pub(super) mod repo;
pub(super) mod rollback;
pub(super) mod session;
pub(super) mod show;
pub(super) mod source;
pub(super) mod status;
pub(super) mod target;
pub(super) mod template;
pub(super) mod test;
pub(super) mod uninstall;
pub(super) mod upgrade;
#[cfg(feature = "ecs")]
pub(super) mod upkeep;
pub(super) mod verify;
pub(super) mod version;

pub(super) use logs::LOGS;
pub(super) use patience::PATIENCE;
pub(super) use session::{CONFLICTS, CRDS, SLIM, UNLOCK};
pub(super) use status::STATUS;

use super::environment::Environment;
use crate::action::repo::Format;
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

/// Rows of named texts as JSON or YAML, for scripts.
pub(super) fn structured<'a, const N: usize>(
    rows: impl Iterator<Item = [(&'static str, &'a str); N]>,
    format: Format,
) -> String {
    encode(&rows.map(map).collect::<Vec<_>>(), format)
}

/// Named texts as a JSON object or a YAML map.
pub(super) fn structured_map<'a>(
    members: impl Iterator<Item = (&'static str, &'a str)>,
    format: Format,
) -> String {
    encode(&map(members), format)
}

fn map<'a>(
    members: impl IntoIterator<Item = (&'static str, &'a str)>,
) -> serde_json::Map<String, serde_json::Value> {
    let members = members.into_iter();
    members
        .map(|(name, text)| (name.to_owned(), text.into()))
        .collect()
}

/// Texts in lists and maps, which both forms can hold.
pub(super) fn encode(value: &impl serde::Serialize, format: Format) -> String {
    match format {
        Format::Yaml => serde_yaml::to_string(value).unwrap_or_default(),
        Format::Json | Format::Table => {
            let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
            text.push('\n');
            text
        }
    }
}
