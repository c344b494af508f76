//! `helm upgrade` (`pkg/action/upgrade.go`, Helm 4.2.4).

use std::sync::Arc;

use super::conflict::{self, Resolution, Sides};
use super::install::{Mode, Output, Printing};
use super::lifecycle::{Care, Cluster, Operation, ServerSide, join, set_status};
use super::ownership::{Claim, Owner};
use super::prepare::{self, Loaded, Surroundings, Verb, Wanted};
use super::source::Source;
use super::trial::{self, Trial};
use super::{adjust, crd, hook, pending, rollback, uninstall};
use crate::backend::{Adoption, Apply, Backend, Cascade, Change, Conflicts, Context, Fate, Object};
use crate::chart::{Chart, values};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::time::Time;
use crate::release::{ApplyMethod, Info, Release, Status, history};
use crate::render::notes::Subcharts;
use crate::value::{Frozen, FrozenMap};

/// What to upgrade, and to what.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the release.
    pub name: String,
    /// The chart, as typed.
    pub chart: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Where the chart comes from.
    pub source: Source,
    /// Fetch dependencies that are missing.
    pub dependency_update: bool,
    /// Values by files and flags.
    pub values: values::Options,
    /// What becomes of the values of the revision that runs.
    pub reuse: Reuse,
    /// Labels to add; `null` takes one away.
    pub labels: Vec<(String, String)>,
    /// Leave `values.schema.json` alone.
    pub skip_schema_validation: bool,
    /// Let templates look up host names.
    pub enable_dns: bool,
    /// Whether subcharts have a say in the notes.
    pub subchart_notes: Subcharts,
    /// Leave the manifests of secrets out.
    pub hide_secret: bool,
    /// Who merges changes.
    pub server_side: ServerSide,
    /// Whether anything is changed.
    pub mode: Mode,
    /// What becomes of an upgrade that changes nothing.
    pub unchanged: Unchanged,
    /// How it is brought to the cluster.
    pub operation: Operation,
}

/// What becomes of an upgrade that changes nothing: neither the record nor any object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unchanged {
    /// It makes a revision, as Helm does.
    #[default]
    Record,
    /// Nothing is written.
    Skip,
}

/// What an upgrade did.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It made a revision, or would have made it.
    Upgraded(Release),
    /// There was nothing to do: this revision runs on.
    Unchanged(Release),
}

/// What becomes of the values of the revision that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// They are taken where the user sets none.
    #[default]
    IfNone,
    /// They are forgotten.
    Reset,
    /// They lie below those that the user sets, and above the defaults of the old chart.
    Reuse,
    /// They lie below those that the user sets, and above the defaults of the new chart.
    ResetThenReuse,
}

/// Brings a new revision of a release to a cluster, or only makes it. Words about what is fetched are
/// added to `out`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(
    options: &Options,
    backend: &dyn Backend,
    around: &mut Surroundings<'_>,
    context: Context<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Outcome, Error> {
    let cluster = Cluster {
        backend,
        context,
        world: around.world,
        namespace: &options.namespace,
    };
    let ready = make(options, &cluster, around, out, notices)?;
    let upgraded = upgrade(options, ready, &cluster);
    upgraded.map_err(|error| error.wrap("UPGRADE FAILED"))
}

/// Makes a new revision and finds out what there is to do; nothing is changed.
///
/// # Errors
/// As [`run`].
pub(super) fn make(
    options: &Options,
    cluster: &Cluster<'_>,
    around: &mut Surroundings<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Ready, Error> {
    options.source.log_devel(notices);
    let loaded = prepare::load(&options.wanted(0), around, out, notices)?;
    let ready = ready(options, loaded, around, cluster, out, notices);
    ready.map_err(|error| error.wrap("UPGRADE FAILED"))
}

impl Options {
    fn wanted(&self, revision: i64) -> Wanted<'_> {
        Wanted {
            name: &self.name,
            chart: &self.chart,
            source: &self.source,
            dependency_update: self.dependency_update,
            namespace: &self.namespace,
            values: &self.values,
            kube_version: None,
            api_versions: &[],
            labels: &self.labels,
            revision,
            is_upgrade: true,
            verb: Verb::Upgrade,
            skip_crds: true,
            skip_schema_validation: self.skip_schema_validation,
            enable_dns: self.enable_dns,
            ends_process: false,
        }
    }
}

