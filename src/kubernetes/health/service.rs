//! Services that lead nowhere. They are ready as far as waiting goes; a reader wants to know.

use serde_json::Value;

use super::time::Seconds;
use super::{Cause, Scene, Trouble, list, text};

/// What is wrong with a Service; nothing for other kinds.
pub(super) fn troubles(object: &Value, scene: &Scene) -> Vec<Trouble> {
    if text(object, "kind") != "Service" || object["apiVersion"] != "v1" {
        return Vec::new();
    }
    let (metadata, spec) = (&object["metadata"], &object["spec"]);
    let trouble = |cause: Cause, reason: &str, message: String| Trouble {
        cause,
        object: format!("Service {}", text(metadata, "name")),
        reason: reason.to_owned(),
        message,
        since: Seconds::of(&metadata["creationTimestamp"]),
        ..Trouble::nothing()
    };
    let mut found = Vec::new();
    let addresses = &object["status"]["loadBalancer"]["ingress"];
    if spec["type"] == "LoadBalancer" && list(addresses).next().is_none() {
        let message = "the load balancer has no address yet".to_owned();
        found.push(trouble(Cause::Address, "Pending", message));
    }
    let selects = spec["selector"]
        .as_object()
        .is_some_and(|it| !it.is_empty());
    let mut slices = scene.slices.iter().filter(|slice| {
        slice["metadata"]["labels"]["kubernetes.io/service-name"] == metadata["name"]
            && slice["metadata"]["namespace"] == metadata["namespace"]
    });
    // Where nothing is said, an endpoint is ready.
    let leads =
        slices.any(|slice| list(&slice["endpoints"]).any(|it| it["conditions"]["ready"] != false));
    if selects && !leads && spec["type"] != "ExternalName" {
        let labels: Vec<String> = spec["selector"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
            .collect();
        let message = format!("no ready Pod has the labels {}", labels.join(","));
        found.push(trouble(Cause::Endpoints, "NoEndpoints", message));
    }
    found
}
