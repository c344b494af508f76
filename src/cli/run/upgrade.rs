//! `helm upgrade`.

use super::super::environment::Environment;
use super::session::{Run, operation, unlock};
use super::source::{BEYOND, source};
use super::template::{DryRun, dry_run, labels_of, values_of};
use super::{cluster, install};
use crate::action::diff::Wish;
use crate::action::install::Mode;
use crate::action::lifecycle::ServerSide;
use crate::action::source::Source;
use crate::action::upgrade::{self, Options, Outcome, Reuse, Unchanged};
use crate::backend::Backend;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::release::{ApplyMethod, Status, history};
use crate::render::notes::Subcharts;
use crate::ui::Terminal;

/// The flag of pintle's for a revision that changes nothing.
pub(in crate::cli) const ALWAYS_REVISION: &str = "always-revision";

/// Under Helm's name.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(in crate::cli) fn strict(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let source = source(flags, environment, terminal)?;
    let dry_run = dry_run(flags, terminal)?;
    let backend = cluster::connect(flags, environment)?;
    let name = arguments.first().map_or("", String::as_str);
    if dry_run == DryRun::No {
        unlock(name, backend.as_ref(), (flags, environment), terminal)?;
    }
    let found = match flags.is("install") {
        true => find(name, backend.as_ref(), environment, flags)?,
        false => Found::Some,
    };
    if found != Found::Some {
        if flags.text("output") == "table" {
            terminal.print(&format!(
                "Release {name:?} does not exist. Installing it now.\n"
            ));
        }
        let mut options = installing(flags, arguments, environment, source, dry_run)?;
        options.replace = found == Found::Uninstalled;
        let backend = (dry_run != DryRun::Client).then_some(backend.as_ref());
        let release = install::run(&options, backend, (flags, environment), terminal)?;
        install::print(&release, flags, terminal)?;
        let backend = backend.filter(|_| options.mode == Mode::Real);
        install::tell_addresses(backend, flags, terminal);
        return Ok(());
    }
    let options = options(flags, arguments, environment, source, dry_run)?;
    let run = Run {
        flags,
        environment,
        timeout: options.operation.timeout,
        caught: (options.mode == Mode::Real).then_some(name),
    };
    let backend = backend.as_ref();
    let outcome = run.with_chart(Some(backend), terminal, |around, context, out, notices| {
        upgrade::run(&options, backend, around, context, out, notices)
    });
    let outcome = outcome.map_err(|error| match environment.context(flags) {
        Some(context) if error.kind() == Kind::NotFound => {
            error.with_hint(format!("The cluster is that of the context {context:?}."))
        }
        _ => error,
    })?;
    print(&outcome, name, flags, terminal)?;
    let backend = (options.mode == Mode::Real).then_some(backend);
    install::tell_addresses(backend, flags, terminal);
    Ok(())
}

/// Says what an upgrade did, and how the release stands.
///
/// # Errors
/// What cannot be written in the form that is wanted.
pub(super) fn print(
    outcome: &Outcome,
    name: &str,
    flags: &FlagSet,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let (release, line) = match outcome {
        Outcome::Upgraded(release) => (
            release,
            format!("Release {name:?} has been upgraded. Happy Helming!\n"),
        ),
        Outcome::Unchanged(release) => (
            release,
            format!(
                "Release {name:?} is unchanged: the chart makes what revision {} has, and the cluster has it. Nothing was written.\n",
                release.revision
            ),
        ),
    };
    if flags.text("output") == "table" {
        terminal.print(&line);
    }
    install::print(release, flags, terminal)
}

/// What to try where nothing is to be changed: an upgrade, or an install where there is no release.
///
/// # Errors
/// Flags that make no sense, and whatever the cluster says.
pub(super) fn wish(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    terminal: &Terminal,
    backend: &dyn Backend,
) -> Result<Wish, Error> {
    let source = source(flags, environment, terminal)?;
    let name = arguments.first().map_or("", String::as_str);
    let found = find(name, backend, environment, flags)?;
    if found == Found::Some {
        let mut options = options(flags, arguments, environment, source, DryRun::No)?;
        options.mode = Mode::Forecast;
        return Ok(Wish::Upgrade(Box::new(options)));
    }
    let mut options = installing(flags, arguments, environment, source, DryRun::No)?;
    options.replace = found == Found::Uninstalled;
    options.mode = Mode::Forecast;
    Ok(Wish::Install(Box::new(options)))
}

/// The options of an install that stands in for an upgrade.
fn installing(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    source: Source,
    dry_run: DryRun,
) -> Result<crate::action::install::Options, Error> {
    let mut options = install::options(flags, arguments, environment, source, dry_run)?;
    options.apply_method = match flags.text("server-side") {
        "false" => ApplyMethod::Client,
        _ => ApplyMethod::Server,
    };
    Ok(options)
}

/// What there is of a release before an upgrade.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    None,
    /// Records of one that is gone.
    Uninstalled,
    Some,
}

fn find(
    name: &str,
    backend: &dyn Backend,
    environment: &Environment,
    flags: &FlagSet,
) -> Result<Found, Error> {
    backend.reach()?;
    let store = backend.store(&environment.namespace(flags));
    match history::all(&*store, name) {
        Ok(revisions) => Ok(match revisions.last() {
            Some(last) if last.info.status == Status::Uninstalled => Found::Uninstalled,
            _ => Found::Some,
        }),
        Err(error) if error.kind() == Kind::NotFound => Ok(Found::None),
        Err(error) => Err(error),
    }
}

fn options(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    source: Source,
    dry_run: DryRun,
) -> Result<Options, Error> {
    let argument = |at: usize| arguments.get(at).cloned().unwrap_or_default();
    Ok(Options {
        name: argument(0),
        chart: argument(1),
        namespace: environment.namespace(flags),
        source,
        dependency_update: flags.is("dependency-update"),
        values: values_of(flags),
        reuse: if flags.is("reset-values") {
            Reuse::Reset
        } else if flags.is("reuse-values") {
            Reuse::Reuse
        } else if flags.is("reset-then-reuse-values") {
            Reuse::ResetThenReuse
        } else {
            Reuse::IfNone
        },
        labels: labels_of(flags),
        skip_schema_validation: flags.is("skip-schema-validation"),
        enable_dns: flags.is("enable-dns"),
        subchart_notes: match flags.is("render-subchart-notes") {
            true => Subcharts::Included,
            false => Subcharts::Excluded,
        },
        hide_secret: flags.is("hide-secret"),
        server_side: ServerSide::parse(flags.text("server-side"))
            .map_err(|error| error.wrap("UPGRADE FAILED"))?,
        mode: match dry_run {
            DryRun::No => Mode::Real,
            DryRun::Server if flags.is(BEYOND) => Mode::Trial,
            _ => Mode::DryRun,
        },
        unchanged: match flags.is(BEYOND) && !flags.is(ALWAYS_REVISION) {
            true => Unchanged::Skip,
            false => Unchanged::Record,
        },
        operation: operation(flags, environment)?,
    })
}