/// An upgrade that is made and not brought anywhere yet.
pub(super) struct Ready {
    /// The new revision.
    pub(super) release: Release,
    /// The newest revision so far.
    pub(super) last: Release,
    /// The one that runs, or is the next best thing.
    pub(super) current: Release,
    plan: Plan,
}

impl Ready {
    /// A revision that was made of others, and what there is to do for it.
    ///
    /// # Errors
    /// Manifests that are none, and objects that are somebody else's.
    pub(super) fn of(
        options: &Options,
        release: Release,
        base: Base,
        cluster: &Cluster<'_>,
    ) -> Result<Ready, Error> {
        let definitions = definitions(options, &release.chart, cluster)?;
        let plan = plan(options, &release, &base.current, definitions, cluster)?;
        Ok(Ready {
            release,
            last: base.last,
            current: base.current,
            plan,
        })
    }

    /// What would happen to the objects.
    ///
    /// # Errors
    /// Options that exclude each other, and whatever the cluster says.
    pub(super) fn foresee(
        &self,
        options: &Options,
        cluster: &Cluster<'_>,
    ) -> Result<Vec<Change>, Error> {
        let Plan {
            current,
            wanted,
            conflicts,
            ..
        } = &self.plan;
        let operation = options.operation.with(*conflicts);
        let apply = applying(&operation, &self.current, &self.release)?;
        let backend = cluster.backend;
        backend.preview(current, wanted, &apply, &cluster.context)
    }

    /// What would happen to the definitions of the chart.
    ///
    /// # Errors
    /// Whatever the cluster says.
    pub(super) fn foresee_definitions(
        &self,
        options: &Options,
        cluster: &Cluster<'_>,
    ) -> Result<Vec<Change>, Error> {
        crd::foresee(&self.plan.definitions, &options.operation, cluster)
    }

    /// Settles what becomes of fields of others.
    ///
    /// # Errors
    /// Fields that stop the upgrade, and options that exclude each other.
    pub(super) fn settle(&mut self, options: &Options, cluster: &Cluster<'_>) -> Result<(), Error> {
        let (operation, method) = (&options.operation, self.release.apply_method);
        operation.check(method)?;
        let sides = Sides {
            before: &self.plan.current,
            adopted: &self.plan.adopted,
            wanted: &mut self.plan.wanted,
        };
        self.plan.conflicts = conflict::settle(sides, operation, method, cluster)?;
        Ok(())
    }

    /// Whether neither the record nor any object would change.
    fn changes_nothing(&self, options: &Options, cluster: &Cluster<'_>) -> Result<bool, Error> {
        let Ready {
            release,
            last,
            current,
            ..
        } = self;
        let store = cluster.backend.store(&options.namespace);
        if last.info.status != Status::Deployed || !store.recorded(release).is_like(current) {
            return Ok(false);
        }
        let changes = self.foresee(options, cluster)?;
        let is_same = |change: &Change| change.fate == Fate::Nothing && change.refusal.is_none();
        Ok(changes.iter().all(is_same))
    }
}

/// As [`bring`], unless it is a trial.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(super) fn upgrade(
    options: &Options,
    mut ready: Ready,
    cluster: &Cluster<'_>,
) -> Result<Outcome, Error> {
    if options.mode == Mode::Trial {
        ready.settle(options, cluster)?;
        test(options, &ready, cluster)?;
    }
    if options.mode != Mode::Real {
        let mut release = ready.release;
        release.info.description = options.operation.describe("Dry run complete");
        return Ok(Outcome::Upgraded(release));
    }
    bring(options, ready, cluster)
}

