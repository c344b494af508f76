//! Rules of the translation of kinds of workloads, jobs, schedules and strategies.

use serde_json::{Value, json};

use crate::rule::{DEFINITION, ORDER, Rule, SERVICE, deployment, rule};

fn job(kind: &str, name: &str, annotations: &str, spec: &str) -> String {
    let pod = "template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'b:1'}]}}";
    match kind {
        "CronJob" => format!(
            "---\n{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: {name}, annotations: {{{annotations}}}}}, spec: {{schedule: '@daily', jobTemplate: {{spec: {{{spec} {pod}}}}}}}}}\n"
        ),
        _ => format!(
            "---\n{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}, annotations: {{{annotations}}}}}, spec: {{{spec} {pod}}}}}\n"
        ),
    }
}

fn cron(schedule: &str, spec: &str) -> String {
    job("CronJob", "web", "", "").replace(
        "schedule: '@daily',",
        &format!("schedule: '{schedule}', {spec}"),
    )
}

const SHIFT: &str = "ecs.pintle.dev/target-group-arn: 'arn:a', ecs.pintle.dev/alternate-target-group-arn: 'arn:b', ecs.pintle.dev/production-listener-rule: 'arn:r'";

fn shifted(annotations: &str) -> String {
    deployment(
        &format!("{SHIFT}, {annotations}"),
        "",
        "",
        "ports: [{containerPort: 80}]",
    )
}

fn rollout(strategy: &str) -> String {
    shifted("")
        .replace(
            "apiVersion: apps/v1, kind: Deployment",
            "apiVersion: argoproj.io/v1alpha1, kind: Rollout",
        )
        .replacen("spec: {", &format!("spec: {{strategy: {{{strategy}}}, "), 1)
}

fn names(names: &[&str]) -> Value {
    json!(names)
}

pub(crate) fn rules() -> Vec<Rule> {
    let mut all = kinds();
    all.extend(schedules());
    all.extend(strategies());
    all
}

