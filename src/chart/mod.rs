//! Charts: metadata, files, dependencies, values.
//!
//! ```no_run
//! use pintle::chart;
//!
//! let mut notices = Vec::new();
//! let mut chart = chart::load("./app", &mut notices)?;
//! let user = chart::values::Options::default();
//! let layers = chart::values::layer(&user, &mut chart::values::Disk)?;
//! chart::dependency::process(&mut chart, layers.values(), &mut notices)?;
//! let values = chart::values::coalesce(&chart, layers.values(), &mut notices)?;
//! # drop(values);
//! # Ok::<(), pintle::diag::Error>(())
//! ```
//!
//! Behaviour of `pkg/chart/v2`, `pkg/chart/common` and `pkg/strvals`, Helm 4.2.4.

mod capabilities;
pub(crate) mod decode;
pub mod dependency;
mod load;
mod lock;
mod metadata;
pub mod package;
pub mod provenance;
pub mod schema;
pub mod set;
pub mod values;

use std::sync::Arc;
use std::time::SystemTime;

pub use capabilities::{Capabilities, DEFAULT_API_VERSIONS, KubeVersion};
pub use load::{Unopened, expand, load, load_any, load_bytes, load_files, load_folder};
pub use lock::Lock;
pub(crate) use lock::read_time;
pub use metadata::{Dependency, Maintainer, Metadata};

use crate::diag::Source;
use crate::value::{FrozenMap, Text};

/// A file of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Path in the chart, with `/`.
    pub name: String,
    /// What is in it, without a byte order mark.
    pub data: Text,
    /// When it was last changed, where that is known.
    pub modified: Option<SystemTime>,
}

/// A chart, with the charts in it.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// `Chart.yaml`
    pub metadata: Metadata,
    /// `Chart.lock`, or `requirements.lock`
    pub lock: Option<Lock>,
    /// Files below `templates/`.
    pub templates: Vec<File>,
    /// All other files that are not of another member.
    pub files: Vec<File>,
    /// `values.yaml` as written, named as users would call it.
    pub values_source: Option<Source>,
    /// When `values.yaml` was last changed.
    pub values_modified: Option<SystemTime>,
    /// The chart's defaults: `values.yaml`, and after [`dependency::process`] what it imported.
    pub values: Arc<FrozenMap>,
    /// `values.schema.json`
    pub schema: Option<File>,
    /// Charts below `charts/`, in the order in which values are coalesced.
    pub dependencies: Vec<Chart>,
    /// When `Chart.yaml` was last changed.
    pub modified: Option<SystemTime>,
}

/// A file below `crds/`.
#[derive(Clone, Debug)]
pub struct Crd<'a> {
    /// Path in its chart.
    pub name: &'a str,
    /// Path from the root chart: `root/charts/sub/crds/x.yaml`.
    pub path: String,
    /// The file.
    pub file: &'a File,
}

impl Chart {
    /// The name, or the alias that a parent gave.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Files below `crds/` whose names end in `.yaml`, `.yml` or `.json`: the chart's own, then those
    /// of its dependencies, depth first.
    pub fn crds(&self) -> Vec<Crd<'_>> {
        let mut found = Vec::new();
        self.collect_crds(self.name().to_owned(), &mut found);
        found
    }

    fn collect_crds<'a>(&'a self, full_path: String, found: &mut Vec<Crd<'a>>) {
        for file in &self.files {
            if file.name.starts_with("crds/") && is_manifest(&file.name) {
                let path = format!("{full_path}/{}", file.name);
                found.push(Crd {
                    name: &file.name,
                    path,
                    file,
                });
            }
        }
        for child in &self.dependencies {
            child.collect_crds(format!("{full_path}/charts/{}", child.name()), found);
        }
    }

    /// This chart and all below it, parents first, each with its full path (`root/charts/sub`).
    pub fn walk(&self) -> Vec<(String, &Chart)> {
        fn descend<'a>(chart: &'a Chart, path: String, found: &mut Vec<(String, &'a Chart)>) {
            found.push((path.clone(), chart));
            for child in &chart.dependencies {
                descend(child, format!("{path}/charts/{}", child.name()), found);
            }
        }
        let mut found = Vec::new();
        descend(self, self.name().to_owned(), &mut found);
        found
    }
}

/// Whether a name ends as manifests do (`hasManifestExtension`).
fn is_manifest(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rsplit_once('.').is_some_and(|(_, extension)| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}
