//! Files with Go's words for what fails, and Go's globs.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use crate::go::{glob, os, path};

/// `os.ReadFile`; `-` is standard input.
///
/// # Errors
/// Go's words.
pub(super) fn read(name: &str) -> Result<Vec<u8>, String> {
    if name == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        return read
            .map(|_| bytes)
            .map_err(|error| os::path_error("read", "/dev/stdin", &error));
    }
    fs::read(name).map_err(|error| {
        let operation = match error.kind() {
            std::io::ErrorKind::IsADirectory => "read",
            _ => "open",
        };
        os::path_error(operation, name, &error)
    })
}

/// Whether a file is there; standard input always is.
pub(super) fn is_file(name: &str) -> bool {
    name == "-" || Path::new(name).is_file()
}

/// Whether a folder is there.
pub(super) fn is_folder(name: &str) -> bool {
    Path::new(name).is_dir()
}

/// Names in a folder, sorted, and whether they are folders (`os.ReadDir`).
///
/// # Errors
/// Go's words.
pub(super) fn entries(folder: &str) -> Result<Vec<(String, bool)>, String> {
    let failed = |error: &std::io::Error| os::path_error("open", folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        found.push((entry.file_name().to_string_lossy().into_owned(), is_folder));
    }
    found.sort();
    Ok(found)
}

fn has_meta(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

/// `filepath.Glob`: the paths that there are and that match, sorted within each folder.
///
/// # Errors
/// Go's words for a pattern that is none.
pub(super) fn glob(pattern: &str) -> Result<Vec<String>, String> {
    glob::path_match(pattern, "").map_err(|error| error.to_string())?;
    if !has_meta(pattern) {
        let is_there = fs::symlink_metadata(pattern).is_ok();
        return Ok(is_there.then(|| pattern.to_owned()).into_iter().collect());
    }
    let (folder, name) = match pattern.rfind('/') {
        Some(0) => ("/", &pattern[1..]),
        Some(slash) => (&pattern[..slash], &pattern[slash + 1..]),
        None => (".", pattern),
    };
    let folders = match has_meta(folder) && folder != pattern {
        true => glob(folder)?,
        false => vec![folder.to_owned()],
    };
    let mut found = Vec::new();
    for folder in folders {
        if !is_folder(&folder) {
            continue;
        }
        for (entry, _) in entries(&folder).unwrap_or_default() {
            if glob::path_match(name, &entry).unwrap_or(false) {
                found.push(path::join(&[&folder, &entry]));
            }
        }
    }
    Ok(found)
}

/// The absolute path (`filepath.Abs`).
pub(super) fn absolute(name: &str) -> String {
    match std::path::absolute(name) {
        Ok(found) => path::clean(&found.to_string_lossy()),
        Err(_) => path::clean(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_gos() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_str().expect("UTF-8");
        for name in ["a/x.yaml", "a/y.yaml", "b/x.yaml", "c"] {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            fs::write(file, "").expect("a file");
        }
        let found = |pattern: &str| {
            let found = glob(&format!("{root}/{pattern}")).expect("a pattern");
            let short = found.iter().map(|path| path[root.len() + 1..].to_owned());
            short.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found("*/x.yaml"), "a/x.yaml b/x.yaml");
        assert_eq!(found("a/*"), "a/x.yaml a/y.yaml");
        assert_eq!(found("[ab]/y.yaml"), "a/y.yaml");
        assert_eq!(found("c"), "c");
        assert_eq!(found("d"), "");
        assert_eq!(glob("[").unwrap_err(), "syntax error in pattern");
    }
}
