//! `helm install`, as far as it goes without a cluster (`pkg/action/install.go`, Helm 4.2.4).

use super::prepare::{self, Naming, Prepared, Rendered, Surroundings, Wanted, write_document};
use super::source::Source;
use crate::chart::values;
use crate::diag::{Error, Notice};
use crate::go::time::{Time, Zone};
use crate::release::{ApplyMethod, Info, Release, Status};
use crate::render::manifest;
use crate::render::notes::Subcharts;
use crate::world::World;

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
}

/// Makes the release without asking a cluster: `--dry-run=client`. Words about what is fetched are
/// added to `out`.
///
/// # Errors
/// Helm's line for whatever failed first; where [`Surroundings::cluster`] is set, at the latest what
/// that says.
pub fn run(
    options: &Options,
    around: &mut Surroundings<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<Release, Error> {
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
        is_upgrade: false,
        skip_schema_validation: options.skip_schema_validation,
        enable_dns: options.enable_dns,
        ends_process: false,
    };
    let prepared = prepare::prepare(wanted, around, out, notices)?;
    let now = now(around.world);
    render(options, &prepared, &now, around, notices).map_err(|error| prepared.explain(error))
}

fn render(
    options: &Options,
    prepared: &Prepared<'_>,
    now: &Time,
    around: &Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Release, Error> {
    let Rendered { files, notes, .. } = prepared.render(options.subchart_notes, around, notices)?;
    let rendered = manifest::assemble(&files, notices).map_err(|failed| failed.error)?;
    let mut text = Vec::new();
    for document in &rendered.documents {
        let is_secret = *document.kind == *b"Secret" && *document.api_version == *b"v1";
        if options.hide_secret && is_secret {
            const HIDDEN: &[u8] = b"# HIDDEN: The Secret output has been suppressed";
            write_document(&mut text, &document.path, HIDDEN);
        } else {
            write_document(&mut text, &document.path, &document.content);
        }
    }
    Ok(Release {
        name: prepared.name().to_owned(),
        namespace: options.namespace.clone(),
        revision: 1,
        info: Info {
            first_deployed: now.clone(),
            last_deployed: now.clone(),
            description: "Dry run complete".to_owned(),
            status: Status::PendingInstall,
            notes,
        },
        chart: prepared.chart.clone(),
        config: prepared.user_values().clone(),
        manifest: text,
        hooks: rendered.hooks.into_iter().map(Into::into).collect(),
        labels: options.labels.clone(),
        apply_method: options.apply_method,
    })
}

fn now(world: &dyn World) -> Time {
    Time::from_system(world.now(), Zone::local(&world.time_zone()))
}
