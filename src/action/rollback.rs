//! `helm rollback` (`pkg/action/rollback.go`, Helm 4.2.4).

use super::hook;
use super::install::Mode;
use super::lifecycle::{Cluster, Operation, ServerSide, join, set_status};
use super::ownership::Owner;
use super::pending::{self, Pending};
use super::prepare::check_known_name;
use crate::backend::{Adoption, Cascade, Changes};
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
    let revisions = history::all(&*store, name)?;
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
        revision: last.revision + 1,
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
    };
    if options.mode == Mode::DryRun {
        return Ok(target);
    }
    cluster.fit_record(&mut target, &options.operation)?;
    history::add(&*store, &target, options.operation.history_max)
        .map_err(|error| pending::raced(error, &target))?;
    if let Err(error) = perform(options, last, &mut target, cluster) {
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

fn perform(
    options: &Options,
    mut current: Release,
    target: &mut Release,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let operation = &options.operation;
    let backend = cluster.backend;
    let method = target.apply_method;
    let before = backend.build(&current.manifest).map_err(|error| {
        error.wrap("unable to build kubernetes objects from current release manifest")
    })?;
    let mut wanted = backend.build(&target.manifest).map_err(|error| {
        error.wrap("unable to build kubernetes objects from new release manifest")
    })?;
    if !operation.no_hooks {
        hook::Run::of("pre-rollback", operation, method).all(target, cluster)?;
    }
    cluster.check()?;
    let owner = Owner {
        name: &target.name,
        namespace: &target.namespace,
    };
    owner.mark(&mut wanted);
    let changes = match operation.apply(method, Adoption::Upgrade) {
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
