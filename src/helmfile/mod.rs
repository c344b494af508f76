//! Helmfile's states: layered environments and many releases, up to the cluster (Helmfile 1.7.4).
//!
//! A state file is split into parts (`load`), each rendered (`template`), decoded strictly (`state`)
//! and merged; environments give values (`layer`). Its releases are templates themselves
//! (`release`), are chosen (`select`) and ordered by what they need (`dag`), and are handed to Helm
//! with their values (`values`, `helm`): commands (`command`) print, write or render them.
//!
//! Helm is never started: whoever runs a command is a [`Host`], which answers Helm's command lines in
//! the process.

mod chartify;
mod command;
mod dag;
mod data;
pub mod difference;
mod download;
mod file;
mod helm;
mod hook;
mod layer;
mod load;
mod locate;
mod lock;
mod prepare;
mod preview;
mod process;
mod release;
pub mod remote;
pub mod secret;
mod select;
mod state;
mod target;
mod template;
mod upgrade;
mod values;
mod visit;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use command::{
    Build, Charts, Create, Destroy, Diff, Fetch, Lint, List, Listing, Needs, PrintEnv, Sync,
    Template, Test, UnitTest, WriteValues, create,
};
pub use data::{Data, Entries};
pub use helm::{Answer, Call};
pub use layer::{Environment, set, set_strings};
pub use locate::Spot;
pub use state::Record;
pub use target::Target;
pub use template::{Outside, Programs};
pub use upgrade::Upgrading;

use self::layer::Ledger;
use self::remote::Remote;
use self::template::Renderer;
use crate::diag::Level;

/// The version of Helmfile whose behaviour this is.
pub const VERSION: &str = "1.7.4";

/// Takes lines for users, by their level.
pub trait Log {
    /// A line, or several.
    fn log(&self, level: Level, text: &str);
}

/// Whoever runs a command: output goes there, and Helm's command lines are answered there.
pub trait Host: Log {
    /// Writes to standard output.
    fn print(&self, bytes: &[u8]);

    /// Writes to standard error, whatever the level of the log.
    fn complain(&self, text: &str);

    /// Runs a command line of Helm's.
    fn helm(&self, call: &Call) -> Answer;

    /// Does work that does not wait for other work, up to `limit` pieces at a time, 0 for as many as
    /// is good. What came of the pieces is told in their order, and soon: only a few are begun ahead.
    fn helm_in_order(&self, limit: usize, work: &mut dyn Work) {
        self.helm_each(limit, work);
    }

    /// As [`Host::helm_in_order`], for work that waits for servers: whatever is done first is told first.
    fn helm_each(&self, limit: usize, work: &mut dyn Work) {
        let _ = limit;
        let mut at = 0;
        while let Some(calls) = work.next() {
            let answers = in_turn(&calls, |call| self.helm(call));
            work.done(at, answers);
            at += 1;
        }
    }

    /// The version of the cluster that a kubeconfig and a context name; nothing where it cannot be
    /// asked.
    fn kube_version(&self, kubeconfig: &str, context: &str) -> Option<String> {
        let _ = (kubeconfig, context);
        None
    }

    /// Whether there is such a target, without asking it anything.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check(&self, target: &Target) -> Result<(), String> {
        let _ = target;
        Ok(())
    }

    /// Whether the user wants no more to be begun.
    fn is_called_off(&self) -> bool {
        false
    }

    /// Asks the user, who says yes or no.
    fn ask(&self, question: &str) -> bool;

    /// The folder that relative paths start from.
    fn folder(&self) -> String;

    /// Makes another folder the one that relative paths start from.
    ///
    /// # Errors
    /// Why that cannot be done, in Go's words.
    fn enter(&self, folder: &str) -> Result<(), String>;
}

/// Pieces of work, each some command lines of Helm's, one after the other.
pub trait Work {
    /// The next piece; nothing where none is left.
    fn next(&mut self) -> Option<Vec<Call>>;

    /// Whether charts stay as they are while it is done.
    fn keeps_charts(&self) -> bool;

    /// Takes what came of the piece that was the `at`-th, counted from 0. Where a command line failed,
    /// those after it were not run.
    fn done(&mut self, at: usize, answers: Vec<Answer>);
}

/// Runs command lines up to the first that fails.
pub fn in_turn(calls: &[Call], helm: impl Fn(&Call) -> Answer) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::with_capacity(calls.len());
    for call in calls {
        if answers.last().is_some_and(|last| last.code != 0) {
            break;
        }
        answers.push(helm(call));
    }
    answers
}

