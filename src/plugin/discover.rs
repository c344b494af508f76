//! Where plugins are (`loader.go`).

use std::fs;
use std::path::Path;

use super::{FILE, Plugin, Runtime, metadata};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::{os, path, strconv};

/// Which plugins are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// The name, or nothing for any.
    pub name: String,
    /// The type, or nothing for any.
    pub kind: String,
}

/// Reads the plugin in `folder`.
///
/// # Errors
/// Helm's words for what is missing or wrong.
pub fn load(folder: &str) -> Result<Plugin, Error> {
    let fail = |message: String| Error::new(Kind::Chart, message);
    let file = path::join(&[folder, FILE]);
    let text = fs::read(&file).map_err(|error| {
        let operation = match error.kind() {
            std::io::ErrorKind::IsADirectory => "read",
            _ => "open",
        };
        let reason = os::path_error(operation, &file, &error);
        let quoted = strconv::quote(&file);
        Error::new(
            Kind::Io,
            format!("failed to read plugin at {quoted}: {reason}"),
        )
    })?;
    let metadata = metadata::parse(&text).map_err(|error| {
        let quoted = strconv::quote(folder);
        fail(format!("failed to load plugin {quoted}: {error}"))
    })?;
    if metadata.runtime == Runtime::Extism {
        let binary = path::join(&[folder, "plugin.wasm"]);
        match fs::metadata(&binary) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let quoted = strconv::quote(&binary);
                return Err(fail(format!(
                    "wasm binary missing for extism/v1 plugin: {quoted}"
                )));
            }
            Err(error) => {
                let quoted = strconv::quote(&binary);
                let reason = os::path_error("stat", &binary, &error);
                return Err(fail(format!(
                    "failed to stat extism/v1 plugin wasm binary {quoted}: {reason}"
                )));
            }
        }
    }
    Ok(Plugin {
        folder: folder.to_owned(),
        metadata,
    })
}

/// Reads all plugins right below `folder`. Those that are wrong are passed over with a notice.
///
/// # Errors
/// Two plugins of one name.
pub fn load_all(folder: &str, notices: &mut Vec<Notice>) -> Result<Vec<Plugin>, Error> {
    let mut names: Vec<String> = fs::read_dir(if folder.is_empty() { "." } else { folder })
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let mut plugins: Vec<Plugin> = Vec::new();
    for name in names {
        let below = path::join(&[folder, &name]);
        let file = path::join(&[&below, FILE]);
        if fs::symlink_metadata(Path::new(&file)).is_err() {
            continue;
        }
        match load(&below) {
            Ok(plugin) => plugins.push(plugin),
            Err(error) => notices.push(
                Notice::new(Level::Warn, "failed to load plugin (ignoring)")
                    .with("plugin_yaml", file)
                    .with("error", error),
            ),
        }
    }
    for (at, plugin) in plugins.iter().enumerate() {
        let name = &plugin.metadata.name;
        let mut before = plugins[..at].iter();
        if let Some(other) = before.rfind(|other| other.metadata.name == *name) {
            let message = format!(
                "two plugins claim the name {} at {} and {}",
                strconv::quote(name),
                strconv::quote(&other.folder),
                strconv::quote(&plugin.folder)
            );
            return Err(Error::new(Kind::Chart, message));
        }
    }
    Ok(plugins)
}

/// The plugins below the folders of `folders`, a list as `HELM_PLUGINS` holds it, that
/// `descriptor` describes.
///
/// # Errors
/// As [`load_all`].
pub fn find_all(
    folders: &str,
    descriptor: &Descriptor,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Plugin>, Error> {
    let mut found = Vec::new();
    if folders.is_empty() {
        return Ok(found);
    }
    for folder in std::env::split_paths(folders) {
        let folder = folder.to_string_lossy();
        for plugin in load_all(&folder, notices)? {
            let metadata = &plugin.metadata;
            let named = descriptor.name.is_empty() || descriptor.name == metadata.name;
            if named && (descriptor.kind.is_empty() || descriptor.kind == metadata.kind) {
                found.push(plugin);
            }
        }
    }
    Ok(found)
}

/// The first plugin that `descriptor` describes.
///
/// # Errors
/// As [`load_all`], and where there is none.
pub fn find(
    folders: &str,
    descriptor: &Descriptor,
    notices: &mut Vec<Notice>,
) -> Result<Plugin, Error> {
    let found = find_all(folders, descriptor, notices)?;
    found.into_iter().next().ok_or_else(|| {
        let Descriptor { name, kind } = descriptor;
        let message = format!("plugin: {{Name:{name} Type:{kind}}} not found");
        Error::new(Kind::Chart, message)
    })
}