/// Brings what was made to the cluster, unless that changes nothing and is not wanted.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(super) fn bring(
    options: &Options,
    mut ready: Ready,
    cluster: &Cluster<'_>,
) -> Result<Outcome, Error> {
    ready.settle(options, cluster)?;
    if options.mode == Mode::Forecast {
        // They were only foreseen so far.
        crd::upgrade(&ready.release.chart.crds(), &options.operation, cluster)?;
    }
    if options.unchanged == Unchanged::Skip && ready.changes_nothing(options, cluster)? {
        cluster.wait(&ready.plan.wanted, &options.operation)?;
        return Ok(Outcome::Unchanged(ready.current));
    }
    carry_out(options, ready, cluster).map(Outcome::Upgraded)
}

/// Records what was made, and brings it to the cluster.
fn carry_out(options: &Options, ready: Ready, cluster: &Cluster<'_>) -> Result<Release, Error> {
    let Ready {
        mut release,
        current,
        plan,
        ..
    } = ready;
    let store = cluster.backend.store(&options.namespace);
    cluster.fit_record(&mut release, &options.operation)?;
    history::add(&*store, &release, options.operation.history_max)
        .map_err(|error| pending::raced(error, &release))?;
    match perform(options, &mut release, current, &plan, cluster) {
        Ok(()) => {
            store.update(&release)?;
            Ok(release)
        }
        Err(failed) => {
            let failed = Failed {
                error: cluster.reason(failed.error),
                created: failed.created,
            };
            Err(fail(options, &mut release, failed, cluster))
        }
    }
}

