//! What a release would become, what became of it, and what its revisions differ in
//! (`pintle diff`).

#[cfg(feature = "tera")]
pub mod html;
#[cfg(not(feature = "tera"))]
#[path = "html_absent.rs"]
pub mod html;
pub mod markdown;
mod report;
pub mod text;
mod view;

pub use report::{Difference, Look, Report, Subject};
pub use view::Layout;

use serde_json::Value;

use super::lifecycle::{Cluster, Operation};
use super::ownership::Owner;
use super::prepare::Surroundings;
use super::{install, upgrade};
use crate::backend::{
    Apply, Backend, Change, Conflicts, Context, Key, Method, Object, from_frozen,
};
use crate::diag::{Error, Kind, Notice};
use crate::release::{ApplyMethod, Hook, Release, Status, history};
use crate::render::manifest;
use crate::world::World;
use crate::yaml;

/// What to try: an upgrade, or an install where there is no release.
#[derive(Clone, Debug)]
pub enum Wish {
    /// A release that does not exist.
    Install(Box<install::Options>),
    /// A release that does.
    Upgrade(Box<upgrade::Options>),
}

/// A release that was made and not brought anywhere, with what would happen to its objects.
pub(super) struct Forecast {
    pub(super) made: Made,
    /// What goes before: definitions of the chart's `crds/`.
    pub(super) definitions: Vec<Change>,
    pub(super) changes: Vec<Change>,
}

pub(super) enum Made {
    Install(Box<install::Ready>),
    Upgrade(Box<upgrade::Ready>),
}

impl Made {
    pub(super) fn release(&self) -> &Release {
        match self {
            Made::Install(ready) => &ready.release,
            Made::Upgrade(ready) => &ready.release,
        }
    }

    /// The revision that runs.
    pub(super) fn current(&self) -> Option<&Release> {
        match self {
            Made::Install(_) => None,
            Made::Upgrade(ready) => Some(&ready.current),
        }
    }
}

/// Makes a release and asks what would happen to its objects; nothing is changed.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(super) fn foresee(
    wish: &Wish,
    cluster: &Cluster<'_>,
    around: &mut Surroundings<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Forecast, Error> {
    let (made, definitions, changes) = match wish {
        Wish::Install(options) => {
            let ready = install::make(options, around, cluster.context, out, notices)?;
            let definitions = ready.foresee_definitions(options, cluster)?;
            let changes = ready.foresee(options, cluster)?;
            (Made::Install(Box::new(ready)), definitions, changes)
        }
        Wish::Upgrade(options) => {
            let mut ready = upgrade::make(options, cluster, around, out, notices)?;
            // What others changed is settled as the upgrade settles it; what would stop that is told with
            // its object.
            match ready.settle(options, cluster) {
                Err(error) if error.kind() == Kind::Conflict => {}
                other => other?,
            }
            let definitions = ready.foresee_definitions(options, cluster)?;
            let changes = ready.foresee(options, cluster)?;
            (Made::Upgrade(Box::new(ready)), definitions, changes)
        }
    };
    Ok(Forecast {
        made,
        definitions,
        changes,
    })
}

/// What an install or upgrade would do.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(
    wish: &Wish,
    look: &Look,
    backend: &dyn Backend,
    around: &mut Surroundings<'_>,
    context: Context<'_>,
    (out, notices): (&mut Vec<u8>, &mut Vec<Notice>),
) -> Result<Report, Error> {
    let cluster = wish.cluster(backend, around.world, context);
    let forecast = foresee(wish, &cluster, around, out, notices)?;
    Ok(report(&forecast, look))
}

impl Wish {
    pub(super) fn namespace(&self) -> &str {
        match self {
            Wish::Install(options) => &options.namespace,
            Wish::Upgrade(options) => &options.namespace,
        }
    }

    pub(super) fn cluster<'a>(
        &'a self,
        backend: &'a dyn Backend,
        world: &'a dyn World,
        context: Context<'a>,
    ) -> Cluster<'a> {
        Cluster {
            backend,
            context,
            world,
            namespace: self.namespace(),
        }
    }
}

/// What a forecast says, for people.
pub(super) fn report(forecast: &Forecast, look: &Look) -> Report {
    let release = forecast.made.release();
    let current = forecast.made.current();
    let last = current.map(objects).unwrap_or_default();
    let mut report = Report {
        release: release.name.clone(),
        namespace: release.namespace.clone(),
        subject: match current {
            None => Subject::Install {
                chart: chart(release),
            },
            Some(current) => Subject::Upgrade {
                revision: current.revision,
                from: chart(current),
                to: chart(release),
            },
        },
        objects: forecast
            .definitions
            .iter()
            .chain(&forecast.changes)
            .map(|change| {
                let key = &change.object.key;
                let last = last.iter().find(|it| is_same(&it.key, key, release));
                look.of_change(change, last.map(|last| &last.body))
            })
            .collect(),
        hooks: Vec::new(),
        suppressed: 0,
    };
    if !look.no_hooks {
        let before = current.map_or(&[][..], |current| &current.hooks);
        report.hooks = hooks(before, &release.hooks, look);
    }
    report.suppress(look);
    report
}

