//! `helm plugin install`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use walkdir::WalkDir;

use super::vcs::{self, Repository};
use super::{Places, RunHook, signature};
use crate::chart::provenance::Keys;
use crate::diag::{Error, Kind, Level, Notice};
use crate::fetch::{Access, Clients, file};
use crate::go::{os, path, strconv};
use crate::plugin::{self, Event, FILE, Plugin, archive};

/// What to install.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A folder, an archive, or an address.
    pub source: String,
    /// Which version of a repository, or nothing for the newest.
    pub version: String,
    /// The keys to check the signature with, where that is to be done.
    pub verify: Option<Keys>,
    /// Take the plugin away again where its hook fails. Helm leaves it.
    pub removes_failed: bool,
    /// Where plugins are.
    pub places: Places,
}

/// Where a plugin comes from.
enum Origin {
    /// A folder, or something that is none.
    Folder(String),
    /// An archive here.
    Archive(String),
    /// An archive on a server.
    Address(String),
    /// A repository.
    Repository(Repository),
}

/// Installs a plugin, and tells it.
///
/// # Errors
/// Helm's line for whatever failed first. Nothing is left of a plugin that could not be copied whole.
pub fn run(
    options: &Options,
    hook: &mut RunHook<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let origin = Origin::find(options)?;
    let mut say = |text: &str| out.extend_from_slice(text.as_bytes());
    let keys = match (&origin, &options.verify) {
        (Origin::Folder(_), _) => {
            say("Installing plugin from local directory (development mode)\n");
            None
        }
        (Origin::Repository(_), Some(_)) => {
            let message = "plugin source does not support verification. Use --verify=false to skip verification";
            return Err(Error::new(Kind::Usage, message));
        }
        (_, Some(keys)) => {
            say("Verifying plugin signature...\n");
            Some(keys)
        }
        (_, None) => {
            say("WARNING: Skipping plugin signature verification\n");
            None
        }
    };
    let target = origin.target(options);
    file::make_folder(&path::dir(&target))?;
    if fs::metadata(&target).is_ok() {
        let notice = Notice::new(Level::Warn, "plugin already exists");
        notices.push(notice.with("path", &target).with("error", "<nil>"));
        return Err(Error::new(Kind::Io, "plugin already exists"));
    }
    let fetched = origin.fetch(keys.is_some())?;
    if let Some(keys) = keys {
        let Some(provenance) = &fetched.provenance else {
            let message = "plugin verification failed: no provenance file (.prov) found";
            return Err(Error::new(Kind::Chart, message));
        };
        signature::verify(&fetched.archive, provenance, &fetched.name, keys, out)
            .map_err(|error| error.wrap("plugin verification failed"))?;
    }
    origin.put(&fetched, &target, options)?;
    let plugin =
        plugin::load(&target).map_err(|error| error.wrap("plugin is installed but unusable"))?;
    if let Err(error) = hook(&plugin, Event::Install, out) {
        if options.removes_failed {
            remove(&plugin, &target, options);
        }
        return Err(error);
    }
    let message = format!("Installed plugin: {}\n", plugin.metadata.name);
    out.extend_from_slice(message.as_bytes());
    Ok(())
}

/// Takes away what was installed.
fn remove(plugin: &Plugin, target: &str, options: &Options) {
    let _ = match fs::symlink_metadata(target) {
        Ok(found) if found.is_symlink() => fs::remove_file(target),
        _ => fs::remove_dir_all(target),
    };
    let kept = kept_archive(&options.places, &plugin.metadata);
    let _ = fs::remove_file(format!("{kept}.prov"));
    let _ = fs::remove_file(kept);
}

/// Where the archive of a plugin is kept, for its signature.
fn kept_archive(places: &Places, metadata: &plugin::Metadata) -> String {
    let name = format!("{}-{}.tgz", metadata.name, metadata.version);
    path::join(&[&places.data, &name])
}

/// What was fetched of an archive.
#[derive(Default)]
struct Fetched {
    name: String,
    archive: Vec<u8>,
    provenance: Option<Vec<u8>>,
}

impl Origin {
    /// Finds out what a source is (`NewForSource`).
    fn find(options: &Options) -> Result<Origin, Error> {
        let source = &options.source;
        if source.starts_with("oci://") {
            let message = format!("{source}: plugins are not fetched from registries yet");
            return Err(Error::new(Kind::Unsupported, message));
        }
        let information = |error: Error| {
            let quoted = strconv::quote(source);
            error.wrap(format!(
                "cannot get information about plugin source {quoted} (if it's a local directory, does it exist?), last error was"
            ))
        };
        if fs::metadata(source).is_ok() {
            let full = std::path::absolute(source)
                .map_err(|error| Error::new(Kind::Io, os::path_error("getwd", source, &error)))?;
            let full = path::clean(&full.to_string_lossy());
            return Ok(match archive::is_archive(&full) {
                true => Origin::Archive(full),
                false => Origin::Folder(full),
            });
        }
        let is_address = source.starts_with("http://") || source.starts_with("https://");
        if is_address && archive::is_archive(source) {
            return Ok(Origin::Address(source.clone()));
        }
        let key = vcs::key(source).map_err(information)?;
        let folder = path::join(&[&options.places.cache, &key]);
        Repository::new(source, &folder)
            .map(Origin::Repository)
            .map_err(information)
    }

