//! What there is in the cluster after a step.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::case::Scenario;
use crate::cluster::Api;
use crate::normalise::Normaliser;
use crate::record;

/// What is being deleted may take this long to be gone.
const PATIENCE: Duration = Duration::from_secs(4);

/// Resources of a namespace: plural, path of the API, kind.
const INSIDE: &[(&str, &str, &str)] = &[
    ("configmaps", "/api/v1", "ConfigMap"),
    ("secrets", "/api/v1", "Secret"),
    ("services", "/api/v1", "Service"),
    ("serviceaccounts", "/api/v1", "ServiceAccount"),
    ("pods", "/api/v1", "Pod"),
    ("persistentvolumeclaims", "/api/v1", "PersistentVolumeClaim"),
    ("resourcequotas", "/api/v1", "ResourceQuota"),
    ("limitranges", "/api/v1", "LimitRange"),
    ("replicationcontrollers", "/api/v1", "ReplicationController"),
    ("endpoints", "/api/v1", "Endpoints"),
    ("deployments", "/apis/apps/v1", "Deployment"),
    ("replicasets", "/apis/apps/v1", "ReplicaSet"),
    ("statefulsets", "/apis/apps/v1", "StatefulSet"),
    ("daemonsets", "/apis/apps/v1", "DaemonSet"),
    ("jobs", "/apis/batch/v1", "Job"),
    ("cronjobs", "/apis/batch/v1", "CronJob"),
    ("ingresses", "/apis/networking.k8s.io/v1", "Ingress"),
    (
        "networkpolicies",
        "/apis/networking.k8s.io/v1",
        "NetworkPolicy",
    ),
    (
        "poddisruptionbudgets",
        "/apis/policy/v1",
        "PodDisruptionBudget",
    ),
    (
        "horizontalpodautoscalers",
        "/apis/autoscaling/v2",
        "HorizontalPodAutoscaler",
    ),
    ("roles", "/apis/rbac.authorization.k8s.io/v1", "Role"),
    (
        "rolebindings",
        "/apis/rbac.authorization.k8s.io/v1",
        "RoleBinding",
    ),
    ("widgets", "/apis/rec.example.com/v1", "Widget"),
];

/// Resources of the whole cluster.
const OUTSIDE: &[(&str, &str, &str)] = &[
    (
        "clusterroles",
        "/apis/rbac.authorization.k8s.io/v1",
        "ClusterRole",
    ),
    (
        "clusterrolebindings",
        "/apis/rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
    ),
    ("namespaces", "/api/v1", "Namespace"),
    (
        "customresourcedefinitions",
        "/apis/apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
    ),
];

/// Annotations that controllers add.
const THEIRS: &[&str] = &[
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "deployment.kubernetes.io/",
    "batch.kubernetes.io/",
    "kubectl.kubernetes.io/last-applied",
    "deprecated.daemonset",
];

/// Objects and stored releases, by `Kind/namespace/name`.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) objects: Map<String, Value>,
    pub(crate) records: Map<String, Value>,
}

impl Snapshot {
    /// Waits a while for what is being deleted, and takes what there is then.
    pub(crate) fn take(
        api: &Api,
        scenario: &Scenario,
        namespaces: &[&str],
        names: &Normaliser,
    ) -> Result<Snapshot, String> {
        let start = Instant::now();
        loop {
            let mut taking = Taking {
                scenario,
                namespaces,
                names,
                snapshot: Snapshot::default(),
                terminating: false,
            };
            for namespace in namespaces {
                for (plural, group, kind) in INSIDE {
                    let path = format!("{group}/namespaces/{namespace}/{plural}");
                    for object in list(api, &path)? {
                        taking.inside(namespace, kind, object)?;
                    }
                }
            }
            for (plural, group, kind) in OUTSIDE {
                for object in list(api, &format!("{group}/{plural}"))? {
                    taking.outside(kind, object);
                }
            }
            if !taking.terminating || start.elapsed() > PATIENCE {
                return Ok(taking.snapshot);
            }
            std::thread::sleep(Duration::from_millis(80));
        }
    }

    /// As a scenario has it: `=` stands for what is as it was.
    pub(crate) fn since(&self, before: &Snapshot) -> Value {
        let shorten = |now: &Map<String, Value>, before: &Map<String, Value>| -> Value {
            now.iter()
                .map(|(key, value)| {
                    let same = before.get(key) == Some(value);
                    (key.clone(), if same { json!("=") } else { value.clone() })
                })
                .collect::<Map<_, _>>()
                .into()
        };
        json!({
            "objects": shorten(&self.objects, &before.objects),
            "release_record": shorten(&self.records, &before.records),
        })
    }
}

/// Kinds that do not exist have no objects.
fn list(api: &Api, path: &str) -> Result<Vec<Value>, String> {
    let (code, mut answer) = api.get(path)?;
    match answer.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if code == 200 => Ok(items),
        _ => Ok(Vec::new()),
    }
}

struct Taking<'a> {
    scenario: &'a Scenario,
    namespaces: &'a [&'a str],
    names: &'a Normaliser,
    snapshot: Snapshot,
    terminating: bool,
}

