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

#[cfg(test)]
mod tests {
    use super::*;

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
