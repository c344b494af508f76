//! Those who answer Helm's command lines, several beside each other: they share the ways to clusters,
//! and under pintle one screen.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{self, Builder};

use super::super::environment::{Environment, Errand, Own};
use super::super::run::cluster::{self, Ways};
use super::super::strict;
use super::desk::{Closing, Desk, Task};
use super::{difference, target};
use crate::action::shelf::{Library, Shelf};
use crate::backend::Cancel;
use crate::helmfile::{Answer, Call, Work, in_turn};
use crate::ui::Terminal;

/// The stack of a thread that renders.
const STACK: usize = 16 << 20;

/// How many pieces of work are done at once for each core, where nothing is said: they wait for
/// servers most of the time.
const FOR_EACH_CORE: usize = 8;

/// How many pieces of work are begun for each thread before the first of them is told: what is made of
/// them is in memory meanwhile.
const AHEAD: usize = 4;

/// After how many pieces of work charts are compared with their files.
const COMPARED: usize = 64;

/// What command lines are answered with.
#[derive(Clone, Default)]
pub(super) struct Crew {
    pub(super) ways: Arc<Ways>,
    /// The charts of all releases.
    pub(super) library: Arc<Library>,
    /// What pintle adds; nothing as Helmfile.
    pub(super) own: Option<Own>,
    /// Calls off what is done to all releases.
    pub(super) cancel: Cancel,
}

impl Crew {
    /// What the strict front end says to a command line.
    pub(super) fn answer(&self, call: &Call, shelf: Arc<Shelf>) -> Answer {
        let plainly = |call: &Call| self.answer(call, Arc::clone(&shelf));
        if let Some(answer) = target::template(call, plainly) {
            return answer;
        }
        let own = self.own.as_ref().map(|own| match &call.target {
            Some(target) => Own {
                target: target.name.clone(),
                ecs: target::of_call(call),
                ..own.clone()
            },
            None => own.clone(),
        });
        let surround = |more: BTreeMap<String, Arc<[u8]>>| {
            let errand = Errand {
                files: call.files.iter().cloned().chain(more).collect(),
                takes_programs: call.is_third,
                shelf: Some(Arc::clone(&shelf)),
                ways: Arc::clone(&self.ways),
                cancel: self.cancel.clone(),
                own: own.clone(),
            };
            Environment::of_errand(call.binary.clone(), errand)
        };
        let mut terminal = Terminal::collecting();
        let code = match call.is_diff {
            true => difference::answer(call, &surround, &mut terminal),
            false => strict::run(&call.arguments, &surround(BTreeMap::new()), &mut terminal),
        };
        let (mut stdout, stderr) = terminal.take();
        // Rendered manifests are for programs, differences for eyes.
        if let (true, Some(own)) = (call.is_diff, &self.own)
            && let Cow::Owned(masked) = own.secrets.mask_bytes(&stdout)
        {
            stdout = masked;
        }
        Answer {
            code,
            stdout,
            stderr,
        }
    }

    /// The version of a cluster.
    pub(super) fn kube_version(&self, kubeconfig: &str, context: &str) -> Option<String> {
        let errand = Errand {
            ways: Arc::clone(&self.ways),
            ..Errand::default()
        };
        let environment = Environment::of_errand("helm".to_owned(), errand);
        let mut flags = strict::global_flags(&environment);
        for (name, value) in [("kubeconfig", kubeconfig), ("kube-context", context)] {
            if !value.is_empty() {
                flags
                    .set(name, value, &mut |_, value| Ok(value.to_owned()))
                    .ok()?;
            }
        }
        let backend = cluster::connect(&flags, &environment).ok()?;
        let version = backend.capabilities().ok()?.kube_version.version;
        Some(version.trim_start_matches('v').to_owned())
    }

    /// A shelf for a while in which nobody changes charts.
    pub(super) fn shelf(&self) -> Arc<Shelf> {
        Arc::new(Shelf::new(&self.library))
    }

    /// What is said to command lines one after the other; nothing where that ends in a panic. Without
    /// a shelf for all of them each looks at charts anew.
    fn answers(&self, calls: &[Call], shelf: Option<&Arc<Shelf>>) -> Vec<Answer> {
        let shelf = || shelf.map_or_else(|| self.shelf(), Arc::clone);
        let answers = || in_turn(calls, |call| self.answer(call, shelf()));
        catch_unwind(AssertUnwindSafe(answers)).unwrap_or_default()
    }

