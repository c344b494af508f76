//! Go's words for what the operating system refuses (`os.PathError`, `syscall.Errno`).

use std::fmt::Display;
use std::io;

/// `operation path: reason`, as Go prints an `os.PathError`: `open x: no such file or directory`.
pub fn path_error(operation: &str, path: impl Display, error: &io::Error) -> String {
    format!("{operation} {path}: {}", reason(error))
}

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
