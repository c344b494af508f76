//! Names that only a cluster knows, for those who complete words.

use crate::action::{get, list};
use crate::backend::Backend;
use crate::diag::Error;

/// Names, each with a few words.
pub(in crate::cli) type Named = Vec<(String, String)>;

/// The releases of a namespace: `chart-version -> status` (Go: `compListReleases`).
///
/// # Errors
/// Whatever the cluster says.
pub(in crate::cli) fn releases(backend: &dyn Backend, namespace: &str) -> Result<Named, Error> {
    let options = list::Options {
        namespace: namespace.to_owned(),
        ..list::Options::default()
    };
    let found = list::run(&options, backend)?.into_iter();
    Ok(found
        .map(|release| {
            let chart = &release.chart.metadata;
            let status = release.info.status.as_str();
            let about = format!("{} -> {status}", full_name(&chart.name, &chart.version));
            (release.name, about)
        })
        .collect())
}

/// The revisions of a release: `App: appVersion, Chart: chart-version` (Go: `compListRevisions`).
///
/// # Errors
/// Whatever the cluster says, and that there is no such release.
pub(in crate::cli) fn revisions(
    backend: &dyn Backend,
    namespace: &str,
    release: &str,
) -> Result<Named, Error> {
    let mut found = get::revisions(release, backend, namespace)?;
    // In the order of the records, which goes by their names.
    found.sort_by_key(|release| release.revision.to_string());
    let found = found.iter();
    Ok(found
        .map(|release| {
            let chart = &release.chart.metadata;
            let about = format!(
                "App: {}, Chart: {}",
                chart.app_version,
                full_name(&chart.name, &chart.version)
            );
            (release.revision.to_string(), about)
        })
        .collect())
}

/// The namespaces of a cluster.
///
/// # Errors
/// Whatever the cluster says.
pub(in crate::cli) fn namespaces(backend: &dyn Backend) -> Result<Named, Error> {
    let names = backend.namespaces()?.into_iter();
    Ok(names.map(|name| (name, String::new())).collect())
}

fn full_name(chart: &str, version: &str) -> String {
    format!("{chart}-{version}")
}