impl Taking<'_> {
    fn inside(&mut self, namespace: &str, kind: &str, object: Value) -> Result<(), String> {
        let names = self.names;
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default().to_owned();
        let key = format!("{kind}/{}/{}", names.text(namespace), names.text(&name));
        if name.starts_with("sh.helm.release.v1.") && matches!(kind, "Secret" | "ConfigMap") {
            let record = describe_record(kind, &object, names);
            self.snapshot.records.insert(key, record);
            return Ok(());
        }
        let made_for_all = matches!(
            (kind, name.as_str()),
            ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default")
        );
        let released = metadata["annotations"].get("meta.helm.sh/release-name");
        if made_for_all || kind == "Endpoints" && released.is_none() {
            return Ok(());
        }
        self.terminating |= is_deleted(metadata);
        let owned = metadata["ownerReferences"].as_array();
        if owned.is_some_and(|owners| !owners.is_empty())
            && matches!(kind, "Pod" | "ReplicaSet" | "Job")
        {
            return Ok(());
        }
        let object = normalise(object, kind, names);
        self.snapshot.objects.insert(key, object);
        Ok(())
    }

    fn outside(&mut self, kind: &str, object: Value) {
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default().to_owned();
        let ours = match kind {
            "CustomResourceDefinition" => self.scenario.crd && name.ends_with("rec.example.com"),
            "Namespace" if !(self.scenario.no_namespace || self.scenario.show_namespaces) => false,
            _ => self.namespaces.iter().any(|part| name.contains(part)),
        };
        if !ours {
            return;
        }
        self.terminating |= is_deleted(metadata);
        let key = format!("{kind}//{}", self.names.text(&name));
        let object = normalise(object, kind, self.names);
        self.snapshot.objects.insert(key, object);
    }
}

fn is_deleted(metadata: &Value) -> bool {
    metadata.get("deletionTimestamp").is_some()
}

fn describe_record(kind: &str, object: &Value, names: &Normaliser) -> Value {
    let metadata = &object["metadata"];
    let keys: BTreeSet<&String> = object["data"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
        .collect();
    let labels = match &metadata["labels"] {
        Value::Null => json!({}),
        labels => names.value(labels.clone()),
    };
    let mut record = json!({"type": object.get("type"), "data_keys": keys, "labels": labels});
    if let Some(annotations) = metadata.get("annotations") {
        record["annotations"] = names.value(annotations.clone());
    }
    let told = record::stored_text(kind, object).and_then(|text| record::describe(&text, names));
    match told {
        Ok(members) => {
            for (key, value) in members {
                record[key] = value;
            }
        }
        Err(error) => record["undecodable"] = json!(error),
    }
    let managers: BTreeSet<String> = managed(metadata)
        .map(|entry| format!("{}:{}", text(entry, "manager"), text(entry, "operation")))
        .collect();
    record["managers"] = json!(managers);
    record
}

fn managed(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["managedFields"].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Takes away what is the server's or a controller's, and what changes from run to run.
fn normalise(mut object: Value, kind: &str, names: &Normaliser) -> Value {
    let managers: BTreeSet<String> = managed(&object["metadata"])
        .filter(|entry| {
            let manager = text(entry, "manager");
            let theirs = ["kube-", "testcluster", "apiserver"];
            text(entry, "subresource").is_empty()
                && !theirs.iter().any(|prefix| manager.starts_with(prefix))
        })
        .map(|entry| format!("{}:{}", text(entry, "manager"), text(entry, "operation")))
        .collect();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "managedFields",
            "name",
            "namespace",
            "selfLink",
            "generateName",
        ] {
            metadata.shift_remove(key);
        }
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.retain(|key, _| !THEIRS.iter().any(|prefix| key.starts_with(prefix)));
            if annotations.is_empty() {
                metadata.shift_remove("annotations");
            }
        }
        if kind == "ReplicaSet" {
            metadata.shift_remove("ownerReferences");
        }
        if let Some(Value::Array(owners)) = metadata.get_mut("ownerReferences") {
            for owner in owners.iter_mut().filter_map(Value::as_object_mut) {
                owner.shift_remove("uid");
            }
        }
    }
    if kind == "Job" {
        for place in [
            "/metadata/labels",
            "/spec/selector/matchLabels",
            "/spec/template/metadata/labels",
        ] {
            if let Some(Value::Object(labels)) = object.pointer_mut(place) {
                labels.retain(|key, _| !key.contains("controller-uid"));
            }
        }
    }
    if let Some(members) = object.as_object_mut() {
        for key in ["status", "apiVersion", "kind"] {
            members.shift_remove(key);
        }
        if let Some(Value::Object(spec)) = members.get_mut("spec") {
            forget_choices(spec, kind);
        }
        if !managers.is_empty() {
            members.insert("managers".to_owned(), json!(managers));
        }
    }
    names.value(object)
}

/// What the server chose.
fn forget_choices(spec: &mut Map<String, Value>, kind: &str) {
    match kind {
        "Service" => {
            for key in ["clusterIP", "clusterIPs", "healthCheckNodePort"] {
                let kept = [json!("None"), json!(["None"])];
                if spec.get(key).is_some_and(|value| !kept.contains(value)) {
                    spec.shift_remove(key);
                }
            }
            if let Some(Value::Array(ports)) = spec.get_mut("ports") {
                for port in ports.iter_mut().filter_map(Value::as_object_mut) {
                    port.shift_remove("nodePort");
                }
            }
        }
        "PersistentVolumeClaim" => {
            spec.shift_remove("volumeName");
        }
        "Pod" => {
            spec.shift_remove("nodeName");
        }
        "CustomResourceDefinition" => {
            spec.shift_remove("conversion");
        }
        _ => {}
    }
}