    /// Does work on as many threads as there are cores, this one among them; what came of it is told
    /// here, in order. Charts are compared with their files now and then: values may run programs.
    pub(super) fn work_in_order(&self, limit: usize, work: &mut dyn Work) {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let limit = match limit {
            0 => cores,
            limit => cores.min(limit),
        };
        let ahead = match limit {
            1 => 1,
            limit => limit.saturating_mul(AHEAD),
        };
        let desk = Desk::default();
        thread::scope(|scope| {
            // Whatever happens here, the others end.
            let closing = Closing(&desk);
            let desk = closing.0;
            let serve = move || {
                while let Some(task) = desk.wait_for_task() {
                    let answers = self.answers(&task.calls, task.shelf.as_ref());
                    desk.hand_in(task.at, answers);
                }
            };
            let (mut begun, mut told, mut others, mut is_over) = (0, 0, 1, false);
            let mut shelf = None;
            loop {
                while let Some(answers) = desk.fetch(told) {
                    work.done(told, answers);
                    told += 1;
                }
                if !is_over && begun - told < ahead {
                    let Some(calls) = work.next() else {
                        is_over = true;
                        continue;
                    };
                    if begun % COMPARED == 0 {
                        shelf = work.keeps_charts().then(|| self.shelf());
                    }
                    let waiting = desk.put(Task {
                        at: begun,
                        calls,
                        shelf: shelf.clone(),
                    });
                    begun += 1;
                    if waiting > 1 && others < limit {
                        others += 1;
                        let builder = Builder::new().stack_size(STACK);
                        // Without another thread it takes longer, that is all.
                        drop(builder.spawn_scoped(scope, serve));
                    }
                    continue;
                }
                if told == begun {
                    break;
                }
                match desk.task() {
                    Some(task) => {
                        let answers = self.answers(&task.calls, task.shelf.as_ref());
                        desk.hand_in(task.at, answers);
                    }
                    None => desk.wait_for(told),
                }
            }
        });
    }

    /// Does work on threads; what comes before and after each piece is done here.
    pub(super) fn work(&self, limit: usize, work: &mut dyn Work) {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let limit = match limit {
            0 => cores.saturating_mul(FOR_EACH_CORE),
            limit => limit,
        };
        let shelf = work.keeps_charts().then(|| self.shelf());
        self.ways.renew();
        thread::scope(|scope| {
            let (sender, receiver) = channel();
            let (mut begun, mut running, mut is_over) = (0, 0, false);
            loop {
                is_over |= self.cancel.is_cancelled();
                while running < limit && !is_over {
                    let Some(calls) = work.next() else {
                        is_over = true;
                        break;
                    };
                    let at = begun;
                    begun += 1;
                    if limit == 1 {
                        // Whoever wants one after the other may want each to see what those before did.
                        self.ways.renew();
                    }
                    let sender = sender.clone();
                    let shelf = shelf.clone();
                    let task = move || {
                        let answers = self.answers(&calls, shelf.as_ref());
                        // Whoever waits for it is there as long as this runs.
                        let _ = sender.send((at, answers));
                    };
                    match Builder::new().stack_size(STACK).spawn_scoped(scope, task) {
                        Ok(_) => running += 1,
                        Err(_) => work.done(at, Vec::new()),
                    }
                }
                if running == 0 {
                    break;
                }
                let Ok((at, answers)) = receiver.recv() else {
                    break;
                };
                running -= 1;
                work.done(at, answers);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces that print their numbers.
    #[derive(Default)]
    struct Numbers {
        count: usize,
        begun: usize,
        told: Vec<String>,
        /// How many were begun and not told of, at most.
        ahead: usize,
    }

    impl Work for Numbers {
        fn next(&mut self) -> Option<Vec<Call>> {
            if self.begun == self.count {
                return None;
            }
            let words = ["version", "--template", &self.begun.to_string()].map(str::to_owned);
            self.begun += 1;
            self.ahead = self.ahead.max(self.begun - self.told.len());
            Some(vec![Call {
                binary: "helm".to_owned(),
                arguments: words.to_vec(),
                ..Call::default()
            }])
        }

        fn keeps_charts(&self) -> bool {
            true
        }

        fn done(&mut self, at: usize, answers: Vec<Answer>) {
            assert_eq!(at, self.told.len());
            let stdout = answers.into_iter().map(|answer| answer.stdout);
            self.told
                .extend(stdout.map(|text| String::from_utf8_lossy(&text).into_owned()));
        }
    }

    #[test]
    fn work_is_told_of_in_order_and_little_of_it_is_begun_ahead() {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let crew = Crew::default();
        for (limit, count) in [(0, 300), (1, 50), (2, 300), (100, 300), (0, 1), (0, 0)] {
            let mut work = Numbers {
                count,
                ..Numbers::default()
            };
            crew.work_in_order(limit, &mut work);
            let want: Vec<String> = (0..count).map(|at| at.to_string()).collect();
            assert_eq!(work.told, want, "{limit}");
            let most = if limit == 1 { 1 } else { cores * AHEAD };
            assert!(work.ahead <= most, "{limit}: {} ahead", work.ahead);
        }
    }
}