fn kinds() -> Vec<Rule> {
    let stateful = |annotations: &str, spec: &str| {
        deployment(annotations, spec, "", "").replace("kind: Deployment", "kind: StatefulSet")
    };
    let consent = "ecs.pintle.dev/allow-statefulset: 'true'";
    let alone = |version: &str, kind: &str| {
        format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: web}}}}")
    };
    vec![
        rule("a StatefulSet with consent", stateful(consent, ""), &[], vec![(SERVICE, "/desiredCount", json!(1))]),
        rule("a StatefulSet with disks of its own", stateful(consent, "replicas: 2, volumeClaimTemplates: [{metadata: {name: d}}],"), &["ECS1002"], vec![]),
        rule("consent in the configuration", stateful("", ""), &[], vec![(SERVICE, "/desiredCount", json!(1))]).over(json!({"allow": [{"code": "ECS1002", "object": "StatefulSet/web"}]})),
        rule("an error is not allowed away", alone("example.com/v1", "Widget"), &["ECS1001"], vec![]).over(json!({"allow": [{"code": "ECS1001"}]})),
        rule("a warning is", deployment("", "minReadySeconds: 5,", "", ""), &[], vec![]).over(json!({"allow": [{"code": "ECS2014"}]})),
        rule("ignored kinds", alone("example.com/v1", "Widget"), &[], vec![]).over(json!({"ignoreKinds": ["Widget"]})),
        rule("strict", deployment("", "minReadySeconds: 5,", "", ""), &["ECS2014 spec.minReadySeconds"], vec![(SERVICE, "/serviceName", Value::Null)]).over(json!({"strict": true})),
        rule("a ReplicaSet", deployment("", "replicas: 3,", "", "").replace("kind: Deployment", "kind: ReplicaSet"), &[], vec![(SERVICE, "/deploymentConfiguration/maximumPercent", json!(134))]),
        rule("a bare Pod", "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: a, image: 'b:1'}]}}".into(), &["ECS2014"], vec![("ecs:RunTask/web", "/count", json!(1))]),
        rule("kinds with and without effect", format!("{}\n---\n{}\n---\n{}", alone("autoscaling.k8s.io/v1", "VerticalPodAutoscaler"), alone("coordination.k8s.io/v1", "Lease"), alone("security.istio.io/v1", "PeerAuthentication")), &["ECS2011", "ECS3003", "ECS3003"], vec![]),
        rule(
            "a daemon of managed instances",
            deployment("ecs.pintle.dev/launch-type: MANAGED_INSTANCES, ecs.pintle.dev/alarms: 'a'", "updateStrategy: {rollingUpdate: {maxUnavailable: 25%}},", "", "resources: {requests: {cpu: 100m, memory: 64Mi}}").replace("kind: Deployment", "kind: DaemonSet"),
            &["ECS1014"],
            vec![],
        ),
        rule(
            "a daemon of capacity providers",
            deployment("ecs.pintle.dev/capacity-providers: 'mi'", "updateStrategy: {rollingUpdate: {maxUnavailable: 25%}},", "", "resources: {requests: {cpu: 100m, memory: 64Mi}}").replace("kind: Deployment", "kind: DaemonSet"),
            &[],
            vec![
                ("ecs:Daemon/web", "/deploymentConfiguration/drainPercent", json!(25.0)),
                ("ecs:Daemon/web", "/capacityProviderArns", json!(["arn:aws:ecs:us-east-1:123456789012:capacity-provider/mi"])),
                ("ecs:Daemon/web", "/clusterArn", json!("arn:aws:ecs:us-east-1:123456789012:cluster/prod")),
                ("ecs:Daemon/web", "/daemonTaskDefinitionArn", json!("${ecs:DaemonTaskDefinition/web.arn}")),
            ],
        )
        .over(json!({"launchType": "MANAGED_INSTANCES"})),
        rule("a daemon and a number of instances", deployment("", "updateStrategy: {rollingUpdate: {maxUnavailable: 2}},", "", "resources: {requests: {memory: 64Mi}}").replace("kind: Deployment", "kind: DaemonSet"), &["ECS2014 spec.updateStrategy.rollingUpdate.maxUnavailable"], vec![(SERVICE, "/deploymentConfiguration/minimumHealthyPercent", json!(0)), (SERVICE, "/desiredCount", Value::Null), (SERVICE, "/availabilityZoneRebalancing", json!("DISABLED"))]).over(json!({"launchType": "EC2"})),
        rule("a name of the service alone", deployment("ecs.pintle.dev/service-name: front", "", "", ""), &[], vec![(SERVICE, "/serviceName", json!("front")), (DEFINITION, "/family", json!("prod-web"))]),
        rule("other places", deployment("ecs.pintle.dev/cluster: blue, ecs.pintle.dev/family: f, ecs.pintle.dev/subnets: 's1, s2', ecs.pintle.dev/security-groups: g1, ecs.pintle.dev/assign-public-ip: 'true', ecs.pintle.dev/task-role-arn: 'arn:t', ecs.pintle.dev/execution-role-arn: 'arn:e', ecs.pintle.dev/platform-version: 1.4.0", "", "", ""), &[], vec![
            (SERVICE, "/cluster", json!("blue")),
            (SERVICE, "/platformVersion", json!("1.4.0")),
            (SERVICE, "/networkConfiguration/awsvpcConfiguration", json!({"subnets": ["s1", "s2"], "securityGroups": ["g1"], "assignPublicIp": "ENABLED"})),
            (DEFINITION, "/family", json!("f")),
            (DEFINITION, "/taskRoleArn", json!("arn:t")),
            (DEFINITION, "/executionRoleArn", json!("arn:e")),
        ]),
        rule("a budget that asks for more", format!("{}---\n{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: web}}, spec: {{maxUnavailable: 10%, selector: {{matchLabels: {{app: web}}}}}}}}\n", deployment("", "replicas: 10, strategy: {rollingUpdate: {maxSurge: 50%, maxUnavailable: 50%}},", "", "")), &["ECS3008"], vec![(SERVICE, "/deploymentConfiguration/maximumPercent", json!(150)), (SERVICE, "/deploymentConfiguration/minimumHealthyPercent", json!(90))]),
        rule("a Namespace is a tag", format!("{}---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: default}}}}\n", deployment("", "", "", "")), &["ECS3003"], vec![(DEFINITION, "/tags", json!([{"key": "env", "value": "prod"}, {"key": "k8s-namespace", "value": "default"}]))]),
        rule(
            "hooks, services, tasks and schedules in their order",
            [
                job("Job", "after", "helm.sh/hook: post-install", ""),
                job("CronJob", "night", "", ""),
                job("Job", "late", "helm.sh/hook: pre-install, helm.sh/hook-weight: '5'", ""),
                job("Job", "b-early", "helm.sh/hook: pre-upgrade, helm.sh/hook-weight: '-5'", ""),
                job("Job", "a-early", "helm.sh/hook: pre-upgrade, helm.sh/hook-weight: '-5'", ""),
                format!("---\n{}", deployment("", "", "", "")),
            ]
            .concat(),
            &[],
            vec![(ORDER, "", names(&[
                "logs:LogGroup/a-early", "ecs:TaskDefinition/a-early", "ecs:RunTask/a-early",
                "logs:LogGroup/b-early", "ecs:TaskDefinition/b-early", "ecs:RunTask/b-early",
                "logs:LogGroup/late", "ecs:TaskDefinition/late", "ecs:RunTask/late",
                "logs:LogGroup/web", "ecs:TaskDefinition/web", "ecs:Service/web",
                "logs:LogGroup/night", "ecs:TaskDefinition/night", "scheduler:Schedule/prod-night",
                "logs:LogGroup/after", "ecs:TaskDefinition/after", "ecs:RunTask/after",
            ]))],
        ),
    ]
}