    /// Where the plugin will be.
    fn target(&self, options: &Options) -> String {
        let places = &options.places;
        let base = |text: &str| String::from_utf8_lossy(path::base(text.as_bytes())).into_owned();
        match self {
            Origin::Folder(source) => path::join(&[&places.data, &base(source)]),
            Origin::Archive(source) | Origin::Address(source) => {
                path::join(&[&places.data, plain_name(&base(source))])
            }
            Origin::Repository(_) => path::join(&[&places.plugins, &base(&options.source)]),
        }
    }

    fn fetch(&self, verify: bool) -> Result<Fetched, Error> {
        let source = match self {
            Origin::Folder(_) | Origin::Repository(_) => return Ok(Fetched::default()),
            Origin::Archive(source) | Origin::Address(source) => source,
        };
        let base = path::base(source.as_bytes());
        let name = String::from_utf8_lossy(base).into_owned();
        let beside = format!("{source}.prov");
        if let Origin::Address(_) = self {
            let clients = Clients::default();
            let access = Access {
                owner: source.clone(),
                ..Access::default()
            };
            let archive = clients.get(source, &access).map_err(|error| match verify {
                true => error
                    .wrap("failed to download plugin")
                    .wrap("failed to get verification data"),
                false => error,
            })?;
            return Ok(Fetched {
                name,
                archive,
                provenance: clients.get(&beside, &access).ok(),
            });
        }
        let failed = |what: &str, path: &str, error: &std::io::Error| {
            let error = Error::new(Kind::Io, os::path_error("open", path, error)).wrap(what);
            match verify {
                true => error.wrap("failed to get verification data"),
                false => error,
            }
        };
        let what = match verify {
            true => "failed to read plugin file",
            false => "failed to read archive",
        };
        let archive = fs::read(source).map_err(|error| failed(what, source, &error))?;
        let provenance = match fs::read(&beside) {
            Ok(text) => Some(text),
            Err(error) if verify && error.kind() != std::io::ErrorKind::NotFound => {
                let what = format!("failed to access provenance file {beside}");
                return Err(failed(&what, &beside, &error));
            }
            Err(_) => None,
        };
        Ok(Fetched {
            name,
            archive,
            provenance,
        })
    }

    /// Puts the plugin where it belongs.
    fn put(&self, fetched: &Fetched, target: &str, options: &Options) -> Result<(), Error> {
        let missing = || Error::new(Kind::Chart, "plugin metadata (plugin.yaml) missing");
        match self {
            Origin::Folder(source) => {
                if !Path::new(source).is_dir() {
                    let message =
                        "expected plugin to be a directory (containing a file 'plugin.yaml')";
                    return Err(Error::new(Kind::Chart, message));
                }
                if !is_plugin(source) {
                    return Err(missing());
                }
                symlink(source, target).map_err(|error| {
                    let reason = os::reason(&error);
                    Error::new(Kind::Io, format!("symlink {source} {target}: {reason}"))
                })
            }
            Origin::Repository(repository) => {
                repository.sync()?;
                repository.check_out(&options.version)?;
                if !is_plugin(&repository.folder) {
                    return Err(missing());
                }
                copy(&repository.folder, target)
            }
            Origin::Archive(_) | Origin::Address(_) => {
                let metadata = archive::inspect(&fetched.archive).map_err(|error| {
                    error.wrap("failed to extract plugin metadata from tarball")
                })?;
                let scratch = Scratch::new(&options.places.temporary)?;
                let is_here = matches!(self, Origin::Archive(_));
                let context = match is_here {
                    true => "failed to extract archive",
                    false => "extracting files from archive",
                };
                archive::unpack(&fetched.archive, &scratch.0)
                    .map_err(|error| error.wrap(context))?;
                let unpacked = scratch.0.to_string_lossy().into_owned();
                let folder = match is_here {
                    true => expected_root(&unpacked, plain_name(&fetched.name))?,
                    false => any_root(&unpacked)?,
                };
                copy(&folder, target)?;
                let kept = kept_archive(&options.places, &metadata);
                file::write(&kept, &fetched.archive, 0o644)
                    .map_err(|error| error.wrap("failed to save tarball"))?;
                if let Some(text) = &fetched.provenance {
                    // Without it the plugin counts as unsigned.
                    let _ = file::write(&format!("{kept}.prov"), text, 0o644);
                }
                Ok(())
            }
        }
    }
}

