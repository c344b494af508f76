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
use super::difference;
use crate::action::shelf::Shelf;
use crate::backend::Cancel;
use crate::helmfile::{Answer, Call, Work, in_turn};
use crate::ui::Terminal;

/// The stack of a thread that renders.
const STACK: usize = 16 << 20;

/// How many pieces of work are done at once for each core, where nothing is said: they wait for
/// servers most of the time.
const FOR_EACH_CORE: usize = 8;

/// What command lines are answered with.
#[derive(Clone, Default)]
pub(super) struct Crew {
    pub(super) ways: Arc<Ways>,
    /// What pintle adds; nothing as Helmfile.
    pub(super) own: Option<Own>,
    /// Calls off what is done to all releases.
    pub(super) cancel: Cancel,
}

impl Crew {
    /// What the strict front end says to a command line.
    pub(super) fn answer(&self, call: &Call, shelf: Option<Arc<Shelf>>) -> Answer {
        let surround = |more: BTreeMap<String, Arc<[u8]>>| {
            let errand = Errand {
                files: call.files.iter().cloned().chain(more).collect(),
                takes_programs: call.is_third,
                shelf: shelf.clone(),
                ways: Arc::clone(&self.ways),
                cancel: self.cancel.clone(),
                own: self.own.clone(),
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

    /// Does work on threads; what comes before and after each piece is done here.
    pub(super) fn work(&self, limit: usize, work: &mut dyn Work) {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let limit = match limit {
            0 => cores.saturating_mul(FOR_EACH_CORE),
            limit => limit,
        };
        let shelf = work.keeps_charts().then(Arc::<Shelf>::default);
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
                    let sender = sender.clone();
                    let shelf = shelf.clone();
                    let task = move || {
                        let answers = || in_turn(&calls, |call| self.answer(call, shelf.clone()));
                        let answers = catch_unwind(AssertUnwindSafe(answers));
                        // Whoever waits for it is there as long as this runs.
                        let _ = sender.send((at, answers.unwrap_or_default()));
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