/// What a command is run for, as flags and variables say. `Default` is Helmfile's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A state file, a folder of them, an address, or `-`; empty looks for one.
    pub file: String,
    /// The environment.
    pub environment: String,
    /// `--state-values-file`
    pub values_files: Vec<String>,
    /// `--state-values-set` and `--state-values-set-string`
    pub overrides: Entries,
    /// Labels that releases have to have; several are alternatives.
    pub selectors: Vec<String>,
    /// Namespace of all releases.
    pub namespace: String,
    /// Chart of all releases.
    pub chart: String,
    /// Context of all releases.
    pub kube_context: String,
    /// Where all releases go, whatever states say; empty where they say it.
    pub target: String,
    /// The kubeconfig that Helm is told.
    pub kubeconfig: String,
    /// What Helm is called.
    pub helm_binary: String,
    /// What kustomize is called.
    pub kustomize_binary: String,
    /// No dependencies are built, no repositories are added.
    pub skip_deps: bool,
    /// No repositories are added.
    pub skip_refresh: bool,
    /// Words that are added to Helm's.
    pub args: String,
    /// Words and behaviour are pintle's, not Helmfile's: what fails stops what needs it and nothing else,
    /// and says what it says without the command line that it was.
    pub own: bool,
    /// Several files one after the other, the first that fails ends it.
    pub sequential: bool,
    /// Sub-helmfiles take no selectors of whoever names them.
    pub explicit_selectors: bool,
    /// State files are rendered whatever they are called.
    pub render_yaml: bool,
    /// Plain files that look like templates are rendered, too.
    pub render_templates: bool,
    /// What is set on Helm's command line is shown in errors.
    pub shows_values: bool,
    /// Registries are talked to without TLS.
    pub plain_http: bool,
    /// Hooks are an error.
    pub no_hooks: bool,
    /// Where temporary files go.
    pub temporary: String,
    /// Where values files go: `HELMFILE_TEMPDIR`.
    pub values_folder: String,
    /// Folders in which programs are looked for.
    pub path: String,
    /// The program that this is, where Helm itself is not installed.
    pub program: String,
    /// How many releases are rendered at once, 0 for as many as is good.
    pub concurrency: usize,
    /// It is noted where values were set.
    pub origins: bool,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The words.
    pub message: String,
    /// The exit code.
    pub code: u8,
    /// What the user can do.
    pub hint: Option<String>,
    /// The command line is wrong.
    pub is_usage: bool,
    /// Where its cause stands; pintle asks for it, Helmfile does not say.
    pub spot: Option<Spot>,
}

impl Failure {
    fn of(message: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            code: 1,
            hint: None,
            is_usage: false,
            spot: None,
        }
    }

    /// Nothing that was asked for is in any state file.
    pub fn is_no_match(&self) -> bool {
        self.code == 3 && !self.is_usage
    }

    fn wrap(mut self, context: &str) -> Failure {
        self.message = format!("{context}: {}", self.message);
        self
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::of(message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// What is in an encrypted file, or why it cannot be decrypted.
type Decrypted = Result<Arc<[u8]>, String>;

/// One run over state files.
pub struct Fleet<'a> {
    options: &'a Options,
    host: &'a dyn Host,
    remote: &'a dyn Remote,
    renderer: Renderer,
    /// Repositories that were added.
    repositories: RefCell<BTreeSet<String>>,
    /// Encrypted files that were read.
    decrypted: RefCell<BTreeMap<String, Decrypted>>,
    /// Numbers of temporary folders.
    temporary: Cell<u32>,
    /// Folders of charts that were made.
    made: RefCell<Vec<String>>,
    /// Where values were set, if anybody asks.
    ledger: Option<Ledger>,
    /// Charts that were fetched, by chart and version.
    fetched: RefCell<BTreeMap<(String, String), String>>,
    /// State files that do not declare the environment.
    undefined: RefCell<Vec<String>>,
    /// What is logged later, while it is held back.
    held: RefCell<Option<Vec<(Level, String)>>>,
}

impl<'a> Fleet<'a> {
    /// A run for `options`.
    pub fn new(
        options: &'a Options,
        host: &'a dyn Host,
        remote: &'a dyn Remote,
        outside: Outside,
    ) -> Fleet<'a> {
        Fleet {
            options,
            host,
            remote,
            renderer: Renderer::new(outside),
            repositories: RefCell::default(),
            decrypted: RefCell::default(),
            temporary: Cell::new(std::process::id()),
            made: RefCell::default(),
            ledger: options.origins.then(Ledger::default),
            fetched: RefCell::default(),
            undefined: RefCell::default(),
            held: RefCell::default(),
        }
    }

    /// The whole path of a state's file; Helmfile doubles those that are whole already.
    fn source_of(&self, state: &load::State) -> String {
        match self.options.own && state.file.starts_with('/') {
            true => state.file.clone(),
            false => state.full_path(&self.host.folder()),
        }
    }

    fn variable(&self, name: &str) -> String {
        let world = &self.renderer.outside().world;
        world.variable(name).unwrap_or_default()
    }

    fn log(&self, level: Level, text: &str) {
        match &mut *self.held.borrow_mut() {
            Some(held) => held.push((level, text.to_owned())),
            None => self.host.log(level, text),
        }
    }

    /// What `act` makes of it, and what it would have logged.
    fn quietly<T>(&self, act: impl FnOnce() -> T) -> (T, Vec<(Level, String)>) {
        *self.held.borrow_mut() = Some(Vec::new());
        let made = act();
        (made, self.held.take().unwrap_or_default())
    }

    fn info(&self, text: &str) {
        self.log(Level::Info, text);
    }

    fn warn(&self, text: &str) {
        self.log(Level::Warn, text);
    }

    fn debug(&self, text: &str) {
        self.log(Level::Debug, text);
    }

    /// What is in an encrypted file; each is read once.
    fn decrypt(&self, path: &str) -> Decrypted {
        let path = file::absolute(path);
        if let Some(known) = self.decrypted.borrow().get(&path) {
            return known.clone();
        }
        self.info(&format!("Decrypting secret {path}"));
        let secrets = &self.renderer.outside().secrets;
        let found = secrets.decrypt(&path).map(Arc::<[u8]>::from);
        let mut all = self.decrypted.borrow_mut();
        all.insert(path, found.clone());
        found
    }
}
