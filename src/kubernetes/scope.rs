//! Which kinds live in namespaces, as far as Kubernetes' own kinds go (1.25 to 1.37).

/// Where objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In no namespace.
    Cluster,
    /// Each in a namespace.
    Namespaced,
    /// The kind is not one of Kubernetes' own.
    Unknown,
}

/// Kinds without namespaces, by group.
const CLUSTER: &[(&str, &[&str])] = &[
    (
        "",
        &["ComponentStatus", "Namespace", "Node", "PersistentVolume"],
    ),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    (
        "authentication.k8s.io",
        &["SelfSubjectReview", "TokenReview"],
    ),
    (
        "authorization.k8s.io",
        &[
            "SelfSubjectAccessReview",
            "SelfSubjectRulesReview",
            "SubjectAccessReview",
        ],
    ),
    (
        "certificates.k8s.io",
        &["CertificateSigningRequest", "ClusterTrustBundle"],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    (
        "networking.k8s.io",
        &["IPAddress", "IngressClass", "ServiceCIDR"],
    ),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodSecurityPolicy"]),
    (
        "rbac.authorization.k8s.io",
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    (
        "resource.k8s.io",
        &["DeviceClass", "DeviceTaintRule", "ResourceSlice"],
    ),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &[
            "CSIDriver",
            "CSINode",
            "StorageClass",
            "VolumeAttachment",
            "VolumeAttributesClass",
        ],
    ),
    ("storagemigration.k8s.io", &["StorageVersionMigration"]),
];

/// Where objects of `kind` in `group` (empty for the core) live.
pub fn scope(group: &str, kind: &str) -> Scope {
    let listed = CLUSTER
        .iter()
        .any(|(own, kinds)| *own == group && kinds.contains(&kind));
    match (listed, is_own(group)) {
        (true, _) => Scope::Cluster,
        (false, true) => Scope::Namespaced,
        (false, false) => Scope::Unknown,
    }
}

/// Whether a group is Kubernetes' own: the core, the old names without dots, and those below
/// `k8s.io` but for what projects beside Kubernetes define there (`x-k8s.io`, `*.*.k8s.io`).
fn is_own(group: &str) -> bool {
    match group.strip_suffix(".k8s.io") {
        None => !group.contains('.'),
        Some(own) => {
            CLUSTER.iter().any(|(known, _)| *known == group)
                || matches!(own, "coordination" | "discovery" | "events" | "metrics")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_live_where_kubernetes_says() {
        for (group, kind, expected) in [
            ("", "Pod", Scope::Namespaced),
            ("", "Namespace", Scope::Cluster),
            ("apps", "Deployment", Scope::Namespaced),
            ("networking.k8s.io", "Ingress", Scope::Namespaced),
            ("networking.k8s.io", "IngressClass", Scope::Cluster),
            ("coordination.k8s.io", "Lease", Scope::Namespaced),
            ("gateway.networking.k8s.io", "GatewayClass", Scope::Unknown),
            ("example.org", "Node", Scope::Unknown),
        ] {
            assert_eq!(scope(group, kind), expected, "{group} {kind}");
        }
    }
}
