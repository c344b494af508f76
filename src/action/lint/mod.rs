//! `helm lint`: what is wrong with charts (`pkg/action/lint.go`, `pkg/chart/v2/lint`, Helm 4.2.4).
//!
//! The rules of each subject are in a file of their own.

mod address;
mod chartfile;
mod crds;
mod dependencies;
mod deprecations;
mod manifest;
mod name;
mod templates;
mod values;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Surroundings, implied};
use crate::chart::{self, Chart, KubeVersion};
use crate::diag::{Error, Kind, Notice};
use crate::go::{os, path};
use crate::value::FrozenMap;

/// What to lint, and how strictly. `Default` is Helm's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folders and archives.
    pub paths: Vec<String>,
    /// Let warnings fail, too.
    pub strict: bool,
    /// Print warnings and errors only.
    pub quiet: bool,
    /// Lint the charts below `charts/`, too.
    pub with_subcharts: bool,
    /// Kubernetes version to render for, and to look for deprecated APIs in; empty is the default.
    pub kube_version: String,
    /// Leave `values.schema.json` alone.
    pub skip_schema_validation: bool,
    /// Namespace of the release.
    pub namespace: String,
    /// Values by files and flags.
    pub values: chart::values::Options,
    /// Where archives are unpacked.
    pub temporary: PathBuf,
    /// Archives that were fetched for some of the paths, which are references then.
    pub fetched: BTreeMap<String, String>,
    /// Charts that are implied by what some of the paths lead to.
    pub implied: BTreeMap<String, Chart>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Severity::Info => "INFO",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
        }
    }
}

/// Something that a rule found.
struct Finding {
    severity: Severity,
    subject: String,
    message: String,
}

/// What is being linted, and what was found so far (`support.Linter`).
struct Linter<'a, 'b> {
    /// The chart's folder, absolute.
    folder: String,
    options: &'a Options,
    kube_version: Option<&'a KubeVersion>,
    around: &'a mut Surroundings<'b>,
    notices: &'a mut Vec<Notice>,
    findings: Vec<Finding>,
    loaded: Option<Loaded>,
}

/// A chart as it was read, or why it was not, and what was logged on the way.
type Loaded = (Result<Chart, String>, Vec<Notice>);

impl Linter<'_, '_> {
    /// Keeps the message of a rule that failed; returns whether it did not.
    fn rule(
        &mut self,
        severity: Severity,
        subject: &str,
        result: Result<(), impl Display>,
    ) -> bool {
        let Err(message) = result else {
            return true;
        };
        self.findings.push(Finding {
            severity,
            subject: subject.to_owned(),
            message: message.to_string(),
        });
        false
    }

    fn path(&self, name: &str) -> String {
        path::join(&[&self.folder, name])
    }

    /// The chart. Helm reads it for each subject again, so what that logs is repeated.
    fn load(&mut self) -> Result<Chart, String> {
        let folder = &self.folder;
        let (chart, logged) = self.loaded.get_or_insert_with(|| {
            let mut logged = Vec::new();
            let chart = chart::load_any(folder, &mut logged);
            (chart.map_err(|error| error.to_string()), logged)
        });
        self.notices.extend(logged.iter().cloned());
        chart.clone()
    }
}

/// Lints; the findings are added to `out`.
///
/// # Errors
/// Options that cannot be read, and Helm's count of the charts where some failed.
pub fn run(
    options: &Options,
    around: &mut Surroundings<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let kube_version = match options.kube_version.as_str() {
        "" => None,
        text => Some(KubeVersion::parse(text).map_err(|error| {
            let message = format!("invalid kube version '{text}': {error}");
            Error::new(Kind::Usage, message)
        })?),
    };
    let mut paths = options.paths.clone();
    if options.with_subcharts {
        for path in &options.paths {
            find_subcharts(&path::join(&[path, "charts"]), &mut paths);
        }
    }
    let layers = chart::values::layer(&options.values, around.files)?;
    let mut user = layers.values().clone();
    let tolerated = if options.strict {
        Severity::Info
    } else {
        Severity::Warning
    };
    let mut failed = 0;
    let mut noteworthy = 0;
    for path in &paths {
        let linted = lint(
            path,
            &mut user,
            options,
            kube_version.as_ref(),
            around,
            notices,
        );
        let (findings, refused) = match linted {
            Ok(findings) => (findings, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let is_noteworthy = refused.is_some()
            || findings
                .iter()
                .any(|finding| finding.severity > Severity::Info);
        noteworthy += usize::from(is_noteworthy);
        if options.quiet && !is_noteworthy {
            continue;
        }
        out.extend_from_slice(format!("==> Linting {path}\n").as_bytes());
        if let Some(error) = &refused {
            out.extend_from_slice(format!("Error {error}\n").as_bytes());
        }
        for Finding {
            severity,
            subject,
            message,
        } in &findings
        {
            if !options.quiet || *severity > Severity::Info {
                let line = format!("[{}] {subject}: {message}\n", severity.name());
                out.extend_from_slice(line.as_bytes());
            }
        }
        let is_bad = findings.iter().any(|finding| finding.severity > tolerated);
        failed += usize::from(refused.is_some() || is_bad);
        out.push(b'\n');
    }
    let summary = format!("{} chart(s) linted, {failed} chart(s) failed", paths.len());
    if failed > 0 {
        return Err(Error::new(Kind::Chart, summary));
    }
    if !options.quiet || noteworthy > 0 {
        out.extend_from_slice(summary.as_bytes());
        out.push(b'\n');
    }
    Ok(())
}

/// Adds the folders with a `Chart.yaml` and the archives below `folder`, in the order of Go's
/// `filepath.Walk`.
fn find_subcharts(folder: &str, found: &mut Vec<String>) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .collect();
        names.sort_unstable();
        for name in names {
            let path = path::join(&[folder, &name]);
            if name == "Chart.yaml" {
                found.push(folder.to_owned());
            } else if is_archive(&path) {
                found.push(path.clone());
            }
            if fs::symlink_metadata(&path).is_ok_and(|entry| entry.is_dir()) {
                find_subcharts(&path, found);
            }
        }
    });
}

