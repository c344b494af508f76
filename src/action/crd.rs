//! The definitions of a chart's `crds/` folder (`Install.installCRDs`, Helm 4.2.4).

use std::time::Duration;

use serde_json::Value;

use super::install::Options;
use super::lifecycle::{Cluster, creating};
use crate::backend::{Jobs, Object, Strategy};
use crate::chart::Crd;
use crate::diag::{Error, Kind, Level, Notice};

/// How long definitions may take to be served.
const PATIENCE: Duration = Duration::from_secs(60);

/// Installs definitions that are not there yet, file by file, and waits until they are served.
///
/// # Errors
/// The first file that cannot be installed.
pub(super) fn install(
    crds: &[Crd<'_>],
    options: &Options,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let mut installed = Vec::new();
    for crd in crds {
        let fail = |error: Error| error.wrap(format!("failed to install CRD {}", crd.name));
        let empty = |what: &str| fail(Error::new(Kind::Chart, what));
        if crd.file.data.is_empty() {
            return Err(empty("file data is empty"));
        }
        let objects = cluster.backend.build(&crd.file.data).map_err(fail)?;
        if objects.is_empty() {
            return Err(empty("resources are empty"));
        }
        let mut apply = creating(options.apply_method);
        if let crate::backend::Method::Server(conflicts) = &mut apply.method {
            *conflicts = options.operation.conflicts;
        }
        match cluster.backend.create(&objects, &apply) {
            Ok(()) => installed.extend(objects),
            Err(error) if error.kind() == Kind::Conflict && is_there(&error) => cluster.warn(
                Notice::new(Level::Debug, "CRD is already present. Skipping").with("crd", crd.name),
            ),
            Err(error) => return Err(fail(error)),
        }
    }
    if installed.is_empty() {
        return Ok(());
    }
    // Helm goes on at once where nobody wants to wait, and is slow enough to find them served.
    let strategy = match options.operation.strategy() {
        Strategy::HookOnly => Strategy::Watcher,
        wanted => wanted,
    };
    let context = cluster.context.within(PATIENCE);
    cluster
        .backend
        .wait(&installed, strategy, Jobs::Started, &context)?;
    cluster.backend.wait_for_kinds(&installed, &context)
}

/// What a definition adds to the versions and kinds that templates see.
pub(super) fn names(definition: &Object) -> Vec<String> {
    let spec = &definition.body["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, kind) = (text(&spec["group"]), text(&spec["names"]["kind"]));
    let versions = spec["versions"].as_array().into_iter().flatten();
    let served = versions.filter(|version| version["served"] == true);
    let names = served.flat_map(|version| {
        let version = format!("{group}/{}", text(&version["name"]));
        [version.clone(), format!("{version}/{kind}")]
    });
    names.collect()
}

/// Another manager's fields are no reason to pass over a definition; that it is there is one.
fn is_there(error: &Error) -> bool {
    error.message().ends_with("already exists")
}
