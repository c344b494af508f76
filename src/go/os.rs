//! Go's words for what the operating system refuses (`os.PathError`, `syscall.Errno`), and
//! `os.MkdirAll`.

use std::fmt::Display;
use std::path::Path;
use std::{fs, io};

use memchr::memchr;

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

/// `os.Expand`: `$name` and `${name}` become what `value` says; bad syntax is left out.
pub fn expand(text: &[u8], value: impl Fn(&str) -> String) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = memchr(b'$', rest) {
        let after = &rest[dollar + 1..];
        out.extend_from_slice(&rest[..dollar]);
        if after.is_empty() {
            // A dollar at the end stands for itself.
            rest = &rest[dollar..];
            break;
        }
        let (name, length) = name(after);
        match name {
            b"" if length == 0 => out.push(b'$'),
            b"" => {}
            name => {
                let name = String::from_utf8_lossy(name);
                out.extend_from_slice(value(&name).as_bytes());
            }
        }
        rest = &after[length..];
    }
    out.extend_from_slice(rest);
    out
}

/// The name after a dollar, and how much of the text it takes.
fn name(text: &[u8]) -> (&[u8], usize) {
    let special = |byte: &u8| b"*#$@!?-0123456789".contains(byte);
    match text {
        [b'{', letter, b'}', ..] if special(letter) => (&text[1..2], 3),
        [b'{', rest @ ..] => match memchr(b'}', rest) {
            Some(0) => (&[], 2),
            Some(end) => (&rest[..end], end + 2),
            None => (&[], 1),
        },
        [letter, ..] if special(letter) => (&text[..1], 1),
        _ => {
            let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let end = text.iter().take_while(|byte| word(byte)).count();
            (&text[..end], end)
        }
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
