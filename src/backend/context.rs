use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Count;
use crate::diag::Notice;

/// A flag that calls an operation off; all copies are one.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Calls it off.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was called off.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What Go says of a context that was cancelled.
pub(crate) const CANCELLED: &str = "context canceled";

/// Something that happens while an operation runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A line for the log.
    Notice(Notice),
    /// What a command prints, at once.
    Output(Vec<u8>),
    /// What containers of hooks wrote.
    Log(Vec<u8>),
    /// What is done now, in a few words.
    Step(String),
    /// What is waited for now, all of it each time; nothing once the wait is over.
    Waiting(Vec<Waiting>),
}

/// An object that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// `Kind/namespace/name`
    pub object: String,
    /// Its state, in a word.
    pub status: String,
    /// Why.
    pub message: String,
    /// How much of it is ready, where that is known.
    pub ready: Option<Count>,
    /// What holds it up, in a few words; empty where nothing is known.
    pub trouble: String,
    /// Whether it is where it shall be.
    pub is_done: bool,
}

/// What a long operation is given.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Set when the user has enough.
    pub cancel: &'a Cancel,
    /// How long one wait may take.
    pub timeout: Duration,
    /// Told what happens.
    pub events: &'a (dyn Fn(Event) + Sync),
}

impl Context<'_> {
    /// The same with another time for one wait.
    #[must_use]
    pub fn within(self, timeout: Duration) -> Self {
        Context { timeout, ..self }
    }

    /// Tells what is done now.
    pub fn step(&self, step: impl Into<String>) {
        (self.events)(Event::Step(step.into()));
    }

    /// Tells of a line for the log.
    pub fn notice(&self, notice: Notice) {
        (self.events)(Event::Notice(notice));
    }
}
