//! What installs, upgrades, rollbacks and uninstalls of a release share.

use std::time::Duration;

use super::conflict::Resolution;
use crate::backend::{
    Adoption, Apply, Backend, CANCELLED, Conflicts, Context, Event, Jobs, Method, Object, Strategy,
    TIMEOUT,
};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::time::{Time, Zone};
use crate::release::{ApplyMethod, Release, Status};
use crate::world::World;

use super::crd::Policy;

/// How a release is brought to a cluster; `Default` is what Helm does without flags.
#[derive(Clone, Debug)]
pub struct Operation {
    /// How to wait for objects.
    pub wait: Strategy,
    /// Whether Jobs have to be complete.
    pub jobs: Jobs,
    /// How long each wait may take.
    pub timeout: Duration,
    /// Leave hooks out.
    pub no_hooks: bool,
    /// Kept in the record instead of Helm's own words.
    pub description: String,
    /// What becomes of fields that others manage, where nothing is settled before.
    pub conflicts: Conflicts,
    /// How such fields are settled before anything changes; Helm tries, and fails half way.
    pub resolution: Option<Resolution>,
    /// How much is looked at.
    pub care: Care,
    /// Replace objects instead of changing them.
    pub force_replace: bool,
    /// Undo everything where something fails.
    pub rollback_on_failure: bool,
    /// Take away what was created where something fails.
    pub cleanup_on_fail: bool,
    /// Take objects over, whoever made them.
    pub take_ownership: bool,
    /// How many revisions are kept; 0 for all.
    pub history_max: usize,
    /// Refuse a record that storage cannot hold before anything changes; Helm finds out as it writes it.
    pub check_record: bool,
    /// What becomes of the charts' definitions of kinds.
    pub crds: Policy,
    /// Leave out of records what no later operation needs.
    pub slim: bool,
    /// Who begins, for those who find a revision pending; Helm tells nobody.
    pub by: String,
}

/// How much is looked at before and after a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Care {
    /// As much as Helm looks at.
    #[default]
    Helm,
    /// What goes wrong with Helm, too: objects that are there twice, hooks that ran already, records
    /// of what is not quite gone.
    More,
}

impl Default for Operation {
    fn default() -> Operation {
        Operation {
            wait: Strategy::HookOnly,
            jobs: Jobs::Started,
            timeout: TIMEOUT,
            no_hooks: false,
            description: String::new(),
            conflicts: Conflicts::Fail,
            resolution: None,
            care: Care::default(),
            force_replace: false,
            rollback_on_failure: false,
            cleanup_on_fail: false,
            take_ownership: false,
            history_max: 10,
            check_record: false,
            crds: Policy::Install,
            slim: false,
            by: String::new(),
        }
    }
}

impl Operation {
    /// The description to keep, `usual` where the user gave none.
    pub(super) fn describe(&self, usual: &str) -> String {
        match self.description.as_str() {
            "" => usual.to_owned(),
            given => given.to_owned(),
        }
    }

    /// The description of a revision that is begun.
    pub(super) fn begun(&self, usual: &str) -> String {
        match self.by.as_str() {
            "" => usual.to_owned(),
            by => format!("{usual}, by {by}"),
        }
    }

    /// What objects are watched with: undoing needs to know whether they are ready.
    pub(super) fn strategy(&self) -> Strategy {
        match self.wait {
            Strategy::HookOnly if self.rollback_on_failure => Strategy::Watcher,
            other => other,
        }
    }

    /// With other words on fields that others manage.
    pub(super) fn with(&self, conflicts: Conflicts) -> Operation {
        Operation {
            conflicts,
            ..self.clone()
        }
    }

    /// Refuses, before anything changes, what [`Operation::apply`] would refuse once all began.
    ///
    /// # Errors
    /// Helm's line, and what to do instead.
    pub(super) fn check(&self, method: ApplyMethod) -> Result<(), Error> {
        if self.care == Care::Helm {
            return Ok(());
        }
        self.apply(method, Adoption::Leave).map(|_| ()).map_err(|error| {
            error.with_hint(
                "Nothing was changed. The server merges changes of this release: `--conflicts=take` wins over all who changed fields, and `--server-side=false` together with `--force-replace` replaces objects.",
            )
        })
    }

    /// How objects change under `method`.
    ///
    /// # Errors
    /// Helm's line for options that exclude each other.
    pub(super) fn apply(&self, method: ApplyMethod, adopt: Adoption) -> Result<Apply, Error> {
        let is_server = method == ApplyMethod::Server;
        let is_forced = self.conflicts == Conflicts::Take;
        let refuse = |message: &str| Err(Error::new(Kind::Usage, message));
        if is_forced && !is_server {
            return refuse(
                "invalid client update option(s): forceConflicts enabled when serverSideApply disabled",
            );
        }
        if is_forced && self.force_replace {
            return refuse(
                "invalid operation: cannot use force conflicts and force replace together",
            );
        }
        if is_server && self.force_replace {
            return refuse(
                "invalid operation: cannot use server-side apply and force replace together",
            );
        }
        Ok(Apply {
            method: match (is_server, self.force_replace) {
                (true, _) => Method::Server(self.conflicts),
                (false, true) => Method::Replace,
                (false, false) => Method::Client,
            },
            adopt_fields: adopt,
            ..Apply::default()
        })
    }
}

