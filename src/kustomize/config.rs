//! Which places kustomize looks at: what it knows by itself, and `configurations` and `crds` of a
//! kustomization (`api/internal/plugins/builtinconfig`, 0.20.1).

use std::sync::OnceLock;

use super::field::FieldSpec;
use super::id::Gvk;
use super::part::Part;
use crate::diag::Error;

/// Places by what is done there.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) name_prefix: Vec<FieldSpec>,
    pub(super) name_suffix: Vec<FieldSpec>,
    pub(super) namespace: Vec<FieldSpec>,
    pub(super) common_labels: Vec<FieldSpec>,
    pub(super) labels: Vec<FieldSpec>,
    pub(super) template_labels: Vec<FieldSpec>,
    pub(super) common_annotations: Vec<FieldSpec>,
    pub(super) references: Vec<Reference>,
    pub(super) variables: Vec<FieldSpec>,
    pub(super) images: Vec<FieldSpec>,
    pub(super) replicas: Vec<FieldSpec>,
}

/// Where objects of a kind are named.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) target: Gvk,
    pub(super) referrers: Vec<FieldSpec>,
}

/// Workloads, and where their pods are described.
const TEMPLATES: [(&str, &str); 6] = [
    ("Deployment", "spec/template"),
    ("ReplicaSet", "spec/template"),
    ("DaemonSet", "spec/template"),
    ("StatefulSet", "spec/template"),
    ("Job", "spec/template"),
    ("CronJob", "spec/jobTemplate/spec/template"),
];

/// Adds `places` that are not there yet; of two that say differently whether they are made, the
/// first stays.
pub(super) fn merge(into: &mut Vec<FieldSpec>, places: &[FieldSpec]) {
    for place in places {
        let is_there = into
            .iter()
            .any(|known| known.gvk.is_selected(&place.gvk) && known.path == place.path);
        if !is_there {
            into.push(place.clone());
        }
    }
}

impl Config {
    /// What kustomize knows by itself.
    pub(super) fn builtin() -> &'static Config {
        static CONFIG: OnceLock<Config> = OnceLock::new();
        CONFIG.get_or_init(builtin)
    }

    pub(super) fn merge(&mut self, other: &Config) {
        for (into, places) in [
            (&mut self.name_prefix, &other.name_prefix),
            (&mut self.name_suffix, &other.name_suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.template_labels, &other.template_labels),
            (&mut self.common_annotations, &other.common_annotations),
            (&mut self.variables, &other.variables),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
        ] {
            merge(into, places);
        }
        for reference in &other.references {
            match self
                .references
                .iter_mut()
                .find(|known| known.target == reference.target)
            {
                Some(known) => merge(&mut known.referrers, &reference.referrers),
                None => self.references.push(reference.clone()),
            }
        }
    }

    /// What a file of `configurations` says.
    ///
    /// # Errors
    /// Fields that there are not, or of another type.
    pub(super) fn read(part: &Part<'_>) -> Result<Config, Error> {
        let mut config = Config::default();
        let known = [
            "namePrefix",
            "nameSuffix",
            "namespace",
            "commonLabels",
            "labels",
            "templateLabels",
            "commonAnnotations",
            "nameReference",
            "varReference",
            "images",
            "replicas",
        ];
        part.check(&known)?;
        for (name, into) in [
            ("namePrefix", &mut config.name_prefix),
            ("nameSuffix", &mut config.name_suffix),
            ("namespace", &mut config.namespace),
            ("commonLabels", &mut config.common_labels),
            ("labels", &mut config.labels),
            ("templateLabels", &mut config.template_labels),
            ("commonAnnotations", &mut config.common_annotations),
            ("varReference", &mut config.variables),
            ("images", &mut config.images),
            ("replicas", &mut config.replicas),
        ] {
            *into = places(part, name)?;
        }
        for reference in part.items("nameReference")? {
            reference.check(&["group", "version", "kind", "fieldSpecs"])?;
            config.references.push(Reference {
                target: gvk(&reference)?,
                referrers: places(&reference, "fieldSpecs")?,
            });
        }
        Ok(config)
    }
}

/// Group, version and kind of a part.
///
/// # Errors
/// Those that are no texts.
pub(super) fn gvk(part: &Part<'_>) -> Result<Gvk, Error> {
    Ok(Gvk {
        group: part.text("group")?,
        version: part.text("version")?,
        kind: part.text("kind")?,
    })
}

