//! `helm upgrade`.

use super::super::environment::Environment;
use super::session::{Run, operation, unlock};
use super::source::source;
use super::template::{DryRun, dry_run, labels_of, values_of};
use super::{cluster, install};
use crate::action::install::Mode;
use crate::action::lifecycle::ServerSide;
use crate::action::source::Source;
use crate::action::upgrade::{self, Options, Reuse};
use crate::backend::Backend;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::release::{ApplyMethod, Status, history};
use crate::render::notes::Subcharts;
use crate::ui::Terminal;

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
        let mut options = install::options(flags, arguments, environment, source, dry_run)?;
        options.apply_method = match flags.text("server-side") {
            "false" => ApplyMethod::Client,
            _ => ApplyMethod::Server,
        };
        options.replace = found == Found::Uninstalled;
        let backend = (dry_run != DryRun::Client).then_some(backend.as_ref());
        let release = install::run(&options, backend, (flags, environment), terminal)?;
        return install::print(&release, flags, terminal);
    }
    let options = options(flags, arguments, environment, source, dry_run)?;
    let run = Run {
        flags,
        environment,
        timeout: options.operation.timeout,
        caught: (options.mode == Mode::Real).then_some(name),
    };
    let backend = backend.as_ref();
    let release = run.with_chart(Some(backend), terminal, |around, context, out, notices| {
        upgrade::run(&options, backend, around, context, out, notices)
    })?;
    if flags.text("output") == "table" {
        terminal.print(&format!(
            "Release {name:?} has been upgraded. Happy Helming!\n"
        ));
    }
    install::print(&release, flags, terminal)
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
            _ => Mode::DryRun,
        },
        operation: operation(flags, environment)?,
    })
}
