//! Records of releases beside their files.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folder::{self, Folder};
use super::journal::{Aim, Journal};
use super::{Dir, hidden};
use crate::diag::{Error, Kind};
use crate::release::{self, Damaged, Found, Query, Release, Status, Store, history};

/// Records of a namespace, or of all where it is empty.
pub(super) struct Records<'a> {
    pub(super) dir: &'a Dir,
    pub(super) namespace: String,
}

/// A file of a record: what Helm would put into a Secret.
#[derive(Serialize, Deserialize)]
struct Record {
    labels: Vec<(String, String)>,
    release: String,
}

const END: &str = ".record";

impl Records<'_> {
    fn folder(&self, name: &str) -> Folder {
        self.dir.folder(&self.namespace, name)
    }

    fn write(&self, release: &Release) -> Result<(), Error> {
        write(&self.folder(&release.name), &self.recorded(release))
    }

    /// The names of releases, each with its namespace.
    fn releases(&self) -> Result<Vec<(String, String)>, Error> {
        let namespaces = match self.namespace.as_str() {
            "" => folders(&self.dir.root)?,
            one => vec![one.to_owned()],
        };
        let mut found = Vec::new();
        for namespace in namespaces {
            for name in folders(&self.dir.root.join(&namespace))? {
                found.push((namespace.clone(), name));
            }
        }
        Ok(found)
    }
}

impl Store for Records<'_> {
    fn create(&self, release: &Release) -> Result<(), Error> {
        let folder = self.folder(&release.name);
        if folder::read(&path(&folder, release.revision))?.is_some() {
            return Err(Error::new(Kind::Conflict, "release: already exists"));
        }
        self.dir.open(release, Aim::Bring)?;
        self.write(release)
    }

    fn check(&self, release: &Release) -> Result<(), Error> {
        hidden::check(release)
    }

    fn recorded<'r>(&self, release: &'r Release) -> Cow<'r, Release> {
        match self.dir.hidden.recorded(release) {
            Some(kept) => Cow::Owned(kept),
            None => Cow::Borrowed(release),
        }
    }

    fn update(&self, release: &Release) -> Result<(), Error> {
        if release.info.status == Status::Uninstalling {
            self.dir.open(release, Aim::Remove)?;
        }
        self.write(release)?;
        let status = release.info.status;
        if !status.is_pending() && status != Status::Uninstalling {
            self.dir.close(release)?;
        }
        Ok(())
    }

    fn delete(&self, name: &str, revision: i64) -> Result<(), Error> {
        let folder = self.folder(name);
        let path = path(&folder, revision);
        if folder::read(&path)?.is_none() {
            return Err(history::not_found());
        }
        folder::remove(&path)?;
        if revisions(&folder)?.is_empty() {
            self.dir.forget(&self.namespace, name)?;
            folder.tidy(&self.dir.root)?;
        }
        Ok(())
    }

    fn get(&self, name: &str, revision: i64) -> Result<Release, Error> {
        self.dir.recover(&self.namespace, name)?;
        self.dir.see(&self.namespace, name);
        read(&self.folder(name), revision)?.ok_or_else(history::not_found)
    }

    fn query(&self, query: &Query) -> Result<Found, Error> {
        let mut found = Found::default();
        for (namespace, name) in self.releases()? {
            if query.name.as_ref().is_some_and(|wanted| *wanted != name) {
                continue;
            }
            if query.name.is_some() {
                self.dir.recover(&namespace, &name)?;
                self.dir.see(&namespace, &name);
            }
            let folder = self.dir.folder(&namespace, &name);
            for revision in revisions(&folder)? {
                let wanted = |release: &Release| {
                    query
                        .status
                        .is_none_or(|status| status == release.info.status)
                };
                match read(&folder, revision) {
                    Ok(release) => found.releases.extend(release.filter(wanted)),
                    Err(error) if query.status.is_none() => found.damaged.push(Damaged {
                        object: path(&folder, revision).display().to_string(),
                        name: name.clone(),
                        revision,
                        status: String::new(),
                        why: error.to_string(),
                        way_out: "Remove the file, if another copy cannot be had.".to_owned(),
                    }),
                    Err(_) => {}
                }
            }
        }
        Ok(found)
    }
}

