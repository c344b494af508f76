//! Folders of charts that are made: what is copied, moved and replaced in them.

use std::fs;
use std::path::Path;

use crate::go::{os, path};
use crate::helmfile::file;

/// Parts of a chart that are rendered.
pub(super) const CONTENT: [&str; 3] = ["templates", "charts", "crds"];

/// Moves manifests below `templates/`, with the folders that they are in.
pub(super) fn gather_manifests(folder: &str) -> Result<(), String> {
    let mut emptied = Vec::new();
    for name in walk(folder)? {
        if !name.ends_with(".yaml") && !name.ends_with(".yml") {
            continue;
        }
        let (from, to) = (
            path::join(&[folder, &name]),
            path::join(&[folder, "templates", &name]),
        );
        os::mkdir_all(&path::dir(&to))?;
        fs::rename(&from, &to).map_err(|error| os::path_error("rename", &from, &error))?;
        if let Some((parent, _)) = name.split_once('/')
            && parent != "templates"
        {
            emptied.push(parent.to_owned());
        }
    }
    emptied.dedup();
    for parent in emptied {
        remove(&path::join(&[folder, &parent]))?;
    }
    Ok(())
}

/// Puts what is rendered below `files/`, and templates that print it in its place
/// (`RewriteChartToPreventDoubleRendering`).
pub(super) fn freeze(folder: &str) -> Result<(), String> {
    let files = path::join(&[folder, "files"]);
    os::mkdir_all(&files)?;
    // CRDs are not rendered.
    for part in ["templates", "charts"] {
        let (from, to) = (path::join(&[folder, part]), path::join(&[&files, part]));
        if !file::is_folder(&from) {
            continue;
        }
        remove(&to)?;
        fs::rename(&from, &to).map_err(|error| os::path_error("rename", &from, &error))?;
        for name in walk(&to)? {
            let text = format!("{{{{ .Files.Get \"files/{part}/{name}\" }}}}");
            write(&path::join(&[&from, &name]), text.as_bytes())?;
        }
        if part == "charts" && file::is_folder(&from) {
            // A folder below `charts/` would have to be a chart.
            let target = path::join(&[folder, "templates", "charts"]);
            os::mkdir_all(&path::dir(&target))?;
            fs::rename(&from, &target).map_err(|error| os::path_error("rename", &from, &error))?;
        }
    }
    Ok(())
}

/// Files below a folder, by their paths in it, sorted.
pub(super) fn walk(folder: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| error.to_string())?;
        if entry.file_type().is_dir() {
            continue;
        }
        if let Ok(name) = entry.path().strip_prefix(folder) {
            found.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

pub(super) fn write(name: &str, text: &[u8]) -> Result<(), String> {
    os::mkdir_all(&path::dir(name))?;
    fs::write(name, text).map_err(|error| os::path_error("open", name, &error))
}

/// Removes a folder, where there is one.
pub(super) fn remove(folder: &str) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(os::path_error("remove", folder, &error))
        }
        _ => Ok(()),
    }
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed =
        |path: &Path, error: &std::io::Error| os::path_error("open", path.display(), error);
    for entry in walkdir::WalkDir::new(from).min_depth(1).follow_links(true) {
        let entry = entry.map_err(|error| error.to_string())?;
        let target = to.join(entry.path().strip_prefix(from).unwrap_or(entry.path()));
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).map_err(|error| failed(&target, &error))?;
        } else {
            fs::copy(entry.path(), &target).map_err(|error| failed(&target, &error))?;
        }
    }
    Ok(())
}
