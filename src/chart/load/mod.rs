//! Reading charts from folders and archives (`pkg/chart/loader`, `pkg/chart/v2/loader`, Helm 4.2.4).

mod archive;
mod directory;
mod ignore;
mod tar;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::metadata::decode_api_version;
use super::values::document;
use super::{Chart, File, Lock, Metadata};
use crate::diag::{Error, Kind, Level, Notice, Source};
use crate::go::{mime, os, path, strconv};

/// Largest file of a chart.
const MAX_FILE: u64 = 5 * 1024 * 1024;
/// Largest sum of the files of an archive.
const MAX_CHART: u64 = 100 * 1024 * 1024;
/// Charts in archives in charts in archives: Helm knows no end to them.
const MAX_NESTING: usize = 64;

/// Loads the chart in the folder or archive at `path`. What Helm would log goes to `notices`.
///
/// # Errors
/// What cannot be read, or is no chart, in Helm's words.
pub fn load(path: &str, notices: &mut Vec<Notice>) -> Result<Chart, Error> {
    Unopened::read(path, notices)?.open(notices)
}

/// What lies in a folder or is packed in an archive, read and not looked into: two that are the same
/// make the same chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Unopened {
    /// The path, as users call it.
    path: String,
    form: Form,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Folder(Vec<File>),
    Archive(Arc<[u8]>),
}

impl Unopened {
    /// Reads the folder or archive at `path`. What Helm would log goes to `notices`.
    ///
    /// # Errors
    /// What cannot be read, or looks like no chart, in Helm's words.
    pub fn read(path: &str, notices: &mut Vec<Notice>) -> Result<Unopened, Error> {
        let metadata = fs::metadata(path)
            .map_err(|error| Error::new(Kind::Io, os::path_error("stat", path, &error)))?;
        let form = match metadata.is_dir() {
            true => Form::Folder(read_folder(path, notices)?),
            false => Form::Archive(Arc::from(read_archive(path)?)),
        };
        Ok(Unopened {
            path: path.to_owned(),
            form,
        })
    }

    /// How many bytes there are.
    pub fn size(&self) -> usize {
        match &self.form {
            Form::Folder(files) => files.iter().map(|file| file.data.len()).sum(),
            Form::Archive(bytes) => bytes.len(),
        }
    }

    /// Makes the chart. What Helm would log goes to `notices`.
    ///
    /// # Errors
    /// What is no chart, in Helm's words.
    pub fn open(self, notices: &mut Vec<Notice>) -> Result<Chart, Error> {
        let path = &self.path;
        match self.form {
            Form::Folder(files) => assemble(files, &folder_label(path), 0, notices),
            Form::Archive(bytes) => {
                let files =
                    archive::read(&bytes).map_err(|error| error.into_error("file", path))?;
                drop(bytes);
                detect(&files)?;
                assemble(files, &format!("{path}/"), 0, notices)
            }
        }
    }
}

/// Loads the chart in the folder or archive at `path` whatever its `apiVersion` says, for commands
/// that only look at charts or copy them (`loader.Load` of `pkg/chart/v2/loader`).
///
/// # Errors
/// What cannot be read, or is no chart, in Helm's words.
pub fn load_any(path: &str, notices: &mut Vec<Notice>) -> Result<Chart, Error> {
    let metadata = fs::metadata(path)
        .map_err(|error| Error::new(Kind::Io, os::path_error("stat", path, &error)))?;
    if metadata.is_dir() {
        let files = read_files(&absolute(path)?, notices)?;
        return assemble(files, &folder_label(path), 0, notices);
    }
    let bytes = read_archive(path)?;
    let files = archive::read(&bytes).map_err(|error| match error {
        archive::Refusal::Header => error.into_error("file", path),
        archive::Refusal::Other(message) => Error::new(Kind::Chart, message),
    })?;
    assemble(files, &format!("{path}/"), 0, notices)
}

