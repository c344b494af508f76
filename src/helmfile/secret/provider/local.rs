//! What this machine answers: the reference itself, files, programs.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::super::super::data::{Data, Entries};
use super::{Context, Provider, document, located};
use crate::diag::{Error, Kind};
use crate::go::{base64, os, strconv};
use crate::value::Text;

/// `ref+echo://`: the path.
pub(super) struct Echo;

impl Provider for Echo {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        Ok(path.trim_end_matches('/').as_bytes().to_vec())
    }

    /// `a/b/c` is `{a: {b: c}}`.
    fn map(&self, path: &str) -> Result<Entries, Error> {
        let keys: Vec<&str> = path.split('/').collect();
        let [keys @ .., key, last] = &keys[..] else {
            let path = strconv::quote(path);
            let message =
                format!("key must have two or more components separated by \"/\": got {path}");
            return Err(Error::new(Kind::Values, message));
        };
        let mut found = Entries::from([(Text::from(*key), Data::string(*last))]);
        for key in keys.iter().rev() {
            found = Entries::from([(Text::from(*key), Data::map(found))]);
        }
        Ok(found)
    }
}

/// `ref+file://`: a file, as it is or in base64.
pub(super) struct File {
    folder: PathBuf,
    encode: String,
}

impl File {
    pub(super) fn new(context: &Context<'_>) -> File {
        File {
            folder: context.folder.to_path_buf(),
            encode: context.text("encode"),
        }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        let path = path.strip_suffix('/').unwrap_or(path);
        read(&self.folder, path)
    }
}

/// A file that is named from `folder`; errors name it as it was named.
pub(super) fn read(folder: &Path, path: &str) -> Result<Vec<u8>, Error> {
    let file = located(folder, path);
    let failed = |error: &std::io::Error| match file.is_dir() {
        true => os::path_error("read", path, error),
        false => os::path_error("open", path, error),
    };
    std::fs::read(&file).map_err(|error| Error::new(Kind::Io, failed(&error)))
}

impl Provider for File {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.read(path)?;
        match self.encode.as_str() {
            "" | "raw" => Ok(bytes),
            "base64" => Ok(base64::encode(bytes).into_bytes()),
            other => {
                let message = format!("Unsupported encode parameter: '{other}'.");
                Err(Error::new(Kind::Usage, message))
            }
        }
    }

    fn map(&self, path: &str) -> Result<Entries, Error> {
        document(&self.read(path)?).map_err(|message| Error::new(Kind::Values, message))
    }
}

/// `ref+exec://`: what a program prints.
pub(super) struct Exec {
    folder: PathBuf,
    arguments: Vec<String>,
    variables: BTreeMap<String, String>,
    timeout: Duration,
    trim: bool,
}

impl Exec {
    /// # Errors
    /// Programs are not to be run.
    pub(super) fn new(context: &Context<'_>) -> Result<Exec, Error> {
        if context.no_exec {
            let message = "exec provider: no program is run: --no-exec forbids it";
            return Err(Error::new(Kind::Usage, message));
        }
        let arguments = context.text("args");
        let seconds = strconv::atoi(context.text("timeout")).unwrap_or_default();
        let variables = context.parameters.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("env_")?;
            Some((name.to_owned(), value.clone()))
        });
        Ok(Exec {
            folder: context.folder.to_path_buf(),
            arguments: match arguments.is_empty() {
                true => Vec::new(),
                false => arguments.split(',').map(str::to_owned).collect(),
            },
            variables: variables.collect(),
            timeout: Duration::from_secs(match u64::try_from(seconds) {
                Ok(0) | Err(_) => 30,
                Ok(seconds) => seconds,
            }),
            trim: context.text("trim") != "false",
        })
    }
}

