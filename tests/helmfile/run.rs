//! Runs one case.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::case::Case;
use crate::difference::describe;
use crate::normalise::{normalise, sort};

/// What all cases share: the program under the names of those that it stands in for.
pub(crate) struct Bench {
    programs: PathBuf,
    /// Holds the links; removed at the end.
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(program: &Path) -> Result<Bench, String> {
        let told = |error: std::io::Error| format!("{}: {error}", program.display());
        let folder = tempfile::tempdir().map_err(told)?;
        let programs = folder.path().canonicalize().map_err(told)?;
        let program = program.canonicalize().map_err(told)?;
        for name in ["helmfile", "helm", "helm3", "kustomize"] {
            symlink(&program, programs.join(name)).map_err(told)?;
        }
        Ok(Bench {
            programs,
            _folder: folder,
        })
    }

    /// Runs a case and compares all that it did.
    pub(crate) fn run(&self, case: &Case) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let root = folder
            .path()
            .canonicalize()
            .map_err(|error| error.to_string())?;
        let work = root.join("work");
        for name in ["work", "home", "tmp"] {
            fs::create_dir_all(root.join(name)).map_err(|error| error.to_string())?;
        }
        copy(&case.project, &work)?;
        let mut child = Command::new(self.programs.join("helmfile"))
            .args(&case.words)
            .current_dir(&work)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.programs.display()))
            .env("HOME", root.join("home"))
            .env("TMPDIR", root.join("tmp"))
            .env("LANG", "C.UTF-8")
            .env("KUBECONFIG", root.join("home/absent"))
            .env("HELMFILE_UPGRADE_NOTICE_DISABLED", "1")
            .envs(case.variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that reads nothing is gone before.
            let _ = stdin.write_all(case.stdin.as_bytes());
        }
        let output = child
            .wait_with_output()
            .map_err(|error| error.to_string())?;
        let shown = |bytes: &[u8]| normalise(bytes, &root, &self.programs);
        let mut all = String::new();
        if output.status.code() != Some(case.exit) {
            all.push_str(&format!(
                "exit: wanted {}, got {}\n",
                case.exit, output.status
            ));
        }
        let mut compare = |what: &str, want: &str, got: &str| {
            all.push_str(&describe(what, want.as_bytes(), got.as_bytes()));
        };
        compare("stdout", &case.stdout, &shown(&output.stdout));
        compare("stderr", &sort(&case.stderr), &sort(&shown(&output.stderr)));
        if let Some(pattern) = &case.outputs {
            let mut files = String::new();
            for path in outputs(&work, pattern) {
                let bytes = fs::read(work.join(&path)).map_err(|error| error.to_string())?;
                files.push_str(&format!(
                    "=== {}\n{}",
                    shown(path.as_bytes()),
                    shown(&bytes)
                ));
            }
            compare("files", &case.files, &files);
        }
        match all.is_empty() {
            true => Ok(()),
            false => Err(format!("helmfile {}\n{all}", case.words.join(" "))),
        }
    }
}

/// Files that are, or are below, what a pattern names in the project.
fn outputs(work: &Path, pattern: &str) -> Vec<String> {
    let matches = |name: &str| match pattern.split_once('*') {
        Some((start, end)) => {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        }
        None => name == pattern,
    };
    let mut found: Vec<String> = walkdir::WalkDir::new(work)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(work).ok()?;
            Some(path.to_string_lossy().into_owned())
        })
        .filter(|path| {
            let first = path.split('/').next().unwrap_or(path);
            matches(path) || matches(first)
        })
        .collect();
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let Ok(entry) = entry else {
            // A project without files is none that git keeps.
            return Ok(());
        };
        let told = |error: std::io::Error| format!("{}: {error}", entry.path().display());
        let target = to.join(entry.path().strip_prefix(from).unwrap_or(entry.path()));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).map_err(told)?;
        } else if entry.file_type().is_symlink() {
            let link = fs::read_link(entry.path()).map_err(told)?;
            symlink(link, &target).map_err(told)?;
        } else {
            fs::copy(entry.path(), &target).map_err(told)?;
        }
    }
    Ok(())
}
