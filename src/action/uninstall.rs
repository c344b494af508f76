//! `helm uninstall` (`pkg/action/uninstall.go`, Helm 4.2.4).

use super::hook;
use super::lifecycle::{Care, Cluster, Operation, join, set_status};
use super::pending::{self, Pending};
use super::prepare::check_known_name;
use crate::backend::{Cascade, Object};
use crate::diag::{Error, Kind, Level, Notice};
use crate::kubernetes::kind::compare_uninstall;
use crate::release::{ApplyMethod, Damaged, Found, Release, Status, history};
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
    /// What becomes of it where the release is pending.
    pub pending: Pending,
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
    let Found {
        releases: mut revisions,
        damaged,
    } = match history::survey(&*store, name) {
        Ok(found) => found,
        Err(_) if options.ignore_not_found => return Ok(None),
        Err(error) => {
            return Err(error.wrap(format!("uninstall: Release not loaded: {name}")));
        }
    };
    let Some(mut release) = revisions.pop() else {
        let error = Error::new(Kind::Record, "no release provided");
        return Err(error.with_hint(
            "All of its records are damaged, so what belongs to it is not known any more.",
        ));
    };
    let damaged = match options.operation.care {
        Care::Helm => Vec::new(),
        Care::More => damaged,
    };
    let records = Records {
        older: &revisions,
        damaged: &damaged,
    };
    if release.info.status == Status::Uninstalled {
        if options.keep_history {
            let message = format!("the release named {name:?} is already deleted");
            return Err(Error::new(Kind::NotFound, message));
        }
        records
            .purge(&release, cluster)
            .map_err(|error| error.wrap("uninstall: Failed to purge the release"))?;
        return Ok(Some(Uninstalled {
            release,
            kept: String::new(),
        }));
    }
    if options.pending == Pending::Refuse && release.info.status.is_pending() {
        return Err(pending::refuse(&release));
    }
    debug("uninstall: deleting release");
    cluster.backend.expect(&release);
    let operation = &options.operation;
    let goes_on = operation.care == Care::More && release.info.status == Status::Uninstalling;
    if !goes_on {
        release.info.deleted = cluster.now();
    }
    let hooks = |event| {
        let run = hook::Run::of(event, operation, ApplyMethod::Server);
        match goes_on {
            true => run.unless_since(&release.info.deleted),
            false => run,
        }
    };
    let (before, after) = (hooks("pre-delete"), hooks("post-delete"));
    set_status(
        &mut release,
        Status::Uninstalling,
        "Deletion in progress (or silently failed)".to_owned(),
    );
    if !operation.no_hooks
        && let Err(error) = before.all(&mut release, cluster)
    {
        return Err(stop(error, &mut release, operation, cluster));
    }
    cluster.record(&release);
    let (objects, kept) = match remove(&release, options, cluster) {
        Ok(removed) => removed,
        Err(error) => return Err(stop(error, &mut release, operation, cluster)),
    };
    let mut errors = Vec::new();
    if let Err(error) = cluster.backend.wait_for_deletion(
        &objects,
        operation.strategy(),
        &cluster.context.within(operation.timeout),
    ) {
        errors.push(error);
    }
    if !operation.no_hooks
        && let Err(error) = after.all(&mut release, cluster)
    {
        errors.push(error);
    }
    if !errors.is_empty() && operation.care == Care::More {
        return Err(stop(incomplete(&errors), &mut release, operation, cluster));
    }
    let description = operation.describe("Uninstallation complete");
    set_status(&mut release, Status::Uninstalled, description);
    if options.keep_history {
        cluster.record(&release);
        supersede(name, cluster)?;
    } else if let Err(error) = records.purge(&release, cluster) {
        errors.push(error.wrap("uninstall: Failed to purge the release"));
    }
    if errors.is_empty() {
        return Ok(Some(Uninstalled { release, kept }));
    }
    Err(incomplete(&errors))
}

fn incomplete(errors: &[Error]) -> Error {
    let message = format!(
        "uninstallation completed with {} error(s): {}",
        errors.len(),
        join(errors, "; ")
    );
    Error::new(Kind::Cluster, message)
}

/// Keeps the record of a release that is not quite gone, so that another run can go on. Helm has
/// forgotten it by then, or says nothing in it.
fn stop(
    error: Error,
    release: &mut Release,
    operation: &Operation,
    cluster: &Cluster<'_>,
) -> Error {
    if operation.care == Care::Helm {
        return error;
    }
    let description = format!("Uninstallation failed: {error}");
    set_status(release, Status::Uninstalling, description);
    cluster.record(release);
    error.with_hint(format!(
        "The record is kept, as {}: `pintle uninstall {}` goes on where this stopped.",
        release.info.status.as_str(),
        release.name
    ))
}

/// What is to be known of a release that is not quite gone.
pub(super) fn unfinished(release: &Release) -> String {
    format!(
        "{}: `pintle uninstall {}` goes on with that.",
        pending::describe(release),
        release.name
    )
}

/// What is kept of a release besides its newest revision.
struct Records<'a> {
    older: &'a [Release],
    damaged: &'a [Damaged],
}

impl Records<'_> {
    /// Takes the records away, damaged ones first, then the oldest first.
    fn purge(&self, newest: &Release, cluster: &Cluster<'_>) -> Result<(), Error> {
        let store = cluster.backend.store(cluster.namespace);
        for record in self.damaged {
            store.delete(&record.name, record.revision)?;
        }
        for release in self.older.iter().chain([newest]) {
            store.delete(&release.name, release.revision)?;
        }
        Ok(())
    }
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
