//! `helm package`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;

use super::super::environment::Environment;
use super::prompt;
use super::source::source;
use crate::action::package::{self, Options, Signing};
use crate::chart::provenance::Passphrases;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::go::{os, strconv};
use crate::ui::Terminal;
use crate::world::Real;

/// Makes archives of chart folders.
///
/// # Errors
/// Whatever failed first; archives made before stay.
pub(in crate::cli) fn package(
    flags: &FlagSet,
    charts: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    if charts.is_empty() {
        let message = "need at least one argument, the path to the chart";
        return Err(Error::new(Kind::Usage, message));
    }
    if flags.is("sign") {
        for needed in ["key", "keyring"] {
            if flags.text(needed).is_empty() {
                let message = format!("--{needed} is required for signing a package");
                return Err(Error::new(Kind::Usage, message));
            }
        }
    }
    let source = source(flags, environment, terminal)?;
    let world = Real::new();
    let mut passphrases = Typed::new(flags.text("passphrase-file").to_owned(), Extent::Line);
    for chart in charts {
        let options = Options {
            chart: chart.clone(),
            version: flags.text("version").to_owned(),
            app_version: flags.text("app-version").to_owned(),
            destination: flags.text("destination").to_owned(),
            update: flags.is("dependency-update").then(|| source.clone()),
            signing: flags.is("sign").then(|| Signing {
                key: flags.text("key").to_owned(),
                keyring: flags.text("keyring").to_owned(),
            }),
        };
        if options.signing.is_some() {
            // Whoever is asked for a passphrase sees what came before.
            let _ = terminal.flush();
        }
        let mut notices = Vec::new();
        let result = package::run(&options, &mut passphrases, &world, &mut notices);
        terminal.out.append(&mut passphrases.take_said());
        terminal.log(&notices);
        let path = result?;
        terminal.print(&format!(
            "Successfully packaged chart and saved it to: {path}\n"
        ));
    }
    Ok(())
}

/// How much of a file is the passphrase.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Its first line.
    Line,
    /// All but the ends of lines behind it.
    All,
}

/// Passphrases from `--passphrase-file`, or typed on the terminal.
pub(super) struct Typed {
    /// `-` is standard input; nothing is the terminal.
    file: String,
    extent: Extent,
    /// What the file said: it is read once.
    known: Option<Vec<u8>>,
    /// What is to be printed.
    said: Vec<u8>,
}

impl Typed {
    pub(super) fn new(file: String, extent: Extent) -> Typed {
        Typed {
            file,
            extent,
            known: None,
            said: Vec::new(),
        }
    }

    /// What is to be printed.
    pub(super) fn take_said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }
}

impl Passphrases for Typed {
    fn open(&mut self) -> Result<(), Error> {
        if !self.file.is_empty() && self.known.is_none() {
            self.known = Some(read(&self.file, self.extent)?);
        }
        Ok(())
    }

    fn passphrase(&mut self, key: &[u8]) -> Result<Vec<u8>, Error> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let prompt = format!("Password for key {} >  ", strconv::quote(key));
        let mut terminal = Terminal::new();
        let typed = prompt::secret(&prompt, &mut terminal);
        if typed.is_err() {
            terminal.print("\n");
        }
        self.said.append(&mut terminal.out);
        typed.map(String::into_bytes)
    }
}

/// The passphrase in a file; of a line as far as Go's buffer holds it.
fn read(path: &str, extent: Extent) -> Result<Vec<u8>, Error> {
    const MOST: usize = 4096;
    let fail = |operation: &str, error: &std::io::Error| {
        Error::new(Kind::Io, os::path_error(operation, path, error))
    };
    let file = match path {
        "-" => {
            let stdin = std::io::stdin().as_fd().try_clone_to_owned();
            let file = File::from(stdin.map_err(|error| fail("stat", &error))?);
            let found = file.metadata().map_err(|error| fail("stat", &error))?;
            if !found.file_type().is_fifo() {
                let message =
                    "specified reading passphrase from stdin, without input on stdin".to_owned();
                return Err(Error::new(Kind::Usage, message));
            }
            file
        }
        path => File::open(path).map_err(|error| fail("open", &error))?,
    };
    let mut line = Vec::new();
    if extent == Extent::All {
        let mut file = file;
        std::io::Read::read_to_end(&mut file, &mut line).map_err(|error| fail("read", &error))?;
        while line.pop_if(|byte| matches!(byte, b'\r' | b'\n')).is_some() {}
        return Ok(line);
    }
    BufReader::new(std::io::Read::take(file, MOST as u64))
        .read_until(b'\n', &mut line)
        .map_err(|error| fail("read", &error))?;
    if line.is_empty() {
        return Err(Error::new(Kind::Io, "EOF"));
    }
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        line.pop_if(|byte| *byte == b'\r');
    }
    Ok(line)
}
