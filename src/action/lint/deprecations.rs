//! APIs that Kubernetes has deprecated.

use super::templates::Stub;
use crate::chart::KubeVersion;

/// Since which minor version of Kubernetes 1 a kind is deprecated, since which it is gone (0 where
/// that is open), and what takes its place.
type Row = (&'static str, u64, u64, &'static str);

/// The deprecated kinds, by `apiVersion`: what the `APILifecycle...` methods of `k8s.io/api` v0.36.1
/// answer for the types that client-go knows.
const DEPRECATED: &[(&str, &[Row])] = &[
    (
        "admissionregistration.k8s.io/v1alpha1",
        &[
            ("MutatingAdmissionPolicy", 35, 38, ""),
            ("MutatingAdmissionPolicyBinding", 35, 38, ""),
            ("MutatingAdmissionPolicyBindingList", 35, 38, ""),
            ("MutatingAdmissionPolicyList", 35, 38, ""),
            ("ValidatingAdmissionPolicy", 29, 32, ""),
            ("ValidatingAdmissionPolicyBinding", 29, 32, ""),
            ("ValidatingAdmissionPolicyBindingList", 29, 32, ""),
            ("ValidatingAdmissionPolicyList", 29, 32, ""),
        ],
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        &[
            (
                "MutatingAdmissionPolicy",
                37,
                40,
                "admissionregistration.k8s.io/v1 MutatingAdmissionPolicy",
            ),
            (
                "MutatingAdmissionPolicyBinding",
                37,
                40,
                "admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding",
            ),
            (
                "MutatingAdmissionPolicyBindingList",
                37,
                40,
                "admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBindingList",
            ),
            (
                "MutatingAdmissionPolicyList",
                37,
                40,
                "admissionregistration.k8s.io/v1 MutatingAdmissionPolicyList",
            ),
            (
                "MutatingWebhookConfiguration",
                16,
                22,
                "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
            ),
            (
                "MutatingWebhookConfigurationList",
                16,
                22,
                "admissionregistration.k8s.io/v1 MutatingWebhookConfigurationList",
            ),
            ("ValidatingAdmissionPolicy", 31, 34, ""),
            ("ValidatingAdmissionPolicyBinding", 31, 34, ""),
            ("ValidatingAdmissionPolicyBindingList", 31, 34, ""),
            ("ValidatingAdmissionPolicyList", 31, 34, ""),
            (
                "ValidatingWebhookConfiguration",
                16,
                22,
                "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
            ),
            (
                "ValidatingWebhookConfigurationList",
                16,
                22,
                "admissionregistration.k8s.io/v1 ValidatingWebhookConfigurationList",
            ),
        ],
    ),
    (
        "apps/v1beta1",
        &[
            ("ControllerRevision", 8, 16, "apps/v1 ControllerRevision"),
            (
                "ControllerRevisionList",
                8,
                16,
                "apps/v1 ControllerRevisionList",
            ),
            ("Deployment", 8, 16, "apps/v1 Deployment"),
            ("DeploymentList", 8, 16, "apps/v1 DeploymentList"),
            ("DeploymentRollback", 8, 16, "apps/v1 DeploymentRollback"),
            ("Scale", 8, 16, "autoscaling/v1 Scale"),
            ("StatefulSet", 8, 16, "apps/v1 StatefulSet"),
            ("StatefulSetList", 8, 16, "apps/v1 StatefulSetList"),
        ],
    ),
    (
        "apps/v1beta2",
        &[
            ("ControllerRevision", 9, 16, "apps/v1 ControllerRevision"),
            (
                "ControllerRevisionList",
                9,
                16,
                "apps/v1 ControllerRevisionList",
            ),
            ("DaemonSet", 9, 16, "apps/v1 DaemonSet"),
            ("DaemonSetList", 9, 16, "apps/v1 DaemonSetList"),
            ("Deployment", 9, 16, "apps/v1 Deployment"),
            ("DeploymentList", 9, 16, "apps/v1 DeploymentList"),
            ("ReplicaSet", 9, 16, "apps/v1 ReplicaSet"),
            ("ReplicaSetList", 9, 16, "apps/v1 ReplicaSetList"),
            ("Scale", 9, 16, "autoscaling/v1 Scale"),
            ("StatefulSet", 9, 16, "apps/v1 StatefulSet"),
            ("StatefulSetList", 9, 16, "apps/v1 StatefulSetList"),
        ],
    ),
    (
        "authentication.k8s.io/v1alpha1",
        &[("SelfSubjectReview", 29, 32, "")],
    ),
    (
        "authentication.k8s.io/v1beta1",
        &[
            ("SelfSubjectReview", 30, 33, ""),
            (
                "TokenReview",
                19,
                22,
                "authentication.k8s.io/v1 TokenReview",
            ),
        ],
    ),
    (
        "authorization.k8s.io/v1beta1",
        &[
            (
                "LocalSubjectAccessReview",
                19,
                22,
                "authorization.k8s.io/v1 LocalSubjectAccessReview",
            ),
            (
                "SelfSubjectAccessReview",
                19,
                22,
                "authorization.k8s.io/v1 SelfSubjectAccessReview",
            ),
            (
                "SelfSubjectRulesReview",
                19,
                22,
                "authorization.k8s.io/v1 SelfSubjectRulesReview",
            ),
            (
                "SubjectAccessReview",
                19,
                22,
                "authorization.k8s.io/v1 SubjectAccessReview",
            ),
        ],
    ),
    (
        "batch/v1beta1",
        &[
            ("CronJob", 21, 25, "batch/v1 CronJob"),
            ("CronJobList", 21, 25, "batch/v1 CronJobList"),
        ],
    ),
    (
        "certificates.k8s.io/v1alpha1",
        &[
            ("ClusterTrustBundle", 34, 37, ""),
            ("ClusterTrustBundleList", 34, 37, ""),
        ],
    ),
    (
        "certificates.k8s.io/v1beta1",
        &[
            (
                "CertificateSigningRequest",
                19,
                22,
                "certificates.k8s.io/v1 CertificateSigningRequest",
            ),
            (
                "CertificateSigningRequestList",
                19,
                22,
                "certificates.k8s.io/v1 CertificateSigningRequestList",
            ),
            ("ClusterTrustBundle", 37, 40, ""),
            ("ClusterTrustBundleList", 37, 40, ""),
            ("PodCertificateRequest", 38, 41, ""),
            ("PodCertificateRequestList", 38, 41, ""),
        ],
    ),
    (
        "coordination.k8s.io/v1alpha2",
        &[
            ("LeaseCandidate", 35, 38, ""),
            ("LeaseCandidateList", 35, 38, ""),
        ],
    ),
    (
        "coordination.k8s.io/v1beta1",
        &[
            ("Lease", 19, 22, "coordination.k8s.io/v1 Lease"),
            ("LeaseCandidate", 36, 39, ""),
            ("LeaseCandidateList", 36, 39, ""),
            ("LeaseList", 19, 22, "coordination.k8s.io/v1 LeaseList"),
        ],
    ),
    (
        "discovery.k8s.io/v1beta1",
        &[
            ("EndpointSlice", 21, 25, "discovery.k8s.io/v1 EndpointSlice"),
            (
                "EndpointSliceList",
                21,
                25,
                "discovery.k8s.io/v1 EndpointSlice",
            ),
        ],
    ),
    (
        "events.k8s.io/v1beta1",
        &[("Event", 22, 25, ""), ("EventList", 22, 25, "")],
    ),
    (
        "extensions/v1beta1",
        &[
            ("DaemonSet", 8, 16, "apps/v1 DaemonSet"),
            ("DaemonSetList", 8, 16, "apps/v1 DaemonSetList"),
            ("Deployment", 8, 16, "apps/v1 Deployment"),
            ("DeploymentList", 8, 16, "apps/v1 DeploymentList"),
            ("DeploymentRollback", 8, 16, ""),
            ("Ingress", 14, 22, "networking.k8s.io/v1 Ingress"),
            ("IngressList", 14, 22, "networking.k8s.io/v1 IngressList"),
            ("NetworkPolicy", 9, 16, "networking.k8s.io/v1 NetworkPolicy"),
            (
                "NetworkPolicyList",
                9,
                16,
                "networking.k8s.io/v1 NetworkPolicyList",
            ),
            ("ReplicaSet", 8, 16, "apps/v1 ReplicaSet"),
            ("ReplicaSetList", 8, 16, "apps/v1 ReplicaSetList"),
            ("Scale", 2, 16, ""),
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        &[
            (
                "FlowSchema",
                23,
                26,
                "flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema",
            ),
            (
                "FlowSchemaList",
                23,
                26,
                "flowcontrol.apiserver.k8s.io/v1beta3 FlowSchemaList",
            ),
            (
                "PriorityLevelConfiguration",
                23,
                26,
                "flowcontrol.apiserver.k8s.io/v1beta3 PriorityLevelConfiguration",
            ),
            (
                "PriorityLevelConfigurationList",
                23,
                26,
                "flowcontrol.apiserver.k8s.io/v1beta3 PriorityLevelConfigurationList",
            ),
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1beta2",
        &[
            (
                "FlowSchema",
                26,
                29,
                "flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema",
            ),
            (
                "FlowSchemaList",
                26,
                29,
                "flowcontrol.apiserver.k8s.io/v1beta3 FlowSchemaList",
            ),
            (
                "PriorityLevelConfiguration",
                26,
                29,
                "flowcontrol.apiserver.k8s.io/v1beta3 PriorityLevelConfiguration",
            ),
            (
                "PriorityLevelConfigurationList",
                26,
                29,
                "flowcontrol.apiserver.k8s.io/v1beta3 PriorityLevelConfigurationList",
            ),
        ],
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1beta3",
        &[
            (
                "FlowSchema",
                29,
                32,
                "flowcontrol.apiserver.k8s.io/v1 FlowSchema",
            ),
            (
                "FlowSchemaList",
                29,
                32,
                "flowcontrol.apiserver.k8s.io/v1 FlowSchemaList",
            ),
            (
                "PriorityLevelConfiguration",
                29,
                32,
                "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration",
            ),
            (
                "PriorityLevelConfigurationList",
                29,
                32,
                "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfigurationList",
            ),
        ],
    ),
    (
        "networking.k8s.io/v1beta1",
        &[
            ("IPAddress", 34, 37, ""),
            ("IPAddressList", 34, 37, ""),
            ("Ingress", 19, 22, "networking.k8s.io/v1 Ingress"),
            (
                "IngressClass",
                19,
                22,
                "networking.k8s.io/v1 IngressClassList",
            ),
            (
                "IngressClassList",
                19,
                22,
                "networking.k8s.io/v1 IngressClassList",
            ),
            ("IngressList", 19, 22, "networking.k8s.io/v1 IngressList"),
            ("ServiceCIDR", 34, 37, ""),
            ("ServiceCIDRList", 34, 37, ""),
        ],
    ),
    (
        "node.k8s.io/v1beta1",
        &[
            ("RuntimeClass", 22, 25, ""),
            ("RuntimeClassList", 22, 25, ""),
        ],
    ),
    (
        "policy/v1beta1",
        &[
            ("Eviction", 22, 25, ""),
            (
                "PodDisruptionBudget",
                21,
                25,
                "policy/v1 PodDisruptionBudget",
            ),
            (
                "PodDisruptionBudgetList",
                21,
                25,
                "policy/v1 PodDisruptionBudgetList",
            ),
        ],
    ),
    (
        "rbac.authorization.k8s.io/v1beta1",
        &[
            (
                "ClusterRole",
                17,
                22,
                "rbac.authorization.k8s.io/v1 ClusterRole",
            ),
            (
                "ClusterRoleBinding",
                17,
                22,
                "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
            ),
            (
                "ClusterRoleBindingList",
                17,
                22,
                "rbac.authorization.k8s.io/v1 ClusterRoleBindingList",
            ),
            (
                "ClusterRoleList",
                17,
                22,
                "rbac.authorization.k8s.io/v1 ClusterRoleList",
            ),
            ("Role", 17, 22, "rbac.authorization.k8s.io/v1 Role"),
            (
                "RoleBinding",
                17,
                22,
                "rbac.authorization.k8s.io/v1 RoleBinding",
            ),
            (
                "RoleBindingList",
                17,
                22,
                "rbac.authorization.k8s.io/v1 RoleBindingList",
            ),
            ("RoleList", 17, 22, "rbac.authorization.k8s.io/v1 RoleList"),
        ],
    ),
    (
        "resource.k8s.io/v1alpha3",
        &[
            ("DeviceTaintRule", 36, 39, ""),
            ("DeviceTaintRuleList", 36, 39, ""),
            ("ResourcePoolStatusRequest", 39, 42, ""),
            ("ResourcePoolStatusRequestList", 39, 42, ""),
        ],
    ),
    (
        "resource.k8s.io/v1beta1",
        &[
            ("DeviceClass", 35, 38, ""),
            ("DeviceClassList", 35, 38, ""),
            ("ResourceClaim", 35, 38, ""),
            ("ResourceClaimList", 35, 38, ""),
            ("ResourceClaimTemplate", 35, 38, ""),
            ("ResourceClaimTemplateList", 35, 38, ""),
            ("ResourceSlice", 35, 38, ""),
            ("ResourceSliceList", 35, 38, ""),
        ],
    ),
    (
        "resource.k8s.io/v1beta2",
        &[
            ("DeviceClass", 36, 39, ""),
            ("DeviceClassList", 36, 39, ""),
            ("DeviceTaintRule", 39, 42, ""),
            ("DeviceTaintRuleList", 39, 42, ""),
            ("ResourceClaim", 36, 39, ""),
            ("ResourceClaimList", 36, 39, ""),
            ("ResourceClaimTemplate", 36, 39, ""),
            ("ResourceClaimTemplateList", 36, 39, ""),
            ("ResourceSlice", 36, 39, ""),
            ("ResourceSliceList", 36, 39, ""),
        ],
    ),
    (
        "scheduling.k8s.io/v1beta1",
        &[
            (
                "PriorityClass",
                14,
                22,
                "scheduling.k8s.io/v1 PriorityClass",
            ),
            (
                "PriorityClassList",
                14,
                22,
                "scheduling.k8s.io/v1 PriorityClassList",
            ),
        ],
    ),
    (
        "storage.k8s.io/v1alpha1",
        &[
            (
                "CSIStorageCapacity",
                21,
                24,
                "storage.k8s.io/v1beta1 CSIStorageCapacity",
            ),
            (
                "CSIStorageCapacityList",
                21,
                24,
                "storage.k8s.io/v1beta1 CSIStorageCapacityList",
            ),
            (
                "VolumeAttachment",
                21,
                24,
                "storage.k8s.io/v1 VolumeAttachment",
            ),
            (
                "VolumeAttachmentList",
                21,
                24,
                "storage.k8s.io/v1 VolumeAttachmentList",
            ),
            (
                "VolumeAttributesClass",
                32,
                35,
                "storage.k8s.io/v1 VolumeAttributesClass",
            ),
            (
                "VolumeAttributesClassList",
                32,
                35,
                "storage.k8s.io/v1 VolumeAttributesClassList",
            ),
        ],
    ),
    (
        "storage.k8s.io/v1beta1",
        &[
            ("CSIDriver", 19, 22, "storage.k8s.io/v1 CSIDriver"),
            ("CSIDriverList", 19, 22, "storage.k8s.io/v1 CSIDriverList"),
            ("CSINode", 17, 22, "storage.k8s.io/v1 CSINode"),
            ("CSINodeList", 17, 22, "storage.k8s.io/v1 CSINode"),
            (
                "CSIStorageCapacity",
                24,
                27,
                "storage.k8s.io/v1 CSIStorageCapacity",
            ),
            (
                "CSIStorageCapacityList",
                24,
                27,
                "storage.k8s.io/v1 CSIStorageCapacityList",
            ),
            ("StorageClass", 19, 22, "storage.k8s.io/v1 StorageClass"),
            (
                "StorageClassList",
                19,
                22,
                "storage.k8s.io/v1 StorageClassList",
            ),
            (
                "VolumeAttachment",
                19,
                22,
                "storage.k8s.io/v1 VolumeAttachment",
            ),
            (
                "VolumeAttachmentList",
                19,
                22,
                "storage.k8s.io/v1 VolumeAttachmentList",
            ),
            (
                "VolumeAttributesClass",
                34,
                37,
                "storage.k8s.io/v1 VolumeAttributesClass",
            ),
            (
                "VolumeAttributesClassList",
                34,
                37,
                "storage.k8s.io/v1 VolumeAttributesClassList",
            ),
        ],
    ),
    (
        "storagemigration.k8s.io/v1beta1",
        &[
            ("StorageVersionMigration", 38, 41, ""),
            ("StorageVersionMigrationList", 38, 41, ""),
        ],
    ),
    (
        "v1",
        &[
            ("ComponentStatus", 19, 0, ""),
            ("ComponentStatusList", 19, 0, ""),
            ("Endpoints", 33, 0, "discovery.k8s.io/v1 EndpointSlice"),
            (
                "EndpointsList",
                33,
                0,
                "discovery.k8s.io/v1 EndpointSliceList",
            ),
        ],
    ),
];

/// The warning about a deprecated kind, for one version of Kubernetes
/// (`deprecation.WarningMessage`).
pub(super) fn check(stub: &Stub, version: &KubeVersion) -> Result<(), String> {
    let (_, rows) = match DEPRECATED.binary_search_by(|(api, _)| (*api).cmp(&stub.api_version)) {
        Ok(at) => DEPRECATED[at],
        Err(_) => return Ok(()),
    };
    let Some((kind, since, until, instead)) = rows.iter().find(|(kind, ..)| *kind == stub.kind)
    else {
        return Ok(());
    };
    let (Ok(major), Ok(minor)) = (version.major.parse::<u64>(), version.minor.parse::<u64>())
    else {
        return Ok(());
    };
    // Kubernetes takes 0.0 for a version that is not known.
    if (major, minor) != (0, 0) && (major, minor) < (1, *since) {
        return Ok(());
    }
    let mut message = format!("{} {kind} is deprecated in v1.{since}+", stub.api_version);
    if *until != 0 {
        message.push_str(&format!(", unavailable in v1.{until}+"));
    }
    if !instead.is_empty() {
        message.push_str(&format!("; use {instead}"));
    }
    Err(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(DEPRECATED.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn warns_from_the_version_of_the_deprecation_on() {
        for (api_version, kind, version, want) in [
            ("extensions/v1beta1", "Ingress", "1.13", ""),
            (
                "extensions/v1beta1",
                "Ingress",
                "1.14",
                "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
            ),
            (
                "v1",
                "ComponentStatus",
                "2.0",
                "v1 ComponentStatus is deprecated in v1.19+",
            ),
            ("v1", "Pod", "1.30", ""),
            ("example.com/v1beta1", "Ingress", "1.30", ""),
        ] {
            let stub = Stub {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                ..Stub::default()
            };
            let version = KubeVersion::parse(version).unwrap();
            let found = check(&stub, &version).err().unwrap_or_default();
            assert_eq!(found, want, "{api_version} {kind}");
        }
    }
}
