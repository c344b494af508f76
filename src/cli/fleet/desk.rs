//! Where work waits for those who do it, and what came of it for whoever wants it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::action::shelf::Shelf;
use crate::helmfile::{Answer, Call};

/// A piece of work that is begun.
pub(super) struct Task {
    pub(super) at: usize,
    pub(super) calls: Vec<Call>,
    pub(super) shelf: Option<Arc<Shelf>>,
}

/// Tasks and answers, by their numbers.
#[derive(Default)]
pub(super) struct Desk {
    papers: Mutex<Papers>,
    changed: Condvar,
}

#[derive(Default)]
struct Papers {
    tasks: VecDeque<Task>,
    answers: BTreeMap<usize, Vec<Answer>>,
    is_closed: bool,
}

/// Closes a desk when it is dropped.
pub(super) struct Closing<'d>(pub(super) &'d Desk);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.papers().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl Desk {
    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'g>(&self, papers: MutexGuard<'g, Papers>) -> MutexGuard<'g, Papers> {
        let papers = self.changed.wait(papers);
        papers.unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a task; gives how many wait.
    pub(super) fn put(&self, task: Task) -> usize {
        let mut papers = self.papers();
        papers.tasks.push_back(task);
        self.changed.notify_all();
        papers.tasks.len()
    }

    pub(super) fn task(&self) -> Option<Task> {
        self.papers().tasks.pop_front()
    }

    /// The next task; nothing once the desk is closed.
    pub(super) fn wait_for_task(&self) -> Option<Task> {
        let mut papers = self.papers();
        loop {
            if papers.is_closed {
                return None;
            }
            if let Some(task) = papers.tasks.pop_front() {
                return Some(task);
            }
            papers = self.wait(papers);
        }
    }

    pub(super) fn hand_in(&self, at: usize, answers: Vec<Answer>) {
        self.papers().answers.insert(at, answers);
        self.changed.notify_all();
    }

    /// What came of a task, where it is done.
    pub(super) fn fetch(&self, at: usize) -> Option<Vec<Answer>> {
        self.papers().answers.remove(&at)
    }

    /// Waits until a task is done, or another waits.
    pub(super) fn wait_for(&self, at: usize) {
        let mut papers = self.papers();
        while !papers.answers.contains_key(&at) && papers.tasks.is_empty() {
            papers = self.wait(papers);
        }
    }
}
