//! Programs that users ask for (hooks, `exec`), and Helmfile's words where they fail
//! (`pkg/helmexec`).

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::go::time;

/// A program to run.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    /// Variables besides those of this process.
    pub(super) variables: Vec<(String, String)>,
    /// Where it runs; nothing for here.
    pub(super) folder: String,
    /// What it reads.
    pub(super) input: Vec<u8>,
    /// After how long it is killed.
    pub(super) limit: Option<Duration>,
    /// Folders in which programs are looked for.
    pub(super) path: String,
}

/// What a program wrote.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) stdout: Vec<u8>,
}

impl Run {
    /// Runs it to its end.
    ///
    /// # Errors
    /// Helmfile's block for a program that fails, and words for one that cannot be run.
    pub(super) fn output(&self) -> Result<Output, String> {
        self.run().map_err(|(_, message)| message)
    }

    /// As [`Run::output`]; what was written stands also beside the error.
    ///
    /// # Errors
    /// As [`Run::output`].
    pub(super) fn run(&self) -> Result<Output, (Output, String)> {
        let failed = |message: String| (Output::default(), message);
        let program = look_path(&self.program, &self.path).map_err(|reason| {
            failed(format!(
                "unexpected error: exec: \"{}\": {reason}",
                self.program
            ))
        })?;
        let mut command = Command::new(&program);
        command
            .args(&self.arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(match self.input.is_empty() {
                true => Stdio::null(),
                false => Stdio::piped(),
            });
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        if !self.folder.is_empty() {
            command.current_dir(&self.folder);
        }
        let mut child = command.spawn().map_err(|error| {
            let reason = crate::go::os::reason(&error);
            let message = match Path::new(&self.folder).is_dir() || self.folder.is_empty() {
                true => format!("unexpected error: fork/exec {program}: {reason}"),
                false => format!("unexpected error: chdir {}: {reason}", self.folder),
            };
            failed(message)
        })?;
        let (send, receive) = mpsc::channel();
        collect(child.stdout.take(), true, send.clone());
        collect(child.stderr.take(), false, send);
        if let Some(mut stdin) = child.stdin.take() {
            let input = self.input.clone();
            // A program that reads nothing has its reasons.
            thread::spawn(move || {
                let _ = stdin.write_all(&input);
            });
        }
        let started = std::time::Instant::now();
        let (mut stdout, mut stderr, mut combined) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let left = self
                .limit
                .map(|limit| limit.saturating_sub(started.elapsed()));
            let piece = match left {
                Some(left) => receive.recv_timeout(left),
                None => receive
                    .recv()
                    .map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            };
            match piece {
                Ok((is_output, bytes)) => {
                    combined.extend_from_slice(&bytes);
                    match is_output {
                        true => stdout.extend_from_slice(&bytes),
                        false => stderr.extend_from_slice(&bytes),
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    let limit = self.limit.unwrap_or_default().as_nanos();
                    let limit = time::Duration(i64::try_from(limit).unwrap_or(i64::MAX));
                    let message =
                        format!("command \"{program}\" was stopped: it did not end within {limit}");
                    return Err((Output { stdout }, message));
                }
            }
        }
        let status = child
            .wait()
            .map_err(|error| failed(format!("unexpected error: {error}")))?;
        if status.success() {
            return Ok(Output { stdout });
        }
        let code = exit_code(&status);
        let mut arguments = vec![self.program.clone()];
        arguments.extend(self.arguments.iter().cloned());
        let message = failure(&Failure {
            path: &program,
            arguments: &arguments,
            code,
            stderr: &String::from_utf8_lossy(&stderr),
            combined: &String::from_utf8_lossy(&combined),
            is_masked: false,
        });
        Err((Output { stdout }, message))
    }
}

#[cfg(unix)]
fn exit_code(status: &std::process::ExitStatus) -> i32 {
    // Go's `ExitStatus` of one that a signal ended.
    status.code().unwrap_or(-1)
}

#[cfg(not(unix))]
fn exit_code(status: &std::process::ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

fn collect(
    stream: Option<impl Read + Send + 'static>,
    is_output: bool,
    send: mpsc::Sender<(bool, Vec<u8>)>,
) {
    let Some(mut stream) = stream else {
        return;
    };
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            if send.send((is_output, buffer[..count].to_vec())).is_err() {
                return;
            }
        }
    });
}

