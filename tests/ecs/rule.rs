//! One rule of the translation a row: objects in, findings and members of requests out.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use pintle::backend::ecs::{self, Config, Input};
use serde_json::{Value, json};

/// Name, objects, overrides of the configuration, findings as `CODE path`, members by JSON pointers below
/// `KIND/NAME`; null means that there is none.
pub(crate) struct Rule {
    name: &'static str,
    objects: String,
    over: Value,
    findings: &'static [&'static str],
    members: Vec<(&'static str, &'static str, Value)>,
}

/// A Deployment whose pod has these members, and whose container has those.
pub(crate) fn deployment(annotations: &str, spec: &str, pod: &str, container: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, annotations: {{{annotations}}}}}, spec: {{{spec} selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{{pod} containers: [{{name: web, image: 'nginx:1', {container}}}]}}}}}}}}\n"
    )
}

pub(crate) const DEFINITION: &str = "ecs:TaskDefinition/web";
/// Stands for the names of all resources, in their order.
pub(crate) const ORDER: &str = "order";
pub(crate) const SERVICE: &str = "ecs:Service/web";

fn rules() -> Vec<Rule> {
    let pod = |pod: &str| deployment("", "", pod, "");
    let container = |members: &str| deployment("", "", "", members);
    let annotated = |annotations: &str| deployment(annotations, "", "", "");
    let mut rules = vec![
        rule(
            "nothing asked for is the default size",
            pod(""),
            &[],
            vec![
                (DEFINITION, "/cpu", json!("256")),
                (DEFINITION, "/memory", json!("512")),
                (DEFINITION, "/containerDefinitions/0/cpu", Value::Null),
            ],
        ),
        rule(
            "limits alone are requests",
            container("resources: {limits: {cpu: 500m, memory: 1Gi}}"),
            &["ECS3002 spec.template.spec.containers[0].resources.limits.cpu"],
            vec![
                (DEFINITION, "/cpu", json!("512")),
                (DEFINITION, "/containerDefinitions/0/cpu", json!(512)),
                (DEFINITION, "/containerDefinitions/0/memory", json!(1024)),
            ],
        ),
        rule(
            "requests of memory alone are a reservation",
            container("resources: {requests: {cpu: 250m, memory: 1Gi}}"),
            &[],
            vec![
                (DEFINITION, "/memory", json!("1024")),
                (
                    DEFINITION,
                    "/containerDefinitions/0/memoryReservation",
                    json!(1024),
                ),
                (DEFINITION, "/containerDefinitions/0/memory", Value::Null),
            ],
        ),
        rule(
            "small shares are raised",
            container("resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 2Mi}}"),
            &[
                "ECS2002 spec.template.spec.containers[0].resources.requests.cpu",
                "ECS2002 spec.template.spec.containers[0].resources.limits.memory",
                "ECS2002 spec.template.spec.containers[0].resources.requests.memory",
                "ECS3001 spec.template.spec",
                "ECS3004 spec.template.spec.containers[0].resources.limits.memory",
            ],
            vec![
                (DEFINITION, "/containerDefinitions/0/cpu", json!(2)),
                (DEFINITION, "/containerDefinitions/0/memory", json!(6)),
            ],
        ),
        rule(
            "a stated size that is not sold",
            annotated("ecs.pintle.dev/cpu: '256', ecs.pintle.dev/memory: '4096'"),
            &["ECS1008 spec.template.spec"],
            vec![],
        ),
        rule(
            "recreate",
            deployment("", "strategy: {type: Recreate},", "", ""),
            &["ECS2023 spec.strategy"],
            vec![
                (
                    SERVICE,
                    "/deploymentConfiguration/maximumPercent",
                    json!(100),
                ),
                (
                    SERVICE,
                    "/deploymentConfiguration/minimumHealthyPercent",
                    json!(0),
                ),
                (SERVICE, "/availabilityZoneRebalancing", json!("DISABLED")),
            ],
        ),
        rule(
            "minReadySeconds",
            deployment("", "minReadySeconds: 5,", "", ""),
            &["ECS2014 spec.minReadySeconds"],
            vec![],
        ),
        rule(
            "paused",
            deployment("", "paused: true,", "", ""),
            &["ECS2014 spec.paused"],
            vec![(SERVICE, "/serviceName", Value::Null)],
        ),
        rule(
            "postStart and other preStop",
            container(
                "lifecycle: {postStart: {exec: {command: [a]}}, preStop: {exec: {command: [b]}}}",
            ),
            &[
                "ECS2004 spec.template.spec.containers[0].lifecycle.postStart",
                "ECS2004 spec.template.spec.containers[0].lifecycle.preStop",
            ],
            vec![],
        ),
        rule(
            "a sleep in a shell",
            container("lifecycle: {preStop: {exec: {command: [sh, -c, sleep 5]}}}"),
            &["ECS3006 spec.template.spec.containers[0].lifecycle.preStop"],
            vec![],
        ),
        rule(
            "stopping takes at most two minutes",
            pod("terminationGracePeriodSeconds: 600,"),
            &["ECS2002 spec.template.spec.terminationGracePeriodSeconds"],
            vec![(
                DEFINITION,
                "/containerDefinitions/0/stopTimeout",
                json!(120),
            )],
        ),
        rule(
            "scheduling hints",
            pod(
                "nodeSelector: {topology.kubernetes.io/zone: a}, affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: x}]}},",
            ),
            &[
                "ECS2006 spec.template.spec.nodeSelector['topology.kubernetes.io/zone']",
                "ECS2006 spec.template.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]",
            ],
            vec![],
        ),
        rule(
            "architecture by node selector",
            pod("nodeSelector: {kubernetes.io/arch: arm64},"),
            &[],
            vec![(
                DEFINITION,
                "/runtimePlatform",
                json!({"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}),
            )],
        ),
        rule(
            "members that mean nothing",
            pod(
                "priorityClassName: high, enableServiceLinks: false, schedulerName: default-scheduler, automountServiceAccountToken: true,",
            ),
            &[
                "ECS3007 spec.template.spec.priorityClassName",
                "ECS3007 spec.template.spec.enableServiceLinks",
            ],
            vec![],
        ),
        rule(
            "hosts and names",
            pod("hostAliases: [{ip: 1.2.3.4}], hostname: a,"),
            &[
                "ECS1018 spec.template.spec.hostAliases",
                "ECS2014 spec.template.spec.hostname",
            ],
            vec![],
        ),
        rule(
            "security of the pod",
            pod(
                "securityContext: {runAsUser: 1000, fsGroup: 1000, seccompProfile: {type: RuntimeDefault}},",
            ),
            &[
                "ECS2013 spec.template.spec.securityContext.fsGroup",
                "ECS2007 spec.template.spec.securityContext.seccompProfile",
            ],
            vec![(DEFINITION, "/containerDefinitions/0/user", json!("1000"))],
        ),
        rule(
            "not root, without a user",
            container("securityContext: {runAsNonRoot: true}"),
            &["ECS2007 spec.template.spec.containers[0].securityContext.runAsNonRoot"],
            vec![],
        ),
        rule(
            "a GPU on Fargate",
            container("resources: {limits: {nvidia.com/gpu: 1}}"),
            &["ECS1004 spec.template.spec.containers[0].resources.limits['nvidia.com/gpu']"],
            vec![],
        ),
        rule(
            "pull secrets",
            pod("imagePullSecrets: [{name: a}],"),
            &["ECS2015 spec.template.spec.imagePullSecrets"],
            vec![],
        ),
        rule(
            "tcp probe",
            container(
                "ports: [{name: db, containerPort: 5432}], livenessProbe: {tcpSocket: {port: db}, timeoutSeconds: 3}",
            ),
            &["ECS2001 spec.template.spec.containers[0].livenessProbe.tcpSocket"],
            vec![(
                DEFINITION,
                "/containerDefinitions/0/healthCheck/command/1",
                json!("nc -z -w 3 127.0.0.1 5432"),
            )],
        ),
        rule(
            "readiness without a balancer",
            container("readinessProbe: {exec: {command: [a]}}"),
            &["ECS2003 spec.template.spec.containers[0].readinessProbe"],
            vec![],
        ),
        rule(
            "a probe of grpc",
            container("livenessProbe: {grpc: {port: 1}}"),
            &["ECS2014 spec.template.spec.containers[0].livenessProbe.grpc"],
            vec![],
        ),
        rule(
            "unresolved variables",
            container(
                "envFrom: [{configMapRef: {name: a}}, {configMapRef: {name: b, optional: true}}], env: [{name: X, valueFrom: {configMapKeyRef: {name: a, key: b}}}]",
            ),
            &[
                "ECS1010 spec.template.spec.containers[0].envFrom[0].configMapRef",
                "ECS1010 spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef",
            ],
            vec![],
        ),
        rule(
            "resources as variables",
            container(
                "resources: {limits: {memory: 512Mi}}, env: [{name: M, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}]",
            ),
            &[],
            vec![(
                DEFINITION,
                "/containerDefinitions/0/environment",
                json!([{"name": "M", "value": "512"}]),
            )],
        ),
        rule(
            "claims and disks",
            pod(
                "volumes: [{name: a, persistentVolumeClaim: {claimName: x}}, {name: b, nfs: {server: s, path: /}}],",
            ),
            &[
                "ECS1006 spec.template.spec.volumes[0].persistentVolumeClaim",
                "ECS1006 spec.template.spec.volumes[1].nfs",
            ],
            vec![],
        ),
        rule(
            "exec and switches",
            annotated(
                "ecs.pintle.dev/exec: 'true', ecs.pintle.dev/fault-injection: 'true', ecs.pintle.dev/init-process: 'true', ecs.pintle.dev/restart-policy: in-place",
            ),
            &[],
            vec![
                (SERVICE, "/enableExecuteCommand", json!(true)),
                (DEFINITION, "/enableFaultInjection", json!(true)),
                (
                    DEFINITION,
                    "/containerDefinitions/0/linuxParameters/initProcessEnabled",
                    json!(true),
                ),
                (
                    DEFINITION,
                    "/containerDefinitions/0/restartPolicy",
                    json!({"enabled": true, "restartAttemptPeriod": 300}),
                ),
            ],
        ),
        rule(
            "circuit breakers",
            annotated("ecs.pintle.dev/circuit-breaker: 'threshold=COUNT:5'"),
            &[],
            vec![(
                SERVICE,
                "/deploymentConfiguration/deploymentCircuitBreaker",
                json!({"enable": true, "rollback": true, "thresholdConfiguration": {"type": "COUNT", "value": 5}}),
            )],
        ),
        rule(
            "blue and green without a balancer",
            annotated("ecs.pintle.dev/strategy: blue-green"),
            &["ECS1014 metadata.annotations['ecs.pintle.dev/strategy']"],
            vec![],
        ),
        rule(
            "launch type and providers",
            annotated(
                "ecs.pintle.dev/launch-type: EC2, ecs.pintle.dev/capacity-providers: 'a:weight=1'",
            ),
            &["ECS1018 metadata.annotations['ecs.pintle.dev/capacity-providers']"],
            vec![],
        ),
        rule(
            "a slip in an annotation",
            annotated("ecs.pintle.dev/exce: 'true'"),
            &["ECS2014 metadata.annotations['ecs.pintle.dev/exce']"],
            vec![],
        ),
        rule(
            "patches",
            annotated(
                "ecs.pintle.dev/patch: '{\"taskDefinition\": {\"ipcMode\": \"task\"}, \"service\": [{\"op\": \"replace\", \"path\": \"/desiredCount\", \"value\": 7}]}'",
            ),
            &[],
            vec![
                (DEFINITION, "/ipcMode", json!("task")),
                (SERVICE, "/desiredCount", json!(7)),
            ],
        ),
        rule(
            "ignored objects",
            annotated("ecs.pintle.dev/ignore: 'true'"),
            &[],
            vec![(SERVICE, "/serviceName", Value::Null)],
        ),
        rule(
            "names with dots",
            deployment("", "", "", "").replace("name: web, annotations", "name: a.b, annotations"),
            &["ECS2016 metadata.name"],
            vec![
                ("ecs:Service/a-b", "/serviceName", json!("a-b")),
                ("ecs:TaskDefinition/a-b", "/family", json!("prod-a-b")),
            ],
        ),
        rule(
            "equal names",
            format!(
                "{}---\n{}",
                deployment("", "", "", ""),
                deployment("", "", "", "").replace(
                    "name: web, annotations",
                    "name: web, namespace: other, annotations"
                )
            ),
            &["ECS1012 metadata.name", "ECS1012 metadata.name"],
            vec![],
        ),
    ];
    rules.extend(objects());
    rules.extend(crate::network::rules());
    rules.extend(crate::work::rules());
    rules.extend(crate::pod::rules());
    rules
}

fn objects() -> Vec<Rule> {
    let web = || deployment("", "", "", "ports: [{name: http, containerPort: 8080}]");
    let service = |spec: &str| {
        format!(
            "{}---\n{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{{spec}}}}}\n",
            web()
        )
    };
    let cron = |spec: &str| {
        format!(
            "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: web}}, spec: {{{spec}, jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: b}}]}}}}}}}}}}}}"
        )
    };
    let hpa = |spec: &str| {
        format!(
            "{}---\n{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: web}}, spec: {{scaleTargetRef: {{kind: Deployment, name: web}}, minReplicas: 2, maxReplicas: 4, {spec}}}}}\n",
            deployment(
                "",
                "",
                "",
                "resources: {requests: {cpu: 256m, memory: 512Mi}, limits: {memory: 512Mi}}"
            )
        )
    };
    let alone = |kind: &str, version: &str| {
        format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: web}}}}")
    };
    let mut headless = rule(
        "headless Services",
        service("clusterIP: None, selector: {app: web}, ports: [{port: 80}]"),
        &[],
        vec![
            (
                "servicediscovery:Service/web",
                "/DnsConfig/DnsRecords",
                json!([{"Type": "A", "TTL": 10}]),
            ),
            (
                SERVICE,
                "/serviceRegistries",
                json!([{"registryArn": "${servicediscovery:Service/web.arn}"}]),
            ),
        ],
    );
    headless.over = json!({"cloudMap": {"namespaceId": "ns-1"}});
    let mut ingress = rule(
        "an Ingress without a place among others",
        format!(
            "{}---\n{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: web}}, spec: {{rules: [{{http: {{paths: [{{path: /api, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}}}]}}}}\n",
            service("selector: {app: web}, ports: [{port: 80, targetPort: http}]")
        ),
        &["ECS2009"],
        vec![
            ("elbv2:ListenerRule/web-0-0", "/Priority", json!(100)),
            (
                "elbv2:ListenerRule/web-0-0",
                "/Conditions/0/PathPatternConfig/Values",
                json!(["/api", "/api/*"]),
            ),
            ("elbv2:TargetGroup/prod-web-80", "/Port", json!(8080)),
        ],
    );
    ingress.over = json!({"ingress": {"priorityBand": [100, 199]}});
    vec![
        rule("a Service of several ports", service("selector: {app: web}, ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 81, targetPort: 9090}]"), &["ECS2009"], vec![(SERVICE, "/serviceConnectConfiguration/services/1/discoveryName", json!("web-b")), (DEFINITION, "/containerDefinitions/0/portMappings/1", json!({"name": "b", "containerPort": 9090, "protocol": "tcp"}))]),
        rule("ExternalName", service("type: ExternalName, externalName: a.b"), &["ECS2011"], vec![]),
        rule("NodePort", service("type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: http}]"), &["ECS2009", "ECS2014 spec.type"], vec![]),
        rule("LoadBalancer without one", service("type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: http}]"), &["ECS1014 spec.type", "ECS2009"], vec![]),
        rule("a Service of two workloads", format!("{}---\n{}", service("selector: {app: web}, ports: [{port: 80}]"), web().replace("name: web, annotations", "name: two, annotations")), &["ECS1017"], vec![]),
        rule("two days of a schedule", cron("schedule: '0 0 1 * 1'"), &["ECS2017 spec.schedule"], vec![("scheduler:Schedule/prod-web-dom", "/ScheduleExpression", json!("cron(0 0 1 * ? *)")), ("scheduler:Schedule/prod-web-dow", "/ScheduleExpression", json!("cron(0 0 ? * 2 *)"))]),
        rule("a schedule that cannot be", cron("schedule: '0 0 */2 * 1'"), &["ECS1011 spec.schedule"], vec![]),
        rule("a suspended schedule", cron("schedule: '@daily', suspend: true, startingDeadlineSeconds: 10"), &["ECS2002 spec.startingDeadlineSeconds"], vec![("scheduler:Schedule/prod-web", "/State", json!("DISABLED")), ("scheduler:Schedule/prod-web", "/Target/RetryPolicy/MaximumEventAgeInSeconds", json!(60))]),
        rule("averages of an autoscaler", hpa("metrics: [{type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 256Mi}}}]"), &["ECS2008 spec.metrics[0]", "ECS3001 spec.template.spec", "ECS3004 spec.template.spec.containers[0].resources.limits.memory"], vec![("application-autoscaling:ScalingPolicy/web-memory", "/TargetTrackingScalingPolicyConfiguration/TargetValue", json!(25.0))]),
        rule("metrics of others", hpa("metrics: [{type: Pods, pods: {metric: {name: rps}, target: {averageValue: 5}}}]"), &["ECS1018 spec.metrics[0]", "ECS3001 spec.template.spec", "ECS3004 spec.template.spec.containers[0].resources.limits.memory"], vec![]),
        rule("a daemon on Fargate", web().replace("kind: Deployment", "kind: DaemonSet"), &["ECS1003"], vec![]),
        rule("unknown kinds", alone("Widget", "example.com/v1"), &["ECS1001"], vec![]),
        rule("sealed secrets", alone("SealedSecret", "bitnami.com/v1alpha1"), &["ECS1007"], vec![]),
        rule("kinds without effect", alone("ServiceMonitor", "monitoring.coreos.com/v1"), &["ECS3003"], vec![]),
        rule("policies", alone("NetworkPolicy", "networking.k8s.io/v1"), &["ECS2011"], vec![]),
        rule("native documents", "{apiVersion: ecs.pintle.dev/v1, kind: TaskDefinition, metadata: {name: web}, spec: {family: x, newMember: 1, containerDefinitions: []}}".to_owned(), &["ECS2014 spec.newMember"], vec![(DEFINITION, "/family", json!("x"))]),
        rule("a file for the AWS command line", "{\"family\": \"web\", \"containerDefinitions\": [{\"name\": \"a\", \"image\": \"b\", \"cpu\": 10}]}".to_owned(), &[], vec![(DEFINITION, "/containerDefinitions/0/cpu", json!(10))]),
        rule("a native document of the wrong type", "{apiVersion: ecs.pintle.dev/v1, kind: LogGroup, metadata: {name: web}, spec: {logGroupName: [a]}}".to_owned(), &["ECS1018 spec.logGroupName"], vec![]),
        headless,
        ingress,
    ]
}