/// Loads a chart from files, in the order in which they were found (`loader.LoadFiles`). Names are
/// paths in the chart.
///
/// # Errors
/// What is no chart, in Helm's words.
pub fn load_files(files: Vec<File>, notices: &mut Vec<Notice>) -> Result<Chart, Error> {
    assemble(files, "", 0, notices)
}

/// Loads the chart in an archive that has been read, such as one that was downloaded; `name` is what
/// messages call it.
///
/// # Errors
/// As [`load`], but without the words about the kind of file.
pub fn load_bytes(name: &str, bytes: &[u8], notices: &mut Vec<Notice>) -> Result<Chart, Error> {
    let files = archive::read(bytes).map_err(|error| error.into_error("stream", name))?;
    detect(&files)?;
    assemble(files, &format!("{name}/"), 0, notices)
}

/// Loads the chart in the folder at `path` (`loader.LoadDir`).
///
/// # Errors
/// As [`load`].
pub fn load_folder(path: &str, notices: &mut Vec<Notice>) -> Result<Chart, Error> {
    let files = read_folder(path, notices)?;
    assemble(files, &folder_label(path), 0, notices)
}

/// Reads the files of a folder that has a chart of a version that there is.
fn read_folder(path: &str, notices: &mut Vec<Notice>) -> Result<Vec<File>, Error> {
    let top = absolute(path)?;
    let chart_file = path::join(&[&top, "Chart.yaml"]);
    let text = fs::read(&chart_file).map_err(|error| {
        let operation = if error.raw_os_error() == Some(21) {
            "read"
        } else {
            "open"
        };
        let reason = os::path_error(operation, &chart_file, &error);
        Error::new(
            Kind::Chart,
            format!("unable to detect chart at {chart_file}: {reason}"),
        )
    })?;
    check_version(&text)?;
    read_files(&top, notices)
}

fn read_files(top: &str, notices: &mut Vec<Notice>) -> Result<Vec<File>, Error> {
    directory::read(top, notices).map_err(|text| Error::new(Kind::Chart, text))
}

/// What stands before the names of files in a folder that users call `path`.
fn folder_label(path: &str) -> String {
    match path.ends_with('/') {
        true => path.to_owned(),
        false => format!("{path}/"),
    }
}

fn absolute(path: &str) -> Result<String, Error> {
    let top = std::path::absolute(path)
        .map_err(|error| Error::new(Kind::Io, os::path_error("getwd", "", &error)))?;
    Ok(path::clean(&top.to_string_lossy()))
}

/// Writes the files of an archive below `folder`, into one that is named as the chart; returns that
/// one's path (`chartutil.Expand`).
///
/// # Errors
/// What is no archive of a chart, or cannot be written, in Helm's words; links that would lead out
/// of the folder.
pub fn expand(packed: &[u8], folder: &str) -> Result<String, Error> {
    let fail = |message: String| Error::new(Kind::Chart, message);
    let files = archive::read(packed).map_err(|error| fail(error.to_string()))?;
    let mut metadata = Metadata::default();
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        metadata = Metadata::default();
        metadata
            .decode(&file.data)
            .map_err(|error| fail(format!("cannot load Chart.yaml: {error}")))?;
    }
    let name = metadata.name;
    let quoted = strconv::quote(name.as_bytes());
    if name.is_empty() {
        return Err(fail("chart name not specified".to_owned()));
    }
    if name == "." || name == ".." {
        return Err(fail(format!("chart name {quoted} is not allowed")));
    }
    if path::base(name.as_bytes()) != name.as_bytes() {
        return Err(fail(format!(
            "chart name {quoted} must not contain path separators"
        )));
    }
    let chart = path::join(&[folder, &name]);
    for file in &files {
        // Cleaned below a root first, so that nothing leads out of the folder.
        let inside = path::clean(&format!("/{}", file.name));
        let target = path::join(&[&chart, &inside]);
        check_links(&chart, &target)?;
        os::mkdir_all(&path::dir(&target)).map_err(|words| Error::new(Kind::Io, words))?;
        fs::write(&target, &file.data)
            .map_err(|error| Error::new(Kind::Io, os::path_error("open", &target, &error)))?;
    }
    Ok(chart)
}

