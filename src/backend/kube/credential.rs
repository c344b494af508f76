//! What is shown to an API server besides what a kubeconfig says in so many words.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::exec::Program;
use crate::go::os;

/// What a program, a file, or whoever stands in for them, gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Credential {
    /// A bearer token.
    pub(super) token: Option<String>,
    /// A certificate and its key, in PEM.
    pub(super) certificate: Option<(String, String)>,
    /// When it ends.
    pub(super) until: Option<SystemTime>,
}

impl Credential {
    pub(super) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| SystemTime::now() > until)
    }
}

/// Where it comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// There is nothing to show.
    Nothing,
    /// A program that signs in.
    Program(Box<Program>),
    /// A file with a token, which others write anew.
    File(PathBuf),
}

/// How long a token of a file is held to be what stands there.
const FRESH: Duration = Duration::from_secs(50);

impl Source {
    /// Asks for it; what was shown `before` is better than nothing where a file is gone.
    ///
    /// # Errors
    /// The words of `client-go`.
    pub(super) fn ask(&self, before: Option<&Credential>) -> Result<Credential, String> {
        match self {
            Source::Nothing => Ok(Credential::default()),
            Source::Program(program) => program
                .ask()
                .map_err(|why| format!("getting credentials: {why}")),
            Source::File(path) => {
                let until = Some(SystemTime::now() + FRESH);
                let told = |why| format!("failed to read token file {path:?}: {why}");
                let read = match fs::read_to_string(path) {
                    Ok(text) if text.trim().is_empty() => {
                        Err(format!("read empty token from file {path:?}"))
                    }
                    Ok(text) => Ok(text.trim().to_owned()),
                    Err(error) => Err(told(os::path_error("open", path.display(), &error))),
                };
                match (read, before) {
                    (Ok(token), _) => Ok(Credential {
                        token: Some(token),
                        until,
                        ..Credential::default()
                    }),
                    (Err(_), Some(before)) => Ok(Credential {
                        until,
                        ..before.clone()
                    }),
                    (Err(why), None) => Err(why),
                }
            }
        }
    }

    /// Whether it may give something else the next time.
    pub(super) fn changes(&self) -> bool {
        !matches!(self, Source::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_files_are_read_anew_and_kept_where_the_file_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let source = Source::File(path.clone());
        assert!(source.ask(None).is_err());
        let mut last = None;
        for (text, want) in [("one\n", "one"), ("two", "two"), (" \n", "two")] {
            fs::write(&path, text).unwrap();
            let read = source.ask(last.as_ref()).unwrap();
            assert_eq!(read.token.as_deref(), Some(want));
            assert!(!read.is_over());
            last = Some(read);
        }
        assert!(source.ask(None).is_err());
        fs::remove_file(&path).unwrap();
        let kept = source.ask(last.as_ref()).unwrap();
        assert_eq!(kept.token.as_deref(), Some("two"));
    }
}
