//! What the user sees: standard output in one piece, log lines, error reports, colour.
//!
//! It knows [`crate::diag`], what a backend tells of its work ([`crate::backend::Event`]), and nothing of Helm.

pub mod log;
pub mod paint;
pub mod report;
pub mod screen;
pub mod table;

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use crate::diag::{Level, Notice, Output};

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Never.
    Never,
    /// On a terminal, unless `NO_COLOR` or `TERM=dumb` says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
}

/// The two streams. Standard output is kept until [`Terminal::flush`] and written at once.
#[derive(Debug)]
pub struct Terminal {
    /// What is to go to standard output.
    pub out: Vec<u8>,
    /// What is to go there after that, of commands that print much.
    pub rest: Output,
    /// Records below this level are not shown.
    pub level: Level,
    color: Color,
    /// What would go to standard error, where it is kept.
    kept: Option<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Streams that show records from [`Level::Info`] on.
    pub fn new() -> Terminal {
        Terminal {
            out: Vec::new(),
            rest: Output::default(),
            level: Level::Info,
            color: Color::Auto,
            kept: None,
        }
    }

    /// Streams that go nowhere: [`Terminal::take`] has what was written.
    pub fn collecting() -> Terminal {
        Terminal {
            kept: Some(Mutex::default()),
            color: Color::Never,
            ..Terminal::new()
        }
    }

    /// Whether its streams go nowhere.
    pub fn is_collecting(&self) -> bool {
        self.kept.is_some()
    }

    /// What was written to standard output and standard error of streams that go nowhere.
    pub fn take(&mut self) -> (Vec<u8>, Vec<u8>) {
        let mut out = std::mem::take(&mut self.out);
        let rest = std::mem::take(&mut self.rest);
        out.extend_from_slice(&rest.concat());
        let kept = self.kept.as_mut().map(|kept| {
            let kept = kept.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(kept)
        });
        (out, kept.unwrap_or_default())
    }

    /// Decides about colour.
    pub fn set_color(&mut self, color: Color) {
        self.color = color;
    }

    /// Whether reports on standard error are coloured.
    pub fn is_colored(&self) -> bool {
        match self.color {
            Color::Never => false,
            Color::Always => true,
            Color::Auto => {
                let stream = std::io::stderr();
                stream.is_terminal()
                    && anstream::AutoStream::choice(&stream) != anstream::ColorChoice::Never
            }
        }
    }

    /// Whether standard output is painted. Helm's `always` paints; else a terminal is needed.
    pub fn paints_output(&self) -> bool {
        match self.color {
            Color::Never => false,
            Color::Always => true,
            Color::Auto => {
                let stream = std::io::stdout();
                stream.is_terminal()
                    && anstream::AutoStream::choice(&stream) != anstream::ColorChoice::Never
            }
        }
    }

    /// Adds a table to standard output: in columns on a terminal, else with a tab between cells.
    pub fn table(&mut self, table: &table::Table) {
        let stream = std::io::stdout();
        let layout = if stream.is_terminal() {
            table::Layout::Columns {
                width: terminal_size::terminal_size_of(&stream).map(|(width, _)| width.0.into()),
                is_painted: self.paints_output(),
            }
        } else {
            table::Layout::Tabs
        };
        let text = table.render(layout);
        self.print(&text);
    }

    /// Adds text to standard output.
    pub fn print(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes to standard output at once, behind what was printed.
    ///
    /// # Errors
    /// What the system says, also where the reader is gone.
    pub fn write(&mut self, text: &[u8]) -> std::io::Result<()> {
        let mut stream = std::io::stdout().lock();
        stream.write_all(&std::mem::take(&mut self.out))?;
        stream.write_all(text)?;
        stream.flush()
    }

    /// Writes to standard error at once. Nobody is told where that fails: there is no one to tell.
    pub fn complain(&self, text: &str) {
        if let Some(kept) = &self.kept {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(text.as_bytes());
            return;
        }
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    /// Writes log records as Go's `slog` does.
    pub fn log(&self, notices: &[Notice]) {
        let mut lines = String::new();
        for notice in notices {
            if notice.level >= self.level {
                log::line(notice, &mut lines);
            }
        }
        if !lines.is_empty() {
            self.complain(&lines);
        }
    }

    /// Writes what was printed. A reader that is gone has seen enough.
    ///
    /// # Errors
    /// What the system says of any other failure.
    pub fn flush(&mut self) -> std::io::Result<()> {
        let rest = std::mem::take(&mut self.rest);
        if self.out.is_empty() && rest.is_empty() {
            return Ok(());
        }
        let mut stream = std::io::stdout().lock();
        let result = stream
            .write_all(&self.out)
            .and_then(|()| rest.write_to(&mut stream))
            .and_then(|()| stream.flush());
        self.out.clear();
        match result {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

impl Default for Terminal {
    fn default() -> Terminal {
        Terminal::new()
    }
}
