//! What commands that change a cluster share: a terminal that is told what happens, and flags that
//! say how.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[cfg(feature = "kube")]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::super::environment::{Environment, Errand};
use super::super::read::Files;
use super::plugin::PostRendering;
use super::source::{BEYOND, getters};
use super::target::Target;
use super::template::Schemas;
use crate::action::Surroundings;
use crate::action::conflict::Resolution;
use crate::action::crd::Policy;
use crate::action::lifecycle::{Care, Cluster, Operation};
use crate::action::pending;
use crate::backend::{Backend, Cancel, Conflicts, Context, Event, Jobs, Strategy, TIMEOUT};
use crate::diag::{Error, Kind, Notice};
use crate::go::flag::FlagSet;
use crate::go::time;
use crate::render::postrender::PostRenderer;
use crate::ui::Terminal;
use crate::ui::screen::{Screen, Show};
use crate::world::Real;

/// The exit code of what was interrupted, as shells have it.
#[cfg(feature = "kube")]
const INTERRUPTED: i32 = 130;

/// The flag of pintle's that says what becomes of the charts' definitions of kinds.
pub(in crate::cli) const CRDS: &str = "crds";

/// The flag of pintle's that keeps records small.
pub(in crate::cli) const SLIM: &str = "slim-records";

/// The flag of pintle's that makes way for an operation.
pub(in crate::cli) const UNLOCK: &str = "unlock";

/// The flag of pintle's that says what becomes of fields that others changed.
pub(in crate::cli) const CONFLICTS: &str = "conflicts";

/// A terminal that several may talk to.
pub(super) struct Session<'a> {
    terminal: Mutex<&'a mut Terminal>,
    screen: Screen,
    /// Others show what they wait for on it, too.
    is_shared: bool,
    /// The release, for those who look at several.
    release: String,
    pub(super) cancel: Cancel,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        match self.is_shared {
            true => self.screen.leave(&self.release),
            false => self.screen.close(),
        }
    }
}

