//! The definitions of a chart's `crds/` folder (`Install.installCRDs`, Helm 4.2.4), and what Helm does
//! not do: to change those that are there.

use std::time::Duration;

use serde_json::Value;

use super::lifecycle::{Cluster, Operation, creating};
use crate::backend::{Adoption, Apply, Change, Jobs, Method, Object, Strategy};
use crate::chart::Crd;
use crate::diag::{Error, Kind, Level, Notice};
use crate::release::ApplyMethod;

/// How long definitions may take to be served.
const PATIENCE: Duration = Duration::from_secs(60);

/// What becomes of the definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Installs create those that are not there, and upgrades leave them alone, as Helm does.
    #[default]
    Install,
    /// Installs and upgrades create and change them; they are never deleted.
    Upgrade,
    /// They are left alone.
    Skip,
}

impl Policy {
    /// The words for them.
    pub const WORDS: [&str; 3] = ["install", "upgrade", "skip"];

    /// Reads a word; nothing is the default.
    ///
    /// # Errors
    /// Another word, with those that there are.
    pub fn parse(word: &str) -> Result<Policy, Error> {
        match word {
            "" | "install" => Ok(Policy::Install),
            "upgrade" => Ok(Policy::Upgrade),
            "skip" => Ok(Policy::Skip),
            other => {
                let message = format!("invalid policy for CRDs {other:?}");
                let hint = format!("there are: {}", Policy::WORDS.join(", "));
                Err(Error::new(Kind::Usage, message).with_hint(hint))
            }
        }
    }
}

/// What is done about definitions that are there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Present {
    Leave,
    Change,
}