fn ready(
    options: &Options,
    mut loaded: Loaded,
    around: &mut Surroundings<'_>,
    cluster: &Cluster<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Ready, Error> {
    let backend = cluster.backend;
    backend.reach()?;
    prepare::check_known_name(&options.name, "release name is invalid")?;
    options.mode.check_hiding(options.hide_secret)?;
    let Base {
        last,
        current,
        next,
        adjusted,
    } = base(&options.name, cluster)?;
    let values = reuse(
        options.reuse,
        &mut loaded.chart,
        loaded.layers.values(),
        &current,
        notices,
    )?;
    loaded.process_with(&values, notices)?;
    let crds = loaded.chart.crds();
    if options.operation.crds == crd::Policy::Upgrade && !crds.is_empty() {
        match options.mode {
            Mode::Real => {
                cluster.tell(out, notices);
                crd::upgrade(&crds, &options.operation, cluster)?;
            }
            Mode::Forecast => {}
            _ => notices.push(prepare::inaccurate()),
        }
    }
    let mut capabilities = prepare::capabilities(&options.wanted(0), around, notices)?;
    let definitions = definitions(options, &loaded.chart, cluster)?;
    for definition in &definitions {
        capabilities.api_versions.extend(crd::names(definition));
    }
    let revision = match options.operation.care {
        Care::Helm => last.revision + 1,
        Care::More => next,
    };
    let prepared = loaded.settle(
        options.wanted(revision),
        Some(values),
        capabilities,
        around,
        notices,
    )?;
    let output = Output::of(
        &prepared,
        Printing {
            subcharts: options.subchart_notes,
            hide_secret: options.hide_secret,
            care: options.operation.care,
        },
        around,
        notices,
    )
    .map_err(|error| prepared.explain(error))?;
    prepare::check_labels(&options.labels)?;
    let method = options.server_side.method(last.apply_method);
    let release = Release {
        name: options.name.clone(),
        namespace: current.namespace.clone(),
        revision,
        info: Info {
            first_deployed: current.info.first_deployed.clone(),
            last_deployed: cluster.now(),
            deleted: Time::default(),
            description: options.operation.begun("Preparing upgrade"),
            status: Status::PendingUpgrade,
            notes: output.notes,
        },
        chart: prepared.chart.clone(),
        config: prepared.user_values().clone(),
        manifest: output.manifest,
        hooks: output.hooks,
        labels: merge_labels(&last.labels, &options.labels),
        apply_method: method,
        ecs: Frozen::Null,
    };
    cluster.tell(out, notices);
    if options.source.beyond.is_some() && !adjusted.is_empty() {
        cluster.warn(taken_back(&adjusted));
    }
    let plan = plan(options, &release, &current, definitions, cluster)?;
    Ok(Ready {
        release,
        last,
        current,
        plan,
    })
}

/// What is said of small changes that a revision from a chart does not have.
fn taken_back(adjusted: &[(i64, String)]) -> Notice {
    let shown: Vec<String> = adjusted
        .iter()
        .map(|(revision, change)| format!("{change} (revision {revision})"))
        .collect();
    let message = format!("this upgrade takes back: {}", shown.join("; "));
    Notice::new(Level::Warn, message)
}

/// The revisions that an upgrade starts from.
pub(super) struct Base {
    /// The newest one.
    pub(super) last: Release,
    /// The one that runs, or is the next best thing.
    pub(super) current: Release,
    /// The number that nobody has yet.
    pub(super) next: i64,
    /// Small changes that are in it, and no chart knows of.
    adjusted: Vec<(i64, String)>,
}

/// Finds them.
///
/// # Errors
/// A release that there is not, that was uninstalled, or that somebody is at work on.
pub(super) fn base(name: &str, cluster: &Cluster<'_>) -> Result<Base, Error> {
    let store = cluster.backend.store(cluster.namespace);
    let found = match history::survey(&*store, name) {
        Err(error) if error.kind() == Kind::NotFound => {
            let namespace = cluster.namespace;
            return Err(history::none_deployed(name).with_hint(format!(
                "There is no release {name:?} in namespace {namespace:?}: `--install` installs it, `pintle list -A` shows all that there are."
            )));
        }
        other => other?,
    };
    let next = found.next_revision();
    let revisions = found.releases;
    let running = revisions
        .iter()
        .rfind(|release| release.info.status == Status::Deployed)
        .cloned();
    let last = history::newest(revisions.clone(), name)?;
    if last.info.status.is_pending() {
        return Err(pending::refuse(&last));
    }
    let current = match (last.info.status, running) {
        (Status::Deployed, _) => last.clone(),
        (_, Some(running)) => running,
        (Status::Failed | Status::Superseded, None) => last.clone(),
        (Status::Uninstalling, None) => {
            return Err(history::none_deployed(name).with_hint(uninstall::unfinished(&last)));
        }
        _ => return Err(history::none_deployed(name)),
    };
    let adjusted = adjust::in_effect(&current, &revisions);
    Ok(Base {
        last,
        current,
        next,
        adjusted,
    })
}

/// The values of the new revision; with [`Reuse::Reuse`] also the chart's defaults change.
fn reuse(
    how: Reuse,
    chart: &mut Chart,
    given: &FrozenMap,
    current: &Release,
    notices: &mut Vec<Notice>,
) -> Result<FrozenMap, Error> {
    let debug = |message: &str| Notice::new(Level::Debug, message);
    match how {
        Reuse::Reset => {
            notices.push(debug("resetting values to the chart's original version"));
            Ok(given.clone())
        }
        Reuse::Reuse => {
            notices.push(debug("reusing the old release's values"));
            let old = values::coalesce(&current.chart, &current.config, notices)
                .map_err(|error| error.wrap("failed to rebuild old values"))?;
            let merged = values::coalesce_tables(given, &current.config, notices)?;
            chart.values = Arc::new(old);
            Ok(merged)
        }
        Reuse::ResetThenReuse => {
            notices.push(debug("merging values from old release to new values"));
            values::coalesce_tables(given, &current.config, notices)
        }
        Reuse::IfNone if given.is_empty() && !current.config.is_empty() => {
            notices.push(
                debug("copying values from old release")
                    .with("name", &current.name)
                    .with("version", current.revision),
            );
            Ok(current.config.clone())
        }
        Reuse::IfNone => Ok(given.clone()),
    }
}

/// The labels that a revision gets; `null` takes one away.
fn merge_labels(before: &[(String, String)], given: &[(String, String)]) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = before.to_vec();
    for (name, value) in given {
        match labels.iter_mut().find(|(known, _)| known == name) {
            Some(label) => label.1.clone_from(value),
            None => labels.push((name.clone(), value.clone())),
        }
    }
    labels.retain(|(_, value)| value != "null");
    labels
}