fn schedules() -> Vec<Rule> {
    const SCHEDULE: &str = "scheduler:Schedule/prod-web";
    vec![
        rule("a job of several", job("Job", "web", "", "parallelism: 4, completions: 4, completionMode: Indexed, ttlSecondsAfterFinished: 60, backoffLimit: 0,"), &["ECS2014 spec.completionMode", "ECS3007 spec.ttlSecondsAfterFinished"], vec![("ecs:RunTask/web", "/count", json!(4)), ("ecs:RunTask/web", "settings/retries", json!(0))]),
        rule("a time limit of a schedule", job("CronJob", "web", "", "activeDeadlineSeconds: 60, backoffLimit: 6,"), &["ECS2012 spec.jobTemplate.spec.activeDeadlineSeconds"], vec![]),
        rule("a time limit of its pods", cron("@daily", "").replace("restartPolicy: Never", "activeDeadlineSeconds: 60"), &["ECS2012 spec.jobTemplate.spec.template.spec.activeDeadlineSeconds"], vec![]),
        rule("history", cron("@daily", "successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 5,"), &["ECS3007 spec.failedJobsHistoryLimit"], vec![]),
        rule("Sunday is seven, and ranges wrap", cron("0 9 * * 5-7", ""), &[], vec![(SCHEDULE, "/ScheduleExpression", json!("cron(0 9 ? * 6-7,1 *)"))]),
        rule("every so often", cron("@every 1h30m", ""), &[], vec![(SCHEDULE, "/ScheduleExpression", json!("rate(90 minutes)")), (SCHEDULE, "/ScheduleExpressionTimezone", json!("UTC"))]),
        rule("every so many seconds", cron("@every 90s", ""), &["ECS1011 spec.schedule"], vec![]),
        rule("steps of days", cron("0 0 */2 * *", ""), &[], vec![(SCHEDULE, "/ScheduleExpression", json!("cron(0 0 */2 * ? *)"))]),
        rule("capacity providers of a schedule", cron("@hourly", "").replace("annotations: {}", "annotations: {ecs.pintle.dev/capacity-providers: 'FARGATE_SPOT:weight=1'}"), &[], vec![(SCHEDULE, "/Target/EcsParameters/CapacityProviderStrategy", json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}])), (SCHEDULE, "/Target/EcsParameters/LaunchType", Value::Null)]),
        rule(
            "a state machine",
            job("CronJob", "web", "", "backoffLimit: 2, activeDeadlineSeconds: 600,"),
            &[],
            vec![
                ("states:StateMachine/prod-web", "/roleArn", json!("arn:sf")),
                ("states:StateMachine/prod-web", "settings/definition/TimeoutSeconds", json!(600)),
                ("states:StateMachine/prod-web", "settings/definition/States/Run Fargate Task/Retry/0/MaxAttempts", json!(2)),
                (SCHEDULE, "/Target", json!({"Arn": "${states:StateMachine/prod-web.arn}", "RoleArn": "arn:aws:iam::123456789012:role/ecsSchedulerRole"})),
                (ORDER, "", names(&["logs:LogGroup/web", "ecs:TaskDefinition/web", "states:StateMachine/prod-web", "scheduler:Schedule/prod-web"])),
            ],
        )
        .over(json!({"jobRunner": "stepfunctions", "stepFunctionsRoleArn": "arn:sf"})),
        rule("no role for schedules", cron("@daily", ""), &["ECS1014"], vec![]).over(json!({"schedulerRoleArn": null})),
    ]
}

