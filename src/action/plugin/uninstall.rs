//! `helm plugin uninstall`.

use std::fs;

use super::{Each, Places, RunHook};
use crate::diag::{Error, Kind, Notice};
use crate::go::{os, path};
use crate::plugin::{Event, Plugin};

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
    let each = Each {
        verb: "uninstall",
        done: "Uninstalled",
        places,
    };
    let mut act = |plugin: &Plugin, out: &mut Vec<u8>, _: &mut Vec<Notice>| {
        remove(plugin, places)?;
        hook(plugin, Event::Delete, out)
    };
    each.run(names, &mut act, out, notices)
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
