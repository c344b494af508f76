//! Where releases are brought to. What to do, and in which order, is decided by `action`; a backend
//! finds out what is there, carries out one step, waits, and keeps the records.
//!
//! The trait is synchronous. What takes long is given a [`Context`], ends early when that is
//! cancelled, and tells what happens as [`Event`]s.

mod change;
pub mod contest;
mod context;
pub mod diff;
pub mod dir;
mod document;
pub mod ecs;
#[cfg(feature = "kube")]
pub mod kube;
pub mod memory;
mod object;

pub use change::{Change, Fate, Missing};
pub(crate) use context::CANCELLED;
pub use context::{Cancel, Context, Event, Waiting};
pub use object::{Key, Object};
pub(crate) use object::{from_frozen, to_frozen};

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::chart::Capabilities;
use crate::diag::{Error, Notice};
pub use crate::kubernetes::health::{self, Budget, Count, Health};
use crate::release::{Release, Store};
use crate::value::Frozen;

/// What becomes of a field that somebody else manages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflicts {
    /// The change is refused.
    #[default]
    Fail,
    /// Ours wins.
    Take,
}

/// How an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The other side merges (server-side apply).
    Server(Conflicts),
    /// We merge what was, what is and what shall be.
    Client,
    /// We replace what is.
    Replace,
}

/// Options of writing objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apply {
    /// How existing objects change.
    pub method: Method,
    /// Whether objects of kinds without merge rules are merged three ways, too, where we merge.
    pub merge_custom: Merge,
    /// Whether fields that we managed by merging become the other side's to merge.
    pub adopt_fields: Adoption,
}

/// How objects without merge rules are merged by us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Merge {
    /// What was and what shall be.
    #[default]
    TwoWay,
    /// What was, what is and what shall be.
    ThreeWay,
}

/// Whether field managers of the past are taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adoption {
    /// They stay.
    #[default]
    Leave,
    /// They are taken over.
    Upgrade,
}

impl Default for Apply {
    fn default() -> Apply {
        Apply {
            method: Method::Server(Conflicts::Fail),
            merge_custom: Merge::TwoWay,
            adopt_fields: Adoption::Leave,
        }
    }
}

/// What happens to what an object that goes owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cascade {
    /// It goes afterwards.
    #[default]
    Background,
    /// It goes before.
    Foreground,
    /// It stays.
    Orphan,
}

/// How to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// For hooks only.
    #[default]
    HookOnly,
    /// By watching, as kstatus judges.
    Watcher,
    /// By asking again and again, as Helm 3 judged.
    Legacy,
}

/// Whether Jobs have to be complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jobs {
    /// It is enough that they are there.
    #[default]
    Started,
    /// They have to be complete.
    Complete,
}

/// In which form objects are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As they are.
    #[default]
    Object,
    /// As `meta.k8s.io/v1` tables of one or more rows, for people.
    Table,
}

/// How far an update came.
#[derive(Debug, Default)]
pub struct Changes {
    /// What was not there before, also where it could not be created.
    pub created: Vec<Object>,
    /// Why not all was done.
    pub error: Option<Error>,
}

/// Somewhere to bring releases to.
pub trait Backend: Send + Sync {
    /// A revision of a release is worked on from now on: its manifest is built, its hooks run. A backend
    /// that looks at all objects of a release together, or names the release, hears of it by this.
    fn expect(&self, release: &Release) {
        let _ = release;
    }