/// A list of field specs.
///
/// # Errors
/// Fields that there are not, or of another type.
pub(super) fn places(part: &Part<'_>, name: &str) -> Result<Vec<FieldSpec>, Error> {
    part.items(name)?
        .iter()
        .map(|item| {
            item.check(&["group", "version", "kind", "path", "create"])?;
            Ok(FieldSpec {
                gvk: gvk(item)?,
                path: item.text("path")?,
                create: item.flag("create")?,
            })
        })
        .collect()
}

fn builtin() -> Config {
    let name = vec![FieldSpec::new("", "", "metadata/name")];
    let metadata_labels = metadata_labels();
    Config {
        name_prefix: name.clone(),
        name_suffix: name,
        namespace: vec![
            FieldSpec::new("Namespace", "", "metadata/name").creating(),
            FieldSpec::new(
                "APIService",
                "apiregistration.k8s.io",
                "spec/service/namespace",
            )
            .creating(),
            FieldSpec::new(
                "CustomResourceDefinition",
                "apiextensions.k8s.io",
                "spec/conversion/webhook/clientConfig/service/namespace",
            ),
        ],
        common_labels: [selectors(), metadata_labels.clone()].concat(),
        labels: Vec::new(),
        template_labels: metadata_labels,
        common_annotations: annotations(),
        references: references(),
        variables: variables(),
        images: ["spec", "spec/template/spec"]
            .iter()
            .flat_map(|spec| {
                [
                    "containers[]/image",
                    "initContainers[]/image",
                    "volumes[]/image/reference",
                ]
                .map(|image| FieldSpec::new("", "", &format!("{spec}/{image}")).creating())
            })
            .collect(),
        replicas: [
            "Deployment",
            "ReplicationController",
            "ReplicaSet",
            "StatefulSet",
        ]
        .iter()
        .map(|kind| FieldSpec::new(kind, "", "spec/replicas").creating())
        .collect(),
    }
}

/// `v1` kinds only.
fn core(kind: &str, path: &str) -> FieldSpec {
    let mut spec = FieldSpec::new(kind, "", path);
    "v1".clone_into(&mut spec.gvk.version);
    spec
}

/// The group that kustomize asks for in labels and annotations of a workload.
fn group_of(kind: &str) -> &'static str {
    match kind {
        "Job" | "CronJob" => "batch",
        _ => "",
    }
}

fn metadata_labels() -> Vec<FieldSpec> {
    let mut found = vec![
        FieldSpec::new("", "", "metadata/labels").creating(),
        core("ReplicationController", "spec/template/metadata/labels").creating(),
        FieldSpec::new(
            "StatefulSet",
            "apps",
            "spec/volumeClaimTemplates[]/metadata/labels",
        )
        .creating(),
        FieldSpec::new("CronJob", "batch", "spec/jobTemplate/metadata/labels").creating(),
    ];
    for (kind, template) in TEMPLATES {
        let group = match kind {
            "StatefulSet" => "apps",
            kind => group_of(kind),
        };
        let path = format!("{template}/metadata/labels");
        found.push(FieldSpec::new(kind, group, &path).creating());
    }
    found
}

fn annotations() -> Vec<FieldSpec> {
    let mut found = vec![
        FieldSpec::new("", "", "metadata/annotations").creating(),
        core(
            "ReplicationController",
            "spec/template/metadata/annotations",
        )
        .creating(),
        FieldSpec::new("CronJob", "batch", "spec/jobTemplate/metadata/annotations").creating(),
    ];
    for (kind, template) in TEMPLATES {
        let path = format!("{template}/metadata/annotations");
        found.push(FieldSpec::new(kind, group_of(kind), &path).creating());
    }
    found
}

fn selectors() -> Vec<FieldSpec> {
    const MATCH: &str = "spec/selector/matchLabels";
    let mut found = vec![
        core("Service", "spec/selector").creating(),
        core("ReplicationController", "spec/selector").creating(),
        FieldSpec::new("Deployment", "", MATCH).creating(),
        FieldSpec::new("ReplicaSet", "", MATCH).creating(),
        FieldSpec::new("DaemonSet", "", MATCH).creating(),
        FieldSpec::new("StatefulSet", "apps", MATCH).creating(),
        FieldSpec::new("Job", "batch", MATCH),
        FieldSpec::new(
            "CronJob",
            "batch",
            "spec/jobTemplate/spec/selector/matchLabels",
        ),
        FieldSpec::new("PodDisruptionBudget", "policy", MATCH),
    ];
    for path in ["spec", "spec/ingress/from", "spec/egress/to"] {
        let path = format!("{path}/podSelector/matchLabels");
        found.push(FieldSpec::new("NetworkPolicy", "networking.k8s.io", &path));
    }
    const SCHEDULING: &str = "DuringSchedulingIgnoredDuringExecution";
    for kind in ["Deployment", "StatefulSet"] {
        for affinity in ["podAffinity", "podAntiAffinity"] {
            for term in [
                format!("preferred{SCHEDULING}/podAffinityTerm"),
                format!("required{SCHEDULING}"),
            ] {
                let path = format!(
                    "spec/template/spec/affinity/{affinity}/{term}/labelSelector/matchLabels"
                );
                found.push(FieldSpec::new(kind, "apps", &path));
            }
        }
        let path = "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels";
        found.push(FieldSpec::new(kind, "apps", path));
    }
    found
}

