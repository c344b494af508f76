//! What users type while a command runs.

use std::io::{IsTerminal as _, Read as _};
use std::process::{Command, Stdio};

use crate::diag::{Error, Kind};
use crate::go::os;
use crate::ui::Terminal;

/// What stands on standard input, without the end of its line.
///
/// # Errors
/// Input that cannot be read.
pub(super) fn all() -> Result<String, Error> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::new(Kind::Io, os::path_error("read", "/dev/stdin", error))
}

/// Asks for a line.
///
/// # Errors
/// Input that cannot be read, or has ended.
pub(super) fn line(question: &str, terminal: &mut Terminal) -> Result<String, Error> {
    ask(question, terminal)?;
    let mut line = String::new();
    let length = std::io::stdin().read_line(&mut line);
    if length.map_err(|error| unreadable(&error))? == 0 {
        return Err(Error::new(Kind::Io, "EOF"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks on the terminal, which does not show what is typed meanwhile.
///
/// # Errors
/// Go's words where there is no terminal.
pub(super) fn secret(question: &str, terminal: &mut Terminal) -> Result<String, Error> {
    let no_terminal = || Error::new(Kind::Io, "inappropriate ioctl for device");
    ask(question, terminal)?;
    let echo = |word: &str| {
        let mut command = Command::new("stty");
        command.arg(word).stdin(Stdio::inherit());
        command.status().is_ok_and(|status| status.success())
    };
    if !std::io::stdin().is_terminal() || !echo("-echo") {
        return Err(no_terminal());
    }
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    echo("echo");
    terminal.print("\n");
    read.map_err(|error| unreadable(&error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn ask(question: &str, terminal: &mut Terminal) -> Result<(), Error> {
    terminal.print(question);
    terminal
        .flush()
        .map_err(|error| Error::new(Kind::Io, os::path_error("write", "/dev/stdout", &error)))
}
