//! A dry run for which a cluster is really asked: what it would refuse is found, all at once, and
//! nothing is changed.

use super::lifecycle::{Cluster, creating};
use crate::backend::{Apply, Change, Missing, Object};
use crate::diag::{Error, Kind};
use crate::release::{ApplyMethod, Hook};

/// What is asked about.
pub(super) struct Trial<'a> {
    /// Objects that are there.
    pub(super) current: &'a [Object],
    /// Objects as they are wanted.
    pub(super) wanted: &'a [Object],
    /// How they would be written.
    pub(super) apply: Apply,
    /// What would be brought beside them.
    pub(super) beside: Vec<Object>,
    /// Whether a namespace that is not there would be made.
    pub(super) makes_namespace: bool,
}

/// Asks about all objects.
///
/// # Errors
/// All that would be refused, and whatever else the cluster says.
pub(super) fn run(
    trial: &Trial<'_>,
    method: ApplyMethod,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let backend = cluster.backend;
    let changes = backend.preview(trial.current, trial.wanted, &trial.apply, &cluster.context)?;
    let beside = backend.preview(&[], &trial.beside, &creating(method), &cluster.context)?;
    let mut refusals: Vec<Error> = Vec::new();
    let mut lost: Vec<&str> = Vec::new();
    for change in changes.iter().chain(&beside) {
        let namespace = &change.object.key.namespace;
        if change.missing == Some(Missing::Namespace)
            && !(trial.makes_namespace && *namespace == cluster.namespace)
            && !lost.contains(&namespace.as_str())
        {
            lost.push(namespace);
        }
    }
    for namespace in lost {
        let message = format!("namespaces {namespace:?} not found");
        let error = Error::new(Kind::NotFound, message);
        refusals.push(error.with_hint("`--create-namespace` of an install makes it."));
    }
    // What is left of hooks and definitions of another time goes before, or is passed over.
    let beside = beside.into_iter().filter(|change| change.live.is_none());
    let all = changes.into_iter().chain(beside);
    refusals.extend(all.filter_map(|change: Change| change.refusal));
    let count = trial.wanted.len() + trial.beside.len();
    join(refusals, count)
}

fn join(refusals: Vec<Error>, count: usize) -> Result<(), Error> {
    let Some(first) = refusals.first() else {
        return Ok(());
    };
    let lines: Vec<&str> = refusals.iter().map(Error::message).collect();
    let message = format!(
        "{} of {count} objects would be refused: {}",
        refusals.len(),
        lines.join("; ")
    );
    let mut error = Error::new(first.kind(), message);
    for hint in refusals.iter().flat_map(Error::hints) {
        if !error.hints().contains(hint) {
            error = error.with_hint(hint);
        }
    }
    Err(error)
}

/// The objects of hooks.
///
/// # Errors
/// Hooks that are no objects.
pub(super) fn hooks(hooks: &[Hook], cluster: &Cluster<'_>) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    for hook in hooks {
        let built = cluster.backend.build(&hook.manifest).map_err(|error| {
            let path = hook.path.to_str_lossy();
            error.wrap(format!("unable to build kubernetes object for hook {path}"))
        })?;
        objects.extend(built);
    }
    // The same object may be a hook of several events.
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    objects.dedup_by(|a, b| a.key == b.key && !a.key.name.is_empty());
    Ok(objects)
}