/// What became of the revision of a release that runs.
///
/// # Errors
/// A release that does not run, and whatever the cluster says.
pub fn drift(name: &str, look: &Look, cluster: &Cluster<'_>) -> Result<Report, Error> {
    cluster.backend.reach()?;
    let store = cluster.backend.store(cluster.namespace);
    let revisions = history::all(&*store, name)?;
    let is_running = |release: &&Release| release.info.status == Status::Deployed;
    let release = match revisions.iter().rfind(is_running) {
        Some(running) => running.clone(),
        None => history::newest(revisions, name)?,
    };
    if release.info.status == Status::Uninstalled {
        return Err(history::none_deployed(name));
    }
    let mut wanted = cluster.backend.build(&release.manifest)?;
    let owner = Owner {
        name: &release.name,
        namespace: &release.namespace,
    };
    owner.mark(&mut wanted);
    let apply = Apply {
        method: match release.apply_method {
            ApplyMethod::Server => Method::Server(Conflicts::Take),
            ApplyMethod::Client | ApplyMethod::Unknown => Method::Client,
        },
        ..Operation::default().apply(release.apply_method, crate::backend::Adoption::Leave)?
    };
    let changes = cluster
        .backend
        .preview(&wanted, &wanted, &apply, &cluster.context)?;
    let mut report = Report {
        release: release.name.clone(),
        namespace: release.namespace.clone(),
        subject: Subject::Drift {
            revision: release.revision,
        },
        objects: changes.iter().map(|change| look.of_drift(change)).collect(),
        hooks: Vec::new(),
        suppressed: 0,
    };
    report.suppress(look);
    Ok(report)
}

/// What two revisions differ in, as they are recorded; `to` is the newest where it is not given.
///
/// # Errors
/// Revisions that there are not, and whatever the cluster says.
pub fn revisions(
    name: &str,
    (from, to): (i64, Option<i64>),
    look: &Look,
    cluster: &Cluster<'_>,
) -> Result<Report, Error> {
    cluster.backend.reach()?;
    let store = cluster.backend.store(cluster.namespace);
    let all = history::all(&*store, name)?;
    let known: Vec<String> = all.iter().map(|it| it.revision.to_string()).collect();
    let find = |revision: i64| {
        let found = all.iter().find(|release| release.revision == revision);
        found.ok_or_else(|| {
            Error::new(Kind::NotFound, format!("release has no {revision} version"))
                .with_hint(format!("There are revisions {}.", known.join(", ")))
        })
    };
    let from = find(from)?;
    let to = match to {
        Some(to) => find(to)?,
        None => all.last().ok_or_else(history::not_found)?,
    };
    let (before, after) = (objects(from), objects(to));
    let mut report = Report {
        release: to.name.clone(),
        namespace: to.namespace.clone(),
        subject: Subject::Revisions {
            from: from.revision,
            to: to.revision,
        },
        objects: compare(&before, &after, look),
        hooks: match look.no_hooks {
            true => Vec::new(),
            false => hooks(&from.hooks, &to.hooks, look),
        },
        suppressed: 0,
    };
    report.suppress(look);
    Ok(report)
}

/// The objects of a release's hooks.
pub(super) fn hook_objects(release: &Release) -> Vec<Object> {
    read(&release.hooks)
}

fn read(hooks: &[Hook]) -> Vec<Object> {
    let mut objects = Vec::new();
    for hook in hooks {
        parse(&hook.manifest, &mut objects);
    }
    objects
}

fn hooks(before: &[Hook], after: &[Hook], look: &Look) -> Vec<Difference> {
    compare(&read(before), &read(after), look)
}

/// What two lists of objects differ in, those of the second one first.
fn compare(before: &[Object], after: &[Object], look: &Look) -> Vec<Difference> {
    let find = |list: &[Object], key: &Key| {
        let found = list.iter().find(|it| it.key.is_same(key));
        found.map(|found| found.body.clone())
    };
    let kept = after.iter().map(|object| {
        let was = find(before, &object.key);
        look.of_texts(&object.key, was.as_ref(), Some(&object.body))
    });
    let gone = before.iter().filter(|it| find(after, &it.key).is_none());
    let gone = gone.map(|object| look.of_texts(&object.key, Some(&object.body), None));
    kept.chain(gone).collect()
}

/// The objects of a record, as they are written there and marked as the release's.
pub(super) fn objects(release: &Release) -> Vec<Object> {
    let mut objects = Vec::new();
    parse(&release.manifest, &mut objects);
    let owner = Owner {
        name: &release.name,
        namespace: &release.namespace,
    };
    owner.mark(&mut objects);
    objects
}

/// Whether a key of a record, which may lack its namespace, is that of an object.
pub(super) fn is_same(recorded: &Key, key: &Key, release: &Release) -> bool {
    let namespace = &recorded.namespace;
    let is_near =
        *namespace == key.namespace || (namespace.is_empty() && key.namespace == release.namespace);
    is_near && recorded.name == key.name && recorded.kind == key.kind && recorded.group == key.group
}

/// Adds the objects of a manifest; what is none is passed over.
fn parse(text: &[u8], objects: &mut Vec<Object>) {
    for range in manifest::split(text) {
        let Ok(value) = yaml::to_object(&text[range]) else {
            continue;
        };
        flatten(from_frozen(&value), objects);
    }
}

fn flatten(body: Value, objects: &mut Vec<Object>) {
    let member = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (member("apiVersion"), member("kind"));
    if kind.ends_with("List")
        && let Some(items) = body["items"].as_array()
    {
        for item in items {
            flatten(item.clone(), objects);
        }
        return;
    }
    if kind.is_empty() {
        return;
    }
    let named = |name: &str| {
        let text = body["metadata"][name].as_str();
        text.unwrap_or_default().to_owned()
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    objects.push(Object {
        key: Key {
            group: group.to_owned(),
            version: version.to_owned(),
            kind,
            namespace: named("namespace"),
            name: named("name"),
        },
        resource: String::new(),
        body,
    });
}

/// Name and version of a release's chart.
fn chart(release: &Release) -> String {
    let metadata = &release.chart.metadata;
    format!("{}-{}", metadata.name, metadata.version)
}
