//! Identities of age, and where sops looks for them.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr as _;
use std::time::Duration;

use age::armor::ArmoredReader;
use age::{Decryptor, Identity, ssh, x25519};

use super::{Keys, word};
use crate::go::os;

/// How long a program that knows a key may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What was found where identities are looked for.
#[derive(Default)]
struct Found {
    identities: Vec<Box<dyn Identity>>,
    /// What is there and cannot be read.
    failures: Vec<String>,
    /// Where nothing is.
    unused: Vec<String>,
}

/// Opens what is sealed for a recipient.
///
/// # Errors
/// Why none of the identities here does, with where they were looked for.
pub(super) fn open(recipient: &str, sealed: &str, keys: &Keys<'_>) -> Result<Vec<u8>, String> {
    let found = Found::gather(recipient, keys);
    if found.identities.is_empty() {
        return Err(found.explain("there is no identity"));
    }
    let why = |error: age::DecryptError| match error {
        age::DecryptError::NoMatchingKeys => {
            found.explain("no identity matched any of the recipients")
        }
        other => found.explain(&other.to_string()),
    };
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(sealed.as_bytes())).map_err(why)?;
    let identities = found.identities.iter().map(AsRef::as_ref);
    let mut reader = decryptor.decrypt(identities).map_err(why)?;
    let mut bytes = Vec::new();
    reader
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

impl Found {
    /// All identities of the environment, as sops 3.13 finds them.
    fn gather(recipient: &str, keys: &Keys<'_>) -> Found {
        let mut found = Found::default();
        let variable = |name: &str| keys.world.variable(name);
        match variable("SOPS_AGE_SSH_PRIVATE_KEY_FILE") {
            Some(path) => found.ssh_file(&keys.folder.join(path)),
            None => found.missing("SOPS_AGE_SSH_PRIVATE_KEY_FILE"),
        }
        let name = "SOPS_AGE_SSH_PRIVATE_KEY_CMD";
        match variable(name) {
            Some(command) => match run(name, &command, recipient, keys) {
                Ok(text) => found.ssh("SOPS_AGE_SSH_PRIVATE_KEY_CMD", &text),
                Err(why) => found.failures.push(why),
            },
            None => found.missing("SOPS_AGE_SSH_PRIVATE_KEY_CMD"),
        }
        let home = variable("HOME").unwrap_or_default();
        if !home.is_empty() {
            for name in ["id_ed25519", "id_rsa"] {
                let path = Path::new(&home).join(".ssh").join(name);
                match path.exists() {
                    true => found.ssh_file(&path),
                    false => found.missing(&path.display().to_string()),
                }
            }
        }
        match variable("SOPS_AGE_KEY") {
            Some(text) => found.identities("SOPS_AGE_KEY", text.split_whitespace()),
            None => found.missing("SOPS_AGE_KEY"),
        }
        match variable("SOPS_AGE_KEY_FILE") {
            Some(path) => found.file("SOPS_AGE_KEY_FILE", &keys.folder.join(path)),
            None => found.missing("SOPS_AGE_KEY_FILE"),
        }
        let name = "SOPS_AGE_KEY_CMD";
        match variable(name) {
            Some(command) => match run(name, &command, recipient, keys) {
                Ok(text) => {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    found.identities("SOPS_AGE_KEY_CMD", text.lines());
                }
                Err(why) => found.failures.push(why),
            },
            None => found.missing("SOPS_AGE_KEY_CMD"),
        }
        if let Some(path) = configured(keys) {
            match path.exists() {
                true => found.file(&path.display().to_string(), &path),
                false => found.missing(&path.display().to_string()),
            }
        }
        found
    }

    fn missing(&mut self, place: &str) {
        self.unused.push(place.to_owned());
    }

