//! `charts-examples/bakery`: one chart for Kubernetes and for Amazon ECS, from the same values.

use pintle::backend::ecs;
use serde_json::Value;

use crate::program::{Run, root};

const CHART: &str = "charts-examples/bakery";

/// What ECS would be asked for in an environment.
fn desired(environment: &str) -> Value {
    let config = format!("{CHART}/pintle.yaml");
    let words = [
        "render",
        "desk",
        CHART,
        "--target",
        "ecs",
        "--environment",
        environment,
        "--config",
        &config,
    ];
    let outcome = Run::pintle(&words).go_in_repository();
    serde_json::from_str(outcome.success()).expect("JSON")
}

#[test]
fn ecs_is_asked_for_what_it_was_asked_for_before() {
    for environment in ["dev", "staging", "prod"] {
        let golden = format!("testdata/examples/bakery/{environment}.ecs.json");
        let want = std::fs::read(root().join(&golden)).expect(&golden);
        let want: Value = serde_json::from_slice(&want).expect(&golden);
        assert_eq!(desired(environment), want, "{golden}");
    }
}

#[test]
fn requests_fit_the_api_and_nothing_is_lost() {
    let document = desired("prod");
    let list = |name: &str| document[name].as_array().cloned().unwrap_or_default();
    let findings = list("diagnostics");
    assert!(findings.iter().all(|it| it["level"] != "E"), "{findings:?}");
    let mut kinds = Vec::new();
    for resource in list("resources") {
        let kind = resource["kind"].as_str().unwrap_or_default().to_owned();
        let wrong: Vec<String> = ecs::check(&kind, &resource["request"])
            .iter()
            .map(|it| format!("{}: {}", it.path, it.message))
            .collect();
        assert_eq!(wrong, [""; 0], "{resource}");
        kinds.push(kind);
    }
    let count = |kind: &str| kinds.iter().filter(|it| *it == kind).count();
    for (kind, times) in [
        ("ecs:Service", 2),
        ("ecs:RunTask", 1),
        ("ecs:TaskDefinition", 4),
        ("scheduler:Schedule", 1),
        ("application-autoscaling:ScalableTarget", 1),
        ("application-autoscaling:ScalingPolicy", 1),
        ("elbv2:TargetGroup", 1),
        ("elbv2:ListenerRule", 1),
        // Four tasks read it.
        ("secretsmanager:Secret", 1),
    ] {
        assert_eq!(count(kind), times, "{kind}: {kinds:?}");
    }
    let text = document.to_string();
    assert!(text.contains("\"fileSystemId\":\"fs-0e5\""), "{text}");
    assert!(
        !text.contains("for-trying-only"),
        "a secret is shown: {text}"
    );
    assert!(
        !text.contains("Zm9yLXRyeWluZy1vbmx5"),
        "a secret is shown: {text}"
    );
}

#[cfg(feature = "kube")]
#[test]
fn a_cluster_takes_the_same_values() {
    let Some(stage) = crate::fault_cluster::stage() else {
        return;
    };
    let chart = root().join(CHART).display().to_string();
    let values = format!("{chart}/environments/prod.yaml");
    let said = stage.run(&["install", "desk", &chart, "-f", &values, "--wait"]);
    let said = said.well();
    let notes = "desk takes orders at http://bakery.example.com/";
    assert!(said.stdout.contains(notes), "{said:?}");
    let there = |path: &str| stage.namespace.get(path).expect("answered").is_some();
    for path in [
        "apps/v1/deployments/desk-web",
        "apps/v1/deployments/desk-worker",
        "autoscaling/v2/horizontalpodautoscalers/desk-web",
        "networking.k8s.io/v1/ingresses/desk-web",
        "batch/v1/cronjobs/desk-report",
        "batch/v1/jobs/desk-migrate",
        "persistentvolumeclaims/desk-uploads",
        "secrets/desk-database",
    ] {
        assert!(there(path), "{path}");
    }
    stage.run(&["uninstall", "desk"]).well();
}