pub(crate) fn rule(
    name: &'static str,
    objects: String,
    findings: &'static [&'static str],
    members: Vec<(&'static str, &'static str, Value)>,
) -> Rule {
    Rule {
        name,
        objects,
        over: json!({}),
        findings,
        members,
    }
}

impl Rule {
    /// With this in the configuration.
    pub(crate) fn over(mut self, over: Value) -> Rule {
        self.over = over;
        self
    }

    fn run(&self, base: &Value) -> Result<(), String> {
        let mut config = base.clone();
        crate::case::overlay(&mut config, &self.over);
        let config = Config::from_json(config).map_err(|error| error.to_string())?;
        let objects = ecs::read(self.objects.as_bytes())
            .map_err(|error| format!("{error}: {}", self.objects))?;
        let document = ecs::convert(&Input {
            objects: &objects,
            config: &config,
            release: "shop",
            namespace: "default",
            today: None,
        });
        let tell = |it: &ecs::desired::Diagnostic| {
            format!("{} {}", it.code_text(), it.path).trim().to_owned()
        };
        let mut found: Vec<String> = document.diagnostics.iter().map(tell).collect();
        let mut wanted: Vec<String> = self.findings.iter().map(|it| (*it).to_owned()).collect();
        found.sort();
        wanted.sort();
        let mut wrong = Vec::new();
        if found != wanted {
            wrong.push(format!("findings: - {wanted:?}\n+ {found:?}"));
        }
        for (resource, pointer, value) in &self.members {
            if *resource == ORDER {
                let name = |it: &ecs::desired::Resource| format!("{}/{}", it.kind, it.name);
                let have: Vec<String> = document.resources.iter().map(name).collect();
                if json!(have) != *value {
                    wrong.push(format!("order: - {value} + {}", json!(have)));
                }
                continue;
            }
            let there = document
                .resources
                .iter()
                .find(|it| format!("{}/{}", it.kind, it.name) == *resource);
            let have = match pointer.strip_prefix("settings") {
                Some(setting) => there.and_then(|it| {
                    let settings = Value::Object(it.settings.clone());
                    settings.pointer(setting).cloned()
                }),
                None => there.and_then(|it| it.request.pointer(pointer).cloned()),
            };
            let have = have.unwrap_or_default();
            if have != *value {
                wrong.push(format!("{resource}{pointer}: - {value} + {have}"));
            }
        }
        let is_native = self.name.contains("native");
        // What is said beside the request comes into it when it is applied.
        let mut whole = document.clone();
        for it in &mut whole.resources {
            match it.kind.as_str() {
                "states:StateMachine" => it.request["definition"] = "{}".into(),
                "ssm:Parameter" => it.request["Value"] = "-".into(),
                _ => {}
            }
        }
        if let (Err(message), false) = (crate::case::requests_fit(&whole), is_native) {
            wrong.push(message);
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong.join("\n")),
        }
    }
}

/// A test a rule.
pub(crate) fn trials(own: &Path) -> Result<Vec<Trial>, String> {
    let mut base = crate::case::yaml(&own.join("config.yaml"))?;
    let base = base["ecs"].take();
    let trials = rules().into_iter().map(|rule| {
        let base = base.clone();
        Trial::test(format!("rule/{}", rule.name), move || {
            rule.run(&base).map_err(Failed::from)
        })
    });
    Ok(trials.collect())
}