fn is_archive(path: &str) -> bool {
    path.ends_with(".tgz") || path.ends_with(".tar.gz")
}

/// Lints one chart. `user` is changed as Helm changes it: its inner maps take what they lack from
/// the chart's `values.yaml`, and the next chart sees that.
fn lint(
    path: &str,
    user: &mut FrozenMap,
    options: &Options,
    kube_version: Option<&KubeVersion>,
    around: &mut Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Finding>, String> {
    let archive = match options.fetched.get(path) {
        Some(archive) => Some(archive.as_str()),
        None => is_archive(path).then_some(path),
    };
    let unpacked = match (options.implied.get(path), archive) {
        (Some(chart), _) => Some(Unpacked::save(chart, &options.temporary)?),
        (None, Some(archive)) => Some(Unpacked::new(archive, &options.temporary)?),
        (None, None) => None,
    };
    let folder = unpacked.as_ref().map_or(path, |unpacked| &unpacked.chart);
    let file = path::join(&[folder, "Chart.yaml"]);
    if let Err(error) = fs::metadata(&file) {
        let reason = os::path_error("stat", &file, &error);
        return Err(format!(
            "unable to check Chart.yaml file in chart: {reason}"
        ));
    }
    let folder = std::path::absolute(folder).map_or_else(
        |_| folder.to_owned(),
        |path| path::clean(&path.to_string_lossy()),
    );
    let mut linter = Linter {
        folder,
        options,
        kube_version,
        around,
        notices,
        findings: Vec::new(),
        loaded: None,
    };
    chartfile::lint(&mut linter);
    values::lint(&mut linter, user);
    templates::lint(&mut linter, user);
    dependencies::lint(&mut linter);
    crds::lint(&mut linter);
    Ok(linter.findings)
}

/// An archive's files in a folder that goes when this does.
struct Unpacked {
    folder: PathBuf,
    /// The chart's folder in it.
    chart: String,
}

impl Unpacked {
    fn new(path: &str, temporary: &Path) -> Result<Unpacked, String> {
        let folder = make_folder(temporary)?;
        // From here on the folder is removed whatever happens.
        let mut unpacked = Unpacked {
            folder,
            chart: String::new(),
        };
        let packed = fs::read(path).map_err(|error| {
            let reason = os::path_error("open", path, &error);
            format!("unable to open tarball: {reason}")
        })?;
        unpacked.chart = chart::expand(&packed, &unpacked.folder.to_string_lossy())
            .map_err(|error| format!("unable to extract tarball: {error}"))?;
        Ok(unpacked)
    }

    /// As files, a chart that is implied.
    fn save(chart: &Chart, temporary: &Path) -> Result<Unpacked, String> {
        let folder = make_folder(temporary)?;
        let place = folder.join(chart.name());
        let mut unpacked = Unpacked {
            folder,
            chart: String::new(),
        };
        unpacked.chart = implied::save(chart, &place).map_err(|error| error.to_string())?;
        Ok(unpacked)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // What cannot be removed stays where temporary files are.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A new folder below `temporary`.
fn make_folder(temporary: &Path) -> Result<PathBuf, String> {
    let mut number = std::process::id();
    loop {
        let folder = temporary.join(format!("helm-lint{number}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                number = number.wrapping_add(1);
            }
            Err(error) => {
                let reason = os::path_error("mkdir", folder.display(), &error);
                return Err(format!(
                    "unable to create temp dir to extract tarball: {reason}"
                ));
            }
        }
    }
}

/// Whether `path` is a folder, as the rules about folders ask it.
fn check_folder(path: &str) -> Result<(), String> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err("not a directory".to_owned()),
        Err(error) => Err(os::path_error("stat", path, &error)),
    }
}

fn is_missing(path: &str) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Go's `os.ReadFile`, with its errors.
fn read_file(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| {
        let operation = if error.kind() == ErrorKind::IsADirectory {
            "read"
        } else {
            "open"
        };
        os::path_error(operation, path, &error)
    })
}