fn is_plugin(folder: &str) -> bool {
    fs::metadata(Path::new(folder).join(FILE)).is_ok()
}

/// The folder of an archive that is named as the archive is.
fn expected_root(unpacked: &str, name: &str) -> Result<String, Error> {
    let folder = path::join(&[unpacked, name]);
    let file = path::join(&[&folder, FILE]);
    match fs::metadata(&file) {
        Ok(_) => Ok(folder),
        Err(error) => {
            let reason = os::path_error("stat", &file, &error);
            let message = format!("plugin.yaml not found in expected directory {folder}: {reason}");
            Err(Error::new(Kind::Chart, message))
        }
    }
}

/// The folder of an archive that has a plugin in it: the archive itself, or one right below.
fn any_root(unpacked: &str) -> Result<String, Error> {
    if is_plugin(unpacked) {
        return Ok(unpacked.to_owned());
    }
    let mut below: Vec<PathBuf> = fs::read_dir(unpacked)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    below.sort();
    let mut below = below.iter().map(|path| path.to_string_lossy().into_owned());
    below.find(|folder| is_plugin(folder)).ok_or_else(|| {
        let message =
            format!("plugin.yaml not found in {unpacked} or its immediate subdirectories");
        Error::new(Kind::Chart, message)
    })
}

/// The name of a plugin's archive without version and ending (`stripPluginName`).
fn plain_name(file: &str) -> &str {
    let mut endings = archive::ENDINGS.iter();
    let name = endings.find_map(|ending| file.strip_suffix(ending));
    let name = name.unwrap_or_default();
    let is_version = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && text[digits..].starts_with('.')
    };
    let dashes = name.rmatch_indices('-');
    let mut versions = dashes.filter(|(at, _)| is_version(&name[at + 1..]));
    versions.next().map_or(name, |(at, _)| &name[..at])
}

/// A folder that is gone with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(below: &str) -> Result<Scratch, Error> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("helm-plugin-extract-{}-{count}", std::process::id());
        let folder = Path::new(below).join(name);
        fs::create_dir_all(&folder).map_err(|error| {
            let reason = os::path_error("mkdir", folder.display(), &error);
            Error::new(Kind::Io, reason).wrap("failed to create temp directory")
        })?;
        Ok(Scratch(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies a folder; links stay links. It appears whole or not at all.
fn copy(source: &str, target: &str) -> Result<(), Error> {
    let name = String::from_utf8_lossy(path::base(target.as_bytes())).into_owned();
    let folder = path::dir(target);
    // Plugins are looked for one level below, so what is two levels below is not seen.
    let outer = path::join(&[&folder, &format!(".{name}-{}", std::process::id())]);
    let partial = path::join(&[&outer, &name]);
    let copied = copy_all(Path::new(source), Path::new(&partial)).and_then(|()| {
        fs::rename(&partial, target).map_err(|error| {
            let reason = os::reason(&error);
            Error::new(Kind::Io, format!("rename {partial} {target}: {reason}"))
        })
    });
    let _ = fs::remove_dir_all(&outer);
    copied
}

fn copy_all(source: &Path, target: &Path) -> Result<(), Error> {
    for entry in WalkDir::new(source) {
        let entry = entry.map_err(|error| Error::new(Kind::Io, error.to_string()))?;
        let below = entry.path().strip_prefix(source).unwrap_or(Path::new(""));
        let place = target.join(below);
        let kind = entry.file_type();
        let copied = if kind.is_dir() {
            fs::create_dir_all(&place)
        } else if kind.is_symlink() {
            fs::read_link(entry.path()).and_then(|to| symlink(to, &place))
        } else {
            fs::copy(entry.path(), &place).map(drop)
        };
        copied.map_err(|error| {
            let reason = os::path_error("open", place.display(), &error);
            Error::new(Kind::Io, reason).wrap("copying file failed")
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Helm 4.2.4.
    #[test]
    fn names_of_archives_lose_versions_and_endings() {
        for (file, want) in [
            ("foo-1.2.3.tgz", "foo"),
            ("foo.tar.gz", "foo"),
            ("foo-bar-0.1.0-rc.1.tgz", "foo-bar"),
            ("foo-1.tgz", "foo-1"),
            ("foo-1.2-2.3.tgz", "foo-1.2"),
            ("a-v1.2.tgz", "a-v1.2"),
            ("-1.0.tgz", ""),
        ] {
            assert_eq!(plain_name(file), want, "{file}");
        }
    }
}
