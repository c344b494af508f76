//! What objects are called: group, version, kind, name and namespace (`kyaml/resid`, 0.20.1).

use std::fmt;

use serde_json::Value;

/// Group, version and kind; in a selector, what is empty is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gvk {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
}

/// The namespace of what has none.
const NO_NAMESPACE: &str = "_non_namespaceable_";

/// Kinds of the cluster, by `apiVersion` without its version, as far as kustomize knows them.
const CLUSTER: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "ComponentStatus",
            "Namespace",
            "Node",
            "NodeProxyOptions",
            "PersistentVolume",
        ],
    ),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("certificates.k8s.io", &["CertificateSigningRequest"]),
    (
        "flowcontrol.apiserver.k8s.io",
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    ("networking.k8s.io", &["IngressClass"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodSecurityPolicy"]),
    (
        "rbac.authorization.k8s.io",
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
    ),
];

/// The versions that kustomize knows of those kinds: of others it takes them for namespaced.
fn is_known_version(group: &str, kind: &str, version: &str) -> bool {
    match (group, kind) {
        ("", _) => version == "v1",
        ("policy", _) => version == "v1beta1",
        ("flowcontrol.apiserver.k8s.io", _) => version == "v1beta1",
        _ => matches!(version, "v1" | "v1beta1"),
    }
}

impl Gvk {
    pub(super) fn new(api_version: &str, kind: &str) -> Gvk {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Gvk {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    pub(super) fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// Whether a selector of exact words means it.
    pub(super) fn is_selected(&self, selector: &Gvk) -> bool {
        let is = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        is(&selector.group, &self.group)
            && is(&selector.version, &self.version)
            && is(&selector.kind, &self.kind)
    }

    /// Whether it is known to be of no namespace.
    pub(super) fn is_cluster_scoped(&self) -> bool {
        CLUSTER.iter().any(|(group, kinds)| {
            *group == self.group
                && kinds.contains(&self.kind.as_str())
                && is_known_version(&self.group, &self.kind, &self.version)
        })
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, none: &'static str| match text {
            "" => none.to_owned(),
            text => text.to_owned(),
        };
        write!(
            f,
            "{}.{}.{}",
            or(&self.kind, "[noKind]"),
            or(&self.version, "[noVer]"),
            or(&self.group, "[noGrp]")
        )
    }
}

/// What an object is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) gvk: Gvk,
    pub(super) name: String,
    pub(super) namespace: String,
}

impl Id {
    /// What an object says of itself.
    pub(super) fn of(value: &Value) -> Id {
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let metadata = value.get("metadata");
        Id {
            gvk: Gvk::new(&text(value.get("apiVersion")), &text(value.get("kind"))),
            name: match metadata.and_then(|it| it.get("name")) {
                Some(Value::Number(number)) => number.to_string(),
                name => text(name),
            },
            namespace: text(metadata.and_then(|it| it.get("namespace"))),
        }
    }

    /// The namespace, `default` where none is said.
    pub(super) fn effective_namespace(&self) -> &str {
        if self.gvk.is_cluster_scoped() {
            return NO_NAMESPACE;
        }
        match self.namespace.as_str() {
            "" => "default",
            namespace => namespace,
        }
    }

    /// Whether both are one object.
    pub(super) fn is(&self, other: &Id) -> bool {
        self.effective_namespace() == other.effective_namespace() && self.is_alike(other)
    }

    /// Whether both are of one kind and name.
    pub(super) fn is_alike(&self, other: &Id) -> bool {
        self.name == other.name && self.gvk == other.gvk
    }

    /// Whether a selector of exact words means it.
    pub(super) fn is_selected_by(&self, selector: &Id) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty()
                || selector.effective_namespace() == self.effective_namespace())
            && self.gvk.is_selected(&selector.gvk)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, none: &'static str| match text {
            "" => none.to_owned(),
            text => text.to_owned(),
        };
        write!(
            f,
            "{}/{}.{}",
            self.gvk,
            or(&self.name, "[noName]"),
            or(&self.namespace, "[noNs]")
        )
    }
}
