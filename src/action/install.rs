//! `helm install` (`pkg/action/install.go`, Helm 4.2.4).

use super::conflict::{self, Sides};
use super::lifecycle::{Care, Cluster, Operation, creating, now, set_status};
use super::ownership::{Claim, Owner};
use super::prepare::{self, Naming, Prepared, Rendered, Surroundings, Verb, Wanted};
use super::source::Source;
use super::trial::{self, Trial};
use super::{crd, duplicate, hook, pending, uninstall};
use crate::backend::{Adoption, Apply, Change, Conflicts, Context, Merge, Object};
use crate::chart::values;
use crate::diag::{Error, Kind, Level, Notice};
use crate::go::time::Time;
use crate::release::{ApplyMethod, Hook, Info, Release, Status, history};
use crate::render::manifest;
use crate::render::notes::Subcharts;

/// What to install.
#[derive(Clone, Debug)]
pub struct Options {
    /// `[NAME] CHART`, as typed.
    pub arguments: Vec<String>,
    /// Make a name of the chart's and the time.
    pub generate_name: bool,
    /// A template that makes the name.
    pub name_template: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Where the chart comes from.
    pub source: Source,
    /// Fetch dependencies that are missing.
    pub dependency_update: bool,
    /// Values by files and flags.
    pub values: values::Options,
    /// Labels of the release.
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
    pub apply_method: ApplyMethod,
    /// Whether anything is changed.
    pub mode: Mode,
    /// Leave the charts' CRDs alone.
    pub skip_crds: bool,
    /// Make the namespace where there is none.
    pub create_namespace: bool,
    /// Take the name of a release that is gone or that failed.
    pub replace: bool,
    /// How it is brought to the cluster.
    pub operation: Operation,
}

/// Whether anything is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The release is installed.
    #[default]
    Real,
    /// It is only made; a cluster is asked where there is one.
    DryRun,
    /// As that, and as if the definitions of the chart were there already.
    Forecast,
    /// It is only made, and the cluster is asked what it would say to each object.
    Trial,
}

impl Mode {
    /// Whether secrets may be hidden: what is brought to a cluster has to be whole.
    ///
    /// # Errors
    /// Helm's line that forbids it.
    pub(super) fn check_hiding(self, hide_secret: bool) -> Result<(), Error> {
        match (self, hide_secret) {
            (Mode::Real, true) => Err(Error::new(
                Kind::Usage,
                "hiding Kubernetes secrets requires a dry-run mode",
            )),
            _ => Ok(()),
        }
    }
}

/// Installs the release, or only makes it. Without a [`Surroundings::backend`] it is only made. Words
/// about what is fetched are added to `out`.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(
    options: &Options,
    around: &mut Surroundings<'_>,
    context: Context<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Release, Error> {
    let mut ready = make(options, around, context, out, notices)?;
    let cluster = around.backend.map(|backend| Cluster {
        backend,
        context,
        world: around.world,
        namespace: &options.namespace,
    });
    match (cluster, options.mode) {
        (Some(cluster), Mode::Trial) => {
            ready.settle(options, &cluster)?;
            test(options, &ready, &cluster)?;
            Ok(dry(ready.release))
        }
        (Some(cluster), Mode::Real) => {
            ready.settle(options, &cluster)?;
            bring(options, &mut ready.release, &ready.plan, &cluster)?;
            Ok(ready.release)
        }
        _ => Ok(dry(ready.release)),
    }
}

/// A release that is made and not brought anywhere yet.
pub(super) struct Ready {
    pub(super) release: Release,
    plan: Plan,
}

impl Ready {
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
            wanted,
            existing,
            conflicts,
            ..
        } = &self.plan;
        let apply = applying(options, *conflicts)?;
        let backend = cluster.backend;
        backend.preview(existing, wanted, &apply, &cluster.context)
    }

    /// What would happen to the definitions of the chart: those that are there are left alone.
    ///
    /// # Errors
    /// Whatever the cluster says.
    pub(super) fn foresee_definitions(
        &self,
        options: &Options,
        cluster: &Cluster<'_>,
    ) -> Result<Vec<Change>, Error> {
        if options.skip_crds {
            return Ok(Vec::new());
        }
        let apply = creating(options.apply_method);
        let backend = cluster.backend;
        let definitions = &self.plan.definitions;
        let mut changes = backend.preview(&[], definitions, &apply, &cluster.context)?;
        changes.retain(|change| change.live.is_none());
        Ok(changes)
    }

    /// Brings it to the cluster, definitions first.
    ///
    /// # Errors
    /// As [`run`].
    pub(super) fn carry_out(
        mut self,
        options: &Options,
        cluster: &Cluster<'_>,
    ) -> Result<Release, Error> {
        check_available(&self.release.name, options.replace, cluster)?;
        let crds = self.release.chart.crds();
        if !options.skip_crds && !crds.is_empty() {
            crd::install(&crds, options.apply_method, &options.operation, cluster)?;
        }
        self.settle(options, cluster)?;
        bring(options, &mut self.release, &self.plan, cluster)?;
        Ok(self.release)
    }

    /// Settles what becomes of fields of others, where objects are there already.
    fn settle(&mut self, options: &Options, cluster: &Cluster<'_>) -> Result<(), Error> {
        if self.plan.existing.is_empty() {
            return Ok(());
        }
        let (operation, method) = (&options.operation, options.apply_method);
        operation.check(method)?;
        let sides = Sides {
            before: &[],
            adopted: &self.plan.existing,
            wanted: &mut self.plan.wanted,
        };
        self.plan.conflicts = conflict::settle(sides, operation, method, cluster)
            .map_err(|error| error.wrap("unable to continue with install"))?;
        Ok(())
    }
}

