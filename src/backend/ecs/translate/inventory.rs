//! Objects that become nothing of their own, and those that ECS has nothing like.

use std::collections::BTreeMap;

use super::context::{Context, selects};
use super::object::Object;
use super::scaling;
use super::secret;
use super::workload::{Work, Workload, lent};

/// What becomes of an object that runs no pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Rules of their own look at it.
    Used,
    /// It has no effect.
    Inert,
    /// Security groups decide instead.
    Policy,
    /// ECS has nothing like it.
    Unknown,
}

fn fate(group: &str, kind: &str) -> Fate {
    match (group, kind) {
        (
            "",
            "Service"
            | "ConfigMap"
            | "Secret"
            | "PersistentVolumeClaim"
            | "PersistentVolume"
            | "ServiceAccount",
        )
        | ("storage.k8s.io", "StorageClass")
        | ("networking.k8s.io" | "extensions", "Ingress")
        | ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute")
        | ("autoscaling", "HorizontalPodAutoscaler")
        | ("keda.sh", "ScaledObject")
        | ("policy", "PodDisruptionBudget")
        | ("keda.sh", "TriggerAuthentication" | "ClusterTriggerAuthentication")
        | ("external-secrets.io", "ExternalSecret" | "SecretStore" | "ClusterSecretStore") => {
            Fate::Used
        }
        ("", "Namespace" | "LimitRange" | "ResourceQuota" | "Endpoints")
        | ("discovery.k8s.io", "EndpointSlice")
        | (
            "rbac.authorization.k8s.io",
            "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding",
        )
        | ("monitoring.coreos.com", "ServiceMonitor" | "PodMonitor")
        | ("scheduling.k8s.io", "PriorityClass")
        | ("coordination.k8s.io", "Lease")
        | ("autoscaling.k8s.io", "VerticalPodAutoscaler") => Fate::Inert,
        ("networking.k8s.io" | "extensions", "NetworkPolicy")
        | ("policy" | "extensions", "PodSecurityPolicy")
        | ("security.istio.io", "PeerAuthentication") => Fate::Policy,
        _ => Fate::Unknown,
    }
}

/// Whether an object runs pods, whatever becomes of it.
pub(super) fn runs(object: &Object<'_>) -> bool {
    matches!(
        (object.group, object.kind),
        (
            "apps" | "extensions",
            "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet"
        ) | ("", "ReplicationController" | "Pod")
            | ("batch", "Job" | "CronJob")
            | ("argoproj.io", "Rollout")
    )
}

/// Whether a workload can be translated at all; tells where not.
pub(super) fn is_translated(ctx: &Context<'_>, object: &Object<'_>) -> bool {
    // Its pods are run by a Rollout.
    let is_lent = |rollout: &Object<'_>| {
        lent(ctx, rollout).is_some_and(|it| std::ptr::eq(it.body, object.body))
    };
    if ctx.of("Rollout").any(is_lent) {
        return false;
    }
    match object.kind {
        "StatefulSet" => {
            let is_allowed =
                |allow: &super::super::config::Allow| allow.covers(1002, &object.label, None);
            let accepts = object.own_text("allow-statefulset") == Some("true")
                || ctx.config.allow.iter().any(is_allowed);
            let spec = &object.body["spec"];
            let replicas = spec["replicas"].as_u64().unwrap_or(1);
            let has_volumes = spec["volumeClaimTemplates"]
                .as_array()
                .is_some_and(|it| !it.is_empty());
            if !accepts {
                ctx.tell(
                    object,
                    1002,
                    "",
                    "ECS has no identity, order or storage for each task",
                );
                return false;
            }
            if replicas > 1 && has_volumes {
                ctx.tell(object, 1002, "", "several tasks would share one volume");
                return false;
            }
            true
        }
        _ => true,
    }
}

/// Tells what becomes of all other objects.
pub(super) fn tell(ctx: &Context<'_>, workloads: &[Workload<'_>]) {
    for object in &ctx.objects {
        if runs(object) {
            continue;
        }
        match fate(object.group, object.kind) {
            Fate::Used => {}
            Fate::Inert => ctx.tell(object, 3003, "", "it has no effect on ECS"),
            Fate::Policy => ctx.tell(
                object,
                2011,
                "",
                "security groups decide who may talk to whom",
            ),
            Fate::Unknown if object.kind == "SealedSecret" => {
                ctx.tell(object, 1007, "", "only the cluster can open it");
            }
            Fate::Unknown => ctx.tell(object, 1001, "", "ECS has nothing like this kind"),
        }
    }
    secret::tell(ctx);
    scaling::tell(ctx, workloads);
    budgets(ctx, workloads);
    names(ctx, workloads);
}

fn budgets(ctx: &Context<'_>, workloads: &[Workload<'_>]) {
    for object in ctx.of("PodDisruptionBudget") {
        let selector = object.root().at(&["spec", "selector"]);
        let is_used = workloads.iter().any(|workload| {
            matches!(workload.work, Work::Service | Work::Daemon)
                && workload.object.namespace == object.namespace
                && selects(selector.clone(), workload.labels())
        });
        match is_used {
            true => ctx.tell(object, 3008, "", "it is part of how the service changes"),
            false => ctx.tell(object, 3003, "", "it selects no workload of the release"),
        }
    }
}

/// Tells of workloads that would be the same on ECS.
fn names(ctx: &Context<'_>, workloads: &[Workload<'_>]) {
    let mut by_name: BTreeMap<(&str, String), Vec<&Workload<'_>>> = BTreeMap::new();
    for workload in workloads {
        let own = [
            ("family", workload.family()),
            ("name", workload.name.clone()),
        ];
        let service = matches!(workload.work, Work::Service | Work::Daemon)
            .then(|| ("service", workload.service()));
        for key in own.into_iter().chain(service) {
            by_name.entry(key).or_default().push(workload);
        }
    }
    for ((_, name), same) in by_name {
        if same.len() > 1 {
            for workload in same {
                let message = format!("several are called {name} on ECS");
                ctx.tell(workload.object, 1012, "metadata.name", message);
            }
        }
    }
    for workload in workloads.iter().filter(|it| it.object.name.is_empty()) {
        workload.tell(1012, "metadata.name", "a workload has to have a name");
    }
}
