//! `helm install`.

use super::super::environment::Environment;
use super::cluster;
use super::get::colors;
use super::session::{Run, operation, unlock};
use super::source::{BEYOND, source};
use super::template::{DryRun, dry_run, labels_of, values_of};
use crate::action::crd::Policy;
use crate::action::install::{self, Mode, Options};
use crate::action::source::Source;
use crate::backend::Backend;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::release::{ApplyMethod, Release, Report};
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
    let mut options = options(flags, arguments, environment, source, dry_run)?;
    let backend = match dry_run {
        DryRun::Client => None,
        _ => Some(cluster::connect(flags, environment)?),
    };
    let backend = backend.as_deref();
    if let (Some(backend), Mode::Real, [name, ..]) = (backend, options.mode, arguments) {
        options.replace |= unlock(name, backend, (flags, environment), terminal)?;
    }
    let release = run(&options, backend, (flags, environment), terminal)
        .map_err(|error| error.wrap("INSTALLATION FAILED"))?;
    print(&release, flags, terminal)?;
    tell_addresses(
        backend.filter(|_| options.mode == Mode::Real),
        flags,
        terminal,
    );
    Ok(())
}

/// Tells where a release can be reached, below its notes.
pub(super) fn tell_addresses(
    backend: Option<&dyn Backend>,
    flags: &FlagSet,
    terminal: &mut Terminal,
) {
    let Some(backend) = backend.filter(|_| flags.text("output") == "table") else {
        return;
    };
    match backend.addresses() {
        Ok(addresses) if addresses.is_empty() => {}
        Ok(addresses) => {
            terminal.print(&format!("URLS:\n{}\n", addresses.join("\n")));
        }
        // The release is there all the same.
        Err(error) => {
            terminal.complain(&format!("warning: its addresses are not known: {error}\n"))
        }
    }
}

/// Installs, and shows what happens meanwhile; without a `backend` it is only tried.
///
/// # Errors
/// Helm's line for whatever failed first.
pub(super) fn run(
    options: &Options,
    backend: Option<&dyn Backend>,
    (flags, environment): (&FlagSet, &Environment),
    terminal: &mut Terminal,
) -> Result<Release, Error> {
    let name = options.arguments.first().map_or("", String::as_str);
    let run = Run {
        flags,
        environment,
        timeout: options.operation.timeout,
        caught: (options.mode == Mode::Real).then_some(name),
    };
    run.with_chart(backend, terminal, |around, context, out, notices| {
        install::run(options, around, context, out, notices)
    })
}

pub(super) fn options(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    source: Source,
    dry_run: DryRun,
) -> Result<Options, Error> {
    let text = |name: &str| flags.text(name).to_owned();
    let operation = operation(flags, environment)?;
    Ok(Options {
        arguments: arguments.to_vec(),
        generate_name: flags.is("generate-name"),
        name_template: text("name-template"),
        namespace: environment.namespace(flags),
        source,
        dependency_update: flags.is("dependency-update"),
        values: values_of(flags),
        labels: labels_of(flags),
        skip_schema_validation: flags.is("skip-schema-validation"),
        enable_dns: flags.is("enable-dns"),
        subchart_notes: match flags.is("render-subchart-notes") {
            true => Subcharts::Included,
            false => Subcharts::Excluded,
        },
        hide_secret: flags.is("hide-secret"),
        apply_method: match flags.is("server-side") {
            true => ApplyMethod::Server,
            false => ApplyMethod::Client,
        },
        mode: match dry_run {
            DryRun::No => Mode::Real,
            DryRun::Server if flags.is(BEYOND) => Mode::Trial,
            _ => Mode::DryRun,
        },
        skip_crds: flags.is("skip-crds") || operation.crds == Policy::Skip,
        create_namespace: flags.is("create-namespace"),
        replace: flags.is("replace"),
        operation,
    })
}

/// Prints a release as `--output` wants it.
pub(super) fn print(
    release: &Release,
    flags: &FlagSet,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let failed = |format: &str, error: String| {
        let message = format!("unable to write {format} output: {error}");
        Error::new(Kind::Values, message)
    };
    match flags.text("output") {
        "json" => {
            let mut record = release.to_json().map_err(|error| failed("JSON", error))?;
            record.push(b'\n');
            terminal.out.append(&mut record);
        }
        "yaml" => {
            let mut record = release.to_yaml().map_err(|error| failed("YAML", error))?;
            terminal.out.append(&mut record);
        }
        _ => {
            let report = Report {
                debug: flags.is("debug"),
                hide_notes: flags.is("hide-notes"),
                colors: colors(terminal),
                ..Report::default()
            };
            report.write(release, &mut terminal.out)?;
        }
    }
    Ok(())
}