    /// Where the release that is worked on can be reached, as far as its objects say it.
    ///
    /// # Errors
    /// Whatever the other side says.
    fn addresses(&self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// Whether it can be reached at all.
    ///
    /// # Errors
    /// Why not, in Helm's words: `kubernetes cluster unreachable: ...`.
    fn reach(&self) -> Result<(), Error>;

    /// What it can do.
    ///
    /// # Errors
    /// Whatever it says.
    fn capabilities(&self) -> Result<Capabilities, Error>;

    /// An object, or a list of them where `name` is empty, for templates; `None` where there is none.
    ///
    /// # Errors
    /// The words of whoever was asked.
    fn look_up(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<Option<Frozen>, String>;

    /// Reads manifests, and finds out where each object lives.
    ///
    /// # Errors
    /// Texts that are not objects, and kinds that are not known there.
    fn build(&self, manifest: &[u8]) -> Result<Vec<Object>, Error> {
        self.build_beside(manifest, &[])
    }

    /// As [`Backend::build`], where `definitions` will be brought there before: their kinds count as
    /// known.
    ///
    /// # Errors
    /// Texts that are not objects, and kinds that are not known at all.
    fn build_beside(&self, manifest: &[u8], definitions: &[Object]) -> Result<Vec<Object>, Error>;

    /// Waits until the kinds that `definitions` define are served.
    ///
    /// # Errors
    /// A kind that is not in time.
    fn wait_for_kinds(&self, definitions: &[Object], context: &Context<'_>) -> Result<(), Error>;

    /// An object as it is; `None` where it is not there.
    ///
    /// # Errors
    /// Whatever the other side says.
    fn get(&self, object: &Object) -> Result<Option<Value>, Error>;

    /// Several objects as they are, in their order, each as [`Backend::get`] gives it.
    fn get_all(&self, objects: &[Object]) -> Vec<Result<Option<Value>, Error>> {
        objects.iter().map(|object| self.get(object)).collect()
    }

    /// Brings objects that are not thought to be there, those of one kind at a time.
    ///
    /// # Errors
    /// All that went wrong.
    fn create(&self, objects: &[Object], apply: &Apply) -> Result<(), Error>;

    /// Makes `wanted` of `current`: creates, changes, and deletes what is no longer wanted.
    fn update(
        &self,
        current: &[Object],
        wanted: &[Object],
        apply: &Apply,
        context: &Context<'_>,
    ) -> Changes;

    /// What [`Backend::update`] would do, in its order; nothing is changed. What the other side would
    /// refuse is told with the object.
    ///
    /// # Errors
    /// Objects that cannot be read, and what was called off.
    fn preview(
        &self,
        current: &[Object],
        wanted: &[Object],
        apply: &Apply,
        context: &Context<'_>,
    ) -> Result<Vec<Change>, Error>;

    /// Those of `wanted` that are there with fields which somebody else has made different: what a
    /// server that merges would refuse to change. Nothing is changed.
    ///
    /// # Errors
    /// Whatever the other side says, and what was called off.
    fn contests(
        &self,
        wanted: &[Object],
        context: &Context<'_>,
    ) -> Result<Vec<contest::Contested>, Error>;

    /// Takes objects away; those that are not there are no errors.
    ///
    /// # Errors
    /// All that went wrong.
    fn delete(&self, objects: &[Object], cascade: Cascade) -> Result<(), Vec<Error>>;

    /// Waits until objects are ready, `context.timeout` at most.
    ///
    /// # Errors
    /// What is not ready.
    fn wait(
        &self,
        objects: &[Object],
        strategy: Strategy,
        jobs: Jobs,
        context: &Context<'_>,
    ) -> Result<(), Error>;

    /// Waits until objects are gone, `context.timeout` at most.
    ///
    /// # Errors
    /// What is still there.
    fn wait_for_deletion(
        &self,
        objects: &[Object],
        strategy: Strategy,
        context: &Context<'_>,
    ) -> Result<(), Error>;

    /// Waits until a hook has run: Jobs and Pods until they ended well, others until they are there.
    ///
    /// # Errors
    /// A hook that failed, or did not end in time.
    fn wait_for_hook(
        &self,
        objects: &[Object],
        strategy: Strategy,
        context: &Context<'_>,
    ) -> Result<(), Error>;

    /// What the containers of a Pod, or of a Job's Pods, wrote; each piece with its container's name.
    ///
    /// # Errors
    /// Whatever the other side says.
    fn logs(&self, object: &Object) -> Result<Vec<Log>, Error>;

    /// Tells what the containers of workloads wrote, in the order of its time; with
    /// [`LogOptions::follow`] also what they write from now on, until the user has enough or all ended
    /// that is to end. Gives a line for each container that could not be read.
    ///
    /// # Errors
    /// Objects that cannot be read; nothing to read at all.
    fn read_logs(
        &self,
        objects: &[Object],
        options: &LogOptions,
        cancel: &Cancel,
        tell: &(dyn Fn(LogLine) + Sync),
    ) -> Result<Vec<String>, Error>;

    /// How objects are doing, with what belongs to them, what is wrong, and the last lines of containers
    /// that failed.
    ///
    /// # Errors
    /// Whatever the other side says.
    fn examine(&self, objects: &[Object]) -> Result<Vec<Health>, Error>;

    /// The objects as they are, and the Pods that belong to them, under `version/Kind` and
    /// `v1/Pod(related)`; those that are gone are left out.
    ///
    /// # Errors
    /// Whatever the other side says.
    fn resources(
        &self,
        objects: &[Object],
        form: Form,
    ) -> Result<BTreeMap<String, Vec<Value>>, Error>;

    /// The names of all namespaces.
    ///
    /// # Errors
    /// Whatever the other side says.
    fn namespaces(&self) -> Result<Vec<String>, Error>;

    /// The records of a namespace, or of all where it is empty.
    fn store(&self, namespace: &str) -> Box<dyn Store + '_>;
}

/// What a container wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Name of its Pod.
    pub pod: String,
    /// Its name.
    pub container: String,
    /// What it wrote.
    pub text: Vec<u8>,
}

/// Which logs are wanted; `Default` is all that containers wrote in the lives that they are in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Whether to go on with what is written from now on.
    pub follow: bool,
    /// How many lines of each container.
    pub tail: Option<u64>,
    /// How old lines may be.
    pub since: Option<Duration>,
    /// What containers wrote before they were started again.
    pub previous: bool,
    /// Only containers of this name, where it is not empty.
    pub container: String,
    /// Only Pods with these labels, where it is not empty.
    pub selector: String,
    /// Whether lines come with their times.
    pub timestamps: bool,
}

/// A line that a container wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Name of its Pod.
    pub pod: String,
    /// Its name.
    pub container: String,
    /// When, where that is wanted and known.
    pub time: String,
    /// The line, without its end.
    pub text: Vec<u8>,
}

/// How long is waited where nothing is said: Helm's `--timeout`.
pub const TIMEOUT: Duration = Duration::from_secs(300);