    fn ssh_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(text) => self.ssh(&name, &text),
            Err(error) => self.failures.push(os::path_error("open", name, &error)),
        }
    }

    fn ssh(&mut self, place: &str, text: &[u8]) {
        match ssh::Identity::from_buffer(text, Some(place.to_owned())) {
            Ok(identity @ ssh::Identity::Unencrypted(_)) => {
                self.identities.push(Box::new(identity));
            }
            Ok(ssh::Identity::Encrypted(_)) => self
                .failures
                .push(format!("the SSH key of {place} is protected by a password")),
            Ok(ssh::Identity::Unsupported(_)) => self.failures.push(format!(
                "the SSH key of {place} is of a kind that age does not take"
            )),
            Err(error) => self
                .failures
                .push(format!("malformed SSH identity in {place}: {error}")),
        }
    }

    fn file(&mut self, place: &str, path: &Path) {
        match std::fs::read_to_string(path) {
            Ok(text) => self.identities(place, text.lines()),
            Err(error) => {
                let why = os::path_error("open", path.display(), &error);
                self.failures
                    .push(format!("failed to open {place} file: {why}"));
            }
        }
    }

    fn identities<'t>(&mut self, place: &str, words: impl Iterator<Item = &'t str>) {
        let before = self.identities.len();
        for word in words.filter(|word| !word.is_empty() && !word.starts_with('#')) {
            match x25519::Identity::from_str(word.trim()) {
                Ok(identity) => self.identities.push(Box::new(identity)),
                // Neither the key nor a piece of it is told.
                Err(_) if word.starts_with("AGE-PLUGIN-") => self.failures.push(format!(
                    "{place} has an identity of a plugin of age, which the program sops is needed for"
                )),
                Err(_) if word.starts_with("AGE-SECRET-KEY-PQ-1") => self.failures.push(format!(
                    "{place} has a hybrid identity, which the program sops is needed for"
                )),
                Err(_) => self
                    .failures
                    .push(format!("{place} has something that is no identity of age")),
            }
        }
        if self.identities.len() == before {
            self.missing(place);
        }
    }

    /// `why`, with what could not be read and where nothing is.
    fn explain(&self, why: &str) -> String {
        let mut told = why.to_owned();
        if !self.failures.is_empty() {
            told += &format!(" ({})", self.failures.join("; "));
        }
        if !self.unused.is_empty() {
            told += &format!("; nothing is in {}", self.unused.join(", "));
        }
        told
    }
}

/// The file of a user's identities.
fn configured(keys: &Keys<'_>) -> Option<PathBuf> {
    let variable = |name: &str| keys.world.variable(name).filter(|value| !value.is_empty());
    let folder = if cfg!(windows) {
        PathBuf::from(variable("AppData")?)
    } else {
        let home = || variable("HOME").map(PathBuf::from);
        match variable("XDG_CONFIG_HOME") {
            Some(folder) => PathBuf::from(folder),
            None if cfg!(target_os = "macos") => home()?.join("Library/Application Support"),
            None => home()?.join(".config"),
        }
    };
    Some(folder.join("sops/age/keys.txt"))
}

/// What a program prints that knows a key. Errors name the variable, for a command line may hold what is
/// not to be seen.
fn run(name: &str, line: &str, recipient: &str, keys: &Keys<'_>) -> Result<Vec<u8>, String> {
    if keys.no_exec {
        return Err(format!("{name} is not run: --no-exec forbids it"));
    }
    let words =
        word::split(line).map_err(|why| format!("failed to parse command of {name}: {why}"))?;
    let [program, arguments @ ..] = &words[..] else {
        return Err(format!("the command of {name} is empty"));
    };
    let mut command = Command::new(program);
    command.args(arguments).env("SOPS_AGE_RECIPIENT", recipient);
    if !keys.folder.as_os_str().is_empty() {
        command.current_dir(keys.folder);
    }
    super::super::provider::output(&mut command, b"", LIMIT)
        .map_err(|why| format!("failed to execute command of {name}: {why}"))
}
