//! `helm rollback` (`pkg/action/rollback.go`, Helm 4.2.4).

use super::conflict::{self, Sides};
use super::hook;
use super::install::Mode;
use super::lifecycle::{Care, Cluster, Operation, ServerSide, join, set_status};
use super::ownership::Owner;
use super::pending::{self, Pending};
use super::prepare::check_known_name;
use super::trial::{self, Trial};
use crate::backend::{Adoption, Cascade, Changes, Conflicts, Object};
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::time::Time;
use crate::release::{Info, Release, Status, history};

/// What to roll back to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Its revision; 0 for the one before the newest.
    pub revision: i64,
    /// Who merges changes.
    pub server_side: ServerSide,
    /// Whether anything is changed.
    pub mode: Mode,
    /// What becomes of it where the release is pending.
    pub pending: Pending,
    /// How it is brought to the cluster.
    pub operation: Operation,
}

/// Brings a former revision back as a new one.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(name: &str, options: &Options, cluster: &Cluster<'_>) -> Result<Release, Error> {
    cluster.backend.reach()?;
    check_known_name(name, "prepareRollback: Release name is invalid")?;
    if options.revision < 0 {
        return Err(Error::new(Kind::Usage, "invalid release revision"));
    }
    let store = cluster.backend.store(cluster.namespace);
    let found = history::survey(&*store, name)?;
    let next = found.next_revision();
    let revisions = found.releases;
    let last = history::newest(revisions.clone(), name)?;
    if options.pending == Pending::Refuse && last.info.status.is_pending() {
        return Err(pending::refuse(&last));
    }
    let wanted = match options.revision {
        0 => last.revision - 1,
        given => given,
    };
    if !revisions.iter().any(|release| release.revision == wanted) {
        return Err(Error::new(
            Kind::NotFound,
            format!("release has no {wanted} version"),
        ));
    }
    // Asked for again: its labels are then those of the user alone.
    let former = store.get(name, wanted)?;
    let method = options.server_side.method(former.apply_method);
    let description = format!("Rollback to {wanted}");
    cluster
        .context
        .step(format!("rolling back to revision {wanted}"));
    let mut target = Release {
        name: name.to_owned(),
        namespace: last.namespace.clone(),
        revision: match options.operation.care {
            Care::Helm => last.revision + 1,
            Care::More => next,
        },
        info: Info {
            first_deployed: last.info.first_deployed.clone(),
            last_deployed: cluster.now(),
            deleted: Time::default(),
            description: options.operation.begun(&description),
            status: Status::PendingRollback,
            notes: former.info.notes,
        },
        chart: former.chart,
        config: former.config,
        manifest: former.manifest,
        hooks: former.hooks,
        labels: former.labels,
        apply_method: method,
        ecs: former.ecs,
    };
    if options.mode == Mode::DryRun {
        return Ok(target);
    }
    cluster.backend.expect(&target);
    let early = match options.operation.care {
        Care::Helm => None,
        Care::More => Some(plan(options, &last, &target, cluster)?),
    };
    if let (Mode::Trial, Some(plan)) = (options.mode, &early) {
        test(options, &target, plan, cluster)?;
        return Ok(target);
    }
    cluster.fit_record(&mut target, &options.operation)?;
    history::add(&*store, &target, options.operation.history_max)
        .map_err(|error| pending::raced(error, &target))?;
    if let Err(error) = perform(options, (last, early), &mut target, cluster) {
        let error = cluster.reason(error);
        // Helm leaves it pending where a hook fails.
        if options.pending == Pending::Refuse && target.info.status.is_pending() {
            let message = format!("Rollback {name:?} failed: {error}");
            set_status(&mut target, Status::Failed, message);
            cluster.record(&target);
        }
        return Err(error);
    }
    target.info.description = description;
    store.update(&target)?;
    Ok(target)
}

/// What there is to do.
struct Plan {
    /// Objects of the newest revision.
    before: Vec<Object>,
    /// Objects of the revision that comes back.
    wanted: Vec<Object>,
    /// What becomes of fields that others manage.
    conflicts: Conflicts,
}