impl Provider for Exec {
    fn text(&self, path: &str) -> Result<Vec<u8>, Error> {
        let path = path.strip_suffix('/').unwrap_or(path);
        // The path of a program that starts at the root is no list of arguments.
        let (program, given) = match path.split_once('/') {
            Some((program, given)) if !program.is_empty() => (program, given.split('/').collect()),
            _ => (path, Vec::new()),
        };
        if program.is_empty() {
            return Err(Error::new(Kind::Usage, "exec provider: empty command"));
        }
        let mut command = Command::new(program);
        command
            .args(given)
            .args(&self.arguments)
            .envs(&self.variables);
        if !self.folder.as_os_str().is_empty() {
            command.current_dir(&self.folder);
        }
        let mut bytes = output(&mut command, b"", self.timeout).map_err(|why| {
            let quoted = strconv::quote(program);
            let why = match why.as_str() {
                NOT_FOUND if program.contains('/') => {
                    format!("fork/exec {program}: no such file or directory")
                }
                NOT_FOUND => format!("exec: {quoted}: executable file not found in $PATH"),
                why => why.to_owned(),
            };
            let message = format!("exec provider: command {quoted} failed: {why}");
            Error::new(Kind::Io, message)
        })?;
        if self.trim {
            while bytes.last().is_some_and(|b| b" \t\n\r".contains(b)) {
                bytes.pop();
            }
        }
        Ok(bytes)
    }

    fn map(&self, path: &str) -> Result<Entries, Error> {
        document(&self.text(path)?).map_err(|message| {
            let message = format!("exec provider: failed to parse output as YAML/JSON: {message}");
            Error::new(Kind::Values, message)
        })
    }
}

/// What [`output`] says of a program that is not there.
pub(in super::super) const NOT_FOUND: &str = "not found";

/// What a program prints, given `input`; for those that run no longer than `limit`.
///
/// # Errors
/// How it ended, with what it said, as Go puts it; [`NOT_FOUND`] where there is no such program.
pub(in super::super) fn output(
    command: &mut Command,
    input: &[u8],
    limit: Duration,
) -> Result<Vec<u8>, String> {
    let end = Instant::now() + limit;
    let mut child = command
        .stdin(match input.is_empty() {
            true => Stdio::null(),
            false => Stdio::piped(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => NOT_FOUND.to_owned(),
            _ => os::reason(&error),
        })?;
    let (said, hear) = mpsc::channel();
    for (is_error, pipe) in [
        (false, child.stdout.take().map(Pipe::Out)),
        (true, child.stderr.take().map(Pipe::Error)),
    ] {
        let said = said.clone();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = match pipe {
                Some(Pipe::Out(mut pipe)) => pipe.read_to_end(&mut bytes),
                Some(Pipe::Error(mut pipe)) => pipe.read_to_end(&mut bytes),
                None => Ok(0),
            };
            // Nobody listens any more where the time is over.
            let _ = said.send((is_error, bytes, read.is_ok()));
        });
    }
    if let Some(mut pipe) = child.stdin.take() {
        let input = input.to_vec();
        std::thread::spawn(move || {
            // A program need not read all.
            let _ = std::io::Write::write_all(&mut pipe, &input);
        });
    }
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let left = end.saturating_duration_since(Instant::now());
        match hear.recv_timeout(left) {
            Ok((true, bytes, _)) => errors = bytes,
            Ok((false, bytes, _)) => out = bytes,
            Err(_) => return Err(stop(&mut child)),
        }
    }
    // Both pipes are closed; what is left is that it ends.
    let status = child.wait().map_err(|error| os::reason(&error))?;
    if status.success() {
        return Ok(out);
    }
    let why = match status.code() {
        Some(code) => format!("exit status {code}"),
        None => "signal: killed".to_owned(),
    };
    let errors = String::from_utf8_lossy(&errors);
    Err(match errors.trim() {
        "" => why,
        said => format!("{why} (stderr: {said})"),
    })
}

enum Pipe {
    Out(std::process::ChildStdout),
    Error(std::process::ChildStderr),
}

/// Ends a program that took too long.
fn stop(child: &mut Child) -> String {
    let stopped = child.kill().and_then(|()| child.wait());
    match stopped {
        Ok(_) => "signal: killed".to_owned(),
        Err(error) => os::reason(&error),
    }
}