/// Refuses a path that leads through a link, or out of its folder.
fn check_links(folder: &str, target: &str) -> Result<(), Error> {
    let inner = target
        .strip_prefix(folder)
        .filter(|rest| rest.starts_with('/'));
    let Some(inner) = inner else {
        return Err(Error::new(
            Kind::Chart,
            format!("{target} is not below {folder}"),
        ));
    };
    let mut place = folder.to_owned();
    for part in std::iter::once("").chain(inner.split('/').filter(|part| !part.is_empty())) {
        if !part.is_empty() {
            place = path::join(&[&place, part]);
        }
        if Path::new(&place).is_symlink() {
            let message = format!("{place} is a link, which nothing is unpacked through");
            return Err(Error::new(Kind::Io, message));
        }
    }
    Ok(())
}

/// Reads a file that looks packed.
fn read_archive(path: &str) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(path)
        .map_err(|error| Error::new(Kind::Io, os::path_error("open", path, &error)))?;
    // Go looks at a buffer of this size, zeros behind the end of a short file included.
    let mut head = [0; 512];
    let length = bytes.len().min(head.len());
    head[..length].copy_from_slice(&bytes[..length]);
    let content_type = mime::detect_content_type(&head);
    if content_type != "application/x-gzip" && !head.starts_with(b"\x1f\x8b\x08") {
        return Err(Error::new(
            Kind::Chart,
            if path.ends_with(".yml") || path.ends_with(".yaml") {
                format!("file '{path}' seems to be a YAML file, but expected a gzipped archive")
            } else {
                format!(
                    "file '{path}' does not appear to be a gzipped archive; got '{content_type}'"
                )
            },
        ));
    }
    Ok(bytes)
}

/// Finds out of which version the chart in `files` is.
fn detect(files: &[File]) -> Result<(), Error> {
    let Some(file) = files.iter().find(|file| file.name == "Chart.yaml") else {
        return Err(Error::new(
            Kind::Chart,
            "unable to detect chart version, no Chart.yaml found",
        ));
    };
    check_version(&file.data)
}

fn check_version(text: &[u8]) -> Result<(), Error> {
    let fail = |message: String| Err(Error::new(Kind::Chart, message));
    match decode_api_version(text) {
        Err(error) => fail(format!("cannot load Chart.yaml: {error}")),
        Ok(version) => match &*version {
            "" | "v1" | "v2" => Ok(()),
            // Helm loads these, and then has no command that takes them.
            "v3" => fail("invalid chart apiVersion".to_owned()),
            _ => fail("unsupported chart version".to_owned()),
        },
    }
}

/// The text without a byte order mark in front.
fn without_mark(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data)
}

