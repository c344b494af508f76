//! Files as flags name them: paths, addresses, `-` (`readFile` of `pkg/cli/values`, Helm 4.2.4).

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use crate::go::url::Url;
use crate::go::{os, strconv};
use crate::net::{Client, Options};
use crate::plugin::{Credentials, Getters};

/// Reads what `--values` and `--set-file` name.
pub(super) struct Files {
    client: Client,
    getters: Getters,
    /// What is in files that are not on disk.
    given: BTreeMap<String, Arc<[u8]>>,
}

impl Files {
    /// A reader; nothing is opened yet.
    pub(super) fn new(getters: Getters) -> Files {
        Files {
            getters,
            client: Client::new(Options::default()),
            given: BTreeMap::new(),
        }
    }

    /// Reads these names from memory.
    #[must_use]
    pub(super) fn with(mut self, given: BTreeMap<String, Arc<[u8]>>) -> Files {
        self.given = given;
        self
    }

    /// The bytes at a path, behind an address, or on standard input.
    ///
    /// # Errors
    /// The whole text that users see.
    pub(super) fn fetch(&self, name: &str) -> Result<Vec<u8>, String> {
        if let Some(given) = self.given.get(name) {
            return Ok(given.to_vec());
        }
        if name.trim() == "-" {
            let mut bytes = Vec::new();
            return match std::io::stdin().lock().read_to_end(&mut bytes) {
                Ok(_) => Ok(bytes),
                Err(error) => Err(os::path_error("read", "/dev/stdin", &error)),
            };
        }
        let url = Url::parse(name).map_err(|error| error.to_string())?;
        match &url.scheme[..] {
            b"http" | b"https" if url.host.is_empty() => {
                let url = strconv::quote(url.to_bytes());
                Err(format!("Get {url}: http: no Host in request URL"))
            }
            b"http" | b"https" => {
                let url = String::from_utf8_lossy(&url.to_bytes()).into_owned();
                self.client.get(&url).map_err(|error| error.to_string())
            }
            b"oci" => Err(format!("{name}: files in registries are not read yet")),
            scheme => {
                let scheme = String::from_utf8_lossy(scheme);
                let fetched = self.getters.fetch(name, &scheme, Credentials::default());
                match fetched {
                    Some(fetched) => fetched.map_err(|error| error.to_string()),
                    None => file(name),
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused_and_paths_may_look_like_one() {
        let files = Files::new(Getters::default());
        for (name, want) in [
            (":x", "parse \":x\": missing protocol scheme"),
            ("%zz", "parse \"%zz\": invalid URL escape \"%zz\""),
            ("http://[::1", "parse \"http://[::1\": missing ']' in host"),
            (
                "1a:b",
                "parse \"1a:b\": first path segment in URL cannot contain colon",
            ),
            (
                "a\u{1}b",
                "parse \"a\\x01b\": net/url: invalid control character in URL",
            ),
            (
                "http:///x",
                "Get \"http:///x\": http: no Host in request URL",
            ),
            ("C:\\x", "open C:\\x: no such file or directory"),
            ("foo:bar", "open foo:bar: no such file or directory"),
            ("a?b=c", "open a?b=c: no such file or directory"),
            (" ", "open  : no such file or directory"),
        ] {
            assert_eq!(files.fetch(name).unwrap_err(), want, "{name}");
        }
    }

    #[test]
    fn missing_files_and_folders_are_refused_in_gos_words() {
        let files = Files::new(Getters::default());
        assert_eq!(
            files.fetch("./nope.yaml").unwrap_err(),
            "open ./nope.yaml: no such file or directory"
        );
        assert_eq!(files.fetch("src").unwrap_err(), "read src: is a directory");
    }
}
