//! Whoever runs states: logs and output go to the terminal, Helm's command lines are answered by the
//! strict front end, in this process.

use std::cell::RefCell;

use super::super::environment::{Environment, Own};
use super::super::run::amazon;
use super::super::run::session::call_off_on_signals;
use super::crew::Crew;
use super::settings;
use crate::diag::Level;
use crate::go::flag::FlagSet;
use crate::go::os;
use crate::helmfile::secret::Registry;
use crate::helmfile::{Answer, Call, Host, Log, Target, Work};
use crate::ui::Terminal;
use crate::ui::screen::{Screen as Progress, Show};

/// The terminal, and what is logged on it.
pub(super) struct Screen<'a> {
    terminal: RefCell<&'a mut Terminal>,
    level: Level,
    /// What is not to be seen; as Helmfile, all is.
    hidden: Option<Registry>,
    crew: Crew,
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        if let Some(own) = &self.crew.own {
            own.progress.close();
        }
    }
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
            crew: Crew::default(),
        }
    }

    /// Lets Helm's command lines do what pintle does, and bring releases to where flags say.
    pub(super) fn own(&mut self, flags: &FlagSet, secrets: &Registry) {
        let show = match flags.is("quiet") {
            true => Show::Nothing,
            false => Show::fitting(),
        };
        let is_painted = self.terminal.borrow().is_colored();
        self.crew.own = Some(Own {
            target: flags.text("target").to_owned(),
            ecs: None,
            amazon: amazon::FLAGS
                .iter()
                .filter(|flag| flags.changed(flag.name))
                .map(|flag| (flag.name, flags.text(flag.name).to_owned()))
                .collect(),
            progress: Progress::new(show, is_painted),
            secrets: secrets.clone(),
        });
    }

    /// From now on, Ctrl-C and a request to end call off what is done to releases: those that were begun
    /// end as they would alone, no other begins.
    pub(super) fn catch_signals(&self) {
        let progress = self.crew.own.as_ref().map(|own| own.progress.clone());
        call_off_on_signals(self.crew.cancel.clone(), progress);
    }

    /// Writes while what is waited for is out of the way.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.crew.own {
            Some(own) => own.progress.aside(write),
            None => write(),
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
        self.aside(|| {
            let _ = terminal.flush();
        });
    }

    fn complain(&self, text: &str) {
        let terminal = self.terminal.borrow();
        self.aside(|| match &self.hidden {
            Some(secrets) => terminal.complain(&secrets.mask(text)),
            None => terminal.complain(text),
        });
    }

    fn helm(&self, call: &Call) -> Answer {
        self.crew.ways.renew();
        self.crew.answer(call, self.crew.shelf())
    }

    fn helm_in_order(&self, limit: usize, work: &mut dyn Work) {
        self.crew.work_in_order(limit, work);
    }

    fn helm_each(&self, limit: usize, work: &mut dyn Work) {
        self.crew.work(limit, work);
    }

    fn kube_version(&self, kubeconfig: &str, context: &str) -> Option<String> {
        self.crew.kube_version(kubeconfig, context)
    }

    fn check(&self, target: &Target) -> Result<(), String> {
        super::target::check(target)
    }

    fn is_called_off(&self) -> bool {
        self.crew.cancel.is_cancelled()
    }

    fn ask(&self, question: &str) -> bool {
        loop {
            self.print(format!("{question} [y/n]: ").as_bytes());
            let mut line = String::new();
            match std::io::stdin().read_line(&mut line) {
                // Nobody is there to say yes.
                Err(_) | Ok(0) => return false,
                Ok(_) => {}
            }
            match line.trim().to_lowercase().as_str() {
                "y" | "yes" => return true,
                "n" | "no" => return false,
                _ => {}
            }
        }
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