/// Sorts files into a chart. `label` stands before their names where users are shown one.
fn assemble(
    files: Vec<File>,
    label: &str,
    depth: usize,
    notices: &mut Vec<Notice>,
) -> Result<Chart, Error> {
    let fail = |message: String| Err(Error::new(Kind::Chart, message));
    let mut chart = Chart::default();
    let mut has_metadata = false;
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        has_metadata = true;
        if let Err(error) = chart.metadata.decode(&file.data) {
            return fail(format!("cannot load Chart.yaml: {error}"));
        }
        if chart.metadata.api_version.is_empty() {
            "v1".clone_into(&mut chart.metadata.api_version);
        }
        chart.modified = file.modified;
    }
    let mut groups: BTreeMap<String, Vec<File>> = BTreeMap::new();
    for mut file in files {
        match &*file.name {
            "Chart.yaml" => {}
            "Chart.lock" => match Lock::decode(&file.data) {
                Ok(lock) => chart.lock = lock,
                Err(error) => return fail(format!("cannot load Chart.lock: {error}")),
            },
            "values.yaml" => {
                let source = Source::shared(format!("{label}values.yaml"), file.data.share());
                match document::load(&file.data) {
                    Ok(values) => chart.values = Arc::new(values),
                    Err(error) => {
                        return Err(error.into_error("cannot load values.yaml", &source));
                    }
                }
                chart.values_source = Some(source);
                chart.values_modified = file.modified;
            }
            "values.schema.json" => chart.schema = Some(file),
            "requirements.yaml" => {
                has_metadata = true;
                let is_old = is_version_1(&chart.metadata);
                if !is_old {
                    notices.push(migrate(
                        "Dependencies are handled in Chart.yaml",
                        "dependencies to Chart.yaml",
                    ));
                }
                if let Err(error) = chart.metadata.decode(&file.data) {
                    return fail(format!("cannot load requirements.yaml: {error}"));
                }
                if is_version_1(&chart.metadata) {
                    chart.files.push(file);
                }
            }
            "requirements.lock" => {
                has_metadata = true;
                match Lock::decode(&file.data) {
                    Ok(lock) => chart.lock = lock,
                    Err(error) => return fail(format!("cannot load requirements.lock: {error}")),
                }
                if is_version_1(&chart.metadata) {
                    chart.files.push(file);
                } else {
                    notices.push(migrate(
                        "Dependency locking is handled in Chart.lock",
                        "to Chart.lock",
                    ));
                }
            }
            name if name.starts_with("templates/") => chart.templates.push(file),
            name if name.starts_with("charts/") && path::ext(name.as_bytes()) != b".prov" => {
                let inner = &name["charts/".len()..];
                let group = inner.split('/').next().unwrap_or_default().to_owned();
                file.name = inner.to_owned();
                groups.entry(group).or_default().push(file);
            }
            _ => chart.files.push(file),
        }
    }
    if !has_metadata {
        return fail("Chart.yaml file is missing".to_owned());
    }
    chart.metadata.validate()?;
    for (group, files) in groups {
        if group.starts_with(['_', '.']) {
            continue;
        }
        let child = subchart(&group, files, label, depth + 1, notices, chart.name())?;
        chart.dependencies.push(child);
    }
    Ok(chart)
}

fn subchart(
    group: &str,
    mut files: Vec<File>,
    label: &str,
    depth: usize,
    notices: &mut Vec<Notice>,
    parent: &str,
) -> Result<Chart, Error> {
    let wrap =
        |error: Error| error.wrap(format_args!("error unpacking subchart {group} in {parent}"));
    if depth > MAX_NESTING {
        return Err(wrap(Error::new(
            Kind::Chart,
            format!("charts are nested more than {MAX_NESTING} deep"),
        )));
    }
    let label = format!("{label}charts/{group}/");
    if path::ext(group.as_bytes()) == b".tgz" {
        if files[0].name != group {
            let found = &files[0].name;
            return Err(Error::new(
                Kind::Chart,
                format!("error unpacking subchart tar in {parent}: expected {group}, got {found}"),
            ));
        }
        let files = archive::read(&files[0].data)
            .map_err(|error| wrap(Error::new(Kind::Chart, error.to_string())))?;
        return assemble(files, &label, depth, notices).map_err(wrap);
    }
    files.retain_mut(|file| match file.name.split_once('/') {
        Some((_, rest)) => {
            file.name = rest.to_owned();
            true
        }
        None => false,
    });
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        assemble(files, &label, depth, notices)
    })
    .map_err(wrap)
}

fn is_version_1(metadata: &Metadata) -> bool {
    metadata.api_version == "v1"
}

fn migrate(what: &str, to: &str) -> Notice {
    Notice::new(
        Level::Info,
        format!("Warning: {what} since apiVersion \"v2\". We recommend migrating {to}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_string_lossy().into_owned();
        fs::create_dir(format!("{root}/a")).unwrap();
        std::os::unix::fs::symlink("/", format!("{root}/a/out")).unwrap();
        let chart = format!("{root}/a");
        assert!(check_links(&chart, &format!("{chart}/b/c")).is_ok());
        assert!(check_links(&chart, &format!("{chart}/out/c")).is_err());
        assert!(check_links(&chart, &format!("{root}/b")).is_err());
    }
}
