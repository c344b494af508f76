//! `exceptions.txt` of a pack: cases that cannot pass, and areas that later work brings.
//!
//! One `id-or-area<TAB>reason` a line; blank lines and lines that start with `#` say nothing.

use std::collections::BTreeMap;
use std::path::Path;

/// The reasons, by id or area.
#[derive(Default)]
pub(crate) struct Exceptions(BTreeMap<String, String>);

impl Exceptions {
    /// Reads the list; a missing file is an empty list.
    ///
    /// # Errors
    /// Says which line is malformed, or why the file could not be read.
    pub(crate) fn load(path: &Path) -> Result<Exceptions, String> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let mut reasons = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{}:{}", path.display(), number + 1);
            let Some((name, reason)) = line.split_once('\t') else {
                return Err(format!("{place}: no tab between name and reason"));
            };
            if reason.trim().is_empty() {
                return Err(format!("{place}: no reason for {name}"));
            }
            if reasons.insert(name.to_owned(), reason.to_owned()).is_some() {
                return Err(format!("{place}: {name} is listed twice"));
            }
        }
        Ok(Exceptions(reasons))
    }

    /// Why `name` is listed, if it is.
    pub(crate) fn reason(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Everything that is listed.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Turns the outcome of a listed case around: it has to fail.
///
/// # Errors
/// Where the case passed.
pub(crate) fn expect_failure(outcome: Result<(), String>, reason: &str) -> Result<(), String> {
    match outcome {
        Err(_) => Ok(()),
        Ok(()) => Err(format!(
            "passes, but stands in exceptions.txt ({reason}): take it out"
        )),
    }
}
