//! `helm plugin uninstall`.

use std::fs;

use super::{Places, RunHook, all};
use crate::diag::{Error, Kind, Notice};
use crate::go::{os, path};
use crate::plugin::{self, Event, Plugin};

/// Removes plugins, and tells each of it afterwards. What fails does not keep others from going.
///
/// # Errors
/// Names that there are not, what cannot be removed, hooks that fail.
pub fn run(
    names: &[String],
    places: &Places,
    hook: &mut RunHook<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    if names.is_empty() {
        let message = "please provide plugin name to uninstall";
        return Err(Error::new(Kind::Usage, message));
    }
    let plugins = plugin::load_all(&places.plugins, notices)?;
    let mut errors = Vec::new();
    for name in names {
        let mut found = plugins.iter();
        let Some(plugin) = found.find(|plugin| plugin.metadata.name == *name) else {
            errors.push(format!("plugin: {name} not found"));
            continue;
        };
        let removed = remove(plugin, places).and_then(|()| hook(plugin, Event::Delete, out));
        match removed {
            Ok(()) => out.extend_from_slice(format!("Uninstalled plugin: {name}\n").as_bytes()),
            Err(error) => errors.push(format!(
                "failed to uninstall plugin {name}, got error ({error})"
            )),
        }
    }
    all(errors)
}

fn remove(plugin: &Plugin, places: &Places) -> Result<(), Error> {
    let folder = plugin.folder.trim_end_matches('/');
    let removed = match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(folder),
        Ok(_) => fs::remove_file(folder),
        // Named twice, it is gone already.
        Err(_) => Ok(()),
    };
    removed.map_err(|error| Error::new(Kind::Io, os::path_error("unlinkat", folder, &error)))?;
    let metadata = &plugin.metadata;
    if !metadata.version.is_empty() {
        let name = format!("{}-{}.tgz", metadata.name, metadata.version);
        let archive = path::join(&[&places.plugins, &name]);
        // They are of no use without the plugin, and do no harm.
        let _ = fs::remove_file(&archive);
        let _ = fs::remove_file(format!("{archive}.prov"));
    }
    Ok(())
}