fn plan(
    options: &Options,
    current: &Release,
    target: &Release,
    cluster: &Cluster<'_>,
) -> Result<Plan, Error> {
    let operation = &options.operation;
    let backend = cluster.backend;
    let method = target.apply_method;
    let before = backend.build(&current.manifest).map_err(|error| {
        error.wrap("unable to build kubernetes objects from current release manifest")
    })?;
    let mut wanted = backend
        .build_beside(&target.manifest, &[])
        .map_err(|error| {
            error.wrap("unable to build kubernetes objects from new release manifest")
        })?;
    let owner = Owner {
        name: &target.name,
        namespace: &target.namespace,
    };
    owner.mark(&mut wanted);
    operation.check(method)?;
    let sides = Sides {
        before: &before,
        adopted: &[],
        wanted: &mut wanted,
    };
    let conflicts = conflict::settle(sides, operation, method, cluster)?;
    Ok(Plan {
        before,
        wanted,
        conflicts,
    })
}

/// Asks the cluster what it would say.
fn test(
    options: &Options,
    target: &Release,
    plan: &Plan,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let operation = &options.operation;
    cluster.fit_record(&mut target.clone(), operation)?;
    let method = target.apply_method;
    let trial = Trial {
        current: &plan.before,
        wanted: &plan.wanted,
        apply: operation
            .with(plan.conflicts)
            .apply(method, Adoption::Upgrade)?,
        beside: match operation.no_hooks {
            true => Vec::new(),
            false => trial::hooks(&target.hooks, cluster)?,
        },
        makes_namespace: false,
    };
    trial::run(&trial, method, cluster)
}

/// Does it; the plan is made here where it was not made before.
fn perform(
    options: &Options,
    (mut current, plan): (Release, Option<Plan>),
    target: &mut Release,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let operation = &options.operation;
    let backend = cluster.backend;
    let method = target.apply_method;
    let Plan {
        before,
        wanted,
        conflicts,
    } = match plan {
        Some(plan) => plan,
        None => self::plan(options, &current, target, cluster)?,
    };
    if !operation.no_hooks {
        hook::Run::of("pre-rollback", operation, method).all(target, cluster)?;
    }
    cluster.check()?;
    let changes = match operation.with(conflicts).apply(method, Adoption::Upgrade) {
        Ok(apply) => backend.update(&before, &wanted, &apply, &cluster.context),
        Err(error) => Changes {
            error: Some(error),
            ..Changes::default()
        },
    };
    if let Some(error) = changes.error {
        let message = format!("Rollback {:?} failed: {error}", target.name);
        cluster.warn(Notice::new(Level::Warn, &message));
        current.info.status = Status::Superseded;
        set_status(target, Status::Failed, message);
        cluster.record(&current);
        cluster.record(target);
        if operation.cleanup_on_fail
            && !changes.created.is_empty()
            && let Err(errors) = backend.delete(&changes.created, Cascade::Background)
        {
            let message = format!(
                "an error occurred while cleaning up resources. original rollback error: unable to cleanup resources: {}",
                join(&errors, ", ")
            );
            return Err(error.with_message(message));
        }
        return Err(error);
    }
    if let Err(error) = cluster.wait(&wanted, operation) {
        let description = format!("Release {:?} failed: {error}", target.name);
        set_status(target, Status::Failed, description);
        cluster.record(&current);
        cluster.record(target);
        return Err(error.wrap(format!("release {} failed", target.name)));
    }
    if !operation.no_hooks {
        hook::Run::of("post-rollback", operation, method).all(target, cluster)?;
    }
    let store = backend.store(cluster.namespace);
    match history::deployed(&*store, &target.name) {
        Ok(running) => {
            for mut release in running {
                release.info.status = Status::Superseded;
                cluster.record(&release);
            }
        }
        Err(error) if error.kind() == Kind::NotFound => {}
        Err(error) => return Err(error),
    }
    target.info.status = Status::Deployed;
    Ok(())
}
