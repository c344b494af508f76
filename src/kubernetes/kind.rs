//! The order of kinds (Helm 4.2.4, `pkg/release/v1/util`: `InstallOrder`, `UninstallOrder`).

use std::cmp::Ordering;

/// Kinds in the order in which they are created.
const INSTALL: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Compares two kinds for installing: known kinds in their order, then the others by name.
pub fn compare_install(a: &[u8], b: &[u8]) -> Ordering {
    let rank = |kind: &[u8]| INSTALL.iter().position(|known| known.as_bytes() == kind);
    match (rank(a), rank(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// Compares two kinds for uninstalling: known kinds from the last to the first, but for Services,
/// which go before what they lead to; then the others by name.
pub fn compare_uninstall(a: &[u8], b: &[u8]) -> Ordering {
    match (uninstall_rank(a), uninstall_rank(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

fn uninstall_rank(kind: &[u8]) -> Option<usize> {
    // Right behind the kinds that lead to Services.
    let kind_before = if kind == b"Service" {
        b"IngressClass"
    } else {
        kind
    };
    let mut kinds = INSTALL.iter().rev();
    let rank = kinds.position(|known| known.as_bytes() == kind_before)?;
    Some(2 * rank + usize::from(kind == b"Service"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_go_before_what_they_lead_to() {
        let mut kinds = [
            "Zebra",
            "Role",
            "CronJob",
            "Service",
            "Ingress",
            "Apple",
            "Deployment",
        ];
        kinds.sort_by(|a, b| compare_uninstall(a.as_bytes(), b.as_bytes()));
        assert_eq!(
            kinds,
            [
                "Ingress",
                "Service",
                "CronJob",
                "Deployment",
                "Role",
                "Apple",
                "Zebra"
            ]
        );
    }

    #[test]
    fn unknown_kinds_come_last_by_name() {
        let mut kinds = ["Zebra", "Service", "", "Apple", "Namespace", "Deployment"];
        kinds.sort_by(|a, b| compare_install(a.as_bytes(), b.as_bytes()));
        assert_eq!(
            kinds,
            ["Namespace", "Service", "Deployment", "", "Apple", "Zebra"]
        );
    }
}