/// Brings the definitions of an install, file by file, and waits until they are served.
///
/// # Errors
/// The first file that cannot be brought.
pub(super) fn install(
    crds: &[Crd<'_>],
    method: ApplyMethod,
    operation: &Operation,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    match operation.crds {
        Policy::Install => bring(crds, method, operation, Present::Leave, cluster),
        Policy::Upgrade => bring(crds, method, operation, Present::Change, cluster),
        Policy::Skip => Ok(()),
    }
}

/// Brings the definitions of an upgrade where the policy wants that, and waits until they are served.
///
/// # Errors
/// The first file that cannot be brought.
pub(super) fn upgrade(
    crds: &[Crd<'_>],
    operation: &Operation,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    match operation.crds {
        Policy::Install | Policy::Skip => Ok(()),
        Policy::Upgrade => bring(
            crds,
            ApplyMethod::Server,
            operation,
            Present::Change,
            cluster,
        ),
    }
}

fn bring(
    crds: &[Crd<'_>],
    method: ApplyMethod,
    operation: &Operation,
    present: Present,
    cluster: &Cluster<'_>,
) -> Result<(), Error> {
    let mut brought = Vec::new();
    for crd in crds {
        let verb = match present {
            Present::Leave => "install",
            Present::Change => "apply",
        };
        let fail = |error: Error| error.wrap(format!("failed to {verb} CRD {}", crd.name));
        let empty = |what: &str| fail(Error::new(Kind::Chart, what));
        if crd.file.data.is_empty() {
            return Err(empty("file data is empty"));
        }
        let objects = cluster.backend.build(&crd.file.data).map_err(fail)?;
        if objects.is_empty() {
            return Err(empty("resources are empty"));
        }
        if present == Present::Change {
            change(&objects, operation, cluster).map_err(fail)?;
            brought.extend(objects);
            continue;
        }
        let mut apply = creating(method);
        if let Method::Server(conflicts) = &mut apply.method {
            *conflicts = operation.conflicts;
        }
        match cluster.backend.create(&objects, &apply) {
            Ok(()) => brought.extend(objects),
            Err(error) if error.kind() == Kind::Conflict && is_there(&error) => cluster.warn(
                Notice::new(Level::Debug, "CRD is already present. Skipping").with("crd", crd.name),
            ),
            Err(error) => return Err(fail(error)),
        }
    }
    if brought.is_empty() {
        return Ok(());
    }
    // Helm goes on at once where nobody wants to wait, and is slow enough to find them served.
    let strategy = match operation.strategy() {
        Strategy::HookOnly => Strategy::Watcher,
        wanted => wanted,
    };
    let context = cluster.context.within(PATIENCE);
    cluster
        .backend
        .wait(&brought, strategy, Jobs::Started, &context)?;
    cluster.backend.wait_for_kinds(&brought, &context)
}

/// Creates definitions and changes those that are there, whoever merged them before.
fn change(objects: &[Object], operation: &Operation, cluster: &Cluster<'_>) -> Result<(), Error> {
    let backend = cluster.backend;
    let apply = changing(operation);
    let mut changes = backend.preview(objects, objects, &apply, &cluster.context)?;
    changes.retain(|change| change.fate.is_change());
    let objects: Vec<Object> = changes.into_iter().map(|change| change.object).collect();
    // As those that were there before, nothing of them goes.
    let changes = backend.update(&objects, &objects, &apply, &cluster.context);
    match changes.error {
        None => Ok(()),
        Some(error) => Err(explain(error)),
    }
}

/// How definitions change that are there.
fn changing(operation: &Operation) -> Apply {
    Apply {
        method: Method::Server(operation.conflicts),
        adopt_fields: Adoption::Upgrade,
        ..Apply::default()
    }
}

/// What an upgrade would do to definitions.
///
/// # Errors
/// Whatever the cluster says.
pub(super) fn foresee(
    objects: &[Object],
    operation: &Operation,
    cluster: &Cluster<'_>,
) -> Result<Vec<Change>, Error> {
    if operation.crds != Policy::Upgrade {
        return Ok(Vec::new());
    }
    let apply = changing(operation);
    let backend = cluster.backend;
    backend.preview(objects, objects, &apply, &cluster.context)
}

/// The definitions in files.
///
/// # Errors
/// Definitions that cannot be read.
pub(super) fn definitions(crds: &[Crd<'_>], cluster: &Cluster<'_>) -> Result<Vec<Object>, Error> {
    let mut found = Vec::new();
    for crd in crds {
        let objects = cluster.backend.build(&crd.file.data);
        found.extend(objects.map_err(|error| error.wrap(format!("CRD {}", crd.name)))?);
    }
    Ok(found)
}

/// Says what to do about changes that API servers refuse.
fn explain(error: Error) -> Error {
    let message = error.message();
    let hint = if message.contains("storedVersions") {
        "Objects may still be stored in that version: keep it in `spec.versions` with `served: false`, or write all objects once, take the version out of `status.storedVersions`, and upgrade then."
    } else if message.contains("field is immutable") {
        "Scope, group and names of a definition never change: a definition of another name, and objects brought over to it, are the way."
    } else if message.contains("conflict") {
        "Somebody else manages fields of this definition: `--force-conflicts` takes them, `--crds=install` leaves definitions alone."
    } else {
        return error;
    };
    error.with_hint(hint)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_have_words() {
        for (word, want) in [
            ("", Policy::Install),
            ("install", Policy::Install),
            ("upgrade", Policy::Upgrade),
            ("skip", Policy::Skip),
        ] {
            assert_eq!(Policy::parse(word).unwrap(), want, "{word}");
        }
        let error = Policy::parse("Upgrade").unwrap_err();
        assert_eq!(error.hints(), ["there are: install, upgrade, skip"]);
    }

    #[test]
    fn refusals_are_explained() {
        for (message, hint) in [
            (
                "CustomResourceDefinition \"a\" is invalid: status.storedVersions[0]: Invalid value: \"v1\": missing from spec.versions",
                "Objects may still be stored",
            ),
            (
                "spec.scope: Invalid value: \"Cluster\": field is immutable",
                "Scope, group",
            ),
            (
                "conflict occurred while applying object /a",
                "Somebody else",
            ),
        ] {
            let error = explain(Error::new(Kind::Cluster, message));
            assert!(error.hints()[0].starts_with(hint), "{message}");
        }
        assert!(explain(Error::new(Kind::Cluster, "no")).hints().is_empty());
    }
}
