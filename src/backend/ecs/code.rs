//! The codes of findings: 1xxx are errors, 2xxx warnings, 3xxx for information.

use super::desired::Level;

/// Code, what it means, what to do about it.
pub const CODES: &[(u16, &str, &str)] = &[
    (
        1001,
        "unsupported kind",
        "leave the object out with `ecs.pintle.dev/ignore: \"true\"`, or its kind with `ecs.ignoreKinds`",
    ),
    (
        1002,
        "StatefulSet",
        "`ecs.pintle.dev/allow-statefulset: \"true\"` runs it like a Deployment, without identity and storage of its own",
    ),
    (
        1003,
        "DaemonSet on Fargate",
        "run it as a sidecar, or set `launchType: EC2`",
    ),
    (
        1004,
        "host access, privilege or GPU on Fargate",
        "set `launchType: EC2`, or `ecs.pintle.dev/launch-type` on the workload",
    ),
    (
        1005,
        "volume cannot be expressed",
        "for files of ConfigMaps and Secrets set `ecs.configFiles.mode: init`",
    ),
    (
        1006,
        "claim not resolvable",
        "name the file system in `ecs.claims.NAMESPACE/CLAIM`, or in `ecs.pintle.dev/claim` on the claim",
    ),
    (
        1007,
        "secret has no reference",
        "name its ARN in `ecs.secrets.map.NAMESPACE/NAME`, or in `ecs.pintle.dev/secret-arn` on the Secret",
    ),
    (
        1008,
        "no Fargate size",
        "ask for less, or set `launchType: EC2`",
    ),
    (
        1009,
        "protocol",
        "ECS knows TCP and UDP, Service Connect TCP alone",
    ),
    (
        1010,
        "unresolved reference",
        "add the object or the key to the release, or mark the reference optional",
    ),
    (
        1011,
        "schedule not expressible",
        "write the schedule in another way, or as two CronJobs",
    ),
    (
        1012,
        "name invalid or colliding",
        "give one of the objects another name",
    ),
    (1013, "over an ECS limit", "make it smaller, or split it"),
    (1014, "setting missing", "set what the message names"),
    (
        1015,
        "secret in $(VAR)",
        "read the variable in the program, or in a shell that the container starts",
    ),
    (
        1016,
        "capability",
        "Fargate adds SYS_PTRACE only; set `launchType: EC2`",
    ),
    (
        1017,
        "service conflict",
        "let a Service select one workload",
    ),
    (
        1018,
        "unsupported member",
        "leave it out, or say it with `ecs.pintle.dev/patch`",
    ),
    (
        2001,
        "probe needs a binary in the image",
        "make sure that it is there, or set `ecs.httpProbe`",
    ),
    (2002, "value clamped", "write a value that ECS knows"),
    (
        2003,
        "readinessProbe dropped",
        "put a load balancer in front, or set `ecs.pintle.dev/readiness-as-healthcheck: \"true\"`",
    ),
    (
        2004,
        "lifecycle hook dropped",
        "do it in the container's own start or on SIGTERM",
    ),
    (
        2005,
        "downward field dropped",
        "read it from ECS_CONTAINER_METADATA_URI_V4",
    ),
    (
        2006,
        "scheduling hint dropped",
        "choose subnets or capacity providers",
    ),
    (
        2007,
        "securityContext member dropped",
        "set `launchType: EC2` where the member needs a host of one's own",
    ),
    (
        2008,
        "HPA target rescaled or metric dropped",
        "`ecs.hpa.rescale: false` keeps the number as written",
    ),
    (
        2009,
        "DNS forms",
        "use the Service's bare name, or set `ecs.serviceConnect.rewriteServiceDns: true`",
    ),
    (
        2010,
        "EBS data dies with the task",
        "use EFS for what has to stay",
    ),
    (2011, "policy object ignored", "say it with security groups"),
    (
        2012,
        "job policy not enforced",
        "`ecs.jobRunner: stepfunctions` gives retries and a time limit",
    ),
    (2013, "fsGroup ignored", "an EFS access point sets ids"),
    (2014, "member ignored", "leave it out, or allow the finding"),
    (
        2015,
        "pull secret unmapped",
        "name the secret of the registry in `ecs.registries.HOST`",
    ),
    (2016, "name changed", "use letters, digits, `-` and `_`"),
    (
        2017,
        "schedule split in two",
        "it fires twice on days that match both",
    ),
    (
        2020,
        "Copilot build",
        "build the image elsewhere and name it in `ecs.copilot.images`",
    ),
    (
        2021,
        "SNS and SQS",
        "create them elsewhere and name them in the configuration",
    ),
    (
        2022,
        "secret tags",
        "keep the tags copilot-application and copilot-environment on the secrets",
    ),
    (
        2023,
        "recreate downtime",
        "use a rolling update where two versions may run at once",
    ),
    (2024, "queue metric", "switch Container Insights on"),
    (
        3001,
        "rounded up to a Fargate size",
        "ask for what is bought anyway",
    ),
    (
        3002,
        "limits.cpu not enforced",
        "`ecs.sizing.cpu: limits` sizes the task by it",
    ),
    (3003, "kind without effect", ""),
    (
        3004,
        "container cap below task memory",
        "raise the limit to what is bought anyway",
    ),
    (3005, "init resources not emitted", ""),
    (
        3006,
        "preStop sleep dropped",
        "ECS drains the target group before it stops a task",
    ),
    (3007, "member without effect here", ""),
    (3008, "PodDisruptionBudget folded in", ""),
    (
        3009,
        "Secret data not uploaded",
        "`ecs.secrets.mode: secretsmanager` uploads it",
    ),
    (3010, "files written by an init container", ""),
];

/// How bad a code is.
pub fn level(code: u16) -> Level {
    match code {
        0..2000 => Level::Error,
        2000..3000 => Level::Warning,
        _ => Level::Info,
    }
}

/// What a code means and what to do about it.
pub fn explain(code: u16) -> Option<(&'static str, &'static str)> {
    let found = CODES.iter().find(|(known, ..)| *known == code);
    found.map(|(_, meaning, fix)| (*meaning, *fix))
}