/// What there is to do.
struct Plan {
    /// Objects of the revision that runs, and those that are taken over.
    current: Vec<Object>,
    /// Objects of the new revision.
    wanted: Vec<Object>,
    /// Those that are taken over.
    adopted: Vec<Object>,
    /// What becomes of fields that others manage.
    conflicts: Conflicts,
    /// Definitions that go before, where that is only foreseen.
    definitions: Vec<Object>,
}

fn plan(
    options: &Options,
    release: &Release,
    current: &Release,
    definitions: Vec<Object>,
    cluster: &Cluster<'_>,
) -> Result<Plan, Error> {
    let backend = cluster.backend;
    let operation = &options.operation;
    backend.expect(release);
    let mut wanted = backend.build_beside(&release.manifest, &definitions)?;
    let mut current = backend.build(&current.manifest).map_err(|error| {
        error.wrap("unable to build kubernetes objects from current release manifest")
    })?;
    let owner = Owner {
        name: &release.name,
        namespace: &release.namespace,
    };
    owner.mark(&mut wanted);
    let is_new = |object: &&Object| !current.iter().any(|it| it.key == object.key);
    let new: Vec<Object> = wanted.iter().filter(is_new).cloned().collect();
    let existing = owner
        .existing(backend, &new, Claim::of(operation))
        .map_err(|error| error.wrap("unable to continue with update"))?;
    let adopted = existing.clone();
    current.extend(existing);
    Ok(Plan {
        current,
        adopted,
        wanted,
        conflicts: operation.conflicts,
        definitions,
    })
}

/// Asks the cluster what it would say.
fn test(options: &Options, ready: &Ready, cluster: &Cluster<'_>) -> Result<(), Error> {
    let operation = &options.operation;
    let Ready {
        release,
        current,
        plan,
        ..
    } = ready;
    cluster.fit_record(&mut release.clone(), operation)?;
    let trial = Trial {
        current: &plan.current,
        wanted: &plan.wanted,
        apply: applying(&operation.with(plan.conflicts), current, release)?,
        beside: match operation.no_hooks {
            true => Vec::new(),
            false => trial::hooks(&release.hooks, cluster)?,
        },
        makes_namespace: false,
    };
    trial::run(&trial, release.apply_method, cluster)
}

/// The definitions that are brought before, where that is only foreseen.
fn definitions(
    options: &Options,
    chart: &Chart,
    cluster: &Cluster<'_>,
) -> Result<Vec<Object>, Error> {
    match (options.mode, options.operation.crds) {
        (Mode::Forecast, crd::Policy::Upgrade) => crd::definitions(&chart.crds(), cluster),
        _ => Ok(Vec::new()),
    }
}

/// How the objects of the revision that runs become those of the new one.
fn applying(operation: &Operation, current: &Release, release: &Release) -> Result<Apply, Error> {
    let adopt = match (current.apply_method, release.apply_method) {
        (ApplyMethod::Client | ApplyMethod::Unknown, ApplyMethod::Server) => Adoption::Upgrade,
        _ => Adoption::Leave,
    };
    operation.apply(release.apply_method, adopt)
}

/// Why an upgrade failed, and what it had created by then.
struct Failed {
    error: Error,
    created: Vec<Object>,
}