/// Where a program is (`exec.LookPath`).
///
/// # Errors
/// Go's words where it is nowhere.
pub(super) fn look_path(program: &str, path: &str) -> Result<String, String> {
    if program.contains('/') {
        return Ok(program.to_owned());
    }
    std::env::split_paths(path)
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(|folder| folder.join(program))
        .find(|file| is_executable(file))
        .map(|file| file.to_string_lossy().into_owned())
        .ok_or_else(|| "executable file not found in $PATH".to_owned())
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

/// A program that failed.
pub(super) struct Failure<'a> {
    pub(super) path: &'a str,
    /// All words, the name of the program first.
    pub(super) arguments: &'a [String],
    pub(super) code: i32,
    pub(super) stderr: &'a str,
    pub(super) combined: &'a str,
    /// Whether values that are set on the command line are kept out.
    pub(super) is_masked: bool,
}

/// The block that tells about a program that failed (`newExitError`).
pub(super) fn failure(failure: &Failure<'_>) -> String {
    let mut out = format!(
        "command {} exited with non-zero status:\n\nPATH:\n{}\n\nARGS:",
        crate::go::strconv::quote(failure.path),
        indent(failure.path)
    );
    for (at, argument) in failure.arguments.iter().enumerate() {
        let is_value = at > 0 && failure.arguments[at - 1].starts_with("--set");
        let shown = match failure.is_masked && is_value {
            true => "*** STRIP ***",
            false => argument,
        };
        let line = format!("{at}: {shown} ({} bytes)", shown.len());
        let _ = write!(out, "\n{}", indent(&line));
    }
    let _ = write!(
        out,
        "\n\nERROR:\n{}\n\nEXIT STATUS\n{}",
        indent(&format!("exit status {}", failure.code)),
        indent(&failure.code.to_string())
    );
    for (title, text) in [
        ("STDERR", failure.stderr),
        ("COMBINED OUTPUT", failure.combined),
    ] {
        if !text.is_empty() {
            let _ = write!(out, "\n\n{title}:\n{}", indent(text));
        }
    }
    out
}

/// Lines with two blanks in front; empty ones are left out (`helmexec.Indent`).
fn indent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let last = text.matches('\n').count();
    for (at, line) in text.split('\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        // As there, nothing parts the last line from the one before.
        if at > 0 && at < last {
            out.push('\n');
        }
        out.push_str("  ");
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Run {
        Run {
            program: "sh".to_owned(),
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            path: "/usr/bin:/bin".to_owned(),
            ..Run::default()
        }
    }

    #[test]
    fn what_fails_is_told_in_helmfiles_block() {
        let error = run(&["-c", "echo boom >&2; exit 3"]).output().unwrap_err();
        let shell = look_path("sh", "/usr/bin:/bin").expect("a shell");
        let want = format!(
            "command \"{shell}\" exited with non-zero status:\n\nPATH:\n  {shell}\n\nARGS:\n  0: sh (2 bytes)\n  1: -c (2 bytes)\n  2: echo boom >&2; exit 3 (21 bytes)\n\nERROR:\n  exit status 3\n\nEXIT STATUS\n  3\n\nSTDERR:\n  boom\n\nCOMBINED OUTPUT:\n  boom"
        );
        assert_eq!(error, want);
    }

    #[test]
    fn programs_that_do_not_end_are_stopped() {
        let run = Run {
            limit: Some(Duration::from_millis(50)),
            ..run(&["-c", "exec sleep 60"])
        };
        let error = run.output().unwrap_err();
        assert!(error.contains("did not end within 50ms"), "{error}");
    }

    #[test]
    fn programs_that_are_not_there_are_told() {
        let run = Run {
            program: "no-such-program".to_owned(),
            ..Run::default()
        };
        assert_eq!(
            run.output().unwrap_err(),
            "unexpected error: exec: \"no-such-program\": executable file not found in $PATH"
        );
    }

    #[test]
    fn values_are_kept_out_where_that_is_wanted() {
        let arguments = ["helm", "--set", "a=secret", "x"].map(str::to_owned);
        let text = failure(&Failure {
            path: "helm",
            arguments: &arguments,
            code: 1,
            stderr: "",
            combined: "a\n\n\nb\n",
            is_masked: true,
        });
        assert!(text.contains("\n  2: *** STRIP *** (13 bytes)\n"), "{text}");
        assert!(text.ends_with("COMBINED OUTPUT:\n  a\n  b"), "{text}");
    }
}
