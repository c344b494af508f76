//! `helm install`.

use super::super::environment::Environment;
use super::super::read::Files;
use super::cluster;
use super::plugin::PostRendering;
use super::source::{getters, source};
use super::template::{DryRun, Schemas, dry_run, labels_of, values_of};
use crate::action::Surroundings;
use crate::action::install::{self, Options};
use crate::action::source::Source;
use crate::diag::{Error, Kind};
use crate::go::flag::FlagSet;
use crate::release::{ApplyMethod, Colors, Release, Report};
use crate::render::notes::Subcharts;
use crate::render::postrender::PostRenderer;
use crate::ui::Terminal;
use crate::world::Real;

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
    let mut notices = Vec::new();
    let absence = || cluster::absence(flags, environment);
    let post = PostRendering::of(flags, environment)?;
    let renderer = post.as_ref().map(|post| |text: &[u8]| post.run(text));
    let release = install::run(
        &options(flags, arguments, environment, source),
        &mut Surroundings {
            world: &Real::new(),
            files: &mut Files::new(getters(flags, environment, terminal)),
            remote: &Schemas::default(),
            cluster: (dry_run != DryRun::Client).then_some(&absence),
            post_renderer: renderer
                .as_ref()
                .map(|renderer| renderer as &PostRenderer<'_>),
        },
        &mut terminal.out,
        &mut notices,
    );
    terminal.log(&notices);
    let release = release.map_err(|error| error.wrap("INSTALLATION FAILED"))?;
    print(&release, flags, terminal)
}

fn options(
    flags: &FlagSet,
    arguments: &[String],
    environment: &Environment,
    source: Source,
) -> Options {
    let text = |name: &str| flags.text(name).to_owned();
    Options {
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
    }
}

/// Prints a release as `--output` wants it.
fn print(release: &Release, flags: &FlagSet, terminal: &mut Terminal) -> Result<(), Error> {
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
                colors: match terminal.paints_output() {
                    true => Colors::On,
                    false => Colors::Off,
                },
            };
            report.write(release, &mut terminal.out)?;
        }
    }
    Ok(())
}
