//! Go's words for what the operating system refuses (`os.PathError`, `syscall.Errno`), and
//! `os.MkdirAll`.

use std::fmt::Display;
use std::path::Path;
use std::{fs, io};

/// `operation path: reason`, as Go prints an `os.PathError`: `open x: no such file or directory`.
pub fn path_error(operation: &str, path: impl Display, error: &io::Error) -> String {
    format!("{operation} {path}: {}", reason(error))
}

/// Makes a folder and those above it (`os.MkdirAll`).
///
/// # Errors
/// Go's words, which name the first folder that cannot be made.
pub fn mkdir_all(folder: &str) -> Result<(), String> {
    let mut ancestors: Vec<&Path> = Path::new(folder).ancestors().collect();
    ancestors.retain(|path| !path.as_os_str().is_empty());
    for path in ancestors.into_iter().rev() {
        let result = match fs::create_dir(path) {
            // A root that cannot be written to is there all the same.
            Err(_) if path.is_dir() => continue,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(io::Error::from_raw_os_error(NOT_A_FOLDER))
            }
            result => result,
        };
        result.map_err(|error| path_error("mkdir", path.display(), &error))?;
    }
    Ok(())
}

/// `ENOTDIR`
const NOT_A_FOLDER: i32 = 20;

/// The reason alone. Go's table has the system's words in lower case.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error ").next().unwrap_or(&text);
    let mut characters = text.chars();
    match (error.raw_os_error(), characters.next()) {
        (Some(_), Some(first)) => first.to_lowercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_that_cannot_be_made_is_named() {
        let top = tempfile::tempdir().unwrap();
        let top = top.path().to_str().unwrap();
        mkdir_all(&format!("{top}/a/b")).unwrap();
        mkdir_all(&format!("{top}/a/b")).unwrap();
        fs::write(format!("{top}/f"), "").unwrap();
        assert_eq!(
            mkdir_all(&format!("{top}/f/x/y")).unwrap_err(),
            format!("mkdir {top}/f: not a directory")
        );
    }

    #[test]
    fn reasons_are_go_s() {
        for (number, want) in [
            (2, "open x: no such file or directory"),
            (13, "open x: permission denied"),
            (20, "open x: not a directory"),
            (21, "open x: is a directory"),
            (40, "open x: too many levels of symbolic links"),
        ] {
            assert_eq!(
                path_error("open", "x", &io::Error::from_raw_os_error(number)),
                want
            );
        }
    }
}