fn perform(
    options: &Options,
    release: &mut Release,
    mut current: Release,
    plan: &Plan,
    cluster: &Cluster<'_>,
) -> Result<(), Box<Failed>> {
    let operation = &options.operation;
    let method = release.apply_method;
    let early = |error: Error| {
        Box::new(Failed {
            error,
            created: Vec::new(),
        })
    };
    if !operation.no_hooks {
        hook::Run::of("pre-upgrade", operation, method)
            .all(release, cluster)
            .map_err(|error| early(error.wrap("pre-upgrade hooks failed")))?;
    }
    cluster.check().map_err(early)?;
    let changes = match applying(&operation.with(plan.conflicts), &current, release) {
        Ok(apply) => cluster
            .backend
            .update(&plan.current, &plan.wanted, &apply, &cluster.context),
        Err(error) => crate::backend::Changes {
            error: Some(error),
            ..Default::default()
        },
    };
    let created = changes.created;
    let done = match changes.error {
        Some(error) => Err(error),
        None => cluster.wait(&plan.wanted, operation),
    };
    if let Err(error) = done {
        cluster.record(&current);
        return Err(Box::new(Failed { error, created }));
    }
    if !operation.no_hooks
        && let Err(error) = hook::Run::of("post-upgrade", operation, method).all(release, cluster)
    {
        let error = error.wrap("post-upgrade hooks failed");
        return Err(Box::new(Failed { error, created }));
    }
    current.info.status = Status::Superseded;
    cluster.record(&current);
    let description = operation.describe("Upgrade complete");
    set_status(release, Status::Deployed, description);
    Ok(())
}

fn fail(options: &Options, release: &mut Release, failed: Failed, cluster: &Cluster<'_>) -> Error {
    let Failed { error, created } = failed;
    let name = release.name.clone();
    cluster.warn(
        Notice::new(Level::Warn, "upgrade failed")
            .with("name", &name)
            .with("error", &error),
    );
    let description = format!("Upgrade {name:?} failed: {error}");
    set_status(release, Status::Failed, description);
    cluster.record(release);
    let operation = &options.operation;
    if operation.cleanup_on_fail
        && !created.is_empty()
        && let Err(errors) = cluster.backend.delete(&created, Cascade::Background)
    {
        let message = format!(
            "an error occurred while cleaning up resources. original upgrade error: {error}: unable to cleanup resources: {}",
            join(&errors, ", ")
        );
        return error.with_message(message);
    }
    if operation.rollback_on_failure {
        return undo(options, &name, error, cluster);
    }
    error
}

/// Rolls back to the newest revision that ran once.
fn undo(options: &Options, name: &str, error: Error, cluster: &Cluster<'_>) -> Error {
    let store = cluster.backend.store(cluster.namespace);
    let revisions = match history::all(&*store, name) {
        Ok(revisions) => revisions,
        Err(second) => {
            let message = format!(
                "an error occurred while finding last successful release. original upgrade error: {error}: {second}"
            );
            return error.with_message(message);
        }
    };
    let ran =
        |release: &&Release| matches!(release.info.status, Status::Superseded | Status::Deployed);
    let Some(target) = revisions.iter().rfind(ran) else {
        return error.wrap(
            "unable to find a previously successful release when attempting to rollback. original upgrade error",
        );
    };
    let is_server = options.server_side.method(target.apply_method) == ApplyMethod::Server;
    let options = rollback::Options {
        revision: target.revision,
        server_side: options.server_side,
        mode: Mode::Real,
        pending: pending::Pending::Ignore,
        operation: Operation {
            wait: options.operation.strategy(),
            cleanup_on_fail: false,
            rollback_on_failure: false,
            history_max: 0,
            // What stopped us is no reason to stop halfway back: theirs was there before.
            resolution: options.operation.resolution.map(|wanted| match wanted {
                Resolution::Drift | Resolution::Fail if is_server => Resolution::Keep,
                other => other,
            }),
            ..options.operation.clone()
        },
    };
    match rollback::run(name, &options, cluster) {
        Ok(_) => error.wrap(format!(
            "release {name} failed, and has been rolled back due to rollback-on-failure being set"
        )),
        Err(second) => {
            let message = format!(
                "an error occurred while rolling back the release. original upgrade error: {error}: {second}"
            );
            error.with_message(message)
        }
    }
}
