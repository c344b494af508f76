//! Why something went wrong, in words that help.

use crate::diag::{Error, Kind};

/// An answer that lacks what it always has.
pub(super) fn odd(operation: &str) -> Error {
    let message = format!("ecs {operation}: the answer lacks what was asked for");
    Error::new(Kind::Network, message)
}

/// What a reason contains, and what to do about it; the first that fits is told.
const HINTS: &[(&[&str], &str)] = &[
    (
        &[
            "CannotPullContainer",
            "image manifest",
            "pull image",
            "pull access denied",
            "manifest unknown",
        ],
        "The image cannot be pulled: does it exist under this tag, may the execution role read it, and do the subnets lead to the registry (a NAT gateway, or endpoints for ECR and S3)?",
    ),
    (
        &[
            "ResourceInitializationError: unable to pull secrets",
            "secretsmanager",
            "ssm",
            "unable to retrieve secret",
        ],
        "A secret cannot be read: the execution role needs secretsmanager:GetSecretValue or ssm:GetParameters (and kms:Decrypt), and the subnets a way to those services.",
    ),
    (
        &[
            "ResourceInitializationError",
            "CannotStartContainerError: Error response from daemon: failed to initialize logging",
        ],
        "The task could not be set up: look at the execution role, at the log group, and at the way from the subnets to Amazon's services.",
    ),
    (
        &["OutOfMemory", "exit code 137", "OOM"],
        "The container used more memory than it may: raise its memory limit.",
    ),
    (
        &["exec format error"],
        "The image is built for another architecture: set `ecs.pintle.dev/architecture`, or build it for this one.",
    ),
    (
        &[
            "failed ELB health checks",
            "failed container health checks",
            "health checks",
            "unhealthy",
        ],
        "The health check fails: look at its path and port, at the security groups between load balancer and tasks, and whether `healthCheckGracePeriodSeconds` is long enough for the start.",
    ),
    (
        &[
            "RESOURCE:",
            "Capacity is unavailable",
            "no container instance met",
            "unable to place a task",
            "capacity provider",
        ],
        "There is no place for the task: the cluster's instances are full, or the capacity provider has none to give.",
    ),
    (
        &[
            "exec: \"",
            "executable file not found",
            "no such file or directory",
        ],
        "The container's command is not in the image.",
    ),
    (
        &[
            "Role is not valid",
            "is not authorized to perform: sts:AssumeRole",
            "unable to assume the role",
            "ECS was unable to assume",
        ],
        "ECS may not take the role: its trust policy has to name ecs-tasks.amazonaws.com.",
    ),
    (
        &["circuit breaker", "tasks failed to start"],
        "`pintle logs` shows what the containers wrote; `--on-timeout` and `ecs.circuitBreaker` say what becomes of deployments that fail.",
    ),
];

/// What to do about reasons, where that is known.
pub(super) fn hint(reasons: &[String]) -> Option<&'static str> {
    let fits = |words: &[&str]| {
        words.iter().any(|word| {
            reasons
                .iter()
                .any(|reason| reason.to_lowercase().contains(&word.to_lowercase()))
        })
    };
    HINTS
        .iter()
        .find(|(words, _)| fits(words))
        .map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cause_that_fits_is_explained() {
        for (reason, start) in [
            (
                "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
                "The image cannot be pulled",
            ),
            (
                "ResourceInitializationError: unable to pull secrets or registry auth",
                "A secret cannot be read",
            ),
            (
                "container web: exit code 137",
                "The container used more memory",
            ),
            (
                "Task failed ELB health checks in (target-group arn)",
                "The health check fails",
            ),
            ("RESOURCE:MEMORY", "There is no place"),
        ] {
            let found = hint(&[reason.to_owned()]).unwrap_or_default();
            assert!(found.starts_with(start), "{reason}: {found}");
        }
        assert_eq!(
            hint(&["Essential container in task exited".to_owned()]),
            None
        );
    }
}
