//! Helm's plugins, as far as rendering meets them.

use serde::Deserialize;

use super::super::environment::Environment;
use crate::ui::Terminal;

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
    /// What it does, of plugins of old.
    #[serde(default)]
    usage: String,
    #[serde(default)]
    config: Config,
}

#[derive(Default, Deserialize)]
struct Config {
    #[serde(default, rename = "shortHelp")]
    short_help: String,
}

/// Looks for the post-renderer that `--post-renderer` names.
///
/// # Errors
/// Helm's words where no such plugin is installed; our own where one is, for it cannot be run yet.
pub(in crate::cli) fn post_renderer(name: &str, environment: &Environment) -> Result<(), String> {
    let installed = installed(environment)
        .any(|plugin| plugin.name == name && plugin.kind == "postrenderer/v1");
    Err(if installed {
        "post-renderer plugins are not run by pintle yet".to_owned()
    } else {
        format!("plugin: {{Name:{name} Type:postrenderer/v1}} not found")
    })
}

/// The plugins below the folders of `HELM_PLUGINS`; what cannot be read is none.
fn installed(environment: &Environment) -> impl Iterator<Item = Manifest> {
    let folders = environment.plugins();
    let folders: Vec<std::path::PathBuf> = std::env::split_paths(&folders).collect();
    folders
        .into_iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| {
            let text = std::fs::read(entry.ok()?.path().join("plugin.yaml")).ok()?;
            serde_yaml::from_slice(&text).ok()
        })
}

/// The names of plugins that are commands, with what they say of themselves.
pub(in crate::cli) fn described(environment: &Environment) -> Vec<(String, String)> {
    installed(environment)
        .filter(|plugin| matches!(&*plugin.kind, "" | "cli/v1"))
        .map(|plugin| (plugin.name, plugin.config.short_help + &plugin.usage))
        .collect()
}

/// `helm plugin list`, where there are none.
pub(in crate::cli) fn list(
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), String> {
    if installed(environment).next().is_some() {
        return Err(super::not_there_yet("helm plugin list"));
    }
    terminal.print("NAME\tVERSION\tTYPE\tAPIVERSION\tPROVENANCE\tSOURCE\n");
    Ok(())
}

/// `helm plugin uninstall` and `helm plugin update`, as far as they fail.
pub(in crate::cli) fn change(
    verb: &str,
    names: &[String],
    environment: &Environment,
) -> Result<(), String> {
    if names.is_empty() {
        return Err(format!("please provide plugin name to {verb}"));
    }
    let known: Vec<String> = installed(environment).map(|plugin| plugin.name).collect();
    let missing: Vec<String> = names
        .iter()
        .filter(|name| !known.contains(name))
        .map(|name| format!("plugin: {name} not found"))
        .collect();
    if missing.is_empty() {
        return Err(super::not_there_yet(&format!("helm plugin {verb}")));
    }
    Err(missing.join("\n"))
}
