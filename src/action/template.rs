//! `helm template`, `pintle render`: a chart to manifests, without a cluster
//! (`pkg/cmd/template.go`, `pkg/action/install.go`, Helm 4.2.4).

use std::collections::BTreeSet;
use std::path::Path;

use crate::chart::{self, Capabilities, Chart, KubeVersion, dependency, schema, values};
use crate::diag::{Error, Kind, Notice};
use crate::go::path;
use crate::render::manifest::{self, Document, Hook, Manifest};
use crate::render::{self, Input, Templates, notes};
use crate::value::Text;
use crate::world::World;

/// What to render, and what of it to print. `Default` is Helm's.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `[NAME] CHART`, as typed.
    pub arguments: Vec<String>,
    /// Make a name of the chart's and the time.
    pub generate_name: bool,
    /// A template that makes the name.
    pub name_template: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Values by files and flags.
    pub values: values::Options,
    /// Kubernetes version to render for; empty is the default.
    pub kube_version: String,
    /// API versions to add to the default ones.
    pub api_versions: Vec<String>,
    /// Labels of the release; only their names are looked at.
    pub labels: Vec<(String, String)>,
    /// Print the charts' CRDs first.
    pub include_crds: bool,
    /// Print no test hooks.
    pub skip_tests: bool,
    /// Print no hooks.
    pub no_hooks: bool,
    /// Print only documents of these templates, by glob.
    pub show_only: Vec<String>,
    /// Write into this folder instead of printing.
    pub output_dir: String,
    /// Put the release's name between the folder and the chart's.
    pub use_release_name: bool,
    /// `.Release.IsUpgrade`
    pub is_upgrade: bool,
    /// Leave `values.schema.json` alone.
    pub skip_schema_validation: bool,
    /// Let templates look up host names.
    pub enable_dns: bool,
    /// Print manifests that are no YAML before failing.
    pub debug: bool,
}

/// What an action reaches outside of its options.
pub struct Surroundings<'a> {
    /// Clock, randomness, look-ups.
    pub world: &'a dyn World,
    /// Reads values files, standard input, URLs.
    pub reader: &'a dyn values::Reader,
}

/// The name of Helm's release where none is given.
const DEFAULT_NAME: &str = "release-name";

/// Renders; what belongs on standard output is added to `out`, also where it ends in an error.
///
/// # Errors
/// Helm's line for whatever failed first.
pub fn run(
    options: &Options,
    around: &Surroundings<'_>,
    out: &mut Vec<u8>,
    notices: &mut Vec<Notice>,
) -> Result<(), Error> {
    let kube_version = match options.kube_version.as_str() {
        "" => None,
        text => Some(KubeVersion::parse(text).map_err(|error| {
            Error::new(Kind::Usage, format!("invalid kube version '{text}': {error}"))
        })?),
    };
    let (name, chart_path) = name_and_chart(options, around.world)?;
    let chart_path = locate(&chart_path)?;
    let values = values::merge(&options.values, around.reader)?;
    let mut chart = chart::load(&chart_path, notices)?;
    check_installable(&chart)?;
    if chart.metadata.deprecated {
        notices.push(Notice::new(crate::diag::Level::Warn, "this chart is deprecated"));
    }
    dependency::check(&chart)?;
    chart::check_release_name(&name, notices)?;
    dependency::process(&mut chart, values.values(), notices)?;
    let mut capabilities = Capabilities::default();
    if let Some(version) = kube_version {
        capabilities.kube_version = version;
    }
    capabilities.api_versions.extend(options.api_versions.iter().cloned());
    let coalesced = values::coalesce(&chart, values.values(), notices)?;
    if !options.skip_schema_validation {
        schema::validate(&chart, &coalesced, around.reader, notices)?;
    }
    check_labels(options)?;

    let rendered = render_release(options, &chart, &capabilities, &coalesced, &name, around, notices);
    let (manifest, error) = match rendered {
        Ok(manifest) => (manifest, None),
        Err(failed) if options.debug => (failed.0, Some(failed.1)),
        Err(failed) => {
            const HINT: &str = "Use --debug flag to render out invalid YAML";
            let message = format!("{}\n\n{HINT}", failed.1);
            return Err(failed.1.with_message(message));
        }
    };
    let printer = Printer { options, name: &name, chart: &chart };
    let printed = printer.print(&manifest, out);
    match (error, printed) {
        (Some(error), Err(_)) => Err(error),
        (None, Err(error)) => Err(error),
        (Some(error), Ok(())) => Err(error),
        (None, Ok(())) => Ok(()),
    }
}