/// Places in the specification of pods that name an object of a kind.
fn in_pods(kind: &str) -> &'static [&'static str] {
    match kind {
        "ConfigMap" => &[
            "volumes/configMap/name",
            "containers/env/valueFrom/configMapKeyRef/name",
            "initContainers/env/valueFrom/configMapKeyRef/name",
            "containers/envFrom/configMapRef/name",
            "initContainers/envFrom/configMapRef/name",
            "volumes/projected/sources/configMap/name",
        ],
        "Secret" => &[
            "volumes/secret/secretName",
            "containers/env/valueFrom/secretKeyRef/name",
            "initContainers/env/valueFrom/secretKeyRef/name",
            "containers/envFrom/secretRef/name",
            "initContainers/envFrom/secretRef/name",
            "imagePullSecrets/name",
            "volumes/projected/sources/secret/name",
        ],
        "ServiceAccount" => &["serviceAccountName"],
        "PersistentVolumeClaim" => &["volumes/persistentVolumeClaim/claimName"],
        "PriorityClass" => &["priorityClassName"],
        _ => &[],
    }
}

/// Places that name an object of a kind: in pods, wherever those are described, and elsewhere.
fn referrers(kind: &str) -> Vec<FieldSpec> {
    let mut found = Vec::new();
    let has_data = matches!(kind, "ConfigMap" | "Secret");
    for inner in in_pods(kind) {
        let pod = format!("spec/{inner}");
        found.push(match has_data {
            true => core("Pod", &pod),
            false => FieldSpec::new("Pod", "", &pod),
        });
        if has_data {
            found.push(FieldSpec::new(
                "PodTemplate",
                "",
                &format!("template/{pod}"),
            ));
        } else {
            let path = format!("spec/template/{pod}");
            found.push(FieldSpec::new("ReplicationController", "", &path));
        }
        for (workload, template) in TEMPLATES {
            if workload != "ReplicaSet" || has_data {
                found.push(FieldSpec::new(workload, "", &format!("{template}/{pod}")));
            }
        }
    }
    found
}