impl<'a> Session<'a> {
    /// A session about a release, with progress where pintle's own name and the flags want it.
    pub(super) fn new(
        flags: &FlagSet,
        release: Option<&str>,
        errand: Option<&Errand>,
        terminal: &'a mut Terminal,
    ) -> Session<'a> {
        let show = match flags.is(BEYOND) && !flags.is("quiet") {
            true => Show::fitting(),
            false => Show::Nothing,
        };
        let shared = errand.and_then(|errand| errand.own.as_ref());
        let shared = shared.map(|own| &own.progress);
        let session = Session {
            screen: match shared {
                Some(screen) => screen.clone(),
                None => Screen::new(show, terminal.is_colored()),
            },
            is_shared: shared.is_some(),
            terminal: Mutex::new(terminal),
            release: release.unwrap_or_default().to_owned(),
            cancel: errand.map_or_else(Cancel::default, |errand| errand.cancel.clone()),
        };
        match release {
            // Whoever runs many catches signals for all of them.
            _ if errand.is_some() => {}
            Some(release) => session.catch_signals(release),
            None => session.clear_on_signals(show),
        }
        session
    }

    /// From now on, signals end the process as they did, and take what is drawn with them.
    #[cfg(feature = "kube")]
    fn clear_on_signals(&self, show: Show) {
        if show != Show::Block {
            return;
        }
        let screen = self.screen.clone();
        catch(|mut signals: Signals| async move {
            signals.next().await;
            screen.close();
            std::process::exit(INTERRUPTED);
        });
    }

    /// Nothing is drawn long enough.
    #[cfg(not(feature = "kube"))]
    fn clear_on_signals(&self, _show: Show) {}

    /// From now on, Ctrl-C and a request to end call off what is done to a release. Nothing is caught where the system does not let us.
    #[cfg(feature = "kube")]
    fn catch_signals(&self, release: &str) {
        let cancel = self.cancel.clone();
        let screen = self.screen.clone();
        let release = release.to_owned();
        catch(|mut signals: Signals| async move {
            signals.next().await;
            screen.aside(|| {
                let mut terminal = Terminal::new();
                terminal.print(&format!("Release {release} has been cancelled.\n"));
                let _ = terminal.flush();
            });
            cancel.cancel();
            // Whoever asks twice has no time for records.
            signals.next().await;
            screen.close();
            std::process::exit(INTERRUPTED);
        });
    }

    /// Nothing runs long enough to be called off.
    #[cfg(not(feature = "kube"))]
    fn catch_signals(&self, _release: &str) {}

    /// Shows an event.
    pub(super) fn tell(&self, event: Event) {
        if matches!(event, Event::Step(_) | Event::Waiting(_)) {
            return self.screen.tell(&self.release, &event);
        }
        self.with(|terminal| match event {
            Event::Notice(notice) => terminal.log(&[notice]),
            Event::Output(text) => {
                terminal.out.extend_from_slice(&text);
                // Whoever reads it may be gone, which the last flush finds out.
                let _ = terminal.flush();
            }
            Event::Log(text) => terminal.complain(&String::from_utf8_lossy(&text)),
            _ => {}
        });
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Terminal) -> T) -> T {
        self.screen
            .aside(|| act(&mut self.terminal.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// From now on, Ctrl-C and a request to end call off what is done to many releases, once; whoever asks twice
/// has no time for records.
#[cfg(feature = "kube")]
#[expect(clippy::exit, reason = "cli ends the process")]
pub(in crate::cli) fn call_off_on_signals(cancel: Cancel, screen: Option<Screen>) {
    catch(|mut signals: Signals| async move {
        signals.next().await;
        cancel.cancel();
        if let Some(screen) = &screen {
            screen.aside(|| {
                Terminal::new().complain(
                    "Called off: releases that were begun are brought to an end, no other is begun.\n",
                );
            });
        }
        signals.next().await;
        if let Some(screen) = &screen {
            screen.close();
        }
        std::process::exit(INTERRUPTED);
    });
}

/// Nothing runs long enough to be called off.
#[cfg(not(feature = "kube"))]
pub(in crate::cli) fn call_off_on_signals(_cancel: Cancel, _screen: Option<Screen>) {}

/// Ctrl-C, and requests to end.
#[cfg(feature = "kube")]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(feature = "kube")]
impl Signals {
    /// Waits for one of them.
    async fn next(&mut self) {
        let both = (self.interrupt.recv(), self.terminate.recv());
        futures_util::future::select(std::pin::pin!(both.0), std::pin::pin!(both.1)).await;
    }
}

/// Does something with signals, on a thread of its own. Without it the first signal ends the process,
/// as signals do.
#[cfg(feature = "kube")]
fn catch<F: Future<Output = ()>>(act: impl FnOnce(Signals) -> F + Send + 'static) {
    let caught = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        else {
            return;
        };
        runtime.block_on(async {
            let kinds = (SignalKind::interrupt(), SignalKind::terminate());
            let (Ok(interrupt), Ok(terminate)) = (signal(kinds.0), signal(kinds.1)) else {
                return;
            };
            act(Signals {
                interrupt,
                terminate,
            })
            .await;
        });
    };
    let _ = std::thread::Builder::new().spawn(caught);
}

/// A command that works on a release, with what its action is to be given.
pub(super) struct Run<'a> {
    pub(super) flags: &'a FlagSet,
    pub(super) environment: &'a Environment,
    /// How long a wait may take.
    pub(super) timeout: Duration,
    /// The release, where signals call off what is done to it; without one they end the process.
    pub(super) caught: Option<&'a str>,
}

impl Run<'_> {
    /// Acts on the releases of a cluster.
    pub(super) fn on_cluster<T>(
        &self,
        backend: &dyn Backend,
        terminal: &mut Terminal,
        act: impl FnOnce(&Session<'_>, &Cluster<'_>) -> T,
    ) -> T {
        let session = Session::new(
            self.flags,
            self.caught,
            self.environment.errand.as_ref(),
            terminal,
        );
        let events = |event| session.tell(event);
        let cluster = Cluster {
            backend,
            context: Context {
                cancel: &session.cancel,
                timeout: self.timeout,
                events: &events,
            },
            world: &Real::new(),
            namespace: &self.environment.namespace(self.flags),
        };
        act(&session, &cluster)
    }

    /// Acts on a chart, and on a cluster where there is a `backend`; what is said on the way is shown
    /// at the end.
    ///
    /// # Errors
    /// A post-renderer that there is not, and whatever the act says.
    pub(super) fn with_chart<T>(
        &self,
        backend: Option<&dyn Backend>,
        terminal: &mut Terminal,
        act: impl FnOnce(
            &mut Surroundings<'_>,
            Context<'_>,
            &mut Vec<u8>,
            &mut Vec<Notice>,
        ) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let post = PostRendering::of(self.flags, self.environment)?;
        let renderer = post.as_ref().map(|post| |text: &[u8]| post.run(text));
        let getters = getters(self.flags, self.environment, terminal);
        let session = Session::new(
            self.flags,
            self.caught,
            self.environment.errand.as_ref(),
            terminal,
        );
        let events = |event| session.tell(event);
        let (mut out, mut notices) = (Vec::new(), Vec::new());
        let done = act(
            &mut Surroundings {
                world: &Real::new(),
                files: &mut Files::new(getters).with(self.environment.given_files()),
                remote: &Schemas::default(),
                backend,
                post_renderer: renderer
                    .as_ref()
                    .map(|renderer| renderer as &PostRenderer<'_>),
            },
            Context {
                cancel: &session.cancel,
                timeout: self.timeout,
                events: &events,
            },
            &mut out,
            &mut notices,
        );
        session.with(|terminal| {
            terminal.log(&notices);
            terminal.out.append(&mut out);
        });
        done
    }
}

/// With `--unlock`, marks what is left pending of a release as failed, and says so; answers whether
/// there was such a thing.
///
/// # Errors
/// Whatever the cluster says.
pub(super) fn unlock(
    name: &str,
    backend: &dyn Backend,
    (flags, environment): (&FlagSet, &Environment),
    terminal: &mut Terminal,
) -> Result<bool, Error> {
    if !flags.is(UNLOCK) {
        return Ok(false);
    }
    let unlocked = pending::unlock(
        name,
        &Cluster {
            backend,
            context: Context {
                cancel: &Cancel::default(),
                timeout: TIMEOUT,
                events: &|_| {},
            },
            world: &Real::new(),
            namespace: &environment.namespace(flags),
        },
    )?;
    if let Some(line) = &unlocked {
        terminal.complain(&format!("{line}\n"));
    }
    Ok(unlocked.is_some())
}

/// How a release is brought to a cluster, by the flags that say so.
///
/// # Errors
/// A timeout that is none, and flags that exclude each other.
pub(super) fn operation(flags: &FlagSet, environment: &Environment) -> Result<Operation, Error> {
    Ok(Operation {
        resolution: resolution(flags)?,
        care: care(flags),
        wait: strategy(flags)?,
        jobs: match flags.is("wait-for-jobs") {
            true => Jobs::Complete,
            false => Jobs::Started,
        },
        timeout: timeout(flags)?,
        // Nothing runs in a folder.
        no_hooks: flags.is("no-hooks") || !Target::of(flags)?.runs(),
        description: flags.text("description").to_owned(),
        conflicts: match flags.is("force-conflicts") {
            true => Conflicts::Take,
            false => Conflicts::Fail,
        },
        force_replace: flags.is("force-replace") || flags.is("force"),
        rollback_on_failure: flags.is("rollback-on-failure") || flags.is("atomic"),
        cleanup_on_fail: flags.is("cleanup-on-fail"),
        take_ownership: flags.is("take-ownership"),
        history_max: flags.text("history-max").parse().unwrap_or_default(),
        check_record: flags.is(BEYOND),
        crds: Policy::parse(flags.text(CRDS))?,
        slim: flags.is(SLIM),
        by: match flags.is(BEYOND) {
            true => environment.myself(),
            false => String::new(),
        },
    })
}

/// How much is looked at.
pub(super) fn care(flags: &FlagSet) -> Care {
    match flags.is(BEYOND) {
        true => Care::More,
        false => Care::Helm,
    }
}

/// What becomes of fields that others changed; nothing is settled under Helm's name.
fn resolution(flags: &FlagSet) -> Result<Option<Resolution>, Error> {
    if !flags.is(BEYOND) {
        return Ok(None);
    }
    let resolution = match flags.text(CONFLICTS) {
        "" => Resolution::default(),
        word => Resolution::parse(word)?,
    };
    match (flags.is("force-conflicts"), flags.changed(CONFLICTS)) {
        (true, true) if resolution != Resolution::Take => Err(Error::new(
            Kind::Usage,
            "--force-conflicts is --conflicts=take: another value cannot be given with it",
        )),
        (true, _) => Ok(Some(Resolution::Take)),
        (false, _) => Ok(Some(resolution)),
    }
}

/// The value of `--wait`; on ECS it is waited where nobody says otherwise.
///
/// # Errors
/// A target that is none.
pub(super) fn strategy(flags: &FlagSet) -> Result<Strategy, Error> {
    Ok(match flags.text("wait") {
        "watcher" => Strategy::Watcher,
        "legacy" => Strategy::Legacy,
        _ if is_amazon(flags)? && !flags.changed("wait") => Strategy::Watcher,
        _ => Strategy::HookOnly,
    })
}

fn is_amazon(flags: &FlagSet) -> Result<bool, Error> {
    Ok(matches!(Target::of(flags)?, Target::Ecs(_)))
}

/// How long a deployment on ECS may take where nobody says: load balancers drain for minutes.
const AMAZON_TIMEOUT: Duration = Duration::from_secs(900);

/// The value of `--timeout`.
///
/// # Errors
/// A text that is no duration.
pub(super) fn timeout(flags: &FlagSet) -> Result<Duration, Error> {
    if !flags.changed("timeout") && is_amazon(flags)? {
        return Ok(AMAZON_TIMEOUT);
    }
    let duration = time::Duration::parse(flags.text("timeout"))
        .map_err(|error| Error::new(Kind::Usage, error))?;
    Ok(Duration::from_nanos(
        u64::try_from(duration.0).unwrap_or_default(),
    ))
}