/// Makes a release and finds out what there is to do. With [`Mode::Real`] its definitions are
/// installed.
///
/// # Errors
/// As [`run`].
pub(super) fn make(
    options: &Options,
    around: &mut Surroundings<'_>,
    context: Context<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Ready, Error> {
    prepare::log_version(&options.source, notices);
    let naming = Naming {
        arguments: &options.arguments,
        generate: options.generate_name,
        template: &options.name_template,
        fallback: None,
    };
    let (name, reference) = naming.name_and_chart(around.world)?;
    let wanted = Wanted {
        name: &name,
        chart: reference,
        source: &options.source,
        dependency_update: options.dependency_update,
        namespace: &options.namespace,
        values: &options.values,
        kube_version: None,
        api_versions: &[],
        labels: &options.labels,
        revision: 1,
        is_upgrade: false,
        verb: Verb::Install,
        skip_crds: options.skip_crds,
        skip_schema_validation: options.skip_schema_validation,
        enable_dns: options.enable_dns,
        ends_process: false,
    };
    let mut loaded = prepare::load(&wanted, around, out, notices)?;
    prepare::reach(around, notices)?;
    options
        .mode
        .check_hiding(options.hide_secret)
        .inspect_err(|error| {
            notices.push(Notice::new(Level::Error, error.message()));
        })?;
    prepare::check_release_name(&name, notices)?;
    let cluster = around.backend.map(|backend| Cluster {
        backend,
        context,
        world: around.world,
        namespace: &options.namespace,
    });
    let real = cluster.filter(|_| options.mode == Mode::Real);
    if let Some(cluster) = &real {
        check_available(&name, options.replace, cluster)
            .map_err(|error| prepare::refuse_name(error, notices))?;
    }
    loaded.process(notices)?;
    if !options.skip_crds && !loaded.chart.crds().is_empty() {
        if let Some(cluster) = &real {
            let crds = loaded.chart.crds();
            crd::install(&crds, options.apply_method, &options.operation, cluster)?;
        } else if cluster.is_some() {
            notices.push(prepare::inaccurate());
        }
    }
    let mut capabilities = prepare::capabilities(&wanted, around, notices)?;
    let definitions = match (&cluster, options.mode, options.skip_crds) {
        (Some(cluster), Mode::Forecast, false) => crd::definitions(&loaded.chart.crds(), cluster)?,
        _ => Vec::new(),
    };
    for definition in &definitions {
        capabilities.api_versions.extend(crd::names(definition));
    }
    let prepared = loaded.settle(wanted, None, capabilities, around, notices)?;
    let now = now(around.world);
    let release = render(options, &prepared, &now, around, notices)
        .map_err(|error| prepared.explain(error))?;
    let plan = match cluster {
        Some(cluster) => {
            cluster.tell(out, notices);
            plan(options, &release, definitions, &cluster)?
        }
        None => Plan::default(),
    };
    Ok(Ready { release, plan })
}

fn dry(mut release: Release) -> Release {
    release.info.description = "Dry run complete".to_owned();
    release
}

/// Whether there is no release of this name, or one that may be replaced.
fn check_available(name: &str, replace: bool, cluster: &Cluster<'_>) -> Result<(), Error> {
    const IN_USE: &str = "cannot reuse a name that is still in use";
    let store = cluster.backend.store(cluster.namespace);
    let Ok(last) = history::last(&*store, name) else {
        return Ok(());
    };
    match last.info.status {
        Status::Uninstalled | Status::Failed if replace => Ok(()),
        status if status.is_pending() => Err(Error::new(Kind::Conflict, IN_USE)
            .with_hint(format!("{}.", pending::describe(&last)))
            .with_hint(pending::WAY_OUT)),
        Status::Uninstalling => Err(Error::new(Kind::Conflict, IN_USE)
            .with_hint(uninstall::unfinished(&last))),
        _ => Err(Error::new(Kind::Conflict, IN_USE).with_hint(format!(
            "There is a release {name:?} in namespace {:?}: `pintle upgrade --install` installs or upgrades, whatever there is.",
            cluster.namespace
        ))),
    }
}

/// What there is to do.
#[derive(Default)]
struct Plan {
    /// Objects of the release.
    wanted: Vec<Object>,
    /// Those of them that are there already.
    existing: Vec<Object>,
    /// What becomes of fields that others manage.
    conflicts: Conflicts,
    /// Definitions that go before, where that is only foreseen.
    definitions: Vec<Object>,
}

/// Finds out; `definitions` are those that are foreseen so far.
fn plan(
    options: &Options,
    release: &Release,
    definitions: Vec<Object>,
    cluster: &Cluster<'_>,
) -> Result<Plan, Error> {
    let operation = &options.operation;
    let definitions = match options.mode {
        Mode::Trial if !options.skip_crds => crd::definitions(&release.chart.crds(), cluster)?,
        _ => definitions,
    };
    cluster.backend.expect(release);
    let mut wanted = cluster
        .backend
        .build_beside(&release.manifest, &definitions)
        .map_err(|error| error.wrap("unable to build kubernetes objects from release manifest"))?;
    let owner = Owner {
        name: &release.name,
        namespace: &release.namespace,
    };
    owner.mark(&mut wanted);
    let existing = owner
        .existing(cluster.backend, &wanted, Claim::of(operation))
        .map_err(|error| error.wrap("unable to continue with install"))?;
    Ok(Plan {
        wanted,
        existing,
        conflicts: operation.conflicts,
        definitions,
    })
}

/// Asks the cluster what it would say.
fn test(options: &Options, ready: &Ready, cluster: &Cluster<'_>) -> Result<(), Error> {
    let method = options.apply_method;
    let operation = &options.operation;
    let Ready { release, plan } = ready;
    cluster.fit_record(&mut release.clone(), operation)?;
    let mut beside = plan.definitions.clone();
    if !operation.no_hooks {
        beside.extend(trial::hooks(&release.hooks, cluster)?);
    }
    let trial = Trial {
        current: &plan.existing,
        wanted: &plan.wanted,
        apply: match plan.existing.as_slice() {
            [] => creating(method),
            _ => applying(options, plan.conflicts)?,
        },
        beside,
        makes_namespace: options.create_namespace,
    };
    trial::run(&trial, method, cluster)
}

/// How objects change that are there already.
fn applying(options: &Options, conflicts: Conflicts) -> Result<Apply, Error> {
    let operation = options.operation.with(conflicts);
    let method = options.apply_method;
    let mut apply = operation.apply(method, Adoption::Upgrade)?;
    if operation.take_ownership && method != ApplyMethod::Server {
        apply.merge_custom = Merge::ThreeWay;
    }
    Ok(apply)
}

fn bring(
    options: &Options,
    release: &mut Release,
    plan: &Plan,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let store = cluster.backend.store(cluster.namespace);
    cluster.fit_record(release, &options.operation)?;
    if options.create_namespace {
        create_namespace(options, cluster)?;
    }
    if options.replace {
        replace(release, cluster)?;
        cluster.backend.expect(release);
    }
    store
        .create(release)
        .map_err(|error| pending::raced(error, release))?;
    match perform(options, release, plan, cluster) {
        Ok(()) => {
            if let Err(error) = store.update(release) {
                cluster.warn(
                    Notice::new(Level::Error, "failed to record the release").with("error", error),
                );
            }
            Ok(())
        }
        Err(error) => Err(fail(options, release, cluster.reason(error), cluster)),
    }
}

fn create_namespace(options: &Options, cluster: &Cluster<'_>) -> Result<(), Error> {
    let manifest = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  labels:\n    name: {0}\n  name: {0}\nspec: {{}}\nstatus: {{}}\n",
        options.namespace
    );
    let objects = cluster.backend.build(manifest.as_bytes())?;
    let created = cluster
        .backend
        .create(&objects, &creating(options.apply_method));
    match created {
        Err(error) if error.kind() != Kind::Conflict => Err(error),
        _ => Ok(()),
    }
}