/// How objects are created under `method`: nothing is theirs yet to be taken.
pub(super) fn creating(method: ApplyMethod) -> Apply {
    Apply {
        method: match method {
            ApplyMethod::Server => Method::Server(Conflicts::Fail),
            ApplyMethod::Client | ApplyMethod::Unknown => Method::Client,
        },
        ..Apply::default()
    }
}

/// Who is to merge, as asked for on an upgrade or rollback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerSide {
    /// Whoever did for the release so far.
    #[default]
    Auto,
    /// The server.
    Yes,
    /// We.
    No,
}

impl ServerSide {
    /// Reads the value of `--server-side`.
    ///
    /// # Errors
    /// Helm's line for words that are none of them.
    pub fn parse(word: &str) -> Result<ServerSide, Error> {
        match word {
            "auto" => Ok(ServerSide::Auto),
            "true" => Ok(ServerSide::Yes),
            "false" => Ok(ServerSide::No),
            other => Err(Error::new(
                Kind::Usage,
                format!("invalid/unknown release server-side apply method: {other}"),
            )),
        }
    }

    pub(super) fn method(self, before: ApplyMethod) -> ApplyMethod {
        match (self, before) {
            (ServerSide::Yes, _) | (ServerSide::Auto, ApplyMethod::Server) => ApplyMethod::Server,
            _ => ApplyMethod::Client,
        }
    }
}

/// A backend with all that an operation on it needs.
#[derive(Clone, Copy)]
pub struct Cluster<'a> {
    /// Where the release lives.
    pub backend: &'a dyn Backend,
    /// Told what happens; calls it off.
    pub context: Context<'a>,
    /// The clock.
    pub world: &'a dyn World,
    /// Namespace of the release.
    pub namespace: &'a str,
}

impl Cluster<'_> {
    /// The time, in the local zone.
    pub(super) fn now(&self) -> Time {
        now(self.world)
    }

    /// Makes the record of a new revision as small as the operation wants it, and finds out whether it
    /// can be kept, where the operation wants to know.
    ///
    /// # Errors
    /// A record that is too large, with a way to make it smaller where there is one.
    pub(super) fn fit_record(
        &self,
        release: &mut Release,
        operation: &Operation,
    ) -> Result<(), Error> {
        if operation.slim {
            release.slim();
        }
        if !operation.check_record {
            return Ok(());
        }
        let store = self.backend.store(self.namespace);
        store.check(release).map_err(|error| {
            let mut slim = release.clone();
            slim.slim();
            match !operation.slim && store.check(&slim).is_ok() {
                true => error.with_hint("`--slim-records` leaves the chart's templates and files out of the record, which fits then."),
                false => error,
            }
        })
    }

    /// Keeps the record of a revision that is known already.
    pub(super) fn update(&self, release: &Release) -> Result<(), Error> {
        self.backend.store(self.namespace).update(release)
    }

    /// As [`Cluster::update`], where nothing can be done about it any more.
    pub(super) fn record(&self, release: &Release) {
        if let Err(error) = self.update(release) {
            self.warn(
                Notice::new(Level::Warn, "failed to update release")
                    .with("name", &release.name)
                    .with("revision", release.revision)
                    .with("error", error),
            );
        }
    }

    pub(super) fn warn(&self, notice: Notice) {
        self.context.notice(notice);
    }

    /// Tells what there is to tell so far, before what takes long begins.
    pub(super) fn tell(&self, out: &mut Vec<u8>, notices: &mut Vec<Notice>) {
        for notice in notices.drain(..) {
            self.context.notice(notice);
        }
        if !out.is_empty() {
            (self.context.events)(Event::Output(std::mem::take(out)));
        }
    }

    /// Ends an operation that the user called off.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.context.cancel.is_cancelled() {
            return Err(cancelled());
        }
        Ok(())
    }

    /// What is said of a failure: whatever it was, an operation that was called off was called off.
    pub(super) fn reason(&self, error: Error) -> Error {
        match self.context.cancel.is_cancelled() {
            true => cancelled(),
            false => error,
        }
    }

    /// Waits for objects as the operation wants it.
    pub(super) fn wait(&self, objects: &[Object], operation: &Operation) -> Result<(), Error> {
        self.check()?;
        if operation.strategy() != Strategy::HookOnly {
            self.context.step("waiting until all is ready");
        }
        self.backend.wait(
            objects,
            operation.strategy(),
            operation.jobs,
            &self.context.within(operation.timeout),
        )
    }
}

fn cancelled() -> Error {
    Error::new(Kind::Cancelled, CANCELLED)
}

/// The time, in the local zone.
pub(super) fn now(world: &dyn World) -> Time {
    Time::from_system(world.now(), Zone::local(&world.time_zone()))
}

/// Writes status and description into a release.
pub(super) fn set_status(release: &mut Release, status: Status, description: String) {
    release.info.status = status;
    release.info.description = description;
}

/// Several errors in one line.
pub(super) fn join(errors: &[Error], separator: &str) -> String {
    let lines: Vec<&str> = errors.iter().map(Error::message).collect();
    lines.join(separator)
}
