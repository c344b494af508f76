//! Chart folders: a path goes in, the files below it come out, in Helm's order
//! (`pkg/chart/v2/loader/directory.go` and `internal/sympath`, Helm 4.2.4).

use std::fs::{self, File as Handle};
use std::io::{self, Read};
use std::path::Path;

use super::MAX_FILE;
use super::ignore::Rules;
use crate::chart::File;
use crate::diag::{Level, Notice};
use crate::go::{os, path, strconv};
use crate::value::Text;

/// Most links on the way to one file, as in `path/filepath.EvalSymlinks`.
const MAX_LINKS: usize = 255;

/// Reads all files of a chart's folder that `.helmignore` leaves, sorted as `internal/sympath` walks:
/// symbolic links are followed, and said to be.
///
/// # Errors
/// Helm's text.
pub(super) fn read(top: &str, notices: &mut Vec<Notice>) -> Result<Vec<File>, String> {
    let ignore = path::join(&[top, ".helmignore"]);
    let rules = match fs::metadata(&ignore) {
        Ok(_) => fs::read(&ignore).map_err(|error| {
            let operation = if error.raw_os_error() == Some(21) {
                "read"
            } else {
                "open"
            };
            os::path_error(operation, &ignore, &error)
        })?,
        Err(_) => Vec::new(),
    };
    let rules = Rules::parse(&rules)?;
    let mut walk = Walk {
        rules,
        notices,
        files: Vec::new(),
        buffer: Vec::new(),
    };
    walk.folder(top, top, "")?;
    Ok(walk.files)
}

struct Walk<'a> {
    rules: Rules,
    notices: &'a mut Vec<Notice>,
    files: Vec<File>,
    /// What files are read into, before they get memory of their size.
    buffer: Vec<u8>,
}

impl Walk<'_> {
    /// Walks the folder at `place`, which is `real` once links are followed, and `name` in the chart.
    fn folder(&mut self, place: &str, real: &str, name: &str) -> Result<(), String> {
        let entries = fs::read_dir(place)
            .and_then(|entries| {
                let entries = entries.map(|entry| {
                    let entry = entry?;
                    Ok((
                        entry.file_name().to_string_lossy().into_owned(),
                        entry.file_type()?,
                    ))
                });
                entries.collect::<io::Result<Vec<_>>>()
            })
            .map_err(|error| os::path_error("open", place, &error));
        let mut entries = entries?;
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (base, file_type) in entries {
            let place = path_of(place, &base);
            let name = if name.is_empty() {
                base.clone()
            } else {
                format!("{name}/{base}")
            };
            if file_type.is_symlink() {
                self.link(&place, &path_of(real, &base), &name)?;
            } else if file_type.is_dir() {
                if !self.rules.ignores(&name, true) {
                    self.folder(&place, &path_of(real, &base), &name)?;
                }
            } else if !self.rules.ignores(&name, false) {
                self.file(&place, &base, name, file_type.is_file())?;
            }
        }
        Ok(())
    }

    fn link(&mut self, place: &str, real: &str, name: &str) -> Result<(), String> {
        let resolved =
            resolve(real).map_err(|error| format!("error evaluating symlink {place}: {error}"))?;
        self.notices.push(
            Notice::new(
                Level::Info,
                "found symbolic link in path. Contents of linked file included and used",
            )
            .with("path", place)
            .with("resolved", &resolved),
        );
        let metadata = fs::symlink_metadata(&resolved)
            .map_err(|error| os::path_error("lstat", &resolved, &error))?;
        if metadata.is_dir() {
            if self.rules.ignores(name, true) {
                return Ok(());
            }
            return stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                self.folder(place, &resolved, name)
            });
        }
        if self.rules.ignores(name, false) {
            return Ok(());
        }
        let base = resolved.rsplit('/').next().unwrap_or_default().to_owned();
        self.file(place, &base, name.to_owned(), metadata.is_file())
    }

    fn file(
        &mut self,
        place: &str,
        base: &str,
        name: String,
        is_regular: bool,
    ) -> Result<(), String> {
        if !is_regular {
            return Err(format!(
                "cannot load irregular file {place} as it has file mode type bits set"
            ));
        }
        let fail = |operation: &str, error: &io::Error| {
            format!(
                "error reading {name}: {}",
                os::path_error(operation, place, error)
            )
        };
        let mut handle = Handle::open(place).map_err(|error| fail("open", &error))?;
        let metadata = handle.metadata().map_err(|error| fail("stat", &error))?;
        if metadata.len() > MAX_FILE {
            return Err(format!(
                "chart file {} is larger than the maximum file size {MAX_FILE}",
                strconv::quote(base.as_bytes())
            ));
        }
        let size = usize::try_from(metadata.len()).unwrap_or_default();
        // Not by `read_to_end`, which asks for the size again and reads once more at the end.
        if self.buffer.len() <= size {
            self.buffer.resize(size + 1, 0);
        }
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(2 * filled, 0);
            }
            let read = match handle.read(&mut self.buffer[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|error| fail("read", &error))?,
            };
            filled += read;
            if read == 0 || filled == size {
                break;
            }
        }
        let data = Text::from(super::without_mark(&self.buffer[..filled]));
        self.files.push(File {
            name,
            data,
            modified: metadata.modified().ok(),
        });
        Ok(())
    }
}

fn path_of(folder: &str, base: &str) -> String {
    if folder.ends_with('/') {
        format!("{folder}{base}")
    } else {
        format!("{folder}/{base}")
    }
}

/// The path without links (`path/filepath.EvalSymlinks`).
fn resolve(path: &str) -> Result<String, String> {
    let mut pending: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let mut done = String::new();
    let mut links = 0;
    while let Some(element) = pending.pop() {
        match &*element {
            "" | "." => continue,
            ".." => {
                done.truncate(done.rfind('/').unwrap_or_default());
                continue;
            }
            _ => {}
        }
        let here = format!("{done}/{element}");
        let metadata =
            fs::symlink_metadata(&here).map_err(|error| os::path_error("lstat", &here, &error))?;
        if metadata.is_symlink() {
            links += 1;
            if links > MAX_LINKS {
                return Err("EvalSymlinks: too many links".to_owned());
            }
            let target =
                fs::read_link(&here).map_err(|error| os::path_error("readlink", &here, &error))?;
            let target = target.to_string_lossy().into_owned();
            if Path::new(&target).is_absolute() {
                done.clear();
            }
            pending.extend(target.split('/').rev().map(str::to_owned));
            continue;
        }
        if !metadata.is_dir() && pending.iter().any(|element| !element.is_empty()) {
            return Err("not a directory".to_owned());
        }
        done = here;
    }
    Ok(if done.is_empty() {
        "/".to_owned()
    } else {
        done
    })
}