/// Takes the place of a release that was uninstalled or that failed.
fn replace(release: &mut Release, cluster: &Cluster<'_>) -> Result<(), Error> {
    let store = cluster.backend.store(cluster.namespace);
    let Ok(mut last) = history::last(&*store, &release.name) else {
        return Ok(());
    };
    release.revision = last.revision + 1;
    if last.info.status == Status::Failed {
        return Ok(());
    }
    set_status(
        &mut last,
        Status::Superseded,
        "superseded by new release".to_owned(),
    );
    store.update(&last)
}

fn perform(
    options: &Options,
    release: &mut Release,
    plan: &Plan,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let operation = &options.operation;
    let method = options.apply_method;
    if !operation.no_hooks {
        hook::Run::of("pre-install", operation, method)
            .all(release, cluster)
            .map_err(|error| error.wrap("failed pre-install"))?;
    }
    cluster.check()?;
    if plan.existing.is_empty() {
        cluster.backend.create(&plan.wanted, &creating(method))?;
    } else {
        let apply = applying(options, plan.conflicts)?;
        let changes =
            cluster
                .backend
                .update(&plan.existing, &plan.wanted, &apply, &cluster.context);
        if let Some(error) = changes.error {
            return Err(error);
        }
    }
    cluster.wait(&plan.wanted, operation)?;
    if !operation.no_hooks {
        hook::Run::of("post-install", operation, method)
            .all(release, cluster)
            .map_err(|error| error.wrap("failed post-install"))?;
    }
    let description = operation.describe("Install complete");
    set_status(release, Status::Deployed, description);
    Ok(())
}