fn references() -> Vec<Reference> {
    const RBAC: &str = "rbac.authorization.k8s.io";
    let target = |kind: &str, group: &str, version: &str| Gvk {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
    };
    let mut found = Vec::new();
    let mut add = |target: Gvk, others: &[(&str, &str, &str)]| {
        let mut places = referrers(&target.kind);
        places.extend(
            others
                .iter()
                .map(|(kind, group, path)| FieldSpec::new(kind, group, path)),
        );
        found.push(Reference {
            target,
            referrers: places,
        });
    };
    for kind in [
        "Deployment",
        "ReplicationController",
        "ReplicaSet",
        "StatefulSet",
    ] {
        let scaler = ("HorizontalPodAutoscaler", "", "spec/scaleTargetRef/name");
        add(target(kind, "", ""), &[scaler]);
    }
    add(
        target("ConfigMap", "", "v1"),
        &[
            ("Node", "", "spec/configSource/configMap"),
            ("Role", "", "rules/resourceNames"),
            ("ClusterRole", "", "rules/resourceNames"),
            (
                "Ingress",
                "",
                r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap",
            ),
        ],
    );
    add(
        target("Secret", "", "v1"),
        &[
            ("Ingress", "", "spec/tls/secretName"),
            (
                "Ingress",
                "",
                r"metadata/annotations/ingress.kubernetes.io\/auth-secret",
            ),
            (
                "Ingress",
                "",
                r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret",
            ),
            (
                "Ingress",
                "",
                r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret",
            ),
            ("ServiceAccount", "", "imagePullSecrets/name"),
            ("StorageClass", "", "parameters/secretName"),
            ("StorageClass", "", "parameters/adminSecretName"),
            ("StorageClass", "", "parameters/userSecretName"),
            ("StorageClass", "", "parameters/secretRef"),
            ("Role", "", "rules/resourceNames"),
            ("ClusterRole", "", "rules/resourceNames"),
            (
                "Service",
                "serving.knative.dev",
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
            ),
            ("PersistentVolume", "", "spec/azureFile/secretName"),
        ],
    );
    const HOOKS: &str = "admissionregistration.k8s.io";
    add(
        target("Service", "", "v1"),
        &[
            ("StatefulSet", "apps", "spec/serviceName"),
            ("Ingress", "", "spec/rules/http/paths/backend/serviceName"),
            ("Ingress", "", "spec/backend/serviceName"),
            ("Ingress", "", "spec/rules/http/paths/backend/service/name"),
            ("Ingress", "", "spec/defaultBackend/service/name"),
            ("APIService", "apiregistration.k8s.io", "spec/service/name"),
            (
                "ValidatingWebhookConfiguration",
                HOOKS,
                "webhooks/clientConfig/service",
            ),
            (
                "MutatingWebhookConfiguration",
                HOOKS,
                "webhooks/clientConfig/service",
            ),
        ],
    );
    add(
        target("Role", RBAC, ""),
        &[("RoleBinding", RBAC, "roleRef/name")],
    );
    add(
        target("ClusterRole", RBAC, ""),
        &[
            ("RoleBinding", RBAC, "roleRef/name"),
            ("ClusterRoleBinding", RBAC, "roleRef/name"),
        ],
    );
    add(
        target("ServiceAccount", "", "v1"),
        &[
            ("RoleBinding", RBAC, "subjects"),
            ("ClusterRoleBinding", RBAC, "subjects"),
        ],
    );
    add(target("PersistentVolumeClaim", "", "v1"), &[]);
    add(
        target("PersistentVolume", "", "v1"),
        &[
            ("PersistentVolumeClaim", "", "spec/volumeName"),
            ("ClusterRole", "", "rules/resourceNames"),
        ],
    );
    add(
        target("StorageClass", "storage.k8s.io", "v1"),
        &[
            ("PersistentVolume", "", "spec/storageClassName"),
            ("PersistentVolumeClaim", "", "spec/storageClassName"),
            (
                "StatefulSet",
                "",
                "spec/volumeClaimTemplates/spec/storageClassName",
            ),
        ],
    );
    add(target("PriorityClass", "scheduling.k8s.io", "v1"), &[]);
    // The group has a version in it upstream, so that nothing is ever found by it.
    add(
        target("IngressClass", "networking.k8s.io/v1", "v1"),
        &[("Ingress", "", "spec/ingressClassName")],
    );
    add(
        target("ValidatingAdmissionPolicy", HOOKS, ""),
        &[("ValidatingAdmissionPolicyBinding", HOOKS, "spec/policyName")],
    );
    found
}

/// Where `$(NAME)` is replaced.
fn variables() -> Vec<FieldSpec> {
    let mut found = vec![
        FieldSpec::new("", "", "metadata/labels"),
        FieldSpec::new("", "", "metadata/annotations"),
        FieldSpec::new("Deployment", "", "spec/template/metadata/annotations"),
        FieldSpec::new("Ingress", "", "spec/rules/host"),
        FieldSpec::new("Ingress", "", "spec/tls/hosts"),
        FieldSpec::new("Ingress", "", "spec/tls/secretName"),
        FieldSpec::new("Service", "", "spec/ports/port"),
        FieldSpec::new("Service", "", "spec/ports/targetPort"),
        FieldSpec::new(
            "StatefulSet",
            "",
            "spec/volumeClaimTemplates/spec/nfs/server",
        ),
        FieldSpec::new("PersistentVolume", "", "spec/nfs/server"),
        // Upstream has no `spec` in this one.
        FieldSpec::new(
            "CronJob",
            "",
            "spec/jobTemplate/spec/template/volumes/nfs/server",
        ),
        FieldSpec::new("Pod", "", "spec/volumes/nfs/server"),
    ];
    let pods = TEMPLATES
        .iter()
        .map(|(kind, template)| (*kind, format!("{template}/spec")))
        .chain([("Pod", "spec".to_owned())]);
    for (kind, spec) in pods {
        for containers in ["containers", "initContainers"] {
            for place in ["args", "command", "env/value", "volumeMounts/mountPath"] {
                found.push(FieldSpec::new(
                    kind,
                    "",
                    &format!("{spec}/{containers}/{place}"),
                ));
            }
        }
        if !matches!(kind, "CronJob" | "Pod") {
            found.push(FieldSpec::new(
                kind,
                "",
                &format!("{spec}/volumes/nfs/server"),
            ));
        }
    }
    found
}