fn strategies() -> Vec<Rule> {
    const CONFIGURATION: &str = "/deploymentConfiguration";
    let lent = format!(
        "{}---\n{{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {{name: web, annotations: {{{SHIFT}}}}}, spec: {{replicas: 2, workloadRef: {{apiVersion: apps/v1, kind: Deployment, name: base}}, strategy: {{canary: {{steps: [{{setWeight: 10}}, {{pause: {{duration: 1h}}}}]}}}}}}}}\n",
        deployment("", "replicas: 0,", "", "ports: [{containerPort: 80}]")
            .replace("name: web, annotations", "name: base, annotations")
    );
    vec![
        rule(
            "blue and green",
            shifted(
                "ecs.pintle.dev/strategy: blue-green, ecs.pintle.dev/bake-time: 5m, ecs.pintle.dev/test-listener-rule: 'arn:t'",
            ),
            &[],
            vec![
                (
                    SERVICE,
                    CONFIGURATION,
                    json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}),
                ),
                (
                    SERVICE,
                    "/loadBalancers/0/advancedConfiguration",
                    json!({"alternateTargetGroupArn": "arn:b", "productionListenerRule": "arn:r", "testListenerRule": "arn:t", "roleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole"}),
                ),
            ],
        ),
        rule(
            "linear, with a pause",
            shifted(
                "ecs.pintle.dev/strategy: linear, ecs.pintle.dev/linear: 'step=20,bake=2m', ecs.pintle.dev/hooks: '[{\"targetType\": \"PAUSE\", \"lifecycleStages\": [\"POST_SCALE_UP\"]}]'",
            ),
            &[],
            vec![(
                SERVICE,
                CONFIGURATION,
                json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 20.0, "stepBakeTimeInMinutes": 2}, "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}]}),
            )],
        ),
        rule(
            "no breaker",
            deployment("ecs.pintle.dev/circuit-breaker: 'off'", "", "", ""),
            &[],
            vec![(
                SERVICE,
                "/deploymentConfiguration/deploymentCircuitBreaker",
                json!({"enable": false, "rollback": false}),
            )],
        ),
        rule(
            "no surge",
            deployment(
                "",
                "replicas: 4, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}},",
                "",
                "",
            ),
            &[],
            vec![
                (SERVICE, "/availabilityZoneRebalancing", json!("DISABLED")),
                (
                    SERVICE,
                    "/deploymentConfiguration/minimumHealthyPercent",
                    json!(75),
                ),
            ],
        ),
        rule(
            "a Rollout of one step",
            rollout(
                "canary: {steps: [{setWeight: 20}, {pause: {duration: 10m}}, {setWeight: 100}]}",
            ),
            &[],
            vec![(
                SERVICE,
                CONFIGURATION,
                json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 20.0, "canaryBakeTimeInMinutes": 10}}),
            )],
        ),
        rule(
            "a Rollout of equal steps",
            rollout(
                "canary: {steps: [{setWeight: 25}, {pause: {duration: 60}}, {setWeight: 50}, {pause: {duration: 60}}, {setWeight: 75}, {pause: {}}]}",
            ),
            &[],
            vec![
                (
                    SERVICE,
                    "/deploymentConfiguration/linearConfiguration",
                    json!({"stepPercent": 25.0, "stepBakeTimeInMinutes": 1}),
                ),
                (
                    SERVICE,
                    "/deploymentConfiguration/lifecycleHooks/0/targetType",
                    json!("PAUSE"),
                ),
            ],
        ),
        rule(
            "a Rollout of unequal steps",
            rollout("canary: {steps: [{setWeight: 5}, {setWeight: 50}]}"),
            &["ECS1018 spec.strategy.canary.steps"],
            vec![],
        ),
        rule(
            "a Rollout in blue and green",
            rollout("blueGreen: {activeService: a}"),
            &[],
            vec![(SERVICE, CONFIGURATION, json!({"strategy": "BLUE_GREEN"}))],
        ),
        rule(
            "a Rollout of another's pods",
            lent,
            &[],
            vec![
                (SERVICE, "/desiredCount", json!(2)),
                ("ecs:Service/base", "", Value::Null),
                (
                    SERVICE,
                    "/deploymentConfiguration/canaryConfiguration/canaryBakeTimeInMinutes",
                    json!(60),
                ),
            ],
        ),
    ]
}
