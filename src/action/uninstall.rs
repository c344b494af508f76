//! `helm uninstall` (`pkg/action/uninstall.go`, Helm 4.2.4).

use super::hook;
use super::lifecycle::{Cluster, Operation, join, set_status};
use super::prepare::check_known_name;
use crate::backend::{Cascade, Object};
use crate::diag::{Error, Kind, Level, Notice};
use crate::kubernetes::kind::compare_uninstall;
use crate::release::{ApplyMethod, Release, Status, history};
use crate::render::manifest;
use crate::yaml;

/// How a release is taken away.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Waiting, hooks and description.
    pub operation: Operation,
    /// Keep the records.
    pub keep_history: bool,
    /// A release that is not there is no error.
    pub ignore_not_found: bool,
    /// Only look whether there is one.
    pub dry_run: bool,
    /// What becomes of what objects own.
    pub cascade: Cascade,
}

/// What is left to say of a release that is gone.
#[derive(Clone, Debug)]
pub struct Uninstalled {
    /// The newest revision.
    pub release: Release,
    /// Which objects were kept; lines, or nothing.
    pub kept: String,
}

/// Takes a release away; nothing where there is none and that is no error.
///
/// # Errors
/// Helm's line for whatever failed, also where the rest was done.
pub fn run(
    name: &str,
    options: &Options,
    cluster: &Cluster<'_>,
) -> Result<Option<Uninstalled>, Error> {
    cluster.backend.reach()?;
    let store = cluster.backend.store(cluster.namespace);
    if options.dry_run {
        return match history::last(&*store, name) {
            Ok(release) => Ok(Some(Uninstalled {
                release,
                kept: String::new(),
            })),
            Err(error) if options.ignore_not_found && error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
    }
    check_known_name(name, "uninstall: Release name is invalid")?;
    let debug = |message: &str| cluster.warn(Notice::new(Level::Debug, message).with("name", name));
    debug("getting release history");
    let mut revisions = match history::all(&*store, name) {
        Ok(revisions) => revisions,
        Err(_) if options.ignore_not_found => return Ok(None),
        Err(error) => {
            return Err(error.wrap(format!("uninstall: Release not loaded: {name}")));
        }
    };
    let Some(mut release) = revisions.pop() else {
        return Err(Error::new(Kind::Record, "no release provided"));
    };
    if release.info.status == Status::Uninstalled {
        if options.keep_history {
            let message = format!("the release named {name:?} is already deleted");
            return Err(Error::new(Kind::NotFound, message));
        }
        purge(&revisions, &release, cluster)
            .map_err(|error| error.wrap("uninstall: Failed to purge the release"))?;
        return Ok(Some(Uninstalled {
            release,
            kept: String::new(),
        }));
    }
    debug("uninstall: deleting release");
    release.info.deleted = cluster.now();
    set_status(
        &mut release,
        Status::Uninstalling,
        "Deletion in progress (or silently failed)".to_owned(),
    );
    let operation = &options.operation;
    if !operation.no_hooks {
        hook::Run::of("pre-delete", operation, ApplyMethod::Server).all(&mut release, cluster)?;
    }
    cluster.record(&release);
    let (objects, kept) = remove(&release, options, cluster)?;
    let mut errors = Vec::new();
    if let Err(error) = cluster.backend.wait_for_deletion(
        &objects,
        operation.strategy(),
        &cluster.context.within(operation.timeout),
    ) {
        errors.push(error);
    }
    if !operation.no_hooks
        && let Err(error) =
            hook::Run::of("post-delete", operation, ApplyMethod::Server).all(&mut release, cluster)
    {
        errors.push(error);
    }
    let description = operation.describe("Uninstallation complete");
    set_status(&mut release, Status::Uninstalled, description);
    if options.keep_history {
        cluster.record(&release);
        supersede(name, cluster)?;
    } else if let Err(error) = purge(&revisions, &release, cluster) {
        errors.push(error.wrap("uninstall: Failed to purge the release"));
    }
    if errors.is_empty() {
        return Ok(Some(Uninstalled { release, kept }));
    }
    let message = format!(
        "uninstallation completed with {} error(s): {}",
        errors.len(),
        join(&errors, "; ")
    );
    Err(Error::new(Kind::Cluster, message))
}

/// Takes the records away, oldest first.
fn purge(older: &[Release], newest: &Release, cluster: &Cluster<'_>) -> Result<(), Error> {
    let store = cluster.backend.store(cluster.namespace);
    for release in older.iter().chain([newest]) {
        store.delete(&release.name, release.revision)?;
    }
    Ok(())
}

/// Marks what claims to run as superseded.
fn supersede(name: &str, cluster: &Cluster<'_>) -> Result<(), Error> {
    let store = cluster.backend.store(cluster.namespace);
    let running = match history::deployed(&*store, name) {
        Ok(running) => running,
        Err(error) if error.kind() == Kind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for mut release in running {
        release.info.status = Status::Superseded;
        cluster.record(&release);
    }
    Ok(())
}

/// Deletes the objects, but for those that are to be kept; tells which those are.
fn remove(
    release: &Release,
    options: &Options,
    cluster: &Cluster<'_>,
) -> Result<(Vec<Object>, String), Error> {
    let failed = || {
        Error::new(
            Kind::Cluster,
            format!("failed to delete release: {}", release.name),
        )
    };
    let mut documents = Vec::new();
    for range in manifest::split(&release.manifest) {
        let text = &release.manifest[range];
        let head = yaml::head(text).map_err(|error| failed().with_hint(error.to_string()))?;
        documents.push((head, text));
    }
    documents.sort_by(|(a, _), (b, _)| compare_uninstall(&a.kind, &b.kind));
    let mut kept = String::new();
    let mut doomed = Vec::new();
    for (head, text) in documents {
        match policy(&head) {
            Policy::None => {
                doomed.extend_from_slice(b"\n---\n");
                doomed.extend_from_slice(text);
            }
            Policy::Keep => {
                let name = head.metadata.as_ref().map(|metadata| metadata.name.clone());
                kept.push_str(&format!(
                    "[{}] {}\n",
                    head.kind.to_str_lossy(),
                    name.unwrap_or_default().to_str_lossy()
                ));
            }
            Policy::Other => {}
        }
    }
    if !kept.is_empty() {
        kept.insert_str(0, "These resources were kept due to the resource policy:\n");
    }
    let objects = cluster.backend.build(&doomed).map_err(|error| {
        failed().with_hint(format!(
            "unable to build kubernetes objects for delete: {error}"
        ))
    })?;
    cluster
        .backend
        .delete(&objects, options.cascade)
        .map_err(|errors| failed().with_hint(join(&errors, "; ")))?;
    Ok((objects, kept))
}

/// What the chart wants to become of an object.
enum Policy {
    None,
    Keep,
    /// A word that nobody knows: the object stays, and nothing is said.
    Other,
}

fn policy(head: &yaml::Head) -> Policy {
    let annotations = head
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.annotations.as_ref());
    let policy = annotations.and_then(|them| them.get(b"helm.sh/resource-policy".as_slice()));
    match policy {
        None => Policy::None,
        Some(word) if word.trim_ascii().eq_ignore_ascii_case(b"keep") => Policy::Keep,
        Some(_) => Policy::Other,
    }
}
