//! Files as flags name them: paths, addresses, `-` (`readFile` of `pkg/cli/values`, Helm 4.2.4).

use std::io::Read;

use crate::go::os;
use crate::net::{Client, Options};

/// Reads what `--values` and `--set-file` name.
pub(super) struct Files {
    client: Client,
}

impl Files {
    /// A reader; nothing is opened yet.
    pub(super) fn new() -> Files {
        Files {
            client: Client::new(Options::default()),
        }
    }

    /// The bytes at a path, behind an address, or on standard input.
    ///
    /// # Errors
    /// The whole text that users see.
    pub(super) fn fetch(&self, name: &str) -> Result<Vec<u8>, String> {
        if name.trim() == "-" {
            let mut bytes = Vec::new();
            return match std::io::stdin().lock().read_to_end(&mut bytes) {
                Ok(_) => Ok(bytes),
                Err(error) => Err(os::path_error("read", "/dev/stdin", &error)),
            };
        }
        match scheme(name) {
            Some("http" | "https") => self.client.get(name).map_err(|error| error.to_string()),
            Some("oci") => Err(format!("{name}: files in registries are not read yet")),
            _ => file(name),
        }
    }
}

/// Reads a file with the words of Go's `os.ReadFile`.
fn file(name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(name).map_err(|error| {
        // A folder can be opened, but not read.
        let operation = match error.kind() {
            std::io::ErrorKind::IsADirectory => "read",
            _ => "open",
        };
        os::path_error(operation, name, &error)
    })
}

/// The scheme of an address.
pub(super) fn scheme(name: &str) -> Option<&str> {
    let (scheme, _) = name.split_once(':')?;
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    valid.then_some(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_paths() {
        for (name, want) in [
            ("http://h/x", Some("http")),
            ("a/b.yaml", None),
            ("1a:b", None),
            ("C:\\x", Some("C")),
            (":x", None),
        ] {
            assert_eq!(scheme(name), want, "{name}");
        }
    }

    #[test]
    fn missing_files_and_folders_are_refused_in_gos_words() {
        let files = Files::new();
        assert_eq!(
            files.fetch("./nope.yaml").unwrap_err(),
            "open ./nope.yaml: no such file or directory"
        );
        assert_eq!(files.fetch("src").unwrap_err(), "read src: is a directory");
    }
}