/// Completes or takes back what an interrupted run has left.
pub(super) fn recover(folder: &Folder, journal: &Journal) -> Result<(), Error> {
    folder.carry_out(journal)?;
    let decided = journal.batch.is_some();
    if journal.aim == Aim::Bring && !decided {
        folder::remove(&path(folder, journal.revision))?;
        return folder.end();
    }
    if let Some(mut release) = read(folder, journal.revision)? {
        let (status, description) = match (journal.aim, decided) {
            (Aim::Bring, _) => (
                Status::Deployed,
                "It was interrupted, and completed by the next run",
            ),
            (Aim::Remove, true) => (
                Status::Uninstalled,
                "Its removal was interrupted, and completed by the next run",
            ),
            (Aim::Remove, false) => (
                Status::Deployed,
                "Its removal was interrupted before it began",
            ),
        };
        if status == Status::Deployed {
            supersede(folder, journal.revision)?;
        }
        release.info.status = status;
        description.clone_into(&mut release.info.description);
        write(folder, &release)?;
    }
    folder.end()
}

/// Marks what claims to run beside `revision` as superseded.
fn supersede(folder: &Folder, revision: i64) -> Result<(), Error> {
    for other in revisions(folder)? {
        if other == revision {
            continue;
        }
        if let Ok(Some(mut release)) = read(folder, other)
            && release.info.status == Status::Deployed
        {
            release.info.status = Status::Superseded;
            write(folder, &release)?;
        }
    }
    Ok(())
}

fn path(folder: &Folder, revision: i64) -> std::path::PathBuf {
    folder.records().join(format!("v{revision}{END}"))
}

fn write(folder: &Folder, release: &Release) -> Result<(), Error> {
    let record = Record {
        labels: release.labels.clone(),
        release: release::encode(release)?,
    };
    let mut text = serde_json::to_vec_pretty(&record)
        .map_err(|error| Error::new(Kind::Record, error.to_string()))?;
    text.push(b'\n');
    folder::make(&folder.records())?;
    folder::write(&path(folder, release.revision), &text)
}

fn read(folder: &Folder, revision: i64) -> Result<Option<Release>, Error> {
    let path = path(folder, revision);
    let Some(text) = folder::read(&path)? else {
        return Ok(None);
    };
    let damaged = |error: String| {
        Error::new(
            Kind::Record,
            format!("cannot read the record {}: {error}", path.display()),
        )
    };
    let record: Record =
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    let mut release =
        release::decode(record.release.as_bytes()).map_err(|error| damaged(error.to_string()))?;
    release.labels = record.labels;
    Ok(Some(release))
}

/// The revisions that there are records of, in order.
fn revisions(folder: &Folder) -> Result<Vec<i64>, Error> {
    let names = entries(&folder.records())?;
    let mut found: Vec<i64> = names
        .iter()
        .filter_map(|name| name.strip_prefix('v')?.strip_suffix(END)?.parse().ok())
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// The folders below a folder, but for hidden ones.
pub(super) fn folders(path: &Path) -> Result<Vec<String>, Error> {
    let mut found = entries(path)?;
    found.retain(|name| !name.starts_with('.') && path.join(name).is_dir());
    Ok(found)
}

/// The names in a folder, in order; none where there is no folder.
fn entries(path: &Path) -> Result<Vec<String>, Error> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(folder::failed("open", path, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| folder::failed("read", path, &error))?;
        found.push(entry.file_name().to_string_lossy().into_owned());
    }
    found.sort();
    Ok(found)
}
