//! `helm plugin update`.

use std::fs;

use super::vcs::Repository;
use super::{Each, Places, RunHook};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::{os, path};
use crate::plugin::{self, Event, FILE, Plugin};

/// Brings plugins that came from repositories up to date, and tells each of it. What fails does not
/// keep others from it.
///
/// # Errors
/// Names that there are not, plugins without a repository, hooks that fail.
pub fn run(
    names: &[String],
    places: &Places,
    hook: &mut RunHook<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let each = Each {
        verb: "update",
        done: "Updated",
        places,
    };
    let mut act = |plugin: &Plugin, out: &mut Vec<u8>, notices: &mut Vec<Notice>| {
        let updated = update(plugin, places, notices)?;
        hook(&updated, Event::Update, out)
    };
    each.run(names, &mut act, out, notices)
}

fn update(plugin: &Plugin, places: &Places, notices: &mut Vec<Notice>) -> Result<Plugin, Error> {
    let folder = fs::canonicalize(&plugin.folder).map_err(|error| {
        let reason = os::path_error("lstat", &plugin.folder, &error);
        Error::new(Kind::Io, reason)
    })?;
    let folder = folder.to_string_lossy().into_owned();
    let repository = Repository::new("", &folder).map_err(|error| {
        if error.to_string() != "Cannot detect VCS" {
            return error;
        }
        const UNKNOWN: &str = "cannot get information about plugin source";
        let notice = Notice::new(Level::Warn, UNKNOWN);
        notices.push(notice.with("location", &folder).with("error", error));
        Error::new(Kind::Chart, UNKNOWN)
    })?;
    let base = path::base(repository.remote.as_bytes());
    let installed = match repository.remote.as_str() {
        "" => String::new(),
        _ => path::join(&[&places.plugins, &String::from_utf8_lossy(base)]),
    };
    if let Err(error) = fs::metadata(&installed) {
        let reason = os::path_error("stat", &installed, &error);
        let notice = Notice::new(Level::Warn, "plugin does not exist");
        notices.push(notice.with("path", &installed).with("error", reason));
        return Err(Error::new(Kind::Chart, "plugin does not exist"));
    }
    if repository.is_changed() {
        return Err(Error::new(Kind::Chart, "plugin repo was modified"));
    }
    repository.update()?;
    if fs::metadata(path::join(&[&folder, FILE])).is_err() {
        return Err(Error::new(
            Kind::Chart,
            "plugin metadata (plugin.yaml) missing",
        ));
    }
    plugin::load(&installed)
}
