//! What the containers of a release write.

use super::get;
use crate::backend::{Backend, Cancel, LogLine, LogOptions, Object};
use crate::diag::{Error, Kind};

/// Kinds whose Pods write logs.
const WORKLOADS: &[&str] = &[
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
    "Pod",
];

/// The group of objects that stand for what runs on Amazon ECS.
const ECS: &str = "ecs.pintle.dev";

/// Tells what the workloads of a release wrote, or those of its objects, hooks among them, that are named
/// as `KIND/NAME` or `NAME`; gives a line for each container that could not be read.
///
/// # Errors
/// There is no such release or workload; whatever the cluster says.
pub fn run(
    (release, names): (&str, &[String]),
    options: &LogOptions,
    (backend, namespace): (&dyn Backend, &str),
    cancel: &Cancel,
    tell: &(dyn Fn(LogLine) + Sync),
) -> Result<Vec<String>, Error> {
    let record = get::release(release, 0, backend, namespace)?;
    backend.expect(&record);
    let is_workload = |object: &Object| match object.key.group.as_str() {
        ECS => ["Service", "RunTask", "Schedule"].contains(&object.key.kind.as_str()),
        _ => WORKLOADS.contains(&object.key.kind.as_str()),
    };
    let mut objects = backend.build(&record.manifest)?;
    objects.retain(is_workload);
    if !names.is_empty() {
        for hook in &record.hooks {
            let built = backend.build(&hook.manifest)?;
            objects.extend(built.into_iter().filter(is_workload));
        }
        let known: Vec<String> = objects.iter().map(name).collect();
        let unknown = names
            .iter()
            .find(|wanted| objects.iter().all(|object| !is_named(object, wanted)));
        if let Some(unknown) = unknown {
            let message = format!("release {release:?} has no workload {unknown:?}");
            let error = Error::new(Kind::NotFound, message);
            return Err(error.with_hint(format!("It has {}.", known.join(", "))));
        }
        objects.retain(|object| names.iter().any(|wanted| is_named(object, wanted)));
    }
    if objects.is_empty() {
        let message = format!("release {release:?} has no workloads that write logs");
        return Err(Error::new(Kind::NotFound, message));
    }
    backend.read_logs(&objects, options, cancel, tell)
}

/// `deployment/web`
fn name(object: &Object) -> String {
    format!("{}/{}", object.key.kind.to_lowercase(), object.key.name)
}

/// Whether an object is meant by `KIND/NAME`, as `kubectl` has kinds, or by `NAME`.
fn is_named(object: &Object, wanted: &str) -> bool {
    let Some((kind, name)) = wanted.split_once('/') else {
        return object.key.name == wanted;
    };
    let own = object.key.kind.to_lowercase();
    let short = match own.as_str() {
        "deployment" => "deploy",
        "statefulset" => "sts",
        "daemonset" => "ds",
        "replicaset" => "rs",
        "replicationcontroller" => "rc",
        "cronjob" => "cj",
        "pod" => "po",
        _ => "",
    };
    let kind = kind.to_lowercase();
    let is_kind = kind == own || kind == object.resource || kind == short;
    object.key.name == name && is_kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Key;

    #[test]
    fn workloads_are_named_as_kubectl_has_it() {
        let object = Object {
            key: Key {
                group: "apps".to_owned(),
                version: "v1".to_owned(),
                kind: "Deployment".to_owned(),
                namespace: "a".to_owned(),
                name: "web".to_owned(),
            },
            resource: "deployments".to_owned(),
            body: serde_json::Value::Null,
        };
        for (wanted, is_it) in [
            ("web", true),
            ("deployment/web", true),
            ("Deployments/web", true),
            ("deploy/web", true),
            ("sts/web", false),
            ("/web", false),
            ("deploy/db", false),
            ("db", false),
        ] {
            assert_eq!(is_named(&object, wanted), is_it, "{wanted}");
        }
    }
}