fn fail(options: &Options, release: &mut Release, error: Error, cluster: &Cluster<'_>) -> Error {
    let name = release.name.clone();
    let description = format!("Release {name:?} failed: {error}");
    set_status(release, Status::Failed, description);
    if !options.operation.rollback_on_failure {
        cluster.record(release);
        return error;
    }
    let options = uninstall::Options {
        operation: Operation {
            description: String::new(),
            ..options.operation.clone()
        },
        ..uninstall::Options::default()
    };
    match uninstall::run(&name, &options, cluster) {
        Ok(_) => error.wrap(format!(
            "release {name} failed, and has been uninstalled due to rollback-on-failure being set"
        )),
        Err(second) => {
            let message = format!(
                "an error occurred while uninstalling the release. original install error: {error}: {second}"
            );
            error.with_message(message)
        }
    }
}

fn render(
    options: &Options,
    prepared: &Prepared<'_>,
    now: &Time,
    around: &Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Release, Error> {
    let output = Output::of(
        prepared,
        Printing {
            subcharts: options.subchart_notes,
            hide_secret: options.hide_secret,
            care: options.operation.care,
        },
        around,
        notices,
    )?;
    Ok(Release {
        name: prepared.name().to_owned(),
        namespace: options.namespace.clone(),
        revision: 1,
        info: Info {
            first_deployed: now.clone(),
            last_deployed: now.clone(),
            deleted: Time::default(),
            description: options.operation.begun("Initial install underway"),
            status: Status::PendingInstall,
            notes: output.notes,
        },
        chart: prepared.chart.clone(),
        config: prepared.user_values().clone(),
        manifest: output.manifest,
        hooks: output.hooks,
        labels: options.labels.clone(),
        apply_method: options.apply_method,
        ecs: crate::value::Frozen::Null,
    })
}

/// How a record is made of what templates made.
#[derive(Clone, Copy)]
pub(super) struct Printing {
    pub(super) subcharts: Subcharts,
    pub(super) hide_secret: bool,
    pub(super) care: Care,
}

/// What templates made of a chart, as a record keeps it.
pub(super) struct Output {
    pub(super) manifest: Vec<u8>,
    pub(super) hooks: Vec<Hook>,
    pub(super) notes: Vec<u8>,
}

impl Output {
    /// Renders and sorts.
    ///
    /// # Errors
    /// Whatever template or document fails first.
    pub(super) fn of(
        prepared: &Prepared<'_>,
        printing: Printing,
        around: &Surroundings<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Output, Error> {
        let Printing {
            subcharts,
            hide_secret,
            care,
        } = printing;
        let Rendered { files, notes, .. } = prepared.render(subcharts, around, notices)?;
        let rendered = manifest::assemble(&files, notices).map_err(|failed| failed.error)?;
        if care == Care::More {
            duplicate::check(&rendered.documents, &prepared.chart, prepared.namespace())?;
        }
        let mut text = Vec::new();
        for document in &rendered.documents {
            let is_secret = *document.kind == *b"Secret" && *document.api_version == *b"v1";
            if hide_secret && is_secret {
                const HIDDEN: &[u8] = b"# HIDDEN: The Secret output has been suppressed";
                manifest::write_document(&mut text, &document.path, HIDDEN);
            } else {
                manifest::write_document(&mut text, &document.path, &document.content);
            }
        }
        Ok(Output {
            manifest: text,
            hooks: rendered.hooks.into_iter().map(Into::into).collect(),
            notes,
        })
    }
}
