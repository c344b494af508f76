//! Whoever runs states: logs and output go to the terminal, Helm's command lines are answered by the
//! strict front end, in this process.

use std::cell::RefCell;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use super::super::environment::{Environment, Errand};
use super::super::strict;
use super::settings;
use crate::action::shelf::Shelf;
use crate::diag::Level;
use crate::go::flag::FlagSet;
use crate::go::os;
use crate::helmfile::secret::Registry;
use crate::helmfile::{Answer, Call, Host, Log};
use crate::ui::Terminal;

/// The stack of a thread that renders.
const STACK: usize = 16 << 20;

/// The terminal, and what is logged on it.
pub(super) struct Screen<'a> {
    terminal: RefCell<&'a mut Terminal>,
    level: Level,
    /// What is not to be seen; as Helmfile, all is.
    hidden: Option<Registry>,
}

impl<'a> Screen<'a> {
    pub(super) fn new(
        flags: &FlagSet,
        environment: &Environment,
        terminal: &'a mut Terminal,
    ) -> Screen<'a> {
        Screen {
            terminal: RefCell::new(terminal),
            level: settings::level(flags, environment),
            hidden: None,
        }
    }

    /// Masks secrets in logs.
    pub(super) fn hide(&mut self, secrets: &Registry) {
        self.hidden = Some(secrets.clone());
    }
}

impl Log for Screen<'_> {
    fn log(&self, level: Level, text: &str) {
        if level >= self.level {
            self.complain(&format!("{text}\n"));
        }
    }
}

impl Host for Screen<'_> {
    fn print(&self, bytes: &[u8]) {
        let mut terminal = self.terminal.borrow_mut();
        terminal.out.extend_from_slice(bytes);
        // What is rendered is shown at once; a reader that is gone is noticed at the end.
        let _ = terminal.flush();
    }

    fn complain(&self, text: &str) {
        let terminal = self.terminal.borrow();
        match &self.hidden {
            Some(secrets) => terminal.complain(&secrets.mask(text)),
            None => terminal.complain(text),
        }
    }

    fn helm(&self, call: &Call) -> Answer {
        answered(call, None)
    }

    fn helm_all(&self, calls: &[Call], limit: usize) -> Vec<Answer> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let wanted = match limit {
            0 => cores,
            limit => cores.min(limit),
        };
        let answers: Vec<OnceLock<Answer>> = calls.iter().map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let shelf = Arc::new(Shelf::default());
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((call, answer)) = calls.get(at).zip(answers.get(at)) else {
                    return;
                };
                answer.get_or_init(|| answered(call, Some(Arc::clone(&shelf))));
            }
        };
        thread::scope(|scope| {
            for _ in 1..wanted.min(calls.len()) {
                let builder = thread::Builder::new().stack_size(STACK);
                // Without another thread it takes longer, that is all.
                drop(builder.spawn_scoped(scope, work));
            }
            work();
        });
        let answers = answers.into_iter().map(OnceLock::into_inner);
        answers.map(Option::unwrap_or_default).collect()
    }

    fn folder(&self) -> String {
        std::env::current_dir()
            .map(|folder| folder.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    fn enter(&self, folder: &str) -> Result<(), String> {
        std::env::set_current_dir(folder).map_err(|error| os::path_error("chdir", folder, &error))
    }
}

/// What the strict front end says to a command line.
fn answered(call: &Call, shelf: Option<Arc<Shelf>>) -> Answer {
    let errand = Errand {
        files: call.files.iter().cloned().collect(),
        takes_programs: call.is_third,
        shelf,
    };
    let environment = Environment::of_errand(call.binary.clone(), errand);
    let mut terminal = Terminal::collecting();
    let code = strict::run(&call.arguments, &environment, &mut terminal);
    let (stdout, stderr) = terminal.take();
    Answer {
        code,
        stdout,
        stderr,
    }
}
